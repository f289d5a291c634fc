package compile

import (
	"slices"

	"thymus/kernel"
)

// Sheet is an observer, or a part of a gated right-hand side, laid open for the back ends of
// package kernel: one lane is one time at which a patient is looked at, so that as many times
// are evaluated at once as a back end has lanes. Its slots are its own, and few.
type Sheet struct {
	Program kernel.Program
	Out     []int32 // slots of the selections
	Clock   int32   // slot of time, or -1 when nothing reads it
	States  []int   // states that are read, ascending
	Signals []int   // signals that are read, likewise
	Slots   struct{ States, Signals []int32 }
	fixed   []move // slots that do not change during a run, from those of an instance
}

// Sheet lays an observer open; nil for one that reads the past.
func (p *Program) Sheet(o *Observer) *Sheet {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(o.delays) > 0 || o.slopes {
		return nil
	}
	return p.sheet(o.code.Code, o.nodes)
}

// Sheet lays a part open; nil for one that reads gates or the past. It is filled when
// Jumps.Bind was called.
func (j *Jumps) Sheet(x *Part) *Sheet {
	j.p.mu.Lock()
	defer j.p.mu.Unlock()
	return j.p.sheet(x.code.Code, x.want)
}

// sheet lays code for some nodes open.
func (p *Program) sheet(code []kernel.Instr, want []id) *Sheet {
	g := p.b.g
	s := &Sheet{Clock: -1}
	own := map[id]int32{} // slots by node
	states, signals := map[int]int32{}, map[int]int32{}
	fits := true
	slot := func(k id) int32 {
		x, ok := own[k]
		if ok {
			return x
		}
		x = int32(len(own))
		own[k] = x
		switch n := &g.nodes[k]; n.leaf {
		case state:
			states[n.index] = x
			s.States = append(s.States, n.index)
		case signal:
			signals[n.index] = x
			s.Signals = append(s.Signals, n.index)
		case clock:
			s.Clock = x
		case number:
			s.Program.Numbers = append(s.Program.Numbers, kernel.Number{Slot: x, Value: n.value})
		case constant, raw, flag, operation: // an operation that is not in the code is made at the start
			s.fixed = append(s.fixed, move{x, k})
		default:
			fits = false
		}
		return x
	}
	for _, x := range code {
		y := kernel.Instr{Op: x.Op, A: slot(x.A)}
		if x.Op.Args() > 1 {
			y.B = slot(x.B)
		}
		if x.Op.Args() > 2 {
			y.C = slot(x.C)
		}
		if _, made := own[x.Dst]; made {
			return nil // code that is not straight in this sense has no place here
		}
		own[x.Dst] = int32(len(own))
		y.Dst = own[x.Dst]
		s.Program.Code = append(s.Program.Code, y)
	}
	for _, k := range want {
		s.Out = append(s.Out, slot(k))
	}
	if !fits {
		return nil
	}
	s.Program.Slots = len(own)
	slices.Sort(s.States)
	slices.Sort(s.Signals)
	for _, i := range s.States {
		s.Slots.States = append(s.Slots.States, states[i])
	}
	for _, i := range s.Signals {
		s.Slots.Signals = append(s.Slots.Signals, signals[i])
	}
	return s
}

// Fill puts what does not change during the instance's run into every lane of a memory of
// the sheet's program.
func (s *Sheet) Fill(mem []float64, lanes int, in *Instance) {
	put := func(slot int32, v float64) {
		row := mem[int(slot)*lanes:][:lanes]
		for l := range row {
			row[l] = v
		}
	}
	for _, x := range s.fixed {
		put(x.to, in.mem[x.from])
	}
	for _, x := range s.Program.Numbers {
		put(x.Slot, x.Value)
	}
}
