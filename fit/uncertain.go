package fit

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// threshold is the rise of -2 log of a likelihood at the end of a 95 % interval of one
// parameter: the 95 % point of a chi-square with one degree of freedom.
const threshold = 3.841458820694124

// Run searches, says what the data do not determine, and makes the record. When it is ended
// early, by ctx or a failure, it returns the error and, where there was an evaluation, an
// unfinished record of the best point so far.
func (b *Problem) Run(ctx context.Context) (*Record, error) {
	s := b.newSearch(ctx)
	r, err := s.run()
	if err != nil && s.began {
		return s.unfinished(), err
	}
	return r, err
}

func (s *search) run() (*Record, error) {
	b := s.b
	start, err := s.begin()
	if err != nil {
		return nil, err
	}
	if len(start.terms) == 0 {
		return nil, fmt.Errorf("fit: no row of %s has a number", b.Spec.ID)
	}
	s.start = start
	if b.Spec.Method == "cma-es" {
		// a fifth of the search is kept for Gauss-Newton steps
		if err := s.evolve(b.Spec.Evaluations - b.Spec.Evaluations/5); err != nil {
			return nil, err
		}
	}
	if err := s.descend(b.Spec.Evaluations); err != nil {
		return nil, err
	}
	s.stage = "profiles"
	if err := s.keep(); err != nil {
		return nil, err
	}
	var u *uncertainty
	for again := 0; ; again++ {
		from := s.bestAt.cost()
		if u, err = s.uncertainty(); err != nil {
			return nil, err
		}
		// a profile that finds a better point makes it the optimum
		if s.bestAt.cost() > from-0.1 || again == 2 {
			break
		}
	}
	return b.record(s, u, start)
}

// keep hands over an unfinished record.
func (s *search) keep() error {
	if s.b.o.Keep == nil || s.start.terms == nil {
		return nil
	}
	return s.b.o.Keep(s.unfinished())
}

// unfinished is a record of the best point so far.
func (s *search) unfinished() *Record {
	b, end := s.b, s.bestAt
	start := s.start
	if start.terms == nil {
		start = end
	}
	r := b.outline(start, end)
	r.Unfinished = s.stage
	nan := math.NaN()
	for i, v := range s.bestValues {
		f := b.fitted(i, v)
		f.Lo, f.Hi, f.SD, f.Verdict = nan, nan, nan, NotYet
		r.Parameters = append(r.Parameters, f)
	}
	return r
}

// outline is a record without its parameters.
func (b *Problem) outline(start, end evaluation) *Record {
	r := &Record{ID: b.Spec.ID, Command: b.command(), Version: b.o.Version, Seed: b.Spec.Seed, Patients: b.Spec.Patients, Evaluations: b.count, FailedPatients: end.failed, Method: b.Spec.Method, Loss: b.Spec.Loss, Trials: b.Spec.Trials,
		CostBefore: start.cost(), CostAfter: end.cost(), DataBefore: start.dataCost(), DataAfter: end.dataCost(), Excluded: b.Spec.Excluded}
	for i, t := range end.terms {
		r.Rows = append(r.Rows, Compared{Term: t, Before: start.terms[i].Predicted, After: t.Predicted, ResidualBefore: start.terms[i].Residual, ResidualAfter: t.Residual})
	}
	return r
}

// fitted is parameter i, without what is known of its uncertainty.
func (b *Problem) fitted(i int, after float64) Fitted {
	p := b.Spec.Parameters[i]
	f := Fitted{Module: p.Module, Population: p.Population, ID: p.ID, Of: p.Of, Unit: b.units[i], Transform: p.Transform, Lower: p.Lower, Upper: p.Upper, Prior: p.Median, PriorSD: p.SD, Before: b.tables[i], After: after}
	if p.Of != "value" {
		f.Unit = ""
	}
	return f
}

// uncertainty is what is known around an optimum.
type uncertainty struct {
	u        []float64
	h, data  *mat.SymDense // J'J in t/prior sd, with and without priors
	cov      *mat.SymDense
	profiles []profile
}

type profile struct {
	lo, hi       float64 // ends of the 95 % interval, transformed scale
	below, above bool    // whether the data alone reach the threshold on that side
}

func (s *search) uncertainty() (*uncertainty, error) {
	x := &uncertainty{u: append([]float64(nil), s.best...)}
	centre := s.bestAt
	j, err := s.jacobian(x.u)
	if err != nil {
		return nil, err
	}
	n := len(x.u)
	rows, _ := j.Dims()
	inU := normal(j, rows)
	scaled := mat.DenseCopyOf(j)
	for i := range x.u {
		slope := math.Max(s.x[i].slope(x.u[i]), 1e-9*s.b.Spec.Parameters[i].SD)
		for k := 0; k < rows; k++ {
			scaled.Set(k, i, j.At(k, i)/slope*s.b.Spec.Parameters[i].SD)
		}
	}
	x.data = normal(scaled, rows-n)
	x.h = mat.NewSymDense(n, nil)
	x.h.CopySym(x.data)
	for i := 0; i < n; i++ {
		x.h.SetSym(i, i, x.data.At(i, i)+1) // the prior's own curvature is 1 in these units
	}
	var c mat.Cholesky
	if !c.Factorize(x.h) {
		return nil, fmt.Errorf("fit: the Hessian of %s is not positive definite", s.b.Spec.ID)
	}
	x.cov = mat.NewSymDense(n, nil)
	if err := c.InverseTo(x.cov); err != nil {
		return nil, fmt.Errorf("fit: the Hessian of %s: %w", s.b.Spec.ID, err)
	}
	for i := 0; i < n; i++ {
		p, err := s.profile(i, x, inU, centre)
		if err != nil {
			return nil, err
		}
		x.profiles = append(x.profiles, p)
	}
	return x, nil
}

// profile follows parameter i to both sides; the others move to where Gauss-Newton puts their
// conditional optimum.
func (s *search) profile(i int, x *uncertainty, h *mat.SymDense, centre evaluation) (profile, error) {
	n := len(x.u)
	p := s.b.Spec.Parameters[i]
	t0 := s.x[i].t(x.u[i])
	out := profile{lo: s.x[i].lo, hi: s.x[i].hi}
	follow := make([]float64, n) // du_k/du_i
	follow[i] = 1
	if n > 1 {
		rest := mat.NewSymDense(n-1, nil)
		right := mat.NewVecDense(n-1, nil)
		at := func(k int) int {
			if k >= i {
				return k + 1
			}
			return k
		}
		for a := 0; a < n-1; a++ {
			right.SetVec(a, -h.At(at(a), i))
			for b := a; b < n-1; b++ {
				rest.SetSym(a, b, h.At(at(a), at(b)))
			}
			rest.SetSym(a, a, rest.At(a, a)+1e-6)
		}
		var c mat.Cholesky
		var d mat.VecDense
		if c.Factorize(rest) && c.SolveVecTo(&d, right) == nil {
			for a := 0; a < n-1; a++ {
				follow[at(a)] = math.Min(math.Max(d.AtVec(a), -5), 5)
			}
		}
	}
	se := math.Sqrt(x.cov.At(i, i)) * p.SD
	for _, side := range []float64{-1, 1} {
		bound := s.x[i].lo
		if side > 0 {
			bound = s.x[i].hi
		}
		lastT, lastRise := t0, 0.0
		ended, reached := false, false
		for step := 0; step < 5 && !(reached && ended); step++ {
			t := t0 + side*1.96*se*math.Pow(2, float64(step))
			final := step == 4 || side*(bound-t) <= 0.02*(s.x[i].hi-s.x[i].lo)
			if final {
				t = bound
			}
			u := append([]float64(nil), x.u...)
			d := s.x[i].u(t) - x.u[i]
			for k := range u {
				move := d * follow[k]
				if k != i {
					move = math.Min(math.Max(move, -3), 3)
				}
				u[k] = math.Min(math.Max(u[k]+move, -farthest), farthest)
			}
			e, err := s.at(u)
			if err != nil {
				return out, err
			}
			rise := e.cost() - centre.cost()
			if !ended && rise >= threshold {
				// the root of the rise is nearly linear in t
				a, b := math.Sqrt(math.Max(lastRise, 0)), math.Sqrt(rise)
				end := lastT + (t-lastT)*(math.Sqrt(threshold)-a)/(b-a)
				if side < 0 {
					out.lo = end
				} else {
					out.hi = end
				}
				ended = true
			}
			lastT, lastRise = t, rise
			reached = reached || e.dataCost()-centre.dataCost() >= threshold
			if final {
				break
			}
		}
		if side < 0 {
			out.below = reached
		} else {
			out.above = reached
		}
	}
	return out, nil
}

// record rounds the optimum and runs it once more, so that the record says what the rounded
// values do.
func (b *Problem) record(s *search, x *uncertainty, start evaluation) (*Record, error) {
	values := s.values(x.u)
	for i := range values {
		values[i] = round(values[i])
	}
	end, err := b.evaluate(s.ctx, values)
	if err != nil {
		return nil, err
	}
	r := b.outline(start, end)
	n := len(values)
	for i, p := range b.Spec.Parameters {
		f := b.fitted(i, values[i])
		f.Lo, f.Hi, f.SD = p.from(x.profiles[i].lo), p.from(x.profiles[i].hi), math.Sqrt(x.cov.At(i, i))*p.SD
		f.Verdict = f.verdict(x.profiles[i].below, x.profiles[i].above)
		r.Parameters = append(r.Parameters, f)
		row := make([]float64, n)
		for k := range row {
			row[k] = x.cov.At(i, k) / math.Sqrt(x.cov.At(i, i)*x.cov.At(k, k))
		}
		r.Correlation = append(r.Correlation, row)
	}
	r.Directions = b.directions(x)
	return r, nil
}

// command is what makes the same record again.
func (b *Problem) command() string {
	c := "thymus fit " + b.Spec.ID
	if b.o.Patients > 0 {
		c += fmt.Sprintf(" --patients %d", b.o.Patients)
	}
	if b.o.Evaluations > 0 || b.o.Limit != nil {
		c += fmt.Sprintf(" --budget %d", b.Spec.Evaluations)
	}
	if b.o.Seed != nil {
		c += fmt.Sprintf(" --seed %d", *b.o.Seed)
	}
	return c
}

// directions says in words in which directions the data tell less than the priors, least
// first: eigenvectors of the data's Hessian in units of the priors' standard deviations.
func (b *Problem) directions(x *uncertainty) []string {
	var eigen mat.EigenSym
	if !eigen.Factorize(x.data, true) {
		return nil
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	var out []string
	for k, v := range eigen.Values(nil) {
		v = math.Max(v, 0)
		if v >= 1 {
			break
		}
		type part struct {
			i int
			c float64
		}
		var parts []part
		for i := range b.Spec.Parameters {
			if c := vectors.At(i, k); math.Abs(c) >= 0.25 {
				parts = append(parts, part{i, c})
			}
		}
		sort.SliceStable(parts, func(i, j int) bool { return math.Abs(parts[i].c) > math.Abs(parts[j].c) })
		var words []string
		for _, q := range parts {
			way := "up"
			if q.c*parts[0].c < 0 {
				way = "down"
			}
			words = append(words, fmt.Sprintf("%s %s (%.2f)", b.Spec.Parameters[q.i].Name(), way, math.Abs(q.c)))
		}
		out = append(out, fmt.Sprintf("%s: the data tell it %.2g times as well as the prior", strings.Join(words, " with "), math.Sqrt(v)))
	}
	return out
}
