package library_test

import (
	"math"
	"testing"

	"thymus/compile"
	"thymus/sim"
)

// The values that the independent implementation of multiple sclerosis was computed with:
// the ports at constant values, the autoimmune channel at its own.
var sclerosisSet = map[string]float64{
	"ch_rho": 0.6, "ch_rhoA": 0.8, "ch_flux_Bt": 1e8, "ch_bf": 1.1, "ch_IFN1": 1.5, "ch_TNF": 1.2, "ch_C3": 0.9, "entry_CNS": 0.4,
	"ch_u0": 0.03, "ch_wDP": 0.7, "ch_Ag0": 0.1, "ch_eps": 5e-5, "ch_wIC": 0.1, "ch_wT": 0.8, "ch_Emax": 2e8, "ch_EDref": 1.5e8,
	"Dref": 0.58, "proneness": 1.2, "wmean": 2, "twave": 250, "ewave": 0.5, "kage": 0, "Amax": 60, "r0": 0.02, "r1": 0.2,
	"w2": 0.18, "w4": 0.08, "stays0": 0.1, "Ksev": 0, "krec": 0.03, "l0": 0, "l1": 1.1, "steep": 1.6, "qT2": 0.4, "qT1": 0.45, "tGd": 27, "wclose": 2,
	"Rvmax": 0.6, "KRv": 1, "nRv": 1, "tRv": 90, "kN": 0.04, "wslow": 0.7, "Acap": 4, "duration": 6, "nN": 2, "Pmax": 7, "base0": 1,
	"recent": 0.3, "trecent": 200, "tconf": 120, "waves0": 2,
	"rS": 0, "tS": 0.01, "cbase": 0, "Usel": 0.1, "lS": 0, // nothing behind the barrier, one relapse in the year before
	"kold":  0, // every relapse as severe as any, neurodegeneration the same at every age
	"ch_aE": 1e8, "ch_aM": 1e8, "ch_aB": 1e8, "ch_aBm": 3e7, "ch_aPB": 1e8, "ch_aPC": 1e8, "ch_Ab": 1, "ch_IC": 1, "ch_D": 1,
}

// sclerosis is the disease by itself.
func sclerosis(t *testing.T) sim.Course {
	t.Helper()
	_, m := flat(t, "multiple-sclerosis")
	return sim.Course{Model: m, End: 728, Steps: 8, Rtol: 1e-8, Atol: 1e-10, Set: settings(sclerosisSet)}
}

// Two years of the disease under a constant entry, its counters as means, against an
// independent implementation; see the README of the references.
func TestMultipleSclerosis(t *testing.T) {
	want := readReference(t, "multiple-sclerosis.csv")["disease"]
	c := sclerosis(t)
	for id := range want["91.0"] {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	if len(want) != 8 || len(c.Record) != 23 {
		t.Fatalf("%d times of %d states", len(want), len(c.Record))
	}
	compareCourse(t, c, 0, want)
}

// When nothing enters any more, what is behind the barrier fades exponentially, faster under chemotherapy that
// reaches it: relapses of a later year, lesions and neurodegeneration that it drives against their closed forms. What
// smoulders without entry falls under chemotherapy to where its return holds it, and does more at a higher age.
func TestInflammationBehindTheBarrier(t *testing.T) {
	c := sclerosis(t)
	const tS, rS, wslow, kN, lS = 250.0, 0.05, 0.7, 0.04, 0.06
	const rate, rest, old = 1/500.0 + 0.2*0.01, 1 / (500 * (1/500.0 + 0.2*0.01)), 0.3 / 365.25
	closed := map[string]float64{"tS": 400, "reach": 0.15, "kill_chem": 0.01, "rS": rS, "r0": 0.01, "entry_CNS": 0, "S": 2, "wslow": wslow, "kN": kN,
		"lS": lS, "qT1S": 0.8, "l0": 0, "year": 2012, "year0": 2002, "trend": 0.06, "tG": 500, "reachG": 0.2, "kold": 0.3, "age0": 0, "Ksev": 1}
	later := math.Exp(-0.6)
	set := map[string]float64{}
	for _, of := range []map[string]float64{sclerosisSet, closed} {
		for id, v := range of {
			set[id] = v
		}
	}
	c.Set = settings(set)
	for _, id := range []string{"S", "relapses", "N", "T2", "T1", "G"} {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	tr, ms, failure := c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	for k := 1; k <= c.Steps; k++ {
		day := c.End * float64(k) / float64(c.Steps)
		area := 2 * tS * (1 - math.Exp(-day/tS))
		smoulders := rest*(math.Exp(old*day)-1)/old + (1-rest)*(1-math.Exp((old-rate)*day))/(rate-old)
		want := []float64{2 * math.Exp(-day/tS), later * (0.01*day + rS*area) / 365.25, kN*6 + kN*(wslow*smoulders+(1-wslow)*area)/365.25, lS * area / 365.25, 0.8 * lS * area / 365.25,
			rest + (1-rest)*math.Exp(-rate*day)}
		for i, w := range want {
			if got := tr.Values[i][k]; math.Abs(got-w) > 1e-5*w {
				t.Errorf("day %g: %s is %g, want %g", day, c.Record[i].ID, got, w)
			}
		}
	}
}

// Relapses are large and stay the more, the more enters, with half of both at Ksev.
func TestSeverityOfRelapses(t *testing.T) {
	c := sclerosis(t)
	set := map[string]float64{}
	for id, v := range sclerosisSet {
		set[id] = v
	}
	set["Ksev"], set["w2"], set["w4"], set["stays0"] = 0.5, 0.6, 0.2, 0.3
	c.Set = settings(set)
	for _, id := range []string{"enters", "f2", "f4", "stays"} {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	tr, ms, failure := c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	for k := 0; k <= c.Steps; k++ {
		share := 1 / (1 + math.Pow(0.5/tr.Values[0][k], 1.6))
		for i, w := range []float64{0.6 * share, 0.2 * share, 0.3 * share} {
			if got := tr.Values[i+1][k]; math.Abs(got-w) > 1e-9 {
				t.Errorf("look %d: %s is %g, want %g", k, c.Record[i+1].ID, got, w)
			}
		}
	}
}

// A dose of natalizumab against the same.
func TestNatalizumab(t *testing.T) {
	want := readReference(t, "multiple-sclerosis.csv")["natalizumab"]
	b := newBench(t, false, map[string]float64{"nat_CL": 0.31, "nat_V1": 3.6, "nat_V2": 2.1, "nat_Q": 0.5, "nat_EC50": 1, "nat_antibodies": 0,
		"nat_carrier": 1, "nat_h1": 0.004, "nat_tPML": 800}, "natalizumab")
	seen := compareReference(t, b, nil, repeated("nat.iv", 300, 0), want, slack{0, 1e-9})
	if seen != 4*56 {
		t.Errorf("%d values were compared", seen)
	}
}

// Half points of the EDSS neither appear nor vanish: what relapses raised is recovering,
// has stayed, or has recovered; and T1 lesions are a share of T2 lesions, one by one too.
func TestDisabilityKeepsItsPoints(t *testing.T) {
	c := sclerosis(t)
	for _, id := range []string{"rise", "Def", "Perm", "T2", "T1", "relapses", "EDSS"} {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	tr, ms, failure := c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	for k := 1; k <= c.Steps; k++ {
		rise, open, stayed := tr.Values[0][k], tr.Values[1][k], tr.Values[2][k]
		if w := 0.1 * (rise - open); math.Abs(stayed-w) > 1e-5*w+1e-9 {
			t.Errorf("of %g half points %g are open and %g stayed, want %g", rise, open, stayed, w)
		}
		if r := tr.Values[4][k] / tr.Values[3][k]; math.Abs(r-0.45) > 1e-5 {
			t.Errorf("T1 lesions are %g of T2 lesions", r)
		}
	}
	c.Method, c.Seed, c.Rtol = sim.Hybrid, 5, 1e-5
	c.Discrete = []sim.Discrete{{ID: "relapses", Below: 1e6}, {ID: "rise", Below: 1e6}, {ID: "Def", Below: 1e6}, {ID: "Perm", Below: 1e6}, {ID: "T2", Below: 1e6}, {ID: "T1", Below: 1e6}, {ID: "Gd", Below: 1e6}}
	tr, ms, failure = c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	for k := 1; k <= c.Steps; k++ {
		for i := range c.Record[:6] {
			if v := tr.Values[i][k]; v != math.Trunc(v) || v < 0 {
				t.Errorf("%s is %g", c.Record[i].ID, v)
			}
		}
		if rise := tr.Values[0][k]; tr.Values[1][k]+tr.Values[2][k] > rise || rise < tr.Values[5][k] || tr.Values[4][k] > tr.Values[3][k] {
			t.Errorf("counts contradict one another at look %d", k)
		}
		if e := 2 * tr.Values[6][k]; e != math.Trunc(e) || e < 0 || e > 20 {
			t.Errorf("EDSS %g", e/2)
		}
	}
}

// Both states exist with the whole immune system: who starts inflamed stays so and has
// relapses, who starts healthy stays healthy.
func TestSclerosisHasTwoStates(t *testing.T) {
	for _, active := range []bool{true, false} {
		b := newBench(t, false, nil, "immune-core", "multiple-sclerosis")
		start := map[string]float64{}
		if active {
			start = map[string]float64{"ms_ch_D": 1, "ms_ch_aE": 1e8, "ms_ch_aM": 1e8, "ms_ch_aB": 1e8, "ms_ch_aBm": 3e7, "ms_ch_aPB": 1e8, "ms_ch_Ab": 1, "ms_ch_IC": 1}
		}
		at := b.follow(t, start, given(nil, 3285, 3650))
		D, rate := at["ms_ch_D"][1], at["ms_relapses"][1]-at["ms_relapses"][0]
		if active && (D < 0.3 || D > 1 || rate < 0.1 || rate > 1) || !active && (D > 0.01 || rate > 0.05) {
			t.Errorf("active %v: inflammation %g, %g relapses in the tenth year", active, D, rate)
		}
	}
}
