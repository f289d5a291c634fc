package model

import (
	"strings"

	"thymus/diag"
)

// convert writes the conversion factors of a submodel into it (SBML Level 3 comp, section
// 3.8 and table 4). With t and x for the factors of time and extent:
//
//	time               time/t
//	delay(y, d)        delay(y, t*d)
//	rateOf(y)          t*rateOf(y)
//	rate of a reaction x/t * rate
//	id of a reaction   J/(x/t), in formulas of the submodel, when J stays inside it
//	rate rule          math/t
//	delay of an event  t*delay
//
// Everything else keeps its number. Functions that use time are written out where they are
// called.
func (f *flattener) convert(m *Model, in *instance) {
	t, x := in.time, in.extent
	if t == nil && x == nil {
		return
	}
	rate := x
	switch {
	case x == nil:
		rate = over(Num(1), t)
	case t != nil:
		rate = over(x, t)
	}
	timed := f.timed(m)
	inside := map[string]bool{}
	stays := func(id string) bool { // a reaction that is one of the submodel's in the end
		is, ok := inside[id]
		if !ok {
			to, _ := f.resolve(id)
			is = f.kinds[to] == aReaction && strings.HasPrefix(to, in.prefix)
			inside[id] = is
		}
		return is
	}
	expr := func(e *Expr) *Expr {
		if t != nil && len(timed) > 0 {
			e = inline(e, timed, 0)
		}
		return e.values(func(y *Expr) *Expr {
			switch {
			case y.Kind == Symbol && y.Name == Time && t != nil:
				return over(y, t)
			case y.Kind == Symbol && stays(y.Name):
				return over(y, rate)
			case y.Kind == Apply && y.Name == "delay" && len(y.Args) == 2 && t != nil:
				return Call("delay", y.Args[0], times(t, y.Args[1]))
			case y.Kind == Apply && y.Name == "rateOf" && t != nil:
				return times(t, y)
			}
			return y
		})
	}
	m.eachFormula(func(e **Expr, _ string, _ diag.Place) { *e = expr(*e) })
	for i := range m.Reactions {
		r := &m.Reactions[i]
		if r.LowerFlux != "" || r.UpperFlux != "" {
			f.fail(diag.Errorf(r.At, "reaction %s has bounds of its flux, and its submodel a conversion factor: that is not supported", r.ID).
				WithHelp("state the submodel in the units of the model around it"))
		}
		if r.Rate != nil {
			r.Rate = times(rate, r.Rate)
		}
	}
	if t == nil {
		return
	}
	for i := range m.Rules {
		if r := &m.Rules[i]; r.Kind == Rate {
			r.Math = over(r.Math, t)
		}
	}
	for i := range m.Events {
		if e := &m.Events[i]; e.Delay != nil {
			e.Delay = times(t, e.Delay)
		}
	}
}

// timed finds the functions of a model whose values depend on time by themselves.
func (f *flattener) timed(m *Model) map[string]*Function {
	all := map[string]*Function{}
	for _, list := range [][]Function{f.doc.Functions, m.Functions} {
		for i := range list {
			all[list[i].ID] = &list[i]
		}
	}
	out := map[string]*Function{}
	for changed := true; changed; {
		changed = false
		for id, fn := range all {
			if out[id] != nil {
				continue
			}
			fn.Body.Walk(func(x *Expr) bool {
				if x.Kind == Symbol && x.Name == Time || x.Kind == Apply && (x.Name == "delay" || x.Name == "rateOf" || out[x.Name] != nil) {
					out[id] = fn
					changed = true
				}
				return out[id] == nil
			})
		}
	}
	return out
}

// inline writes calls of the functions out.
func inline(e *Expr, functions map[string]*Function, depth int) *Expr {
	if depth > deepest { // a function that calls itself is refused elsewhere
		return e
	}
	return e.Map(func(x *Expr) *Expr {
		fn := functions[x.Name]
		if x.Kind != Apply || fn == nil || len(fn.Params) != len(x.Args) {
			return x
		}
		by := map[string]*Expr{}
		for i, p := range fn.Params {
			by[p] = x.Args[i]
		}
		return inline(fn.Body.Substitute(by), functions, depth+1)
	})
}
