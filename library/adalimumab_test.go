package library_test

import (
	"math"
	"testing"

	"thymus/sim"
)

// Antibodies against adalimumab come by a hazard that ebbs away with exposure, so that its
// integral has a closed form; two thirds of those who ever make them have them after 28
// weeks, and a weekly amount then keeps a fifth of the level.
func TestAntibodiesAgainstAdalimumab(t *testing.T) {
	const kuse, hADA, fADA = 0.005, 0.004, 4.0
	var doses []sim.Dose
	for day := 0.0; day < 700; day += 7 {
		doses = append(doses, dose(day, "ada.sc", 20))
	}
	end := func(lot float64) (hazard, level float64) {
		b := newBench(t, false, map[string]float64{"ada_kuse": kuse, "ada_hADA": hADA, "ada_fADA": fADA, "ada_Uada": lot, "ada_CL": 0.29}, "adalimumab")
		s := sim.Schedule{End: 700, Doses: doses, Times: []float64{0, 196, 693.5, 694.5, 695.5, 696.5, 697.5, 698.5, 699.5}}
		got := b.follow(t, map[string]float64{}, s)
		for _, c := range got["ada_C"][2:] {
			level += c / 7
		}
		if want := hADA / kuse * (1 - math.Exp(-kuse*196)); math.Abs(got["ada_Hada"][1]/want-1) > 0.001 {
			t.Errorf("the hazard adds up to %g by week 28, not %g", got["ada_Hada"][1], want)
		}
		return got["ada_Hada"][8], level
	}
	hazard, without := end(0.99)
	if early := (1 - math.Exp(-hADA/kuse*(1-math.Exp(-kuse*196)))) / (1 - math.Exp(-hazard)); early < 0.6 || early > 0.75 {
		t.Errorf("%g of those who make antibodies have them by week 28", early)
	}
	if mean := 20 * 0.64 / 7 / 0.29; math.Abs(without/mean-1) > 0.02 {
		t.Errorf("the mean level is %g mg/L, not %g", without, mean)
	}
	if _, with := end(0.1); math.Abs(with*(1+fADA)/without-1) > 0.03 {
		t.Errorf("with antibodies the mean level is %g mg/L, without %g", with, without)
	}
}
