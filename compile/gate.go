package compile

import (
	"thymus/kernel"
	"thymus/linalg"
)

// gates is a right-hand side in which every channel has a gate: a slot that is 1 while
// the channel flows and 0 while it jumps. A product with the gate instead of a difference
// of rates keeps what still flows free of cancellation. One more component, the last, grows
// by the propensities of what is shut, so that a solver's steps resolve them too.
type gates struct {
	slope
	slots []id // by channel
	grown id   // where the last component stands, which nothing reads
	above []id // how far states are above a size, see Gate
	nodes int  // of the graph, when the programs were written
}

// Threshold is a size of a state.
type Threshold struct {
	State int
	Size  float64
}

// Gate makes the right-hand side whose channels may be shut; Gated evaluates it. list are
// the channels that ever will be. Of the thresholds, where channels open or shut, Straight
// makes crossing functions behind the program's own: how far the state is above.
func (j *Jumps) Gate(list []int, thresholds []Threshold) {
	p := j.p
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.b.g
	x := &gates{}
	for c := range j.Channels {
		x.slots = append(x.slots, g.leafNode(gate, c, onState))
	}
	x.deriv = append([]id(nil), p.deriv...)
	flowing := make([]bool, len(p.states))
	for c := range j.Channels {
		ch := &j.Channels[c]
		rate := g.op(kernel.Mul, x.slots[c], ch.rate)
		for _, k := range ch.Changes {
			if !flowing[k.State] {
				flowing[k.State] = true
				x.deriv[k.State] = g.num(0)
				if s := p.b.owners[k.State]; s != nil && s.input >= 0 {
					x.deriv[k.State] = p.stateSlot[s.input]
				}
			}
			x.deriv[k.State] = g.op(kernel.Add, x.deriv[k.State], g.op(kernel.Mul, k.by, rate))
		}
	}
	hazard := g.num(0)
	for _, c := range list {
		closed := g.op(kernel.Sub, g.num(1), x.slots[c])
		hazard = g.op(kernel.Add, hazard, g.op(kernel.Mul, closed, j.Channels[c].rate))
	}
	x.deriv = append(x.deriv, hazard)
	x.differentiate(g)
	x.grown = g.leafNode(gate, len(j.Channels), onState)
	for _, k := range thresholds {
		x.above = append(x.above, g.op(kernel.Sub, p.stateSlot[k.State], g.num(k.Size)))
	}
	j.gates = x
	j.emit()
	x.nodes = len(g.nodes)
	skip := j.skip()
	program := func(want ...id) kernel.Program {
		return kernel.Program{Slots: x.nodes, Code: g.code(want, skip)}
	}
	x.emit(program)
}

// Gated is an instance whose channels may be shut. Jumps.Bind must have been called.
type Gated struct {
	*Instance
	j *Jumps
	x *gates
}

// Gated wraps an instance; all channels flow.
func (j *Jumps) Gated(in *Instance) *Gated {
	w := &Gated{in, j, j.gates}
	for c := range j.Channels {
		w.Shut(c, false)
	}
	return w
}

// Shut stops the flow of a channel, or lets it flow.
func (w *Gated) Shut(c int, shut bool) {
	w.mem[w.x.slots[c]] = 1
	if shut {
		w.mem[w.x.slots[c]] = 0
	}
}

// Dim is the number of states, and 1.
func (w *Gated) Dim() int { return len(w.x.deriv) }

// Deriv writes dy/dt of what flows.
func (w *Gated) Deriv(dy, y, t []float64) { w.x.writeDeriv(w.Instance, dy, y, t[0]) }

// Pattern is the sparsity of the Jacobian, whatever is shut.
func (w *Gated) Pattern() *linalg.Pattern { return w.x.pattern }

// Jacobian writes the entries of d(dy/dt)/dy in the order of Pattern.
func (w *Gated) Jacobian(vals, y, t []float64) { w.x.writeJacobian(w.Instance, vals, y, t[0]) }

// TimeDeriv writes the partial derivative of dy/dt with respect to time.
func (w *Gated) TimeDeriv(dfdt, y, t []float64) { w.x.writeTimeDeriv(w.Instance, dfdt, y, t[0]) }

// LaneOf is the channels.
func (w *Gated) LaneOf() any { return w.j }

// LaneChanges lists the slots of the gates.
func (w *Gated) LaneChanges() []int32 { return w.x.slots }

// Straight lays the right-hand side with gates open.
func (j *Jumps) Straight() *Straight {
	p := j.p
	p.mu.Lock()
	defer p.mu.Unlock()
	s := j.gates.straight(p, j.gates.nodes, j.skip())
	if p.fast == nil {
		s.Crossings = append(append([]id(nil), p.cross...), j.gates.above...)
		s.Cross = kernel.Program{Slots: j.gates.nodes, Code: p.b.g.code(s.Crossings, j.skip())}
	}
	s.Of, s.State = j, append(append([]int32(nil), p.stateSlot...), j.gates.grown)
	return s
}
