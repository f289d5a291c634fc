package library_test

import (
	"math"
	"sort"
	"testing"

	"thymus/library"
	"thymus/model"
	"thymus/sim"
)

// flat is a module of the library and its model, by itself.
func flat(t testing.TB, name string) (*library.Entry, *model.Model) {
	t.Helper()
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	e, ms := lib.Module(name)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(e.Doc, e.Module.ID)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return e, m
}

// settings are values by id.
func settings(values map[string]float64) (out []sim.Setting) {
	for id, v := range values {
		out = append(out, sim.Setting{ID: id, Value: v})
	}
	return out
}

// run simulates one patient of a bench from a start; states that it does not name are as the
// model starts them.
func (b *bench) run(t testing.TB, start map[string]float64, s sim.Schedule) *sim.Trajectory {
	t.Helper()
	tr, failure := b.worker.Run(sim.Patient{Values: b.values}, b.from(t, start), s)
	if failure != nil {
		t.Fatal(failure)
	}
	return tr
}

// follow is run, with the recorded states by id.
func (b *bench) follow(t testing.TB, start map[string]float64, s sim.Schedule) map[string][]float64 {
	t.Helper()
	tr := b.run(t, start, s)
	out := map[string][]float64{}
	for k, state := range b.plan.Program().States() {
		out[state.ID] = tr.Values[k]
	}
	return out
}

// given are doses from day 0 on, looked at at some times.
func given(doses []sim.Dose, times ...float64) sim.Schedule {
	return sim.Schedule{End: times[len(times)-1], Doses: doses, Times: times}
}

// daysOf lists the days of a reference in their order.
func daysOf(t testing.TB, want map[string]map[string]float64) (days []float64) {
	t.Helper()
	for text := range want {
		days = append(days, number(t, text))
	}
	if len(days) == 0 {
		t.Fatal("the reference is empty")
	}
	sort.Float64s(days)
	return days
}

// byDay is a reference by the number of the day, with the largest absolute value of each state.
func byDay(t testing.TB, want map[string]map[string]float64) (days map[float64]map[string]float64, largest map[string]float64) {
	t.Helper()
	days, largest = map[float64]map[string]float64{}, map[string]float64{}
	for text, values := range want {
		days[number(t, text)] = values
		for id, v := range values {
			largest[id] = math.Max(largest[id], math.Abs(v))
		}
	}
	return days, largest
}

// slack is what a deviation may have beside 0.1 % of the reference: a share of the state's
// largest value, and an amount.
type slack struct{ ofLargest, amount float64 }

// compareReference runs doses from day 0 and the given start, and compares the states named in
// the reference with it. It says how many values it compared.
func compareReference(t *testing.T, b *bench, start map[string]float64, doses []sim.Dose, want map[string]map[string]float64, allowed slack) int {
	t.Helper()
	times := daysOf(t, want)
	days, largest := byDay(t, want)
	tr := b.run(t, start, given(doses, times...))
	worst, where, seen := 0.0, "", 0
	for i, day := range tr.Times {
		for k, s := range b.plan.Program().States() {
			x, ok := days[day][s.ID]
			if !ok {
				continue
			}
			seen++
			off, most := math.Abs(tr.Values[k][i]-x), 1e-3*math.Abs(x)+allowed.ofLargest*largest[s.ID]+allowed.amount
			if !(off <= most) {
				t.Errorf("%s on day %g: %g, the reference has %g", s.ID, day, tr.Values[k][i], x)
			}
			if off/most > worst {
				worst, where = off/most, s.ID
			}
		}
	}
	if seen < len(largest)*len(times) {
		t.Fatalf("%d values were compared, of %d", seen, len(largest)*len(times))
	}
	t.Logf("%d values, largest deviation %.2g of what is allowed, at %s", seen, worst, where)
	return seen
}

// compareCourse runs a module by itself and compares what it records, from column first on,
// with a reference at its equal steps, within 0.1 %.
func compareCourse(t *testing.T, c sim.Course, first int, want map[string]map[string]float64) *sim.Trajectory {
	t.Helper()
	tr, ms, failure := c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	for text, values := range want {
		k := stepOf(t, c, text)
		for i, s := range c.Record[first:] {
			if got, x := tr.Values[first+i][k], values[s.ID]; math.Abs(got-x) > 1e-3*math.Abs(x)+1e-9 {
				t.Errorf("%s on day %s is %g, want %g", s.ID, text, got, x)
			}
		}
	}
	return tr
}

// stepOf is the step of a course that a day of a reference is.
func stepOf(t testing.TB, c sim.Course, day string) int {
	return int(math.Round(number(t, day) / c.End * float64(c.Steps)))
}

// compareExtinction holds the share of runs that have died out by each time against that of
// a linear birth-death process (Kendall 1948) with birth b, death d and n cells at first.
func compareExtinction(t *testing.T, times, gone []float64, b, d, n float64, runs int, allowed float64) {
	t.Helper()
	tested := 0
	for k, at := range times {
		R := (d - b) * at
		p := math.Pow(1-1/(math.Exp(R)+b*math.Expm1(R)/(d-b)), n)
		if k == 0 {
			p = 0
		}
		if p > 0.02 && p < 0.98 {
			tested++
		}
		if math.Abs(gone[k]-p) > 4*math.Sqrt(p*(1-p)/float64(runs))+allowed {
			t.Errorf("extinct by day %g: %g of the runs, want %g", at, gone[k], p)
		}
	}
	if tested == 0 {
		t.Error("no time tests anything")
	}
}

// gompertz is the number of cells after some days of growth by r*ln(K/T) a day.
func gompertz(r, K float64) func(start, day float64) float64 {
	return func(start, day float64) float64 { return K * math.Exp(math.Log(start/K)*math.Exp(-r*day)) }
}

// bolus is the level after a dose into the first of two compartments, in closed form.
func bolus(dose, CL, V1, V2, Q float64) func(day float64) float64 {
	sum, product := CL/V1+Q/V1+Q/V2, CL/V1*Q/V2
	root := math.Sqrt(sum*sum - 4*product)
	fast, slow := (sum+root)/2, (sum-root)/2
	return func(day float64) float64 {
		return dose / V1 * ((fast-Q/V2)*math.Exp(-fast*day) + (Q/V2-slow)*math.Exp(-slow*day)) / (fast - slow)
	}
}
