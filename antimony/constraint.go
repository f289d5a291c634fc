package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// condition is a constraint as it was read.
type condition struct {
	id   string
	auto bool // nobody gave it the id
	math *model.Expr
	at   diag.Place
}

// target is what a flux balance makes largest or smallest, as it was read.
type target struct {
	id       string
	math     *model.Expr // nil: that of the element id
	maximize bool
	at       diag.Place
}

// isConstraint tells whether a constraint without its word begins here: a number or an
// id, and then a relation.
func (p *parser) isConstraint() bool {
	n := 0
	if p.ahead(n).is("-") {
		n++
		if p.ahead(n).kind != number {
			return false
		}
	}
	t := p.ahead(n)
	if t.kind != number && (t.kind != word || keywords[t.text]) {
		return false
	}
	for n++; p.ahead(n).is(".") && p.ahead(n+1).kind == word; {
		n += 2
	}
	return isRelation(p.ahead(n))
}

func isRelation(t token) bool {
	return t.is("<") || t.is(">") || t.is("<=") || t.is(">=") || t.is("!=") || t.is("==") || t.is("<>")
}

// constraint reads "constraint id: formula", where id may be missing.
func (p *parser) constraint() {
	p.wide = true
	p.next()
	id := ""
	at := p.at(p.peek())
	if !p.peek().is(":") {
		id, at = p.path("the id of a constraint")
		id = p.replaces(id, "_con", aConstraint, at)
	}
	p.expect(":", "before the formula of a constraint")
	p.addConstraint(id, at, p.formula("the formula of a constraint"))
}

func (p *parser) addConstraint(id string, at diag.Place, math *model.Expr) {
	auto := strings.HasPrefix(id, "_con") || id == "" // as libAntimony calls those without a name
	if id == "" {
		id = p.b.unused("_con")
	}
	p.b.claim(p.b.touch(id, at), aConstraint, at)
	p.b.conditions = append(p.b.conditions, condition{id, auto, math, at.To(math.At)})
}

// objective reads maximize or minimize and a formula.
func (p *parser) objective(id string, at diag.Place) {
	p.wide = true
	t := p.next()
	b := p.b
	p.linear = true
	math := p.formula("what to " + t.text)
	p.linear = false
	if b.target != nil {
		p.fail(diag.Errorf(at.To(math.At), "the model has an objective already, and it can have only one").WithNote(b.target.at, "the first"))
	}
	b.target = &target{id: id, math: math, maximize: t.text == "maximize", at: at.To(math.At)}
	if id != "" {
		b.claim(b.touch(id, at), anObjective, at)
	}
}

// buildConstraints adds the constraints, and as bounds of fluxes those that are such. The
// number that bounds a flux becomes a parameter with the id of the constraint, and the
// constraint has none; a second number of the same constraint has _b behind its id.
func (b *body) buildConstraints() {
	for _, c := range b.conditions {
		k := model.Constraint{ID: c.id, Meta: c.id, Math: b.fix(c.math), Message: b.elements[c.id].name, At: c.at}
		limits := b.fluxLimits(k.Math)
		if c.auto || len(limits) > 0 {
			k.ID = ""
		}
		b.mod.Constraints = append(b.mod.Constraints, k)
		id := c.id
		for _, l := range limits {
			b.p.try(func() { b.bind(l, id) })
			id = c.id + "_b"
		}
	}
}

// reversed are the relations seen from their right side.
var reversed = map[string]string{"lt": "gt", "leq": "geq", "gt": "lt", "geq": "leq", "eq": "eq"}

// fluxLimit says that the flux of a reaction stands in a relation to a limit.
type fluxLimit struct {
	reaction int
	relation string
	limit    *model.Expr // a number or the symbol of a parameter
}

// fluxLimits are the bounds in "number relation reaction", "reaction relation number" and
// the pair of them with one reaction in the middle; nil when a constraint is no such thing.
func (b *body) fluxLimits(x *model.Expr) []fluxLimit {
	if x.Kind != model.Apply {
		return nil
	}
	if x.Name == "and" && len(x.Args) == 2 {
		return append(b.fluxLimits(x.Args[0]), b.fluxLimits(x.Args[1])...)
	}
	relation, known := reversed[x.Name]
	if !known {
		return nil
	}
	reaction := func(e *model.Expr) int {
		for i := range b.mod.Reactions {
			if e.Kind == model.Symbol && b.mod.Reactions[i].ID == e.Name {
				return i
			}
		}
		return -1
	}
	switch len(x.Args) {
	case 2:
		if r := reaction(x.Args[0]); r >= 0 && b.isLimit(x.Args[1]) {
			return []fluxLimit{{r, x.Name, x.Args[1]}}
		}
		if r := reaction(x.Args[1]); r >= 0 && b.isLimit(x.Args[0]) {
			return []fluxLimit{{r, relation, x.Args[0]}}
		}
	case 3:
		if r := reaction(x.Args[1]); r >= 0 && b.isLimit(x.Args[0]) && b.isLimit(x.Args[2]) {
			return []fluxLimit{{r, relation, x.Args[0]}, {r, x.Name, x.Args[2]}}
		}
	}
	return nil
}

// isLimit tells whether x can bound a flux.
func (b *body) isLimit(x *model.Expr) bool {
	if x.Kind == model.Symbol {
		for i := range b.mod.Parameters {
			if b.mod.Parameters[i].ID == x.Name {
				return true
			}
		}
	}
	return x.Kind == model.Number
}

// bind bounds the flux of a reaction.
func (b *body) bind(l fluxLimit, id string) {
	r := &b.mod.Reactions[l.reaction]
	lower := l.relation == "gt" || l.relation == "geq" || l.relation == "eq"
	upper := l.relation == "lt" || l.relation == "leq" || l.relation == "eq"
	if lower && r.LowerFlux != "" || upper && r.UpperFlux != "" {
		b.p.warn(diag.Warnf(l.limit.At, "the flux of %s is bounded twice on one side; the last bound holds", r.ID))
	}
	if l.limit.Kind == model.Symbol {
		id = l.limit.Name
	} else {
		v := l.limit.Value
		unit := l.limit.Unit
		for b.elements[id] != nil && b.elements[id].kind != aConstraint {
			id += "_"
		}
		b.mod.Parameters = append(b.mod.Parameters, model.Parameter{ID: id, Value: &v, Unit: unit, Constant: true, At: l.limit.At})
	}
	if lower {
		r.LowerFlux = id
	}
	if upper {
		r.UpperFlux = id
	}
	if b.mod.Flux == nil {
		b.mod.Flux = &model.FluxBalance{}
	}
}

// settleTarget finds out which element is the objective: "maximize Obj" with a parameter
// Obj makes that the objective, and no parameter of it.
func (b *body) settleTarget() {
	t := b.target
	if t == nil {
		return
	}
	if x := t.math; t.id == "" && x.Kind == model.Symbol && !strings.Contains(x.Name, ".") {
		e := b.touch(b.resolve(x.Name), x.At)
		if e.kind == undecided || e.kind == aFormula {
			if e.value == nil {
				b.p.report(diag.Errorf(x.At, "%s has no value: it cannot be the objective", e.id).
					WithHelp("an objective is a sum of reactions, each times a number"))
			} else {
				t.math = e.value
			}
			t.id = e.id
			e.kind, e.claimed, e.kindAt, e.value, e.rule = anObjective, true, t.at, nil, nil
		}
	}
	if t.id == "" {
		t.id = b.unused("_objective")
		b.touch(t.id, t.at).kind = anObjective
	}
}

// buildTarget adds the objective.
func (b *body) buildTarget() {
	t := b.target
	if t == nil || t.math == nil {
		return
	}
	o := model.Objective{ID: t.id, Maximize: t.maximize, At: t.at}
	if e := b.elements[t.id]; e != nil {
		o.Name = e.name
	}
	if !b.p.try(func() { b.terms(&o, t.math, 1) }) {
		return
	}
	if b.mod.Flux == nil {
		b.mod.Flux = &model.FluxBalance{}
	}
	b.mod.Flux.Active, b.mod.Flux.Objectives = t.id, []model.Objective{o}
}

// terms adds factor*x, a sum of reactions each times a number, to an objective.
func (b *body) terms(o *model.Objective, x *model.Expr, factor float64) {
	bad := func() {
		b.p.fail(diag.Errorf(x.At, "an objective is a sum of reactions, each times a number").
			WithNote(o.At, "the objective").WithHelp("as in maximize J1 + 2*J2"))
	}
	reaction := func(id string) bool {
		e := b.elements[b.resolve(id)]
		if strings.Contains(id, ".") {
			_, _, _, kind := b.kindOf(id)
			return kind == aReaction
		}
		return e != nil && e.kind == aReaction
	}
	switch {
	case x.Kind == model.Symbol && reaction(x.Name):
		o.Terms = append(o.Terms, model.FluxTerm{Reaction: b.resolve(x.Name), Coefficient: factor})
	case x.Kind == model.Number && x.Unit != "" && reaction(x.Unit): // 3 J0
		o.Terms = append(o.Terms, model.FluxTerm{Reaction: b.resolve(x.Unit), Coefficient: factor * x.Value})
	case x.Kind != model.Apply:
		bad()
	case x.Name == "plus":
		for _, a := range x.Args {
			b.terms(o, a, factor)
		}
	case x.Name == "minus" && len(x.Args) == 1:
		b.terms(o, x.Args[0], -factor)
	case x.Name == "minus":
		b.terms(o, x.Args[0], factor)
		b.terms(o, x.Args[1], -factor)
	case x.Name == "times" && len(x.Args) >= 2:
		var rest *model.Expr
		for _, a := range x.Args {
			v, plain := plainNumber(a)
			switch {
			case plain:
				factor *= v
			case rest == nil:
				rest = a
			default:
				bad()
			}
		}
		if rest == nil {
			bad()
		}
		b.terms(o, rest, factor)
	case x.Name == "divide":
		v, plain := plainNumber(x.Args[1])
		if !plain {
			bad()
		}
		b.terms(o, x.Args[0], factor/v)
	default:
		bad()
	}
}

// plainNumber is the value of a number, with signs before it or not.
func plainNumber(x *model.Expr) (float64, bool) {
	if x.Kind == model.Apply && x.Name == "minus" && len(x.Args) == 1 {
		v, ok := plainNumber(x.Args[0])
		return -v, ok
	}
	return x.Value, x.Kind == model.Number && x.Unit == ""
}
