package trial

import "thymus/diag"

// Spec is a trial as its YAML file states it. Times are days; day 0 is the first
// dose of the treatment under study. Formulas are Antimony expressions over the flat
// ids of the composed model ("core_B", "sle_SLEDAI") and the ids of Observables.
type Spec struct {
	ID, Title, TitleFR string
	Question           string      // what the trial asks, one paragraph
	QuestionFR         string      // the same in French
	Story              string      // how to read it: assumptions and limits of this trial
	Design             string      // "randomised" (default) or "counterfactual"
	Population         string      // name of a population file
	Enrol              []Plausible // conditions at screening beside the population's own
	Modules            []string    // therapy (and process) modules beside the population's own
	Size               int         // virtual patients enrolled (per replicate)
	Replicates         int
	Seed               uint64
	Allocation         map[string]int // arm id -> share; nil: equal
	Block              int            // permuted-block size; 0: smallest multiple that fits
	Control            string         // arm the others are compared with; "": no comparison
	Start, End         float64        // days simulated
	Resolution         float64        // days between recorded points, default 0.5
	Arms               []ArmSpec
	Visits             []Visit
	Observables        []Observable
	Endpoints          []Endpoint
	Ratios             []Ratio
	Dropout            float64            // rate per year of leaving the trial for reasons outside the model; an arm may have its own
	Death              string             // formula: the patient dies when it turns true; "": nobody does
	Missing            string             // "observed" (default): a patient who left does not count; "nonresponder": counts as failure
	Settings           map[string]float64 // constants of the composed model changed for the whole trial (switches)
	Evidence           []Comparison
	Used               []Used // published figures that are not predicted, and why
	Solver             Solver
	Trajectories       int      // patients whose trajectories are kept, from the first on; below 0: all
	Continuous         bool     // the last cells of a clone are not individuals: nothing dies out
	Limits             []string // what this trial leaves out, one line each
	Source             *diag.Source
	At                 diag.Place
	places             *Document
}

// Solver holds the integration settings of a trial (zero values: 1e-6, per-component defaults).
type Solver struct {
	Method string
	Rtol   float64
	// Backend is a name of kernel.Backends, "" for the best; trial files do not say it.
	Backend string
	Once    bool // a patient that the solver fails on is not tried by other ways
}

// ArmSpec is one arm: what is given when, and which rules give more.
type ArmSpec struct {
	ID, Title, TitleFR string
	Give               []Give
	Rules              []GiveRule
	Dropout            float64 // rate per year of leaving this arm; 0: the trial's
	At                 diag.Place
}

// Give is one line of a regimen. Either At or Every is used.
type Give struct {
	Module   string    // instance: "car"
	Route    string    // dose route of the module: "infusion"
	Dose     string    // quantity: "1e6 cell/kg"
	Max      string    // cap of one dose after scaling: "800 mg"
	At       []float64 // days
	Every    float64   // days; with From and Until (or Count)
	From     float64
	Until    float64
	Count    int
	Duration float64     // days of infusion; 0: bolus
	Taper    []TaperStep // later amounts of an Every regimen
	Hold     string      // formula: a scheduled dose is skipped while it is true
	At_      diag.Place
	path     []any
}

// TaperStep is a later amount of a repeated dose.
type TaperStep struct {
	From float64
	Dose string
}

// GiveRule gives a dose when its formula turns true (in continuous time).
type GiveRule struct {
	ID, When string
	Give     Give
	AtMost   int     // 0: no limit
	Apart    float64 // days between two doses by this rule
	Delay    float64 // days from trigger to dose
	At       diag.Place
}

// Visit is a named day.
type Visit struct {
	ID, Title, TitleFR string
	Day                float64
	At                 diag.Place
}

// Observable is something recorded over time and drawn in the report.
type Observable struct {
	ID, Title, TitleFR, Unit string
	Formula                  string
	Scale                    string    // "linear" (default) or "log"
	Lines                    []float64 // horizontal reference lines
	At                       diag.Place
}

// Endpoint turns one patient's record into one number, yes/no or time.
type Endpoint struct {
	ID, Title, TitleFR, Unit string
	Kind                     string  // value, change, percent-change, max, min, time-of-max (the day of it), time-to, responder
	Of                       string  // formula (value, change, max, min, time-of-max, percent-change)
	When                     string  // condition (responder: at Visit; time-to: first time it is true)
	Visit                    string  // visit id
	From, To                 string  // window for max, min, time-of-max, time-to: visit ids; "" means start/end; From is the baseline of change
	Among                    string  // condition at the baseline; patients who do not meet it are missing
	Baseline                 string  // visit that baseline() looks at; "": the first, or From as said there
	Held                     float64 // time-to: days the condition must hold; responder: true at every recorded point from Visit back to From when From is set
	Until                    string  // time-to: condition that ends the follow-up of a patient who had no event before, censored then
	Any, All                 bool    // responder: at any, at every recorded time of the window From..Visit
	Summary                  string  // mean (default), median, geometric-mean for numbers
	Better                   string  // "lower" or "higher"
	Primary                  bool
	At                       diag.Place
}

// Ratio divides the mean of one endpoint by the share of another, in each arm: what is spent
// for each patient who responds.
type Ratio struct {
	ID, Title, TitleFR, Unit string
	Of                       string // an endpoint with a number
	Per                      string // a responder endpoint
	At                       diag.Place
}

// Comparison names an evidence row that an endpoint of an arm is compared with.
type Comparison struct {
	Row, Endpoint, Arm string
	// Statistic is "" (as the endpoint is summarised), mean, median, geometric-mean, percent,
	// max, min, sd; of a time to an event also survival and incidence, the Kaplan-Meier
	// share in % without and with the event at a visit. Against another arm it is
	// difference (of the summary; of percentages for responders), ratio, reduction (in
	// %), odds-ratio, hazard-ratio or significant (1 when a test of most trials of the
	// published size has p below 0.05, else 0).
	Statistic string
	Against   string  // the other arm; "": none
	AtVisit   string  // visit of a survival or incidence, or of their difference
	Scale     float64 // prediction * Scale is in the row's unit (0: 1)
	Note      string
	At        diag.Place
}

// Part is what a published figure is to a trial.
type Part string

const (
	Predicted  Part = "predicted"    // an endpoint is compared with it
	Input      Part = "input"        // taken as given: a size, a dose, a baseline
	OutOfScope Part = "out of scope" // not simulated
	Unmapped   Part = "unmapped"     // of a simulated study, and no trial says what it is
)

// Used names an evidence row of a simulated study that the trial does not predict.
type Used struct {
	Row  string
	Part Part // Input or OutOfScope
	Why  string
	At   diag.Place
}
