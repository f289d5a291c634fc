package library_test

import (
	"math"
	"sort"
	"testing"

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
	b := newBench(t, false, nil, "immune-core", "rituximab")
	compareReference(t, b, nil, []sim.Dose{dose(0, "rtx.iv", 1000), dose(14, "rtx.iv", 1000)}, readReference(t, "rituximab.csv")["rituximab"])
}
