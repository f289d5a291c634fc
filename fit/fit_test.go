package fit_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/fit"
	"thymus/library"
	"thymus/model"
	"thymus/trial"
)

func toy(t testing.TB) (*library.Library, *diag.Source, []library.EvidenceRow) {
	t.Helper()
	lib, err := library.Open("testdata/toy")
	if err != nil {
		t.Fatal(err)
	}
	src, ms := lib.FitSource("tracer-loss")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	rows, ms := lib.Evidence()
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return lib, src, rows
}

// run runs the toy fit with changes of its text.
func run(t testing.TB, o fit.Options, changes ...string) *fit.Record {
	t.Helper()
	lib, src, rows := toy(t)
	text := strings.NewReplacer(changes...).Replace(src.Text)
	s, ms := fit.Read(&diag.Source{Name: src.Name, Text: text}, rows)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	p, ms := fit.Prepare(s, lib, o)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	r, err := p.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t testing.TB, r *fit.Record) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The figures were made with known parameters: a fit finds them again within the error of
// the figures, and says what the figures do not tell.
func TestRecovery(t *testing.T) {
	for _, method := range []string{"cma-es", "least-squares"} {
		r := run(t, fit.Options{Workers: 2}, "evaluations: 150", "evaluations: 150\noptimiser: {method: "+method+"}")
		truth := map[string]float64{"tracer k": 0.5, "tracer k spread.cv": 0.3, "tracer V": 20}
		for _, p := range r.Parameters {
			want, known := truth[p.Name()]
			switch {
			case !known:
				if p.Verdict != fit.NotDetermined || math.Abs(math.Log(p.After/p.Before)) > 0.3 {
					t.Errorf("%s: %s is %s at %g; nothing depends on it", method, p.Name(), p.Verdict, p.After)
				}
			case p.Verdict != fit.Determined:
				t.Errorf("%s: %s is %s", method, p.Name(), p.Verdict)
			case p.Lo > want || p.Hi < want || p.Lo > p.After || p.Hi < p.After:
				t.Errorf("%s: %s is %g, %g to %g; the figures were made with %g", method, p.Name(), p.After, p.Lo, p.Hi, want)
			case p.Hi/p.Lo > 2.5:
				t.Errorf("%s: %s is known no better than from %g to %g", method, p.Name(), p.Lo, p.Hi)
			}
		}
		if r.DataAfter > 3 || r.DataBefore < 100 {
			t.Errorf("%s: sum of squares %g before, %g after", method, r.DataBefore, r.DataAfter)
		}
		if len(r.Directions) == 0 || !strings.Contains(r.Directions[0], "tracer ka up (1.00): the data tell it 0 times") {
			t.Errorf("%s: weak directions %q", method, r.Directions)
		}
		used := r.UsedRows()
		if len(used) != 4 || used["TOY-5"] || used["TOY-6"] {
			t.Errorf("%s: used rows %v", method, used)
		}
	}
}

// The same seed gives the same record with any number of workers, and another seed another.
func TestDeterminism(t *testing.T) {
	small := []string{"patients: 200", "patients: 30", "evaluations: 150", "evaluations: 30"}
	one := text(t, run(t, fit.Options{Workers: 1}, small...))
	if two := text(t, run(t, fit.Options{Workers: 2}, small...)); one != two {
		t.Errorf("with 1 worker:\n%s\nwith 2:\n%s", one, two)
	}
	seed := uint64(4)
	if other := text(t, run(t, fit.Options{Workers: 2, Seed: &seed}, small...)); one == other {
		t.Error("another seed gave the same record")
	}
	r, ms := fit.ReadRecord(&diag.Source{Name: "r", Text: one})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if again := text(t, r); again != one {
		t.Errorf("a record that was read and written again differs:\n%s\n%s", one, again)
	}
}

// A limit in evaluations that is asked for after the first one is stated by the command, and
// that command makes the same record.
func TestLimit(t *testing.T) {
	small := []string{"patients: 200", "patients: 20"}
	a := text(t, run(t, fit.Options{Workers: 2, Limit: func() int { return 17 }}, small...))
	b := text(t, run(t, fit.Options{Workers: 2, Evaluations: 17}, small...))
	if a != b || !strings.Contains(a, "--budget 17") {
		t.Errorf("by limit:\n%s\nby number:\n%s", a, b)
	}
}

func TestReadRefuses(t *testing.T) {
	lib, src, rows := toy(t)
	for _, c := range []struct{ name, old, new, want, at, help string }{
		{"validation", "trials:", "rows: [TOY-1, TOY-5]\ntrials:", "row TOY-5 is kept for validation", "TOY-5", "calibration"},
		{"recalled", "trials:", "rows: [TOY-6]\ntrials:", "row TOY-6 is recalled, not verified", "TOY-6", "status"},
		{"unknown row", "trials:", "rows: [TOY-7]\ntrials:", `there is no evidence row "TOY-7"`, "TOY-7", "TOY-"},
		{"excluded validation", "trials:", "exclude: [{rows: [TOY-5], why: no}]\ntrials:", "kept for validation", "TOY-5", ""},
		{"twice", "trials:", "rows: [TOY-1, TOY-1]\ntrials:", "stands twice", "TOY-1", ""},
		{"both", "trials:", "rows: [TOY-1]\nexclude: [{rows: [TOY-2], why: no}]\ntrials:", "not both", "", ""},
		{"bounds", "lower: 0.1", "lower: 6", "is not below upper", "6", ""},
		{"log", "lower: 0.1", "lower: -1", "a log transform needs bounds", "-1", ""},
		{"prior", "median: 0.8", "median: 8", "does not lie between", "8", ""},
		{"key", "seed: 3", "sead: 3", `no key "sead"`, "sead", "seed"},
		{"kind", "transform: log", "transform: cubic", "it may be log, logit, linear", "cubic", ""},
		{"no parameter", "id: V", "id: W", `has no row "W"`, "W", ""},
		{"no spread", "id: k, of: spread.cv", "id: k, of: spread.sd", `no "sd"`, "k", ""},
		{"no module", "module: tracer, id: V", "module: trace, id: V", `no module "trace"`, "trace", "tracer"},
		{"no trial at all", "trials: [tracer-trial]", "trials: [tracer-trail]", `no trial "tracer-trail"`, "tracer-trail", "tracer-trial"},
	} {
		changed := &diag.Source{Name: "bad.yaml", Text: strings.Replace(src.Text, c.old, c.new, 1)}
		s, ms := fit.Read(changed, rows)
		if s != nil {
			_, ms = fit.Prepare(s, lib, fit.Options{})
		}
		found := false
		for _, m := range ms {
			if !strings.Contains(m.Error(), c.want) {
				continue
			}
			found = true
			if m.At.Src != changed || c.at != "" && changed.Text[m.At.Start:m.At.End] != c.at {
				t.Errorf("%s: the message stands at %q, not at %q", c.name, changed.Text[m.At.Start:m.At.End], c.at)
			}
			if !strings.Contains(m.Help, c.help) {
				t.Errorf("%s: help %q does not say %q", c.name, m.Help, c.help)
			}
		}
		if !found {
			t.Errorf("%s: %v", c.name, ms)
		}
	}
}

// A record's values go into the table with their source, once; the table then holds what
// the record says.
func TestApply(t *testing.T) {
	lib, _, _ := toy(t)
	e, _ := lib.Module("tracer")
	r := &fit.Record{ID: "tracer", Parameters: []fit.Fitted{
		{Module: "tracer", ID: "k", Of: "value", Before: 0.8, After: 0.51, Lo: 0.4, Hi: 0.6, Verdict: fit.Determined},
		{Module: "tracer", ID: "k", Of: "cv", Before: 0.5, After: 0.31, Lo: 0.2, Hi: 0.4, Verdict: fit.Determined},
		{Module: "tracer", ID: "V", Of: "cv", Before: 0.1, After: 0.12, Lo: 0.01, Hi: 0.4, Verdict: fit.AtMost}}}
	if list := fit.Holds(e.Rows(), "tracer", r); len(list) != 6 {
		t.Errorf("before: %q", list)
	}
	once, ms := fit.Apply(e.Tables[0].Src, "tracer", r)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	for _, want := range []string{
		"k\t0.51\t1/day\tlognormal cv=0.31\tfit: tracer\tloss [before 0.8, 95 % 0.4 to 0.6, determined] [spread by fit: tracer, cv before 0.5, 95 % 0.2 to 0.4, determined]\n",
		"V\t30\tL\tlognormal cv=0.12\tassumed\tvolume [spread by fit: tracer, cv before 0.1, 95 % 0.01 to 0.4, one-sided]\n"} {
		if !strings.Contains(once, want) {
			t.Errorf("the table lacks %q:\n%s", want, once)
		}
	}
	twice, _ := fit.Apply(&diag.Source{Text: once}, "tracer", r)
	if twice != once {
		t.Errorf("applied twice:\n%s", twice)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/toy")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "disease", "tracer.parameters.tsv"), []byte(once), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, _ := library.Open(dir)
	e, ms = changed.Module("tracer")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if list := fit.Holds(e.Rows(), "tracer", r); len(list) != 0 {
		t.Errorf("after: %q", list)
	}
	r.Parameters = r.Parameters[:1]
	if list := fit.Holds(e.Rows(), "tracer", r); len(list) != 2 {
		t.Errorf("a record without the spreads: %q", list)
	}
}

func FuzzRead(f *testing.F) {
	_, src, rows := toy(f)
	f.Add(src.Text)
	f.Add("fit: a\ntitle: b\ntrials: [c]\nparameters: [{module: m, id: i, transform: logit, lower: 0, upper: 1, prior: {median: .5, sd: 1}}]")
	f.Add("fit: [")
	f.Fuzz(func(t *testing.T, text string) {
		s, ms := fit.Read(&diag.Source{Name: "fuzz.yaml", Text: text}, rows)
		if (s == nil) != ms.HasErrors() {
			t.Fatalf("a fit %v with %v", s, ms)
		}
		if s == nil {
			return
		}
		for _, p := range s.Parameters {
			if !(p.Lower < p.Median && p.Median < p.Upper && p.SD > 0) {
				t.Fatalf("accepted %+v", p)
			}
		}
		for _, id := range s.Rows {
			for _, e := range rows {
				if e.ID == id && (e.Use != "calibration" || e.Status != "verified") {
					t.Fatalf("accepted row %s of use %s", id, e.Use)
				}
			}
		}
	})
}

func FuzzReadRecord(f *testing.F) {
	f.Add("record: a\ncommand: c\nversion: v\nseed: 1\npatients: 1\nevaluations: 1\nobjective: {before: 1}\nparameters: []\nrows: []\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, ms := fit.ReadRecord(&diag.Source{Name: "fuzz.yaml", Text: text})
		if (r == nil) != ms.HasErrors() {
			t.Fatalf("a record %v with %v", r, ms)
		}
	})
}

// Numbers that a population states are fitted as those of tables are, and written into its
// file, in flow or block style; what the file does not state is refused.
func TestFitOfPopulation(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/toy")); err != nil {
		t.Fatal(err)
	}
	people := `population: people
title: People given a tracer
modules: {core: tracer}
covariates:
  size:
    value: 60 # of the body
    unit: L
    spread: lognormal cv=0.4
    source: assumed
    sets: tr_V
parameters:
  tr_k: {value: 0.8, spread: lognormal cv=0.5, source: "literature: a book"} # as before
`
	file := filepath.Join(dir, "population", "people.yaml")
	write := func(text string) *library.Library {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		lib, err := library.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return lib
	}
	lib := write(people)
	rows, _ := lib.Evidence()
	const spec = `fit: population-fit
title: a population
trials: [tracer-trial]
parameters:
  - {population: people, id: size, transform: log, lower: 5, upper: 200, prior: {median: 60, sd: 0.7}}
  - {population: people, id: size, of: spread.cv, transform: log, lower: 0.02, upper: 1, prior: {median: 0.4, sd: 0.7}}
  - {population: people, id: tr_k, transform: log, lower: 0.1, upper: 5, prior: {median: 0.8, sd: 0.7}}
seed: 3
patients: 200
evaluations: 60
optimiser: {method: least-squares}
`
	s, ms := fit.Read(&diag.Source{Name: "f", Text: spec}, rows)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	p, ms := fit.Prepare(s, lib, fit.Options{Workers: 2})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	r, err := p.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"people size": 20, "people tr_k": 0.5} {
		found := false
		for _, x := range r.Parameters {
			if x.Name() != name {
				continue
			}
			found = true
			if math.Abs(math.Log(x.After/want)) > 0.15 || x.Verdict != fit.Determined || x.Population != "people" || x.Unit == "" {
				t.Errorf("%+v; the figures were made with %g", x, want)
			}
		}
		if !found {
			t.Errorf("%s is not in the record", name)
		}
	}
	again, ms := fit.ReadRecord(&diag.Source{Name: "r", Text: text(t, r)})
	if ms.HasErrors() || text(t, again) != text(t, r) {
		t.Error(ms, text(t, again))
	}
	src, _ := lib.PopulationSource("people")
	before, _ := trial.ReadPopulation(src)
	if list := fit.HoldsInPopulation(before, r); len(list) != 6 {
		t.Errorf("before: %q", list)
	}
	once, ms := fit.ApplyToPopulation(src, r)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	n := func(i int) string { return model.FormatNumber(r.Parameters[i].After) }
	want := strings.NewReplacer("value: 60 #", "value: "+n(0)+" #", "cv=0.4\n", "cv="+n(1)+"\n    spread_source: \"fit: population-fit\"\n", "source: assumed", `source: "fit: population-fit"`,
		"value: 0.8", "value: "+n(2), `"literature: a book"`, `"fit: population-fit"`).Replace(people)
	if once != want {
		t.Errorf("written:\n%s\nwanted:\n%s", once, want)
	}
	lib = write(once)
	src, _ = lib.PopulationSource("people")
	if twice, ms := fit.ApplyToPopulation(src, r); twice != once || ms.HasErrors() {
		t.Errorf("applied twice: %v\n%s", ms, twice)
	}
	after, ms := trial.ReadPopulation(src)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if list := fit.HoldsInPopulation(after, r); len(list) != 0 {
		t.Errorf("after: %q", list)
	}
	r.Parameters = r.Parameters[:1]
	if list := fit.HoldsInPopulation(after, r); len(list) != 2 {
		t.Errorf("a record without two of them: %q", list)
	}
	tail := "  - {population: people, id: tr_k,"
	for changed, message := range map[string]string{
		"  - {population: people, id: siz,":                  `the population people states no number "siz"`,
		"  - {population: people, id: tr_k, of: spread.sd,":  "the population people states no spread of tr_k with sd=",
		"  - {module: tracer, id: k,":                        "no trial of this fit depends on tracer k",
		"  - {module: tracer, population: people, id: tr_k,": "tr_k needs a module or a population",
		"  - {id: tr_k,":                                "tr_k needs a module or a population",
		"  - {population: peopl, id: tr_k,":             `no population "peopl"`,
		"  - {population: people, id: size, of: value,": "people size stands twice",
		"  - {population: healthy-adults, id: weight,":  "no trial of this fit has the population healthy-adults",
	} {
		changed := strings.Replace(spec, tail, changed, 1)
		s, ms := fit.Read(&diag.Source{Name: "f", Text: changed}, rows)
		if s != nil {
			_, ms = fit.Prepare(s, lib, fit.Options{})
		}
		if !strings.Contains(ms.Error(), message) || ms[0].At.Src == nil {
			t.Errorf("%q: %v", message, ms)
		}
	}
}
