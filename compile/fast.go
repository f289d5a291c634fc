package compile

import (
	"math"

	"thymus/diag"
	"thymus/kernel"
	"thymus/linalg"
	"thymus/model"
)

// This file compiles fast reactions (SBML up to Level 3 Version 1): they are in
// equilibrium at all times. With slow changes s and the changes q by fast reactions, the
// amounts follow x' = s + q/e for a very small e. The rows of that system are combined so
// that q drops out of as many as possible: those say how the combinations that fast
// reactions conserve follow the slow ones, and give M x' = f its mass matrix. The rest, one
// row for each independent fast reaction, holds the equilibrium, as exactly as e is small;
// unlike 0 = q they also hold where a fast reaction is turned off (q = 0 whatever the
// amounts) or its equilibrium moves to another branch.

// fast is what a program knows of its fast reactions.
type fast struct {
	pivots  []int // states whose rows hold an equilibrium
	haste   []id  // by pivot: the leaf of 1/e
	q       []id  // by pivot: change by fast reactions
	code    kernel.Program
	want    []id // q of pivots and algebraic rules, by state; -1 elsewhere
	pattern *linalg.Pattern
	entries []id
	jac     kernel.Program
	along   []id // by state and pivot: how the state goes with the pivot's when fast reactions run; -1 for not
}

// fastest is 1/e for a run of length 1 whose fast reactions have rate constants of 1 or
// more: the equilibrium is off by no more than slow rates times e.
const fastest = 1e10

// slowest is the rate constant below which fast reactions are not hurried any more.
const slowest = 1e-10

// fastReactions combines the rows of the right-hand side.
func (p *Program) fastReactions() {
	b, g := p.b, p.b.g
	now := env{b, false}
	column := map[*model.Reaction]int{}
	var rates []id
	stoich := map[int]map[int]id{} // state, fast reaction
	var involved []int
	for i, s := range b.owners {
		if s == nil || s.rule != nil || s.algebraic != nil || s.kind != isSpecies {
			continue
		}
		for _, x := range s.terms {
			r := x.reaction
			if !r.Fast || r.Rate == nil {
				continue
			}
			j, ok := column[r]
			if !ok {
				j = len(rates)
				column[r] = j
				rates = append(rates, b.lookup(b.symbols[r.ID], false, r.At))
			}
			n := g.num(1)
			if x.ref.Stoichiometry != nil {
				n = b.l.expr(x.ref.Stoichiometry, now)
			}
			if f := s.species.ConversionFactor; f != "" {
				if c := b.symbols[f]; c != nil && c.kind == isParameter {
					n = g.op(kernel.Mul, b.lookup(c, false, s.at), n)
				}
			}
			if !b.steady(n) {
				b.errorf(x.ref.At, "the stoichiometry of %s in fast reaction %s changes continuously: the engine can only let events change it", s.id, r.ID)
				return
			}
			if !x.product {
				n = g.op(kernel.Neg, n)
			}
			row := stoich[i]
			if row == nil {
				row = map[int]id{}
				stoich[i] = row
				involved = append(involved, i)
			}
			if old, ok := row[j]; ok {
				n = g.op(kernel.Add, old, n)
			}
			row[j] = n
		}
	}
	if len(involved) == 0 {
		return
	}
	b.general("fast reactions")
	zero := func(k id) bool {
		v, known := g.isNum(k)
		return known && math.Abs(v) < 1e-12
	}
	flux := map[int]id{} // q by state
	left := map[int]map[int]id{}
	combined := map[int]map[int]id{}
	for _, i := range involved {
		flux[i] = g.num(0)
		left[i], combined[i] = map[int]id{}, map[int]id{i: g.num(1)}
		for j := range rates {
			if n, ok := stoich[i][j]; ok && !zero(n) {
				left[i][j] = n
				flux[i] = g.op(kernel.Add, flux[i], g.op(kernel.Mul, n, rates[j]))
			}
		}
	}
	x := &fast{}
	pivot := map[int]bool{}
	for j := range rates {
		best, most := -1, -1
		for _, i := range involved {
			n, ok := left[i][j]
			if !ok || pivot[i] {
				continue
			}
			worth := 0 // the number of a pivot is worth more than a formula that might be 0
			if v, known := g.isNum(n); known {
				worth = 1
				if math.Abs(v) == 1 {
					worth = 2
				}
			}
			if worth > most {
				best, most = i, worth
			}
		}
		if best < 0 {
			continue // it does what others do
		}
		pivot[best] = true
		x.pivots = append(x.pivots, best)
		for _, i := range involved {
			n, ok := left[i][j]
			if pivot[i] || !ok {
				continue
			}
			l := g.op(kernel.Div, n, left[best][j])
			delete(left[i], j)
			for k := range rates {
				v, has := left[best][k]
				if k == j || !has {
					continue
				}
				old, had := left[i][k]
				if !had {
					old = g.num(0)
				}
				if d := g.op(kernel.Sub, old, g.op(kernel.Mul, l, v)); !zero(d) {
					left[i][k] = d
				} else {
					delete(left[i], k)
				}
			}
			for _, k := range involved {
				if v, has := combined[best][k]; has {
					old, had := combined[i][k]
					if !had {
						old = g.num(0)
					}
					combined[i][k] = g.op(kernel.Sub, old, g.op(kernel.Mul, l, v))
				}
			}
		}
	}
	for i := range p.states {
		for _, k := range x.pivots {
			c := id(-1)
			switch {
			case i == k:
				c = g.num(1)
			case combined[i] != nil && !pivot[i]:
				if v, ok := combined[i][k]; ok && !zero(v) {
					c = g.op(kernel.Neg, v)
				}
			}
			x.along = append(x.along, c)
		}
	}
	slow := append([]id(nil), p.deriv...)
	for _, i := range involved {
		if pivot[i] {
			continue
		}
		d := g.num(0)
		for _, k := range involved {
			if c, ok := combined[i][k]; ok && !zero(c) {
				d = g.op(kernel.Add, d, g.mulZero(c, slow[k]))
				p.massEntry(i, k, c)
			}
		}
		p.deriv[i] = d
		p.states[i].Varying = true
	}
	for n, i := range x.pivots {
		h := g.leafNode(haste, n, onState)
		x.haste = append(x.haste, h)
		x.q = append(x.q, flux[i])
		p.deriv[i] = g.op(kernel.Add, slow[i], g.op(kernel.Mul, h, flux[i]))
		p.massEntry(i, i, g.num(1))
		p.states[i].Varying = true
	}
	p.fast = x
}

// steady says whether only events change a node's value.
func (b *builder) steady(k id) bool {
	n := b.g.nodes[k]
	if n.deps&onState == 0 {
		return true
	}
	switch n.leaf {
	case state:
		s := b.owners[n.index]
		return s != nil && (s.rule == nil || s.rule.Kind != model.Rate) && s.algebraic == nil && len(s.terms) == 0 && s.input < 0
	case operation:
		for i, x := range [...]id{n.a, n.b, n.c} {
			if i < n.op.Args() && !b.steady(x) {
				return false
			}
		}
		return true
	}
	return false
}

// quick says whether fast reactions change a symbol.
func (s *symbol) quick() bool {
	if s.kind != isSpecies || s.rule != nil || s.algebraic != nil {
		return false
	}
	for _, x := range s.terms {
		if x.reaction.Fast && x.reaction.Rate != nil {
			return true
		}
	}
	return false
}

// slowOnly refuses to give the rate of what fast reactions change.
func (b *builder) slowOnly(s *symbol, at diag.Place) {
	if s.quick() {
		b.errorf(at, "the rate of %s is not known: fast reactions change it", s.id)
	}
}

// fastJacobian differentiates the equilibrium and the algebraic rules.
func (p *Program) fastJacobian() {
	x, g := p.fast, p.b.g
	if x == nil {
		return
	}
	x.want = make([]id, len(p.states))
	for i := range x.want {
		x.want[i] = -1
		if p.states[i].Algebraic {
			x.want[i] = p.deriv[i]
		}
	}
	for n, i := range x.pivots {
		x.want[i] = x.q[n]
	}
	x.pattern, x.entries, _ = g.jacobian(x.want, len(p.states))
}

// Fast says whether the model has reactions that are always in equilibrium.
func (p *Program) Fast() bool { return p.fast != nil }

// Hurry sets how fast fast reactions are in a run of a given length that is at state y:
// fast enough for the run, and for those whose rate constants are small.
func (in *Instance) Hurry(y []float64, t, span float64) {
	x := in.p.fast
	if x == nil {
		return
	}
	in.load(y, t)
	in.reduce()
	for n := range x.pivots {
		speed := math.Abs(in.reduced[n*len(x.pivots)+n])
		if !(speed > 0) || speed > 1 {
			speed = 1
		}
		in.mem[x.haste[n]] = fastest / (math.Max(speed, slowest) * span)
	}
	in.serial++
}

// Stability is the number of the crossing function that changes sign where an equilibrium
// of fast reactions stops or starts being stable: there another branch begins, which an
// implicit method with long steps would not notice. -1 when there are no fast reactions.
func (p *Program) Stability() int {
	if p.fast == nil {
		return -1
	}
	return len(p.cross)
}

// stability is the determinant of the fast reactions' Jacobian along the changes that they
// make, with the sign that is positive where a single one returns to its equilibrium: 1, 0 or -1.
// State and time are loaded.
func (in *Instance) stability() float64 {
	in.reduce()
	a, r := in.reduced, len(in.p.fast.pivots)
	det := 1.0
	for k := 0; k < r; k++ { // Gauss
		p := k
		for i := k + 1; i < r; i++ {
			if math.Abs(a[i*r+k]) > math.Abs(a[p*r+k]) {
				p = i
			}
		}
		v := a[p*r+k]
		if v == 0 || v != v {
			return 0
		}
		if p != k {
			det = -det
			for j := k; j < r; j++ {
				a[k*r+j], a[p*r+j] = a[p*r+j], a[k*r+j]
			}
		}
		if v < 0 {
			det = -det
		}
		for i := k + 1; i < r; i++ {
			l := a[i*r+k] / v
			for j := k; j < r; j++ {
				a[i*r+j] -= l * a[k*r+j]
			}
		}
	}
	return det
}

// reduce makes the negative Jacobian of the fast reactions along the changes that they
// make, by pivots. State and time are loaded.
func (in *Instance) reduce() {
	x := in.p.fast
	r := len(x.pivots)
	x.jac.Run(in.mem, 1)
	in.p.massCode.Run(in.mem, 1)
	if len(in.reduced) != r*r {
		in.reduced = make([]float64, r*r)
	}
	a := in.reduced
	clear(a)
	row := map[int]int{}
	for n, i := range x.pivots {
		row[i] = n
	}
	for j := 0; j < x.pattern.N; j++ {
		for q := x.pattern.ColPtr[j]; q < x.pattern.ColPtr[j+1]; q++ {
			n, ok := row[int(x.pattern.RowIdx[q])]
			if !ok {
				continue
			}
			v := -in.mem[x.entries[q]]
			for k := 0; k < r; k++ {
				if c := x.along[j*r+k]; c >= 0 && v != 0 {
					a[n*r+k] += v * in.mem[c]
				}
			}
		}
	}
}

// Equilibrium is the system in which only fast reactions run, at time t: where it comes to
// rest, they are in equilibrium and algebraic rules hold.
type Equilibrium struct {
	in *Instance
	t  float64
}

// Equilibrium is nil when there are no fast reactions.
func (in *Instance) Equilibrium(t float64) *Equilibrium {
	if in.p.fast == nil {
		return nil
	}
	return &Equilibrium{in, t}
}

// Dim is the number of states.
func (e *Equilibrium) Dim() int { return e.in.Dim() }

// Deriv writes the changes by fast reactions in their rows.
func (e *Equilibrium) Deriv(dy, y, _ []float64) {
	x := e.in.p.fast
	e.in.load(y, e.t)
	x.code.Run(e.in.mem, 1)
	for i, k := range x.want {
		dy[i] = 0
		if k >= 0 {
			dy[i] = e.in.mem[k]
		}
	}
}

// Pattern is the sparsity of the Jacobian.
func (e *Equilibrium) Pattern() *linalg.Pattern { return e.in.p.fast.pattern }

// Jacobian writes its entries.
func (e *Equilibrium) Jacobian(vals, y, _ []float64) {
	x := e.in.p.fast
	e.in.load(y, e.t)
	x.jac.Run(e.in.mem, 1)
	for q, k := range x.entries {
		vals[q] = e.in.mem[k]
	}
}

// TimeDeriv is 0: time stands still.
func (e *Equilibrium) TimeDeriv(dfdt, _, _ []float64) { clear(dfdt) }

// MassPattern lists the entries of the mass matrix of the whole model.
func (e *Equilibrium) MassPattern() [][2]int { return e.in.MassPattern() }

// Mass writes them.
func (e *Equilibrium) Mass(vals, y, _ []float64) { e.in.Mass(vals, y, []float64{e.t}) }
