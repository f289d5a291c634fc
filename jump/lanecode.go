package jump

import (
	"fmt"
	"math"
	"slices"

	"thymus/kernel"
)

// compile writes the code of one firing for networks of the structure and kinds of n, or
// says why there is none. watch makes it tell which reaction fired.
func (g *Group) compile(n *network, watch bool) error {
	m := len(n.Reactions)
	if m == 0 || m > mostLanes {
		return fmt.Errorf("%d reactions: lanes take up to %d", m, mostLanes)
	}
	if err := g.check(n); err != nil {
		return err
	}
	w := &laneWriter{n: n, constants: map[float64]int32{}, watch: watch}
	rates := w.rates()
	w.slots(g)
	w.firing(g, rates)
	program := &kernel.Program{Slots: int(w.next), Code: w.code, Numbers: w.numbers}
	code, err := g.backend.Make(program, w.keep)
	if err != nil {
		return err
	}
	L := len(g.lane)
	room, err := g.backend.Room(code.Slots)
	if err != nil {
		return err
	}
	run, err := code.In(room)
	if err != nil {
		return err
	}
	g.mem = room.Mem
	for _, x := range w.numbers {
		for l := range L {
			g.mem[int(x.Slot)*L+l] = x.Value
		}
	}
	row := func(slot int32) []float64 { return g.mem[int(slot)*L : int(slot+1)*L] }
	for l := range L {
		row(g.slot.horizon)[l] = math.Inf(-1)
	}
	g.firing, g.e, g.u = row(g.slot.fire), row(g.slot.e), row(g.slot.u)
	if watch {
		g.fired = row(g.slot.fired)
	}
	g.run = run
	g.m = flatten(n.Network) // n changes with its lane's numbers
	for j := range g.m.forms {
		g.m.forms[j].list = slices.Clone(g.m.forms[j].list)
	}
	return nil
}

// check finds what must hold of states so that propensities, with numbers that are not
// negative, are not negative either and stay so: whole numbers where two of one kind
// meet, and nothing taken that is not there.
func (g *Group) check(n *network) error {
	read := map[int]bool{}
	whole := map[int]bool{}
	changes := map[int]bool{}
	for j, r := range n.Reactions {
		if r.Factors == nil {
			return fmt.Errorf("the propensity of %s is no product", n.name(j))
		}
		down := map[int]int{} // y, y-1, ..., y-(k-1) are factors
		for again := true; again; {
			again = false
			for _, x := range r.Factors {
				if x.State >= 0 && !x.Divide && x.Value == -float64(down[x.State]) {
					down[x.State]++
					again = true
				}
			}
		}
		for _, x := range r.Factors {
			if x.State < 0 {
				continue
			}
			read[x.State] = true
			if x.Value < 0 {
				if k := -x.Value; k != math.Trunc(k) || k >= float64(down[x.State]) {
					return fmt.Errorf("the propensity of %s may be negative", n.name(j))
				}
				whole[x.State] = true
			}
		}
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			i, by := int(n.changeState[k]), n.changeBy[k]
			changes[i] = true
			if by != math.Trunc(by) || math.Abs(by) > 1<<20 {
				return fmt.Errorf("%s changes a state by %g", n.name(j), by)
			}
			if -by > float64(down[i]) {
				return fmt.Errorf("%s may take what is not there", n.name(j))
			}
		}
	}
	g.changed, g.checked = nil, nil
	for i := range n.Dim {
		if changes[i] {
			g.changed = append(g.changed, i)
		}
		if read[i] {
			g.checked = append(g.checked, laneCheck{i, changes[i] || whole[i]})
		}
	}
	return nil
}

// laneWriter writes the program of one firing.
type laneWriter struct {
	n         *network
	code      []kernel.Instr
	keep      []int32
	next      int32
	constants map[float64]int32
	numbers   []kernel.Number
	y         int32
	watch     bool // write which reaction fired, as the change of one more state
}

func (w *laneWriter) slot() int32 { w.next++; return w.next - 1 }

func (w *laneWriter) num(v float64) int32 {
	k, ok := w.constants[v]
	if !ok {
		k = w.slot()
		w.constants[v] = k
		w.numbers = append(w.numbers, kernel.Number{Slot: k, Value: v})
	}
	return k
}

func (w *laneWriter) to(dst int32, op kernel.Op, a, b, c int32) {
	w.code = append(w.code, kernel.Instr{Op: op, Dst: dst, A: a, B: b, C: c})
}

func (w *laneWriter) op(op kernel.Op, a, b int32) int32 {
	k := w.slot()
	w.to(k, op, a, b, 0)
	return k
}

// rates gives the slots of all propensities. The slots of the network's numbers come
// first, in the order of Group.numbers, then the states.
func (w *laneWriter) rates() []int32 {
	count := int32(0)
	for _, f := range w.n.forms {
		if f.kind != product {
			count++
			continue
		}
		for _, x := range f.list {
			if x.State < 0 || x.Over != 0 {
				count++
			}
		}
	}
	w.y = count
	w.next = count + int32(w.n.Dim)
	one := w.num(1)
	at := int32(0)
	number := func() int32 { at++; return at - 1 }
	var rates []int32
	for j := range w.n.forms {
		f := &w.n.forms[j]
		var a int32
		switch f.kind {
		case constant:
			a = w.op(kernel.Move, number(), 0)
		case linear:
			a = w.op(kernel.Mul, number(), w.y+f.x)
		case bilinear:
			a = w.op(kernel.Mul, w.op(kernel.Mul, number(), w.y+f.x), w.y+f.y)
		case pair:
			a = w.op(kernel.Mul, w.op(kernel.Mul, number(), w.y+f.x), w.op(kernel.Sub, w.y+f.x, one))
		case product:
			for k, x := range f.list {
				var v int32
				if x.State < 0 {
					v = number()
				} else {
					v = w.y + int32(x.State)
					if x.Value != 0 {
						v = w.op(kernel.Add, w.num(x.Value), v)
					}
					if x.Over != 0 {
						v = w.op(kernel.Div, v, number())
					}
				}
				switch {
				case k == 0:
					a = w.op(kernel.Move, v, 0)
				case x.Divide:
					a = w.op(kernel.Div, a, v)
				default:
					a = w.op(kernel.Mul, a, v)
				}
			}
		}
		// a product that is only added to something would be fused with the sum and
		// rounded once less than direct does; one that is kept is not
		w.keep = append(w.keep, a)
		rates = append(rates, a)
	}
	return rates
}

func (w *laneWriter) slots(g *Group) {
	g.slot = laneSlots{y: w.y, e: w.slot(), u: w.slot(), t: w.slot(), next: w.slot(), sum: w.slot(), horizon: w.slot(), fire: w.slot(), fired: w.slot()}
}

// firing writes the choice of a reaction and what it does.
func (w *laneWriter) firing(g *Group, a []int32) {
	s := &g.slot
	sums := a // of eight
	if len(a) > fan {
		sums = nil
		for i := 0; i < len(a); i += fan {
			sums = append(sums, w.eight(a[i:min(i+fan, len(a))]))
		}
	}
	upTo := w.prefixes(sums)
	w.to(s.sum, kernel.Move, upTo[len(upTo)-1], 0, 0)
	w.to(s.next, kernel.Add, s.t, w.op(kernel.Div, s.e, s.sum), 0)
	w.to(s.fire, kernel.And, w.op(kernel.Le, s.next, s.horizon), w.op(kernel.Le, s.sum, w.num(math.MaxFloat64)), 0)
	r := w.op(kernel.Mul, s.u, s.sum)
	beyond := w.beyond(upTo, r)
	delta := map[int]int32{}
	if len(a) <= fan {
		delta = w.changes(0, beyond)
	} else {
		// the eight that is chosen, and what is left to find in it
		start := w.num(0)
		chosen := append([]int32(nil), a[:fan]...)
		for k, b := range beyond {
			next := w.slot()
			w.to(next, kernel.Select, upTo[k], start, b)
			start = next
			for i := range chosen {
				of := w.num(0)
				if q := (k+1)*fan + i; q < len(a) {
					of = a[q]
				}
				next := w.slot()
				w.to(next, kernel.Select, of, chosen[i], b)
				chosen[i] = next
			}
		}
		within := w.prefixes(chosen)
		r = w.op(kernel.Min, w.op(kernel.Sub, r, start), w.op(kernel.Mul, within[fan-1], w.num(below)))
		inner := w.beyond(within, r)
		for k := 0; k*fan < len(a); k++ {
			var here int32 // 1 where this eight was chosen
			switch {
			case k == 0:
				here = w.op(kernel.Sub, w.num(1), beyond[0])
			case k == len(beyond):
				here = beyond[k-1]
			default:
				here = w.op(kernel.Sub, beyond[k-1], beyond[k])
			}
			some := w.changes(k*fan, inner)
			for i := range w.n.Dim + 1 {
				d, ok := some[i]
				if !ok {
					continue
				}
				d = w.op(kernel.Mul, here, d)
				if old, ok := delta[i]; ok {
					d = w.op(kernel.Add, old, d)
				}
				delta[i] = d
			}
		}
	}
	for i := range w.n.Dim {
		d, ok := delta[i]
		if !ok {
			continue
		}
		y := w.y + int32(i)
		w.to(y, kernel.Select, w.op(kernel.Add, y, d), y, s.fire)
		w.keep = append(w.keep, y)
	}
	if w.watch {
		w.to(s.fired, kernel.Move, delta[w.n.Dim], 0, 0)
		w.keep = append(w.keep, s.fired)
	}
	w.to(s.t, kernel.Select, s.next, s.t, s.fire)
	w.keep = append(w.keep, s.t, s.next, s.sum, s.fire)
}

// eight adds up as the function of that name does, without the zeros.
func (w *laneWriter) eight(a []int32) int32 {
	half := fan
	for len(a) <= half/2 {
		half /= 2
	}
	if half == 1 {
		return a[0]
	}
	return w.op(kernel.Add, w.eight(a[:half/2]), w.eight(a[half/2:]))
}

// prefixes are the sums of the first, of the first two, and so on.
func (w *laneWriter) prefixes(a []int32) []int32 {
	out := []int32{a[0]}
	for _, k := range a[1:] {
		out = append(out, w.op(kernel.Add, out[len(out)-1], k))
	}
	return out
}

// beyond says for all but the last sum whether r is not less: 1 or 0.
func (w *laneWriter) beyond(upTo []int32, r int32) []int32 {
	var out []int32
	for _, k := range upTo[:len(upTo)-1] {
		out = append(out, w.op(kernel.Le, k, r))
	}
	return out
}

// changes gives, for every state that reactions from to from+7 change, the sum that is
// the change by the one of them that fires. The k-th fires where the first k of beyond
// are 1 and the others 0, so a state changes by the first reaction's change plus, for
// each k, beyond[k] times what the next reaction's change is more: whole numbers, exactly.
// The number of the reaction itself is found in the same way, as state Dim.
func (w *laneWriter) changes(from int, beyond []int32) map[int]int32 {
	to := min(from+fan, len(w.n.Reactions))
	by := map[int][]float64{}
	for j := from; j < to; j++ {
		for k := w.n.changeStart[j]; k < w.n.changeStart[j+1]; k++ {
			i := int(w.n.changeState[k])
			if by[i] == nil {
				by[i] = make([]float64, to-from)
			}
			by[i][j-from] += w.n.changeBy[k]
		}
	}
	if w.watch {
		for j := from; j < to; j++ {
			by[w.n.Dim] = append(by[w.n.Dim], float64(j+1))
		}
	}
	out := map[int]int32{}
	for i := range w.n.Dim + 1 {
		list := by[i]
		if list == nil {
			continue
		}
		v := w.num(list[0])
		for k := 1; k < len(list); k++ {
			switch d := list[k] - list[k-1]; d {
			case 0:
			case 1:
				v = w.op(kernel.Add, v, beyond[k-1])
			case -1:
				v = w.op(kernel.Sub, v, beyond[k-1])
			default:
				v = w.op(kernel.Add, v, w.op(kernel.Mul, w.num(d), beyond[k-1]))
			}
		}
		out[i] = v
	}
	return out
}
