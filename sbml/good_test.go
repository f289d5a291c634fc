package sbml_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

var update = flag.Bool("update", false, "write the expected texts anew")

// expect compares a text with a file, or writes the file.
func expect(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s", file, difference(string(want), got))
	}
}

// describe is all that a model says, in the order of its lists.
func describe(m *model.Model) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	number := func(v *float64) string {
		if v == nil {
			return "none"
		}
		return model.FormatNumber(*v)
	}
	line("model %s %q", m.ID, m.Name)
	line("units: time [%s] substance [%s] volume [%s] area [%s] length [%s] extent [%s]", m.TimeUnit, m.SubstanceUnit, m.VolumeUnit, m.AreaUnit, m.LengthUnit, m.ExtentUnit)
	for _, u := range m.Units {
		line("unit %s %q = %s", u.ID, u.Name, u.Text)
	}
	for _, f := range m.Functions {
		line("function %s%q = %s", f.ID, f.Params, f.Body)
	}
	for _, c := range m.Compartments {
		line("compartment %s %q = %s [%s]: dimensions %d, constant %t", c.ID, c.Name, number(c.Size), c.Unit, c.Dims, c.Constant)
	}
	for _, s := range m.Species {
		line("species %s %q in %s: amount %s, concentration %s [%s], amounts only %t, boundary %t, constant %t, factor %q, charge %s, formula %q",
			s.ID, s.Name, s.Compartment, number(s.InitialAmount), number(s.InitialConc), s.Unit, s.SubstanceOnly, s.Boundary, s.Constant, s.ConversionFactor, number(s.Charge), s.Formula)
	}
	for _, p := range m.Parameters {
		line("parameter %s %q = %s [%s]: constant %t, stoichiometry %t", p.ID, p.Name, number(p.Value), p.Unit, p.Constant, p.Stoichiometry)
	}
	side := func(list []model.SpeciesRef) (out []string) {
		for _, r := range list {
			n := "1"
			if r.Stoichiometry != nil {
				n = r.Stoichiometry.String()
			}
			out = append(out, n+" "+r.Species)
		}
		return out
	}
	for _, r := range m.Reactions {
		line("reaction %s %q: %q -> %q, modifiers %q, rate %s, reversible %t, fast %t, flux [%s, %s]",
			r.ID, r.Name, side(r.Reactants), side(r.Products), r.Modifiers, r.Rate, r.Reversible, r.Fast, r.LowerFlux, r.UpperFlux)
	}
	for _, r := range m.Rules {
		line("%s rule %s (meta %q): %s", [...]string{"assignment", "rate", "algebraic"}[r.Kind], r.Variable, r.Meta, r.Math)
	}
	for _, x := range m.Initials {
		line("initial %s (meta %q) = %s", x.Symbol, x.Meta, x.Math)
	}
	for _, e := range m.Events {
		line("event %s %q: when %s, delay %s, priority %s, persistent %t, values of the trigger %t, initially %t", e.ID, e.Name, e.Trigger, e.Delay, e.Priority, e.Persistent, e.FromTrigger, e.InitialValue)
		for _, a := range e.Assignments {
			line("  %s = %s", a.Variable, a.Math)
		}
	}
	for _, c := range m.Constraints {
		line("constraint %q (meta %q): %s, message %q", c.ID, c.Meta, c.Math, c.Message)
	}
	for _, n := range m.Notes {
		line("note on %q: %s", n.Element, n.Text)
	}
	for _, a := range m.Annotations {
		line("%s %s %q", a.Element, a.Qualifier, a.Resources)
	}
	for _, u := range m.Uncertain {
		line("uncertainty of %s", u.Element)
		uncertain(&b, u.Parts, "  ")
	}
	if f := m.Flux; f != nil {
		line("flux balance: strict %t, active %s", f.Strict, f.Active)
		for _, o := range f.Objectives {
			line("  objective %s: maximize %t %v", o.ID, o.Maximize, o.Terms)
		}
		for _, g := range f.Genes {
			line("  gene %+v", g)
		}
	}
	return b.String()
}

func uncertain(b *strings.Builder, parts []model.UncertainPart, indent string) {
	for _, p := range parts {
		fmt.Fprintf(b, "%s%s %s %q %q [%s]: value %s, lower %s, upper %s, formula %s\n", indent, p.Kind, p.ID, p.Name, p.URL, p.Unit, p.Value, p.Lower, p.Upper, p.Math)
		uncertain(b, p.Parts, indent+"  ")
	}
}

// Every text of testdata/good means what stands beside it, and is the same when it was
// written and read again: with all that is said about its elements.
func TestGood(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no texts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc, ms := sbml.Read(&diag.Source{Name: filepath.Base(file), Text: string(text)}, nil)
			if ms.HasErrors() {
				t.Fatal(ms.Error())
			}
			m := flat(t, doc)
			got := describe(m)
			if len(ms) > 0 {
				got += ms.Error() + "\n"
			}
			expect(t, strings.TrimSuffix(file, ".xml")+".txt", got)
			roundTrip(t, m)
			written, _ := sbml.WriteModel(m)
			doc, ms = sbml.Read(&diag.Source{Name: "written.xml", Text: string(written)}, nil)
			if ms.HasErrors() {
				t.Fatal(ms.Error())
			}
			again := flat(t, doc)
			written2, _ := sbml.WriteModel(again)
			if string(written) != string(written2) && !strings.Contains(string(written), "_stoichiometry") {
				t.Errorf("written twice:\n%s", difference(string(written), string(written2)))
			}
		})
	}
}
