//go:build unix

package kernel

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"syscall"
	"unsafe"
)

// call runs machine code at code with the program's memory and the pool of numbers.
//
//go:noescape
func call(code, mem, pool unsafe.Pointer)

func cpuid(leaf, sub uint32) (a, b, c, d uint32)

func xgetbv() uint32

// features says which vector instructions processor and operating system have.
func features() (avx2, avx512 bool) {
	most, _, _, _ := cpuid(0, 0)
	if most < 7 {
		return false, false
	}
	_, _, c1, _ := cpuid(1, 0)
	const fma, osxsave, avx = 1 << 12, 1 << 27, 1 << 28
	if c1&fma == 0 || c1&osxsave == 0 || c1&avx == 0 {
		return false, false
	}
	state := xgetbv()
	if state&6 != 6 { // registers of 128 and 256 bits are saved
		return false, false
	}
	_, b7, _, _ := cpuid(7, 0)
	avx2 = b7>>5&1 == 1
	const f, dq = 1 << 16, 1 << 17
	avx512 = avx2 && b7&f != 0 && b7&dq != 0 && state&0xE0 == 0xE0
	return avx2, avx512
}

var hasAVX2, hasAVX512 = features()

// pages is executable memory; it is given back when nothing refers to it.
type pages struct{ b []byte }

func newPages(code []byte) (*pages, error) {
	size := (max(len(code), 1) + 4095) &^ 4095
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("no memory for machine code: %w", err)
	}
	copy(b, code)
	if err := syscall.Mprotect(b, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
		syscall.Munmap(b)
		return nil, fmt.Errorf("memory for machine code cannot be made executable: %w", err)
	}
	p := &pages{b}
	runtime.AddCleanup(p, func(b []byte) { syscall.Munmap(b) }, b)
	return p, nil
}

// machine is a program as machine code: stretches of it, and between them the
// operations that have none.
type machine struct {
	pages *pages
	parts []part
	pool  []float64
}

type part struct {
	offset int
	rest   []Instr // run by Apply when not nil
}

func (m *machine) run(mem []float64, L int) {
	for i := range m.parts {
		p := &m.parts[i]
		if p.rest == nil {
			call(unsafe.Pointer(&m.pages.b[p.offset]), unsafe.Pointer(unsafe.SliceData(mem)), unsafe.Pointer(unsafe.SliceData(m.pool)))
			continue
		}
		for k := range p.rest {
			apply(&p.rest[k], mem, L)
		}
	}
	runtime.KeepAlive(m.pages)
}

// making is the part of a desk that only machine code needs.
type making struct {
	nodes   []node
	edges   []link
	readers []link
	placed  []bool
	open    []bool
	order   []minstr
	values  [2][]int32 // first of schedule, then of generate
	after   [][3]int32
	first   []int32
	where   []int8

	list  []instruction
	bytes []byte
}

// window is how far ahead operations are looked for that need not wait. A longer one makes
// code slower again, since more values do not fit into the registers.
const window = 128

// makeMachine compiles a program for registers of 8 lanes (wide) or 4.
func makeMachine(p *Program, keep []int32, wide bool) (runner, int, error) {
	d := desks.Get().(*desk)
	defer desks.Put(d)
	q := single(p, keep, d)
	spills := int32(p.Slots)
	if q != p {
		spills = q.memory(keep, p.Slots)
	}
	s := &assembler{wide: wide}
	var parts []part
	var ends []int // of the instructions of each part that has code
	top := spills
	low := newLowering(q.Slots, wide, d)
	low.stretches(q, keep, func(stays []bool) {
		code := schedule(low.code, low.least(), value(p.Slots), low.next, window, d)
		if s.list == nil {
			s.list = empty(&d.list, len(code)+len(code)*5/8)
		}
		top = max(top, generate(s, code, low.least(), value(p.Slots), low.next, spills, stays, d))
		parts, ends = append(parts, part{}), append(ends, len(s.list))
	}, func(code []Instr) { parts = append(parts, part{rest: slices.Clone(code)}) })
	if wide {
		s.choose()
	}
	s.b = empty(&d.bytes, 8*len(s.list)+256*len(ends))
	from := 0
	for i := range parts {
		if parts[i].rest != nil {
			continue
		}
		parts[i].offset = len(s.b)
		s.enter()
		s.encode(s.list[from:ends[0]])
		from, ends = ends[0], ends[1:]
		s.ret()
		for len(s.b)%64 != 0 {
			s.b = append(s.b, 0x90)
		}
	}
	d.list, d.bytes = s.list, s.b
	m := &machine{parts: parts}
	L := 4
	if wide {
		L = 8
	}
	m.pool = Memory(max(1, len(low.pool)), L)
	for k, b := range low.pool {
		for l := 0; l < L; l++ {
			m.pool[k*L+l] = math.Float64frombits(b)
		}
	}
	var err error
	if m.pages, err = newPages(s.b); err != nil {
		return nil, 0, err
	}
	return m, max(int(top), p.Slots), nil
}
