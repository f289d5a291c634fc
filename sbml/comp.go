package sbml

import (
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// Bounds of hierarchical models.
const (
	maxFiles = 100 // of external model definitions
	maxHops  = 64  // of a reference through ports, submodels and external definitions
)

// separator stands between submodel and element in flat ids, as libSBML writes them.
const separator = "__"

// library is what a document and the ones it refers to share.
type library struct {
	files map[string]*reader // by the name of the source
	order []*reader
}

// external is an external model definition: a model of another document.
type external struct {
	n        *node
	document *reader
	modelRef string // "" for the document's own model
}

// address is what a reference leads to, as seen from the module that the reference is in.
type address struct {
	path string       // in the language of model.Module
	n    *node        // the element
	in   *modelReader // whose element it is
	sub  *modelReader // the model of a submodel
	// local is the id that a local parameter hides while it is there.
	local string
}

// comp is the namespace of hierarchical composition, "" when the document does not use it.
func (r *reader) comp() string { return r.has("comp") }

// definitions reads the model definitions beside the document's model.
func (r *reader) definitions() {
	space := r.comp()
	if space == "" {
		return
	}
	r.defined = map[string]*modelReader{}
	r.externals = map[string]*external{}
	seen := map[string]diag.Place{}
	fresh := func(n *node) string {
		id := r.text(n, "id")
		if id == "" {
			r.add(diag.Errorf(r.at(n), "<%s> lacks the attribute id", n.name))
			return ""
		}
		if first, twice := seen[id]; twice {
			r.add(diag.Errorf(r.atAttr(n, "id"), "two models have the id %s", id).WithNote(first, "the other"))
			return ""
		}
		seen[id] = r.atAttr(n, "id")
		return id
	}
	for _, list := range r.root.children {
		if list.space != space {
			continue
		}
		if !r.compShape(list) {
			continue
		}
		for _, n := range list.children {
			switch {
			case n.space != space:
			case list.name == "listOfModelDefinitions" && n.name == "modelDefinition":
				if id := fresh(n); id != "" {
					coreNode := *n // its content is that of a <model>
					coreNode.space, coreNode.name = r.core, "model"
					r.defined[id] = r.readModel(&coreNode)
				}
			case list.name == "listOfExternalModelDefinitions" && n.name == "externalModelDefinition":
				if id := fresh(n); id != "" {
					r.external(id, n)
				}
			}
		}
	}
}

// external finds the text of an external model definition and reads it.
func (r *reader) external(id string, n *node) {
	r.compShape(n)
	source := r.text(n, "source")
	if source == "" {
		r.add(diag.Errorf(r.at(n), "the external model definition %s names no source", id))
		return
	}
	at := r.atAttr(n, "source")
	if r.imports == nil {
		r.add(diag.Errorf(at, "the model is in another file, %s, which cannot be read from here", short(source)))
		return
	}
	src, err := r.imports(source, at)
	if err != nil {
		r.add(diag.Errorf(at, "cannot read the external model definition %s from %s", id, short(source)).WithHelp("%v", err))
		return
	}
	x := &external{n: n, modelRef: r.text(n, "modelRef"), document: r.library.files[src.Name]}
	if x.document == nil {
		if len(r.library.files) >= maxFiles {
			r.add(diag.Errorf(at, "the model is spread over more than %d files", maxFiles))
			return
		}
		other := &reader{src: src, imports: r.imports, doc: &model.Document{}, library: r.library}
		x.document = other
		r.library.files[src.Name] = other
		r.library.order = append(r.library.order, other)
		other.load()
		for _, m := range other.ms {
			r.add(m)
		}
		other.ms = nil
	}
	r.externals[id] = x
}

// find is the model that an id of the document means, with its reader; nil when there is none.
func (r *reader) find(id string, hops int) *modelReader {
	if m := r.defined[id]; m != nil {
		return m
	}
	if m := r.main; m != nil && m.given == id {
		return m
	}
	x := r.externals[id]
	if x == nil || hops > maxHops {
		return nil
	}
	if x.modelRef == "" {
		return x.document.main
	}
	return x.document.find(x.modelRef, hops+1)
}

// modelIDs lists what a modelRef may name.
func (r *reader) modelIDs() []string {
	out := append(keys(r.defined), keys(r.externals)...)
	if r.main != nil && r.main.given != "" {
		out = append(out, r.main.given)
	}
	return sorted(out)
}

// link reads what models say of one another, and puts those that are used into the
// document: the definitions of the text first, its own model last.
func (r *reader) link() {
	r.doc.Separator = separator
	queue := []*modelReader{}
	taken := map[string]bool{}
	put := func(m *modelReader) {
		if m.linked {
			return
		}
		m.linked = true
		for m.m.ID == "" || taken[m.m.ID] {
			m.m.ID += "_"
		}
		taken[m.m.ID] = true
		queue = append(queue, m)
	}
	for _, m := range r.models {
		put(m)
	}
	for i := 0; i < len(queue); i++ {
		for _, s := range queue[i].submodels {
			s.sub = queue[i].find(s.modelRef, 0)
			if s.sub == nil {
				queue[i].add(diag.Errorf(queue[i].atAttr(s.n, "modelRef"), "there is no model %s", short(s.modelRef)).WithHelp("%s", diag.DidYouMean(s.modelRef, queue[i].modelIDs())))
				continue
			}
			put(s.sub)
			s.out.Module = s.sub.m.ID
		}
	}
	for _, m := range queue {
		for _, s := range m.submodels {
			if s.sub != nil {
				m.m.Submodels = append(m.m.Submodels, s.out)
			}
		}
	}
	for _, m := range queue {
		m.ports()
		m.replacements()
	}
	for _, m := range queue[len(r.models):] {
		r.doc.Modules = append(r.doc.Modules, m.m)
	}
	for _, m := range r.models {
		if m != r.main {
			r.doc.Modules = append(r.doc.Modules, m.m)
		}
	}
	if r.main != nil {
		r.main.m.Main = true
		r.doc.Modules = append(r.doc.Modules, r.main.m)
	}
	for _, other := range r.library.order {
		if other != r {
			for _, m := range other.ms {
				r.add(m)
			}
		}
	}
}

// submodel is one of a model, while it is read.
type submodel struct {
	n        *node
	modelRef string
	out      model.Submodel
	sub      *modelReader
}

// findSubmodels notes the submodels of a model, whose ids are of the model's one namespace.
func (m *modelReader) findSubmodels() {
	space := m.comp()
	if space == "" {
		return
	}
	for _, list := range m.n.children {
		if list.space != space {
			continue
		}
		switch list.name {
		case "listOfSubmodels":
			m.compShape(list)
			for _, n := range list.children {
				if n.space == space && n.name == "submodel" && m.compShape(n) {
					m.submodel(n)
				}
			}
		case "listOfPorts":
			m.compShape(list)
			for _, n := range list.children {
				if n.space == space && n.name == "port" && m.compShape(n) {
					id := m.text(n, "id")
					if m.portNodes[id] != nil {
						m.add(diag.Errorf(m.at(n), "two ports have the id %s", id))
						continue
					}
					m.portNodes[id] = n
					m.portOrder = append(m.portOrder, n)
				}
			}
		}
	}
}

func (m *modelReader) submodel(n *node) {
	id := m.text(n, "id")
	if !isID(id) {
		m.add(diag.Errorf(m.atAttr(n, "id"), "%q is no identifier for a submodel", short(id)))
		return
	}
	if old := m.ids[id]; old != nil {
		m.add(diag.Errorf(m.atAttr(n, "id"), "the id %s is used twice", id).WithNote(old.at, "the other, of %s", kindNames[old.kind]))
		return
	}
	m.ids[id] = &entry{kind: aSubmodel, flat: id, n: n, at: m.atAttr(n, "id")}
	m.flat[id] = true
	m.submodels = append(m.submodels, &submodel{n: n, modelRef: m.text(n, "modelRef"), out: model.Submodel{ID: id, At: m.at(n)}})
}

// factorsOfSubmodels reads conversion factors, when the model's parameters are known.
func (m *modelReader) factorsOfSubmodels() {
	for _, s := range m.submodels {
		if s.n.attr("timeConversionFactor") != nil {
			s.out.TimeFactor = m.refer(s.n, "timeConversionFactor", aParameter)
		}
		if s.n.attr("extentConversionFactor") != nil {
			s.out.ExtentFactor = m.refer(s.n, "extentConversionFactor", aParameter)
		}
		m.about(s.n, s.out.ID)
	}
}

// ports writes a model's ports as paths.
func (m *modelReader) ports() {
	for _, n := range m.portOrder {
		if a := m.resolve(n, m, 0); a != nil {
			m.m.Ports = append(m.m.Ports, a.path)
		}
	}
}

// resolve finds what an SBaseRef (or port, deletion, replacement) in m leads to in the model
// target.
func (m *modelReader) resolve(n *node, target *modelReader, hops int) *address {
	if hops > maxHops {
		m.add(diag.Errorf(m.at(n), "the reference goes through more than %d ports and submodels", maxHops))
		return nil
	}
	var a *address
	found := ""
	for _, attribute := range []string{"portRef", "idRef", "unitRef", "metaIdRef"} {
		if n.attr(attribute) == nil {
			continue
		}
		if found != "" {
			m.add(diag.Errorf(m.at(n), "<%s> has both %s and %s; it refers to one thing", n.name, found, attribute))
			return nil
		}
		found = attribute
		id := m.text(n, attribute)
		var known []string
		switch attribute {
		case "portRef":
			if p := target.portNodes[id]; p != nil {
				if a = target.resolve(p, target, hops+1); a == nil {
					return nil
				}
			}
			known = keys(target.portNodes)
		case "idRef":
			a, known = target.byID(id)
		case "unitRef":
			a, known = target.byUnit(id)
		case "metaIdRef":
			a, known = target.byMeta(id)
		}
		if a == nil {
			m.add(diag.Errorf(m.atAttr(n, attribute), "%s: model %s has no %s", attribute, target.m.ID, short(id)).WithHelp("%s", diag.DidYouMean(id, sorted(known))))
			return nil
		}
	}
	if found == "" {
		m.add(diag.Errorf(m.at(n), "<%s> refers to nothing", n.name).WithHelp("it has one of portRef, idRef, unitRef, metaIdRef"))
		return nil
	}
	child := n.childIn(n.space, "sBaseRef")
	if child == nil {
		return a
	}
	m.compShape(child)
	if a.sub == nil {
		m.add(diag.Errorf(m.at(child), "<sBaseRef> looks inside of %s, which is no submodel", short(a.path)))
		return nil
	}
	inner := m.resolve(child, a.sub, hops+1)
	if inner == nil {
		return nil
	}
	b := *inner
	b.path = a.path + "." + inner.path
	if inner.local != "" {
		b.local = a.path + "." + inner.local
	}
	return &b
}

// byID is the element of the model's one namespace with an id.
func (m *modelReader) byID(id string) (*address, []string) {
	if e := m.ids[id]; e != nil {
		return m.address(e.n), nil
	}
	m.walk()
	if n := m.altered[id]; n != nil {
		return m.address(n), nil
	}
	return nil, keys(m.ids)
}

func (m *modelReader) byUnit(id string) (*address, []string) {
	var known []string
	for _, n := range m.n.list("listOfUnitDefinitions") {
		if u := m.text(n, "id"); u == id {
			return &address{path: id + "@unit", n: n, in: m}, nil
		} else if u != "" {
			known = append(known, u)
		}
	}
	return nil, known
}

func (m *modelReader) byMeta(meta string) (*address, []string) {
	m.walk()
	n := m.metaNodes[meta]
	if n == nil {
		return nil, keys(m.metaNodes)
	}
	return m.address(n), nil
}

// address is the path of an element of the model; the path is "" for what has no part in it.
func (m *modelReader) address(n *node) *address {
	m.walk()
	a := &address{path: m.addresses[n], n: n, in: m, local: m.hides[n]}
	for _, s := range m.submodels {
		if s.n == n {
			a.sub = s.sub
		}
	}
	return a
}

// walk gives every element of the model its path.
func (m *modelReader) walk() {
	if m.addresses != nil {
		return
	}
	m.addresses, m.metaNodes, m.hides = map[*node]string{}, map[string]*node{}, map[*node]string{}
	m.altered, m.siblings = map[string]*node{}, map[*node][]*node{}
	for _, s := range m.submodels {
		m.addresses[s.n] = s.out.ID
	}
	var visit func(n *node, owner, inside string)
	visit = func(n *node, owner, inside string) {
		if meta := m.text(n, "metaid"); meta != "" {
			if _, twice := m.metaNodes[meta]; !twice {
				m.metaNodes[meta] = n
			}
		}
		if n.space == spaceMath || n.name == "annotation" || n.name == "notes" {
			return
		}
		if n.space != m.core {
			if id := m.text(n, "id"); id != "" && m.altered[id] == nil && n.name != "port" {
				m.altered[id] = n
			}
			if path := m.packaged(n, inside); path != "" {
				m.addresses[n], inside = path, path
			}
			for _, c := range n.children {
				visit(c, owner, inside)
			}
			return
		}
		path := ""
		switch n.name {
		case "functionDefinition", "compartment", "species", "reaction":
			path = m.own(n)
		case "parameter", "localParameter":
			if path = m.paths[n]; path == "" {
				path = m.own(n)
			} else if id := m.text(n, "id"); m.ids[id] != nil {
				m.hides[n] = m.ids[id].flat
			}
		case "event":
			path = m.paths[n]
		case "unitDefinition":
			path = m.text(n, "id") + "@unit"
		case "assignmentRule", "rateRule":
			path = m.flatID(m.text(n, "variable")) + "@rule"
		case "initialAssignment":
			path = m.flatID(m.text(n, "symbol")) + "@initial"
		case "algebraicRule", "constraint":
			if meta := m.text(n, "metaid"); meta != "" {
				path = "#" + meta
			} else {
				path = m.own(n)
			}
		case "kineticLaw":
			path = owner + "@rate"
		case "trigger", "delay", "priority":
			path = owner + "@" + n.name
		case "eventAssignment":
			path = owner + "@set." + m.flatID(m.text(n, "variable"))
		case "listOfReactants", "listOfProducts", "listOfModifiers":
			what := map[string]string{"listOfReactants": "reactant", "listOfProducts": "product", "listOfModifiers": "modifier"}[n.name]
			i := 0
			for _, c := range n.children {
				if c.space == m.core && strings.HasSuffix(c.name, "peciesReference") {
					m.addresses[c] = owner + "@" + what + "." + strconv.Itoa(i)
					if e := m.ids[m.text(c, "id")]; e != nil && e.n == c && e.kind == aReference && m.version >= 30 {
						m.addresses[c] = e.flat
					}
					i++
				}
			}
		}
		if path != "" {
			m.addresses[n], inside = path, path
		}
		if n.name == "reaction" || n.name == "event" {
			owner = path
		}
		for _, c := range n.children {
			visit(c, owner, inside)
		}
	}
	for _, c := range m.n.children {
		visit(c, "", "")
	}
}

// packaged is the path of an element of a package, "" when it has none. inside is the path of
// the element that holds it.
func (m *modelReader) packaged(n *node, inside string) string {
	count := func(name string) string { // its place among those that its list holds
		i := 0
		for _, x := range m.siblings[n] {
			if x == n {
				break
			}
			if x.space == n.space && x.name == name {
				i++
			}
		}
		return strconv.Itoa(i)
	}
	for _, c := range n.children {
		m.siblings[c] = n.children
	}
	switch n.space {
	case m.comp():
		switch n.name {
		case "deletion", "replacedElement", "replacedBy":
			return m.changeID(n)
		}
	case m.has("fbc"):
		switch n.name {
		case "objective", "geneProduct":
			return m.text(n, "id")
		case "fluxObjective":
			return inside + "@term." + count(n.name)
		case "fluxBound":
			side := map[string]string{"lessEqual": "upper", "less": "upper", "greaterEqual": "lower", "greater": "lower", "equal": "bounds"}
			return m.flatID(m.text(n, "reaction")) + "@" + side[m.text(n, "operation")]
		}
	case m.has("distrib"):
		switch n.name {
		case "uncertainty":
			return inside + "@spread." + count(n.name)
		case "uncertParameter", "uncertSpan":
			return m.text(n, "id")
		}
	}
	return ""
}
