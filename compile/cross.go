package compile

import (
	"math"
	"slices"

	"thymus/kernel"
)

// This file finds where values jump: each relation that a trigger or the right-hand side
// depends on gives a function of the state that changes sign where the relation changes.

// isLogical says that a node is 1 or 0 by its operation.
func (g *graph) isLogical(k id) bool {
	n := &g.nodes[k]
	switch {
	case n.leaf == number:
		return n.value == 0 || n.value == 1
	case n.leaf != operation:
		return false
	case n.op == kernel.Select:
		return g.isLogical(n.a) && g.isLogical(n.b)
	}
	return n.op >= kernel.Lt && n.op <= kernel.Not
}

// crossings lists functions whose signs change wherever a relation or condition that k
// depends on may change; with steps, also where a rounding jumps.
func (g *graph) crossings(k id, steps bool, seen map[id]bool, out func(id)) {
	n := g.nodes[k]
	if seen[k] || n.leaf != operation || n.deps&onState == 0 {
		return
	}
	seen[k] = true
	args := [...]id{n.a, n.b, n.c}
	condition := func(x id) { // a number read as a logical value
		if !g.isLogical(x) && g.nodes[x].deps&onState != 0 {
			out(x)
		}
	}
	switch n.op {
	case kernel.Lt, kernel.Le, kernel.Eq, kernel.Ne:
		out(g.op(kernel.Sub, n.a, n.b))
	case kernel.And, kernel.Or:
		condition(n.a)
		condition(n.b)
	case kernel.Not:
		condition(n.a)
	case kernel.Select:
		condition(n.c)
	case kernel.Floor, kernel.Ceil, kernel.Trunc:
		if steps {
			out(g.op(kernel.Sin, g.op(kernel.Mul, g.num(halfTurn), n.a)))
		}
	case kernel.Mod:
		if steps {
			out(g.op(kernel.Sin, g.op(kernel.Mul, g.num(halfTurn), g.op(kernel.Div, n.a, n.b))))
		}
	}
	for i := 0; i < n.op.Args(); i++ {
		g.crossings(args[i], steps, seen, out)
	}
}

// halfTurn makes the sine of a multiple of it change sign at every whole number.
const halfTurn = 3.141592653589793

// crossing numbers a crossing function; equal ones are one.
func (p *Program) crossing(k id) int {
	if i, ok := p.crossAt[k]; ok {
		return i
	}
	i := len(p.cross)
	p.crossAt[k] = i
	p.cross = append(p.cross, k)
	return i
}

// roots lists the crossing functions of a trigger.
func (p *Program) roots(trigger id) []int {
	g := p.b.g
	var out []int
	had := map[int]bool{}
	add := func(k id) {
		if g.nodes[k].deps&onState == 0 {
			return
		}
		if i := p.crossing(k); !had[i] {
			had[i] = true
			out = append(out, i)
		}
	}
	if !g.isLogical(trigger) {
		add(trigger)
	}
	g.crossings(trigger, false, map[id]bool{}, add)
	return out
}

// discontinuities adds the crossing functions of the right-hand side.
func (p *Program) discontinuities() {
	if !p.b.opt.Discontinuities {
		return
	}
	g := p.b.g
	seen := map[id]bool{}
	for _, k := range p.deriv {
		g.crossings(k, true, seen, func(x id) {
			if g.nodes[x].deps&onState != 0 {
				p.jumps = append(p.jumps, p.crossing(x))
			}
		})
	}
	p.jumps = slices.Compact(slices.Sorted(slices.Values(p.jumps)))
}

// Discontinuities lists the crossing functions at which the right-hand side may jump;
// those of events are listed by the events.
func (p *Program) Discontinuities() []int { return p.jumps }

// timed finds the crossing functions that are linear in time and depend on no state: when
// they cross is known at the start.
func (p *Program) timed() {
	if !p.b.opt.Discontinuities {
		return
	}
	g := p.b.g
	for _, k := range p.cross {
		d := g.gradientOf(k)
		if len(d) == 1 && d[0].index < 0 && g.nodes[d[0].node].deps&onState == 0 {
			p.lines = append(p.lines, line{k, d[0].node})
		}
	}
}

// Unscheduled says whether there are crossing functions whose times are not known at the
// start: a solver must not step so far that two of their roots cancel.
func (p *Program) Unscheduled() bool { return len(p.cross) > len(p.lines) }

// line is a function of time and its slope.
type line struct{ value, slope id }

// Appointments lists the times, at or after t, at which relations in triggers and in the
// right-hand side change that compare time with something constant. Steps that end there
// cannot pass over a short pulse. Program must be compiled with Discontinuities.
func (in *Instance) Appointments(y []float64, t float64) []float64 {
	if len(in.p.lines) == 0 {
		return nil
	}
	in.load(y, t)
	in.p.lineCode.Run(in.mem, 1)
	var out []float64
	for _, x := range in.p.lines {
		if at := t - in.mem[x.value]/in.mem[x.slope]; at >= t && !math.IsInf(at, 1) {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// readsOf lists the states that nodes depend on, ascending.
func (p *Program) readsOf(list []id) []int {
	read := make([]bool, len(p.states))
	for _, k := range list {
		states, _ := p.b.g.reads(k)
		for _, i := range states {
			read[i] = true
		}
	}
	out := []int{}
	for i, yes := range read {
		if yes {
			out = append(out, i)
		}
	}
	return out
}
