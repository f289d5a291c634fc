package sim_test

import (
	"math"
	"strings"
	"testing"
)

// stepwise is the solution of x' = -x(t-1), x = 1 before 0, by the method of steps.
func stepwise(t float64) float64 {
	if t < 0 {
		return 1
	}
	sum, factorial := 0.0, 1.0
	for k := 0; float64(k) <= math.Floor(t)+1; k++ {
		if k > 0 {
			factorial *= -float64(k)
		}
		sum += math.Pow(t-float64(k-1), float64(k)) / factorial
	}
	return sum
}

func TestDelays(t *testing.T) {
	past := func(x float64) float64 { return stepwise(x - 1) }
	ramp := func(x float64) float64 { return math.Max(x, 0) }
	for _, c := range []struct {
		name, text string
		end        float64
		want       []func(float64) float64
	}{
		{"method of steps", "x' = -delay(x, 1); x = 1; y := delay(x, 1)", 5, []func(float64) float64{stepwise, past}},
		{"the delay is a parameter", "x' = -delay(x, d); d = 1; x = 1; y := delay(x, d)", 5, []func(float64) float64{stepwise, past}},
		{"a delay that a rule gives", "x' = -delay(x, d); d := 1 + 0*time; x = 1; y := delay(delay(x, 0.5), 0.5)", 5, []func(float64) float64{stepwise, past}},
		{"of a formula", "x' = -delay(2*x + time, 1)/2 + (time - 1)/2; x = 1; y := delay(x*time, 1)", 5, []func(float64) float64{stepwise, func(x float64) float64 { return stepwise(x-1) * (x - 1) }}},
		{"in a function", "x' = -late(x); x = 1; y := late(x)", 5, []func(float64) float64{stepwise, past}},
		{"delay 0 at run time", "x' = -delay(x, d); const d = 0; x = 1; y := delay(x, d)", 3, []func(float64) float64{func(x float64) float64 { return math.Exp(-x) }, func(x float64) float64 { return math.Exp(-x) }}},
		{"by the time", "x' = 1; x = 0; y := delay(x, time/2)", 3, []func(float64) float64{ramp, func(x float64) float64 { return x / 2 }}},
		{"of a rate", "x' = -x; x = 1; y := delay(rateOf(x), 1)", 3, []func(float64) float64{func(x float64) float64 { return math.Exp(-x) }, func(x float64) float64 {
			if x < 1 {
				return 0 // nothing changes before the start
			}
			return -math.Exp(1 - x)
		}}},
		{"before the start an initial assignment holds", "x = sin(time); x' = cos(time); y := delay(x, 1)", 3, []func(float64) float64{math.Sin, func(x float64) float64 { return math.Sin(x - 1) }}},
		{"in an initial assignment", "x = delay(z, 2); z := time^2 + 1; x' = 0*y; y := x", 1, []func(float64) float64{func(float64) float64 { return 5 }}},
		{"an event is remembered", "x' = 1; x = 0; at time > 0.5: x = 10; y := delay(x, 1)", 3, []func(float64) float64{func(x float64) float64 {
			if x <= 0.5 {
				return x
			}
			return 9.5 + x
		}, func(x float64) float64 {
			switch {
			case x < 1:
				return 0
			case x < 1.5:
				return x - 1
			}
			return 9.5 + x - 1
		}}},
		{"in a trigger and an assignment", "x' = 1; x = 0; y = 0; at delay(x, 1) > 0.7: y = delay(x, 0.5)", 3, []func(float64) float64{ramp, func(x float64) float64 {
			if x < 1.7 {
				return 0
			}
			return 1.2
		}}},
		{"a delayed event", "x' = 1; x = 0; y = 0; at delay(x, 1) after x - delay(x, 1): y = 1", 3, []func(float64) float64{ramp}},
		{"in an algebraic rule", "x' = -y; x = 1; var y; 0 = y^3 + y - delay(x, 1) - delay(x^3, 1)", 5, []func(float64) float64{stepwise, past}},
		{"a value that reads its own past", "x' = 0*x; x = 0; at time >= 1: x = 1; y := x + 0.5*delay(w, 1); w := x", 3, []func(float64) float64{nil, func(v float64) float64 {
			switch {
			case v < 1:
				return 0
			case v < 2:
				return 1
			}
			return 1.5
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "function late(a)\n delay(a, 1)\nend\nmodel m()\n" + c.text + "\nend\n"
			tr, ms, f := course(t, text, c.end, 37, "x", "y")
			if ms.HasErrors() || f != nil {
				t.Fatal(ms, f)
			}
			if tr.Path == nil && !strings.Contains(c.name, "initial assignment") {
				t.Error("the general path is not named")
			}
			for i, w := range c.want {
				if w == nil {
					continue
				}
				for k, x := range tr.Times {
					if v := w(x); !(math.Abs(tr.Values[i][k]-v) <= 3e-8*(1+math.Abs(v))) {
						t.Errorf("column %d at %g: %.12g, want %.12g", i, x, tr.Values[i][k], v)
						break
					}
				}
			}
		})
	}
}

func TestDelayFaultsAreNamed(t *testing.T) {
	_, ms, _ := course(t, "model m()\nx' = -delay(x, -1); x = 1\nend\n", 1, 1, "x")
	if !ms.HasErrors() || !strings.Contains(ms.Error(), "must be 0 or more") {
		t.Errorf("got %v", ms)
	}
	_, ms, f := course(t, "model m()\nx' = -delay(x, d); x = 1; d := 0.5 - time\nend\n", 2, 2, "x")
	if ms.HasErrors() || f == nil || !strings.Contains(f.Error(), "must be 0 or more") {
		t.Errorf("got %v %v", ms, f)
	}
	_, ms, f = course(t, "model m()\nx' = w; x = 1; w := delay(w, 1) + 1\nend\n", 2, 2, "x")
	if ms.HasErrors() || f == nil || !strings.Contains(f.Error(), "without end") {
		t.Errorf("got %v %v", ms, f)
	}
}
