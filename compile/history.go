package compile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
)

// This file compiles delay(x, d) (SBML Level 3 Version 2, section 3.4.6): the value that
// formula x had d time units ago. In the graph it is a leaf; before code that reads it
// runs, x is evaluated in a second memory at the state and time of then.

// Past is what a solver remembers.
type Past interface {
	// At writes the state at time s as it is seen from time t; before says that s lies
	// before the start, and the state is that of the start.
	At(s, t float64, y []float64) (before bool)
	// Slope writes the derivative of the state at time s.
	Slope(s, t float64, dy []float64)
}

// delayed is one delay of a model.
type delayed struct {
	arg     *model.Expr
	lagExpr *model.Expr
	at      diag.Place
	lag     id // the delay, now
	value   id // leaf
	slope   id // leaf: the derivative of the argument, then

	mark    mark
	node    id         // the lowered argument
	inner   []*delayed // delays that the argument reads
	slopes  bool       // and their slopes
	code    kernel.Program
	lagCode kernel.Program
}

// mostNested bounds delays of delayed values within one evaluation.
const mostNested = 100

// delay is the node of delay(x, lag) during the run.
func (b *builder) delay(x, lag *model.Expr, at diag.Place) id {
	now := env{b, false}
	k := b.l.expr(lag, now)
	if v, ok := b.g.isNum(k); ok {
		switch {
		case v == 0:
			return b.l.expr(x, now)
		case !(v > 0):
			b.errorf(at, "the delay is %g; it must be 0 or more", v)
			return b.g.num(nan)
		}
	}
	if b.g.nodes[k].deps&onSignal != 0 {
		b.errorf(at, "a delay depends on a signal (%s); signals are for observables only", strings.Join(b.opt.Signals, ", "))
	}
	key := fmt.Sprintf("%d %s", k, x)
	if d, ok := b.delayAt[key]; ok {
		return d.value
	}
	i := len(b.delays)
	d := &delayed{arg: x, lagExpr: lag, at: at, lag: k, value: b.g.leafNode(past, i, onState), slope: b.g.leafNode(pastSlope, i, onState)}
	b.delays = append(b.delays, d)
	if b.delayAt == nil {
		b.delayAt = map[string]*delayed{}
	}
	b.delayAt[key] = d
	b.g.pastGradient = b.pastGradient
	b.general("delays")
	return d.value
}

// argument lowers what is delayed. That is done late, so that a value may depend on its
// own past.
func (b *builder) argument(d *delayed) id {
	if d.mark == unseen {
		d.mark = active
		stack := b.stack
		b.stack = nil
		d.node = b.l.expr(d.arg, env{b, false})
		b.stack = stack
		d.mark = done
		if b.g.nodes[d.node].deps&onSignal != 0 {
			b.errorf(d.at, "the past of a signal (%s) is not kept", strings.Join(b.opt.Signals, ", "))
		}
		b.noDraw(d.node, d.at, "a delayed formula")
	}
	if d.mark == active {
		return b.g.num(nan)
	}
	return d.node
}

// pastGradient differentiates the leaf of delay i: x(t - d(t, y)) changes with the
// argument's rate of then, and where the delay is 0 as the argument does.
func (b *builder) pastGradient(i int) gradient {
	b.slopes++
	g, d := b.g, b.delays[i]
	lag := g.gradientOf(d.lag)
	out := gradient{}
	time := id(-1)
	for _, p := range lag {
		if p.index < 0 {
			time = p.node
		}
	}
	if time < 0 {
		out = append(out, partial{-1, d.slope})
	} else {
		out = append(out, partial{-1, g.op(kernel.Mul, d.slope, g.op(kernel.Sub, g.num(1), time))})
	}
	for _, p := range lag {
		if p.index >= 0 {
			out = append(out, partial{p.index, g.op(kernel.Neg, g.op(kernel.Mul, d.slope, p.node))})
		}
	}
	if _, known := g.isNum(d.lag); known || d.mark == active {
		return out
	}
	node := b.argument(d)
	if d.differentiating() {
		return out
	}
	defer d.differentiated()
	return g.choose(g.gradientOf(node), out, g.op(kernel.Eq, d.lag, g.num(0)))
}

// A value that depends on its own past is differentiated through the past only.
func (d *delayed) differentiating() bool {
	if d.mark == active {
		return true
	}
	d.mark = active
	return false
}

func (d *delayed) differentiated() { d.mark = done }

// readsPast finds whether the model delays anything.
func (b *builder) readsPast() {
	look := func(list ...*model.Expr) {
		for _, e := range list {
			if e != nil {
				e.Walk(func(x *model.Expr) bool {
					b.usesPast = b.usesPast || x.Kind == model.Apply && x.Name == "delay"
					return !b.usesPast
				})
			}
		}
	}
	m := b.m
	for i := range m.Functions {
		look(m.Functions[i].Body)
	}
	for i := range m.Reactions {
		look(m.Reactions[i].Rate)
		for _, refs := range [][]model.SpeciesRef{m.Reactions[i].Reactants, m.Reactions[i].Products} {
			for _, r := range refs {
				look(r.Stoichiometry)
			}
		}
	}
	for i := range m.Rules {
		look(m.Rules[i].Math)
	}
	for i := range m.Events {
		e := &m.Events[i]
		look(e.Trigger, e.Delay, e.Priority)
		for _, a := range e.Assignments {
			look(a.Math)
		}
	}
	for _, a := range b.opt.Actions {
		for _, x := range a.Assignments {
			look(x.Math)
		}
	}
}

// sinceStart is a rate as the past has it: before the start nothing changes.
func (b *builder) sinceStart(k id) id {
	if !b.usesPast {
		return k
	}
	return b.g.op(kernel.Select, b.g.num(0), k, b.g.leafNode(early, 0, onState))
}

// histories lowers everything that is delayed.
func (p *Program) histories() {
	b := p.b
	for i := 0; i < len(b.delays); i++ {
		b.argument(b.delays[i])
	}
}

// innerDelays finds the delays that nodes read at once.
func (b *builder) innerDelays(want []id) (out []*delayed, slopes bool) {
	seen := make([]bool, len(b.g.nodes))
	had := make([]bool, len(b.delays))
	stack := append([]id(nil), want...)
	for len(stack) > 0 {
		k := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[k] {
			continue
		}
		seen[k] = true
		n := b.g.nodes[k]
		switch n.leaf {
		case past, pastSlope:
			had[n.index] = true
			slopes = slopes || n.leaf == pastSlope
			stack = append(stack, b.delays[n.index].lag)
		case operation:
			for i, x := range [...]id{n.a, n.b, n.c} {
				if i < n.op.Args() {
					stack = append(stack, x)
				}
			}
		}
	}
	for i, h := range had {
		if h {
			out = append(out, b.delays[i])
		}
	}
	return out, slopes
}

// emitDelays writes the programs of the delays from number first on.
func (b *builder) emitDelays(first int, slots int, skip func(id) bool) {
	for _, d := range b.delays[first:] {
		d.lagCode = kernel.Program{Slots: slots, Code: b.g.code([]id{d.lag}, skip)}
		d.code = kernel.Program{Slots: slots, Code: b.g.code([]id{d.node}, skip)}
		d.inner, d.slopes = b.innerDelays([]id{d.node})
	}
}

// delayStart is the node of delay(x, lag) in a formula for the start: x as it was before
// the start.
func (b *builder) delayStart(x, lag *model.Expr, at diag.Place, shift id) id {
	k := b.l.expr(lag, beforeStart{b, shift})
	if v, ok := b.g.isNum(k); ok && !(v >= 0) {
		b.errorf(at, "the delay is %g; it must be 0 or more", v)
		return b.g.num(nan)
	}
	return b.l.expr(x, beforeStart{b, b.g.op(kernel.Add, shift, k)})
}

func (e env) delay(x, lag *model.Expr, at diag.Place) id {
	if e.start {
		return e.b.delayStart(x, lag, at, e.b.g.num(0))
	}
	return e.b.delay(x, lag, at)
}

// beforeStart resolves symbols at a time before the start: initial assignments and
// assignment rules are evaluated then, everything else is as at the start.
type beforeStart struct {
	b     *builder
	shift id // how long before
}

func (e beforeStart) symbol(name string, at diag.Place) (id, bool) {
	b := e.b
	if name == model.Time {
		return b.g.op(kernel.Sub, b.g.leafNode(clock, 0, onState), e.shift), true
	}
	s, ok := b.symbols[name]
	if !ok {
		return env{b, true}.symbol(name, at)
	}
	switch {
	case s.kind == isReaction && s.reaction.Rate != nil:
		return b.l.expr(s.reaction.Rate, e), true
	case s.rule != nil && s.rule.Kind == model.Assignment:
		return b.l.expr(s.rule.Math, e), true
	case s.initial != nil && s.constant >= 0:
		k := b.l.expr(s.initial, e)
		return b.g.op(kernel.Select, b.g.leafNode(raw, s.constant, onConstants), k, b.g.leafNode(flag, s.constant, onConstants)), true
	}
	return env{b, true}.symbol(name, at)
}

func (e beforeStart) rate(x *model.Expr, at diag.Place) id { return env{e.b, true}.rate(x, at) }

func (e beforeStart) delay(x, lag *model.Expr, at diag.Place) id {
	return e.b.delayStart(x, lag, at, e.shift)
}

// Remembers says whether anything, observers included, reads the past.
func (p *Program) Remembers() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.b.delays) > 0
}

// remember prepares for the model's own delays.
func (in *Instance) remember() {
	in.p.mu.Lock()
	in.delays = in.p.b.delays[:in.p.ownDelays:in.p.ownDelays]
	in.p.mu.Unlock()
	in.slopes = in.p.slopes
}

// SetPast gives the memory of a solution; own says that it began with the state that Start
// gave. A nil memory makes a delayed value the present one. The observers are those that
// will be evaluated: how far the memory reaches depends on them.
func (in *Instance) SetPast(past Past, own bool, observers ...*Observer) {
	in.past, in.own = past, own
	for _, o := range observers {
		if o.serial >= len(in.ready) || !in.ready[o.serial] {
			in.prepare(o)
		}
	}
	in.lagPaths()
}

// deepestPath is how many delays of delayed values are followed to tell how far back the
// past is read; beyond, all of it is kept.
const deepestPath = 4

// lagPaths lists what is delayed by one delay, by two, ...: each sum of delays along a path
// is how far back something is read.
func (in *Instance) lagPaths() {
	in.paths, in.straight = nil, true
	var follow func(path []*delayed)
	follow = func(path []*delayed) {
		last := path[len(path)-1]
		if len(path) > deepestPath || len(in.paths) > 1000 {
			in.straight = false
			return
		}
		if in.p.b.g.nodes[last.lag].deps&^onConstants != 0 {
			in.straight = false
		}
		in.paths = append(in.paths, slices.Clone(path))
		for _, d := range last.inner {
			follow(append(path, d))
		}
	}
	for _, d := range in.delays {
		follow([]*delayed{d})
	}
	for _, o := range in.watching {
		for _, d := range o.delays {
			follow([]*delayed{d})
		}
	}
}

// Lags is the number of delays that Lag writes; fixed says that they never change during
// a solution.
func (in *Instance) Lags() (count int, fixed bool) { return len(in.paths), in.straight }

// Lag writes the delays [time], those of delayed values among them: how far back something
// is read from.
func (in *Instance) Lag(dst, y, t []float64) {
	in.load(y, t[0])
	for i, path := range in.paths {
		dst[i] = 0
		for _, d := range path {
			d.lagCode.Run(in.mem, 1)
			if lag := in.mem[d.lag]; lag > 0 {
				dst[i] += lag
			}
		}
	}
}

// loadSlopes loads a state for code that reads slopes of delays.
func (in *Instance) loadSlopes(y []float64, t float64) {
	in.slopes = true
	in.load(y, t)
	in.slopes = in.p.slopes
}

// thenMemory is a memory for evaluations in the past, with this patient's constants.
type thenMemory struct {
	mem    []float64
	serial int
	y, dy  []float64
}

func (in *Instance) then(depth int) *thenMemory {
	for len(in.thens) <= depth {
		in.thens = append(in.thens, &thenMemory{serial: -1, y: make([]float64, len(in.p.states)), dy: make([]float64, len(in.p.states))})
	}
	m := in.thens[depth]
	if m.serial != in.serial || len(m.mem) < len(in.mem) {
		m.mem = append(m.mem[:0], in.mem...)
		m.serial = in.serial
	}
	return m
}

// recall fills in the leaves of delays in mem, in which state and time t are loaded.
func (in *Instance) recall(list []*delayed, mem []float64, t float64, depth int) {
	if depth == 0 {
		in.endless = false
	}
	for _, d := range list {
		if in.endless {
			mem[d.value], mem[d.slope] = nan, nan
			continue
		}
		d.lagCode.Run(mem, 1)
		lag := mem[d.lag]
		if in.past == nil {
			lag = 0
		}
		switch {
		case depth >= mostNested:
			in.endless = true
			in.fault(fmt.Errorf("at t=%g the value of %s depends on its own past without end", t, d.arg))
			mem[d.value], mem[d.slope] = nan, nan
		case !(lag >= 0):
			in.fault(fmt.Errorf("the delay of %s is %g at t=%g; it must be 0 or more", d.arg, lag, t))
			mem[d.value], mem[d.slope] = nan, nan
		case lag == 0:
			in.recall(d.inner, mem, t, depth+1)
			d.code.Run(mem, 1)
			mem[d.value], mem[d.slope] = mem[d.node], 0
		default:
			mem[d.value], mem[d.slope] = in.recallOne(d, t-lag, t, depth)
		}
	}
}

func (in *Instance) fault(err error) {
	if in.err == nil {
		in.err = err
	}
}

// recallOne evaluates a delayed argument at time s, and its derivative along the solution.
func (in *Instance) recallOne(d *delayed, s, t float64, depth int) (value, slope float64) {
	m := in.then(depth)
	value = in.recallAt(d, m, s, t, depth)
	if !in.slopes {
		return value, 0
	}
	// the derivative by a difference along the solution as it was then: it does not look
	// across a jump
	step := 1e-7 * math.Max(math.Abs(s), math.Max(t-s, 1e-300))
	before := in.past.At(s, t, m.y)
	if before {
		return value, (in.recallAt(d, m, s+step, t, depth) - value) / step
	}
	in.past.Slope(s, t, m.dy)
	for i, v := range m.dy {
		m.y[i] += step * v
	}
	return value, (in.evaluate(d, m, s+step, false, depth) - value) / step
}

func (in *Instance) recallAt(d *delayed, m *thenMemory, s, t float64, depth int) float64 {
	p := in.p
	before := in.past.At(s, t, m.y)
	if before && in.own && p.clockStart {
		// initial assignments that read the time are evaluated then
		m.mem[p.clockSlot] = s
		p.startup.Run(m.mem, 1)
		for i, k := range p.y0 {
			if p.b.g.nodes[k].deps&onState != 0 {
				m.y[i] = m.mem[k]
			}
		}
		m.serial = -1
	}
	return in.evaluate(d, m, s, before, depth)
}

func (in *Instance) evaluate(d *delayed, m *thenMemory, s float64, before bool, depth int) float64 {
	m.mem[in.p.earlySlot] = 0
	if before {
		m.mem[in.p.earlySlot] = 1
	}
	for i, k := range in.p.stateSlot {
		m.mem[k] = m.y[i]
	}
	m.mem[in.p.clockSlot] = s
	wanted := in.slopes
	in.slopes = d.slopes
	in.recall(d.inner, m.mem, s, depth+1)
	in.slopes = wanted
	d.code.Run(m.mem, 1)
	return m.mem[d.node]
}
