package library_test

import (
	"math"
	"sort"
	"strconv"
	"testing"

	"thymus/sim"
)

// tissue holds a run against the rows of tissue.csv of its case; see the README there.
func tissue(t *testing.T, name string, begin map[string]float64, set map[string]float64, doses []sim.Dose, modules ...string) {
	t.Helper()
	want := readReference(t, "tissue.csv")[name]
	b := newBench(t, false, set, modules...)
	var times []float64
	for k := range want {
		times = append(times, number(t, k))
	}
	sort.Float64s(times)
	tr, failure := b.worker.Run(sim.Patient{Values: b.values}, b.from(t, begin), sim.Schedule{Start: 0, End: times[len(times)-1], Doses: doses, Times: times})
	if failure != nil {
		t.Fatal(failure)
	}
	seen := 0
	for j, day := range tr.Times {
		values := want[strconv.FormatFloat(day, 'f', 1, 64)]
		for k, s := range b.plan.Program().States() {
			x, ok := values[s.ID]
			if !ok {
				continue
			}
			seen++
			if got := tr.Values[k][j]; math.Abs(got-x) > 1e-3*math.Abs(x)+1e-9 {
				t.Errorf("%s on day %g: %g, reference %g", s.ID, day, got, x)
			}
		}
	}
	if all := len(want) * len(want[strconv.FormatFloat(times[0], 'f', 1, 64)]); seen < all {
		t.Errorf("%d of %d values were compared", seen, all)
	}
}

func TestMesenchymalCells(t *testing.T) {
	tissue(t, "mesenchymal", nil, nil, []sim.Dose{dose(0, "msc.iv", 1.4e8), dose(7, "msc.iv", 1.4e8), dose(14, "msc.primed", 7e7),
		dose(21, "msc.local", 1.2e8), dose(21, "msc.exosomes", 1e10)}, "immune-core", "mesenchymal-cells")
}

// Beta cells under an attack that fades because T cells are not renewed: glucotoxicity, insulin
// and its stop, HbA1c.
func TestDiabetes(t *testing.T) {
	fading := map[string]float64{"t1d_ch_nuE": 0, "t1d_ch_rM": 0, "t1d_ch_pE": 0, "t1d_ch_kap": 0, "t1d_rtrig": 0, "t1d_be0": 0.5, "t1d_gl0": 0.3, "t1d_hbs": 9}
	tissue(t, "diabetes", map[string]float64{"t1d_ch_aE": 1.5e8}, fading, nil, "immune-core", "type-1-diabetes")
}

// Gut inflammation that fades, faster under infliximab, and the barrier that returns.
func TestCrohn(t *testing.T) {
	fading := map[string]float64{"cd_ch_nuE": 0, "cd_ch_rM": 0, "cd_ch_pE": 0, "cd_ch_kap": 0, "cd_ch_aEact": 1e30, "cd_ch_wmac": 0, "cd_ch_qIL2": 1, "cd_rtrig": 0}
	tissue(t, "crohn", map[string]float64{"cd_ch_aE": 1.5e8, "cd_ch_D": 0.7, "cd_Ba": 0.4},
		fading, []sim.Dose{dose(0, "ifx.iv", 350), dose(0, "cd.preparation", 1)}, "immune-core", "crohns-disease", "infliximab")
}
