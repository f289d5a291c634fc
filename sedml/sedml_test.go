package sedml

import (
	"strings"
	"testing"

	"thymus/diag"
)

const small = `<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m">
<listOfParameters><parameter id="k" value="1" constant="true"/><parameter id="q" constant="true"/></listOfParameters>
<listOfReactions><reaction id="J"><kineticLaw><listOfLocalParameters><localParameter id="p" value="3"/></listOfLocalParameters></kineticLaw></reaction></listOfReactions>
</model></sbml>`

// TestApply: each kind of change does to the text what XPath says.
func TestApply(t *testing.T) {
	const at = "/sbml:sbml/sbml:model/sbml:listOfParameters"
	for _, c := range []struct {
		change Change
		want   string
	}{
		{Change{Kind: SetAttribute, Target: at + "/sbml:parameter[@id='k']/@value", Value: `<2>`}, `<parameter id="k" value="&lt;2>" constant="true"/>`},
		{Change{Kind: SetAttribute, Target: at + `/sbml:parameter[@id="q"]/@value`, Value: "7"}, `<parameter value="7" id="q" constant="true"/>`},
		{Change{Kind: RemoveXML, Target: at + "/sbml:parameter[@id='k']"}, `<listOfParameters><parameter id="q"`},
		{Change{Kind: RemoveXML, Target: at + "/sbml:parameter[@id='k']/@value"}, `<parameter id="k"  constant="true"/>`},
		{Change{Kind: AddXML, Target: at, XML: `<parameter id="n"/>`}, `<parameter id="n"/></listOfParameters>`},
		{Change{Kind: AddXML, Target: at + "/sbml:parameter[@id='k']", XML: `<notes/>`}, `constant="true"><notes/></parameter>`},
		{Change{Kind: ChangeXML, Target: at + "/sbml:parameter[@id='k'][@value='1']", XML: `<parameter id="z"/>`}, `<listOfParameters><parameter id="z"/><parameter id="q"`},
	} {
		got, ms := Apply(&Model{Changes: []Change{c.change}}, &diag.Source{Name: "m.xml", Text: small})
		if ms.HasErrors() || !strings.Contains(got.Text, c.want) {
			t.Errorf("%+v: %v\n%v", c.change, ms, got)
		}
	}
}

func TestSymbol(t *testing.T) {
	for target, want := range map[string]string{
		"/sbml:sbml/sbml:model/sbml:listOfSpecies/sbml:species[@id='A']/@initialConcentration":                                                      "A initialConcentration",
		"/sbml:sbml/sbml:model/sbml:listOfReactions/sbml:reaction[@id='J']/sbml:kineticLaw/sbml:listOfLocalParameters/sbml:localParameter[@id='p']": "J_p ",
		"A": "A ", "//species[@id='A']": "!", "/a/b": "!", "/a[@id='x": "!", "/a[position()=1]": "!", "": "!",
	} {
		id, attribute, err := Symbol(target)
		if got := id + " " + attribute; err == nil && got != want || err != nil && want != "!" {
			t.Errorf("%q: %q, %v", target, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`<sedML xmlns="http://sed-ml.org/sed-ml/level1/version4" level="1" version="4"><listOfModels><model id="m" source="m.xml"><listOfChanges><changeAttribute target="/a[@id='k']/@v" newValue="1"/></listOfChanges></model></listOfModels><listOfTasks><repeatedTask id="r" range="x"><listOfRanges><uniformRange id="x" start="1" end="2" numberOfSteps="3"/><vectorRange id="y"><value>1</value></vectorRange></listOfRanges><listOfSubTasks><subTask task="r"/></listOfSubTasks></repeatedTask></listOfTasks></sedML>`)
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Count(s, "0") > 12 {
			return // ranges of millions are allowed, and slow here
		}
		doc, ms := Read(&diag.Source{Name: "e.sedml", Text: s})
		_ = ms.Error()
		if doc == nil && s != "" && !ms.HasErrors() {
			t.Fatal("refused without a message")
		}
		if doc != nil {
			for i := range doc.Models {
				Apply(&doc.Models[i], &diag.Source{Name: "m.xml", Text: small})
			}
		}
	})
}
