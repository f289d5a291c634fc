package sim_test

import (
	"math"
	"testing"

	"thymus/kernel"
	"thymus/ode"
	"thymus/sim"
)

// TestSliding: a solution that is driven back to a discontinuity from both sides is named
// when the tolerance is too strict to go along it, and goes along it otherwise.
func TestSliding(t *testing.T) {
	t.Run("alone", sliding)
	best, err := kernel.Choose()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(kernel.Variable, best.Name)
	t.Run("in a lane", sliding)
}

func sliding(t *testing.T) {
	const text = "model m()\n  var A = 0; A' = piecewise(1, A < 1, -1);\nend\n"
	run := func(rtol float64) (*sim.Trajectory, *sim.Failure, sim.Begin) {
		p := build(t, text, func(c *sim.Config) {
			c.Rtol, c.Discontinuities = rtol, true
			c.Atol = map[string]float64{"A": rtol / 10}
		})
		w := p.NewWorker()
		tr, f := w.Run(sim.Patient{}, sim.Begin{}, sim.Schedule{End: 10})
		return tr, f, sim.Begin{Y: w.State()}
	}
	tr, f, _ := run(1e-9)
	if f == nil || f.Cause == nil || f.Cause.Cause != ode.Sliding || f.Tried != nil || tr.Stats.Accepted > 30_000 {
		t.Errorf("at 1e-9: %v after %d steps", f, tr.Stats.Accepted)
	}
	if _, f, end := run(1e-3); f != nil || math.Abs(end.Y[0]-1) > 0.02 {
		t.Errorf("at 1e-3: %v, A = %g, want 1", f, end.Y[0])
	}
}
