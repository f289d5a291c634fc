package sim

import (
	"fmt"
	"math"
	"slices"

	"thymus/compile"
	"thymus/ode"
)

// This file walks from firing to firing within a step. Propensities are looked at in the
// middle and at the ends of a stretch of the step, and are parabolas in between. After a
// firing only the propensities that read what it changed are evaluated again, at its time;
// from there on they change in proportion to what they would have been without it, as long
// as that is exact enough (see mostAhead).

const (
	// fewAhead is for about how many firings a stretch is looked over when the parabolas
	// have to be made again after each.
	fewAhead = 3
	// mostAhead is for how many otherwise. Between two firings a propensity then changes by
	// at most mostVaried/mostAhead of its value, and by at most mostStray of that too much
	// or too little: as exact as the parabolas are (mostOff).
	mostAhead = 25
	// mostVaried is by how much propensities may change over such a stretch, as a share.
	mostVaried = 0.2
	// mostStray is how far firings may move a propensity, as a share of it.
	mostStray = 0.25
	// mostOff is how far Simpson's integral over a stretch may lie from the trapezoidal
	// rule's, as a share.
	mostOff = 1e-3
)

// jumpSet is what is known of the channels that jump together.
type jumpSet struct {
	open  []int         // indices into hybrid.list
	reads []int         // states that their propensities read, or that firings count
	rates *compile.Part // of open
	laned *laned        // rates in machine code, or nil
	fires []fires       // by open
	rows  []int         // derivatives that read what jumps change
	felt  *compile.Part // of rows
}

// fires is what a firing touches.
type fires struct {
	after  []int         // positions in open of the channels whose propensities read what it changes, itself the first
	rates  *compile.Part // of after
	laned  *laned        // rates in machine code, or nil
	counts []int         // changed states that are discrete
	most   []float64     // above which counts flow again
}

// newSet makes the set of the channels that are shut now.
func (h *hybrid) newSet() *jumpSet {
	s := &jumpSet{}
	var channels []int
	for k, c := range h.list {
		if h.shut[k] {
			s.open = append(s.open, k)
			channels = append(channels, c)
		}
	}
	if len(s.open) == 0 {
		return s
	}
	s.rates = h.j.PropensitiesOf(channels)
	s.reads = slices.Clone(s.rates.Reads)
	s.laned = h.p.lanePart(s.rates)
	s.fires = make([]fires, len(s.open))
	changed := make([]bool, len(h.at))
	for p, c := range channels {
		f := &s.fires[p]
		mine := map[int]bool{}
		for _, x := range h.j.Channels[c].Changes {
			mine[x.State], changed[x.State] = true, true
			for i := range h.states {
				if d := &h.states[i]; d.index == x.State && d.discrete {
					f.counts, f.most = append(f.counts, x.State), append(f.most, 2*d.Below)
					if !slices.Contains(s.reads, x.State) {
						s.reads = append(s.reads, x.State)
					}
				}
			}
		}
		f.after = append(f.after, p)
		touched := []int{c}
		for q, other := range channels {
			for _, i := range h.j.Channels[other].Reads {
				if q != p && mine[i] {
					f.after, touched = append(f.after, q), append(touched, other)
					break
				}
			}
		}
		f.rates = h.j.PropensitiesOf(touched)
		f.laned = h.p.lanePart(f.rates)
	}
	pattern := h.in.Pattern()
	felt := make([]bool, len(h.at)+1)
	for i, ok := range changed {
		for q := pattern.ColPtr[i]; ok && q < pattern.ColPtr[i+1]; q++ {
			felt[pattern.RowIdx[q]] = true
		}
	}
	for i := range h.at { // the last row only resolves propensities
		if felt[i] {
			s.rows = append(s.rows, i)
		}
	}
	s.felt = h.j.DerivativesOf(s.rows)
	return s
}

// course is a propensity over a stretch.
type course struct {
	a, b, c float64 // (a + b*x + c*x*x)*scale, x from 0 to 1
	scale   float64
	target  float64 // of the integral without scale at which the channel fires
	x       float64 // where that is; 2: not in the stretch
	from    float64 // it is not before
	pending bool    // x has not been looked for
}

func (c *course) value(x float64) float64    { return c.a + x*(c.b+x*c.c) }
func (c *course) integral(x float64) float64 { return x * (c.a + x*(0.5*c.b+x*(c.c*(1.0/3)))) }

// fit lays the parabola through values at 0, 1/2 and 1.
func (c *course) fit(f0, fm, f1 float64) {
	c.a, c.b, c.c, c.scale = f0, -3*f0+4*fm-f1, 2*f0-4*fm+2*f1, 1
}

// pend leaves the firing after from to be looked for when it may be the next.
func (c *course) pend(from float64) { c.from, c.pending = from, true }

// find looks for the firing after from: Newton's method within a bracket, since the
// integral of what is not negative grows.
func (c *course) find() {
	from := c.from
	c.x, c.pending = 2, false
	if !(c.integral(1) >= c.target) {
		return
	}
	lo, hi, x := from, 1.0, from
	for range 100 {
		off := c.integral(x) - c.target
		if off < 0 {
			lo = x
		} else {
			hi = x
		}
		v := c.value(x)
		step := off / v
		next := x - step
		if !(next > lo && next < hi) {
			next = lo + (hi-lo)/2
			if next <= lo || next >= hi {
				break
			}
		} else if math.Abs(step) <= 1e-14 || step*step*math.Abs(c.b+2*c.c*next) <= 1e-14*v { // what the step leaves is its square times the curvature
			hi = next
			break
		}
		x = next
	}
	c.x = hi
}

// soon is about when the course fires if its propensity stays what it is at from.
func (c *course) soon() float64 {
	return c.from + (c.target-c.integral(c.from))/c.value(c.from)
}

// beyond says that a course does not fire up to x.
func (c *course) beyond(x float64) bool { return c.integral(x) < c.target*(1-1e-12) }

// first is the position of the channel that fires next. A firing makes those of all
// channels that feel it unknown, but only one of them will be the next: the one that seems
// so is looked for, and of the others only whether they come before it.
func (h *hybrid) first() int {
	n := len(h.set.open)
	courses := h.courses[:n]
	guess, soon, pending := -1, math.Inf(1), 0
	for p := range courses {
		if c := &courses[p]; c.pending {
			if pending++; guess < 0 {
				guess = p
			}
			if at := c.soon(); at < soon {
				guess, soon = p, at
			}
		}
	}
	if guess >= 0 {
		courses[guess].find()
		pending--
	}
	next := 0
	for p := range courses {
		if !courses[p].pending && (courses[next].pending || courses[p].x < courses[next].x) {
			next = p
		}
	}
	for p := 0; p < n && pending > 0; p++ {
		c := &courses[p]
		if !c.pending {
			continue
		}
		if pending--; c.beyond(min(courses[next].x, 1)) {
			continue
		}
		if c.find(); c.x < courses[next].x || c.x == courses[next].x && p < next {
			next = p
		}
	}
	return next
}

// walk is the workspace of walking through a step.
type walk struct {
	from, until, length float64  // the present stretch
	reuse               bool     // its parabolas hold beyond one firing
	courses             []course // by the set's open
	f0, fm, f1          []float64
	some                []float64 // values of the states that a part reads
	fetched             []ode.Piece
	pieces              []ode.Piece // of the set's reads in this step, by state
	ready               bool        // they are known
	d0, d1              []float64   // derivatives

	effects []effect  // by list
	age     []int     // of each, see mostTrusted
	sum     []float64 // of the effects of all firings in the step
	bound   float64   // of what weigh says of the sum
	weights []float64 // of rows, in this step
	weighed bool      // they are known
	longest float64   // see large
}

func newWalk(channels, states int) walk {
	float := func(n int) []float64 { return make([]float64, n) }
	return walk{courses: make([]course, channels), f0: float(channels), fm: float(channels), f1: float(channels),
		some: float(states), fetched: make([]ode.Piece, states), pieces: make([]ode.Piece, states), effects: make([]effect, channels), age: make([]int, channels), sum: float(states), weights: float(states), d0: float(states), d1: float(states)}
}

// pick puts some states at time t of a step into dst, with what jumped so far.
func (h *hybrid) pick(s *ode.Step, t float64, which []int, dst []float64) []float64 {
	dst = dst[:len(which)]
	s.Pick(t, which, dst, h.tail)
	if h.moved {
		for i, k := range which {
			dst[i] += h.delta[k]
		}
	}
	return dst
}

// pickRead is pick for states among the set's reads.
func (h *hybrid) pickRead(s *ode.Step, t float64, which []int, dst []float64) []float64 {
	if !h.ready {
		return h.pick(s, t, which, dst)
	}
	dst = dst[:len(which)]
	theta := s.Theta(t)
	for i, k := range which {
		dst[i] = h.pieces[k].At(theta)
	}
	if h.moved {
		for i, k := range which {
			dst[i] += h.delta[k]
		}
	}
	return dst
}

// rates evaluates propensities of the set's channels at positions which (nil: all) and
// their sum.
func (h *hybrid) rates(dst []float64, part *compile.Part, in *partRoom, which []int, s *ode.Step, t float64) (sum float64, err error) {
	n := len(which)
	if which == nil {
		n = len(h.set.open)
	}
	dst = dst[:n]
	if in != nil {
		in.put(h, s, t, 0)
		in.run()
		in.get(dst, 0)
	} else {
		h.in.Eval(dst, part, h.pickRead(s, t, part.Reads, h.some), t)
	}
	return h.judged(dst, which, t)
}

// judged is the sum of propensities, if they can be propensities.
func (h *hybrid) judged(dst []float64, which []int, t float64) (sum float64, err error) {
	for i, v := range dst {
		if !(v >= 0) || math.IsInf(v, 1) {
			if v < 0 && v > -1e-9 { // the rounding of what flows
				dst[i] = 0
				continue
			}
			p := i
			if which != nil {
				p = which[i]
			}
			f := &Failure{Patient: h.pt.Number, Problem: fmt.Sprintf("the propensity of %s is %g at t=%g", h.j.Channels[h.list[h.set.open[p]]].ID, v, t)}
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

// look begins a stretch at time t of a step: as far as the propensities are close to
// parabolas.
func (h *hybrid) look(s *ode.Step, t float64) error {
	n, u := len(h.set.open), s.T1
	known := h.rooms.all != nil && h.rooms.all.room.Lanes > 2 // if the stretch is the rest of the step
	if known {
		h.rooms.all.three(h, s, t, u)
	}
	rates := func(dst []float64, t float64) (sum float64, err error) {
		if known {
			return h.judged(dst[:n], nil, t)
		}
		return h.rates(dst, h.set.rates, h.rooms.all, nil, s, t)
	}
	sum0, err := rates(h.f0, t)
	if err != nil {
		return err
	}
	if sum0*(u-t) > mostAhead {
		u, known = t+mostAhead/sum0, false
	}
	sum1, err := rates(h.f1, u)
	if err != nil {
		return err
	}
	for {
		sumM, err := rates(h.fm, t+(u-t)/2)
		if err != nil {
			return err
		}
		known = false
		ahead := (u - t) / 6 * (sum0 + 4*sumM + sum1)
		off, varied := 0.0, 0.0
		for i := range n {
			off += math.Abs(2*h.fm[i] - h.f0[i] - h.f1[i])
			varied += math.Abs(h.f1[i] - h.f0[i])
		}
		off, varied = off*(u-t)/3, varied*(u-t)
		h.reuse = varied <= mostVaried*ahead*math.Min(1, ahead/mostAhead)
		if off <= mostOff*ahead+1e-6 && (h.reuse || ahead <= fewAhead) || u-t < 1e-9*math.Abs(t)+1e-12 {
			break
		}
		u = t + (u-t)/2
		h.f1, h.fm = h.fm, h.f1
		sum1 = sumM
	}
	h.from, h.until, h.length = t, u, u-t
	for p, k := range h.set.open {
		c := &h.courses[p]
		c.fit(h.f0[p], h.fm[p], h.f1[p])
		c.target = h.left[k] / h.length
		c.pend(0)
	}
	return nil
}

// spend takes off the deviates what was used of them up to x.
func (h *hybrid) spend(x float64) {
	for p, k := range h.set.open {
		c := &h.courses[p]
		h.left[k] = math.Max(0, (c.target-c.integral(x))*c.scale*h.length)
	}
}

// Walk implements ode.Walker.
func (h *hybrid) Walk(s *ode.Step, y []float64) (float64, bool, error) {
	y = y[:len(h.at)]
	h.moved, h.bound, h.weighed = false, 0, false
	clear(h.delta)
	clear(h.sum)
	if h.ready = s.Pieces(h.set.reads, h.fetched); h.ready {
		for i, k := range h.set.reads {
			h.pieces[k] = h.fetched[i]
		}
	}
	for k := range h.age {
		h.age[k] += stepAge
	}
	for t := s.T0; t < s.T1; {
		if err := h.look(s, t); err != nil {
			return t, h.moved, err
		}
		x := 0.0
		for {
			next := h.first()
			if x = h.courses[next].x; x > 1 {
				h.spend(1)
				t = h.until
				break
			}
			t = math.Min(h.from+x*h.length, h.until)
			k := h.set.open[next]
			c := &h.courses[next]
			deviate := h.streams[k].Exponential()
			if end, err := h.fire(next, s, t); end || err != nil {
				h.spend(x)
				h.left[k] = deviate
				if err == nil {
					err = h.ended(k, s, t, y)
				}
				return t, true, err
			}
			c.target = c.integral(x) + deviate/(c.scale*h.length)
			again, err := h.changed(next, s, t, x)
			if err != nil {
				return t, true, err
			}
			if again {
				h.spend(x)
				break
			}
		}
	}
	h.longest *= 1.5
	h.looks(s, s.T1, !h.p.config.RecordAfter)
	for i, d := range h.delta {
		y[i] += d
	}
	return s.T1, h.moved, nil
}

// changed evaluates the propensities that a firing at x touched. It says whether the
// parabolas have to be made anew.
func (h *hybrid) changed(p int, s *ode.Step, t, x float64) (again bool, err error) {
	if !h.reuse {
		return true, nil
	}
	f := &h.set.fires[p]
	if _, err := h.rates(h.f0, f.rates, h.rooms.after[p], f.after, s, t); err != nil {
		return false, err
	}
	for i, q := range f.after {
		c := &h.courses[q]
		v, was := h.f0[i], c.value(x)
		scale := v / was
		if v == 0 && was <= 0 {
			scale = c.scale
		} else if !(was > 0) || !(math.Abs(scale-1) <= mostStray) {
			again = true // the others, too, have to be told before
			continue
		}
		c.target = c.integral(x) + (c.target-c.integral(x))*c.scale/scale
		c.scale = scale
		c.pend(x)
	}
	return again, nil
}

// fire lets the set's channel p jump at time t of a step. It says whether the step has to
// end there.
func (h *hybrid) fire(p int, s *ode.Step, t float64) (end bool, err error) {
	k := h.set.open[p]
	if h.next < len(h.s.Times) && h.s.Times[h.next] <= t {
		h.looks(s, t, false)
	}
	h.firings++
	check := h.watch[k]
	if check {
		h.within(s, t, h.at)
		h.in.Cross(h.g0, h.at, []float64{t})
	}
	for i, c := range h.j.Channels[h.list[k]].Changes {
		h.delta[c.State] += h.by[k][i]
	}
	h.moved = true
	if check {
		h.within(s, t, h.at)
		h.in.Cross(h.g1, h.at, []float64{t})
		for i := range h.g0 {
			end = end || sign(h.g0[i]) != sign(h.g1[i])
		}
	}
	f := &h.set.fires[p]
	for i, v := range h.pickRead(s, t, f.counts, h.some) {
		end = end || v > f.most[i]
	}
	return end || h.large(p, s, t), nil
}

// ended puts the state after the firing of channel list[k] that ends a step into y, and
// lets everything happen that happens then.
func (h *hybrid) ended(k int, s *ode.Step, t float64, y []float64) error {
	h.within(s, t, y)
	if h.watch[k] {
		h.happen(t, y)
	}
	h.sort(y)
	if h.failure != nil {
		return h.failure
	}
	return nil
}

// large says whether what jumped in this step matters to what flows: the change of a
// derivative over the rest of the step, against a tenth of the tolerance. A jump of a
// flowing state is in the state as it is; what it does is what its derivatives do.
func (h *hybrid) large(p int, s *ode.Step, t float64) bool {
	k := h.set.open[p]
	if !h.felt[k] || t >= s.T1 {
		return false
	}
	// what one more firing does is foretold from what one did before: derivatives cost more
	// than all the rest of a firing
	if h.age[k] >= mostTrusted {
		h.learn(p, s, t)
	}
	h.age[k]++
	e := &h.effects[k]
	for i, v := range e.rows {
		h.sum[i] += v
	}
	h.bound += e.most
	left := s.T1 - t
	if h.bound*left <= 1 {
		return false
	}
	if h.bound = h.weigh(h.sum[:len(h.set.rows)], s); h.bound*left <= 1 {
		return false
	}
	// If the sum goes on to grow as it did in the time that is gone, a step of length h
	// meets the limit in its middle at sum/gone * h^2/4 = 1. One that long has room for many
	// firings where a longer one ends at its first; where even the time between two firings
	// is longer, no step is too long.
	h.longest = math.Inf(1)
	if gone := t - s.T0; h.bound*gone < 1 {
		h.longest = math.Sqrt(3.5 * gone / h.bound)
	}
	return true
}

// effect is what one firing of a channel changes in the derivatives of the set's rows.
type effect struct {
	rows []float64
	most float64 // see weigh
}

// learn finds the effect of the set's channel p, which has just fired at time t.
func (h *hybrid) learn(p int, s *ode.Step, t float64) {
	set, k := h.set, h.set.open[p]
	e := &h.effects[k]
	now := h.pick(s, t, set.felt.Reads, h.some)
	h.in.Eval(h.d1, set.felt, now, t)
	for n, c := range h.j.Channels[h.list[k]].Changes {
		for i, state := range set.felt.Reads {
			if c.State == state {
				now[i] -= h.by[k][n]
			}
		}
	}
	h.in.Eval(h.d0, set.felt, now, t)
	e.rows = e.rows[:0]
	for i := range set.rows {
		e.rows = append(e.rows, h.d1[i]-h.d0[i])
	}
	e.most, h.age[k] = h.weigh(e.rows, s), 0
}

// weigh is the largest change of a derivative in tenths of the tolerance per unit of time.
func (h *hybrid) weigh(change []float64, s *ode.Step) float64 {
	rows := h.set.rows
	if !h.weighed {
		rtol := h.p.config.Rtol
		for i, v := range h.pick(s, s.T0, rows, h.weights) {
			h.weights[i] = 10 / (h.p.atol[rows[i]] + rtol*math.Abs(v))
		}
		h.weighed = true
	}
	most := 0.0
	for i, v := range change {
		if d := math.Abs(v) * h.weights[i]; !(d <= most) {
			most = d
		}
	}
	return most
}
