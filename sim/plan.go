package sim

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/ode"
	"thymus/population"
	"thymus/regimen"
	"thymus/unit"
)

// Setting gives a constant or a state a value.
type Setting struct {
	ID    string
	Value float64
}

// StartSpec says how a patient's state before the trial is found. Without Settle it is
// the model's own initial state, with Seed put in.
type StartSpec struct {
	Settle bool
	Seed   []Setting // states at which the search for the steady state starts
	Hold   []string  // states that have no steady state: kept at their start value, as those are that only add up (Gathers)
	Days   float64   // how long is integrated when Newton's method fails; 0 means 4000
}

// Trigger is the condition of a rule that may give doses; whether a patient is under
// the rule is said by its Schedule.
type Trigger struct {
	ID   string
	When *model.Expr // boolean, over ids of the model
	At   diag.Place
}

// Config is what all patients of an ensemble share.
type Config struct {
	Model     *model.Model
	Actions   []compile.Action // dose routes
	Variables []string         // constants that something outside changes over time
	Infusible []string         // states that may receive infusions
	Signals   []string         // constants that are given functions of time
	Record    []compile.Selection
	Entry     []compile.Selection // conditions of Worker.Screen
	Triggers  []Trigger
	Holds     []*model.Expr // conditions under which a scheduled dose is skipped
	Start     StartSpec
	Dosing    *Dosing // what dose tables need; nil: none are followed

	Method      string             // of ode.Options
	Rtol        float64            // 0 means 1e-6
	Atol        map[string]float64 // by state id [the state's unit]; others by AtolFor
	MaxStep     float64            // 0: none [model time]
	MaxSteps    int                // of ode.Options; 0: its default
	Once        bool               // a patient that the solver fails on is not tried again (see Rungs)
	Backend     string             // of kernel.Backends; "": kernel.Choose's
	Jump        string             // a stochastic method (StochasticMethods); "": states change continuously
	Discrete    []Discrete         // of the hybrid method
	ClampPowers bool               // a negative base of a non-integer power reads as 0
	// Discontinuities ends steps where the right-hand side jumps (piecewise, floor, ...).
	Discontinuities bool
	// RecordAfter records a time that coincides with an event or dose after it, as
	// SBML's result tables do; otherwise before it, as a clinic takes blood before a dose.
	RecordAfter bool
}

// Plan is a compiled Config; it never changes and may be shared by goroutines.
type Plan struct {
	laneOnce sync.Once
	lane     *ode.Lanes // see lanes
	how      string
	laneErr  error

	sheet *laned // what is recorded of patients in lanes, or nil

	config  Config
	program *compile.Program
	record  *compile.Observer
	entry   []*compile.Observer
	plain   []int // the states that are recorded, when nothing else is
	holds   *compile.Observer
	events  []compile.EventInfo
	rules   map[string]int // trigger id -> event index
	ruleOf  []int          // event index -> trigger index, or -1
	seed    []indexed
	held    []bool
	varying []bool
	atol    []float64
	jumps   *compile.Jumps // of a stochastic plan
	pure    bool           // nothing but clocks changes between jumps
	dosing  *dosing

	discrete []indexedDiscrete // of a hybrid plan
	jumping  []int             // channels that may jump
	flows    []bool            // states that change continuously, by state
	sets     sync.Map          // *jumpSet by which channels are shut
}

type indexed struct {
	index int
	value float64
}

// rulePrefix marks the events that stand for triggers; no model id can hold a colon.
const rulePrefix = "rule:"

// Build compiles what the patients share. The messages name everything wrong with it.
func Build(c Config) (*Plan, diag.Messages) {
	if c.Rtol == 0 {
		c.Rtol = 1e-6
	}
	if c.Dosing != nil {
		c.dosed()
	}
	m := *c.Model
	m.Events = append([]model.Event(nil), c.Model.Events...)
	for _, t := range c.Triggers {
		m.Events = append(m.Events, model.Event{ID: rulePrefix + t.ID, Trigger: t.When, Persistent: true, FromTrigger: true, At: t.At})
	}
	program, ms := compile.Compile(&m, compile.Options{
		Variables: c.Variables, Actions: c.Actions, Infusible: c.Infusible,
		Signals: c.Signals, ClampPowers: c.ClampPowers, Discontinuities: c.Discontinuities,
	})
	if ms.HasErrors() {
		return nil, ms
	}
	p := &Plan{config: c, program: program, events: program.Events(), rules: map[string]int{}}
	p.ruleOf = make([]int, len(p.events))
	for i, e := range p.events {
		p.ruleOf[i] = -1
		if id, ok := strings.CutPrefix(e.ID, rulePrefix); ok {
			for k, t := range c.Triggers {
				if t.ID == id {
					p.ruleOf[i] = k
				}
			}
			p.rules[id] = i
		}
	}
	var more diag.Messages
	if p.record, more = program.Observer(c.Record); more != nil {
		ms = append(ms, more...)
	}
	for i := range c.Entry {
		o, more := program.Observer(c.Entry[i : i+1])
		ms = append(ms, more...)
		p.entry = append(p.entry, o)
	}
	if len(p.program.Path()) == 0 {
		p.plain = program.Plain(p.record)
	}
	holds := make([]compile.Selection, len(c.Holds))
	for i, e := range c.Holds {
		holds[i] = compile.Selection{ID: fmt.Sprintf("hold %d", i+1), Expr: e}
	}
	if p.holds, more = program.Observer(holds); more != nil {
		ms = append(ms, more...)
	}
	if c.Dosing != nil {
		ms = append(ms, p.dosings(c.Dosing)...)
	}
	states := program.States()
	p.held = make([]bool, len(states))
	p.varying = make([]bool, len(states))
	p.atol = make([]float64, len(states))
	ids := make([]string, 0, len(states))
	for i, s := range states {
		ids = append(ids, s.ID)
		p.held[i], p.varying[i] = !s.Varying, s.Varying
		p.atol[i] = AtolFor(s.Unit)
		if a, ok := c.Atol[s.ID]; ok {
			p.atol[i] = a
		}
	}
	for _, s := range c.Start.Seed {
		if i, ok := program.StateIndex(s.ID); ok {
			p.seed = append(p.seed, indexed{i, s.Value})
		} else {
			ms = append(ms, diag.Errorf(diag.Place{}, "the start state names %q, which is no state of the model", s.ID).WithHelp("%s", diag.DidYouMean(s.ID, ids)))
		}
	}
	if c.Start.Settle {
		for i, g := range program.Gathers() {
			p.held[i] = p.held[i] || g
		}
	}
	for _, id := range c.Start.Hold {
		if i, ok := program.StateIndex(id); ok {
			p.held[i] = true
		} else {
			ms = append(ms, diag.Errorf(diag.Place{}, "the start state holds %q, which is no state of the model", id).WithHelp("%s", diag.DidYouMean(id, ids)))
		}
	}
	if more := p.channels(); more != nil {
		ms = append(ms, more...)
	}
	if ms.HasErrors() {
		return nil, ms
	}
	return p, ms
}

// Program is the compiled model.
func (p *Plan) Program() *compile.Program { return p.program }

// AtolFor is the absolute tolerance of a state by its unit: one cell where things are
// counted (below one cell a number has no meaning), 1e-8 of the unit elsewhere.
func AtolFor(unitText string) float64 {
	if u, err := unit.Parse(unitText); err == nil && u.SameDimension(cell) {
		return 1
	}
	return 1e-8
}

var cell = func() unit.Unit {
	u, err := unit.Parse("cell")
	if err != nil {
		panic("sim: unit cell: " + err.Error())
	}
	return u
}()

// Patient is what distinguishes one virtual patient: values of constants, the paths of
// its signals, and the pulses that strike it.
type Patient struct {
	Number  int
	Values  []Setting
	Signals map[string]*population.Signal
	Pulses  []Pulse
}

// Pulse raises the state Target (a Variable of the plan) by Height from Start for Duration.
type Pulse struct {
	Target                  string
	Start, Duration, Height float64
}

// Rule puts a patient under a trigger of the plan: when it turns true, a dose is given.
type Rule struct {
	Trigger  string  // id in Config.Triggers
	Action   string  // dose route
	Amount   float64 // in the route's unit, for this patient
	Duration float64 // of an infusion [days]; 0: bolus
	Delay    float64 // from trigger to dose
	AtMost   int     // 0: no limit
	Apart    float64 // least time between two doses; while the trigger holds, doses repeat at this interval
}

// Dose is a scheduled dose; it is skipped when condition Hold of the plan is true
// (Hold is an index into Config.Holds; -1 for none).
type Dose struct {
	regimen.Intervention
	Hold int
}

// Schedule is what is done to a patient and when it is looked at.
type Schedule struct {
	Start, End float64
	Doses      []Dose // in order of time
	Rules      []Rule
	Times      []float64 // ascending, within [Start, End]

	// Seed and Replicate, with the patient's number, name the stream of what is random.
	Seed      uint64
	Replicate int
}

// Begin is a patient's state before the trial.
type Begin struct {
	Y   []float64
	How string // "newton", "integration" or "given"
}

// Given is a dose that was given; Skipped when its hold condition was true.
type Given struct {
	Time    float64
	Action  string
	Amount  float64
	Rule    string // "" for a scheduled dose
	Skipped bool
}

// Trajectory is one patient over time. Values is [recorded selection][time]; after a
// failure it ends before the failure's time.
type Trajectory struct {
	Times  []float64
	Values [][]float64
	Doses  []Given
	Stats  ode.Stats
	Path   []string // why the general path was taken (algebraic rules, delays, fast reactions); nil for the plain one

	Firings int64  // reactions of a stochastic run
	Backend string // the way that Plan.Backend names; "" for a patient alone when nobody named a back end
	Retry   string // the rung that succeeded where the plan's own way failed (see Rungs); "": it did not fail
	// Warnings are doubts about what records asked for.
	Warnings []string
}

// Failure is a patient whose simulation ended early, and why.
type Failure struct {
	Patient int
	Cause   *ode.Failure
	Species string   // the state where it went wrong, "" when none stands out
	Term    string   // what makes up that state's derivative
	Problem string   // a cause outside the solver
	Tried   []string // other ways that failed too (see Rungs)

	solver *ode.Failure // beside Problem: how the solver ended
}

func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "patient %d: ", f.Patient)
	if f.Cause != nil {
		b.WriteString(f.Cause.Error())
	} else {
		b.WriteString(f.Problem)
	}
	if f.Species != "" {
		fmt.Fprintf(&b, ", in %s", f.Species)
	}
	if f.Term != "" {
		fmt.Fprintf(&b, " (%s)", f.Term)
	}
	if len(f.Tried) > 0 {
		fmt.Fprintf(&b, "; tried again in vain: %s", strings.Join(f.Tried, ", "))
	}
	return b.String()
}

func (p *Plan) fail(patient int, cause *ode.Failure) *Failure {
	f := &Failure{Patient: patient, Cause: cause}
	states := p.program.States()
	if cause.Component >= 0 && cause.Component < len(states) {
		f.Species = states[cause.Component].ID
		f.Term = p.program.TermOf(cause.Component)
	}
	return f
}

// finite finds a state that is integrated and is not finite, or -1. Others may hold any
// number: a model may set a parameter to infinity.
func (p *Plan) finite(y []float64) int {
	for i, v := range y {
		if (math.IsNaN(v) || math.IsInf(v, 0)) && p.varying[i] {
			return i
		}
	}
	return -1
}
