package sbml

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// replacements reads what the model deletes in its submodels, what its elements replace there
// and what they are replaced by.
func (m *modelReader) replacements() {
	space := m.comp()
	if space == "" {
		return
	}
	m.walk()
	for _, s := range m.submodels {
		if s.sub != nil {
			m.deletions(s)
		}
	}
	var visit func(n *node)
	visit = func(n *node) {
		for _, c := range n.children {
			switch {
			case c.space == space && c.name == "listOfReplacedElements":
				m.compShape(c)
				for _, x := range c.children {
					if x.space == space && x.name == "replacedElement" && m.compShape(x) {
						m.replacedElement(n, x)
					}
				}
			case c.space == space && c.name == "replacedBy":
				if m.compShape(c) {
					m.replacedBy(n, c)
				}
			case c.space != spaceMath && c.name != "notes" && c.name != "annotation":
				visit(c)
			}
		}
	}
	visit(m.n)
}

func (m *modelReader) deletions(s *submodel) {
	list := s.n.childIn(s.n.space, "listOfDeletions")
	if list == nil {
		return
	}
	m.compShape(list)
	for _, n := range list.children {
		if n.space != list.space || n.name != "deletion" || !m.compShape(n) {
			continue
		}
		a := m.resolve(n, s.sub, 0)
		if a == nil {
			continue
		}
		path := s.out.ID + "." + a.path
		id := m.changeID(n)
		switch {
		case a.path == "" || strings.HasSuffix(a.path, "."):
			if a.n.space == m.comp() {
				m.add(diag.Errorf(m.at(n), "taking a <%s> out of a submodel is not supported", a.n.name).WithNote(a.in.at(a.n), "it is here"))
			}
			// otherwise it is an element that the model has no use for, such as a list
		case a.local != "": // without the local parameter its id means the model's element
			m.m.Links = append(m.m.Links, model.Link{A: path, B: s.out.ID + "." + a.local, ID: id, At: m.at(n)})
		case a.present():
			m.m.Deletions = append(m.m.Deletions, model.Deletion{ID: id, Path: path, At: m.at(n)})
		}
	}
}

// changeID is the name by which an outer model can take a deletion or replacement out.
func (m *modelReader) changeID(n *node) string {
	if id := m.text(n, "id"); id != "" {
		return id
	}
	if meta := m.text(n, "metaid"); meta != "" {
		return "#" + meta
	}
	return ""
}

// present tells whether the model has what an address leads to: elements without a formula
// are left out of it.
func (a *address) present() bool {
	path := a.path
	i := strings.LastIndexByte(strings.SplitN(path, "#", 2)[0], '.')
	if at := strings.IndexByte(path, '@'); at >= 0 {
		i = strings.LastIndexByte(path[:at], '.')
	}
	own := path[i+1:]
	if a.n.space != a.in.core {
		return true // of a package: read whole
	}
	id, part, split := strings.Cut(own, "@")
	m := a.in.m
	if !split && !strings.HasPrefix(own, "#") {
		switch a.n.name {
		case "event":
			for _, e := range m.Events {
				if e.ID == id {
					return true
				}
			}
			return false
		case "functionDefinition":
			for _, f := range m.Functions {
				if f.ID == id {
					return true
				}
			}
			return false
		}
		return true
	}
	meta := strings.TrimPrefix(own, "#")
	kind, which, _ := strings.Cut(part, ".")
	switch {
	case kind == "unit":
		for _, u := range m.Units {
			if u.ID == id {
				return true
			}
		}
	case !split:
		for _, r := range m.Rules {
			if r.Meta == meta {
				return true
			}
		}
		for _, c := range m.Constraints {
			if c.Meta == meta {
				return true
			}
		}
	case kind == "rule":
		for _, r := range m.Rules {
			if r.Variable == id {
				return true
			}
		}
	case kind == "initial":
		for _, x := range m.Initials {
			if x.Symbol == id {
				return true
			}
		}
	case kind == "rate":
		for _, r := range m.Reactions {
			if r.ID == id {
				return r.Rate != nil
			}
		}
	case kind == "trigger" || kind == "delay" || kind == "priority" || kind == "set":
		for _, e := range m.Events {
			if e.ID != id {
				continue
			}
			for _, x := range e.Assignments {
				if kind == "set" && x.Variable == which {
					return true
				}
			}
			return kind == "trigger" || kind == "delay" && e.Delay != nil || kind == "priority" && e.Priority != nil
		}
	default:
		return true // species references
	}
	return false
}

// anonymous tells whether a path names a part of an element, or something without an id.
func anonymous(path string) bool {
	return strings.ContainsRune(path, '#') || strings.ContainsRune(path, '@') && !strings.HasSuffix(path, "@unit")
}

// other resolves the submodel and element that a replacement names.
func (m *modelReader) other(x *node) (*submodel, *address) {
	id := m.text(x, "submodelRef")
	var s *submodel
	var known []string
	for _, c := range m.submodels {
		known = append(known, c.out.ID)
		if c.out.ID == id {
			s = c
		}
	}
	if s == nil {
		m.add(diag.Errorf(m.atAttr(x, "submodelRef"), "there is no submodel %s", short(id)).WithHelp("%s", diag.DidYouMean(id, known)))
		return nil, nil
	}
	if s.sub == nil {
		return nil, nil // reported already
	}
	if x.attr("deletion") != nil {
		return s, nil
	}
	a := m.resolve(x, s.sub, 0)
	if a != nil && a.path == "" && a.n.space != m.core && a.n.space != m.comp() {
		return s, nil // of a package that is not read
	}
	if a != nil && a.path == "" {
		m.add(diag.Errorf(m.at(x), "<%s> cannot be replaced here", a.n.name).WithNote(a.in.at(a.n), "it is here"))
		a = nil
	}
	return s, a
}

// replacedElement reads that n takes the place of an element of a submodel.
func (m *modelReader) replacedElement(n, x *node) {
	s, a := m.other(x)
	if s == nil {
		return
	}
	if d := m.text(x, "deletion"); x.attr("deletion") != nil {
		for _, c := range s.n.children {
			for _, y := range c.children {
				if c.name == "listOfDeletions" && m.text(y, "id") == d {
					return // it says which element stands for the deleted one, and changes nothing
				}
			}
		}
		m.add(diag.Errorf(m.atAttr(x, "deletion"), "submodel %s has no deletion %s", s.out.ID, short(d)))
		return
	}
	if a == nil {
		return
	}
	own := m.addresses[n]
	path := s.out.ID + "." + a.path
	factor := ""
	if x.attr("conversionFactor") != nil {
		factor = m.refer(x, "conversionFactor", aParameter)
	}
	switch {
	case anonymous(path) || own == "" || anonymous(own):
		if factor != "" {
			m.add(diag.Errorf(m.atAttr(x, "conversionFactor"), "a <%s> has no value to convert", a.n.name))
			return
		}
		if a.present() { // nothing refers to it by id: taking it out is all
			m.m.Deletions = append(m.m.Deletions, model.Deletion{ID: m.changeID(x), Path: path, At: m.at(x)})
		}
	case strings.HasSuffix(path, "@unit"):
		// Units are written out on the elements, so that nothing refers to the definition.
		if inner, outer := a.in.units[m.text(a.n, "id")], m.units[m.text(n, "id")]; inner.text != outer.text {
			m.add(diag.Warnf(m.at(x), "the unit %s of %s is replaced by %s, which is another unit (%s, not %s): elements of %s keep theirs",
				m.text(a.n, "id"), s.out.ID, m.text(n, "id"), outer.text, inner.text, s.out.ID).WithHelp("give the submodel conversion factors"))
		}
	case !a.present() || !m.address(n).present(): // units that are not known, functions without a formula
	default:
		m.m.Links = append(m.m.Links, model.Link{A: path, B: own, Factor: factor, Inherit: true, ID: m.changeID(x), At: m.at(x)})
	}
}

// replacedBy reads that an element of a submodel takes the place of n.
func (m *modelReader) replacedBy(n, x *node) {
	s, a := m.other(x)
	if s == nil || a == nil {
		return
	}
	own := m.addresses[n]
	path := s.out.ID + "." + a.path
	switch {
	case own == "":
	case anonymous(own) || anonymous(path):
		if m.address(n).present() {
			m.m.Deletions = append(m.m.Deletions, model.Deletion{ID: m.changeID(x), Path: own, At: m.at(x)})
		}
	case !a.present() || !m.address(n).present():
	default:
		m.m.Links = append(m.m.Links, model.Link{A: own, B: path, KeepName: true, Inherit: true, ID: m.changeID(x), At: m.at(x)})
	}
}

// compShapes tells what the elements of comp hold, in the language of shapes.
var compShapes = func() map[string]shape {
	out := map[string]shape{}
	ref := "portRef idRef unitRef metaIdRef"
	for name, s := range map[string][2]string{
		"listOfModelDefinitions":         {"", "modelDefinition"},
		"listOfExternalModelDefinitions": {"", "externalModelDefinition"},
		"externalModelDefinition":        {"id!11 name source!11 modelRef md5", ""},
		"listOfSubmodels":                {"", "submodel"},
		"submodel":                       {"id!11 name modelRef!11 timeConversionFactor extentConversionFactor", "listOfDeletions listOfReplacedElements replacedBy"},
		"listOfDeletions":                {"", "deletion"},
		"deletion":                       {"id name " + ref, "sBaseRef listOfReplacedElements replacedBy"},
		"listOfPorts":                    {"", "port"},
		"port":                           {"id!11 name " + ref, "sBaseRef listOfReplacedElements replacedBy"},
		"sBaseRef":                       {ref, "sBaseRef"},
		"listOfReplacedElements":         {"", "replacedElement"},
		"replacedElement":                {"id name submodelRef!11 deletion conversionFactor " + ref, "sBaseRef"},
		"replacedBy":                     {"id name submodelRef!11 " + ref, "sBaseRef"},
	} {
		out[name] = shape{members(s[0]), members(s[1])}
	}
	return out
}()

// compShape reports what an element of comp holds that comp does not know, and what it
// lacks; false when it cannot be read.
func (r *reader) compShape(n *node) bool {
	s, ok := compShapes[n.name]
	if !ok {
		r.add(diag.Errorf(r.at(n), "there is no element <%s> in the package comp", n.name).WithHelp("%s", diag.DidYouMean(n.name, keys(compShapes))))
		return false
	}
	for i := range n.attrs {
		a := &n.attrs[i]
		if a.space != "" && a.space != n.space || find(s.attrs, a.name) != nil || find(everywhere, a.name) != nil {
			continue
		}
		r.add(diag.Errorf(r.src.At(int(a.start), int(a.end)), "<%s> has no attribute %s", n.name, a.name).WithHelp("%s", diag.DidYouMean(a.name, r.names(s.attrs))))
	}
	for _, m := range s.attrs {
		if m.must > 0 && n.attr(m.name) == nil {
			r.add(diag.Errorf(r.at(n), "<%s> lacks the attribute %s", n.name, m.name))
			return false
		}
	}
	for _, c := range n.children {
		if c.name == "notes" || c.name == "annotation" || c.space != n.space || find(s.children, c.name) != nil {
			continue
		}
		r.add(diag.Errorf(r.at(c), "<%s> has no element <%s>", n.name, c.name).WithHelp("%s", diag.DidYouMean(c.name, r.names(s.children))))
	}
	return true
}
