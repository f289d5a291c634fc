package model

import (
	"sort"
	"strings"

	"thymus/diag"
)

// collect reads the links, from the outside in.
func (f *flattener) collect(in *instance) {
	m := in.module
	for i, s := range m.Submodels {
		for k, arg := range s.Args {
			if arg != "" {
				f.link(in, Link{A: s.ID + "." + in.ports(i, f)[k], B: arg, At: s.At})
			}
		}
	}
	for _, l := range m.Links {
		if !f.isUndone(in, l.ID) {
			f.link(in, l)
		}
	}
	for _, child := range in.children {
		f.collect(child)
	}
}

// ports lists the ports of the i-th submodel.
func (in *instance) ports(i int, f *flattener) []string {
	return f.modules[in.module.Submodels[i].Module].Ports
}

// link notes that two paths name one thing. An element that an outer module made another
// one already takes with it what the inner module links it to.
func (f *flattener) link(in *instance, l Link) {
	a, b := in.prefix+l.A, in.prefix+l.B
	if f.kinds[a] == aSubmodel || f.kinds[b] == aSubmodel {
		f.linkSubmodels(in, l, a, b)
		return
	}
	for _, end := range []struct{ path, text string }{{a, l.A}, {b, l.B}} {
		if f.kinds[end.path] == noElement && strings.Contains(end.text, ".") {
			f.fail(diag.Errorf(l.At, "%s leads nowhere", end.text).WithHelp("%s", diag.DidYouMean(end.path, f.below(in.prefix+strings.Split(end.text, ".")[0]))))
			return
		}
	}
	if f.kinds[a] == noElement && f.kinds[b] == noElement {
		f.fail(diag.Errorf(l.At, "%s and %s are made one, but neither is defined", l.A, l.B))
		return
	}
	factor := f.factor(l.Factor, in.prefix, l.At)
	fromA, byA := f.resolve(a)
	toB, byB := f.resolve(b)
	if fromA == toB {
		return // they are one already
	}
	if ka, kb := f.class(a), f.class(b); ka != kb && ka != noElement && kb != noElement {
		f.fail(diag.Errorf(l.At, "%s and %s cannot be made one: one is %s, the other %s", l.A, l.B, ka, kb))
		return
	}
	if _, named := f.name[b]; l.KeepName && !named {
		f.name[b] = a
	}
	// With values a, b: a*factor = b, fromA = a*byA, toB = b*byB.
	from, next := a, link{to: b, factor: factor, inherit: l.Inherit, at: l.At}
	switch {
	case fromA == a:
	case toB == b: // a went elsewhere: b goes with it
		from, next.to, next.factor = b, fromA, ratio(byA, factor)
	default: // both did
		from, next.to, next.factor = fromA, toB, ratio(product(factor, byB), byA)
	}
	f.next[from] = next
}

// class is what can be made one: values and reactions can, the rest only with its like.
func (f *flattener) class(path string) elementKind {
	if k := f.kinds[path]; k != aReaction {
		return k
	}
	return aValue
}

func (k elementKind) String() string {
	return [...]string{"nothing", "a value", "a reaction", "an event", "a function", "a unit", "a submodel", "an objective", "a deletion or replacement"}[k]
}

func product(a, b *Expr) *Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return times(a, b)
}

func ratio(a, b *Expr) *Expr {
	switch {
	case b == nil:
		return a
	case a == nil:
		return over(Num(1), b)
	}
	return over(a, b)
}

// linkSubmodels makes two submodels one: every element of A becomes B's of the same name.
func (f *flattener) linkSubmodels(in *instance, l Link, a, b string) {
	if f.kinds[a] != aSubmodel || f.kinds[b] != aSubmodel || strings.HasPrefix(b, a+".") || strings.HasPrefix(a, b+".") || l.Factor != "" {
		f.fail(diag.Errorf(l.At, "a submodel can only be replaced by another submodel, without a factor: %s by %s", l.A, l.B))
		return
	}
	for _, path := range f.below(a) {
		tail := strings.TrimPrefix(path, a)
		if f.kinds[b+tail] == noElement {
			f.fail(diag.Errorf(l.At, "submodel %s cannot be replaced by %s, which has no %s", l.A, l.B, tail[1:]))
			continue
		}
		inner := l
		inner.A, inner.B = l.A+tail, l.B+tail
		f.link(in, inner)
	}
	f.replaced = append(f.replaced, a)
}

// resolve follows links from a path to where it leads in the end; the value there is
// factor times the value here (nil: 1).
func (f *flattener) resolve(path string) (to string, factor *Expr) {
	for hops := 0; hops <= len(f.next); hops++ {
		l, ok := f.next[path]
		if !ok {
			return path, factor
		}
		path, factor = l.to, product(factor, l.factor)
	}
	return path, factor
}

// merge makes linked elements one.
func (f *flattener) merge(m *Model) *Model {
	for _, path := range f.replaced {
		m.removeAnonymous(path + ".")
	}
	if len(f.next) == 0 {
		return m
	}
	defined := map[string]bool{} // after deletions
	m.each(func(id string) { defined[id] = true })
	for _, x := range m.Functions {
		defined[x.ID] = true
	}
	for _, x := range m.Units {
		defined[x.ID] = true
	}
	if m.Flux != nil {
		for _, x := range m.Flux.Objectives {
			defined[x.ID] = true
		}
	}
	to := map[string]string{}
	by := map[string]*Expr{}
	drop := map[string]bool{}
	claimed := map[string]string{} // names without a definition, by who gives it one
	for _, a := range f.linked() {
		end, factor := f.resolve(a)
		to[a] = end
		if factor != nil {
			by[a] = factor
		}
		switch {
		case !defined[a]:
		case defined[end]:
			drop[a] = true
		case claimed[end] != "":
			drop[a] = true
		default:
			claimed[end] = a
			if factor != nil {
				f.fail(diag.Errorf(f.next[a].at, "%s has no definition of its own, so %s cannot be converted to it by a factor", end, a))
			}
		}
	}
	m.Compartments = keep(m.Compartments, func(x Compartment) bool { return !drop[x.ID] })
	m.Species = keep(m.Species, func(x Species) bool { return !drop[x.ID] })
	m.Reactions = keep(m.Reactions, func(x Reaction) bool { return !drop[x.ID] })
	m.Events = keep(m.Events, func(x Event) bool { return !drop[x.ID] })
	m.Functions = keep(m.Functions, func(x Function) bool { return !drop[x.ID] })
	m.Units = keep(m.Units, func(x UnitDef) bool { return !drop[x.ID] })
	if m.Flux != nil {
		m.Flux.Objectives = keep(m.Flux.Objectives, func(x Objective) bool { return !drop[x.ID] })
	}
	for _, p := range m.Parameters {
		if drop[p.ID] && p.Stoichiometry {
			m.removeReference(p.ID)
		}
	}
	m.Parameters = keep(m.Parameters, func(x Parameter) bool { return !drop[x.ID] })
	for a := range drop {
		m.forget(a)
	}
	f.mergeSetters(m, to, drop)
	f.mergeFactors(m, by)
	m.removeOrphans()
	target := func(id string) string {
		if t, ok := to[id]; ok {
			return t
		}
		return id
	}
	return m.rename(renaming{id: target, function: target, unit: target})
}

// removeOrphans takes ids of species references out whose reaction is gone.
func (m *Model) removeOrphans() {
	used := map[string]bool{}
	for _, r := range m.Reactions {
		for _, side := range [][]SpeciesRef{r.Reactants, r.Products} {
			for _, x := range side {
				for _, id := range x.Stoichiometry.Symbols() {
					used[id] = true
				}
			}
		}
	}
	gone := map[string]bool{}
	m.Parameters = keep(m.Parameters, func(x Parameter) bool {
		if x.Stoichiometry && !used[x.ID] {
			gone[x.ID] = true
		}
		return !gone[x.ID]
	})
	if len(gone) > 0 {
		m.Rules = keep(m.Rules, func(x Rule) bool { return !gone[x.Variable] })
		m.Initials = keep(m.Initials, func(x Initial) bool { return !gone[x.Symbol] })
	}
}

// linked lists the paths that links lead away from, in order.
func (f *flattener) linked() []string {
	out := make([]string, 0, len(f.next))
	for a := range f.next {
		out = append(out, a)
	}
	sort.Strings(out)
	return out
}

// mergeSetters decides which rules and initial assignments hold.
func (f *flattener) mergeSetters(m *Model, to map[string]string, drop map[string]bool) {
	ruled, started := map[string]bool{}, map[string]bool{}
	for _, r := range m.Rules {
		ruled[r.Variable] = true
	}
	for _, x := range m.Initials {
		started[x.Symbol] = true
	}
	m.Rules = keep(m.Rules, func(x Rule) bool {
		if !drop[x.Variable] {
			return true
		}
		end := to[x.Variable]
		if ruled[end] && f.next[x.Variable].inherit {
			f.fail(diag.Errorf(x.At, "%s is replaced by %s, and both have a rule", x.Variable, end).WithNote(f.next[x.Variable].at, "the replacement").
				WithHelp("delete one of the rules"))
		}
		ok := !ruled[end]
		ruled[end] = true
		return ok
	})
	m.Initials = keep(m.Initials, func(x Initial) bool {
		if !drop[x.Symbol] {
			return true
		}
		if !f.next[x.Symbol].inherit {
			return false
		}
		end := to[x.Symbol]
		if started[end] {
			f.fail(diag.Errorf(x.At, "%s is replaced by %s, and both have an initial assignment", x.Symbol, end).WithNote(f.next[x.Symbol].at, "the replacement").
				WithHelp("delete one of them"))
		}
		started[end] = true
		return true
	})
}

// mergeFactors writes factors of links into formulas: what reads A reads A/factor, what
// sets A sets it to factor times its formula. A is renamed to B afterwards.
func (f *flattener) mergeFactors(m *Model, by map[string]*Expr) {
	if len(by) == 0 {
		return
	}
	expr := func(e *Expr) *Expr {
		return e.values(func(x *Expr) *Expr {
			switch {
			case x.Kind == Symbol && by[x.Name] != nil:
				return over(x, by[x.Name])
			case x.Kind == Apply && x.Name == "rateOf" && len(x.Args) == 1 && by[x.Args[0].Name] != nil:
				return over(x, by[x.Args[0].Name])
			}
			return x
		})
	}
	m.eachFormula(func(e **Expr, set string, _ diag.Place) {
		*e = expr(*e)
		if by[set] != nil {
			*e = times(*e, by[set])
		}
	})
	slot := func(id, what string, at diag.Place) {
		if by[id] != nil {
			f.fail(diag.Errorf(at, "%s is %s, and is replaced with a conversion factor: that cannot be written in one model", id, what))
		}
	}
	for _, x := range m.Species {
		slot(x.ConversionFactor, "the conversion factor of "+x.ID, x.At)
	}
	for _, r := range m.Reactions {
		slot(r.LowerFlux, "a bound of the flux of "+r.ID, r.At)
		slot(r.UpperFlux, "a bound of the flux of "+r.ID, r.At)
	}
}
