package jump

import (
	"math"

	"thymus/rng"
)

// rejection is the direct method with composition and rejection (Slepoy, Thompson and
// Plimpton 2008): reactions stand in groups by the power of two of their propensity; a
// group is picked by its sum, a member by rejection against the group's bound, so the cost
// of a firing does not grow with the number of reactions.
type rejection struct {
	clock
	a      []float64
	group  []int32 // of a reaction; -1: it cannot fire
	place  []int32 // within its group
	groups []propensities
	lowest int // exponent of groups[0]
	sum    float64
	left   float64
	next   float64
	stale  int // updates of the sums since they were last added up
}

// propensities is a group: members with 2^(e-1) <= a < 2^e.
type propensities struct {
	members []int32
	sum     float64
	bound   float64
}

// restock is the number of updates after which sums are added up again, so that rounding
// does not pile up in them.
const restock = 1 << 16

func newRejection(n *network, o Options) Simulator {
	m := len(n.Reactions)
	return &rejection{clock: clock{n: n, most: mostEvents(o)}, a: make([]float64, m), group: make([]int32, m), place: make([]int32, m)}
}

func (d *rejection) Start(y []float64, t float64, stream *rng.Philox) {
	d.begin(y, t, stream)
	d.left = d.rng.Exponential()
	d.rebuild()
}

// rebuild puts every reaction into its group.
func (d *rejection) rebuild() {
	for j := range d.a {
		d.a[j] = d.n.propensity(int32(j), d.y)
	}
	if d.failed = impossible(d.n, d.a, d.t); d.failed != nil {
		return
	}
	for g := range d.groups {
		d.groups[g].members = d.groups[g].members[:0]
		d.groups[g].sum = 0
	}
	for j := range d.a {
		d.group[j] = -1
		d.insert(int32(j))
	}
	d.total()
	d.plan()
}

func (d *rejection) plan() {
	d.next = math.Inf(1)
	if d.sum > 0 {
		d.next = d.t + d.left/d.sum
	}
}

// total adds everything up anew.
func (d *rejection) total() {
	d.sum, d.stale = 0, 0
	for g := range d.groups {
		s := 0.0
		for _, j := range d.groups[g].members {
			s += d.a[j]
		}
		d.groups[g].sum = s
		d.sum += s
	}
}

// insert puts reaction j into the group of its propensity.
func (d *rejection) insert(j int32) {
	a := d.a[j]
	if a == 0 {
		return
	}
	_, e := math.Frexp(a)
	if len(d.groups) == 0 {
		d.lowest = e
	}
	for e < d.lowest {
		d.groups = append([]propensities{{bound: math.Ldexp(1, d.lowest-1)}}, d.groups...)
		d.lowest--
		for k := range d.group {
			if d.group[k] >= 0 {
				d.group[k]++
			}
		}
	}
	for e-d.lowest >= len(d.groups) {
		d.groups = append(d.groups, propensities{bound: math.Ldexp(1, d.lowest+len(d.groups))})
	}
	g := &d.groups[e-d.lowest]
	d.group[j], d.place[j] = int32(e-d.lowest), int32(len(g.members))
	g.members = append(g.members, j)
	g.sum += a
}

// remove takes reaction j, with the propensity it was put in with, out of its group.
func (d *rejection) remove(j int32, old float64) {
	if d.group[j] < 0 {
		return
	}
	g := &d.groups[d.group[j]]
	last := g.members[len(g.members)-1]
	g.members[d.place[j]] = last
	d.place[last] = d.place[j]
	g.members = g.members[:len(g.members)-1]
	g.sum -= old
	if len(g.members) == 0 {
		g.sum = 0
	}
	d.group[j] = -1
}

// update gives reaction j its new propensity.
func (d *rejection) update(j int32, a float64) {
	if !(a >= 0) || a > math.MaxFloat64 {
		d.failed = &Failure{Time: d.t, Reaction: d.n.name(int(j)), Value: a}
		return
	}
	old := d.a[j]
	if a == old {
		return
	}
	d.stale++
	_, e0 := math.Frexp(old)
	_, e1 := math.Frexp(a)
	if old > 0 && a > 0 && e0 == e1 {
		d.a[j] = a
		d.groups[d.group[j]].sum += a - old
		return
	}
	d.remove(j, old)
	d.a[j] = a
	d.insert(j)
}

func (d *rejection) Changed(t float64) {
	if d.failed != nil {
		return
	}
	d.left = math.Max(0, d.left-d.sum*(t-d.t))
	d.t = t
	d.rebuild()
}

func (d *rejection) Advance(horizon float64) (float64, int, *Failure) {
	if d.failed != nil {
		return d.t, -1, d.failed
	}
	n, y := d.n, d.y
	for d.next <= horizon {
		j := d.pick()
		d.t = d.next
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			y[n.changeState[k]] += n.changeBy[k]
		}
		for k := n.dependStart[j]; k < n.dependStart[j+1]; k++ {
			i := n.depend[k]
			d.update(i, n.propensity(i, y))
		}
		d.events++
		if d.failed != nil {
			return d.t, -1, d.failed
		}
		if d.stale >= restock {
			d.total()
		} else {
			d.sum = 0
			for g := range d.groups {
				d.sum += d.groups[g].sum
			}
		}
		d.left = d.rng.Exponential()
		d.plan()
		if d.watch != nil && d.watch[j] {
			return d.t, int(j), nil
		}
		if d.events >= d.most {
			return d.t, -1, d.tooMany()
		}
	}
	return horizon, -1, nil
}

// pick draws a group by its sum, then members until one is accepted: at least every second
// on average, as a member's propensity is at least half the bound.
func (d *rejection) pick() int32 {
	for {
		u := d.rng.Uniform() * d.sum
		g := len(d.groups) - 1
		for ; g > 0 && u >= d.groups[g].sum; g-- { // large ones first
			u -= d.groups[g].sum
		}
		x := &d.groups[g]
		if len(x.members) == 0 {
			continue
		}
		for {
			v := d.rng.Uniform() * float64(len(x.members))
			i := int(v)
			j := x.members[i]
			if d.rng.Uniform()*x.bound < d.a[j] {
				return j
			}
		}
	}
}
