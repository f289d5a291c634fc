package sim_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"thymus/regimen"
	"thymus/sim"
)

// TestTsitLanes: patients with doses, events and rules are solved by tsit5 in lanes as they
// are alone, to the tolerance, and with the same bits beside any others.
func TestTsitLanes(t *testing.T) {
	p := build(t, "model m()\n  var A = 1; var B = 0; k = 1; n = 0; A' = -k*A; B' = k*A - 0.3*B + 0.1*sin(time);\n  at B > 0.8: B = B/2, n = n + 1;\nend\n", func(c *sim.Config) {
		c.Method = "tsit5"
		c.Actions = append(c.Actions, withDose(t, "A"))
	})
	s := sim.Schedule{End: 30, Doses: []sim.Dose{{Intervention: regimen.Intervention{Time: 3, Action: "dose", Amount: 2}, Hold: -1}, {Intervention: regimen.Intervention{Time: 11, Action: "dose", Amount: 5}, Hold: -1}}}
	who := func(k int) sim.Patient {
		return sim.Patient{Number: k, Values: []sim.Setting{{ID: "k", Value: 0.5 + 0.1*float64(k)}}}
	}
	run := func(from, n, workers int) (states [][]float64) {
		err := sim.EachPatient(context.Background(), p, n, workers, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) []float64 {
			tr, f := w.Run(who(from+k), sim.Begin{}, s)
			if f != nil || tr.Retry != "" {
				t.Errorf("patient %d: %v, %q", from+k, f, tr.Retry)
			}
			return w.State()
		}, func(_ int, y []float64) error { states = append(states, y); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return states
	}
	all := run(0, 21, 2)
	w := p.NewWorker()
	for k, y := range all {
		if alone := run(k, 1, 1)[0]; !slices.Equal(alone, y) {
			t.Errorf("patient %d: %x among others, %x alone", k, y, alone)
		}
		if _, f := w.Run(who(k), sim.Begin{}, s); f != nil {
			t.Fatal(f)
		}
		for i, v := range w.State() {
			if math.Abs(v-y[i]) > 1e-7 {
				t.Errorf("patient %d, state %d: %g in a lane, %g without one", k, i, y[i], v)
			}
		}
	}
}
