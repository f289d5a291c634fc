package thymus

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"thymus/omex"
)

const decaySEDML = `<?xml version="1.0"?>
<sedML xmlns="http://sed-ml.org/sed-ml/level1/version4" xmlns:sbml="http://www.sbml.org/sbml/level3/version2/core" level="1" version="4">
  <listOfModels>
    <model id="m" language="urn:sedml:language:sbml" source="m.xml"/>
    <model id="fast" language="urn:sedml:language:sbml" source="m">
      <listOfChanges>
        <changeAttribute target="/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='k']/@value" newValue="0.5"/>
        <computeChange target="/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='k']/@value">
          <listOfVariables><variable id="old" target="/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='k']"/></listOfVariables>
          <listOfParameters><parameter id="two" value="2"/></listOfParameters>
          <math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>two</ci><ci>old</ci></apply></math>
        </computeChange>
      </listOfChanges>
    </model>
  </listOfModels>
  <listOfSimulations>
    <uniformTimeCourse id="course" initialTime="0" outputStartTime="2" outputEndTime="10" numberOfSteps="4"><algorithm kisaoID="KISAO:0000019"/></uniformTimeCourse>
    <oneStep id="step" step="3"><algorithm kisaoID="KISAO:0000019"/></oneStep>
    <steadyState id="still"><algorithm kisaoID="KISAO:0000407"/></steadyState>
  </listOfSimulations>
  <listOfTasks>
    <task id="t1" modelReference="m" simulationReference="course"/>
    <task id="t2" modelReference="fast" simulationReference="course"/>
    <task id="one" modelReference="m" simulationReference="step"/>
    <task id="end" modelReference="m" simulationReference="still"/>
    <repeatedTask id="scan" range="r" resetModel="true">
      <listOfRanges>
        <uniformRange id="r" start="0.1" end="0.3" numberOfSteps="2" type="linear"/>
        <functionalRange id="twice" range="r"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><cn>2</cn><ci>r</ci></apply></math></functionalRange>
      </listOfRanges>
      <listOfChanges><setValue modelReference="m" range="twice" target="/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='k']"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>twice</ci></math></setValue></listOfChanges>
      <listOfSubTasks><subTask order="1" task="t1"/></listOfSubTasks>
    </repeatedTask>
    <repeatedTask id="on" range="v" resetModel="false">
      <listOfRanges><vectorRange id="v"><value>0.1</value><value>0.2</value></vectorRange></listOfRanges>
      <listOfChanges><setValue modelReference="m" target="/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='k']" range="v"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>v</ci></math></setValue></listOfChanges>
      <listOfSubTasks><subTask order="1" task="one"/></listOfSubTasks>
    </repeatedTask>
  </listOfTasks>
  <listOfDataGenerators>
    GENERATORS
  </listOfDataGenerators>
  <listOfOutputs>
    <report id="plain"><listOfDataSets><dataSet id="a" label="time" dataReference="time_t1"/><dataSet id="b" label="A" dataReference="A_t1"/><dataSet id="c" label="fast" dataReference="A_t2"/><dataSet id="d" label="part" dataReference="part"/></listOfDataSets></report>
    <report id="scanned"><listOfDataSets><dataSet id="e" label="A" dataReference="A_scan"/></listOfDataSets></report>
    <report id="onward"><listOfDataSets><dataSet id="f" label="A" dataReference="A_on"/></listOfDataSets></report>
    <report id="final"><listOfDataSets><dataSet id="g" label="A" dataReference="A_end"/></listOfDataSets></report>
    <plot2D id="curves"><listOfCurves><curve id="h" logX="false" logY="true" xDataReference="time_t1" yDataReference="A_t1"/></listOfCurves></plot2D>
  </listOfOutputs>
</sedML>`

// archived writes an archive whose model is A' = s - k*A, A(0) = 10, in a compartment of 2.
func archived(t *testing.T, change func(string) string) string {
	t.Helper()
	const math = `<math xmlns="http://www.w3.org/1998/Math/MathML">`
	var g strings.Builder
	for _, task := range []string{"t1", "t2", "scan", "on", "end"} {
		g.WriteString(`<dataGenerator id="A_` + task + `">` + math + `<ci>A</ci></math><listOfVariables><variable id="A" taskReference="` + task + `" target="/sbml:sbml/sbml:model/sbml:listOfSpecies/sbml:species[@id='A']"/></listOfVariables></dataGenerator>`)
	}
	g.WriteString(`<dataGenerator id="time_t1">` + math + `<ci>time</ci></math><listOfVariables><variable id="time" symbol="urn:sedml:symbol:time" taskReference="t1"/></listOfVariables></dataGenerator>`)
	g.WriteString(`<dataGenerator id="part">` + math + `<apply><divide/><ci>A</ci><apply><csymbol encoding="text" definitionURL="http://sed-ml.org/functions/max">max</csymbol><ci>A</ci></apply></apply></math><listOfVariables><variable id="A" taskReference="t1" target="/sbml:sbml/sbml:model/sbml:listOfSpecies/sbml:species[@id='A']"/></listOfVariables></dataGenerator>`)
	dir := t.TempDir()
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("m.ant"), []byte("model m()\n compartment C = 2; species A in C = 10; -> A; C*s; A -> ; C*k*A; k = 0.2; s = 1;\nend\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Convert(in("m.ant"), in("m.xml")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(in("m.xml"))
	if err != nil {
		t.Fatal(err)
	}
	a := omex.New("e.omex")
	a.Add(omex.Entry{Location: "sub/m.xml", Format: omex.FormatSBML}, text)
	a.Add(omex.Entry{Location: "sub/e.sedml", Format: omex.FormatSEDML, Master: true}, []byte(change(strings.Replace(decaySEDML, "GENERATORS", g.String(), 1))))
	file, err := os.Create(in("e.omex"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := a.Write(file); err != nil {
		t.Fatal(err)
	}
	return in("e.omex")
}

func csvColumn(t *testing.T, path, name string) (out []float64) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for i, h := range strings.Split(lines[0], ",") {
		if h == name {
			for _, l := range lines[1:] {
				v, _ := strconv.ParseFloat(strings.Split(l, ",")[i], 64)
				out = append(out, v)
			}
		}
	}
	return out
}

// TestExperiment holds an experiment's reports against closed forms: changes, scans with and
// without reset, functional ranges, single steps, steady states, functions over all rows.
func TestExperiment(t *testing.T) {
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	r, err := app.RunExperiment(context.Background(), archived(t, func(s string) string { return s }), out)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Files) != 5 {
		t.Errorf("files %v", r.Files)
	}
	a := func(k, from, time float64) float64 { return 1/k + (from-1/k)*math.Exp(-k*time) }
	near := func(what string, got []float64, want ...float64) {
		if len(got) != len(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-6*math.Abs(want[i]) {
				t.Errorf("%s, row %d: %g, want %g", what, i, got[i], want[i])
			}
		}
	}
	in := func(name string) string { return filepath.Join(out, name) }
	var plain, fast, scanned, part []float64
	for _, time := range []float64{2, 4, 6, 8, 10} {
		plain, fast = append(plain, a(0.2, 10, time)), append(fast, a(1, 10, time))
		part = append(part, a(0.2, 10, time)/a(0.2, 10, 2))
	}
	for _, k := range []float64{0.2, 0.4, 0.6} {
		for _, time := range []float64{2, 4, 6, 8, 10} {
			scanned = append(scanned, a(k, 10, time))
		}
	}
	near("time", csvColumn(t, in("plain.csv"), "time"), 2, 4, 6, 8, 10)
	near("A", csvColumn(t, in("plain.csv"), "A"), plain...)
	near("fast", csvColumn(t, in("plain.csv"), "fast"), fast...)
	near("part", csvColumn(t, in("plain.csv"), "part"), part...)
	near("scanned", csvColumn(t, in("scanned.csv"), "A"), scanned...)
	near("runs", csvColumn(t, in("scanned.csv"), "run")[4:6], 1, 2)
	near("onward", csvColumn(t, in("onward.csv"), "A"), a(0.1, 10, 3), a(0.2, a(0.1, 10, 3), 3))
	near("final", csvColumn(t, in("final.csv"), "A"), 5)
	if svg, err := os.ReadFile(in("curves.svg")); err != nil || !strings.Contains(string(svg), "<svg") {
		t.Error("no plot")
	}
}

// TestBadExperiments: what is wrong or not supported is named, and nothing is written.
func TestBadExperiments(t *testing.T) {
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`source="m.xml"`, `source="none.xml"`, `there is no file "none.xml"`},
		{`source="m.xml"`, `source="https://example.org/m.xml"`, "nothing is fetched"},
		{`source="m.xml"`, `source="#fast"`, "made from itself"},
		{`language="urn:sedml:language:sbml" source="m.xml"`, `language="urn:sedml:language:cellml" source="m.xml"`, "SBML and Antimony are read"},
		{`parameter[@id='k']/@value" newValue`, `parameter[@id='kk']/@value" newValue`, "found 0 times"},
		{`parameter[@id='k']/@value" newValue`, `parameter[1]/@value" newValue`, "condition that is not supported"},
		{`modelReference="m" simulationReference="course"`, `modelReference="n" simulationReference="course"`, `no model "n"`},
		{`subTask order="1" task="t1"`, `subTask order="1" task="scan"`, "its own subtask"},
		{`<plot2D id="curves">`, `<plot2D id="plain">`, "used twice"},
		{`version="4">`, `version="9">`, "Versions 1 to 4"},
		{`<steadyState id="still">`, `<parameterEstimationTask id="still">`, "expected"},
		{`outputStartTime="2"`, `outputStartTime="20"`, "do not go forward"},
		{`numberOfSteps="4"`, `numberOfSteps="4.5"`, "whole number"},
		{`<cn>2</cn>`, `<ci>q</ci>`, "q has no value"},
	} {
		out := filepath.Join(t.TempDir(), "out")
		_, err := app.RunExperiment(context.Background(), archived(t, func(s string) string { return strings.Replace(s, c.old, c.new, 1) }), out)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.new, err, c.want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: something was written", c.new)
		}
	}
}
