package sim

import (
	"slices"

	"thymus/ode"
)

// rung is one way of simulating a patient; the zero value is the plan's own.
type rung struct {
	name    string
	method  string  // of ode.Options
	tighter float64 // tolerances are divided by it; 0: they stay
	steps   int     // most steps; 0: the plan's
	causes  []ode.Cause
}

// ladder lists what is tried, in this order, with a patient whose simulation ended early:
// each rung is the whole run again, from the same start and with the same draws, so that
// the result is a function of the patient alone.
var ladder = []rung{
	// what shared code cannot do: exchange rows; and what the plan's method may lack: stiffness
	{name: "rodas5p alone", method: "rodas5p", causes: []ode.Cause{ode.StepTooSmall, ode.NotFinite, ode.SingularMatrix, ode.TooManySteps}},
	// a path that strays over the edge of where terms are defined
	{name: "rodas5p at a hundredth of the tolerances", method: "rodas5p", tighter: 100, causes: []ode.Cause{ode.StepTooSmall, ode.NotFinite, ode.SingularMatrix}},
	// derivatives that are infinite where the right-hand side is not, as those of sqrt(0)
	{name: "tsit5", method: "tsit5", steps: 200_000, causes: []ode.Cause{ode.StepTooSmall, ode.NotFinite, ode.SingularMatrix}},
}

// Rungs names the ways in which a patient that failed is tried again, in their order.
func Rungs() []string {
	var names []string
	for _, r := range ladder {
		names = append(names, r.name)
	}
	return names
}

// climb makes a run, and where it ends early for a reason of the solver, makes it again by
// the ladder. A failure on every rung is the first one, and lists what was tried.
func (w *Worker) climb(run func() (*Trajectory, *Failure)) (*Trajectory, *Failure) {
	defer func() { w.way = rung{} }()
	w.way = rung{}
	first, failure := run()
	if failure == nil || w.plan.config.Once {
		return first, failure
	}
	ended := failure.Cause
	if ended == nil {
		ended = failure.solver
	}
	if ended == nil {
		return first, failure
	}
	own, err := ode.MethodNamed(w.plan.config.Method)
	if err != nil {
		return first, failure
	}
	for _, r := range ladder {
		switch {
		case !slices.Contains(r.causes, ended.Cause):
			continue
		case w.lane == nil && r.method == own.Name && r.tighter == 0: // that is what failed
			continue
		case r.method == "tsit5" && len(w.in.MassPattern()) > 0: // no method for algebraic equations
			continue
		}
		w.way = r
		again, f := run()
		if f == nil {
			again.Retry = r.name
			return again, nil
		}
		failure.Tried = append(failure.Tried, r.name)
	}
	return first, failure
}

// options are those of the present rung for a system with the given tolerances.
func (w *Worker) options(atol []float64) ode.Options {
	c := &w.plan.config
	o := ode.Options{Method: c.Method, Rtol: c.Rtol, Atol: atol, MaxStep: c.MaxStep, MaxSteps: c.MaxSteps}
	if w.way.name == "" {
		return o
	}
	o.Method = w.way.method
	if f := w.way.tighter; f != 0 {
		o.Rtol /= f
		w.tight = w.tight[:0]
		for _, a := range atol {
			w.tight = append(w.tight, a/f)
		}
		o.Atol = w.tight
	}
	if n := w.way.steps; n > 0 && (o.MaxSteps == 0 || o.MaxSteps > n) {
		o.MaxSteps = n
	}
	return o
}

// beside lets the plan's own way be gone in the worker's lane; other rungs are gone alone.
func (w *Worker) beside(o ode.Options) ode.Options {
	if w.way.name == "" {
		o.Lane = w.lane
	}
	return o
}
