package kernel

// Work counts the micro operations that a program becomes: those on whole registers, as
// they stand before registers are given out, and the operations left to Apply.
type Work struct {
	Micro    int // all but the following
	Divides  int // divisions and roots, which take the processor longest
	Left     int // operations without machine code, done lane after lane
	Products int // multiplications, sums, and both in one
}

// Work counts what a program becomes for a target with the instructions of AVX-512 (wide)
// or without. keep is that of Make.
func (p *Program) Work(keep []int32, wide bool) Work {
	var w Work
	l := newLowering(p.Slots, wide, new(desk))
	l.stretches(p, keep, func([]bool) {
		for i := range l.code {
			switch l.code[i].op {
			case uDiv, uSqrt:
				w.Divides++
			case uAdd, uSub, uMul, uFma, uFnma, uFms:
				w.Products++
			default:
				w.Micro++
			}
		}
	}, func(rest []Instr) { w.Left += len(rest) })
	return w
}
