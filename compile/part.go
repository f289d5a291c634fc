package compile

import (
	"slices"

	"thymus/kernel"
)

// Part computes a few values of a gated right-hand side from the few states that they
// read.
type Part struct {
	Reads []int // states, ascending
	slots []id  // of them
	want  []id
	code  kernel.Program
}

// PropensitiesOf computes the propensities of channels.
func (j *Jumps) PropensitiesOf(channels []int) *Part {
	want := make([]id, len(channels))
	for i, c := range channels {
		want[i] = j.Channels[c].rate
	}
	return j.part(want)
}

// DerivativesOf computes dy/dt of some states, without what is shut.
func (j *Jumps) DerivativesOf(states []int) *Part {
	want := make([]id, len(states))
	for i, k := range states {
		want[i] = j.gates.deriv[k]
	}
	return j.part(want)
}

func (j *Jumps) part(want []id) *Part {
	p := j.p
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.b.g
	x := &Part{want: want, code: kernel.Program{Slots: j.gates.nodes, Code: g.code(want, j.skip())}}
	read := func(k id) {
		if n := &g.nodes[k]; n.leaf == state {
			x.Reads = append(x.Reads, n.index)
		}
	}
	for _, k := range want {
		read(k)
	}
	for _, o := range x.code.Code {
		for i, k := range [...]id{o.A, o.B, o.C} {
			if i < o.Op.Args() {
				read(k)
			}
		}
	}
	slices.Sort(x.Reads)
	x.Reads = slices.Compact(x.Reads)
	for _, k := range x.Reads {
		x.slots = append(x.slots, p.stateSlot[k])
	}
	return x
}

// Eval writes the part's values at the states in y, which are those of Reads in their
// order, and time t.
func (w *Gated) Eval(dst []float64, x *Part, y []float64, t float64) {
	for i, k := range x.slots {
		w.mem[k] = y[i]
	}
	w.mem[w.p.clockSlot] = t
	x.code.Run(w.mem, 1)
	for i, k := range x.want {
		dst[i] = w.mem[k]
	}
}
