package jump

import (
	"math"

	"thymus/rng"
)

// nextReaction keeps for every reaction the time at which it would fire if nothing else
// did, in an indexed heap (Gibson and Bruck 2000). A firing takes one new deviate; the
// reactions that depend on it keep theirs, stretched by the change of their propensity.
type nextReaction struct {
	clock
	a     []float64
	when  []float64 // by reaction
	heap  []int32   // reactions, the next one first
	place []int32   // of a reaction in heap
}

func newNextReaction(n *network, o Options) Simulator {
	m := len(n.Reactions)
	return &nextReaction{clock: clock{n: n, most: mostEvents(o)}, a: make([]float64, m), when: make([]float64, m), heap: make([]int32, m), place: make([]int32, m)}
}

func (d *nextReaction) Start(y []float64, t float64, stream *rng.Philox) {
	d.begin(y, t, stream)
	for j := range d.a {
		d.a[j] = d.n.propensity(int32(j), y)
	}
	if d.failed = impossible(d.n, d.a, t); d.failed != nil {
		return
	}
	for j, a := range d.a {
		d.when[j] = d.draw(a, t)
		d.heap[j], d.place[j] = int32(j), int32(j)
	}
	for i := len(d.heap)/2 - 1; i >= 0; i-- {
		d.down(i)
	}
}

// draw is the time of the next firing at a propensity; a reaction that cannot fire takes
// no number from the stream.
func (d *nextReaction) draw(a, t float64) float64 {
	if a == 0 {
		return math.Inf(1)
	}
	return t + d.rng.Exponential()/a
}

// Changed stretches the times that were left, as a firing does; the time that a reaction
// without propensity would have had is drawn anew, which is as good, as nothing is known
// of it.
func (d *nextReaction) Changed(t float64) {
	if d.failed != nil {
		return
	}
	d.t = t
	for j, old := range d.a {
		if d.update(int32(j), d.n.propensity(int32(j), d.y), old); d.failed != nil {
			return
		}
	}
}

func (d *nextReaction) update(j int32, a, old float64) {
	if !(a >= 0) || a > math.MaxFloat64 {
		d.failed = &Failure{Time: d.t, Reaction: d.n.name(int(j)), Value: a}
		return
	}
	if a == old {
		return
	}
	d.a[j] = a
	switch {
	case a == 0:
		d.when[j] = math.Inf(1)
	case old == 0:
		d.when[j] = d.draw(a, d.t)
	default:
		d.when[j] = d.t + (d.when[j]-d.t)*(old/a)
	}
	d.fix(d.place[j])
}

func (d *nextReaction) Advance(horizon float64) (float64, int, *Failure) {
	if d.failed != nil {
		return d.t, -1, d.failed
	}
	n, y := d.n, d.y
	for len(d.heap) > 0 {
		j := d.heap[0]
		if d.when[j] > horizon {
			break
		}
		d.t = d.when[j]
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			y[n.changeState[k]] += n.changeBy[k]
		}
		self := d.a[j]
		for k := n.dependStart[j]; k < n.dependStart[j+1]; k++ {
			i := n.depend[k]
			a := n.propensity(i, y)
			if i == j {
				self = a
				continue
			}
			d.update(i, a, d.a[i])
		}
		if !(self >= 0) || self > math.MaxFloat64 {
			d.failed = &Failure{Time: d.t, Reaction: n.name(int(j)), Value: self}
		}
		d.events++
		if d.failed != nil {
			return d.t, -1, d.failed
		}
		d.a[j] = self
		d.when[j] = d.draw(self, d.t)
		d.fix(d.place[j])
		if d.watch != nil && d.watch[j] {
			return d.t, int(j), nil
		}
		if d.events >= d.most {
			return d.t, -1, d.tooMany()
		}
	}
	return horizon, -1, nil
}

// less orders the heap by time, equal times by reaction.
func (d *nextReaction) less(a, b int32) bool {
	return d.when[a] < d.when[b] || d.when[a] == d.when[b] && a < b
}

func (d *nextReaction) swap(i, k int) {
	d.heap[i], d.heap[k] = d.heap[k], d.heap[i]
	d.place[d.heap[i]], d.place[d.heap[k]] = int32(i), int32(k)
}

func (d *nextReaction) fix(at int32) {
	i := int(at)
	for i > 0 && d.less(d.heap[i], d.heap[(i-1)/2]) {
		d.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	d.down(i)
}

func (d *nextReaction) down(i int) {
	for {
		k := 2*i + 1
		if k >= len(d.heap) {
			return
		}
		if k+1 < len(d.heap) && d.less(d.heap[k+1], d.heap[k]) {
			k++
		}
		if !d.less(d.heap[k], d.heap[i]) {
			return
		}
		d.swap(i, k)
		i = k
	}
}
