package antimony_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
)

// How formulas bind, told by writing them with all parentheses.
func TestPrecedence(t *testing.T) {
	var full func(x *model.Expr) string
	full = func(x *model.Expr) string {
		switch x.Kind {
		case model.Number:
			s := model.FormatNumber(x.Value)
			if x.Unit != "" {
				s += " " + x.Unit
			}
			return s
		case model.Symbol:
			return x.Name
		}
		var args []string
		for _, a := range x.Args {
			args = append(args, full(a))
		}
		return x.Name + "(" + strings.Join(args, ",") + ")"
	}
	for text, want := range map[string]string{
		"a+b+c":           "plus(a,b,c)",
		"(a+b)+c":         "plus(plus(a,b),c)",
		"a-b+c":           "plus(minus(a,b),c)",
		"a/b/c*d":         "times(divide(divide(a,b),c),d)",
		"a^b^c":           "power(a,power(b,c))",
		"-a^b":            "minus(power(a,b))",
		"2^-a^b*c":        "times(power(2,minus(power(a,b))),c)",
		"-a*b":            "times(minus(a),b)",
		"!a == b":         "eq(not(a),b)",
		"a || b && c":     "and(or(a,b),c)",
		"a and b or c":    "or(and(a,b),c)",
		"not a > b":       "gt(not(a),b)",
		"not(a > b)":      "not(gt(a,b))",
		"a < b < c":       "lt(a,b,c)",
		"a < b <= c < d":  "and(lt(a,b),leq(b,c),lt(c,d))",
		"(a < b) == c":    "eq(lt(a,b),c)",
		"a + b % c":       "plus(a,rem(b,c))",
		"- -2":            "2",
		"-(2)":            "minus(2)",
		"-3 mL":           "-3 mL",
		"2e":              "2 e",
		"2e-3":            "0.002",
		".5 + 5.":         "plus(0.5,5)",
		"log(x)":          "ln(x)",
		"log(2, x)":       "log(2,x)",
		"log10(x)":        "log10(x)",
		"sqr(x)":          "power(x,2)",
		"sqrt(x)+root(x)": "plus(sqrt(x),sqrt(x))",
		"root(3, x)":      "root(3,x)",
		"ceil(asin(x))":   "ceiling(arcsin(x))",
		"gt(a, b)":        "gt(a,b)",
		"true && FALSE":   "and(1,0)",
		"inf - nan":       "minus(inf,nan)",
		"time*avogadro":   "times(time,avogadro)",
		"f(A.b.c, 2)":     "f(A.b.c,2)",
		"+a":              "a",
	} {
		x, ms := antimony.ParseText(text)
		if ms.HasErrors() {
			t.Errorf("%s: %v", text, ms)
			continue
		}
		if got := full(x); got != want {
			t.Errorf("%s reads as %s, want %s", text, got, want)
		}
		again, ms := antimony.ParseText(antimony.FormatFormula(x))
		if ms.HasErrors() || !again.Equal(x) {
			t.Errorf("%s is written as %s: %v", text, antimony.FormatFormula(x), ms)
		}
	}
}

// Every formula has the place of its text.
func TestPlaces(t *testing.T) {
	src := &diag.Source{Name: "f", Text: "dose: A.x*(b + 3 mL) - max(c, -d)"}
	x, ms := antimony.ParseFormula(src, 6, len(src.Text))
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	var got []string
	x.Walk(func(x *model.Expr) bool {
		got = append(got, x.At.Text())
		return true
	})
	want := "A.x*(b + 3 mL) - max(c, -d)|A.x*(b + 3 mL)|A.x|(b + 3 mL)|b|3 mL|max(c, -d)|c|-d|d"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("places %s\nwant   %s", s, want)
	}
}

type facts struct {
	*testing.T
	m *model.Model
}

func (f facts) species(id string) model.Species {
	f.Helper()
	for _, x := range f.m.Species {
		if x.ID == id {
			return x
		}
	}
	f.Fatalf("no species %s", id)
	return model.Species{}
}

func (f facts) parameter(id string) model.Parameter {
	f.Helper()
	for _, x := range f.m.Parameters {
		if x.ID == id {
			return x
		}
	}
	f.Fatalf("no parameter %s", id)
	return model.Parameter{}
}

func (f facts) reaction(id string) model.Reaction {
	f.Helper()
	for _, x := range f.m.Reactions {
		if x.ID == id {
			return x
		}
	}
	f.Fatalf("no reaction %s", id)
	return model.Reaction{}
}

func TestSpecies(t *testing.T) {
	f := facts{t, flat(t, `model m()
  compartment C = 2, D; var compartment V = 3;
  species S in C = 5, $B in C;  S has mM;
  N in C; substanceOnly species N; N = 4/C;
  K = 3; K -> L; k*K in D; const K
  R' = 1; species R; W := 2*S; species W in C;
  J: L => 2.5 M;; M = K + 1;
  var k = 2; q = 3 uL; d = 7; e = 1; at time > 2: e = 3
  S2 in C: -> P; 1
end`, "m")}
	if s := f.species("S"); *s.InitialConc != 5 || s.Compartment != "C" || s.Unit != "mM" || s.Boundary {
		t.Errorf("S: %+v", s)
	}
	if s := f.species("B"); !s.Boundary || s.Constant {
		t.Errorf("B: %+v", s)
	}
	if s := f.species("N"); s.InitialAmount == nil || *s.InitialAmount != 4 || s.InitialConc != nil || !s.SubstanceOnly {
		t.Errorf("N: %+v", s)
	}
	if s := f.species("K"); !s.Boundary || s.Compartment != "D" || *s.InitialConc != 3 {
		t.Errorf("K: %+v", s)
	}
	if s := f.species("R"); !s.Boundary || s.Compartment != "default_compartment" {
		t.Errorf("R: %+v", s)
	}
	if s := f.species("P"); s.Compartment != "C" {
		t.Errorf("P: %+v", s)
	}
	if r := f.reaction("J"); r.Reversible || r.Products[0].Stoichiometry.Value != 2.5 || r.Rate != nil {
		t.Errorf("J: %+v", r)
	}
	if r := f.reaction("_J0"); !r.Reversible || r.Rate.String() != "k*K" {
		t.Errorf("_J0: %+v", r)
	}
	if p := f.parameter("k"); p.Constant || *p.Value != 2 {
		t.Errorf("k: %+v", p)
	}
	if p := f.parameter("q"); !p.Constant || p.Unit != "uL" || *p.Value != 3 {
		t.Errorf("q: %+v", p)
	}
	if p := f.parameter("e"); p.Constant {
		t.Error("an event sets e")
	}
	if len(f.m.Initials) != 1 || f.m.Initials[0].Symbol != "M" {
		t.Errorf("initials: %+v", f.m.Initials)
	}
}

// Units are replaced by what they mean; spellings that are known anyway disappear.
func TestUnits(t *testing.T) {
	f := facts{t, flat(t, `unit substance = 1e-6 mole;
model m()
  unit foo = 100 mole/5 liter; unit bar = 2 foo/second; unit hour = 3600 seconds; unit rate = 1e6 litre/mole/86400 seconds;
  unit cube = 3 metre^2; unit time_unit = 86400 second; time_unit is "day";
  rate is "1/(uM*day)"; foo is "my unit";
  a = 1 foo; b = 2 bar; c has hour; d = 3 rate; e has cube; g = h*(2 foo);
end`, "m")}
	for id, want := range map[string]string{
		"a": "100 mole/5 liter", "b": "(2*(100 mole/5 liter))/second", "c": "hour", "d": "1/(uM*day)", "e": "(3*(metre))^2",
	} {
		if got := f.parameter(id).Unit; got != want {
			t.Errorf("unit of %s: %q, want %q", id, got, want)
		}
	}
	if f.m.TimeUnit != "day" {
		t.Errorf("time in %q", f.m.TimeUnit)
	}
	if u := f.m.Initials[0].Math.Args[1].Unit; u != "100 mole/5 liter" {
		t.Errorf("unit of the literal: %q", u)
	}
}

func TestSubmodels(t *testing.T) {
	text := `model side(S, k1)
  J0: S + E -> SE; k1*S*E;
  S = 5; E = 3; SE = E + S; k1 = 1.2;
end
model *full()
  var species S;
  A: side(S); B: side(S2, 0.25); C: side();
  C.S is T; B.E = 10; C.J0 = C.k1*T; C.SE = 2*B.E;
  S2 = 7; total := A.S + B.S + T; alias is A.E; x = alias + 1;
  old is new; old = 3;
  at time > 1: alias = 2
end`
	m := flat(t, text, "full")
	f := facts{t, m}
	if s := f.species("S"); s.InitialConc == nil || *s.InitialConc != 5 {
		t.Errorf("S has the value of A.S: %+v", s)
	}
	if s := f.species("S2"); *s.InitialConc != 7 {
		t.Errorf("S2 keeps its own value: %+v", s)
	}
	if s := f.species("T"); *s.InitialConc != 5 {
		t.Errorf("T has the value of C.S: %+v", s)
	}
	if p := f.parameter("B_k1"); *p.Value != 0.25 {
		t.Errorf("B.k1: %+v", p)
	}
	if r := f.reaction("C_J0"); r.Rate.String() != "C_k1*T" || r.Reactants[0].Species != "T" {
		t.Errorf("C.J0: %+v", r)
	}
	if p := f.parameter("new"); *p.Value != 3 {
		t.Errorf("new: %+v", p)
	}
	if v := m.Events[0].Assignments[0].Variable; v != "alias" {
		t.Errorf("the event sets %s", v)
	}
	for _, r := range m.Rules {
		if r.Math.String() != "S + S2 + T" {
			t.Errorf("total := %s", r.Math)
		}
	}
}

func TestBareStatements(t *testing.T) {
	doc := read(t, "A -> B; k*A\nA = 10; k = 0.1 # comment\nat (A<1): k = 0,\n  B = \\\n 2\n0 = A - x\n")
	if len(doc.Modules) != 1 || doc.Modules[0].ID != "__main" || !doc.Modules[0].Main {
		t.Fatalf("%+v", doc.Modules)
	}
	m := doc.Modules[0]
	if len(m.Events[0].Assignments) != 2 || m.Rules[0].Kind != model.Algebraic || !m.Events[0].Persistent || !m.Events[0].InitialValue {
		t.Errorf("%+v", m)
	}
	for _, p := range m.Parameters {
		if p.ID == "k" && (p.Constant || math.Abs(*p.Value-0.1) > 0) {
			t.Errorf("%+v", p)
		}
	}
}

func TestComments(t *testing.T) {
	doc := read(t, "// License\n\n/* One\n * two */\n# three\nmodel a() end // not this\n\n// Head of b\n// more\nfunction f(x) // inner\n x end\nmodel b() end\nmodel c() end\n")
	for i, want := range []string{"One\ntwo\nthree", "Head of b\nmore", ""} {
		if got := doc.Modules[i].Comment; got != want {
			t.Errorf("comment of %s: %q, want %q", doc.Modules[i].ID, got, want)
		}
	}
}

// Texts of the library and of testdata, written and read, are the same again.
func TestRoundTripFiles(t *testing.T) {
	n := 0
	for _, pattern := range []string{"../library/*/*.ant", "testdata/*.ant"} {
		files, _ := filepath.Glob(pattern)
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			doc, ms := antimony.Read(&diag.Source{Name: name, Text: string(text)}, func(file string, _ diag.Place) (*diag.Source, error) {
				file = filepath.Join(filepath.Dir(name), file)
				text, err := os.ReadFile(file)
				return &diag.Source{Name: file, Text: string(text)}, err
			})
			if ms.HasErrors() {
				t.Error(ms)
				continue
			}
			n++
			same(t, name, doc, read(t, antimony.Write(doc)))
		}
	}
	if n < 3 {
		t.Errorf("only %d texts", n)
	}
}

// Ids that are words of the language, units that only unit.Parse knows, and names
// with quotes get through.
func TestWriteModel(t *testing.T) {
	v := 2.5
	m := &model.Model{ID: "m", TimeUnit: "day",
		Species:      []model.Species{{ID: "gamma", Compartment: "C", InitialAmount: &v, Unit: "nM", Name: `a "b"`}},
		Compartments: []model.Compartment{{ID: "C", Dims: 3, Size: &v, Constant: true, Unit: "mL"}},
		Parameters: []model.Parameter{{ID: "L", Value: &v, Constant: true, Unit: "1/(nM*day)"}, {ID: "h", Value: &v, Constant: true, Unit: "h"},
			{ID: "u", Value: &v, Constant: true, Unit: "MIU/mL"}, {ID: "p", Value: &v, Constant: true, Unit: "%"}},
		Reactions: []model.Reaction{{ID: "J", Reactants: []model.SpeciesRef{{Species: "gamma"}}, Rate: model.Call("times", model.Sym("gamma"), model.Num(3)), Reversible: true}},
	}
	text := antimony.WriteModel(m)
	again := flat(t, text, "m")
	want := strings.ReplaceAll(model.Format(m), "gamma", "gamma_")
	if got := model.Format(again); got != want {
		t.Errorf("%s\nreads as\n%s\nwant\n%s", text, got, want)
	}
	if again.Species[0].Name != `a "b"` {
		t.Errorf("name %q", again.Species[0].Name)
	}
}

// A file that is XML is read by the reader that is given for it.
func TestForeignImport(t *testing.T) {
	files := map[string]string{"part.xml": "\n<sbml/>"}
	imports := func(name string, _ diag.Place) (*diag.Source, error) {
		text, ok := files[name]
		if !ok {
			return nil, errors.New("no such file")
		}
		return &diag.Source{Name: name, Text: text}, nil
	}
	text := &diag.Source{Name: "m.ant", Text: "import \"part.xml\"\nmodel *m()\n  A: part(); A.k = 3; B: part(y); y = 5\nend\n"}
	if _, ms := antimony.Read(text, imports); !strings.Contains(ms.Error(), "part.xml is not Antimony") {
		t.Errorf("without a reader: %v", ms)
	}
	v := 2.0
	foreign := func(src *diag.Source) (*model.Document, diag.Messages) {
		m := &model.Module{Ports: []string{"k"}, Main: true}
		m.ID, m.Parameters = "part", []model.Parameter{{ID: "k", Value: &v, Constant: true}}
		m.Functions = []model.Function{{ID: "twice", Params: []string{"x"}, Body: model.Call("times", model.Num(2), model.Sym("x"))}}
		return &model.Document{Modules: []*model.Module{m}}, nil
	}
	doc, ms := antimony.ReadWith(text, imports, foreign)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, "m")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	f := facts{t, m}
	if *f.parameter("A_k").Value != 3 || *f.parameter("y").Value != 5 || len(m.Functions) != 1 {
		t.Errorf("%s", model.Format(m))
	}
	if _, ms = antimony.ReadWith(text, imports, func(src *diag.Source) (*model.Document, diag.Messages) {
		return nil, diag.Messages{diag.Errorf(src.At(0, 1), "it is empty")}
	}); !strings.Contains(ms.Error(), "part.xml cannot be read: it is empty") {
		t.Errorf("a reader that fails: %v", ms)
	}
}
