package sbml

import (
	"strconv"
	"strings"

	"thymus/model"
)

// about reads an element's notes, annotation, SBO term and uncertainties. id is the element's
// id in the model.Model; what has none cannot be annotated there.
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

// prose is the text of notes or a message as it is written, without the outer element.
func (m *modelReader) prose(n *node) string {
	return strings.TrimSpace(m.src.Text[n.tag:n.inner])
}

const (
	spaceBiology  = "http://biomodels.net/biology-qualifiers/"
	spaceModel    = "http://biomodels.net/model-qualifiers/"
	spaceDC       = "http://purl.org/dc/elements/1.1/"
	spaceTerms    = "http://purl.org/dc/terms/"
	spaceCard     = "http://www.w3.org/2001/vcard-rdf/3.0#"
	spaceCard4    = "http://www.w3.org/2006/vcard/ns#"
	modelIs       = "modelIs"
	describesAsIs = "modelIsDescribedBy"
)

// modelQualifiers names the terms about models, which share words with those about biology.
var modelQualifiers = map[string]string{"is": modelIs, "isDerivedFrom": "isDerivedFrom", "isDescribedBy": describesAsIs, "isInstanceOf": "isInstanceOf", "hasInstance": "hasInstance"}

// terms reads the controlled-vocabulary terms and the history of an annotation.
func (m *modelReader) terms(n *node, id string) {
	creators := 0
	for _, rdf := range n.children {
		if rdf.space != spaceRDF || rdf.name != "RDF" {
			continue
		}
		for _, d := range rdf.children {
			if d.space != spaceRDF || d.name != "Description" {
				continue
			}
			for _, q := range d.children {
				switch q.space {
				case spaceBiology:
					m.term(q, q.name, id)
				case spaceModel:
					m.term(q, modelQualifiers[q.name], id)
				case spaceDC, spaceTerms:
					m.history(q, id, &creators)
				}
			}
		}
	}
}

// term reads one qualifier with its bag of resources.
func (m *modelReader) term(q *node, name, id string) {
	a := model.Annotation{Element: id, Qualifier: name, At: m.at(q)}
	for _, bag := range q.children {
		for _, li := range bag.children {
			if r := li.attrIn(spaceRDF, "resource"); r != nil && li.name == "li" && li.space == spaceRDF {
				a.Resources = append(a.Resources, r.value)
			}
		}
	}
	if len(a.Resources) > 0 && name != "" {
		m.m.Annotations = append(m.m.Annotations, a)
	}
}

// history reads who made a model, and when, into annotations such as creator1.familyName,
// created and modified.
func (m *modelReader) history(q *node, id string, creators *int) {
	add := func(qualifier, text string) {
		if text = strings.TrimSpace(text); text != "" {
			m.m.Annotations = append(m.m.Annotations, model.Annotation{Element: id, Qualifier: qualifier, Resources: []string{text}, At: m.at(q)})
		}
	}
	switch q.name {
	case "created", "modified":
		if date := q.descend("W3CDTF", 2); date != nil {
			add(q.name, date.text)
		}
	case "creator":
		for _, bag := range q.children {
			for _, li := range bag.children {
				*creators++
				prefix := "creator" + strconv.Itoa(*creators) + "."
				for _, part := range [][]string{{"givenName", "Given", "given-name"}, {"familyName", "Family", "family-name"},
					{"email", "EMAIL", "hasEmail"}, {"organization", "Orgname", "organization-name"}} {
					for _, name := range part[1:] {
						if x := li.descend(name, 3); x != nil {
							add(prefix+part[0], x.text)
						}
					}
				}
			}
		}
	}
}

// descend finds the first element of a name below n, down to a depth.
func (n *node) descend(name string, depth int) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
		if depth > 1 {
			if found := c.descend(name, depth-1); found != nil {
				return found
			}
		}
	}
	return nil
}
