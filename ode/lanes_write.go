package ode

import (
	"fmt"

	"thymus/kernel"
	"thymus/linalg"
)

// writer writes the programs of Lanes.
type writer struct {
	*Lanes
	lu        linalg.Factors
	code      []kernel.Instr
	keep      []int32
	next      int32 // next free slot
	top       int32 // the highest that next was
	fixed     int32 // slots below are not temporaries
	constants map[float64]int32
	w, inv    int32 // factors, 1/pivots
	b, x      int32 // right-hand side and solution of a stage
	ft        int32 // partial derivative by time, or -1

	hinv, shift int32 // 1/h, 1/(h gamma)
	sums        int32 // of the stages from early on, of those before it
}

// block takes k slots.
func (e *writer) block(k int) int32 {
	e.next += int32(k)
	e.top = max(e.top, e.next)
	return e.next - int32(k)
}

// num is the slot of a number.
func (e *writer) num(v float64) int32 {
	k, ok := e.constants[v]
	if !ok {
		if e.fixed != 0 {
			panic(fmt.Sprintf("ode: the number %v was not announced", v))
		}
		k = e.block(1)
		e.constants[v] = k
		e.numbers = append(e.numbers, kernel.Number{Slot: k, Value: v})
	}
	return k
}

func (e *writer) to(dst int32, op kernel.Op, a, b, c int32) {
	e.code = append(e.code, kernel.Instr{Op: op, Dst: dst, A: a, B: b, C: c})
}

// op writes into a fresh temporary.
func (e *writer) op(op kernel.Op, a, b int32) int32 {
	k := e.block(1)
	e.to(k, op, a, b, 0)
	return k
}

// plusTimes is sum + a*b.
func (e *writer) plusTimes(sum, a, b int32) int32 {
	return e.op(kernel.Add, sum, e.op(kernel.Mul, a, b))
}

// minusTimes is sum - a*b.
func (e *writer) minusTimes(sum, a, b int32) int32 {
	return e.op(kernel.Sub, sum, e.op(kernel.Mul, a, b))
}

// keeps notes a block whose values later programs read.
func (e *writer) keeps(from int32, k int) {
	for i := int32(0); i < int32(k); i++ {
		e.keep = append(e.keep, from+i)
	}
}

// build compiles what was written; the next program is written in its place.
func (e *writer) build() (*kernel.Code, error) {
	code, keep := e.code, e.keep
	c, err := e.written()()
	e.code, e.keep = code[:0], keep[:0]
	return c, err
}

// written takes what was written as a program, and gives what compiles it.
func (e *writer) written() func() (*kernel.Code, error) {
	known := append(append([]kernel.Number(nil), e.p.Numbers...), e.numbers...)
	program, keep := &kernel.Program{Slots: int(e.top), Code: e.code, Numbers: known}, e.keep
	e.code, e.keep, e.next, e.top = nil, nil, e.fixed, e.fixed
	return func() (*kernel.Code, error) { return e.backend.Make(program, keep) }
}

func (e *writer) write() error {
	n, N := e.n, int32(e.n)
	e.y0, e.yn, e.u, e.d, e.atol = e.block(n), e.block(n), e.block(8*n), e.block(3*n), e.block(n)
	e.w, e.inv, e.b, e.x = e.block(len(e.lu.ColIdx)), e.block(n), e.block(n), e.block(n)
	for _, k := range []*int32{&e.h, &e.hinv, &e.shift, &e.t, &e.rtol, &e.take, &e.mean, &e.pace, &e.grow, &e.crossed} {
		*k = e.block(1)
	}
	e.err = e.u + 7*N
	e.rest, e.move, e.clock, e.pull, e.lost = e.block(n), e.block(n), e.block(1), e.block(1), e.block(1)
	e.g0, e.watch = e.block(len(e.p.Crossings)), e.block(len(e.p.Crossings))
	e.sums = e.block((8 - early) * n)
	e.theta, e.row = e.block(1), e.block(n)
	e.ft = -1
	for _, k := range e.p.TimeDeriv {
		if k >= 0 && e.ft < 0 {
			e.ft = e.block(n)
		}
	}
	for s := range rodasA {
		for _, v := range append(append(append([]float64{}, rodasA[s][:]...), rodasC[s][:]...), rodasTime[s], rodasSlope[s], rodasDense[0][s], rodasDense[1][s], rodasDense[2][s]) {
			e.num(v)
		}
	}
	for _, v := range []float64{0, 1, 1 / rodasGamma, 1 / float64(n), -0.1} {
		e.num(v)
	}
	for _, v := range looks {
		e.num(v)
		e.num(1 - v)
	}
	e.fixed = e.next
	for s := range rodasA {
		e.next = e.fixed // what one stage holds in temporaries no other needs
		if s == 0 {
			e.first()
		} else {
			e.inner(s)
		}
		if e.ft >= 0 && rodasSlope[s] != 0 {
			g := e.op(kernel.Mul, e.num(rodasSlope[s]), e.h)
			for i, k := range e.p.TimeDeriv {
				if k >= 0 {
					e.to(e.b+int32(i), kernel.Move, e.plusTimes(e.b+int32(i), g, e.ft+int32(i)), 0, 0)
				}
			}
		}
		e.solve(e.u + int32(s)*N)
		if s == 7 {
			e.last()
		}
	}
	return e.finish()
}

// finish ends the step's program with its crossing functions, and writes the programs
// beside it, the dense output and settling, while the step is compiled.
func (e *writer) finish() error {
	if len(e.p.Crossings) > 0 {
		e.look()
	}
	var whole *kernel.Code
	var failed error
	compile, done := e.written(), make(chan struct{})
	go func() {
		defer close(done)
		whole, failed = compile()
	}()
	err := e.others()
	<-done
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	e.whole = whole
	for _, c := range []*kernel.Code{e.whole, e.dense, e.spot, e.settle} {
		if c != nil {
			e.slots = max(e.slots, c.Slots)
		}
	}
	return nil
}

// others writes and compiles the programs beside the step.
func (e *writer) others() error {
	var err error
	e.code = make([]kernel.Instr, 0, len(e.p.First.Code)+2*e.lu.Operations()+6*len(e.lu.ColIdx)+16*e.n)
	for k := 0; k < 3; k++ {
		for i := int32(0); i < int32(e.n); i++ {
			e.to(e.d+int32(k*e.n)+i, kernel.Move, e.coefficient(k, i), 0, 0)
		}
	}
	e.keeps(e.d, 3*e.n)
	if e.dense, err = e.build(); err != nil {
		return err
	}
	if !e.explicit && e.n >= manyStates {
		if err = e.spotting(); err != nil {
			return err
		}
	}
	return e.settling()
}

// manyStates is from how many states on it pays to ask for all lanes' next times anew at
// each that is recorded.
var manyStates = 24 // a test sets it

// spotting writes the dense output at theta as the weights of the stages there: for one
// time in a step a third of the work of the coefficients that hold for all.
func (e *writer) spotting() error {
	rest := e.op(kernel.Sub, e.num(1), e.theta)
	scale := e.op(kernel.Mul, e.theta, rest)
	var weight [8]int32
	for j := range weight {
		w := e.plusTimes(e.num(rodasDense[1][j]), e.theta, e.num(rodasDense[2][j]))
		w = e.plusTimes(e.num(rodasDense[0][j]), e.theta, w)
		weight[j] = e.op(kernel.Mul, scale, w)
	}
	for i := int32(0); i < int32(e.n); i++ {
		v := e.plusTimes(e.y0+i, e.theta, e.op(kernel.Sub, e.yn+i, e.y0+i))
		for j, w := range weight {
			v = e.plusTimes(v, w, e.u+int32(j*e.n)+i)
		}
		e.to(e.row+i, kernel.Move, v, 0, 0)
	}
	e.keeps(e.row, e.n)
	var err error
	e.spot, err = e.build()
	return err
}

// coefficient is that of component i in the dense output.
func (e *writer) coefficient(k int, i int32) int32 {
	if e.explicit {
		return e.tsitCoefficient(k, i)
	}
	v := e.op(kernel.Mul, e.num(rodasDense[k][0]), e.u+i)
	for j := int32(1); j < 8; j++ {
		v = e.plusTimes(v, e.num(rodasDense[k][j]), e.u+j*int32(e.n)+i)
	}
	return v
}

// look says in crossed whether a crossing function that is watched has another sign within
// the step than at its start.
func (e *writer) look() {
	p, zero := e.p, e.num(0)
	e.next = e.fixed
	needed := reads(&p.Cross, p.Crossings)
	var d [3][]int32
	for k := range d {
		d[k] = make([]int32, e.n)
	}
	for i, slot := range p.State {
		for k := range d {
			if needed[slot] {
				d[k][i] = e.coefficient(k, int32(i))
			}
		}
	}
	side := make([]int32, 2*len(p.Crossings))
	for i := range p.Crossings {
		g := e.g0 + int32(i)
		side[2*i], side[2*i+1] = e.op(kernel.Lt, zero, g), e.op(kernel.Lt, g, zero)
	}
	crossed := zero
	for _, theta := range looks {
		for i, slot := range p.State {
			k := int32(i)
			switch v := e.yn + k; {
			case !needed[slot]:
			case theta == 1:
				e.to(slot, kernel.Move, v, 0, 0)
			default:
				rest := e.num(1 - theta)
				in := e.plusTimes(d[1][i], e.num(theta), d[2][i])
				in = e.plusTimes(d[0][i], e.num(theta), in)
				v = e.plusTimes(e.op(kernel.Sub, v, e.y0+k), rest, in)
				e.to(slot, kernel.Move, e.plusTimes(e.y0+k, e.num(theta), v), 0, 0)
			}
		}
		e.to(p.Clock, kernel.Move, e.plusTimes(e.t, e.num(theta), e.h), 0, 0)
		e.code = append(e.code, p.Cross.Code...)
		for i, g := range p.Crossings {
			up := e.op(kernel.Ne, e.op(kernel.Lt, zero, g), side[2*i])
			down := e.op(kernel.Ne, e.op(kernel.Lt, g, zero), side[2*i+1])
			crossed = e.op(kernel.Or, crossed, e.op(kernel.And, e.op(kernel.Or, up, down), e.watch+int32(i)))
		}
	}
	e.to(e.crossed, kernel.Move, crossed, 0, 0)
	e.keep = append(e.keep, e.crossed)
}

// reads says which slots a program reads, before it writes them, for its results.
func reads(p *kernel.Program, results []int32) map[int32]bool {
	need := map[int32]bool{}
	for _, k := range results {
		need[k] = true
	}
	for i := len(p.Code) - 1; i >= 0; i-- {
		x := &p.Code[i]
		if !need[x.Dst] {
			continue
		}
		delete(need, x.Dst)
		for k, a := range [...]int32{x.A, x.B, x.C} {
			if k < x.Op.Args() {
				need[a] = true
			}
		}
	}
	return need
}

// first takes the last step over where it was accepted, evaluates f and its derivatives,
// and factors the matrix of the step.
func (e *writer) first() {
	p := e.p
	e.to(e.hinv, kernel.Div, e.num(1), e.h, 0)
	e.to(e.shift, kernel.Mul, e.hinv, e.num(1/rodasGamma), 0)
	for i, slot := range p.State {
		y := e.y0 + int32(i)
		e.to(y, kernel.Select, e.yn+int32(i), y, e.take)
		e.to(slot, kernel.Move, y, 0, 0)
	}
	e.keeps(e.y0, e.n)
	e.to(p.Clock, kernel.Move, e.t, 0, 0)
	e.code = append(e.code, p.First.Code...)
	for i, k := range p.TimeDeriv {
		if k >= 0 {
			e.to(e.ft+int32(i), kernel.Move, k, 0, 0)
		}
	}
	e.to(e.grow, kernel.Move, e.factor(e.shift, nil), 0, 0)
	e.keep = append(e.keep, e.grow)
	for i, k := range p.Deriv {
		e.to(e.b+int32(i), kernel.Move, k, 0, 0)
	}
}

// factor writes shift*I - J, without the entries that are still (nil: with all), and its
// factors row by row; it returns by how much pivots were cancelled.
func (e *writer) factor(shift int32, still []bool) int32 {
	p, zero, one := e.p, e.num(0), e.num(1)
	if still == nil {
		still = make([]bool, len(p.Entries))
	}
	filled := make([]bool, len(e.lu.ColIdx))
	for q, k := range e.lu.Load {
		v := zero
		if p.Entries[q] >= 0 && !still[q] {
			v = p.Entries[q]
		}
		e.to(e.w+k, kernel.Sub, zero, v, 0)
		filled[k] = true
	}
	for k, ok := range filled {
		if !ok {
			e.to(e.w+int32(k), kernel.Move, zero, 0, 0)
		}
	}
	grow := zero
	at := make([]int32, e.n) // position of a column in the present row
	for i, diag := range e.lu.Diag {
		from, to := e.lu.RowPtr[i], e.lu.RowPtr[i+1]
		for q := from; q < to; q++ {
			at[e.lu.ColIdx[q]] = q
		}
		e.to(e.w+diag, kernel.Add, e.w+diag, shift, 0)
		before := e.op(kernel.Move, e.w+diag, 0)
		for q := from; q < diag; q++ {
			k := e.lu.ColIdx[q]
			e.to(e.w+q, kernel.Mul, e.w+q, e.inv+k, 0)
			for u := e.lu.Diag[k] + 1; u < e.lu.RowPtr[k+1]; u++ {
				target := e.w + at[e.lu.ColIdx[u]]
				e.to(target, kernel.Sub, target, e.op(kernel.Mul, e.w+q, e.w+u), 0)
			}
		}
		e.to(e.inv+int32(i), kernel.Div, one, e.w+diag, 0)
		grow = e.op(kernel.Add, grow, e.op(kernel.Abs, e.op(kernel.Mul, before, e.inv+int32(i)), 0))
	}
	return grow
}

// early is the stage that also adds up what the stages after it need of those before, so
// that those are fetched from memory once.
const early = 5

// inner writes the state of stage s, f there, and the stage's right-hand side.
func (e *writer) inner(s int) {
	p, N := e.p, int32(e.n)
	scaled := func(s, j int) int32 { return e.op(kernel.Mul, e.num(rodasC[s][j]), e.hinv) }
	var ahead [8 - early][early]int32
	if s == early {
		for r := range ahead {
			for j := range ahead[r] {
				ahead[r][j] = scaled(s+r, j)
			}
		}
	}
	for i, slot := range p.State {
		k := int32(i)
		var v int32
		if s > early { // the stage before, and its result (see rodasA)
			v = e.op(kernel.Add, e.yn+k, e.u+int32(s-1)*N+k)
		} else {
			v = e.y0 + k
			for j := 0; j < s; j++ {
				v = e.plusTimes(v, e.num(rodasA[s][j]), e.u+int32(j)*N+k)
			}
			for r := range ahead {
				if s == early {
					sum := e.op(kernel.Mul, ahead[r][0], e.u+k)
					for j := 1; j < early; j++ {
						sum = e.plusTimes(sum, ahead[r][j], e.u+int32(j)*N+k)
					}
					e.to(e.sums+int32(r)*N+k, kernel.Move, sum, 0, 0)
				}
			}
		}
		e.to(slot, kernel.Move, v, 0, 0)
		if s >= early {
			e.to(e.yn+k, kernel.Move, v, 0, 0)
		}
	}
	if s >= early {
		e.keeps(e.yn, e.n)
	}
	e.to(p.Clock, kernel.Move, e.plusTimes(e.t, e.num(rodasTime[s]), e.h), 0, 0)
	e.code = append(e.code, p.RHS.Code...)
	from := 0
	if s >= early {
		from = early
	}
	var c [8]int32
	for j := from; j < s; j++ {
		c[j] = scaled(s, j)
	}
	for i, v := range p.Deriv {
		if s >= early {
			v = e.op(kernel.Add, v, e.sums+int32(s-early)*N+int32(i))
		}
		for j := from; j < s; j++ {
			v = e.plusTimes(v, c[j], e.u+int32(j)*N+int32(i))
		}
		e.to(e.b+int32(i), kernel.Move, v, 0, 0)
	}
}

// solve writes the solution of a stage to the block u.
func (e *writer) solve(u int32) {
	for k, i := range e.lu.Order {
		v := e.b + i
		for q := e.lu.RowPtr[k]; q < e.lu.Diag[k]; q++ {
			v = e.minusTimes(v, e.w+q, e.x+e.lu.ColIdx[q])
		}
		e.to(e.x+int32(k), kernel.Move, v, 0, 0)
	}
	for k := e.n - 1; k >= 0; k-- {
		v := e.x + int32(k)
		for q := e.lu.Diag[k] + 1; q < e.lu.RowPtr[k+1]; q++ {
			v = e.minusTimes(v, e.w+q, e.x+e.lu.ColIdx[q])
		}
		e.to(e.x+int32(k), kernel.Mul, v, e.inv+int32(k), 0)
		e.to(u+e.lu.Order[k], kernel.Move, e.x+int32(k), 0, 0)
	}
	e.keeps(u, e.n)
}

// last writes the new state and judges the step.
func (e *writer) last() {
	e.judge(func(i int32) { e.to(e.yn+i, kernel.Add, e.yn+i, e.err+i, 0) })
}

// judge writes the error's mean square and by how much the next step may be longer; each
// writes the new state and the error of a component before they are looked at.
func (e *writer) judge(each func(i int32)) {
	sum := e.num(0)
	for i := int32(0); i < int32(e.n); i++ {
		each(i)
		size := e.op(kernel.Max, e.op(kernel.Abs, e.y0+i, 0), e.op(kernel.Abs, e.yn+i, 0))
		q := e.op(kernel.Div, e.err+i, e.plusTimes(e.atol+i, e.rtol, size))
		sum = e.plusTimes(sum, q, q)
	}
	// the mean square, and its root to the power of -1/5
	mean := e.op(kernel.Mul, sum, e.num(1/float64(e.n)))
	e.to(e.mean, kernel.Move, mean, 0, 0)
	power := e.op(kernel.Exp, e.op(kernel.Mul, e.num(-0.1), e.op(kernel.Log, mean, 0)), 0)
	e.to(e.pace, kernel.Move, power, 0, 0)
	e.keep = append(e.keep, e.mean, e.pace)
}
