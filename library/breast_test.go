package library_test

import (
	"math"
	"testing"

	"thymus/sim"
)

// TestBreastCancerNaturalHistory: untreated, with nothing that kills, the tumour follows Gompertz'
// law T(t) = K*(T0/K)^exp(-r*t); and marked cells die faster in small nests.
func TestBreastCancerNaturalHistory(t *testing.T) {
	set := map[string]float64{"brca_tu_dTn": 0, "brca_tu_kk": 0, "brca_tu_T0": 1e10, "brca_tu_fN": 0, "brca_tu_qclone": 0}
	b := newBench(t, false, set, "immune-core", "breast-cancer", "trastuzumab")
	times := []float64{30, 100, 365}
	x := b.follow(t, nil, given(nil, times...))
	law := gompertz(0.0035, 2e12)
	for i, day := range times {
		want := law(1e10, day)
		if got := x["brca_tu_S"][i] + x["brca_tu_R"][i]; math.Abs(got/want-1) > 1e-4 {
			t.Errorf("day %g: %g cells, want %g", day, got, want)
		}
	}
	treated := b.follow(t, nil, given([]sim.Dose{dose(0, "tras.iv", 500)}, times...))
	if !(treated["brca_tu_S"][1] < 0.8*x["brca_tu_S"][1]) {
		t.Errorf("the antibody leaves %g of %g cells", treated["brca_tu_S"][1], x["brca_tu_S"][1])
	}
}

// TestTrastuzumabMassBalance: at levels far above Km, what is lost is what the clearances take.
// With the saturable loss and the exchange off, the level is a single exponential.
func TestTrastuzumabMassBalance(t *testing.T) {
	b := newBench(t, false, map[string]float64{"tras_Vmax": 0, "tras_Q": 0, "tras_CL": 0.127, "tras_V1": 2.62}, "immune-core", "breast-cancer", "trastuzumab")
	times := []float64{1, 10, 40}
	x := b.follow(t, nil, given([]sim.Dose{dose(0, "tras.iv", 524)}, times...))
	for i, day := range times {
		if want := 200 * math.Exp(-0.127/2.62*day); math.Abs(x["tras_C"][i]/want-1) > 1e-5 {
			t.Errorf("day %g: %g mg/L, want %g", day, x["tras_C"][i], want)
		}
	}
}

// TestNascentTumour: without NK cells' help a nascent tumour grows as an exponential; with a healthy
// person's it shrinks, and with a third of the NK cells it grows.
func TestNascentTumour(t *testing.T) {
	b := newBench(t, false, map[string]float64{"nas_tu_kNb": 0, "nas_tu_kk": 0}, "immune-core", "nascent-tumour", "immunodeficiency")
	sum := func(x map[string][]float64, i int) float64 { return x["nas_tu_S"][i] + x["nas_tu_R"][i] }
	x := b.follow(t, nil, given(nil, 50, 100, 150))
	if a, b := math.Log(sum(x, 1)/sum(x, 0)), math.Log(sum(x, 2)/sum(x, 1)); math.Abs(a/b-1) > 1e-4 || math.Abs(a/50-0.06) > 0.003 {
		t.Errorf("it grows by %g and by %g a day", a/50, b/50)
	}
	b = newBench(t, false, nil, "immune-core", "nascent-tumour", "immunodeficiency")
	if whole := sum(b.follow(t, nil, given(nil, 100, 300)), 1); !(whole < 25) {
		t.Errorf("a healthy person has %g cells left after 300 days", whole)
	}
	if third := sum(b.follow(t, nil, given([]sim.Dose{dose(0, "idf.NK_loss", 0.16)}, 100, 300)), 1); !(third > 500) {
		t.Errorf("with a third of the NK cells there are %g after 300 days", third)
	}
}
