package ode

import "math"

// laneStepper is the method of Lanes in one lane, for the driver.
type laneStepper struct {
	lane *Lane
	l    *Lanes
	mem  []float64
	sys  Laned
	more []int32 // see Changer
	t    float64
	y    []float64 // copies of the lane's columns, made when asked for
	yn   []float64
	f    []float64

	watched   bool // crossing functions are looked at by the present step's code
	cancelled int  // steps of this solution, see mostShrunk
}

func (s *laneStepper) at(slot int32) *float64 { return &s.mem[int(slot)*s.l.L+s.lane.index] }

// column copies a block of the lane's memory.
func (s *laneStepper) column(dst []float64, block int32) []float64 {
	o := int(block)*s.l.L + s.lane.index
	for i := range dst {
		dst[i] = s.mem[o]
		o += s.l.L
	}
	return dst
}

func (s *laneStepper) put(block int32, src []float64) {
	o := int(block)*s.l.L + s.lane.index
	for _, v := range src {
		s.mem[o] = v
		o += s.l.L
	}
}

// begin takes over a patient's constants and tolerances.
func (s *laneStepper) begin(sys Laned, w *weights) {
	s.sys, s.more, s.cancelled = sys, nil, 0
	if c, ok := sys.(Changer); ok {
		s.more = c.LaneChanges()
	}
	s.put(0, sys.LaneMemory()[:s.l.p.Slots])
	s.put(s.l.atol, w.atol)
	*s.at(s.l.rtol) = w.rtol
}

func (s *laneStepper) start(t float64, y []float64, st *Stats) {
	s.t = t
	copy(s.y, y)
	s.put(s.l.y0, y)
	s.put(s.l.yn, y)
	*s.at(s.l.take) = 0
	for _, k := range s.more {
		*s.at(k) = s.sys.LaneMemory()[k]
	}
	if s.l.explicit { // later slopes come out of the steps
		s.put(s.l.u, s.slope(0))
		st.Derivs++
	}
}

func (s *laneStepper) slope(float64) []float64 {
	s.sys.Deriv(s.f, s.y, []float64{s.t})
	return s.f
}

func (s *laneStepper) exponent() float64 { return 1.0 / 5 }

// smooth implements the ability of that name.
func (s *laneStepper) smooth() bool { return !s.l.explicit }

// factor is by how much a step may be longer than the one that was made, to have the norm 1.
func (s *laneStepper) factor() float64 { return *s.at(s.l.pace) }

func (s *laneStepper) try(h float64, w *weights, st *Stats) (float64, int, Cause) {
	s.aim(h)
	s.lane.wait(forStep)
	s.lane.d = nil
	s.count(st)
	if !s.sound() {
		st.Pivoted++
		if s.cancelled++; s.cancelled >= mostShrunk && *s.at(s.l.grow) == *s.at(s.l.grow) {
			return 0, -1, rowExchange
		}
		return 0, -1, SingularMatrix
	}
	norm := math.Sqrt(*s.at(s.l.mean))
	if !(norm <= 1) {
		s.state()
		e := s.column(s.f, s.l.err)
		_, worst := w.norm(e, s.y, s.next())
		return norm, worst, ""
	}
	return norm, -1, ""
}

// aim prepares a step of length h.
func (s *laneStepper) aim(h float64) { *s.at(s.l.h), *s.at(s.l.t) = h, s.t }

// count counts the work of a step.
func (s *laneStepper) count(st *Stats) {
	if s.l.explicit {
		st.Derivs += 6
		return
	}
	st.Derivs += 8
	st.Jacobians++
	st.Facts++
}

// sound says whether the pivots of the step were large enough.
func (s *laneStepper) sound() bool { return *s.at(s.l.grow) <= mostCancelled }

// Sparing is an ability of handlers that do not look at every step: a step that ends
// before Looks may be made without OnStep.
type Sparing interface{ Looks() float64 }

// Muter is an ability of a Crosser whose functions are not all wanted: those that Muted
// lists are always 1.
type Muter interface{ Muted() []int }

// watch prepares a lane's steps to go on by themselves as far as they can.
func (s *laneStepper) watch(d *driver) {
	s.lane.d, s.watched = nil, false
	if d.memory != nil || d.breaks != nil {
		return
	}
	if d.cross != nil {
		if len(d.g0) != len(s.l.p.Crossings) {
			return
		}
		s.put(s.l.g0, d.g0)
		for i := range d.g0 {
			*s.at(s.l.watch + int32(i)) = 1
		}
		if m, ok := d.sys.(Muter); ok {
			for _, i := range m.Muted() {
				*s.at(s.l.watch + int32(i)) = 0
			}
		}
		s.watched = true
	}
	if !d.walks() {
		s.lane.d = d
	}
}

// uncrossed says that the code of the step has seen no crossing function turn.
func (s *laneStepper) uncrossed() bool { return s.watched && *s.at(s.l.crossed) == 0 }

// glide ends a lane's step as advance does and begins the next one, if nothing has to be
// done that only the job can do: the step was accepted, did not end at a stop, and no
// crossing function changed its sign.
func (d *driver) glide() bool {
	s, n := &d.lane.st, &d.now
	mean := *s.at(s.l.mean)
	if !(mean <= 1) || n.last || n.aim > 0 || !s.sound() || d.st.Accepted+d.st.Rejected+1 >= d.opt.MaxSteps {
		return false
	}
	if d.cross != nil && *s.at(s.l.crossed) != 0 {
		return false
	}
	s.count(&d.st)
	d.failed = 0
	d.st.Accepted++
	d.resize(mean)
	end := d.t + n.h
	if d.sparing == nil || end >= d.sparing.Looks() {
		d.handler.OnStep(d.step(d.t, end))
		n.stop = d.stopAfter(end)
	}
	s.accept(end)
	d.t = end
	n.aims = 0
	d.choose()
	s.aim(n.h)
	return true
}

func (s *laneStepper) accept(t float64) {
	s.t = t
	*s.at(s.l.take) = 1
}

func (s *laneStepper) state() []float64 {
	if *s.at(s.l.take) != 0 {
		return s.column(s.y, s.l.yn)
	}
	return s.column(s.y, s.l.y0)
}

func (s *laneStepper) next() []float64 { return s.column(s.yn, s.l.yn) }

func (s *laneStepper) prepareDense() {}

// prepared makes the dense output of the group's present steps, once.
func (s *laneStepper) prepared() {
	if !s.lane.g.known {
		s.lane.g.dense()
		s.lane.g.known = true
	}
}

// record implements recorder.
func (s *laneStepper) record(theta float64, which []int, dst []float64) {
	g := s.lane.g
	if g.spot == nil || !(theta > 0 && theta < 1) {
		s.pick(theta, which, dst)
		return
	}
	if at := s.at(s.l.theta); !g.spotted || *at != theta {
		*at = theta
		for i := range g.lane {
			if other := &g.lane[i]; other != s.lane {
				other.foresee()
			}
		}
		g.spot()
		g.spotted = true
	}
	o, y0, y1 := int(s.l.row)*s.l.L+s.lane.index, s.l.y0, s.l.yn
	for i, k := range which {
		dst[i] = s.mem[o+k*s.l.L]
		if y := *s.at(y0 + int32(k)); dst[i] != dst[i] && y == *s.at(y1 + int32(k)) {
			dst[i] = y // infinite values stay
		}
	}
}

// foresee notes where the lane will be asked about its present step, if it will.
func (lane *Lane) foresee() {
	d := lane.d
	if d == nil || d.sparing == nil || lane.waits != forNothing {
		return
	}
	end := d.t + d.now.h
	if d.now.last {
		end = d.now.end
	}
	if at := d.sparing.Looks(); at > d.t && at < end {
		*lane.st.at(lane.st.l.theta) = (at - d.t) / (end - d.t)
	}
}

// parts are both ends of the step and what its dense output takes from its stages (three
// columns, n apart), seen from the lane: a component's number is L after the one before.
func (s *laneStepper) parts() (y0, y1, d []float64, L, n int) {
	s.prepared()
	L = s.l.L
	from := func(row int) []float64 { return s.mem[row*L+s.lane.index:] }
	return from(int(s.l.y0)), from(int(s.l.yn)), from(int(s.l.d)), L, s.l.n * L
}

// pieces implements picker.
func (s *laneStepper) pieces(which []int, dst []Piece) {
	y0, y1, d, L, n := s.parts()
	for i, k := range which {
		k *= L
		dst[i] = Piece{y0[k], y1[k], d[k], d[n+k], d[2*n+k]}
	}
}

// pick implements picker.
func (s *laneStepper) pick(theta float64, which []int, dst []float64) {
	y0, y1, d, L, n := s.parts()
	for i, k := range which {
		k *= L
		switch {
		case theta >= 1:
			dst[i] = y1[k]
		case theta <= 0:
			dst[i] = y0[k]
		default:
			dst[i] = denseAt(theta, y0[k], y1[k], d[k], d[n+k], d[2*n+k])
		}
	}
}

func (s *laneStepper) dense(theta float64, dst []float64) {
	y0, y1, d, L, n := s.parts()
	for i := range dst {
		k := i * L
		dst[i] = denseAt(theta, y0[k], y1[k], d[k], d[n+k], d[2*n+k])
	}
}
