package ode_test

import (
	"math"
	"testing"

	"thymus/ode"
	"thymus/ode/odetest"
)

func TestAlgebraicProblems(t *testing.T) {
	for _, p := range odetest.AlgebraicProblems {
		for _, rtol := range []float64{1e-5, 1e-8} {
			y := append([]float64(nil), p.Y0...)
			st, f := ode.Solve(p, y, p.T0, p.T1, ode.Options{Rtol: rtol, Atol: []float64{p.Atol}}, ode.Base{})
			if f != nil {
				t.Fatalf("%s: %v", p.Name, f)
			}
			worst := 0.0
			for i := range y {
				worst = math.Max(worst, math.Abs(y[i]-p.End[i])/(math.Abs(p.End[i])+p.Size))
			}
			t.Logf("%s, rtol %g: error %.2g, %+v", p.Name, rtol, worst, st)
			if worst > 500*rtol {
				t.Errorf("%s, rtol %g: error %.2g after %d steps", p.Name, rtol, worst, st.Accepted)
			}
		}
	}
}

// TestAlgebraicOrder measures the order for differential and algebraic components.
func TestAlgebraicOrder(t *testing.T) {
	p := odetest.AlgebraicProblems[0]
	var errs [2][]float64
	for _, h := range []float64{0.1, 0.05, 0.025} {
		y := append([]float64(nil), p.Y0...)
		if _, f := ode.Solve(p, y, 0, 2, ode.Options{Rtol: 1e3, Atol: []float64{1e3}, MaxStep: h, InitialStep: h}, ode.Base{}); f != nil {
			t.Fatal(f)
		}
		for i := range errs {
			errs[i] = append(errs[i], math.Abs(y[i]-p.End[i]))
		}
	}
	for i, e := range errs {
		if order := math.Log2(e[1] / e[2]); order < 4.6 {
			t.Errorf("component %d: measured order %.2f, want 5 (errors %.2g)", i, order, e)
		}
	}
}

// dense compares the algebraic component between steps with its closed form 2t/(1+t^2).
type dense struct {
	ode.Base
	worst float64
}

func (d *dense) OnStep(s *ode.Step) {
	y := make([]float64, 2)
	for k := 1; k < 8; k++ {
		x := s.T0 + float64(k)/8*(s.T1-s.T0)
		s.Interpolate(x, y)
		d.worst = math.Max(d.worst, math.Abs(y[1]-2*x/(1+x*x)))
	}
}

func TestDenseOutputOfAlgebraicComponents(t *testing.T) {
	p := odetest.AlgebraicProblems[0]
	y := append([]float64(nil), p.Y0...)
	d := &dense{}
	if _, f := ode.Solve(p, y, 0, 2, ode.Options{Rtol: 1e-7, Atol: []float64{1e-10}}, d); f != nil {
		t.Fatal(f)
	}
	if d.worst > 1e-6 {
		t.Errorf("the algebraic component is off by %.2g between steps", d.worst)
	}
}

// pendulum is a rod of length 1 in Cartesian coordinates with the tension lambda, which
// the second derivative of the constraint determines (index 1).
var pendulum = odetest.Algebraic{
	Problem: odetest.Problem{F: func(d, y []float64, _ float64) {
		d[0], d[1] = y[2], y[3]
		d[2], d[3] = -y[4]*y[0], -y[4]*y[1]-9.81
		d[4] = y[2]*y[2] + y[3]*y[3] - y[4]*(y[0]*y[0]+y[1]*y[1]) - 9.81*y[1]
	}, Y0: make([]float64, 5)},
	M: []odetest.Entry{{Row: 0, Column: 0, Value: 1}, {Row: 1, Column: 1, Value: 1}, {Row: 2, Column: 2, Value: 1}, {Row: 3, Column: 3, Value: 1}},
}

// TestPendulum holds the Cartesian pendulum against the equation of its angle, and starts
// it with a tension that is wrong.
func TestPendulum(t *testing.T) {
	y := []float64{1, 0, 0, 0, 1000}
	if _, f := ode.Solve(pendulum, y, 0, 3, ode.Options{Rtol: 1e-10, Atol: []float64{1e-12}}, ode.Base{}); f != nil {
		t.Fatal(f)
	}
	angle := odetest.Problem{Y0: []float64{math.Pi / 2, 0}, F: func(d, y []float64, _ float64) { d[0], d[1] = y[1], -9.81*math.Sin(y[0]) }}
	a := []float64{math.Pi / 2, 0}
	if _, f := ode.Solve(angle, a, 0, 3, ode.Options{Method: "tsit5", Rtol: 1e-12, Atol: []float64{1e-13}}, ode.Base{}); f != nil {
		t.Fatal(f)
	}
	want := []float64{math.Sin(a[0]), -math.Cos(a[0]), a[1] * math.Cos(a[0]), a[1] * math.Sin(a[0]), a[1]*a[1] + 9.81*math.Cos(a[0])}
	for i := range want {
		if math.Abs(y[i]-want[i]) > 1e-7 {
			t.Errorf("component %d: %.10g, want %.10g", i, y[i], want[i])
		}
	}
}

// kick changes the differential component in the middle.
type kick struct{ ode.Base }

func (kick) NextStop(t float64) float64 {
	if t < 1 {
		return 1
	}
	return math.Inf(1)
}

func (kick) OnStop(_ float64, y []float64) (bool, error) { y[0] = 1; return true, nil }

// TestConsistentAfterRestart: algebraic values follow a state that a handler changed.
func TestConsistentAfterRestart(t *testing.T) {
	p := odetest.AlgebraicProblems[0]
	y := []float64{1, 7} // 7 is not consistent
	if _, f := ode.Solve(p, y, 0, 2, ode.Options{Rtol: 1e-9, Atol: []float64{1e-12}}, kick{}); f != nil {
		t.Fatal(f)
	}
	want := 1 / (1 + 4 - 1.0) // 1/y = 1 + t^2 - 1 after y(1) = 1
	if math.Abs(y[0]-want) > 1e-8 || math.Abs(y[1]-4*want) > 1e-8 {
		t.Errorf("got %.10g, want %.10g and %.10g", y, want, 4*want)
	}
}

// TestConservedByConsistency: with a mass matrix that is not diagonal, what its rows say
// is held, not single components.
func TestConservedByConsistency(t *testing.T) {
	p := odetest.Algebraic{
		Problem: odetest.Problem{Y0: make([]float64, 3), F: func(d, y []float64, _ float64) {
			d[0] = -y[2]
			d[1] = y[0] - 2*y[1]
			d[2] = y[2] - 1
		}},
		M: []odetest.Entry{{Row: 0, Column: 0, Value: 1}, {Row: 0, Column: 1, Value: 1}},
	}
	y := []float64{3, 3, 0}
	if f := ode.NewConsistency(p).Solve(y, 0, nil); f != nil {
		t.Fatal(f)
	}
	for i, want := range []float64{4, 2, 1} {
		if math.Abs(y[i]-want) > 1e-12 {
			t.Errorf("component %d: %g, want %g", i, y[i], want)
		}
	}
	if _, f := ode.Solve(p, y, 0, 3, ode.Options{}, ode.Base{}); f != nil {
		t.Fatal(f)
	}
	for i, want := range []float64{2, 1, 1} {
		if math.Abs(y[i]-want) > 1e-9 {
			t.Errorf("after 3: component %d: %g, want %g", i, y[i], want)
		}
	}
}

func TestHigherIndexIsNamed(t *testing.T) {
	p := odetest.Algebraic{ // the constraint determines y, not z: index 2
		Problem: odetest.Problem{Y0: make([]float64, 2), F: func(d, y []float64, t float64) { d[0], d[1] = y[1], y[0]-t }},
		M:       []odetest.Entry{{Row: 0, Column: 0, Value: 1}},
	}
	_, f := ode.Solve(p, []float64{0, 0}, 0, 1, ode.Options{}, ode.Base{})
	if f == nil || f.Cause != ode.Undetermined || f.Component != 1 {
		t.Errorf("got %+v, want %q in component 1", f, ode.Undetermined)
	}
	_, f = ode.Solve(p, []float64{0, 0}, 0, 1, ode.Options{Method: "tsit5"}, ode.Base{})
	if f == nil || f.Err == nil {
		t.Errorf("the explicit method took a system with algebraic equations: %v", f)
	}
	none := odetest.Algebraic{ // z^2 = -1 has no solution
		Problem: odetest.Problem{Y0: make([]float64, 2), F: func(d, y []float64, _ float64) { d[0], d[1] = 1, y[1]*y[1]+1 }},
		M:       []odetest.Entry{{Row: 0, Column: 0, Value: 1}},
	}
	_, f = ode.Solve(none, []float64{0, 0.7}, 0, 1, ode.Options{}, ode.Base{})
	if f == nil || f.Cause != ode.NotConverged && f.Cause != ode.Undetermined || f.Component != 1 {
		t.Errorf("got %+v, want no convergence in component 1", f)
	}
}

// TestSettleWithAlgebraicEquations: x' = 1 - z, z = x^2 + x comes to rest where z = 1.
func TestSettleWithAlgebraicEquations(t *testing.T) {
	p := odetest.Algebraic{
		Problem: odetest.Problem{Y0: make([]float64, 2), F: func(d, y []float64, _ float64) { d[0], d[1] = 1-y[1], y[1]-y[0]*y[0]-y[0] }},
		M:       []odetest.Entry{{Row: 0, Column: 0, Value: 1}},
	}
	y := []float64{0.1, 0}
	if _, f := ode.Settle(p, y, ode.SettleOptions{}); f != nil {
		t.Fatal(f)
	}
	if want := (math.Sqrt(5) - 1) / 2; math.Abs(y[0]-want) > 1e-10 || math.Abs(y[1]-1) > 1e-10 {
		t.Errorf("got %g, want %g and 1", y, want)
	}
}
