package compile

import (
	"math"

	"thymus/kernel"
)

// This file makes the right-hand side and its derivatives cheaper for solvers that run
// patients side by side. The scalar programs stay as they are: they are the judge, and what
// a patient falls back on whose constants lie where the cheaper code would not do (guards).
//
// Products with reciprocals, and products in another order, agree with quotients to two
// roundings as long as no intermediate leaves the normal numbers. A denominator may become a
// reciprocal only if it cannot be subnormal: a constant between 2^-200 and 2^200, a sum with
// such a constant, or a product of such. A sum with a constant is 0 or larger than 2^-254
// whatever is added (P. H. Sterbenz, Floating-Point Computation, 1974: a difference of near
// numbers is exact), and 1/0 is as infinite as x/0. (A sum of a constant and two states can
// be subnormal where the first cancels the constant to the last bit; that is accepted.)

// mostGuarded is the largest binary exponent of a constant that reduced code may divide by
// or multiply with beforehand; its negative is the least.
const mostGuarded = 200

// reduction rewrites nodes.
type reduction struct {
	p       *Program
	g       *graph
	uses    map[id]int // how often an operation is read by the others or wanted
	divides map[id]int // by denominator, in all programs
	within  map[id]int // by denominator, in the right-hand side
	done    map[id]id
	guarded map[id]bool
	nominal map[id]float64
	froms   map[id]id // constants that a formula gives
}

// reduce makes the reduced right-hand side. It changes nothing where something is general.
func (p *Program) reduce() {
	p.reduced = p.slope
	if len(p.Path()) > 0 {
		return
	}
	g := p.b.g
	r := &reduction{p: p, g: g, uses: map[id]int{}, divides: map[id]int{}, within: map[id]int{}, done: map[id]id{},
		guarded: map[id]bool{}, nominal: map[id]float64{}, froms: map[id]id{}}
	for _, m := range p.finals {
		r.froms[m.to] = m.from
	}
	skip := func(k id) bool { return r.fixed(k) }
	all := append(append(append([]id(nil), p.deriv...), p.entries...), p.dfdt...)
	r.count(g.code(p.deriv, skip), r.within)
	clear(r.uses)
	r.count(g.code(all, skip), r.divides)
	for _, k := range all {
		r.uses[k]++
	}
	rewrite := func(list []id) []id {
		out := make([]id, len(list))
		for i, k := range list {
			out[i] = r.node(k)
		}
		return out
	}
	p.reduced.deriv, p.reduced.entries, p.reduced.dfdt = rewrite(p.deriv), rewrite(p.entries), rewrite(p.dfdt)
}

func (r *reduction) fixed(k id) bool { return r.g.nodes[k].deps&^onConstants == 0 }

func (r *reduction) count(code []kernel.Instr, divides map[id]int) {
	for _, x := range code {
		for i, k := range [...]id{x.A, x.B, x.C} {
			if i < x.Op.Args() {
				r.uses[k]++
			}
		}
		if x.Op == kernel.Div {
			divides[x.B]++
		}
	}
}

// node rewrites a node and what it needs.
func (r *reduction) node(k id) id {
	n := r.g.nodes[k]
	if n.leaf != operation || r.fixed(k) {
		return k
	}
	if d, ok := r.done[k]; ok {
		return d
	}
	var a [3]id
	old := [...]id{n.a, n.b, n.c}
	for i := 0; i < n.op.Args(); i++ {
		a[i] = r.node(old[i])
	}
	out := r.operation(n, a)
	r.done[k] = out
	return out
}

// once says that the operation that became k is read nowhere else.
func (r *reduction) once(old id) bool { return r.uses[old] == 1 }

// operation makes n of rewritten operands.
func (r *reduction) operation(n node, a [3]id) id {
	g := r.g
	x, y := a[0], a[1]
	switch n.op {
	case kernel.Div:
		_, anchored := r.exponent(y)
		switch {
		case !anchored:
		case r.fixed(y), r.within[n.b] > 1, r.divides[n.b]-r.within[n.b] > 1:
			return r.times(x, g.op(kernel.Div, g.num(1), y), r.once(n.a), true)
		}
	case kernel.Mul:
		if v, ok := r.negated(x, n.a); ok {
			return g.op(kernel.Neg, r.times(v, y, r.once(n.a), r.once(n.b)))
		}
		if v, ok := r.negated(y, n.b); ok {
			return g.op(kernel.Neg, r.times(x, v, r.once(n.a), r.once(n.b)))
		}
		return r.times(x, y, r.once(n.a), r.once(n.b))
	case kernel.Neg:
		if r.once(n.a) {
			switch m := g.nodes[x]; {
			case m.leaf != operation:
			case m.op == kernel.Sub:
				return g.op(kernel.Sub, m.b, m.a)
			case m.op == kernel.Mul && r.fixed(m.a):
				return g.op(kernel.Mul, g.op(kernel.Neg, m.a), m.b)
			case m.op == kernel.Mul && r.fixed(m.b):
				return g.op(kernel.Mul, m.a, g.op(kernel.Neg, m.b))
			}
		}
	case kernel.Add, kernel.Sub:
		return r.sum(n, x, y)
	case kernel.Pow, kernel.PowPos:
		if v, ok := g.isNum(y); ok && (v == 0.5 || v == 1.5 || v == 2.5) {
			if n.op == kernel.PowPos {
				x = g.op(kernel.Max, g.num(0), x)
			}
			root := g.op(kernel.Sqrt, x)
			switch v {
			case 1.5:
				root = g.op(kernel.Mul, x, root)
			case 2.5:
				root = g.op(kernel.Mul, g.op(kernel.Mul, x, x), root)
			}
			return root
		}
	}
	return g.op(n.op, a[:n.op.Args()]...)
}

// negated is x when k is -x and read nowhere else.
func (r *reduction) negated(k, old id) (id, bool) {
	n := &r.g.nodes[k]
	if n.leaf == operation && n.op == kernel.Neg && r.once(old) && !r.fixed(k) {
		return n.a, true
	}
	return 0, false
}

// times is x*y. Factors that are constants come together, and are multiplied once a patient;
// onceX and onceY say whether x and y are read here alone.
func (r *reduction) times(x, y id, onceX, onceY bool) id {
	g := r.g
	if r.fixed(x) {
		x, y, onceX = y, x, onceY
	}
	if r.fixed(y) && !r.fixed(x) && onceX {
		if n := g.nodes[x]; n.leaf == operation && n.op == kernel.Mul {
			for _, c := range [...][2]id{{n.a, n.b}, {n.b, n.a}} {
				if r.fixed(c[0]) && r.tame(c[0]) && r.tame(y) {
					return g.op(kernel.Mul, g.op(kernel.Mul, c[0], y), c[1])
				}
			}
		}
	}
	return g.op(kernel.Mul, x, y)
}

// sum is x±y, with what both have as a factor taken out and signs taken in.
func (r *reduction) sum(n node, x, y id) id {
	g := r.g
	minus := n.op == kernel.Sub
	if m := g.nodes[y]; m.leaf == operation && m.op == kernel.Neg && !r.fixed(y) {
		y, minus = m.a, !minus
	} else if m := g.nodes[x]; m.leaf == operation && m.op == kernel.Neg && !minus && !r.fixed(x) {
		x, y, minus = y, m.a, true
		n.a, n.b = n.b, n.a
	}
	op := kernel.Add
	if minus {
		op = kernel.Sub
	}
	p, q := g.nodes[x], g.nodes[y]
	if p.leaf == operation && q.leaf == operation && p.op == kernel.Mul && q.op == kernel.Mul && r.alone(n.a) && r.alone(n.b) {
		for _, c := range [...][4]id{{p.a, p.b, q.a, q.b}, {p.a, p.b, q.b, q.a}, {p.b, p.a, q.a, q.b}, {p.b, p.a, q.b, q.a}} {
			if c[0] == c[2] {
				return r.times(g.op(op, c[1], c[3]), c[0], true, false)
			}
		}
	}
	return g.op(op, x, y)
}

// alone says that a product, or its negative, is read once.
func (r *reduction) alone(old id) bool {
	n := &r.g.nodes[old]
	if n.leaf == operation && n.op == kernel.Neg {
		return r.once(old) && r.once(n.a)
	}
	return r.once(old)
}

// exponent bounds a denominator from below: it is 0 or at least 2^e in size.
func (r *reduction) exponent(k id) (e int, ok bool) {
	g := r.g
	n := g.nodes[k]
	if r.fixed(k) {
		return -mostGuarded, r.tame(k)
	}
	if n.leaf != operation {
		return 0, false
	}
	ea, oka := r.exponent(n.a)
	switch n.op {
	case kernel.Add, kernel.Sub:
		if !oka {
			ea, oka = r.exponent(n.b)
		}
		return ea - 54, oka && ea-54 > -1000
	case kernel.Mul:
		eb, okb := r.exponent(n.b)
		return ea + eb, oka && okb && ea+eb > -1000
	}
	return 0, false
}

// tame says that a constant lies in the guarded range at its nominal value, and has it
// looked at for each patient.
func (r *reduction) tame(k id) bool {
	v := math.Abs(r.value(k))
	if !(v >= math.Ldexp(1, 20-mostGuarded) && v <= math.Ldexp(1, mostGuarded-20)) {
		return false
	}
	if _, number := r.g.isNum(k); !number && !r.guarded[k] {
		r.guarded[k] = true
		r.p.guards = append(r.p.guards, k)
	}
	return true
}

// value is what a node that depends on constants only has when none is overridden; NaN
// where it is not known.
func (r *reduction) value(k id) float64 {
	if v, ok := r.nominal[k]; ok {
		return v
	}
	n := r.g.nodes[k]
	v := nan
	switch n.leaf {
	case number:
		v = n.value
	case raw:
		v = r.p.consts[n.index].Value
	case flag:
		v = 0
	case constant:
		r.nominal[k] = nan // while it is looked at
		if from, ok := r.froms[k]; ok {
			v = r.value(from)
		}
	case operation:
		var a [3]float64
		for i, x := range [...]id{n.a, n.b, n.c} {
			if i < n.op.Args() {
				a[i] = r.value(x)
			}
		}
		v = kernel.Apply(n.op, a[0], a[1], a[2])
	}
	r.nominal[k] = v
	return v
}

// sound says whether the constants lie where the reduced code agrees with the formulas.
func (in *Instance) sound() bool {
	for _, k := range in.p.guards {
		v := math.Abs(in.mem[k])
		if !(v >= 0x1p-200 && v <= 0x1p200) {
			return false
		}
	}
	return true
}
