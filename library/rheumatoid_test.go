package library_test

import (
	"math"
	"testing"

	"thymus/compile"
	"thymus/sim"
)

// tight is for references whose states are not small beside themselves.
var tight = slack{1e-6, 1e-9}

// B cells of a healthy person vanish under two grams of rituximab and come back in the
// second half of the first year, transitional cells first and memory cells last.
func TestRituximab(t *testing.T) {
	b := newBench(t, false, map[string]float64{"rtx_CL": 0.257, "rtx_V1": 2.98, "rtx_V2": 3, "rtx_Q": 0.5, "rtx_EC50": 2, "rtx_eRtx": 16}, "immune-core", "rituximab")
	compareReference(t, b, nil, []sim.Dose{dose(0, "rtx.iv", 1000), dose(14, "rtx.iv", 1000)}, readReference(t, "rituximab.csv")["rituximab"], tight)
}

// The values that the independent implementation of arthritis was computed with: the ports
// held at constant values, numbers of the tables as they were then.
var arthritisSet = map[string]float64{
	"ch_rho": 0.6, "ch_rhoA": 0.8, "ch_flux_Bt": 1e8, "ch_bf": 1.1, "ch_IFN1": 1.2, "ch_TNF": 3, "ch_C3": 0.9, "TNF": 3, "CRP": 20,
	"ch_inh_TNF": 0.4, "inh_TNF": 0.4, "inh_IL6R": 0.5, "ch_inh_prolifT": 0.8, "ch_inh_inflam": 0.85, "ch_kill_CD20": 0.5,
	"ch_Rt": 1, "ch_Ap": 1, "ch_aE": 1e8, "ch_aM": 1e8, "ch_aB": 1e8, "ch_aBm": 3e7, "ch_aPB": 1e8, "ch_aPC": 1e8,
	"ch_Ab": 1, "ch_IC": 1, "ch_D": 1, "Syn": 0.7, "CRPs": 5,
	"ch_u0": 0.5, "ch_wDP": 0.4, "ch_pE": 0.9, "ch_qIL2": 0.7, "ch_Ag0": 0.2, "ch_eps": 0.0001, "ch_wIF": 0.1, "ch_wT0": 1, "ch_tisR": 0.031, "sero": 1, "wBpos": 0.4, "wBneg": 0.8, "wICpos": 0.35, "wTpos": 0.55, "wTneg": 0.9, "kSyn": 0.05, "gSyn": 0.65, "sTNF": 0.5, "sIL6": 0.62, "kEr": 3, "year": 365.25, "nEr": 1.5, "eE0": 0.3, "kESR": 0.1,
	"ch_dP": 0.3, "ch_KP": 0.5, "ch_kap": 2, "ch_Rin": 0.05, "ch_Rout": 0.006, "ch_wRt": 0.6, "ch_rM": 0.08, "ch_nuE": 200000, "ch_Emax": 2e+08, "ch_Bamax": 2e+08, "ch_pB": 0.45, "ch_EDref": 1.5e+08, "ch_kAb": 0.035, "ch_kD": 0.2, "ch_kres": 0.2, "ch_KE": 2e+07, "ch_KIC": 0.5, "ch_wpc": 0.1,
}

// Eight months of the disease by itself, under some of each kind of drug.
func TestArthritisReference(t *testing.T) {
	want := readReference(t, "arthritis.csv")["disease"]
	_, m := flat(t, "rheumatoid-arthritis")
	c := sim.Course{Model: m, End: 224, Steps: 8, Rtol: 1e-8, Atol: 1e-10, Set: settings(arthritisSet)}
	for id := range want["28.0"] {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	if len(want) != 8 || len(c.Record) != 15 {
		t.Fatalf("%d times of %d states", len(want), len(c.Record))
	}
	compareCourse(t, c, 0, want)
}

// Methotrexate fills its pool and adalimumab its compartments as an independent
// implementation says.
func TestMethotrexateAndAdalimumab(t *testing.T) {
	b := newBench(t, false, map[string]float64{"mtx_eAD": 0.6, "mtx_kPG": 0.035, "mtx_ref": 15, "ada_F": 0.64, "ada_ka": 0.28, "ada_CL": 0.29, "ada_V1": 3.3, "ada_V2": 2, "ada_Q": 0.4, "ada_wAD": 1, "ada_fADA": 0}, "methotrexate", "adalimumab")
	doses := []sim.Dose{dose(0, "mtx.weekly", 7.5), dose(28, "mtx.weekly", 15), dose(28, "ada.sc", 40), dose(42, "ada.sc", 40)}
	compareReference(t, b, nil, doses, readReference(t, "arthritis.csv")["drugs"], tight)
}

// Arthritis rests in its active state, eases under two grams of rituximab while B cells are
// away, and comes back with them.
func TestArthritisReturnsWithBCells(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "rheumatoid-arthritis", "rituximab")
	start := map[string]float64{"ra_ch_Ap": 1, "ra_ch_aE": 1e8, "ra_ch_aM": 1e8, "ra_ch_aB": 1e8, "ra_ch_aBm": 3e7, "ra_ch_aPB": 1e8, "ra_ch_aPC": 1e8,
		"ra_ch_Ab": 1, "ra_ch_IC": 1, "ra_ch_D": 1, "ra_Syn": 0.7}
	run := func(doses ...sim.Dose) []float64 {
		d, ok := b.follow(t, start, sim.Schedule{Start: -1000, End: 700, Doses: doses, Times: []float64{0, 180, 700}})["ra_ch_D"]
		if !ok {
			t.Fatal("no state ra_ch_D")
		}
		return d
	}
	if d := run(); !(d[0] > 0.5 && math.Abs(d[2]/d[0]-1) < 0.02) {
		t.Errorf("without treatment the drive goes from %g to %g", d[0], d[2])
	}
	if d := run(dose(0, "rtx.iv", 1000), dose(14, "rtx.iv", 1000)); !(d[1] < 0.7*d[0] && d[2] > 0.9*d[0]) {
		t.Errorf("under rituximab the drive is %g, at half a year %g, at two %g", d[0], d[1], d[2])
	}
}
