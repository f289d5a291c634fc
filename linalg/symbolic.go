package linalg

import "math/bits"

// Symbolic is the part of a sparse LU factorisation that depends on the pattern only: a
// minimum-degree order with diagonal pivots, and the fill. It never changes and may be
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
	s := &Symbolic{pattern: p, n: n, order: minimumDegree(p)}
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

// minimumDegree orders the graph of A + A' by least degree, the lowest number first among
// equals.
func minimumDegree(p *Pattern) []int32 {
	n := p.N
	near := rows(n)
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			if i := p.RowIdx[q]; int(i) != j {
				near[i].add(int32(j))
				near[j].add(i)
			}
		}
	}
	degree := make([]int32, n)
	for i, set := range near {
		for _, w := range set {
			degree[i] += int32(bits.OnesCount64(w))
		}
	}
	const gone = 1 << 30
	order := make([]int32, 0, n)
	for len(order) < n {
		best := int32(0)
		for i, d := range degree {
			if d < degree[best] {
				best = int32(i)
			}
		}
		degree[best] = gone
		order = append(order, best)
		// the neighbours become neighbours of each other
		set := near[best]
		for a := set.next(0); a >= 0; a = set.next(a + 1) {
			other, d := near[a], 0
			for w, v := range set {
				other[w] |= v
				d += bits.OnesCount64(other[w])
			}
			for _, x := range [...]int32{a, best} {
				if other.has(x) {
					other[x>>6] &^= 1 << (x & 63)
					d--
				}
			}
			degree[a] = int32(d)
		}
	}
	return order
}
