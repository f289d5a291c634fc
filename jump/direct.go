package jump

import (
	"math"

	"thymus/rng"
)

// fan is how many sums are added up to one of the next level. Eight numbers are a cache
// line, and their sum takes three additions one after the other.
const fan = 8

// direct is Gillespie's direct method: the time of the next firing from the sum of the
// propensities, the reaction by their shares. Firing k takes pair k of the stream. Only
// propensities that a firing changes are computed again, and only the sums above them; sums
// are never corrected by differences, so no rounding piles up. Lanes does the same
// arithmetic: what is changed here must be changed there.
type direct struct {
	clock
	a      []float64   // propensities: the start of levels[0]
	levels [][]float64 // sums of eight of the level below, padded with zeros; the last has at most eight
	plans  []plan      // by reaction
	bound  *float64    // the state that plans point into
	sum    float64
	left   float64 // unit exponential deviate to be spent from time t on
	u      float64 // picks the next reaction
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
	d.left, d.u = d.rng.Pair()
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
	u := d.u
	for next <= horizon {
		j := 0
		if flat {
			// u*sum is below the sum (u is at most 1 - 2^-53), so one of them is found
			for r, upTo := u*sum, a[0]; r >= upTo && j < len(a)-1; upTo += a[j] {
				j++
			}
		} else {
			j = d.pick(u * sum)
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
		var e float64
		e, u = stream.Pair()
		t = next
		next = t + e/sum
		events++
		if bad || !(sum <= math.MaxFloat64) {
			d.t, d.sum, d.next, d.events, d.left, d.u = t, sum, next, events, e, u
			if d.failed = impossible(n, a, t); d.failed != nil {
				return t, -1, d.failed
			}
		}
		if sum == 0 {
			next = math.Inf(1)
		}
		if watch != nil && watch[j] {
			d.t, d.sum, d.next, d.events, d.left, d.u = t, sum, next, events, e, u
			return t, j, nil
		}
		if events >= d.most {
			d.t, d.sum, d.next, d.events, d.left, d.u = t, sum, next, events, e, u
			return t, -1, d.tooMany()
		}
		d.left, d.u = e, u
	}
	d.t, d.sum, d.next, d.events = t, sum, next, events
	return horizon, -1, nil
}

// below times x is the number before x, for a normal x.
const below = 1 - 0x1p-53

// pick goes down the levels: of each eight the first whose sum with those before it is
// more than r. Rounding may leave r at or beyond the sum of all; then it is the last that
// adds to it.
func (d *direct) pick(r float64) int {
	i := 0
	for l := len(d.levels) - 1; l >= 0; l-- {
		level := d.levels[l]
		i *= fan
		eight := level[i:min(i+fan, len(level))]
		k, upTo, before := 0, eight[0], 0.0
		for r >= upTo {
			if k++; k == len(eight) {
				r = upTo * below
				k, upTo, before = 0, eight[0], 0
				continue
			}
			before = upTo
			upTo += eight[k]
		}
		r -= before
		i += k
	}
	return i
}
