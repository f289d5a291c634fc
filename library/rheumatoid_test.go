package library_test

import (
	"math"
	"sort"
	"testing"

	"thymus/compile"
	"thymus/library"
	"thymus/model"
	"thymus/sim"
)

// compareReference runs doses from the given start and compares the states named in the
// reference with it, by a tolerance of 0.1 % and of 1e-6 of the largest value of a state.
func compareReference(t *testing.T, b *bench, start map[string]float64, doses []sim.Dose, want map[string]map[string]float64) {
	t.Helper()
	days := map[float64]map[string]float64{}
	var times []float64
	largest := map[string]float64{}
	for text, v := range want {
		day := number(t, text)
		days[day] = v
		times = append(times, day)
		for id, x := range v {
			largest[id] = math.Max(largest[id], math.Abs(x))
		}
	}
	if len(times) == 0 {
		t.Fatal("the reference is empty")
	}
	sort.Float64s(times)
	tr, failure := b.worker.Run(sim.Patient{Values: b.values}, b.from(t, start), sim.Schedule{Start: 0, End: times[len(times)-1], Doses: doses, Times: times})
	if failure != nil {
		t.Fatal(failure)
	}
	worst, where, seen := 0.0, "", 0
	for i, day := range tr.Times {
		for k, s := range b.plan.Program().States() {
			x, ok := days[day][s.ID]
			if !ok {
				continue
			}
			seen++
			if e := math.Abs(tr.Values[k][i]-x) / (math.Abs(x) + 1e-6*largest[s.ID] + 1e-9); e > worst {
				worst, where = e, s.ID
			}
			if e := math.Abs(tr.Values[k][i] - x); e > 1e-3*math.Abs(x)+1e-6*largest[s.ID]+1e-9 {
				t.Errorf("%s on day %g: %g, the reference has %g", s.ID, day, tr.Values[k][i], x)
			}
		}
	}
	if seen < len(largest)*len(times) {
		t.Fatalf("%d values were compared, of %d", seen, len(largest)*len(times))
	}
	t.Logf("%d values, largest deviation %.2g at %s", seen, worst, where)
}

// B cells of a healthy person vanish under two grams of rituximab and come back in the
// second half of the first year, transitional cells first and memory cells last.
func TestRituximab(t *testing.T) {
	b := newBench(t, false, map[string]float64{"rtx_CL": 0.257, "rtx_V1": 2.98, "rtx_V2": 3, "rtx_Q": 0.5, "rtx_EC50": 2, "rtx_eRtx": 16}, "immune-core", "rituximab")
	compareReference(t, b, nil, []sim.Dose{dose(0, "rtx.iv", 1000), dose(14, "rtx.iv", 1000)}, readReference(t, "rituximab.csv")["rituximab"])
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
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	e, ms := lib.Module("rheumatoid-arthritis")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(e.Doc, e.Module.ID)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	c := sim.Course{Model: m, End: 224, Steps: 8, Rtol: 1e-8, Atol: 1e-10}
	for id, v := range arthritisSet {
		c.Set = append(c.Set, sim.Setting{ID: id, Value: v})
	}
	for id := range want["28.0"] {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	tr, ms, failure := c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	if len(want) != 8 || len(c.Record) != 15 {
		t.Fatalf("%d times of %d states", len(want), len(c.Record))
	}
	for text, values := range want {
		k := int(math.Round(number(t, text) / 28))
		for i, s := range c.Record {
			if got, x := tr.Values[i][k], values[s.ID]; math.Abs(got-x) > 1e-3*math.Abs(x)+1e-9 {
				t.Errorf("%s on day %s is %g, want %g", s.ID, text, got, x)
			}
		}
	}
}

// Methotrexate fills its pool and adalimumab its compartments as an independent
// implementation says.
func TestMethotrexateAndAdalimumab(t *testing.T) {
	b := newBench(t, false, map[string]float64{"mtx_eAD": 0.6, "mtx_kPG": 0.035, "mtx_ref": 15, "ada_F": 0.64, "ada_ka": 0.28, "ada_CL": 0.29, "ada_V1": 3.3, "ada_V2": 2, "ada_Q": 0.4}, "methotrexate", "adalimumab")
	doses := []sim.Dose{dose(0, "mtx.weekly", 7.5), dose(28, "mtx.weekly", 15), dose(28, "ada.sc", 40), dose(42, "ada.sc", 40)}
	compareReference(t, b, nil, doses, readReference(t, "arthritis.csv")["drugs"])
}

// Arthritis rests in its active state, eases under two grams of rituximab while B cells are
// away, and comes back with them.
func TestArthritisReturnsWithBCells(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "rheumatoid-arthritis", "rituximab")
	start := map[string]float64{"ra_ch_Ap": 1, "ra_ch_aE": 1e8, "ra_ch_aM": 1e8, "ra_ch_aB": 1e8, "ra_ch_aBm": 3e7, "ra_ch_aPB": 1e8, "ra_ch_aPC": 1e8,
		"ra_ch_Ab": 1, "ra_ch_IC": 1, "ra_ch_D": 1, "ra_Syn": 0.7}
	run := func(doses ...sim.Dose) []float64 {
		tr, failure := b.worker.Run(sim.Patient{Values: b.values}, b.from(t, start), sim.Schedule{Start: -1000, End: 700, Doses: doses, Times: []float64{0, 180, 700}})
		if failure != nil {
			t.Fatal(failure)
		}
		for k, s := range b.plan.Program().States() {
			if s.ID == "ra_ch_D" {
				return tr.Values[k]
			}
		}
		t.Fatal("no state ra_ch_D")
		return nil
	}
	if d := run(); !(d[0] > 0.5 && math.Abs(d[2]/d[0]-1) < 0.02) {
		t.Errorf("without treatment the drive goes from %g to %g", d[0], d[2])
	}
	if d := run(dose(0, "rtx.iv", 1000), dose(14, "rtx.iv", 1000)); !(d[1] < 0.7*d[0] && d[2] > 0.9*d[0]) {
		t.Errorf("under rituximab the drive is %g, at half a year %g, at two %g", d[0], d[1], d[2])
	}
}
