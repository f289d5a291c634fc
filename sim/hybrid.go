package sim

import (
	"fmt"
	"math"

	"thymus/compile"
	"thymus/ode"
	"thymus/rng"
)

// Discrete names a state that is a whole number of individuals while it is small.
type Discrete struct {
	ID    string
	Below float64 // the state jumps below this and flows again above twice this
	// Poisson draws the number at the start of a run from the Poisson distribution with
	// the given value as its mean; otherwise the value is rounded up or down at random,
	// keeping its mean.
	Poisson bool
}

// String writes it as a module's header does.
func (d Discrete) String() string {
	s := fmt.Sprintf("%s below %g", d.ID, d.Below)
	if d.Poisson {
		s += " from poisson"
	}
	return s
}

// mostHazard is about how many firings are looked at between two evaluations of the
// propensities.
const mostHazard = 3

// mostTrusted is for how many firings of a channel its effect on derivatives is believed.
const mostTrusted = 100

// hazardAtol is how well steps resolve the integral of the propensities, whose unit is one
// firing; the integral that decides is computed within each step.
const hazardAtol = 1e-2

// hybrid runs a patient whose reactions partly jump: the rest is integrated, and within
// each accepted step every channel that jumps fires when the integral of its propensity
// along the solution has used up a unit exponential deviate (the next reaction method for
// propensities that change in time: D. F. Anderson, J. Chem. Phys. 127 (2007) 214107).
// A step ends at a firing whose effect on what flows is not small against the tolerance,
// or that turns a trigger.
type hybrid struct {
	*run
	j      *compile.Jumps
	in     *compile.Gated
	list   []int // channels that may jump, indices into j.Channels
	states []switched
	by     [][]float64 // what channel list[k] adds to its states
	shut   []bool      // channel list[k] jumps
	open   int         // how many jump
	watch  []bool      // channel list[k] changes what a trigger reads
	felt   []bool      // channel list[k] changes what a derivative reads

	left    []float64 // deviates to be used up, by list
	streams []rng.Philox
	rounds  rng.Philox // of rounding

	f0, fm, f1 []float64 // propensities at the ends and in the middle
	at, delta  []float64 // a state within the step; what jumps have added in it
	moved      bool
	df0, df1   []float64
	effect     []float64 // what one firing of channel list[k] changes in a derivative, see difference
	age        []int     // firings of it since that was found out
	effects    float64   // what all firings within the step change
	g0, g1     []float64
	full, tail []float64 // the integrated vector: the states, and what propensities grow
	atol, ends []float64
	firings    int64
}

// switched is a state that is discrete for a time, or always.
type switched struct {
	Discrete
	index    int
	discrete bool
	channels []int // indices into hybrid.list
}

// newHybrid prepares a worker for hybrid runs of its plan.
func newHybrid(w *Worker) *hybrid {
	p := w.plan
	n := len(w.y)
	h := &hybrid{j: p.jumps, list: p.jumping}
	m := len(h.list)
	h.shut, h.watch, h.felt = make([]bool, m), make([]bool, m), make([]bool, m)
	h.left, h.streams = make([]float64, m), make([]rng.Philox, m)
	h.f0, h.fm, h.f1 = make([]float64, m), make([]float64, m), make([]float64, m)
	h.effect, h.age = make([]float64, m), make([]int, m)
	h.at, h.delta = make([]float64, n), make([]float64, n)
	h.df0, h.df1 = make([]float64, n+1), make([]float64, n+1)
	h.full, h.tail, h.ends = make([]float64, n+1), make([]float64, n+1), make([]float64, n)
	h.atol = append(append(h.atol, p.atol...), hazardAtol)
	h.by = make([][]float64, m)
	for k, c := range h.list {
		h.by[k] = make([]float64, len(p.jumps.Channels[c].Changes))
	}
	for _, d := range p.discrete {
		s := switched{Discrete: d.Discrete, index: d.index}
		for k, c := range h.list {
			for _, x := range p.jumps.Channels[c].Changes {
				if x.State == d.index {
					s.channels = append(s.channels, k)
				}
			}
		}
		h.states = append(h.states, s)
	}
	return h
}

// start begins a run.
func (h *hybrid) start(r *run, y []float64) error {
	h.run = r
	in := r.w.in
	if err := h.j.Bind(in); err != nil {
		return err
	}
	h.in = h.j.Gated(in)
	h.firings = 0
	key := rng.Key{Seed: r.s.Seed, Patient: r.pt.Number, Index: r.s.Replicate}
	for k, c := range h.list {
		ch := &h.j.Channels[c]
		key.Purpose = "jump " + ch.ID
		h.streams[k].Reset(key)
		h.left[k] = h.streams[k].Exponential()
		h.age[k] = mostTrusted // not known yet
		h.shut[k] = len(h.states) == 0
		h.in.Shut(c, h.shut[k])
		for i := range ch.Changes {
			h.by[k][i] = ch.Changes[i].By(in)
		}
	}
	key.Purpose = "whole number"
	h.rounds.Reset(key)
	crossings := in.Crossings()
	h.g0, h.g1 = make([]float64, crossings), make([]float64, crossings)
	off := make([]bool, crossings)
	for _, k := range r.mask {
		off[k] = true
	}
	for k := range r.jumps {
		off[k] = true
	}
	reads := make([]bool, len(y))
	for k, c := range h.j.Crossings {
		if !off[k] {
			for _, i := range c.Reads {
				reads[i] = true
			}
		}
	}
	pattern := h.in.Pattern()
	for k, c := range h.list {
		h.watch[k], h.felt[k] = false, false
		for _, x := range h.j.Channels[c].Changes {
			h.watch[k] = h.watch[k] || reads[x.State]
			for q := pattern.ColPtr[x.State]; q < pattern.ColPtr[x.State+1]; q++ {
				h.felt[k] = h.felt[k] || int(pattern.RowIdx[q]) < len(y)
			}
		}
	}
	for i := range h.states {
		h.states[i].discrete = false
	}
	h.count()
	for i := range h.states {
		s := &h.states[i]
		if s.Poisson && y[s.index] < s.Below {
			y[s.index] = h.rounds.Poisson(math.Max(0, y[s.index]))
		}
	}
	h.sort(y)
	return nil
}

// sort lets states jump or flow by their values, and makes whole numbers of those that
// jump. It says whether anything changed.
func (h *hybrid) sort(y []float64) bool {
	changed := false
	for i := range h.states {
		s := &h.states[i]
		v := y[s.index]
		switch {
		case !s.discrete && v < s.Below:
			s.discrete, changed = true, true
		case s.discrete && v > 2*s.Below:
			s.discrete, changed = false, true
		}
		if s.discrete && v != math.Trunc(v) || v < 0 && s.discrete {
			y[s.index] = math.Max(0, math.Floor(v+h.rounds.Uniform()))
			changed = true
		}
	}
	if changed {
		h.count()
	}
	return changed
}

// count shuts the channels that change a discrete state.
func (h *hybrid) count() {
	if len(h.states) == 0 {
		h.open = len(h.list)
		return
	}
	for k := range h.shut {
		h.shut[k] = false
	}
	for i := range h.states {
		if h.states[i].discrete {
			for _, k := range h.states[i].channels {
				h.shut[k] = true
			}
		}
	}
	h.open = 0
	for k, c := range h.list {
		h.in.Shut(c, h.shut[k])
		if h.shut[k] {
			h.open++
		}
	}
}

// gated is the system that flows, with crossings where states become discrete.
type gated struct {
	*compile.Gated
	h *hybrid
}

func (g gated) Crossings() int { return g.Gated.Crossings() + len(g.h.states) }

func (g gated) Cross(dst, y, t []float64) {
	n := g.Gated.Crossings()
	g.Gated.Cross(dst[:n], y, t)
	for _, i := range g.h.mask {
		dst[i] = 1
	}
	for i := range g.h.states {
		s := &g.h.states[i]
		dst[n+i] = 1
		if !s.discrete {
			dst[n+i] = y[s.index] - s.Below
		}
	}
}

// OnStop implements ode.Handler.
func (h *hybrid) OnStop(t float64, y []float64) (bool, error) {
	y = y[:len(h.at)]
	changed, err := h.run.OnStop(t, y)
	return h.sort(y) || changed, err
}

// OnCrossing implements ode.Handler.
func (h *hybrid) OnCrossing(t float64, y []float64, which []int, rising []bool) (changed, stop bool, err error) {
	y = y[:len(h.at)]
	changed, stop, err = h.run.OnCrossing(t, y, which, rising)
	return h.sort(y) || changed, stop, err
}

// within puts the state at time t of a step into dst, with what jumped so far.
func (h *hybrid) within(s *ode.Step, t float64, dst []float64) {
	s.Interpolate(t, h.tail)
	copy(dst, h.tail)
	if h.moved {
		for i, d := range h.delta {
			if d != 0 {
				dst[i] += d
			}
		}
	}
}

// rates evaluates the propensities of what jumps and their sum.
func (h *hybrid) rates(dst []float64, s *ode.Step, t float64) (float64, error) {
	h.within(s, t, h.at)
	h.in.Rates(dst, h.at, t)
	sum := 0.0
	for k := range dst {
		if !h.shut[k] {
			dst[k] = 0
			continue
		}
		v := dst[k]
		if !(v >= 0) || math.IsInf(v, 1) {
			if v < 0 && v > -1e-9 { // the rounding of what flows
				dst[k] = 0
				continue
			}
			f := &Failure{Patient: h.pt.Number, Problem: fmt.Sprintf("the propensity of %s is %g at t=%g", h.j.Channels[h.list[k]].ID, v, t)}
			if v < 0 {
				f.Problem += "; a stochastic method needs rates that are never negative: write a reversible reaction as two"
			}
			h.failure = f
			return 0, f
		}
		sum += v
	}
	return sum, nil
}

// Walks implements ode.Walker.
func (h *hybrid) Walks() bool { return h.open > 0 }

// OnStep implements ode.Handler, for steps in which nothing jumps.
func (h *hybrid) OnStep(s *ode.Step) {
	h.record(func(t float64) []float64 {
		s.Interpolate(t, h.tail)
		copy(h.lastY, h.tail)
		return h.lastY
	}, s.T1, !h.p.config.RecordAfter)
	s.Interpolate(s.T1, h.tail)
	copy(h.lastY, h.tail)
	h.lastT = s.T1
}

// Walk implements ode.Walker.
func (h *hybrid) Walk(s *ode.Step, y []float64) (float64, bool, error) {
	y = y[:len(h.at)]
	h.moved, h.effects = false, 0
	clear(h.delta)
	t := s.T0
	sum0, err := h.rates(h.f0, s, t)
	if err != nil {
		return t, false, err
	}
	for t < s.T1 {
		// a stretch on which the propensities are close to parabolas (Simpson's rule, judged
		// by its difference from the trapezoidal rule)
		u := s.T1
		if sum0*(u-t) > mostHazard {
			u = t + mostHazard/sum0
		}
		var simpson, sum1 float64
		for known := false; ; {
			if !known {
				if sum1, err = h.rates(h.f1, s, u); err != nil {
					return t, h.moved, err
				}
			}
			sumM, err := h.rates(h.fm, s, t+(u-t)/2)
			if err != nil {
				return t, h.moved, err
			}
			simpson = (u - t) / 6 * (sum0 + 4*sumM + sum1)
			if off := (u - t) / 3 * math.Abs(2*sumM-sum0-sum1); off <= 1e-3*simpson+1e-6 || u-t < 1e-9*math.Abs(t)+1e-12 {
				break
			}
			u = t + (u-t)/2
			h.f1, h.fm = h.fm, h.f1
			sum1, known = sumM, true
		}
		k, x := h.next(u - t)
		if k < 0 {
			for i := range h.left {
				h.left[i] -= (u - t) / 6 * (h.f0[i] + 4*h.fm[i] + h.f1[i])
			}
			h.f0, h.f1 = h.f1, h.f0
			t, sum0 = u, sum1
			continue
		}
		fire := t + x*(u-t)
		for i := range h.left {
			h.left[i] = math.Max(0, h.left[i]-integral(h.f0[i], h.fm[i], h.f1[i], x)*(u-t))
		}
		h.left[k] = h.streams[k].Exponential()
		t = fire
		if end, err := h.fire(k, s, t, y); end || err != nil {
			return t, true, err
		}
		if sum0, err = h.rates(h.f0, s, t); err != nil {
			return t, true, err
		}
	}
	return h.walked(s, y)
}

// walked ends a step where it would have ended.
func (h *hybrid) walked(s *ode.Step, y []float64) (float64, bool, error) {
	h.record(func(t float64) []float64 { h.within(s, t, h.lastY); return h.lastY }, s.T1, !h.p.config.RecordAfter)
	for i, d := range h.delta {
		y[i] += d
	}
	copy(h.lastY, y)
	h.lastT = s.T1
	return s.T1, h.moved, nil
}

// integral is that of the parabola through f0, fm, f1 at 0, 1/2, 1 from 0 to x.
func integral(f0, fm, f1, x float64) float64 {
	b, c := -3*f0+4*fm-f1, 2*f0-4*fm+2*f1
	return x * (f0 + x*(b/2+x*c/3))
}

// next finds the first channel that fires within a stretch of length d, and where in it
// (0 to 1); -1 when none does.
func (h *hybrid) next(d float64) (which int, x float64) {
	which, x = -1, 1
	for k, left := range h.left {
		if !h.shut[k] || h.f0[k] == 0 && h.fm[k] == 0 && h.f1[k] == 0 {
			continue
		}
		target := left / d
		if integral(h.f0[k], h.fm[k], h.f1[k], x) < target {
			continue
		}
		lo, hi := 0.0, x
		for range 60 { // the integral of what is not negative grows: halve
			mid := (lo + hi) / 2
			if mid == lo || mid == hi {
				break
			}
			if integral(h.f0[k], h.fm[k], h.f1[k], mid) < target {
				lo = mid
			} else {
				hi = mid
			}
		}
		which, x = k, hi
	}
	return which, x
}

// fire lets channel k jump at time t of a step. When the step has to end there, y becomes
// the state at t, everything that happens at t has happened, and end is true.
func (h *hybrid) fire(k int, s *ode.Step, t float64, y []float64) (end bool, err error) {
	h.record(func(t float64) []float64 { h.within(s, t, h.lastY); return h.lastY }, t, false)
	h.firings++
	check := h.watch[k]
	h.within(s, t, h.at)
	if check {
		h.in.Cross(h.g0, h.at, []float64{t})
	}
	for i, c := range h.j.Channels[h.list[k]].Changes {
		h.delta[c.State] += h.by[k][i]
	}
	h.moved = true
	h.within(s, t, h.at)
	if check {
		h.in.Cross(h.g1, h.at, []float64{t})
		for i := range h.g0 {
			end = end || sign(h.g0[i]) != sign(h.g1[i])
		}
	}
	for i := range h.states {
		if d := &h.states[i]; d.discrete && h.at[d.index] > 2*d.Below {
			end = true
		}
	}
	end = end || h.large(k, s, t)
	if !end {
		return false, nil
	}
	copy(y, h.at)
	copy(h.lastY, y)
	h.lastT = t
	if check {
		h.happen(t, y)
	}
	h.sort(y)
	if h.failure != nil {
		return true, h.failure
	}
	return true, nil
}

// large says whether what jumped in this step matters to what flows: a jump of a flowing
// state, or the change of a derivative over the rest of the step, against a tenth of the
// tolerance.
func (h *hybrid) large(k int, s *ode.Step, t float64) bool {
	rtol := h.p.config.Rtol
	jumps := func(i int) bool { // the state only changes by jumps
		for n := range h.states {
			if h.states[n].index == i {
				return h.states[n].discrete
			}
		}
		return len(h.states) == 0 && !h.p.flows[i]
	}
	for _, c := range h.j.Channels[h.list[k]].Changes {
		i := c.State
		if !jumps(i) && math.Abs(h.delta[i]) > 0.1*(h.p.atol[i]+rtol*math.Abs(h.at[i])) {
			return true
		}
	}
	if !h.felt[k] || t >= s.T1 {
		return false
	}
	// what one more firing does is foretold from what one did before, while the sum stays
	// far from the limit: derivatives cost more than all the rest of a firing
	left := s.T1 - t
	if h.age[k] < mostTrusted && (h.effects+h.effect[k])*left < 0.5 {
		h.effects += h.effect[k]
		h.age[k]++
		return false
	}
	h.in.Deriv(h.df1, h.at, []float64{t})
	copy(h.ends, h.at)
	same := true
	for i, d := range h.delta {
		h.ends[i] -= d
	}
	for i, c := range h.j.Channels[h.list[k]].Changes {
		same = same && h.delta[c.State] == h.by[k][i]
	}
	h.effects = h.difference(t)
	h.effect[k], h.age[k] = h.effects, 0
	if !same {
		copy(h.ends, h.at)
		for i, c := range h.j.Channels[h.list[k]].Changes {
			h.ends[c.State] -= h.by[k][i]
		}
		h.effect[k] = h.difference(t)
	}
	return h.effects*left > 1
}

// difference is how much the derivative at the state ends differs from df1, in tenths of
// the tolerance per unit of time, where it does most.
func (h *hybrid) difference(t float64) float64 {
	h.in.Deriv(h.df0, h.ends, []float64{t})
	most, rtol := 0.0, h.p.config.Rtol
	for i := range h.at {
		if d := math.Abs(h.df1[i]-h.df0[i]) / (0.1 * (h.p.atol[i] + rtol*math.Abs(h.at[i]))); !(d <= most) {
			most = d
		}
	}
	return most
}

// hybrid runs a patient whose reactions partly jump.
func (w *Worker) hybrid(r *run) *Failure {
	h := w.mixed
	h.sort(w.y) // what happened at the start may have changed it
	copy(h.full, w.y)
	h.full[len(w.y)] = 0
	stats, cause := ode.Solve(gated{h.in, h}, h.full, r.s.Start, r.s.End, w.beside(w.options(h.atol)), h)
	copy(w.y, h.full)
	r.out.Stats, r.out.Firings = stats, h.firings
	if r.failure != nil {
		return r.failure
	}
	if cause != nil {
		return w.plan.fail(r.pt.Number, cause)
	}
	r.finish(w.y)
	return nil
}
