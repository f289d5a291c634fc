package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBench measures a small ensemble and looks at what is printed.
func TestBench(t *testing.T) {
	out := filepath.Join(t.TempDir(), "rows.csv")
	code, text, errs := do("bench", "--problems", "pkpd,lupus", "--patients", "3", "--rounds", "2", "--judged", "1", "--workers", "1,2", "--json", "--out", out)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	var got struct {
		Rounds int
		Rows   []struct {
			Problem, Solver, How     string
			Workers, Patients        int
			PatientsPerSecondPerCore float64
			Steps, RightHandSides    float64
			MaxError                 *float64
			StartupMilliseconds      float64
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if got.Rounds != 2 || len(got.Rows) != 4 {
		t.Fatalf("%d rounds and %d rows, want 2 and 4\n%s", got.Rounds, len(got.Rows), text)
	}
	for i, r := range got.Rows {
		lupus := i >= 2
		if r.Workers != 1+i%2 || r.Patients != 3 || !(r.PatientsPerSecondPerCore > 0) || !(r.Steps > 50) || !(r.StartupMilliseconds > 0) || (r.Problem == "lupus") != lupus {
			t.Errorf("row %+v", r)
		}
		if lupus != (r.MaxError == nil) || !lupus && !(*r.MaxError > 0 && *r.MaxError < 1e-4 && r.RightHandSides > r.Steps) {
			t.Errorf("row %+v, error %v", r, r.MaxError)
		}
	}
	table, err := os.ReadFile(out)
	if err != nil || !strings.HasPrefix(string(table), "problem,solver,how,workers,rtol,") || strings.Count(string(table), "\n") != 5 {
		t.Errorf("%v\n%s", err, table)
	}
	page := filepath.Join(t.TempDir(), "fast.md")
	if code, _, errs := do("bench", "--problems", "pkpd", "--patients", "2", "--rounds", "1", "--judged", "1", "--rtol", "1e-6,1e-9", "--workers", "1,2", "--page", page); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"$ thymus bench --problems pkpd --workers 1,2 --rtol 1e-06,1e-09 ", " --page fast.md\n", "| pkpd | thymus |", "2 workers are ", "(fast-pkpd.svg)"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the page does not hold %q:\n%s", want, written)
		}
	}
	if strings.Count(string(written), "| pkpd |") != 2 {
		t.Errorf("the table holds other rows than those of the first tolerance:\n%s", written)
	}
	if plot, err := os.ReadFile(filepath.Join(filepath.Dir(page), "fast-pkpd.svg")); err != nil || !strings.Contains(string(plot), "largest error") {
		t.Errorf("plot: %v\n%s", err, plot)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--problems", "car"}, `no problem "car"`},
		{[]string{"--backends", "neon"}, `no back end "neon"`},
		{[]string{"--workers", "0"}, "0 workers"},
		{[]string{"--rtol", "1"}, "relative tolerance 1"},
		{[]string{"--rounds", "0"}, "--rounds"},
	} {
		if code, _, errs := do(append([]string{"bench"}, c.args...)...); code != exitInput || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit code %d, want 2 and %q\n%s", c.args, code, c.want, errs)
		}
	}
}
