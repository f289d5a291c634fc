package conformance_test

import (
	"os"
	"strings"
	"testing"

	"thymus/conformance"
)

// TestAntimony runs libAntimony's test data from the folder THYMUS_ANTIMONY.
func TestAntimony(t *testing.T) {
	folder := os.Getenv("THYMUS_ANTIMONY")
	if folder == "" {
		t.Skip("THYMUS_ANTIMONY is not set: libAntimony's own test data are not read")
	}
	r := run(t, "antimony", folder, conformance.Options{})
	for _, row := range r.Rows {
		if row.Outcome != conformance.Passed {
			t.Logf("%s: %s %s", row.File, row.Outcome, row.Reason)
		}
	}
	t.Log(r.Count())
}

// TestTexts: a text is judged by the SBML beside it and by what is written of it.
func TestTexts(t *testing.T) {
	xml := func(value string) string {
		return `<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="__main"><listOfParameters>` +
			`<parameter id="x" value="` + value + `" constant="true"/><parameter id="length" value="2" constant="true"/></listOfParameters></model></sbml>`
	}
	folder := write(t, map[string]string{
		"a.txt": "x = 3; const x; length_ = 2", "a_rt.txt": "x = 4; length_ = 2", "a.xml": xml("3"),
		"deep/alone.txt": "model m() y = 1; end", "deep/bad.txt": "model m() y = (; end",
	})
	r := run(t, "antimony", folder, conformance.Options{})
	want := []string{"a.txt passed source,pair", "a_rt.txt wrong written back,pair", "deep/alone.txt passed source,alone", "deep/bad.txt refused source,alone"}
	for i, row := range r.Rows {
		if got := row.File + " " + row.Outcome.String() + " " + strings.Join(row.Tags, ","); i >= len(want) || got != want[i] {
			t.Errorf("row %d: %s: %s", i, got, row.Reason)
		}
	}
}
