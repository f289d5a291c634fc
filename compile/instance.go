package compile

import (
	"fmt"
	"slices"

	"thymus/diag"
	"thymus/kernel"
	"thymus/linalg"
	"thymus/model"
)

// Instance is the workspace of one patient. It is not for concurrent use; it may be
// reused for one patient after the other.
type Instance struct {
	p     *Program
	mem   []float64
	ready []bool // observers whose numbers stand in mem

	past     Past         // nil: a delayed value is the present one
	own      bool         // the past began with the state that Start gave
	delays   []*delayed   // of the model
	watching []*Observer  // that have delays of their own
	paths    [][]*delayed // see lagPaths
	straight bool
	thens    []*thenMemory
	serial   int       // counts changes of constants
	reduced  []float64 // of stability
	endless  bool      // a delay of a delay of ... was given up
	slopes   bool      // slopes of delays are wanted

	source Uniform // of draws
	err    error   // of the last draw that made no sense
}

// New makes a workspace with all constants at their nominal values.
func (p *Program) New() *Instance {
	in := &Instance{p: p, mem: make([]float64, p.base)}
	for _, x := range p.numbers {
		in.mem[x.slot] = x.value
	}
	in.remember()
	in.Reset()
	return in
}

// Reset puts every constant back to its nominal value.
func (in *Instance) Reset() {
	for k, c := range in.p.consts {
		in.mem[in.p.raws[k]] = c.Value
		in.mem[in.p.flags[k]] = 0
	}
}

// Set overrides a constant or an initial value, which replaces its formula if it has
// one; the number means what the symbol means. It holds until Reset.
func (in *Instance) Set(k int, v float64) {
	in.mem[in.p.raws[k]] = v
	in.mem[in.p.flags[k]] = 1
	in.serial++
}

// Raw is a constant's value as set.
func (in *Instance) Raw(k int) float64 { return in.mem[in.p.raws[k]] }

// Start computes derived constants and the initial state at time t0 into y, whose
// length is the number of states. An error names the first value that is not a number,
// except for states that do not change by themselves: an event may give them one.
func (in *Instance) Start(y []float64, t0 float64) error {
	p := in.p
	in.mem[p.clockSlot] = t0
	in.draw(p.startDraws)
	p.startup.Run(in.mem, 1)
	in.serial++
	if err := in.TakeError(); err != nil {
		return err
	}
	for i, k := range p.y0 {
		y[i] = in.mem[k]
		if v := y[i]; v != v && !p.open[i] {
			return fmt.Errorf("the initial value of %s is not a number", p.states[i].ID)
		}
	}
	return nil
}

// Constant is the value of a constant, or of a quantity that only depends on constants
// by its initial formula, after Start.
func (in *Instance) Constant(id string) (float64, bool) {
	k, ok := in.p.cindex[id]
	if !ok {
		return 0, false
	}
	if _, isState := in.p.index[id]; isState {
		return 0, false
	}
	if in.p.b.symbols[id].kind == isSpecies {
		return 0, false
	}
	return in.mem[in.p.constSlot[k]], true
}

func (in *Instance) load(y []float64, t float64) {
	for i, k := range in.p.stateSlot {
		in.mem[k] = y[i]
	}
	in.mem[in.p.clockSlot] = t
	if len(in.delays) > 0 {
		in.recall(in.delays, in.mem, t, 0)
	}
}

// Dim is the number of states.
func (in *Instance) Dim() int { return len(in.p.states) }

// Deriv writes dy/dt [state unit/time] at state y and time t[0].
func (in *Instance) Deriv(dy, y, t []float64) { in.p.writeDeriv(in, dy, y, t[0]) }

// Pattern is the sparsity of the Jacobian.
func (in *Instance) Pattern() *linalg.Pattern { return in.p.pattern }

// Jacobian writes the entries of d(dy/dt)/dy in the order of Pattern.
func (in *Instance) Jacobian(vals, y, t []float64) { in.p.writeJacobian(in, vals, y, t[0]) }

// TimeDeriv writes the partial derivative of dy/dt with respect to time.
func (in *Instance) TimeDeriv(dfdt, y, t []float64) { in.p.writeTimeDeriv(in, dfdt, y, t[0]) }

// Crossings is the number of crossing functions.
func (in *Instance) Crossings() int {
	if in.p.fast != nil {
		return len(in.p.cross) + 1 // see Stability
	}
	return len(in.p.cross)
}

// Cross writes the crossing functions: each changes sign where a relation in an event's
// trigger changes.
func (in *Instance) Cross(g, y, t []float64) {
	in.load(y, t[0])
	in.p.crossP.Run(in.mem, 1)
	for i, k := range in.p.cross {
		g[i] = in.mem[k]
	}
	if in.p.fast != nil {
		g[len(in.p.cross)] = in.stability()
	}
}

// CrossReads lists the states that the crossing functions read, ascending; nil for all.
func (in *Instance) CrossReads() []int {
	if in.p.fast != nil || len(in.delays) > 0 {
		return nil
	}
	return in.p.crossReads
}

// Trigger evaluates event i's trigger; one that is not a number is false.
func (in *Instance) Trigger(i int, y []float64, t float64) bool {
	e := &in.p.events[i]
	in.load(y, t)
	e.code.Run(in.mem, 1)
	v := in.mem[e.trigger]
	return v != 0 && v == v
}

// Delay evaluates event i's delay [time]; 0 when it has none.
func (in *Instance) Delay(i int, y []float64, t float64) float64 {
	e := &in.p.events[i]
	if e.delay < 0 {
		return 0
	}
	in.load(y, t)
	in.draw(e.delayDraws)
	e.delayCode.Run(in.mem, 1)
	return in.mem[e.delay]
}

// Priority evaluates event i's priority; 0 when it has none.
func (in *Instance) Priority(i int, y []float64, t float64) float64 {
	e := &in.p.events[i]
	if e.priority < 0 {
		return 0
	}
	in.load(y, t)
	in.draw(e.priorityDraws)
	e.priorityCode.Run(in.mem, 1)
	return in.mem[e.priority]
}

// Assign writes the values that event i gives to its targets, as their symbols mean them.
func (in *Instance) Assign(dst []float64, i int, y []float64, t float64) {
	e := &in.p.events[i]
	in.load(y, t)
	in.draw(e.assignDraws)
	e.assignCode.Run(in.mem, 1)
	for j, k := range e.values {
		dst[j] = in.mem[k]
	}
}

// Execute puts the values that Assign gave, perhaps earlier, into the state y. A
// concentration is that in the compartment's size before the event: when the event changes
// the size too, the amount stays.
func (in *Instance) Execute(y []float64, i int, values []float64, t float64) {
	e := &in.p.events[i]
	if len(e.sizeCode.Code) > 0 || slices.ContainsFunc(e.sizes, func(k id) bool { return k >= 0 }) {
		in.load(y, t)
		e.sizeCode.Run(in.mem, 1)
	}
	for j, target := range e.Targets {
		y[target] = values[j]
		if k := e.sizes[j]; k >= 0 {
			y[target] *= in.mem[k]
		}
	}
}

// Act writes the values that action i gives to its targets for a dose.
func (in *Instance) Act(dst []float64, i int, amount float64, y []float64, t float64) {
	a := &in.p.actions[i]
	in.load(y, t)
	in.mem[in.p.doseSlot] = amount
	a.code.Run(in.mem, 1)
	for j, k := range a.values {
		dst[j] = in.mem[k]
	}
}

// As says how a species is reported.
type As uint8

// Ways to report a species.
const (
	Default As = iota // what its symbol means
	Amount
	Concentration
)

// Selection is one thing an observer evaluates: an id of the model, or a formula.
type Selection struct {
	ID   string
	As   As
	Expr *model.Expr
	At   diag.Place
}

// Observer evaluates selections at a state.
type Observer struct {
	nodes   []id
	code    kernel.Program
	serial  int
	numbers []literal  // of its own
	delays  []*delayed // that the model itself does not have
	slopes  bool
	signals []int // see Signals
}

// Observer compiles selections. It may be called at any time, also while instances run.
func (p *Program) Observer(list []Selection) (*Observer, diag.Messages) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.b
	b.ms = nil
	o := &Observer{serial: p.observers}
	hadDelays, hadSlopes := len(b.delays), b.slopes
	p.observers++
	for _, s := range list {
		if s.Expr != nil {
			o.nodes = append(o.nodes, b.l.expr(s.Expr, env{b, false}))
			continue
		}
		if s.ID == model.Time {
			o.nodes = append(o.nodes, p.clockSlot)
			continue
		}
		x, ok := b.symbols[s.ID]
		if !ok {
			b.ms = append(b.ms, diag.Errorf(s.At, "the model has no symbol %q", s.ID).WithHelp("%s", diag.DidYouMean(s.ID, b.names())))
			continue
		}
		k := b.lookup(x, false, s.At)
		switch {
		case s.As == Default:
		case x.kind != isSpecies:
			b.errorf(s.At, "%s is no species: it has neither amount nor concentration", s.ID)
		default:
			k = b.convert(x, k, !x.species.SubstanceOnly, s.As == Concentration, false)
		}
		o.nodes = append(o.nodes, k)
	}
	for _, k := range o.nodes {
		b.noDraw(k, diag.Place{}, "a recorded formula")
	}
	p.histories()
	if b.ms.HasErrors() {
		return nil, b.ms
	}
	skip := func(k id) bool { return int(k) < p.base && p.filled[k] }
	b.emitDelays(hadDelays, len(b.g.nodes), skip)
	if len(b.delays) > p.ownDelays {
		inner, _ := b.innerDelays(o.nodes)
		for _, d := range inner {
			if !slices.Contains(b.delays[:p.ownDelays], d) {
				o.delays = append(o.delays, d)
			}
		}
	}
	o.slopes = b.slopes > hadSlopes
	o.code = kernel.Program{Slots: len(b.g.nodes), Code: b.g.code(o.nodes, skip)}
	read := make([]bool, len(b.opt.Signals))
	note := func(k id) {
		switch n := &b.g.nodes[k]; {
		case n.leaf == number && int(k) >= p.base:
			o.numbers = append(o.numbers, literal{k, n.value})
		case n.leaf == signal:
			read[n.index] = true
		}
	}
	for _, k := range o.nodes {
		note(k)
	}
	for _, x := range o.code.Code {
		for i, k := range [...]id{x.A, x.B, x.C} {
			if i < x.Op.Args() {
				note(k)
			}
		}
	}
	for i := range read {
		if read[i] || len(o.delays) > 0 {
			o.signals = append(o.signals, i)
		}
	}
	return o, b.ms
}

// Len is the number of selections.
func (o *Observer) Len() int { return len(o.nodes) }

// Signals lists the signals that the selections read, as indices into Options.Signals.
func (o *Observer) Signals() []int { return o.signals }

// Plain lists the state that each selection is; nil when one is something else.
func (p *Program) Plain(o *Observer) []int {
	var list []int
	for _, k := range o.nodes {
		i := slices.Index(p.stateSlot, k)
		if i < 0 {
			return nil
		}
		list = append(list, i)
	}
	return list
}

// Eval writes the selections' values for a state, time and the values of the signals in
// the order of Options.Signals (nil when there are none); only those of Signals are read.
func (o *Observer) Eval(dst []float64, in *Instance, y []float64, t float64, signals []float64) {
	if o.serial >= len(in.ready) || !in.ready[o.serial] {
		in.prepare(o)
	}
	in.load(y, t)
	for i, k := range in.p.sigSlot {
		if i < len(signals) {
			in.mem[k] = signals[i]
		}
	}
	if len(o.delays) > 0 || o.slopes {
		in.slopes = in.slopes || o.slopes
		in.recall(in.delays, in.mem, t, 0)
		in.recall(o.delays, in.mem, t, 0)
		in.slopes = in.p.slopes
	}
	o.code.Run(in.mem, 1)
	for i, k := range o.nodes {
		dst[i] = in.mem[k]
	}
}

// prepare makes room for an observer's slots and fills in its numbers.
func (in *Instance) prepare(o *Observer) {
	if n := o.code.Slots - len(in.mem); n > 0 {
		in.mem = append(in.mem, make([]float64, n)...)
	}
	for _, x := range o.numbers {
		in.mem[x.slot] = x.value
	}
	if n := o.serial + 1 - len(in.ready); n > 0 {
		in.ready = append(in.ready, make([]bool, n)...)
	}
	in.ready[o.serial] = true
	in.serial++
	if len(o.delays) > 0 {
		in.watching = append(in.watching, o)
	}
}
