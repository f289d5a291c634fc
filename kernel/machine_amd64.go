//go:build unix

package kernel

import "math/bits"

// Code for whole registers is made in one walk over the micro operations. Registers are
// given out as needed; the one whose value is needed last is taken back first (L. A.
// Belady, IBM Systems Journal 5, 1966). A value that is read once more only much later is
// taken from memory by the instruction that needs it.

// generator makes machine code of micro operations.
type generator struct {
	s       *assembler
	code    []minstr
	after   [][3]int32 // index of the next use of each operand after its instruction
	first   []int32    // index of the first use of dst after its instruction
	slots   value      // below: slots of the program
	kept    []bool     // by slot: memory must hold it at the end
	holds   []value    // by register; noValue when free
	next    []int32    // next use of what a register holds
	dirty   []bool     // what a register holds is not in memory
	least   value      // the lowest value; where and home count from it
	where   []int8     // 1 + the register that holds a value; 0: none
	home    []int32    // 1 + the spill slot of a temporary; 0: none
	spills  int32      // next fresh spill slot
	free    []int32
	pinned  uint64
	empty   uint64 // registers that hold nothing
	foldFar int32
}

const noValue value = -1 << 30

// generate makes the code of one stretch, whose values are least <= v < end; it returns
// the highest slot used for spills.
func generate(s *assembler, code []minstr, least, slots, end value, spillFrom int32, kept []bool, d *desk) int32 {
	n := 16
	if s.wide {
		n = 32
	}
	g := &generator{s: s, code: code, slots: slots, kept: kept, holds: make([]value, n), next: make([]int32, n), dirty: make([]bool, n),
		least: least, where: zeros(&d.where, int(end-least)), home: zeros(&d.values[0], int(end-least)), spills: spillFrom, empty: 1<<n - 1, foldFar: int32(n)}
	for r := range g.holds {
		g.holds[r] = noValue
	}
	g.lookAhead(d)
	for i := range code {
		g.emit(i)
	}
	for r, v := range g.holds {
		if v != noValue && g.dirty[r] && v < slots && kept[v] {
			g.s.store(r, int32(v))
		}
	}
	return g.spills
}

// lookAhead finds, walking backwards, when each operand is needed next.
func (g *generator) lookAhead(d *desk) {
	g.after = zeros(&d.after, len(g.code))
	g.first = zeros(&d.first, len(g.code))
	use := zeros(&d.values[1], len(g.where)) // 1 + the index of the next use; 0: none
	at := func(v value) int32 {
		if k := use[v-g.least]; k > 0 {
			return k - 1
		}
		return never
	}
	for i := len(g.code) - 1; i >= 0; i-- {
		x := &g.code[i]
		g.first[i] = at(x.dst)
		use[x.dst-g.least] = 0
		args := [3]value{x.a, x.b, x.c}
		for k := 0; k < x.op.args(); k++ {
			g.after[i][k] = at(args[k])
		}
		for k := 0; k < x.op.args(); k++ {
			use[args[k]-g.least] = int32(i) + 1
		}
	}
}

// at is the register that holds a value.
func (g *generator) at(v value) (int, bool) {
	r := g.where[v-g.least]
	return int(r) - 1, r > 0
}

// spot is where a value stands in memory.
func (g *generator) spot(v value) place {
	switch {
	case v < 0:
		return place{base: atPool, slot: int32(-1 - v)}
	case v < g.slots:
		return place{base: atMemory, slot: int32(v)}
	}
	h := g.home[v-g.least]
	if h == 0 {
		panic("kernel: a temporary was read that is nowhere")
	}
	return place{base: atMemory, slot: h - 1}
}

// take frees a register: an empty one, or the one whose value is needed last.
func (g *generator) take() int {
	if empty := g.empty &^ g.pinned; empty != 0 {
		r := bits.TrailingZeros64(empty)
		g.pinned |= 1 << r
		return r
	}
	best, far := -1, int32(-1)
	for r := range g.holds {
		if g.pinned>>r&1 == 1 {
			continue
		}
		d := g.next[r]
		if !g.dirty[r] && d < never {
			d++ // costs no store
		}
		if d > far {
			best, far = r, d
		}
	}
	if best < 0 {
		panic("kernel: out of registers")
	}
	g.release(best)
	g.pinned |= 1 << best
	return best
}

// release empties a register, saving what is needed later.
func (g *generator) release(r int) {
	v := g.holds[r]
	if v == noValue {
		return
	}
	if g.dirty[r] {
		switch {
		case v < g.slots:
			if g.next[r] < never || g.kept[v] {
				g.s.store(r, int32(v))
			}
		case g.next[r] < never:
			h := g.spills
			if n := len(g.free); n > 0 {
				h, g.free = g.free[n-1], g.free[:n-1]
			} else {
				g.spills++
			}
			g.home[v-g.least] = h + 1
			g.s.store(r, h)
		}
	}
	g.forget(r)
}

func (g *generator) forget(r int) {
	g.where[g.holds[r]-g.least] = 0
	g.holds[r], g.dirty[r] = noValue, false
	g.empty |= 1 << r
}

func (g *generator) set(r int, v value, next int32, dirty bool) {
	g.holds[r], g.next[r], g.dirty[r] = v, next, dirty
	g.where[v-g.least] = int8(r + 1)
	g.empty &^= 1 << r
}

// in brings a value into a register and pins it there for this instruction.
func (g *generator) in(v value, next int32) int {
	r, ok := g.at(v)
	if !ok {
		from := g.spot(v)
		r = g.take()
		g.s.load(r, from)
		g.set(r, v, next, false)
	}
	g.pinned |= 1 << r
	g.next[r] = next
	return r
}

// here is a value for the last operand of an instruction: in its register, or straight
// from memory when it is not needed soon.
func (g *generator) here(i int, v value, next int32) place {
	if r, ok := g.at(v); ok {
		g.pinned |= 1 << r
		g.next[r] = next
		return register(r)
	}
	if next-int32(i) > g.foldFar {
		return g.spot(v)
	}
	return register(g.in(v, next))
}

// done frees registers and spill slots of values that are not needed again.
func (g *generator) done(x *minstr, after [3]int32) {
	for k, v := range [3]value{x.a, x.b, x.c} {
		if k >= x.op.args() || v == x.dst || after[k] < never {
			continue
		}
		if r, ok := g.at(v); ok && (v < 0 || v >= g.slots || !g.dirty[r] || !g.kept[v]) {
			g.forget(r)
		}
		if h := g.home[v-g.least]; h > 0 {
			g.home[v-g.least] = 0
			g.free = append(g.free, h-1)
		}
	}
}

// result gives dst the register r.
func (g *generator) result(i int, r int) {
	x := &g.code[i]
	if old, ok := g.at(x.dst); ok && old != r {
		g.forget(old)
	}
	g.set(r, x.dst, g.first[i], true)
}

// copyInto gives a register that holds v and may be overwritten.
func (g *generator) copyInto(v value, next int32) int {
	r, ok := g.at(v)
	if ok && next == never && (v < 0 || v >= g.slots || !g.dirty[r] || !g.kept[v]) {
		g.forget(r)
		g.pinned |= 1 << r
		return r
	}
	var from place
	if ok {
		g.pinned |= 1 << r
		g.next[r] = next
		from = register(r)
	} else {
		from = g.spot(v)
	}
	d := g.take()
	g.s.load(d, from)
	return d
}

func (g *generator) emit(i int) {
	x := &g.code[i]
	after := g.after[i]
	a, b := x.a, x.b
	na, nb := after[0], after[1]
	g.pinned = 0
	inside := func(v value) bool { _, ok := g.at(v); return ok }
	if x.op.commutes() && a != b && !inside(a) && inside(b) {
		a, b, na, nb = b, a, nb, na
	}
	switch x.op {
	case uMove, uSqrt, uRound, uGetExp, uGetMant:
		from := g.here(i, a, na)
		d := g.take()
		g.s.arithmetic(x.op, x.imm, d, 0, from)
		g.done(x, after)
		g.result(i, d)
	case uShl, uShr:
		r := g.in(a, na)
		d := g.take()
		g.s.arithmetic(x.op, x.imm, d, 0, register(r))
		g.done(x, after)
		g.result(i, d)
	case uFma, uFnma, uFms:
		ra := g.in(a, na)
		pb := g.here(i, b, nb)
		var d int
		if x.c == x.a || x.c == x.b { // the addend is a factor too: it must stay
			from, ok := g.at(x.c)
			d = g.take()
			if ok {
				g.s.load(d, register(from))
			} else {
				g.s.load(d, g.spot(x.c))
			}
		} else {
			d = g.copyInto(x.c, after[2])
		}
		g.s.fused(x.op, d, ra, pb)
		g.done(x, after)
		g.result(i, d)
	case uBlend:
		if g.s.wide {
			ra := g.in(x.a, after[0])
			pb := g.here(i, x.b, after[1])
			var d int
			if x.c == x.a || x.c == x.b {
				rc := g.in(x.c, after[2])
				d = g.take()
				g.s.load(d, register(rc))
			} else {
				d = g.copyInto(x.c, after[2])
			}
			g.s.blend(d, ra, pb, 0)
			g.done(x, after)
			g.result(i, d)
			return
		}
		rb := g.in(x.b, after[1])
		rc := g.in(x.c, after[2])
		pa := g.here(i, x.a, after[0])
		d := g.take()
		g.s.blendV(d, rb, pa, rc)
		g.done(x, after)
		g.result(i, d)
	default:
		ra := g.in(a, na)
		pb := g.here(i, b, nb)
		d := g.take()
		g.s.arithmetic(x.op, x.imm, d, ra, pb)
		g.done(x, after)
		g.result(i, d)
	}
}
