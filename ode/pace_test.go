package ode

import (
	"math"
	"testing"
)

// follow lets steps be chosen for an error of c(k)*h^order at step k, and returns the
// norms of those accepted and how many were refused.
func follow(steps int, order float64, c func(k int) float64) (norms []float64, refused int) {
	p := pacing{rising: true}
	h := 1e-6
	for len(norms) < steps {
		norm := c(len(norms)) * math.Pow(h, order)
		by := math.Pow(norm, -1.0/5)
		if norm > 1 {
			refused++
			p.refused()
			h *= min(0.9, max(0.1, leastAim*by))
			continue
		}
		norms = append(norms, norm)
		h *= p.next(h, by, true)
	}
	return norms, refused
}

// TestPacing: errors that change by a steady trend are brought near the tolerance and not
// above it, whether they follow the order of the estimate or, as in stiff systems, a lower one.
func TestPacing(t *testing.T) {
	for _, order := range []float64{3.3, 5} {
		for _, trend := range []float64{0.8, 1, 1.25} {
			norms, refused := follow(100, order, func(k int) float64 { return 1e6 * math.Pow(trend, float64(k)) })
			if refused > 1 {
				t.Errorf("order %g, trend %g: %d steps were refused", order, trend, refused)
			}
			if last := norms[len(norms)-1]; last < 0.8 || last > 1 {
				t.Errorf("order %g, trend %g: the last norm is %.3f", order, trend, last)
			}
		}
	}
}

// TestPacingDares: where errors jump about nothing is dared, and growth is bounded.
func TestPacingDares(t *testing.T) {
	wild := pacing{}
	for k := range 6 {
		wild.next(1, []float64{1, 1.4}[k%2], true)
	}
	if g := wild.next(1, 1, true); g > leastAim {
		t.Errorf("after misses the next step is %v times as long, want at most %v", g, leastAim)
	}
	first := pacing{rising: true}
	if g := first.next(1, 1000, true); g != mostFirstGrowth {
		t.Errorf("the first step grows %v times, want %v", g, float64(mostFirstGrowth))
	}
	if first.next(1, 2, true); first.next(1, 1000, true) != mostGrowth {
		t.Errorf("a later step grows more than %v times", float64(mostGrowth))
	}
}
