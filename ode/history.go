package ode

import (
	"math"
	"sort"
)

// Retarded is an ability of systems that read their own past: f(t, y, history).
type Retarded interface {
	// History is where the past is kept, made by NewHistory; nil when the system needs none.
	History() *History
	// Lags is the number of delays; fixed says that they never change during a solution.
	Lags() (count int, fixed bool)
	// Lag writes the delays at a state, each 0 or more [time].
	Lag(dst, y, t []float64)
}

// History keeps a solution for as long as its delays reach back. Steps are kept by the
// polynomial of degree 4 that both methods interpolate with, so the past is as accurate as
// the dense output. It is not for concurrent use.
type History struct {
	n       int
	start   float64
	initial []float64 // the state at all times before the start
	now     float64   // up to here the past is known
	current []float64 // the state at now, after whatever happened there
	steps   []piece   // ascending, without gaps
	free    []piece
	keep    float64 // how far back steps are kept

	trial  piece // the step that is being tried
	has    bool  // trial holds an approximation
	ahead  bool  // something after now was asked for
	trying bool
	jumps  []float64 // times at which the state changed at once
}

// piece is the solution from t0 to t1, by its values at nodes.
type piece struct {
	t0, t1 float64
	v      [len(nodes)][]float64
}

// nodes are the places of a step at which its polynomial is kept.
var nodes = [5]float64{0, 0.25, 0.5, 0.75, 1}

// NewHistory makes an empty history of a system with n components.
func NewHistory(n int) *History {
	return &History{n: n, initial: make([]float64, n), current: make([]float64, n)}
}

// Begin forgets everything: up to time t the state was y.
func (h *History) Begin(t float64, y []float64) {
	h.free = append(h.free, h.steps...)
	h.steps, h.jumps = h.steps[:0], h.jumps[:0]
	h.start, h.now, h.keep = t, t, math.Inf(1)
	h.has, h.ahead, h.trying = false, false, false
	copy(h.initial, y)
	copy(h.current, y)
}

// At writes the state at time s, as it is seen from time t >= s; before says that s lies
// before the start. At a time at which the state jumped it is the state after the jump,
// except within a step that ends where it sees the jump.
func (h *History) At(s, t float64, y []float64) (before bool) {
	left := false
	if len(h.jumps) > 0 {
		s, left = h.side(s, t)
	}
	switch {
	case s < h.start || s == h.start && left:
		copy(y, h.initial)
		return s < h.start
	case s > h.now:
		if h.trying {
			h.ahead = true
		}
		if h.has {
			h.trial.at(s, y)
		} else if k := len(h.steps); k > 0 && h.steps[k-1].t1 == h.now && s-h.now <= h.now-h.steps[k-1].t0 {
			h.steps[k-1].at(s, y) // the last step goes on
		} else {
			copy(y, h.current)
		}
		return false
	case s == h.now && !left:
		copy(y, h.current)
		return false
	}
	k := sort.Search(len(h.steps), func(k int) bool {
		if left {
			return h.steps[k].t1 >= s
		}
		return h.steps[k].t1 > s
	})
	if k == len(h.steps) {
		copy(y, h.current)
		return false
	}
	h.steps[k].at(s, y)
	return false
}

// Slope writes the derivative of the solution at time s, as At gives the state; at an end
// of a step it is that of the later one.
func (h *History) Slope(s, t float64, dy []float64) {
	clear(dy)
	left := false
	if len(h.jumps) > 0 {
		s, left = h.side(s, t)
	}
	if s < h.start || s == h.start && left {
		return
	}
	k := sort.Search(len(h.steps), func(k int) bool {
		if left {
			return h.steps[k].t1 >= s
		}
		return h.steps[k].t1 > s
	})
	switch {
	case k < len(h.steps):
		h.steps[k].slope(s, dy)
	case h.has && s >= h.trial.t0:
		h.trial.slope(s, dy)
	case len(h.steps) > 0 && h.steps[len(h.steps)-1].t1 == h.now:
		h.steps[len(h.steps)-1].slope(s, dy)
	}
}

// side moves s onto a jump that it only misses by rounding, and says whether the state
// before the jump is meant.
func (h *History) side(s, t float64) (float64, bool) {
	near := 8 * 2.3e-16 * math.Max(math.Abs(t), math.Abs(s))
	k := sort.SearchFloat64s(h.jumps, s-near)
	if k < len(h.jumps) && h.jumps[k] <= s+near {
		return h.jumps[k], h.trying && t > h.now
	}
	return s, false
}

// Known is the time up to which the past is known.
func (h *History) Known() float64 { return h.now }

// at evaluates the polynomial through the nodes, in Newton's form.
func (p *piece) at(s float64, y []float64) {
	x := (s - p.t0) / (p.t1 - p.t0) * 4
	b2, b3, b4 := x*(x-1)/2, x*(x-1)*(x-2)/6, x*(x-1)*(x-2)*(x-3)/24
	v0, v1, v2, v3, v4 := p.v[0], p.v[1], p.v[2], p.v[3], p.v[4]
	switch x {
	case 0:
		copy(y, v0)
		return
	case 4:
		copy(y, v4)
		return
	}
	for i := range y {
		a, b, c, d, e := v0[i], v1[i], v2[i], v3[i], v4[i]
		y[i] = a + x*(b-a) + b2*((c-b)-(b-a)) + b3*((d-3*c)+(3*b-a)) + b4*((e-4*d)+(6*c-4*b+a))
	}
}

// slope is the derivative of at.
func (p *piece) slope(s float64, dy []float64) {
	x := (s - p.t0) / (p.t1 - p.t0) * 4
	scale := 4 / (p.t1 - p.t0)
	b2, b3 := (2*x-1)/2, (3*x*x-6*x+2)/6
	b4 := (((4*x-18)*x+22)*x - 6) / 24
	for i := range dy {
		a, b, c, d, e := p.v[0][i], p.v[1][i], p.v[2][i], p.v[3][i], p.v[4][i]
		dy[i] = scale * ((b - a) + b2*((c-b)-(b-a)) + b3*((d-3*c)+(3*b-a)) + b4*((e-4*d)+(6*c-4*b+a)))
	}
}

// sample fills a piece from a dense output.
func (h *History) sample(p *piece, t0, t1 float64, dense func(t float64, dst []float64)) {
	if p.v[0] == nil {
		flat := make([]float64, len(nodes)*h.n)
		for k := range p.v {
			p.v[k], flat = flat[:h.n:h.n], flat[h.n:]
		}
	}
	p.t0, p.t1 = t0, t1
	for k, c := range nodes {
		t := t0 + c*(t1-t0)
		if c == 1 {
			t = t1
		}
		dense(t, p.v[k])
	}
}

// offer makes a step that is not accepted yet the best guess of what is ahead.
func (h *History) offer(t0, t1 float64, dense func(t float64, dst []float64)) {
	h.sample(&h.trial, t0, t1, dense)
	h.has = true
}

// commit makes an accepted step, cut at t1, part of the past.
func (h *History) commit(t0, t1 float64, dense func(t float64, dst []float64)) {
	var p piece
	if k := len(h.free); k > 0 {
		p, h.free = h.free[k-1], h.free[:k-1]
	}
	h.sample(&p, t0, t1, dense)
	if k := len(h.steps) / 2; k > 16 && h.steps[k].t1 < t1-h.keep { // the older half is forgotten at once
		h.free = append(h.free, h.steps[:k+1]...)
		h.steps = append(h.steps[:0], h.steps[k+1:]...)
	}
	h.steps = append(h.steps, p)
	for len(h.jumps) > 0 && h.jumps[0] < t1-h.keep {
		h.jumps = h.jumps[1:]
	}
	h.now, h.has = t1, false
	copy(h.current, p.v[4])
}

// set replaces the state at the present time by y and says whether it is another one.
func (h *History) set(y []float64) bool {
	same := true
	for i, v := range y {
		if v != h.current[i] && (v == v || h.current[i] == h.current[i]) {
			same = false
		}
	}
	copy(h.current, y)
	if !same && (len(h.jumps) == 0 || h.jumps[len(h.jumps)-1] != h.now) {
		h.jumps = append(h.jumps, h.now)
	}
	return !same
}

// mostSmooth is the order of derivative whose jump a method of order 5 no longer feels.
const mostSmooth = 5

// bend is a time at which a derivative of the solution jumps: of order 0 the state itself.
type bend struct {
	time  float64
	order int
}

// memory is the driver's side of a system with a past: where solutions are not smooth, and
// what must be found by iteration because it lies within the step.
type memory struct {
	h         *History
	sys       Retarded
	fixed     bool
	lag, lag1 []float64
	past      []bend // those that delays may still meet
	coming    []bend // those at which a step must end; ascending
	old       []float64
}

func newMemory(sys System, n int) *memory {
	r, ok := sys.(Retarded)
	if !ok || r.History() == nil {
		return nil
	}
	count, fixed := r.Lags()
	return &memory{h: r.History(), sys: r, fixed: fixed, lag: make([]float64, count), lag1: make([]float64, count), old: make([]float64, n)}
}

// restart notes that the state at time t is now y.
func (m *memory) restart(t float64, y []float64) {
	h := m.h
	first := len(h.steps) == 0 && t == h.start
	order := 1
	if h.now = t; h.set(y) {
		order = 0
	}
	h.has = false
	m.reached(t) // what was to come at this time has come
	if m.fixed && first {
		m.sys.Lag(m.lag, y, []float64{t})
		h.keep = 0
		for _, v := range m.lag {
			h.keep = math.Max(h.keep, v*(1+1e-9))
		}
	}
	if order == 0 || first {
		m.meet(bend{t, order})
	}
}

// meet notes that the solution bends at a time, and for fixed delays where that is seen.
func (m *memory) meet(b bend) {
	if b.order >= mostSmooth {
		return
	}
	kept := m.past[:0]
	for _, p := range m.past {
		if p.time >= b.time-m.h.keep {
			kept = append(kept, p)
		}
	}
	m.past = append(kept, b)
	if !m.fixed {
		return
	}
	for _, v := range m.lag {
		if v > 0 && !math.IsInf(v, 0) {
			m.expect(bend{b.time + v, b.order + 1})
		}
	}
}

func (m *memory) expect(b bend) {
	near := 1e-13 * math.Abs(b.time)
	k := sort.Search(len(m.coming), func(k int) bool { return m.coming[k].time >= b.time-near })
	if k < len(m.coming) && m.coming[k].time <= b.time+near {
		m.coming[k].order = min(m.coming[k].order, b.order)
		return
	}
	m.coming = append(m.coming, bend{})
	copy(m.coming[k+1:], m.coming[k:])
	m.coming[k] = b
}

// next is the next known bend, or infinity.
func (m *memory) next() float64 {
	if len(m.coming) == 0 {
		return math.Inf(1)
	}
	return m.coming[0].time
}

// reached takes out the bends up to time t, and says whether the derivative jumps there.
func (m *memory) reached(t float64) bool {
	jump := false
	for len(m.coming) > 0 && m.coming[0].time <= t {
		b := m.coming[0]
		m.coming = m.coming[1:]
		jump = jump || b.order <= 1
		m.meet(b)
	}
	return jump
}

// cut looks whether a changing delay passes a bend within the step [t0, t1]. The first
// place at which one does so is noted as a bend to come: the step must end there.
func (m *memory) cut(t0, t1 float64, y []float64, dense func(t float64, dst []float64), probe []float64) bool {
	if m.fixed || len(m.past) == 0 {
		return false
	}
	place := func(t float64, k int) float64 {
		dense(t, probe)
		m.sys.Lag(m.lag1, probe, []float64{t})
		return t - m.lag1[k]
	}
	at, order := t1, -1
	near := 1e-12 * math.Max(math.Abs(t0), math.Abs(t1))
	for k := range m.lag {
		from, to := place(t0, k), place(t1, k)
		for _, b := range m.past {
			if b.time >= t0-near {
				continue // it lies at the step's start: only a delay of 0 sees it
			}
			if !(from < b.time-near && to > b.time+near || from > b.time+near && to < b.time-near) {
				continue
			}
			left, right := t0, t1
			for i := 0; i < 100 && right-left > 1e-15*math.Max(math.Abs(left), math.Abs(right)); i++ {
				middle := left + (right-left)/2
				if (place(middle, k) > b.time) == (from > b.time) {
					left = middle
				} else {
					right = middle
				}
			}
			if right < at-1e-9*(t1-t0) && right > t0+1e-9*(t1-t0) {
				at, order = right, b.order+1
			}
		}
	}
	if order < 0 {
		return false
	}
	m.expect(bend{at, order})
	return true
}
