package sim_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/sim"
)

// quick reads an Antimony model and makes the reactions fast whose id begins with "fast".
func quick(t *testing.T, text string) *model.Model {
	t.Helper()
	doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: "model m()\n" + text + "\nend\n"}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, "m")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	for i := range m.Reactions {
		m.Reactions[i].Fast = strings.HasPrefix(m.Reactions[i].ID, "fast")
	}
	return m
}

func TestFastReactions(t *testing.T) {
	decay := func(x float64) float64 { return math.Exp(-x) }
	for _, c := range []struct {
		name, text string
		want       []func(float64) float64
	}{
		// A <-> B at A = 2 B, and A is lost at rate A: (A+B)' = -A = -2/3 (A+B)
		{"an equilibrium and a slow loss", "species A, B; A = 3; B = 0; fast: A -> B; A - 2*B; loss: A -> ; A",
			[]func(float64) float64{func(x float64) float64 { return 2 * math.Exp(-2*x/3) }, func(x float64) float64 { return math.Exp(-2 * x / 3) }}},
		{"rate constants of no consequence", "species A, B; A = 3; B = 0; fast: A -> B; 1e-6*(A - 2*B); loss: A -> ; A",
			[]func(float64) float64{func(x float64) float64 { return 2 * math.Exp(-2*x/3) }, func(x float64) float64 { return math.Exp(-2 * x / 3) }}},
		{"large rate constants", "species A, B; A = 3; B = 0; fast: A -> B; 1e8*(A - 2*B); loss: A -> ; A",
			[]func(float64) float64{func(x float64) float64 { return 2 * math.Exp(-2*x/3) }, func(x float64) float64 { return math.Exp(-2 * x / 3) }}},
		{"two that say the same", "species A, B; A = 3; B = 0; fast: A -> B; A - 2*B; fast2: B -> A; 2*B - A; loss: A -> ; A",
			[]func(float64) float64{func(x float64) float64 { return 2 * math.Exp(-2*x/3) }, func(x float64) float64 { return math.Exp(-2 * x / 3) }}},
		{"a chain", "species A, B, D; A = 0; B = 3; D = 0; fast1: A -> B; A - B; fast2: B -> D; B - D; loss: D -> ; D",
			[]func(float64) float64{func(x float64) float64 { return math.Exp(-x / 3) }, func(x float64) float64 { return math.Exp(-x / 3) }}},
		{"extinction", "species A, B; A = 3; B = 0; fast: A -> 2 B; A; feed: -> A; 1; loss: B -> ; B",
			[]func(float64) float64{func(float64) float64 { return 0 }, func(x float64) float64 { return 2 + 4*decay(x) }}},
		{"two partners, the lesser one is used up", "species A, B; A = 3; B = 1; fast: A + B -> ; A*B; feed: -> B; 1",
			[]func(float64) float64{func(x float64) float64 { return math.Max(2-x, 0) }, func(x float64) float64 { return math.Max(x-2, 0) }}},
		{"two partners in equal amounts", "species A, B; A = 1; B = 1; fast: A + B -> ; A*B; feed: -> B; 1",
			[]func(float64) float64{func(x float64) float64 { return 0 }, func(x float64) float64 { return x }}},
		{"from an unstable equilibrium it stays, beside it it leaves", "species A, B; A = 4; B = 4; fast: A -> B; -A*B; loss: A -> ; A",
			[]func(float64) float64{func(x float64) float64 { return 8 * decay(x) }, func(float64) float64 { return 0 }}},
		{"a rate that turns round", "species A, B; A = 3; B = 3; k := 1.26 - time; fast: A -> B; piecewise(A*k, k > 0, B*k)",
			[]func(float64) float64{func(x float64) float64 {
				if x < 1.26 {
					return 0
				}
				return 6
			}, func(x float64) float64 {
				if x < 1.26 {
					return 6
				}
				return 0
			}}},
		{"a rate that turns round with a state", "species A, B; A = 3; B = 3; k = 1.26; k' = -1; fast: A -> B; piecewise(A*k, k > 0, B*k)",
			[]func(float64) float64{func(x float64) float64 {
				if x < 1.26 {
					return 0
				}
				return 6
			}, func(x float64) float64 {
				if x < 1.26 {
					return 6
				}
				return 0
			}}},
		{"turned on and off by events", "species A, B; A = 0; B = 4; k = 0; fast: A -> B; k*A; make: B -> A; 1; at time > 1: k = 1; at time > 1.5: k = 0",
			[]func(float64) float64{func(x float64) float64 {
				switch {
				case x <= 1:
					return x
				case x <= 1.5:
					return 0
				}
				return x - 1.5
			}}},
		{"an event disturbs it", "species A, B; A = 1; B = 1; fast: A -> B; A - B; at time > 1: A = 5",
			[]func(float64) float64{func(x float64) float64 {
				if x <= 1 {
					return 1
				}
				return 3
			}}},
		{"with an algebraic rule", "species A, B; A = 3; B = 0; var k; k = 3; 0 = k^2 - 4; fast: A -> B; A - k*B; loss: A -> ; A",
			[]func(float64) float64{func(x float64) float64 { return 2 * math.Exp(-2*x/3) }, func(x float64) float64 { return math.Exp(-2 * x / 3) }}},
		{"in a compartment", "compartment C = 2; species A in C, B in C; A = 3; B = 0; fast: A -> B; C*(A - 2*B); loss: A -> ; C*A",
			[]func(float64) float64{func(x float64) float64 { return 2 * math.Exp(-2*x/3) }, func(x float64) float64 { return math.Exp(-2 * x / 3) }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr, ms, f := courseOf(quick(t, c.text), 3, 40, "A", "B")
			follows(t, tr, ms, f, 1e-7, c.want...)
		})
	}
}

func TestFastFaultsAreNamed(t *testing.T) {
	m := quick(t, "species A, B; A = 1; B = 0; n = 1; n' = 1; fast: A -> B; A")
	m.Reactions[0].Products[0].Stoichiometry = model.Sym("n")
	if _, ms, _ := courseOf(m, 1, 1, "A"); !ms.HasErrors() || !strings.Contains(ms.Error(), "changes continuously") {
		t.Errorf("got %v", ms)
	}
	m = quick(t, "species A, B; A = 1; B = 0; fast: A -> B; A; r := rateOf(A)")
	if _, ms, _ := courseOf(m, 1, 1, "A"); !ms.HasErrors() || !strings.Contains(ms.Error(), "fast reactions change it") {
		t.Errorf("got %v", ms)
	}
}

// TestFastTurns turns rates round at many times, by conditions and by factors that change
// their sign, and lets one of two partners run out at many times.
func TestFastTurns(t *testing.T) {
	for n := 0; n < 40; n++ {
		at := 0.3 + 2.3*math.Mod(float64(n)*0.6180339887, 1)
		turn := func(before, after float64) func(float64) float64 {
			return func(x float64) float64 {
				if x < at {
					return before
				}
				return after
			}
		}
		for _, text := range []string{
			fmt.Sprintf("species A, B; A = 3; B = 3; k := %g - time; fast: A -> B; piecewise(A*k, k > 0, B*k)", at),
			fmt.Sprintf("species A, B; A = 3; B = 3; k = %g; k' = -1; fast: A -> B; 0.01*piecewise(A*k, k > 0, B*k)", at),
			fmt.Sprintf("species A, B; A = 3; B = 3; fast: A -> B; 100*piecewise(A, time < %g, -B)", at),
		} {
			tr, ms, f := courseOf(quick(t, text), 3, 7, "A", "B")
			follows(t, tr, ms, f, 1e-6, turn(0, 6), turn(6, 0))
			if t.Failed() {
				t.Fatal(text)
			}
		}
		text := fmt.Sprintf("species A, B; A = %g; B = 1; fast: A + B -> ; 3*A*B; feed: -> B; 1", at+1)
		tr, ms, f := courseOf(quick(t, text), 3, 7, "A", "B")
		follows(t, tr, ms, f, 1e-6, func(x float64) float64 { return math.Max(at-x, 0) }, func(x float64) float64 { return math.Max(x-at, 0) })
		if t.Failed() {
			t.Fatal(text)
		}
	}
}

// TestGeneralPathBits: a worker that was used before gives the same bits as a new one.
func TestGeneralPathBits(t *testing.T) {
	m := quick(t, `species A, B, D; A = 3; B = 0; D = 1; k = 2; var z; z = 1
fast: A -> B; A - k*B; loss: A -> ; A*delay(D, d); D' = -delay(D, d); d = 0.7; 0 = z^3 + z - A
at time > 1: k = 1; at delay(A, 1.3) < 1.5: D = 2`)
	plan, ms := sim.Build(sim.Config{Model: m, Rtol: 1e-8, Discontinuities: true, Record: []compile.Selection{{ID: "A"}, {ID: "z"}, {Expr: formula(t, "delay(B, 0.2)")}}})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	one := func(w *sim.Worker, k int) []float64 {
		pt := sim.Patient{Number: k, Values: []sim.Setting{{ID: "d", Value: 0.5 + 0.1*float64(k)}, {ID: "k", Value: 1 + float64(k)}}}
		b, f := w.Settle(pt, 0)
		if f != nil {
			t.Fatal(f)
		}
		tr, f := w.Run(pt, b, sim.Schedule{End: 4, Times: sim.Times(0, 4, 20)})
		if f != nil {
			t.Fatal(f)
		}
		return slices.Concat(tr.Values...)
	}
	used := plan.NewWorker()
	for _, k := range []int{3, 1, 4, 0, 2} {
		if a, b := one(used, k), one(plan.NewWorker(), k); !slices.Equal(a, b) {
			t.Errorf("patient %d: a used worker gives other bits", k)
		}
	}
}
