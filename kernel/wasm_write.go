package kernel

import (
	"encoding/binary"
	"math"
)

// What is written of a program for WebAssembly: every value is computed on the stack and
// kept in a local for as long as it is needed soon, or taken from memory again. The
// compiler behind it gives out registers; it does not move loads, so a local is not held
// for what is needed only much later and stands in memory anyway.

// longestPiece bounds the operations of one function: the compiler's time grows faster
// than a function's length, and four pairs of lanes should find its code in the cache.
const longestPiece = 400

// heldFor is for how many operations a value that also stands in memory keeps its local.
const heldFor = 24

// wasmWriter writes the pieces of one stretch.
type wasmWriter struct {
	low    *lowering
	code   []minstr
	slots  value
	stays  []bool
	spills int32   // first slot for temporaries that a later piece reads
	home   []int32 // 1 + the slot of such a temporary, by number of the temporary
	top    int32
	pinned map[uint64]int32 // bits of a number -> a slot that holds it in every run

	body   []byte
	local  []int32 // 1 + the local of a value, by value - least
	least  value
	fresh  int32 // locals so far
	free   []int32
	after  [][3]int32
	first  []int32
	stored []bool // by value - least: memory holds it too
	lives  []bool // by operation: what it makes is read by a later piece
}

// write adds the pieces of a stretch to a module and gives the highest slot it needs.
func (w *wasmWriter) write(m *wasmModule) int32 {
	size := int(w.low.next - w.least)
	w.local, w.stored = make([]int32, size), make([]bool, size)
	w.home = make([]int32, size)
	w.after, w.first = make([][3]int32, len(w.code)), make([]int32, len(w.code))
	w.lives = make([]bool, len(w.code))
	use := make([]int32, size) // 1 + next use
	for i := len(w.code) - 1; i >= 0; i-- {
		x := &w.code[i]
		end := int32(i/longestPiece+1) * longestPiece
		at := func(v value) int32 {
			switch k := use[v-w.least]; {
			case k == 0:
				return never
			case k > end:
				return never - 1 // in a later piece
			default:
				return k - 1
			}
		}
		w.first[i] = at(x.dst)
		use[x.dst-w.least] = 0
		args := [3]value{x.a, x.b, x.c}
		for k := 0; k < x.op.args(); k++ {
			w.after[i][k] = at(args[k])
		}
		for k := 0; k < x.op.args(); k++ {
			use[args[k]-w.least] = int32(i) + 1
		}
	}
	last := make([]int32, size) // 1 + the last operation that made a value
	for i := range w.code {
		x := &w.code[i]
		args := [3]value{x.a, x.b, x.c}
		for k := 0; k < x.op.args(); k++ {
			if j := last[args[k]-w.least] - 1; j >= 0 && int(j)/longestPiece != i/longestPiece {
				w.lives[j] = true
			}
		}
		last[x.dst-w.least] = int32(i) + 1
	}
	w.top = w.spills
	var pieces []int
	for from := 0; from < len(w.code); from += longestPiece {
		to := min(from+longestPiece, len(w.code))
		pieces = append(pieces, len(m.bodies))
		m.bodies = append(m.bodies, w.piece(from, to, last))
	}
	m.exports = append(m.exports, pieces)
	return w.top
}

// piece writes one function.
func (w *wasmWriter) piece(from, to int, last []int32) []byte {
	clear(w.local)
	clear(w.stored)
	w.body, w.fresh, w.free = w.body[:0], 0, w.free[:0]
	for i := from; i < to; i++ {
		w.instr(i, last[w.code[i].dst-w.least] == int32(i)+1)
	}
	// one check of the memory's length serves every access when it is of the highest slot
	check := []byte{wasmLocalGet, 0}
	check = w.address(vector(check, wasmLoad), w.top-1)
	check = append(check, wasmDrop)
	b := leb([]byte{1}, uint64(w.fresh))
	b = append(b, wasmV128)
	b = append(b, check...)
	b = append(b, w.body...)
	return append(b, wasmEnd)
}

func vector(b []byte, op uint64) []byte { return leb(append(b, wasmVector), op) }

// address appends alignment and offset of a slot.
func (w *wasmWriter) address(b []byte, slot int32) []byte {
	return leb(append(b, 4), uint64(max(slot, 0))*wasmLanes*8)
}

// spot is the slot where a value stands in memory; -1 for a number that is in none.
func (w *wasmWriter) spot(v value) int32 {
	switch {
	case v < 0:
		if k, ok := w.pinned[w.low.pool[-1-v]]; ok {
			return k
		}
		return -1
	case v < w.slots:
		return int32(v)
	}
	return w.home[v-w.least] - 1
}

// push puts a value on the stack; next is its next use.
func (w *wasmWriter) push(i int, v value, next int32) {
	k := v - w.least
	if l := w.local[k]; l > 0 {
		w.body = leb(append(w.body, wasmLocalGet), uint64(l))
		if w.stored[k] && next < never-1 && next-int32(i) > heldFor {
			w.drop(v)
		}
		return
	}
	slot := w.spot(v)
	if slot < 0 && v >= 0 {
		panic("kernel: a temporary was read that is nowhere")
	}
	if slot < 0 {
		w.body = vector(w.body, wasmConst)
		b := w.low.pool[-1-v]
		w.body = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(w.body, b), b)
	} else {
		w.body = append(w.body, wasmLocalGet, 0)
		w.body = w.address(vector(w.body, wasmLoad), slot)
	}
	if next-int32(i) <= heldFor {
		w.stored[k] = true
		w.body = leb(append(w.body, wasmLocalTee), uint64(w.take(v)))
	}
}

// take gives a value a local.
func (w *wasmWriter) take(v value) int32 {
	var l int32
	if n := len(w.free); n > 0 {
		l, w.free = w.free[n-1], w.free[:n-1]
	} else {
		w.fresh++
		l = w.fresh // local 0 is the parameter
	}
	w.local[v-w.least] = l
	return l
}

func (w *wasmWriter) drop(v value) {
	if l := w.local[v-w.least]; l > 0 {
		w.free = append(w.free, l)
		w.local[v-w.least] = 0
	}
}

func (w *wasmWriter) op(codes ...uint64) {
	for _, c := range codes {
		w.body = vector(w.body, c)
	}
}

var wasmPlain = [256]uint64{uAdd: wasmAdd, uSub: wasmSub, uMul: wasmMul, uDiv: wasmDiv, uAnd: wasmAnd, uOr: wasmOr, uXor: wasmXor, uAddI: wasmAddI, uSqrt: wasmSqrt}

// instr writes operation i; lasts says that its slot is not written again.
func (w *wasmWriter) instr(i int, lasts bool) {
	x, after := &w.code[i], w.after[i]
	args := [3]value{x.a, x.b, x.c}
	n := x.op.args()
	push := func(k int) {
		next := after[k]
		for m := range n { // the same value once more in this operation, or overwritten by it
			if m != k && args[m] == args[k] {
				next = int32(i)
			}
		}
		w.push(i, args[k], next)
	}
	switch x.op {
	case uMove:
		push(0)
	case uMin: // the second where they do not compare: PMINPD has them the other way round
		push(1)
		push(0)
		w.op(wasmPMin)
	case uMax:
		push(1)
		push(0)
		w.op(wasmPMax)
	case uFma:
		push(0)
		push(1)
		w.op(wasmMul)
		push(2)
		w.op(wasmAdd)
	case uFnma:
		push(2)
		push(0)
		push(1)
		w.op(wasmMul, wasmSub)
	case uFms:
		push(0)
		push(1)
		w.op(wasmMul)
		push(2)
		w.op(wasmSub)
	case uRound:
		push(0)
		w.op(map[uint8]uint64{roundNearest: wasmNearest, roundFloor: wasmFloor, roundCeil: wasmCeil, roundTrunc: wasmTrunc}[x.imm])
	case uCmp:
		switch x.imm {
		case cmpUno:
			push(0)
			push(0)
			w.op(wasmNe)
			if x.a != x.b {
				push(1)
				push(1)
				w.op(wasmNe, wasmOr)
			}
		default:
			push(0)
			push(1)
			switch x.imm {
			case cmpEq:
				w.op(wasmEq)
			case cmpLt:
				w.op(wasmLt)
			case cmpLe:
				w.op(wasmLe)
			case cmpNe:
				w.op(wasmNe)
			case cmpNge:
				w.op(wasmGe, wasmNot)
			default:
				panic("kernel: unknown comparison")
			}
		}
	case uBlend:
		push(0)
		push(1)
		push(2)
		w.op(wasmBitselect)
	case uShl, uShr:
		push(0)
		w.body = sleb(append(w.body, wasmI32Const), int64(x.imm))
		if x.op == uShl {
			w.op(wasmShl)
		} else {
			w.op(wasmShr)
		}
	default:
		c := wasmPlain[x.op]
		if c == 0 {
			panic("kernel: no WebAssembly for an operation")
		}
		for k := range n {
			push(k)
		}
		w.op(c)
	}
	for k := range n {
		if after[k] >= never-1 {
			w.drop(args[k])
		}
	}
	w.result(i, lasts)
}

// result takes what operation i left on the stack.
func (w *wasmWriter) result(i int, lasts bool) {
	v := w.code[i].dst
	k := v - w.least
	w.drop(v)
	memory := w.lives[i] || v < w.slots && lasts && w.stays[v]
	soon := w.first[i] < never-1 && (!memory || w.first[i]-int32(i) <= heldFor)
	w.stored[k] = memory
	if !soon && !memory {
		w.body = append(w.body, wasmDrop)
		return
	}
	l := w.take(v)
	w.body = leb(append(w.body, wasmLocalSet), uint64(l))
	if !memory {
		return
	}
	if v >= w.slots && w.home[k] == 0 {
		w.top++
		w.home[k] = w.top
	}
	w.body = leb(append(w.body, wasmLocalGet, 0, wasmLocalGet), uint64(l))
	w.body = w.address(vector(w.body, wasmStore), w.spot(v))
	if !soon {
		w.drop(v)
	}
}

// pinnedNumbers are the numbers that slots hold in every run.
func pinnedNumbers(p *Program) map[uint64]int32 {
	written := map[int32]bool{}
	for i := range p.Code {
		written[p.Code[i].Dst] = true
	}
	m := map[uint64]int32{}
	for _, n := range p.Numbers {
		if !written[n.Slot] {
			m[math.Float64bits(n.Value)] = n.Slot
		}
	}
	return m
}
