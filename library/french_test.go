package library_test

import (
	"testing"

	"thymus/library"
	"thymus/trial"
)

// TestEveryTitleIsFrench: whatever a report shows of a trial, of its population and of its
// modules has a French title; the story and the limits have none.
func TestEveryTitleIsFrench(t *testing.T) {
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	need := func(file, what, en, fr string) {
		t.Helper()
		if fr == "" && en != "" {
			t.Errorf("%s: %s %q has no French", file, what, en)
		}
	}
	for _, name := range lib.Names("trial") {
		src, ms := lib.TrialSource(name)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		s, ms := trial.ReadTrial(src)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		need(name, "title", s.Title, s.TitleFR)
		need(name, "question", s.Question, s.QuestionFR)
		for _, x := range s.Enrol {
			need(name, "criterion", x.Why, x.WhyFR)
		}
		for _, x := range s.Arms {
			need(name, "arm", x.Title, x.TitleFR)
		}
		for _, x := range s.Visits {
			need(name, "visit", x.Title, x.TitleFR)
		}
		for _, x := range s.Observables {
			need(name, "observable", x.Title, x.TitleFR)
		}
		for _, x := range s.Endpoints {
			need(name, "endpoint", x.Title, x.TitleFR)
		}
		for _, x := range s.Ratios {
			need(name, "ratio", x.Title, x.TitleFR)
		}
	}
	for _, name := range lib.Names("population") {
		src, ms := lib.PopulationSource(name)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		p, ms := trial.ReadPopulation(src)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		need(name, "title", p.Title, p.TitleFR)
		for _, x := range p.Covariates {
			need(name, "covariate", x.Title, x.TitleFR)
		}
		for _, x := range p.Plausible {
			need(name, "criterion", x.Why, x.WhyFR)
		}
	}
	for _, kind := range []string{"core", "process", "disease", "therapy"} {
		for _, name := range lib.Names(kind) {
			e, ms := lib.Module(name)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			need(name, "title", e.Title, e.TitleFR)
		}
	}
}
