package sbml

import (
	"strings"

	"thymus/model"
)

// about reads an element's notes, annotation and SBO term. id is the element's id in the
// model.Model; what has none cannot be annotated there.
func (m *modelReader) about(n *node, id string) {
	if id == "" {
		return
	}
	if sbo := m.text(n, "sboTerm"); sbo != "" {
		m.m.Annotations = append(m.m.Annotations, model.Annotation{Element: id, Qualifier: "sboTerm", Resources: []string{sbo}, At: m.atAttr(n, "sboTerm")})
	}
	if len(n.children) == 0 {
		return
	}
	if c := n.child("notes"); c != nil {
		if text := m.prose(c); text != "" {
			element := id
			if n == m.n {
				element = ""
			}
			m.m.Notes = append(m.m.Notes, model.Note{Element: element, Text: text})
		}
	}
	if c := n.child("annotation"); c != nil {
		m.terms(c, id)
	}
	m.uncertainties(n, id)
}

// aboutNameless reads what an element without id of its own, such as a rule, says of the
// element it is about.
func (m *modelReader) aboutNameless(n *node, id string) {}

// prose is the text of notes or a message as it is written, without the outer element.
func (m *modelReader) prose(n *node) string {
	return strings.TrimSpace(m.src.Text[n.tag:n.inner])
}

// terms reads the controlled-vocabulary terms of an annotation.
func (m *modelReader) terms(n *node, id string) {
	for _, rdf := range n.children {
		if rdf.space != spaceRDF || rdf.name != "RDF" {
			continue
		}
		for _, d := range rdf.children {
			if d.space != spaceRDF || d.name != "Description" {
				continue
			}
			for _, q := range d.children {
				m.term(q, id)
			}
		}
	}
}

const (
	spaceBiology = "http://biomodels.net/biology-qualifiers/"
	spaceModel   = "http://biomodels.net/model-qualifiers/"
)

// modelQualifiers names the terms about models, which share words with those about biology.
var modelQualifiers = map[string]string{"is": "modelIs", "isDerivedFrom": "isDerivedFrom", "isDescribedBy": "modelIsDescribedBy", "isInstanceOf": "isInstanceOf", "hasInstance": "hasInstance"}

func (m *modelReader) term(q *node, id string) {
	name := q.name
	switch q.space {
	case spaceBiology:
	case spaceModel:
		name = modelQualifiers[q.name]
	default:
		return
	}
	if name == "" {
		return
	}
	a := model.Annotation{Element: id, Qualifier: name, At: m.at(q)}
	for _, bag := range q.children {
		for _, li := range bag.children {
			if li.name != "li" || li.space != spaceRDF {
				continue
			}
			if r := li.attrIn(spaceRDF, "resource"); r != nil {
				a.Resources = append(a.Resources, r.value)
			}
		}
	}
	if len(a.Resources) > 0 {
		m.m.Annotations = append(m.m.Annotations, a)
	}
}
