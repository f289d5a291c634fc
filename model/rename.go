package model

import "thymus/diag"

// renaming says how ids change when a model becomes part of another. Each function gets
// every id of its kind, never "".
type renaming struct {
	id       func(string) string // elements and symbols, not the reserved ones
	function func(string) string
	unit     func(string) string // text of a unit
	meta     func(string) string
}

// rename is a copy of m, all the way down, with the ids changed.
func (m *Model) rename(by renaming) *Model {
	guard := func(f func(string) string) func(string) string {
		return func(id string) string {
			if id == "" || f == nil {
				return id
			}
			return f(id)
		}
	}
	re := func(id string) string {
		if id == "" || id == Time || id == Avogadro {
			return id
		}
		return by.id(id)
	}
	function, unit, meta := guard(by.function), guard(by.unit), guard(by.meta)
	bound := map[string]bool{} // parameters of the function at hand
	one := func(x *Expr) *Expr {
		c := *x
		switch {
		case x.Kind == Symbol && !bound[x.Name]:
			c.Name = re(x.Name)
		case x.Kind == Apply && FunctionNamed(x.Name) == nil:
			c.Name = function(x.Name)
		case x.Kind == Number:
			c.Unit = unit(x.Unit)
		}
		if c.Name == x.Name && c.Unit == x.Unit {
			return x
		}
		return &c
	}
	expr := func(e *Expr) *Expr { return e.Map(one) }
	out := *m
	for _, text := range []*string{&out.TimeUnit, &out.SubstanceUnit, &out.VolumeUnit, &out.AreaUnit, &out.LengthUnit, &out.ExtentUnit} {
		*text = unit(*text)
	}
	out.Units = copied(m.Units, func(x *UnitDef) { x.ID, x.Text = unit(x.ID), unit(x.Text) })
	out.Functions = copied(m.Functions, func(x *Function) {
		for _, p := range x.Params {
			bound[p] = true
		}
		x.ID, x.Body = function(x.ID), expr(x.Body)
		clear(bound)
	})
	out.Compartments = copied(m.Compartments, func(x *Compartment) { x.ID, x.Unit = re(x.ID), unit(x.Unit) })
	out.Species = copied(m.Species, func(x *Species) {
		x.ID, x.Compartment, x.ConversionFactor, x.Unit = re(x.ID), re(x.Compartment), re(x.ConversionFactor), unit(x.Unit)
	})
	out.Parameters = copied(m.Parameters, func(x *Parameter) { x.ID, x.Unit = re(x.ID), unit(x.Unit) })
	side := func(list []SpeciesRef) []SpeciesRef {
		return copied(list, func(x *SpeciesRef) { x.Species, x.Stoichiometry = re(x.Species), expr(x.Stoichiometry) })
	}
	out.Reactions = copied(m.Reactions, func(x *Reaction) {
		x.ID, x.Reactants, x.Products, x.Rate = re(x.ID), side(x.Reactants), side(x.Products), expr(x.Rate)
		x.Modifiers = copied(x.Modifiers, func(id *string) { *id = re(*id) })
		x.LowerFlux, x.UpperFlux = re(x.LowerFlux), re(x.UpperFlux)
	})
	out.Rules = copied(m.Rules, func(x *Rule) { x.Variable, x.Math, x.Meta = re(x.Variable), expr(x.Math), meta(x.Meta) })
	out.Initials = copied(m.Initials, func(x *Initial) { x.Symbol, x.Math, x.Meta = re(x.Symbol), expr(x.Math), meta(x.Meta) })
	out.Events = copied(m.Events, func(x *Event) {
		x.ID, x.Meta = re(x.ID), meta(x.Meta)
		x.Trigger, x.Delay, x.Priority = expr(x.Trigger), expr(x.Delay), expr(x.Priority)
		x.Assignments = copied(x.Assignments, func(a *EventAssignment) { a.Variable, a.Math = re(a.Variable), expr(a.Math) })
	})
	out.Constraints = copied(m.Constraints, func(x *Constraint) { x.ID, x.Math, x.Meta = re(x.ID), expr(x.Math), meta(x.Meta) })
	out.Annotations = copied(m.Annotations, func(x *Annotation) { x.Element = re(x.Element) })
	out.Notes = copied(m.Notes, func(x *Note) { x.Element = re(x.Element) })
	var parts func(list []UncertainPart) []UncertainPart
	parts = func(list []UncertainPart) []UncertainPart {
		return copied(list, func(x *UncertainPart) {
			x.ID, x.Unit = re(x.ID), unit(x.Unit)
			x.Value, x.Lower, x.Upper, x.Math = expr(x.Value), expr(x.Lower), expr(x.Upper), expr(x.Math)
			x.Parts = parts(x.Parts)
		})
	}
	out.Uncertain = copied(m.Uncertain, func(x *Uncertainty) { x.Element, x.Parts = re(x.Element), parts(x.Parts) })
	if m.Flux != nil {
		f := *m.Flux
		f.Active = re(f.Active)
		f.Objectives = copied(f.Objectives, func(x *Objective) {
			x.ID = re(x.ID)
			x.Terms = copied(x.Terms, func(t *FluxTerm) { t.Reaction = re(t.Reaction) })
		})
		f.Genes = copied(f.Genes, func(x *Gene) { x.ID, x.Species = re(x.ID), re(x.Species) })
		out.Flux = &f
	}
	return &out
}

// copied is a new list with change applied to every member; nil stays nil.
func copied[T any](list []T, change func(*T)) []T {
	out := append([]T(nil), list...)
	for i := range out {
		change(&out[i])
	}
	return out
}

// each calls f for the id of every element.
func (m *Model) each(f func(id string)) {
	for _, x := range m.Compartments {
		f(x.ID)
	}
	for _, x := range m.Species {
		f(x.ID)
	}
	for _, x := range m.Parameters {
		f(x.ID)
	}
	for _, x := range m.Reactions {
		f(x.ID)
	}
	for _, x := range m.Events {
		f(x.ID)
	}
}

// absorb appends everything of o.
func (m *Model) absorb(o *Model) {
	m.Units = append(m.Units, o.Units...)
	m.Functions = append(m.Functions, o.Functions...)
	m.Compartments = append(m.Compartments, o.Compartments...)
	m.Species = append(m.Species, o.Species...)
	m.Parameters = append(m.Parameters, o.Parameters...)
	m.Reactions = append(m.Reactions, o.Reactions...)
	m.Rules = append(m.Rules, o.Rules...)
	m.Initials = append(m.Initials, o.Initials...)
	m.Events = append(m.Events, o.Events...)
	m.absorbRest(o, false)
}

// absorbRest appends what only adds to a model and never changes an element. Of two active
// objectives that of the outer model holds, and else the first.
func (m *Model) absorbRest(o *Model, outer bool) {
	m.Constraints = append(m.Constraints, o.Constraints...)
	m.Annotations = append(m.Annotations, o.Annotations...)
	m.Uncertain = append(m.Uncertain, o.Uncertain...)
	m.Notes = append(m.Notes, o.Notes...)
	if o.Flux == nil {
		return
	}
	f := *o.Flux
	if m.Flux != nil {
		f.Objectives = append(m.Flux.Objectives[:len(m.Flux.Objectives):len(m.Flux.Objectives)], f.Objectives...)
		f.Genes = append(m.Flux.Genes[:len(m.Flux.Genes):len(m.Flux.Genes)], f.Genes...)
		f.Strict = f.Strict || m.Flux.Strict
		if f.Active == "" || m.Flux.Active != "" && !outer {
			f.Active = m.Flux.Active
		}
	}
	m.Flux = &f
}

// keep takes members out of a list that the model owns, in place; ok is asked once for each.
func keep[T any](list []T, ok func(T) bool) []T {
	for i, x := range list {
		if ok(x) {
			continue
		}
		out := list[:i]
		for _, y := range list[i+1:] {
			if ok(y) {
				out = append(out, y)
			}
		}
		clear(list[len(out):])
		return out
	}
	return list
}

// eachFormula calls f for every formula of the model but the bodies of functions, to be read or
// replaced in place. set is the id that the formula sets, "" for others. The lists
// must be the model's own, as rename makes them.
func (m *Model) eachFormula(f func(e **Expr, set string, at diag.Place)) {
	visit := func(e **Expr, set string, at diag.Place) {
		if *e != nil {
			f(e, set, at)
		}
	}
	for i := range m.Reactions {
		r := &m.Reactions[i]
		for _, side := range [][]SpeciesRef{r.Reactants, r.Products} {
			for k := range side {
				visit(&side[k].Stoichiometry, "", r.At)
			}
		}
		visit(&r.Rate, "", r.At)
	}
	for i := range m.Rules {
		visit(&m.Rules[i].Math, m.Rules[i].Variable, m.Rules[i].At)
	}
	for i := range m.Initials {
		visit(&m.Initials[i].Math, m.Initials[i].Symbol, m.Initials[i].At)
	}
	for i := range m.Events {
		e := &m.Events[i]
		visit(&e.Trigger, "", e.At)
		visit(&e.Delay, "", e.At)
		visit(&e.Priority, "", e.At)
		for k := range e.Assignments {
			visit(&e.Assignments[k].Math, e.Assignments[k].Variable, e.At)
		}
	}
	for i := range m.Constraints {
		visit(&m.Constraints[i].Math, "", m.Constraints[i].At)
	}
	var parts func(list []UncertainPart, at diag.Place)
	parts = func(list []UncertainPart, at diag.Place) {
		for i := range list {
			p := &list[i]
			for _, e := range []**Expr{&p.Value, &p.Lower, &p.Upper, &p.Math} {
				visit(e, "", at)
			}
			parts(p.Parts, at)
		}
	}
	for i := range m.Uncertain {
		parts(m.Uncertain[i].Parts, m.Uncertain[i].At)
	}
}

// values is Map, but the argument of rateOf, which must stay a symbol, is left alone.
func (e *Expr) values(f func(*Expr) *Expr) *Expr {
	if e.Kind != Apply {
		return f(e)
	}
	if e.Name == "rateOf" {
		return f(e)
	}
	c := *e
	c.Args = make([]*Expr, len(e.Args))
	same := true
	for i, a := range e.Args {
		c.Args[i] = a.values(f)
		same = same && c.Args[i] == a
	}
	if same {
		return f(e)
	}
	return f(&c)
}
