package library_test

import (
	"math"
	"testing"

	"thymus/sim"
)

// Aggregates of immunoglobulin in health, against the exponential of their matrix; nothing of
// a dose is lost. Follicular lymphoma under a constant effect of interferon, against the logistic; a
// vaccine's depot.
func TestClearance(t *testing.T) {
	ref := readReference(t, "complex-clearance.csv")
	t.Run("healthy", func(t *testing.T) {
		compareReference(t, newBench(t, false, nil, "immune-core", "aggregated-immunoglobulin"), nil, []sim.Dose{dose(0, "aig.iv", 1)}, ref["healthy"], tight)
		for day, values := range ref["healthy"] {
			sum := 0.0
			for _, v := range values {
				sum += v
			}
			if math.Abs(sum-1) > 1e-9 {
				t.Errorf("day %s: %g of 1 mg is accounted for", day, sum)
			}
		}
	})
	t.Run("vaccine", func(t *testing.T) {
		compareReference(t, newBench(t, false, nil, "tumour-cell-vaccine"), nil, []sim.Dose{dose(0, "tcv.sc", 1), dose(7, "tcv.sc", 1)}, ref["vaccine"], tight)
	})
	t.Run("follicular-interferon", func(t *testing.T) {
		set := map[string]float64{"fl_t_act_NK": 0.3, "fl_t_burden0": 1e10, "fl_t_kIFN": 0.06}
		compareReference(t, newBench(t, false, set, "immune-core", "follicular-lymphoma"), nil, nil, ref["follicular-interferon"], tight)
	})
}
