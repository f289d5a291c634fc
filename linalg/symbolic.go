package linalg

import "math/bits"

// Symbolic is the part of a sparse LU factorisation that depends on the pattern only: an
// order of diagonal pivots with little fill, and the fill. It never changes and may be
// shared by goroutines.
type Symbolic struct {
	pattern *Pattern
	n       int
	order   []int32 // order[k] is the row and column eliminated k-th
	load    []int32 // entry of the pattern -> position in the factors
	rowPtr  []int32 // L and U by rows in elimination order: row k is rowPtr[k]:rowPtr[k+1]
	colIdx  []int32 // ascending within a row, in elimination order
	diag    []int32 // position of pivot k
}

// bitset is a set of small numbers.
type bitset []uint64

func (s bitset) add(i int32)      { s[i>>6] |= 1 << (i & 63) }
func (s bitset) has(i int32) bool { return s[i>>6]&(1<<(i&63)) != 0 }

func (s bitset) remove(i int32) { s[i>>6] &^= 1 << (i & 63) }

// next is the least member that is at least i, or -1.
func (s bitset) next(i int32) int32 {
	w := int(i >> 6)
	if w >= len(s) {
		return -1
	}
	v := s[w] &^ (1<<(i&63) - 1)
	for v == 0 {
		if w++; w == len(s) {
			return -1
		}
		v = s[w]
	}
	return int32(w<<6 + bits.TrailingZeros64(v))
}

// rows makes n empty sets of numbers below n in one block of n*n bits.
func rows(n int) []bitset {
	words := (n + 63) / 64
	block := make(bitset, n*words)
	out := make([]bitset, n)
	for i := range out {
		out[i], block = block[:words:words], block[words:]
	}
	return out
}

// Analyse orders a pattern and finds the fill. Sets are bits, so that a dense core costs
// n/64 words an elimination.
func Analyse(p *Pattern) *Symbolic {
	n := p.N
	s := &Symbolic{pattern: p, n: n, order: leastFill(p)}
	place := make([]int32, n)
	for k, i := range s.order {
		place[i] = int32(k)
	}
	// fill by rows: where row i has an entry left of the diagonal in column k, it takes over
	// what row k has right of its own
	fill := rows(n)
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			fill[place[p.RowIdx[q]]].add(place[j])
		}
	}
	s.rowPtr, s.diag = make([]int32, n+1), make([]int32, n)
	for i := int32(0); i < int32(n); i++ {
		row := fill[i]
		for k := row.next(0); k >= 0 && k < i; k = row.next(k + 1) {
			other := fill[k]
			w := int(k >> 6)
			row[w] |= other[w] &^ (1<<(k&63) - 1)
			for w++; w < len(row); w++ {
				row[w] |= other[w]
			}
		}
		for k := row.next(0); k >= 0; k = row.next(k + 1) {
			if k == i {
				s.diag[i] = int32(len(s.colIdx))
			}
			s.colIdx = append(s.colIdx, k)
		}
		s.rowPtr[i+1] = int32(len(s.colIdx))
	}
	s.load = make([]int32, len(p.RowIdx))
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			s.load[q] = s.find(place[p.RowIdx[q]], place[j])
		}
	}
	return s
}

// find is the position of an entry of the factors, which must be there.
func (s *Symbolic) find(row, col int32) int32 {
	lo, hi := s.rowPtr[row], s.rowPtr[row+1]
	for lo < hi {
		m := (lo + hi) / 2
		if s.colIdx[m] < col {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// mostFilled bounds the product of the entries of a row and of a column for which the
// fill is counted; beyond it pivots are compared by the product alone.
const mostFilled = 100

// leastFill orders pivots on the diagonal by Markowitz's product of the other entries in
// their row and column (H. M. Markowitz, Management Science 3 (1957) 255) plus twice the
// entries that they fill, the lowest number first among equals.
func leastFill(p *Pattern) []int32 {
	n := p.N
	row, col := rows(n), rows(n) // without the diagonal, of what is left
	inRow, inCol := make([]int32, n), make([]int32, n)
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			if i := p.RowIdx[q]; int(i) != j && !row[i].has(int32(j)) {
				row[i].add(int32(j))
				col[j].add(i)
				inRow[i]++
				inCol[j]++
			}
		}
	}
	const unknown, gone = -1, 1 << 40
	cost := make([]int, n)
	for i := range cost {
		cost[i] = unknown
	}
	changed := make(bitset, (n+63)/64)
	order := make([]int32, 0, n)
	for len(order) < n {
		best := int32(0)
		for i := range int32(n) {
			if cost[i] == unknown {
				cost[i] = int(inRow[i]) * int(inCol[i])
				if cost[i] <= mostFilled {
					cost[i] += 2 * fillOf(i, row, col[i])
				}
			}
			if cost[i] < cost[best] {
				best = i
			}
		}
		cost[best] = gone
		order = append(order, best)
		across, down := row[best], col[best]
		clear(changed)
		for b := across.next(0); b >= 0; b = across.next(b + 1) {
			col[b].remove(best)
			inCol[b]--
			changed.add(b)
		}
		for a := down.next(0); a >= 0; a = down.next(a + 1) {
			own := row[a]
			own.remove(best)
			inRow[a]--
			for w, v := range across {
				if a>>6 == int32(w) {
					v &^= 1 << (a & 63)
				}
				for v &^= own[w]; v != 0; v &= v - 1 {
					b := int32(w<<6 + bits.TrailingZeros64(v))
					own.add(b)
					col[b].add(a)
					inRow[a]++
					inCol[b]++
				}
			}
			changed.add(a)
			for w, v := range own { // they would fill this row
				changed[w] |= v
			}
		}
		for i := changed.next(0); i >= 0; i = changed.next(i + 1) {
			cost[i] = unknown
		}
	}
	return order
}

// fillOf counts the entries that pivot i would fill.
func fillOf(i int32, row []bitset, down bitset) int {
	fill := 0
	for a := down.next(0); a >= 0; a = down.next(a + 1) {
		for w, v := range row[i] {
			if a>>6 == int32(w) {
				v &^= 1 << (a & 63)
			}
			fill += bits.OnesCount64(v &^ row[a][w])
		}
	}
	return fill
}
