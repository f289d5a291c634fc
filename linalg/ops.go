package linalg

// Factors is the shape of a factorisation with static pivots, for those who write it out
// as straight-line code: L without its unit diagonal, and U, by rows in elimination order.
// The slices belong to the analysis and must not be changed.
type Factors struct {
	Order  []int32 // Order[k] is the row and column eliminated k-th
	Load   []int32 // entry of the pattern -> position in the factors
	RowPtr []int32 // row k has the positions RowPtr[k] to RowPtr[k+1]
	ColIdx []int32 // columns by position, ascending within a row
	Diag   []int32 // position of pivot k
}

// Factors is the shape of the factors.
func (s *Symbolic) Factors() Factors { return Factors{s.order, s.load, s.rowPtr, s.colIdx, s.diag} }

// Operations counts the updates of a factorisation.
func (f Factors) Operations() int {
	n := 0
	for i, d := range f.Diag {
		for _, k := range f.ColIdx[f.RowPtr[i]:d] {
			n += int(f.RowPtr[k+1] - f.Diag[k])
		}
	}
	return n
}
