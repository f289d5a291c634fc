package sbml_test

import (
	"path/filepath"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// composedTrip writes a hierarchical document, reads it and compares what both mean.
func composedTrip(t *testing.T, name string, doc *model.Document) string {
	t.Helper()
	main := doc.Modules[len(doc.Modules)-1].ID
	doc.Separator = "__"
	want, ms := model.Flatten(doc, main)
	if ms.HasErrors() {
		t.Fatalf("%s: %v", name, ms)
	}
	text, ms := sbml.WriteComposed(doc, main)
	if ms.HasErrors() {
		if strings.Contains(ms.Error(), "cannot be written") && strings.HasSuffix(name, ".xml") { // what fbc 2 has no words for
			t.Logf("%s: %v", name, ms)
		} else {
			t.Errorf("%s: writing: %v", name, ms)
		}
		return ""
	}
	again, ms := sbml.Read(&diag.Source{Name: "written.xml", Text: string(text)}, nil)
	if ms.HasErrors() {
		t.Errorf("%s: reading what was written: %v\n%s", name, ms, text)
		return ""
	}
	got, ms := model.Flatten(again, again.Modules[len(again.Modules)-1].ID)
	if ms.HasErrors() {
		t.Errorf("%s: flattening what was written: %v\n%s", name, ms, text)
		return ""
	}
	if a, b := model.Format(want), model.Format(got); a != b && !strings.Contains(string(text), "_stoichiometry\"") {
		t.Errorf("%s: %s", name, difference(a, b))
		if testing.Verbose() {
			t.Logf("%s", text)
		}
	}
	return string(text)
}

func TestWriteComposedSuites(t *testing.T) {
	for _, variable := range []string{"THYMUS_SBML_SEMANTIC", "THYMUS_ANTIMONY", "THYMUS_SBML_COMP"} {
		t.Run(variable, func(t *testing.T) {
			n := 0
			for _, file := range suite(t, variable) {
				doc, ms, _ := read(t, file)
				if ms.HasErrors() || len(doc.Modules) < 2 {
					continue
				}
				if _, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID); ms.HasErrors() {
					continue
				}
				n++
				composedTrip(t, filepath.Base(file), doc)
			}
			t.Logf("%d hierarchical models", n)
		})
	}
}

func TestWriteComposedAntimony(t *testing.T) {
	for what, text := range map[string]string{
		"instances":                  "model one()\n  x = 1; y := 2*x;\nend\nmodel two()\n  A: one(); B: one();\nend\n",
		"reading":                    "model one()\n  x = 1; y := 2*x;\nend\nmodel two()\n  A: one(); z := A.y + A.x;\nend\n",
		"changing":                   "model one()\n  x = 1; y := 2*x; v = x;\nend\nmodel two()\n  A: one(); A.x = 5; A.v = 3;\nend\n",
		"a rule":                     "model one()\n  x = 1; y := 2*x; w := 3;\nend\nmodel two()\n  A: one(); q = 1; A.x := q; A.w := 4*q;\nend\n",
		"an initial":                 "model one()\n  x = 1; y := 2*x; u = 2*x;\nend\nmodel two()\n  A: one(); q = 1; A.x = 3*q; A.u = q;\nend\n",
		"species":                    "model one()\n  compartment C = 2; species S in C; S = 3; J: S -> ; k*S; k = 1;\nend\nmodel two()\n  A: one(); K: A.S -> ; 2*A.S; A.S = 7;\nend\n",
		"ports":                      "model one(S, k)\n  species S, T; S = 3; T = 1; J: S -> T; k*S; k = 1;\nend\nmodel two()\n  species X; X = 1; f = 3; A: one(X, f); B: one(X, f);\nend\n",
		"depth":                      "model one()\n  x = 1; y := 2*x;\nend\nmodel two()\n  A: one(); z := A.y;\nend\nmodel three()\n  B: two(); w := B.A.x + B.z; B.A.x = 4;\nend\n",
		"an override of an override": "model one()\n  x = 1; y := 2*x;\nend\nmodel two()\n  A: one(); A.x = 2; p = 3*A.x;\nend\nmodel three()\n  B: two(); B.A.x = 4;\nend\n",
		"functions":                  "function f(a)\n  2*a\nend\nfunction g(a)\n  f(a) + 1\nend\nmodel one()\n  x = 1; y := g(x);\nend\nmodel two()\n  A: one(); z := f(A.y);\nend\n",
		"events":                     "model one()\n  x = 1; E: at 2 after (x > 3), priority=x: x = 1;\nend\nmodel two()\n  A: one(); F: at (A.x > 2): A.x = 0;\nend\n",
		"another's output":           "model one()\n  x = 1; o := 3*x;\nend\nmodel two()\n  i = 1; y := i;\nend\nmodel three()\n  A: one(); B: two(); B.i := A.o;\nend\n",
	} {
		doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: text}, nil)
		if ms.HasErrors() {
			t.Fatal(what, ms)
		}
		out := composedTrip(t, what, doc)
		if !strings.Contains(out, "<comp:submodel ") {
			t.Errorf("%s: no submodel is written", what)
		}
	}
}

func TestWriteComposedByHand(t *testing.T) {
	for what, change := range map[string]func(d *model.Document, o *model.Module){
		"factors": func(_ *model.Document, o *model.Module) {
			o.Submodels[0].TimeFactor, o.Submodels[0].ExtentFactor = "k", "z"
		},
		"a synonym": func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "A.x", B: "z"}} },
		"a factor": func(_ *model.Document, o *model.Module) {
			o.Links = []model.Link{{A: "A.x", B: "z", Factor: "k", Inherit: true}}
		},
		"replaced by": func(_ *model.Document, o *model.Module) {
			o.Links = []model.Link{{A: "z", B: "A.x", KeepName: true, Inherit: true}}
		},
		"inner ones": func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "A.x", B: "D.x", Inherit: true}} },
		"deletions": func(_ *model.Document, o *model.Module) {
			for _, p := range []string{"A.E@delay", "A.E@priority", "A.E@set.x", "A.J@rate", "A.J@reactant.0", "A.y@rule", "A.w@initial"} {
				o.Deletions = append(o.Deletions, model.Deletion{Path: p})
			}
		},
		"dependents": func(_ *model.Document, o *model.Module) {
			o.Deletions = []model.Deletion{{Path: "A.x", Dependents: true}}
		},
		"a name of its own": func(_ *model.Document, o *model.Module) {
			o.Links = []model.Link{{A: "A.x", B: "new"}}
			o.Rules[0].Math = model.Sym("new")
		},
	} {
		doc := document(t, "model inner()\n  x = 1; y := x; w = 2*x; species S; S = 1; J: S -> ; x*S;\n  E: at 2 after (x > 2), priority=x: x = 1, v = 3; v = 0;\nend\nmodel outer()\n  A: inner(); D: inner(); z = 2; k = 60; q := z;\nend\n")
		change(doc, doc.Modules[1])
		composedTrip(t, what, doc)
	}
	doc := document(t, "model inner()\n  x = 1;\nend\nmodel outer()\n  A: inner(); z = 2;\nend\n")
	doc.Modules[1].Links = []model.Link{{A: "z", B: "A.x", KeepName: true, Factor: "2"}}
	if _, ms := sbml.WriteComposed(doc, "outer"); !ms.HasErrors() || !strings.Contains(ms.Error(), "SBML cannot say") {
		t.Errorf("a factor that SBML cannot say: %v", ms)
	}
	doc.Modules[1].Links = nil
	doc.Modules[1].Submodels[0].TimeFactor = "60"
	text, ms := sbml.WriteComposed(doc, "outer")
	if ms.HasErrors() || !strings.Contains(string(text), `comp:timeConversionFactor="conversion_factor"`) || !strings.Contains(string(text), `id="conversion_factor" value="60"`) {
		t.Errorf("a number as a factor: %v\n%s", ms, text)
	}
	if _, ms := sbml.WriteComposed(doc, "nothing"); !ms.HasErrors() {
		t.Error("a model that is not there was written")
	}
}

func document(t *testing.T, text string) *model.Document {
	t.Helper()
	doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: text}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return doc
}

// FuzzComp: no document of submodels, however wrong, makes reading, flattening or writing panic.
func FuzzComp(f *testing.F) {
	parameter := `<listOfParameters><parameter id="x" value="1" constant="false">` + replaced(`comp:idRef="p" comp:conversionFactor="cf"`) + `</parameter><parameter id="cf" value="10" constant="true"/></listOfParameters>`
	f.Add(hierarchy(parameter, `comp:timeConversionFactor="cf"/>`, ""))
	f.Add(hierarchy("", deletions(`comp:metaIdRef="ia"`, `comp:idRef="S"`, `comp:metaIdRef="local"`, `comp:unitRef="u"`), ""))
	f.Add(hierarchy(`<listOfParameters><parameter id="x" constant="true"><comp:replacedBy comp:submodelRef="A" comp:idRef="k"/></parameter></listOfParameters>`, "/>", ""))
	f.Add(compHead + `<model id="m"/><comp:listOfExternalModelDefinitions>` + external("E", "self.xml", "E") + `</comp:listOfExternalModelDefinitions></sbml>`)
	f.Fuzz(func(t *testing.T, text string) {
		src := &diag.Source{Name: "self.xml", Text: text}
		doc, _ := sbml.Read(src, func(string, diag.Place) (*diag.Source, error) { return src, nil })
		if doc == nil {
			return
		}
		for _, m := range doc.Modules {
			if flat, ms := model.Flatten(doc, m.ID); !ms.HasErrors() {
				_ = model.Format(flat)
			}
			_, _ = sbml.WriteComposed(doc, m.ID)
		}
	})
}
