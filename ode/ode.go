package ode

import (
	"fmt"
	"math"

	"thymus/linalg"
)

// System is y' = f(t, y) for L independent lanes of dimension Dim. State is [Dim][L] in
// one slice, lane fastest; each lane has its own time t[l]. The solvers of this package
// run one lane: len(t) is 1.
type System interface {
	Dim() int
	Deriv(dy, y, t []float64)
}

// Jacobian is an ability of systems that know their derivatives: entries of df/dy in
// the order of Pattern, and the partial derivative of f with respect to time.
type Jacobian interface {
	Pattern() *linalg.Pattern
	Jacobian(vals, y, t []float64)
	TimeDeriv(dfdt, y, t []float64)
}

// Crosser is an ability of systems whose handler wants to know where functions of the
// state change sign.
type Crosser interface {
	Crossings() int
	Cross(g, y, t []float64)
}

// CrossReader is an ability of a Crosser: CrossReads lists the components of the state that Cross
// reads, ascending; nil for all.
type CrossReader interface {
	CrossReads() []int
}

// Breaker is an ability of a Crosser: Breaks lists crossing functions at which the solution
// itself may go over to another branch. A step does not reach over such a place, because
// what lies behind it would spoil all of the step.
type Breaker interface {
	Breaks() []int
}

// Jumper is an ability of a Crosser whose right-hand side jumps where some of its
// functions change sign: their numbers, ascending. A step that is refused is then cut
// short before such a place, and the place is passed without integrating over it.
type Jumper interface {
	Jumps() []int
}

// MostSteps is how many steps a solution may take when Options does not say.
const MostSteps = 10_000_000

// Options of a solution; zero values are useful.
type Options struct {
	Method      string    // a row of Methods; "" is the first
	Rtol        float64   // 0: 1e-6
	Atol        []float64 // per component, or one for all; nil: 1e-9
	InitialStep float64   // 0: estimated
	MaxStep     float64   // 0: none
	MaxSteps    int       // 0: MostSteps
	// Lane makes steps side by side with the other lanes of its group; it must run there.
	// A system that is not Laned, or has a mass matrix, and methods other than that of the
	// Problem make steps of their own.
	Lane *Lane
}

// Stats counts the work of a solution.
type Stats struct {
	Accepted, Rejected       int
	Explicit                 int // accepted steps that auto made by tsit5
	Derivs, Jacobians, Facts int
	Pivoted                  int // factorisations that needed row exchanges
	Crossings, Restarts      int
}

// Add counts the work of another solution too.
func (s *Stats) Add(t Stats) {
	s.Accepted += t.Accepted
	s.Rejected += t.Rejected
	s.Explicit += t.Explicit
	s.Derivs += t.Derivs
	s.Jacobians += t.Jacobians
	s.Facts += t.Facts
	s.Pivoted += t.Pivoted
	s.Crossings += t.Crossings
	s.Restarts += t.Restarts
}

// Cause says why a solution ended early.
type Cause string

// The causes of failures.
const (
	StepTooSmall   Cause = "step too small"
	NotFinite      Cause = "value not finite"
	TooManySteps   Cause = "too many steps"
	SingularMatrix Cause = "singular matrix"
	EventStorm     Cause = "event storm"
	Stopped        Cause = "stopped"
	NotConverged   Cause = "not converged"
	Sliding        Cause = "slides along a discontinuity"
	Undetermined   Cause = "algebraic equations are singular"
)

// Failure is a solution that ended early: when, why, and in which component (-1: none
// stands out).
type Failure struct {
	Cause     Cause
	Time      float64
	Component int
	Hint      string
	Err       error // from the handler, for Stopped
}

func (f *Failure) Error() string {
	s := fmt.Sprintf("%s at t=%g", f.Cause, f.Time)
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	if f.Hint != "" {
		s += "; " + f.Hint
	}
	return s
}

// Step is an accepted step from T0 to T1. Interpolate writes the state at a time within
// it; the step is only valid during OnStep.
type Step struct {
	T0, T1 float64
	end    float64 // of the whole step: T1 may lie before it, at a crossing
	dense  func(t float64, dst []float64)
	pick   func(t float64, which []int, dst []float64) // nil: by dense
	record func(t float64, which []int, dst []float64) // nil: by pick
	pieces func(which []int, dst []Piece)              // nil: there are none
}

// Interpolate writes the state at time t, T0 <= t <= T1 (4th order accurate).
func (s *Step) Interpolate(t float64, dst []float64) { s.dense(t, dst) }

// Pick writes component which[i] of the state at time t, T0 <= t <= T1, to dst[i]. all is
// room for a whole state.
func (s *Step) Pick(t float64, which []int, dst, all []float64) {
	if s.pick != nil {
		s.pick(t, which, dst)
		return
	}
	s.dense(t, all)
	for i, k := range which {
		dst[i] = all[k]
	}
}

// Piece is what Pick computes one component of a step from.
type Piece struct{ y0, y1, d0, d1, d2 float64 }

// Pieces takes components which of the step into dst, for callers that ask for them at very
// many times; false where they do not stand ready, and Pick must be asked.
func (s *Step) Pieces(which []int, dst []Piece) bool {
	if s.pieces == nil {
		return false
	}
	s.pieces(which, dst)
	return true
}

// Theta is where time t lies in the step, for Piece.At.
func (s *Step) Theta(t float64) float64 { return (t - s.T0) / (s.end - s.T0) }

// At is what Pick gives, to the last bit.
func (p *Piece) At(theta float64) float64 {
	switch {
	case theta >= 1:
		return p.y1
	case theta <= 0:
		return p.y0
	}
	return denseAt(theta, p.y0, p.y1, p.d0, p.d1, p.d2)
}

// Record is Pick for one or a few times in a step at which much is wanted. Its numbers may
// differ from those of Pick by rounding.
func (s *Step) Record(t float64, which []int, dst, all []float64) {
	if s.record != nil {
		s.record(t, which, dst)
		return
	}
	s.Pick(t, which, dst, all)
}

// recorder is an ability of steppers: dense output for Record.
type recorder interface {
	record(theta float64, which []int, dst []float64)
}

// picker is an ability of steppers: dense output of some components alone.
type picker interface {
	pieces(which []int, dst []Piece)
	pick(theta float64, which []int, dst []float64)
}

// Handler is asked while a solution goes on. Embed Base for those questions that have no
// answer.
type Handler interface {
	// NextStop is the next time after t at which OnStop wants to be called.
	NextStop(t float64) float64
	// OnStop may change y; integration then starts again with a small step.
	OnStop(t float64, y []float64) (changed bool, err error)
	// OnStep sees every accepted step.
	OnStep(s *Step)
	// OnCrossing is called right after functions of a Crosser changed sign. which lists
	// them, rising says the direction. y may be changed.
	OnCrossing(t float64, y []float64, which []int, rising []bool) (changed, stop bool, err error)
}

// Walker is an ability of handlers with parts that jump while the rest is integrated.
type Walker interface {
	// Walks says whether something may jump before the state is next changed from outside;
	// while nothing may, steps go to OnStep.
	Walks() bool
	// Longest is how long a step is worth trying.
	Longest() float64
	// Walk sees an accepted step instead of OnStep, and in y the state at its end. It may
	// end the step earlier: it returns the time at which the step ends, in y the state
	// there, and whether that differs from the step's own. Integration then goes on from y
	// with the same step size.
	Walk(s *Step, y []float64) (end float64, changed bool, err error)
}

// Base answers every question of Handler with nothing.
type Base struct{}

// NextStop says that there is none.
func (Base) NextStop(float64) float64 { return math.Inf(1) }

// OnStop changes nothing.
func (Base) OnStop(float64, []float64) (bool, error) { return false, nil }

// OnStep does nothing.
func (Base) OnStep(*Step) {}

// OnCrossing changes nothing.
func (Base) OnCrossing(float64, []float64, []int, []bool) (bool, bool, error) {
	return false, false, nil
}

// Method is a row of Methods.
type Method struct {
	Name   string
	Order  int  // the highest one
	Varies bool // the order does, from 1 on
	Stiff  bool
	Lanes  bool // it runs in lanes
	make   func(sys System) (stepper, error)
}

// Methods lists the integration methods; the first is the default.
var Methods = []Method{
	{"rodas5p", 5, false, true, true, newRodas},
	{"tsit5", 5, false, false, true, newTsit},
	{"auto", 5, false, true, false, newAuto},
	{"bdf", 5, true, true, false, newBDF},
}

// MethodNamed finds a method; "" is the default.
func MethodNamed(name string) (Method, error) {
	if name == "" {
		return Methods[0], nil
	}
	var names []string
	for _, m := range Methods {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Method{}, fmt.Errorf("there is no integration method %q; there are %v", name, names)
}

// stepper tries steps of one method. Between steps it holds the state y at time t.
type stepper interface {
	// start takes a new state; what was known of the old one is forgotten.
	start(t float64, y []float64, st *Stats)
	// try makes a step of length h; the new state is in next(). It returns the norm of
	// the error (1 is just acceptable) and the component with the largest share, or a
	// cause when no step could be made.
	try(h float64, w *weights, st *Stats) (err float64, worst int, cause Cause)
	next() []float64
	// accept makes next() the state, at time t.
	accept(t float64)
	// state is the present state.
	state() []float64
	// dense interpolates within the last tried step; theta from 0 to 1.
	dense(theta float64, dst []float64)
	// prepareDense is called once before dense is used for a step.
	prepareDense()
	// slope is y' at the start of the step, seen over a time as short as h.
	slope(h float64) []float64
	// exponent is 1/(order of the error estimate + 1).
	exponent() float64
}

// smooth is an ability of steppers whose errors follow one another smoothly, where it says so.
type smooth interface{ smooth() bool }

// pacer is an ability of steppers that know themselves how long the next step should be.
type pacer interface {
	// pace is asked after a step with the given norm was accepted, before accept: the next
	// step's length in units of this one's.
	pace(w *weights, norm float64) float64
}

// weights measures errors: component i in units of atol + rtol*|y|.
type weights struct {
	rtol float64
	atol []float64
}

func (w *weights) scale(i int, a, b float64) float64 {
	return w.atol[i] + w.rtol*math.Max(math.Abs(a), math.Abs(b))
}

// norm is the root mean square of e in units of the weights, with the component that has
// the largest share. A value that is not finite is its own norm.
func (w *weights) norm(e, y, yn []float64) (float64, int) {
	sum, worst, most := 0.0, -1, -1.0
	for i := range e {
		if e[i] == 0 {
			continue // also where a component that never changes holds no finite number
		}
		q := e[i] / w.scale(i, y[i], yn[i])
		q *= q
		if !(q <= most) {
			most, worst = q, i
			if q != q {
				return math.NaN(), i
			}
		}
		sum += q
	}
	if len(e) == 0 {
		return 0, -1
	}
	return math.Sqrt(sum / float64(len(e))), worst
}

// Solve integrates from t0 to t1; y is advanced in place. Steps do not depend on where
// the handler looks, only on its stops, on crossings and on t1.
func Solve(sys System, y []float64, t0, t1 float64, opt Options, h Handler) (Stats, *Failure) {
	d, failure := newDriver(sys, y, t0, t1, opt, h)
	if failure != nil {
		return Stats{}, failure
	}
	failure = d.run()
	return d.st, failure
}
