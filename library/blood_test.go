package library_test

import (
	"math"
	"sort"
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
			map[string]float64{"ball_burden0": 2e11, "ball_founders0": 1e6, "ball_fS": 1e-3, "chemo_sens": 2},
			[]sim.Dose{dose(5, "chemo.course", 1), dose(26, "chemo.course", 1)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, false, c.set, c.modules...)
			var times []float64
			days := map[float64]map[string]float64{}
			largest := map[string]float64{}
			for text, v := range reference[c.name] {
				day := number(t, text)
				times = append(times, day)
				days[day] = v
				for id, x := range v {
					largest[id] = math.Max(largest[id], math.Abs(x))
				}
			}
			sort.Float64s(times)
			tr, failure := b.worker.Run(sim.Patient{Values: b.values}, b.from(t, nil), sim.Schedule{Start: 0, End: times[len(times)-1], Doses: c.doses, Times: times})
			if failure != nil {
				t.Fatal(failure)
			}
			seen := 0
			for i, day := range tr.Times {
				for k, s := range b.plan.Program().States() {
					x, ok := days[day][s.ID]
					if !ok || day == 5 || day == 26 {
						continue
					}
					seen++
					if e := math.Abs(tr.Values[k][i]-x) / (math.Abs(x) + 1e-4*largest[s.ID]); e > 1e-3 {
						t.Errorf("%s on day %g: %g, want %g", s.ID, day, tr.Values[k][i], x)
					}
				}
			}
			if seen < 5*len(times) {
				t.Fatalf("%d values were compared", seen)
			}
		})
	}
}
