package sim_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"thymus/compile"
	"thymus/sim"
)

// TestSettleLanes: steady states that are looked for side by side, some lanes being in the
// middle of a run, are those found alone, and have the same bits whoever is beside them.
// Damage has no steady state and is held. In the second model the total of two forms is
// conserved, so that the matrix of Newton's method is singular and needs another pivot
// than the lane's.
func TestSettleLanes(t *testing.T) {
	const open = `model m()
  compartment C = 1; substanceOnly species A in C, B in C; A = 5; B = 1; k = 1;
  make: -> A; 40*k/(1 + B/20); turn: A -> B; 0.7*A^2/(30 + A^2)*20; lose: B -> ; 0.1*k*B;
  Damage = 3; Damage' = 0.01*A;
end
`
	const closed = `model m()
  compartment C = 1; substanceOnly species A in C, B in C; A = 5; B = 1; k = 1;
  turn: A -> B; 0.7*k*A; back: B -> A; 0.1*B;
  Damage = 3; Damage' = 0.01*A;
end
`
	for name, text := range map[string]string{"open": open, "closed": closed} {
		for _, discrete := range []bool{false, true} {
			t.Run(fmt.Sprint(name, discrete), func(t *testing.T) {
				p := build(t, text, func(c *sim.Config) {
					c.Record = []compile.Selection{{ID: "A"}, {ID: "B"}}
					c.Start = sim.StartSpec{Settle: true, Hold: []string{"Damage"}}
					if discrete {
						c.Jump, c.Discrete = sim.Hybrid, []sim.Discrete{{ID: "A", Below: 30}, {ID: "B", Below: 30}}
					}
				})
				patient := func(k int) sim.Patient {
					return sim.Patient{Number: k, Values: []sim.Setting{{ID: "k", Value: 0.3 + 0.05*float64(k)}}}
				}
				type result struct {
					begin sim.Begin
					last  float64
				}
				run := func(workers, from, n int) (out []result) {
					err := sim.EachPatient(context.Background(), p, n, workers, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) result {
						b, f := w.Settle(patient(from+k), 2)
						if f != nil {
							t.Error(f)
							return result{}
						}
						tr, f := w.Run(patient(from+k), b, sim.Schedule{Start: 2, End: 5 + float64((from+k)%3), Times: []float64{3, 5}, Seed: 4})
						if f != nil {
							t.Error(f)
							return result{}
						}
						return result{b, tr.Values[0][1]}
					}, func(_ int, r result) error { out = append(out, r); return nil })
					if err != nil {
						t.Fatal(err)
					}
					return out
				}
				all := run(1, 0, 40)
				w := p.NewWorker()
				for k, r := range all {
					want, f := w.Settle(patient(k), 2)
					if f != nil {
						t.Fatal(f)
					}
					if r.begin.How != want.How || len(r.begin.Y) != len(want.Y) {
						t.Fatalf("patient %d: settled by %s (%d states), alone by %s (%d)", k, r.begin.How, len(r.begin.Y), want.How, len(want.Y))
					}
					for i, v := range want.Y {
						if !(math.Abs(r.begin.Y[i]-v) <= 1e-9*math.Abs(v)) {
							t.Errorf("patient %d: state %d settles at %v, alone at %v", k, i, r.begin.Y[i], v)
						}
					}
				}
				for _, some := range [][]result{run(2, 0, 40), run(1, 0, 1), run(1, 0, 9)} {
					for k, r := range some {
						if r.last != all[k].last || fmt.Sprint(r.begin.Y) != fmt.Sprint(all[k].begin.Y) {
							t.Errorf("patient %d in another company: %v %v, want %v %v", k, r.begin.Y, r.last, all[k].begin.Y, all[k].last)
						}
					}
				}
			})
		}
	}
}
