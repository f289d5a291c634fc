package sim_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/regimen"
	"thymus/sim"
)

func build(t testing.TB, text string, change func(*sim.Config)) *sim.Plan {
	t.Helper()
	m := flat(t, text)
	c := sim.Config{Model: m, Rtol: 1e-9, Atol: map[string]float64{"A": 1e-12, "B": 1e-12, "x": 1e-12}}
	if change != nil {
		change(&c)
	}
	p, ms := sim.Build(c)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return p
}

func formula(t testing.TB, text string) *model.Expr {
	e, ms := antimony.ParseText(text)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return e
}

func do(t testing.TB, p *sim.Plan, s sim.Schedule) (*sim.Trajectory, *sim.Failure) {
	t.Helper()
	w := p.NewWorker()
	b, f := w.Settle(sim.Patient{}, s.Start)
	if f != nil {
		t.Fatal(f)
	}
	return w.Run(sim.Patient{Number: 17}, b, s)
}

var doseA = compile.Action{ID: "dose", DoseSymbol: "dose", Assignments: nil}

func withDose(t testing.TB, target string) compile.Action {
	a := doseA
	a.Assignments = []model.EventAssignment{{Variable: target, Math: formula(t, target+" + dose")}}
	return a
}

// TestDosesSuperpose: boluses and infusions into a linear system against closed forms.
func TestDosesSuperpose(t *testing.T) {
	p := build(t, "model m()\n  compartment C = 1; substanceOnly species A in C; A = 0;\n  out: A -> ; k*A;\n  k = 0.5;\nend\n", func(c *sim.Config) {
		c.Actions = []compile.Action{withDose(t, "A")}
		c.Infusible = []string{"A"}
		c.Record = []compile.Selection{{ID: "A"}}
	})
	dose := func(at, amount, duration float64) sim.Dose {
		return sim.Dose{Intervention: regimen.Intervention{Time: at, Action: "dose", Amount: amount, Duration: duration}, Hold: -1}
	}
	tr, f := do(t, p, sim.Schedule{End: 6, Times: []float64{1, 3, 6}, Doses: []sim.Dose{dose(0, 10, 0), dose(1, 4, 2), dose(3, 1, 0)}})
	if f != nil {
		t.Fatal(f)
	}
	e := func(x float64) float64 { return math.Exp(-0.5 * x) }
	infused := 4 / 2 / 0.5 * (1 - e(2))
	for i, want := range []float64{10 * e(1), 10*e(3) + infused, 10*e(6) + infused*e(3) + e(3)} {
		if got := tr.Values[0][i]; math.Abs(got-want) > 1e-7 {
			t.Errorf("at %g: %.10g, want %.10g", tr.Times[i], got, want)
		}
	}
}

// TestRules: a rule gives doses when its condition turns true, no more often than it may.
func TestRules(t *testing.T) {
	p := build(t, "model m()\n  compartment C = 1; substanceOnly species A in C; A = 0; x = 0; x' = 1;\n  out: A -> ; 0*A;\nend\n", func(c *sim.Config) {
		c.Actions = []compile.Action{withDose(t, "A")}
		c.Record = []compile.Selection{{ID: "A"}}
		c.Triggers = []sim.Trigger{{ID: "r", When: formula(t, "x >= 2")}}
	})
	rule := sim.Rule{Trigger: "r", Action: "dose", Amount: 5, AtMost: 3, Apart: 0.5}
	tr, f := do(t, p, sim.Schedule{End: 10, Times: []float64{10}, Rules: []sim.Rule{rule}})
	if f != nil {
		t.Fatal(f)
	}
	if tr.Values[0][0] != 15 || len(tr.Doses) != 3 || math.Abs(tr.Doses[0].Time-2) > 1e-9 || math.Abs(tr.Doses[2].Time-3) > 1e-9 {
		t.Errorf("A %g, doses %+v", tr.Values[0][0], tr.Doses)
	}
	if tr, _ = do(t, p, sim.Schedule{End: 10, Times: []float64{10}}); tr.Values[0][0] != 0 {
		t.Error("a rule that the patient is not under gave a dose")
	}
}

// TestEvents: priority, delay, values of the trigger time, persistence.
func TestEvents(t *testing.T) {
	p := build(t, `model m()
  var a = 0; var b = 0; var c = 0; var d = 0; x = 0; x' = 1;
  E1: at time >= 1, priority=1: a = b + 1;
  E2: at time >= 1, priority=2: b = 10;
  E3: at 2 after x > 1, fromTrigger=true: c = x;
  E4: at 2 after x > 1, fromTrigger=false: d = x;
  E5: at 5 after (x > 1 && x < 3), persistent=false: a = 100;
  E6: at time >= 0, t0=false: b = 1;
end
`, func(c *sim.Config) {
		c.RecordAfter = true
		for _, id := range []string{"a", "b", "c", "d"} {
			c.Record = append(c.Record, compile.Selection{ID: id})
		}
	})
	tr, f := do(t, p, sim.Schedule{End: 8, Times: []float64{0, 0.5, 1, 8}})
	if f != nil {
		t.Fatal(f)
	}
	for i, want := range [][]float64{{0, 0, 2, 2}, {1, 1, 10, 10}, {0, 0, 0, 1}, {0, 0, 0, 3}} {
		for k, v := range want {
			if got := tr.Values[i][k]; math.Abs(got-v) > 1e-6 {
				t.Errorf("%c at %g: %g, want %g", 'a'+rune(i), tr.Times[k], got, v)
			}
		}
	}
}

// TestFailureIsNamed: a patient that cannot be simulated says when, where and in what term.
func TestFailureIsNamed(t *testing.T) {
	p := build(t, "model m()\n  x = 1; x' = x^2;\nend\n", func(c *sim.Config) { c.Record = []compile.Selection{{ID: "x"}} })
	tr, f := do(t, p, sim.Schedule{End: 3, Times: []float64{0, 0.5, 2}})
	if f == nil || f.Species != "x" || !strings.Contains(f.Error(), "patient 17") || !strings.Contains(f.Error(), "x^2") {
		t.Errorf("failure %v", f)
	}
	if len(tr.Times) != 2 {
		t.Errorf("%d times before the failure, want 2", len(tr.Times))
	}
}

func TestSignalsMayNotDrive(t *testing.T) {
	doc, _ := antimony.Read(&diag.Source{Name: "m.ant", Text: "model m()\n  x = 1; z = 0; x' = z - x;\nend\n"}, nil)
	m, _ := model.Flatten(doc, "m")
	if _, ms := sim.Build(sim.Config{Model: m, Signals: []string{"z"}}); !ms.HasErrors() || !strings.Contains(ms.Error(), "signal") {
		t.Errorf("a derivative reads a signal: %v", ms)
	}
}

func TestEachDeliversInOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		next := 0
		err := sim.Each(context.Background(), 500, workers, func() int { return 0 }, func(_ int, k int) int { return k * k }, func(k, v int) error {
			if k != next || v != k*k {
				t.Fatalf("got %d: %d, want %d", k, v, next)
			}
			next++
			return nil
		})
		if err != nil || next != 500 {
			t.Errorf("%d workers: %d delivered, %v", workers, next, err)
		}
	}
	stop := errors.New("stop")
	if err := sim.Each(context.Background(), 100, 3, func() int { return 0 }, func(_ int, k int) int { return k }, func(k, _ int) error {
		if k == 10 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Errorf("an error of delivery became %v", err)
	}
}
