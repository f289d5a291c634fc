package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// mergeAliases hands what is known of "a" in "a is b" to b.
func (b *body) mergeAliases() {
	for _, e := range b.order {
		// Chains of names are made short first, so that resolve takes one step.
		var chain []string
		seen := map[string]bool{}
		id := e.id
		for {
			to, ok := b.aliases[id]
			if !ok {
				break
			}
			if seen[id] {
				b.p.report(diag.Errorf(b.aliasAt[e.id], "%s is another name of itself", e.id))
				b.aliases = map[string]string{}
				return
			}
			seen[id] = true
			chain = append(chain, id)
			id = to
		}
		for _, c := range chain {
			b.aliases[c] = id
		}
	}
	for _, e := range b.order[:len(b.order):len(b.order)] {
		if to, ok := b.aliases[e.id]; ok {
			b.merge(e, b.touch(to, e.at))
		}
	}
}

// merge gives to what from has and it lacks.
func (b *body) merge(from, to *element) {
	b.p.try(func() {
		if from.kind != undecided && from.kind != to.kind {
			b.setKind(to, from.kind, from.kindAt, "it is another name of "+from.id)
		}
	})
	if from.reaction != nil && to.reaction != nil {
		if !to.claimed {
			id := to.reaction.ID
			*to.reaction = *from.reaction
			to.reaction.ID = id
		} else {
			to.reaction.Modifiers = append(to.reaction.Modifiers, from.reaction.Modifiers...)
		}
	}
	to.claimed = to.claimed || from.claimed
	to.assigned = to.assigned || from.assigned
	to.substance = to.substance || from.substance
	if to.constant == 0 {
		to.constant, to.constAt = from.constant, from.constAt
	}
	if to.name == "" {
		to.name = from.name
	}
	if to.compartment == "" {
		to.compartment = from.compartment
	}
	if to.nearby == "" {
		to.nearby = from.nearby
	}
	if to.unit == nil {
		to.unit, to.unitAt = from.unit, from.unitAt
	}
	if to.rule == nil && to.value == nil {
		to.rule, to.rate, to.ruleAt = from.rule, from.rate, from.ruleAt
	}
	if to.value == nil && (to.rule == nil || to.rate) && !b.definedInside(to.id) {
		to.value, to.valueAt = from.value, from.valueAt
	}
}

// overrule hands what the model says about a path in a submodel to the element that it is
// another name of; what is said later holds.
func (b *body) overrule(s pair) {
	from, to := b.elements[s.from], b.elements[b.resolve(s.to)]
	if from == nil || to == nil || from == to || s.factor != "" || from.kind == aReaction || to.kind == aReaction {
		return
	}
	later := func(at, than diag.Place) bool { return at.Src != nil && at.Src == than.Src && at.Start > than.Start }
	if s.inner && b.definedInside(s.from) {
		if to.value != nil && !later(to.valueAt, s.at) {
			to.value = nil
		}
		if to.rule != nil && !later(to.ruleAt, s.at) {
			to.rule = nil
		}
	}
	if from.value != nil {
		if to.rule == nil || to.rate {
			if to.value == nil || later(from.valueAt, s.at) && later(from.valueAt, to.valueAt) {
				to.value, to.valueAt = from.value, from.valueAt
			}
		}
		from.value = nil
	}
	if from.rule != nil {
		if to.rule == nil && to.value == nil || later(from.ruleAt, s.at) && (to.rule == nil || later(from.ruleAt, to.ruleAt)) {
			to.rule, to.rate, to.ruleAt = from.rule, from.rate, from.ruleAt
			if !to.rate {
				to.value = nil
			}
		}
		from.rule = nil
	}
	if from.unit != nil && to.unit == nil {
		to.unit, to.unitAt = from.unit, from.unitAt
	}
	if from.unit != nil {
		from.unit = nil
	}
	if to.name == "" {
		to.name = from.name
	}
	from.name = ""
	to.assigned = to.assigned || from.assigned
	from.assigned = false
}

// definedInside tells whether a path leads to an element that has a value or rule in its model.
func (b *body) definedInside(path string) bool {
	if !strings.Contains(path, ".") {
		return false
	}
	m, id, _, _ := b.kindOf(path)
	if m == nil {
		return false
	}
	d := definition(m, id)
	return d.value != nil || d.rule
}

// defined is what a finished model says about an element.
type defined struct {
	value       *model.Expr // number or formula
	amount      bool        // the number is an amount
	rule        bool
	unit        string
	compartment string
	substance   bool
	boundary    bool
	at          diag.Place
}

func definition(m *model.Module, id string) (d defined) {
	number := func(v *float64) {
		if v != nil {
			d.value = model.Num(*v)
		}
	}
	for _, x := range m.Parameters {
		if x.ID == id {
			number(x.Value)
			d.unit, d.at = x.Unit, x.At
		}
	}
	for _, x := range m.Species {
		if x.ID == id {
			number(x.InitialConc)
			if x.InitialAmount != nil {
				number(x.InitialAmount)
				d.amount = true
			}
			d.unit, d.compartment, d.substance, d.boundary, d.at = x.Unit, x.Compartment, x.SubstanceOnly, x.Boundary, x.At
		}
	}
	for _, x := range m.Compartments {
		if x.ID == id {
			number(x.Size)
			d.unit, d.at = x.Unit, x.At
		}
	}
	for _, x := range m.Initials {
		if x.Symbol == id {
			d.value, d.amount = x.Math, false
		}
	}
	for _, x := range m.Rules {
		if x.Variable == id {
			d.rule = true
		}
	}
	return d
}

// adopt gives the element that holds what it lacks of a synonym inside a submodel:
// its kind, value and unit. Rules come along when the model is flattened.
func (b *body) adopt(from, to, factor string) {
	m, id, prefix, kind := b.kindOf(from)
	if m == nil || kind == undecided {
		return
	}
	d := definition(m, id)
	e := b.touch(to, d.at)
	inside := strings.Contains(to, ".")
	if !inside {
		if !b.p.try(func() { b.setKind(e, kind, d.at, "it is another name of "+from) }) {
			return
		}
		if d.rule && e.constant == 0 && e.kind != aSpecies {
			e.constant = -1
		}
		if e.kind == aReaction {
			b.adoptReaction(e, from, d.at)
			return
		}
		if e.kind == aSpecies && e.compartment == "" && d.compartment != "" && d.compartment != defaultCompartment {
			e.compartment = prefix + d.compartment
		}
		e.substance = e.substance || d.substance
		if e.constant == 0 && d.boundary {
			e.constant = 1
		}
		if e.unit == nil && d.unit != "" {
			e.unit = []token{{kind: quoted, text: d.unit}}
		}
	}
	if e.value == nil && e.rule == nil && d.value != nil && !e.blank && !b.definedInside(to) {
		if b.isConverted(from) && d.value.Kind != model.Number && factor == "" && !d.amount { // what time means there is another thing here
			if !e.inherits {
				b.inherit(from)
				e.inherits = true
			}
			return
		}
		if e.inherits {
			return
		}
		x := prefixed(d.value, prefix)
		if factor != "" {
			x = model.Call("times", x, model.Sym(factor))
		}
		if d.amount && e.compartment != "" {
			x = model.Call("divide", x, model.Sym(e.compartment))
		}
		e.value, e.valueAt = x, d.at
	}
}

// isConverted tells whether a submodel on a path has conversion factors.
func (b *body) isConverted(path string) bool {
	m := b.mod
	for {
		head, rest, nested := strings.Cut(path, ".")
		if !nested || m == nil {
			return false
		}
		var next *model.Module
		for _, s := range m.Submodels {
			if s.ID != head {
				continue
			}
			if s.TimeFactor+s.ExtentFactor != "" {
				return true
			}
			next = b.p.r.modules[s.Module]
		}
		m, path = next, rest
	}
}

// inherit lets the initial formula of a path become that of the element that holds.
func (b *body) inherit(from string) {
	for i := range b.mod.Links {
		if b.mod.Links[i].A == from {
			b.mod.Links[i].Inherit = true
			return
		}
	}
	for i := range b.mod.Submodels { // a port
		s := &b.mod.Submodels[i]
		for k, a := range s.Args {
			if s.ID+"."+b.submodels[s.ID].Ports[k] == from && a != "" {
				b.mod.Links = append(b.mod.Links, model.Link{A: from, B: b.resolve(a), Inherit: true, At: s.At})
				s.Args[k] = ""
			}
		}
	}
}

// adoptReaction lets one of two reactions that are one vanish.
func (b *body) adoptReaction(e *element, from string, at diag.Place) {
	if e.claimed || e.value != nil || e.rule != nil {
		b.mod.Deletions = append(b.mod.Deletions, model.Deletion{Path: from, At: at})
	} else {
		e.outer = true // the inner one gets its name
	}
}
