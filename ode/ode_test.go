package ode_test

import (
	"math"
	"testing"

	"thymus/ode"
)

type fn struct {
	n int
	f func(dy, y []float64, t float64)
	g func(g, y []float64, t float64)
	k int
}

func (s fn) Dim() int                 { return s.n }
func (s fn) Deriv(dy, y, t []float64) { s.f(dy, y, t[0]) }
func (s fn) Crossings() int           { return s.k }
func (s fn) Cross(g, y, t []float64)  { s.g(g, y, t[0]) }

func TestOrder(t *testing.T) {
	// nonautonomous, nonlinear: y' = -2 t y^2, y(0) = 1, y = 1/(1+t^2); z' = cos(t) y
	sys := fn{n: 1, f: func(dy, y []float64, t float64) { dy[0] = -2 * t * y[0] * y[0] }}
	for _, m := range ode.Methods {
		var errs []float64
		for _, h := range []float64{0.1, 0.05, 0.025} {
			y := []float64{1}
			_, f := ode.Solve(sys, y, 0, 2, ode.Options{Method: m.Name, Rtol: 1e3, Atol: []float64{1e3}, MaxStep: h, InitialStep: h}, ode.Base{})
			if f != nil {
				t.Fatal(f)
			}
			errs = append(errs, math.Abs(y[0]-0.2))
		}
		t.Log(m.Name, errs, math.Log2(errs[0]/errs[1]), math.Log2(errs[1]/errs[2]))
	}
}

func TestRobertson(t *testing.T) {
	sys := fn{n: 3, f: func(dy, y []float64, t float64) {
		dy[0] = -0.04*y[0] + 1e4*y[1]*y[2]
		dy[2] = 3e7 * y[1] * y[1]
		dy[1] = -dy[0] - dy[2]
	}}
	y := []float64{1, 0, 0}
	st, f := ode.Solve(sys, y, 0, 40, ode.Options{Rtol: 1e-8, Atol: []float64{1e-14}}, ode.Base{})
	t.Log(y, st, f) // 0.7158270688, 9.185534765e-6, 0.2841637457
}

type ball struct {
	ode.Base
	n  int
	at []float64
}

func (b *ball) OnCrossing(t float64, y []float64, which []int, rising []bool) (bool, bool, error) {
	if rising[0] {
		return false, false, nil
	}
	b.at = append(b.at, t)
	y[0] = 0
	y[1] = -0.8 * y[1]
	return true, len(b.at) == 5, nil
}

func TestBall(t *testing.T) {
	sys := fn{n: 2, k: 1, f: func(dy, y []float64, t float64) { dy[0], dy[1] = y[1], -9.81 }, g: func(g, y []float64, t float64) { g[0] = y[0] }}
	b := &ball{}
	y := []float64{10, 0}
	st, f := ode.Solve(sys, y, 0, 20, ode.Options{}, b)
	t.Log(b.at, math.Sqrt(20/9.81), st, f)
}
