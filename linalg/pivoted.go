package linalg

import "math"

// pivoted is a sparse LU factorisation by columns with row exchanges (J. R. Gilbert, T.
// Peierls, Sparse partial pivoting in time proportional to arithmetic operations, SIAM J.
// Sci. Stat. Comput. 9, 862-874, 1988). Rows are compared in units of their largest entry,
// and the diagonal is kept where it is within a tenth of the best.
type pivoted struct {
	n      int
	order  []int32 // column eliminated k-th
	row    []int32 // pivot row of elimination k
	at     []int32 // elimination of a row, -1 while it has none
	lPtr   []int
	lRow   []int32
	lVal   []float64
	uPtr   []int
	uIdx   []int32 // elimination
	uVal   []float64
	pivot  []float64
	scale  []float64
	x, z   []float64
	marked []bool
	list   []int32
	todo   bitset
	stuck  int // column without a pivot
}

func newPivoted(n int) *pivoted {
	return &pivoted{n: n, row: make([]int32, n), at: make([]int32, n), lPtr: make([]int, n+1), uPtr: make([]int, n+1), pivot: make([]float64, n),
		scale: make([]float64, n), x: make([]float64, n), z: make([]float64, n), marked: make([]bool, n), todo: make(bitset, (n+63)/64)}
}

// factor factors a matrix; false when it is singular or not finite.
func (f *pivoted) factor(m *matrix, order []int32) bool {
	f.order, f.stuck = order, -1
	f.lRow, f.lVal, f.uIdx, f.uVal = f.lRow[:0], f.lVal[:0], f.uIdx[:0], f.uVal[:0]
	clear(f.scale)
	for j := int32(0); j < int32(f.n); j++ {
		f.at[j] = -1
		for q := m.ColPtr[j]; q < m.ColPtr[j+1]; q++ {
			v := math.Abs(m.entry(q, j))
			if v != v || math.IsInf(v, 0) {
				f.stuck = int(j)
				return false
			}
			f.scale[m.RowIdx[q]] = math.Max(f.scale[m.RowIdx[q]], v)
		}
	}
	for k := 0; k < f.n; k++ {
		j := order[k]
		f.list = f.list[:0]
		for q := m.ColPtr[j]; q < m.ColPtr[j+1]; q++ {
			f.touch(m.RowIdx[q])
			f.x[m.RowIdx[q]] = m.entry(q, j)
		}
		for e := f.todo.next(0); e >= 0; e = f.todo.next(e + 1) {
			f.todo[e>>6] &^= 1 << (e & 63)
			v := f.x[f.row[e]]
			if v == 0 {
				continue
			}
			f.uIdx, f.uVal = append(f.uIdx, e), append(f.uVal, v)
			for q := f.lPtr[e]; q < f.lPtr[e+1]; q++ {
				f.touch(f.lRow[q])
				f.x[f.lRow[q]] -= f.lVal[q] * v
			}
		}
		f.uPtr[k+1] = len(f.uIdx)
		best, most := int32(-1), 0.0
		for _, i := range f.list {
			if v := math.Abs(f.x[i]) / f.scale[i]; f.at[i] < 0 && v > most {
				best, most = i, v
			}
		}
		if best >= 0 && f.marked[j] && f.at[j] < 0 && math.Abs(f.x[j]) >= 0.1*most*f.scale[j] {
			best = j
		}
		if best >= 0 {
			f.pivot[k] = f.x[best]
			f.row[k], f.at[best] = best, int32(k)
		}
		for _, i := range f.list {
			if best >= 0 && f.at[i] < 0 && f.x[i] != 0 {
				f.lRow, f.lVal = append(f.lRow, i), append(f.lVal, f.x[i]/f.pivot[k])
			}
			f.marked[i], f.x[i] = false, 0
		}
		if best < 0 {
			f.stuck = int(j)
			return false
		}
		f.lPtr[k+1] = len(f.lRow)
	}
	return true
}

// touch makes row i part of the present column.
func (f *pivoted) touch(i int32) {
	if f.marked[i] {
		return
	}
	f.marked[i] = true
	f.list = append(f.list, i)
	if k := f.at[i]; k >= 0 {
		f.todo.add(k)
	}
}

func (f *pivoted) solve(b []float64) {
	for k := 0; k < f.n; k++ {
		v := b[f.row[k]]
		f.z[k] = v
		for q := f.lPtr[k]; q < f.lPtr[k+1]; q++ {
			b[f.lRow[q]] -= f.lVal[q] * v
		}
	}
	for k := f.n - 1; k >= 0; k-- {
		v := f.z[k] / f.pivot[k]
		f.z[k] = v
		for q := f.uPtr[k]; q < f.uPtr[k+1]; q++ {
			f.z[f.uIdx[q]] -= f.uVal[q] * v
		}
	}
	for k, j := range f.order {
		b[j] = f.z[k]
	}
}
