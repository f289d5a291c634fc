package sbml

import (
	"thymus/diag"
	"thymus/model"
)

// Package distrib: draws are csymbols (see mathml.go); what is known about an element's spread
// stands in it as uncertainties.

// uncertaintyKinds are SBML's words. The schema misspells the first one.
var uncertaintyKinds = map[string]string{"coeffientOfVariation": "coefficientOfVariation", "coefficientOfVariation": "coefficientOfVariation",
	"distribution": "distribution", "externalParameter": "externalParameter", "kurtosis": "kurtosis", "mean": "mean", "median": "median", "mode": "mode",
	"sampleSize": "sampleSize", "skewness": "skewness", "standardDeviation": "standardDeviation", "standardError": "standardError", "variance": "variance",
	"confidenceInterval": "confidenceInterval", "credibleInterval": "credibleInterval", "interquartileRange": "interquartileRange", "range": "range"}

func (m *modelReader) uncertainties(n *node, id string) {
	space := m.has("distrib")
	if space == "" {
		return
	}
	l := n.childIn(space, "listOfUncertainties")
	if l == nil {
		return
	}
	for _, c := range l.children {
		if c.space == space && c.name == "uncertainty" {
			u := model.Uncertainty{Element: id, At: m.at(c)}
			u.Parts = m.uncertainParts(c, space)
			m.m.Uncertain = append(m.m.Uncertain, u)
		}
	}
}

func (m *modelReader) uncertainParts(n *node, space string) []model.UncertainPart {
	var out []model.UncertainPart
	for _, c := range n.children {
		if c.space == space && (c.name == "uncertParameter" || c.name == "uncertSpan") {
			out = append(out, m.uncertainPart(c, space))
		}
	}
	return out
}

func (m *modelReader) uncertainPart(n *node, space string) model.UncertainPart {
	p := model.UncertainPart{At: m.at(n)}
	p.ID, _ = m.pkgText(n, space, "id")
	p.Name, _ = m.pkgText(n, space, "name")
	kind, at := m.pkgText(n, space, "type")
	p.Kind = uncertaintyKinds[kind]
	if p.Kind == "" {
		m.add(diag.Errorf(at, "%q is no kind of uncertainty", short(kind)).WithHelp("%s", diag.DidYouMean(kind, sorted(keys(uncertaintyKinds)))))
	}
	p.URL, _ = m.pkgText(n, space, "definitionURL")
	if unit, at := m.pkgText(n, space, "units"); unit != "" {
		p.Unit = m.unitNamed(unit, at)
	}
	value := func(number, variable string) *model.Expr {
		v := m.pkgNumber(n, space, number)
		id, at := m.pkgText(n, space, variable)
		switch {
		case v != nil && id != "":
			m.add(diag.Errorf(at, "both %s and %s are given", number, variable))
		case v != nil:
			x := model.Num(*v)
			x.At = m.at(n)
			return x
		case id != "":
			return &model.Expr{Kind: model.Symbol, Name: m.referTo(id, at, aCompartment, aSpecies, aParameter, aReference, aReaction), At: at}
		}
		return nil
	}
	p.Value = value("value", "var")
	p.Lower, p.Upper = value("valueLower", "varLower"), value("valueUpper", "varUpper")
	if f := n.childIn(spaceMath, "math"); f != nil {
		p.Math = m.mathOf(f, nil)
	}
	if l := n.childIn(space, "listOfUncertParameters"); l != nil {
		p.Parts = m.uncertainParts(l, space)
	}
	return p
}
