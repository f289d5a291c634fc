package sim

import "thymus/ode"

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
	w.in.SetPast(w.history, own, w.plan.record, w.plan.holds)
}

// History implements ode.Retarded.
func (m masked) History() *ode.History { return m.history }
