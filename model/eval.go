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
		return e.eval(r.Math, value, nil)
	}
	if r := e.rates[id]; r != nil {
		return e.eval(r.Rate, value, nil)
	}
	if v, ok := e.set[id]; ok {
		return v
	}
	if x := e.initial[id]; x != nil {
		return e.eval(x, value, nil)
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
	case e.params[id] != nil && e.params[id].Value != nil:
		return *e.params[id].Value
	}
	panic("model: " + id + " has no value")
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
			return 6.02214076e23
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
		return e.eval(r.Math, value, nil)
	}
	if r := e.rates[id]; r != nil {
		return e.eval(r.Rate, value, nil)
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

// Derivative gives d/dt of every state: amounts of species per time.
func (e *Evaluator) Derivative(state map[string]float64, t float64) map[string]float64 {
	value := e.Values(state, t)
	out := map[string]float64{}
	for id := range state {
		out[id] = 0
	}
	for _, r := range e.m.Reactions {
		if r.Rate == nil {
			continue
		}
		rate := value(r.ID)
		side := func(refs []SpeciesRef, sign float64) {
			for _, x := range refs {
				s := e.species[x.Species]
				if s == nil || s.Boundary || s.Constant || e.rules[x.Species] != nil {
					continue
				}
				n := 1.0
				if x.Stoichiometry != nil {
					n = e.eval(x.Stoichiometry, value, nil)
				}
				out[x.Species] += sign * n * rate
			}
		}
		side(r.Reactants, -1)
		side(r.Products, 1)
	}
	for _, r := range e.m.Rules {
		if r.Kind != Rate {
			continue
		}
		v := e.eval(r.Math, value, nil)
		if s := e.species[r.Variable]; s != nil && !s.SubstanceOnly {
			v *= value(s.Compartment)
			if c := e.rules[s.Compartment]; c != nil && c.Kind == Rate {
				v += value(r.Variable) * e.eval(c.Math, value, nil)
			}
		}
		out[r.Variable] = v
	}
	return out
}

func (e *Evaluator) eval(x *Expr, value lookup, args map[string]float64) float64 {
	switch x.Kind {
	case Number:
		return x.Value
	case Symbol:
		if v, ok := args[x.Name]; ok {
			return v
		}
		return value(x.Name)
	}
	in := make([]float64, len(x.Args))
	for i, a := range x.Args {
		in[i] = e.eval(a, value, args)
	}
	if f := e.funcs[x.Name]; f != nil {
		inner := map[string]float64{}
		for i, p := range f.Params {
			inner[p] = in[i]
		}
		return e.eval(f.Body, value, inner)
	}
	row := FunctionNamed(x.Name)
	if row == nil || row.Value == nil {
		panic(fmt.Sprintf("model: function %s has no value", x.Name))
	}
	return row.Value(in)
}

// Near says whether two numbers agree to a share of their size, or both are not numbers.
func Near(a, b, share float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	return a == b || math.Abs(a-b) <= share*math.Max(math.Abs(a), math.Abs(b))
}
