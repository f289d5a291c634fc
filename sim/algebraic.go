package sim

import "thymus/ode"

// This file keeps algebraic equations satisfied wherever the state is looked at: at the
// start, after every dose and event, and at recorded times.

// mostGuesses bounds how often formulas of the start and algebraic equations are solved
// in turn when they need one another.
const mostGuesses = 100

// balance solves the algebraic equations for a patient's own initial state.
func (w *Worker) balance(pt Patient, t0 float64) *Failure {
	if w.consistent == nil {
		return nil
	}
	for round := 0; ; round++ {
		if f := w.consistent.Solve(w.y, t0, w.plan.atol); f != nil {
			return w.plan.fail(pt.Number, f)
		}
		if !w.plan.program.StartReadsAlgebraic() {
			return nil
		}
		copy(w.row, w.y)
		w.in.Guess(w.y)
		if err := w.in.Start(w.y, t0); err != nil {
			return &Failure{Patient: pt.Number, Problem: err.Error()}
		}
		still := true
		for i, v := range w.y {
			d := v - w.row[i]
			if d < 0 {
				d = -d
			}
			size := w.row[i]
			if size < 0 {
				size = -size
			}
			if d > 1e-12*size+1e-3*w.plan.atol[i] {
				still = false
			}
		}
		if still {
			return nil
		}
		if round >= mostGuesses {
			return w.plan.fail(pt.Number, &ode.Failure{Cause: ode.NotConverged, Time: t0, Component: -1,
				Hint: "initial assignments and algebraic rules that need one another do not settle"})
		}
	}
}

// rebalance solves the algebraic equations after something changed the state.
func (r *run) rebalance(t float64, y []float64) {
	if r.w.consistent == nil || r.failure != nil {
		return
	}
	if f := r.w.consistent.Solve(y, t, r.p.atol); f != nil {
		r.failure = r.p.fail(r.pt.Number, f)
	}
}

// polished is the state as it is recorded: interpolation leaves an error of the
// tolerance's size in the algebraic equations, which is removed here.
func (r *run) polished(t float64, y []float64) []float64 {
	if r.w.consistent == nil {
		return y
	}
	copy(r.w.row, y)
	if f := r.w.consistent.Solve(r.w.row, t, r.p.atol); f != nil {
		return y // the step that led here was accepted: this is as good as it gets
	}
	return r.w.row
}
