package ode

import (
	"math"

	"thymus/linalg"
)

// auto goes on with Tsit5 while that pays and with Rodas5P where the equations are stiff.
//
// Two stages of Tsit5 lie at the end of a step, so that ||f(y1)-f(g6)||/||y1-g6|| estimates
// the largest eigenvalue rho of the Jacobian for nothing (E. Hairer, G. Wanner, Solving ODEs
// II, 2nd ed., IV.2, eq. 2.8). Steps whose h*rho is near the stability bound are held short
// by it and not by the error; after several of them Rodas5P takes over. While it runs, rho
// is bounded by the Perron root of the absolute values of its Jacobian, and after several
// steps that Tsit5 could have made too, that goes on. Everything decided
// is a function of the solution alone.
type auto struct {
	explicit *tsit
	implicit *rodas
	stiff    bool // implicit runs
	want     bool // implicit is to run from the next start or accept on
	w        *weights
	st       *Stats
	tries    int // of the present step
	evidence int // steps that spoke for the other method
	against  int // steps in a row that did not
	h        float64
	x, z     []float64
	pattern  *linalg.Pattern
}

const (
	// tsitBound is where the stability region of Tsit5 ends on the negative real axis.
	tsitBound = 3.5068
	// mostStiff is how many steps at the bound of stability are made before the change.
	mostStiff = 6
	// mostCalm is how many steps in a row, not at the bound, take that back.
	mostCalm = 4
	// mostEasy is how many steps of Rodas5P in a row Tsit5 could have made.
	mostEasy = 5
	// easy is in how many steps Tsit5 could have made one of those.
	easy = 1
	// mostTries is how often Tsit5 tries one step before Rodas5P does.
	mostTries = 6
)

func newAuto(sys System) (stepper, error) {
	implicit, err := newRodas(sys)
	if err != nil {
		return nil, err
	}
	if mass, _ := massOf(sys); mass != nil { // algebraic equations are always stiff
		return implicit, nil
	}
	explicit, err := newTsit(sys)
	if err != nil {
		return nil, err
	}
	a := &auto{explicit: explicit.(*tsit), implicit: implicit.(*rodas)}
	a.pattern = a.implicit.jac.Pattern()
	a.x, a.z = make([]float64, sys.Dim()), make([]float64, sys.Dim())
	for i := range a.x {
		a.x[i] = 1
	}
	return a, nil
}

func (a *auto) now() stepper {
	if a.stiff {
		return a.implicit
	}
	return a.explicit
}

func (a *auto) start(t float64, y []float64, st *Stats) {
	a.turn()
	a.tries = 0
	a.now().start(t, y, st)
}

func (a *auto) state() []float64          { return a.now().state() }
func (a *auto) next() []float64           { return a.now().next() }
func (a *auto) slope(h float64) []float64 { return a.now().slope(h) }
func (a *auto) exponent() float64         { return 1.0 / 5 }
func (a *auto) prepareDense()             { a.now().prepareDense() }

func (a *auto) dense(theta float64, dst []float64) { a.now().dense(theta, dst) }

// turn lets the method run that is to run, and says whether that is another one.
func (a *auto) turn() bool {
	if a.want == a.stiff {
		return false
	}
	a.stiff = a.want
	a.evidence, a.against = 0, 0
	return true
}

func (a *auto) accept(t float64) {
	old := a.now()
	old.accept(t)
	a.tries = 0
	if a.turn() {
		a.now().start(t, old.state(), a.st)
	}
}

func (a *auto) try(h float64, w *weights, st *Stats) (float64, int, Cause) {
	a.w, a.st, a.h = w, st, h
	if a.tries++; !a.stiff && a.tries > mostTries {
		a.want = true
		old := a.explicit
		a.turn()
		a.now().start(old.t, old.y, st)
	}
	return a.now().try(h, w, st)
}

// made counts an accepted step and decides who makes the next one.
func (a *auto) made(st *Stats) {
	if a.stiff {
		if a.h*a.root() <= easy*tsitBound {
			a.evidence++
		} else {
			a.evidence = 0
		}
		if a.evidence >= mostEasy {
			a.want = false
		}
		return
	}
	st.Explicit++
	rho := a.explicit.radius(a.w)
	switch {
	case a.h*rho > 0.9*tsitBound:
		a.evidence++
		a.against = 0
	default:
		if a.against++; a.against >= mostCalm {
			a.evidence = 0
		}
	}
	if a.evidence >= mostStiff {
		a.want = true
	}
}

// radius estimates the largest eigenvalue from the last two stages, in the norm of the
// weights.
func (s *tsit) radius(w *weights) float64 {
	over, under := 0.0, 0.0
	for i, f := range s.k[6] {
		sc := w.scale(i, s.y[i], s.yn[i])
		df, dg := (f-s.k[5][i])/sc, (s.yn[i]-s.g6[i])/sc
		over += df * df
		under += dg * dg
	}
	if !(under > 0) {
		return 0
	}
	return math.Sqrt(over / under)
}

// root follows the Perron root of |J| by power iteration, with components in units of their
// weights; it is not less than the largest eigenvalue of J.
func (a *auto) root() float64 {
	r := a.implicit
	rho := 0.0
	for range 3 {
		clear(a.z)
		for j := 0; j < a.pattern.N; j++ {
			sj := a.x[j] * a.w.scale(j, r.y[j], r.yn[j])
			for q := a.pattern.ColPtr[j]; q < a.pattern.ColPtr[j+1]; q++ {
				a.z[a.pattern.RowIdx[q]] += math.Abs(r.vals[q]) * sj
			}
		}
		most := 0.0
		for i := range a.z {
			a.z[i] /= a.w.scale(i, r.y[i], r.yn[i])
			most = math.Max(most, a.z[i])
		}
		rho = most
		if !(most > 0) || math.IsInf(most, 1) {
			return rho
		}
		for i, v := range a.z { // nothing is forgotten: it may lead later
			a.x[i] = math.Max(v/most, 1e-6)
		}
	}
	return rho
}

// smooth implements the ability of that name.
func (a *auto) smooth() bool { return a.stiff }
