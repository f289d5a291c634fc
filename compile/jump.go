package compile

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
)

// Jumps is a program's reactions as channels that fire one at a time, for stochastic
// methods. A kinetic law is taken literally as the propensity [1/time], in amounts; a
// channel fires whole extents.
//
// A reversible reaction whose law is a difference of which the subtracted part reads a
// product (k1*A - k2*B, or c*(k1*A - k2*B)) becomes two channels, "R" and "R (reverse)".
// Any other law that turns negative during a run is an error there.
type Jumps struct {
	p        *Program
	Channels []Channel
	// Clocks are states that change at a rate of constants alone (t' = 1), Flows all
	// other states that change continuously.
	Clocks []Clock
	Flows  []int
	// Pure says that propensities read neither time nor clocks nor flows, so that nothing
	// changes between two firings but clocks.
	Pure bool
	// Crossings tells about the crossing functions of events, in the order of Cross.
	Crossings []Crossing
	space     Observer       // slots and numbers of its nodes
	code      kernel.Program // everything that only depends on constants
	all       kernel.Program // all propensities
	slopes    kernel.Program
	gates     *gates
	ready     map[id]bool // nodes that code computes
}

// Channel is a way in which the state may jump.
type Channel struct {
	ID        string // of the reaction, "R (reverse)" for the second half of a reversible one
	At        diag.Place
	Changes   []Change // net, no zeros, by state
	Reactants []Change // taken by one firing (By > 0), for the step of tau-leaping
	Reads     []int    // states that the propensity reads, ascending
	Time      bool     // it reads the time
	Factors   []Factor // nil: not a product of states and constants
	rate      id
	code      kernel.Program
}

// Change is what one firing adds to a state.
type Change struct {
	State int
	by    id
}

// Factor is a step of a propensity that is a product: (state + Offset)/Over, or a constant
// (State -1), multiplied or divided.
type Factor struct {
	State  int
	Divide bool
	Offset float64
	value  id // of a constant; -1
	over   id // divisor of the state; -1: none
}

// Clock is a state that grows at a rate of constants.
type Clock struct {
	State int
	slope id
}

// Crossing says what a crossing function reads. Linear: between firings it is a linear
// function of time, so its next root has a closed form.
type Crossing struct {
	Reads  []int
	Moves  bool // it changes between firings, with time or clocks
	Linear bool
	slope  id
}

// Jumps finds the channels. Messages name what stochastic methods cannot do.
func (p *Program) Jumps() (*Jumps, diag.Messages) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, g := p.b, p.b.g
	b.ms = nil
	if len(b.why) > 0 {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "a stochastic run of a model with %s is not supported", strings.Join(b.why, " and "))}
	}
	j := &Jumps{p: p, Pure: true}
	if len(b.why) > 0 || len(p.mass) > 0 {
		b.ms = append(b.ms, diag.Errorf(diag.Place{}, "the model has %s, which stochastic methods cannot follow", strings.Join(b.why, " and ")).
			WithHelp("they need reactions with rates, assignment rules, rate rules and events"))
		return nil, b.ms
	}
	clock := make([]bool, len(p.states))
	flow := make([]bool, len(p.states))
	for i, s := range b.owners {
		switch {
		case s == nil: // an infusion: its target flows
			target := p.index[p.states[i].ID[len("input:"):]]
			flow[target] = true
		case s.rule != nil && !g.is(p.deriv[i], 0):
			if g.nodes[p.deriv[i]].deps&^onConstants == 0 {
				clock[i] = true
			} else {
				flow[i] = true
			}
		}
	}
	for i := range p.states {
		if clock[i] && !flow[i] {
			j.Clocks = append(j.Clocks, Clock{i, p.deriv[i]})
		} else if flow[i] {
			clock[i] = false
			j.Flows = append(j.Flows, i)
			j.Pure = false
		}
	}
	for i := range b.m.Reactions {
		j.reaction(&b.m.Reactions[i])
	}
	for _, c := range j.Channels {
		if c.Time {
			j.Pure = false
		}
		for _, i := range c.Reads {
			if clock[i] || flow[i] {
				j.Pure = false
			}
		}
		for _, x := range c.Changes {
			if clock[x.State] {
				b.errorf(c.At, "reaction %s changes %s, which a rate rule determines", c.ID, p.states[x.State].ID)
			}
		}
	}
	j.crossings(clock)
	if b.ms.HasErrors() {
		return nil, b.ms
	}
	j.emit()
	return j, b.ms
}

// reaction makes one channel of a reaction, or two.
func (j *Jumps) reaction(r *model.Reaction) {
	p, b, g := j.p, j.p.b, j.p.b.g
	if r.Rate == nil {
		return
	}
	if r.Fast {
		b.ms = append(b.ms, diag.Errorf(r.At, "reaction %s is fast (in equilibrium at all times): stochastic methods need its rate", r.ID).
			WithHelp("give it a rate much above the others"))
		return
	}
	now := env{b, false}
	net := map[int]id{}
	var taken []Change
	side := func(refs []model.SpeciesRef, sign float64) {
		for _, ref := range refs {
			s := b.symbols[ref.Species]
			if s == nil || s.state < 0 || s.species == nil || s.species.Boundary || s.species.Constant || s.rule != nil {
				continue
			}
			n := g.num(1)
			if ref.Stoichiometry != nil {
				n = b.noDraw(b.l.expr(ref.Stoichiometry, now), ref.At, "a stoichiometry of "+r.ID)
			}
			if f := s.species.ConversionFactor; f != "" {
				n = g.op(kernel.Mul, n, b.lookup(b.symbols[f], false, ref.At))
			}
			if g.nodes[n].deps&^onConstants != 0 {
				b.errorf(ref.At, "the stoichiometry of %s in %s changes over time: stochastic methods need constant whole numbers", ref.Species, r.ID)
				return
			}
			if v, ok := g.isNum(n); ok && v != math.Trunc(v) {
				b.errorf(ref.At, "the stoichiometry of %s in %s is %g: stochastic methods need whole numbers", ref.Species, r.ID, v)
			}
			if sign < 0 {
				taken = append(taken, Change{s.state, n})
				n = g.op(kernel.Neg, n)
			}
			if old, ok := net[s.state]; ok {
				n = g.op(kernel.Add, old, n)
			}
			net[s.state] = n
		}
	}
	side(r.Reactants, -1)
	side(r.Products, 1)
	var changes []Change
	for i := range p.states {
		if n, ok := net[i]; ok && !g.is(n, 0) {
			changes = append(changes, Change{i, n})
		}
	}
	if r.Reversible {
		if forward, back, ok := b.difference(r); ok {
			j.channel(r.ID, r, b.l.expr(forward, now), changes, taken)
			turned := make([]Change, len(changes))
			var given []Change
			for i, c := range changes {
				turned[i] = Change{c.State, g.op(kernel.Neg, c.by)}
				if v, ok := g.isNum(c.by); ok && v > 0 {
					given = append(given, c)
				}
			}
			j.channel(r.ID+" (reverse)", r, b.l.expr(back, now), turned, given)
			return
		}
	}
	j.channel(r.ID, r, b.lookup(b.symbols[r.ID], false, r.At), changes, taken)
}

func (j *Jumps) channel(name string, r *model.Reaction, rate id, changes, taken []Change) {
	g := j.p.b.g
	if len(changes) == 0 || g.is(rate, 0) {
		return // nothing happens when it fires
	}
	c := Channel{ID: name, At: r.At, Changes: changes, Reactants: taken, rate: rate}
	c.Reads, c.Time = g.reads(rate)
	if list, ok := g.product(rate); ok {
		c.Factors = list
	}
	j.Channels = append(j.Channels, c)
}

// difference takes a law f - r apart, through products and quotients, when r reads a
// product of the reaction that is no reactant.
func (b *builder) difference(r *model.Reaction) (forward, back *model.Expr, ok bool) {
	e := b.inline(r.Rate, 0)
	forward, back, ok = apart(e)
	if !ok {
		return nil, nil, false
	}
	reactant := map[string]bool{}
	for _, x := range r.Reactants {
		reactant[x.Species] = true
	}
	names := map[string]bool{}
	symbolsOf(back, names)
	for _, x := range r.Products {
		if names[x.Species] && !reactant[x.Species] {
			return forward, back, true
		}
	}
	return nil, nil, false
}

// inline replaces calls of the model's own functions at the top of a formula.
func (b *builder) inline(e *model.Expr, depth int) *model.Expr {
	if e.Kind != model.Apply || depth > 50 {
		return e
	}
	if f, ok := b.l.functions[e.Name]; ok && f.Body != nil && len(f.Params) == len(e.Args) {
		by := map[string]*model.Expr{}
		for i, p := range f.Params {
			by[p] = e.Args[i]
		}
		return b.inline(f.Body.Substitute(by), depth+1)
	}
	if e.Name == "times" || e.Name == "divide" || e.Name == "minus" {
		args := make([]*model.Expr, len(e.Args))
		for i, a := range e.Args {
			args[i] = b.inline(a, depth+1)
		}
		return &model.Expr{Kind: model.Apply, Name: e.Name, Args: args, At: e.At}
	}
	return e
}

func apart(e *model.Expr) (f, r *model.Expr, ok bool) {
	if e.Kind != model.Apply {
		return nil, nil, false
	}
	switch {
	case e.Name == "minus" && len(e.Args) == 2:
		return e.Args[0], e.Args[1], true
	case e.Name == "times", e.Name == "divide" && len(e.Args) == 2:
		for i, a := range e.Args {
			if e.Name == "divide" && i == 1 {
				break
			}
			if f, r, ok := apart(a); ok {
				with := func(x *model.Expr) *model.Expr {
					args := append([]*model.Expr(nil), e.Args...)
					args[i] = x
					return &model.Expr{Kind: model.Apply, Name: e.Name, Args: args, At: e.At}
				}
				return with(f), with(r), true
			}
		}
	}
	return nil, nil, false
}

func symbolsOf(e *model.Expr, into map[string]bool) {
	if e.Kind == model.Symbol {
		into[e.Name] = true
	}
	for _, a := range e.Args {
		symbolsOf(a, into)
	}
}

// reads lists the states a node depends on, and whether it reads the time.
func (g *graph) reads(k id) (states []int, time bool) {
	g.mark()
	g.marks[k] = g.round
	for todo := []id{k}; len(todo) > 0; {
		n := &g.nodes[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		switch n.leaf {
		case state:
			states = append(states, n.index)
		case clock:
			time = true
		case operation:
			for i, a := range [...]id{n.a, n.b, n.c} {
				if i < n.op.Args() && g.nodes[a].deps&onState != 0 && g.marks[a] != g.round {
					g.marks[a] = g.round
					todo = append(todo, a)
				}
			}
		}
	}
	sort.Ints(states)
	return states, time
}

// product writes a node as a chain of factors in the order of its arithmetic.
func (g *graph) product(k id) ([]Factor, bool) {
	if f, ok := g.factor(k); ok {
		return []Factor{f}, true
	}
	n := &g.nodes[k]
	if n.leaf != operation || n.op != kernel.Mul && n.op != kernel.Div {
		return nil, false
	}
	if f, ok := g.factor(n.b); ok {
		if list, ok := g.product(n.a); ok {
			f.Divide = n.op == kernel.Div
			return append(list, f), true
		}
	}
	if n.op == kernel.Mul { // a product does not mind its order
		if f, ok := g.factor(n.a); ok {
			if list, ok := g.product(n.b); ok {
				return append(list, f), true
			}
		}
	}
	return nil, false
}

// factor reads a constant, a state, a state plus or minus a number, or a state divided by
// a constant.
func (g *graph) factor(k id) (Factor, bool) {
	n := &g.nodes[k]
	if n.deps&^onConstants == 0 {
		return Factor{State: -1, value: k, over: -1}, true
	}
	if n.leaf == state {
		return Factor{State: n.index, value: -1, over: -1}, true
	}
	if n.leaf != operation {
		return Factor{}, false
	}
	switch n.op {
	case kernel.Div:
		if a, b := &g.nodes[n.a], &g.nodes[n.b]; a.leaf == state && b.deps&^onConstants == 0 {
			return Factor{State: a.index, value: -1, over: n.b}, true
		}
	case kernel.Sub:
		if v, ok := g.isNum(n.b); ok && g.nodes[n.a].leaf == state {
			return Factor{State: g.nodes[n.a].index, Offset: -v, value: -1, over: -1}, true
		}
	case kernel.Add:
		x, y := n.a, n.b
		if g.nodes[x].leaf != state {
			x, y = y, x
		}
		if v, ok := g.isNum(y); ok && g.nodes[x].leaf == state {
			return Factor{State: g.nodes[x].index, Offset: v, value: -1, over: -1}, true
		}
	}
	return Factor{}, false
}

// crossings finds how crossing functions move between firings.
func (j *Jumps) crossings(clocks []bool) {
	p, g := j.p, j.p.b.g
	slope := map[int]id{-1: g.num(1)}
	for _, c := range j.Clocks {
		slope[c.State] = c.slope
	}
	for _, k := range p.cross {
		var x Crossing
		var time bool
		x.Reads, time = g.reads(k)
		x.Moves = time
		for _, i := range x.Reads {
			x.Moves = x.Moves || clocks[i]
		}
		x.slope = g.num(0)
		for _, d := range g.gradientOf(k) {
			if s, ok := slope[d.index]; ok {
				x.slope = g.op(kernel.Add, x.slope, g.mulZero(d.node, s))
			}
		}
		states, t := g.reads(x.slope)
		x.Linear = !t
		for _, i := range states {
			x.Linear = x.Linear && !clocks[i]
		}
		j.Crossings = append(j.Crossings, x)
	}
}

// emit writes the programs, as observers do.
func (j *Jumps) emit() {
	p, g := j.p, j.p.b.g
	j.space.serial = p.observers // a new one each time: there may be new nodes
	p.observers++
	j.space.code.Slots, j.space.numbers = len(g.nodes), nil
	for k := p.base; k < len(g.nodes); k++ {
		if n := &g.nodes[k]; n.leaf == number {
			j.space.numbers = append(j.space.numbers, literal{id(k), n.value})
		}
	}
	var fixed, rates, slopes []id
	for i := range j.Channels {
		c := &j.Channels[i]
		rates = append(rates, c.rate)
		for _, x := range c.Changes {
			fixed = append(fixed, x.by)
		}
		for _, x := range c.Reactants {
			fixed = append(fixed, x.by)
		}
		for _, f := range c.Factors {
			for _, k := range []id{f.value, f.over} {
				if k >= 0 {
					fixed = append(fixed, k)
				}
			}
		}
	}
	for _, c := range j.Clocks {
		fixed = append(fixed, c.slope)
	}
	for _, c := range j.Crossings {
		slopes = append(slopes, c.slope)
	}
	// constant-only nodes that the run's programs border on
	run := append(append([]id(nil), rates...), slopes...)
	if j.gates != nil {
		run = append(append(append(run, j.gates.deriv...), j.gates.entries...), j.gates.dfdt...)
	}
	fixed = append(fixed, g.border(run)...)
	filled := func(k id) bool { return int(k) < p.base && p.filled[k] }
	j.code = kernel.Program{Slots: len(g.nodes), Code: g.code(fixed, filled)}
	j.ready = map[id]bool{}
	for _, x := range j.code.Code {
		j.ready[x.Dst] = true
	}
	skip := j.skip()
	j.all = kernel.Program{Slots: len(g.nodes), Code: g.code(rates, skip)}
	j.slopes = kernel.Program{Slots: len(g.nodes), Code: g.code(slopes, skip)}
	for i := range j.Channels {
		c := &j.Channels[i]
		c.code = kernel.Program{Slots: len(g.nodes), Code: g.code([]id{c.rate}, skip)}
	}
}

// skip says which nodes hold their values after Bind.
func (j *Jumps) skip() func(id) bool {
	p := j.p
	return func(k id) bool { return int(k) < p.base && p.filled[k] || j.ready[k] }
}

// border lists the operations on constants alone that the wanted nodes read.
func (g *graph) border(want []id) (out []id) {
	need := make([]bool, len(g.nodes))
	for _, k := range want {
		need[k] = true
	}
	for k := id(len(g.nodes)) - 1; k >= 0; k-- {
		n := &g.nodes[k]
		if !need[k] || n.leaf != operation {
			continue
		}
		if n.deps&^onConstants == 0 {
			out = append(out, k)
			continue
		}
		for i, x := range [...]id{n.a, n.b, n.c} {
			if i < n.op.Args() {
				need[x] = true
			}
		}
	}
	return out
}

// Bind computes what depends on constants only, after Start. It refuses a stoichiometry
// that is no whole number.
func (j *Jumps) Bind(in *Instance) error {
	if j.space.serial >= len(in.ready) || !in.ready[j.space.serial] {
		in.prepare(&j.space)
	}
	j.code.Run(in.mem, 1)
	for i := range j.Channels {
		for _, x := range j.Channels[i].Changes {
			if v := in.mem[x.by]; v != math.Trunc(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%s changes %s by %g: stochastic methods need whole numbers", j.Channels[i].ID, j.p.states[x.State].ID, v)
			}
		}
	}
	return nil
}

// By is what one firing adds to the state; valid after Bind.
func (c *Change) By(in *Instance) float64 { return in.mem[c.by] }

// Value is the constant of a factor, or the offset of its state.
func (f *Factor) Value(in *Instance) float64 {
	if f.State < 0 {
		return in.mem[f.value]
	}
	return f.Offset
}

// Over is what the state is divided by; 0 for nothing.
func (f *Factor) Over(in *Instance) float64 {
	if f.over < 0 {
		return 0
	}
	return in.mem[f.over]
}

// Slope is the rate of a clock.
func (c *Clock) Slope(in *Instance) float64 { return in.mem[c.slope] }

// Propensity evaluates channel c; only the states it reads are looked at.
func (j *Jumps) Propensity(in *Instance, c int, y []float64, t float64) float64 {
	x := &j.Channels[c]
	for _, i := range x.Reads {
		in.mem[in.p.stateSlot[i]] = y[i]
	}
	in.mem[in.p.clockSlot] = t
	x.code.Run(in.mem, 1)
	return in.mem[x.rate]
}

// Propensities evaluates all channels.
func (j *Jumps) Propensities(dst []float64, in *Instance, y []float64, t float64) {
	in.load(y, t)
	j.all.Run(in.mem, 1)
	for i := range j.Channels {
		dst[i] = in.mem[j.Channels[i].rate]
	}
}

// Slopes writes the change in time of every crossing function between firings.
func (j *Jumps) Slopes(dst []float64, in *Instance, y []float64, t float64) {
	in.load(y, t)
	j.slopes.Run(in.mem, 1)
	for i := range j.Crossings {
		dst[i] = in.mem[j.Crossings[i].slope]
	}
}
