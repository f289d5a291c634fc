package compile

import (
	"sort"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// This file decides what algebraic rules determine (SBML Level 3 Version 2, sections
// 4.9.3 and 4.9.5). Each rule is paired with one symbol that nothing else determines. A
// rule that is linear in its symbol, with a constant factor, becomes an assignment; the
// others become equations that are solved with the states.

// algebraicRules pairs rules with symbols and turns what it can into assignments.
func (b *builder) algebraicRules() {
	if len(b.algebraic) == 0 {
		return
	}
	d := &reading{b}
	given := b.givenElsewhere()
	rules := make([]map[*symbol]bool, len(b.algebraic)) // candidates of each rule; true: named in it
	var all []*symbol
	known := map[*symbol]bool{}
	for i, r := range b.algebraic {
		if !b.resolvable(r) {
			return
		}
		rules[i] = map[*symbol]bool{}
		direct := map[*symbol]bool{}
		d.direct(r.Math, func(s *symbol) { direct[s] = true })
		for _, s := range d.reach(r.Math) {
			if given(s) == "" {
				rules[i][s] = direct[s]
				if !known[s] {
					known[s] = true
					all = append(all, s)
				}
			}
		}
	}
	b.moved = map[string]bool{}
	for _, e := range b.m.Events {
		for _, a := range e.Assignments {
			b.moved[a.Variable] = true
		}
	}
	for _, a := range b.opt.Actions {
		for _, x := range a.Assignments {
			b.moved[x.Variable] = true
		}
	}
	place := map[*symbol]int{}
	for i, s := range b.order {
		place[s] = i
	}
	sort.Slice(all, func(x, y int) bool {
		if p, q := b.rank(all[x]), b.rank(all[y]); p != q {
			return p < q
		}
		return place[all[x]] < place[all[y]]
	})
	// Symbols are taken one by one, the likeliest first; one that has been paired stays so
	// (augmenting paths), hence the pairing has the likeliest symbols that are possible.
	ruleOf, symbolOf := map[*symbol]int{}, make([]*symbol, len(b.algebraic))
	var augment func(s *symbol, seen []bool, namedOnly bool) bool
	augment = func(s *symbol, seen []bool, namedOnly bool) bool {
		for i := range rules {
			named, has := rules[i][s]
			if !has || seen[i] || namedOnly && !named {
				continue
			}
			seen[i] = true
			if symbolOf[i] == nil || augment(symbolOf[i], seen, namedOnly) {
				symbolOf[i], ruleOf[s] = s, i
				return true
			}
		}
		return false
	}
	for _, namedOnly := range []bool{true, false} {
		for _, s := range all {
			if _, has := ruleOf[s]; !has {
				augment(s, make([]bool, len(rules)), namedOnly)
			}
		}
	}
	for i, s := range symbolOf {
		if s == nil {
			b.overdetermined(i, rules, symbolOf, given, d)
			return
		}
	}
	if !b.unambiguous(all, rules, ruleOf, symbolOf) {
		return
	}
	for i, s := range symbolOf {
		r := b.algebraic[i]
		s.algebraic = r
		if x := b.solved(r, s); x != nil {
			s.rule = x
		}
	}
	b.breakCycles(symbolOf)
	for _, s := range symbolOf {
		if s.rule == nil {
			b.general("algebraic rules")
		}
	}
}

// general notes a reason for which the model is integrated by the general path.
func (b *builder) general(why string) {
	for _, w := range b.why {
		if w == why {
			return
		}
	}
	b.why = append(b.why, why)
}

// resolvable says whether all names in a rule are known; lowering the rule would say so
// too, but only after it was paired.
func (b *builder) resolvable(r *model.Rule) bool {
	ok := true
	r.Math.Walk(func(x *model.Expr) bool {
		if x.Kind == model.Symbol && x.Name != model.Time && x.Name != model.Avogadro && b.symbols[x.Name] == nil {
			b.ms = append(b.ms, diag.Errorf(x.At, "unknown symbol %q", x.Name).WithHelp("%s", diag.DidYouMean(x.Name, b.names())))
			ok = false
		}
		return true
	})
	return ok
}

// givenElsewhere says what determines a symbol, "" when an algebraic rule may.
func (b *builder) givenElsewhere() func(*symbol) string {
	constant := map[string]bool{}
	for _, p := range b.m.Parameters {
		constant[p.ID] = p.Constant
	}
	for _, c := range b.m.Compartments {
		constant[c.ID] = c.Constant
	}
	for _, s := range b.m.Species {
		constant[s.ID] = s.Constant
	}
	moving := map[string]string{}
	for i := range b.m.Reactions {
		r := &b.m.Reactions[i]
		for _, refs := range [][]model.SpeciesRef{r.Reactants, r.Products} {
			for _, ref := range refs {
				moving[ref.Species] = r.ID
			}
		}
	}
	outside := map[string]bool{}
	for _, list := range [][]string{b.opt.Signals, b.opt.Variables} {
		for _, id := range list {
			outside[id] = true
		}
	}
	return func(s *symbol) string {
		switch {
		case s.kind == isReaction:
			return "is a reaction's rate"
		case s.rule != nil && s.rule.Kind == model.Assignment:
			return "has an assignment rule"
		case s.rule != nil:
			return "has a rate rule"
		case constant[s.id]:
			return "is constant"
		case outside[s.id]:
			return "is set from outside"
		case s.kind == isSpecies && !s.species.Boundary && moving[s.id] != "":
			return "is changed by reaction " + moving[s.id]
		}
		return ""
	}
}

// rank orders symbols by how likely it is that an algebraic rule is meant to determine
// them: first those without a value of their own, last those that events or doses set.
func (b *builder) rank(s *symbol) int {
	switch {
	case b.moved[s.id]:
		return 3
	case s.initial != nil:
		return 2
	case s.value != nil:
		return 1
	}
	return 0
}

func ruleText(r *model.Rule) string {
	text := r.Math.String()
	if len(text) > 120 {
		text = text[:120] + "..."
	}
	return "0 = " + text
}

// overdetermined reports rule i, for which no symbol is left: all rules and symbols that
// compete with it are named.
func (b *builder) overdetermined(i int, rules []map[*symbol]bool, symbolOf []*symbol, given func(*symbol) string, d *reading) {
	if len(rules[i]) == 0 {
		var why []string
		d.direct(b.algebraic[i].Math, func(s *symbol) { why = append(why, s.id+" "+given(s)) })
		text := "it names no symbol"
		if len(why) > 0 {
			text = strings.Join(why, ", ")
		}
		b.ms = append(b.ms, diag.Errorf(b.algebraic[i].At, "algebraic rule %s has nothing to determine: %s", ruleText(b.algebraic[i]), text).
			WithHelp("a rule determines something that is not constant and that neither a reaction nor another rule changes"))
		return
	}
	in := map[int]bool{i: true}
	names := map[string]bool{}
	for more := true; more; {
		more = false
		for k := range rules {
			if !in[k] {
				continue
			}
			for s := range rules[k] {
				names[s.id] = true
				for q, x := range symbolOf {
					if x == s && !in[q] {
						in[q], more = true, true
					}
				}
			}
		}
	}
	var ids []string
	for id := range names {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	msg := diag.Errorf(b.algebraic[i].At, "the model is over-determined: %d algebraic rules for %d symbols (%s)", len(in), len(ids), strings.Join(ids, ", "))
	for k := range rules {
		if in[k] && k != i {
			msg = msg.WithNote(b.algebraic[k].At, "another of these rules: %s", ruleText(b.algebraic[k]))
		}
	}
	b.ms = append(b.ms, msg)
}

// unambiguous refuses a pairing in which a symbol might as well be exchanged for another
// of equal standing: the rules leave open which of them moves.
func (b *builder) unambiguous(all []*symbol, rules []map[*symbol]bool, ruleOf map[*symbol]int, symbolOf []*symbol) bool {
	ok := true
	for _, free := range all {
		if _, paired := ruleOf[free]; paired || b.rank(free) == 3 {
			continue
		}
		seen := make([]bool, len(rules))
		var reach func(s *symbol) *symbol
		reach = func(s *symbol) *symbol {
			for i := range rules {
				if named, has := rules[i][s]; !has || !named || seen[i] {
					continue
				}
				seen[i] = true
				x := symbolOf[i]
				if b.rank(x) == b.rank(free) && rules[i][x] {
					return x
				}
				if y := reach(x); y != nil {
					return y
				}
			}
			return nil
		}
		if x := reach(free); x != nil {
			i := ruleOf[x]
			b.ms = append(b.ms, diag.Errorf(b.algebraic[i].At, "the model is under-determined: algebraic rule %s may determine %s or %s", ruleText(b.algebraic[i]), x.id, free.id).
				WithNote(free.at, "%s is declared here", free.id).WithHelp("make one of them constant, or give it a rule of its own"))
			ok = false
		}
	}
	return ok
}

// solved is the assignment that a rule linear in x says, or nil.
func (b *builder) solved(r *model.Rule, x *symbol) *model.Rule {
	if b.moved[x.id] {
		return nil // an event's value is the start of a search: x stays an unknown
	}
	factor, rest, ok := b.linear(r.Math, x.id, 0)
	if !ok || factor == nil || !b.fixed(factor) {
		return nil
	}
	if rest == nil {
		rest = model.Num(0)
	}
	math := model.Call("divide", model.Call("minus", rest), factor)
	if factor.Kind == model.Number {
		switch {
		case factor.Value == 0:
			return nil
		case factor.Value == 1:
			math = model.Call("minus", rest)
		case factor.Value == -1:
			math = rest
		}
	}
	return &model.Rule{Kind: model.Assignment, Variable: x.id, Math: math, Meta: r.Meta, At: r.At}
}

// fixed says whether a formula is made of numbers and constants alone.
func (b *builder) fixed(e *model.Expr) bool {
	given := b.givenElsewhere()
	ok := true
	e.Walk(func(x *model.Expr) bool {
		switch x.Kind {
		case model.Symbol:
			s := b.symbols[x.Name]
			if x.Name != model.Avogadro && (s == nil || s.kind == isSpecies || given(s) != "is constant") {
				ok = false
			}
		case model.Apply:
			if row := model.FunctionNamed(x.Name); row == nil || row.Value == nil {
				ok = false
			}
		}
		return ok
	})
	return ok
}

// linear splits e into factor*x + rest; nil stands for 0. It says false when e is not of
// that form as written.
func (b *builder) linear(e *model.Expr, x string, depth int) (factor, rest *model.Expr, ok bool) {
	if depth > 50 {
		return nil, nil, false
	}
	if !names(e, x) {
		return nil, e, true
	}
	if e.Kind == model.Symbol {
		return model.Num(1), nil, true
	}
	sum := func(p, q *model.Expr) *model.Expr {
		switch {
		case p == nil:
			return q
		case q == nil:
			return p
		case p.Kind == model.Number && q.Kind == model.Number:
			return model.Num(p.Value + q.Value)
		}
		return model.Call("plus", p, q)
	}
	negative := func(p *model.Expr) *model.Expr {
		switch {
		case p == nil:
			return nil
		case p.Kind == model.Number:
			return model.Num(-p.Value)
		}
		return model.Call("minus", p)
	}
	product := func(p, q *model.Expr) *model.Expr {
		switch {
		case p == nil || q == nil:
			return nil
		case p.Kind == model.Number && q.Kind == model.Number:
			return model.Num(p.Value * q.Value)
		case p.Kind == model.Number && p.Value == 1:
			return q
		}
		return model.Call("times", p, q)
	}
	if f, is := b.l.functions[e.Name]; is && f.Body != nil && len(f.Params) == len(e.Args) {
		by := map[string]*model.Expr{}
		for i, p := range f.Params {
			by[p] = e.Args[i]
		}
		return b.linear(f.Body.Substitute(by), x, depth+1)
	}
	switch e.Name {
	case "plus":
		for _, a := range e.Args {
			f, r, fine := b.linear(a, x, depth+1)
			if !fine {
				return nil, nil, false
			}
			factor, rest = sum(factor, f), sum(rest, r)
		}
		return factor, rest, true
	case "minus":
		f, r, fine := b.linear(e.Args[0], x, depth+1)
		if !fine {
			return nil, nil, false
		}
		if len(e.Args) == 1 {
			return negative(f), negative(r), true
		}
		f2, r2, fine := b.linear(e.Args[1], x, depth+1)
		return sum(f, negative(f2)), sum(r, negative(r2)), fine
	case "times":
		factor, rest = nil, model.Num(1)
		for _, a := range e.Args {
			f, r, fine := b.linear(a, x, depth+1)
			switch {
			case !fine || f != nil && factor != nil:
				return nil, nil, false
			case f != nil:
				factor, rest = product(rest, f), product(rest, r)
			case factor != nil:
				factor, rest = product(r, factor), product(rest, r)
			default:
				rest = product(rest, r)
			}
		}
		return factor, rest, true
	case "divide":
		f, r, fine := b.linear(e.Args[0], x, depth+1)
		if !fine || names(e.Args[1], x) {
			return nil, nil, false
		}
		over := func(p *model.Expr) *model.Expr {
			if p == nil {
				return nil
			}
			return model.Call("divide", p, e.Args[1])
		}
		return over(f), over(r), true
	}
	return nil, nil, false
}

// names says whether e names x.
func names(e *model.Expr, x string) bool {
	found := false
	e.Walk(func(n *model.Expr) bool {
		found = found || n.Kind == model.Symbol && n.Name == x
		return !found
	})
	return found
}

// breakCycles takes assignments back that would depend on themselves: such rules are
// solved together.
func (b *builder) breakCycles(symbolOf []*symbol) {
	for {
		d := &reading{b}
		var again *symbol
		for _, s := range symbolOf {
			if s.rule == nil {
				continue
			}
			for _, x := range d.reach(s.rule.Math) {
				if x == s {
					again = s
				}
			}
			if again != nil {
				break
			}
		}
		if again == nil {
			return
		}
		again.rule = nil
	}
}

// reading finds what formulas depend on at one instant.
type reading struct{ b *builder }

// direct calls see for every symbol a formula names, except in the past (delay).
func (d *reading) direct(e *model.Expr, see func(*symbol)) {
	e.Walk(func(x *model.Expr) bool {
		switch {
		case x.Kind == model.Symbol:
			if s := d.b.symbols[x.Name]; s != nil {
				see(s)
			}
		case x.Kind == model.Apply && x.Name == "delay" && len(x.Args) == 2:
			d.direct(x.Args[1], see)
			return false
		}
		return true
	})
}

// reach lists the symbols that a formula depends on, through assignment rules, rates and
// sizes, in the order in which they are found.
func (d *reading) reach(e *model.Expr) []*symbol {
	seen := map[*symbol]bool{}
	var out []*symbol
	var visit func(s *symbol)
	var formula func(e *model.Expr)
	formula = func(e *model.Expr) {
		d.direct(e, visit)
		e.Walk(func(x *model.Expr) bool {
			if x.Kind == model.Apply && x.Name == "rateOf" {
				d.direct(x, func(s *symbol) {
					if s.rule != nil && s.rule.Kind == model.Rate {
						formula(s.rule.Math)
					}
					for i := range d.b.m.Reactions {
						r := &d.b.m.Reactions[i]
						for _, refs := range [][]model.SpeciesRef{r.Reactants, r.Products} {
							for _, ref := range refs {
								if ref.Species == s.id && r.Rate != nil {
									visit(d.b.symbols[r.ID])
								}
							}
						}
					}
				})
			}
			return !(x.Kind == model.Apply && x.Name == "delay")
		})
	}
	visit = func(s *symbol) {
		if seen[s] {
			return
		}
		seen[s] = true
		out = append(out, s)
		switch {
		case s.kind == isReaction:
			if s.reaction.Rate != nil {
				formula(s.reaction.Rate)
			}
		case s.rule != nil && s.rule.Kind == model.Assignment:
			formula(s.rule.Math)
		}
		if s.kind == isSpecies && !s.species.SubstanceOnly {
			if c := d.b.symbols[s.species.Compartment]; c != nil {
				visit(c)
			}
		}
	}
	formula(e)
	return out
}
