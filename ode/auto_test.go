package ode_test

import (
	"math"
	"testing"

	"thymus/ode"
	"thymus/ode/odetest"
)

// TestAutoChooses: stiff problems are left to the implicit method after a few steps, others
// never.
func TestAutoChooses(t *testing.T) {
	for _, p := range odetest.Problems {
		y := append([]float64(nil), p.Y0...)
		st, f := ode.Solve(p, y, p.T0, p.T1, ode.Options{Method: "auto", Rtol: 1e-6, Atol: []float64{p.Atol}}, ode.Base{})
		if f != nil {
			t.Fatalf("%s: %v", p.Name, f)
		}
		switch implicit := st.Accepted - st.Explicit; {
		case !p.Stiff && implicit > 0:
			t.Errorf("%s: %d of %d steps by the stiff method", p.Name, implicit, st.Accepted)
		case p.Stiff && (implicit == 0 || st.Accepted > 1000):
			t.Errorf("%s: %d of %d steps by the explicit method", p.Name, st.Explicit, st.Accepted)
		}
	}
}

// twice is fast and stiff until t = 10, and slow after it; at t = 5 the state is kicked.
type twice struct{ ode.Base }

func (twice) Dim() int { return 2 }
func (twice) Deriv(dy, y, t []float64) {
	k := 1e5
	if t[0] > 10 {
		k = 1
	}
	dy[0], dy[1] = -k*(y[0]-math.Cos(t[0])), y[0]-y[1]
}
func (twice) NextStop(t float64) float64 {
	switch {
	case t < 5:
		return 5
	case t < 10:
		return 10
	}
	return math.Inf(1)
}
func (twice) OnStop(t float64, y []float64) (bool, error) {
	if t == 5 {
		y[1]++
	}
	return true, nil
}

// TestAutoComesBack: where stiffness ends the explicit method goes on.
func TestAutoComesBack(t *testing.T) {
	solve := func(method string, rtol float64) (ode.Stats, []float64) {
		y := []float64{1, 0}
		st, f := ode.Solve(twice{}, y, 0, 200, ode.Options{Method: method, Rtol: rtol}, twice{})
		if f != nil {
			t.Fatalf("%s: %v", method, f)
		}
		return st, y
	}
	st, y := solve("auto", 1e-7)
	_, want := solve("rodas5p", 1e-10)
	if st.Explicit < st.Accepted/2 || st.Explicit > st.Accepted-20 {
		t.Errorf("%d of %d steps by the explicit method", st.Explicit, st.Accepted)
	}
	for i := range y {
		if math.Abs(y[i]-want[i]) > 1e-6 {
			t.Errorf("component %d: %g, want %g", i, y[i], want[i])
		}
	}
}
