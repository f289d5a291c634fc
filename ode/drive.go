package ode

import (
	"fmt"
	"math"
)

// driver carries one solution: step control, stops and crossings.
type driver struct {
	sys     System
	y       []float64
	t, t1   float64
	opt     Options
	handler Handler
	st      Stats
	m       Method
	s       stepper
	auto    *auto // s when it chooses between methods
	lane    *Lane // nil: steps are made alone
	smooth  smooth
	pacer   pacer
	w       weights
	h       float64
	cross   Crosser
	walker  Walker    // nil: steps are not ended early
	sparing Sparing   // nil: every step is looked at
	g0, g1  []float64 // crossing functions at the ends of a stretch
	gm      []float64
	probe   []float64
	reads   []int     // components that the crossing functions read; nil: all
	few     []float64 // room for those
	when    [1]float64

	consistent *Consistency // nil: no mass matrix
	memory     *memory      // nil: no delays
	which      []int
	rising     []bool
	storm      int
	lastTime   float64
	pacing     pacing
	failed     int   // steps refused in a row because nothing finite came out
	breaks     []int // crossing functions over which no step may reach
	jumps      []int // crossing functions at which the right-hand side jumps
	watched    []int // those that differs looks at; nil: all

	now   attempt
	shown Step // what step gives
}

// attempt is the step that is being tried.
type attempt struct {
	stop  float64 // no step goes beyond it
	end   float64 // stop, or an earlier time at which the solution bends
	h     float64
	last  bool    // the step ends at end
	short bool    // the step is as long as the walker wants
	aim   float64 // length of a step that ends before a jump of the right-hand side, or 0
	aims  int
}

// mostAtOnce bounds crossings that follow one another without time going on.
const mostAtOnce = 1000

// mostAims bounds the tries of one step to end before a jump: a refused step may know the
// state badly.
const mostAims = 20

func newDriver(sys System, y []float64, t0, t1 float64, opt Options, h Handler) (*driver, *Failure) {
	n := sys.Dim()
	if len(y) != n {
		panic(fmt.Sprintf("ode: len(y)=%d, want Dim=%d", len(y), n))
	}
	if opt.Rtol == 0 {
		opt.Rtol = 1e-6
	}
	if opt.MaxSteps == 0 {
		opt.MaxSteps = MostSteps
	}
	m, err := MethodNamed(opt.Method)
	if err != nil {
		return nil, &Failure{Cause: Stopped, Time: t0, Component: -1, Err: err}
	}
	d := &driver{sys: sys, y: y, t: t0, t1: t1, opt: opt, handler: h, m: m}
	d.walker, _ = h.(Walker)
	d.sparing, _ = h.(Sparing)
	d.memory = newMemory(sys, n)
	laned := lanedBy(sys, opt.Lane)
	if mass, _ := massOf(sys); laned != nil && mass == nil && d.memory == nil && m.Name == opt.Lane.method() {
		d.lane = opt.Lane
		d.s = &d.lane.st
	} else if d.s, err = m.make(sys); err != nil {
		return nil, &Failure{Cause: Stopped, Time: t0, Component: -1, Err: err}
	}
	d.auto, _ = d.s.(*auto)
	d.smooth, _ = d.s.(smooth)
	d.pacer, _ = d.s.(pacer)
	d.w = weights{rtol: opt.Rtol, atol: make([]float64, n)}
	for i := range d.w.atol {
		switch {
		case len(opt.Atol) == n:
			d.w.atol[i] = opt.Atol[i]
		case len(opt.Atol) == 1:
			d.w.atol[i] = opt.Atol[0]
		default:
			d.w.atol[i] = 1e-9
		}
	}
	if c, ok := sys.(Crosser); ok && c.Crossings() > 0 {
		d.cross = c
		k := c.Crossings()
		d.g0, d.g1, d.gm = make([]float64, k), make([]float64, k), make([]float64, k)
		d.which, d.rising = make([]int, 0, k), make([]bool, 0, k)
		if r, ok := sys.(CrossReader); ok {
			d.reads = r.CrossReads()
			d.few = make([]float64, len(d.reads))
		}
		if b, ok := sys.(Breaker); ok {
			d.breaks = b.Breaks()
		}
		if j, ok := sys.(Jumper); ok {
			d.jumps = j.Jumps()
		}
	}
	if d.lane != nil {
		d.lane.st.begin(laned, &d.w)
	}
	d.probe = make([]float64, n)
	d.consistent = NewConsistency(sys)
	return d, nil
}

// restart begins anew at the present state with a small step.
func (d *driver) restart(stop float64) *Failure {
	if f := d.consistent.Solve(d.y, d.t, d.w.atol); f != nil {
		return f
	}
	if d.memory != nil {
		d.memory.restart(d.t, d.y)
	}
	d.s.start(d.t, d.y, &d.st)
	d.st.Restarts++
	d.pacing = pacing{rising: true}
	d.h = d.firstStep(stop - d.t)
	if d.cross != nil {
		d.cross.Cross(d.g0, d.y, []float64{d.t})
	}
	return nil
}

// firstStep estimates a step over which an explicit Euler step would change the state by
// a hundredth of its weight (Hairer, Norsett, Wanner, Solving ODEs I, II.4).
func (d *driver) firstStep(room float64) float64 {
	if d.opt.InitialStep > 0 {
		return math.Min(d.opt.InitialStep, room)
	}
	f := d.s.slope(1e-6 * room)
	size, speed := 0.0, 0.0
	for i, v := range d.y {
		sc := d.w.scale(i, v, v)
		size += (v / sc) * (v / sc)
		speed += (f[i] / sc) * (f[i] / sc)
	}
	h := 1e-4 * room
	if speed > 0 && size > 1e-10 && !math.IsNaN(speed) && !math.IsInf(speed, 0) {
		h = 0.01 * math.Sqrt(size/speed)
	} else if speed > 0 && !math.IsInf(speed, 0) {
		h = math.Sqrt(float64(len(f)) / speed)
	}
	least := 1e-10 * math.Max(math.Abs(d.t), room)
	return math.Min(math.Max(h, least), room)
}

func (d *driver) stopAfter(t float64) float64 {
	return math.Min(d.t1, d.handler.NextStop(t))
}

func (d *driver) run() *Failure {
	if d.t >= d.t1 {
		return nil
	}
	stop := d.stopAfter(d.t)
	if f := d.restart(stop); f != nil {
		return f
	}
	for d.t < d.t1 {
		if f := d.advance(stop); f != nil {
			return f
		}
		stop = d.now.stop // steps that a lane made by itself may have brought a nearer one
		if d.t < stop {
			stop = d.stopAfter(d.t) // a crossing may have made new stops
			continue
		}
		if d.t >= d.t1 && stop == d.t1 && d.handler.NextStop(math.Nextafter(d.t, math.Inf(-1))) != d.t {
			return nil
		}
		changed, err := d.handler.OnStop(d.t, d.y)
		if err != nil {
			return &Failure{Cause: Stopped, Time: d.t, Component: -1, Err: err}
		}
		stop = d.stopAfter(d.t)
		if d.t < d.t1 && changed {
			if f := d.restart(stop); f != nil {
				return f
			}
		}
	}
	return nil
}

// advance makes one accepted step, at most to stop.
func (d *driver) advance(stop float64) *Failure {
	d.now = attempt{stop: stop}
	for {
		if d.st.Accepted+d.st.Rejected >= d.opt.MaxSteps {
			return &Failure{Cause: TooManySteps, Time: d.t, Component: -1, Hint: fmt.Sprintf("more than %d steps", d.opt.MaxSteps)}
		}
		d.choose()
		norm, worst, cause := d.try(d.now.h)
		n := &d.now // a lane may have made steps meanwhile
		h := n.h
		least := 1e-14 * math.Max(math.Abs(d.t), 1e-300)
		if least < 1e-300 {
			least = 1e-300
		}
		if cause == rowExchange {
			return &Failure{Cause: SingularMatrix, Time: d.t, Component: -1, Hint: "rows of the method's matrix must be exchanged, which lanes cannot"}
		}
		if cause != "" || !(norm <= 1) {
			d.st.Rejected++
			d.pacing.refused()
			factor := 0.2
			if cause == "" && norm == norm && !math.IsInf(norm, 0) {
				factor = math.Min(0.9, math.Max(0.1, leastAim*d.factor(norm)))
				d.failed = 0
			} else {
				d.failed++
			}
			if len(d.jumps) > 0 && n.aims < mostAims {
				s, at := d.jumpWithin(h, cause == "" && norm == norm)
				before := at - d.t - passable(at)/2
				switch {
				case at <= d.t:
				case at-d.t <= passable(at): // nearer than any step resolves: go on behind it
					return d.stopAtCrossing(s, at)
				case before >= factor*h:
					n.aim, d.failed = before, 0
					n.aims++
					continue
				}
			}
			d.h = h * factor
			if d.h < least || d.failed > 60 {
				if step, at := d.sliver(math.Min(d.t+math.Max(h, 4*least), n.end)); step != nil {
					return d.stopAtCrossing(step, at)
				}
				if cause == "" {
					cause = StepTooSmall
					if norm != norm {
						cause = NotFinite
					}
				}
				return &Failure{Cause: cause, Time: d.t, Component: worst, Hint: hints[cause]}
			}
			continue
		}
		d.failed = 0
		t0, tEnd := d.t, d.t+h
		if n.last {
			tEnd = n.end
		}
		d.s.prepareDense()
		step := d.step(t0, tEnd)
		if d.memory != nil && d.memory.cut(t0, tEnd, d.y, step.dense, d.probe) {
			continue // make the step anew, so that it ends where the solution bends
		}
		if len(d.breaks) > 0 && n.aims < mostAims {
			d.watched = d.breaks
			at := d.firstCrossing(step)
			d.watched = nil
			if before := at - t0 - passable(at)/2; at > t0 && before > passable(at) {
				n.aim = before
				n.aims++
				continue // make the step anew, so that it ends before
			}
		}
		d.st.Accepted++
		if d.auto != nil {
			d.auto.made(&d.st)
		}
		d.resize(norm)
		if d.cross != nil && (d.lane == nil || !d.lane.st.uncrossed()) {
			if at := d.firstCrossing(step); at > t0 {
				return d.stopAtCrossing(step, at)
			}
			copy(d.g0, d.g1) // same signs, newer values
		}
		if d.walks() {
			_, failure := d.walk(step)
			return failure
		}
		d.handler.OnStep(step)
		if d.memory != nil {
			d.memory.h.commit(t0, tEnd, step.dense)
		}
		d.s.accept(tEnd)
		d.t = tEnd
		if d.lane == nil || n.last { // in between, d.y is not looked at
			copy(d.y, d.s.state())
		}
		if d.memory != nil && d.memory.reached(tEnd) && d.t < d.t1 {
			return d.restart(d.stopAfter(tEnd)) // what is seen of the past jumps here
		}
		return nil
	}
}

// choose sets the length of the next try.
func (d *driver) choose() {
	n := &d.now
	n.h, n.last, n.end = d.h, false, n.stop
	if d.opt.MaxStep > 0 {
		n.h = math.Min(n.h, d.opt.MaxStep)
	}
	n.short = false
	if d.walker != nil {
		if most := d.walker.Longest(); most < n.h {
			n.h, n.short = most, true
		}
	}
	if d.memory != nil {
		n.end = math.Min(n.end, d.memory.next())
	}
	room := n.end - d.t
	switch {
	case n.aim > 0 && n.aim <= n.h: // to just before a jump, which may lie at the stop
		n.h = n.aim
	case n.h >= room*(1-1e-9):
		n.h, n.last = room, true
	case 2*n.h > room: // two equal steps instead of one and a sliver
		n.h = room / 2
	}
}

// factor is by how much a step with the given norm may be longer to have the norm 1.
func (d *driver) factor(norm float64) float64 {
	if d.lane != nil {
		return d.lane.st.factor()
	}
	return math.Pow(norm, -d.s.exponent())
}

// resize sets the length of the next step after one that was accepted.
func (d *driver) resize(norm float64) {
	n := &d.now
	if d.pacer != nil {
		d.h = n.h * d.pacer.pace(&d.w, norm)
		return
	}
	grow := d.pacing.next(n.h, d.factor(norm), d.smooth != nil && d.smooth.smooth())
	if n.last || n.aim > 0 || n.short {
		d.h = max(d.h, n.h*grow) // a step cut short by a stop says little
	} else {
		d.h = n.h * grow
	}
}

// sliver is the way over a jump of the right-hand side. Steps towards a time at which it
// jumps are refused, and ever shorter ones tried, until the time is nearer than a step can
// be short: then the rest of the way, of a few roundings of time, is gone along the slope.
// It returns the way and the time of the crossing, or nil when there is none up to end.
func (d *driver) sliver(end float64) (*Step, float64) {
	if d.cross == nil || !(end > d.t) {
		return nil, 0
	}
	t0 := d.t
	y := append([]float64(nil), d.s.state()...)
	f := append([]float64(nil), d.s.slope(end-d.t)...)
	for i, v := range f {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			f[i] = 0
		}
	}
	step := &Step{T0: t0, T1: end, end: end}
	step.dense = func(t float64, dst []float64) {
		for i := range dst {
			dst[i] = y[i] + (t-t0)*f[i]
		}
	}
	at := d.firstCrossing(step)
	if !(at > t0) {
		return nil, 0
	}
	return step, at
}

// step describes the step that was tried.
func (d *driver) step(t0, tEnd float64) *Step {
	s := &d.shown
	if d.memory != nil { // the past may keep it
		s = &Step{}
	}
	s.T0, s.T1, s.end = t0, tEnd, tEnd
	if s.dense != nil {
		return s
	}
	s.dense = func(t float64, dst []float64) {
		if t >= s.end {
			copy(dst, d.s.next())
			return
		}
		if t <= s.T0 { // as next(), to the last bit and without products of infinity and 0
			copy(dst, d.s.state())
			return
		}
		d.s.dense(s.Theta(t), dst)
	}
	if p, ok := d.s.(picker); ok {
		s.pick = func(t float64, which []int, dst []float64) { p.pick(s.Theta(t), which, dst) }
		s.pieces = p.pieces
	}
	if r, ok := d.s.(recorder); ok {
		s.record = func(t float64, which []int, dst []float64) { r.record(s.Theta(t), which, dst) }
	}
	return s
}

// try makes a step of length h. When it asks for its own solution, because a delay is
// shorter than the step, it is repeated with the last answer until that no longer changes.
func (d *driver) try(h float64) (norm float64, worst int, cause Cause) {
	m := d.memory
	if m == nil {
		if d.lane != nil {
			d.lane.st.watch(d)
		}
		return d.s.try(h, &d.w, &d.st)
	}
	m.h.trying, m.h.ahead, m.h.has = true, false, false
	defer func() { m.h.trying = false }()
	norm, worst, cause = d.s.try(h, &d.w, &d.st)
	last := math.Inf(1)
	for round := 0; m.h.ahead && cause == "" && norm == norm; round++ {
		d.s.prepareDense()
		step := d.step(d.t, d.t+h)
		m.h.offer(d.t, d.t+h, step.dense)
		copy(m.old, d.s.next())
		if norm, worst, cause = d.s.try(h, &d.w, &d.st); cause != "" {
			break
		}
		for i, v := range d.s.next() {
			m.old[i] -= v
		}
		change, which := d.w.norm(m.old, d.y, d.s.next())
		if change <= 1e-3 {
			break
		}
		if round >= 10 || !(change < 0.5*last) && round > 0 {
			return math.Inf(1), which, "" // too long a step for its own past
		}
		last = change
	}
	if cause == "" && norm == norm && !math.IsInf(norm, 0) {
		d.s.prepareDense()
		step := d.step(d.t, d.t+h)
		m.h.offer(d.t, d.t+h, step.dense)
	}
	return norm, worst, cause
}

var hints = map[Cause]string{
	StepTooSmall:   "the solution changes faster than the tolerance can follow",
	NotFinite:      "a term became infinite or undefined",
	SingularMatrix: "the linear systems of the method cannot be solved",
}
