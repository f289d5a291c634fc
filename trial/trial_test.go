package trial_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/library"
	"thymus/trial"
)

func source(t testing.TB, name string) *diag.Source {
	t.Helper()
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	src, ms := lib.TrialSource(name)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return src
}

func prepare(t testing.TB, text string, change func(*trial.Spec)) *trial.Prepared {
	t.Helper()
	lib, _ := library.Open("")
	s, ms := trial.ReadTrial(&diag.Source{Name: "test.yaml", Text: text})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if change != nil {
		change(s)
	}
	p, ms := trial.Load(s, nil, lib)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return p
}

func run(t testing.TB, p *trial.Prepared) *trial.Result {
	t.Helper()
	r, _ := analysed(t, p, func(trial.Tables) error { return nil })
	return r
}

// analysed runs a trial; every chunk goes through see before it is counted.
func analysed(t testing.TB, p *trial.Prepared, see func(x trial.Tables) error) (*trial.Result, *trial.Analysis) {
	t.Helper()
	a := p.NewAnalysis()
	err := p.Run(context.Background(), trial.RunOptions{Workers: 2, Keep: func(_ int, x trial.Tables) error {
		if err := see(x); err != nil {
			return err
		}
		for _, part := range x.List() {
			if err := a.Add(part); err != nil {
				return err
			}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Result("test")
	if err != nil {
		t.Fatal(err)
	}
	return r, a
}

func estimate(t testing.TB, r *trial.Result, endpoint, arm string) trial.Estimate {
	for _, e := range r.Endpoints {
		for _, x := range e.ByArm {
			if e.Endpoint.ID == endpoint && x.Arm == arm {
				return x
			}
		}
	}
	t.Fatalf("no estimate of %s in %s", endpoint, arm)
	return trial.Estimate{}
}

// TestLupusCarT holds the main trial against what it must show, at a size that a test can
// afford; the limits leave room for that size.
func TestLupusCarT(t *testing.T) {
	p := prepare(t, source(t, "lupus-car-t").Text, func(s *trial.Spec) { s.Size = 96 })
	r := run(t, p)
	if r.FailedPatients() > 0 {
		t.Errorf("%d failures, first %s", r.FailedPatients(), r.Failures[0].Cause)
	}
	between := func(what string, v, lo, hi float64) {
		t.Helper()
		if !(v >= lo && v <= hi) {
			t.Errorf("%s: %g, expected %g to %g", what, v, lo, hi)
		}
	}
	between("B cells below 5/uL by day 14", estimate(t, r, "b_depleted", "car_t").Value, 0.95, 1)
	between("median return of B cells", estimate(t, r, "b_return", "car_t").Value, 80, 150)
	base := estimate(t, r, "sledai_baseline", "car_t")
	between("median SLEDAI at baseline", base.Value, 8, 20)
	between("SD of SLEDAI at baseline", base.SD, 2.2, 5)
	between("median SLEDAI at month 3", estimate(t, r, "sledai_m3", "car_t").Value, 0, 2)
	between("remission held to month 12", estimate(t, r, "remission_held_m12", "car_t").Value, 0.5, 1)
	between("CRS of grade 3 or 4", estimate(t, r, "crs_3", "car_t").Value, 0, 0.2)
	between("remission at month 6, CAR-T less standard care", estimate(t, r, "remission_m6", "car_t").Value-estimate(t, r, "remission_m6", "standard").Value, 0.4, 1)
	if len(r.Agreement) != 9 || len(r.Bands) == 0 || r.Screening.Accepted != 96 {
		t.Errorf("%d rows of evidence, %d bands, %d accepted", len(r.Agreement), len(r.Bands), r.Screening.Accepted)
	}
}

func TestVasculitisIL2(t *testing.T) {
	r := run(t, prepare(t, source(t, "vasculitis-il2").Text, nil))
	for _, c := range []struct {
		endpoint string
		lo, hi   float64
	}{{"treg_baseline", 3, 5}, {"treg_course_4", 8, 14}, {"tconv_change", -25, 25}, {"response", 0.6, 0.95}, {"leak_above_1", 0, 0}} {
		if v := estimate(t, r, c.endpoint, "il2").Value; !(v >= c.lo && v <= c.hi) {
			t.Errorf("%s: %g, expected %g to %g", c.endpoint, v, c.lo, c.hi)
		}
	}
}

func TestDoseResponseSaturatesWhereHarmRises(t *testing.T) {
	r := run(t, prepare(t, source(t, "il2-dose-response").Text, func(s *trial.Spec) { s.Size = 6 }))
	v := func(e, a string) float64 { return estimate(t, r, e, a).Value }
	if low, high := v("treg_fold", "low_3")-1, v("treg_fold", "high")-v("treg_fold", "mid_30"); low < high {
		t.Errorf("regulatory T cells gain %g at low dose and %g more from 30 MIU to high dose", low, high)
	}
	if v("leak_max", "high") < 10*v("leak_max", "mid_10") || v("cd8_fold", "high")-1 < 10*(v("cd8_fold", "low_3")-1) {
		t.Error("leak and effector cells do not rise steeply")
	}
	for _, e := range r.Endpoints {
		for _, d := range e.Differences {
			if !math.IsNaN(d.P) {
				t.Fatal("a counterfactual design has a p-value")
			}
		}
	}
}

// TestTwoEqualArmsShowNothing: identical arms of a counterfactual trial are equal to the bit.
func TestTwoEqualArmsShowNothing(t *testing.T) {
	r := run(t, prepare(t, source(t, "vasculitis-il2").Text, func(s *trial.Spec) {
		s.Size, s.Design = 4, "counterfactual"
		s.Arms[1].Give = s.Arms[0].Give
	}))
	for _, e := range r.Endpoints {
		for _, d := range e.Differences {
			if !e.TimeToEvent && d.Value != 0 {
				t.Errorf("%s differs by %g", e.Endpoint.ID, d.Value)
			}
		}
	}
}

// TestTimesOfTheSamePatients: a counterfactual design compares times by the hazard ratio, with
// those that were not reached, and has no p-value; two equal arms have the ratio 1.
func TestTimesOfTheSamePatients(t *testing.T) {
	r := run(t, prepare(t, source(t, "melanoma-adjuvant-antibodies").Text, func(s *trial.Spec) {
		s.Size = 40
		for i := range s.Arms {
			if s.Arms[i].ID == "ipi_year" { // now a second placebo
				s.Arms[i].Give, s.Arms[i].Rules = nil, nil
			}
		}
	}))
	arms := map[string]int{}
	for _, e := range r.Endpoints {
		if e.Endpoint.ID != "relapse_free" {
			continue
		}
		for _, d := range e.Differences {
			arms[d.Arm]++
			if d.Measure != "hazard ratio" || !math.IsNaN(d.P) || d.Arm == "ipi_year" && math.Abs(d.Value-1) > 1e-9 || d.Arm == "nivo" && !(d.Value < 0.95) {
				t.Errorf("%+v", d)
			}
		}
	}
	if r.Spec.Design != "counterfactual" || arms["nivo"] != 1 || arms["ipi_year"] != 1 {
		t.Fatalf("the trial is %s and compares %v", r.Spec.Design, arms)
	}
}

// TestReplicatesAndDropout: replicates differ, and patients who leave are missing or count
// as failures, as the trial says.
func TestReplicatesAndDropout(t *testing.T) {
	text := source(t, "lupus-il2").Text
	r := run(t, prepare(t, text, func(s *trial.Spec) { s.Size, s.Replicates, s.Dropout = 12, 2, 3 }))
	for _, e := range r.Endpoints {
		for _, x := range e.ByArm {
			if q := x.Repeats; !e.TimeToEvent && x.N > 0 && (q.N < 1 || q.N > 2 || q.N == 2 && !(q.Lo <= x.Value && x.Value <= q.Hi) && e.Binary || q.All+q.None > 1) {
				t.Errorf("%s in %s: %+v", e.Endpoint.ID, x.Arm, q)
			}
		}
	}
	if r.Patients != 24 || r.Arms[0].Dropped+r.Arms[1].Dropped == 0 {
		t.Errorf("%d patients, %d and %d left", r.Patients, r.Arms[0].Dropped, r.Arms[1].Dropped)
	}
	if x := estimate(t, r, "sri4_w24", "il2"); x.Missing != 0 {
		t.Error("nonresponders are missing")
	}
	if x := estimate(t, r, "sledai_w24", "il2"); x.Missing == 0 {
		t.Error("a score of a patient who left is there")
	}
}

// TestDeath: the dead are seen no more, fail later responder endpoints, and the day of death
// counts in curves.
func TestDeath(t *testing.T) {
	text := regexp.MustCompile(`(?m)^death: .*\n`).ReplaceAllString(source(t, "lupus-il2").Text, "")
	text = strings.Replace(text, "missing: nonresponder", "missing: observed", 1)
	i, j := strings.Index(text, "endpoints:\n"), strings.Index(text, "evidence:\n")
	text = text[:j] + `evidence:
  - {row: AI-LUP-001, endpoint: death, arm: il2, statistic: survival, at: week_12}
  - {row: AI-LUP-001, endpoint: death, arm: il2, statistic: incidence, at: week_24}
` + "death: \"time > 100\"\n"
	text = text[:i] + "endpoints:\n  - {id: death, kind: time-to, when: \"time > 100\"}\n  - {id: left, kind: time-to, when: \"time > 100\", until: \"time > 50\"}\n" + text[i+len("endpoints:\n"):]
	if row := regexp.MustCompile(`AI-[A-Z0-9]+-[0-9]+`).FindString(source(t, "lupus-il2").Text); row != "" {
		text = strings.ReplaceAll(text, "AI-LUP-001", row)
	}
	r := run(t, prepare(t, text, func(s *trial.Spec) { s.Size = 8; s.Dropout = 0 }))
	if n := r.Arms[0].Died + r.Arms[1].Died; n != 8 || r.FailedPatients() != 0 {
		t.Errorf("%d of 8 died, %d failed", n, r.FailedPatients())
	}
	if x := estimate(t, r, "sri4_w24", "il2"); x.Missing != 0 || x.Events != 0 || x.N == 0 {
		t.Errorf("responders after death: %d of %d, %d missing", x.Events, x.N, x.Missing)
	}
	if x := estimate(t, r, "sledai_w24", "il2"); x.N != 0 {
		t.Error("a score of the dead is there")
	}
	if x := estimate(t, r, "death", "il2"); x.Events != x.N || x.Value < 100 || x.Value > 101 {
		t.Errorf("%d of %d died, in the median on day %g", x.Events, x.N, x.Value)
	}
	if x := estimate(t, r, "left", "il2"); x.Events != 0 || x.N != 4 {
		t.Errorf("%d of %d died after their follow-up had ended", x.Events, x.N)
	}
	if a := r.Agreement; len(a) != 2 || a[0].Predicted != 100 || a[1].Predicted != 100 || a[0].Statistic != "survival at week_12" {
		t.Errorf("%+v", a)
	}
}

// TestCovariatesInOrder: a covariate may be a formula of formulas in any order; a circle is
// refused.
func TestCovariatesInOrder(t *testing.T) {
	lib, _ := library.Open("")
	src, _ := lib.PopulationSource("active-lupus")
	load := func(more string) (*trial.Prepared, diag.Messages) {
		s, ms := trial.ReadTrial(source(t, "lupus-il2"))
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		s.Size = 2
		return trial.Load(s, &diag.Source{Name: "p.yaml", Text: strings.Replace(src.Text, "covariates:\n", "covariates:\n"+more, 1)}, lib)
	}
	p, ms := load("  a_double: {title: d, formula: 2*b_double, unit: kg, source: assumed}\n  b_double: {title: d, formula: 2*weight, unit: kg, source: assumed}\n")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	mean := map[string]float64{}
	for _, c := range run(t, p).Covariates {
		mean[c.ID] = c.Mean
	}
	if a, w := mean["a_double"], mean["weight"]; math.Abs(a-4*w) > 1e-9*a || a == 0 {
		t.Errorf("four times %g is %g", w, a)
	}
	if _, ms := load("  a_double: {title: d, formula: 2*b_double, unit: kg, source: assumed}\n  b_double: {title: d, formula: a_double/2, unit: kg, source: assumed}\n"); !strings.Contains(ms.Error(), "follows from itself") {
		t.Error(ms)
	}
}

// TestEnrol: a trial's own criteria hold beside those of its population.
func TestEnrol(t *testing.T) {
	text := regexp.MustCompile(`(?m)^enrol:\n( .*\n)+`).ReplaceAllString(source(t, "lupus-il2").Text, "enrol:\n  - {when: \"sle_SLEDAI >= 11\", why: very active at screening}\n")
	text = strings.Replace(text, "endpoints:\n", "endpoints:\n  - {id: least, kind: value, of: SLEDAI, visit: screening, summary: median}\n", 1)
	r := run(t, prepare(t, text, func(s *trial.Spec) { s.Size = 12 }))
	for _, x := range r.Endpoints[0].PerPatient {
		if !(x.Value >= 11) {
			t.Errorf("patient %d was let in with %g", x.Patient, x.Value)
		}
	}
	if last := r.Screening.Reasons; last[2].Name != "very active at screening" || last[2].N == 0 {
		t.Errorf("%v", last)
	}
}

// TestComparisons: differences and ratios against another arm, and what does not go together.
func TestComparisons(t *testing.T) {
	text := source(t, "vasculitis-il2").Text
	arm := regexp.MustCompile(`(?m)^  - id: (\w+)`).FindAllStringSubmatch(text, -1)
	a, b := arm[0][1], arm[1][1]
	row := regexp.MustCompile(`AI-[A-Z0-9]+-[0-9]+`).FindString(text)
	i := strings.Index(text, "evidence:\n")
	with := func(lines ...string) string {
		s := text[:i] + "evidence:\n"
		for _, l := range lines {
			s += "  - {row: " + row + ", arm: " + a + ", " + l + "}\n"
		}
		return strings.Replace(s, "endpoints:\n", "endpoints:\n  - {id: level, kind: value, of: \"2\", visit: "+visitOf(text)+"}\n  - {id: yes, kind: responder, when: \"time > 0\", visit: "+visitOf(text)+"}\n", 1)
	}
	r := run(t, prepare(t, with("endpoint: level, statistic: ratio, against: "+b, "endpoint: level, statistic: difference, against: "+b, "endpoint: yes, statistic: difference, against: "+b, "endpoint: level, statistic: sd",
		"endpoint: level, statistic: reduction, against: "+b, "endpoint: yes, statistic: significant, against: "+b), func(s *trial.Spec) { s.Size = 4 }))
	for k, want := range []float64{1, 0, 0, 0, 0, 0} {
		if got := r.Agreement[k].Predicted; got != want {
			t.Errorf("%s: %g, want %g", r.Agreement[k].Statistic, got, want)
		}
	}
	for line, want := range map[string]string{
		"endpoint: level, statistic: hazard-ratio, against: " + b: "time-to",
		"endpoint: level, statistic: difference":                  "another arm",
		"endpoint: level, statistic: survival":                    "needs its visit",
		"endpoint: level, statistic: mean, against: " + b:         "difference, ratio",
		"endpoint: level, statistic: odds-ratio, against: " + b:   "responders",
		"endpoint: level, statistic: ratio, against: nobody":      "no other arm",
		"endpoint: level, statistic: mean, at: " + visitOf(text):  "time-to",
	} {
		_, ms := trial.ReadTrial(&diag.Source{Name: "test.yaml", Text: with(line)})
		if !ms.HasErrors() || !strings.Contains(ms.Error(), want) {
			t.Errorf("%s: %v", line, ms)
		}
	}
}

func visitOf(text string) string {
	at := strings.Index(text, "visits:\n")
	return regexp.MustCompile(`id: (\w+)`).FindStringSubmatch(text[at:])[1]
}

func FuzzReadTrial(f *testing.F) {
	files, _ := filepath.Glob("../library/*/*.yaml")
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(string(text))
		}
	}
	f.Add("trial: x\nsize: [\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, ms := trial.ReadTrial(&diag.Source{Name: "f.yaml", Text: text})
		_ = ms.Error()
		_, ms = trial.ReadPopulation(&diag.Source{Name: "f.yaml", Text: text})
		_ = ms.Error()
	})
}

func BenchmarkPatient(b *testing.B) {
	p := prepare(b, source(b, "lupus-car-t").Text, func(s *trial.Spec) { s.Size = b.N })
	b.ResetTimer()
	if err := p.Run(context.Background(), trial.RunOptions{Workers: 1, Keep: func(int, trial.Tables) error { return nil }}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkThousandPatients(b *testing.B) {
	for i := 0; i < b.N; i++ {
		p := prepare(b, source(b, "vasculitis-il2").Text, func(s *trial.Spec) { s.Size = 1000 })
		if err := p.Run(context.Background(), trial.RunOptions{Workers: 2, Keep: func(int, trial.Tables) error { return nil }}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad goes from the texts of the library to a trial of which every patient can be
// started: read, composed, compiled, machine code made and compared with the interpreter.
func BenchmarkLoad(b *testing.B) {
	src := source(b, "lupus-car-t")
	for b.Loop() {
		p := prepare(b, src.Text, nil)
		if _, err := p.Plan.Backend(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDropoutOfAnArm: an arm that is left at a rate of its own loses other patients than the
// rest, and who leaves the slower arm leaves the faster one, too.
func TestDropoutOfAnArm(t *testing.T) {
	r := run(t, prepare(t, source(t, "lupus-il2").Text, func(s *trial.Spec) {
		s.Size, s.Dropout, s.Design = 12, 0.01, "counterfactual"
		s.Arms[1].Dropout = 20
	}))
	if r.Arms[0].Dropped != 0 || r.Arms[1].Dropped < 10 {
		t.Errorf("%d and %d of 12 left", r.Arms[0].Dropped, r.Arms[1].Dropped)
	}
}
