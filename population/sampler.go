package population

import (
	"math"

	"thymus/diag"
	"thymus/rng"
)

// Entry is a number that differs between people.
type Entry struct {
	ID      string
	Nominal float64
	Spread  Spread
	At      diag.Place
}

// Correlation couples entries through a Gaussian copula: Value is the correlation of
// their normal scores.
type Correlation struct {
	Of    []string
	Value float64
	At    diag.Place
}

// Scheme says how uniforms are made.
type Scheme string

// The sampling schemes.
const (
	Random         Scheme = "random"          // keyed plain draws
	Sobol          Scheme = "sobol"           // Sobol' points with a digital shift, first attempts only
	LatinHypercube Scheme = "latin-hypercube" // stratified over the cohort, first attempts only
)

// Sampler draws virtual patients. It never changes and may be shared.
type Sampler struct {
	entries []Entry
	scheme  Scheme
	seed    uint64
	n       int
	chol    [][]float64 // lower triangle over the correlated entries
	group   []int       // the correlated entries
	sobol   *rng.Sobol
	strata  [][]int

	stream  rng.Stream // of Draw
	uniform []float64
}

// NewSampler prepares draws for n patients (n matters to a Latin hypercube only: its
// strata are those of the cohort).
func NewSampler(entries []Entry, correlations []Correlation, scheme Scheme, seed uint64, n int) (*Sampler, diag.Messages) {
	var ms diag.Messages
	s := &Sampler{entries: entries, scheme: scheme, seed: seed, n: n, uniform: make([]float64, len(entries))}
	index := map[string]int{}
	var ids []string
	for i, e := range entries {
		index[e.ID] = i
		ids = append(ids, e.ID)
		if err := e.Spread.Check(e.Nominal); err != nil {
			ms = append(ms, diag.Errorf(e.At, "%s: %v", e.ID, err))
		}
	}
	if len(correlations) > 0 {
		ms = append(ms, s.correlate(correlations, index, ids)...)
	}
	random := 0
	for _, e := range entries {
		if e.Spread.Random() {
			random++
		}
	}
	switch scheme {
	case Random, "":
		s.scheme = Random
	case Sobol:
		if random == 0 {
			break
		}
		var err error
		if s.sobol, err = rng.NewSobol(random, seed); err != nil {
			ms = append(ms, diag.Errorf(diag.Place{}, "%v", err).WithHelp("use latin-hypercube or random sampling"))
		}
	case LatinHypercube:
		for _, e := range entries {
			if e.Spread.Random() {
				s.strata = append(s.strata, rng.New(rng.Key{Seed: seed, Patient: -1, Purpose: "strata of " + e.ID}).Perm(max(n, 1)))
			}
		}
	default:
		ms = append(ms, diag.Errorf(diag.Place{}, "unknown sampling scheme %q", scheme).WithHelp("random, sobol or latin-hypercube"))
	}
	return s, ms
}

// correlate factors the correlation matrix of the entries that are named.
func (s *Sampler) correlate(list []Correlation, index map[string]int, ids []string) diag.Messages {
	var ms diag.Messages
	place := map[int]int{}
	type pair struct {
		a, b int
		c    Correlation
	}
	var pairs []pair
	for _, c := range list {
		if !(c.Value > -1 && c.Value < 1) {
			ms = append(ms, diag.Errorf(c.At, "a correlation of %g is not between -1 and 1", c.Value))
			continue
		}
		var members []int
		for _, id := range c.Of {
			i, ok := index[id]
			if !ok || !s.entries[i].Spread.Random() {
				ms = append(ms, diag.Errorf(c.At, "%s cannot be correlated: it does not differ between patients", id).WithHelp("%s", diag.DidYouMean(id, ids)))
				continue
			}
			if _, ok := place[i]; !ok {
				place[i] = len(s.group)
				s.group = append(s.group, i)
			}
			members = append(members, place[i])
		}
		for x := range members {
			for y := 0; y < x; y++ {
				pairs = append(pairs, pair{members[x], members[y], c})
			}
		}
	}
	if ms.HasErrors() {
		return ms
	}
	m := len(s.group)
	r := make([][]float64, m)
	for i := range r {
		r[i] = make([]float64, m)
		r[i][i] = 1
	}
	for _, p := range pairs {
		r[p.a][p.b], r[p.b][p.a] = p.c.Value, p.c.Value
	}
	s.chol = make([][]float64, m)
	for i := 0; i < m; i++ {
		s.chol[i] = make([]float64, m)
		for j := 0; j <= i; j++ {
			sum := r[i][j]
			for k := 0; k < j; k++ {
				sum -= s.chol[i][k] * s.chol[j][k]
			}
			if i == j {
				if sum <= 1e-12 {
					return append(ms, diag.Errorf(list[0].At, "the correlations contradict one another: the matrix is not positive definite at %s", s.entries[s.group[i]].ID))
				}
				s.chol[i][i] = math.Sqrt(sum)
			} else {
				s.chol[i][j] = sum / s.chol[j][j]
			}
		}
	}
	return ms
}

// Draw writes the values of all entries for a patient's attempt. Random draws are keyed
// by (seed, patient, entry, attempt). Sobol' points and strata serve attempt 0; later
// attempts are keyed draws. It is not for concurrent use.
func (s *Sampler) Draw(patient, attempt int, dst []float64) {
	u := s.uniform
	clear(u)
	k := 0
	var point []float64
	if attempt == 0 && s.sobol != nil {
		point = make([]float64, s.sobol.Dimensions())
		s.sobol.At(uint64(patient), point)
	}
	for i, e := range s.entries {
		if !e.Spread.Random() {
			continue
		}
		s.stream.Reset(rng.Key{Seed: s.seed, Patient: patient, Purpose: e.ID, Index: attempt})
		u[i] = s.stream.Uniform()
		switch {
		case point != nil:
			u[i] = point[k]
		case attempt == 0 && s.strata != nil && patient < len(s.strata[k]):
			u[i] = (float64(s.strata[k][patient]) + u[i]) / float64(len(s.strata[k]))
		}
		k++
	}
	if len(s.group) > 0 {
		z := make([]float64, len(s.group))
		for a, i := range s.group {
			z[a] = rng.NormalQuantile(u[i])
		}
		for a, i := range s.group {
			sum := 0.0
			for b := 0; b <= a; b++ {
				sum += s.chol[a][b] * z[b]
			}
			u[i] = math.Min(math.Max(rng.NormalCDF(sum), 1e-16), 1-1e-16)
		}
	}
	for i, e := range s.entries {
		dst[i] = e.Nominal
		if e.Spread.Random() {
			dst[i] = e.Spread.Quantile(u[i], e.Nominal)
		}
	}
}

// Entries are what is drawn, in the order of Draw.
func (s *Sampler) Entries() []Entry { return s.entries }
