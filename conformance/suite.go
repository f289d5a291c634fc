package conformance

import (
	"context"

	"thymus/diag"
	"thymus/model"
	"thymus/sim"
)

// Suite is one published set of cases.
type Suite struct {
	Name  string
	Title string
	Shape string // what the folder must hold, for help and for the message when it does not
	// Deviation says what the largest deviation of a row is measured in; "" when the
	// suite compares no numbers.
	Deviation string
	// List finds the cases under a folder, in a fixed order. It reads no model.
	List func(folder string) ([]Case, error)
	// Judge runs one case. Panics are the runner's business, and so is the context's end:
	// a judge looks at it only between long parts of its work.
	Judge func(ctx context.Context, c Case, o Options) Verdict
	// Limit is the time limit of one case [s] unless the options say one; nil means 120.
	Limit func(o Options) float64
	// Notes say what of the options a reader of the results should know; nil for nothing.
	Notes func(o Options) []string
}

// Suites lists every suite, in the order of the help.
var Suites = []Suite{
	semantic,
	stochastic,
	biomodels,
	antimonySuite,
	nonmem,
}

// Find is the suite of that name.
func Find(name string) (Suite, bool) {
	for _, s := range Suites {
		if s.Name == name {
			return s, true
		}
	}
	return Suite{}, false
}

// Names lists the suites' names.
func Names() []string {
	var names []string
	for _, s := range Suites {
		names = append(names, s.Name)
	}
	return names
}

// Case is one file to be judged.
type Case struct {
	Name           string // of the case: its folder, or its file without ending
	File           string // path relative to the folder given, with slashes
	Path           string // path of the file on this machine
	Level, Version int    // of SBML; 0 when the file's name does not say
	Tags           []string
}

// Outcome is how a case ended.
type Outcome uint8

// The outcomes. Ran and Ended concern cases without a reference: the model was
// simulated to the end, or ended early with a named cause.
const (
	Passed Outcome = iota
	Wrong
	Refused
	Crashed
	Ran
	Ended
	outcomes
)

// String is the word in tables.
func (o Outcome) String() string {
	return [...]string{"passed", "wrong", "refused", "crashed", "ran", "ended"}[o]
}

// Good says that nothing is left to be done about the case.
func (o Outcome) Good() bool { return o == Passed || o == Ran || o == Ended }

// Verdict is what a judge says about a case.
type Verdict struct {
	Outcome Outcome
	Reason  string // "" when passed
	// The largest deviation, as a fraction of what is allowed, so that more than 1 is
	// wrong; infinite when one side is no number; NaN when nothing was compared.
	Deviation float64
	Variable  string  // of the largest deviation
	Time      float64 // of the largest deviation; NaN when it has none
	Backend   string  // by which a single patient was simulated, when one was named (sim.Trajectory)
	Detail    string  // what else a reader should see of a case that was judged; mostly ""
}

// by says which back end simulated.
func (v Verdict) by(t *sim.Trajectory) Verdict {
	if t != nil {
		v.Backend = t.Backend
	}
	return v
}

// Options of a run.
type Options struct {
	Cases   []string // which cases: names, ranges "00100-00200", patterns "BIOMD*"; nil for all
	Tags    []string // only cases with at least one of these tags, upper and lower case alike
	Jobs    int      // workers; 0 means 1
	Seconds float64  // time limit of one case, after which it counts as crashed; 0: as the suite says
	Steps   int      // most steps of a solver in one case; 0 means 2 million
	Runs    int      // of a stochastic case; 0 means 10000
	Seeds   []uint64 // of a stochastic case; nil means 1, 2 and 3
	// Read reads a model file and flattens it.
	Read func(path string) (*model.Model, diag.Messages)
	// Progress is told after each case.
	Progress func(done, total int)
}

func (o Options) steps() int {
	if o.Steps > 0 {
		return o.Steps
	}
	return 2_000_000
}

// Row is a judged case.
type Row struct {
	Case
	Verdict
	Seconds float64
}

// Result is a finished run.
type Result struct {
	Suite string
	Rows  []Row
	Notes []string // how it was run where that is not the suite's usual way
}
