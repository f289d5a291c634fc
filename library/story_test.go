package library_test

import (
	"slices"
	"strings"
	"testing"

	"thymus/library"
	"thymus/model"
)

// TestStories: every module says in both languages what it is, what it assumes or where it is
// known to fail, both where it says so in English, and has a diagram.
func TestStories(t *testing.T) {
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	ports, ms := lib.Ports()
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	for _, kind := range []string{"core", "process", "disease", "therapy"} {
		for _, name := range lib.Names(kind) {
			e, ms := lib.Module(name)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			for _, language := range []string{"en", "fr"} {
				s := e.Tell(language)
				if len(strings.Fields(s.About)) < 8 {
					t.Errorf("%s, %s: the story says %q", name, language, s.About)
				}
				if s.Assumptions+s.Failures == "" {
					t.Errorf("%s, %s: neither assumptions nor known failures (they begin with Assumptions: and Known failures:, Hypothèses : and Limites connues :)", name, language)
				}
				if en := e.Tell("en"); (en.Assumptions == "") != (s.Assumptions == "") || (en.Failures == "") != (s.Failures == "") {
					t.Errorf("%s: assumptions %q, %q, known failures %q, %q: one language only", name, en.Assumptions, s.Assumptions, en.Failures, s.Failures)
				}
				if told := s.About + " " + s.Assumptions + " " + s.Failures; strings.Count(told, ". ")+strings.Count(told, " ; ") < 1 {
					t.Errorf("%s, %s: one sentence is no story", name, language)
				}
			}
			d, ms := e.Diagram(ports)
			if ms.HasErrors() || len(d.States)+len(d.Writes) == 0 {
				t.Errorf("%s: no diagram: %v", name, ms)
			}
		}
	}
}

// TestSplitStory takes stories apart.
func TestSplitStory(t *testing.T) {
	for text, want := range map[string]library.Story{
		"It is A. Assumptions: b; c. Known failures: d.":   {About: "It is A.", Assumptions: "B; c.", Failures: "D."},
		"A.\n\nKnown failure: d.\n\nMore. Assumption: e.":  {About: "A.\n\nMore.", Assumptions: "E.", Failures: "D."},
		"C'est A. Hypothèse : b. Limites connues : d ; e.": {About: "C'est A.", Assumptions: "B.", Failures: "D ; e."},
		"No word of them.": {About: "No word of them."},
		"Assumptions: b. Not simulated here: c. Assumptions: too": {Assumptions: "B. Too", Failures: "C."},
	} {
		if got := library.SplitStory(text); got != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestDiagram: a diagram shows flows, what steers them through rules, and ports, not
// constants.
func TestDiagram(t *testing.T) {
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	ports, _ := lib.Ports()
	e, ms := lib.Module("b-cell-leukaemia")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	d, ms := e.Diagram(ports)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	flow := func(id string) model.Flow {
		i := slices.IndexFunc(d.Flows, func(f model.Flow) bool { return f.ID == id })
		if i < 0 {
			t.Fatalf("no flow %s", id)
		}
		return d.Flows[i]
	}
	if f := flow("Ts_leave"); !slices.Equal(f.From, []string{"Ts"}) || !slices.Equal(f.To, []string{"Tp"}) || len(f.By) != 0 {
		t.Errorf("%+v", f)
	}
	if f := flow("Tp_death"); !slices.Contains(f.By, "kill_CD19") || !slices.Contains(f.By, "Tn") || slices.Contains(f.By, "rT") || slices.Contains(f.By, "Tp") {
		t.Errorf("%+v", f)
	}
	if !slices.ContainsFunc(d.Writes, func(o model.Output) bool { return o.Port == "ag_CD19" && slices.Equal(o.Of, []string{"Tp"}) }) {
		t.Errorf("%+v", d.Writes)
	}
	if !slices.Contains(d.Reads, "kill_CD19") {
		t.Errorf("%v", d.Reads)
	}
	e, _ = lib.Module("systemic-lupus") // ports of a part
	d, _ = e.Diagram(ports)
	if !slices.Contains(d.Reads, "inh_inflam") || !slices.ContainsFunc(d.Writes, func(o model.Output) bool { return o.Port == "loss_C3" && slices.Equal(o.Of, []string{"ch_IC"}) }) {
		t.Errorf("%+v", d)
	}
}

// TestFrenchTitle: a header gives a module's French title beside its other lines.
func TestFrenchTitle(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/thing.ant", "// A thing: of a kind\n// title_fr: Une chose : d'une sorte\n// as: th\n//\n// Nothing.\nmodel thing()\n  species X; X = 1;\nend\n")
	write(t, dir+"/thing.parameters.tsv", "parameterId\tnominalValue\tunit\tspread\tsource\tnote\n")
	lib, err := library.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	e, ms := lib.Module("thing")
	if ms.HasErrors() || e.Title != "A thing: of a kind" || e.TitleFR != "Une chose : d'une sorte" || e.Instance != "th" {
		t.Fatalf("%+v, %v", e, ms)
	}
}
