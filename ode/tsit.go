package ode

import "errors"

// Tsit5 (Ch. Tsitouras, Runge-Kutta pairs of order 5(4) satisfying only the first
// column simplifying assumption, Computers and Mathematics with Applications 62, 770-775,
// 2011): 7 stages, first same as last, order 5, with its free interpolant of order 4.
var (
	tsitTime = [7]float64{0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1}
	tsitA    = [7][6]float64{
		{},
		{0.161},
		{-0.008480655492356989, 0.335480655492357},
		{2.8971530571054935, -6.359448489975075, 4.3622954328695815},
		{5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525},
		{5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383},
		{0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774},
	}
	tsitError = [7]float64{-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629, 0.5823571654525552, -0.45808210592918697, 0.015151515151515152}
)

// tsit is the workspace of Tsit5.
type tsit struct {
	sys   System
	n     int
	t, h  float64
	y, yn []float64
	k     [7][]float64
	e     []float64
	g6    []float64 // state of the last stage but one, at the end of the step
	tt    []float64
}

func newTsit(sys System) (stepper, error) {
	if mass, _ := massOf(sys); mass != nil {
		return nil, errors.New("an explicit method cannot integrate a system with algebraic equations; choose rodas5p")
	}
	n := sys.Dim()
	s := &tsit{sys: sys, n: n, y: make([]float64, n), yn: make([]float64, n), e: make([]float64, n), g6: make([]float64, n), tt: make([]float64, 1)}
	for i := range s.k {
		s.k[i] = make([]float64, n)
	}
	return s, nil
}

func (s *tsit) start(t float64, y []float64, st *Stats) {
	s.t = t
	copy(s.y, y)
	s.tt[0] = t
	s.sys.Deriv(s.k[0], s.y, s.tt)
	st.Derivs++
}

func (s *tsit) state() []float64        { return s.y }
func (s *tsit) next() []float64         { return s.yn }
func (s *tsit) slope(float64) []float64 { return s.k[0] }
func (s *tsit) exponent() float64       { return 1.0 / 5 }

func (s *tsit) accept(t float64) {
	s.t = t
	s.y, s.yn = s.yn, s.y
	s.k[0], s.k[6] = s.k[6], s.k[0]
}

func (s *tsit) try(h float64, w *weights, st *Stats) (float64, int, Cause) {
	s.h = h
	for i := 1; i < 7; i++ {
		copy(s.yn, s.y)
		for j := 0; j < i; j++ {
			a := h * tsitA[i][j]
			for c, v := range s.k[j] {
				s.yn[c] += a * v
			}
		}
		if i == 5 {
			copy(s.g6, s.yn)
		}
		s.tt[0] = s.t + tsitTime[i]*h
		s.sys.Deriv(s.k[i], s.yn, s.tt)
	}
	st.Derivs += 6
	for c := range s.e {
		sum := 0.0
		for j := range s.k {
			sum += tsitError[j] * s.k[j][c]
		}
		s.e[c] = h * sum
	}
	norm, worst := w.norm(s.e, s.y, s.yn)
	return norm, worst, ""
}

func (s *tsit) prepareDense() {}

// tsitDense are the weights of the slopes in the interpolant of the paper, section 4.
func tsitDense(x float64) [7]float64 {
	return [7]float64{
		-1.0530884977290216 * x * (x - 1.3299890189751412) * (x*x - 1.4364028541716351*x + 0.7139816917074209),
		0.1017 * x * x * (x*x - 2.1966568338249754*x + 1.2949852507374631),
		2.490627285651252793 * x * x * (x*x - 2.38535645472061657*x + 1.57803468208092486),
		-16.54810288924490272 * (x - 1.21712927295533244) * (x - 0.61620406037800089) * x * x,
		47.37952196281928122 * (x - 1.203071208372362603) * (x - 0.658047292653547382) * x * x,
		-34.87065786149660974 * (x - 1.2) * (x - 0.666666666666666667) * x * x,
		2.5 * (x - 1) * (x - 0.6) * x * x,
	}
}

func (s *tsit) dense(theta float64, dst []float64) {
	b := tsitDense(theta)
	for c := range dst {
		sum := 0.0
		for j := range s.k {
			sum += b[j] * s.k[j][c]
		}
		dst[c] = s.y[c] + s.h*sum
	}
}
