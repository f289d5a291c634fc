package compile

import (
	"thymus/diag"
	"thymus/kernel"
	"thymus/linalg"
)

// This file differentiates a program along a direction (forward mode: A. Griewank, A.
// Walther, Evaluating Derivatives, SIAM 2008, chapter 3). A direction is a slope of every
// state, of time, and of the chosen constants; the derivative of a formula along it is one
// program whatever the direction, and linear in it. Along the sensitivity S = dy/dp, with
// slope 1 of the constant p, the right-hand side changes by J S + df/dp.

// Tangent is a program's derivatives along a direction.
type Tangent struct {
	Constants []int // whose sensitivities are meant

	p     *Program
	slots int
	dir   []id // by state: slot of its slope
	tau   id   // slot of time's slope
	seeds []id // by chosen constant: slot of its slope
	deriv []id
	rhs   kernel.Program

	// couple is the Jacobian of deriv by the states, and its derivative by time.
	couple  slope
	start   tangentPart
	cross   tangentPart
	record  tangentPart
	values  []tangentPart // by event: of the values of targets
	sizes   []tangentPart // by event: of the sizes that make them amounts
	actions []tangentPart
}

// tangentPart is derivatives and the values that they belong to; want -1 is 0 of 0.
type tangentPart struct {
	of, want []id
	code     kernel.Program
}

// Tangent differentiates along directions of the states, time and the listed constants (by
// index), the program itself and what an observer evaluates. It refuses what reads the past,
// draws, or is algebraic.
func (p *Program) Tangent(constants []int, o *Observer) (*Tangent, diag.Messages) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ms diag.Messages
	for _, why := range p.Path() {
		ms = append(ms, diag.Errorf(diag.Place{}, "the model has no sensitivities here: it has %s", why))
	}
	for _, e := range p.events {
		if e.delay >= 0 {
			ms = append(ms, diag.Errorf(e.At, "the model has no sensitivities here: event %s has a delay", e.ID))
		}
	}
	if len(p.b.g.draws) > 0 {
		ms = append(ms, diag.Errorf(diag.Place{}, "the model has no sensitivities here: it draws random numbers"))
	}
	if ms.HasErrors() {
		return nil, ms
	}
	g := p.b.g
	t := &Tangent{Constants: constants, p: p}
	for i := range p.states {
		t.dir = append(t.dir, g.leafNode(direction, i, onState))
	}
	t.tau = g.leafNode(direction, -1, onState)
	f := &forward{t: t, g: g, done: map[id]id{}, froms: map[id]id{}, seeds: map[int]id{}}
	for i, c := range constants {
		t.seeds = append(t.seeds, g.leafNode(direction, len(p.states)+i, onState))
		f.seeds[c] = t.seeds[i]
	}
	for _, m := range p.finals {
		f.froms[m.to] = m.from
	}
	along := func(list []id) tangentPart {
		x := tangentPart{of: list, want: make([]id, len(list))}
		for i, k := range list {
			if x.want[i] = -1; k >= 0 {
				x.want[i] = f.node(k)
			}
		}
		return x
	}
	t.couple.deriv = along(p.deriv).want
	t.deriv = t.couple.deriv
	t.couple.differentiate(g)
	t.start, t.cross, t.record = along(p.y0), along(p.cross), along(o.nodes)
	for _, e := range p.events {
		t.values, t.sizes = append(t.values, along(e.values)), append(t.sizes, along(e.sizes))
	}
	for _, a := range p.actions {
		t.actions = append(t.actions, along(a.values))
	}
	t.slots = len(g.nodes)
	// nothing is taken to stand in memory: what the start or the border left there may have
	// been made for other programs
	none := func(id) bool { return false }
	program := func(want ...id) kernel.Program {
		return kernel.Program{Slots: t.slots, Code: g.code(want, none)}
	}
	t.rhs = program(t.deriv...)
	t.couple.emit(program)
	parts := []*tangentPart{&t.start, &t.cross, &t.record}
	for i := range t.values {
		parts = append(parts, &t.values[i], &t.sizes[i])
	}
	for i := range t.actions {
		parts = append(parts, &t.actions[i])
	}
	for _, x := range parts {
		x.code = program(append(present(x.of), present(x.want)...)...)
	}
	return t, nil
}

// forward is one differentiation.
type forward struct {
	t     *Tangent
	g     *graph
	done  map[id]id
	froms map[id]id  // constants that a formula gives
	seeds map[int]id // by constant
}

// node is the derivative of a node along the direction.
func (f *forward) node(k id) id {
	g := f.g
	n := g.nodes[k]
	switch n.leaf {
	case state:
		return f.t.dir[n.index]
	case clock:
		return f.t.tau
	case raw:
		if s, ok := f.seeds[n.index]; ok {
			return s
		}
		return g.num(0)
	case constant:
		if from, ok := f.froms[k]; ok {
			return f.node(from)
		}
		return g.num(0)
	case operation:
	default:
		return g.num(0)
	}
	if d, ok := f.done[k]; ok {
		return d
	}
	var d [3]id
	args := [...]id{n.a, n.b, n.c}
	for i := 0; i < n.op.Args(); i++ {
		d[i] = f.node(args[i])
	}
	out := g.num(0)
	switch n.op {
	case kernel.Select:
		out = g.op(kernel.Select, d[0], d[1], n.c)
		if c := g.nodes[n.c]; c.leaf == flag {
			if _, ok := f.seeds[c.index]; ok { // the value of a formula, taken as one that was set
				out = d[0]
			}
		}
	case kernel.Min:
		out = g.op(kernel.Select, d[0], d[1], g.op(kernel.Le, n.a, n.b))
	case kernel.Max:
		out = g.op(kernel.Select, d[0], d[1], g.op(kernel.Le, n.b, n.a))
	default:
		for i := 0; i < n.op.Args(); i++ {
			if !g.is(d[i], 0) {
				out = g.op(kernel.Add, out, g.mulZero(g.partialOf(k, n, i), d[i]))
			}
		}
	}
	f.done[k] = out
	return out
}

// Along is a patient's workspace for derivatives along directions. It has memory of its own:
// Begin takes a patient's constants over.
type Along struct {
	t   *Tangent
	in  *Instance
	mem []float64
}

// New makes a workspace beside an instance.
func (t *Tangent) New(in *Instance) *Along {
	a := &Along{t: t, in: in, mem: make([]float64, t.slots)}
	return a
}

// Begin takes over the constants that the instance has after Start, at time t0 of the start.
func (a *Along) Begin() {
	p := a.t.p
	copy(a.mem, a.in.mem[:p.base])
	p.mu.Lock()
	for k, n := range p.b.g.nodes[:a.t.slots] {
		if n.leaf == number {
			a.mem[k] = n.value
		}
	}
	p.mu.Unlock()
	for _, k := range p.sigSlot {
		a.mem[k] = nan
	}
}

// direct loads a direction: slopes of the states, of time, and 1 for the chosen constant
// param (-1: none).
func (a *Along) direct(dir []float64, tau float64, param int) {
	for i, k := range a.t.dir {
		a.mem[k] = dir[i]
	}
	a.mem[a.t.tau] = tau
	for i, k := range a.t.seeds {
		a.mem[k] = 0
		if i == param {
			a.mem[k] = 1
		}
	}
}

func (a *Along) load(y []float64, t float64) {
	for i, k := range a.t.p.stateSlot {
		a.mem[k] = y[i]
	}
	a.mem[a.t.p.clockSlot] = t
}

// Params is the number of chosen constants.
func (a *Along) Params() int { return len(a.t.Constants) }

// Deriv writes the derivative of dy/dt along a direction.
func (a *Along) Deriv(dst, y []float64, t float64, dir []float64, tau float64, param int) {
	a.load(y, t)
	a.direct(dir, tau, param)
	a.t.rhs.Run(a.mem, 1)
	for i, k := range a.t.deriv {
		dst[i] = a.mem[k]
	}
}

// Pattern is the sparsity of Couple.
func (a *Along) Pattern() *linalg.Pattern { return a.t.couple.pattern }

// Couple writes the Jacobian, by the states, of what Deriv gives, in the order of Pattern.
func (a *Along) Couple(vals, y []float64, t float64, dir []float64, param int) {
	a.load(y, t)
	a.direct(dir, 0, param)
	a.t.couple.jac.Run(a.mem, 1)
	for i, k := range a.t.couple.entries {
		vals[i] = a.mem[k]
	}
}

// TimeDeriv writes the partial derivative by time of what Deriv gives.
func (a *Along) TimeDeriv(dfdt, y []float64, t float64, dir []float64, param int) {
	a.load(y, t)
	a.direct(dir, 0, param)
	a.t.couple.timeJac.Run(a.mem, 1)
	for i, k := range a.t.couple.dfdt {
		dfdt[i] = a.mem[k]
	}
}

// part evaluates a part: derivatives into dst and, where it is not nil, values into of.
func (a *Along) part(x *tangentPart, dst, of, y []float64, t float64, dir []float64, tau float64, param int) {
	a.load(y, t)
	a.direct(dir, tau, param)
	x.code.Run(a.mem, 1)
	for i, k := range x.want {
		if dst[i] = 0; k >= 0 {
			dst[i] = a.mem[k]
		}
		if of != nil {
			if of[i] = 1; k >= 0 {
				of[i] = a.mem[x.of[i]]
			}
		}
	}
}

// Start writes the sensitivity of the initial state to a chosen constant.
func (a *Along) Start(dst, y []float64, t float64, param int) {
	a.part(&a.t.start, dst, nil, y, t, make([]float64, len(y)), 0, param)
}

// Cross writes the derivatives of the crossing functions along a direction.
func (a *Along) Cross(dst, y []float64, t float64, dir []float64, tau float64, param int) {
	a.part(&a.t.cross, dst, nil, y, t, dir, tau, param)
}

// Record writes the derivatives of the observer's selections along a direction.
func (a *Along) Record(dst, y []float64, t float64, dir []float64, param int) {
	a.part(&a.t.record, dst, nil, y, t, dir, 0, param)
}

// Assign writes the derivatives of the values that Instance.Assign gives to event i's targets.
func (a *Along) Assign(dst []float64, i int, y []float64, t float64, dir []float64, tau float64, param int) {
	a.part(&a.t.values[i], dst, nil, y, t, dir, tau, param)
}

// Execute puts into dir what becomes of it when event i gives values, with derivatives
// slopes, to its targets: what Instance.Execute does to the state y.
func (a *Along) Execute(dir, y []float64, i int, values, slopes []float64, t, tau float64, param int) {
	x := &a.t.sizes[i]
	d, size := make([]float64, len(x.want)), make([]float64, len(x.want))
	a.part(x, d, size, y, t, dir, tau, param)
	for j, target := range a.t.p.events[i].Targets {
		dir[target] = slopes[j]*size[j] + values[j]*d[j]
	}
}

// Act writes the derivatives of the values that Instance.Act gives to action i's targets.
func (a *Along) Act(dst []float64, i int, amount float64, y []float64, t float64, dir []float64, param int) {
	a.mem[a.t.p.doseSlot] = amount
	a.part(&a.t.actions[i], dst, nil, y, t, dir, 0, param)
}
