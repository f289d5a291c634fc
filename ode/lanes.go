package ode

import (
	"fmt"
	"iter"
	"math"

	"thymus/kernel"
	"thymus/linalg"
)

// Problem is a system as programs over one memory: what runs in lanes. Slots are those of
// the programs; what a lane's parameters fill is copied from its own scalar memory.
type Problem struct {
	Of      any // what the problem was made from
	Slots   int
	Numbers []kernel.Number
	State   []int32 // slot of state i
	Clock   int32   // slot of time
	// First fills Deriv, Entries (in the order of Pattern; -1: always 0) and TimeDeriv
	// (-1: always 0); Deriv is filled alone by RHS.
	First, RHS                kernel.Program
	Deriv, Entries, TimeDeriv []int32
	Pattern                   *linalg.Pattern
	Hold                      []bool // components that Settle keeps at their value; nil: none
}

// Laned is an ability of systems that are a lane of a Problem: Memory is their scalar
// memory, a number for each slot, with everything that does not change during a run.
type Laned interface {
	System
	LaneMemory() []float64
	// LaneOf is the Of of the problem that the system is a lane of.
	LaneOf() any
}

// Changer is an ability of Laned systems: LaneChanges lists the slots of LaneMemory that may
// change where integration starts again.
type Changer interface {
	LaneChanges() []int32
}

// lanedBy is the system as a lane of the lane's problem, or nil.
func lanedBy(sys System, lane *Lane) Laned {
	if s, ok := sys.(Laned); ok && lane != nil && s.LaneOf() == lane.g.l.p.Of {
		return s
	}
	return nil
}

// mostStraight bounds the operations that are written out for one step; larger systems
// are solved one patient at a time.
const mostStraight = 400_000

// Lanes is Rodas5P for a Problem in machine code; it is shared by groups.
type Lanes struct {
	p       *Problem
	n, L    int
	backend kernel.Backend
	slots   int
	stage   [8]*kernel.Code
	dense   *kernel.Code
	numbers []kernel.Number

	y0, yn, u, d, atol            int32 // first slots of blocks
	h, hinv, shift, t, rtol, take int32
	sum, grow                     int32

	settle                        *kernel.Code
	rest, move, clock, pull, lost int32 // of settle, see writer.settling
}

// mostCancelled is how far a pivot may fall below what it was before the elimination;
// beyond it the step is made again with a smaller size, which makes pivots larger. The
// measure does not depend on the units of the states.
const mostCancelled = 1e11

// NewLanes compiles a problem for a back end with more than one lane.
func NewLanes(p *Problem, b kernel.Backend) (*Lanes, error) {
	if b.Lanes < 2 {
		return nil, fmt.Errorf("ode: back end %s has no lanes", b.Name)
	}
	n := len(p.State)
	if n == 0 {
		return nil, fmt.Errorf("ode: a problem without states has no lanes")
	}
	w := &writer{Lanes: &Lanes{p: p, n: n, L: b.Lanes, backend: b}, lu: p.Pattern.Symbolic().Factors(), next: int32(p.Slots), constants: map[float64]int32{}}
	work := 8*(len(p.RHS.Code)+2*len(w.lu.ColIdx)+16*n) + len(p.First.Code) + w.lu.Operations()
	if work > mostStraight {
		return nil, fmt.Errorf("ode: a step of %d operations is too long to be written out", work)
	}
	if err := w.write(); err != nil {
		return nil, err
	}
	return w.Lanes, nil
}

// writer writes the programs of Lanes.
type writer struct {
	*Lanes
	lu        linalg.Factors
	code      []kernel.Instr
	keep      []int32
	next      int32 // next free slot
	fixed     int32 // slots below are not temporaries
	constants map[float64]int32
	w, inv    int32 // factors, 1/pivots
	b, x      int32 // right-hand side and solution of a stage
	ft        int32 // partial derivative by time, or -1
}

// block takes k slots.
func (e *writer) block(k int) int32 {
	e.next += int32(k)
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

// build compiles what was written.
func (e *writer) build() (*kernel.Code, error) {
	known := append(append([]kernel.Number(nil), e.p.Numbers...), e.numbers...)
	c, err := e.backend.Make(&kernel.Program{Slots: int(e.next), Code: e.code, Numbers: known}, e.keep)
	if err != nil {
		return nil, err
	}
	e.slots = max(e.slots, c.Slots)
	e.code, e.keep, e.next = nil, nil, e.fixed
	return c, nil
}

func (e *writer) write() error {
	n, N := e.n, int32(e.n)
	e.y0, e.yn, e.u, e.d, e.atol = e.block(n), e.block(n), e.block(8*n), e.block(3*n), e.block(n)
	e.w, e.inv, e.b, e.x = e.block(len(e.lu.ColIdx)), e.block(n), e.block(n), e.block(n)
	e.h, e.hinv, e.shift, e.t, e.rtol, e.take = e.block(1), e.block(1), e.block(1), e.block(1), e.block(1), e.block(1)
	e.sum, e.grow = e.block(1), e.block(1)
	e.rest, e.move, e.clock, e.pull, e.lost = e.block(n), e.block(n), e.block(1), e.block(1), e.block(1)
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
	e.num(0)
	e.num(1)
	e.fixed = e.next
	var err error
	for s := range e.stage {
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
		if e.stage[s], err = e.build(); err != nil {
			return err
		}
	}
	for k := range rodasDense {
		for i := int32(0); i < N; i++ {
			v := e.op(kernel.Mul, e.num(rodasDense[k][0]), e.u+i)
			for j := int32(1); j < 8; j++ {
				v = e.plusTimes(v, e.num(rodasDense[k][j]), e.u+j*N+i)
			}
			e.to(e.d+int32(k)*N+i, kernel.Move, v, 0, 0)
		}
	}
	e.keeps(e.d, 3*n)
	if e.dense, err = e.build(); err != nil {
		return err
	}
	return e.settling()
}

// first takes the last step over where it was accepted, evaluates f and its derivatives,
// and factors the matrix of the step.
func (e *writer) first() {
	p := e.p
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
			e.keep = append(e.keep, e.ft+int32(i))
		}
	}
	e.to(e.grow, kernel.Move, e.factor(e.shift, nil), 0, 0)
	e.keep = append(e.keep, e.grow)
	e.keeps(e.w, len(e.lu.ColIdx))
	e.keeps(e.inv, e.n)
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
	for i, diag := range e.lu.Diag {
		from, to := e.lu.RowPtr[i], e.lu.RowPtr[i+1]
		at := map[int32]int32{} // column -> position in this row
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

// inner writes the state of stage s, f there, and the stage's right-hand side.
func (e *writer) inner(s int) {
	p, N := e.p, int32(e.n)
	for i, slot := range p.State {
		k := int32(i)
		var v int32
		if s >= 6 { // the stage before, and its result (see rodasA)
			v = e.op(kernel.Add, e.yn+k, e.u+int32(s-1)*N+k)
		} else {
			v = e.y0 + k
			for j := 0; j < s; j++ {
				v = e.plusTimes(v, e.num(rodasA[s][j]), e.u+int32(j)*N+k)
			}
		}
		e.to(slot, kernel.Move, v, 0, 0)
		if s >= 5 {
			e.to(e.yn+k, kernel.Move, v, 0, 0)
		}
	}
	if s >= 5 {
		e.keeps(e.yn, e.n)
	}
	e.to(p.Clock, kernel.Move, e.plusTimes(e.t, e.num(rodasTime[s]), e.h), 0, 0)
	e.code = append(e.code, p.RHS.Code...)
	c := make([]int32, s)
	for j := range c {
		c[j] = e.op(kernel.Mul, e.num(rodasC[s][j]), e.hinv)
	}
	for i, v := range p.Deriv {
		for j := 0; j < s; j++ {
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

// last writes the new state and the error's sum of squares.
func (e *writer) last() {
	sum := e.num(0)
	for i := int32(0); i < int32(e.n); i++ {
		err := e.u + 7*int32(e.n) + i
		yn := e.op(kernel.Add, e.yn+i, err)
		e.to(e.yn+i, kernel.Move, yn, 0, 0)
		size := e.op(kernel.Max, e.op(kernel.Abs, e.y0+i, 0), e.op(kernel.Abs, yn, 0))
		q := e.op(kernel.Div, err, e.plusTimes(e.atol+i, e.rtol, size))
		sum = e.plusTimes(sum, q, q)
	}
	e.to(e.sum, kernel.Move, sum, 0, 0)
	e.keep = append(e.keep, e.sum)
}

// Group is the workspace of one worker: its lanes run side by side on one goroutine.
type Group struct {
	l             *Lanes
	mem           []float64
	lane          []Lane
	stage         [8]func()
	dense, settle func()
	known         bool // the dense output of the present steps is known
}

// Lane is one of a group's; Options.Lane gives it to Solve.
type Lane struct {
	g     *Group
	index int
	yield func(struct{}) bool
	waits waiting
	st    laneStepper
}

// waiting is what a lane waits for.
type waiting uint8

const (
	forNothing waiting = iota
	forStep
	forSettling // a pseudo step towards a steady state
)

// wait gives way until the group has made what the lane waits for.
func (lane *Lane) wait(what waiting) {
	lane.waits = what
	if !lane.yield(struct{}{}) {
		panic(errAbandoned)
	}
}

// NewGroup makes a workspace.
func (l *Lanes) NewGroup() *Group {
	room, err := l.backend.Room(l.slots)
	if err != nil {
		panic(fmt.Sprintf("ode: no room for a group of lanes: %v", err))
	}
	g := &Group{l: l, mem: room.Mem, lane: make([]Lane, l.L)}
	in := func(c *kernel.Code) func() {
		run, err := c.In(room)
		if err != nil {
			panic(fmt.Sprintf("ode: a program does not run in its room: %v", err))
		}
		return run
	}
	for s, c := range l.stage {
		g.stage[s] = in(c)
	}
	g.dense, g.settle = in(l.dense), in(l.settle)
	for i := range g.lane {
		g.lane[i] = Lane{g: g, index: i}
		g.lane[i].st = laneStepper{lane: &g.lane[i], l: l, mem: g.mem, yn: make([]float64, l.n), y: make([]float64, l.n), f: make([]float64, l.n)}
	}
	for _, list := range [][]kernel.Number{l.p.Numbers, l.numbers} {
		for _, x := range list {
			for i := 0; i < l.L; i++ {
				g.mem[int(x.Slot)*l.L+i] = x.Value
			}
		}
	}
	for i := 0; i < l.L; i++ {
		g.mem[int(l.h)*l.L+i], g.mem[int(l.hinv)*l.L+i], g.mem[int(l.shift)*l.L+i] = 1, 1, 1/rodasGamma
		g.mem[int(l.rtol)*l.L+i] = 1
		g.mem[int(l.pull)*l.L+i] = 1
	}
	return g
}

// Lanes is the number of lanes.
func (g *Group) Lanes() int { return len(g.lane) }

// Lane is lane i of the group.
func (g *Group) Lane(i int) *Lane { return &g.lane[i] }

// Run runs jobs in every lane until next has none left for any of them; next may also
// say that it has none yet (nil, true). A job is a function that may call Solve with its lane; jobs of one group never run at the same
// time, so they may share what next gives them.
func (g *Group) Run(next func(lane int) (job func(), ok bool)) {
	type coroutine struct {
		resume func() (struct{}, bool)
		stop   func()
	}
	list := make([]coroutine, len(g.lane))
	defer func() {
		for _, c := range list {
			if c.stop != nil {
				c.stop()
			}
		}
	}()
	for i := range g.lane {
		lane := &g.lane[i]
		lane.waits = forNothing
		resume, stop := iter.Pull(func(yield func(struct{}) bool) {
			defer func() {
				if r := recover(); r != nil && r != any(errAbandoned) {
					panic(r)
				}
			}()
			lane.yield = yield
			for {
				job, ok := next(lane.index)
				switch {
				case !ok:
					return
				case job != nil:
					job()
				case !yield(struct{}{}): // nothing for now
					return
				}
			}
		})
		list[i] = coroutine{resume, stop}
	}
	for {
		alive := false
		for i := range list {
			if list[i].resume == nil {
				continue
			}
			if g.lane[i].waits != forNothing { // the last pass was not for this lane
				alive = true
				continue
			}
			if _, ok := list[i].resume(); ok {
				alive = true
			} else {
				list[i].resume = nil
			}
		}
		if !alive {
			return
		}
		g.step()
	}
}

// step makes one step of every lane that waits for one, or one pseudo step towards a
// steady state of every lane that waits for that: what most lanes wait for, so that a pass
// serves at least half of them.
func (g *Group) step() {
	var count [3]int
	for i := range g.lane {
		count[g.lane[i].waits]++
	}
	what := forStep
	if count[forSettling] > count[forStep] {
		what = forSettling
		g.settle()
	} else if count[forStep] > 0 {
		for _, run := range g.stage {
			run()
		}
		take := g.mem[int(g.l.take)*g.l.L:]
		for i := range g.lane {
			take[i] = 0
		}
		g.known = false
	}
	for i := range g.lane {
		if g.lane[i].waits == what {
			g.lane[i].waits = forNothing
		}
	}
}

// laneStepper is Rodas5P in one lane, for the driver.
type laneStepper struct {
	lane *Lane
	l    *Lanes
	mem  []float64
	sys  Laned
	more []int32 // see Changer
	t    float64
	y    []float64 // copies of the lane's columns, made when asked for
	yn   []float64
	f    []float64
}

func (s *laneStepper) at(slot int32) *float64 { return &s.mem[int(slot)*s.l.L+s.lane.index] }

// column copies a block of the lane's memory.
func (s *laneStepper) column(dst []float64, block int32) []float64 {
	o := int(block)*s.l.L + s.lane.index
	for i := range dst {
		dst[i] = s.mem[o]
		o += s.l.L
	}
	return dst
}

func (s *laneStepper) put(block int32, src []float64) {
	o := int(block)*s.l.L + s.lane.index
	for _, v := range src {
		s.mem[o] = v
		o += s.l.L
	}
}

// begin takes over a patient's constants and tolerances.
func (s *laneStepper) begin(sys Laned, w *weights) {
	s.sys, s.more = sys, nil
	if c, ok := sys.(Changer); ok {
		s.more = c.LaneChanges()
	}
	s.put(0, sys.LaneMemory()[:s.l.p.Slots])
	s.put(s.l.atol, w.atol)
	*s.at(s.l.rtol) = w.rtol
}

func (s *laneStepper) start(t float64, y []float64, st *Stats) {
	s.t = t
	copy(s.y, y)
	s.put(s.l.y0, y)
	s.put(s.l.yn, y)
	*s.at(s.l.take) = 0
	for _, k := range s.more {
		*s.at(k) = s.sys.LaneMemory()[k]
	}
}

func (s *laneStepper) slope(float64) []float64 {
	s.sys.Deriv(s.f, s.y, []float64{s.t})
	return s.f
}

func (s *laneStepper) exponent() float64 { return 1.0 / 5 }

func (s *laneStepper) try(h float64, w *weights, st *Stats) (float64, int, Cause) {
	*s.at(s.l.h), *s.at(s.l.hinv), *s.at(s.l.shift), *s.at(s.l.t) = h, 1/h, 1/(h*rodasGamma), s.t
	s.lane.wait(forStep)
	st.Derivs += 8
	st.Jacobians++
	st.Facts++
	if g := *s.at(s.l.grow); !(g <= mostCancelled) {
		st.Pivoted++
		return 0, -1, SingularMatrix
	}
	sum := *s.at(s.l.sum)
	norm := math.Sqrt(sum / float64(s.l.n))
	if !(norm <= 1) {
		s.state()
		e := s.column(s.f, s.l.u+7*int32(s.l.n))
		_, worst := w.norm(e, s.y, s.next())
		return norm, worst, ""
	}
	return norm, -1, ""
}

// errAbandoned unwinds a job whose group was given up.
var errAbandoned = fmt.Errorf("ode: the group of lanes was given up")

func (s *laneStepper) accept(t float64) {
	s.t = t
	*s.at(s.l.take) = 1
}

func (s *laneStepper) state() []float64 {
	if *s.at(s.l.take) != 0 {
		return s.column(s.y, s.l.yn)
	}
	return s.column(s.y, s.l.y0)
}

func (s *laneStepper) next() []float64 { return s.column(s.yn, s.l.yn) }

func (s *laneStepper) prepareDense() {}

// prepared makes the dense output of the group's present steps, once.
func (s *laneStepper) prepared() {
	if !s.lane.g.known {
		s.lane.g.dense()
		s.lane.g.known = true
	}
}

// pick implements picker.
func (s *laneStepper) pick(theta float64, which []int, dst []float64) {
	s.prepared()
	L := s.l.L
	n := s.l.n * L
	y0, y1, d := s.mem[int(s.l.y0)*L+s.lane.index:], s.mem[int(s.l.yn)*L+s.lane.index:], s.mem[int(s.l.d)*L+s.lane.index:]
	rest := 1 - theta
	for i, k := range which {
		k *= L
		switch {
		case theta >= 1:
			dst[i] = y1[k]
		case theta <= 0:
			dst[i] = y0[k]
		default:
			dst[i] = y0[k]*rest + theta*(y1[k]+rest*(d[k]+theta*(d[n+k]+theta*d[2*n+k])))
		}
	}
}

func (s *laneStepper) dense(theta float64, dst []float64) {
	s.prepared()
	L := s.l.L
	n := s.l.n * L
	y0, y1, d := s.mem[int(s.l.y0)*L+s.lane.index:], s.mem[int(s.l.yn)*L+s.lane.index:], s.mem[int(s.l.d)*L+s.lane.index:]
	rest := 1 - theta
	for i := range dst {
		k := i * L
		dst[i] = y0[k]*rest + theta*(y1[k]+rest*(d[k]+theta*(d[n+k]+theta*d[2*n+k])))
	}
}
