package sim_test

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/sim"
)

func flattened(t testing.TB, text string) *model.Model {
	t.Helper()
	doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: text}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return m
}

// followed simulates every individual of a table; columns are ids.
func followed(t testing.TB, text, table string, forward bool, columns ...string) (*sim.DoseTable, []*sim.Trajectory) {
	t.Helper()
	d, ms := sim.OpenDoses(flattened(t, text), &diag.Source{Name: "d.csv", Text: table}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	var record []compile.Selection
	for _, c := range columns {
		record = append(record, compile.Selection{ID: c})
	}
	plan, ms := d.Plan(sim.Config{Record: record, Rtol: 1e-10}, 0)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	w := plan.NewWorker()
	var out []*sim.Trajectory
	for k := 0; k < d.Records.Len(); k++ {
		tr, failure := w.Follow(sim.Patient{Number: k}, sim.History{Individual: d.Records.Individual(k), Forward: forward})
		if failure != nil {
			t.Fatalf("individual %d: %v", k, failure)
		}
		out = append(out, tr)
	}
	return d, out
}

// TestNonmem holds the scenarios of a folder with doses.csv and expected.csv (ID, TIME, CP)
// against NONMEM's answers, to the five digits that they are printed with.
func TestNonmem(t *testing.T) {
	dir := os.Getenv("THYMUS_NONMEM")
	if dir == "" {
		t.Skip("THYMUS_NONMEM is not set: NONMEM's answers are not compared")
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	_, got := followed(t, nonmemModel, read("doses.csv"), false, "CP")
	rows := strings.Split(strings.TrimSpace(read("expected.csv")), "\n")[1:]
	k, i := 0, 0
	wrong := map[string]int{}
	for _, row := range rows {
		for i == len(got[k].Times) {
			k, i = k+1, 0
		}
		f := strings.Split(row, ",")
		time, _ := strconv.ParseFloat(f[1], 64)
		want, _ := strconv.ParseFloat(strings.TrimSpace(f[2]), 64)
		have := got[k].Values[0][i]
		if got[k].Times[i] != time {
			t.Fatalf("ID %s: row %d is at %g, want %g", f[0], i, got[k].Times[i], time)
		}
		if printed, _ := strconv.ParseFloat(strconv.FormatFloat(have, 'g', 5, 64), 64); math.Abs(printed-want) > 1e-9*math.Abs(want) {
			if wrong[f[0]]++; wrong[f[0]] < 4 {
				t.Errorf("ID %s at %g: %.7g, want %g", f[0], time, have, want)
			}
		}
		i++
	}
	t.Logf("%d individuals, %d rows", len(got), len(rows))
}

const nonmemModel = `model m()
  substanceOnly species GUT = 0, CENT = 0;
  J1: GUT -> CENT; KA*GUT;
  J2: CENT -> ; CL/V*CENT;
  KA = 1.5; CL = 1.1; V = 20;
  CP := CENT/(V/1000);
  LAGT = 0; BIOAV = 1; RAT2 = 1; DUR2 = 1;
  ALAG_2 := LAGT; F_CENT := BIOAV; R_2 := RAT2; D_2 := DUR2;
end`
