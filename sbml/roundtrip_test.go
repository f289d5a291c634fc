package sbml_test

import (
	"path/filepath"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// flat is the main model of a file, made flat.
func flat(t *testing.T, doc *model.Document) *model.Model {
	t.Helper()
	m, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
	if ms.HasErrors() {
		t.Fatal(ms.Error())
	}
	return m
}

// roundTrip writes a model, reads it again and compares what both mean.
func roundTrip(t *testing.T, m *model.Model) {
	t.Helper()
	text, ms := sbml.WriteModel(m)
	if ms.HasErrors() {
		t.Errorf("writing: %s", ms.Error())
		return
	}
	doc, ms := sbml.Read(&diag.Source{Name: "written.xml", Text: string(text)}, nil)
	if len(ms) > 0 {
		t.Errorf("reading what was written: %s", ms.Error())
		if ms.HasErrors() {
			return
		}
	}
	again := flat(t, doc)
	got, want := model.Format(again), model.Format(m)
	if strings.Contains(string(text), "_stoichiometry\"") { // formulas became rules: compare the next round
		text, _ := sbml.WriteModel(again)
		doc, ms := sbml.Read(&diag.Source{Name: "written.xml", Text: string(text)}, nil)
		if ms.HasErrors() {
			t.Errorf("reading what was written: %s", ms.Error())
			return
		}
		got, want = model.Format(flat(t, doc)), got
	}
	if got != want {
		t.Errorf("%s", difference(want, got))
	}
}

// difference shows the lines that differ.
func difference(want, got string) string {
	var b strings.Builder
	has := map[string]bool{}
	for _, l := range strings.Split(got, "\n") {
		has[l] = true
	}
	for _, l := range strings.Split(want, "\n") {
		if !has[l] {
			b.WriteString("- " + l + "\n")
		}
		delete(has, l)
	}
	for _, l := range strings.Split(got, "\n") {
		if has[l] {
			b.WriteString("+ " + l + "\n")
		}
	}
	return b.String()
}

func TestRoundTripSuites(t *testing.T) {
	for _, variable := range []string{"THYMUS_SBML_SEMANTIC", "THYMUS_SBML_STOCHASTIC", "THYMUS_BIOMODELS", "THYMUS_ANTIMONY"} {
		t.Run(variable, func(t *testing.T) {
			for _, file := range suite(t, variable) {
				doc, ms, _ := read(t, file)
				if ms.HasErrors() {
					continue // reported by TestSuites
				}
				t.Run(filepath.Base(file), func(t *testing.T) { roundTrip(t, flat(t, doc)) })
			}
		})
	}
}
