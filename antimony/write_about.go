package antimony

import (
	"fmt"
	"strings"

	"thymus/model"
)

// functionID is what stands in the text for the id of a function.
func (w *writer) functionID(id string) string {
	if w.called == nil {
		w.called = map[string]string{}
	}
	if to, ok := w.called[id]; ok {
		return to
	}
	to := id
	if reserved(id) != "" || !validID(id) || specialUnits[id] {
		to = w.moduleID(id)
	}
	for _, m := range w.doc.Modules {
		if m.ID == to {
			to += "_"
			w.warn(m.At, "function %s is written %s: a model has that id", id, to)
		}
	}
	w.called[id] = to
	return to
}

// parameters writes the arguments of a function; its body gets the same names.
func (w *writer) parameters(f model.Function) string {
	w.names = nil
	w.taken = map[string]bool{}
	for _, p := range f.Params {
		w.taken[p] = true
	}
	out := make([]string, len(f.Params))
	for i, p := range f.Params {
		if specialUnits[p] { // no unit can be meant in a function
			w.names = map[string]string{}
			for u := range specialUnits {
				w.names[u] = u
			}
		}
		out[i] = w.id(p)
	}
	return strings.Join(out, ", ")
}

// aboutFunction lists the annotations of a function, which stand in any of the models.
func (w *writer) aboutFunction(id string) []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range w.doc.Modules {
		for _, a := range m.Annotations {
			if a.Element != id || w.isElement(m, id) {
				continue
			}
			text, ok := w.term(a)
			if ok && !seen[text] {
				seen[text] = true
				out = append(out, text)
			}
		}
		for _, n := range m.Notes {
			text := "notes " + quote(n.Text)
			if n.Element == id && !w.isElement(m, id) && !seen[text] {
				seen[text] = true
				out = append(out, text)
			}
		}
	}
	return out
}

func (w *writer) isFunction(id string) bool {
	for i := range w.doc.Functions {
		if w.doc.Functions[i].ID == id {
			return true
		}
	}
	return false
}

func (w *writer) isElement(m *model.Module, id string) bool {
	for i := range m.Parameters {
		if m.Parameters[i].ID == id {
			return true
		}
	}
	for i := range m.Species {
		if m.Species[i].ID == id {
			return true
		}
	}
	for i := range m.Compartments {
		if m.Compartments[i].ID == id {
			return true
		}
	}
	for i := range m.Reactions {
		if m.Reactions[i].ID == id {
			return true
		}
	}
	for i := range m.Events {
		if m.Events[i].ID == id {
			return true
		}
	}
	for i := range m.Submodels {
		if m.Submodels[i].ID == id {
			return true
		}
	}
	return false
}

// hasPart tells whether a submodel has an element of that id.
func (w *writer) hasPart(submodel, id string) bool {
	for _, s := range w.m.Submodels {
		for _, def := range w.doc.Modules {
			if s.ID == submodel && def.ID == s.Module && w.isElement(def, id) {
				return true
			}
		}
	}
	return false
}

// said tells whether the text speaks of an element, so that more can be said about it.
func (w *writer) said(id string) bool {
	if strings.Contains(id, ".") || w.isElement(w.m, id) {
		return true
	}
	for _, u := range w.unitDef {
		if u.id == id {
			return true
		}
	}
	for _, c := range w.m.Constraints {
		if c.ID == id && id != "" {
			return true
		}
	}
	return false
}

func (w *writer) annotations() {
	for _, a := range w.m.Annotations {
		about := a.Element == w.m.ID || a.Element == ""
		switch {
		case about && (w.m.ID == "" || w.m.ID == mainID):
			w.warn(a.At, "annotations of the model are not written, because it has no id")
			continue
		case !about && w.isFunction(a.Element):
			continue // stands with the function
		case !about && !w.said(a.Element):
			w.warn(a.At, "annotations of %s are not written: Antimony has no such element", a.Element)
			continue
		}
		text, ok := w.term(a)
		if !ok {
			continue
		}
		if about { // a statement about the model ends with its line only
			if strings.HasPrefix(text, ".") {
				w.line("model%s", text)
			} else {
				w.line("model %s", text)
			}
			continue
		}
		if rest, ok := strings.CutPrefix(text, ".sboTerm"); ok {
			word := ".sboTerm"
			if w.hasPart(a.Element, "sboTerm") { // which is meant then, unless it is spelled otherwise
				word = ".SBOTerm"
			}
			w.line("%s%s%s;", w.id(a.Element), word, rest)
		} else {
			w.line("%s %s;", w.id(a.Element), text)
		}
	}
}

// term writes what an annotation says of its element; false when Antimony has no word for it.
func (w *writer) term(a model.Annotation) (string, bool) {
	if len(a.Resources) == 0 {
		return "", false
	}
	if a.Qualifier == "sboTerm" {
		return ".sboTerm = " + a.Resources[0], true
	}
	word := a.Qualifier
	if q, ok := qualifierWords[word]; ok {
		word = q
	}
	head, part, dotted := strings.Cut(word, ".")
	known := qualifiers[word] != "" || dotted && strings.HasPrefix(head, "creator") && validID(head) && creatorParts[part]
	if !known || (word == "created" || word == "modified") && !isDate(a.Resources[0]) {
		w.warn(a.At, "the annotation term %s is not written: Antimony has no word for it", a.Qualifier)
		return "", false
	}
	if a.Qualifier == "modelIsDescribedBy" {
		w.warn(a.At, "whether isDescribedBy speaks of a model or of what it models is not written")
	}
	texts := make([]string, len(a.Resources))
	for i, r := range a.Resources {
		texts[i] = quote(r)
	}
	return word + " " + strings.Join(texts, ", "), true
}

// notes writes notes of elements and of the model.
func (w *writer) notes(bare bool) {
	for _, n := range w.m.Notes {
		if strings.Contains(n.Text, "```") {
			w.warn(w.m.At, "three backticks in notes are written as three quotes")
		}
		switch {
		case n.Element != "" && n.Element != w.m.ID && w.said(n.Element):
			w.line("%s notes %s;", w.id(n.Element), quote(n.Text))
		case n.Element != "" && w.isFunction(n.Element): // stands with the function
		case n.Element != "" && n.Element != w.m.ID:
			w.warn(w.m.At, "notes of %s are not written: Antimony has no such element", n.Element)
		case bare:
			w.warn(w.m.At, "notes of the model are not written, because it has no id")
		default:
			w.line("model notes %s", quote(n.Text))
		}
	}
}

// uncertain writes what is known of the spread of elements.
func (w *writer) uncertain() {
	for _, u := range w.m.Uncertain {
		if u.Element == "" || u.Element == w.m.ID || !w.said(u.Element) {
			w.warn(u.At, "uncertainties of %q are not written: Antimony has no such element", u.Element)
			continue
		}
		seen := map[string]bool{}
		for _, p := range u.Parts {
			path := w.id(u.Element) + "." + p.Kind
			switch {
			case uncertainty[p.Kind] != p.Kind:
				w.warn(p.At, "the uncertainty %s of %s is not written: Antimony has no word for it", p.Kind, u.Element)
				continue
			case seen[p.Kind]:
				w.warn(p.At, "%s has several uncertainties of the kind %s; only the first is written", u.Element, p.Kind)
				continue
			case len(p.Parts) > 0:
				w.warn(p.At, "the parts of the uncertainty %s of %s are not written", p.Kind, u.Element)
			}
			seen[p.Kind] = true
			if p.ID != "" {
				w.warn(p.At, "the id of the uncertainty %s of %s is not written", p.Kind, u.Element)
			}
			point := func(x *model.Expr) string {
				if x.Kind == model.Number && p.Unit != "" && x.Unit == "" {
					c := *x
					c.Unit = p.Unit
					x = &c
				}
				return w.formula(x)
			}
			switch {
			case p.Lower != nil && p.Upper != nil:
				w.line("%s = {%s, %s};", path, point(p.Lower), point(p.Upper))
			case p.Lower != nil || p.Upper != nil:
				w.warn(p.At, "the uncertainty %s of %s has only one end and is not written", p.Kind, u.Element)
			case p.Value != nil && p.Kind == "distribution":
				w.line("%s = %s;", path, w.formula(p.Value))
			case p.Value != nil:
				w.line("%s = %s;", path, point(p.Value))
			case p.Math != nil && (p.Kind == "distribution" || p.Kind == "externalParameter"):
				w.line("%s = %s;", path, w.formula(p.Math))
			case p.Math != nil:
				w.warn(p.At, "the uncertainty %s of %s is a formula and is not written", p.Kind, u.Element)
			}
			byURL := p.Kind == "distribution" || p.Kind == "externalParameter"
			switch {
			case byURL && p.URL != "":
				w.line("%s is %s;", path, quote(p.URL))
			case !byURL && p.Name != "":
				w.line("%s is %s;", path, quote(p.Name))
			}
			if byURL && p.Name != "" || !byURL && p.URL != "" {
				w.warn(p.At, "a name or address of the uncertainty %s of %s is not written", p.Kind, u.Element)
			}
		}
	}
}

// submodels writes instances, links and deletions.
func (w *writer) submodels() {
	m := w.m
	within := map[string]string{} // the compartment that a submodel is in
	for _, l := range m.Links {
		if sub, ok := strings.CutSuffix(l.A, "."+defaultCompartment); ok && l.Factor == "" && w.implicitDefault(sub) {
			within[sub] = l.B
		}
	}
	written := map[string]bool{}
	for _, s := range m.Submodels {
		args := make([]string, len(s.Args))
		for i, a := range s.Args {
			if a == "" {
				if a = w.portLink(s, i); a != "" {
					written[s.ID+"."+w.portOf(s, i)] = true
				}
			}
			if a == "" { // a number, which stands below as the value of the port
				args[i] = w.portNumber(s, i)
			} else {
				args[i] = w.id(a)
			}
		}
		text := fmt.Sprintf("%s: %s(%s)", w.id(s.ID), w.moduleID(s.Module), strings.Join(args, ", "))
		if s.TimeFactor != "" {
			text += ", timeconv = " + w.idOrNumber(s.TimeFactor)
		}
		if s.ExtentFactor != "" {
			text += ", extentconv = " + w.idOrNumber(s.ExtentFactor)
		}
		if to := within[s.ID]; to != "" && to != defaultCompartment {
			text += " in " + w.id(to)
		}
		w.line("%s;", text)
	}
	for _, l := range m.Links {
		if sub, ok := strings.CutSuffix(l.A, "."+defaultCompartment); ok && within[sub] != "" {
			continue
		}
		if written[l.A] {
			continue
		}
		a := w.id(l.A)
		if l.Factor != "" {
			a += " * " + w.id(l.Factor)
		}
		w.line("%s is %s;", a, w.id(l.B))
	}
	for _, d := range m.Deletions {
		if sub, ok := strings.CutSuffix(d.Path, "."+defaultCompartment); ok && w.implicitDefault(sub) {
			continue
		}
		if !strings.Contains(d.Path, "@") || strings.HasSuffix(d.Path, "@unit") {
			path := strings.TrimSuffix(strings.ReplaceAll(d.Path, "#", ""), "@unit")
			w.line("delete %s;", w.id(path))
		}
	}
}

// portOf is the id of a port of a submodel, "" when there is none.
func (w *writer) portOf(s model.Submodel, i int) string {
	for _, def := range w.doc.Modules {
		if def.ID == s.Module && i < len(def.Ports) {
			return def.Ports[i]
		}
	}
	return ""
}

// portLink is what a port without an argument is linked to, "" when it is not.
func (w *writer) portLink(s model.Submodel, i int) string {
	port := w.portOf(s, i)
	for _, l := range w.m.Links {
		if port != "" && l.A == s.ID+"."+port && l.Factor == "" {
			return l.B
		}
	}
	return ""
}

func (w *writer) idOrNumber(s string) string {
	if s != "" && (letter(s[0])) {
		return w.id(s)
	}
	return s
}

// implicitDefault tells whether a submodel, one level down, has a default compartment that
// is not written.
func (w *writer) implicitDefault(id string) bool {
	for _, s := range w.m.Submodels {
		if s.ID != id {
			continue
		}
		for _, def := range w.doc.Modules {
			if def.ID == s.Module {
				inner := &writer{doc: w.doc}
				inner.begin(def)
				return inner.defaultHidden()
			}
		}
	}
	return false
}

// unsets writes the values and rules of submodels that are taken away.
func (w *writer) unsets() {
	for _, d := range w.m.Deletions {
		id, part, ok := strings.Cut(d.Path, "@")
		if !ok {
			continue
		}
		switch part {
		case "rule":
			w.line("%s := ;", w.id(id))
		case "initial", "value", "rate":
			w.line("%s = ;", w.id(id))
		}
	}
}
