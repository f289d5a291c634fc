package sim_test

import (
	"context"
	"math"
	"testing"

	"thymus/compile"
	"thymus/kernel"
	"thymus/population"
	"thymus/sim"
)

// TestSheet: what is recorded of patients in lanes, evaluated at several times at once by the
// back end, is what the interpreter gives for one time after the other: formulas of states,
// constants, signals and time, for any number of times, also where a patient ends early.
func TestSheet(t *testing.T) {
	const text = `model m()
  compartment C = 2; substanceOnly species A in C, B in C; A = 5; B = 30; k = 1; z = 0; K := exp(-k/7) + 1;
  turn: A -> B; 0.7*k*A; lose: B -> ; 0.1*B^1.7/(3 + B);
  at (time > 3.1): A = A + 4;
end
`
	record := []string{"A", "B/C", "K", "2.5", "time^2/3", "piecewise(ln(B), z > 0, A^k)", "max(A, exp(z))*(B + K)", "lose"}
	run := func(backend string, discrete bool) (out [][][]float64) {
		p := build(t, text, func(c *sim.Config) {
			c.Backend, c.Signals = backend, []string{"z"}
			for _, f := range record {
				c.Record = append(c.Record, compile.Selection{Expr: formula(t, f)})
			}
			if discrete {
				c.Jump, c.Discrete = sim.Hybrid, []sim.Discrete{{ID: "A", Below: 4}}
			}
		})
		err := sim.EachPatient(context.Background(), p, 21, 2, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) [][]float64 {
			pt := sim.Patient{Number: k, Values: []sim.Setting{{ID: "k", Value: 0.3 + 0.05*float64(k)}}}
			if k%3 > 0 { // the others have no path
				pt.Signals = map[string]*population.Signal{"z": population.NewSignal(1, k, "z", 0.2, 5, 1, 8)}
			}
			end := 6.0 - float64(k%4)
			s := sim.Schedule{Start: 0, End: end, Times: sim.Times(0, end, 5+k), Seed: 3}
			b, f := w.Settle(pt, 0)
			if f != nil {
				t.Error(f)
				return nil
			}
			tr, f := w.Run(pt, b, s)
			if f != nil {
				t.Error(f)
				return nil
			}
			if len(tr.Times) != len(s.Times) {
				t.Errorf("%s, patient %d: %d times, want %d", backend, k, len(tr.Times), len(s.Times))
			}
			return tr.Values
		}, func(_ int, v [][]float64) error { out = append(out, v); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, discrete := range []bool{false, true} {
		want := run("interpreter", discrete)
		for _, b := range kernel.Backends {
			if !b.Has || b.Lanes < 2 {
				continue
			}
			got := run(b.Name, discrete)
			for k := range want {
				for i := range want[k] {
					for j, v := range want[k][i] {
						if x := got[k][i][j]; !(math.Abs(x-v) <= 1e-9*(1+math.Abs(v))) {
							t.Fatalf("%s, discrete %v, patient %d: %s at time %d is %v, by the interpreter %v", b.Name, discrete, k, record[i], j, x, v)
						}
					}
				}
			}
		}
	}
}
