package library_test

import (
	"context"
	"math"
	"testing"

	"thymus/compile"
	"thymus/model"
	"thymus/sim"
)

// A tumour alone, melanoma under antibodies to PD-1 and CTLA-4, and renal-cell cancer under
// interferon, against an independent implementation.
func TestSolidTumour(t *testing.T) {
	ref := readReference(t, "solid-tumour.csv")
	t.Run("alone", func(t *testing.T) {
		compareReference(t, newBench(t, false, nil, "immune-core", "solid-tumour"), nil, nil, ref["alone"], tight)
	})
	t.Run("ports", func(t *testing.T) {
		set := map[string]float64{"tumour_her2": 1, "tumour_fN": 0.1, "tumour_Uclone": 0.9, "tumour_inh_CTLA4": 0.5, "tumour_act_NK": 0.5,
			"tumour_kill_tumour": 0.003, "tumour_kill_target": 0.002, "tumour_opsonin_HER2": 0.5, "tumour_vaccine_tumour": 0.02, "tumour_Tgone": 2e10, "tumour_tgone": 300}
		compareReference(t, newBench(t, false, set, "immune-core", "solid-tumour"), nil, nil, ref["ports"], tight)
	})
	t.Run("vessels", func(t *testing.T) {
		compareReference(t, newBench(t, false, map[string]float64{"tki_kres": 0.007}, "vegf-inhibitor"), nil, []sim.Dose{dose(0, "tki.sunitinib", 33)}, ref["vessels"], tight)
	})
	t.Run("neoantigen", func(t *testing.T) {
		compareReference(t, newBench(t, false, nil, "neoantigen-vaccine"), nil, []sim.Dose{dose(0, "nav.im", 1), dose(21, "nav.im", 1)}, ref["neoantigen"], tight)
	})
	t.Run("late", func(t *testing.T) {
		compareReference(t, newBench(t, false, nil, "late-chemotherapy"), nil, []sim.Dose{dose(0, "late.cycle", 1), dose(21, "late.cycle", 1)}, ref["late"], tight)
	})
	t.Run("claudin", func(t *testing.T) {
		compareReference(t, newBench(t, false, map[string]float64{"ccar_ktire": 0.05, "ccar_reach": 0.33}, "claudin-car-t"), nil, []sim.Dose{dose(0, "ccar.infusion", 2.5e8)}, ref["claudin"], tight)
	})
	t.Run("sip", func(t *testing.T) {
		compareReference(t, newBench(t, false, nil, "sipuleucel"), nil, []sim.Dose{dose(0, "sip.infusion", 1), dose(14, "sip.infusion", 1)}, ref["sip"], tight)
	})
	t.Run("checkpoint", func(t *testing.T) {
		var doses []sim.Dose
		for _, day := range []float64{0, 21, 42, 63} {
			doses = append(doses, dose(day, "nivo.iv", 70), dose(day, "ipi.iv", 210))
		}
		set := map[string]float64{"mel_tu_kscar": 0.002, "mel_tu_wCT": 7.3, "mel_tu_piPD": 2.6, "mel_tu_hnew": 0.38, "mel_tu_p2": 0.215,
			"mel_tu_kk": 1.4, "mel_tu_KE": 3.6e8, "mel_tu_sT": 0.055, "mel_tu_Kifn": 5e-5, "mel_tu_fnest": 12, "mel_tu_Tgone": 5e9, "mel_tu_tgone": 500, "mel_tu_aleft": 0.1,
			"nivo_V1": 3.6, "nivo_V2": 2.8, "nivo_Q": 0.6, "ipi_CL": 0.37, "ipi_V1": 4.1, "ipi_V2": 3.4, "ipi_Q": 0.9}
		compareReference(t, newBench(t, false, set, "immune-core", "melanoma", "nivolumab", "ipilimumab"), nil, doses, ref["checkpoint"], tight)
	})
	t.Run("pembrolizumab", func(t *testing.T) {
		set := map[string]float64{"pem_eager": 1.2, "pem_size": 0.9, "pem_slow": 0.3}
		compareReference(t, newBench(t, false, set, "pembrolizumab"), nil, []sim.Dose{dose(0, "pem.iv", 200), dose(21, "pem.iv", 200)}, ref["pembrolizumab"], tight)
	})
	t.Run("breast", func(t *testing.T) {
		set := map[string]float64{"chemo_kprog": 0, "chemo_kB": 0, "chemo_kc": 0.12, "chemo_nres": 10, "chemo_syn": 1, "tras_tres": 250, "tras_CL": 0.127, "tras_V1": 2.62, "tras_V2": 2.97,
			"brca_tu_r": 0.0035, "brca_tu_kADCC": 0.014, "brca_tu_gin": 0.012, "brca_tu_fmicro": 4.8,
			"brca_tu_kk": 1.4, "brca_tu_KE": 3.6e8, "brca_tu_sT": 0.055, "brca_tu_Kifn": 5e-5, "brca_tu_fnest": 12}
		var doses []sim.Dose
		for _, day := range []float64{0, 21} {
			doses = append(doses, dose(day, "chemo.cycle", 1), dose(day, "tras.iv", 400))
		}
		compareReference(t, newBench(t, false, set, "immune-core", "breast-cancer", "breast-chemotherapy", "trastuzumab"), nil, doses, ref["breast"], tight)
	})
	t.Run("interferon", func(t *testing.T) {
		var doses []sim.Dose
		for week := range 12 {
			doses = append(doses, dose(7*float64(week), "ifna.sc", 10))
		}
		compareReference(t, newBench(t, false, map[string]float64{"ifna_ka": 6, "ifna_CL": 300, "ifna_V": 30, "ifna_EC50": 30000, "ifna_kprog": 0, "ifna_wIFN": 0, "ifna_reply": 1.5, "ifna_Ttol": 60, "rcc_tu_kNa": 0.06, "rcc_tu_kk": 1.4, "rcc_tu_KE": 3.6e8, "rcc_tu_sT": 0.055, "rcc_tu_Kifn": 5e-5, "rcc_tu_fnest": 12}, "immune-core", "renal-cell-carcinoma", "interferon-alpha"), nil, doses, ref["interferon-tumour"], tight)
	})
}

// TestLastTumourCells: a small tumour under a constant killing rate dies out as a linear
// birth-death process does (Kendall 1948), so that a cure is the end of the last cell.
func TestLastTumourCells(t *testing.T) {
	e, m := flat(t, "solid-tumour")
	const kill, burden, runs = 0.3, 1500.0, 120
	c := sim.Course{Model: m, End: 60, Steps: 10, Method: sim.Hybrid, Seed: 8, Rtol: 1e-6, Atol: 1e-3,
		Set: []sim.Setting{{ID: "kill_tumour", Value: kill}, {ID: "T0", Value: burden}, {ID: "qclone", Value: 1}, {ID: "infil", Value: 0}, {ID: "K", Value: 1e200}, {ID: "r", Value: 1e-4}}}
	for _, d := range e.Discrete {
		c.Discrete = append(c.Discrete, sim.Discrete{ID: d.Species, Below: d.Below, Poisson: d.Poisson})
	}
	c.Record = []compile.Selection{{ID: "gone", Expr: model.Call("piecewise", model.Num(1), model.Call("eq", model.Sym("S"), model.Num(0)), model.Num(0))}, {ID: "r"}, {ID: "dTn"}, {ID: "Tg"}}
	r, ms, err := c.Ensemble(context.Background(), runs, 2)
	if ms.HasErrors() || err != nil {
		t.Fatal(ms, err)
	}
	birth := r.Mean[1][0]*math.Log(1e200/r.Mean[3][0]) + r.Mean[2][0]
	compareExtinction(t, r.Times, r.Mean[0], birth, r.Mean[2][0]+kill, burden, runs, 0.02)
}
