package sim

import (
	"fmt"
	"math"
	"sort"

	"thymus/ode"
)

// run follows one patient through a schedule; it is the solver's handler.
type run struct {
	w     *Worker
	p     *Plan
	pt    Patient
	s     Schedule
	out   *Trajectory
	next  int       // next recorded time
	lookY []float64 // a state that is looked at

	stops   []stop // sorted by (time, order)
	serial  int
	events  queue
	rules   []ruleState
	ruleAt  map[int]int // event index -> rules index
	mask    []int
	jumps   map[int]*chatter // of crossing functions that belong to the right-hand side alone
	slide   *slide           // when such a function was crossed too often
	failure *Failure
	sheet   *sheet   // rows wait in it; nil: they do not
	sens    *sensRun // nil: no sensitivities
}

// chatter counts how often a discontinuity of the right-hand side followed itself at once.
type chatter struct {
	count int
	last  float64
}

// mostChatter is how often that may be. A solution that slides along a discontinuity
// crosses it again and again without getting on; then its steps are left to the error
// control.
const mostChatter = 30

// stop is something that happens at a known time; at one time, lower ranks come first.
type stop struct {
	time  float64
	rank  int
	order int
	do    func(t float64, y []float64) bool // true when y changed
}

type ruleState struct {
	Rule
	event  int
	action int
	count  int
	last   float64
}

func newRun(w *Worker, pt Patient, s Schedule) *run {
	p := w.plan
	r := &run{w: w, p: p, pt: pt, s: s, out: &Trajectory{Times: s.Times, Path: p.program.Path()}, ruleAt: map[int]int{}}
	r.out.Values = make([][]float64, p.record.Len())
	flat := make([]float64, p.record.Len()*len(s.Times))
	for i := range r.out.Values {
		r.out.Values[i], flat = flat[:len(s.Times):len(s.Times)], flat[len(s.Times):]
	}
	r.events.init(r)
	used := make([]bool, w.in.Crossings())
	for i, e := range p.events {
		if p.ruleOf[i] < 0 {
			for _, k := range e.Roots {
				used[k] = true
			}
		}
	}
	for _, rule := range s.Rules {
		event, ok := p.rules[rule.Trigger]
		if !ok {
			panic("sim: rule with unknown trigger " + rule.Trigger)
		}
		action, ok := p.program.ActionIndex(rule.Action)
		if !ok {
			panic("sim: rule with unknown dose route " + rule.Action)
		}
		r.ruleAt[event] = len(r.rules)
		r.rules = append(r.rules, ruleState{Rule: rule, event: event, action: action, last: math.Inf(-1)})
		for _, k := range p.events[event].Roots {
			used[k] = true
		}
	}
	if k := p.program.Stability(); k >= 0 {
		used[k] = true
		r.jumps = map[int]*chatter{k: {last: math.Inf(-1)}}
	}
	for _, k := range p.program.Discontinuities() {
		if !used[k] {
			if r.jumps == nil {
				r.jumps = map[int]*chatter{}
			}
			r.jumps[k] = &chatter{last: math.Inf(-1)}
			used[k] = true
		}
	}
	for k, u := range used {
		if !u {
			r.mask = append(r.mask, k)
		}
	}
	r.stops = make([]stop, 0, len(s.Doses)+2*len(pt.Pulses)+2)
	if len(s.Doses) > 0 {
		r.out.Doses = make([]Given, 0, len(s.Doses))
	}
	for _, d := range s.Doses {
		r.plan(d)
	}
	for _, pulse := range pt.Pulses {
		index, ok := p.program.StateIndex(pulse.Target)
		if !ok {
			panic("sim: pulse on " + pulse.Target + ", which is no variable of the plan")
		}
		height := pulse.Height
		if pulse.Start+pulse.Duration <= s.Start {
			continue
		}
		r.at(math.Max(pulse.Start, s.Start), func(_ float64, y []float64) bool { y[index] += height; return true })
		r.at(pulse.Start+pulse.Duration, func(_ float64, y []float64) bool { y[index] -= height; return true })
	}
	return r
}

// plan puts a scheduled dose among the stops; doses before the start are not given.
func (r *run) plan(d Dose) {
	action, ok := r.p.program.ActionIndex(d.Action)
	if !ok {
		panic("sim: unknown dose route " + d.Action)
	}
	if d.Time < r.s.Start {
		return
	}
	r.at(d.Time, func(t float64, y []float64) bool {
		if d.Hold >= 0 {
			r.p.holds.Eval(r.w.hold, r.w.in, y, t, r.w.signalsAt(t, r.p.holds))
			if r.w.hold[d.Hold] != 0 {
				r.out.Doses = append(r.out.Doses, Given{Time: t, Action: d.Action, Amount: d.Amount, Skipped: true})
				return false
			}
		}
		r.give(t, y, action, d.Action, d.Amount, d.Duration, "")
		return true
	})
}

// give changes the state by a dose: at once, or by an infusion that starts now.
func (r *run) give(t float64, y []float64, action int, name string, amount, duration float64, rule string) {
	targets := r.p.program.ActionTargets(action)
	dst := r.w.targets[:len(targets)]
	r.w.in.Act(dst, action, amount, y, t)
	var rates [][]float64
	if r.sens != nil {
		rates = r.sens.dose(action, amount, duration, t, y)
	}
	for k, i := range targets {
		if duration <= 0 {
			y[i] = dst[k]
			continue
		}
		rate := (dst[k] - y[i]) / duration
		if rate == 0 {
			continue
		}
		input, ok := r.p.program.InputIndex(r.p.program.States()[i].ID)
		if !ok {
			panic("sim: infusion into " + r.p.program.States()[i].ID + ", which is not in Config.Infusible")
		}
		y[input] += rate
		if r.sens != nil {
			r.sens.infuse(input, k, rates, 1)
		}
		r.at(t+duration, func(_ float64, y []float64) bool {
			y[input] -= rate
			if r.sens != nil {
				r.sens.infuse(input, k, rates, -1)
			}
			return true
		})
	}
	r.out.Doses = append(r.out.Doses, Given{Time: t, Action: name, Amount: amount, Rule: rule})
}

// at puts a stop into the list.
func (r *run) at(t float64, do func(t float64, y []float64) bool) { r.ranked(t, 0, do) }

// ranked puts a stop into the list, before those of higher rank at its time.
func (r *run) ranked(t float64, rank int, do func(t float64, y []float64) bool) {
	s := stop{t, rank, r.serial, do}
	r.serial++
	i := sort.Search(len(r.stops), func(i int) bool {
		return r.stops[i].time > t || r.stops[i].time == t && r.stops[i].rank > rank
	})
	r.stops = append(r.stops, stop{})
	copy(r.stops[i+1:], r.stops[i:])
	r.stops[i] = s
}

// begin treats what happens at the very start.
func (r *run) begin(y []float64) *Failure {
	r.lookY = append([]float64(nil), y...)
	if !r.p.config.RecordAfter {
		r.record(func(float64) []float64 { return y }, r.s.Start, true)
	}
	for _, t := range r.w.in.Appointments(y, r.s.Start) {
		r.at(t, func(float64, []float64) bool { return false })
	}
	r.events.start(r.s.Start, y)
	if r.failure == nil {
		r.happen(r.s.Start, y)
	}
	return r.failure
}

// happen does every stop that is due at t and lets events follow.
func (r *run) happen(t float64, y []float64) bool {
	changed := r.branch(t, y)
	for len(r.stops) > 0 && r.stops[0].time <= t {
		s := r.stops[0]
		r.stops = r.stops[1:]
		if s.do(t, y) {
			changed = true
			r.rebalance(t, y)
		}
	}
	if r.events.follow(t, y) {
		changed = true
	}
	if err := r.w.in.TakeError(); err != nil {
		r.failure = &Failure{Patient: r.pt.Number, Problem: fmt.Sprintf("an event at t=%g: %v", t, err)}
	} else if i := r.p.finite(y); i >= 0 {
		r.failure = &Failure{Patient: r.pt.Number, Species: r.p.program.States()[i].ID, Problem: fmt.Sprintf("a dose or event at t=%g made a value that is not finite", t)}
	}
	return changed
}

// NextStop implements ode.Handler.
func (r *run) NextStop(t float64) float64 {
	for _, s := range r.stops {
		if s.time > t {
			return s.time
		}
	}
	return math.Inf(1)
}

// OnStop implements ode.Handler.
func (r *run) OnStop(t float64, y []float64) (bool, error) {
	changed := r.happen(t, y)
	if r.failure != nil {
		return changed, r.failure
	}
	return changed, nil
}

// OnCrossing implements ode.Handler.
func (r *run) OnCrossing(t float64, y []float64, which []int, _ []bool) (changed, stop bool, err error) {
	for _, k := range which {
		if c := r.jumps[k]; c != nil {
			if t-c.last > 1e-9*(r.s.End-r.s.Start) {
				c.count = 0
			}
			c.count++
			c.last = t
			if c.count > mostChatter {
				r.mask = append(r.mask, k)
				delete(r.jumps, k)
				r.slide = &slide{since: t}
			}
		}
	}
	changed = r.happen(t, y)
	if r.failure != nil {
		return changed, true, r.failure
	}
	return changed || r.turned(which), false, nil
}

// Looks implements ode.Sparing: steps in which nothing is recorded do not count.
func (r *run) Looks() float64 {
	switch {
	case r.slide != nil:
		return math.Inf(-1)
	case r.next < len(r.s.Times):
		return r.s.Times[r.next]
	}
	return math.Inf(1)
}

// OnStep implements ode.Handler: it records what lies within the step.
func (r *run) OnStep(s *ode.Step) {
	r.w.in.TakeError() // of a step that was tried and refused
	if r.slide != nil {
		r.slid(s.T1)
	}
	if r.p.plain == nil {
		r.record(func(t float64) []float64 {
			if r.sheet == nil {
				s.Interpolate(t, r.lookY)
			} else {
				r.sheet.pick(s, t, r.lookY, r.lookY)
			}
			return r.lookY
		}, s.T1, !r.p.config.RecordAfter)
	} else {
		for r.next < len(r.s.Times) {
			t := r.s.Times[r.next]
			if t > s.T1 || t == s.T1 && r.p.config.RecordAfter {
				break
			}
			s.Record(t, r.p.plain, r.w.dst, r.lookY)
			r.set(r.w.dst)
		}
	}
}

// record evaluates the recorded selections at the times up to t1 (inclusive or not).
func (r *run) record(state func(t float64) []float64, t1 float64, inclusive bool) {
	for r.next < len(r.s.Times) {
		t := r.s.Times[r.next]
		if t > t1 || (t == t1 && !inclusive) {
			return
		}
		r.put(t, state(t))
	}
}

func (r *run) put(t float64, y []float64) {
	if r.sheet != nil {
		full := r.sheet.add(r.w, t, y)
		if r.next++; full {
			r.sheet.write(r.out.Values, r.next)
		}
		return
	}
	if r.sens != nil {
		r.sens.keep(t)
	}
	r.p.record.Eval(r.w.dst, r.w.in, r.polished(t, y), t, r.w.signalsAt(t, r.p.record))
	r.set(r.w.dst)
}

// set records a row.
func (r *run) set(row []float64) {
	for i, v := range row {
		r.out.Values[i][r.next] = v
	}
	r.next++
}

// finish records what stands at the end.
func (r *run) finish(y []float64) {
	for r.next < len(r.s.Times) && r.s.Times[r.next] <= r.s.End {
		r.put(r.s.Times[r.next], y)
	}
	r.trim()
}

// trim cuts the record to the times that were reached.
func (r *run) trim() *Trajectory {
	if r.sheet != nil {
		r.sheet.write(r.out.Values, r.next)
	}
	r.out.Times = r.out.Times[:r.next]
	for i := range r.out.Values {
		r.out.Values[i] = r.out.Values[i][:r.next]
	}
	return r.out
}
