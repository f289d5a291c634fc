package compile

import (
	"math"
	"strings"
	"sync"

	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
)

var nan = math.NaN()

// Action is a set of simultaneous assignments with an amount: a dose route.
type Action struct {
	ID          string
	DoseSymbol  string // stands for the amount in the formulas
	Assignments []model.EventAssignment
}

// Options say what is done to a model from outside.
type Options struct {
	Variables   []string // constants that change over time: states with derivative 0
	Actions     []Action
	Infusible   []string // states that may receive infusions
	Signals     []string // constants given as functions of time; only observers may read them
	ClampPowers bool     // a negative base of a power that is not whole reads as 0
	// Discontinuities adds crossing functions where the right-hand side jumps (conditions
	// of piecewise, floor, ...), so that a solver can stop there.
	Discontinuities bool
}

// Program is a compiled model. It is shared by all patients; observers may be added at
// any time.
type Program struct {
	m       *model.Model
	b       *builder
	mu      sync.Mutex
	states  []State
	index   map[string]int
	consts  []Constant
	cindex  map[string]int
	events  []event
	actions []action

	base      int // slots that every instance has
	numbers   []literal
	observers int // made so far
	startup   kernel.Program
	filled    []bool // slots that hold a value after the start
	// draws that initial formulas read, in order
	startDraws []drawStep
	raws       []id // by constant: slot of its raw value, or -1
	flags      []id
	constSlot  []id
	finals     []move // computed constants: to constant slot, from node
	y0         []id
	open       []bool // states that may be without a value
	slope
	cross    []id
	crossAt  map[id]int
	jumps    []int // crossing functions of the right-hand side
	lines    []line
	lineCode kernel.Program
	crossP   kernel.Program

	crossReads []int // see Instance.CrossReads

	mass      [][2]int // see MassPattern
	massValue []id
	massCode  kernel.Program
	fast      *fast // nil: no fast reactions

	ownDelays  int  // delays that the model itself has
	slopes     bool // it reads their slopes
	earlySlot  id
	clockStart bool // the start reads the time

	circular  bool // see StartReadsAlgebraic
	guess     []id // by state: the size that makes an amount the symbol's meaning, or -1
	guessCode kernel.Program

	stateSlot []id
	clockSlot id
	doseSlot  id
	sigSlot   []id
	terms     []string
}

type move struct{ to, from id }

// literal is a number and its slot.
type literal struct {
	slot  id
	value float64
}

type event struct {
	EventInfo
	trigger, delay, priority id
	values, sizes            []id // see assigned
	code, delayCode          kernel.Program
	priorityCode, assignCode kernel.Program
	sizeCode                 kernel.Program

	assignDraws, delayDraws, priorityDraws []drawStep
}

type action struct {
	id      string
	targets []int
	values  []id
	code    kernel.Program
}

// EventInfo describes an event; Targets are state indices, Roots crossings.
type EventInfo struct {
	ID                                    string
	Persistent, FromTrigger, InitialValue bool
	HasDelay, HasPriority                 bool
	Targets                               []int
	Roots                                 []int
	At                                    diag.Place
}

// Compile turns a flat model into a program. What the engine cannot do is named with
// its place.
func Compile(m *model.Model, opt Options) (*Program, diag.Messages) {
	g := newGraph(4 * (len(m.Species) + len(m.Parameters) + len(m.Reactions) + len(m.Rules) + len(m.Initials)))
	g.clamp = opt.ClampPowers
	b := &builder{m: m, opt: opt, g: g, symbols: map[string]*symbol{}, starts: map[id]id{}, set: map[string]bool{}}
	b.l = &lowerer{g: g, functions: map[string]*model.Function{}, calls: map[string]id{}, repeats: map[string]bool{}, ms: &b.ms}
	for i := range m.Functions {
		b.l.functions[m.Functions[i].ID] = &m.Functions[i]
	}
	p := &Program{m: m, b: b, index: map[string]int{}, cindex: map[string]int{}, crossAt: map[id]int{}}
	for _, pass := range passes {
		if pass.run != nil {
			pass.run(p)
		}
		if b.ms.HasErrors() {
			return nil, b.ms
		}
	}
	return p, b.ms
}

// leaves fixes the slots that are written from outside.
func (p *Program) leaves() {
	b := p.b
	for i := range b.states {
		p.stateSlot = append(p.stateSlot, b.g.leafNode(state, i, onState))
		p.index[b.states[i].ID] = i
	}
	p.earlySlot = b.g.leafNode(early, 0, onState)
	p.clockSlot = b.g.leafNode(clock, 0, onState)
	p.doseSlot = b.g.leafNode(dose, 0, onDose)
	for k := range b.opt.Signals {
		p.sigSlot = append(p.sigSlot, b.g.leafNode(signal, k, onSignal))
	}
	p.states, p.consts = b.states, b.consts
	for i, c := range b.consts {
		p.cindex[c.ID] = i
		p.raws = append(p.raws, b.g.leafNode(raw, i, onConstants))
		p.flags = append(p.flags, b.g.leafNode(flag, i, onConstants))
		p.constSlot = append(p.constSlot, b.g.leafNode(constant, i, onConstants))
	}
}

// derivatives builds the right-hand side: amounts per time for species.
func (p *Program) derivatives() {
	b, g := p.b, p.b.g
	p.deriv = make([]id, len(p.states))
	for i, s := range b.owners {
		switch {
		case s == nil:
			p.deriv[i] = g.num(0)
		case s.algebraic != nil:
			p.deriv[i] = b.l.expr(s.algebraic.Math, env{b, false}) // an equation in its place
		default:
			p.deriv[i] = b.derivative(s, s.at)
		}
	}
	for i := range b.m.Reactions { // those that change nothing are checked too
		if r := &b.m.Reactions[i]; r.Rate != nil {
			b.lookup(b.symbols[r.ID], false, r.At)
		}
	}
	for i := range p.states {
		p.states[i].Algebraic = b.owners[i] != nil && b.owners[i].algebraic != nil
		p.states[i].Varying = p.states[i].Algebraic || !g.is(p.deriv[i], 0)
		p.terms = append(p.terms, b.termText(i))
		p.noSignal(p.deriv[i], b.owners[i], "the derivative of "+p.states[i].ID)
	}
	p.fastReactions()
	p.massMatrix()
}

// noSignal refuses a formula that reads a signal where none may.
func (p *Program) noSignal(k id, s *symbol, what string) {
	if p.b.g.nodes[k].deps&onSignal == 0 {
		return
	}
	at := diag.Place{}
	if s != nil {
		at = s.at
	}
	p.b.errorf(at, "%s depends on a signal (%s); signals are for observables only", what, strings.Join(p.b.opt.Signals, ", "))
}

// assigned lowers simultaneous assignments: the states they set, and the values as the
// variables' symbols mean them. sizes gives, for a value that is a concentration, the size
// that makes it an amount; -1 for others.
func (p *Program) assigned(list []model.EventAssignment, what string) (targets []int, values, sizes []id) {
	b := p.b
	for _, a := range list {
		s := b.symbols[a.Variable]
		if s == nil || s.state < 0 {
			continue
		}
		k := b.l.expr(a.Math, env{b, false})
		p.noSignal(k, &symbol{at: a.At}, "a value of "+what)
		size := id(-1)
		if s.kind == isSpecies && !s.species.SubstanceOnly {
			size = b.size(s, false)
		}
		targets = append(targets, s.state)
		values = append(values, k)
		sizes = append(sizes, size)
	}
	return targets, values, sizes
}

func (p *Program) lowerEvents() {
	b := p.b
	for i := range b.m.Events {
		e := &b.m.Events[i]
		if e.Trigger == nil {
			b.errorf(e.At, "event %s has no trigger", e.ID)
			continue
		}
		x := event{EventInfo: EventInfo{ID: e.ID, Persistent: e.Persistent, FromTrigger: e.FromTrigger, InitialValue: e.InitialValue,
			HasDelay: e.Delay != nil, HasPriority: e.Priority != nil, At: e.At}, delay: -1, priority: -1}
		now := env{b, false}
		x.trigger = b.l.expr(e.Trigger, now)
		p.noSignal(x.trigger, &symbol{at: e.At}, "the trigger of "+e.ID)
		b.noDraw(x.trigger, e.At, "the trigger of "+e.ID)
		if b.ms.HasErrors() {
			continue
		}
		x.Roots = p.roots(x.trigger)
		if e.Delay != nil {
			x.delay = b.l.expr(e.Delay, now)
			p.noSignal(x.delay, &symbol{at: e.At}, "the delay of "+e.ID)
		}
		if e.Priority != nil {
			x.priority = b.l.expr(e.Priority, now)
			p.noSignal(x.priority, &symbol{at: e.At}, "the priority of "+e.ID)
		}
		x.Targets, x.values, x.sizes = p.assigned(e.Assignments, "event "+e.ID)
		p.events = append(p.events, x)
	}
}

func (p *Program) lowerActions() {
	for _, a := range p.b.opt.Actions {
		p.b.dose = a.DoseSymbol
		x := action{id: a.ID}
		var sizes []id
		x.targets, x.values, sizes = p.assigned(a.Assignments, "dose "+a.ID)
		for i, v := range sizes {
			if v >= 0 {
				x.values[i] = p.b.g.op(kernel.Mul, x.values[i], v)
			}
		}
		p.actions = append(p.actions, x)
	}
	p.b.dose = ""
}

// lowerStart builds the values at the start: constants, derived constants, states.
func (p *Program) lowerStart() {
	b, g := p.b, p.b.g
	p.y0 = make([]id, len(p.states))
	held := func(s *symbol) id {
		k := b.lookup(s, true, s.at)
		if s.kind == isSpecies {
			k = b.convert(s, k, !s.species.SubstanceOnly, false, true)
		}
		return k
	}
	for i, s := range b.owners {
		p.y0[i] = g.num(0)
		if s != nil {
			p.y0[i] = held(s)
		}
	}
	for _, s := range b.order {
		if s.constant >= 0 && s.state < 0 {
			p.finals = append(p.finals, move{g.leafNode(constant, s.constant, onConstants), held(s)})
		}
	}
	// assignment rules nothing reads are checked too: observers may ask for them
	for _, s := range b.order {
		b.lookup(s, false, s.at)
	}
	p.guesses()
	if !b.ms.HasErrors() {
		p.missing()
	}
}

// missing reports what has no value although something that is simulated reads it. What
// nothing reads may stay without one.
func (p *Program) missing() {
	b, g := p.b, p.b.g
	final := map[id]id{}
	for _, m := range p.finals {
		final[m.to] = m.from
	}
	said := map[*symbol]bool{}
	tell := func(s *symbol, reader string) {
		if said[s] {
			return
		}
		said[s] = true
		help := strings.TrimSpace(diag.DidYouMean(s.id, b.withValues()) + " give it a value in the model, in its parameter table, or by a rule")
		b.ms = append(b.ms, diag.Errorf(s.at, "%s has no value, and %s reads it", s.id, reader).WithHelp("%s", help))
	}
	valueless := func(s *symbol) bool {
		return s.value == nil && s.initial == nil && !(s.rule != nil && s.rule.Kind == model.Assignment) && s.algebraic == nil && !s.sizeless()
	}
	p.histories()
	seen := make([]bool, len(g.nodes))
	var look func(k id, reader string)
	look = func(k id, reader string) {
		if seen[k] {
			return
		}
		seen[k] = true
		n := g.nodes[k]
		switch n.leaf {
		case raw:
			if s := b.holders[n.index]; valueless(s) {
				tell(s, reader)
			}
		case constant:
			look(final[k], reader)
		case state: // an event may give the value in time
			if s := b.owners[n.index]; s != nil && valueless(s) && !b.set[s.id] {
				tell(s, reader)
			}
		case draw:
			for _, x := range g.draws[n.index].args {
				look(x, reader)
			}
		case past, pastSlope:
			look(b.delays[n.index].lag, reader)
			look(b.delays[n.index].node, reader)
		case operation:
			for i, x := range [...]id{n.a, n.b, n.c} {
				if i < n.op.Args() {
					look(x, reader)
				}
			}
		}
	}
	p.open = make([]bool, len(p.states))
	for i, s := range b.owners {
		if s == nil {
			continue
		}
		look(p.deriv[i], "the derivative of "+s.id)
		if p.states[i].Varying {
			if valueless(s) {
				tell(s, "its own change in time")
			}
			look(p.y0[i], "the start of "+s.id)
		}
		p.open[i] = !p.states[i].Varying
	}
	for _, e := range p.events {
		for _, k := range present([]id{e.trigger, e.delay, e.priority}) {
			look(k, "event "+e.ID)
		}
		for _, k := range append(present(e.sizes), e.values...) {
			look(k, "event "+e.ID)
		}
	}
	for _, a := range p.actions {
		for _, k := range a.values {
			look(k, "dose "+a.id)
		}
	}
}

// jacobian differentiates the right-hand side.
func (p *Program) jacobian() {
	p.slopes = p.b.slopes > 0
	p.differentiate(p.b.g)
	p.fastJacobian()
}

// emit writes the programs. Work that depends on constants only moves to the start.
func (p *Program) emit() {
	p.timed()
	g := p.b.g
	run := append(append(append(append([]id(nil), p.deriv...), p.entries...), p.dfdt...), p.cross...)
	run = append(run, present(p.guess)...)
	run = append(run, p.massValue...)
	if p.fast != nil {
		run = append(append(run, present(p.fast.want)...), p.fast.entries...)
		run = append(run, present(p.fast.along)...)
	}
	for _, d := range p.b.delays {
		run = append(run, d.lag, d.node)
	}
	for _, d := range g.draws {
		run = append(run, d.args...)
	}
	for _, e := range p.events {
		run = append(run, e.trigger)
		run = append(run, e.values...)
		run = append(run, present(e.sizes)...)
		if e.delay >= 0 {
			run = append(run, e.delay)
		}
		if e.priority >= 0 {
			run = append(run, e.priority)
		}
	}
	for _, a := range p.actions {
		run = append(run, a.values...)
	}
	var lined []id
	for _, x := range p.lines {
		lined = append(lined, x.value, x.slope)
	}
	run = append(run, lined...)
	fixed := func(k id) bool { return g.nodes[k].deps&^onConstants == 0 }
	// constant-only nodes on the border of the run's programs
	need := make([]bool, len(g.nodes))
	for _, k := range run {
		need[k] = true
	}
	var border []id
	for k := id(len(g.nodes)) - 1; k >= 0; k-- {
		n := &g.nodes[k]
		if !need[k] || n.leaf != operation {
			continue
		}
		if fixed(k) {
			border = append(border, k)
			continue
		}
		for i, x := range [...]id{n.a, n.b, n.c} {
			if i < n.op.Args() {
				need[x] = true
			}
		}
	}
	var first []id
	first = append(first, p.y0...)
	for _, m := range p.finals {
		first = append(first, m.from)
	}
	none := func(id) bool { return false }
	code := g.code(first, none)
	ready := map[id]bool{}
	for _, x := range code {
		ready[x.Dst] = true
	}
	for _, m := range p.finals {
		code = append(code, kernel.Instr{Op: kernel.Move, Dst: m.to, A: m.from})
	}
	// nodes computed for the start values do not read constant slots, so they may stay
	code = append(code, g.code(border, func(k id) bool { return ready[k] })...)
	p.base = len(g.nodes)
	p.filled = make([]bool, p.base)
	for _, k := range border {
		p.filled[k] = true
	}
	p.startup = kernel.Program{Slots: p.base, Code: code}
	p.startDraws = p.drawSteps(first, none)
	skip := func(k id) bool { return int(k) < p.base && p.filled[k] }
	program := func(want ...id) kernel.Program {
		return kernel.Program{Slots: p.base, Code: g.code(want, skip)}
	}
	for k := range g.nodes {
		if g.nodes[k].leaf == number {
			p.numbers = append(p.numbers, literal{id(k), g.nodes[k].value})
		}
	}
	p.slope.emit(program)
	p.guessCode = program(present(p.guess)...)
	p.massCode = program(p.massValue...)
	if p.fast != nil {
		p.massCode = program(append(present(p.fast.along), p.massValue...)...)
	}
	if x := p.fast; x != nil {
		x.code, x.jac = program(present(x.want)...), program(x.entries...)
	}
	p.ownDelays = len(p.b.delays)
	p.b.emitDelays(0, p.base, skip)
	p.b.usesPast = true // what is observed may be delayed
	for _, k := range first {
		p.clockStart = p.clockStart || g.nodes[k].deps&onState != 0
	}
	p.crossP = program(p.cross...)
	p.crossReads = p.readsOf(p.cross)
	p.lineCode = program(lined...)
	for i := range p.events {
		e := &p.events[i]
		e.code = program(e.trigger)
		e.assignCode = program(e.values...)
		e.assignDraws = p.drawSteps(e.values, skip)
		e.sizeCode = program(present(e.sizes)...)
		if e.delay >= 0 {
			e.delayCode = program(e.delay)
			e.delayDraws = p.drawSteps([]id{e.delay}, skip)
		}
		if e.priority >= 0 {
			e.priorityCode = program(e.priority)
			e.priorityDraws = p.drawSteps([]id{e.priority}, skip)
		}
	}
	for i := range p.actions {
		p.actions[i].code = program(p.actions[i].values...)
	}
}

// present leaves out what is not there.
func present(list []id) (out []id) {
	for _, k := range list {
		if k >= 0 {
			out = append(out, k)
		}
	}
	return out
}

// Model is the model that was compiled.
func (p *Program) Model() *model.Model { return p.m }

// States lists the components of the state vector.
func (p *Program) States() []State { return p.states }

// StateIndex finds a state by id.
func (p *Program) StateIndex(id string) (int, bool) {
	i, ok := p.index[id]
	return i, ok
}

// InputIndex finds the infusion rate of a state.
func (p *Program) InputIndex(id string) (int, bool) { return p.StateIndex("input:" + id) }

// Constants lists everything that can be overridden before the start: constants, and
// the initial values of states.
func (p *Program) Constants() []Constant { return p.consts }

// ConstantIndex finds a constant by id.
func (p *Program) ConstantIndex(id string) (int, bool) {
	i, ok := p.cindex[id]
	return i, ok
}

// Events describes the events in the order of the model.
func (p *Program) Events() []EventInfo {
	out := make([]EventInfo, len(p.events))
	for i, e := range p.events {
		out[i] = e.EventInfo
	}
	return out
}

// ActionIndex finds an action by id.
func (p *Program) ActionIndex(id string) (int, bool) {
	for i, a := range p.actions {
		if a.id == id {
			return i, true
		}
	}
	return 0, false
}

// ActionTargets lists the states that an action changes.
func (p *Program) ActionTargets(i int) []int { return p.actions[i].targets }

// TermOf names what contributes to a state's derivative, for messages.
func (p *Program) TermOf(state int) string { return p.terms[state] }
