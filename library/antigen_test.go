package library_test

import (
	"math"
	"sort"
	"strconv"
	"testing"

	"thymus/sim"
)

// The antigen channel with a vaccine and a late booster, with an infection met twice, and
// with serum the day before, against an independent implementation (see the README there).
func TestAntigenChannel(t *testing.T) {
	reference := readReference(t, "antigen.csv")
	cases := []struct {
		name  string
		doses []sim.Dose
	}{
		{"vaccine", []sim.Dose{dose(0, "hbv.im", 20), dose(30, "hbv.im", 20), dose(182, "hbv.im", 20), dose(6762, "hbv.im", 20)}},
		{"infection", []sim.Dose{dose(3, "ag.exposure", 8e-5), dose(400, "ag.exposure", 8e-5)}},
		{"serum", []sim.Dose{dose(2, "hbig.im", 35000), dose(3, "ag.exposure", 8e-5)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, false, nil, "immune-core", "antigen-channel", "hepatitis-b-vaccine", "hepatitis-b-immunoglobulin")
			want := map[float64]map[string]float64{} // by day
			var times []float64
			largest := map[string]float64{}
			for text, v := range reference[c.name] {
				day := number(t, text)
				want[day] = v
				times = append(times, day)
				for id, x := range v {
					largest[id] = math.Max(largest[id], math.Abs(x))
				}
			}
			sort.Float64s(times)
			tr, failure := b.worker.Run(sim.Patient{Values: b.values}, b.from(t, nil), sim.Schedule{Start: 0, End: times[len(times)-1], Doses: c.doses, Times: times})
			if failure != nil {
				t.Fatal(failure)
			}
			worst, where, seen := 0.0, "", 0
			for i, day := range tr.Times {
				for k, s := range b.plan.Program().States() {
					x, ok := want[day][s.ID]
					if !ok {
						continue
					}
					seen++
					if e := math.Abs(tr.Values[k][i]-x) / (math.Abs(x) + 1e-4*largest[s.ID] + 1e-5); e > worst {
						worst, where = e, s.ID+" on day "+strconv.FormatFloat(day, 'g', -1, 64)
					}
				}
			}
			if seen < 15*len(times) {
				t.Fatalf("%d values were compared", seen)
			}
			if !(worst < 1e-3) {
				t.Errorf("%s: %g", where, worst)
			}
			t.Logf("largest deviation %.2g at %s", worst, where)
		})
	}
}
