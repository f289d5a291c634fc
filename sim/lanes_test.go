package sim_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"thymus/compile"
	"thymus/kernel"
	"thymus/sim"
)

// TestBackend: a smooth plan runs on the machine's back end, whose code passed its check;
// what needs the general path says why it does not.
func TestBackend(t *testing.T) {
	want, err := kernel.Choose()
	if err != nil {
		t.Fatal(err)
	}
	p := build(t, "model m()\n  var A = 1; k = 2; n = 1.5; A' = -k*A^n/(1 + exp(-A)); \nend\n", nil)
	if got, err := p.Backend(); err != nil || got != want.Name {
		t.Errorf("Backend() = %q, %v; want %q", got, err, want.Name)
	}
	if want.Lanes < 2 {
		return
	}
	for _, method := range []string{"auto", "bdf"} {
		p = build(t, "model m()\n  var A = 1; A' = -A;\nend\n", func(c *sim.Config) { c.Method = method })
		if got, _ := p.Backend(); got != "interpreter (method "+method+" runs one patient at a time)" {
			t.Errorf("by %s: Backend() = %q", method, got)
		}
	}
	p = build(t, "model m()\n  var A = 1; A' = -delay(A, 1);\nend\n", nil)
	if got, _ := p.Backend(); got != "interpreter (algebraic rules, delays or fast reactions)" {
		t.Errorf("with a delay: Backend() = %q", got)
	}
}

// TestReactionLanes: patients with their own rates and pulses have the same bits in lanes,
// alone, and with any number of workers; also where an event watches the reactions.
func TestReactionLanes(t *testing.T) {
	t.Run("plain", func(t *testing.T) { reactionLanes(t, "") })
	t.Run("event", func(t *testing.T) { reactionLanes(t, "grown: at (X > 45): X = 10;") })
}

func reactionLanes(t *testing.T, event string) {
	p := build(t, `model m()
  compartment C = 1; substanceOnly species X in C, Y in C; X = 40; Y = 3; b = 5; d = 0.2; k = 0.01;
  birth: -> X; b;
  death: X -> ; d*X;
  bind: X + Y -> 2Y; k*X*Y;
  loss: Y -> ; d*Y;
  `+event+`
end
`, func(c *sim.Config) {
		c.Jump = "ssa"
		c.Variables = []string{"b"}
	})
	const n = 40
	patient := func(k int) (sim.Patient, sim.Schedule) {
		pt := sim.Patient{Number: k, Values: []sim.Setting{{ID: "d", Value: 0.1 + 0.01*float64(k)}}}
		if k%3 == 0 {
			pt.Pulses = []sim.Pulse{{Target: "b", Start: 3, Duration: 4, Height: 20}}
		}
		return pt, sim.Schedule{End: 10, Times: []float64{0, 1, 2, 3, 5, 10}, Seed: 3}
	}
	do := func(w *sim.Worker, k int) *sim.Trajectory {
		pt, s := patient(k)
		tr, failure := w.Run(pt, sim.Begin{}, s)
		if failure != nil {
			t.Error(failure)
		}
		return tr
	}
	alone := p.NewWorker()
	for _, workers := range []int{1, 3} {
		err := sim.EachPatient(context.Background(), p, n, workers, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, do, func(k int, tr *sim.Trajectory) error {
			want := do(alone, k)
			if tr.Firings == 0 || tr.Firings != want.Firings {
				t.Errorf("patient %d: %d firings, alone %d", k, tr.Firings, want.Firings)
			}
			for i := range tr.Values {
				if !slices.Equal(tr.Values[i], want.Values[i]) {
					t.Errorf("patient %d: %v, alone %v", k, tr.Values[i], want.Values[i])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestAloneOnBackend: where a back end was named, one patient runs by its code, with the
// bits that it has among others; what needs the general path says why.
func TestAloneOnBackend(t *testing.T) {
	best, err := kernel.Choose()
	if err != nil {
		t.Fatal(err)
	}
	const text = "model m()\n  var A = 1; k = 2; A' = -k*A/(1 + exp(-A)); at A < 0.3: A = 1;\nend\n"
	s := sim.Schedule{End: 5, Times: []float64{1, 2, 3, 4, 5}}
	t.Setenv(kernel.Variable, "")
	p := build(t, text, func(c *sim.Config) { c.Record = []compile.Selection{{ID: "A"}} })
	plain, f := p.NewWorker().Run(sim.Patient{}, sim.Begin{}, s)
	if f != nil || plain.Backend != "" {
		t.Fatalf("failure %v, back end %q before one was named", f, plain.Backend)
	}
	t.Setenv(kernel.Variable, best.Name)
	w := p.NewWorker()
	alone, f := w.Run(sim.Patient{}, sim.Begin{}, s)
	if f != nil || alone.Backend != best.Name {
		t.Fatalf("failure %v, back end %q, want %s", f, alone.Backend, best.Name)
	}
	for i, v := range plain.Values[0] {
		if math.Abs(alone.Values[0][i]-v) > 1e-7 {
			t.Errorf("at %g: %v by %s, %v by the interpreter", s.Times[i], alone.Values[0][i], best.Name, v)
		}
	}
	newWorker := func() *sim.Worker { return p.NewWorker() }
	err = sim.EachPatient(context.Background(), p, 5, 1, newWorker, func(w *sim.Worker) *sim.Worker { return w },
		func(w *sim.Worker, k int) *sim.Trajectory {
			tr, f := w.Run(sim.Patient{}, sim.Begin{}, s)
			if f != nil {
				t.Error(f)
			}
			return tr
		}, func(k int, tr *sim.Trajectory) error {
			if !slices.Equal(tr.Values[0], alone.Values[0]) {
				t.Errorf("patient %d among others %v, alone %v", k, tr.Values[0], alone.Values[0])
			}
			return nil
		})
	if err != nil {
		t.Error(err)
	}
	if best.Lanes < 2 {
		return
	}
	p = build(t, "model m()\n  var A = 1; A' = -delay(A, 1);\nend\n", nil)
	if tr, f := p.NewWorker().Run(sim.Patient{}, sim.Begin{}, s); f != nil || tr.Backend != "interpreter (algebraic rules, delays or fast reactions)" {
		t.Errorf("with a delay: %v, back end %q", f, tr.Backend)
	}
}
