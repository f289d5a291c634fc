package compile

import (
	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
)

// This file gives what changes in time: the derivatives of states, and of anything that
// depends on states.

// derivative is the node of d(state)/dt of a symbol's state: an amount per time for a species.
func (b *builder) derivative(s *symbol, at diag.Place) id {
	return b.once(&s.changeMark, &s.change, s.id+"'", at, func() id { return b.changing(s) })
}

func (b *builder) changing(s *symbol) id {
	g, now := b.g, env{b, false}
	d := g.num(0)
	switch {
	case s.algebraic != nil:
		b.errorf(s.at, "the rate of %s is not known: algebraic rule %s determines it", s.id, ruleText(s.algebraic))
	case s.rule != nil && s.rule.Kind == model.Rate:
		d = b.noDraw(b.l.expr(s.rule.Math, now), s.rule.At, "the rate rule of "+s.id)
		if s.kind == isSpecies && !s.species.SubstanceOnly {
			// the rule is about the concentration c: (c*v)' = c'*v + c*v'
			if v := b.size(s, false); v >= 0 {
				d = g.op(kernel.Mul, d, v)
				if dv := b.total(v, s.at); !g.is(dv, 0) {
					d = g.op(kernel.Add, d, g.op(kernel.Mul, b.lookup(s, false, s.at), dv))
				}
			}
		}
	case s.kind == isSpecies && !s.species.Boundary && !s.species.Constant:
		for _, x := range s.terms {
			if x.reaction.Rate == nil || x.reaction.Fast {
				continue // it does nothing, or see fast.go
			}
			rate := b.lookup(b.symbols[x.reaction.ID], false, x.reaction.At)
			if x.ref.Stoichiometry != nil {
				rate = g.op(kernel.Mul, b.noDraw(b.l.expr(x.ref.Stoichiometry, now), x.ref.At, "a stoichiometry of "+x.reaction.ID), rate)
			}
			op := kernel.Sub
			if x.product {
				op = kernel.Add
			}
			d = g.op(op, d, rate)
		}
		if f := s.species.ConversionFactor; f != "" && len(s.terms) > 0 {
			if c, ok := b.symbols[f]; !ok || c.kind != isParameter {
				b.ms = append(b.ms, diag.Errorf(s.at, "the conversion factor of %s is %q, which is no parameter", s.id, f).WithHelp("%s", diag.DidYouMean(f, b.names())))
			} else {
				d = g.op(kernel.Mul, b.lookup(c, false, s.at), d)
			}
		}
	}
	if s.input >= 0 {
		d = g.op(kernel.Add, d, g.leafNode(state, s.input, onState))
	}
	return d
}

// total is the change of a node along the solution: its partial derivatives times the
// derivatives of the states, and what time itself changes.
func (b *builder) total(k id, at diag.Place) id {
	g := b.g
	sum := g.num(0)
	for _, d := range g.gradientOf(k) {
		switch {
		case d.index < 0:
			sum = g.op(kernel.Add, sum, d.node)
		case b.owners[d.index] != nil && b.owners[d.index].quick():
			b.slowOnly(b.owners[d.index], at)
		case b.owners[d.index] != nil: // the rate of an infusion is constant between stops
			sum = g.op(kernel.Add, sum, g.mulZero(d.node, b.derivative(b.owners[d.index], at)))
		}
	}
	return sum
}

// atStart rewrites a node of the run so that states and constants have their values of
// the start. A start value that needs itself by this way is an error as any other.
func (b *builder) atStart(k id, at diag.Place) id {
	if v, ok := b.starts[k]; ok {
		return v
	}
	n := b.g.nodes[k]
	v := k
	held := func(s *symbol) id {
		x := b.lookup(s, true, at)
		if s.kind == isSpecies {
			x = b.convert(s, x, !s.species.SubstanceOnly, false, true)
		}
		return x
	}
	switch n.leaf {
	case state:
		if s := b.owners[n.index]; s != nil {
			v = held(s)
		} else {
			v = b.g.num(0)
		}
	case constant:
		v = held(b.holders[n.index])
	case past:
		d := b.delays[n.index]
		v = b.delayStart(d.arg, d.lagExpr, d.at, b.g.num(0))
	case early, pastSlope:
		v = b.g.num(0) // nothing moves before the start
	case operation:
		if n.deps&(onState|onConstants) == 0 {
			break
		}
		args := [...]id{n.a, n.b, n.c}
		for i := 0; i < n.op.Args(); i++ {
			args[i] = b.atStart(args[i], at)
		}
		v = b.g.op(n.op, args[:n.op.Args()]...)
	}
	b.starts[k] = v
	return v
}
