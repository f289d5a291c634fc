package sbml_test

import (
	"fmt"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// large is a chain of n reactions between n species, with local parameters.
func large(n int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="chain">
<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments>
<listOfSpecies>
`)
	for i := range n {
		fmt.Fprintf(&b, "<species id=\"S%d\" compartment=\"c\" initialConcentration=\"%d\" hasOnlySubstanceUnits=\"false\" boundaryCondition=\"false\" constant=\"false\"/>\n", i, i%7)
	}
	b.WriteString("</listOfSpecies>\n<listOfReactions>\n")
	for i := range n {
		fmt.Fprintf(&b, `<reaction id="J%d" reversible="false">
  <listOfReactants><speciesReference species="S%d" stoichiometry="1" constant="true"/></listOfReactants>
  <listOfProducts><speciesReference species="S%d" stoichiometry="2" constant="true"/></listOfProducts>
  <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci> c </ci><ci> k </ci><apply><divide/><ci> S%d </ci><apply><plus/><cn> 1.5 </cn><ci> S%d </ci></apply></apply></apply></math>
    <listOfLocalParameters><localParameter id="k" value="0.%d"/></listOfLocalParameters></kineticLaw>
</reaction>
`, i, i, (i+1)%n, i, i, i%9+1)
	}
	b.WriteString("</listOfReactions>\n</model></sbml>\n")
	return b.String()
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{100, 5000, 80_000} {
		b.Run(fmt.Sprintf("%d reactions", n), func(b *testing.B) {
			src := &diag.Source{Name: "chain.xml", Text: large(n)}
			b.SetBytes(int64(len(src.Text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ms := sbml.Read(src, nil); len(ms) > 0 {
					b.Fatal(ms.Error())
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	doc, ms := sbml.Read(&diag.Source{Name: "chain.xml", Text: large(5000)}, nil)
	if len(ms) > 0 {
		b.Fatal(ms.Error())
	}
	m, ms := model.Flatten(doc, "chain")
	if len(ms) > 0 {
		b.Fatal(ms.Error())
	}
	for b.Loop() {
		if _, ms := sbml.WriteModel(m); len(ms) > 0 {
			b.Fatal(ms.Error())
		}
	}
}

// The work is bounded: what is too large, too deep or too many is refused.
func TestBounds(t *testing.T) {
	defer sbml.SetBounds(8<<20, 100_000)()
	const head = `<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">`
	for name, c := range map[string]struct{ text, want string }{
		"size":       {head + strings.Repeat(" ", 9<<20) + "</sbml>", "the text has 9 MB; at most 8 are read"},
		"depth":      {head + strings.Repeat("<model>", 5000), "elements are nested deeper than 3000"},
		"elements":   {head + strings.Repeat("<a/>", 120_000), "the text has more than 100000 elements"},
		"attributes": {head + "<a " + strings.Repeat(`b="" `, 2000) + "/>", "the attribute b is given twice"},
		"text":       {head + `<model><listOfParameters><parameter id="x" value="1" constant="false"/></listOfParameters><listOfRules><rateRule variable="x"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>` + strings.Repeat("a<!-- -->", 800_000) + "</ci></math></rateRule></listOfRules></model></sbml>", "characters in pieces"},
		"formula":    {`<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model><listOfParameters><parameter name="p"/></listOfParameters><listOfRules><parameterRule name="p" formula="` + strings.Repeat("(", 1_000_000) + `"/></listOfRules></model></sbml>`, "the formula is nested deeper than 500"},
		"signs":      {`<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model><listOfParameters><parameter name="p"/></listOfParameters><listOfRules><parameterRule name="p" formula="` + strings.Repeat("-", 1_000_000) + `1"/></listOfRules></model></sbml>`, "the formula is nested deeper than 500"},
		"messages":   {head + "<model>" + strings.Repeat("<x/>", 10000) + "</model></sbml>", "<model> has no element <x>"},
		"children":   {head + "<model>" + strings.Repeat("<listOfRules/>", 90_000) + "</model></sbml>", "two elements <listOfRules>"},
		"notes":      {head + "<model><notes>" + strings.Repeat("<p>", 2_000_000) + "</notes></model></sbml>", "elements are nested deeper than 3000"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, ms := sbml.Read(&diag.Source{Name: "bound.xml", Text: c.text}, nil)
			if doc != nil || len(ms) > 100 {
				t.Fatalf("it was read, or there are %d messages", len(ms))
			}
			for _, m := range ms {
				if strings.Contains(m.Text, c.want) {
					return
				}
			}
			t.Errorf("%s; want %s", ms[0].Text, c.want)
		})
	}
}
