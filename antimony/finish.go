package antimony

import (
	"sort"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// finish turns what was collected into the model.
func (b *body) finish() *model.Module {
	b.mergeAliases()
	for _, u := range b.uses {
		b.checkUse(b.touch(b.resolve(u.id), u.at), u.at)
	}
	b.nameUnits()
	b.buildBlanks()
	for _, s := range b.synonyms {
		b.overrule(s)
	}
	for _, s := range b.synonyms {
		b.adopt(s.from, b.resolve(s.to), s.factor)
	}
	b.settleTarget()
	b.checkLoops()
	b.checkInfluences()
	b.expandDNA()
	b.settleCompartments()
	b.freeAlgebraic()

	m := b.mod
	for i := range m.Rules { // the algebraic ones
		m.Rules[i].Math = b.fix(m.Rules[i].Math)
	}
	for i := range m.Events {
		v := &m.Events[i]
		v.Trigger, v.Delay, v.Priority = b.fix(v.Trigger), b.fix(v.Delay), b.fix(v.Priority)
		for k := range v.Assignments {
			a := &v.Assignments[k]
			a.Variable, a.Math = b.resolve(a.Variable), b.fix(a.Math)
		}
	}
	for i := range m.Ports {
		m.Ports[i] = b.resolve(m.Ports[i])
	}
	for i := range m.Annotations {
		m.Annotations[i].Element = b.resolve(m.Annotations[i].Element)
	}
	for i := range m.Notes {
		m.Notes[i].Element = b.resolve(m.Notes[i].Element)
	}
	for i := range m.Submodels {
		s := &m.Submodels[i]
		for k, a := range s.Args {
			s.Args[k] = b.resolve(a)
		}
		s.TimeFactor, s.ExtentFactor = b.resolve(s.TimeFactor), b.resolve(s.ExtentFactor)
	}
	for i := range m.Links {
		m.Links[i].B, m.Links[i].Factor = b.resolve(m.Links[i].B), b.resolve(m.Links[i].Factor)
	}
	for _, e := range b.order {
		if _, ok := b.aliases[e.id]; !ok {
			b.build(e)
			b.buildUncertain(e)
		}
	}
	b.addDefaultCompartment()
	b.linkDefaultCompartments()
	b.buildConstraints()
	b.buildTarget()
	sort.SliceStable(m.Deletions, func(i, k int) bool { // parts go before what they are parts of
		return strings.Contains(m.Deletions[i].Path, "@") && !strings.Contains(m.Deletions[k].Path, "@")
	})
	m.Units = b.unitDefs()
	for id, set := range map[string]*string{"time_unit": &m.TimeUnit, "substance": &m.SubstanceUnit, "volume": &m.VolumeUnit,
		"area": &m.AreaUnit, "length": &m.LengthUnit, "extent": &m.ExtentUnit} {
		if u := b.unit(id); u != nil {
			*set = u.spelling
		}
	}
	return m
}

// fix gives a formula its final names and units; what is upstream of no DNA is 0.
func (b *body) fix(x *model.Expr) *model.Expr {
	return b.fixNames(x).Map(func(x *model.Expr) *model.Expr {
		if x.Kind == model.Symbol && x.Name == upstream {
			return &model.Expr{Kind: model.Number, At: x.At}
		}
		return x
	})
}

// fixNames is fix for formulas of pieces of DNA.
func (b *body) fixNames(x *model.Expr) *model.Expr {
	return x.Map(func(x *model.Expr) *model.Expr {
		switch {
		case x.Kind == model.Symbol:
			if to := b.resolve(x.Name); to != x.Name {
				c := *x
				c.Name = to
				return &c
			}
		case x.Kind == model.Number && x.Unit != "":
			if to := b.unitWord(x.Unit, x.At); to != x.Unit {
				c := *x
				c.Unit = to
				return &c
			}
		}
		return x
	})
}

// freeAlgebraic makes the symbols of an algebraic rule variable when none is said to be.
func (b *body) freeAlgebraic() {
	for _, r := range b.mod.Rules {
		free := false
		for _, s := range r.Math.Symbols() {
			if e := b.elements[b.resolve(s)]; e != nil && (e.constant < 0 || e.kind == aSpecies && e.constant == 0) {
				free = true
			}
		}
		for _, s := range r.Math.Symbols() {
			if e := b.elements[b.resolve(s)]; !free && e != nil && e.constant == 0 && e.rule == nil {
				e.constant = -1
			}
		}
	}
}

// build adds the element to the model.
func (b *body) build(e *element) {
	if strings.Contains(e.id, ".") {
		b.p.try(func() { b.buildInside(e) })
		return
	}
	if e.outer {
		return
	}
	m := b.mod
	switch e.kind {
	case anEvent:
		b.plain(e)
		for i := range m.Events {
			if m.Events[i].ID == e.id {
				m.Events[i].Name = e.name
			}
		}
		return
	case aSubmodel, anInteraction, aRule, aConstraint, anObjective, aStrand:
		b.plain(e)
		return
	case aReaction:
		b.buildReaction(e)
		return
	}
	if u := b.unit(e.id); u != nil && e.kind == undecided && e.value == nil && e.rule == nil && !b.mentioned(e) {
		return // foo is "name" names the unit
	}
	if e.kind == aSpecies {
		b.buildSpecies(e)
		return
	}
	if e.compartment != "" && e.kind != aCompartment {
		b.p.warn(diag.Warnf(e.at, "%s is put into %s, but nothing says that it is a species; it is read as a parameter", e.id, e.compartment).
			WithHelp("write species %s in %s", e.id, e.compartment))
	}
	size, unit := b.number(e)
	constant := b.constant(e)
	if e.kind == aCompartment {
		m.Compartments = append(m.Compartments, model.Compartment{ID: e.id, Name: e.name, Dims: 3, Size: size, Constant: constant, Unit: unit, At: e.at})
	} else {
		m.Parameters = append(m.Parameters, model.Parameter{ID: e.id, Name: e.name, Value: size, Constant: constant, Unit: unit,
			Stoichiometry: e.stoichiometry == 1, At: e.at})
	}
	if size == nil {
		b.addInitial(e)
	}
	b.addRule(e)
}

// mentioned tells whether a formula uses the element.
func (b *body) mentioned(e *element) bool {
	for _, u := range b.uses {
		if b.resolve(u.id) == e.id {
			return true
		}
	}
	return e.assigned
}

// plain reports what events, submodels and the like cannot have.
func (b *body) plain(e *element) {
	switch {
	case e.value != nil:
		b.p.report(diag.Errorf(e.valueAt, "%s is %s and has no value", e.id, e.kind).WithNote(e.kindAt, "its definition"))
	case e.rule != nil:
		b.p.report(diag.Errorf(e.ruleAt, "%s is %s and has no rule", e.id, e.kind).WithNote(e.kindAt, "its definition"))
	case e.assigned:
		b.p.report(diag.Errorf(e.at, "%s is %s and cannot be set by an event", e.id, e.kind).WithNote(e.kindAt, "its definition"))
	}
}

// constant tells whether nothing may change a parameter or compartment.
func (b *body) constant(e *element) bool {
	changed := e.rule != nil || e.assigned
	if changed && e.constant > 0 {
		by := "an event"
		if e.rule != nil {
			by = "a rule"
		}
		b.p.warn(diag.Warnf(e.constAt, "%s is said to be const, but %s changes it; it is read as variable", e.id, by))
	}
	return !changed && e.constant >= 0
}

// number is the element's value when it is a plain number, and its unit.
func (b *body) number(e *element) (*float64, string) {
	unit := b.unitTextOf(e)
	if e.value == nil || e.value.Kind != model.Number {
		return nil, unit
	}
	if unit == "" && e.value.Unit != "" {
		unit = b.unitWord(e.value.Unit, e.value.At)
	}
	v := e.value.Value
	return &v, unit
}

func (b *body) addInitial(e *element) {
	if e.value != nil {
		b.mod.Initials = append(b.mod.Initials, model.Initial{Symbol: e.id, Math: b.fix(e.value), At: e.valueAt})
	}
}

func (b *body) addRule(e *element) {
	if e.rule == nil {
		return
	}
	kind := model.Assignment
	if e.rate {
		kind = model.Rate
	}
	b.mod.Rules = append(b.mod.Rules, model.Rule{Kind: kind, Variable: e.id, Math: b.fix(e.rule), At: e.ruleAt})
}

func (b *body) buildReaction(e *element) {
	r := e.reaction
	r.Name = e.name
	b.fixSides(r)
	for i := range r.Modifiers {
		r.Modifiers[i] = b.resolve(r.Modifiers[i])
	}
	switch {
	case e.rule != nil && e.rate:
		b.p.report(diag.Errorf(e.ruleAt, "%s is a reaction and cannot have a rate rule", e.id).WithHelp("its rate is written %s = ...", e.id))
	case e.rule != nil:
		r.Rate = b.fix(e.rule)
	default:
		r.Rate = b.fix(e.value)
	}
	if e.assigned {
		b.plain(&element{id: e.id, at: e.at, kind: aReaction, kindAt: e.kindAt, assigned: true})
	}
	b.mod.Reactions = append(b.mod.Reactions, *r)
}

func (b *body) buildSpecies(e *element) {
	s := model.Species{ID: e.id, Name: e.name, SubstanceOnly: e.substance, At: e.at}
	declared := b.resolve(e.compartment)
	s.Compartment = declared
	if s.Compartment == "" {
		s.Compartment = b.resolve(e.nearby)
	}
	if s.Compartment == "" {
		s.Compartment = defaultCompartment
	}
	// In Antimony a constant species is a boundary species, and one with a rule is too.
	s.Boundary = e.constant > 0 || e.rule != nil
	size, unit := b.number(e)
	s.Unit = unit
	switch x := e.value; {
	case size != nil:
		s.InitialConc = size
		b.warnConcentration(e, s)
	case x != nil && x.Kind == model.Apply && x.Name == "divide" && declared != "" &&
		x.Args[0].Kind == model.Number && x.Args[0].Unit == "" &&
		x.Args[1].Kind == model.Symbol && b.resolve(x.Args[1].Name) == declared:
		v := x.Args[0].Value
		s.InitialAmount = &v
	default:
		b.addInitial(e)
	}
	b.mod.Species = append(b.mod.Species, s)
	b.addRule(e)
}

// warnConcentration says that a number given to a substanceOnly species is a
// concentration all the same, when that makes a difference.
func (b *body) warnConcentration(e *element, s model.Species) {
	if !s.SubstanceOnly || *s.InitialConc == 0 {
		return
	}
	c := b.elements[s.Compartment]
	if c == nil || strings.Contains(s.Compartment, ".") || c.rule == nil && c.value != nil && c.value.Kind == model.Number && c.value.Value == 1 {
		return
	}
	b.p.warn(diag.Warnf(e.valueAt, "Antimony reads the number given to a species as a concentration, also when it is substanceOnly").
		WithHelp("for an amount write %s = %s/%s", e.id, formulaText(e.value, nil), s.Compartment))
}

// buildInside adds what the model says about an element of a submodel.
func (b *body) buildInside(e *element) {
	m, id, prefix, kind := b.kindOf(e.id)
	if m == nil {
		return
	}
	if kind == aSubmodel || kind == anEvent {
		e.kind, e.kindAt = kind, m.At
		b.plain(e)
		return
	}
	if kind == aReaction {
		b.buildReactionInside(e, m, id, prefix)
		return
	}
	if kind == aSpecies && (e.compartment != "" || e.constant != 0) {
		b.buildSpeciesInside(e, m, id, prefix)
	}
	number, unit := b.number(e)
	changed := e.rule != nil || e.assigned || e.constant < 0
	if number != nil || unit != "" || e.name != "" || changed && kind == aFormula {
		b.mod.Parameters = append(b.mod.Parameters, model.Parameter{ID: e.id, Name: e.name, Value: number, Constant: !changed, Unit: unit, At: e.at})
	}
	if number == nil {
		b.addInitial(e)
	}
	b.addRule(e)
}

// buildSpeciesInside says of a species of a submodel where it is and whether reactions
// change it; the rest stays as it is in its model.
func (b *body) buildSpeciesInside(e *element, m *model.Module, id, prefix string) {
	for _, s := range m.Species {
		if s.ID != id {
			continue
		}
		s.ID, s.Compartment, s.At = e.id, prefix+s.Compartment, e.at
		s.InitialAmount, s.InitialConc, s.Name, s.Unit = nil, nil, "", ""
		if s.ConversionFactor != "" {
			s.ConversionFactor = prefix + s.ConversionFactor
		}
		if e.compartment != "" {
			s.Compartment = b.resolve(e.compartment)
		}
		if e.constant != 0 {
			s.Boundary = e.constant > 0
		}
		b.mod.Species = append(b.mod.Species, s)
	}
}

// buildReactionInside gives a reaction of a submodel another rate, other sides or
// further species that influence it.
func (b *body) buildReactionInside(e *element, m *model.Module, id, prefix string) {
	rate := e.value
	if e.rule != nil {
		rate = e.rule
	}
	changed := e.reaction != nil && (e.claimed || len(e.reaction.Modifiers) > 0)
	if rate == nil && !changed {
		return
	}
	refs := func(from []model.SpeciesRef) []model.SpeciesRef {
		to := append([]model.SpeciesRef(nil), from...)
		for i := range to {
			to[i].Species, to[i].Stoichiometry = prefix+to[i].Species, prefixed(to[i].Stoichiometry, prefix)
		}
		return to
	}
	for _, r := range m.Reactions {
		if r.ID != id {
			continue
		}
		r.ID, r.At = e.id, e.at
		mods := make([]string, 0, len(r.Modifiers))
		for _, s := range r.Modifiers {
			mods = append(mods, prefix+s)
		}
		r.Reactants, r.Products, r.Rate = refs(r.Reactants), refs(r.Products), prefixed(r.Rate, prefix)
		if e.reaction != nil && e.claimed {
			b.fixSides(e.reaction)
			r.Reactants, r.Products, r.Reversible, r.Rate = e.reaction.Reactants, e.reaction.Products, e.reaction.Reversible, nil
		}
		if e.reaction != nil {
			for _, s := range e.reaction.Modifiers {
				mods = append(mods, b.resolve(s))
			}
		}
		if r.Modifiers = mods; len(mods) == 0 {
			r.Modifiers = nil
		}
		if rate != nil {
			r.Rate = b.fix(rate)
		}
		b.mod.Reactions = append(b.mod.Reactions, r)
	}
}

func (b *body) fixSides(r *model.Reaction) {
	for _, side := range [][]model.SpeciesRef{r.Reactants, r.Products} {
		for i := range side {
			side[i].Species, side[i].Stoichiometry = b.resolve(side[i].Species), b.fix(side[i].Stoichiometry)
		}
	}
}
