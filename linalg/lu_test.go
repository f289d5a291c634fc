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

// TestInfiniteIsSaid: an infinite entry is no pivot; it would hold its unknown at 0.
func TestInfiniteIsSaid(t *testing.T) {
	p := NewPattern(2, [][2]int{{0, 0}, {1, 0}, {1, 1}})
	f := NewLU(p.Symbolic())
	vals := make([]float64, p.Len())
	for q := range vals {
		vals[q] = -1
	}
	if !f.FactorShifted(1, vals) {
		t.Error("a good matrix was refused")
	}
	for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		vals[p.Find(1, 1)] = v
		if f.FactorShifted(1, vals) {
			t.Errorf("a matrix with %v on its diagonal was factored", v)
		}
	}
}

// TestUnitsRaiseNoFallback: rows and columns in other units make multipliers of any size,
// but static pivots of a dominant diagonal stay good.
func TestUnitsRaiseNoFallback(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const n = 60
	var entries [][2]int
	for k := 0; k < 4*n; k++ {
		entries = append(entries, [2]int{r.IntN(n), r.IntN(n)})
	}
	p := NewPattern(n, entries)
	scale := make([]float64, n) // state j counts in units of scale[j]
	for i := range scale {
		scale[i] = math.Pow(10, float64(r.IntN(24)-12))
	}
	vals := make([]float64, p.Len())
	for j := 0; j < n; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			i := int(p.RowIdx[q])
			vals[q] = r.NormFloat64() * scale[j] / scale[i]
			if i == j {
				vals[q] = -20
			}
		}
	}
	f := NewLU(p.Symbolic())
	if !f.FactorShifted(1, vals) || f.Fallbacks != 0 {
		t.Fatalf("%d fallbacks, want 0", f.Fallbacks)
	}
	if g := f.eliminate(&matrix{p, 1, -1, vals}); g < mostGrowth {
		t.Fatalf("the largest multiplier is %g: the test asks nothing", g)
	}
}

// TestSparsePivotsSaySingular: a large matrix with an empty column, and one that is not finite.
func TestSparsePivotsSaySingular(t *testing.T) {
	const n = 2 * mostDense
	var entries [][2]int
	for i := 0; i < n; i++ {
		entries = append(entries, [2]int{i, (i + 1) % n})
	}
	p := NewPattern(n, entries)
	vals := make([]float64, p.Len())
	for i := 0; i < n; i++ {
		if i != 7 {
			vals[p.Find(i, (i+1)%n)] = 1
		}
	}
	f := NewLU(p.Symbolic())
	if f.Factor(vals) || f.Stuck() != 8 {
		t.Errorf("stuck at %d, want 8", f.Stuck())
	}
	vals[p.Find(7, 8)] = math.NaN()
	if f.Factor(vals) {
		t.Error("a matrix that is not finite was factored")
	}
	vals[p.Find(7, 8)] = 1
	if !f.Factor(vals) || f.Stuck() != -1 { // a permutation
		t.Errorf("stuck at %d, want none", f.Stuck())
	}
	b := make([]float64, n)
	b[7] = 3
	f.Solve(b)
	if b[8] != 3 {
		t.Errorf("x[8] = %g, want 3", b[8])
	}
}

// TestOrder: a tree has no fill, and a core that is dense stays one.
func TestOrder(t *testing.T) {
	const n = 300
	var entries [][2]int
	for i := 1; i < n; i++ {
		entries = append(entries, [2]int{i, (i - 1) / 3}, [2]int{(i - 1) / 3, i})
	}
	if s := Analyse(NewPattern(n, entries)); len(s.colIdx) != n+2*(n-1) {
		t.Errorf("a tree of %d has %d entries in its factors, want %d", n, len(s.colIdx), n+2*(n-1))
	}
}
