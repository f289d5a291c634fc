package compile

import (
	"fmt"
	"sort"
	"strings"

	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
)

// StateKind says what a state is.
type StateKind uint8

// The kinds of states.
const (
	SpeciesAmount StateKind = iota
	ParameterValue
	CompartmentSize
	InfusionRate // [amount/time], added to the derivative of its species
)

// State is one component of the state vector. Species are amounts.
type State struct {
	ID          string
	Kind        StateKind
	Unit        string
	Index       int
	Compartment string
	Varying     bool // false: the derivative is 0 whatever the state
	Algebraic   bool // an algebraic rule, not a derivative, determines it
}

// Constant is something with a value that may be overridden before the start.
type Constant struct {
	ID    string
	Value float64 // NaN when a formula gives it
	Unit  string
}

// symbolKind says what an id of the model is.
type symbolKind uint8

const (
	isSpecies symbolKind = iota
	isParameter
	isCompartment
	isReaction
)

// symbol is everything known about one id.
type symbol struct {
	id       string
	kind     symbolKind
	species  *model.Species
	reaction *model.Reaction
	unit     string
	at       diag.Place

	value   *float64    // declared: amount or concentration for species
	conc    bool        // value is a concentration
	initial *model.Expr // formula for the start
	rule    *model.Rule

	algebraic *model.Rule // the algebraic rule that determines it; rule is set too when solved for it

	state    int // index in the state vector, or -1
	constant int // index among constants, or -1: what may be overridden
	signal   int // index among signals, or -1
	input    int // state that holds the infusion rate into this one, or -1

	terms []term // of the reactions that change a species, in their order

	now, start id // lowered values of the symbol (its meaning), or unset
	change     id // lowered derivative of its state
	nowMark    mark
	startMark  mark
	changeMark mark
}

// term is one reaction's share in the change of a species.
type term struct {
	reaction *model.Reaction
	ref      *model.SpeciesRef
	product  bool
}

type mark uint8

const (
	unseen mark = iota
	active
	done
)

// builder holds the state of one compilation.
type builder struct {
	m         *model.Model
	opt       Options
	g         *graph
	l         *lowerer
	ms        diag.Messages
	symbols   map[string]*symbol
	order     []*symbol // in the order of the model
	states    []State
	owners    []*symbol // of states; nil for infusion rates
	consts    []Constant
	holders   []*symbol // of constants
	stack     []string
	starts    map[id]id       // of atStart
	set       map[string]bool // ids that some event or dose gives a value
	algebraic []*model.Rule
	moved     map[string]bool // ids that events or doses set, for algebraic rules
	usesPast  bool            // something may be delayed
	delays    []*delayed
	delayAt   map[string]*delayed
	slopes    int      // how often the slope of a delay was asked for
	why       []string // reasons for the general path
	dose      string   // symbol of the dose while actions are lowered
}

func (b *builder) errorf(at diag.Place, format string, args ...any) {
	b.ms = append(b.ms, diag.Errorf(at, format, args...))
}

// collect makes the table of symbols.
func (b *builder) collect() {
	add := func(s *symbol) {
		s.state, s.constant, s.signal, s.input = -1, -1, -1, -1
		if old, dup := b.symbols[s.id]; dup {
			b.ms = append(b.ms, diag.Errorf(s.at, "%s is defined twice", s.id).WithNote(old.at, "first here"))
			return
		}
		b.symbols[s.id] = s
		b.order = append(b.order, s)
	}
	for i := range b.m.Compartments {
		c := &b.m.Compartments[i]
		add(&symbol{id: c.ID, kind: isCompartment, value: c.Size, unit: c.Unit, at: c.At})
	}
	for i := range b.m.Species {
		s := &b.m.Species[i]
		x := &symbol{id: s.ID, kind: isSpecies, species: s, value: s.InitialAmount, unit: s.Unit, at: s.At}
		if s.InitialConc != nil {
			x.value, x.conc = s.InitialConc, true
		}
		add(x)
	}
	for i := range b.m.Parameters {
		p := &b.m.Parameters[i]
		add(&symbol{id: p.ID, kind: isParameter, value: p.Value, unit: p.Unit, at: p.At})
	}
	for i := range b.m.Reactions {
		r := &b.m.Reactions[i]
		add(&symbol{id: r.ID, kind: isReaction, reaction: r, at: r.At})
	}
	for i := range b.m.Rules {
		r := &b.m.Rules[i]
		if r.Kind == model.Algebraic {
			b.algebraic = append(b.algebraic, r)
			continue
		}
		s := b.variable(r.Variable, r.At, "a rule")
		if s == nil {
			continue
		}
		if s.rule != nil {
			b.ms = append(b.ms, diag.Errorf(r.At, "%s is determined by two rules", s.id).WithNote(s.rule.At, "the other"))
			continue
		}
		s.rule = r
	}
	for i := range b.m.Initials {
		x := &b.m.Initials[i]
		if s := b.variable(x.Symbol, x.At, "an initial assignment"); s != nil {
			s.initial = x.Math
		}
	}
}

// variable finds a symbol that may be given a value.
func (b *builder) variable(id string, at diag.Place, by string) *symbol {
	s, ok := b.symbols[id]
	if !ok {
		b.ms = append(b.ms, diag.Errorf(at, "%s sets %q, which the model does not define", by, id).WithHelp("%s", diag.DidYouMean(id, b.names())))
		return nil
	}
	if s.kind == isReaction {
		b.errorf(at, "%s sets %s, which is a reaction", by, id)
		return nil
	}
	return s
}

func (b *builder) names() []string {
	out := make([]string, 0, len(b.symbols))
	for n := range b.symbols {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// withValues lists the symbols that have a value of their own.
func (b *builder) withValues() []string {
	var out []string
	for _, s := range b.order {
		if s.value != nil || s.initial != nil || s.rule != nil || s.algebraic != nil {
			out = append(out, s.id)
		}
	}
	return out
}

// classify decides which symbols are states, constants and signals.
func (b *builder) classify() {
	moving := map[string]bool{}
	for i := range b.m.Reactions {
		r := &b.m.Reactions[i]
		side := func(refs []model.SpeciesRef, product bool) {
			for k := range refs {
				ref := &refs[k]
				s, ok := b.symbols[ref.Species]
				if !ok || s.kind != isSpecies {
					b.ms = append(b.ms, diag.Errorf(ref.At, "reaction %s has %q, which is no species", r.ID, ref.Species).WithHelp("%s", diag.DidYouMean(ref.Species, b.names())))
					continue
				}
				if !s.species.Boundary && !s.species.Constant {
					moving[ref.Species] = true
					s.terms = append(s.terms, term{r, ref, product})
				}
			}
		}
		side(r.Reactants, false)
		side(r.Products, true)
	}
	assigned := func(id string, at diag.Place, by string) {
		if s := b.variable(id, at, by); s != nil {
			if s.rule != nil && s.rule.Kind == model.Assignment {
				b.ms = append(b.ms, diag.Errorf(at, "%s sets %s, which an assignment rule determines", by, id).WithNote(s.rule.At, "the rule"))
				return
			}
			moving[id] = true
			b.set[id] = true
		}
	}
	for _, e := range b.m.Events {
		for _, a := range e.Assignments {
			assigned(a.Variable, a.At, "event "+e.ID)
		}
	}
	for _, a := range b.opt.Actions {
		for _, x := range a.Assignments {
			assigned(x.Variable, x.At, "dose "+a.ID)
		}
	}
	for _, id := range b.opt.Variables {
		assigned(id, diag.Place{}, "the list of variables")
	}
	for k, name := range b.opt.Signals {
		s := b.variable(name, diag.Place{}, "the list of signals")
		if s == nil {
			continue
		}
		if s.kind != isParameter || s.rule != nil || moving[name] {
			b.errorf(s.at, "%s cannot be a signal: it is not a constant parameter", name)
			continue
		}
		s.signal = k
	}
	for _, s := range b.order {
		if s.kind == isReaction {
			continue
		}
		if s.rule != nil && s.rule.Kind == model.Assignment {
			if len(s.terms) > 0 {
				// SBML: a rule determines it, reactions may not change it
				b.errorf(s.at, "%s is determined by an assignment rule and changed by reactions; make it a boundary species", s.id)
			}
			continue
		}
		if s.rule != nil && len(s.terms) > 0 {
			b.ms = append(b.ms, diag.Errorf(s.at, "%s is determined by a rate rule and changed by reaction %s; make it a boundary species", s.id, s.terms[0].reaction.ID).WithNote(s.rule.At, "the rule"))
		}
		if moving[s.id] || s.rule != nil || s.algebraic != nil {
			s.state = len(b.states)
			st := State{ID: s.id, Index: s.state, Unit: s.unit}
			switch s.kind {
			case isSpecies:
				st.Kind, st.Compartment = SpeciesAmount, s.species.Compartment
			case isParameter:
				st.Kind = ParameterValue
			case isCompartment:
				st.Kind = CompartmentSize
			}
			b.states = append(b.states, st)
			b.owners = append(b.owners, s)
		}
		s.constant = len(b.consts)
		v := nan
		if s.initial == nil && s.value != nil {
			v = *s.value
		}
		b.consts = append(b.consts, Constant{ID: s.id, Value: v, Unit: s.unit})
		b.holders = append(b.holders, s)
	}
	for _, id := range b.opt.Infusible {
		s, ok := b.symbols[id]
		if !ok || s.state < 0 {
			b.errorf(diag.Place{}, "an infusion goes into %q, which is no state of the model", id)
			continue
		}
		s.input = len(b.states)
		b.states = append(b.states, State{ID: "input:" + id, Kind: InfusionRate, Index: len(b.states)})
		b.owners = append(b.owners, nil)
	}
}

// size is the node of a species' compartment, or -1 when it has none.
func (b *builder) size(s *symbol, start bool) id {
	c, ok := b.symbols[s.species.Compartment]
	if !ok {
		if s.species.Compartment != "" {
			b.errorf(s.at, "%s is in compartment %q, which the model does not define", s.id, s.species.Compartment)
		}
		return -1
	}
	b.reads(c)
	return b.lookup(c, start, s.at)
}

// sizeless says that nothing in the model gives a compartment its size.
func (s *symbol) sizeless() bool {
	return s.kind == isCompartment && s.value == nil && s.initial == nil && s.rule == nil && s.algebraic == nil && s.state < 0
}

// reads warns of a compartment without size when it is read for the first time.
func (b *builder) reads(s *symbol) {
	if s.sizeless() && s.nowMark == unseen && s.startMark == unseen {
		b.ms = append(b.ms, diag.Warnf(s.at, "compartment %s has no size: 1 is taken", s.id))
	}
}

// lookup is the node of a symbol's meaning, during the run or at the start.
func (b *builder) lookup(s *symbol, start bool, at diag.Place) id {
	m, k := &s.nowMark, &s.now
	if start {
		m, k = &s.startMark, &s.start
	}
	return b.once(m, k, s.id, at, func() id { return b.value(s, start, at) })
}

// once makes a node the first time it is asked for; a node that is asked for while it is
// being made depends on itself.
func (b *builder) once(m *mark, k *id, name string, at diag.Place, make func() id) id {
	switch *m {
	case done:
		return *k
	case active:
		i := 0
		for i < len(b.stack) && b.stack[i] != name {
			i++
		}
		b.ms = append(b.ms, diag.Errorf(at, "the value of %s depends on itself: %s", name, strings.Join(append(append([]string(nil), b.stack[i:]...), name), " -> ")).
			WithHelp("give one of them a value of its own, or let it change in time with a rate rule (%s' = ...)", strings.TrimSuffix(name, "'")))
		return b.g.num(nan)
	}
	*m = active
	b.stack = append(b.stack, name)
	v := make()
	b.stack = b.stack[:len(b.stack)-1]
	*m, *k = done, v
	return v
}

func (b *builder) value(s *symbol, start bool, at diag.Place) id {
	sc := env{b, start}
	switch {
	case s.kind == isReaction:
		if s.reaction.Rate == nil {
			return b.g.num(nan)
		}
		return b.noDraw(b.l.expr(s.reaction.Rate, sc), s.at, "the rate of "+s.id)
	case s.rule != nil && s.rule.Kind == model.Assignment:
		return b.noDraw(b.l.expr(s.rule.Math, sc), s.rule.At, "the assignment rule of "+s.id)
	case s.signal >= 0 && !start:
		return b.g.leafNode(signal, s.signal, onSignal)
	case s.state >= 0 && !start:
		return b.meaning(s, b.g.leafNode(state, s.state, onState), start)
	case !start:
		return b.meaning(s, b.g.leafNode(constant, s.constant, onConstants), start) // the constant holds the amount
	}
	// the value at the start, as the symbol means it; what was set means that already
	held := b.g.leafNode(raw, s.constant, onConstants)
	given := held
	switch {
	case s.initial != nil:
		given = b.l.expr(s.initial, sc)
	case s.value == nil && s.algebraic != nil:
		given = b.g.num(1) // where the search for its value starts
	case s.value == nil && s.kind == isCompartment:
		if s.sizeless() {
			given = b.g.num(1)
		}
	case s.kind == isSpecies:
		given = b.convert(s, held, s.conc, !s.species.SubstanceOnly, true)
	}
	if given == held {
		return held
	}
	return b.g.op(kernel.Select, held, given, b.g.leafNode(flag, s.constant, onConstants))
}

// meaning turns an amount into what the species' symbol means.
func (b *builder) meaning(s *symbol, amount id, start bool) id {
	if s.kind != isSpecies {
		return amount
	}
	return b.convert(s, amount, false, !s.species.SubstanceOnly, start)
}

// convert turns a concentration or amount into a concentration or amount. What was made by
// the opposite conversion is undone, so that an amount in a compartment of size 0 stays one.
func (b *builder) convert(s *symbol, k id, fromConc, toConc, start bool) id {
	if fromConc == toConc {
		return k
	}
	v := b.size(s, start)
	if v < 0 {
		return k
	}
	if x, ok := b.undone(k, v, toConc); ok {
		return x
	}
	op := kernel.Mul
	if toConc {
		op = kernel.Div
	}
	if n := b.g.nodes[k]; n.leaf == operation && n.op == kernel.Select { // a start: what was set, or what is declared
		if x, ok := b.undone(n.b, v, toConc); ok {
			return b.g.op(kernel.Select, b.g.op(op, n.a, v), x, n.c)
		}
	}
	return b.g.op(op, k, v)
}

// undone is what was multiplied or divided by a size to give k, if k was made so.
func (b *builder) undone(k, size id, toConc bool) (id, bool) {
	n := b.g.nodes[k]
	switch {
	case n.leaf != operation:
	case toConc && n.op == kernel.Mul && n.a == size:
		return n.b, true
	case toConc && n.op == kernel.Mul && n.b == size, !toConc && n.op == kernel.Div && n.b == size:
		return n.a, true
	}
	return k, false
}

// env resolves symbols of the model, during the run or at the start.
type env struct {
	b     *builder
	start bool
}

func (e env) symbol(name string, at diag.Place) (id, bool) {
	switch name {
	case model.Time:
		return e.b.g.leafNode(clock, 0, onState), true
	case model.Avogadro:
		return e.b.g.num(model.AvogadroNumber), true
	}
	if name == e.b.dose && name != "" {
		return e.b.g.leafNode(dose, 0, onDose), true
	}
	s, ok := e.b.symbols[name]
	if !ok {
		e.b.ms = append(e.b.ms, diag.Errorf(at, "unknown symbol %q", name).WithHelp("%s", diag.DidYouMean(name, e.b.names())))
		return e.b.g.num(nan), true
	}
	if s.kind == isReaction && s.reaction.Rate == nil {
		e.b.ms = append(e.b.ms, diag.Errorf(at, "reaction %s has no rate to read", name).WithNote(s.at, "the reaction"))
	}
	e.b.reads(s)
	return e.b.lookup(s, e.start, at), true
}

// rate is the change in time of what a formula or a symbol means (rateOf).
func (e env) rate(x *model.Expr, at diag.Place) id {
	k := e.b.l.expr(x, env{e.b, false})
	if e.b.g.nodes[k].deps&onSignal != 0 {
		e.b.errorf(at, "the rate of a signal (%s) is not known", strings.Join(e.b.opt.Signals, ", "))
	}
	k = e.b.total(k, at)
	if e.start {
		return e.b.atStart(k, at)
	}
	return e.b.sinceStart(k)
}

// termText names what makes up a state's derivative.
func (b *builder) termText(i int) string {
	s := b.owners[i]
	if s == nil {
		return "infusion"
	}
	if s.algebraic != nil {
		return ruleText(s.algebraic)
	}
	if s.rule != nil {
		text := s.rule.Math.String()
		if len(text) > 160 {
			text = text[:160] + "..."
		}
		return fmt.Sprintf("%s' = %s", s.id, text)
	}
	var parts []string
	for k, x := range s.terms {
		if k == mostTerms {
			parts = append(parts, fmt.Sprintf("and %d more", len(s.terms)-k))
			break
		}
		sign := "-"
		if x.product {
			sign = "+"
		}
		if last := len(parts) - 1; last >= 0 && k > 0 && s.terms[k-1].reaction == x.reaction {
			parts[last] = sign + parts[last]
			continue
		}
		parts = append(parts, sign+x.reaction.ID)
	}
	return "reactions " + strings.Join(parts, " ")
}

// mostTerms bounds the reactions that a message lists.
const mostTerms = 40
