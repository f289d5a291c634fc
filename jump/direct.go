package jump

import (
	"math"

	"thymus/rng"
)

// few is the largest number of reactions whose propensities are added up one by one;
// more are kept in a tree of sums.
const few = 8

// direct is Gillespie's direct method: the time of the next firing from the sum of the
// propensities, the reaction by their shares. Only propensities that a firing changes are
// computed again.
type direct struct {
	clock
	a    []float64 // few reactions: propensities
	tree []float64 // many: sums over a binary tree, the root at 1, the leaves from size on
	size int
	sum  float64
	left float64 // unit exponential deviate to be spent from time t on
	next float64 // t + left/sum
}

func newDirect(n *network, o Options) Simulator {
	d := &direct{clock: clock{n: n, most: mostEvents(o)}}
	m := len(n.Reactions)
	if m <= few {
		d.a = make([]float64, m)
		return d
	}
	d.size = 1
	for d.size < m {
		d.size *= 2
	}
	d.tree = make([]float64, 2*d.size)
	d.a = d.tree[d.size : d.size+m]
	return d
}

func (d *direct) Start(y []float64, t float64, stream *rng.Philox) {
	d.begin(y, t, stream)
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
	if d.tree == nil {
		d.sum = add(d.a)
	} else {
		for i := d.size - 1; i > 0; i-- {
			d.tree[i] = d.tree[2*i] + d.tree[2*i+1]
		}
		d.sum = d.tree[1]
	}
	d.next = d.t + d.left/d.sum
	if d.sum == 0 {
		d.next = math.Inf(1)
	}
}

func add(a []float64) float64 {
	s := 0.0
	for _, v := range a {
		s += v
	}
	return s
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
	if d.tree != nil {
		return d.advanceTree(horizon)
	}
	n, y, a := d.n, d.y, d.a
	for d.next <= horizon {
		// which: u in (0, sum); rounding may leave it beyond the last, which then fires
		u := d.rng.Uniform() * d.sum
		j, last := 0, len(a)-1
		for ; j < last && u >= a[j]; j++ {
			u -= a[j]
		}
		for a[j] == 0 { // the last one that can fire
			j--
		}
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			y[n.changeState[k]] += n.changeBy[k]
		}
		bad := false
		for k := n.dependStart[j]; k < n.dependStart[j+1]; k++ {
			i := n.depend[k]
			v := n.propensity(i, y)
			a[i] = v
			bad = bad || !(v >= 0)
		}
		d.sum = add(a)
		d.t = d.next
		d.left = d.rng.Exponential()
		d.next = d.t + d.left/d.sum
		d.events++
		if bad || !(d.sum <= math.MaxFloat64) {
			d.failed = impossible(n, a, d.t)
			return d.t, -1, d.failed
		}
		if d.watch != nil && d.watch[j] {
			return d.t, j, nil
		}
		if d.events >= d.most {
			return d.t, -1, d.tooMany()
		}
	}
	return horizon, -1, nil
}

func (d *direct) advanceTree(horizon float64) (float64, int, *Failure) {
	n, y, tree := d.n, d.y, d.tree
	for d.next <= horizon {
		j := d.pick()
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			y[n.changeState[k]] += n.changeBy[k]
		}
		bad := false
		for k := n.dependStart[j]; k < n.dependStart[j+1]; k++ {
			i := n.depend[k]
			v := n.propensity(i, y)
			bad = bad || !(v >= 0)
			at := d.size + int(i)
			tree[at] = v
			for at >>= 1; at > 0; at >>= 1 {
				tree[at] = tree[2*at] + tree[2*at+1]
			}
		}
		d.sum = tree[1]
		d.t = d.next
		d.left = d.rng.Exponential()
		d.next = d.t + d.left/d.sum
		d.events++
		if bad || !(d.sum <= math.MaxFloat64) {
			d.failed = impossible(n, d.a, d.t)
			return d.t, -1, d.failed
		}
		if d.watch != nil && d.watch[j] {
			return d.t, j, nil
		}
		if d.events >= d.most {
			return d.t, -1, d.tooMany()
		}
	}
	return horizon, -1, nil
}

// pick goes down the tree; where rounding led to a reaction that cannot fire it tries again.
func (d *direct) pick() int {
	for {
		u := d.rng.Uniform() * d.sum
		i := 1
		for i < d.size {
			i *= 2
			if left := d.tree[i]; u >= left {
				u -= left
				i++
			}
		}
		if j := i - d.size; j < len(d.a) && d.a[j] > 0 {
			return j
		}
	}
}
