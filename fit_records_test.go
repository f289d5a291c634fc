package thymus

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/fit"
	"thymus/library"
	"thymus/trial"
)

// Every record of the library was made from calibration rows alone; what it says stands in
// the parameter tables, and what the tables ascribe to fits stands in records.
func TestFitRecords(t *testing.T) {
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	evidence, ms := app.lib.Evidence()
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	rows := map[string]library.EvidenceRow{}
	for _, e := range evidence {
		rows[e.ID] = e
	}
	kindsOf := map[string]string{}
	for _, k := range kinds {
		for _, name := range app.lib.Names(k.kind) {
			if k.kind == "fit" && kindsOf[name] != "" {
				t.Errorf("a fit has the name of the %s %s: thymus show would not find it", kindsOf[name], name)
			}
			kindsOf[name] = k.kind
		}
	}
	records := map[string]*fit.Record{}
	for _, name := range app.lib.Names("fit") {
		spec, ms := app.readFit(name)
		if ms.HasErrors() {
			t.Error(ms)
			continue
		}
		if spec.ID != name || spec.TitleFR == "" || spec.Story == "" {
			t.Errorf("fit %s has id %q, French title %q, story %q", name, spec.ID, spec.TitleFR, spec.Story)
		}
		r, ms := app.fitRecord(name)
		if ms.HasErrors() || r == nil {
			t.Errorf("fit %s has no record that can be read: %v", name, ms)
			continue
		}
		records[name] = r
		for row := range r.UsedRows() {
			if e := rows[row]; e.Use != "calibration" || e.Status != "verified" {
				t.Errorf("fit %s used row %s, which is of use %q and %q", name, row, e.Use, e.Status)
			}
		}
		for _, p := range r.Parameters {
			found := false
			for _, q := range spec.Parameters {
				found = found || q.Name() == p.Name() && q.Median == p.Prior
			}
			if !found {
				t.Errorf("fit %s does not have %s with median %g, as its record does", name, p.Name(), p.Prior)
			}
			if !(p.After >= p.Lower && p.After <= p.Upper) || p.Verdict == "" {
				t.Errorf("fit %s: %s is %g, %q", name, p.Name(), p.After, p.Verdict)
			}
		}
		if len(r.Parameters) != len(spec.Parameters) || r.CostAfter > r.CostBefore*1.05 || r.FailedPatients > 0 {
			t.Errorf("fit %s: %d parameters of %d; sum of squares %g, before %g; %d failed patients", name, len(r.Parameters), len(spec.Parameters), r.CostAfter, r.CostBefore, r.FailedPatients)
		}
	}
	for _, population := range app.lib.Names("population") {
		src, ms := app.lib.PopulationSource(population)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		p, ms := trial.ReadPopulation(src)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		for _, r := range records {
			for _, wrong := range fit.HoldsInPopulation(p, r) {
				t.Errorf("fit %s: %s", r.ID, wrong)
			}
		}
		for _, id := range p.Numbers() {
			n, _ := p.Number(id)
			for _, source := range []string{n.Source, n.SpreadSource} {
				if name, ok := fit.NameIn(source); ok && records[name] == nil {
					t.Errorf("%s %s is ascribed to fit %q, which has no record", population, id, name)
				}
			}
		}
	}
	for _, kind := range []string{"core", "process", "disease", "therapy"} {
		for _, module := range app.lib.Names(kind) {
			e, ms := app.lib.Module(module)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			for _, name := range app.lib.Names("fit") {
				if records[name] == nil {
					continue
				}
				for _, wrong := range fit.Holds(e.Rows(), module, records[name]) {
					t.Errorf("fit %s: %s", name, wrong)
				}
			}
			for _, row := range e.Rows() {
				if name, ok := fit.NameIn(row.Source); ok && records[name] == nil {
					t.Errorf("%s %s is ascribed to fit %q, which has no record", module, row.ID, name)
				}
			}
		}
	}
}

// A user's library: a fit runs, its record says what it used, validation marks the rows, and
// applying it changes the tables of that folder alone.
func TestFitOfOwnLibrary(t *testing.T) {
	dir, app := toyLibrary(t)
	s, err := app.Fit(context.Background(), FitRequest{Fit: "tracer-loss", Patients: 40, Evaluations: 20})
	if err != nil {
		t.Fatal(err)
	}
	if s.File != filepath.Join(dir, "fits", "tracer-loss.record.yaml") || !strings.Contains(s.Record.Command, "--patients 40 --budget 20") {
		t.Errorf("record %s of %q", s.File, s.Record.Command)
	}
	v, err := app.Show("tracer-loss", "")
	if err != nil || v.Kind != "fit" || !strings.Contains(strings.Join(v.Fits, "\n"), "tracer k spread.cv: 0.5 to ") {
		t.Errorf("shown as %+v: %v", v, err)
	}
	list, err := app.List("fits")
	if err != nil || len(list) == 0 {
		t.Errorf("listed %v: %v", list, err)
	}
	if r, err := app.Check([]string{"tracer-trial", "tracer-loss"}); err != nil || r[0].Messages.HasErrors() || r[1].Kind != "fit" || r[1].Messages.HasErrors() {
		t.Error(err, r)
	}
	used, ms := app.usedForFitting()
	if ms.HasErrors() || !slices.Equal(used["TOY-1"], []string{"tracer-loss"}) || used["TOY-5"] != nil {
		t.Errorf("used %v: %v", used, ms)
	}
	out := filepath.Join(t.TempDir(), "v")
	if _, err := app.Validate(context.Background(), ValidateRequest{Trials: []string{"tracer-trial"}, Patients: 20, Out: out}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "validation.csv"))
	if err != nil {
		t.Fatal(err)
	}
	column, marks := -1, map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		cells := strings.Split(line, ",")
		if i == 0 {
			for k, c := range cells {
				if c == "used_for_fitting" {
					column = k
				}
			}
			continue
		}
		for _, id := range []string{"TOY-1", "TOY-5"} {
			if cells[0] == id && strings.Contains(line, ",yes,") {
				marks[id] = "yes"
			}
		}
	}
	if column < 0 || marks["TOY-1"] != "yes" || marks["TOY-5"] != "" {
		t.Errorf("column %d, marks %v:\n%s", column, marks, text)
	}
	files, err := app.ApplyFit("tracer-loss", "")
	if err != nil || len(files) != 1 || files[0] != filepath.Join(dir, "disease", "tracer.parameters.tsv") {
		t.Fatalf("%v %v", files, err)
	}
	again, _ := New(Options{Library: dir})
	e, ms := again.lib.Module("tracer")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if wrong := fit.Holds(e.Rows(), "tracer", s.Record); len(wrong) > 0 {
		t.Error(wrong)
	}
	table, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], regexp.MustCompile(`(?m)^V\t[^\t]*`).ReplaceAll(table, []byte("V\t77")), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, _ := New(Options{Library: dir})
	if r, err := changed.Check([]string{"tracer"}); err != nil || !strings.Contains(r[0].Messages.Error(), "tracer V is not") || r[0].Messages[0].At.Src == nil {
		t.Errorf("a table that contradicts its record passes: %v, %+v", err, r)
	}
	builtIn, _ := New(Options{})
	if _, err := builtIn.ApplyFit("tracer-loss", s.File); err == nil {
		t.Error("the built-in library was changed")
	}
	if _, err := app.Fit(context.Background(), FitRequest{Fit: "tracker"}); err == nil || !strings.Contains(err.Error(), `no fit "tracker"`) {
		t.Error(err)
	}
}

// A fit that names a validation row of the shipped evidence is refused.
func TestFitRefusesValidationRows(t *testing.T) {
	app, _ := New(Options{})
	evidence, _ := app.lib.Evidence()
	text, refused := "fit: f\ntitle: t\ntrials: [lupus-il2]\nparameters: [{module: systemic-lupus, id: care0, transform: log, lower: 0.1, upper: 2, prior: {median: 0.7, sd: 0.3}}]\nrows: [", 0
	for _, e := range evidence {
		if e.Use != "validation" {
			continue
		}
		_, ms := fit.Read(&diag.Source{Name: "f.yaml", Text: text + e.ID + "]\n"}, evidence)
		if !strings.Contains(ms.Error(), "row "+e.ID+" is kept for validation") {
			t.Fatalf("%s: %v", e.ID, ms)
		}
		if refused++; refused == 20 {
			break
		}
	}
	if refused < 20 {
		t.Errorf("only %d rows were tried", refused)
	}
}

// An interrupted fit leaves files that are no fits and no records of the library, that cannot
// be applied and are not written over; resumed, it comes to the record of a run without
// interruption, and the files are gone.
func TestInterruptedFit(t *testing.T) {
	dir, app := toyLibrary(t)
	whole, err := app.Fit(context.Background(), FitRequest{Fit: "tracer-loss", Patients: 20, Evaluations: 20, Out: filepath.Join(t.TempDir(), "whole.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	fits := app.lib.Names("fit")
	ctx, cancel := context.WithCancel(context.Background())
	r := FitRequest{Fit: "tracer-loss", Patients: 20, Evaluations: 20, Progress: func(n, _ int, _ float64) {
		if n == 11 {
			cancel()
		}
	}}
	_, err = app.Fit(ctx, r)
	unfinished := filepath.Join(dir, "fits", "tracer-loss.unfinished.record.yaml")
	if err == nil || !strings.Contains(err.Error(), "after 11 evaluations the best point stands in "+unfinished) {
		t.Fatal(err)
	}
	if now := app.lib.Names("fit"); !slices.Equal(now, fits) || app.lib.RecordSource("tracer-loss") != nil {
		t.Errorf("fits %v, formerly %v", now, fits)
	}
	if _, err := app.ApplyFit("tracer-loss", unfinished); err == nil || !strings.Contains(err.Error(), "is not finished: it was written during the search") {
		t.Error(err)
	}
	if _, err := app.Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), "a run of fit tracer-loss was interrupted") {
		t.Error(err)
	}
	told := -1
	s, err := app.Fit(context.Background(), FitRequest{Fit: "tracer-loss", Resume: true, Warn: func(_ diag.Messages, n int) { told = n }})
	if err != nil || told != 11 {
		t.Fatal(told, err)
	}
	a, _ := os.ReadFile(whole.File)
	b, _ := os.ReadFile(s.File)
	if string(a) != string(b) || len(a) == 0 {
		t.Errorf("resumed:\n%s\nwanted\n%s", b, a)
	}
	list, _ := os.ReadDir(filepath.Join(dir, "fits"))
	if len(list) != 2 {
		t.Errorf("left: %v", list)
	}
	if _, err := app.Fit(context.Background(), FitRequest{Fit: "tracer-loss", Resume: true}); err == nil || !strings.Contains(err.Error(), "no interrupted run") {
		t.Error(err)
	}
	text := strings.Replace(string(b), "trials:", "unfinished: profiles\ntrials:", 1)
	if err := os.WriteFile(s.File, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := app.Check([]string{"tracer-loss"}); err != nil || !strings.Contains(r[0].Messages.Error(), "not finished: it was written during the profiles") {
		t.Error(err, r)
	}
}

// toyLibrary is a folder of its own with the library of fit's tests, and thymus over it.
func toyLibrary(t *testing.T) (string, *App) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("fit/testdata/toy")); err != nil {
		t.Fatal(err)
	}
	app, err := New(Options{Library: dir})
	if err != nil {
		t.Fatal(err)
	}
	return dir, app
}
