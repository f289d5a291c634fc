package linalg

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSolve solves random sparse systems and multiplies back; the last ones need row
// exchanges.
func TestSolve(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := 0; round < 60; round++ {
		n := 1 + r.IntN(40)
		if round%10 == 9 {
			n = mostDense + r.IntN(60) // rows are exchanged in a sparse matrix
		}
		var entries [][2]int
		for k := 0; k < 3*n; k++ {
			entries = append(entries, [2]int{r.IntN(n), r.IntN(n)})
		}
		p := NewPattern(n, entries)
		vals := make([]float64, p.Len())
		for i := range vals {
			vals[i] = r.NormFloat64()
		}
		shift := 5 * r.Float64()
		if round > 50 {
			shift = 0
			for i := 0; i < n; i++ { // a zero diagonal: static pivots cannot do it
				vals[p.Find(i, i)] = 0
			}
		}
		f := NewLU(p.Symbolic())
		if !f.FactorShifted(shift, vals) {
			continue // really singular
		}
		want := make([]float64, n)
		b := make([]float64, n)
		for i := range want {
			want[i] = r.NormFloat64()
		}
		for j := 0; j < n; j++ {
			b[j] += shift * want[j]
			for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
				b[p.RowIdx[q]] -= vals[q] * want[j]
			}
		}
		f.Solve(b)
		for i := range b {
			if math.Abs(b[i]-want[i]) > 1e-6*(1+math.Abs(want[i])) {
				t.Fatalf("round %d, n %d: x[%d] = %g, want %g (%d fallbacks)", round, n, i, b[i], want[i], f.Fallbacks)
			}
		}
	}
}

func TestSingularIsSaid(t *testing.T) {
	p := NewPattern(2, [][2]int{{0, 1}, {1, 0}})
	if NewLU(p.Symbolic()).FactorShifted(0, make([]float64, p.Len())) {
		t.Error("the zero matrix was factored")
	}
}
