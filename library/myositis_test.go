package library_test

import (
	"math"
	"testing"

	"thymus/compile"
	"thymus/sim"
)

// The values that the independent implementation of myositis was computed with.
var myositisSet = map[string]float64{
	"ch_rho": 0.6, "ch_rhoA": 0.8, "ch_flux_Bt": 1e8, "ch_bf": 1.1, "ch_IFN1": 1.5, "ch_TNF": 1.2, "ch_C3": 0.9,
	"ch_u0": 0.02, "ch_wDP": 0.8, "ch_Ag0": 0.3, "ch_eps": 1e-4, "ch_wIC": 0.45, "ch_wT": 0.5, "ch_wpc": 0.4,
	"kMu": 0.006, "kwaste": 0.002, "kscar": 4e-5, "scar0": 0.05, "tester": 0,
	"ch_aE": 1e8, "ch_aM": 1e8, "ch_aB": 1e8, "ch_aBm": 3e7, "ch_aPB": 1e8, "ch_aPC": 1e8, "ch_Ab": 1, "ch_IC": 1, "ch_D": 1,
}

// Two years of myositis by itself against an independent implementation; strength is what
// muscle and scar leave of the scale.
func TestInflammatoryMyositis(t *testing.T) {
	want := readReference(t, "inflammatory-myositis.csv")["disease"]
	_, m := flat(t, "inflammatory-myositis")
	c := sim.Course{Model: m, End: 728, Steps: 8, Rtol: 1e-8, Atol: 1e-10, Set: settings(myositisSet), Record: []compile.Selection{{ID: "MMT8"}, {ID: "Mu"}, {ID: "Sc"}}}
	for id := range want["91.0"] {
		if id != "Mu" && id != "Sc" {
			c.Record = append(c.Record, compile.Selection{ID: id})
		}
	}
	if len(want) != 8 || len(c.Record) != 15 {
		t.Fatalf("%d times of %d values", len(want), len(c.Record))
	}
	tr := compareCourse(t, c, 1, want)
	for text, values := range want {
		k := stepOf(t, c, text)
		if got, x := tr.Values[0][k], 150*(values["Mu"]-values["Sc"]); math.Abs(got-x) > 1e-3*x {
			t.Errorf("strength on day %s is %g, want %g", text, got, x)
		}
	}
}

// Both states of myositis exist with the whole immune system.
func TestMyositisHasTwoStates(t *testing.T) {
	for _, active := range []bool{true, false} {
		b := newBench(t, false, nil, "immune-core", "inflammatory-myositis")
		start := map[string]float64{}
		if active {
			start = map[string]float64{"iim_ch_D": 1, "iim_ch_aE": 1e8, "iim_ch_aM": 1e8, "iim_ch_aB": 1e8, "iim_ch_aBm": 3e7, "iim_ch_aPB": 1e8, "iim_ch_Ab": 1, "iim_ch_IC": 1}
		}
		at := b.follow(t, start, given(nil, 3650))
		if D, muscle := at["iim_ch_D"][0], at["iim_Mu"][0]; active && (D < 0.3 || muscle > 0.95) || !active && (D > 0.01 || muscle < 0.99) {
			t.Errorf("active %v: inflammation %g, muscle %g after ten years", active, D, muscle)
		}
	}
}
