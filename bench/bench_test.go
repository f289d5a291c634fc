package bench

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"thymus/sim"
)

// TestDerivatives compares every problem's compiled right-hand side with numbers that
// another program made from the problem's original text (testdata/derivatives.json).
func TestDerivatives(t *testing.T) {
	text, err := os.ReadFile("testdata/derivatives.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	type reference struct {
		States []string
		Cases  []struct {
			Values map[string]float64
			Y, DY  []float64
		}
	}
	for _, p := range Problems() {
		t.Run(p.ID, func(t *testing.T) {
			var ref reference
			if err := json.Unmarshal(all[p.ID], &ref); err != nil {
				t.Fatal(err)
			}
			plan, err := p.Plan(Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(slices.Sorted(slices.Values(plan.States)), slices.Sorted(slices.Values(ref.States))) {
				t.Fatalf("states %v, want %v", plan.States, ref.States)
			}
			program := plan.plan.Program()
			in := program.New()
			y, dy := make([]float64, in.Dim()), make([]float64, in.Dim())
			index := func(i int) int {
				k, ok := program.StateIndex(ref.States[i])
				if !ok {
					t.Fatalf("%s is no state", ref.States[i])
				}
				return k
			}
			for c, x := range ref.Cases {
				in.Reset()
				for id, v := range x.Values {
					k, ok := program.ConstantIndex(id)
					if !ok && id != "kr11" { // of egfr, where it does nothing
						t.Fatalf("%s is no constant", id)
					}
					if ok {
						in.Set(k, v)
					}
				}
				if err := in.Start(y, 0); err != nil {
					t.Fatal(err)
				}
				for i, v := range x.Y {
					if k := index(i); c == 0 && y[k] != v {
						t.Errorf("%s starts at %v, want %v", ref.States[i], y[k], v)
					} else {
						y[k] = v
					}
				}
				in.Deriv(dy, y, []float64{0})
				high := 0.0
				for _, v := range x.DY {
					high = math.Max(high, math.Abs(v))
				}
				for i, want := range x.DY {
					if got := dy[index(i)]; !(math.Abs(got-want) <= 1e-11*math.Abs(want)+1e-14*high) {
						t.Errorf("case %d: d(%s)/dt is %v, want %v", c, ref.States[i], got, want)
					}
				}
			}
		})
	}
}

// TestErrorMeasure works the measure out by hand on one state.
func TestErrorMeasure(t *testing.T) {
	p := Problem{End: 2, Outputs: 2, Atol: 1e-3, Doses: []Dose{{Target: "A", At: 1}}}
	ref := &States{Patients: 1, Outputs: 3, Dim: 1, Y: []float64{100, 1, 0}}
	got, where := p.MaxError(&States{Patients: 1, Outputs: 3, Dim: 1, Y: []float64{100, 7, 0.02}}, ref)
	if want := 0.02 / (0 + 0.1 + 0.1); math.Abs(got-want) > 1e-15 || where != [3]int{0, 2, 0} {
		t.Errorf("error %v at %v, want %v at the last output: the one with a dose does not count", got, where, want)
	}
	if got, _ := p.MaxError(&States{Patients: 1, Outputs: 3, Dim: 1, Y: []float64{math.NaN(), 1, 0}}, ref); !math.IsInf(got, 1) {
		t.Errorf("the error of what is not a number is %v", got)
	}
}

// TestAccuracy solves each problem at two tolerances: the tighter one is nearer the
// reference, and the looser one is near enough.
func TestAccuracy(t *testing.T) {
	for _, p := range Problems() {
		t.Run(p.ID, func(t *testing.T) {
			if testing.Short() {
				t.Skip("long")
			}
			const n = 2
			ref, err := p.Reference(context.Background(), n, Settings{})
			if err != nil {
				t.Fatal(err)
			}
			var errors []float64
			for _, rtol := range []float64{1e-6, 1e-9} {
				plan, err := p.Plan(Settings{Rtol: rtol})
				if err != nil {
					t.Fatal(err)
				}
				y, w, err := plan.Keep(context.Background(), n)
				if err != nil {
					t.Fatal(err)
				}
				if w.Stats.Accepted == 0 || w.Stats.Derivs <= w.Stats.Accepted {
					t.Errorf("work %+v", w.Stats)
				}
				e, _ := p.MaxError(y, ref)
				errors = append(errors, e)
			}
			if !(errors[0] < 1e-3 && errors[1] < errors[0]/10 && errors[1] > 0) {
				t.Errorf("errors %v", errors)
			}
		})
	}
}

// TestPatients: a patient is the same whatever the ensemble, and varies as it is said to.
func TestPatients(t *testing.T) {
	_, plan := planOf(t, "cart")
	const n = 4000
	var sum, squares float64
	for k := range n {
		z := plan.Patient(k).Values[0].Value / plan.base[0]
		sum += z
		squares += z * z
	}
	mean := sum / n
	cv := math.Sqrt(squares/n-mean*mean) / mean
	if math.Abs(mean-1) > 0.02 || math.Abs(cv-spread) > 0.02 {
		t.Errorf("mean %v of the model's value, coefficient of variation %v", mean, cv)
	}
	var alone, among *sim.Trajectory
	if _, err := plan.Run(context.Background(), 1, 1, func(_ int, x *sim.Trajectory) { alone = x }); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Run(context.Background(), 9, 2, func(k int, x *sim.Trajectory) {
		if k == 0 {
			among = x
		}
	}); err != nil {
		t.Fatal(err)
	}
	for i := range alone.Values {
		if !slices.Equal(alone.Values[i], among.Values[i]) {
			t.Fatalf("%s of patient 0 differs alone and among nine", plan.States[i])
		}
	}
}

// planOf is a problem and its plan at the settings that bench starts with.
func planOf(t *testing.T, name string) (Problem, *Plan) {
	t.Helper()
	p, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := p.Plan(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return p, plan
}
