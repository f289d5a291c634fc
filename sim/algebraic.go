package sim

import (
	"math"

	"thymus/ode"
)

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
	w.in.Hurry(w.y, t0, 1)
	for round := 0; ; round++ {
		if f := w.solve(w.y, t0); f != nil {
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

// solve moves y to where algebraic equations hold and fast reactions are in equilibrium.
// The equilibrium is the one that the fast reactions reach from y.
func (w *Worker) solve(y []float64, t float64) *ode.Failure {
	e := w.in.Equilibrium(t)
	if e == nil {
		return w.consistent.Solve(y, t, w.plan.atol)
	}
	copy(w.row, y)
	_, f := ode.Settle(e, w.row, ode.SettleOptions{Atol: w.plan.atol})
	if f != nil { // watch them run instead
		copy(w.row, y)
		if _, f = ode.Solve(e, w.row, 0, longest, ode.Options{Rtol: 1e-10, Atol: w.plan.atol}, ode.Base{}); f != nil {
			f.Time = t
			f.Hint = "fast reactions do not come to an equilibrium"
			return f
		}
	}
	copy(y, w.row)
	return nil
}

// longest is a time in which any reaction that deserves the name has run its course.
const longest = 1e15

// rebalance solves the algebraic equations after something changed the state.
func (r *run) rebalance(t float64, y []float64) {
	if r.w.consistent == nil || r.failure != nil {
		return
	}
	if f := r.w.solve(y, t); f != nil {
		r.failure = r.p.fail(r.pt.Number, f)
	}
	r.w.in.Hurry(y, t, r.s.End-r.s.Start)
}

// branch looks whether fast reactions now lead to another equilibrium, because a condition
// in their rates changed, and moves y there.
func (r *run) branch(t float64, y []float64) bool {
	if !r.p.program.Fast() || r.failure != nil {
		return false
	}
	was := append([]float64(nil), y...)
	if r.w.solve(y, t) != nil { // where one branch leaves the other: go on, time will tell
		copy(y, was)
	}
	r.w.in.Hurry(y, t, r.s.End-r.s.Start)
	for i, v := range y {
		if d := math.Abs(v - was[i]); d > 1e-6*math.Abs(was[i])+1e3*r.p.atol[i] {
			return true
		}
	}
	copy(y, was) // what differs is the small error of the solution
	return false
}

// polished is the state as it is recorded: interpolation leaves an error of the
// tolerance's size in the algebraic equations, which is removed here.
func (r *run) polished(t float64, y []float64) []float64 {
	if r.w.consistent == nil || r.p.program.Fast() {
		return y
	}
	copy(r.w.row, y)
	if f := r.w.consistent.Solve(r.w.row, t, r.p.atol); f != nil {
		return y // the step that led here was accepted: this is as good as it gets
	}
	return r.w.row
}

// turned says whether one of the crossing functions may have turned the equilibrium of fast
// reactions: the integration then begins anew, with short steps.
func (r *run) turned(which []int) bool {
	if !r.p.program.Fast() {
		return false
	}
	for _, k := range which {
		if r.jumps[k] != nil {
			return true
		}
	}
	return false
}
