package sim

import (
	"fmt"
	"math"

	"thymus/ode"
)

// slide watches a run whose solution chatters about a discontinuity of the right-hand side:
// it is driven back from both sides, and what it does between them (A. F. Filippov,
// Differential Equations with Discontinuous Righthand Sides, 1988) is followed only as far
// as the error control bears it.
type slide struct {
	since float64
	steps int
	over  bool
}

// slideLook is after how many steps its pace is looked at.
const slideLook = 20_000

// paceless says whether at this pace the run would take more steps than there may be.
func (s *slide) paceless(t, end float64, most int) bool {
	if most == 0 {
		most = ode.MostSteps
	}
	return s.steps%slideLook == 0 && float64(s.steps)*(end-t) > float64(most)*(t-s.since)
}

// slid counts a step from now on, and asks for a stop at which the run ends when it does
// not get on.
func (r *run) slid(t float64) {
	s := r.slide
	if s.steps++; !s.over && s.paceless(t, r.s.End, r.p.config.MaxSteps) {
		s.over = true
		r.at(math.Nextafter(t, math.Inf(1)), func(t float64, _ []float64) bool {
			r.failure = r.p.fail(r.pt.Number, &ode.Failure{Cause: ode.Sliding, Time: t, Component: -1,
				Hint: fmt.Sprintf("a condition in a rule or rate turns back at once whichever way it turns: %d steps since t=%g; give it hysteresis, or a smooth transition", s.steps, s.since)})
			return false
		})
	}
}
