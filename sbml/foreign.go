package sbml

import (
	"thymus/diag"
	"thymus/model"
)

// Element is an element of an XML text that stands beside SBML, such as SED-ML. It is read
// within the bounds of SBML's own texts.
type Element struct {
	Space, Name string // namespace and local name
	Text        string // before the first child
	Attributes  []Attribute
	Children    []*Element
	At          diag.Place // the start tag
	Whole       diag.Place // from the start tag to the end tag
	Inner       diag.Place // between them; empty for <a/>
	n           *node
	src         *diag.Source
}

// Attribute is an attribute; Value is as it reads, At is where its value stands.
type Attribute struct {
	Space, Name, Value string
	At                 diag.Place
}

// ReadElements reads an XML text. The root is nil when a message is an error.
func ReadElements(src *diag.Source) (*Element, diag.Messages) {
	root, ms := readXML(src)
	if ms.HasErrors() || root == nil {
		return nil, ms
	}
	return element(src, root), ms
}

func element(src *diag.Source, n *node) *Element {
	e := &Element{Space: n.space, Name: n.name, Text: n.text, n: n, src: src,
		At:    src.At(int(n.start), int(n.tag)),
		Whole: src.At(int(n.start), int(n.last)),
		Inner: src.At(int(n.tag), int(n.inner))}
	for _, a := range n.attrs {
		e.Attributes = append(e.Attributes, Attribute{a.space, a.name, a.value, src.At(int(a.start), int(a.end))})
	}
	for _, c := range n.children {
		e.Children = append(e.Children, element(src, c))
	}
	return e
}

// Attribute finds an attribute without a prefix.
func (e *Element) Attribute(name string) (Attribute, bool) {
	for _, a := range e.Attributes {
		if a.Name == name && (a.Space == "" || a.Space == e.Space) {
			return a, true
		}
	}
	return Attribute{}, false
}

// Child is the first child of that name, nil when there is none.
func (e *Element) Child(name string) *Element {
	for _, c := range e.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Formula reads the <math> that an element holds, with any identifiers; nil when it holds
// none or a message is an error. functions names the functions of csymbols that SBML does
// not have, by definitionURL.
func (e *Element) Formula(functions map[string]string) (*model.Expr, diag.Messages) {
	f := e.n.childIn(spaceMath, "math")
	if f == nil {
		return nil, nil
	}
	r := &reader{src: e.src, doc: &model.Document{}, version: 31, library: &library{files: map[string]*reader{}}}
	m := &modelReader{reader: r, n: e.n, m: &model.Module{}, ids: map[string]*entry{}, params: map[string]int{}, foreign: functions}
	x := m.mathOf(f, &scope{names: map[string]string{model.Time: model.Time}})
	if r.ms.HasErrors() {
		return nil, r.ms
	}
	return x, r.ms
}
