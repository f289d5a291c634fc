package model

import (
	"fmt"
	"math"
)

// Evaluator is the slow obvious evaluator of a flat model: it walks formulas as they are
// written. Everything faster is held against it. It knows no solver: it gives derivatives
// and values at a state that the caller chooses.
//
// States are species as amounts, parameters and compartments that change by value. It
// panics when the model has a fault that a compiler would have reported.
type Evaluator struct {
	m       *Model
	rules   map[string]*Rule
	initial map[string]*Expr
	species map[string]*Species
	sizes   map[string]*Compartment
	params  map[string]*Parameter
	rates   map[string]*Reaction
	funcs   map[string]*Function
	set     map[string]float64
	start   map[string]float64 // constants, after Start

	// Past gives the state at an earlier time (before the start: the state of the start),
	// for formulas with delay. Without it such formulas panic.
	Past func(t float64) (state map[string]float64)
}

// NewEvaluator indexes a model.
func NewEvaluator(m *Model) *Evaluator {
	e := &Evaluator{m: m, rules: map[string]*Rule{}, initial: map[string]*Expr{}, species: map[string]*Species{}, sizes: map[string]*Compartment{},
		params: map[string]*Parameter{}, rates: map[string]*Reaction{}, funcs: map[string]*Function{}, set: map[string]float64{}}
	for i := range m.Rules {
		e.rules[m.Rules[i].Variable] = &m.Rules[i]
	}
	for _, x := range m.Initials {
		e.initial[x.Symbol] = x.Math
	}
	for i := range m.Species {
		e.species[m.Species[i].ID] = &m.Species[i]
	}
	for i := range m.Compartments {
		e.sizes[m.Compartments[i].ID] = &m.Compartments[i]
	}
	for i := range m.Parameters {
		e.params[m.Parameters[i].ID] = &m.Parameters[i]
	}
	for i := range m.Reactions {
		e.rates[m.Reactions[i].ID] = &m.Reactions[i]
	}
	for i := range m.Functions {
		e.funcs[m.Functions[i].ID] = &m.Functions[i]
	}
	return e
}

// Set overrides the start value of a symbol, as the symbol means it.
func (e *Evaluator) Set(id string, v float64) { e.set[id] = v }

// lookup is how a formula finds the values of symbols.
type lookup func(id string) float64

// Start gives the values at time t0 of everything that has one, as symbols mean them.
func (e *Evaluator) Start(t0 float64) map[string]float64 {
	memo := map[string]float64{}
	busy := map[string]bool{}
	var value lookup
	value = func(id string) float64 {
		if id == Time {
			return t0
		}
		if id == Avogadro {
			return AvogadroNumber
		}
		if v, ok := memo[id]; ok {
			return v
		}
		if busy[id] {
			panic("model: the value of " + id + " depends on itself")
		}
		busy[id] = true
		v := e.startValue(id, value)
		busy[id] = false
		memo[id] = v
		return v
	}
	e.m.each(func(id string) {
		if e.rates[id] != nil && e.rates[id].Rate == nil {
			return
		}
		for _, x := range e.m.Events {
			if x.ID == id {
				return
			}
		}
		value(id)
	})
	e.start = memo
	return memo
}

func (e *Evaluator) startValue(id string, value lookup) float64 {
	if r := e.rules[id]; r != nil && r.Kind == Assignment {
		return e.eval(r.Math, value)
	}
	if r := e.rates[id]; r != nil {
		return e.rateOfReaction(r, value)
	}
	if v, ok := e.set[id]; ok {
		return v
	}
	if x := e.initial[id]; x != nil {
		return e.eval(x, value)
	}
	switch {
	case e.species[id] != nil:
		s := e.species[id]
		switch {
		case s.InitialAmount != nil && s.SubstanceOnly:
			return *s.InitialAmount
		case s.InitialAmount != nil:
			return *s.InitialAmount / value(s.Compartment)
		case s.InitialConc != nil && s.SubstanceOnly:
			return *s.InitialConc * value(s.Compartment)
		case s.InitialConc != nil:
			return *s.InitialConc
		}
	case e.sizes[id] != nil && e.sizes[id].Size != nil:
		return *e.sizes[id].Size
	case e.sizes[id] != nil && !e.changes(id):
		return 1
	case e.params[id] != nil && e.params[id].Value != nil:
		return *e.params[id].Value
	}
	return math.NaN()
}

// Values gives every symbol's value at a state: amounts of species, values of parameters and
// compartments that change; what the state does not name keeps its start value.
func (e *Evaluator) Values(state map[string]float64, t float64) func(id string) float64 {
	memo := map[string]float64{}
	var value lookup
	value = func(id string) float64 {
		if id == Time {
			return t
		}
		if id == Avogadro {
			return AvogadroNumber
		}
		if v, ok := memo[id]; ok {
			return v
		}
		v := e.current(id, state, value)
		memo[id] = v
		return v
	}
	return value
}

func (e *Evaluator) current(id string, state map[string]float64, value lookup) float64 {
	if r := e.rules[id]; r != nil && r.Kind == Assignment {
		return e.eval(r.Math, value)
	}
	if r := e.rates[id]; r != nil {
		return e.rateOfReaction(r, value)
	}
	v, has := state[id]
	if s := e.species[id]; s != nil {
		if !has {
			v = e.start[id]
			if !s.SubstanceOnly { // the amount is constant, the size may not be
				v *= e.start[s.Compartment]
			}
		}
		if s.SubstanceOnly {
			return v
		}
		return v / value(s.Compartment)
	}
	if has {
		return v
	}
	if v, ok := e.start[id]; ok {
		return v
	}
	panic("model: unknown symbol " + id)
}

// changes says whether a rule or an event changes a symbol's value.
func (e *Evaluator) changes(id string) bool {
	if e.rules[id] != nil {
		return true
	}
	for _, x := range e.m.Events {
		for _, a := range x.Assignments {
			if a.Variable == id {
				return true
			}
		}
	}
	return false
}

func (e *Evaluator) rateOfReaction(r *Reaction, value lookup) float64 {
	if r.Rate == nil {
		return math.NaN()
	}
	return e.eval(r.Rate, value)
}

// Derivative gives d/dt of every state: amounts of species per time.
func (e *Evaluator) Derivative(state map[string]float64, t float64) map[string]float64 {
	value := e.Values(state, t)
	out := map[string]float64{}
	for id := range state {
		s := e.species[id]
		if s == nil || s.SubstanceOnly {
			out[id] = e.rate(id, value)
			continue
		}
		out[id] = e.amountRate(s, value)
	}
	return out
}

// amountRate is the change of a species' amount.
func (e *Evaluator) amountRate(s *Species, value lookup) float64 {
	if r := e.rules[s.ID]; r != nil && r.Kind == Rate {
		v := e.eval(r.Math, value)
		if s.SubstanceOnly {
			return v
		}
		return v*value(s.Compartment) + value(s.ID)*e.rate(s.Compartment, value)
	}
	sum := 0.0
	if s.Boundary || s.Constant {
		return sum
	}
	for _, r := range e.m.Reactions {
		side := func(refs []SpeciesRef, sign float64) {
			for _, x := range refs {
				if x.Species != s.ID || r.Rate == nil {
					continue
				}
				n := 1.0
				if x.Stoichiometry != nil {
					n = e.eval(x.Stoichiometry, value)
				}
				sum += sign * n * value(r.ID)
			}
		}
		side(r.Reactants, -1)
		side(r.Products, 1)
	}
	if f := s.ConversionFactor; f != "" && sum != 0 {
		sum *= value(f)
	}
	return sum
}

// Rate is the change in time of what a symbol means (rateOf).
func (e *Evaluator) Rate(id string, state map[string]float64, t float64) float64 {
	return e.rate(id, e.Values(state, t))
}

func (e *Evaluator) rate(id string, value lookup) float64 {
	r := e.rules[id]
	switch {
	case id == Time:
		return 1
	case id == Avogadro:
		return 0
	case r != nil && r.Kind == Assignment:
		return e.formula(r.Math, point{value: value}).rate
	case r != nil && r.Kind == Rate:
		return e.eval(r.Math, value)
	case e.rates[id] != nil:
		return e.formula(e.rates[id].Rate, point{value: value}).rate
	case e.species[id] != nil:
		s := e.species[id]
		d := e.amountRate(s, value)
		if s.SubstanceOnly {
			return d
		}
		return (d - value(id)*e.rate(s.Compartment, value)) / value(s.Compartment)
	}
	return 0 // between events
}

// number is a value and its change in time.
type number struct{ value, rate float64 }

// point is where a formula is evaluated: what symbols mean, and in a user function's body
// what its parameters are.
type point struct {
	value lookup
	args  map[string]argument
	rates bool // changes in time are wanted too
}

// argument is what a parameter of a user function stands for.
type argument struct {
	number
	x     *Expr
	outer *point
}

func (e *Evaluator) eval(x *Expr, value lookup) float64 {
	return e.walk(x, point{value: value}).value
}

// formula is a formula's value with its change in time, by the rule of the chain.
func (e *Evaluator) formula(x *Expr, at point) number {
	at.rates = true
	return e.walk(x, at)
}

func (e *Evaluator) walk(x *Expr, at point) number {
	switch x.Kind {
	case Number:
		return number{value: x.Value}
	case Symbol:
		if a, ok := at.args[x.Name]; ok {
			return a.number
		}
		n := number{value: at.value(x.Name)}
		if at.rates {
			n.rate = e.rate(x.Name, at.value)
		}
		return n
	}
	if x.Name == "rateOf" {
		inner, outer := x.Args[0], &at
		for inner.Kind == Symbol {
			a, ok := outer.args[inner.Name]
			if !ok {
				break
			}
			inner, outer = a.x, a.outer
		}
		return number{value: e.formula(inner, *outer).rate, rate: math.NaN()}
	}
	if x.Name == "delay" {
		return e.delay(x, at)
	}
	in, values, numbers := make([]number, len(x.Args)), make([]float64, len(x.Args)), make([]*Expr, len(x.Args))
	for i, a := range x.Args {
		in[i] = e.walk(a, at)
		values[i], numbers[i] = in[i].value, Num(in[i].value)
	}
	if f := e.funcs[x.Name]; f != nil {
		body := point{value: at.value, rates: at.rates, args: map[string]argument{}}
		for i, p := range f.Params {
			body.args[p] = argument{in[i], x.Args[i], &at}
		}
		return e.walk(f.Body, body)
	}
	row := FunctionNamed(x.Name)
	if row == nil || row.Value == nil {
		panic(fmt.Sprintf("model: function %s has no value", x.Name))
	}
	out := number{value: row.Value(values)}
	if at.rates && row.Derivative != nil {
		for i, d := range row.Derivative(numbers) {
			if d != nil && in[i].rate != 0 {
				out.rate += in[i].rate * e.walk(d, point{value: at.value}).value
			}
		}
	}
	return out
}

// delay is the value that the first argument had at the time that lies the second one
// back. Its change in time is not known.
func (e *Evaluator) delay(x *Expr, at point) number {
	lag := e.walk(x.Args[1], at).value
	if lag == 0 {
		return e.walk(x.Args[0], at)
	}
	then := at.value(Time) - lag
	inner := x.Args[0]
	for outer := &at; len(outer.args) > 0; { // in a function: its arguments stand for formulas
		by := map[string]*Expr{}
		var next *point
		for name, a := range outer.args {
			by[name], next = a.x, a.outer
		}
		inner, outer = inner.Substitute(by), next
	}
	var value lookup
	if e.start == nil { // before the start all is as at the start, but the time
		value = func(id string) float64 {
			if id == Time {
				return then
			}
			return at.value(id)
		}
	} else {
		if e.Past == nil {
			panic("model: delay without a past")
		}
		value = e.Values(e.Past(then), then)
	}
	return number{value: e.eval(inner, value), rate: math.NaN()}
}

// Residuals gives what the algebraic rules leave of 0 at a state, in their order. The
// state holds the symbols that they determine too.
func (e *Evaluator) Residuals(state map[string]float64, t float64) []float64 {
	value := e.Values(state, t)
	var out []float64
	for _, r := range e.m.Rules {
		if r.Kind == Algebraic {
			out = append(out, e.eval(r.Math, value))
		}
	}
	return out
}

// Near says whether two numbers agree to a share of their size, or both are not numbers.
func Near(a, b, share float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	return a == b || math.Abs(a-b) <= share*math.Max(math.Abs(a), math.Abs(b))
}
