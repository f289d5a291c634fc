package ode

import (
	"errors"
	"math"

	"thymus/linalg"
)

// The method bdf: numerical differentiation formulas of orders 1 to 5, with steps that stay
// the same for a while (L. F. Shampine, M. W. Reichelt, The MATLAB ODE Suite, SIAM J. Sci.
// Comput. 18, 1-22, 1997, section 2): a multistep method, whose step costs little more than one
// right-hand side, and whose Jacobian and factors serve many steps. It holds backward
// differences D_j of the solution at equal distances h, and solves
//
//	sum_{m=1..k} D_m(y_{n+1})/m - kappa_k*gamma_k*(y_{n+1} - prediction) = h*f(t_{n+1}, y_{n+1})
const bdfMost = 5

var (
	bdfKappa = [bdfMost + 1]float64{0, -0.1850, -1.0 / 9, -0.0823, -0.0415, 0}
	bdfGamma = func() (g [bdfMost + 1]float64) {
		for k := 1; k <= bdfMost; k++ {
			g[k] = g[k-1] + 1/float64(k)
		}
		return g
	}()
	// bdfError is the constant of the error of order k, the one of order 6 only looked at
	bdfError = func() (c [bdfMost + 2]float64) {
		for k := 1; k <= bdfMost; k++ {
			c[k] = bdfKappa[k]*bdfGamma[k] + 1/float64(k+1)
		}
		c[bdfMost+1] = 1.0 / (bdfMost + 2)
		return c
	}()
)

const (
	bdfNewton = 4 // iterations at most
	// bdfCareful is by how much errors of a step are held smaller than by other methods: those
	// of many steps in a row have the same sign.
	bdfCareful = 4
	bdfLarger  = 1.2 // a step is made longer only by more than this: each change factors anew
)

// bdf is the workspace of the method.
type bdf struct {
	sys     System
	jac     Jacobian
	n       int
	t, h    float64
	k, then int // order of this step and the next one
	equal   int // steps of this size and order
	d0, d1  *[bdfMost + 3][]float64
	f0      []float64 // slope at a start
	y, f, e []float64
	psi, b  []float64
	vals    []float64
	lu      *linalg.LU
	shift   float64 // of the factors; 0: there are none
	known   bool    // vals are a Jacobian
	current bool    // of the present state
	first   bool    // no step was made since the start
	rate    float64 // of Newton's method with the present factors, 0 when not known
	its     int
	tt      []float64
}

func newBDF(sys System) (stepper, error) {
	if mass, _ := massOf(sys); mass != nil {
		return nil, errors.New("the method bdf does not integrate algebraic equations; choose rodas5p")
	}
	n := sys.Dim()
	jac, err := stiffJacobian(sys)
	if err != nil {
		return nil, err
	}
	s := &bdf{sys: sys, jac: jac, n: n, tt: make([]float64, 1), d0: new([bdfMost + 3][]float64), d1: new([bdfMost + 3][]float64)}
	for _, p := range []*[]float64{&s.f0, &s.y, &s.f, &s.e, &s.psi, &s.b} {
		*p = make([]float64, n)
	}
	for i := range s.d0 {
		s.d0[i], s.d1[i] = make([]float64, n), make([]float64, n)
	}
	s.vals = make([]float64, jac.Pattern().Len())
	s.lu = linalg.NewLU(jac.Pattern().Symbolic())
	return s, nil
}

func (s *bdf) start(t float64, y []float64, st *Stats) {
	s.t = t
	copy(s.d0[0], y)
	s.tt[0] = t
	s.sys.Deriv(s.f0, s.d0[0], s.tt)
	st.Derivs++
	s.first, s.known, s.current = true, false, false
	s.k, s.then, s.equal = 1, 1, 0
}

func (s *bdf) state() []float64        { return s.d0[0] }
func (s *bdf) next() []float64         { return s.d1[0] }
func (s *bdf) slope(float64) []float64 { return s.f0 }
func (s *bdf) exponent() float64       { return 1 / float64(s.k+1) }

// resize turns the differences at distances s.h into those at distances h.
func (s *bdf) resize(h float64) {
	switch {
	case s.first:
		for i, v := range s.f0 {
			s.d0[1][i] = h * v
		}
	case h != s.h:
		m := between(s.k, h/s.h)
		var v [bdfMost + 1]float64
		for i := 0; i < s.n; i++ {
			for j := 0; j <= s.k; j++ {
				v[j] = 0
				for l := 0; l <= s.k; l++ {
					v[j] += m[l][j] * s.d0[l][i]
				}
			}
			for j := 1; j <= s.k; j++ {
				s.d0[j][i] = v[j]
			}
		}
		s.equal = 0
	}
	s.h = h
}

// between is the matrix that takes differences at distance 1 to those at distance q.
func between(k int, q float64) (m [bdfMost + 1][bdfMost + 1]float64) {
	r := func(q float64) (r [bdfMost + 1][bdfMost + 1]float64) {
		for j := 0; j <= k; j++ {
			r[0][j] = 1
			for i := 1; i <= k; i++ {
				r[i][j] = r[i-1][j] * (float64(i-1) - q*float64(j)) / float64(i)
			}
		}
		return r
	}
	a, u := r(q), r(1)
	for i := 0; i <= k; i++ {
		for j := 0; j <= k; j++ {
			for l := 0; l <= k; l++ {
				m[i][j] += a[i][l] * u[l][j]
			}
		}
	}
	return m
}

func (s *bdf) try(h float64, w *weights, st *Stats) (float64, int, Cause) {
	s.resize(h)
	k := s.k
	alpha := (1 - bdfKappa[k]) * bdfGamma[k]
	shift := alpha / h
	y0 := s.d1[0] // the prediction, for weights
	for i := range y0 {
		sum, psi := s.d0[0][i], 0.0
		for j := 1; j <= k; j++ {
			sum += s.d0[j][i]
			psi += bdfGamma[j] * s.d0[j][i]
		}
		y0[i], s.psi[i] = sum, psi/alpha
	}
	if shift != s.shift {
		s.shift = 0
	}
	for {
		if !s.known {
			s.tt[0] = s.t
			s.jac.Jacobian(s.vals, s.d0[0], s.tt)
			st.Jacobians++
			s.known, s.current, s.shift = true, true, 0
		}
		if s.shift == 0 {
			st.Facts++
			before := s.lu.Fallbacks
			ok := s.lu.FactorShifted(shift, s.vals)
			st.Pivoted += s.lu.Fallbacks - before
			if !ok {
				if !s.current {
					s.known = false
					continue
				}
				for i, v := range s.f0 {
					if s.first && (v != v || v-v != 0) {
						return 0, i, NotFinite
					}
				}
				return 0, -1, SingularMatrix
			}
			s.shift, s.rate = shift, 0
		}
		worst, ok := s.newton(w, st)
		if ok {
			break
		}
		if s.current {
			if worst >= 0 {
				return math.NaN(), worst, ""
			}
			return math.Pow(0.9/0.5, float64(k+1)), -1, "" // half the step
		}
		s.known = false // once more, with the Jacobian of this state
	}
	d, e := s.d1, s.e
	for i, v := range e {
		d[k+2][i] = v - s.d0[k+1][i]
		d[k+1][i] = v
		sum := v
		for j := k; j >= 0; j-- {
			sum += s.d0[j][i]
			d[j][i] = sum
		}
		s.b[i] = bdfError[k] * v
	}
	norm, worst := w.norm(s.b, s.d0[0], d[0])
	norm *= bdfCareful
	if norm > 1 && !s.current { // an old Jacobian may be why
		s.known = false
	}
	return norm, worst, ""
}

// newton finds the change e from the prediction. It says false when it does not converge, and
// in which component a value is not finite, or -1.
func (s *bdf) newton(w *weights, st *Stats) (worst int, ok bool) {
	y0 := s.d1[0]
	clear(s.e)
	copy(s.y, y0)
	tol := math.Max(10*2.3e-16/w.rtol, math.Min(0.03, math.Sqrt(w.rtol)))
	last := 0.0
	s.tt[0] = s.t + s.h
	for s.its = 1; s.its <= bdfNewton; s.its++ {
		s.sys.Deriv(s.f, s.y, s.tt)
		st.Derivs++
		for i, v := range s.f {
			s.b[i] = v - s.shift*(s.psi[i]+s.e[i])
		}
		s.lu.Solve(s.b)
		size, at := w.norm(s.b, s.d0[0], y0)
		if size != size || math.IsInf(size, 0) {
			return at, false
		}
		small := 9*size < tol // enough even if the next iterations shrank it by a tenth only
		if s.its > 1 && !small {
			rate := size / last
			if rate >= 1 || math.Pow(rate, float64(bdfNewton-s.its))/(1-rate)*size > tol {
				return -1, false
			}
			s.rate = math.Max(rate, 0.1*s.rate)
		}
		for i, v := range s.b {
			s.e[i] += v
			s.y[i] = y0[i] + s.e[i]
		}
		if small || s.rate > 0 && s.rate < 1 && s.rate/(1-s.rate)*size < tol {
			return -1, true
		}
		last = size
	}
	return -1, false
}

// pace chooses the next order and gives the next step's length in units of this one's. It
// is asked once a step, after the step was accepted.
func (s *bdf) pace(w *weights, norm float64) float64 {
	s.then = s.k
	s.equal++
	if s.equal <= s.k {
		return 1
	}
	k, d := s.k, s.d1
	safety := 0.9 * (2*bdfNewton + 1) / float64(2*bdfNewton+s.its)
	factor := func(c, order int) float64 { // from difference c
		for i, v := range d[c] {
			s.b[i] = bdfError[order] * v
		}
		norm, _ := w.norm(s.b, s.d0[0], d[0])
		return math.Pow(math.Max(bdfCareful*norm, 1e-12), -1/float64(order+1))
	}
	best := math.Pow(math.Max(norm, 1e-12), -1/float64(k+1))
	if k > 1 {
		if q := factor(k, k-1); q > best {
			best, s.then = q, k-1
		}
	}
	if k < bdfMost {
		if q := factor(k+2, k+1); q > best {
			best, s.then = q, k+1
		}
	}
	best = math.Min(10, safety*best)
	if best < bdfLarger && best > 0.9 {
		s.then = k
		return 1
	}
	s.equal = 0
	return best
}

func (s *bdf) accept(t float64) {
	s.t = t
	s.d0, s.d1 = s.d1, s.d0
	s.k = s.then
	s.first, s.current = false, false
}

func (s *bdf) prepareDense() {}

// dense is the polynomial through the last k+1 points, as a change from the first point of
// the step.
func (s *bdf) dense(theta float64, dst []float64) {
	var p [bdfMost + 1]float64
	p[1] = theta
	q := theta - 1
	for j := 2; j <= s.k; j++ {
		q *= (theta - 2 + float64(j)) / float64(j)
		p[j] = q
	}
	for i := range dst {
		sum := 0.0
		for j := s.k; j >= 1; j-- {
			sum += p[j] * s.d1[j][i]
		}
		dst[i] = s.d0[0][i] + sum
	}
}
