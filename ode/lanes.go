package ode

import (
	"fmt"

	"thymus/kernel"
	"thymus/linalg"
)

// Problem is a system as programs over one memory: what runs in lanes. Slots are those of
// the programs; what a lane's parameters fill is copied from its own scalar memory.
type Problem struct {
	Of      any    // what the problem was made from
	Method  string // a row of Methods that runs in lanes; "": the first
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
	// Cross computes the crossing functions of the systems that are Crossers, in their
	// order; without it such a system looks for crossings itself after every step.
	Cross     kernel.Program
	Crossings []int32
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

// Lanes is a method for a Problem in machine code; it is shared by groups.
type Lanes struct {
	p       *Problem
	n, L    int
	backend kernel.Backend
	slots   int
	whole   *kernel.Code // a step
	dense   *kernel.Code
	spot    *kernel.Code // the states at one time of each lane; nil: by dense
	numbers []kernel.Number

	y0, yn, u, d, atol int32 // first slots of blocks
	h, t, rtol, take   int32
	mean, pace, grow   int32
	err                int32 // of the step, by component
	explicit           bool  // the method is Tsit5, see writeTsit
	g0, watch, crossed int32 // of crossing functions
	theta, row         int32 // of spot

	settle                        *kernel.Code
	rest, move, clock, pull, lost int32 // of settle, see writer.settling
}

// mostCancelled is how far a pivot may fall below what it was before the elimination;
// beyond it the step is made again with a smaller size, which makes pivots larger. The
// measure does not depend on the units of the states.
const mostCancelled = 1e11

// mostShrunk is how many steps of one solution are made smaller for that: then it ends, for
// rows must be exchanged, which a patient alone can do and the shared code of lanes cannot.
const mostShrunk = 10

// rowExchange is the cause of a step with which the whole solution ends as SingularMatrix.
const rowExchange Cause = "rows must be exchanged"

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
	work := 8*(len(p.RHS.Code)+2*len(w.lu.ColIdx)+16*n) + len(p.First.Code) + len(looks)*(len(p.Cross.Code)+8*len(p.Crossings)) + w.lu.Operations()
	if work > mostStraight {
		return nil, fmt.Errorf("ode: a step of %d operations is too long to be written out", work)
	}
	w.code = make([]kernel.Instr, 0, work+work/2)
	write := w.write
	switch m, err := MethodNamed(p.Method); {
	case err != nil:
		return nil, err
	case !m.Lanes:
		return nil, fmt.Errorf("ode: the method %s does not run in lanes", m.Name)
	case m.Name == "tsit5":
		write = w.writeTsit
	}
	if err := write(); err != nil {
		return nil, err
	}
	return w.Lanes, nil
}
