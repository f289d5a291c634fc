package library_test

import (
	"math"
	"testing"

	"thymus/sim"
)

// tissue holds a run against the rows of tissue.csv of its case; see the README there.
func tissue(t *testing.T, name string, begin map[string]float64, set map[string]float64, doses []sim.Dose, modules ...string) {
	t.Helper()
	compareReference(t, newBench(t, false, set, modules...), begin, doses, readReference(t, "tissue.csv")[name], slack{0, 1e-9})
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

// Before diagnosis untreated glucose drives what is left to secrete more: with beta cells and
// glucotoxicity at rest the drive rises as an exponential, and with insulin there is none.
func TestGlucoseDrivesSecretion(t *testing.T) {
	const be, bg, wgl, kgl, wdr = 0.6, 0.48, 0.5, 0.02, 1.2
	toxic := math.Pow(bg, 5) / (math.Pow(bg, 5) + math.Pow(be, 5))
	set := map[string]float64{"t1d_ch_nuE": 0, "t1d_ch_rM": 0, "t1d_ch_pE": 0, "t1d_rtrig": 0, "t1d_reg": 0, "t1d_be0": be, "t1d_gl0": toxic, "t1d_bg": bg, "t1d_wgl": wgl, "t1d_kgl": kgl, "t1d_wdr": wdr, "t1d_Fdx": 0.33}
	days := []float64{10, 50, 400}
	x := newBench(t, false, set, "immune-core", "type-1-diabetes").follow(t, nil, given(nil, days...))["t1d_drive"]
	for i, day := range days {
		if want := wdr * (1 - be*(1-wgl*toxic)) * (1 - math.Exp(-kgl*day)); math.Abs(x[i]/want-1) > 1e-4 {
			t.Errorf("day %g: drive %g, want %g", day, x[i], want)
		}
	}
	set["t1d_Fdx"] = 0.9
	if x := newBench(t, false, set, "immune-core", "type-1-diabetes").follow(t, nil, given(nil, 400))["t1d_drive"]; x[0] != 0 {
		t.Errorf("on insulin: drive %g", x[0])
	}
}

// Gut inflammation that fades, faster under infliximab, and the barrier that returns.
func TestCrohn(t *testing.T) {
	fading := map[string]float64{"cd_ch_nuE": 0, "cd_ch_rM": 0, "cd_ch_pE": 0, "cd_ch_kap": 0, "cd_ch_aEact": 1e30, "cd_ch_wmac": 0, "cd_ch_qIL2": 1, "cd_rtrig": 0}
	tissue(t, "crohn", map[string]float64{"cd_ch_aE": 1.5e8, "cd_ch_D": 0.7, "cd_Ba": 0.4},
		fading, []sim.Dose{dose(0, "ifx.iv", 350), dose(0, "cd.preparation", 1)}, "immune-core", "crohns-disease", "infliximab")
}

// Both diseases have an active and a quiet state, and only the active one costs beta cells
// and barrier.
func TestDiabetesAndCrohnHaveTwoStates(t *testing.T) {
	cases := []struct {
		module, inflamed, tissue string
		set                      map[string]float64
		active                   map[string]float64
		worn, kept               float64 // tissue after a year, at most and at least
	}{
		{"type-1-diabetes", "t1d_ch_D", "t1d_be", map[string]float64{"t1d_rtrig": 0, "t1d_be0": 0.5, "t1d_gl0": 0.3},
			map[string]float64{"t1d_ch_D": 1, "t1d_ch_aE": 1e8, "t1d_ch_aM": 1e8, "t1d_ch_aB": 1e8, "t1d_ch_aBm": 3e7, "t1d_ch_Rt": 0.7}, 0.4, 0.5},
		{"crohns-disease", "cd_ch_D", "cd_Ba", map[string]float64{"cd_rtrig": 0},
			map[string]float64{"cd_ch_D": 1, "cd_ch_aE": 1e8, "cd_ch_aM": 1e8, "cd_ch_Rt": 0.7, "cd_Ba": 0.5}, 0.8, 0.95},
	}
	for _, c := range cases {
		b := newBench(t, false, c.set, "immune-core", c.module)
		year := func(begin map[string]float64) (inflamed, tissue float64) {
			at := b.follow(t, begin, given(nil, 365))
			return at[c.inflamed][0], at[c.tissue][0]
		}
		if d, x := year(c.active); d < 0.2 || x > c.worn {
			t.Errorf("%s, active: inflammation %.3g, tissue %.3g", c.module, d, x)
		}
		if d, x := year(nil); d > 0.03 || x < c.kept {
			t.Errorf("%s, quiet: inflammation %.3g, tissue %.3g", c.module, d, x)
		}
	}
}
