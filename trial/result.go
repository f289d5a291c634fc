package trial

import (
	"thymus/library"
	"thymus/model"
)

// Result is a finished, analysed trial: what the report shows. Everything in it is
// a function of the run's tables, so that a run read back from disk gives the same.
type Result struct {
	Spec         *Spec
	Version      string
	ModelHash    string
	Seed         uint64
	Patients     int // enrolled per replicate
	Arms         []ArmResult
	Endpoints    []EndpointResult
	Ratios       []RatioResult
	Bands        []Band
	BandError    float64 // of the bands' percentiles, relative (see BandError); 0: none
	Lines        []Line
	Agreement    []Agreement
	Covariates   []CovariateSummary
	Screening    Screening
	Failures     []FailureLine
	Retries      []Count // patients (in an arm) that another way of solving carried to the end, by way
	Parameters   []ParameterLine
	SourceCounts []Count           // parameters by kind of source, in a fixed order
	Modules      map[string]string // short titles of modules by instance
	ModulesFR    map[string]string // the French ones, of those that have one
	ModelText    string            // the composed model as Antimony
	Stories      []ModuleStory     // of its modules, in their order
}

// ModuleStory is what a module of a trial is, for readers of its report.
type ModuleStory struct {
	Name, Instance string
	Title, TitleFR string
	Told           map[string]library.Story // by language
	Doses          []string                 // routes as the header writes them
	Diagram        *model.Diagram
}

// ArmResult counts what became of an arm's patients.
type ArmResult struct {
	ID, Title                                    string
	Randomised, Completed, Died, Dropped, Failed int
	Doses                                        []DoseCount
}

// DoseCount says how often a module's route was given in an arm, rules included.
type DoseCount struct {
	Module, Route, Rule string
	Patients, Doses     int
	MeanTotal           float64
	Unit                string
}

// Estimate is one arm's endpoint: a number with its 95 % interval.
type Estimate struct {
	Arm                     string
	N                       int // patients it rests on
	Missing                 int
	Statistic               string  // "mean", "median", "proportion", "median time", ...
	Value, Lo, Hi           float64 // proportion: 0..1
	SD                      float64
	Q05, Q25, Q50, Q75, Q95 float64
	Events                  int // time-to and proportions: how many
	Repeats                 Repeats
}

// Repeats says how an arm's endpoint comes out in repetitions of the trial (N 0 where there
// is one, or for times to an event): its mean over patients in the middle 90 % of them, and
// the shares of repetitions in which every patient, and none, responded.
type Repeats struct {
	N         int
	Lo, Hi    float64
	All, None float64
}

// Difference compares an arm with the control.
type Difference struct {
	Arm, Control  string
	Measure       string // "difference of means", "difference of proportions", "hazard ratio", ...
	Value, Lo, Hi float64
	Test          string
	P             float64 // NaN for counterfactual designs, which are paired effects without trial p-values
}

// Curve is a Kaplan-Meier curve with pointwise 95 % intervals.
type Curve struct {
	Arm              string
	Times, S, Lo, Hi []float64
	AtRisk           []int
	Censored         []float64
	MedianTime       float64
}

// EndpointResult is an endpoint over all arms.
type EndpointResult struct {
	Endpoint    Endpoint
	Binary      bool // responder
	TimeToEvent bool
	ByArm       []Estimate
	Differences []Difference
	Curves      []Curve
	PerPatient  []PatientValue // for waterfalls: at most 400 a arm, in patient order
}

// RatioResult is a ratio of two endpoints over all arms; an estimate's Events says how many
// responded. Without any the value is infinite.
type RatioResult struct {
	Ratio
	ByArm []Estimate
}

// PatientValue is one patient's endpoint.
type PatientValue struct {
	Patient  int
	Arm      string
	Value    float64
	Censored bool
	Missing  bool
}

// Band is the spread of an observable over time in an arm.
type Band struct {
	Observable, Arm         string
	Times                   []float64
	P05, P25, P50, P75, P95 []float64
	N                       int
}

// Line is one sampled patient's trajectory.
type Line struct {
	Observable, Arm string
	Patient         int
	Times, Values   []float64
}

// Agreement sets a prediction beside a published figure.
type Agreement struct {
	Row, Study, Citation, DOI, Measure, Use, Status string
	Endpoint, Arm, Statistic                        string  // Statistic names the other arm and the visit, too
	Published, PublishedLo, PublishedHi             float64 // NaN where not given
	Bound                                           string  // "lower" or "upper" where the figure was published as a bound
	PublishedN                                      int     // patients of the published arm
	PredictedN, PredictedOf                         int     // virtual patients whose endpoint is known, of those in the arm
	ShareOf                                         float64 // a share of patients: of 100, or of so many patients; else 0
	Unit                                            string
	Predicted, PredictedLo, PredictedHi             float64 // 90 % interval of replicate trials of the published size
	Z                                               float64
	// PublishedSD and PredictedSD are the spread between patients, NaN where none was
	// published; TooWide says that the virtual patients differ more than chance allows.
	PublishedSD, PredictedSD          float64
	TooWide                           bool
	InPrediction, InPublished, Agrees bool
	Rule                              string // how the published interval was obtained: "95 % CI", "Wilson, n=10", "within 25 %"
	Note                              string
}

// CovariateSummary describes enrolled patients.
type CovariateSummary struct {
	ID, Title, TitleFR, Unit string
	N                        int
	Mean, SD, Q05, Q50, Q95  float64
	Levels                   []Count // categorical
}

// Count is a name with how many.
type Count struct {
	Name   string
	NameFR string // in French, of a reason of screening
	N      int
}

// Screening says how many draws were needed.
type Screening struct {
	Tried, Accepted                       int
	Reasons                               []Count // criteria that were not met, and NoSteadyState
	SettledByNewton, SettledByIntegration int
}

// NoSteadyState is the reason of screening of patients for whom no steady state was found.
const NoSteadyState = "no steady state found"

// FailureLine is one patient whose simulation ended early.
type FailureLine struct {
	Patient   int
	Replicate int
	Arm       string
	Cause     string
}

// ParameterLine is one parameter of the composed model with where it comes from.
type ParameterLine struct {
	ID, Module, Unit, Spread, Source, Note string
	Value                                  float64
	Kind                                   string // doi, label, study, literature, derived, fitted, assumed
}
