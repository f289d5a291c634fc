package fit_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/fit"
	"thymus/library"
)

// few makes the toy fit quick.
var few = []string{"patients: 200", "patients: 20", "evaluations: 150", "evaluations: 16"}

// problem prepares the toy fit of a library with changes of its text.
func problem(t testing.TB, lib *library.Library, o fit.Options, changes ...string) *fit.Problem {
	t.Helper()
	src, ms := lib.FitSource("tracer-loss")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	rows, _ := lib.Evidence()
	s, ms := fit.Read(&diag.Source{Name: src.Name, Text: strings.NewReplacer(changes...).Replace(src.Text)}, rows)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	p, ms := fit.Prepare(s, lib, o)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return p
}

// A run that is interrupted anywhere, in the search or in the profiles, leaves the best point
// in a record that says that it is unfinished; resumed, it makes no evaluation twice but the
// first, and comes to the record of a run that was not interrupted.
func TestResume(t *testing.T) {
	lib, _, _ := toy(t)
	var whole bytes.Buffer
	r, err := problem(t, lib, fit.Options{Workers: 2, Journal: &whole}, few...).Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := text(t, r)
	for _, at := range []int{1, 13, r.Evaluations - 1} {
		kept := ""
		for interruption := 0; ; interruption++ {
			ctx, cancel := context.WithCancel(context.Background())
			o := fit.Options{Workers: 2}
			var journal bytes.Buffer
			if interruption > 0 {
				known, ms := fit.ReadJournal(&diag.Source{Name: "j", Text: kept + "27\t3.1"}, "tracer-loss")
				if ms.HasErrors() {
					t.Fatal(ms)
				}
				if known.Kept != kept || known.Command != "thymus fit tracer-loss" {
					t.Fatalf("kept %q of %q", known.Kept, kept)
				}
				o.Known = known
				journal.WriteString(kept)
			} else {
				o.Progress = func(n, _ int, _ float64) {
					if n == at {
						cancel()
					}
				}
			}
			o.Journal = &journal
			var last *fit.Record
			o.Keep = func(r *fit.Record) error { last = r; return nil }
			r, err := problem(t, lib, o, few...).Run(ctx)
			cancel()
			kept = journal.String()
			if interruption > 0 {
				if err != nil || text(t, r) != want {
					t.Errorf("interrupted at %d and resumed: %v\n%s\nwanted\n%s", at, err, text(t, r), want)
				}
				if kept != whole.String() {
					t.Errorf("interrupted at %d, the journal differs:\n%s\nwanted\n%s", at, kept, whole.String())
				}
				break
			}
			if !errors.Is(err, context.Canceled) || r == nil || r.Unfinished == "" || (r.Unfinished == "profiles") != (at > 16) || len(r.Parameters) != 4 || r.Parameters[0].Verdict != fit.NotYet {
				t.Fatalf("interrupted at %d: %v, %+v", at, err, r)
			}
			if r.Evaluations != at || last != nil && last.CostAfter != r.CostAfter {
				t.Errorf("interrupted at %d: %d evaluations, %g; kept %+v", at, r.Evaluations, r.CostAfter, last)
			}
			again, ms := fit.ReadRecord(&diag.Source{Name: "r", Text: text(t, r)})
			if ms.HasErrors() || again.Unfinished != r.Unfinished || text(t, again) != text(t, r) {
				t.Errorf("an unfinished record: %v\n%s", ms, text(t, r))
			}
		}
	}
}

// What changed since a run was interrupted is noticed by its first evaluation; a file that is
// no journal, by its text.
func TestResumeRefuses(t *testing.T) {
	lib, _, _ := toy(t)
	var journal bytes.Buffer
	if _, err := problem(t, lib, fit.Options{Workers: 2, Journal: &journal}, few...).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	known, ms := fit.ReadJournal(&diag.Source{Name: "j", Text: journal.String()}, "tracer-loss")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	for change, want := range map[string]string{"patients: 21": "the first evaluation is no longer the same", "patients: 20\nrows: [TOY-1]": "its parameters or figures have changed"} {
		changes := append([]string(nil), few...)
		changes[1] = change
		if _, err := problem(t, lib, fit.Options{Workers: 2, Known: known}, changes...).Run(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", change, err)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":         {"", "has no evaluation"},
		"another fit":   {strings.Replace(journal.String(), "tracer-loss", "other", 1), "not of the fit tracer-loss"},
		"no command":    {journal.String()[2:], "does not begin with a command"},
		"a lost column": {strings.Replace(journal.String(), "\n2\t", "\n", 1), "evaluation 2 is not whole"},
		"no number":     {strings.Replace(journal.String(), "\n2\t", "\ntwo\t", 1), `"two" is no number`},
		"an option":     {strings.Replace(journal.String(), "tracer-loss", "tracer-loss --force 1", 1), "has --force 1"},
	} {
		if _, ms := fit.ReadJournal(&diag.Source{Name: "j", Text: c.text}, "tracer-loss"); !strings.Contains(ms.Error(), c.want) {
			t.Errorf("%s: %v", name, ms)
		}
	}
}

// Before is what the table says, also where the prior's median is another; the record has
// both, and a record that tells them not apart can be read.
func TestBeforeIsTheTables(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/toy")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "disease", "tracer.parameters.tsv")
	table, _ := os.ReadFile(file)
	write := func(v string) *library.Library {
		if err := os.WriteFile(file, bytes.Replace(table, []byte("V\t30"), []byte("V\t"+v), 1), 0o644); err != nil {
			t.Fatal(err)
		}
		lib, err := library.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return lib
	}
	p := problem(t, write("21.5"), fit.Options{Workers: 2}, few...)
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Error(), "tracer V is 21.5 now; the prior's median is 30") {
		t.Errorf("warnings %v", p.Warnings)
	}
	r, err := p.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	plain := run(t, fit.Options{Workers: 2}, few...)
	if v := r.Parameters[2]; v.Before != 21.5 || v.Prior != 30 || r.CostBefore >= plain.CostBefore || plain.Parameters[2].Prior != 30 || plain.Parameters[2].Before != 30 {
		t.Errorf("%+v; %g before, with the prior's median %g", v, r.CostBefore, plain.CostBefore)
	}
	if penalty := math.Log(21.5/30) / 0.7; math.Abs(r.CostBefore-r.DataBefore-penalty*penalty) > 1e-9 {
		t.Errorf("the prior's share of %g is not that of the table's value", r.CostBefore-r.DataBefore)
	}
	outside := problem(t, write("400"), fit.Options{Workers: 2}, few...)
	if r, err := outside.Run(context.Background()); err != nil || r.Parameters[2].Before != 400 || r.Parameters[2].After > 100 {
		t.Errorf("a table's value outside the bounds: %v, %+v", err, r)
	}
	share := *outside.Spec
	share.Parameters = append([]fit.Parameter(nil), share.Parameters...)
	v := &share.Parameters[2]
	v.Transform, v.Lower, v.Median, v.Upper = "logit", 0.1, 0.5, 0.9
	if _, ms := fit.Prepare(&share, write("400"), fit.Options{}); !strings.Contains(ms.Error(), "tracer V is 400, which has no place on a logit scale") {
		t.Error(ms)
	}
	old := strings.ReplaceAll(text(t, plain), "prior: ", "was: ")
	if _, ms := fit.ReadRecord(&diag.Source{Name: "r", Text: old}); !ms.HasErrors() {
		t.Error("an unknown key passes")
	}
	for _, v := range []string{"0.8", "0.5", "30", "2"} {
		old = strings.ReplaceAll(old, "was: "+v+", ", "")
	}
	if again, ms := fit.ReadRecord(&diag.Source{Name: "r", Text: old}); ms.HasErrors() || text(t, again) != text(t, plain) {
		t.Errorf("an older record: %v\n%s", ms, old)
	}
}
