package ode

import (
	"math"
	"slices"

	"thymus/kernel"
)

// settling writes a pseudo step of Settle: from the state in rest and the inverse of the
// pseudo time step in pull, the change of the state in move. It leaves what steps keep
// between them alone, since other lanes may be in the middle of a run.
func (e *writer) settling() error {
	p := e.p
	held := func(i int) bool { return len(p.Hold) > 0 && p.Hold[i] }
	for i, slot := range p.State {
		e.to(slot, kernel.Move, e.rest+int32(i), 0, 0)
	}
	e.to(p.Clock, kernel.Move, e.clock, 0, 0)
	e.code = append(e.code, p.First.Code...)
	still := make([]bool, len(p.Entries))
	for j := range p.State {
		for q := p.Pattern.ColPtr[j]; q < p.Pattern.ColPtr[j+1]; q++ {
			still[q] = held(j) || held(int(p.Pattern.RowIdx[q]))
		}
	}
	e.to(e.lost, kernel.Move, e.factor(e.pull, still), 0, 0)
	for i, k := range p.Deriv {
		if held(i) {
			k = e.num(0)
		}
		e.to(e.b+int32(i), kernel.Move, k, 0, 0)
	}
	e.solve(e.move)
	e.keep = append(e.keep, e.lost)
	var err error
	e.settle, err = e.build()
	return err
}

// laneSettler makes the pseudo steps of Settle in a lane.
type laneSettler struct {
	st    *laneStepper
	sys   System
	alone func() settler // for what the lane's pivots cannot do
	other settler
	f     []float64
	t     []float64
}

// settledBy is the lane's settler for a system, or nil when it is not one of the lane's
// or holds other components.
func settledBy(sys System, opt *SettleOptions, alone func() settler) settler {
	laned := lanedBy(sys, opt.Lane)
	if laned == nil {
		return nil
	}
	if mass, _ := massOf(sys); mass != nil || !slices.Equal(opt.Hold, opt.Lane.g.l.p.Hold) {
		return nil
	}
	st := &opt.Lane.st
	st.put(0, laned.LaneMemory()[:st.l.p.Slots])
	*st.at(st.l.clock) = opt.Time
	return &laneSettler{st: st, sys: sys, alone: alone, f: make([]float64, sys.Dim()), t: []float64{opt.Time}}
}

func (s *laneSettler) try(h float64, y, dy []float64, st *Stats) (bad int, ok bool) {
	l := s.st.l
	s.st.put(l.rest, y)
	*s.st.at(l.pull) = 1 / h
	s.st.lane.wait(forSettling)
	if lost := *s.st.at(l.lost); !(lost <= mostCancelled) || math.IsInf(lost, 0) {
		if s.other == nil {
			s.other = s.alone()
		}
		return s.other.try(h, y, dy, st)
	}
	st.Derivs++
	st.Jacobians++
	st.Facts++
	s.st.column(dy, l.move)
	for _, d := range dy {
		if d != d {
			return s.undefined(y), true
		}
	}
	return -1, true
}

// undefined finds a derivative that is not a number, or -1.
func (s *laneSettler) undefined(y []float64) int {
	s.sys.Deriv(s.f, y, s.t)
	for i, v := range s.f {
		if v != v && !(len(s.st.l.p.Hold) > 0 && s.st.l.p.Hold[i]) {
			return i
		}
	}
	return -1
}
