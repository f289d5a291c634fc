package linalg

import "math"

// LU holds the numbers of one factorisation.
type LU struct {
	s         *Symbolic
	w         []float64 // L without its unit diagonal, and U
	inv       []float64 // 1/pivot
	x         []float64
	check     []float64 // of the backward error
	dense     *Dense
	pivoted   *pivoted
	how       how
	Fallbacks int // how often static pivots would not do and rows were exchanged
}

// how a matrix was factored.
type how uint8

const (
	static how = iota
	sparsePivots
	densePivots
)

// NewLU makes room for the numbers of a factorisation.
func NewLU(s *Symbolic) *LU {
	return &LU{s: s, w: make([]float64, len(s.colIdx)), inv: make([]float64, s.n), x: make([]float64, s.n)}
}

const (
	// mostGrowth is the largest multiplier that static pivots may show without a look at the
	// backward error. Multipliers depend on the units of the rows, so that a large one says
	// little by itself.
	mostGrowth = 1e8
	// mostBackward is the largest backward error of a solution with static pivots.
	mostBackward = 1e-10
	// mostDense is the largest order at which rows are exchanged in a dense matrix.
	mostDense = 100
)

// FactorShifted factors shift*I - A, where vals are the entries of A in the order of its
// pattern. It says false when the matrix is singular or not finite.
func (f *LU) FactorShifted(shift float64, vals []float64) bool {
	return f.factor(matrix{f.s.pattern, shift, -1, vals})
}

// Factor factors A, where vals are its entries in the order of its pattern. It says false
// when the matrix is singular or not finite.
func (f *LU) Factor(vals []float64) bool { return f.factor(matrix{f.s.pattern, 0, 1, vals}) }

// matrix is shift*I + sign*A.
type matrix struct {
	*Pattern
	shift, sign float64
	vals        []float64
}

// entry is the value at position q, which lies in column j.
func (m *matrix) entry(q, j int32) float64 {
	if m.RowIdx[q] == j {
		return m.shift + m.sign*m.vals[q]
	}
	return m.sign * m.vals[q]
}

func (f *LU) factor(m matrix) bool {
	growth := f.eliminate(&m)
	f.how = static
	if growth <= mostGrowth || !math.IsInf(growth, 1) && f.backward(&m) <= mostBackward {
		return true
	}
	f.Fallbacks++
	s := f.s
	if s.n > mostDense {
		if f.pivoted == nil {
			f.pivoted = newPivoted(s.n)
		}
		f.how = sparsePivots
		return f.pivoted.factor(&m, s.order)
	}
	if f.dense == nil {
		f.dense = NewDense(s.n)
	}
	f.how = densePivots
	f.dense.Clear()
	for j := int32(0); j < int32(s.n); j++ {
		for q := m.ColPtr[j]; q < m.ColPtr[j+1]; q++ {
			f.dense.A[int(m.RowIdx[q])*s.n+int(j)] = m.entry(q, j)
		}
	}
	return f.dense.Factor()
}

// eliminate factors with diagonal pivots, row by row, and gives the largest multiplier;
// infinity when a pivot is of no use.
func (f *LU) eliminate(m *matrix) float64 {
	s, w, x := f.s, f.w, f.x
	clear(w)
	for q, k := range s.load {
		w[k] = m.sign * m.vals[q]
	}
	growth := 0.0
	for i, diag := range s.diag {
		w[diag] += m.shift
		from, to := s.rowPtr[i], s.rowPtr[i+1]
		cols, row := s.colIdx[from:to], w[from:to]
		for c, j := range cols {
			x[j] = row[c]
		}
		for c := range cols[:diag-from] {
			k := cols[c]
			l := x[k] * f.inv[k]
			row[c] = l
			if a := math.Abs(l); !(a <= growth) {
				growth = a
			}
			right := s.diag[k] + 1
			upper, at := w[right:s.rowPtr[k+1]], s.colIdx[right:s.rowPtr[k+1]]
			for q, v := range upper {
				x[at[q]] -= l * v
			}
		}
		for c := int(diag - from); c < len(cols); c++ {
			row[c] = x[cols[c]]
		}
		p := 1 / w[diag]
		f.inv[i] = p
		if p != p || p == 0 || math.IsInf(p, 0) { // 0: an infinite pivot would hold its unknown fast
			return math.Inf(1)
		}
	}
	if growth != growth {
		return math.Inf(1)
	}
	return growth
}

// backward is the backward error of one solution by the static factors: the largest
// residual of a row against the sum of its absolute terms (W. Oettli, W. Prager, Numer.
// Math. 6, 405-409, 1964), which has no unit.
func (f *LU) backward(m *matrix) float64 {
	s := f.s
	if f.check == nil {
		f.check = make([]float64, 3*s.n)
	}
	x, r, size := f.check[:s.n], f.check[s.n:2*s.n], f.check[2*s.n:]
	for i := range x {
		x[i], r[i], size[i] = 1, -1, 1
	}
	f.Solve(x)
	for j, v := range x {
		for q := m.ColPtr[j]; q < m.ColPtr[j+1]; q++ {
			i, term := m.RowIdx[q], m.entry(q, int32(j))*v
			r[i] += term
			size[i] += math.Abs(term)
		}
	}
	most := 0.0
	for i, v := range r {
		if e := math.Abs(v) / size[i]; !(e <= most) {
			most = e
		}
	}
	if most != most {
		return math.Inf(1)
	}
	return most
}

// Stuck is the column in which the last factorisation that said false found no pivot; -1
// when none failed.
func (f *LU) Stuck() int {
	switch {
	case f.how == densePivots:
		return f.dense.Stuck
	case f.how == sparsePivots:
		return f.pivoted.stuck
	}
	return -1
}

// Solve replaces b by the solution x of (shift*I - A) x = b.
func (f *LU) Solve(b []float64) {
	switch f.how {
	case densePivots:
		f.dense.Solve(b)
		return
	case sparsePivots:
		f.pivoted.solve(b)
		return
	}
	s, w, x := f.s, f.w, f.x
	for k, i := range s.order {
		v := b[i]
		from, to := s.rowPtr[k], s.diag[k]
		lower, cols := w[from:to], s.colIdx[from:to]
		for q, l := range lower {
			v -= l * x[cols[q]]
		}
		x[k] = v
	}
	for k := s.n - 1; k >= 0; k-- {
		v := x[k]
		from, to := s.diag[k]+1, s.rowPtr[k+1]
		upper, cols := w[from:to], s.colIdx[from:to]
		for q, u := range upper {
			v -= u * x[cols[q]]
		}
		x[k] = v * f.inv[k]
	}
	for k, i := range s.order {
		b[i] = x[k]
	}
}
