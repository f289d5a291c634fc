package fit

import (
	"context"
	"math"
	"strconv"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"

	"thymus/rng"
)

// The search moves in u: 0 is the prior's median, the bounds are at infinity, and one unit is
// about one standard deviation of the prior near 0. t = lo + (hi - lo)/(1 + exp(-(c + s u))).

type coordinate struct {
	lo, hi, c, s float64
}

func coordinateOf(p Parameter) coordinate {
	x := coordinate{lo: p.to(p.Lower), hi: p.to(p.Upper)}
	f := (p.to(p.Median) - x.lo) / (x.hi - x.lo)
	x.c = math.Log(f / (1 - f))
	x.s = math.Min(1, p.SD/((x.hi-x.lo)*f*(1-f)))
	return x
}

func (x coordinate) t(u float64) float64 {
	return x.lo + (x.hi-x.lo)/(1+math.Exp(-(x.c+x.s*u)))
}

// slope is dt/du.
func (x coordinate) slope(u float64) float64 {
	f := 1 / (1 + math.Exp(-(x.c + x.s*u)))
	return (x.hi - x.lo) * f * (1 - f) * x.s
}

// u is the inverse of t; bounds are a little inside.
func (x coordinate) u(t float64) float64 {
	f := math.Min(math.Max((t-x.lo)/(x.hi-x.lo), 1e-6), 1-1e-6)
	return (math.Log(f/(1-f)) - x.c) / x.s
}

// search minimises a sum of squares.
type search struct {
	b      *Problem
	ctx    context.Context
	x      []coordinate
	best   []float64
	bestAt evaluation
	// bestValues are those of best, in the tables' units.
	bestValues []float64
	began      bool
	start      evaluation // at what the tables state
	stage      string     // what is being done
}

func (b *Problem) newSearch(ctx context.Context) *search {
	s := &search{b: b, ctx: ctx, stage: "search"}
	for _, p := range b.Spec.Parameters {
		s.x = append(s.x, coordinateOf(p))
	}
	return s
}

// digits that values are rounded to, everywhere: a table states what was run.
const digits = 4

func round(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// values are the parameters at u, in the tables' units.
func (s *search) values(u []float64) []float64 {
	out := make([]float64, len(u))
	for i, p := range s.b.Spec.Parameters {
		out[i] = p.Median
		if u[i] != 0 {
			out[i] = math.Min(math.Max(p.from(s.x[i].t(u[i])), p.Lower), p.Upper)
		}
	}
	return out
}

func (s *search) at(u []float64) (evaluation, error) { return s.visit(u, s.values(u)) }

// visit evaluates values, which are at u.
func (s *search) visit(u, values []float64) (evaluation, error) {
	e, err := s.b.evaluate(s.ctx, values)
	if err != nil {
		return e, err
	}
	if !s.began || e.cost() < s.bestAt.cost() {
		s.began = true
		s.best, s.bestValues, s.bestAt = append([]float64(nil), u...), values, e
		if err := s.keep(); err != nil {
			return e, err
		}
	}
	if s.b.o.Progress != nil {
		s.b.o.Progress(s.b.count, s.b.Spec.Evaluations, s.bestAt.cost())
	}
	return e, nil
}

// begin evaluates what the tables state, and the medians of the priors, where the search starts.
// The former is a candidate where it lies within the bounds.
func (s *search) begin() (evaluation, error) {
	u := make([]float64, len(s.x))
	same, inside := true, true
	for i, p := range s.b.Spec.Parameters {
		v := s.b.tables[i]
		same = same && v == p.Median
		inside = inside && v >= p.Lower && v <= p.Upper
	}
	if same {
		return s.at(u)
	}
	if !inside {
		start, err := s.b.evaluate(s.ctx, s.b.tables)
		if err == nil {
			_, err = s.at(u)
		}
		return start, err
	}
	there := make([]float64, len(s.x))
	for i, p := range s.b.Spec.Parameters {
		there[i] = s.x[i].u(p.to(s.b.tables[i]))
	}
	start, err := s.visit(there, s.b.tables)
	if err == nil {
		_, err = s.at(u)
	}
	return start, err
}

// over says that the search has had its evaluations.
func (s *search) over(limit int) bool {
	return s.b.count >= limit
}

// evolve searches by CMA-ES until the limit.
func (s *search) evolve(limit int) error {
	n := len(s.x)
	var failed error
	step := s.b.Spec.Step
	cholesky := mat.NewSymDense(n, nil)
	for i := 0; i < n; i++ {
		cholesky.SetSym(i, i, step*step)
	}
	var start mat.Cholesky
	start.Factorize(cholesky)
	problem := optimize.Problem{
		Func: func(u []float64) float64 {
			if failed != nil || s.over(limit) {
				return math.Inf(1)
			}
			e, err := s.at(u)
			if err != nil {
				failed = err
				return math.Inf(1)
			}
			return e.cost()
		},
		Status: func() (optimize.Status, error) {
			switch {
			case failed != nil:
				return optimize.Failure, failed
			case s.over(limit):
				return optimize.FunctionEvaluationLimit, nil
			}
			return optimize.NotTerminated, nil
		},
	}
	method := &optimize.CmaEsChol{InitStepSize: step, InitCholesky: &start, Population: s.b.Spec.Population,
		// a generation narrower than a fiftieth of a prior is at its end
		StopLogDet: float64(n) * 2 * math.Log(0.02), Src: rng.New(rng.Key{Seed: s.b.Spec.Seed, Patient: -1, Purpose: "CMA-ES"})}
	_, err := optimize.Minimize(problem, make([]float64, n), &optimize.Settings{Converger: optimize.NeverTerminate{}}, method)
	if failed != nil {
		return failed
	}
	if s.began {
		return nil // a generation without spread ends the method with an error: what was found counts
	}
	return err
}

// jacobian is d(residuals)/du at u by central differences with common random numbers. Shares
// of few patients move in steps, so a difference that moves nothing is taken wider. The
// residuals of the prior come last.
func (s *search) jacobian(u []float64) (*mat.Dense, error) {
	var j *mat.Dense
	for i := range u {
		for _, h := range []float64{0.2, 0.6} {
			up, down := append([]float64(nil), u...), append([]float64(nil), u...)
			up[i] += h
			down[i] -= h
			a, err := s.at(up)
			if err != nil {
				return nil, err
			}
			b, err := s.at(down)
			if err != nil {
				return nil, err
			}
			x, y := append(append([]float64(nil), a.data...), a.prior...), append(append([]float64(nil), b.data...), b.prior...)
			if j == nil {
				j = mat.NewDense(len(x), len(u), nil)
			}
			moved := 0.0
			for k := range x {
				j.Set(k, i, (x[k]-y[k])/(2*h))
				if k < len(a.data) {
					moved = math.Max(moved, math.Abs(x[k]-y[k]))
				}
			}
			if moved > 0.3 {
				break
			}
		}
	}
	return j, nil
}

// normal is J'J of the first rows of J.
func normal(j *mat.Dense, rows int) *mat.SymDense {
	_, n := j.Dims()
	h := mat.NewSymDense(n, nil)
	for a := 0; a < n; a++ {
		for b := a; b < n; b++ {
			sum := 0.0
			for k := 0; k < rows; k++ {
				sum += j.At(k, a) * j.At(k, b)
			}
			h.SetSym(a, b, sum)
		}
	}
	return h
}

// farthest is how far u is followed from the prior's median.
const farthest = 40

// descend takes damped Gauss-Newton steps from the best point so far, until none helps or
// the limit is reached.
func (s *search) descend(limit int) error {
	if !s.began {
		if _, err := s.at(make([]float64, len(s.x))); err != nil {
			return err
		}
	}
	for !s.over(limit) {
		u, e := append([]float64(nil), s.best...), s.bestAt
		j, err := s.jacobian(u)
		if err != nil {
			return err
		}
		r := append(append([]float64(nil), e.data...), e.prior...)
		gradient := mat.NewVecDense(len(u), nil)
		gradient.MulVec(j.T(), mat.NewVecDense(len(r), r))
		h := normal(j, len(r))
		before := e.cost()
		for _, damping := range []float64{0.01, 0.3, 3} {
			if s.over(limit) {
				return nil
			}
			damped := mat.NewSymDense(len(u), nil)
			damped.CopySym(h)
			for i := range u {
				damped.SetSym(i, i, h.At(i, i)*(1+damping)+1e-9)
			}
			var c mat.Cholesky
			if !c.Factorize(damped) {
				continue
			}
			var d mat.VecDense
			if err := c.SolveVecTo(&d, gradient); err != nil {
				continue
			}
			next := append([]float64(nil), u...)
			for i := range next {
				next[i] = math.Min(math.Max(next[i]-math.Min(math.Max(d.AtVec(i), -1.5), 1.5), -farthest), farthest)
			}
			if _, err := s.at(next); err != nil {
				return err
			}
			if s.bestAt.cost() < before-1e-9 {
				break
			}
		}
		if before-s.bestAt.cost() < 1e-3*(1+before) {
			return nil
		}
	}
	return nil
}
