package library_test

import (
	"testing"

	"thymus/sim"
)

// Cancers of the blood under chemotherapy, with the course that doctors see, against an
// independent implementation (see the README there).
func TestBloodCancers(t *testing.T) {
	reference := readReference(t, "blood.csv")
	cases := []struct {
		name    string
		modules []string
		set     map[string]float64
		doses   []sim.Dose
	}{
		{"leukaemia-chemotherapy", []string{"immune-core", "b-cell-leukaemia", "salvage-chemotherapy"},
			map[string]float64{"ball_burden0": 2e11, "ball_founders0": 1e6, "ball_fS": 1e-3, "ball_rT": 0.06, "ball_wS": 0.2, "ball_kmarrow": 0, "chemo_sens": 2},
			[]sim.Dose{dose(5, "chemo.course", 1), dose(26, "chemo.course", 1)}},
		{"lymphoma-chop", []string{"immune-core", "large-b-cell-lymphoma", "chop"},
			map[string]float64{"lbcl_t_burden0": 1e11, "lbcl_t_founders0": 1e5, "lbcl_t_fS": 1e-3, "lbcl_t_r": 0.07, "lbcl_t_sChemo": 0.7},
			[]sim.Dose{dose(2, "chop.cycle", 1), dose(23, "chop.cycle", 1), dose(44, "chop.cycle", 1), dose(65, "chop.cycle", 1)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, false, c.set, c.modules...)
			times := daysOf(t, reference[c.name])
			seen := compareReference(t, b, nil, c.doses, reference[c.name], slack{1e-7, 0})
			if seen < 5*len(times) {
				t.Fatalf("%d values were compared", seen)
			}
		})
	}
}

// Without treatment a leukaemia fills the room that the marrow gives it and stays there, with
// its cells in the three clones adding up, and its course says so: no remission, progression,
// and a hazard of death near its most.
func TestUntreatedLeukaemia(t *testing.T) {
	b := newBench(t, false, map[string]float64{"ball_burden0": 1e10, "ball_founders0": 10, "ball_fS": 1e-4}, "immune-core", "b-cell-leukaemia", "clinical-course")
	at := b.follow(t, nil, given(nil, 0, 100, 400))
	total := at["ball_Tp"][2] + at["ball_Tn"][2] + at["ball_Ts"][2]
	if !(total > 1.4e12 && total < 1.5001e12) {
		t.Errorf("%g blasts fill the marrow", total)
	}
	if at["ball_course_CR_days"][2] != 0 || at["ball_course_PD_days"][2] < 300 {
		t.Errorf("%g days in remission, %g in progression", at["ball_course_CR_days"][2], at["ball_course_PD_days"][2])
	}
	if !(at["cc_Hther"][2] > 0.4 && at["cc_Hther"][2] < 0.8) { // 0.7 a year, until death
		t.Errorf("hazard of death %g", at["cc_Hther"][2])
	}
}
