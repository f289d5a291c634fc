package ode_test

import (
	"math"
	"testing"

	"thymus/ode"
)

// delayed is y' = f(t, y, y(t - lag)) of one component.
type delayed struct {
	f       func(t, y, past float64) float64
	lag     func(t, y float64) float64
	fixed   bool
	history *ode.History
	z       []float64
}

func (d *delayed) Dim() int                { return 1 }
func (d *delayed) History() *ode.History   { return d.history }
func (d *delayed) Lags() (int, bool)       { return 1, d.fixed }
func (d *delayed) Lag(dst, y, t []float64) { dst[0] = d.lag(t[0], y[0]) }
func (d *delayed) Deriv(dy, y, t []float64) {
	past := y[0]
	if lag := d.lag(t[0], y[0]); lag > 0 {
		d.history.At(t[0]-lag, t[0], d.z)
		past = d.z[0]
	}
	dy[0] = d.f(t[0], y[0], past)
}

// solve integrates from t0 and looks at the times, ascending.
func (d *delayed) solve(t *testing.T, method string, t0, y0, rtol float64, times []float64, h ode.Handler) ([]float64, ode.Stats) {
	t.Helper()
	d.history, d.z = ode.NewHistory(1), make([]float64, 1)
	d.history.Begin(t0, []float64{y0})
	y := []float64{y0}
	w := &watch{n: 1, times: times}
	if h != nil {
		h.(*jumpAt).watch = w
	} else {
		h = w
	}
	st, f := ode.Solve(d, y, t0, times[len(times)-1], ode.Options{Method: method, Rtol: rtol, Atol: []float64{rtol / 100}}, h)
	if f != nil {
		t.Fatalf("%s: %v", method, f)
	}
	return w.seen, st
}

func constant(v float64) func(float64, float64) float64 {
	return func(float64, float64) float64 { return v }
}

// steps is the solution of y' = -y(t-1), y = 1 before 0, by the method of steps.
func steps(t float64) float64 {
	sum, factorial := 0.0, 1.0
	for k := 0; float64(k) <= math.Floor(t)+1; k++ {
		if k > 0 {
			factorial *= -float64(k)
		}
		sum += math.Pow(t-float64(k-1), float64(k)) / factorial
	}
	return sum
}

// pantograph is the solution of y' = -y(t/2), y(0) = 1.
func pantograph(t float64) float64 {
	sum, term := 0.0, 1.0
	for k := 0; k < 60; k++ {
		sum += term
		term *= -t * math.Pow(0.5, float64(k)) / float64(k+1)
	}
	return sum
}

// flat is 1 before 0, and leaves that smoothly.
func flat(t float64) float64 { return 1 + math.Pow(math.Max(t, 0), 6)/100 }

func span(from, to float64, n int) (out []float64) {
	for i := 1; i <= n; i++ {
		out = append(out, from+(to-from)*float64(i)/float64(n))
	}
	return out
}

func TestDelays(t *testing.T) {
	for _, c := range []struct {
		name   string
		system delayed
		t0, t1 float64
		want   func(float64) float64
	}{
		{"method of steps", delayed{f: func(_, _, z float64) float64 { return -z }, lag: constant(1), fixed: true}, 0, 6, steps},
		{"the same, not known to be fixed", delayed{f: func(_, _, z float64) float64 { return -z }, lag: constant(1)}, 0, 6, steps},
		{"pantograph: the delay grows from 0", delayed{f: func(_, _, z float64) float64 { return -z }, lag: func(t, _ float64) float64 { return t / 2 }}, 0, 5, pantograph},
		{"delay by the state", delayed{f: func(t, y, z float64) float64 { return y * z / t }, lag: func(t, y float64) float64 { return t - math.Log(y) }}, 1, math.E * math.E,
			func(t float64) float64 {
				if t < math.E {
					return t
				}
				return math.Exp(t / math.E)
			}},
		{"no delay", delayed{f: func(_, _, z float64) float64 { return -z }, lag: constant(0), fixed: true}, 0, 3, func(t float64) float64 { return math.Exp(-t) }},
		{"a delay much shorter than the steps", delayed{f: func(t, y, z float64) float64 {
			return z - y + flat(t) - flat(t-1e-3) + 6*math.Pow(t, 5)/100
		}, lag: constant(1e-3)}, 0, 3, flat},
	} {
		for _, m := range ode.Methods {
			for _, rtol := range []float64{1e-5, 1e-9} {
				s := c.system
				times := span(c.t0, c.t1, 60)
				got, st := s.solve(t, m.Name, c.t0, c.want(c.t0), rtol, times, nil)
				worst := 0.0
				for i, x := range times {
					worst = math.Max(worst, math.Abs(got[i]-c.want(x))/(1+math.Abs(c.want(x))))
				}
				t.Logf("%s, %s, rtol %g: error %.2g, %d steps, %d rejected", c.name, m.Name, rtol, worst, st.Accepted, st.Rejected)
				if worst > 50*rtol {
					t.Errorf("%s, %s, rtol %g: error %.2g after %d steps", c.name, m.Name, rtol, worst, st.Accepted)
				}
			}
		}
	}
}

// TestMackeyGlass holds the chaotic equation against fixed small steps of the classical
// Runge-Kutta method with its own cubic history.
func TestMackeyGlass(t *testing.T) {
	f := func(_, y, z float64) float64 { return 2*z/(1+math.Pow(z, 9.65)) - y }
	const n = 1000 // steps per delay of 2
	const h = 2.0 / n
	y, d := []float64{0.5}, []float64{f(0, 0.5, 0.5)}
	before := func(k int, half bool) float64 { // y at (k + 1/2)*h
		if k < 0 {
			return 0.5
		}
		if !half {
			return y[k]
		}
		return (y[k]+y[k+1])/2 + h/8*(d[k]-d[k+1])
	}
	for k := 0; k < 5*n; k++ {
		a, b, c := before(k-n, false), before(k-n, true), before(k-n+1, false)
		k1 := f(0, y[k], a)
		k2 := f(0, y[k]+h/2*k1, b)
		k3 := f(0, y[k]+h/2*k2, b)
		k4 := f(0, y[k]+h*k3, c)
		y = append(y, y[k]+h/6*(k1+2*k2+2*k3+k4))
		d = append(d, f(0, y[k+1], c))
	}
	for _, m := range ode.Methods {
		s := delayed{f: f, lag: constant(2), fixed: true}
		got, _ := s.solve(t, m.Name, 0, 0.5, 1e-9, span(0, 10, 20), nil)
		for i, v := range got {
			if want := y[(i+1)*n/4]; math.Abs(v-want) > 1e-7 {
				t.Errorf("%s: at %g got %.10g, want %.10g", m.Name, float64(i+1)/2, v, want)
			}
		}
	}
}

// jumpAt adds 1 at t = 0.5.
type jumpAt struct{ *watch }

func (jumpAt) NextStop(t float64) float64 {
	if t < 0.5 {
		return 0.5
	}
	return math.Inf(1)
}

func (jumpAt) OnStop(_ float64, y []float64) (bool, error) { y[0]++; return true, nil }

// TestDelayedJump: y' = y(t-1), y = 1 before 0, and 1 is added at 0.5: what is seen one
// delay later is the jump, not a smooth rise.
func TestDelayedJump(t *testing.T) {
	want := func(t float64) float64 {
		switch {
		case t <= 0.5:
			return 1 + t
		case t <= 1:
			return 2 + t
		case t <= 1.5:
			return 3 + (t*t-1)/2
		}
		return 3.625 + (t*t-2.25)/2 + t - 1.5
	}
	for _, m := range ode.Methods {
		for _, fixed := range []bool{true, false} {
			s := delayed{f: func(_, _, z float64) float64 { return z }, lag: constant(1), fixed: fixed}
			times := span(0, 2, 16)
			got, st := s.solve(t, m.Name, 0, 1, 1e-9, times, &jumpAt{})
			for i, x := range times {
				within := 1e-9 // the solution is made of parabolas
				if m.Varies {
					within = 1e-8
				}
				if math.Abs(got[i]-want(x)) > within && x != 0.5 {
					t.Errorf("%s, fixed %v: at %g got %.12g, want %.12g", m.Name, fixed, x, got[i], want(x))
				}
			}
			t.Logf("%s: %d steps, %d rejected", m.Name, st.Accepted, st.Rejected)
		}
	}
}

// TestDelayOrder measures the order over breaks of smoothness.
func TestDelayOrder(t *testing.T) {
	for _, m := range ode.Methods {
		if m.Varies {
			continue
		}
		var errs []float64
		for _, h := range []float64{0.25, 0.125, 0.0625} {
			s := &delayed{f: func(_, y, z float64) float64 { return -z * y }, lag: constant(1), fixed: true, history: ode.NewHistory(1), z: make([]float64, 1)}
			s.history.Begin(0, []float64{1})
			y := []float64{1}
			if _, f := ode.Solve(s, y, 0, 2, ode.Options{Method: m.Name, Rtol: 1e3, Atol: []float64{1e3}, MaxStep: h, InitialStep: h}, ode.Base{}); f != nil {
				t.Fatal(f)
			}
			// y = exp(-t) to 1, then y' = -exp(-(t-1)) y
			errs = append(errs, math.Abs(y[0]-math.Exp(-1-(1-math.Exp(-1)))))
		}
		t.Logf("%s: errors %.2g", m.Name, errs)
		if order := math.Log2(errs[1] / errs[2]); order < 3.7 {
			t.Errorf("%s: measured order %.2f, want at least 4 (errors %.2g)", m.Name, order, errs)
		}
	}
}
