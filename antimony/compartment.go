package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// defaultCompartment holds the species that are in no other.
const defaultCompartment = "default_compartment"

// settleCompartments hands compartments on: from a DNA strand to its genes, from a
// reaction to its species. The last one that has one counts.
func (b *body) settleCompartments() {
	for _, s := range b.strands {
		if in := b.elements[s.id].compartment; in != "" {
			b.handOn(s, in, 0)
		}
	}
	for _, e := range b.order {
		if e.kind != aReaction || e.compartment == "" {
			continue
		}
		for _, side := range [][]model.SpeciesRef{e.reaction.Reactants, e.reaction.Products} {
			for _, s := range side {
				if m := b.elements[b.resolve(s.Species)]; m != nil {
					m.nearby = e.compartment
				}
			}
		}
	}
	for _, e := range b.order {
		if e.kind != aCompartment || e.compartment == "" {
			continue
		}
		in := e
		for range len(b.order) {
			next := b.elements[b.resolve(in.compartment)]
			if next == nil {
				break
			}
			if next == e {
				b.p.report(diag.Errorf(e.at, "the compartments %s and %s are inside each other", e.id, in.id).WithNote(in.at, "%s", in.id))
				return
			}
			in = next
		}
	}
}

func (b *body) handOn(s *strand, compartment string, depth int) {
	if depth > maxNesting {
		return
	}
	for _, id := range s.elements {
		e := b.elements[id]
		if e == nil || e.compartment != "" {
			continue
		}
		for _, t := range b.strands {
			if t.id == id {
				b.handOn(t, compartment, depth+1)
			}
		}
		if e.kind == aReaction && !strings.Contains(id, ".") {
			e.compartment = compartment
		}
	}
}

// explicitDefault tells whether the text itself speaks of the default compartment; then
// it is a compartment as any other.
func (b *body) explicitDefault() bool { return b.elements[defaultCompartment] != nil }

// addDefaultCompartment adds the compartment of the species that are in no other, of
// this model and of its submodels.
func (b *body) addDefaultCompartment() {
	m := b.mod
	if e := b.elements[defaultCompartment]; e != nil && e.kind == aCompartment {
		return
	}
	needed := false
	at := m.At
	for i := range m.Species {
		if m.Species[i].Compartment == defaultCompartment {
			needed, at = true, m.Species[i].At
			break
		}
	}
	for _, s := range m.Submodels {
		if b.defaultOf(s) == defaultCompartment && !needed {
			needed, at = true, s.At
		}
	}
	if !needed {
		return
	}
	size := 1.0
	m.Compartments = append(m.Compartments, model.Compartment{ID: defaultCompartment, Dims: 3, Size: &size, Constant: true, At: at})
	for k := range m.Parameters { // a formula that uses its size made it a parameter
		if m.Parameters[k].ID == defaultCompartment {
			m.Parameters = append(m.Parameters[:k:k], m.Parameters[k+1:]...)
			break
		}
	}
}

// defaultOf is where the species of a submodel are that are in no compartment of their
// own, "" when there are none or the text says what their compartment is.
func (b *body) defaultOf(s model.Submodel) string {
	def := b.submodels[s.ID]
	if def == nil || !b.p.r.implicit[def] || b.elements[s.ID+"."+defaultCompartment] != nil {
		return ""
	}
	if e := b.elements[s.ID]; e != nil && e.compartment != "" {
		return b.resolve(e.compartment)
	}
	if !b.inhabited(def, s.ID+".", 0) {
		return ""
	}
	return defaultCompartment
}

// linkDefaultCompartments makes the default compartments of submodels one with the one
// of this model, or with the compartment that the submodel is in. One whose species are all
// deleted goes with them.
func (b *body) linkDefaultCompartments() {
	for _, s := range b.mod.Submodels {
		path := s.ID + "." + defaultCompartment
		switch to := b.defaultOf(s); {
		case to != "":
			b.mod.Links = append(b.mod.Links, model.Link{A: path, B: to, At: s.At})
		case b.idle(s):
			b.mod.Deletions = append(b.mod.Deletions, model.Deletion{Path: path, At: s.At})
		}
	}
}

// idle tells whether a submodel has a default compartment that no text speaks of, and
// every species in it is deleted here.
func (b *body) idle(s model.Submodel) bool {
	def := b.submodels[s.ID]
	return def != nil && b.p.r.implicit[def] && b.elements[s.ID+"."+defaultCompartment] == nil && !b.inhabited(def, s.ID+".", 0)
}

// inhabited tells whether a species of a submodel stays in its default compartment.
func (b *body) inhabited(m *model.Module, prefix string, depth int) bool {
	deleted := func(path string) bool {
		for _, d := range b.mod.Deletions {
			if d.Path == path || strings.HasPrefix(path, d.Path+".") {
				return true
			}
		}
		return false
	}
	for _, s := range m.Species {
		if s.Compartment == defaultCompartment && !strings.Contains(s.ID, ".") && !deleted(prefix+s.ID) {
			return true
		}
	}
	for _, s := range m.Submodels {
		inner := b.p.r.modules[s.Module]
		if inner == nil || depth > maxDeep || !b.p.r.implicit[inner] || deleted(prefix+s.ID) {
			continue
		}
		for _, l := range m.Links {
			if l.A == s.ID+"."+defaultCompartment && l.B == defaultCompartment && b.inhabited(inner, prefix+s.ID+".", depth+1) {
				return true
			}
		}
	}
	return false
}
