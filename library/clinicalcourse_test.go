package library_test

import (
	"context"
	"math"
	"strconv"
	"testing"

	"thymus/compile"
	"thymus/model"
	"thymus/sim"
)

// clinicalCourse is the module by itself, its ports set.
func clinicalCourse(t *testing.T, set map[string]float64) sim.Course {
	t.Helper()
	_, m := flat(t, "clinical-course")
	c := sim.Course{Model: m, Steps: 8, Seed: 3, Rtol: 1e-8, Atol: 1e-10}
	for _, id := range []string{"overcome", "Hinf", "Hther", "Hback", "alive", "infections", "died", "spent_total", "hospital_days_total"} {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	for id, v := range set {
		if id == "end" {
			c.End = v
			continue
		}
		c.Set = append(c.Set, sim.Setting{ID: id, Value: v})
	}
	return c
}

var clinicalCases = map[string]map[string]float64{
	"healthy":     {"ANC": 4000, "CD4": 900, "IgG": 11, "age": 35, "end": 7305},
	"neutropenic": {"ANC": 150, "CD4": 60, "IgG": 4, "age": 62, "rr_infection": 1.5, "hazard_infection": 0.2, "end": 1461},
	"therapy":     {"ANC": 3000, "CD4": 400, "IgG": 3, "age": 55, "rr_infection": 1.6, "hazard_infection": 0.05, "hazard_death": 0.12, "end": 7305},
	"aged":        {"ANC": 4000, "CD4": 700, "IgG": 10, "age": 70, "hazard_death": 0.01, "end": 14610},
}

// The clinical course under constant counts against an independent implementation; after
// death nothing more is counted, and the risk that was passed is the cause.
func TestClinicalCourse(t *testing.T) {
	for name, want := range readReference(t, "clinical-course.csv") {
		c := clinicalCourse(t, clinicalCases[name])
		tr, ms, failure := c.Run()
		if ms.HasErrors() || failure != nil {
			t.Fatal(name, ms, failure)
		}
		seen := 0
		for text, values := range want {
			k := stepOf(t, c, text)
			for i, s := range c.Record {
				x, ok := values[s.ID]
				if !ok {
					continue
				}
				seen++
				if got := tr.Values[i][k]; math.Abs(got-x) > 1e-3*math.Abs(x)+1e-9 {
					t.Errorf("%s: %s on day %s is %g, want %g", name, s.ID, text, got, x)
				}
			}
		}
		if seen != 8*5 {
			t.Errorf("%s: %d values compared", name, seen)
		}
		end := c.Steps
		if lives, dead := tr.Values[4][end], tr.Values[6][end]; lives+dead != 1 {
			t.Errorf("%s: alive %g, died %g", name, lives, dead)
		}
		days, infections := tr.Values[8][end], tr.Values[5][end]
		if math.Abs(days-8*infections) > 1e-9 || math.Abs(tr.Values[7][end]-5000*infections-3000*days) > 1e-6 {
			t.Errorf("%s: %g infections, %g days, %g USD", name, infections, days, tr.Values[7][end])
		}
	}
}

// Infections are whole numbers with the mean and the variance of a Poisson process, and
// ports that nobody writes are neutral.
func TestInfectionsAreCounted(t *testing.T) {
	c := clinicalCourse(t, clinicalCases["neutropenic"])
	c.Method, c.End, c.Steps = sim.Hybrid, 60, 2
	c.Rtol, c.Atol = 1e-6, 1e-8
	c.Set = append(c.Set, sim.Setting{ID: "Uinf", Value: 1e-9}, sim.Setting{ID: "Uback", Value: 1e-9})
	c.Discrete = []sim.Discrete{{ID: "overcome", Below: 1e6}}
	c.Record = []compile.Selection{{ID: "overcome"}, {Expr: model.Call("power", model.Sym("overcome"), model.Num(2)), ID: "square"},
		{Expr: model.Call("minus", model.Sym("overcome"), model.Call("floor", model.Sym("overcome"))), ID: "part"}}
	const runs = 600
	r, ms, err := c.Ensemble(context.Background(), runs, 2)
	if ms.HasErrors() || err != nil {
		t.Fatal(ms, err)
	}
	want := readReference(t, "clinical-course.csv")["neutropenic"]["182.625"]["rate"]
	for k, day := range []float64{0, 30, 60} {
		mean := r.Mean[0][k]
		rate := want * day
		if math.Abs(mean-rate) > 4*math.Sqrt(rate/runs)+1e-12 {
			t.Errorf("day %g: %g infections, want %g", day, mean, rate)
		}
		if v := r.Mean[1][k] - mean*mean; day > 0 && math.Abs(v/rate-1) > 0.3 {
			t.Errorf("day %g: variance %g, mean %s", day, v, strconv.FormatFloat(rate, 'g', 4, 64))
		}
		if r.Mean[2][k] != 0 {
			t.Errorf("day %g: parts of infections", day)
		}
	}
	lone := composed(t, "immune-core", "clinical-course")
	for _, p := range lone.Parameters {
		neutral := map[string]float64{"cc_hazard_death": 0, "cc_hazard_infection": 0, "cc_rr_infection": 1, "cc_spent": 0, "cc_hospital_days": 0}
		if v, ok := neutral[p.ID]; ok && (p.Value == nil || *p.Value != v) {
			t.Errorf("%s is not neutral", p.ID)
		}
	}
}
