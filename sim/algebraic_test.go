package sim_test

import (
	"math"
	"strings"
	"testing"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/sim"
)

// course simulates an Antimony model and gives the recorded rows.
func course(t *testing.T, text string, end float64, steps int, ids ...string) (*sim.Trajectory, diag.Messages, *sim.Failure) {
	t.Helper()
	m := flat(t, text)
	return courseOf(m, end, steps, ids...)
}

func courseOf(m *model.Model, end float64, steps int, ids ...string) (*sim.Trajectory, diag.Messages, *sim.Failure) {
	c := sim.Course{Model: m, End: end, Steps: steps}
	for _, id := range ids {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	return c.Run()
}

// follows compares each recorded id with a function of time.
func follows(t *testing.T, tr *sim.Trajectory, ms diag.Messages, f *sim.Failure, tolerance float64, want ...func(x float64) float64) {
	t.Helper()
	if ms.HasErrors() || f != nil {
		t.Fatal(ms, f)
	}
	for i, w := range want {
		for k, x := range tr.Times {
			if v := w(x); !(math.Abs(tr.Values[i][k]-v) <= tolerance*(1+math.Abs(v))) {
				t.Errorf("column %d at %g: %.12g, want %.12g", i, x, tr.Values[i][k], v)
				break
			}
		}
	}
}

func TestAlgebraicRules(t *testing.T) {
	decay := func(x float64) float64 { return math.Exp(-x) }
	for _, c := range []struct {
		name, text string
		want       []func(float64) float64
	}{
		{"linear: an assignment", "x' = -x; x = 1; var y; 0 = 2*y - x", []func(float64) float64{decay, func(x float64) float64 { return decay(x) / 2 }}},
		{"not linear: the root near the start value", "x' = -x; x = 1; var y; y = 3; 0 = y^2 - x - 1", []func(float64) float64{decay, func(x float64) float64 { return math.Sqrt(decay(x) + 1) }}},
		{"the other root", "x' = -x; x = 1; var y; y = -3; 0 = y^2 - x - 1", []func(float64) float64{decay, func(x float64) float64 { return -math.Sqrt(decay(x) + 1) }}},
		{"no value: the search starts at 1", "x' = -x; x = 1; var y; 0 = y^3 + y - x", []func(float64) float64{decay, func(x float64) float64 {
			y := 1.0
			for i := 0; i < 60; i++ {
				y -= (y*y*y + y - decay(x)) / (3*y*y + 1)
			}
			return y
		}}},
		{"two rules that need each other", "x' = -x; x = 1; var y, z; 0 = y + z - x; 0 = y - z - 2*x", []func(float64) float64{decay, func(x float64) float64 { return 1.5 * decay(x) }}},
		{"it feeds back", "x' = -y; x = 1; var y; 0 = y - x*exp((y - x)/2)", []func(float64) float64{decay, decay}},
		{"by a reaction's rate", "x' = -x; x = 1; var y; species P; P = 0; r: -> P; 2*y; 0 = r - 4*x", []func(float64) float64{decay, func(x float64) float64 { return 2 * decay(x) }}},
		{"a formula of the start needs it", "x' = -k*x; x = 1; k = y/2; var y; y = 1.5; 0 = y^2 - 2*x0 - 2; const x0 = 1", []func(float64) float64{decay, func(float64) float64 { return 2 }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, ms, f := course(t, "model m()\n"+c.text+"\nend\n", 3, 12, "x", "y")
			follows(t, tr, ms, f, 2e-8, c.want...)
		})
	}
}

// TestAlgebraicConcentrationAndEvents: an unknown species in a compartment that is not 1,
// and an event that changes what it depends on.
func TestAlgebraicConcentrationAndEvents(t *testing.T) {
	tr, ms, f := course(t, `model m()
  compartment C = 4; species S in C, T in C; S = 1; T = 1
  S' = -S
  0 = T^3 - S^3
  at time > 1: S = 5
end
`, 2, 8, "T", "S")
	want := func(x float64) float64 {
		if x <= 1 {
			return math.Exp(-x)
		}
		return 5 * math.Exp(1-x)
	}
	follows(t, tr, ms, f, 1e-8, want, want)
}

// TestInitialAssignmentReadsAlgebraicUnknown: both are solved together.
func TestInitialAssignmentReadsAlgebraicUnknown(t *testing.T) {
	tr, ms, f := course(t, "model m()\nvar y; y = 1; x = y + 1; x' = -x; 0 = y^2 - 4*time - 9\nend\n", 1, 4, "x", "y")
	follows(t, tr, ms, f, 1e-8, func(x float64) float64 { return 4 * math.Exp(-x) }, func(x float64) float64 { return math.Sqrt(4*x + 9) })
}

func TestAlgebraicFaultsAreNamed(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"x' = -x; x = 1; const k = 2; 0 = k*x - 3", "nothing to determine"},
		{"x' = -x; x = 1; var y; 0 = y - x; 0 = y - 2*x", "over-determined: 2 algebraic rules for 1 symbols (y)"},
		{"x' = -x; x = 1; var y, z; y = 1; z = 1; 0 = y*z - x", "under-determined"},
		{"species A, B; A = 1; B = 1; A -> B; A; 0 = A + B - 2", "is changed by reaction"},
	} {
		_, ms, _ := course(t, "model m()\n"+c.text+"\nend\n", 1, 1)
		if !ms.HasErrors() || !strings.Contains(ms.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.text, ms, c.want)
		}
	}
	_, _, f := course(t, "model m()\nx' = -1; x = 1; var y; y = 1; 0 = y^2 - x\nend\n", 2, 4, "y")
	if f == nil || f.Species != "y" || !strings.Contains(f.Term, "0 = y^2 - x") {
		t.Errorf("a root that ceases to exist: %v", f)
	}
}
