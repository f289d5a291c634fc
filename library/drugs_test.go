package library_test

import (
	"math"
	"testing"

	"thymus/sim"
)

// TestDrugsByThemselves: kinetics of drugs that no other reference has, beside a healthy person,
// against an independent implementation; see the README of the references. Numbers are set
// as the reference was computed.
func TestDrugsByThemselves(t *testing.T) {
	ref := readReference(t, "drugs.csv")
	cases := map[string]struct {
		set   map[string]float64
		doses []sim.Dose
	}{
		"alemtuzumab":     {map[string]float64{"alem_ke": 0.16, "alem_V": 14, "alem_EC50": 0.1}, repeated("alem.iv", 12, 0, 1, 2)},
		"ocrelizumab":     {map[string]float64{"ocr_CL": 0.17, "ocr_V1": 2.78, "ocr_V2": 2.68, "ocr_Q": 0.294}, repeated("ocr.iv", 300, 0, 14)},
		"teplizumab":      {map[string]float64{"tep_kel": 0.15, "tep_V1": 3.4, "tep_EC50": 200, "tep_kx": 0.25, "tep_krec": 0.002, "tep_bsaRef": 1.6}, repeated("tep.iv", 800, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)},
		"azathioprine":    {map[string]float64{"aza_kE": 0.025, "aza_dref": 2.5, "aza_Utol": 0.5, "aza_pstop": 0.1, "aza_price": 0.4}, []sim.Dose{dose(0, "aza.daily", 2), dose(60, "aza.daily", 0)}},
		"interferon-beta": {map[string]float64{"ifnb_ki": 0.03, "ifnb_Emaxi": 0.5, "ifnb_ED50": 60, "ifnb_neutralising": 0, "ifnb_price": 13}, []sim.Dose{dose(0, "ifnb.weekly", 66), dose(30, "ifnb.weekly", 132), dose(60, "ifnb.weekly", 0)}},
		"blinatumomab":    {map[string]float64{"blina_CL": 0.7, "blina_V": 4.5}, []sim.Dose{dose(0, "blina.infusion", 9), dose(7, "blina.infusion", 28)}},
		"gp100-vaccine":   {map[string]float64{"gp100_kd": 0.05}, repeated("gp100.sc", 1, 0, 21)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, false, c.set, "immune-core", name)
			compareReference(t, b, nil, c.doses, ref[name], slack{ofLargest: 1e-6})
		})
	}
}

// TestUntreatedTumours: without an immune answer solid tumours grow by Gompertz's law and
// myeloma by the logistic one, whatever they are made of.
func TestUntreatedTumours(t *testing.T) {
	const r, K = 0.004, 2e12
	times := []float64{0, 20, 60, 180}
	for name, c := range map[string]struct {
		as    string
		parts []string
		set   map[string]float64
		law   func(start, day float64) float64
	}{
		"gastric-cancer":        {"gastric_tu_", []string{"S", "R", "N"}, map[string]float64{"kk": 0, "kNb": 0}, gompertz(r, K)},
		"prostate-cancer":       {"prost_tu_", []string{"S", "R", "N"}, map[string]float64{"kk": 0, "kNb": 0}, gompertz(r, K)},
		"advanced-solid-tumour": {"ast_tu_", []string{"S", "R", "N"}, map[string]float64{"kk": 0, "kNb": 0}, gompertz(r, K)},
		"renal-cell-carcinoma":  {"rcc_tu_", []string{"S", "R", "N"}, map[string]float64{"kk": 0, "kNb": 0}, gompertz(r, K)},
		"multiple-myeloma": {"mm_t_", []string{"Tp", "Tn", "Ts"}, map[string]float64{"burden0": 2e11, "founders0": 1e6, "fS": 0.01}, func(start, day float64) float64 {
			return K / (1 + (K/start-1)*math.Exp(-r*day))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			set := map[string]float64{c.as + "r": r, c.as + "K": K}
			for id, v := range c.set {
				set[c.as+id] = v
			}
			x := newBench(t, false, set, "immune-core", name).sumOf(t, times, c.as, c.parts)
			if !(x[0] > 0 && x[len(x)-1] > 1.01*x[0]) {
				t.Fatalf("%g cells become %g", x[0], x[len(x)-1])
			}
			for i, day := range times {
				if want := c.law(x[0], day); math.Abs(x[i]/want-1) > 1e-4 {
					t.Errorf("%g cells on day %g, want %g", x[i], day, want)
				}
			}
		})
	}
}

// sumOf is the sum of some states over time, nothing given.
func (b *bench) sumOf(t testing.TB, times []float64, as string, parts []string) []float64 {
	t.Helper()
	x := b.follow(t, nil, given(nil, times...))
	sum := make([]float64, len(times))
	for _, p := range parts {
		if len(x[as+p]) != len(times) {
			t.Fatalf("no state %s", as+p)
		}
		for i, v := range x[as+p] {
			sum[i] += v
		}
	}
	return sum
}
