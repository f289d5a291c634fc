package ode_test

import (
	"math"
	"testing"

	"thymus/ode"
)

// jolt jumps: y' = strength behind time at, else 0.
type jolt struct{ at, strength float64 }

func (k jolt) Dim() int { return 1 }
func (k jolt) Deriv(dy, y, t []float64) {
	dy[0] = 0
	if t[0] >= k.at {
		dy[0] = k.strength
	}
}
func (k jolt) Crossings() int          { return 1 }
func (k jolt) Cross(g, y, t []float64) { g[0] = t[0] - k.at }
func (k jolt) Jumps() []int            { return []int{0} }

// TestJumps: a jump of any strength is passed in a few steps, and nothing is integrated
// over it.
func TestJumps(t *testing.T) {
	for _, m := range ode.Methods {
		for _, k := range []jolt{{11, 1e9}, {math.Pi, 1e15}, {1e-5, 1}, {0.1 + 0.2, 1e6}, {7.25e5, 1e12}} {
			y := []float64{0}
			end := 2 * k.at
			st, f := ode.Solve(k, y, 0, end, ode.Options{Method: m.Name, Rtol: 1e-9, Atol: []float64{1e-12}}, ode.Base{})
			if f != nil {
				t.Errorf("%s, %+v: %v", m.Name, k, f)
				continue
			}
			if want := k.strength * k.at; math.Abs(y[0]-want) > 1e-9*want {
				t.Errorf("%s, %+v: %g, want %g", m.Name, k, y[0], want)
			}
			if n := st.Accepted + st.Rejected; n > 100 {
				t.Errorf("%s, %+v: %d steps", m.Name, k, n)
			}
		}
	}
}
