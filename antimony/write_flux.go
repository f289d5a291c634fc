package antimony

import (
	"strings"

	"thymus/model"
)

// findBounds decides how bounds of fluxes are written: a constant that is nothing but the
// bound of one flux as a number in a constraint with its id, any other by its id.
func (w *writer) findBounds() {
	count := map[string]int{}
	for _, r := range w.m.Reactions {
		count[r.LowerFlux]++
		if r.UpperFlux != r.LowerFlux {
			count[r.UpperFlux]++
		}
	}
	used := map[string]bool{}
	note := func(x *model.Expr) {
		for _, s := range x.Symbols() {
			used[s] = true
		}
	}
	m := w.m
	for _, r := range m.Reactions {
		note(r.Rate)
		for _, side := range [][]model.SpeciesRef{r.Reactants, r.Products} {
			for _, s := range side {
				note(s.Stoichiometry)
			}
		}
	}
	for _, r := range m.Rules {
		note(r.Math)
	}
	for _, x := range m.Initials {
		note(x.Math)
	}
	for _, c := range m.Constraints {
		note(c.Math)
	}
	for _, e := range m.Events {
		note(e.Trigger)
		note(e.Delay)
		note(e.Priority)
		for _, a := range e.Assignments {
			note(a.Math)
		}
	}
	for _, l := range m.Links {
		used[l.A], used[l.B], used[l.Factor] = true, true, true
	}
	for _, p := range m.Parameters {
		plain := p.Constant && p.Value != nil && p.Unit == "" && p.Name == "" && !used[p.ID] && !w.initial[p.ID] && !w.ruled[p.ID] && !w.set[p.ID]
		if count[p.ID] == 1 && plain && !strings.Contains(p.ID, ".") && reserved(p.ID) == "" {
			w.hidden[p.ID] = true
		}
	}
}

func (w *writer) valueOf(id string) *model.Expr {
	for i := range w.m.Parameters {
		if p := &w.m.Parameters[i]; p.ID == id && p.Value != nil {
			return model.Num(*p.Value)
		}
	}
	return model.Sym(id)
}

// limit is what stands for a bound in a constraint.
func (w *writer) limit(id string) *model.Expr {
	if w.hidden[id] {
		return w.valueOf(id)
	}
	return model.Sym(id)
}

// constraints writes constraints, and bounds of fluxes as such.
func (w *writer) constraints() {
	given := map[string]string{} // bounds that a constraint of the model says, and its id
	for _, r := range w.m.Reactions {
		for _, id := range []string{r.LowerFlux, r.UpperFlux} {
			if id != "" {
				given[id] = ""
			}
		}
	}
	for _, c := range w.m.Constraints {
		id := c.ID
		for i, b := range w.boundsIn(c.Math) {
			if i == 0 && w.hidden[b] {
				id = b
			}
			given[b] = "told"
		}
		w.constraintLine(id, c.Math, c.Message)
	}
	for _, r := range w.m.Reactions {
		l, u := r.LowerFlux, r.UpperFlux
		j := model.Sym(r.ID)
		line := func(id string, x *model.Expr) {
			if !w.hidden[id] {
				id = ""
			}
			w.constraintLine(id, x, "")
		}
		lower, upper := l != "" && given[l] != "told", u != "" && given[u] != "told"
		switch {
		case lower && l == u:
			line(l, model.Call("eq", j, w.limit(l)))
		case lower && upper && (u == l+"_b" || !w.hidden[l] && !w.hidden[u]):
			line(l, model.Call("leq", w.limit(l), j, w.limit(u)))
		default:
			if lower {
				line(l, model.Call("geq", j, w.limit(l)))
			}
			if upper {
				line(u, model.Call("leq", j, w.limit(u)))
			}
		}
	}
}

// boundsIn lists the bounds that a constraint says, in the order in which its numbers
// stand; nil when it says more, or other numbers.
func (w *writer) boundsIn(x *model.Expr) []string {
	b := &body{mod: w.m}
	limits := b.fluxLimits(x)
	var ids []string
	for _, l := range limits {
		r := w.m.Reactions[l.reaction]
		id := r.UpperFlux
		if l.relation == "gt" || l.relation == "geq" {
			id = r.LowerFlux
		}
		if id == "" || l.relation == "eq" && r.LowerFlux != r.UpperFlux || !w.limit(id).Equal(l.limit) && !w.valueOf(id).Equal(l.limit) {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

func (w *writer) constraintLine(id string, x *model.Expr, message string) {
	if id != "" || message != "" {
		if id == "" {
			id = "_con_said"
			for w.taken[id] {
				id += "_"
			}
		}
		w.taken[id] = true
		w.line("constraint %s: %s;", w.id(id), w.formula(x))
		if message != "" {
			w.line("%s is %s;", w.id(id), quote(message))
		}
		return
	}
	text := w.formula(x)
	if x.Kind == model.Apply && reversed[x.Name] != "" && (x.Args[0].Kind == model.Number || x.Args[0].Kind == model.Symbol && !strings.Contains(x.Args[0].Name, ".")) {
		w.line("%s;", text)
		return
	}
	w.line("constraint: %s;", text)
}

// objective writes the active objective.
func (w *writer) objective() {
	f := w.m.Flux
	if f == nil {
		return
	}
	if f.Strict {
		w.warn(w.m.At, "that the flux balance of %s is strict is not written", w.m.ID)
	}
	if len(f.Genes) > 0 {
		w.warn(w.m.At, "gene products (%s, ...) are not written", f.Genes[0].ID)
	}
	for _, o := range f.Objectives {
		if o.ID != f.Active && (f.Active != "" || len(f.Objectives) > 1) {
			w.warn(o.At, "the objective %s is not the active one and is not written", o.ID)
			continue
		}
		if len(o.Terms) == 0 {
			w.warn(o.At, "the objective %s has no flux and is not written", o.ID)
			continue
		}
		var sum []*model.Expr
		for _, t := range o.Terms {
			x := model.Sym(t.Reaction)
			if t.Coefficient != 1 {
				x = model.Call("times", model.Num(t.Coefficient), x)
			}
			sum = append(sum, x)
		}
		x := sum[0]
		if len(sum) > 1 {
			x = model.Call("plus", sum...)
		}
		verb := "minimize"
		if o.Maximize {
			verb = "maximize"
		}
		id := w.id(o.ID)
		w.line("%s: %s %s;", id, verb, w.formula(x))
		if o.Name != "" {
			w.line("%s is %s;", id, quote(o.Name))
		}
	}
}
