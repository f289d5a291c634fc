package sbml

import (
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// links turns synonyms into replacements.
func (p *composed) links() {
	for _, s := range p.from.Submodels {
		for i, arg := range s.Args {
			if ports := p.modules[s.Module].Ports; arg != "" && i < len(ports) {
				p.link(model.Link{A: s.ID + "." + ports[i], B: arg, At: s.At})
			}
		}
	}
	for _, l := range p.from.Links {
		p.link(l)
	}
}

func (p *composed) link(l model.Link) {
	inA, inB := strings.Contains(l.A, "."), strings.Contains(l.B, ".")
	switch {
	case strings.HasSuffix(l.A, "@unit"):
		return // units are written out where they are used
	case p.isSubmodel(l.A) || p.isSubmodel(l.B):
		if !inA || inB {
			p.fail(diag.Errorf(l.At, "that submodel %s is %s cannot be written", l.A, l.B))
			return
		}
		ref := p.reference(l.A)
		p.replaces[l.B] = append(p.replaces[l.B], ref)
	case !inA && !inB:
		p.fail(diag.Errorf(l.At, "%s and %s are two names for one element of the same model: that cannot be written", l.A, l.B))
	case !inA: // the inner one holds
		if l.Factor != "" {
			p.fail(diag.Errorf(l.At, "%s is replaced by %s with a conversion factor, which SBML cannot say", l.A, l.B))
		}
		ref := p.reference(l.B)
		ref.id = l.ID
		if p.index[l.A] == nil || !l.KeepName {
			p.alias(l.A, p.place(l.B, l.At))
			return
		}
		if other := p.local[l.B]; other != "" { // something stands for it already: now this does
			p.alias(other, l.A)
		}
		p.local[l.B] = l.A
		p.by[l.A] = ref
	default:
		b := l.B
		if inB {
			b = p.place(l.B, l.At)
		}
		ref := p.reference(l.A)
		ref.factor, ref.id = p.factor(l.Factor), l.ID
		if other := p.local[l.A]; other != "" && other != b {
			if _, is := p.by[other]; !is {
				p.fail(diag.Errorf(l.At, "%s is changed and replaced by %s: that cannot be written", l.A, l.B))
				return
			}
			if l.Factor != "" {
				p.fail(diag.Errorf(l.At, "%s is read, and replaced by %s with a conversion factor: that cannot be written", l.A, l.B))
			}
			p.alias(other, b)
		}
		if p.index[b] == nil && !inB { // the inner definition moves to the name
			if l.Factor != "" {
				p.fail(diag.Errorf(l.At, "%s has no definition of its own, so %s cannot be converted to it by a factor", b, l.A))
			}
			if other := p.local[l.A]; other != "" {
				p.alias(other, b)
			}
			p.taken[b] = true
			p.placeAs(l.A, b, l.At)
			return
		}
		p.local[l.A] = b
		p.replaces[b] = append(p.replaces[b], ref)
		if !l.Inherit {
			p.drop(l.A, "initial")
			if p.sets(b) || inB {
				p.drop(l.A, "rule")
			}
		}
	}
}

// sets tells whether a rule of the module determines an element.
func (p *composed) sets(id string) bool {
	for _, r := range p.m.Rules {
		if r.Kind != model.Algebraic && r.Variable == id {
			return true
		}
	}
	return false
}

func (p *composed) isSubmodel(path string) bool {
	in, id := p.inside(path)
	if in == nil {
		return false
	}
	for _, s := range in.from.Submodels {
		if s.ID == id {
			return true
		}
	}
	return false
}

// alias lets one id of the module mean another, whose definition holds.
func (p *composed) alias(from, to string) {
	if from == to {
		return
	}
	m := &p.m
	m.Compartments = without(m.Compartments, func(x model.Compartment) bool { return x.ID == from })
	m.Species = without(m.Species, func(x model.Species) bool { return x.ID == from })
	m.Parameters = without(m.Parameters, func(x model.Parameter) bool { return x.ID == from })
	m.Initials = without(m.Initials, func(x model.Initial) bool { return x.Symbol == from })
	p.local[from] = to
	if refs := p.replaces[from]; len(refs) > 0 {
		p.replaces[to] = append(p.replaces[to], refs...)
		delete(p.replaces, from)
	}
	delete(p.by, from)
}

func without[T any](list []T, gone func(T) bool) []T {
	var out []T
	for _, x := range list {
		if !gone(x) {
			out = append(out, x)
		}
	}
	return out
}

// deletions writes what the module takes out.
func (p *composed) deletions() {
	m := &p.m
	for _, d := range p.from.Deletions {
		id, part, split := strings.Cut(d.Path, "@")
		if !strings.Contains(strings.SplitN(id, "#", 2)[0], ".") { // a part of the module's own
			switch {
			case split && part == "rule":
				m.Rules = without(m.Rules, func(r model.Rule) bool { return r.Variable == id })
			case split && part == "initial":
				m.Initials = without(m.Initials, func(x model.Initial) bool { return x.Symbol == id })
			case part == "bounds" || part == "lower" || part == "upper":
				m.Reactions = append([]model.Reaction(nil), m.Reactions...)
				for i := range m.Reactions {
					if r := &m.Reactions[i]; r.ID == id {
						if part != "upper" {
							r.LowerFlux = ""
						}
						if part != "lower" {
							r.UpperFlux = ""
						}
					}
				}
			case strings.HasPrefix(id, "#"):
				m.Rules = without(m.Rules, func(r model.Rule) bool { return r.Meta == id[1:] })
				m.Constraints = without(m.Constraints, func(x model.Constraint) bool { return x.Meta == id[1:] })
			default:
				p.fail(diag.Errorf(d.At, "the deletion of %s from its own model cannot be written", d.Path))
			}
			continue
		}
		if in, own := p.inside(d.Path); in == nil || !split && !strings.Contains(d.Path, "#") && in.index[own] == nil && !p.isSubmodel(d.Path) && !in.changeNamed(own) {
			p.fail(diag.Errorf(d.At, "cannot delete %s: no such element", d.Path))
			continue
		}
		if !split && !strings.Contains(d.Path, "#") {
			p.drop(d.Path, "rule")
			p.drop(d.Path, "initial")
			if d.Dependents {
				p.dependents(d.Path)
			}
		}
		if part == "lower" || part == "upper" || part == "bounds" {
			p.fail(diag.Errorf(d.At, "that a flux loses its bounds (%s) cannot be written: the package fbc writes them on the reaction", d.Path))
			continue
		}
		p.remove(d.Path, d.ID)
	}
}

// changeNamed tells whether the module has a deletion or replacement of that name.
func (p *composed) changeNamed(id string) bool {
	for _, d := range p.from.Deletions {
		if d.ID == id {
			return true
		}
	}
	for _, l := range p.from.Links {
		if l.ID == id {
			return true
		}
	}
	return false
}

// dependents deletes what reads an element, in its own model and those around it.
func (p *composed) dependents(path string) {
	in, head, rest := p, "", path
	for {
		first, tail, dotted := strings.Cut(rest, ".")
		if !dotted {
			return
		}
		for _, s := range in.from.Submodels {
			if s.ID == first {
				in = in.done[s.Module]
				break
			}
		}
		head, rest = head+first+".", tail
		id := rest
		if strings.Contains(rest, ".") {
			if id = in.local[rest]; id == "" {
				continue
			}
			p.remove(head+id, "")
		}
		for _, part := range in.readers(id) {
			p.remove(head+part, "")
		}
	}
}

// readers lists the parts of a module that cannot stand without an element.
func (p *composed) readers(id string) []string {
	var out []string
	add := func(part string) { out = append(out, part) }
	reads := func(e *model.Expr) bool {
		for _, s := range e.Symbols() {
			if s == id {
				return true
			}
		}
		return false
	}
	m := &p.m
	for i := range m.Rules {
		r := &m.Rules[i]
		switch {
		case !reads(r.Math):
		case r.Kind != model.Algebraic:
			add(r.Variable + "@rule")
		default:
			if r.Meta == "" {
				r.Meta = p.from.ID + separator + "algebraic" + strconv.Itoa(i)
			}
			add("#" + r.Meta)
		}
	}
	for _, x := range m.Initials {
		if reads(x.Math) {
			add(x.Symbol + "@initial")
		}
	}
	for i := range m.Constraints {
		if x := &m.Constraints[i]; reads(x.Math) {
			if x.Meta == "" {
				x.Meta = p.from.ID + separator + "constraint" + strconv.Itoa(i)
			}
			add("#" + x.Meta)
		}
	}
	for _, e := range m.Events {
		if reads(e.Trigger) {
			add(e.ID)
			continue
		}
		if reads(e.Delay) {
			add(e.ID + "@delay")
		}
		if reads(e.Priority) {
			add(e.ID + "@priority")
		}
		for _, a := range e.Assignments {
			if a.Variable == id || reads(a.Math) {
				add(e.ID + "@set." + a.Variable)
			}
		}
	}
	for _, r := range m.Reactions {
		if reads(r.Rate) {
			add(r.ID + "@rate")
		}
		for i, x := range r.Reactants {
			if x.Species == id || reads(x.Stoichiometry) {
				add(r.ID + "@reactant." + strconv.Itoa(i))
			}
		}
		for i, x := range r.Products {
			if x.Species == id || reads(x.Stoichiometry) {
				add(r.ID + "@product." + strconv.Itoa(i))
			}
		}
		for i, s := range r.Modifiers {
			if s == id {
				add(r.ID + "@modifier." + strconv.Itoa(i))
			}
		}
	}
	return out
}
