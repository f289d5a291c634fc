package ode

import (
	"math"

	"thymus/linalg"
)

// SettleOptions of a search for a steady state; zero values are useful.
type SettleOptions struct {
	Hold     []bool    // components kept at their value: they have no steady state of their own
	Atol     []float64 // below which a component is nothing; nil: 1e-9
	First    float64   // first pseudo time step [time], default 0.1
	MaxSteps int       // default 600
	Time     float64   // at which the clock stands still
	// Lane makes the steps side by side with the other lanes of its group, for a system
	// that is a lane of its problem and the components that the problem holds.
	Lane *Lane
}

// settler makes pseudo steps.
type settler interface {
	// try finds the change of y over a linearly implicit Euler step of length h. bad is a
	// component whose derivative is not a number, or -1; ok is false when there is no such
	// change.
	try(h float64, y, dy []float64, st *Stats) (bad int, ok bool)
}

// Settle moves y to a steady state, y' = 0, reached from where y is: pseudo-transient
// continuation (C. T. Kelley, D. E. Keyes, Convergence analysis of pseudo-transient
// continuation, SIAM J. Numer. Anal. 35, 508-523, 1998). It makes linearly implicit Euler
// steps that begin small, so that the path stays in the basin of the seed, and grow while
// they go well, until they are steps of Newton's method. It ends when a Newton step
// changes no component by more than 1e-11 of its size. Components that begin at 0 or above
// stay there, as amounts do. Algebraic equations of a system with a mass matrix hold at
// the end.
func Settle(sys System, y []float64, opt SettleOptions) (Stats, *Failure) {
	var st Stats
	n := sys.Dim()
	atol := opt.Atol
	if len(atol) != n {
		atol = make([]float64, n)
		for i := range atol {
			atol[i] = 1e-9
		}
	}
	held := func(i int) bool { return len(opt.Hold) == n && opt.Hold[i] }
	h := opt.First
	if h == 0 {
		h = 0.1
	}
	steps := opt.MaxSteps
	if steps == 0 {
		steps = 600
	}
	if f := NewConsistency(sys).Solve(y, opt.Time, opt.Atol); f != nil {
		return st, f
	}
	alone := func() settler { return newSettler(sys, y, &opt) }
	by := settledBy(sys, &opt, alone)
	if by == nil {
		by = alone()
	}
	z, f1 := make([]float64, n), make([]float64, n)
	calm := 0
	const newton = 1e12 // a pseudo step this long is Newton's method
	for k := 0; k < steps; k++ {
		undefined, ok := by.try(h, y, f1, &st)
		if undefined >= 0 {
			return st, &Failure{Cause: NotFinite, Component: undefined, Hint: "while looking for the steady state"}
		}
		if !ok {
			h *= 0.1
			if h < 1e-12 {
				return st, &Failure{Cause: SingularMatrix, Component: -1, Hint: "while looking for the steady state"}
			}
			st.Rejected++
			continue
		}
		// relative change, and whether anything became negative by it
		most, bad := 0.0, false
		for i, d := range f1 {
			if d-d != 0 { // infinite, or not a number
				bad = true
				break
			}
			if share := math.Abs(d) / (math.Abs(y[i]) + atol[i]); share > most {
				most = share
			}
			z[i] = y[i] + d
			if y[i] >= 0 && z[i] < -atol[i]-0.9*y[i] {
				bad = true
			}
		}
		if bad || (most > 2 && h > 1e-6) {
			h *= 0.25
			st.Rejected++
			calm = 0
			if h < 1e-14 {
				return st, &Failure{Cause: NotConverged, Component: -1, Hint: "the path to the steady state broke off"}
			}
			continue
		}
		for i := range y {
			y[i] = z[i]
			if y[i] < 0 && y[i] > -atol[i] {
				y[i] = 0
			}
		}
		st.Accepted++
		if h >= newton && most <= 1e-11 {
			calm++
			if calm >= 2 {
				return st, nil
			}
		} else {
			calm = 0
		}
		switch {
		case most < 0.02:
			h *= 4
		case most < 0.1:
			h *= 2
		case most < 0.3:
			h *= 1.3
		}
		h = math.Min(h, 1e14)
	}
	worst, most := -1, 0.0
	sys.Deriv(f1, y, []float64{opt.Time})
	for i, v := range f1 {
		if q := math.Abs(v) / (math.Abs(y[i]) + atol[i]); !held(i) && q > most {
			worst, most = i, q
		}
	}
	return st, &Failure{Cause: NotConverged, Component: worst, Hint: "the search for the steady state did not settle"}
}

// loneSettler makes pseudo steps of one system.
type loneSettler struct {
	sys     System
	jac     Jacobian
	hold    []bool
	pattern *linalg.Pattern
	vals, t []float64
	factor  func(shift float64, vals []float64) bool
	solve   func(b []float64)
}

func newSettler(sys System, y []float64, opt *SettleOptions) *loneSettler {
	s := &loneSettler{sys: sys, jac: jacobianOf(sys), t: []float64{opt.Time}}
	if len(opt.Hold) == sys.Dim() {
		s.hold = opt.Hold
	}
	s.pattern = s.jac.Pattern()
	s.vals = make([]float64, s.pattern.Len())
	s.factor, s.solve = settleMatrix(sys, s.pattern, y, opt.Time)
	return s
}

func (s *loneSettler) try(h float64, y, dy []float64, st *Stats) (bad int, ok bool) {
	s.sys.Deriv(dy, y, s.t)
	s.jac.Jacobian(s.vals, y, s.t)
	st.Derivs++
	st.Jacobians++
	if s.hold != nil {
		for j := range y { // held components: unit rows and columns
			for q := s.pattern.ColPtr[j]; q < s.pattern.ColPtr[j+1]; q++ {
				if s.hold[j] || s.hold[s.pattern.RowIdx[q]] {
					s.vals[q] = 0
				}
			}
		}
	}
	for i := range dy {
		if s.hold != nil && s.hold[i] {
			dy[i] = 0
		}
		if dy[i] != dy[i] {
			return i, true
		}
	}
	st.Facts++
	if !s.factor(1/h, s.vals) {
		return -1, false
	}
	s.solve(dy)
	return -1, true
}

// settleMatrix gives the factorisation of shift*M - J, with M as it is at y.
func settleMatrix(sys System, pattern *linalg.Pattern, y []float64, t float64) (factor func(shift float64, vals []float64) bool, solve func(b []float64)) {
	if mass, entries := massOf(sys); mass != nil {
		it := newIteration(mass, entries, pattern)
		it.start(y, []float64{t})
		return func(shift float64, vals []float64) bool { ok, _ := it.factor(shift, vals); return ok }, it.solve
	}
	lu := linalg.NewLU(pattern.Symbolic())
	return lu.FactorShifted, lu.Solve
}
