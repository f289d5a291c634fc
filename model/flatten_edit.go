package model

import (
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
)

// removePath takes what a path leads to out, with what sets it; false when there is nothing.
func (m *Model) removePath(path string) bool {
	id, part, split := strings.Cut(path, "@")
	if split {
		return m.removePart(id, part)
	}
	n := 0
	count := func(same bool) bool {
		if same {
			n++
		}
		return !same
	}
	if strings.Contains(path, "#") {
		m.Rules = keep(m.Rules, func(x Rule) bool { return count(x.Meta == path) })
		m.Initials = keep(m.Initials, func(x Initial) bool { return count(x.Meta == path) })
		m.Events = keep(m.Events, func(x Event) bool { return count(x.Meta == path) })
		m.Constraints = keep(m.Constraints, func(x Constraint) bool { return count(x.Meta == path) })
		return n > 0
	}
	m.Functions = keep(m.Functions, func(x Function) bool { return count(x.ID == id) })
	m.Compartments = keep(m.Compartments, func(x Compartment) bool { return count(x.ID == id) })
	m.Species = keep(m.Species, func(x Species) bool { return count(x.ID == id) })
	m.Parameters = keep(m.Parameters, func(x Parameter) bool {
		if x.ID == id && x.Stoichiometry {
			m.removeReference(id)
		}
		return count(x.ID == id)
	})
	m.Reactions = keep(m.Reactions, func(x Reaction) bool { return count(x.ID == id) })
	m.Events = keep(m.Events, func(x Event) bool { return count(x.ID == id) })
	m.Constraints = keep(m.Constraints, func(x Constraint) bool { return count(x.ID == id) })
	if f := m.Flux; f != nil {
		f.Objectives = keep(f.Objectives, func(x Objective) bool { return count(x.ID == id) })
		f.Genes = keep(f.Genes, func(x Gene) bool { return count(x.ID == id) })
		if n > 0 && f.Active == id {
			f.Active = ""
		}
	}
	var parts func(list []UncertainPart) []UncertainPart
	parts = func(list []UncertainPart) []UncertainPart {
		return copied(keep(list, func(x UncertainPart) bool { return count(x.ID == id) }), func(x *UncertainPart) { x.Parts = parts(x.Parts) })
	}
	m.Uncertain = copied(m.Uncertain, func(u *Uncertainty) { u.Parts = parts(u.Parts) })
	if n > 0 {
		m.Rules = keep(m.Rules, func(x Rule) bool { return x.Variable != id })
		m.Initials = keep(m.Initials, func(x Initial) bool { return x.Symbol != id })
		m.forget(id)
	}
	return n > 0
}

// removeReference takes the species reference with an id out of its reaction.
func (m *Model) removeReference(id string) {
	other := func(x SpeciesRef) bool {
		return x.Stoichiometry == nil || x.Stoichiometry.Kind != Symbol || x.Stoichiometry.Name != id
	}
	m.Reactions = copied(m.Reactions, func(r *Reaction) {
		r.Reactants, r.Products = keep(r.Reactants, other), keep(r.Products, other)
	})
}

// forget drops what only describes an element that is gone.
func (m *Model) forget(id string) {
	m.Annotations = keep(m.Annotations, func(x Annotation) bool { return x.Element != id })
	m.Notes = keep(m.Notes, func(x Note) bool { return x.Element != id })
	m.Uncertain = keep(m.Uncertain, func(x Uncertainty) bool { return x.Element != id })
	if m.Flux != nil {
		m.Flux.Objectives = copied(m.Flux.Objectives, func(o *Objective) {
			o.Terms = keep(o.Terms, func(t FluxTerm) bool { return t.Reaction != id })
		})
	}
}

// removePart takes a part of an element out, as Module lists them.
func (m *Model) removePart(id, part string) bool {
	found := false
	count := func(same bool) bool {
		found = found || same
		return !same
	}
	kind, which, _ := strings.Cut(part, ".")
	switch kind {
	case "rule":
		m.Rules = keep(m.Rules, func(x Rule) bool { return count(x.Kind != Algebraic && x.Variable == id) })
	case "initial":
		m.Initials = keep(m.Initials, func(x Initial) bool { return count(x.Symbol == id) })
	case "value":
		m.Initials = keep(m.Initials, func(x Initial) bool { return count(x.Symbol == id) })
		for i := range m.Parameters {
			if p := &m.Parameters[i]; p.ID == id && p.Value != nil {
				found, p.Value = true, nil
			}
		}
		for i := range m.Species {
			if s := &m.Species[i]; s.ID == id && (s.InitialAmount != nil || s.InitialConc != nil) {
				found, s.InitialAmount, s.InitialConc = true, nil, nil
			}
		}
		for i := range m.Compartments {
			if c := &m.Compartments[i]; c.ID == id && c.Size != nil {
				found, c.Size = true, nil
			}
		}
	case "unit":
		m.Units = keep(m.Units, func(x UnitDef) bool { return count(x.ID == id+"@unit") })
	}
	n, err := strconv.Atoi(which)
	take := func(k int) bool { return err == nil && n >= 0 && n < k }
	if kind == "spread" {
		k := -1
		m.Uncertain = keep(m.Uncertain, func(x Uncertainty) bool {
			if x.Element == id {
				k++
			}
			return count(x.Element == id && k == n && err == nil)
		})
	}
	if m.Flux != nil && kind == "term" {
		for i := range m.Flux.Objectives {
			if o := &m.Flux.Objectives[i]; o.ID == id && take(len(o.Terms)) {
				found, o.Terms = true, without(o.Terms, n)
			}
		}
	}
	for i := range m.Reactions {
		r := &m.Reactions[i]
		if r.ID != id {
			continue
		}
		switch kind {
		case "lower":
			found, r.LowerFlux = r.LowerFlux != "", ""
		case "upper":
			found, r.UpperFlux = r.UpperFlux != "", ""
		case "bounds":
			found, r.LowerFlux, r.UpperFlux = r.LowerFlux != "" || r.UpperFlux != "", "", ""
		case "rate":
			found, r.Rate = r.Rate != nil, nil
		case "reactant":
			if found = take(len(r.Reactants)); found {
				r.Reactants = without(r.Reactants, n)
			}
		case "product":
			if found = take(len(r.Products)); found {
				r.Products = without(r.Products, n)
			}
		case "modifier":
			if found = take(len(r.Modifiers)); found {
				r.Modifiers = without(r.Modifiers, n)
			}
		}
	}
	for i := range m.Events {
		e := &m.Events[i]
		if e.ID != id && e.Meta != id {
			continue
		}
		switch kind {
		case "trigger": // an event without a trigger never fires
			found = true
			m.Events = without(m.Events, i)
			return true
		case "delay":
			found, e.Delay = e.Delay != nil, nil
		case "priority":
			found, e.Priority = e.Priority != nil, nil
		case "set":
			head, _, _ := strings.Cut(id, "#")
			variable := head[:strings.LastIndex(head, ".")+1] + which
			e.Assignments = keep(e.Assignments, func(a EventAssignment) bool { return count(a.Variable == variable) })
		}
	}
	return found
}

func without[T any](list []T, i int) []T {
	return append(append([]T(nil), list[:i]...), list[i+1:]...)
}

// removeAnonymous takes everything of a submodel out that has no id.
func (m *Model) removeAnonymous(prefix string) {
	foreign := func(meta string) bool { return !strings.HasPrefix(meta, prefix) }
	inside := func(e *Expr) bool {
		for _, s := range e.Symbols() {
			if strings.HasPrefix(s, prefix) {
				return true
			}
		}
		return false
	}
	m.Rules = keep(m.Rules, func(x Rule) bool {
		return foreign(x.Meta) && foreign(x.Variable) && !(x.Kind == Algebraic && inside(x.Math))
	})
	m.Events = keep(m.Events, func(x Event) bool { return foreign(x.Meta) && foreign(x.ID) && !inside(x.Trigger) })
	m.Constraints = keep(m.Constraints, func(x Constraint) bool { return foreign(x.Meta) && foreign(x.ID) && !inside(x.Math) })
}

// below lists the paths of the elements of a submodel, in order.
func (f *flattener) below(path string) []string {
	var out []string
	for p, k := range f.kinds {
		if k != aSubmodel && strings.HasPrefix(p, path+".") {
			out = append(out, p)
		}
	}
	sort.Strings(out)
	return out
}

// removeDependents takes out what reads an element that is gone: rules, initial
// assignments, rates of reactions, delays and priorities, events by their trigger,
// assignments by events, constraints and species references.
func (m *Model) removeDependents(id string) {
	reads := func(e *Expr) bool {
		found := false
		e.Walk(func(x *Expr) bool {
			found = found || x.Kind == Symbol && x.Name == id || x.Kind == Apply && x.Name == id
			return !found
		})
		return found
	}
	drop := func(e *Expr) *Expr {
		if reads(e) {
			return nil
		}
		return e
	}
	m.Rules = keep(m.Rules, func(x Rule) bool { return !reads(x.Math) })
	m.Initials = keep(m.Initials, func(x Initial) bool { return !reads(x.Math) })
	m.Constraints = keep(m.Constraints, func(x Constraint) bool { return !reads(x.Math) })
	m.Events = keep(m.Events, func(x Event) bool { return !reads(x.Trigger) })
	emptied := map[string]bool{} // events that set nothing any more
	for _, e := range m.Events {
		emptied[e.ID] = len(e.Assignments) > 0
	}
	for i := range m.Events {
		e := &m.Events[i]
		e.Delay, e.Priority = drop(e.Delay), drop(e.Priority)
		e.Assignments = keep(e.Assignments, func(a EventAssignment) bool { return a.Variable != id && !reads(a.Math) })
	}
	m.Events = keep(m.Events, func(x Event) bool { return len(x.Assignments) > 0 || !emptied[x.ID] })
	for i := range m.Reactions {
		r := &m.Reactions[i]
		r.Rate = drop(r.Rate)
		side := func(list []SpeciesRef) []SpeciesRef {
			return keep(list, func(x SpeciesRef) bool { return x.Species != id && !reads(x.Stoichiometry) })
		}
		r.Reactants, r.Products = side(r.Reactants), side(r.Products)
		r.Modifiers = keep(r.Modifiers, func(s string) bool { return s != id })
	}
}

// overlay adds the elements of the outer module; an element that a submodel already
// has is changed, not added twice.
func (f *flattener) overlay(m, o *Model, known map[string]bool, in *instance) {
	m.Units = append(m.Units, o.Units...)
	m.Functions = append(m.Functions, o.Functions...)
	species := indexBy(m.Species, func(x Species) string { return x.ID })
	parameters := indexBy(m.Parameters, func(x Parameter) string { return x.ID })
	compartments := indexBy(m.Compartments, func(x Compartment) string { return x.ID })
	reactions := indexBy(m.Reactions, func(x Reaction) string { return x.ID })
	events := indexBy(m.Events, func(x Event) string { return x.ID })
	for _, x := range o.Compartments {
		if i, ok := compartments[x.ID]; ok {
			if x.Size != nil {
				m.Compartments[i].Size = x.Size
				m.clear(x.ID)
			}
			continue
		}
		m.Compartments = append(m.Compartments, x)
	}
	for _, x := range o.Species {
		if i, ok := species[x.ID]; ok {
			s := &m.Species[i]
			if x.InitialAmount != nil || x.InitialConc != nil {
				s.InitialAmount, s.InitialConc = x.InitialAmount, x.InitialConc
				m.clear(x.ID)
			}
			if x.Compartment != "" { // where it is and what changes it
				s.Compartment, s.Boundary, s.Constant = x.Compartment, x.Boundary, x.Constant
			}
			continue
		}
		m.Species = append(m.Species, x)
	}
	for _, x := range o.Parameters {
		if i, ok := parameters[x.ID]; ok {
			p := &m.Parameters[i]
			if x.Value != nil {
				p.Value, p.TableAt, p.Source, p.Spread, p.Note = x.Value, x.TableAt, x.Source, x.Spread, x.Note
				m.clear(x.ID)
			}
			if x.Unit != "" {
				p.Unit = x.Unit
			}
			if x.Spread != "" {
				p.Spread = x.Spread
			}
			p.Constant = p.Constant && x.Constant
			continue
		}
		if i, ok := species[x.ID]; ok {
			s := &m.Species[i]
			if x.Value != nil {
				s.InitialAmount, s.InitialConc = nil, nil
				if s.SubstanceOnly {
					s.InitialAmount = x.Value
				} else {
					s.InitialConc = x.Value
				}
				m.clear(x.ID)
			}
			if x.Unit != "" {
				s.Unit = x.Unit
			}
			continue
		}
		if i, ok := compartments[x.ID]; ok {
			if x.Value != nil {
				m.Compartments[i].Size = x.Value
				m.clear(x.ID)
			}
			continue
		}
		if dotted := strings.TrimPrefix(x.ID, in.prefix); strings.Contains(dotted, ".") {
			if x.Value == nil && f.kinds[x.ID] != noElement {
				continue // it is deleted here, or has no value
			}
			what := "there is no such element"
			switch f.kinds[x.ID] {
			case aValue:
				what = "it is deleted"
			case noElement:
			default:
				what = "it has no value"
			}
			f.fail(diag.Errorf(x.At, "%s cannot be changed: %s", dotted, what).WithHelp("%s", diag.DidYouMean(x.ID, f.below(in.prefix+strings.Split(dotted, ".")[0]))))
			continue
		}
		m.Parameters = append(m.Parameters, x)
	}
	for _, x := range o.Reactions {
		if i, ok := reactions[x.ID]; ok && x.ID != "" {
			m.Reactions[i] = x
			continue
		}
		m.Reactions = append(m.Reactions, x)
	}
	for _, x := range o.Events {
		if i, ok := events[x.ID]; ok && x.ID != "" {
			m.Events[i] = x
			continue
		}
		m.Events = append(m.Events, x)
	}
	for _, x := range o.Rules {
		if known[x.Variable] {
			m.Rules = keep(m.Rules, func(r Rule) bool { return r.Variable != x.Variable })
			m.Initials = keep(m.Initials, func(r Initial) bool { return r.Symbol != x.Variable })
			if i, ok := parameters[x.Variable]; ok {
				m.Parameters[i].Constant = false
				if x.Kind == Assignment {
					m.Parameters[i].Value = nil
				}
			}
		}
		m.Rules = append(m.Rules, x)
	}
	for _, x := range o.Initials {
		if known[x.Symbol] {
			m.Initials = keep(m.Initials, func(r Initial) bool { return r.Symbol != x.Symbol })
		}
		m.Initials = append(m.Initials, x)
	}
	m.absorbRest(o, true)
}

// clear forgets what a formula said about an initial value that a number replaces.
func (m *Model) clear(id string) {
	m.Initials = keep(m.Initials, func(x Initial) bool { return x.Symbol != id })
}

func indexBy[T any](list []T, id func(T) string) map[string]int {
	out := make(map[string]int, len(list))
	for i, x := range list {
		out[id(x)] = i
	}
	return out
}
