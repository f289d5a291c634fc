package compile

import "thymus/kernel"

// Straight is a program laid open for solvers that run it in lanes: where states and
// results stand in memory, and the code between them.
type Straight struct {
	Slots   int
	Numbers []kernel.Number
	State   []int32 // slot of state i
	Clock   int32
	// First computes Deriv, Entries (of the Jacobian, in the order of its pattern) and
	// TimeDeriv; RHS computes Deriv. Slots of -1 hold 0.
	First, RHS                kernel.Program
	Deriv, Entries, TimeDeriv []int32
}

// Straight lays the program open.
func (p *Program) Straight() *Straight {
	g := p.b.g
	s := &Straight{Slots: p.base, State: p.stateSlot, Clock: p.clockSlot, Deriv: p.deriv}
	for _, x := range p.numbers {
		s.Numbers = append(s.Numbers, kernel.Number{Slot: x.slot, Value: x.value})
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
	s.Entries, s.TimeDeriv = some(p.entries), some(p.dfdt)
	skip := func(k id) bool { return int(k) < p.base && p.filled[k] }
	want := append(append(append([]id(nil), p.deriv...), p.entries...), p.dfdt...)
	s.First = kernel.Program{Slots: p.base, Code: g.code(want, skip)}
	s.RHS = p.rhs
	return s
}

// LaneMemory is the instance's memory after Start: a number for each slot.
func (in *Instance) LaneMemory() []float64 { return in.mem }

// LaneOf is the program.
func (in *Instance) LaneOf() any { return in.p }
