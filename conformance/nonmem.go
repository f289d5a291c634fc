package conformance

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/regimen"
	"thymus/sbml"
	"thymus/sim"
)

// nonmem is a set of dose tables with the answers that NONMEM 7 gives
// (https://github.com/mrgsolve/nmtests, folder dosing). Its model is one compartment with
// first-order absorption; it is stated here in Antimony and in SBML, and each individual
// is a case in both.
var nonmem = Suite{
	Name:      "nonmem",
	Title:     "dosing behaviour of NONMEM, the model written in Antimony and in SBML",
	Shape:     "doses.csv (ID, time, evid, amt, ... as NONMEM has them), expected.csv (ID, TIME, CP) and perhaps scenarios.csv (ID, descr)",
	Deviation: "|expected - got| as a fraction of half a unit in the fifth digit",
	List:      listNonmem,
	Judge:     judgeNonmem,
}

// nonmemDigits is how many digits expected.csv was printed with.
const nonmemDigits = 5

const nonmemAntimony = `// One compartment with first-order absorption; CMT 1 is Gut, 2 is Central.
model oral_one_compartment()
  substanceOnly species Gut = 0, Central = 0;
  absorption: Gut -> Central; KA*Gut;
  elimination: Central -> ; CL/V*Central;
  KA = 1.5; CL = 1.1; V = 20;
  CP := Central/(V/1000);
  LAGT = 0; BIOAV = 1; RAT2 = 1; DUR2 = 1; // columns of the table
  ALAG_2 := LAGT; F_2 := BIOAV; R_2 := RAT2; D_2 := DUR2;
end
`

const nonmemSBML = `<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
  <model id="oral_one_compartment">
    <listOfCompartments><compartment id="body" size="1" constant="true"/></listOfCompartments>
    <listOfSpecies>
      <species id="Gut" compartment="body" initialAmount="0" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/>
      <species id="Central" compartment="body" initialAmount="0" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfParameters>
      <parameter id="KA" value="1.5" constant="true"/><parameter id="CL" value="1.1" constant="true"/><parameter id="V" value="20" constant="true"/>
      <parameter id="LAGT" value="0" constant="true"/><parameter id="BIOAV" value="1" constant="true"/>
      <parameter id="RAT2" value="1" constant="true"/><parameter id="DUR2" value="1" constant="true"/>
      <parameter id="CP" constant="false"/><parameter id="ALAG_2" constant="false"/><parameter id="F_2" constant="false"/>
      <parameter id="R_2" constant="false"/><parameter id="D_2" constant="false"/>
    </listOfParameters>
    <listOfRules>
      <assignmentRule variable="CP"><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><divide/><ci>Central</ci><apply><divide/><ci>V</ci><cn>1000</cn></apply></apply></math></assignmentRule>
      <assignmentRule variable="ALAG_2"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>LAGT</ci></math></assignmentRule>
      <assignmentRule variable="F_2"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>BIOAV</ci></math></assignmentRule>
      <assignmentRule variable="R_2"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>RAT2</ci></math></assignmentRule>
      <assignmentRule variable="D_2"><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>DUR2</ci></math></assignmentRule>
    </listOfRules>
    <listOfReactions>
      <reaction id="absorption" reversible="false">
        <listOfReactants><speciesReference species="Gut" stoichiometry="1" constant="true"/></listOfReactants>
        <listOfProducts><speciesReference species="Central" stoichiometry="1" constant="true"/></listOfProducts>
        <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>KA</ci><ci>Gut</ci></apply></math></kineticLaw>
      </reaction>
      <reaction id="elimination" reversible="false">
        <listOfReactants><speciesReference species="Central" stoichiometry="1" constant="true"/></listOfReactants>
        <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><divide/><apply><times/><ci>CL</ci><ci>Central</ci></apply><ci>V</ci></apply></math></kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
`

// nonmemModels are the two writings of the model.
var nonmemModels = []struct {
	name           string
	level, version int
	read           func() (*model.Document, diag.Messages)
}{
	{"Antimony", 0, 0, func() (*model.Document, diag.Messages) {
		return antimony.Read(&diag.Source{Name: "oral.ant", Text: nonmemAntimony}, nil)
	}},
	{"SBML", 3, 2, func() (*model.Document, diag.Messages) {
		return sbml.Read(&diag.Source{Name: "oral.xml", Text: nonmemSBML}, nil)
	}},
}

// nonmemTable opens a folder's doses.csv for one of the writings.
func nonmemTable(folder string, way int) (*sim.DoseTable, diag.Messages) {
	path := filepath.Join(folder, "doses.csv")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, diag.Messages{diag.FileError(path, err)}
	}
	doc, ms := nonmemModels[way].read()
	if ms.HasErrors() {
		return nil, ms
	}
	m, ms := model.Flatten(doc, "oral_one_compartment")
	if ms.HasErrors() {
		return nil, ms
	}
	return sim.OpenDoses(m, &diag.Source{Name: path, Text: string(text)}, nil)
}

func listNonmem(folder string) ([]Case, error) {
	path := filepath.Join(folder, "doses.csv")
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	table, ms := nonmemTable(folder, 0)
	if ms.HasErrors() {
		return nil, ms
	}
	says := map[string]string{}
	if file, err := os.Open(filepath.Join(folder, "scenarios.csv")); err == nil {
		rows, err := csv.NewReader(file).ReadAll()
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("scenarios.csv: %w", err)
		}
		for _, row := range rows {
			if len(row) > 1 {
				says[row[0]] = ", " + row[1]
			}
		}
	}
	width := 0
	for k := 0; k < table.Records.Len(); k++ {
		width = max(width, len(table.Records.Individual(k).ID))
	}
	var cases []Case
	for k := 0; k < table.Records.Len(); k++ {
		one := table.Records.Individual(k)
		name := strings.Repeat("0", width-len(one.ID)) + one.ID
		for _, way := range nonmemModels {
			cases = append(cases, Case{Name: name, File: "doses.csv, ID " + one.ID + ", " + way.name + says[one.ID], Path: path,
				Level: way.level, Version: way.version, Tags: nonmemTags(one, table.Records.Columns())})
		}
	}
	return cases, nil
}

// nonmemTags says what an individual's records exercise.
func nonmemTags(one regimen.Individual, columns []regimen.Column) []string {
	has := map[string]bool{}
	for _, r := range one.Records {
		has["EVID "+strconv.Itoa(int(r.Event))] = true
		if !r.Event.Gives() {
			continue
		}
		has["SS "+strconv.Itoa(r.Steady)] = r.Steady > 0
		has["ADDL"] = has["ADDL"] || r.Additional > 0
		has["infusion"] = has["infusion"] || r.Rate > 0
		has["RATE -1"] = has["RATE -1"] || r.Rate == regimen.ModelledRate
		has["RATE -2"] = has["RATE -2"] || r.Rate == regimen.ModelledDuration
		has["bolus"] = has["bolus"] || r.Rate == 0
		for i, c := range columns {
			has["lag"] = has["lag"] || c.Name == "LAGT" && r.Values[i] > 0 && r.Target == 1
			has["bioavailability"] = has["bioavailability"] || c.Name == "BIOAV" && r.Values[i] != 1 && r.Target == 1
		}
	}
	var out []string
	for _, tag := range []string{"bolus", "infusion", "RATE -1", "RATE -2", "ADDL", "SS 1", "SS 2", "SS 3", "lag", "bioavailability", "EVID 2", "EVID 3", "EVID 4"} {
		if has[tag] {
			out = append(out, tag)
		}
	}
	return out
}

// judgeNonmem simulates one individual and compares every row, in order.
func judgeNonmem(_ context.Context, c Case, o Options) Verdict {
	folder := filepath.Dir(c.Path)
	expected, err := readNumbers(filepath.Join(folder, "expected.csv"))
	if err != nil {
		return wrong("expected.csv: %v", err)
	}
	if len(expected.names) != 3 {
		return wrong("expected.csv: %d columns, expected ID, TIME, CP", len(expected.names))
	}
	way := 0
	if c.Level > 0 {
		way = 1
	}
	table, ms := nonmemTable(folder, way)
	if ms.HasErrors() {
		return refused(ms)
	}
	plan, ms := table.Plan(sim.Config{Record: []compile.Selection{{ID: "CP"}}, Rtol: courseRtol, MaxSteps: o.steps()}, courseAtol)
	if ms.HasErrors() {
		return refused(ms)
	}
	for k := 0; k < table.Records.Len(); k++ {
		one := table.Records.Individual(k)
		if strings.TrimLeft(one.ID, "0") != strings.TrimLeft(c.Name, "0") {
			continue
		}
		trajectory, failure := plan.NewWorker().Follow(sim.Patient{Number: k}, sim.History{Individual: one})
		if failure != nil {
			return wrong("ended early: %s", cause(failure))
		}
		return compareNonmem(expected, one.ID, trajectory)
	}
	return wrong("doses.csv has no ID %s", c.Name)
}

func compareNonmem(expected *numbers, id string, t *sim.Trajectory) Verdict {
	most := newComparison()
	row := 0
	for i, v := range expected.values[0] {
		if strconv.FormatFloat(v, 'g', -1, 64) != id {
			continue
		}
		if row >= len(t.Times) || expected.values[1][i] != t.Times[row] {
			return wrong("row %d of ID %s is expected at time %g", row+1, id, expected.values[1][i])
		}
		want := expected.values[2][i]
		allowed := 1e-9 // printed as 0
		if want != 0 {
			allowed = 0.5 * math.Pow(10, math.Floor(math.Log10(math.Abs(want)))-nonmemDigits+1)
		}
		most.value("CP", t.Times[row], want, t.Values[0][row], allowed*(1+1e-9))
		row++
	}
	if row != len(t.Times) {
		return wrong("%d rows, expected %d", len(t.Times), row)
	}
	return most.verdict()
}
