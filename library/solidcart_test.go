package library_test

import (
	"testing"

	"thymus/sim"
)

// CAR-T cells that see a constant target, are topped up and then switched off; neuroblastoma
// untreated and under CAR-T cells; against an independent implementation.
func TestSolidCART(t *testing.T) {
	ref := readReference(t, "solid-car-t.csv")
	t.Run("product", func(t *testing.T) {
		doses := []sim.Dose{dose(0, "scar.infusion", 3e8), dose(14, "scar.infusion", 1e8), dose(60, "scar.switch", 1)}
		compareReference(t, newBench(t, false, map[string]float64{"scar_ag_target": 5e9}, "immune-core", "solid-car-t"), nil, doses, ref["product"], tight)
	})
	t.Run("untreated", func(t *testing.T) {
		compareReference(t, newBench(t, false, nil, "immune-core", "neuroblastoma"), nil, nil, ref["untreated"], tight)
	})
	t.Run("gd2", func(t *testing.T) {
		set := map[string]float64{"gcar_p_actCE": 0, "core_kmacJ": 0, "core_eifJ": 0} // the core rests
		compareReference(t, newBench(t, false, set, "immune-core", "neuroblastoma", "gd2-car-t"), nil, []sim.Dose{dose(0, "gcar.infusion", 2e8)}, ref["gd2"], tight)
	})
}
