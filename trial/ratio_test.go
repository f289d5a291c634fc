package trial

import (
	"math"
	"testing"
)

// TestRatio: money for each responder, with the interval of the logarithm by the delta
// method; of four patients two respond and the mean is 25.
func TestRatio(t *testing.T) {
	list := func(v ...float64) (out []seen) {
		for _, x := range v {
			out = append(out, seen{value: x, missing: math.IsNaN(x)})
		}
		return out
	}
	x := ratio("a", list(10, 20, 30, 40), list(1, 0, 0, 1))
	if x.Value != 50 || x.Events != 2 || x.N != 4 {
		t.Errorf("%+v", x)
	}
	// var(mean)/mean^2 = (500/3)/4/625, var(share)/share^2 = (1/3)/4/0.25, no covariance
	half := 1.959963984540054 * math.Sqrt(500.0/3/4/625+1.0/3/4/0.25)
	if math.Abs(math.Log(x.Hi/50)-half) > 1e-12 || math.Abs(math.Log(50/x.Lo)-half) > 1e-12 {
		t.Errorf("%g to %g", x.Lo, x.Hi)
	}
	if x := ratio("a", list(10, math.NaN()), list(0, 0)); !math.IsInf(x.Value, 1) || !math.IsNaN(x.Hi) || x.N != 1 || x.Missing != 1 {
		t.Errorf("nobody: %+v", x)
	}
}
