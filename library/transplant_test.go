package library_test

import (
	"math"
	"sort"
	"strconv"
	"testing"

	"thymus/sim"
)

// The values that the independent implementation of the transplant was computed with.
var transplantSet = map[string]float64{
	"cond_kcy": 2.8, "cond_katg": 0.5, "cond_kmel": 1.5, "cond_kbu": 2.8, "cond_kray": 2.8, "cond_sens": 1,
	"cond_cyT": 1.9, "cond_atgT": 2, "cond_cyB": 3, "cond_atgB": 0.9, "cond_cyP": 3.9, "cond_cyH": 1.9, "cond_cyC": 3.9, "cond_cyPC": 0.05,
	"cond_melT": 4.2, "cond_melP": 5.3, "cond_buT": 3, "cond_buP": 6, "cond_buH": 10.4, "cond_rayT": 5.6, "cond_rayP": 6, "cond_rayH": 10.4, "cond_rayPC": 0.4,
	"cond_TECloss": 0.69, "cond_ktox": 0.035, "cond_sensPlt": 1.8, "cond_kworn": 0.12, "cond_toxMel": 1.5, "cond_toxBu": 2.5, "cond_toxRay": 2.5,
	"graft_kgcsf": 0.6, "graft_eG": 0.6, "graft_KG": 1, "graft_CD340": 2.5, "graft_eMob": 48, "graft_kmob": 0.5, "graft_effA": 0.45, "graft_khome": 3,
	"graft_eh": 0.012, "graft_eP": 0.004, "graft_eMk": 0.004,
	"allo_khome": 3, "allo_eh": 0.012, "allo_eP": 0.004, "allo_eMk": 0.007, "allo_kh": 0.15, "allo_fallo": 0.002, "allo_mismatch": 40, "allo_kap": 1,
	"allo_d0": 0.3, "allo_dMac": 0.5, "allo_dInj": 0.25, "allo_dDm": 0.5, "allo_pg": 0.45, "allo_growth": 1, "allo_gmax": 5e8, "allo_mug": 0.13,
	"allo_gref": 1e8, "allo_kDm": 0.25, "allo_lTEC": 0.05, "allo_mDm": 0.02, "allo_CD3ref": 3.35e11,
}

func repeated(action string, amount float64, days ...float64) []sim.Dose {
	var out []sim.Dose
	for _, d := range days {
		out = append(out, dose(d, action, amount))
	}
	return out
}

func joined(parts ...[]sim.Dose) []sim.Dose {
	var out []sim.Dose
	for _, p := range parts {
		out = append(out, p...)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Time < out[j].Time })
	return out
}

// Four regimens with their grafts against an independent implementation; see the README of
// the references.
func TestTransplants(t *testing.T) {
	ref := readReference(t, "transplant.csv")
	cases := map[string][]sim.Dose{
		"cyclophosphamide-globulin": joined(repeated("graft.gcsf", 10, -30, -29, -28, -27, -26), repeated("graft.apheresis", 0.2, -25),
			repeated("cond.cyclophosphamide", 50, -5, -4, -3, -2), repeated("cond.atg", 1.2, -5, -4, -3, -2, -1), repeated("graft.reinfusion", 1, 0), repeated("graft.gcsf", 10, 5, 6, 7, 8)),
		"beam": joined(repeated("cond.beam", 1, -6), repeated("graft.cd34", 5e6, 0), repeated("cond.atg", 3, 1, 2)),
		"irradiation": joined(repeated("cond.irradiation", 6, -6, -5), repeated("cond.cyclophosphamide", 120, -3),
			repeated("graft.cd34", 5e6, 0), repeated("graft.t_cells", 5e7, 0)),
		"busulfan": joined(repeated("cond.busulfan", 8, -7, -6), repeated("cond.cyclophosphamide", 120, -4), repeated("graft.cd34", 8e6, 0)),
	}
	cases["allograft"] = joined(repeated("cond.irradiation", 2, -8, -7.5, -7, -6.5, -6, -5.5), repeated("cond.cyclophosphamide", 60, -4, -3), repeated("cond.atg", 2, -4, -3, -2),
		repeated("allo.calcineurin", 1.7, -2), repeated("allo.stem_cells", 5e6, 0), repeated("allo.t_cells", 1e9, 0))
	for name, doses := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, false, transplantSet, "immune-core", "conditioning", "stem-cell-graft", "allograft")
			want := ref[name]
			times := daysOf(t, want)
			tr := b.run(t, want[strconv.FormatFloat(times[0], 'f', -1, 64)], sim.Schedule{Start: times[0], End: times[len(times)-1], Doses: doses, Times: times})
			compare(t, b, tr, want, 0.001)
			for k, state := range b.plan.Program().States() { // and the nadirs, which are small beside health
				for i, day := range tr.Times {
					w, ok := want[strconv.FormatFloat(day, 'f', -1, 64)][state.ID]
					if d := math.Abs(tr.Values[k][i] - w); ok && d > 0.001*math.Abs(w)+1e-6 && !(w > 1e3 && d < 1) {
						t.Errorf("%s on day %g: %g, want %g", state.ID, day, tr.Values[k][i], w)
					}
				}
			}
		})
	}
}

// Stem cells neither appear nor vanish between harvest, store and blood: what was stored
// is given, and all of it homes.
func TestGraftKeepsItsCells(t *testing.T) {
	b := newBench(t, false, transplantSet, "immune-core", "stem-cell-graft")
	doses := joined(repeated("graft.gcsf", 10, 0, 1, 2, 3, 4), repeated("graft.apheresis", 0.2, 5), repeated("graft.reinfusion", 0.5, 20, 21))
	at := b.follow(t, nil, given(doses, 10, 20.5, 40))
	harvest := at["graft_stored"][0]
	if harvest < 1 || harvest > 50 {
		t.Errorf("%g million CD34 cells per kg were harvested", harvest)
	}
	for k := range at["graft_stored"] {
		if sum := at["graft_stored"][k] + at["graft_given"][k]; math.Abs(sum-harvest) > 1e-9*harvest {
			t.Errorf("look %d: stored and given are %g, harvested %g", k, sum, harvest)
		}
	}
	if at["graft_circ"][2] > 1e-8*harvest {
		t.Errorf("%g still circulate on day 40", at["graft_circ"][2])
	}
}

// An active patient with sclerosis stays active when nothing is done, skin and lung stiffen;
// deep conditioning with a graft quiets the disease and the skin softens.
func TestSclerosis(t *testing.T) {
	b := newBench(t, false, transplantSet, "immune-core", "systemic-sclerosis", "conditioning", "stem-cell-graft")
	seed := map[string]float64{"ssc_ch_D": 1, "ssc_ch_aE": 1e8, "ssc_ch_aM": 1e8, "ssc_ch_aB": 1e8, "ssc_ch_aBm": 3e7, "ssc_ch_aPB": 1e8, "ssc_ch_aPC": 1e8, "ssc_ch_Ab": 1, "ssc_ch_IC": 1, "ssc_ch_Rt": 0.7}
	times := []float64{0, 1000, 2500}
	run := func(doses []sim.Dose) map[string][]float64 {
		return b.follow(t, seed, sim.Schedule{Start: -40, End: 2500, Doses: doses, Times: times})
	}
	left := run(nil)
	if d := left["ssc_ch_D"][2]; d < 0.4 {
		t.Errorf("without treatment the disease went quiet: D %g", d)
	}
	if a, z := left["ssc_Fi"][0], left["ssc_Fi"][2]; z <= a {
		t.Errorf("the skin of an active patient went from %g to %g", a, z)
	}
	if a, z := left["ssc_Horgan"][1], left["ssc_Horgan"][2]; !(z > a && a > 0) {
		t.Errorf("risk of organ failure %g, then %g", a, z)
	}
	grafted := run(joined(repeated("cond.irradiation", 2, -5, -4.5, -4, -3.5), repeated("cond.cyclophosphamide", 60, -3, -2), repeated("cond.atg", 1, -5, -3, -1, 1, 3, 5), repeated("graft.cd34", 5e6, 0)))
	if d := grafted["ssc_ch_D"][1]; d > 0.05 {
		t.Errorf("after the graft D is %g", d)
	}
	if a, z := grafted["ssc_Fi"][0], grafted["ssc_Fi"][1]; z > 0.5*a {
		t.Errorf("the skin went from %g to %g after the graft", a, z)
	}
	if grafted["cond_tox"][0] < 1 || grafted["cond_tox"][1] > 1e-6 {
		t.Errorf("injury %g on day 0, %g later", grafted["cond_tox"][0], grafted["cond_tox"][1])
	}
}

// Sclerosis with irradiation and a graft, sclerosis left alone, and chronic
// graft-versus-host disease under daily interleukin-2, against the independent implementation.
func TestGraftedDiseases(t *testing.T) {
	ref := readReference(t, "grafted-diseases.csv")
	set := map[string]float64{
		"ssc_ch_u0": 0.03, "ssc_ch_wDP": 0.66, "ssc_ch_qIL2": 0.7, "ssc_ch_Ag0": 0.3, "ssc_ch_wIC": 0.5, "ssc_ch_wT": 0.4, "ssc_ch_wpc": 0.2,
		"ssc_kFi": 0.004, "ssc_rFi": 0.0014, "ssc_slow": 3, "ssc_horgan": 0.024, "ssc_Dref": 0.75, "ssc_wlung": 1, "ssc_frail": 1, "ssc_Fi0": 0.6, "ssc_Fl0": 0.36,
		"cgvhd_ch_u0": 0.02, "cgvhd_ch_AgCh": 0.08, "cgvhd_ch_wDP": 0.4, "cgvhd_ch_qIL2": 0.5, "cgvhd_ch_Ag0": 0.25, "cgvhd_ch_wIC": 0.3, "cgvhd_ch_wT": 0.6,
		"cgvhd_ch_wpc": 0.3, "cgvhd_ch_kap": 0.15, "cgvhd_ch_wR0": 0.7, "il2_F2": 0.3,
	}
	for k, v := range transplantSet {
		set[k] = v
	}
	blood := map[string]float64{"core_N4b": 120, "core_M4b": 250, "core_RNb": 6, "core_REb": 26, "core_N8b": 120, "core_M8b": 300, "core_NKb": 150}
	var daily []sim.Dose
	for d := 0.0; d < 84; d++ {
		daily = append(daily, dose(d, "il2.sc", 1.9))
	}
	cases := []struct {
		name    string
		modules []string
		doses   []sim.Dose
	}{
		{"sclerosis", []string{"immune-core", "systemic-sclerosis", "conditioning", "stem-cell-graft"}, joined(repeated("cond.irradiation", 2, -5, -4.5, -4, -3.5),
			repeated("cond.cyclophosphamide", 60, -3, -2), repeated("cond.atg", 1, -5, -3, -1), repeated("graft.cd34", 5e6, 0))},
		{"sclerosis-left", []string{"immune-core", "systemic-sclerosis", "conditioning", "stem-cell-graft"}, nil},
		{"chronic-gvhd", []string{"immune-core", "chronic-gvhd", "interleukin-2"}, daily},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			values := map[string]float64{}
			for k, v := range set {
				values[k] = v
			}
			if c.name == "chronic-gvhd" {
				for k, v := range blood {
					values[k] = v
				}
			}
			b := newBench(t, false, values, c.modules...)
			want := ref[c.name]
			times := daysOf(t, want)
			tr := b.run(t, want[strconv.FormatFloat(times[0], 'f', -1, 64)], sim.Schedule{Start: times[0], End: times[len(times)-1], Doses: c.doses, Times: times})
			compare(t, b, tr, want, 0.001)
		})
	}
}
