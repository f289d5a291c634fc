package jump

import (
	"fmt"
	"math"
	"slices"
)

// Change is what one firing adds to a component of the state.
type Change struct {
	State int
	By    float64
}

// Factor is a step of a propensity: the product so far is multiplied by, or divided by,
// a value. State -1: the value is Value; else it is (y[State] + Value) / Over, with Over 0
// read as 1.
type Factor struct {
	Divide bool
	State  int
	Value  float64
	Over   float64
}

// Reactant says how many of a component one firing takes, for the step of tau-leaping.
type Reactant struct {
	State int
	Count float64
}

// Reaction is one channel of a Network.
type Reaction struct {
	Changes   []Change
	Reads     []int      // components its propensity reads
	Factors   []Factor   // its propensity as a product; nil: Network.General knows
	Reactants []Reactant // tau-leaping bounds the change of these; nil: of what it reads
}

// Network is a system of reactions over a state of Dim components.
type Network struct {
	Dim       int
	Reactions []Reaction
	// General is the propensity of a reaction that has no Factors.
	General func(j int, y []float64) float64
	// Name names a reaction in messages.
	Name func(j int) string
}

func (n *Network) name(j int) string {
	if n.Name != nil {
		return n.Name(j)
	}
	return fmt.Sprintf("reaction %d", j)
}

// kind says how a propensity is computed.
type kind uint8

const (
	general  kind = iota
	constant      // c
	linear        // c*x
	bilinear      // c*x*y
	pair          // c*x*(x-1)
	product       // any Factors
)

// form is a propensity ready to be evaluated.
type form struct {
	kind kind
	x, y int32
	c    float64
	list []Factor
}

// network is a Network made flat for the loops.
type network struct {
	*Network
	forms       []form
	changeStart []int32 // changes of reaction j: changeStart[j] to changeStart[j+1]
	changeState []int32
	changeBy    []float64
	dependStart []int32 // reactions whose propensities change when j fires
	depend      []int32
}

func flatten(n *Network) *network {
	m := &network{Network: n}
	readers := make([][]int32, n.Dim)
	for j, r := range n.Reactions {
		for _, i := range r.Reads {
			readers[i] = append(readers[i], int32(j))
		}
		m.forms = append(m.forms, formOf(r.Factors))
	}
	mark := make([]int, len(n.Reactions))
	for j, r := range n.Reactions {
		m.changeStart = append(m.changeStart, int32(len(m.changeState)))
		m.dependStart = append(m.dependStart, int32(len(m.depend)))
		from := len(m.depend)
		for _, c := range r.Changes {
			m.changeState = append(m.changeState, int32(c.State))
			m.changeBy = append(m.changeBy, c.By)
			for _, k := range readers[c.State] {
				if mark[k] != j+1 {
					mark[k] = j + 1
					m.depend = append(m.depend, k)
				}
			}
		}
		slices.Sort(m.depend[from:])
	}
	m.changeStart = append(m.changeStart, int32(len(m.changeState)))
	m.dependStart = append(m.dependStart, int32(len(m.depend)))
	return m
}

// refresh takes the numbers of reactions anew; what reads and changes what is the same.
func (m *network) refresh() {
	for j, r := range m.Reactions {
		m.forms[j] = formOf(r.Factors)
		for k, c := range r.Changes {
			m.changeBy[int(m.changeStart[j])+k] = c.By
		}
	}
}

// formOf picks the fast forms where they do the same arithmetic, operation for operation:
// a division by a power of two is a multiplication, exactly, and may be done first.
func formOf(list []Factor) form {
	if list == nil {
		return form{kind: general}
	}
	f := form{kind: product, list: list}
	c := 1.0
	var states []Factor
	for i, x := range list {
		switch {
		case x.State < 0 && x.Divide && i > 0 && powerOfTwo(x.Value):
			c /= x.Value
		case x.State < 0 && !x.Divide && (i == 0 || powerOfTwo(x.Value)):
			c *= x.Value
		case x.State < 0 && !x.Divide && i == 1 && len(states) == 1: // x*c is c*x
			c *= x.Value
		case x.State >= 0 && !x.Divide && (x.Over == 0 || x.Over == 1):
			states = append(states, x)
		default:
			return f
		}
	}
	switch {
	case len(states) == 0:
		return form{kind: constant, c: c}
	case states[0].Value != 0:
		return f
	case len(states) == 1:
		return form{kind: linear, x: int32(states[0].State), c: c}
	case len(states) > 2 || list[0].State >= 0 && list[1].State >= 0 && c != 1 && !powerOfTwo(c):
		return f
	case states[1].Value == 0:
		return form{kind: bilinear, x: int32(states[0].State), y: int32(states[1].State), c: c}
	case states[1].Value == -1 && states[1].State == states[0].State:
		return form{kind: pair, x: int32(states[0].State), c: c}
	}
	return f
}

func powerOfTwo(v float64) bool {
	m, e := math.Frexp(v)
	return m == 0.5 && e > -100 && e < 100
}

// propensity evaluates reaction j.
func (m *network) propensity(j int32, y []float64) float64 {
	f := &m.forms[j]
	switch f.kind {
	case linear:
		return f.c * y[f.x]
	case bilinear:
		return f.c * y[f.x] * y[f.y]
	case pair:
		return f.c * y[f.x] * (y[f.x] - 1)
	case constant:
		return f.c
	}
	return m.slow(j, f, y)
}

func (m *network) slow(j int32, f *form, y []float64) float64 {
	if f.kind == general {
		return m.General(int(j), y)
	}
	a := 1.0
	for i := range f.list {
		x := &f.list[i]
		v := x.Value
		if x.State >= 0 {
			v += y[x.State]
			if x.Over != 0 {
				v /= x.Over
			}
		}
		switch {
		case i == 0:
			a = v
		case x.Divide:
			a /= v
		default:
			a *= v
		}
	}
	return a
}

// Propensity evaluates reaction j of the network at y by the same arithmetic as the
// simulators.
func (n *Network) Propensity(j int, y []float64) float64 {
	f := formOf(n.Reactions[j].Factors)
	m := network{Network: n, forms: make([]form, j+1)}
	m.forms[j] = f
	return m.propensity(int32(j), y)
}
