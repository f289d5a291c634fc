package sbml

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// Package fbc, flux balance constraints, versions 1 to 3. Version 1 bounds fluxes by numbers;
// they become parameters, as they are in the later versions.

// fluxBound is what bounds one reaction's flux in version 1.
type fluxBound struct{ lower, upper string }

// pkgText is the value of an attribute of a package, with or without its prefix.
func (r *reader) pkgText(n *node, space, name string) (string, diag.Place) {
	a := n.attrIn(space, name)
	if a == nil && n.space == space {
		a = n.attr(name)
	}
	if a == nil {
		return "", r.at(n)
	}
	return strings.Trim(a.value, " \t\r\n"), r.src.At(int(a.start), int(a.end))
}

// pkgMust reports when an attribute of a package is missing or empty, or is an id and no identifier.
func (r *reader) pkgMust(n *node, space, name string) bool {
	text, at := r.pkgText(n, space, name)
	switch {
	case text == "":
		r.add(diag.Errorf(at, "<%s> lacks the attribute %s", n.name, name))
	case name == "id" && !isID(text):
		r.add(diag.Errorf(at, "%q is no identifier", short(text)).WithHelp("an identifier has letters, digits and _, and no digit first"))
	default:
		return true
	}
	return false
}

// pkgNumber is pkgText as a number, nil when it is absent.
func (r *reader) pkgNumber(n *node, space, name string) *float64 {
	text, at := r.pkgText(n, space, name)
	if text == "" {
		return nil
	}
	v, ok := parseNumber(text)
	if !ok {
		r.add(diag.Errorf(at, "expected a number for %s, found %q", name, short(text)))
		return nil
	}
	return &v
}

// pkgRefer is the id in the model.Model that an attribute of a package refers to.
func (m *modelReader) pkgRefer(n *node, space, name string, kinds ...kind) string {
	id, at := m.pkgText(n, space, name)
	if id == "" {
		return ""
	}
	return m.referTo(id, at, kinds...)
}

func (m *modelReader) speciesFlux(n *node, s *model.Species) {
	space := m.has("fbc")
	if space == "" {
		return
	}
	if v := m.pkgNumber(n, space, "charge"); v != nil {
		s.Charge = v
	}
	s.Formula, _ = m.pkgText(n, space, "chemicalFormula")
}

func (m *modelReader) reactionFlux(n *node, r *model.Reaction) {
	space := m.has("fbc")
	if space == "" {
		return
	}
	r.LowerFlux = m.pkgRefer(n, space, "lowerFluxBound", aParameter)
	r.UpperFlux = m.pkgRefer(n, space, "upperFluxBound", aParameter)
	if b, ok := m.bounds[n]; ok {
		r.LowerFlux, r.UpperFlux = b.lower, b.upper
	}
	if c := n.childIn(space, "geneProductAssociation"); c != nil && !m.told["genes"] {
		m.told["genes"] = true
		m.add(diag.Warnf(m.at(c), "which genes a reaction needs is not read; it changes no result"))
	}
}

// fluxBounds makes parameters of the bounds of version 1, before the reactions are read.
func (m *modelReader) fluxBounds() {
	space := m.has("fbc")
	if space == "" {
		return
	}
	m.bounds = map[*node]fluxBound{}
	l := m.n.childIn(space, "listOfFluxBounds")
	if l == nil {
		return
	}
	for _, c := range l.children {
		if c.space != space || c.name != "fluxBound" {
			continue
		}
		if !m.pkgMust(c, space, "reaction") {
			continue
		}
		id, at := m.pkgText(c, space, "reaction")
		e := m.ids[id]
		if e == nil || e.kind != aReaction {
			m.referTo(id, at, aReaction)
			continue
		}
		value := m.pkgNumber(c, space, "value")
		if value == nil {
			m.add(diag.Errorf(m.at(c), "<fluxBound> lacks the attribute value"))
			continue
		}
		b := m.bounds[e.n]
		lower, upper := false, false
		operation, at := m.pkgText(c, space, "operation")
		switch operation {
		case "lessEqual", "less":
			upper = true
		case "greaterEqual", "greater":
			lower = true
		case "equal":
			lower, upper = true, true
		default:
			m.add(diag.Errorf(at, "unknown operation %q of a flux bound", short(operation)).WithHelp("expected lessEqual, greaterEqual or equal"))
			continue
		}
		if lower && b.lower != "" || upper && b.upper != "" {
			m.add(diag.Errorf(m.at(c), "the flux of %s is bounded twice on one side", id))
			continue
		}
		suffix := "_upper_bound"
		if lower {
			suffix = "_lower_bound"
		}
		if lower && upper {
			suffix = "_bound"
		}
		p := model.Parameter{Name: "", Value: value, Constant: true, At: m.at(c)}
		p.Name, _ = m.pkgText(c, space, "name")
		own, _ := m.pkgText(c, space, "id")
		if isID(own) && !m.flat[own] && m.ids[own] == nil {
			p.ID = m.free(own)
		} else {
			p.ID = m.free(e.flat + suffix)
		}
		m.m.Parameters = append(m.m.Parameters, p)
		if lower {
			b.lower = p.ID
		}
		if upper {
			b.upper = p.ID
		}
		m.bounds[e.n] = b
	}
}

// fluxBalance reads objectives and gene products.
func (m *modelReader) fluxBalance() {
	space := m.has("fbc")
	if space == "" {
		return
	}
	f := &model.FluxBalance{}
	strict, _ := m.pkgText(m.n, space, "strict")
	f.Strict = strict == "true" || strict == "1"
	if l := m.n.childIn(space, "listOfObjectives"); l != nil {
		var at diag.Place
		f.Active, at = m.pkgText(l, space, "activeObjective")
		known := false
		for _, c := range l.children {
			if c.space == space && c.name == "objective" {
				o := m.objective(c, space)
				known = known || o.ID == f.Active
				f.Objectives = append(f.Objectives, o)
			}
		}
		if f.Active != "" && !known {
			var names []string
			for _, o := range f.Objectives {
				names = append(names, o.ID)
			}
			m.add(diag.Errorf(at, "there is no objective %s", short(f.Active)).WithHelp("%s", diag.DidYouMean(f.Active, names)))
		}
	}
	if l := m.n.childIn(space, "listOfGeneProducts"); l != nil {
		for _, c := range l.children {
			if c.space != space || c.name != "geneProduct" {
				continue
			}
			m.pkgMust(c, space, "id")
			var g model.Gene
			g.ID, _ = m.pkgText(c, space, "id")
			g.Name, _ = m.pkgText(c, space, "name")
			g.Label, _ = m.pkgText(c, space, "label")
			g.Species = m.pkgRefer(c, space, "associatedSpecies", aSpecies)
			f.Genes = append(f.Genes, g)
		}
	}
	if l := m.n.childIn(space, "listOfUserDefinedConstraints"); l != nil && len(l.children) > 0 {
		m.add(diag.Errorf(m.at(l), "user-defined constraints of the SBML package \"fbc\" are not supported (element <%s> of <model>)", l.name))
	}
	used := m.n.childIn(space, "listOfFluxBounds") != nil
	for i := range m.m.Reactions {
		used = used || m.m.Reactions[i].LowerFlux != "" || m.m.Reactions[i].UpperFlux != ""
	}
	if used || f.Strict || len(f.Objectives) > 0 || len(f.Genes) > 0 {
		m.m.Flux = f
	}
}

func (m *modelReader) objective(n *node, space string) model.Objective {
	m.pkgMust(n, space, "id")
	o := model.Objective{At: m.at(n)}
	o.ID, _ = m.pkgText(n, space, "id")
	o.Name, _ = m.pkgText(n, space, "name")
	kind, at := m.pkgText(n, space, "type")
	switch kind {
	case "maximize", "maximise":
		o.Maximize = true
	case "minimize", "minimise":
	default:
		m.add(diag.Errorf(at, "expected maximize or minimize for the type of an objective, found %q", short(kind)))
	}
	l := n.childIn(space, "listOfFluxObjectives")
	if l == nil {
		return o
	}
	for _, c := range l.children {
		if c.space != space || c.name != "fluxObjective" {
			continue
		}
		if kind, at := m.pkgText(c, space, "variableType"); kind == "quadratic" {
			m.add(diag.Errorf(at, "quadratic objectives of the SBML package \"fbc\" are not supported (element <fluxObjective>)"))
		}
		m.pkgMust(c, space, "reaction")
		t := model.FluxTerm{Reaction: m.pkgRefer(c, space, "reaction", aReaction)}
		if v := m.pkgNumber(c, space, "coefficient"); v != nil {
			t.Coefficient = *v
		} else {
			m.add(diag.Errorf(m.at(c), "<fluxObjective> lacks the attribute coefficient"))
		}
		o.Terms = append(o.Terms, t)
	}
	return o
}
