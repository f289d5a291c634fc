package sim

import (
	"context"
	"math"

	"thymus/compile"
	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
)

// Course is one simulation of one model, recorded at equally spaced
// times: what `thymus simulate` and the outside suites ask for. A time that coincides
// with an event is recorded after it, as SBML's result tables do.
type Course struct {
	Model      *model.Model
	Start, End float64 // [model time]
	Steps      int     // Steps+1 equally spaced rows
	Record     []compile.Selection
	Set        []Setting // constants and initial values that differ from the model's
	SetAt      diag.Place
	Actions    []compile.Action
	Infusible  []string
	Doses      []Dose
	Method     string     // of ode.Options, or a stochastic one (StochasticMethods)
	Seed       uint64     // of what is random: reactions, draws
	Discrete   []Discrete // of the hybrid method
	Rtol, Atol float64    // 0: 1e-8 and 1e-12, the latter in the unit of what a symbol means
	MaxSteps   int        // of ode.Options
	Once       bool       // of Config
	Settle     bool       // begin at the steady state
}

// Run compiles and simulates. Messages with errors mean that nothing was simulated; a
// failure stands beside the rows that came before it.
func (c Course) Run() (*Trajectory, diag.Messages, *Failure) {
	plan, ms := c.build()
	if ms.HasErrors() {
		return nil, ms, nil
	}
	trajectory, failure := plan.NewWorker().Run(Patient{Values: c.Set}, Begin{}, c.schedule())
	return trajectory, ms, failure
}

// Ensemble compiles and simulates many runs, each with its own randomness. The error is a
// *Failure, or the context's.
func (c Course) Ensemble(ctx context.Context, runs, workers int) (*Ensemble, diag.Messages, error) {
	plan, ms := c.build()
	if ms.HasErrors() {
		return nil, ms, nil
	}
	e, err := plan.Ensemble(ctx, Patient{Values: c.Set}, c.schedule(), Replicates{Runs: runs, Seed: c.Seed, Workers: workers})
	return e, ms, err
}

// Plan is the compiled course, for callers that run it from states of their own.
func (c Course) Plan() (*Plan, diag.Messages) { return c.build() }

func (c Course) schedule() Schedule {
	return Schedule{Start: c.Start, End: c.End, Times: Times(c.Start, c.End, c.Steps), Doses: c.Doses, Seed: c.Seed}
}

func (c Course) build() (*Plan, diag.Messages) {
	if kernel.Named() {
		if _, err := kernel.Choose(); err != nil {
			return nil, diag.Messages{diag.Errorf(c.SetAt, "%v", err)}
		}
	}
	if c.Rtol == 0 {
		c.Rtol = 1e-8
	}
	if c.Atol == 0 {
		c.Atol = 1e-12
	}
	config := Config{
		Model: c.Model, Record: c.Record, Actions: c.Actions, Infusible: c.Infusible,
		Method: c.Method, Rtol: c.Rtol, MaxSteps: c.MaxSteps, Once: c.Once, RecordAfter: true, Discontinuities: true, Start: StartSpec{Settle: c.Settle},
	}
	if len(c.Discrete) > 0 && c.Method != Hybrid {
		return nil, diag.Messages{diag.Errorf(c.SetAt, "discrete species are for the method %s", Hybrid)}
	}
	if IsStochastic(c.Method) {
		config.Method, config.Jump, config.Discrete = "", c.Method, c.Discrete
	}
	plan, ms := Build(config)
	if ms.HasErrors() {
		return nil, ms
	}
	for _, s := range c.Set {
		if _, ok := plan.Program().ConstantIndex(s.ID); !ok {
			var known []string
			for _, k := range plan.Program().Constants() {
				known = append(known, k.ID)
			}
			ms = append(ms, diag.Errorf(c.SetAt, "%s cannot be set: the model has no settable symbol of that name", s.ID).
				WithHelp("%s", diag.DidYouMean(s.ID, known)))
		}
	}
	if ms.HasErrors() {
		return nil, ms
	}
	if more := c.tolerances(plan); more.HasErrors() {
		return nil, append(ms, more...)
	}
	return plan, ms
}

// tolerances gives every state its absolute tolerance. A species' state is an amount:
// where its symbol means a concentration, the tolerance is that of the concentration
// times the size of the compartment at the start, so that a cell of 1e-12 L is followed
// as closely as a litre.
func (c Course) tolerances(plan *Plan) diag.Messages {
	for i := range plan.atol {
		plan.atol[i] = c.Atol
	}
	sizes := make([]compile.Selection, len(c.Model.Compartments))
	index := map[string]int{}
	for i, v := range c.Model.Compartments {
		sizes[i] = compile.Selection{ID: v.ID}
		index[v.ID] = i
	}
	observer, ms := plan.program.Observer(sizes)
	if ms.HasErrors() {
		return ms
	}
	worker := plan.NewWorker()
	begin, failure := worker.Settle(Patient{Values: c.Set}, c.Start)
	if failure != nil {
		return nil // there is no start: the run itself will say so
	}
	size := make([]float64, observer.Len())
	observer.Eval(size, worker.in, begin.Y, c.Start, nil)
	scale := map[string]float64{}
	for _, s := range c.Model.Species {
		if i, ok := index[s.Compartment]; ok && !s.SubstanceOnly && size[i] > 0 && !math.IsInf(size[i], 0) {
			scale[s.ID] = size[i]
		}
	}
	for i, s := range plan.program.States() {
		if f, ok := scale[s.ID]; ok {
			plan.atol[i] *= f
		}
	}
	return nil
}

// Times are steps+1 equally spaced times from start to end, both included.
func Times(start, end float64, steps int) []float64 {
	times := make([]float64, steps+1)
	for i := range times {
		times[i] = start + (end-start)*float64(i)/float64(steps)
	}
	return times
}
