package jump

import (
	"math"

	"thymus/rng"
)

// fan is how many sums are added up to one of the next level. Eight numbers are a cache
// line, and their sum takes three additions one after the other.
const fan = 8

// direct is Gillespie's direct method: the time of the next firing from the sum of the
// propensities, the reaction by their shares. Only propensities that a firing changes are
// computed again, and only the sums above them; sums are never corrected by differences, so
// no rounding piles up.
type direct struct {
	clock
	a      []float64   // propensities: the start of levels[0]
	levels [][]float64 // sums of eight of the level below, padded with zeros; the last has at most eight
	plans  []plan      // by reaction
	bound  *float64    // the state that plans point into
	sum    float64
	left   float64 // unit exponential deviate to be spent from time t on
	next   float64 // t + left/sum
}

// plan is what a firing does: pointers save the loop its indices.
type plan struct {
	changes []step
	depend  []term
	plain   bool // all of depend are terms; otherwise some are computed by the network
}

type step struct {
	at *float64
	by float64
}

// term is a propensity c*x*(y + offset); what is missing points to 1.
type term struct {
	x, y      *float64
	c, offset float64
	j         int32
	other     bool
}

var one = 1.0

func newDirect(n *network, o Options) Simulator {
	d := &direct{clock: clock{n: n, most: mostEvents(o)}}
	m := len(n.Reactions)
	size := m
	for {
		padded := size
		if size > fan {
			padded = (size + fan - 1) / fan * fan
		}
		d.levels = append(d.levels, make([]float64, padded))
		if size <= fan {
			break
		}
		size = padded / fan
	}
	d.a = d.levels[0][:m]
	d.plans = make([]plan, m)
	return d
}

// bind makes the plans point into a state.
func (d *direct) bind(y []float64) {
	if len(y) == 0 || d.bound == &y[0] {
		return
	}
	d.bound = &y[0]
	n := d.n
	for j := range d.plans {
		p := &d.plans[j]
		p.changes, p.depend, p.plain = p.changes[:0], p.depend[:0], true
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			p.changes = append(p.changes, step{&y[n.changeState[k]], n.changeBy[k]})
		}
		for k := n.dependStart[j]; k < n.dependStart[j+1]; k++ {
			i := n.depend[k]
			f := &n.forms[i]
			t := term{x: &one, y: &one, c: f.c, j: i}
			switch f.kind {
			case constant:
			case linear:
				t.x = &y[f.x]
			case bilinear:
				t.x, t.y = &y[f.x], &y[f.y]
			case pair:
				t.x, t.y, t.offset = &y[f.x], &y[f.x], -1
			default:
				t.other, p.plain = true, false
			}
			p.depend = append(p.depend, t)
		}
	}
}

func (d *direct) Refresh() {
	d.clock.Refresh()
	d.bound = nil
}

func (d *direct) Start(y []float64, t float64, stream *rng.Philox) {
	d.begin(y, t, stream)
	d.bind(y)
	d.left = d.rng.Exponential()
	d.sums()
}

// sums computes everything from the state.
func (d *direct) sums() {
	for j := range d.a {
		d.a[j] = d.n.propensity(int32(j), d.y)
	}
	if d.failed = impossible(d.n, d.a, d.t); d.failed != nil {
		return
	}
	for l := 1; l < len(d.levels); l++ {
		for i := range d.levels[l-1] {
			if i%fan == 0 {
				d.levels[l][i/fan] = eight(d.levels[l-1], i)
			}
		}
	}
	d.sum = add(d.levels[len(d.levels)-1])
	d.plan()
}

func (d *direct) plan() {
	d.next = math.Inf(1)
	if d.sum > 0 {
		d.next = d.t + d.left/d.sum
	}
}

func add(a []float64) float64 {
	s := 0.0
	for _, v := range a {
		s += v
	}
	return s
}

// eight adds up eight neighbours from i on.
func eight(a []float64, i int) float64 {
	b := (*[fan]float64)(a[i : i+fan])
	return ((b[0] + b[1]) + (b[2] + b[3])) + ((b[4] + b[5]) + (b[6] + b[7]))
}

// Changed spends the part of the deviate that the old propensities used up, so the
// integrated hazard, and not a new draw, decides when the next reaction fires.
func (d *direct) Changed(t float64) {
	if d.failed != nil {
		return
	}
	d.left = math.Max(0, d.left-d.sum*(t-d.t))
	d.t = t
	d.sums()
}

func (d *direct) Advance(horizon float64) (float64, int, *Failure) {
	if d.failed != nil {
		return d.t, -1, d.failed
	}
	n, y, stream, watch := d.n, d.y, d.rng, d.watch
	a := d.a
	flat := len(d.levels) == 1
	t, sum, next, events := d.t, d.sum, d.next, d.events
	for next <= horizon {
		e, u := stream.Pair()
		u *= sum
		j := 0
		if flat {
			// u in (0, sum); rounding may leave it beyond the last, which then fires
			last := len(a) - 1
			for ; j < last && u >= a[j]; j++ {
				u -= a[j]
			}
			for a[j] == 0 { // the last one that can fire
				j--
			}
		} else if j = d.pick(u); j < 0 {
			continue // rounding led to one that cannot fire
		}
		p := &d.plans[j]
		for k := range p.changes {
			c := &p.changes[k]
			*c.at += c.by
		}
		bad := false
		for k := range p.depend {
			f := &p.depend[k]
			v := f.c * *f.x * (*f.y + f.offset)
			if f.other {
				v = n.propensity(f.j, y)
			}
			bad = bad || !(v >= 0)
			a[f.j] = v
			if !flat {
				d.levels[1][f.j/fan] = eight(d.levels[0], int(f.j)&^(fan-1))
			}
		}
		if !flat {
			for l := 2; l < len(d.levels); l++ {
				for k := range p.depend {
					i := int(p.depend[k].j) >> (3 * l)
					d.levels[l][i] = eight(d.levels[l-1], i*fan)
				}
			}
			sum = add(d.levels[len(d.levels)-1])
		} else {
			sum = add(a)
		}
		t = next
		next = t + e/sum
		events++
		if bad || !(sum <= math.MaxFloat64) {
			d.t, d.sum, d.next, d.events, d.left = t, sum, next, events, e
			if d.failed = impossible(n, a, t); d.failed != nil {
				return t, -1, d.failed
			}
		}
		if sum == 0 {
			next = math.Inf(1)
		}
		if watch != nil && watch[j] {
			d.t, d.sum, d.next, d.events, d.left = t, sum, next, events, e
			return t, j, nil
		}
		if events >= d.most {
			d.t, d.sum, d.next, d.events, d.left = t, sum, next, events, e
			return t, -1, d.tooMany()
		}
		d.left = e
	}
	d.t, d.sum, d.next, d.events = t, sum, next, events
	return horizon, -1, nil
}

// pick goes down the levels; -1 where rounding led to a reaction that cannot fire.
func (d *direct) pick(u float64) int {
	i := 0
	for l := len(d.levels) - 1; l >= 0; l-- {
		level := d.levels[l]
		i *= fan
		end := min(i+fan, len(level)) - 1
		for i < end && u >= level[i] {
			u -= level[i]
			i++
		}
	}
	if i >= len(d.a) || !(d.a[i] > 0) {
		return -1
	}
	return i
}
