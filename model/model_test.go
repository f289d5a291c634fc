package model_test

import (
	"fmt"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
)

func document(t testing.TB, name, text string) *model.Document {
	t.Helper()
	doc, ms := antimony.Read(&diag.Source{Name: name, Text: text}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return doc
}

const header = "parameterId\tnominalValue\tunit\tspread\tsource\tnote\n"

// checked applies a table to a module and checks the units of the result.
func checked(t *testing.T, text, rows string) diag.Messages {
	t.Helper()
	doc := document(t, "m.ant", text)
	table, ms := model.ReadTable(&diag.Source{Name: "m.parameters.tsv", Text: header + "time\t\tday\t\t\t\n" + rows})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if ms := table.Apply(doc.Modules[0]); ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, doc.Modules[0].ID)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return model.CheckUnits(m).Messages
}

func TestUnits(t *testing.T) {
	row := func(id, value, unit string) string { return id + "\t" + value + "\t" + unit + "\tfixed\tassumed\t\n" }
	for _, c := range []struct{ what, text, rows, want string }{
		{"right", "model m()\n  var C = 1; C' = -CL*C/V;\nend\n", row("CL", "2", "L/day") + row("V", "3", "L") + row("C", "", "mg/L"), ""},
		{"another dimension", "model m()\n  var C = 1; C' = -CL*C;\nend\n", row("CL", "2", "L/day") + row("C", "", "mg/L"), "units do not match"},
		{"another size", "model m()\n  var C = 1; C' = -k*C;\nend\n", row("k", "2", "1/hour") + row("C", "", "mg/L"), "units do not match"},
		{"a sum", "model m()\n  x := a + b;\nend\n", row("a", "2", "L") + row("b", "2", "mg"), "units do not match"},
		{"litres and millilitres", "model m()\n  x := a + b;\nend\n", row("a", "2", "L") + row("b", "2", "mL"), "units do not match"},
		{"an exponent", "model m()\n  x := a^b;\nend\n", row("a", "2", "dimensionless") + row("b", "2", "mg"), "exponent"},
		{"a logarithm", "model m()\n  x := ln(a);\nend\n", row("a", "2", "mg"), "pure number"},
		{"a comparison", "model m()\n  x := piecewise(1, a > b, 0);\nend\n", row("a", "2", "mg") + row("b", "2", "L"), "units do not match"},
		{"a function", "function sat(x, K)\n  x/(K + x)\nend\nmodel m()\n  x := sat(a, b);\nend\n", row("a", "2", "mg") + row("b", "2", "L"), "units do not match"},
		{"inferred through a formula", "model m()\n  V = a/b; x := V + c;\nend\n", row("a", "2", "mg") + row("b", "2", "mg/L") + row("c", "2", "mg"), "units do not match"},
		{"a rate", "model m()\n  compartment B = 1; substanceOnly species A in B; A = 1;\n  J: A -> ; k;\nend\n", row("k", "2", "cell") + row("A", "", "cell"), "a rate is amount per time"},
	} {
		ms := checked(t, c.text, c.rows)
		if c.want == "" && ms.HasErrors() {
			t.Errorf("%s: %v", c.what, ms)
		}
		if c.want != "" && (!ms.HasErrors() || !strings.Contains(ms.Error(), c.want)) {
			t.Errorf("%s: expected %q, got %v", c.what, c.want, ms)
		}
	}
}

func TestRefusedTables(t *testing.T) {
	for rows, want := range map[string]string{
		"k\t1\n":                                    "has no unit",
		"k\tNaN\tday\tfixed\tassumed\t\n":           "not finite",
		"k\tx\tday\tfixed\tassumed\t\n":             "is not a number",
		"k\t1\tdai\tfixed\tassumed\t\n":             "unknown unit",
		"k\t1\tday\tfixed\t\t\n":                    "has no source",
		"k\t1\tday\tfixed\ta\t\nk\t1\tday\t\ta\t\n": "twice",
		"1k\t1\tday\tfixed\ta\t\n":                  "is no id",
		"k\t1\tday\tfixed\ta\tb\tc\n":               "fields",
	} {
		if _, ms := model.ReadTable(&diag.Source{Name: "t.tsv", Text: header + rows}); !ms.HasErrors() || !strings.Contains(ms.Error(), want) {
			t.Errorf("%q: expected %q, got %v", rows, want, ms)
		}
	}
	if _, ms := model.ReadTable(&diag.Source{Name: "t.tsv", Text: "id\tvalue\n"}); !ms.HasErrors() {
		t.Error("another header was read")
	}
}

func ports(t testing.TB) *model.Ports {
	p, ms := model.ReadPorts(&diag.Source{Name: "ports.tsv", Text: "port\tkind\tunit\tmeaning\nkill\tsum\t1/day\tkilling\ninh\tproduct\tdimensionless\tinhibition\nlevel\tsignal\tmg\tlevel\n"})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return p
}

func part(t testing.TB, instance, text string) model.Part {
	doc := document(t, instance+".ant", text)
	return model.Part{Instance: instance, Module: doc.Modules[len(doc.Modules)-1], Doc: doc}
}

func TestCompose(t *testing.T) {
	core := part(t, "core", "model body_core()\n  kill = 0; inh = 1; level = 0;\n  var N = 1; N' = inh - kill*N + level;\nend\n")
	a := part(t, "a", "model drug_a()\n  var C = 2; C' = -C; to_kill := C; to_inh := 1/(1 + C); to_level := 2*C;\nend\n")
	b := part(t, "b", "model drug_b()\n  to_kill := 1; to_inh := 2;\nend\n")
	_, m, ms := model.Compose([]model.Part{core, a, b}, ports(t))
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	text := model.Format(m)
	for _, want := range []string{"rule core_kill := a_to_kill + b_to_kill", "rule core_inh := a_to_inh*b_to_inh", "rule core_level := a_to_level"} {
		if !strings.Contains(text, want) {
			t.Errorf("the composed model lacks %q:\n%s", want, text)
		}
	}
	for what, parts := range map[string][]model.Part{
		"which no module here writes": {core, b},
		"has two writers":             {core, a, part(t, "c", "model drug_c()\n  to_level := 1;\nend\n")},
		"does not exist":              {core, a, part(t, "c", "model drug_c()\n  to_kil := 1;\nend\n")},
		"two modules are called":      {core, a, part(t, "a", "model drug_d()\n  x = 1;\nend\n")},
	} {
		if _, _, ms := model.Compose(parts, ports(t)); !ms.HasErrors() || !strings.Contains(ms.Error(), what) {
			t.Errorf("expected %q, got %v", what, ms)
		}
	}
}

// TestHashKnowsNoOrder: the order of declarations changes nothing, a number does.
func TestHashKnowsNoOrder(t *testing.T) {
	flat := func(text string) string {
		doc := document(t, "m.ant", text)
		m, ms := model.Flatten(doc, "m")
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		return model.Hash(m)
	}
	a := flat("model m()\n  a = 1; b = 2; x := a + b;\n  y := a*b\nend\n")
	if b := flat("model m()\n  y := a*b\n  x := a + b; b = 2; a = 1;\nend\n"); a != b {
		t.Error("the order of declarations changes the hash")
	}
	if b := flat("model m()\n  a = 1; b = 2.0000000000000004; x := a + b;\n  y := a*b\nend\n"); a == b {
		t.Error("another number has the same hash")
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add(header + "k\t1\tday\tlognormal cv=0.3\tassumed\tn\n")
	f.Add("port\tkind\tunit\tmeaning\na\tsum\t1/day\tx\n")
	f.Fuzz(func(t *testing.T, text string) {
		src := &diag.Source{Name: "f.tsv", Text: text}
		_, ms := model.ReadTable(src)
		_ = ms.Error()
		_, ms = model.ReadPorts(src)
		_ = ms.Error()
	})
}

func ExampleCompose() {
	read := func(text string) model.Part {
		doc, _ := antimony.Read(&diag.Source{Name: "part.ant", Text: text}, nil)
		return model.Part{Instance: doc.Modules[0].ID[:1], Module: doc.Modules[0], Doc: doc}
	}
	list, _ := model.ReadPorts(&diag.Source{Name: "ports.tsv", Text: "port\tkind\tunit\tmeaning\nkill\tsum\t1/day\tkilling\n"})
	_, flat, _ := model.Compose([]model.Part{
		read("model cells()\n  kill = 0; var N = 1; N' = -kill*N;\nend\n"),
		read("model drug()\n  to_kill := 2;\nend\n"),
	}, list)
	for _, r := range flat.Rules {
		fmt.Println(r.Variable, r.Math)
	}
	// Output:
	// c_N -c_kill*c_N
	// d_to_kill 2
	// c_kill d_to_kill
}
