package linalg

// Straight names the positions that a factorisation with static pivots touches, for those
// who write it out as straight-line code. Positions count the entries of the factors.
type Straight struct {
	Len      int     // number of positions
	Order    []int32 // Order[k] is the row and column eliminated k-th
	Load     []int32 // entry of the pattern -> position
	Diagonal []int32 // position of pivot k
	Steps    []Elimination
	Lower    [][]Term // row k of L, left of the diagonal
	Upper    [][]Term // row k of U, right of the diagonal
}

// Term is a column, in elimination order, and its position.
type Term struct{ Column, At int32 }

// Elimination takes column k out of the rows below it.
type Elimination struct{ Rows []Row }

// Row is one row of an elimination: its multiplier's position, and updates of entries
// Target by multiplier times entry Up of the pivot row.
type Row struct {
	At     int32
	Update []Update
}

// Update is Target -= multiplier * Up.
type Update struct{ Target, Up int32 }

// Straight writes the analysis out.
func (s *Symbolic) Straight() *Straight {
	o := &Straight{Len: s.nnz, Order: s.order, Load: s.load, Diagonal: s.diag}
	for k := range s.steps {
		st := &s.steps[k]
		width := int((st.uTo - st.uFrom) / 2)
		up := s.upIdx[st.uFrom:st.uTo]
		rows := s.rows[st.from:st.to]
		var e Elimination
		for len(rows) > 0 {
			r := Row{At: rows[0]}
			for c, t := range rows[1 : 1+width] {
				r.Update = append(r.Update, Update{t, up[2*c+1]})
			}
			e.Rows = append(e.Rows, r)
			rows = rows[1+width:]
		}
		o.Steps = append(o.Steps, e)
		var low, high []Term
		for q := s.lower[k].from; q < s.lower[k].to; q += 2 {
			low = append(low, Term{s.lowIdx[q], s.lowIdx[q+1]})
		}
		for q := s.upper[k].from; q < s.upper[k].to; q += 2 {
			high = append(high, Term{s.upIdx[q], s.upIdx[q+1]})
		}
		o.Lower, o.Upper = append(o.Lower, low), append(o.Upper, high)
	}
	return o
}
