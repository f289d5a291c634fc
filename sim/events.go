package sim

import (
	"fmt"
	"math"

	"thymus/rng"
)

// mostFirings bounds the executions at one instant; more is an event storm.
const mostFirings = 10000

// queue holds the state of all events of one run.
type queue struct {
	r       *run
	on      []bool // trigger values
	pending []execution
	serial  int
	ties    []int       // pending executions that may be next
	random  *rng.Stream // of the order among equal priorities; made when needed
}

// execution is an event that fired and waits for its time.
type execution struct {
	event  int
	time   float64
	serial int
	values []float64   // of the targets when they are taken at the trigger time, else nil
	slopes [][]float64 // of values, where there are sensitivities
}

func (q *queue) init(r *run) {
	q.r = r
	q.on = make([]bool, len(r.p.events))
	for i, e := range r.p.events {
		q.on[i] = e.InitialValue
	}
}

// active says whether event i concerns this patient: model events do, rules only when
// the schedule names them.
func (q *queue) active(i int) bool {
	if q.r.p.ruleOf[i] < 0 {
		return true
	}
	_, ok := q.r.ruleAt[i]
	return ok
}

// start looks at all triggers for the first time: with an initial value of false an
// event may fire at once.
func (q *queue) start(t float64, y []float64) { q.follow(t, y) }

// follow notes which triggers changed, and executes everything that is due; executions
// may turn further triggers. It says whether y changed.
func (q *queue) follow(t float64, y []float64) bool {
	if len(q.on) == 0 {
		return false
	}
	changed := q.look(t, y)
	for count := 0; ; count++ {
		i := q.due(t, y)
		if i < 0 {
			return changed
		}
		if count >= mostFirings {
			q.r.failure = &Failure{Patient: q.r.pt.Number, Problem: fmt.Sprintf("event storm: more than %d executions at t=%g, last of event %s", mostFirings, t, q.r.p.events[q.pending[i].event].ID)}
			return changed
		}
		x := q.pending[i]
		q.pending = append(q.pending[:i], q.pending[i+1:]...)
		values := x.values
		targets := q.r.p.events[x.event].Targets
		if values == nil {
			values = q.r.w.targets[:len(targets)]
			q.r.w.in.Assign(values, x.event, y, t)
		}
		if sens := q.r.sens; sens != nil {
			if x.values == nil {
				x.slopes = sens.assign(x.event, t, y)
			}
			sens.execute(x.event, values, x.slopes, t, y)
		}
		q.r.w.in.Execute(y, x.event, values, t)
		q.r.rebalance(t, y)
		changed = changed || len(targets) > 0
		if q.look(t, y) {
			changed = true
		}
	}
}

// look compares every trigger with what it was. A rule's trigger gives its dose here.
func (q *queue) look(t float64, y []float64) bool {
	changed := false
	for i := range q.on {
		if !q.active(i) {
			continue
		}
		now := q.r.w.in.Trigger(i, y, t)
		was := q.on[i]
		q.on[i] = now
		e := q.r.p.events[i]
		switch {
		case now && !was:
			if k, ok := q.r.ruleAt[i]; ok {
				if q.r.rule(k, t, y) {
					changed = true
				}
				continue
			}
			x := execution{event: i, time: t, serial: q.serial}
			q.serial++
			if e.FromTrigger {
				x.values = make([]float64, len(e.Targets))
				q.r.w.in.Assign(x.values, i, y, t)
				if q.r.sens != nil {
					x.slopes = q.r.sens.assign(i, t, y)
				}
			}
			if e.HasDelay {
				d := q.r.w.in.Delay(i, y, t)
				if d < 0 || math.IsNaN(d) {
					q.r.failure = &Failure{Patient: q.r.pt.Number, Problem: fmt.Sprintf("event %s has delay %g at t=%g; a delay must be 0 or more", e.ID, d, t)}
					return changed
				}
				x.time = t + d
			}
			q.pending = append(q.pending, x)
			if x.time > t {
				q.r.at(x.time, func(float64, []float64) bool { return false })
			}
		case !now && was && !e.Persistent:
			kept := q.pending[:0]
			for _, x := range q.pending {
				if x.event != i {
					kept = append(kept, x)
				}
			}
			q.pending = kept
		}
	}
	return changed
}

// due picks the next execution. Priorities are evaluated now; the highest goes first, and
// one of several equal ones is drawn (SBML Level 3 Version 2, section 4.12.3). Those
// without priority follow in the order of firing.
func (q *queue) due(t float64, y []float64) int {
	best, first := math.Inf(-1), -1
	q.ties = q.ties[:0]
	for i, x := range q.pending {
		switch {
		case x.time > t+4e-16*math.Abs(t): // simultaneous up to the rounding of trigger time + delay
		case !q.r.p.events[x.event].HasPriority:
			if first < 0 || x.serial < q.pending[first].serial {
				first = i
			}
		default:
			priority := q.r.w.in.Priority(x.event, y, t)
			if len(q.ties) > 0 && !(priority >= best) {
				continue
			}
			if priority > best {
				q.ties = q.ties[:0]
			}
			best = priority
			q.ties = append(q.ties, i)
		}
	}
	switch len(q.ties) {
	case 0:
		return first
	case 1:
		return q.ties[0]
	}
	if q.random == nil {
		q.random = rng.New(rng.Key{Seed: q.r.s.Seed, Patient: q.r.pt.Number, Purpose: "order of simultaneous events", Index: q.r.s.Replicate})
	}
	return q.ties[q.random.Intn(len(q.ties))]
}

// rule gives rule k's dose now if it may, and arranges to look again while its trigger
// holds. It says whether y changed.
func (r *run) rule(k int, t float64, y []float64) bool {
	s := &r.rules[k]
	if s.AtMost > 0 && s.count >= s.AtMost {
		return false
	}
	if wait := s.last + s.Apart; t < wait {
		r.at(wait, func(t float64, y []float64) bool { return r.again(k, t, y) })
		return false
	}
	s.count++
	s.last = t
	if s.Apart > 0 && (s.AtMost == 0 || s.count < s.AtMost) {
		r.at(t+s.Apart, func(t float64, y []float64) bool { return r.again(k, t, y) })
	}
	if s.Delay > 0 {
		r.at(t+s.Delay, func(t float64, y []float64) bool {
			r.give(t, y, s.action, s.Action, s.Amount, s.Duration, s.Trigger)
			return true
		})
		return false
	}
	r.give(t, y, s.action, s.Action, s.Amount, s.Duration, s.Trigger)
	return true
}

// again repeats a rule's dose if its trigger still holds.
func (r *run) again(k int, t float64, y []float64) bool {
	if t < r.rules[k].last+r.rules[k].Apart || !r.w.in.Trigger(r.rules[k].event, y, t) {
		return false
	}
	return r.rule(k, t, y)
}
