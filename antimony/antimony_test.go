package antimony_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
	"thymus/unit"
)

func read(t testing.TB, text string) *model.Document {
	t.Helper()
	doc, ms := antimony.Read(&diag.Source{Name: "test.ant", Text: text}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return doc
}

func flat(t testing.TB, text, name string) *model.Model {
	t.Helper()
	m, ms := model.Flatten(read(t, text), name)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return m
}

const everything = `
function sat(x, K)
  x/(K + x)
end

// A cell
// that lives
model cell(S, feed)
  compartment C = 2;
  species S in C = 5, $B in C = 1; substanceOnly species N in C; N = 3;
  feed = 0; k = 0.5; K = 2; unit day = 86400 second; k has day;
  J1: 2 S + B -> 3 N; k*sat(S, K)*C*B;
  J2: N => ; 0.1*N;
  B -( J1;
  var q = 1; q' = -k*q^2;
  r := piecewise(1, S > 2 && q < 3, 2, !(S == 1) || q >= 1, 0) + max(S, 1, 2)*ln(q + 1)/-3;
  s = 2*k;
  E1: at 2 after S < 1, t0=false, persistent=false, priority=3, fromTrigger=false: q = 2, k = 0.2;
  at (time >= 5): N = N + 1;
  S is "sugar"; S identity "urn:x:1", "urn:x:2"; J1.sboTerm = 231;
end

model *whole()
  a: cell(T, f); b: cell();
  compartment D = 1; species T in D = 4;
  f := b.N; b.k = 0.7; b.S is a.B;
  delete b.J2;
end
`

func TestRoundTrip(t *testing.T) {
	doc := read(t, everything)
	again := read(t, antimony.Write(doc))
	for _, name := range []string{"cell", "whole"} {
		a, ms := model.Flatten(doc, name)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		b, ms := model.Flatten(again, name)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		if model.Format(a) != model.Format(b) {
			t.Errorf("%s written and read:\n%s\nwas:\n%s", name, model.Format(b), model.Format(a))
		}
		c := flat(t, antimony.WriteModel(a), name)
		if model.Hash(c) != model.Hash(a) {
			t.Errorf("flat %s written and read:\n%s\nwas:\n%s", name, model.Format(c), model.Format(a))
		}
	}
}

func TestMeaning(t *testing.T) {
	m := flat(t, everything, "whole")
	find := func(id string) *model.Parameter {
		for i := range m.Parameters {
			if m.Parameters[i].ID == id {
				return &m.Parameters[i]
			}
		}
		return nil
	}
	if p := find("b_k"); p == nil || *p.Value != 0.7 {
		t.Error("b.k = 0.7 did not change b_k")
	}
	for _, r := range m.Reactions {
		if r.ID == "b_J2" {
			t.Error("b.J2 was not deleted")
		}
		if r.ID == "a_J1" && r.Reactants[0].Species != "T" {
			t.Errorf("port S of a is %s, want T", r.Reactants[0].Species)
		}
	}
	if doc := read(t, everything); doc.Modules[0].Comment != "A cell\nthat lives" {
		t.Errorf("comment %q", doc.Modules[0].Comment)
	}
}

func TestFormulas(t *testing.T) {
	for text, want := range map[string]string{
		"-x^2": "-x^2", "2^3^2": "2^(3^2)", "a-b-c": "a - b - c", "a-(b-c)": "a - (b - c)", "a/b*c": "a/b*c", "a/(b*c)": "a/(b*c)",
		"!a && b || c": "!a && b || c", "sqr(x)": "x^2", "log(x)": "ln(x)", "1e-3*x": "0.001*x", "a+b+c": "a + b + c", "-3": "-3", "2^-x": "2^(-x)",
		"piecewise(1, x>2, 0)": "piecewise(1, x > 2, 0)", "A.b.c*2": "A.b.c*2",
	} {
		e, ms := antimony.ParseText(text)
		if ms.HasErrors() {
			t.Errorf("%s: %v", text, ms)
			continue
		}
		if e.String() != want {
			t.Errorf("%s reads as %s, want %s", text, e, want)
		}
		again, ms := antimony.ParseText(antimony.FormatFormula(e))
		if ms.HasErrors() || !again.Equal(e) {
			t.Errorf("%s written as %s reads as %v", text, antimony.FormatFormula(e), again)
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"model m()\n A -> ; (k*A\nend\n":                   "to close the parenthesis",
		"model m()\n A := 1; A' = 2\nend\n":                "cannot have both",
		"model m()\n x := 1; x' = 2\nend\n":                "cannot have both",
		"model m()\n assert x > 1\nend\n":                  "expected a statement",
		"model m()\n const gene g\nend\n":                  "a gene cannot be const",
		"model m()\n a: part(x)\n":                         "model m has no end",
		"import \"x.ant\"\n":                               "may not import",
		"model m()\n A -> B; k*A ; \"text\nend\n":          "no closing quote",
		"model m()\n at x > 1, prio=2: y = 1\nend\n":       "an event has t0",
		"model m()\n y = min()\nend\n":                     "takes at least 1 argument, not 0",
		"model m()\n y = 3 +\nend\n":                       "expected a number, a name or a parenthesis",
		"model m()\nend\nmodel m()\nend\n":                 "defined twice",
		"model m()\n  J: A -> B; k\n  J: B -> A; k\nend\n": "used twice",
	} {
		_, ms := antimony.Read(&diag.Source{Name: "x.ant", Text: text}, nil)
		if !ms.HasErrors() || !strings.Contains(ms.Error(), want) {
			t.Errorf("%q: expected a message with %q, got %v", text, want, ms)
		}
	}
}

func TestImports(t *testing.T) {
	files := map[string]string{"part.ant": "model part()\n  x = 1\nend\n", "loop.ant": "import \"loop.ant\"\nmodel l()\nend\n"}
	get := func(name string, _ diag.Place) (*diag.Source, error) {
		if s, ok := files[name]; ok {
			return &diag.Source{Name: name, Text: s}, nil
		}
		return nil, errors.New("no such file")
	}
	doc, ms := antimony.Read(&diag.Source{Name: "main.ant", Text: "import \"part.ant\"\nmodel *m()\n  p: part()\nend\n"}, get)
	if ms.HasErrors() || len(doc.Modules) != 2 {
		t.Fatal(ms)
	}
	if _, ms = antimony.Read(&diag.Source{Name: "main.ant", Text: "import \"gone.ant\"\n"}, get); !strings.Contains(ms.Error(), "no such file") {
		t.Error(ms)
	}
	if _, ms = antimony.Read(&diag.Source{Name: "main.ant", Text: "import \"loop.ant\"\n"}, get); ms.HasErrors() {
		t.Error("a file that imports itself is read once:", ms)
	}
}

// same compares documents by the canonical texts of their models and what these do not show.
func same(t *testing.T, text string, a, b *model.Document) {
	t.Helper()
	show := func(d *model.Document) string {
		var s strings.Builder
		for _, f := range d.Functions {
			fmt.Fprintf(&s, "function %s %q %v %s\n", f.ID, f.Name, f.Params, antimony.FormatFormula(f.Body))
		}
		for _, u := range d.Units {
			fmt.Fprintf(&s, "unit %s %q %s\n", u.ID, u.Name, u.Text)
		}
		for _, m := range d.Modules {
			fmt.Fprintf(&s, "model %s %q main=%v %v\n%s", m.ID, m.Name, m.Main, m.Ports, model.Format(&m.Model))
			var lines []string
			for _, x := range m.Species {
				lines = append(lines, fmt.Sprintf("name %s %q", x.ID, x.Name))
			}
			for _, x := range m.Parameters {
				lines = append(lines, fmt.Sprintf("name %s %q", x.ID, x.Name))
			}
			for _, x := range m.Reactions {
				lines = append(lines, fmt.Sprintf("name %s %q %v %v", x.ID, x.Name, x.Modifiers, x.Reversible))
			}
			for _, x := range m.Submodels {
				lines = append(lines, fmt.Sprintf("submodel %s %s %q %s %s", x.ID, x.Module, x.Args, x.TimeFactor, x.ExtentFactor))
			}
			for _, x := range m.Links {
				lines = append(lines, "link "+x.A+" "+x.B)
			}
			for _, x := range m.Deletions {
				lines = append(lines, "delete "+x.Path)
			}
			for _, x := range m.Annotations {
				lines = append(lines, fmt.Sprintf("annotation %s %s %q", x.Element, x.Qualifier, x.Resources))
			}
			for _, x := range m.Units {
				lines = append(lines, fmt.Sprintf("unit %s %q %s", x.ID, x.Name, x.Text))
			}
			for _, x := range m.Constraints {
				lines = append(lines, fmt.Sprintf("constraint %s %q %s", x.ID, x.Message, x.Math))
			}
			for _, x := range m.Notes {
				lines = append(lines, fmt.Sprintf("notes %s %q", x.Element, x.Text))
			}
			for _, x := range m.Uncertain {
				for _, p := range x.Parts {
					lines = append(lines, fmt.Sprintf("uncertain %s.%s %v %v %v %v %q %q %q", x.Element, p.Kind, p.Value, p.Lower, p.Upper, p.Math, p.Unit, p.URL, p.Name))
				}
			}
			for _, x := range m.Reactions {
				lines = append(lines, fmt.Sprintf("flux %s %q %q", x.ID, x.LowerFlux, x.UpperFlux))
			}
			for _, x := range m.Parameters {
				lines = append(lines, fmt.Sprintf("stoichiometry %s %v", x.ID, x.Stoichiometry))
			}
			if m.Flux != nil {
				for _, x := range m.Flux.Objectives {
					lines = append(lines, fmt.Sprintf("objective %s %q %v %v %q", x.ID, x.Name, x.Maximize, x.Terms, m.Flux.Active))
				}
			}
			lines = append(lines, fmt.Sprintf("units %s, %s, %s, %s, %s", meaning(m.SubstanceUnit), meaning(m.VolumeUnit), meaning(m.AreaUnit), meaning(m.LengthUnit), meaning(m.ExtentUnit)))
			sort.Strings(lines)
			s.WriteString(strings.Join(lines, "\n") + "\n")
		}
		return s.String()
	}
	if x, y := show(a), show(b); x != y {
		t.Fatalf("%s\nmeans\n%s\nis written as\n%s\nwhich means\n%s", text, x, antimony.Write(a), y)
	}
}

// meaning is a unit however it is spelled.
func meaning(text string) string {
	u, err := unit.Parse(text)
	if err != nil || text == "" {
		return text
	}
	return fmt.Sprintf("%.12g %v", u.Scale, u.Dim)
}

func FuzzRead(f *testing.F) {
	f.Add(everything)
	for _, pattern := range []string{"../library/*/*.ant", "testdata/*.ant", "testdata/bad/*.ant"} {
		files, _ := filepath.Glob(pattern)
		for _, name := range files {
			if text, err := os.ReadFile(name); err == nil && len(text) < 20000 {
				f.Add(string(text))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, ms := antimony.Read(&diag.Source{Name: "fuzz.ant", Text: text}, nil)
		if ms.HasErrors() {
			_ = ms.Error()
			return
		}
		for _, m := range doc.Modules {
			if flat, ms := model.Flatten(doc, m.ID); !ms.HasErrors() {
				_ = model.Format(flat)
				_ = model.CheckUnits(flat)
			}
		}
		again, ms := antimony.Read(&diag.Source{Name: "again.ant", Text: antimony.Write(doc)}, nil)
		if ms.HasErrors() {
			t.Fatalf("%s\nis written as text that does not read:\n%v", text, ms)
		}
		same(t, text, doc, again)
	})
}

func FuzzFormula(f *testing.F) {
	for _, s := range []string{"a+b*c^-2", "piecewise(1, x>2 && !y, 0)", "((((", "1e999", "A.b(", "max(1,2)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, ms := antimony.ParseText(text)
		if ms.HasErrors() {
			return
		}
		written := antimony.FormatFormula(e)
		again, ms := antimony.ParseText(written)
		if ms.HasErrors() {
			t.Fatalf("%q is written as %q, which does not read: %v", text, written, ms)
		}
		if !again.Equal(e) {
			t.Fatalf("%q is written as %q, which is another formula", text, written)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	text, err := os.ReadFile("../library/core/immune-core.ant")
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < b.N; i++ {
		read(b, string(text))
	}
}

func ExampleRead() {
	doc, messages := antimony.Read(&diag.Source{Name: "decay.ant", Text: "model decay()\n  species A = 10;\n  J: A -> ; k*A;\n  k = 0.1;\nend\n"}, nil)
	fmt.Println(messages.HasErrors(), doc.Modules[0].ID, doc.Modules[0].Reactions[0].Rate)
	// Output: false decay k*A
}
