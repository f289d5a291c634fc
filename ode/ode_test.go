package ode_test

import (
	"math"
	"testing"

	"thymus/ode"
	"thymus/ode/odetest"
)

func TestProblems(t *testing.T) {
	for _, m := range ode.Methods {
		for _, p := range odetest.Problems {
			if p.Stiff && !m.Stiff {
				continue
			}
			last := math.Inf(1)
			for _, rtol := range []float64{1e-5, 1e-8} {
				y := append([]float64(nil), p.Y0...)
				st, f := ode.Solve(p, y, p.T0, p.T1, ode.Options{Method: m.Name, Rtol: rtol, Atol: []float64{p.Atol}}, ode.Base{})
				if f != nil {
					t.Fatalf("%s, %s: %v", m.Name, p.Name, f)
				}
				worst := 0.0
				for i := range y {
					worst = math.Max(worst, math.Abs(y[i]-p.End[i])/(math.Abs(p.End[i])+p.Size))
				}
				if worst > 500*rtol {
					t.Errorf("%s, %s, rtol %g: error %.2g after %d steps", m.Name, p.Name, rtol, worst, st.Accepted)
				}
				if worst > last && worst > 1e-9 {
					t.Errorf("%s, %s: a smaller tolerance gives a larger error, %g after %g", m.Name, p.Name, worst, last)
				}
				last = worst
			}
		}
	}
}

// TestOrder measures the order of each method on a problem that depends on time.
func TestOrder(t *testing.T) {
	p := odetest.Problems[1]
	for _, m := range ode.Methods {
		if m.Varies {
			continue // see TestVaryingOrder
		}
		var errs []float64
		for _, h := range []float64{0.1, 0.05, 0.025} {
			y := append([]float64(nil), p.Y0...)
			if _, f := ode.Solve(p, y, 0, 2, ode.Options{Method: m.Name, Rtol: 1e3, Atol: []float64{1e3}, MaxStep: h, InitialStep: h}, ode.Base{}); f != nil {
				t.Fatal(f)
			}
			errs = append(errs, math.Abs(y[0]-0.2))
		}
		if order := math.Log2(errs[1] / errs[2]); order < float64(m.Order)-0.3 {
			t.Errorf("%s: measured order %.2f, want %d", m.Name, order, m.Order)
		}
	}
}

// TestVaryingOrder measures the order of methods that choose it by how the error falls with
// the number of steps at strict tolerances.
func TestVaryingOrder(t *testing.T) {
	p := odetest.Problems[1]
	for _, m := range ode.Methods {
		if !m.Varies {
			continue
		}
		var errs, steps []float64
		for _, rtol := range []float64{1e-7, 1e-11} {
			y := append([]float64(nil), p.Y0...)
			st, f := ode.Solve(p, y, 0, 2, ode.Options{Method: m.Name, Rtol: rtol, Atol: []float64{1e-14}}, ode.Base{})
			if f != nil {
				t.Fatal(f)
			}
			errs, steps = append(errs, math.Abs(y[0]-0.2)), append(steps, float64(st.Accepted))
		}
		if order := math.Log(errs[0]/errs[1]) / math.Log(steps[1]/steps[0]); order < float64(m.Order)-0.5 {
			t.Errorf("%s: measured order %.2f, want %d (errors %.2g in %v steps)", m.Name, order, m.Order, errs, steps)
		}
	}
}

// watch looks into steps.
type watch struct {
	ode.Base
	times []float64
	seen  []float64
	n     int
}

func (w *watch) OnStep(s *ode.Step) {
	y := make([]float64, w.n)
	for len(w.times) > 0 && w.times[0] <= s.T1 {
		s.Interpolate(w.times[0], y)
		w.seen = append(w.seen, y[0])
		w.times = w.times[1:]
	}
}

// TestDenseOutput: values between steps are right, and looking changes no bit of the end.
func TestDenseOutput(t *testing.T) {
	p := odetest.Problems[0]
	for _, m := range ode.Methods {
		w := &watch{n: 1}
		for x := 0.01; x < 2; x += 0.01 {
			w.times = append(w.times, x)
		}
		a, b := []float64{1}, []float64{1}
		if _, f := ode.Solve(p, a, 0, 2, ode.Options{Method: m.Name, Rtol: 1e-7, Atol: []float64{1e-10}}, w); f != nil {
			t.Fatal(f)
		}
		if _, f := ode.Solve(p, b, 0, 2, ode.Options{Method: m.Name, Rtol: 1e-7, Atol: []float64{1e-10}}, ode.Base{}); f != nil {
			t.Fatal(f)
		}
		if a[0] != b[0] {
			t.Errorf("%s: looking changed the result", m.Name)
		}
		for i, v := range w.seen {
			if want := math.Exp(-0.01 * float64(i+1)); math.Abs(v-want) > 2e-6 {
				t.Errorf("%s: at %.2f got %g, want %g", m.Name, 0.01*float64(i+1), v, want)
			}
		}
	}
}

// fall is a ball that loses a fifth of its speed at every bounce.
type fall struct {
	ode.Base
	at []float64
}

func (fall) Dim() int                 { return 2 }
func (fall) Deriv(dy, y, _ []float64) { dy[0], dy[1] = y[1], -9.81 }
func (fall) Crossings() int           { return 1 }
func (fall) Cross(g, y, _ []float64)  { g[0] = y[0] }

func (b *fall) OnCrossing(t float64, y []float64, _ []int, rising []bool) (bool, bool, error) {
	if rising[0] {
		return false, false, nil
	}
	b.at = append(b.at, t)
	y[0], y[1] = 0, -0.8*y[1]
	return true, len(b.at) == 5, nil
}

func TestBouncingBall(t *testing.T) {
	for _, m := range ode.Methods {
		b := &fall{}
		y := []float64{10, 0}
		if _, f := ode.Solve(b, y, 0, 30, ode.Options{Method: m.Name}, b); f != nil {
			t.Fatal(f)
		}
		first := math.Sqrt(20 / 9.81)
		want, flight := first, 2*first*0.8
		for i, at := range b.at {
			if within := map[bool]float64{false: 1e-9, true: 1e-5}[m.Varies]; math.Abs(at-want) > within {
				t.Errorf("%s: bounce %d at %.12g, want %.12g", m.Name, i+1, at, want)
			}
			want += flight
			flight *= 0.8
		}
		if len(b.at) != 5 {
			t.Errorf("%s: %d bounces", m.Name, len(b.at))
		}
	}
}

type system struct {
	n int
	f func(dy, y []float64, t float64)
}

func (s system) Dim() int                 { return s.n }
func (s system) Deriv(dy, y, t []float64) { s.f(dy, y, t[0]) }

// TestFailures: what cannot be solved ends with a named cause, a time and a component.
func TestFailures(t *testing.T) {
	for _, m := range ode.Methods {
		y := []float64{1, 1}
		_, f := ode.Solve(system{2, func(dy, y []float64, t float64) {
			dy[0], dy[1] = -y[0], 0
			if t > 1 {
				dy[1] = math.NaN()
			}
		}}, y, 0, 2, ode.Options{Method: m.Name}, ode.Base{})
		if f == nil || f.Cause != ode.NotFinite && f.Cause != ode.SingularMatrix || math.Abs(f.Time-1) > 0.01 {
			t.Errorf("%s: a derivative that is not a number ended as %v", m.Name, f)
		}
		y = []float64{1}
		_, f = ode.Solve(system{1, func(dy, y []float64, t float64) { dy[0] = y[0] * y[0] }}, y, 0, 2, ode.Options{Method: m.Name}, ode.Base{})
		if f == nil || math.Abs(f.Time-1) > 1e-3 {
			t.Errorf("%s: a solution that explodes at 1 ended as %v", m.Name, f)
		}
		y = []float64{1}
		_, f = ode.Solve(system{1, func(dy, y []float64, t float64) { dy[0] = math.Cos(1e6 * t) }}, y, 0, 1e3, ode.Options{Method: m.Name, MaxSteps: 1000}, ode.Base{})
		if f == nil || f.Cause != ode.TooManySteps {
			t.Errorf("%s: a thousand steps ended as %v", m.Name, f)
		}
	}
}

// TestSettle finds the steady state of the seed's own basin in y' = y - y^3.
func TestSettle(t *testing.T) {
	s := system{2, func(dy, y []float64, _ float64) { dy[0], dy[1] = y[0]-y[0]*y[0]*y[0], 1e-4*(y[0]-y[1]) }}
	for _, seed := range []float64{0.05, 0.5, 3} {
		y := []float64{seed, 0.3}
		if _, f := ode.Settle(s, y, ode.SettleOptions{}); f != nil || math.Abs(y[0]-1) > 1e-9 || math.Abs(y[1]-1) > 1e-9 {
			t.Errorf("seed %g: %v, %v", seed, y, f)
		}
	}
	y := []float64{-0.05, -0.3}
	if _, f := ode.Settle(s, y, ode.SettleOptions{}); f != nil || math.Abs(y[0]+1) > 1e-9 {
		t.Errorf("seed -0.05: %v, %v", y, f)
	}
	y = []float64{0.5, 0.25}
	if _, f := ode.Settle(s, y, ode.SettleOptions{Hold: []bool{false, true}}); f != nil || y[1] != 0.25 {
		t.Errorf("held component: %v, %v", y, f)
	}
}

func BenchmarkHIRES(b *testing.B) {
	p := odetest.Problems[4]
	for i := 0; i < b.N; i++ {
		y := append([]float64(nil), p.Y0...)
		if _, f := ode.Solve(p, y, p.T0, p.T1, ode.Options{Rtol: 1e-6, Atol: []float64{1e-9}}, ode.Base{}); f != nil {
			b.Fatal(f)
		}
	}
}
