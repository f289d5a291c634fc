package library_test

import (
	"math"
	"testing"
)

// Under a full attack insulitis reaches the islets as a logistic curve, from nothing it does not
// start, and once all islets are inflamed nothing is left of it but the disease after diagnosis.
func TestInsulitisSpreads(t *testing.T) {
	const k, reached = 0.006, 0.2
	active := map[string]float64{"t1d_ch_D": 1.2, "t1d_ch_aE": 3e8, "t1d_ch_aM": 1e8, "t1d_ch_aB": 1e8, "t1d_ch_aBm": 3e7, "t1d_ch_Rt": 0.7}
	days := []float64{5, 20, 40}
	for start, want := range map[float64]func(day float64) float64{
		reached: func(day float64) float64 { return 1 / (1 + (1/reached-1)*math.Exp(-k*day)) },
		0:       func(float64) float64 { return 0 },
		1:       func(float64) float64 { return 1 },
	} {
		set := map[string]float64{"t1d_rtrig": 0, "t1d_kspread": k, "t1d_spread0": start, "t1d_fspread": 1, "t1d_be0": 0.8, "t1d_gl0": 0.1, "t1d_ch_EDref": 3e7}
		x := newBench(t, false, set, "immune-core", "type-1-diabetes").follow(t, active, given(nil, days...))
		for i, day := range days {
			if got := x["t1d_spread"][i]; math.Abs(got-want(day)) > 1e-4 {
				t.Errorf("from %g, day %g: %g of the islets, want %g", start, day, got, want(day))
			}
		}
		if start == 0 && x["t1d_be"][2] < 0.8 {
			t.Errorf("beta cells die in islets that are not inflamed: %g", x["t1d_be"][2])
		}
	}
}
