package sbml_test

import (
	"fmt"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

const compHead = `<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" level="3" version="2" comp:required="true">
`

// inner is a model definition with something of every kind.
const inner = `<comp:modelDefinition id="inner">
  <listOfFunctionDefinitions><functionDefinition id="f"><math xmlns="http://www.w3.org/1998/Math/MathML"><lambda><bvar><ci>a</ci></bvar><apply><times/><ci>a</ci><cn>2</cn></apply></lambda></math></functionDefinition></listOfFunctionDefinitions>
  <listOfUnitDefinitions><unitDefinition id="u"><listOfUnits><unit kind="mole" exponent="1" scale="-3" multiplier="1"/></listOfUnits></unitDefinition></listOfUnitDefinitions>
  <listOfCompartments><compartment id="C" spatialDimensions="3" size="2" constant="true"/></listOfCompartments>
  <listOfSpecies><species id="S" compartment="C" initialAmount="1" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/></listOfSpecies>
  <listOfParameters><parameter id="p" metaid="meta.p" value="3" constant="false"/><parameter id="q" constant="false"/><parameter id="k" value="7" constant="true"/></listOfParameters>
  <listOfInitialAssignments><initialAssignment symbol="p" metaid="ia"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>5</cn></math></initialAssignment></listOfInitialAssignments>
  <listOfRules><assignmentRule variable="q" metaid="rule"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><ci>f</ci><ci>p</ci></apply></math></assignmentRule></listOfRules>
  <listOfReactions><reaction id="J" reversible="false"><listOfProducts><speciesReference id="n" species="S" stoichiometry="2" constant="true"/></listOfProducts>
    <kineticLaw metaid="law"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>k</ci><ci>p</ci></apply></math>
    <listOfLocalParameters><localParameter id="k" metaid="local" value="11"/></listOfLocalParameters></kineticLaw></reaction></listOfReactions>
  <listOfEvents><event metaid="ev" useValuesFromTriggerTime="true"><trigger initialValue="true" persistent="true"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><gt/><ci>p</ci><cn>9</cn></apply></math></trigger>
    <priority metaid="prio"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>1</cn></math></priority>
    <delay metaid="late"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>2</cn></math></delay>
    <listOfEventAssignments><eventAssignment metaid="set" variable="p"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>0</cn></math></eventAssignment></listOfEventAssignments></event></listOfEvents>
  <comp:listOfPorts><comp:port comp:id="port_p" comp:idRef="p"/><comp:port comp:id="port_rule" comp:metaIdRef="rule"/></comp:listOfPorts>
</comp:modelDefinition>
`

// hierarchy is a document with a model, its submodel A of inner, and more definitions.
func hierarchy(inModel, inSubmodel, definitions string) string {
	return compHead + `<model id="outer">` + inModel + `<comp:listOfSubmodels><comp:submodel comp:id="A" comp:modelRef="inner" ` + inSubmodel +
		`</comp:listOfSubmodels></model><comp:listOfModelDefinitions>` + inner + definitions + `</comp:listOfModelDefinitions></sbml>`
}

func deletions(refs ...string) string {
	text := `><comp:listOfDeletions>`
	for i, r := range refs {
		text += fmt.Sprintf(`<comp:deletion comp:id="d%d" %s/>`, i, r)
	}
	return text + `</comp:listOfDeletions></comp:submodel>`
}

func readFlat(files map[string]string, main string) (*model.Model, error) {
	doc, ms := sbml.Read(&diag.Source{Name: main, Text: files[main]}, func(name string, _ diag.Place) (*diag.Source, error) {
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("there is no %s", name)
		}
		return &diag.Source{Name: name, Text: text}, nil
	})
	if ms.HasErrors() {
		return nil, ms
	}
	m, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
	if ms.HasErrors() {
		return nil, ms
	}
	return m, nil
}

func flatText(t *testing.T, text string) string {
	t.Helper()
	m, err := readFlat(map[string]string{"a.xml": text}, "a.xml")
	if err != nil {
		t.Fatal(err)
	}
	return model.Format(m)
}

// has says which lines a text must and (with - before) must not have a part of.
func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if no, cut := strings.CutPrefix(p, "-"); cut {
			if strings.Contains(text, no) {
				t.Errorf("%s: there is %q in\n%s", what, no, text)
			}
		} else if !strings.Contains(text, p) {
			t.Errorf("%s: there is no %q in\n%s", what, p, text)
		}
	}
}

func TestCompInstance(t *testing.T) {
	has(t, "an instance", flatText(t, hierarchy("", "/>", "")),
		"compartment A__C = 2", "species A__S in A__C amount=1", "initial A__p = 5", "rule A__q := f(A__p)", "A__J_k*A__p", "A__n A__S", "event A___E0 at A__p > 9 after 2 priority 1")
}

func TestCompDeletions(t *testing.T) {
	for _, c := range []struct{ ref, not string }{
		{`comp:metaIdRef="ia"`, "-initial"}, {`comp:metaIdRef="rule"`, "-rule A__q"}, {`comp:portRef="port_rule"`, "-rule A__q"}, {`comp:metaIdRef="ev"`, "-event"},
		{`comp:metaIdRef="prio"`, "priority -"}, {`comp:metaIdRef="late"`, "after -"}, {`comp:metaIdRef="set"`, "-A__p = 0"}, {`comp:metaIdRef="law"`, "A__S; -"},
		{`comp:idRef="n"`, "reaction A__J:  -> ;"}, {`comp:unitRef="u"`, "A__S"}, {`comp:metaIdRef="local"`, "; A__k*A__p"},
	} {
		has(t, c.ref, flatText(t, hierarchy("", deletions(c.ref), "")), c.not)
	}
}

func replaced(ref string) string {
	return `<comp:listOfReplacedElements><comp:replacedElement comp:submodelRef="A" ` + ref + `/></comp:listOfReplacedElements>`
}

func TestCompReplacements(t *testing.T) {
	parameter := func(x string) string {
		return `<listOfParameters><parameter id="x" value="1" constant="false">` + x + `</parameter><parameter id="cf" value="10" constant="true"/></listOfParameters>`
	}
	has(t, "by id", flatText(t, hierarchy(parameter(replaced(`comp:idRef="p"`)), "/>", "")), "rule A__q := f(x)", "initial x = 5", "-A__p")
	has(t, "by port", flatText(t, hierarchy(parameter(replaced(`comp:portRef="port_p"`)), "/>", "")), "rule A__q := f(x)", "-A__p")
	has(t, "by metaid", flatText(t, hierarchy(parameter(replaced(`comp:metaIdRef="meta.p"`)), "/>", "")), "rule A__q := f(x)", "-A__p")
	has(t, "with a factor", flatText(t, hierarchy(parameter(replaced(`comp:idRef="p" comp:conversionFactor="cf"`)), "/>", "")),
		"rule A__q := f(x/cf)", "initial x = 5*cf", "x = 0*cf", "at x/cf > 9")
	has(t, "a local parameter", flatText(t, hierarchy(parameter(replaced(`comp:metaIdRef="local"`)), "/>", "")), "; x*A__p", "-A__J_k", "parameter A__k")
	has(t, "by the inner one", flatText(t, hierarchy(parameter(`<comp:replacedBy comp:submodelRef="A" comp:idRef="k"/>`), "/>", "")), "parameter x = 7", "-A__k =")
	has(t, "factors of the submodel", flatText(t, hierarchy(parameter(""), `comp:timeConversionFactor="cf" comp:extentConversionFactor="cf"/>`, "")), "; cf/cf*(A__J_k*A__p)", "after cf*2")
	function := `<listOfFunctionDefinitions><functionDefinition id="g"><math xmlns="http://www.w3.org/1998/Math/MathML"><lambda><bvar><ci>a</ci></bvar><ci>a</ci></lambda></math>` +
		replaced(`comp:idRef="f"`) + `</functionDefinition></listOfFunctionDefinitions>`
	has(t, "a function", flatText(t, hierarchy(function, "/>", "")), "rule A__q := g(A__p)", "-function f")
	own := `<listOfParameters><parameter id="y" value="1" constant="false">` + replaced(`comp:idRef="q"`) + `</parameter></listOfParameters><listOfRules><assignmentRule variable="y">` +
		`<math xmlns="http://www.w3.org/1998/Math/MathML"><cn>4</cn></math>` + replaced(`comp:metaIdRef="rule"`) + `</assignmentRule></listOfRules>`
	has(t, "a rule", flatText(t, hierarchy(own, "/>", "")), "rule y := 4", "-f(A__p)")
	has(t, "a deletion", flatText(t, hierarchy(parameter(replaced(`comp:deletion="d0"`)), deletions(`comp:idRef="k"`), "")), "parameter x = 1", "-A__k =")
}

// TestCompDepth: references through submodels of submodels, and what an outer model undoes.
func TestCompDepth(t *testing.T) {
	middle := `<comp:modelDefinition id="middle"><comp:listOfSubmodels><comp:submodel comp:id="B" comp:modelRef="inner">
<comp:listOfDeletions><comp:deletion comp:id="gone" comp:metaIdRef="ia"/></comp:listOfDeletions></comp:submodel></comp:listOfSubmodels>
<comp:listOfPorts><comp:port comp:id="deep" comp:idRef="B"><comp:sBaseRef comp:portRef="port_p"/></comp:port></comp:listOfPorts></comp:modelDefinition>`
	model := func(content, sub string) string {
		return compHead + `<model id="outer">` + content + `<comp:listOfSubmodels><comp:submodel comp:id="A" comp:modelRef="middle"` + sub +
			`</comp:listOfSubmodels></model><comp:listOfModelDefinitions>` + inner + middle + `</comp:listOfModelDefinitions></sbml>`
	}
	x := func(ref string) string {
		return `<listOfParameters><parameter id="x" value="1" constant="false"><comp:listOfReplacedElements><comp:replacedElement comp:submodelRef="A" ` + ref +
			`</comp:listOfReplacedElements></parameter></listOfParameters>`
	}
	has(t, "by path", flatText(t, model(x(`comp:idRef="B"><comp:sBaseRef comp:idRef="p"/></comp:replacedElement>`), "/>")), "rule A__B__q := f(x)", "-initial")
	has(t, "by a port of a port", flatText(t, model(x(`comp:portRef="deep"/>`), "/>")), "rule A__B__q := f(x)", "-A__B__p")
	has(t, "a deletion that is deleted", flatText(t, model("", `><comp:listOfDeletions><comp:deletion comp:idRef="gone"/></comp:listOfDeletions></comp:submodel>`)), "initial A__B__p = 5")
	has(t, "a submodel that is deleted", flatText(t, model("", `><comp:listOfDeletions><comp:deletion comp:idRef="B"/></comp:listOfDeletions></comp:submodel>`)), "-A__B")
}

func external(id, source, ref string) string {
	if ref != "" {
		ref = ` comp:modelRef="` + ref + `"`
	}
	return `<comp:externalModelDefinition comp:id="` + id + `" comp:source="` + source + `"` + ref + `/>`
}

func TestCompExternal(t *testing.T) {
	files := map[string]string{
		"a.xml": compHead + `<model id="outer"><comp:listOfSubmodels><comp:submodel comp:id="A" comp:modelRef="E"/><comp:submodel comp:id="B" comp:modelRef="F"/></comp:listOfSubmodels></model>` +
			`<comp:listOfExternalModelDefinitions>` + external("E", "b.xml", "") + external("F", "b.xml", "again") + `</comp:listOfExternalModelDefinitions></sbml>`,
		"b.xml": compHead + `<model id="outer"><listOfParameters><parameter id="x" value="2" constant="true"/></listOfParameters></model>` +
			`<comp:listOfExternalModelDefinitions>` + external("again", "c.xml", "inner") + external("back", "a.xml", "") + `</comp:listOfExternalModelDefinitions></sbml>`,
		"c.xml": compHead + `<model id="none"/><comp:listOfModelDefinitions>` + inner + `</comp:listOfModelDefinitions></sbml>`,
	}
	m, err := readFlat(files, "a.xml")
	if err != nil {
		t.Fatal(err)
	}
	has(t, "of other files", model.Format(m), "parameter A__x = 2", "rule B__q := f(B__p)")
	files["b.xml"] = strings.Replace(files["b.xml"], "</model>", `<comp:listOfSubmodels><comp:submodel comp:id="A" comp:modelRef="back"/></comp:listOfSubmodels></model>`, 1)
	if _, err := readFlat(files, "a.xml"); err == nil || !strings.Contains(err.Error(), "contains itself") {
		t.Errorf("models that hold one another: %v", err)
	}
	files["b.xml"] = compHead + `<comp:listOfExternalModelDefinitions>` + external("again", "a.xml", "F") + `</comp:listOfExternalModelDefinitions><model id="m"/></sbml>`
	if _, err := readFlat(files, "a.xml"); err == nil || !strings.Contains(err.Error(), "there is no model F") {
		t.Errorf("definitions that refer to one another: %v", err)
	}
	for what, source := range map[string]string{"cannot read": "missing.xml", "the root element is": "d.xml"} {
		files["d.xml"] = "<html/>"
		files["a.xml"] = compHead + `<model id="o"/><comp:listOfExternalModelDefinitions>` + external("E", source, "") + `</comp:listOfExternalModelDefinitions></sbml>`
		if _, err := readFlat(files, "a.xml"); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("expected %q, got %v", what, err)
		}
	}
	doc, ms := sbml.Read(&diag.Source{Name: "a.xml", Text: files["a.xml"]}, nil)
	if doc != nil || !strings.Contains(ms.Error(), "another file") {
		t.Errorf("without files: %v", ms)
	}
}

func TestCompRefused(t *testing.T) {
	x := func(inside string) string {
		return hierarchy(`<listOfParameters><parameter id="x" value="1" constant="false">`+inside+`</parameter></listOfParameters>`, "/>", "")
	}
	loop := `<comp:modelDefinition id="loop"><comp:listOfSubmodels><comp:submodel comp:id="L" comp:modelRef="loop"/></comp:listOfSubmodels>
<comp:listOfPorts><comp:port comp:id="p" comp:idRef="L"><comp:sBaseRef comp:portRef="p"/></comp:port></comp:listOfPorts></comp:modelDefinition>`
	for _, c := range []struct{ what, text string }{
		{"there is no model nothing", strings.Replace(hierarchy("", "/>", ""), `modelRef="inner"`, `modelRef="nothing"`, 1)},
		{"there is no submodel B", strings.Replace(x(replaced(`comp:idRef="p"`)), `submodelRef="A"`, `submodelRef="B"`, 1)},
		{"model inner has no nothing", x(replaced(`comp:idRef="nothing"`))},
		{"model inner has no nothing", x(replaced(`comp:portRef="nothing"`))},
		{"model inner has no nothing", x(replaced(`comp:metaIdRef="nothing"`))},
		{"model inner has no nothing", x(replaced(`comp:unitRef="nothing"`))},
		{"refers to nothing", x(replaced(``))},
		{"has both idRef and metaIdRef", x(replaced(`comp:idRef="p" comp:metaIdRef="ia"`))},
		{"has no deletion", x(replaced(`comp:deletion="nothing"`))},
		{"is no submodel", x(`<comp:replacedBy comp:submodelRef="A" comp:idRef="p"><comp:sBaseRef comp:idRef="q"/></comp:replacedBy>`)},
		{"lacks the attribute submodelRef", x(`<comp:replacedBy comp:idRef="p"/>`)},
		{"has no attribute idref", x(replaced(`comp:idref="p"`))},
		{"no element <replacedByy>", hierarchy("", "><comp:replacedByy/></comp:submodel>", "")},
		{"there is no parameter nothing", hierarchy("", `comp:timeConversionFactor="nothing"/>`, "")},
		{"the id A is used twice", hierarchy(`<listOfParameters><parameter id="A" value="1" constant="true"/></listOfParameters>`, "/>", "")},
		{"two models have the id inner", hierarchy("", "/>", inner)},
		{"contains itself", hierarchy("", "/><comp:submodel comp:id='L' comp:modelRef='loop'/>", strings.Replace(loop, `<comp:sBaseRef comp:portRef="p"/>`, "", 1))},
		{"more than 64 ports", hierarchy("", "/><comp:submodel comp:id='L' comp:modelRef='loop'><comp:listOfDeletions><comp:deletion comp:portRef='p'/></comp:listOfDeletions></comp:submodel>", loop)},
		{"both have a rule", hierarchy(`<listOfParameters><parameter id="y" value="1" constant="false">`+replaced(`comp:idRef="q"`)+
			`</parameter></listOfParameters><listOfRules><assignmentRule variable="y"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>4</cn></math></assignmentRule></listOfRules>`, "/>", "")},
		{"deleted or replaced", hierarchy("", deletions(`comp:idRef="S"`), "")},
		{"cannot be made one", x(replaced(`comp:idRef="f"`))},
	} {
		_, err := readFlat(map[string]string{"a.xml": c.text}, "a.xml")
		if err == nil || !strings.Contains(err.Error(), c.what) {
			t.Errorf("expected %q, got %v", c.what, err)
		}
	}
}
