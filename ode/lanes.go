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
	Slots   int
	Numbers []kernel.Number
	State   []int32 // slot of state i
	Clock   int32   // slot of time
	// First fills Deriv, Entries (in the order of Pattern; -1: always 0) and TimeDeriv
	// (-1: always 0); Deriv is filled alone by RHS.
	First, RHS                kernel.Program
	Deriv, Entries, TimeDeriv []int32
	Pattern                   *linalg.Pattern
}

// Laned is an ability of systems that are a lane of a Problem: Memory is their scalar
// memory, a number for each slot, with everything that does not change during a run.
type Laned interface {
	System
	LaneMemory() []float64
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
	l := &Lanes{p: p, n: n, L: b.Lanes, backend: b}
	next := int32(p.Slots)
	block := func(k int) int32 { next += int32(k); return next - int32(k) }
	lu := p.Pattern.Symbolic().Straight()
	work := 8*(len(p.RHS.Code)+len(lu.Load)+2*lu.Len+16*n) + len(p.First.Code)
	for _, e := range lu.Steps {
		for _, r := range e.Rows {
			work += len(r.Update)
		}
	}
	if work > mostStraight {
		return nil, fmt.Errorf("ode: a step of %d operations is too long to be written out", work)
	}
	l.y0, l.yn, l.u, l.d, l.atol = block(n), block(n), block(8*n), block(3*n), block(n)
	w, inv := block(lu.Len), block(n)
	b0, x := block(n), block(n)
	l.h, l.hinv, l.shift, l.t, l.rtol, l.take = block(1), block(1), block(1), block(1), block(1), block(1)
	l.sum, l.grow = block(1), block(1)
	temps := next
	constants := map[float64]int32{}
	e := &emitter{next: temps}
	num := func(v float64) int32 {
		k, ok := constants[v]
		if !ok {
			k = block(1)
			constants[v] = k
			l.numbers = append(l.numbers, kernel.Number{Slot: k, Value: v})
		}
		return k
	}
	// numbers come before temporaries
	for s := range rodasA {
		for j := 0; j < s; j++ {
			num(rodasA[s][j])
			num(rodasC[s][j])
		}
		num(rodasTime[s])
		num(rodasSlope[s])
		for k := range rodasDense {
			num(rodasDense[k][s])
		}
	}
	for _, v := range []float64{0, 1, -1, 1 / rodasGamma} {
		num(v)
	}
	e.next = next
	known := append(append([]kernel.Number(nil), p.Numbers...), l.numbers...)
	highest := e.next
	make := func(keep []int32) (*kernel.Code, error) {
		prog := kernel.Program{Slots: int(e.next), Code: e.code, Numbers: known}
		c, err := b.Make(&prog, keep)
		highest = max(highest, int32(c0slots(c)))
		e.code = nil
		e.next = next
		return c, err
	}
	span := func(from int32, k int) []int32 {
		out := []int32{}
		for i := int32(0); i < int32(k); i++ {
			out = append(out, from+i)
		}
		return out
	}
	N := int32(n)
	timed := false
	for _, k := range p.TimeDeriv {
		timed = timed || k >= 0
	}
	zero, one := num(0), num(1)
	ft := int32(-1)
	if timed {
		ft = next
		next += N
		e.next = next
	}
	for s := int32(0); s < 8; s++ {
		var keep []int32
		if s == 0 {
			for i := int32(0); i < N; i++ {
				e.to(l.y0+i, kernel.Select, l.yn+i, l.y0+i, l.take)
				e.to(p.State[i], kernel.Move, l.y0+i, 0, 0)
			}
			e.to(p.Clock, kernel.Move, l.t, 0, 0)
			e.code = append(e.code, p.First.Code...)
			keep = append(keep, span(l.y0, n)...)
			for i, k := range p.TimeDeriv {
				if k >= 0 {
					e.to(ft+int32(i), kernel.Move, k, 0, 0)
					keep = append(keep, ft+int32(i))
				}
			}
			// the matrix shift*I - J and its factors
			started := make2(lu.Len)
			for q, k := range lu.Load {
				v := zero
				if p.Entries[q] >= 0 {
					v = p.Entries[q]
				}
				e.to(w+k, kernel.Sub, zero, v, 0)
				started[k] = true
			}
			first := make3(n)
			for k, at := range lu.Diagonal {
				e.to(w+at, kernel.Add, w+at, l.shift, 0)
				first[k] = e.op(kernel.Move, w+at, 0, 0)
			}
			for k := range started {
				if !started[k] {
					e.to(w+int32(k), kernel.Move, zero, 0, 0)
				}
			}
			grow := zero
			for k, el := range lu.Steps {
				pivot := w + lu.Diagonal[k]
				e.to(inv+int32(k), kernel.Div, one, pivot, 0)
				lost := e.op(kernel.Abs, e.op(kernel.Mul, first[k], inv+int32(k), 0), 0, 0)
				grow = e.op(kernel.Max, grow, lost, 0)
				for _, r := range el.Rows {
					e.to(w+r.At, kernel.Mul, w+r.At, inv+int32(k), 0)
					for _, u := range r.Update {
						e.to(w+u.Target, kernel.Sub, w+u.Target, e.op(kernel.Mul, w+r.At, w+u.Up, 0), 0)
					}
				}
			}
			e.to(l.grow, kernel.Move, grow, 0, 0)
			keep = append(keep, l.grow)
			keep = append(keep, span(w, lu.Len)...)
			keep = append(keep, span(inv, n)...)
			for i := int32(0); i < N; i++ {
				e.to(b0+i, kernel.Move, p.Deriv[i], 0, 0)
			}
		} else {
			for i := int32(0); i < N; i++ {
				if s == 7 { // yn of stage 6 plus u7 (see rodasA)
					e.to(l.yn+i, kernel.Add, l.yn+i, l.u+6*N+i, 0)
				} else if s == 6 {
					e.to(l.yn+i, kernel.Add, l.yn+i, l.u+5*N+i, 0)
				} else {
					v := l.y0 + i
					for j := int32(0); j < s; j++ {
						v = e.op(kernel.Add, v, e.op(kernel.Mul, num(rodasA[s][j]), l.u+j*N+i, 0), 0)
					}
					e.to(l.yn+i, kernel.Move, v, 0, 0)
				}
				e.to(p.State[i], kernel.Move, l.yn+i, 0, 0)
			}
			e.to(p.Clock, kernel.Add, l.t, e.op(kernel.Mul, num(rodasTime[s]), l.h, 0), 0)
			e.code = append(e.code, p.RHS.Code...)
			c := make3(int(s))
			for j := range c {
				c[j] = e.op(kernel.Mul, num(rodasC[s][j]), l.hinv, 0)
			}
			for i := int32(0); i < N; i++ {
				v := p.Deriv[i]
				for j := int32(0); j < s; j++ {
					v = e.op(kernel.Add, v, e.op(kernel.Mul, c[j], l.u+j*N+i, 0), 0)
				}
				e.to(b0+i, kernel.Move, v, 0, 0)
			}
			keep = append(keep, span(l.yn, n)...)
		}
		if timed && rodasSlope[s] != 0 {
			g := e.op(kernel.Mul, num(rodasSlope[s]), l.h, 0)
			for i, k := range p.TimeDeriv {
				if k >= 0 {
					e.to(b0+int32(i), kernel.Add, b0+int32(i), e.op(kernel.Mul, g, ft+int32(i), 0), 0)
				}
			}
		}
		// solve
		for k := range lu.Order {
			v := b0 + lu.Order[k]
			for _, t := range lu.Lower[k] {
				v = e.op(kernel.Sub, v, e.op(kernel.Mul, w+t.At, x+t.Column, 0), 0)
			}
			e.to(x+int32(k), kernel.Move, v, 0, 0)
		}
		for k := n - 1; k >= 0; k-- {
			v := x + int32(k)
			for _, t := range lu.Upper[k] {
				v = e.op(kernel.Sub, v, e.op(kernel.Mul, w+t.At, x+t.Column, 0), 0)
			}
			e.to(x+int32(k), kernel.Mul, v, inv+int32(k), 0)
			e.to(l.u+s*N+lu.Order[k], kernel.Move, x+int32(k), 0, 0)
		}
		keep = append(keep, span(l.u+s*N, n)...)
		if s == 7 { // the new state and the error's norm
			sum := zero
			for i := int32(0); i < N; i++ {
				err := l.u + 7*N + i
				e.to(l.yn+i, kernel.Add, l.yn+i, err, 0)
				size := e.op(kernel.Max, e.op(kernel.Abs, l.y0+i, 0, 0), e.op(kernel.Abs, l.yn+i, 0, 0), 0)
				scale := e.op(kernel.Add, l.atol+i, e.op(kernel.Mul, l.rtol, size, 0), 0)
				q := e.op(kernel.Div, err, scale, 0)
				sum = e.op(kernel.Add, sum, e.op(kernel.Mul, q, q, 0), 0)
			}
			e.to(l.sum, kernel.Move, sum, 0, 0)
			keep = append(keep, l.sum)
		}
		var err error
		if l.stage[s], err = make(keep); err != nil {
			return nil, err
		}
	}
	for k := int32(0); k < 3; k++ {
		for i := int32(0); i < N; i++ {
			v := e.op(kernel.Mul, num(rodasDense[k][0]), l.u+i, 0)
			for j := int32(1); j < 8; j++ {
				v = e.op(kernel.Add, v, e.op(kernel.Mul, num(rodasDense[k][j]), l.u+j*N+i, 0), 0)
			}
			e.to(l.d+k*N+i, kernel.Move, v, 0, 0)
		}
	}
	var err error
	if l.dense, err = make(span(l.d, 3*n)); err != nil {
		return nil, err
	}
	l.slots = int(highest)
	return l, nil
}

func c0slots(c *kernel.Code) int {
	if c == nil {
		return 0
	}
	return c.Slots
}

func make2(n int) []bool  { return make([]bool, n) }
func make3(n int) []int32 { return make([]int32, n) }

// emitter writes straight-line code with fresh temporaries.
type emitter struct {
	code []kernel.Instr
	next int32
}

func (e *emitter) to(dst int32, op kernel.Op, a, b, c int32) {
	e.code = append(e.code, kernel.Instr{Op: op, Dst: dst, A: a, B: b, C: c})
}

func (e *emitter) op(op kernel.Op, a, b, c int32) int32 {
	e.next++
	e.to(e.next-1, op, a, b, c)
	return e.next - 1
}

// Group is the workspace of one worker: its lanes run side by side on one goroutine.
type Group struct {
	l     *Lanes
	mem   []float64
	lane  []Lane
	dense bool // the dense output of the present steps is known
}

// Lane is one of a group's; Options.Lane gives it to Solve.
type Lane struct {
	g       *Group
	index   int
	yield   func(struct{}) bool
	waiting bool
	st      laneStepper
}

// NewGroup makes a workspace.
func (l *Lanes) NewGroup() *Group {
	g := &Group{l: l, mem: kernel.Memory(l.slots, l.L), lane: make([]Lane, l.L)}
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
	}
	return g
}

// Lanes is the number of lanes.
func (g *Group) Lanes() int { return len(g.lane) }

// Lane is lane i of the group.
func (g *Group) Lane(i int) *Lane { return &g.lane[i] }

// Run runs jobs in every lane until next has none left for any of them. A job is a
// function that may call Solve with its lane; jobs of one group never run at the same
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
		resume, stop := iter.Pull(func(yield func(struct{}) bool) {
			lane.yield = yield
			for {
				job, ok := next(lane.index)
				if !ok {
					return
				}
				job()
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

// step makes one step of every lane that waits for one.
func (g *Group) step() {
	for _, c := range g.l.stage {
		c.Run(g.mem)
	}
	take := g.mem[int(g.l.take)*g.l.L:]
	for i := range g.lane {
		take[i] = 0
	}
	g.dense = false
}

// laneStepper is Rodas5P in one lane, for the driver.
type laneStepper struct {
	lane *Lane
	l    *Lanes
	mem  []float64
	sys  Laned
	t    float64
	y    []float64 // copies of the lane's columns, made when asked for
	yn   []float64
	f    []float64
	slop bool
	rtol float64
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
	s.sys = sys
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
	s.slop = false
}

func (s *laneStepper) slope(float64) []float64 {
	s.sys.Deriv(s.f, s.y, []float64{s.t})
	return s.f
}

func (s *laneStepper) exponent() float64 { return 1.0 / 5 }

func (s *laneStepper) try(h float64, w *weights, st *Stats) (float64, int, Cause) {
	*s.at(s.l.h), *s.at(s.l.hinv), *s.at(s.l.shift), *s.at(s.l.t) = h, 1/h, 1/(h*rodasGamma), s.t
	if !s.lane.yield(struct{}{}) {
		panic(errAbandoned)
	}
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
		e := make3f(s.l.n)
		s.column(e, s.l.u+7*int32(s.l.n))
		_, worst := w.norm(e, s.y, s.next())
		return norm, worst, ""
	}
	return norm, -1, ""
}

func make3f(n int) []float64 { return make([]float64, n) }

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

func (s *laneStepper) dense(theta float64, dst []float64) {
	if !s.lane.g.dense {
		s.l.dense.Run(s.mem)
		s.lane.g.dense = true
	}
	L := s.l.L
	n := s.l.n * L
	y0, y1, d := s.mem[int(s.l.y0)*L+s.lane.index:], s.mem[int(s.l.yn)*L+s.lane.index:], s.mem[int(s.l.d)*L+s.lane.index:]
	rest := 1 - theta
	for i := range dst {
		k := i * L
		dst[i] = y0[k]*rest + theta*(y1[k]+rest*(d[k]+theta*(d[n+k]+theta*d[2*n+k])))
	}
}
