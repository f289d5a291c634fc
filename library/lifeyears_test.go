package library_test

import (
	"math"
	"testing"
)

// Years of a patient who lives on are time; discounted ones have a closed form, and weighting
// them by a quality that does not change is a product. Without a disease quality is 1.
func TestLifeYears(t *testing.T) {
	for _, c := range []struct {
		quality float64
		modules []string
		set     map[string]float64
	}{
		{1, []string{"immune-core", "clinical-course", "life-years"}, nil},
		{0.7, []string{"immune-core", "clinical-course", "life-years", "b-cell-leukaemia"},
			map[string]float64{"ball_burden0": 1e10, "ball_course_hDis": 0}},
	} {
		b := newBench(t, false, c.set, c.modules...)
		at := b.follow(t, nil, given(nil, 0, 365.25, 3652.5))
		for k, years := range []float64{0, 1, 10} {
			discounted := (1 - math.Exp(-0.03*years)) / 0.03
			for id, want := range map[string]float64{"ly_years": years, "ly_discounted": discounted, "ly_adjusted": c.quality * discounted} {
				if got := at[id][k]; math.Abs(got-want) > 0.001*want+1e-9 {
					t.Errorf("%s after %g years is %g, want %g", id, years, got, want)
				}
			}
		}
	}
}

// A dose of CAR-T cells hurts the marrow as long as the hurt lasts, and not after.
func TestMarrowRecoversAfterCARTCells(t *testing.T) {
	b := newBench(t, false, map[string]float64{"ball_burden0": 1e11, "ball_founders0": 0, "car_kcyt": 0.05}, "immune-core", "b-cell-leukaemia", "flu-cy", "cd19-car-t")
	doses := append(lymphodepletion[:len(lymphodepletion):len(lymphodepletion)], dose(0, "car.infusion", 2e8))
	at := b.follow(t, nil, given(doses, -6, 0, 30, 365))
	hurt, neutrophils := at["car_hurt"], at["core_ANC"]
	if !(hurt[1] < 1e-6 && hurt[2] > 0.1 && hurt[3] < hurt[2]/100) {
		t.Errorf("the marrow is hurt by %g, %g and %g on days 0, 30 and 365", hurt[1], hurt[2], hurt[3])
	}
	if !(neutrophils[2] < 0.8*neutrophils[0] && neutrophils[3] > 0.85*neutrophils[0]) {
		t.Errorf("%g, %g and %g neutrophils before, on day 30 and 365", neutrophils[0], neutrophils[2], neutrophils[3])
	}
}
