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
	slots   []id // by channel
	deriv   []id
	rhs     kernel.Program
	pattern *linalg.Pattern
	entries []id
	jac     kernel.Program
	dfdt    []id
	timeJac kernel.Program
	some    kernel.Program // propensities of the channels in list
	list    []int
}

// Gate makes the right-hand side whose channels may be shut; Gated evaluates it. list are
// the channels that ever will be.
func (j *Jumps) Gate(list []int) {
	p := j.p
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.b.g
	x := &gates{list: list}
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
	var at [][2]int
	var nodes []id
	x.dfdt = make([]id, len(x.deriv))
	for i, k := range x.deriv {
		x.dfdt[i] = g.num(0)
		for _, d := range g.gradientOf(k) {
			switch {
			case g.is(d.node, 0):
			case d.index < 0:
				x.dfdt[i] = d.node
			default:
				at = append(at, [2]int{i, d.index})
				nodes = append(nodes, d.node)
			}
		}
	}
	x.pattern = linalg.NewPattern(len(x.deriv), at)
	x.entries = make([]id, x.pattern.Len())
	for i := range x.entries {
		x.entries[i] = g.num(0)
	}
	for i, k := range nodes {
		x.entries[x.pattern.Find(at[i][0], at[i][1])] = k
	}
	j.gates = x
	j.emit()
	skip := j.skip()
	program := func(want []id) kernel.Program {
		return kernel.Program{Slots: len(g.nodes), Code: g.code(want, skip)}
	}
	x.rhs, x.jac, x.timeJac = program(x.deriv), program(x.entries), program(x.dfdt)
	var rates []id
	for _, c := range list {
		rates = append(rates, j.Channels[c].rate)
	}
	x.some = program(rates)
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
func (w *Gated) Deriv(dy, y, t []float64) {
	w.load(y, t[0])
	w.x.rhs.Run(w.mem, 1)
	for i, k := range w.x.deriv {
		dy[i] = w.mem[k]
	}
}

// Pattern is the sparsity of the Jacobian, whatever is shut.
func (w *Gated) Pattern() *linalg.Pattern { return w.x.pattern }

// Jacobian writes the entries of d(dy/dt)/dy in the order of Pattern.
func (w *Gated) Jacobian(vals, y, t []float64) {
	w.load(y, t[0])
	w.x.jac.Run(w.mem, 1)
	for i, k := range w.x.entries {
		vals[i] = w.mem[k]
	}
}

// TimeDeriv writes the partial derivative of dy/dt with respect to time.
func (w *Gated) TimeDeriv(dfdt, y, t []float64) {
	w.load(y, t[0])
	w.x.timeJac.Run(w.mem, 1)
	for i, k := range w.x.dfdt {
		dfdt[i] = w.mem[k]
	}
}

// Rates evaluates the propensities of the channels that Gate was given, in that order.
func (w *Gated) Rates(dst, y []float64, t float64) {
	w.load(y, t)
	w.x.some.Run(w.mem, 1)
	for i, c := range w.x.list {
		dst[i] = w.mem[w.j.Channels[c].rate]
	}
}
