package compile

import (
	"thymus/kernel"
	"thymus/linalg"
)

// Straight is a program laid open for solvers that run it in lanes: where states and
// results stand in memory, and the code between them.
type Straight struct {
	Of      any // what its lanes call themselves lanes of
	Slots   int
	Numbers []kernel.Number
	State   []int32 // slot of state i
	Clock   int32
	// First computes Deriv, Entries (of the Jacobian, in the order of its pattern) and
	// TimeDeriv; RHS computes Deriv. Slots of -1 hold 0.
	First, RHS                kernel.Program
	Deriv, Entries, TimeDeriv []int32
	Pattern                   *linalg.Pattern
	// Cross computes the crossing functions; nil when there are none, or when not all of
	// them stand in memory (fast reactions).
	Cross     kernel.Program
	Crossings []int32
}

// Straight lays the program open.
func (p *Program) Straight() *Straight {
	s := p.slope.straight(p, p.base, func(k id) bool { return int(k) < p.base && p.filled[k] })
	s.Of = p
	if p.fast == nil {
		s.Cross, s.Crossings = p.crossP, p.cross
	}
	return s
}

// straight lays a right-hand side open whose nodes are below slots.
func (x *slope) straight(p *Program, slots int, skip func(id) bool) *Straight {
	g := p.b.g
	s := &Straight{Slots: slots, State: p.stateSlot, Clock: p.clockSlot, Deriv: x.deriv, RHS: x.rhs, Pattern: x.pattern}
	for k := range g.nodes[:slots] {
		if n := &g.nodes[k]; n.leaf == number {
			s.Numbers = append(s.Numbers, kernel.Number{Slot: id(k), Value: n.value})
		}
	}
	some := func(list []id) []int32 {
		out := make([]int32, len(list))
		for i, k := range list {
			if out[i] = k; g.is(k, 0) {
				out[i] = -1
			}
		}
		return out
	}
	s.Entries, s.TimeDeriv = some(x.entries), some(x.dfdt)
	want := append(append(append([]id(nil), x.deriv...), x.entries...), x.dfdt...)
	s.First = kernel.Program{Slots: slots, Code: g.code(want, skip)}
	return s
}

// LaneMemory is the instance's memory after Start: a number for each slot.
func (in *Instance) LaneMemory() []float64 { return in.mem }

// LaneOf is the program.
func (in *Instance) LaneOf() any { return in.p }
