//go:build unix

package kernel

import (
	"cmp"
	"slices"
)

// assembler writes machine code for registers of one width: EVEX with 512 bits or VEX
// with 256 (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2,
// chapters 2.3 and 2.7). Instructions are listed first and encoded when all are known,
// since what is reached most in memory gets the shorter codes.
type assembler struct {
	wide bool // EVEX, 8 lanes, 32 registers; else VEX, 4 lanes, 16 registers
	list []instruction
	b    []byte

	count   []int32 // how often a window of memory is reached
	windows []byte  // by window: the register that points to its middle; noBase: none
}

// instruction is one that is not yet encoded.
type instruction struct {
	rm      place
	opcode  byte
	prefix  byte
	mapping byte
	reg     int8
	vvvv    int8
	imm     uint8
	more    uint8 // hasW, hasImm
}

const (
	hasW   = 1
	hasImm = 2
)

// windowSlots is how many slots a displacement of one byte reaches from a base register,
// with EVEX.
const windowSlots = 256

// bases are the registers that may point to the middles of windows: all but those of the
// stack, of Go's runtime, and R12, which needs a longer code.
var bases = [...]byte{0, 1, 2, 3, 8, 9, 10, 11, 13, 15}

// noBase is a register that points to no window.
const noBase = 0xFF

// choose gives base registers to the windows that are reached most often.
func (s *assembler) choose() {
	s.windows = make([]byte, len(s.count))
	order := make([]int, 0, len(s.count))
	for k, n := range s.count {
		s.windows[k] = noBase
		if n > 0 {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.count[b], s.count[a]) })
	for i, k := range order[:min(len(order), len(bases))] {
		s.windows[k] = bases[i]
	}
}

// enter appends what sets the base registers.
func (s *assembler) enter() {
	for k, r := range s.windows {
		if r == noBase {
			continue
		}
		o := (int32(k)*windowSlots + windowSlots/2) * s.bytes()
		s.b = append(s.b, 0x48|r>>3<<2, 0x8D, 0x80|r&7<<3|atMemory, byte(o), byte(o>>8), byte(o>>16), byte(o>>24)) // LEA r, [RDI+o]
	}
}

// The opcode maps and implied prefixes.
const (
	map0F, map0F38, map0F3A = 1, 2, 3
	prefix66, prefixF3      = 1, 2
)

// Base registers of memory operands.
const (
	atMemory = 7 // RDI: the program's slots
	atPool   = 6 // RSI: the numbers
)

// place is an operand: a register, or a slot of memory.
type place struct {
	slot int32
	reg  int8
	base byte // 0: a register; else atMemory or atPool
}

func register(r int) place { return place{reg: int8(r)} }

// bytes is the width of a register.
func (s *assembler) bytes() int32 {
	if s.wide {
		return 64
	}
	return 32
}

// ins lists one instruction: reg and vvvv are registers, rm a place.
func (s *assembler) ins(prefix, mapping, opcode byte, w int, reg, vvvv int, rm place) {
	if rm.base == atMemory {
		k := int(rm.slot / windowSlots)
		for k >= len(s.count) {
			s.count = append(s.count, 0)
		}
		s.count[k]++
	}
	s.list = append(s.list, instruction{rm: rm, opcode: opcode, prefix: prefix, mapping: mapping, reg: int8(reg), vvvv: int8(vvvv), more: uint8(w)})
}

// imm gives the instruction listed last a constant.
func (s *assembler) imm(v uint8) {
	x := &s.list[len(s.list)-1]
	x.imm, x.more = v, x.more|hasImm
}

// encode appends the code of instructions.
func (s *assembler) encode(list []instruction) {
	for i := range list {
		s.encodeOne(&list[i])
		if list[i].more&hasImm != 0 {
			s.b = append(s.b, list[i].imm)
		}
	}
}

func (s *assembler) encodeOne(i *instruction) {
	rm, reg, vvvv, w := i.rm, byte(i.reg), byte(i.vvvv), i.more&hasW
	r, r2 := reg>>3&1, reg>>4&1
	var x, b byte
	base, short := rm.base, rm.slot
	switch rm.base {
	case 0:
		b, x = byte(rm.reg)>>3&1, byte(rm.reg)>>4&1
	case atMemory:
		if k := rm.slot / windowSlots; int(k) < len(s.windows) && s.windows[k] != noBase {
			base, short = s.windows[k], rm.slot%windowSlots-windowSlots/2
			b = base >> 3
		}
	}
	if s.wide {
		p0 := (1-r)<<7 | (1-x)<<6 | (1-b)<<5 | (1-r2)<<4 | i.mapping
		p1 := w<<7 | ^vvvv&15<<3 | 1<<2 | i.prefix
		p2 := byte(2)<<5 | (1-(vvvv>>4&1))<<3
		s.b = append(s.b, 0x62, p0, p1, p2, i.opcode)
	} else {
		p0 := (1-r)<<7 | 1<<6 | (1-b)<<5 | i.mapping
		p1 := w<<7 | ^vvvv&15<<3 | 1<<2 | i.prefix
		s.b = append(s.b, 0xC4, p0, p1, i.opcode)
	}
	if rm.base == 0 {
		s.b = append(s.b, 0xC0|reg&7<<3|byte(rm.reg)&7)
		return
	}
	// EVEX counts an 8-bit displacement in register widths
	if !s.wide {
		short *= s.bytes()
	}
	if short >= -128 && short < 128 {
		s.b = append(s.b, 0x40|reg&7<<3|base&7, byte(int8(short)))
		return
	}
	o := rm.slot * s.bytes()
	s.b = append(s.b, 0x80|reg&7<<3|rm.base, byte(o), byte(o>>8), byte(o>>16), byte(o>>24))
}

func (s *assembler) load(reg int, from place) {
	if from.base == 0 {
		s.ins(prefix66, map0F, 0x28, s.w(), reg, 0, from)
		return
	}
	s.ins(prefix66, map0F, 0x10, s.w(), reg, 0, from)
}

func (s *assembler) store(reg int, slot int32) {
	s.ins(prefix66, map0F, 0x11, s.w(), reg, 0, place{base: atMemory, slot: slot})
}

// w is the W bit of instructions on doubles: EVEX wants it, VEX ignores it.
func (s *assembler) w() int {
	if s.wide {
		return 1
	}
	return 0
}

func (s *assembler) ret() { s.b = append(s.b, 0xC3) }

// plain are the opcodes of two-operand arithmetic and logic in map 0F.
var plain = [256]byte{uAdd: 0x58, uMul: 0x59, uSub: 0x5C, uMin: 0x5D, uDiv: 0x5E, uMax: 0x5F,
	uAnd: 0x54, uOr: 0x56, uXor: 0x57, uAddI: 0xD4}

// arithmetic appends d = a op b or d = op b for everything but uFma and its kin and
// uBlend.
func (s *assembler) arithmetic(op micro, imm uint8, d, a int, b place) {
	if code := plain[op]; code != 0 {
		s.ins(prefix66, map0F, code, s.w(), d, a, b)
		return
	}
	switch op {
	case uMove:
		s.load(d, b)
	case uSqrt:
		s.ins(prefix66, map0F, 0x51, s.w(), d, 0, b)
	case uRound:
		s.ins(prefix66, map0F3A, 0x09, s.w(), d, 0, b)
		s.imm(imm)
	case uShl, uShr: // the destination is in vvvv; only EVEX takes memory
		sub := 2
		if op == uShl {
			sub = 6
		}
		s.ins(prefix66, map0F, 0x73, s.w(), sub, d, b)
		s.imm(imm)
	case uCmp:
		if !s.wide {
			s.ins(prefix66, map0F, 0xC2, 0, d, a, b)
			s.imm(imm)
			return
		}
		s.ins(prefix66, map0F, 0xC2, 1, 1, a, b) // into k1
		s.imm(imm)
		s.ins(prefixF3, map0F38, 0x38, 1, d, 0, register(1)) // VPMOVM2Q
	case uGetExp:
		s.ins(prefix66, map0F38, 0x42, 1, d, 0, b)
	case uGetMant:
		s.ins(prefix66, map0F3A, 0x26, 1, d, 0, b)
		s.imm(0x0B)
	case uScalef:
		s.ins(prefix66, map0F38, 0x2C, 1, d, a, b)
	default:
		panic("kernel: no machine code for a micro operation")
	}
}

// fused appends d = op(a, b, d): uFma, uFnma or uFms with the addend in d.
func (s *assembler) fused(op micro, d, a int, b place) {
	code := byte(0xB8)
	switch op {
	case uFms:
		code = 0xBA
	case uFnma:
		code = 0xBC
	}
	s.ins(prefix66, map0F38, code, 1, d, a, b)
}

// blend appends d = a where mask, else b. With EVEX d holds the mask before.
func (s *assembler) blend(d, a int, b place, mask int) {
	if s.wide {
		s.ins(prefix66, map0F3A, 0x25, 1, d, a, b) // VPTERNLOGQ: d ? a : b
		s.imm(0xCA)
		return
	}
	panic("kernel: VEX blends are made by blendV")
}

// blendV appends d = b where mask, else a (VBLENDVPD).
func (s *assembler) blendV(d, a int, b place, mask int) {
	s.ins(prefix66, map0F3A, 0x4B, 0, d, a, b)
	s.imm(byte(mask) << 4)
}
