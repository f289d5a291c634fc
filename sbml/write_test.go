package sbml_test

import (
	"strings"
	"testing"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// What a reader of the written text relies on, beyond that it reads back as it was.
func TestWritten(t *testing.T) {
	one := 1.0
	m := &model.Model{ID: "m",
		Compartments: []model.Compartment{{ID: "c", Dims: 3, Size: &one, Constant: true}},
		Species:      []model.Species{{ID: "S", Compartment: "c", InitialConc: &one}, {ID: "E", Compartment: "c", InitialConc: &one}, {ID: "P", Compartment: "c", InitialConc: &one, Unit: "nM"}},
		Parameters:   []model.Parameter{{ID: "k", Value: &one, Constant: true, Unit: "1/(nM*day)", Spread: "lognormal cv=0.3"}},
		Reactions: []model.Reaction{{ID: "J", Reactants: []model.SpeciesRef{{Species: "S", Stoichiometry: model.Call("times", model.Sym("k"), model.Num(2))}},
			Products: []model.SpeciesRef{{Species: "P"}}, Rate: model.Call("times", model.Sym("k"), model.Sym("S"), model.Call("max", model.Sym("E"), model.Sym("P"))), Fast: true}},
		Events:      []model.Event{{ID: "e", Meta: "event1", Trigger: model.Num(1)}},
		Annotations: []model.Annotation{{Element: "e", Qualifier: "is", Resources: []string{"urn:x"}}, {Element: "gone", Qualifier: "is", Resources: []string{"urn:y"}}},
		Notes:       []model.Note{{Text: "plain < text"}}}
	text, ms := sbml.WriteModel(m)
	if ms.HasErrors() {
		t.Fatal(ms.Error())
	}
	for _, want := range []string{
		`level="3" version="1"`,                                 // Version 2 has no fast reactions
		`fast="true"`,                                           //
		`l3v2extendedmath:required="true"`,                      // nor does Version 1 have max
		`<modifierSpeciesReference species="E"/>`,               // the rate reads it
		`<assignmentRule variable="J_S_stoichiometry">`,         // a stoichiometry that is a formula
		`id="J_S_stoichiometry" species="S" constant="false"/>`, //
		`<event metaid="event1"`,                                // the annotation is about the metaid that is written
		`rdf:about="#event1"`,                                   //
		`plain &lt; text</p>`,                                   //
		`<unitDefinition id="per_nM_day">`,                      //
		`<true/>`,                                               // the trigger is a condition
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	said := ms.Error()
	for _, want := range []string{"reaction J is fast", "the spread of k", "what is said about gone", "the unit of P (nM) is not written"} {
		if !strings.Contains(said, want) {
			t.Errorf("no message %q in\n%s", want, said)
		}
	}
	if _, ms := sbml.Read(&diag.Source{Name: "written.xml", Text: string(text)}, nil); len(ms) > 0 {
		t.Error(ms.Error())
	}
}
