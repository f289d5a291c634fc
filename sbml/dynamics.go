package sbml

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// variable is what a rule, an event or an initial assignment determines; "" when it cannot.
func (m *modelReader) variable(n *node, attribute string) string {
	kinds := []kind{aCompartment, aSpecies, aParameter}
	if m.version >= 30 {
		kinds = append(kinds, aReference)
	}
	id := m.refer(n, attribute, kinds...)
	if n.name != "initialAssignment" && m.version >= 20 {
		if e := m.ids[m.text(n, attribute)]; e != nil && m.constant(e) {
			m.add(diag.Errorf(m.atAttr(n, attribute), "%s is constant; <%s> cannot change it", m.text(n, attribute), n.name).
				WithNote(e.at, "its definition").WithHelp(`write constant="false" there`))
		}
	}
	return id
}

// constant tells whether an element says, or its default is, that nothing changes it.
func (m *modelReader) constant(e *entry) bool {
	a := e.n.attr("constant")
	if a == nil {
		return e.kind == aCompartment || e.kind == aParameter
	}
	v := strings.Trim(a.value, " \t\r\n")
	return v == "true" || v == "1"
}

func (m *modelReader) rule(n *node) {
	r := model.Rule{At: m.at(n), Meta: m.text(n, "metaid")}
	attribute := "variable"
	switch n.name {
	case "assignmentRule":
	case "rateRule":
		r.Kind = model.Rate
	case "algebraicRule":
		r.Kind, attribute = model.Algebraic, ""
	case "speciesConcentrationRule":
		attribute = "species"
	case "specieConcentrationRule":
		attribute = "specie"
	case "compartmentVolumeRule":
		attribute = "compartment"
	case "parameterRule":
		attribute = "name"
	default:
		return // reported by check
	}
	if m.version < 20 {
		switch t := m.text(n, "type"); {
		case t == "rate" && r.Kind != model.Algebraic:
			r.Kind = model.Rate
		case t != "" && t != "scalar":
			m.add(diag.Errorf(m.atAttr(n, "type"), "expected scalar or rate for the type of a rule, found %q", short(t)))
		}
	}
	if attribute != "" {
		if r.Variable = m.variable(n, attribute); r.Variable == "" {
			return
		}
	}
	if r.Math = m.math(n, nil); r.Math == nil {
		return
	}
	m.m.Rules = append(m.m.Rules, r)
}

func (m *modelReader) initial(n *node) {
	x := model.Initial{Symbol: m.variable(n, "symbol"), At: m.at(n), Meta: m.text(n, "metaid")}
	if x.Symbol == "" {
		return
	}
	for _, other := range m.m.Initials {
		if other.Symbol == x.Symbol {
			m.add(diag.Errorf(x.At, "%s has two initial assignments", x.Symbol).WithNote(other.At, "the other"))
			return
		}
	}
	if x.Math = m.math(n, nil); x.Math != nil {
		m.m.Initials = append(m.m.Initials, x)
	}
}

func (m *modelReader) constraint(n *node) {
	c := model.Constraint{At: m.at(n), Meta: m.text(n, "metaid"), Math: m.math(n, nil)}
	if m.version >= 32 {
		c.ID, c.Name = m.own(n), m.nameOf(n)
	}
	if text := n.child("message"); text != nil {
		c.Message = m.prose(text)
	}
	if c.Math != nil {
		m.m.Constraints = append(m.m.Constraints, c)
	}
}

func (m *modelReader) event(n *node) {
	e := model.Event{ID: m.own(n), Name: m.nameOf(n), Meta: m.text(n, "metaid"), At: m.at(n), Persistent: true, InitialValue: true,
		FromTrigger: m.flag(n, "useValuesFromTriggerTime", true)}
	m.about(n, e.ID)
	m.paths[n] = e.ID
	trigger := n.child("trigger")
	if trigger == nil {
		if m.version < 32 {
			m.add(diag.Errorf(m.at(n), "the event has no <trigger>"))
		}
		return
	}
	m.check(trigger)
	if m.version >= 30 {
		e.InitialValue, e.Persistent = m.flag(trigger, "initialValue", true), m.flag(trigger, "persistent", true)
	}
	if e.Trigger = m.math(trigger, nil); e.Trigger == nil {
		return // it never fires
	}
	if e.ID == "" {
		e.ID = m.unnamed("_E")
		m.paths[n] = e.ID
	}
	if d := n.child("delay"); d != nil {
		m.check(d)
		e.Delay = m.inTime(m.math(d, nil), n)
	}
	if p := n.child("priority"); p != nil {
		m.check(p)
		e.Priority = m.math(p, nil)
	}
	if l := n.child("listOfEventAssignments"); l != nil {
		m.checkList(l, "")
		seen := map[string]diag.Place{}
		for _, c := range l.children {
			if c.space != m.core || c.name != "eventAssignment" {
				continue
			}
			a := model.EventAssignment{Variable: m.variable(c, "variable"), At: m.at(c)}
			if a.Math = m.math(c, nil); a.Math == nil || a.Variable == "" {
				continue
			}
			if first, twice := seen[a.Variable]; twice {
				m.add(diag.Errorf(a.At, "the event assigns to %s twice", a.Variable).WithNote(first, "the first"))
				continue
			}
			seen[a.Variable] = a.At
			e.Assignments = append(e.Assignments, a)
		}
	}
	m.m.Events = append(m.m.Events, e)
}

func (m *modelReader) reaction(n *node) {
	r := model.Reaction{ID: m.own(n), Name: m.nameOf(n), Reversible: m.flag(n, "reversible", true), At: m.at(n)}
	m.about(n, r.ID)
	if m.version < 32 {
		r.Fast = m.flag(n, "fast", false)
	}
	if m.version >= 30 && n.attr("compartment") != nil {
		m.refer(n, "compartment", aCompartment)
	}
	r.Reactants = m.side(n, "listOfReactants")
	r.Products = m.side(n, "listOfProducts")
	if l := n.child("listOfModifiers"); l != nil {
		m.checkList(l, "")
		for _, c := range l.children {
			if c.space == m.core && c.name == "modifierSpeciesReference" {
				r.Modifiers = append(r.Modifiers, m.refer(c, "species", aSpecies))
			}
		}
	}
	if law := n.child("kineticLaw"); law != nil {
		m.check(law)
		locals := m.locals(law, r.ID)
		if m.version < 20 {
			if a := law.attr("formula"); a != nil {
				r.Rate = m.infix(a, locals, &r)
			}
		} else {
			r.Rate = m.math(law, locals)
		}
		r.Rate = m.inExtentPerTime(r.Rate, law)
	}
	m.reactionFlux(n, &r)
	m.m.Reactions = append(m.m.Reactions, r)
}

// locals makes the parameters of a kinetic law parameters of the model.
func (m *modelReader) locals(law *node, reaction string) *scope {
	s := &scope{names: map[string]string{}}
	for _, list := range []string{"listOfParameters", "listOfLocalParameters"} {
		l := law.child(list)
		if l == nil {
			continue
		}
		m.checkList(l, "")
		for _, c := range l.children {
			id := ""
			if c.space == m.core && (c.name == "parameter" || c.name == "localParameter") {
				id = m.idOf(c)
			}
			if id == "" {
				continue
			}
			if s.names[id] != "" {
				m.add(diag.Errorf(m.at(c), "the kinetic law has two parameters %s", id))
				continue
			}
			p := model.Parameter{ID: m.free(reaction + "_" + id), Name: m.nameOf(c), Value: m.number(c, "value"), Unit: m.unitAttr(c, "units"), Constant: true, At: m.at(c)}
			s.names[id], m.paths[c] = p.ID, p.ID
			m.about(c, p.ID)
			m.m.Parameters = append(m.m.Parameters, p)
		}
	}
	return s
}

// side reads the reactants or products.
func (m *modelReader) side(reaction *node, list string) []model.SpeciesRef {
	l := reaction.child(list)
	if l == nil {
		return nil
	}
	m.checkList(l, "")
	var out []model.SpeciesRef
	for _, n := range l.children {
		if n.space != m.core || !strings.HasPrefix(n.name, "specie") {
			continue
		}
		attribute := "species"
		if n.name == "specieReference" {
			attribute = "specie"
		}
		ref := model.SpeciesRef{Species: m.refer(n, attribute, aSpecies), At: m.at(n)}
		ref.Stoichiometry = m.stoichiometry(n)
		if ref.Species != "" {
			out = append(out, ref)
		}
	}
	return out
}

// folded is a formula of numbers alone as one number.
func folded(x *model.Expr) *model.Expr {
	if x == nil || x.Kind == model.Number {
		return x
	}
	plain := true
	x.Walk(func(x *model.Expr) bool {
		plain = plain && (x.Kind == model.Number || x.Kind == model.Apply && model.FunctionNamed(x.Name) != nil && model.FunctionNamed(x.Name).Value != nil)
		return plain
	})
	if !plain {
		return x
	}
	return &model.Expr{Kind: model.Number, Value: number(x), At: x.At}
}

// number is the value of a formula of numbers.
func number(x *model.Expr) float64 {
	if x.Kind == model.Number {
		return x.Value
	}
	args := make([]float64, len(x.Args))
	for i, a := range x.Args {
		args[i] = number(a)
	}
	return model.FunctionNamed(x.Name).Value(args)
}

// stoichiometry is the formula of a species reference, nil for 1. In Level 3 a reference with
// an id is a symbol of the model.
func (m *modelReader) stoichiometry(n *node) *model.Expr {
	value := m.number(n, "stoichiometry")
	number := func() *model.Expr {
		if value == nil || *value == 1 {
			return nil
		}
		x := model.Num(*value)
		x.At = m.atAttr(n, "stoichiometry")
		return x
	}
	if m.version < 30 {
		if f := n.child("stoichiometryMath"); f != nil {
			m.check(f)
			if value != nil {
				m.add(diag.Errorf(m.at(f), "the species reference has both a stoichiometry and a <stoichiometryMath>"))
			}
			return folded(m.math(f, nil))
		}
		if d := m.number(n, "denominator"); d != nil && *d != 1 {
			one := 1.0
			if value == nil {
				value = &one
			}
			if *d == 0 {
				m.add(diag.Errorf(m.atAttr(n, "denominator"), "the denominator is 0"))
				return nil
			}
			v := *value / *d
			value = &v
		}
		return number()
	}
	id := m.text(n, "id")
	if id == "" || m.ids[id] == nil || m.ids[id].n != n {
		if value == nil && n.attr("stoichiometry") == nil {
			m.add(diag.Warnf(m.at(n), "the species reference has neither a stoichiometry nor an id by which to set it; 1 is taken"))
		}
		return number()
	}
	p := model.Parameter{ID: m.flatID(id), Name: m.nameOf(n), Value: value, Constant: m.flag(n, "constant", true), Stoichiometry: true, At: m.at(n)}
	m.about(n, p.ID)
	m.m.Parameters = append(m.m.Parameters, p)
	x := model.Sym(p.ID)
	x.At = p.At
	return x
}
