package sim

import (
	"thymus/compile"
	"thymus/ode"
)

// This file gives a solution its memory.

// remember begins the history of a run at state y; own says that it is the model's own
// initial state.
func (w *Worker) remember(t0 float64, y []float64, own bool) {
	if !w.plan.program.Remembers() {
		return
	}
	if w.history == nil {
		w.history = ode.NewHistory(len(w.y))
	}
	w.history.Begin(t0, y)
	observers := []*compile.Observer{w.plan.record, w.plan.holds}
	if w.plan.dosing != nil {
		observers = append(observers, w.plan.dosing.given)
	}
	w.in.SetPast(w.history, own, observers...)
}

// History implements ode.Retarded.
func (m masked) History() *ode.History { return m.history }
