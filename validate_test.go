package thymus

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"thymus/trial"
)

// A validation of one trial writes one line a figure, with the same verdicts as the trial's
// own report, and maps every verified row of its studies.
func TestValidate(t *testing.T) {
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "v")
	s, err := app.Validate(context.Background(), ValidateRequest{Trials: []string{"vasculitis-il2"}, Patients: 12, Out: out})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "validation.csv"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	agrees, predicted := 0, 0
	for _, r := range records[1:] {
		if r[column["part"]] != string(trial.Predicted) {
			continue
		}
		predicted++
		if r[column["agrees"]] == "true" {
			agrees++
		}
		if r[column["agrees"]] == "false" && r[column["why"]] == "" {
			t.Errorf("row %s does not agree and says no reason", r[column["row"]])
		}
	}
	if want := s.Tallies[0].Predicted + s.Tallies[1].Predicted; predicted != want || predicted < 5 {
		t.Errorf("%d predicted rows in the table, %d in the tally", predicted, want)
	}
	if want := s.Tallies[0].Agrees + s.Tallies[1].Agrees; agrees != want || agrees+len(s.Misses) != predicted {
		t.Errorf("%d rows agree and %d do not, of %d; tally %d", agrees, len(s.Misses), predicted, want)
	}
	for _, name := range []string{"validation.md", "validation.html", "vasculitis-il2/report.html"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []ValidateRequest{{Only: "both"}, {Trials: []string{"vasculitis-il3"}}, {Trials: []string{"il2-dose-response"}}, {Language: "de"}, {Trials: []string{"vasculitis-il2"}, Out: out}} {
		if _, err := app.Validate(context.Background(), bad); err == nil {
			t.Errorf("%+v was not refused", bad)
		}
	}
}

// Every verified row of a study that a shipped trial simulates has a part in some trial.
func TestEvidenceIsMapped(t *testing.T) {
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, _, ms := app.evidenceTrials(nil)
	rows, more := app.lib.Evidence()
	if ms.HasErrors() || more.HasErrors() {
		t.Fatal(ms, more)
	}
	predicted := 0
	for _, c := range trial.Cover(all, rows) {
		switch c.Part {
		case trial.Unmapped:
			t.Errorf("%s (%s, %s: %s) is of a simulated study, and no trial says what it is", c.Row.ID, c.Row.Study, c.Row.Arm, c.Row.Measure)
		case trial.Predicted:
			predicted++
		}
	}
	if predicted < 30 {
		t.Errorf("%d rows are predicted; there were 31", predicted)
	}
}

// The reason for a miss belongs to a row that does not agree: validation names the rows that
// agree while a note gives one, and the misses without.
func TestStaleNotes(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("fit/testdata/toy")); err != nil {
		t.Fatal(err)
	}
	change := func(file string, pairs ...string) {
		file = filepath.Join(dir, file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	change("disease/tracer.parameters.tsv", "k\t0.8\t1/day\tlognormal cv=0.5", "k\t0.5\t1/day\tlognormal cv=0.3", "V\t30", "V\t20")
	change("trial/tracer-trial.yaml", "endpoint: level_d1, arm: dosed}", "endpoint: level_d1, arm: dosed, note: too fast}", "row: TOY-6, endpoint: level_h12, arm: dosed}", "row: TOY-6, endpoint: level_h12, arm: dosed, note: made up}")
	app, err := New(Options{Library: dir})
	if err != nil {
		t.Fatal(err)
	}
	s, err := app.Validate(context.Background(), ValidateRequest{Trials: []string{"tracer-trial"}, Out: filepath.Join(t.TempDir(), "v")})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Misses, []string{"TOY-5", "TOY-6"}) || !slices.Equal(s.Stale, []string{"TOY-2 (tracer-trial)"}) || !slices.Equal(s.Bare, []string{"TOY-5 (tracer-trial)"}) {
		t.Errorf("misses %v, agree with a note %v, without a note %v", s.Misses, s.Stale, s.Bare)
	}
	s, err = app.Validate(context.Background(), ValidateRequest{Trials: []string{"tracer-trial"}, Only: "validation", Out: filepath.Join(t.TempDir(), "v")})
	if err != nil || len(s.Stale) > 0 || len(s.Bare) != 1 {
		t.Errorf("validation only: %v, %v, %v", s.Stale, s.Bare, err)
	}
}
