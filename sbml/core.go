package sbml

import (
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// kind is what an id of a model stands for.
type kind uint8

const (
	aCompartment kind = iota
	aSpecies
	aParameter
	aReaction
	aReference // a species reference
	aFunction
	anEvent
	aSubmodel
	aType // compartment or species type, and other elements without a value
)

var kindNames = [...]string{"a compartment", "a species", "a parameter", "a reaction", "a species reference", "a function", "an event", "a submodel", "a type"}

// entry is one id of a model.
type entry struct {
	kind kind
	flat string // the id in the model.Model, where it cannot be the same
	n    *node
	at   diag.Place
}

// modelReader reads one model element.
type modelReader struct {
	*reader
	n       *node
	m       *model.Module
	ids     map[string]*entry
	metas   map[string]*node
	flat    map[string]bool // ids that are used in the model.Model
	units   map[string]unitText
	params  map[string]int  // of each function
	changes map[string]bool // variables of rules, Level 1
	bounds  map[*node]fluxBound
	foreign map[string]string // functions of other formats, by definitionURL

	// Of comp: see comp.go.
	given     string           // the id as it is written, "" when there is none
	paths     map[*node]string // ids of the model.Model that the text does not write
	submodels []*submodel
	portNodes map[string]*node
	portOrder []*node
	addresses map[*node]string
	metaNodes map[string]*node
	hides     map[*node]string
	altered   map[string]*node // deletions, replacements and elements of packages
	siblings  map[*node][]*node
	linked    bool
}

// readModel reads a <model> element (or a model definition of comp).
func (r *reader) readModel(n *node) *modelReader {
	m := &modelReader{reader: r, n: n, m: &model.Module{At: r.at(n)}, ids: map[string]*entry{}, metas: map[string]*node{},
		flat: map[string]bool{model.Time: true, model.Avogadro: true}, units: map[string]unitText{}, params: map[string]int{}, changes: map[string]bool{},
		paths: map[*node]string{}, portNodes: map[string]*node{}}
	r.models = append(r.models, m)
	r.check(n)
	m.m.ID = m.idOf(n)
	m.m.Name = m.nameOf(n)
	m.given = m.m.ID
	if m.m.ID == "" {
		m.m.ID = "main"
	}
	for _, c := range n.children {
		if holds, ok := lists[c.name]; ok && c.space == r.core {
			r.checkList(c, holds)
		}
	}
	m.index()
	m.findSubmodels()
	m.readUnits()
	m.defaults()
	m.about(n, m.m.ID)
	m.functions()
	m.each("listOfCompartments", m.compartment)
	m.each("listOfSpecies", m.species)
	m.each("listOfParameters", m.parameter)
	m.each("listOfRules", m.rule)
	m.each("listOfInitialAssignments", m.initial)
	m.each("listOfConstraints", m.constraint)
	m.fluxBounds()
	m.each("listOfReactions", m.reaction)
	m.each("listOfEvents", m.event)
	m.finishLevel1()
	m.fluxBalance()
	m.factorsOfSubmodels()
	return m
}

// checkList reports what does not belong in a list, and in the elements of it.
func (r *reader) checkList(n *node, holds string) {
	r.check(n)
	for _, c := range n.children {
		if c.space == r.core {
			r.check(c)
		}
	}
}

// each calls f for the elements of a list.
func (m *modelReader) each(list string, f func(n *node)) {
	for _, c := range m.n.list(list) {
		if c.space == m.core && c.name != "notes" && c.name != "annotation" {
			f(c)
		}
	}
}

// idOf is the identifier of an element: name in Level 1, id in the others.
func (r *reader) idOf(n *node) string {
	name := "id"
	if r.version < 20 {
		name = "name"
	}
	a := n.attr(name)
	if a == nil {
		return ""
	}
	id := strings.Trim(a.value, " \t\r\n")
	if !isID(id) {
		r.add(diag.Errorf(r.atAttr(n, name), "%q is no identifier", short(id)).WithHelp("an identifier has letters, digits and _, and no digit first"))
		return ""
	}
	return id
}

// nameOf is the display name of an element.
func (r *reader) nameOf(n *node) string {
	if r.version < 20 {
		return ""
	}
	return r.text(n, "name")
}

// declare notes an id of the model's one namespace.
func (m *modelReader) declare(n *node, k kind) {
	if meta := m.text(n, "metaid"); meta != "" {
		m.metas[meta] = n
	}
	id := m.idOf(n)
	if id == "" {
		return
	}
	at := m.atAttr(n, "id")
	if m.version < 20 {
		at = m.atAttr(n, "name")
	}
	if old := m.ids[id]; old != nil {
		m.add(diag.Errorf(at, "the id %s is used twice", id).WithNote(old.at, "the other, of %s", kindNames[old.kind]))
		return
	}
	m.ids[id] = &entry{kind: k, n: n, at: at}
}

// index notes every id, so that names for local parameters can be made that are free.
func (m *modelReader) index() {
	for _, l := range []struct {
		list string
		kind kind
	}{{"listOfFunctionDefinitions", aFunction}, {"listOfCompartmentTypes", aType}, {"listOfSpeciesTypes", aType}, {"listOfCompartments", aCompartment},
		{"listOfSpecies", aSpecies}, {"listOfParameters", aParameter}, {"listOfReactions", aReaction}, {"listOfEvents", anEvent}} {
		m.each(l.list, func(n *node) { m.declare(n, l.kind) })
	}
	if m.version >= 22 {
		m.each("listOfReactions", func(n *node) {
			for _, list := range []string{"listOfReactants", "listOfProducts", "listOfModifiers"} {
				for _, c := range n.list(list) {
					if c.name == "speciesReference" {
						m.declare(c, aReference)
					} else if c.name == "modifierSpeciesReference" {
						m.declare(c, aType)
					}
				}
			}
		})
	}
	if m.version >= 32 {
		for _, list := range []string{"listOfRules", "listOfInitialAssignments", "listOfConstraints"} {
			m.each(list, func(n *node) { m.declare(n, aType) })
		}
	}
	// Ids keep their names, but for words that mean something else in the model language.
	var late []string
	for id, e := range m.ids {
		taken := id == model.Time || id == model.Avogadro
		if e.kind == aFunction {
			taken = model.FunctionNamed(id) != nil || taken
		}
		if taken {
			late = append(late, id)
			continue
		}
		e.flat = id
		m.flat[id] = true
	}
	sort.Strings(late)
	for _, id := range late {
		m.ids[id].flat = m.free(id + "_")
	}
}

// free is a name that no other id of the model has, and takes it.
func (m *modelReader) free(name string) string {
	for m.flat[name] {
		name += "_"
	}
	m.flat[name] = true
	return name
}

// unnamed is the next id of the row _E0, _E1, ... that is free, and takes it.
func (m *modelReader) unnamed(prefix string) string {
	for i := 0; ; i++ {
		if id := prefix + strconv.Itoa(i); !m.flat[id] {
			m.flat[id] = true
			return id
		}
	}
}

// flatID is the id that an id of the text has in the model.Model.
func (m *modelReader) flatID(id string) string {
	if e := m.ids[id]; e != nil {
		return e.flat
	}
	return id
}

// own is the id in the model.Model of the element n.
func (m *modelReader) own(n *node) string {
	if m.version < 20 {
		return m.flatID(m.text(n, "name"))
	}
	return m.flatID(m.text(n, "id"))
}

// refer is referTo for an attribute; "" when there is none.
func (m *modelReader) refer(n *node, attribute string, kinds ...kind) string {
	id := m.text(n, attribute)
	if id == "" {
		if n.attr(attribute) != nil {
			m.add(diag.Errorf(m.atAttr(n, attribute), "%s is empty", attribute))
		}
		return ""
	}
	return m.referTo(id, m.atAttr(n, attribute), kinds...)
}

// referTo is the id in the model.Model of the element id. It reports an id that is not there,
// or is of none of the kinds.
func (m *modelReader) referTo(id string, at diag.Place, kinds ...kind) string {
	e := m.ids[id]
	if e != nil {
		for _, k := range kinds {
			if e.kind == k {
				return e.flat
			}
		}
	}
	var words, known []string
	for _, k := range kinds {
		words = append(words, kindNames[k])
	}
	for other, x := range m.ids {
		for _, k := range kinds {
			if x.kind == k {
				known = append(known, other)
			}
		}
	}
	sort.Strings(known)
	what := strings.Join(words, " or ")
	if len(words) > 2 {
		what = strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	}
	if e != nil {
		m.add(diag.Errorf(at, "%s is %s, expected %s", id, kindNames[e.kind], what).WithNote(e.at, "its definition"))
		return e.flat
	}
	msg := diag.Errorf(at, "%s is not defined, expected %s", short(id), what)
	if _, plain, _ := strings.Cut(what, " "); len(kinds) == 1 {
		msg.Text = "there is no " + plain + " " + short(id)
	}
	m.add(msg.WithHelp("%s", diag.DidYouMean(id, known)))
	return id
}

func (m *modelReader) functions() {
	m.each("listOfFunctionDefinitions", func(n *node) {
		if f := n.childIn(spaceMath, "math"); f != nil {
			if l := lambdaOf(f); l != nil {
				m.params[m.text(n, "id")] = len(bvars(l))
			}
		}
	})
	m.each("listOfFunctionDefinitions", m.function)
}

func (m *modelReader) function(n *node) {
	id := m.own(n)
	m.about(n, id)
	f := n.childIn(spaceMath, "math")
	if f == nil || id == "" {
		return
	}
	l := lambdaOf(f)
	if l == nil {
		if len(f.children) > 0 {
			m.add(diag.Errorf(m.at(f.children[0]), "a function is defined by <lambda>, found <%s>", f.children[0].name))
		}
		return
	}
	def := model.Function{ID: id, Name: m.nameOf(n), At: m.at(n)}
	inside := &scope{names: map[string]string{}, closed: true}
	for _, b := range bvars(l) {
		name := m.ci(b)
		flat := name
		for flat == model.Time || flat == model.Avogadro {
			flat += "_"
		}
		if inside.names[name] != "" {
			m.add(diag.Warnf(m.at(b), "function %s has two arguments %s; its formula uses the first", m.text(n, "id"), name))
			def.Params = append(def.Params, flat+"_"+strconv.Itoa(len(def.Params)))
			continue
		}
		inside.names[name] = flat
		def.Params = append(def.Params, flat)
	}
	body := lambdaBody(l)
	if body == nil {
		return // without math (Level 3 Version 2)
	}
	def.Body = m.expr(body, inside)
	m.m.Functions = append(m.m.Functions, def)
}

func (m *modelReader) compartment(n *node) {
	c := model.Compartment{ID: m.own(n), Name: m.nameOf(n), Dims: 3, At: m.at(n)}
	m.about(n, c.ID)
	if n.attr("spatialDimensions") != nil {
		d := m.number(n, "spatialDimensions")
		switch {
		case d == nil:
		case *d == 0 || *d == 1 || *d == 2 || *d == 3:
			c.Dims = int(*d)
		case m.version < 30 || *d < 0:
			m.add(diag.Errorf(m.atAttr(n, "spatialDimensions"), "a compartment has 0, 1, 2 or 3 dimensions, not %g", *d))
		default:
			m.add(diag.Warnf(m.atAttr(n, "spatialDimensions"), "%g dimensions are read as 3: only units depend on them", *d))
		}
	}
	if m.version < 20 {
		one := 1.0
		if c.Size = m.number(n, "volume"); c.Size == nil && n.attr("volume") == nil {
			c.Size = &one
		}
	} else {
		c.Size = m.number(n, "size")
		c.Constant = m.flag(n, "constant", true)
	}
	c.Unit = m.unitAttr(n, "units")
	if m.text(n, "outside") != "" {
		m.refer(n, "outside", aCompartment) // changes nothing
	}
	m.m.Compartments = append(m.m.Compartments, c)
}

func (m *modelReader) species(n *node) {
	s := model.Species{ID: m.own(n), Name: m.nameOf(n), At: m.at(n)}
	m.about(n, s.ID)
	s.Compartment = m.refer(n, "compartment", aCompartment)
	s.InitialAmount, s.InitialConc = m.number(n, "initialAmount"), m.number(n, "initialConcentration")
	if s.InitialAmount != nil && s.InitialConc != nil {
		m.add(diag.Errorf(m.at(n), "species %s has both an initialAmount and an initialConcentration", m.idOf(n)))
		s.InitialConc = nil
	}
	s.Boundary = m.flag(n, "boundaryCondition", false)
	if m.version >= 20 {
		s.SubstanceOnly = m.flag(n, "hasOnlySubstanceUnits", false)
		s.Constant = m.flag(n, "constant", false)
	}
	if e := m.ids[m.text(n, "compartment")]; e != nil && m.pointlike(e) {
		if s.InitialConc != nil {
			m.add(diag.Errorf(m.atAttr(n, "initialConcentration"), "species %s has no concentration: its compartment has no dimensions", m.idOf(n)).WithNote(e.at, "the compartment"))
		}
		s.SubstanceOnly = true
	}
	s.Unit = m.speciesUnit(n, s.SubstanceOnly)
	if m.version >= 30 {
		s.ConversionFactor = m.conversionFactor(n)
	}
	if n.attr("charge") != nil && m.version < 30 {
		s.Charge = m.number(n, "charge")
	}
	m.speciesFlux(n, &s)
	m.m.Species = append(m.m.Species, s)
}

// pointlike tells whether a compartment has no dimensions and no size: its species have no
// concentrations. In Level 3 such a compartment may have a size, and then is like any other.
func (m *modelReader) pointlike(e *entry) bool {
	if e.kind != aCompartment {
		return false
	}
	if d, ok := parseNumber(m.text(e.n, "spatialDimensions")); !ok || d != 0 {
		return false
	}
	if m.version < 30 {
		return true
	}
	sized := e.n.attr("size") != nil
	m.each("listOfRules", func(n *node) { sized = sized || m.text(n, "variable") == m.text(e.n, "id") })
	m.each("listOfInitialAssignments", func(n *node) { sized = sized || m.text(n, "symbol") == m.text(e.n, "id") })
	return !sized
}

// conversionFactor is the parameter by which reactions change a species.
func (m *modelReader) conversionFactor(n *node) string {
	if n.attr("conversionFactor") != nil {
		return m.refer(n, "conversionFactor", aParameter)
	}
	if m.n.attr("conversionFactor") != nil {
		return m.flatID(m.text(m.n, "conversionFactor"))
	}
	return ""
}

func (m *modelReader) parameter(n *node) {
	p := model.Parameter{ID: m.own(n), Name: m.nameOf(n), Value: m.number(n, "value"), Unit: m.unitAttr(n, "units"), At: m.at(n)}
	p.Constant = m.version >= 20 && m.flag(n, "constant", true)
	m.about(n, p.ID)
	m.m.Parameters = append(m.m.Parameters, p)
}

// finishLevel1 says which parameters and compartments vary, which Level 1 does not write.
func (m *modelReader) finishLevel1() {
	if m.version >= 20 {
		return
	}
	for _, r := range m.m.Rules {
		m.changes[r.Variable] = true
		if r.Kind == model.Algebraic {
			for _, id := range r.Math.Symbols() {
				m.changes[id] = true
			}
		}
	}
	for i := range m.m.Parameters {
		p := &m.m.Parameters[i]
		p.Constant = !m.changes[p.ID]
	}
	for i := range m.m.Compartments {
		c := &m.m.Compartments[i]
		c.Constant = !m.changes[c.ID]
	}
}
