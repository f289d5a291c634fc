package ode

import (
	"math"
	"sort"

	"thymus/linalg"
)

// Mass is an ability of systems M y' = f(t, y): differential-algebraic ones when M is
// singular (of index 1: the algebraic equations determine their unknowns). M is constant
// from one restart (dose, event) to the next.
type Mass interface {
	// MassPattern lists the entries (row, column) that M may hold; asked for once. Empty
	// means that M is the identity.
	MassPattern() [][2]int
	// Mass writes the entries in that order; repeated ones add up. It is asked for at the
	// start and at every restart.
	Mass(vals, y, t []float64)
}

// massOf is a system's mass matrix, or nil when it is the identity.
func massOf(sys System) (Mass, [][2]int) {
	if m, ok := sys.(Mass); ok {
		if entries := m.MassPattern(); len(entries) > 0 {
			return m, entries
		}
	}
	return nil, nil
}

// matched is a sparse matrix whose diagonal may hold zeros: before the factorisation with
// static pivots its rows are permuted so that large entries stand on the diagonal.
type matched struct {
	n       int
	entries [][2]int
	vals    []float64 // in the order of entries; repeated entries add up
	place   []int32   // row i stands at place[i]
	at      []int32   // entry -> position in the permuted pattern
	sum     []float64
	lu      *linalg.LU
	b       []float64
	again   int // how often the permutation may still be made anew
}

func newMatched(n int, entries [][2]int) *matched {
	return &matched{n: n, entries: entries, vals: make([]float64, len(entries)), b: make([]float64, n), again: 4}
}

// permute pairs rows with columns by the present numbers. Each row would rather have its
// own column, if the entry there is not small within its row, and else its largest one.
func (m *matched) permute() {
	byRow := make([]map[int]float64, m.n)
	for i := range byRow {
		byRow[i] = map[int]float64{}
	}
	for k, e := range m.entries {
		byRow[e[0]][e[1]] += m.vals[k]
	}
	rows := make([][]int32, m.n)
	for i, row := range byRow {
		most := 0.0
		for j, v := range row {
			if v != 0 && v == v {
				rows[i] = append(rows[i], int32(j))
				most = math.Max(most, math.Abs(v))
			}
		}
		size := func(j int32) float64 {
			v := math.Abs(row[int(j)])
			if int(j) == i && v >= 1e-3*most {
				return math.Inf(1)
			}
			return v
		}
		list := rows[i]
		sort.Slice(list, func(a, b int) bool {
			if x, y := size(list[a]), size(list[b]); x != y {
				return x > y
			}
			return list[a] < list[b]
		})
	}
	colOf, rowOf := linalg.Match(rows, m.n)
	free := 0
	m.place = make([]int32, m.n)
	for i, j := range colOf { // rows without a partner take what is left: the pivots will say
		if j < 0 {
			for rowOf[free] >= 0 {
				free++
			}
			j = int32(free)
			rowOf[free] = int32(i)
		}
		m.place[i] = j
	}
	all := make([][2]int, len(m.entries))
	for k, e := range m.entries {
		all[k] = [2]int{int(m.place[e[0]]), e[1]}
	}
	pattern := linalg.NewPattern(m.n, all)
	m.at = make([]int32, len(all))
	for k, e := range all {
		m.at[k] = int32(pattern.Find(e[0], e[1]))
	}
	m.sum = make([]float64, pattern.Len())
	m.lu = linalg.NewLU(pattern.Symbolic())
}

// factor factors the matrix of vals; false when it is singular or not finite. exchanged
// says that static pivots did not do.
func (m *matched) factor() (ok, exchanged bool) {
	if m.lu == nil {
		m.permute()
	}
	for {
		clear(m.sum)
		for k, q := range m.at {
			m.sum[q] += m.vals[k]
		}
		before := m.lu.Fallbacks
		ok = m.lu.Factor(m.sum)
		exchanged = m.lu.Fallbacks > before
		if !exchanged || m.again == 0 || !ok {
			return ok, exchanged
		}
		m.again--
		m.permute()
	}
}

// stuck is the column that had no pivot, after factor said false; -1 when none stands out.
func (m *matched) stuck() int { return m.lu.Stuck() }

// solve replaces b by the solution.
func (m *matched) solve(b []float64) {
	for i, p := range m.place {
		m.b[p] = b[i]
	}
	m.lu.Solve(m.b)
	copy(b, m.b)
}

// iteration is the matrix shift*M - J of a system with a mass matrix.
type iteration struct {
	*matched
	mass  Mass
	count int       // of the entries of M
	m     []float64 // entries of M
}

func newIteration(mass Mass, entries [][2]int, jac *linalg.Pattern) *iteration {
	all := append([][2]int(nil), entries...)
	for j := 0; j < jac.N; j++ {
		for q := jac.ColPtr[j]; q < jac.ColPtr[j+1]; q++ {
			all = append(all, [2]int{int(jac.RowIdx[q]), j})
		}
	}
	return &iteration{matched: newMatched(jac.N, all), mass: mass, count: len(entries), m: make([]float64, len(entries))}
}

// start asks for M.
func (it *iteration) start(y, t []float64) { it.mass.Mass(it.m, y, t) }

func (it *iteration) factor(shift float64, jac []float64) (ok, exchanged bool) {
	for k, v := range it.m {
		it.vals[k] = shift * v
	}
	for k, v := range jac {
		it.vals[it.count+k] = -v
	}
	return it.matched.factor()
}

// addTimes adds M v to dst.
func (it *iteration) addTimes(dst, v []float64) {
	for k, x := range it.m {
		if x != 0 {
			e := it.entries[k]
			dst[e[0]] += x * v[e[1]]
		}
	}
}
