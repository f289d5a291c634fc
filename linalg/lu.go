package linalg

import "math"

// Symbolic is the part of a sparse LU factorisation that depends on the pattern only:
// a minimum-degree order with diagonal pivots, the fill, and the list of eliminations.
// It never changes and may be shared by goroutines.
type Symbolic struct {
	pattern *Pattern
	order   []int32 // order[k] is the row and column eliminated k-th
	load    []int32 // entry of the pattern -> position in the factors
	diag    []int32 // position of pivot k
	steps   []step
	rows    []int32 // flattened eliminations, see step
	lower   []span  // L by rows, in elimination order
	upper   []span
	lowIdx  []int32 // column (elimination order) and position, alternating
	upIdx   []int32
	n, nnz  int
}

// step eliminates column k: rows[from:to] holds, for each row below that has an entry,
// its position, the number of entries right of the pivot, and their positions.
type step struct{ from, to, uFrom, uTo int32 }

type span struct{ from, to int32 }

// Analyse orders a pattern and finds the fill.
func Analyse(p *Pattern) *Symbolic {
	n := p.N
	s := &Symbolic{pattern: p, n: n}
	// undirected graph of A + A'
	neighbours := make([]map[int32]bool, n)
	for i := range neighbours {
		neighbours[i] = map[int32]bool{}
	}
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			i := p.RowIdx[q]
			if int(i) != j {
				neighbours[i][int32(j)] = true
				neighbours[j][i] = true
			}
		}
	}
	gone := make([]bool, n)
	place := make([]int32, n)
	for k := 0; k < n; k++ {
		best := -1
		for i := 0; i < n; i++ {
			if !gone[i] && (best < 0 || len(neighbours[i]) < len(neighbours[best])) {
				best = i
			}
		}
		gone[best] = true
		place[best] = int32(k)
		s.order = append(s.order, int32(best))
		for a := range neighbours[best] {
			delete(neighbours[a], int32(best))
			for b := range neighbours[best] {
				if a != b {
					neighbours[a][b] = true
				}
			}
		}
	}
	// directed fill in elimination order
	row := make([]map[int32]bool, n) // row[i] holds the columns of row i
	col := make([]map[int32]bool, n)
	for i := range row {
		row[i], col[i] = map[int32]bool{}, map[int32]bool{}
	}
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			a, b := place[p.RowIdx[q]], place[j]
			row[a][b], col[b][a] = true, true
		}
	}
	for k := int32(0); k < int32(n); k++ {
		for i := range col[k] {
			if i <= k {
				continue
			}
			for j := range row[k] {
				if j > k && !row[i][j] {
					row[i][j], col[j][i] = true, true
				}
			}
		}
	}
	position := make([]map[int32]int32, n)
	var at int32
	for i := 0; i < n; i++ {
		position[i] = map[int32]int32{}
		for _, j := range sorted(row[i]) {
			position[i][j] = at
			at++
		}
	}
	s.nnz = int(at)
	s.diag = make([]int32, n)
	for i := range s.diag {
		s.diag[i] = position[i][int32(i)]
	}
	s.load = make([]int32, len(p.RowIdx))
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			s.load[q] = position[place[p.RowIdx[q]]][place[j]]
		}
	}
	for k := int32(0); k < int32(n); k++ {
		var right []int32
		for _, j := range sorted(row[k]) {
			if j > k {
				right = append(right, j)
			}
		}
		st := step{from: int32(len(s.rows)), uFrom: int32(len(s.upIdx))}
		for _, j := range right {
			s.upIdx = append(s.upIdx, j, position[k][j])
		}
		st.uTo = int32(len(s.upIdx))
		s.upper = append(s.upper, span{st.uFrom, st.uTo})
		for _, i := range sorted(col[k]) {
			if i <= k {
				continue
			}
			s.rows = append(s.rows, position[i][k])
			for _, j := range right {
				s.rows = append(s.rows, position[i][j])
			}
		}
		st.to = int32(len(s.rows))
		s.steps = append(s.steps, st)
		from := int32(len(s.lowIdx))
		for _, j := range sorted(row[k]) {
			if j < k {
				s.lowIdx = append(s.lowIdx, j, position[k][j])
			}
		}
		s.lower = append(s.lower, span{from, int32(len(s.lowIdx))})
	}
	return s
}

func sorted(set map[int32]bool) []int32 {
	out := make([]int32, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	for i := 1; i < len(out); i++ { // short lists: insertion
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// LU holds the numbers of one factorisation.
type LU struct {
	s         *Symbolic
	w         []float64
	inv       []float64 // 1/pivot
	x         []float64
	dense     *Dense
	useDense  bool
	Fallbacks int // how often growth forced the pivoting factorisation
}

// NewLU makes room for the numbers of a factorisation.
func NewLU(s *Symbolic) *LU {
	return &LU{s: s, w: make([]float64, s.nnz), inv: make([]float64, s.n), x: make([]float64, s.n)}
}

// mostGrowth is the largest multiplier that static pivots may show before the
// factorisation is done again with row exchanges: beyond it, half the digits are gone.
const mostGrowth = 1e8

// FactorShifted factors shift*I - A, where vals are the entries of A in the order of its
// pattern. It says false when the matrix is singular or not finite.
func (f *LU) FactorShifted(shift float64, vals []float64) bool {
	s, w := f.s, f.w
	clear(w)
	for q, k := range s.load {
		w[k] = -vals[q]
	}
	for _, k := range s.diag {
		w[k] += shift
	}
	if f.eliminate() {
		return true
	}
	d := f.room()
	for j := 0; j < s.n; j++ {
		for q := s.pattern.ColPtr[j]; q < s.pattern.ColPtr[j+1]; q++ {
			d.A[int(s.pattern.RowIdx[q])*s.n+j] = -vals[q]
		}
		d.A[j*s.n+j] += shift
	}
	return d.Factor()
}

// Factor factors A, where vals are its entries in the order of its pattern. It says false
// when the matrix is singular or not finite.
func (f *LU) Factor(vals []float64) bool {
	s, w := f.s, f.w
	clear(w)
	for q, k := range s.load {
		w[k] = vals[q]
	}
	if f.eliminate() {
		return true
	}
	d := f.room()
	for j := 0; j < s.n; j++ {
		for q := s.pattern.ColPtr[j]; q < s.pattern.ColPtr[j+1]; q++ {
			d.A[int(s.pattern.RowIdx[q])*s.n+j] = vals[q]
		}
	}
	return d.Factor()
}

// room is the cleared matrix of the pivoting factorisation.
func (f *LU) room() *Dense {
	f.Fallbacks++
	if f.dense == nil {
		f.dense = NewDense(f.s.n)
	}
	f.dense.Clear()
	return f.dense
}

// eliminate factors what was loaded with static pivots; false when they grew too much.
func (f *LU) eliminate() bool {
	s, w := f.s, f.w
	growth := 0.0
	for k := range s.steps {
		st := &s.steps[k]
		p := 1 / w[s.diag[k]]
		f.inv[k] = p
		width := (st.uTo - st.uFrom) / 2
		up := s.upIdx[st.uFrom:st.uTo]
		rows := s.rows[st.from:st.to]
		for len(rows) > 0 {
			l := w[rows[0]] * p
			w[rows[0]] = l
			if a := math.Abs(l); !(a <= growth) {
				growth = a
			}
			target := rows[1 : 1+width]
			for c, t := range target {
				w[t] -= l * w[up[2*c+1]]
			}
			rows = rows[1+width:]
		}
		if p != p || math.IsInf(p, 0) {
			growth = math.Inf(1)
			break
		}
	}
	f.useDense = !(growth <= mostGrowth)
	return !f.useDense
}

// Stuck is the column in which the last factorisation that said false found no pivot; -1
// when none failed.
func (f *LU) Stuck() int {
	if f.dense == nil {
		return -1
	}
	return f.dense.Stuck
}

// Solve replaces b by the solution x of (shift*I - A) x = b.
func (f *LU) Solve(b []float64) {
	if f.useDense {
		f.dense.Solve(b)
		return
	}
	s, w, x := f.s, f.w, f.x
	for k, i := range s.order {
		v := b[i]
		low := s.lowIdx[s.lower[k].from:s.lower[k].to]
		for q := 0; q < len(low); q += 2 {
			v -= w[low[q+1]] * x[low[q]]
		}
		x[k] = v
	}
	for k := s.n - 1; k >= 0; k-- {
		v := x[k]
		up := s.upIdx[s.upper[k].from:s.upper[k].to]
		for q := 0; q < len(up); q += 2 {
			v -= w[up[q+1]] * x[up[q]]
		}
		x[k] = v * f.inv[k]
	}
	for k, i := range s.order {
		b[i] = x[k]
	}
}

// Dense is a dense matrix of order N, by rows, with LU factorisation by partial pivoting.
type Dense struct {
	N     int
	A     []float64
	Stuck int // the column without a pivot, after Factor said false
	pivot []int
}

// NewDense makes a zero matrix.
func NewDense(n int) *Dense {
	return &Dense{N: n, A: make([]float64, n*n), Stuck: -1, pivot: make([]int, n)}
}

// Clear sets all entries to 0.
func (d *Dense) Clear() { clear(d.A) }

// Factor replaces A by its factors; false when it is singular or not finite.
func (d *Dense) Factor() bool {
	n, a := d.N, d.A
	for k := 0; k < n; k++ {
		p := k
		for i := k + 1; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[p*n+k]) {
				p = i
			}
		}
		d.pivot[k] = p
		v := a[p*n+k]
		if v == 0 || v != v || math.IsInf(v, 0) {
			d.Stuck = k
			return false
		}
		if p != k {
			for j := 0; j < n; j++ {
				a[k*n+j], a[p*n+j] = a[p*n+j], a[k*n+j]
			}
		}
		for i := k + 1; i < n; i++ {
			if a[i*n+k] == 0 {
				continue
			}
			l := a[i*n+k] / v
			a[i*n+k] = l
			for j := k + 1; j < n; j++ {
				a[i*n+j] -= l * a[k*n+j]
			}
		}
	}
	return true
}

// Solve replaces b by the solution of A x = b.
func (d *Dense) Solve(b []float64) {
	n, a := d.N, d.A
	for k, p := range d.pivot {
		b[k], b[p] = b[p], b[k]
	}
	for k := 0; k < n; k++ {
		for i := k + 1; i < n; i++ {
			b[i] -= a[i*n+k] * b[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		for j := k + 1; j < n; j++ {
			b[k] -= a[k*n+j] * b[j]
		}
		b[k] /= a[k*n+k]
	}
}
