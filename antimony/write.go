package antimony

import (
	"fmt"
	"strings"

	"thymus/model"
)

// Write writes a document as Antimony text that reads back to an equal document.
func Write(doc *model.Document) string {
	var b strings.Builder
	for _, f := range doc.Functions {
		fmt.Fprintf(&b, "function %s(%s)\n  %s\nend\n\n", f.ID, strings.Join(f.Params, ", "), f.Body)
	}
	for i, m := range doc.Modules {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeModule(&b, m)
	}
	return b.String()
}

// WriteModel writes a flat model as Antimony text.
func WriteModel(m *model.Model) string {
	x := &model.Module{Model: *m}
	doc := &model.Document{Functions: m.Functions, Modules: []*model.Module{x}}
	return Write(doc)
}

func writeModule(b *strings.Builder, m *model.Module) {
	star := ""
	if m.Main {
		star = "*"
	}
	for _, line := range strings.Split(m.Comment, "\n") {
		if m.Comment != "" {
			fmt.Fprintf(b, "// %s\n", line)
		}
	}
	fmt.Fprintf(b, "model %s%s(%s)\n", star, m.ID, strings.Join(m.Ports, ", "))
	for _, u := range m.Units {
		fmt.Fprintf(b, "  unit %s = %s;\n", u.ID, u.Text)
	}
	for _, s := range m.Submodels {
		fmt.Fprintf(b, "  %s: %s(%s);\n", s.ID, s.Module, strings.Join(s.Args, ", "))
	}
	for _, d := range m.Deletions {
		fmt.Fprintf(b, "  delete %s;\n", d.Path)
	}
	for _, l := range m.Links {
		fmt.Fprintf(b, "  %s is %s;\n", l.B, l.A)
	}
	constness := func(constant, usual bool) string {
		if constant == usual {
			return ""
		}
		if constant {
			return "const "
		}
		return "var "
	}
	unit := func(id, u string) {
		if u != "" && !strings.ContainsAny(u, "/*^ %()") && !(u[0] >= '0' && u[0] <= '9') {
			fmt.Fprintf(b, "  %s has %s;\n", id, u)
		}
	}
	formula := map[string]*model.Expr{}
	for _, x := range m.Initials {
		formula[x.Symbol] = x.Math
	}
	value := func(id string, v *float64) string {
		switch {
		case formula[id] != nil:
			return " = " + formula[id].String()
		case v != nil:
			return " = " + model.FormatNumber(*v)
		}
		return ""
	}
	changed := map[string]bool{}
	for _, r := range m.Rules {
		changed[r.Variable] = true
	}
	for _, e := range m.Events {
		for _, a := range e.Assignments {
			changed[a.Variable] = true
		}
	}
	for _, c := range m.Compartments {
		fmt.Fprintf(b, "  %scompartment %s%s;\n", constness(c.Constant, !changed[c.ID]), c.ID, value(c.ID, c.Size))
		unit(c.ID, c.Unit)
	}
	for _, s := range m.Species {
		kind := "species"
		v := s.InitialConc
		if s.SubstanceOnly {
			kind = "substanceOnly species"
			v = s.InitialAmount
		} else if v == nil && s.InitialAmount != nil {
			// an amount in a compartment is written as a formula
			formula[s.ID] = model.Call("divide", model.Num(*s.InitialAmount), model.Sym(s.Compartment))
		}
		mark := ""
		if s.Boundary {
			mark = "$"
		}
		prefix := ""
		if s.Constant {
			prefix = "const "
		}
		where := ""
		if s.Compartment != "" {
			where = " in " + s.Compartment
		}
		fmt.Fprintf(b, "  %s%s %s%s%s%s;\n", prefix, kind, mark, s.ID, where, value(s.ID, v))
		unit(s.ID, s.Unit)
	}
	for _, p := range m.Parameters {
		prefix := constness(p.Constant, !changed[p.ID])
		v := value(p.ID, p.Value)
		switch {
		case prefix == "" && v == "" && !strings.Contains(p.ID, "."):
			if !changed[p.ID] {
				fmt.Fprintf(b, "  const %s;\n", p.ID)
			}
		case strings.Contains(p.ID, "."):
			if v != "" {
				fmt.Fprintf(b, "  %s%s;\n", p.ID, v)
			}
		default:
			fmt.Fprintf(b, "  %s%s%s;\n", prefix, p.ID, v)
		}
		if !strings.Contains(p.ID, ".") {
			unit(p.ID, p.Unit)
		}
	}
	for _, x := range m.Initials {
		if strings.Contains(x.Symbol, ".") {
			fmt.Fprintf(b, "  %s = %s;\n", x.Symbol, x.Math)
		}
	}
	for _, r := range m.Rules {
		switch r.Kind {
		case model.Assignment:
			fmt.Fprintf(b, "  %s := %s;\n", r.Variable, r.Math)
		case model.Rate:
			fmt.Fprintf(b, "  %s' = %s;\n", r.Variable, r.Math)
		default:
			fmt.Fprintf(b, "  0 = %s;\n", r.Math)
		}
	}
	side := func(refs []model.SpeciesRef) string {
		var parts []string
		for _, r := range refs {
			s := r.Species
			if r.Stoichiometry != nil && !(r.Stoichiometry.Kind == model.Number && r.Stoichiometry.Value == 1) {
				s = r.Stoichiometry.String() + " " + s
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, " + ")
	}
	for _, r := range m.Reactions {
		arrow := "->"
		if !r.Reversible {
			arrow = "=>"
		}
		rate := ""
		if r.Rate != nil {
			rate = " " + r.Rate.String()
		}
		fmt.Fprintf(b, "  %s: %s %s %s;%s;\n", r.ID, side(r.Reactants), arrow, side(r.Products), rate)
		for _, x := range r.Modifiers {
			fmt.Fprintf(b, "  %s -( %s;\n", x, r.ID)
		}
	}
	for _, e := range m.Events {
		fmt.Fprintf(b, "  %s: at ", e.ID)
		if e.Delay != nil {
			fmt.Fprintf(b, "%s after ", e.Delay)
		}
		b.WriteString(e.Trigger.String())
		if !e.InitialValue {
			b.WriteString(", t0=false")
		}
		if !e.Persistent {
			b.WriteString(", persistent=false")
		}
		if !e.FromTrigger {
			b.WriteString(", fromTrigger=false")
		}
		if e.Priority != nil {
			fmt.Fprintf(b, ", priority=%s", e.Priority)
		}
		b.WriteString(": ")
		for i, a := range e.Assignments {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(b, "%s = %s", a.Variable, a.Math)
		}
		b.WriteString(";\n")
	}
	names := func(id, name string) {
		if name != "" {
			fmt.Fprintf(b, "  %s is %q;\n", id, name)
		}
	}
	names(m.ID, m.Name)
	for _, c := range m.Compartments {
		names(c.ID, c.Name)
	}
	for _, s := range m.Species {
		names(s.ID, s.Name)
	}
	for _, p := range m.Parameters {
		names(p.ID, p.Name)
	}
	for _, r := range m.Reactions {
		names(r.ID, r.Name)
	}
	for _, a := range m.Annotations {
		if a.Qualifier == "sboTerm" {
			fmt.Fprintf(b, "  %s.sboTerm = %s;\n", a.Element, a.Resources[0])
			continue
		}
		quoted := make([]string, len(a.Resources))
		for i, r := range a.Resources {
			quoted[i] = fmt.Sprintf("%q", r)
		}
		fmt.Fprintf(b, "  %s %s %s;\n", a.Element, a.Qualifier, strings.Join(quoted, ", "))
	}
	b.WriteString("end\n")
}
