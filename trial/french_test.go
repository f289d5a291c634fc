package trial_test

import (
	"slices"
	"testing"

	"thymus/diag"
	"thymus/trial"
)

// TestFrenchIsRead: visits, criteria at screening and covariates have a French title, the
// trial a French question.
func TestFrenchIsRead(t *testing.T) {
	s, ms := trial.ReadTrial(&diag.Source{Name: "t.yaml", Text: `trial: t
title: t
question: does it help?
question_fr: est-ce utile ?
population: p
size: 1
end: 10
enrol: [{when: "a > 1", why: active, why_fr: maladie active}]
arms: [{id: a, title: a}]
visits: [{id: v, day: 0, title: baseline, title_fr: départ}, {id: w, day: 1}]
endpoints: [{id: e, kind: value, of: x, visit: v}]
`})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if s.QuestionFR != "est-ce utile ?" || s.Enrol[0].WhyFR != "maladie active" || s.Visits[0].TitleFR != "départ" || s.Visits[1].TitleFR != "" {
		t.Errorf("%q, %+v, %+v", s.QuestionFR, s.Enrol, s.Visits)
	}
	p, ms := trial.ReadPopulation(&diag.Source{Name: "p.yaml", Text: `population: p
title: p
modules: {core: immune-core}
covariates:
  sex: {title: sex, title_fr: sexe, levels: {female: 0.9, male: 0.1}}
  age: {title: age, title_fr: âge, value: 30, unit: year, spread: normal sd=5}
plausible:
  - {when: "x > 1", why: active, why_fr: maladie active}
  - {when: "y > 1"}
`})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	french := map[string]string{"%s: %s": "%s : %s", "female": "femmes", "male": "hommes", "let in when %s (%s)": "admis quand %s (%s)"}
	for language, want := range map[string][]string{
		"en": {"age: 30 year, normal sd=5", "sex: female 90 %, male 10 %", "let in when x > 1 (active)", "let in when y > 1 (y > 1)"},
		"fr": {"âge : 30 year, normal sd=5", "sexe : femmes 90 %, hommes 10 %", "admis quand x > 1 (maladie active)", "admis quand y > 1 (y > 1)"},
	} {
		title := func(en, fr string) string {
			if language == "fr" && fr != "" {
				return fr
			}
			return en
		}
		in := func(words string) string {
			if language == "fr" {
				return french[words]
			}
			return words
		}
		if got := p.Say(title, in); !slices.Equal(got, want) {
			t.Errorf("%s: %q", language, got)
		}
	}
}

// TestGiveInWords: a line of a regimen in English.
func TestGiveInWords(t *testing.T) {
	g := trial.Give{Module: "m", Route: "high_dose", Dose: "8 mg/kg", At: []float64{-6, 0, 14}, Duration: 0.125, Max: "800 mg", Hold: "x > 1"}
	if got := g.String(); got != "m high dose, 8 mg/kg, day -6, 0, 14, over 3 h, at most 800 mg, held while x > 1" {
		t.Error(got)
	}
	g = trial.Give{Module: "m", Route: "sc", Dose: "1 MIU", Every: 14, From: 1, Until: 90, Taper: []trial.TaperStep{{From: 20, Dose: "2 MIU"}}}
	if got := g.String(); got != "m sc, 1 MIU, every 14 d, day 1 to 90, then 2 MIU from day 20" {
		t.Error(got)
	}
	g.Count, g.Dose = 5, "1 dimensionless"
	r := trial.GiveRule{When: "grade >= 2", Give: g}
	if got := r.Say(func(words string) string { return words }); got != "when grade >= 2: m sc, 1, every 14 d, 5 doses from day 1, then 2 MIU from day 20" {
		t.Error(got)
	}
}
