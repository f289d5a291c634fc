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

// describe is the canonical text of a model with everything that it leaves out.
func describe(m *model.Model) string {
	var b strings.Builder
	fmt.Fprintf(&b, "model %s %q\n", m.ID, m.Name)
	fmt.Fprintf(&b, "units: substance [%s] volume [%s] area [%s] length [%s] extent [%s] ", m.SubstanceUnit, m.VolumeUnit, m.AreaUnit, m.LengthUnit, m.ExtentUnit)
	b.WriteString(model.Format(m))
	for _, u := range m.Units {
		fmt.Fprintf(&b, "unit %s %q = %s\n", u.ID, u.Name, u.Text)
	}
	for _, c := range m.Compartments {
		fmt.Fprintf(&b, "compartment %s: dimensions %d, name %q\n", c.ID, c.Dims, c.Name)
	}
	for _, s := range m.Species {
		if s.Charge != nil {
			fmt.Fprintf(&b, "charge of %s: %g\n", s.ID, *s.Charge)
		}
		if s.Formula+s.ConversionFactor != "" {
			fmt.Fprintf(&b, "species %s: formula %q, factor %q\n", s.ID, s.Formula, s.ConversionFactor)
		}
	}
	for _, p := range m.Parameters {
		if p.Stoichiometry {
			fmt.Fprintf(&b, "parameter %s is a species reference\n", p.ID)
		}
	}
	for _, r := range m.Reactions {
		fmt.Fprintf(&b, "reaction %s: reversible %t, fast %t, modifiers %q, flux [%s, %s]\n", r.ID, r.Reversible, r.Fast, r.Modifiers, r.LowerFlux, r.UpperFlux)
	}
	for _, r := range m.Rules {
		if r.Meta != "" {
			fmt.Fprintf(&b, "rule of %s: meta %s\n", r.Variable, r.Meta)
		}
	}
	for _, c := range m.Constraints {
		fmt.Fprintf(&b, "constraint %s %s: %s, message %q\n", c.ID, c.Meta, c.Math, c.Message)
	}
	for _, n := range m.Notes {
		fmt.Fprintf(&b, "note on %q: %s\n", n.Element, n.Text)
	}
	for _, a := range m.Annotations {
		fmt.Fprintf(&b, "%s %s %q\n", a.Element, a.Qualifier, a.Resources)
	}
	for _, u := range m.Uncertain {
		fmt.Fprintf(&b, "uncertainty of %s\n", u.Element)
		uncertain(&b, u.Parts, "  ")
	}
	if f := m.Flux; f != nil {
		fmt.Fprintf(&b, "flux balance: strict %t, active %s\n", f.Strict, f.Active)
		for _, o := range f.Objectives {
			fmt.Fprintf(&b, "  objective %s: maximize %t %v\n", o.ID, o.Maximize, o.Terms)
		}
		for _, g := range f.Genes {
			fmt.Fprintf(&b, "  gene %+v\n", g)
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
