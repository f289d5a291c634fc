package library_test

import (
	"math"
	"testing"

	"thymus/sim"
)

// TestBelimumabKinetics: two compartments have a solution in closed form.
func TestBelimumabKinetics(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "belimumab")
	const dose1, CL, V1, V2, Q = 700, 0.215, 2.6, 2.7, 0.5
	level := bolus(dose1, CL, V1, V2, Q)
	times := []float64{0.5, 1, 3, 7, 14, 28, 60}
	got := b.follow(t, nil, given([]sim.Dose{dose(0, "bel.iv", dose1)}, times...))["bel_C"]
	for i, day := range times {
		want := level(day)
		if math.Abs(got[i]/want-1) > 1e-5 {
			t.Errorf("day %g: %g mg/L, want %g", day, got[i], want)
		}
	}
}

// TestMessengerRNA: the RNA decays as an exponential, and what is made of it is all the antigen
// that the channel gets: with binding and breakdown off, antigen is made*dose/kRNA in the end.
func TestMessengerRNA(t *testing.T) {
	b := newBench(t, false, map[string]float64{"ag_kin": 0, "ag_nu": 0, "ag_nb": 0, "mrna_kRNA": 0.7, "mrna_made": 4}, "immune-core", "antigen-channel", "mrna-vaccine")
	const kRNA, made = 0.7, 4
	times := []float64{1, 5, 60}
	x := b.follow(t, nil, given([]sim.Dose{dose(0, "mrna.im", 30)}, times...))
	for i, day := range times {
		if want := 30 * math.Exp(-kRNA*day); math.Abs(x["mrna_R"][i]-want) > 1e-5*30 {
			t.Errorf("day %g: %g ug, want %g", day, x["mrna_R"][i], want)
		}
		if want := made * 30 / kRNA * (1 - math.Exp(-kRNA*day)); math.Abs(x["ag_Ag"][i]/want-1) > 1e-5 {
			t.Errorf("day %g: %g nmol/L of antigen, want %g", day, x["ag_Ag"][i], want)
		}
	}
}

// TestLupusInHealth: without its cells the disease stays away and no score is raised.
func TestLupusInHealth(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "systemic-lupus")
	x := b.follow(t, nil, given(nil, 1000, 4000))
	for id, most := range map[string]float64{"sle_ch_D": 0.01, "sle_kidney": 0.01, "sle_ch_Ab": 0.05, "sle_ch_IC": 0.05} {
		if v := x[id][1]; !(v >= 0 && v < most) {
			t.Errorf("%s is %g in a person who never was ill", id, v)
		}
	}
	if g := x["core_IgG"][1]; math.Abs(g-11) > 0.05 {
		t.Errorf("immunoglobulin G is %g g/L", g)
	}
}

// TestImmunoglobulinMassBalance: where nothing is made and nothing lost, immunoglobulin G rises by the
// share of the dose that is in plasma.
func TestImmunoglobulinMassBalance(t *testing.T) {
	b := newBench(t, false, map[string]float64{"core_kG": 0, "ivig_kloss": 0}, "immune-core", "intravenous-immunoglobulin")
	x := b.follow(t, nil, given([]sim.Dose{dose(0, "ivig.iv", 30)}, 1, 60))
	if got := x["core_IgG"][1] - 11; math.Abs(got-30*0.45/3) > 1e-4 {
		t.Errorf("30 g raise immunoglobulin G by %g g/L", got)
	}
}

// TestComplexMassBalance: where nothing breaks down and nothing is swallowed, toxin is free or in
// complexes, and what phagocytes do not get stays.
func TestComplexMassBalance(t *testing.T) {
	b := newBench(t, false, map[string]float64{"ag_kin": 0, "ag_kph": 0}, "immune-core", "antigen-channel", "hepatitis-b-immunoglobulin", "immunodeficiency")
	doses := []sim.Dose{dose(1, "hbig.im", 35000), dose(3, "ag.protein", 4)}
	x := b.follow(t, nil, given(doses, 2, 4, 12))
	for i, want := range []float64{0, 50, 50} {
		if got := x["ag_Ag"][i] + x["ag_Cx"][i] + x["ag_Vi"][i]; math.Abs(got-want) > 1e-3 {
			t.Errorf("look %d: %g nmol/L of toxin, free or bound, want %g", i, got, want)
		}
	}
	if bound := x["ag_Cx"][1]; bound < 45 {
		t.Errorf("a day later %g nmol/L are bound", bound)
	}
	normal := newBench(t, false, nil, "immune-core", "antigen-channel", "hepatitis-b-immunoglobulin", "immunodeficiency")
	few := append([]sim.Dose{dose(0, "idf.myeloid_loss", 0.3), dose(0, "idf.C3_loss", 3)}, doses...)
	if a, b := normal.follow(t, nil, given(doses, 10))["ag_Cx"][0], normal.follow(t, nil, given(few, 10))["ag_Cx"][0]; !(b > 2*a) {
		t.Errorf("complexes on day 10: %g, and %g without phagocytes and complement", a, b)
	}
}

// TestKidneysHeal: without inflammation the injury of kidneys fades by the closed form, and starts at once with it.
func TestKidneysHeal(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "systemic-lupus")
	const heal = 72.0
	times := []float64{50, 150, 300}
	x := b.follow(t, nil, given(nil, times...))
	for i, day := range times {
		if want := math.Exp(-day / heal); math.Abs(x["sle_kidney"][i]-want) > 0.003 {
			t.Errorf("day %g: injury of %g, want %g", day, x["sle_kidney"][i], want)
		}
	}
}

// TestMycophenolateSparesPools: two grams a day for a year leave regulatory and naive T cells, which it once took by two thirds.
func TestMycophenolateSparesPools(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "mycophenolate")
	x := b.follow(t, nil, given([]sim.Dose{dose(1, "mmf.daily", 2)}, 0, 366))
	for _, id := range []string{"core_RE", "core_RN", "core_N4", "core_M8"} {
		if left := x[id][1] / x[id][0]; left < 0.75 || left > 1 {
			t.Errorf("%g of %s are left", left, id)
		}
	}
}

// TestComplexesOccupyPhagocytes: a gram of rituximab empties the blood less where complexes are many.
func TestComplexesOccupyPhagocytes(t *testing.T) {
	low := map[bool]float64{}
	for _, occupied := range []bool{false, true} {
		b := newBench(t, false, map[string]float64{"sle_ch_wPh": map[bool]float64{false: 0, true: 7}[occupied]}, "immune-core", "systemic-lupus", "rituximab")
		x := b.follow(t, map[string]float64{"sle_ch_IC": 1.5, "sle_ch_Ab": 1.5}, given([]sim.Dose{dose(0, "rtx.iv", 1000)}, 14))
		low[occupied] = x["core_Bn"][0] + x["core_Bt"][0] + x["core_Bm"][0]
	}
	if ratio := low[true] / low[false]; ratio < 2 || ratio > 11.5 {
		t.Errorf("%g times as many B cells after two weeks where complexes are many, should be between 2 and 1 + 7*1.5", ratio)
	}
}

// TestFiltrationIsLost: where inflammation has gone, what is left of the injury takes filtration for good by the
// closed form.
func TestFiltrationIsLost(t *testing.T) {
	b := newBench(t, false, map[string]float64{"sle_renal": 1, "sle_spared": 1, "sle_crD": 0.5}, "immune-core", "systemic-lupus")
	const heal, scar = 72.0, 0.00006
	times := []float64{50, 150, 600}
	x := b.follow(t, nil, given(nil, times...))
	for i, day := range times {
		want := 1 - math.Exp(-scar*heal*(1-math.Exp(-day/heal)))
		if math.Abs(x["sle_lost"][i]/want-1) > 0.01 {
			t.Errorf("day %g: %g of filtration is lost, want %g", day, x["sle_lost"][i], want)
		}
	}
}

// TestObinutuzumabNeedsFewPhagocytes: its level follows two compartments in closed form, and complexes hinder it less than rituximab.
func TestObinutuzumabNeedsFewPhagocytes(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "obinutuzumab")
	level := bolus(1000, 0.11, 2.8, 1.2, 0.5)
	times := []float64{1, 7, 28, 90}
	got := b.follow(t, nil, given([]sim.Dose{dose(0, "obi.iv", 1000)}, times...))["obi_C"]
	for i, day := range times {
		if want := level(day); math.Abs(got[i]/want-1) > 1e-5 {
			t.Errorf("day %g: %g mg/L, want %g", day, got[i], want)
		}
	}
	left := map[string]float64{}
	for _, drug := range []string{"obinutuzumab", "rituximab"} {
		b := newBench(t, false, nil, "immune-core", "systemic-lupus", drug)
		x := b.follow(t, map[string]float64{"sle_ch_IC": 1.5, "sle_ch_Ab": 1.5}, given([]sim.Dose{dose(0, map[string]string{"obinutuzumab": "obi.iv", "rituximab": "rtx.iv"}[drug], 1000)}, 14))
		left[drug] = x["core_Bn"][0] + x["core_Bt"][0] + x["core_Bm"][0]
	}
	if !(left["obinutuzumab"] < 0.9*left["rituximab"]) {
		t.Errorf("B cells after two weeks: %g with obinutuzumab, %g with rituximab", left["obinutuzumab"], left["rituximab"])
	}
}
