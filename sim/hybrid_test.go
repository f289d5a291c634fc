package sim_test

import (
	"context"
	"math"
	"testing"

	"thymus/compile"
	"thymus/kernel"
	"thymus/ode"
	"thymus/sim"
)

// clone is Kendall's birth-death process (see TestKendall) beside something that flows and
// feels it.
const clone = `model m()
  compartment C = 1; substanceOnly species X in C; X = 5000; b = 0.2; Drug = 1; Drug' = -0.05*Drug;
  birth: => X; b*X;
  death: X => ; (0.1 + 1.5*Drug)*X;
  Signal = 0; Signal' = X/100 - Signal;
end
`

// TestHybridLanes: discrete species run side by side, with the same bits whoever runs
// beside them, and the clone dies out as often as Kendall's formula says.
func TestHybridLanes(t *testing.T) {
	for _, m := range ode.Methods {
		n := 1000
		if !m.Lanes {
			n = 200
		}
		t.Run(m.Name, func(t *testing.T) { hybridBy(t, m, n) })
	}
}

func hybridBy(t *testing.T, m ode.Method, n int) {
	p := build(t, clone, func(c *sim.Config) {
		c.Method = m.Name
		c.Jump, c.Discrete = sim.Hybrid, []sim.Discrete{{ID: "X", Below: 500}}
		c.Record = []compile.Selection{{ID: "X"}, {ID: "Signal"}}
		c.Rtol = 1e-6
	})
	if want, err := kernel.Choose(); err != nil {
		t.Fatal(err)
	} else if got, err := p.Backend(); m.Lanes && (err != nil || got != want.Name) {
		t.Errorf("Backend() = %q, %v; want %q", got, err, want.Name)
	}
	const end = 12
	times := []float64{4, 6, 8, 10, 12}
	run := func(workers, from, n int) (out []*sim.Trajectory) {
		err := sim.EachPatient(context.Background(), p, n, workers, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) *sim.Trajectory {
			tr, f := w.Run(sim.Patient{Number: from + k}, sim.Begin{}, sim.Schedule{End: end, Times: times, Seed: 4})
			if f != nil {
				t.Error(f)
			}
			return tr
		}, func(_ int, tr *sim.Trajectory) error { out = append(out, tr); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(what string, got, want []*sim.Trajectory) {
		t.Helper()
		for k, tr := range want {
			for i := range tr.Values {
				for j, v := range tr.Values[i] {
					if math.Float64bits(got[k].Values[i][j]) != math.Float64bits(v) {
						t.Fatalf("%s: patient %d has %v at t=%g, had %v", what, k, got[k].Values[i][j], times[j], v)
					}
				}
			}
		}
	}
	all := run(1, 0, n)
	same("2 workers", run(2, 0, n/5), all[:n/5])
	for _, k := range []int{0, 7, 100} {
		same("alone", run(1, k, 1), all[k:k+1])
	}
	R := func(u float64) float64 { return 0.1*u + 1.5/0.05*(1-math.Exp(-0.05*u)) - 0.2*u }
	some := 0
	for j, u := range times {
		sum := 0.0
		const steps = 20000
		for i := 0; i < steps; i++ {
			sum += 0.2 * math.Exp(R((float64(i)+0.5)*u/steps)) * u / steps
		}
		p := math.Pow(1-1/(math.Exp(R(u))+sum), 5000)
		if p > 0.01 && p < 0.99 {
			some++
		}
		extinct := 0.0
		for _, tr := range all {
			if tr.Values[0][j] == 0 {
				extinct += 1.0 / float64(n)
			}
		}
		if sd := math.Sqrt(p*(1-p)/float64(n)) + 1e-3; math.Abs(extinct-p) > 4*sd {
			t.Errorf("extinct by %g: %g of the patients, want %g", u, extinct, p)
		}
	}
	if some < 2 {
		t.Errorf("only %d times test anything", some)
	}
}

// TestMoments: many firings within a step, of a channel whose propensity is no product
// (births and immigration that change in opposite ways in time), against the equations of
// its mean and variance, which are closed.
func TestMoments(t *testing.T) {
	text := `model m()
  compartment C = 1; substanceOnly species X in C; X = 60; Drug = 1; Drug' = -0.5*Drug;
  birth: => X; 1.2*Drug*X + 90*(1 - Drug);
  death: X => ; 0.8*X;
  Signal = 0; Signal' = X - Signal;
end
`
	c := sim.Course{Model: flat(t, text), End: 6, Steps: 6, Rtol: 1e-4, Method: sim.Hybrid, Seed: 5, Discrete: []sim.Discrete{{ID: "X", Below: 1e6}}, Record: []compile.Selection{{ID: "X"}, {ID: "Signal"}}}
	e, ms, err := c.Ensemble(context.Background(), 1500, 2)
	if ms.HasErrors() || err != nil {
		t.Fatal(ms, err)
	}
	// mean and variance of X, mean and variance of Signal, covariance
	slope := func(u float64, z [5]float64) [5]float64 {
		d := math.Exp(-0.5 * u)
		net, all, in := 1.2*d-0.8, 1.2*d+0.8, 90*(1-d)
		return [5]float64{net*z[0] + in, 2*net*z[1] + all*z[0] + in, z[0] - z[2], 2*z[4] - 2*z[3], net*z[4] + z[1] - z[4]}
	}
	z, u := [5]float64{60}, 0.0
	const h = 1e-3
	for k := 1; k < len(e.Times); k++ {
		for ; u < e.Times[k]-h/2; u += h {
			half := z
			for i, v := range slope(u, z) {
				half[i] += h / 2 * v
			}
			for i, v := range slope(u+h/2, half) {
				z[i] += h * v
			}
		}
		near(t, "X", e, 0, k, z[0], math.Sqrt(z[1]))
		near(t, "Signal", e, 1, k, z[2], math.Sqrt(z[3]))
	}
}
