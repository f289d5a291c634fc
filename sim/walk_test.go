package sim

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFirstFiring: the channel that is told to fire next is the one whose integral is used up
// first, at a root found here by halving; what was not looked for is found when it matters.
func TestFirstFiring(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 1 + r.IntN(6)
		h := &hybrid{set: &jumpSet{open: make([]int, n)}, walk: newWalk(n, 1)}
		root := make([]float64, n)
		from := 0.3 * r.Float64()
		for p := range root {
			c := &h.courses[p]
			c.fit(r.Float64(), r.Float64(), r.Float64()*float64(r.IntN(2)))
			if low := c.value(0.5); c.c > 0 && low < c.a/2 { // propensities are not negative
				c.fit(1, 1.2, 1.1)
			}
			c.target = c.integral(from) + 0.5*r.ExpFloat64()
			c.pend(from)
			lo, hi := from, 1.0
			for range 200 {
				if m := lo + (hi-lo)/2; c.integral(m) < c.target {
					lo = m
				} else {
					hi = m
				}
			}
			if root[p] = hi; c.integral(1) < c.target {
				root[p] = 2
			}
		}
		for range n { // one after the other fires and has nothing left to do
			want := 0
			for p := range root {
				if root[p] < root[want] {
					want = p
				}
			}
			got := h.first()
			if x := h.courses[got].x; math.Abs(x-root[want]) > 1e-12 || root[want] <= 1 && got != want {
				t.Fatalf("channel %d fires first at %.15g, want %d at %.15g of %v", got, x, want, root[want], root)
			}
			root[got] = 2
			h.courses[got].target = math.Inf(1)
			h.courses[got].pend(from)
		}
	}
}
