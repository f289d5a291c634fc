package ode

import "math"

// pacing chooses the length of a step from the errors of the last ones. Where they follow
// one another smoothly, the trend goes on (K. Gustafsson, Control-theoretic techniques for
// stepsize selection in implicit Runge-Kutta methods, ACM TOMS 20, 1994, the predictive
// controller), and a step may come the nearer to the tolerance the better the last two
// were foretold.
type pacing struct {
	rising bool    // no step since the start had an error worth the name
	h, by  float64 // the last step, and by how much its error allowed another to be longer; by 0: says nothing
	aim    float64 // by*aim was to become 1 with the present length; 0: nothing was foretold
	off    float64 // how far that was missed
}

const (
	leastAim = 0.9  // of a length that was not foretold
	mostAim  = 0.99 // of one after two that were foretold exactly
	byMiss   = 2    // what a miss takes from the aim

	mostGrowth      = 6  // from step to step
	mostFirstGrowth = 10 // at the start, where the length is known least
	leastGrowth     = 0.2
)

// refused forgets what is known, after a step that was not accepted.
func (p *pacing) refused() { *p = pacing{rising: p.rising} }

// next is by how much the step after one of length h, whose error allows a factor by, may
// be longer. Trends are followed where smooth is true; the error of an explicit method at
// the bound of its stability has none.
func (p *pacing) next(h, by float64, smooth bool) float64 {
	was := *p
	*p = pacing{h: h, by: by}
	switch {
	case by > mostGrowth: // so small an error foretells nothing
		p.rising, p.by = was.rising, 0
		most := float64(mostGrowth)
		if was.rising {
			most = mostFirstGrowth
		}
		return min(most, leastAim*by)
	case !smooth || was.by == 0:
		return max(leastGrowth, leastAim*by)
	}
	p.off = 1
	if was.aim > 0 {
		p.off = math.Abs(1 - by*was.aim)
	}
	p.aim = max(leastAim, mostAim-byMiss*max(p.off, was.off))
	grow := p.aim * by
	switch trend := h * by / (was.h * was.by); { // bounded, as it is not sure to go on
	case trend < 0.5:
		grow *= 0.5
	case trend < 1.1:
		grow *= trend
	default:
		grow *= 1.1
	}
	if grow > mostGrowth {
		return mostGrowth
	}
	return max(leastGrowth, grow)
}
