package ode

import "math"

// sign has three values: a function that leaves or reaches zero crosses too, so that
// x > 0 and x >= 0 are told apart.
func sign(g float64) int {
	switch {
	case g > 0:
		return 1
	case g < 0:
		return -1
	}
	return 0
}

// looks are the places within a step where crossing functions are looked at, so that
// two roots in one step do not cancel.
var looks = [...]float64{0.25, 0.5, 0.75, 1}

// firstCrossing finds the first place in a step where a crossing function changed sign:
// the right end of a bracket with no number inside, so that time >= 1 is found at 1. It
// leaves the functions there in g1, and returns NaN when nothing changes.
func (d *driver) firstCrossing(s *Step) float64 {
	left := s.T0
	for _, theta := range looks {
		right := s.T0 + theta*(s.T1-s.T0)
		if theta == 1 {
			right = s.T1
		}
		if right <= left {
			continue
		}
		d.look(s, right, d.g1)
		if !d.differs(d.g1) {
			left = right
			continue
		}
		for i := 0; i < 200; i++ {
			middle := left + (right-left)/2
			if middle <= left || middle >= right {
				break
			}
			d.look(s, middle, d.gm)
			if d.differs(d.gm) {
				right = middle
				copy(d.g1, d.gm)
			} else {
				left = middle
			}
		}
		return right
	}
	return math.NaN()
}

// look evaluates the crossing functions at a time within a step.
func (d *driver) look(s *Step, t float64, g []float64) {
	if d.reads == nil {
		s.dense(t, d.probe)
	} else {
		s.Pick(t, d.reads, d.few, d.probe)
		for i, k := range d.reads {
			d.probe[k] = d.few[i]
		}
	}
	d.when[0] = t
	d.cross.Cross(g, d.probe, d.when[:])
}

func (d *driver) differs(g []float64) bool {
	if d.watched != nil {
		for _, i := range d.watched {
			if sign(g[i]) != sign(d.g0[i]) {
				return true
			}
		}
		return false
	}
	for i, v := range g {
		if sign(v) != sign(d.g0[i]) {
			return true
		}
	}
	return false
}

// passable is how far from a jump of the right-hand side the integration stops and goes on
// behind it: some units in the last place of the time.
func passable(at float64) float64 { return 16 * 2.3e-16 * math.Abs(at) }

// jumpWithin finds the first jump of the right-hand side in a step of length h that was
// refused, or NaN. When the step gave no finite numbers, the state at its start is looked
// at, so that jumps at given times are found.
func (d *driver) jumpWithin(h float64, finite bool) (s *Step, at float64) {
	if finite {
		d.s.prepareDense()
		s = d.step(d.t, d.t+h)
	} else {
		s = &Step{T0: d.t, T1: d.t + h, end: d.t + h, dense: func(_ float64, dst []float64) { copy(dst, d.s.state()) }}
	}
	d.watched = d.jumps
	at = d.firstCrossing(s)
	d.watched = nil
	return s, at
}

// stopAtCrossing ends a step at a crossing and tells the handler.
func (d *driver) stopAtCrossing(s *Step, at float64) *Failure {
	s.T1 = at
	if d.walks() {
		if reached, failure := d.walk(s); failure != nil || !reached {
			return failure
		}
	} else {
		d.handler.OnStep(s)
		if d.memory != nil {
			d.memory.h.commit(s.T0, at, s.dense)
		}
		s.dense(at, d.probe)
		copy(d.y, d.probe)
	}
	return d.crossed(at)
}

// walks says whether something may jump within the step that was made.
func (d *driver) walks() bool { return d.walker != nil && d.walker.Walks() }

// walk hands a step to the walker and goes on from where it ends. It says whether the end
// of the step was reached.
func (d *driver) walk(s *Step) (reached bool, failure *Failure) {
	s.dense(s.T1, d.probe)
	end, changed, err := d.walker.Walk(s, d.probe)
	if err != nil {
		return false, &Failure{Cause: Stopped, Time: end, Component: -1, Err: err}
	}
	reached = end >= s.T1
	copy(d.y, d.probe)
	d.t = end
	if reached && s.T1 < s.end { // at a crossing, which the caller treats
		return true, nil
	}
	if reached && !changed {
		d.s.accept(end)
		copy(d.y, d.s.state())
		return true, nil
	}
	h := d.h
	d.s.start(end, d.y, &d.st)
	d.h = h
	if d.cross == nil {
		return reached, nil
	}
	d.cross.Cross(d.g1, d.y, []float64{end}) // a jump may have turned what the step did not cross
	if d.differs(d.g1) {
		return reached, d.crossed(end)
	}
	copy(d.g0, d.g1)
	return reached, nil
}

// crossed tells the handler which crossing functions changed between g0 and g1, at the
// present state.
func (d *driver) crossed(at float64) *Failure {
	d.which, d.rising = d.which[:0], d.rising[:0]
	for i, v := range d.g1 {
		if sign(v) != sign(d.g0[i]) {
			d.which = append(d.which, i)
			d.rising = append(d.rising, sign(v) > sign(d.g0[i]))
		}
	}
	d.st.Crossings++
	if at-d.lastTime <= 1e-12*math.Max(math.Abs(at), 1e-12) {
		d.storm++
	} else {
		d.storm = 0
	}
	d.lastTime = at
	d.t = at
	if d.storm > mostAtOnce {
		return &Failure{Cause: EventStorm, Time: at, Component: -1, Hint: "events follow one another without time going on"}
	}
	changed, stop, err := d.handler.OnCrossing(at, d.y, d.which, d.rising)
	if err != nil {
		return &Failure{Cause: Stopped, Time: at, Component: -1, Err: err}
	}
	if stop {
		d.t1 = at
		return nil
	}
	h := d.h
	if changed {
		return d.restart(d.stopAfter(at))
	}
	if d.memory != nil && d.memory.reached(at) {
		return d.restart(d.stopAfter(at))
	}
	if f := d.consistent.Solve(d.y, d.t, d.w.atol); f != nil {
		return f
	}
	d.s.start(d.t, d.y, &d.st)
	d.h = h
	if d.walker != nil { // jumps within the step may have moved them
		d.cross.Cross(d.g1, d.y, []float64{at})
	}
	copy(d.g0, d.g1)
	return nil
}
