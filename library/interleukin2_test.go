package library_test

import (
	"math"
	"testing"
)

// il2Set is what the references of interleukin-2 were computed with: no loss at receptors, and
// interleukin-15 that does not move.
var il2Set = map[string]float64{
	"core_ka2": 8, "core_fdir": 0, "core_CLr": 200, "core_V2": 3, "core_QL": 30, "core_Vt": 2.5, "core_ke0": 2, "core_gLe": 1.2, "il2_F2": 0.3,
	"core_pNh": 0.4, "core_KNh": 15, "core_lNh": 0.06, "core_wNh": 0.4, "core_xNh": 20, "core_fsNh": 0.5, "core_fNh": 0.08,
	"core_kint": 0, "core_k7": 0, "core_KNK": 80,
}

// TestInterleukin2Bolus: two compartments have a solution in closed form, and the area under
// the level is the dose over the clearance.
func TestInterleukin2Bolus(t *testing.T) {
	b := newBench(t, false, il2Set, "immune-core", "interleukin-2")
	const dose1, CL, V1, V2, Q = 6 * 3930.0, 200.0, 3.0, 2.5, 30.0
	level := bolus(dose1, CL, V1, V2, Q)
	times := []float64{0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 3}
	x := b.follow(t, nil, given(repeated("il2.iv", 6, 0), times...))
	for i, day := range times[:6] {
		want := level(day)
		if got := x["core_Lc"][i]; math.Abs(got/want-1) > 1e-5 {
			t.Errorf("day %g: %g pmol/L, want %g", day, got, want)
		}
	}
	if got := x["il2_exposure"][6]; math.Abs(got/(dose1/CL)-1) > 1e-5 {
		t.Errorf("area %g day*pmol/L, want %g", got, dose1/CL)
	}
}

// TestNaturalKillersUnderInterleukin2: four weeks of 2 MIU a day and what follows, as an
// independent implementation has it; CD56bright cells rise many times more than the others.
func TestNaturalKillersUnderInterleukin2(t *testing.T) {
	b := newBench(t, false, il2Set, "immune-core", "interleukin-2")
	want := readReference(t, "natural-killers.csv")["daily"]
	var days []float64
	for d := 0.0; d < 28; d++ {
		days = append(days, d)
	}
	compareReference(t, b, nil, repeated("il2.sc", 2, days...), want, tight)
	x := b.follow(t, nil, given(repeated("il2.sc", 2, days...), 0, 28))
	if bright, dim := x["core_Nh"][1]/x["core_Nh"][0], x["core_NK"][1]/x["core_NK"][0]; bright < 5*dim {
		t.Errorf("CD56bright cells are %.3g times, others %.3g times those of health", bright, dim)
	}
}
