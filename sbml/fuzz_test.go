package sbml_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// Reading never panics; what was read is written, and what was written is read.
func FuzzRead(f *testing.F) {
	for _, folder := range []string{"good", "bad"} {
		files, _ := filepath.Glob("testdata/" + folder + "/*.xml")
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, ms := sbml.Read(&diag.Source{Name: "fuzz.xml", Text: text}, func(string, diag.Place) (*diag.Source, error) {
			return nil, errors.New("no such file")
		})
		if (doc == nil) != ms.HasErrors() {
			t.Fatal("a document and errors")
		}
		_ = ms.Error()
		if doc == nil {
			return
		}
		m, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
		if ms.HasErrors() {
			return
		}
		written, ms := sbml.WriteModel(m)
		if ms.HasErrors() {
			return
		}
		if _, ms := sbml.Read(&diag.Source{Name: "written.xml", Text: string(written)}, nil); ms.HasErrors() {
			t.Fatalf("%s\n%s", ms.Error(), written)
		}
	})
}

// Formulas of Level 1 are read without a panic, and mean the same when they were written as MathML.
func FuzzFormula(f *testing.F) {
	for _, s := range []string{"-k*-A^2^0.5 + log(A)", "pow(A, 1e-3)/sqr(k)", "((A))", "A +", "1..2", "acos(", "k(3)", "- -A", "1e", "uui(A,1,2)", "a&amp;b", "A^-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, formula string) {
		text := `<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model name="m"><listOfParameters><parameter name="x" value="1"/><parameter name="k" value="2"/><parameter name="A" value="3"/></listOfParameters>` +
			`<listOfRules><parameterRule name="x" formula="` + formula + `"/></listOfRules></model></sbml>`
		doc, ms := sbml.Read(&diag.Source{Name: "fuzz.xml", Text: text}, nil)
		_ = ms.Error()
		if doc == nil {
			return
		}
		m, ms := model.Flatten(doc, "m")
		if ms.HasErrors() || len(m.Rules) != 1 {
			return
		}
		written, ms := sbml.WriteModel(m)
		if ms.HasErrors() {
			t.Fatal(ms.Error())
		}
		doc, ms = sbml.Read(&diag.Source{Name: "written.xml", Text: string(written)}, nil)
		if ms.HasErrors() {
			t.Fatalf("%s\n%s", ms.Error(), written)
		}
		if again := doc.Modules[0].Rules[0].Math; !again.Equal(m.Rules[0].Math) {
			t.Fatalf("%s, read again %s", m.Rules[0].Math, again)
		}
	})
}
