package sbml

import (
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// WriteComposed is Write with submodels kept: every module becomes a model definition of the
// package comp, and what a module says of elements inside its submodels becomes replacements,
// replacedBy and deletions. Where it reads an element A.x, an element A__x stands for it that
// is replaced by x; where it changes A.x, that element replaces x. Numbers as conversion
// factors become parameters, and functions of the document are written into every model that
// calls them.
//
// A few things that modules can say and comp cannot are errors: two names for one element of
// the same model, an element that is both changed and made one with another, and a factor
// on an element whose inner definition holds.
func WriteComposed(doc *model.Document, main string) ([]byte, diag.Messages) {
	c := &composer{doc: doc, modules: map[string]*model.Module{}, done: map[string]*composed{}, metaids: map[string]bool{}}
	for _, m := range doc.Modules {
		c.modules[m.ID] = m
	}
	root := c.modules[main]
	if root == nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no model %q", main)}
	}
	if _, ms := model.Flatten(doc, main); ms.HasErrors() { // what is wrong with it is said there
		return nil, ms
	}
	top := c.lower(root, 0)
	if c.ms.HasErrors() || top == nil {
		return nil, c.ms
	}
	ms := c.ms
	version := 32
	packages := map[string]bool{"comp": len(c.order) > 1 || len(root.Ports) > 0}
	for _, p := range c.order {
		p.finishMetas()
		p.w = newWriter(&p.m)
		p.w.comp, p.w.metas = p, c.metaids
		for _, s := range p.subs {
			p.w.used[s.ID], p.w.ids[s.ID] = true, s.ID
		}
		p.w.prepare()
		version = min(version, p.w.version)
		for name := range p.w.packages {
			packages[name] = true
		}
	}
	if version == 31 { // functions that Version 2 added come with a package
		for _, p := range c.order {
			p.w.eachFormula(func(e *model.Expr) {
				e.Walk(func(x *model.Expr) bool {
					if x.Kind == model.Apply && level3v2[x.Name] {
						packages["l3v2extendedmath"] = true
					}
					return true
				})
			})
		}
	}
	for name, used := range packages {
		if !used {
			delete(packages, name)
		}
	}
	var x xmlWriter
	x.root(version, packages)
	for _, p := range c.order {
		p.w.version = version
		for name := range packages {
			if name != "fbc" {
				p.w.packages[name] = true
			}
		}
	}
	x.b.Write(top.w.modelElement("model", 1))
	if len(c.order) > 1 {
		x.open("comp:listOfModelDefinitions")
		for _, p := range c.order {
			if p != top {
				x.b.Write(p.w.modelElement("comp:modelDefinition", 2))
			}
		}
		x.close("comp:listOfModelDefinitions")
	}
	x.close("sbml")
	for _, p := range c.order {
		ms = append(ms, p.w.ms...)
	}
	if ms.HasErrors() {
		return nil, ms
	}
	return x.b.Bytes(), ms
}

// finishMetas gives the elements the metaids that deletions name, each once in the document.
func (p *composed) finishMetas() {
	of := func(meta *string, part string) {
		switch {
		case part != "" && p.metas[part] != "":
			*meta = p.metas[part]
		case *meta != "":
			*meta = p.meta("#" + *meta)
		}
	}
	m := &p.m
	for i := range m.Rules {
		part := ""
		if m.Rules[i].Kind != model.Algebraic {
			part = m.Rules[i].Variable + "@rule"
		}
		of(&m.Rules[i].Meta, part)
	}
	for i := range m.Initials {
		of(&m.Initials[i].Meta, m.Initials[i].Symbol+"@initial")
	}
	for i := range m.Events {
		of(&m.Events[i].Meta, "")
	}
	for i := range m.Constraints {
		of(&m.Constraints[i].Meta, "")
	}
}

// part is the metaid of a part of an element, "" when it needs none. count is its place in
// its list, -1 when it is in none.
func (w *writer) part(id, part string, count int) string {
	if w.comp == nil {
		return ""
	}
	if count >= 0 {
		part += "." + strconv.Itoa(count)
	}
	return w.comp.metas[id+"@"+part]
}

// composition writes what an element replaces and is replaced by.
func (w *writer) composition(id string) {
	if w.comp == nil || id == "" {
		return
	}
	if refs := w.comp.replaces[id]; len(refs) > 0 {
		w.x.open("comp:listOfReplacedElements")
		for _, r := range refs {
			attributes := append(w.change(r), "comp:submodelRef", r.sub)
			if r.factor != "" {
				attributes = append(attributes, "comp:conversionFactor", w.id(r.factor))
			}
			w.reference("comp:replacedElement", attributes, w.comp.sub(r.sub), r.path)
		}
		w.x.close("comp:listOfReplacedElements")
	}
	if r, ok := w.comp.by[id]; ok {
		w.reference("comp:replacedBy", append(w.change(r), "comp:submodelRef", r.sub), w.comp.sub(r.sub), r.path)
	}
}

// change is the name of a replacement, by which an outer model may take it out.
func (w *writer) change(r compRef) []string {
	if meta, ok := strings.CutPrefix(r.id, "#"); ok {
		return []string{"metaid", meta}
	}
	return []string{"comp:id", r.id}
}

// sub is the composed form of a submodel's module.
func (p *composed) sub(id string) *composed {
	for _, s := range p.subs {
		if s.ID == id {
			return p.done[s.Module]
		}
	}
	return nil
}

// reference writes an element that refers to a path inside of a module.
func (w *writer) reference(name string, attributes []string, in *composed, path string) {
	first, rest, dotted := strings.Cut(path, ".")
	if dotted && !strings.ContainsAny(first, "@#") {
		w.x.element(name, append(attributes, "comp:idRef", first), func() {
			w.reference("comp:sBaseRef", nil, in.sub(first), rest)
		})
		return
	}
	switch unit, is := strings.CutSuffix(path, "@unit"); {
	case is:
		attributes = append(attributes, "comp:unitRef", unit)
	case strings.ContainsAny(path, "@#"):
		attributes = append(attributes, "comp:metaIdRef", in.metas[path])
	case in.sub(path) != nil || in.changeNamed(path):
		attributes = append(attributes, "comp:idRef", path)
	default:
		attributes = append(attributes, "comp:idRef", in.w.id(path))
	}
	w.x.empty(name, attributes...)
}

// submodels writes the submodels and ports of a model.
func (w *writer) submodels() {
	p := w.comp
	if p == nil {
		return
	}
	list(w, "comp:listOfSubmodels", p.subs, func(s model.Submodel) {
		attributes := []string{"comp:id", s.ID, "comp:modelRef", modelID(s.Module)}
		if s.TimeFactor != "" {
			attributes = append(attributes, "comp:timeConversionFactor", w.id(s.TimeFactor))
		}
		if s.ExtentFactor != "" {
			attributes = append(attributes, "comp:extentConversionFactor", w.id(s.ExtentFactor))
		}
		w.x.element("comp:submodel", attributes, func() {
			list(w, "comp:listOfDeletions", p.deletes[s.ID], func(r compRef) {
				w.reference("comp:deletion", w.change(r), p.sub(s.ID), r.path)
			})
			w.composition(s.ID)
		})
	})
	ports := map[string]bool{}
	list(w, "comp:listOfPorts", p.from.Ports, func(path string) {
		if in, id := p.inside(path); in == nil || in.index[id] == nil && in.sub(id) == nil {
			w.add(diag.Warnf(p.from.At, "the port %s of %s is not written: there is no such element", path, p.from.ID))
			return
		}
		id := strings.NewReplacer(".", separator, "@", separator, "#", "").Replace(path)
		for ports[id] {
			id += "_"
		}
		ports[id] = true
		w.reference("comp:port", []string{"comp:id", id}, p, path)
	})
}
