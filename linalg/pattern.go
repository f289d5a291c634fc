package linalg

import (
	"sort"
	"sync"
)

// Pattern is where a square sparse matrix of order N may hold entries, by columns:
// column j has the rows RowIdx[ColPtr[j]:ColPtr[j+1]], ascending. The diagonal is always
// part of it. Values of a matrix with this pattern stand in the same order.
type Pattern struct {
	N              int
	ColPtr, RowIdx []int32

	once     sync.Once
	symbolic *Symbolic
}

// Symbolic is the analysis of the pattern, made once and shared.
func (p *Pattern) Symbolic() *Symbolic {
	p.once.Do(func() { p.symbolic = Analyse(p) })
	return p.symbolic
}

// NewPattern makes a pattern from entries (row, column); repeats are allowed and the
// diagonal is added.
func NewPattern(n int, entries [][2]int) *Pattern {
	columns := make([][]int32, n)
	for i := 0; i < n; i++ {
		columns[i] = append(columns[i], int32(i))
	}
	for _, e := range entries {
		columns[e[1]] = append(columns[e[1]], int32(e[0]))
	}
	p := &Pattern{N: n, ColPtr: make([]int32, n+1)}
	for j, rows := range columns {
		sort.Slice(rows, func(a, b int) bool { return rows[a] < rows[b] })
		for k, r := range rows {
			if k == 0 || r != rows[k-1] {
				p.RowIdx = append(p.RowIdx, r)
			}
		}
		p.ColPtr[j+1] = int32(len(p.RowIdx))
	}
	return p
}

// Find is the position of entry (i, j) among the values, or -1.
func (p *Pattern) Find(i, j int) int {
	lo, hi := int(p.ColPtr[j]), int(p.ColPtr[j+1])
	k := lo + sort.Search(hi-lo, func(k int) bool { return p.RowIdx[lo+k] >= int32(i) })
	if k < hi && p.RowIdx[k] == int32(i) {
		return k
	}
	return -1
}

// Len is the number of entries.
func (p *Pattern) Len() int { return len(p.RowIdx) }
