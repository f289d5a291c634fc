package report

import (
	"bytes"
	"html"
	"math"
	"strings"
	"testing"

	"thymus/library"
	"thymus/sim"
	"thymus/trial"
)

// TestFrenchReport: visits, reasons of screening, covariates, regimens, figures and sources
// are French in a French report and as they were in an English one.
func TestFrenchReport(t *testing.T) {
	r := made()
	r.Spec.Question, r.Spec.QuestionFR, r.Spec.Story = "is it?", "l'est-ce ?", "so"
	r.Spec.Visits = []trial.Visit{{ID: "v", Title: "baseline", TitleFR: "départ"}, {ID: "w", Title: "week 2", Day: 14}}
	r.Screening = trial.Screening{Tried: 9, Accepted: 4, Reasons: []trial.Count{{Name: "active", NameFR: "maladie active", N: 3}, {Name: trial.NoSteadyState, N: 2}}}
	r.Covariates = []trial.CovariateSummary{{ID: "age", Title: "age", TitleFR: "âge", N: 4, Mean: 30}, {ID: "sex", Title: "sex", TitleFR: "sexe", N: 4, Levels: []trial.Count{{Name: "female", N: 3}, {Name: "male", N: 1}}}}
	r.Modules, r.ModulesFR = map[string]string{"tcz": "Tocilizumab", "car": "CAR-T cells"}, map[string]string{"car": "Cellules CAR-T"}
	r.Spec.Arms[0].Give = []trial.Give{{Module: "car", Route: "infusion", Dose: "1e6 cell/kg", At: []float64{0}, Hold: "x > 1"}}
	r.Spec.Arms[0].Rules = []trial.GiveRule{{When: "grade >= 2", Give: trial.Give{Module: "tcz", Route: "iv", Dose: "8 mg/kg", Max: "800 mg"}}}
	r.Arms[0].Doses = []trial.DoseCount{{Module: "car", Route: "infusion", Patients: 2, Doses: 2}}
	r.Stories = []trial.ModuleStory{{Name: "car", Instance: "car", Title: "CAR-T cells against x", TitleFR: "Cellules CAR-T anti-x"}}
	r.SourceCounts = []trial.Count{{Name: "assumed", N: 7}}
	r.Spec.Observables[0].TitleFR = "taux"
	r.Agreement[0].Use, r.Agreement[0].Status = "validation", "recalled"
	for language, want := range map[string][]string{
		"en": {"is it?", "Visits: baseline (day 0), week 2 (day 14)", "not: active: 3; no steady state found: 2", ">age", "female 3, male 1", "CAR-T cells infusion, 1e6 cell/kg, day 0, held while x > 1", "when grade >= 2: Tocilizumab iv, 8 mg/kg, at most 800 mg",
			">CAR-T cells, infusion<", "CAR-T cells against x", "assumed 7", "validation, recalled", `"o" <i> over time by arm`},
		"fr": {"l'est-ce ?", "Visites : départ (jour 0), week 2 (jour 14)", "critère non rempli : maladie active : 3 ; aucun état stationnaire trouvé : 2", ">âge", "femmes 3, hommes 1",
			"Cellules CAR-T perfusion, 1e6 cell/kg, jour 0, suspendu tant que x > 1", "quand grade >= 2 : Tocilizumab i.v., 8 mg/kg, au plus 800 mg", ">Cellules CAR-T, perfusion<", "Cellules CAR-T anti-x", "supposé 7", "validation, de mémoire",
			"taux au cours du temps, par bras", "sont en anglais"},
	} {
		text := holds(t, r, language, want)
		if language == "fr" {
			for _, bad := range []string{"when ", "held", "baseline (", " over time", "single patients", "95 per cent", "Agreement"} {
				if strings.Contains(text, bad) {
					t.Errorf("a French report holds %q", bad)
				}
			}
		}
	}
}

// TestFrenchValidation: the page of forest plots says in French why a figure does not agree.
func TestFrenchValidation(t *testing.T) {
	r := made()
	r.Agreement[0].Rule, r.Agreement[0].Use, r.Agreement[0].TooWide = "published as an upper bound", "validation", true
	v := &Validation{Results: []*trial.Result{r}, Coverage: []trial.Coverage{{Part: trial.OutOfScope, Row: library.EvidenceRow{ID: "Q", Status: "verified"}}}}
	var b bytes.Buffer
	if err := ValidationHTML(&b, v, "fr"); err != nil {
		t.Fatal(err)
	}
	text := html.UnescapeString(b.String())
	for _, w := range []string{"la valeur publiée n'est pas dans 90 % des essais répétés ; la prédiction est hors de l'intervalle publié (publié comme borne supérieure) ; les patients virtuels diffèrent trop entre eux", "aucune raison n'est notée", "hors du champ 1", "prises comme données 0"} {
		if !strings.Contains(text, w) {
			t.Errorf("the page does not hold %q", w)
		}
	}
}

// TestOneEvent: one event is none of several, and in French nothing is singular, too.
func TestOneEvent(t *testing.T) {
	for _, c := range []struct {
		language string
		n        int
		want     string
	}{{"en", 0, "median time, 0 events"}, {"en", 1, "median time, 1 event"}, {"en", 2, "median time, 2 events"}, {"fr", 0, "temps médian, 0 événement"}, {"fr", 1, "temps médian, 1 événement"}, {"fr", 2, "temps médian, 2 événements"}} {
		v := &view{R: made(), W: words[c.language], Lang: c.language}
		v.rows(trial.EndpointResult{Endpoint: trial.Endpoint{ID: "t"}, TimeToEvent: true, ByArm: []trial.Estimate{{Arm: "a", Statistic: "median time", Events: c.n}}})
		if got := v.Rows[0].Detail; got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestNobodyCounts: where nobody counts in an arm there is no difference of shares.
func TestNobodyCounts(t *testing.T) {
	nan := math.NaN()
	v := &view{R: made(), W: words["en"], Lang: "en"}
	v.rows(trial.EndpointResult{Endpoint: trial.Endpoint{ID: "r", Title: "response"}, Binary: true, ByArm: []trial.Estimate{{Arm: "a", Value: nan, Lo: nan, Hi: nan}}, Differences: []trial.Difference{{Arm: "a", Value: nan, Lo: nan, Hi: nan, P: nan}}})
	if v.Rows[0].Difference != "" {
		t.Errorf("%+v", v.Rows[0])
	}
}

// TestPhrases: what is said of a regimen, every route of the library, the levels of
// covariates, the ways of solving again and the parts of figures have French words.
func TestPhrases(t *testing.T) {
	known := map[string]bool{}
	for _, p := range phrases["fr"] {
		if known[p[0]] {
			t.Errorf("%q is said twice", p[0])
		}
		known[p[0]] = true
		if strings.Count(p[0], "%") != strings.Count(p[1], "%") {
			t.Errorf("%q and %q have other places for values", p[0], p[1])
		}
	}
	need := func(words string) string {
		if !known[words] {
			t.Errorf("there is no French for %q", words)
		}
		return words
	}
	for _, g := range []trial.Give{
		{Route: "iv", At: []float64{0}, Duration: 0.1, Max: "1 mg", Hold: "x", Taper: []trial.TaperStep{{Dose: "1 mg"}}},
		{Route: "iv", Every: 1, Count: 2}, {Route: "iv", Every: 1}} {
		trial.GiveRule{Give: g}.Say(need)
	}
	for _, way := range sim.Rungs() {
		need(way)
	}
	for _, p := range new(Validation).Parts() {
		need(string(p))
	}
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"core", "process", "disease", "therapy"} {
		for _, name := range lib.Names(kind) {
			e, ms := lib.Module(name)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			for _, d := range e.Doses {
				need(strings.ReplaceAll(d.Name, "_", " "))
			}
		}
	}
	for _, name := range lib.Names("population") {
		src, _ := lib.PopulationSource(name)
		p, ms := trial.ReadPopulation(src)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		p.Say(func(en, _ string) string { return en }, need)
	}
}
