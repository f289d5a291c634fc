package linalg

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestMatchIsMaximum compares with the size found by trying all ways, on random patterns.
func TestMatchIsMaximum(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for trial := 0; trial < 300; trial++ {
		n, m := 1+rnd.IntN(6), 1+rnd.IntN(6)
		rows := make([][]int32, n)
		for i := range rows {
			for j := 0; j < m; j++ {
				if rnd.IntN(3) == 0 {
					rows[i] = append(rows[i], int32(j))
				}
			}
		}
		var best func(i int, used int) int
		best = func(i int, used int) int {
			if i == n {
				return 0
			}
			most := best(i+1, used)
			for _, j := range rows[i] {
				if used&(1<<j) == 0 {
					most = max(most, 1+best(i+1, used|1<<j))
				}
			}
			return most
		}
		colOf, rowOf := Match(rows, m)
		size := 0
		for i, j := range colOf {
			if j < 0 {
				continue
			}
			size++
			if rowOf[j] != int32(i) {
				t.Fatalf("trial %d: row %d has column %d, which has row %d", trial, i, j, rowOf[j])
			}
			found := false
			for _, c := range rows[i] {
				found = found || c == j
			}
			if !found {
				t.Fatalf("trial %d: row %d holds no entry in column %d", trial, i, j)
			}
		}
		if want := best(0, 0); size != want {
			t.Fatalf("trial %d: matched %d rows, %d are possible", trial, size, want)
		}
	}
}

// TestFactorGeneral solves systems whose diagonal holds zeros, which static pivots cannot.
func TestFactorGeneral(t *testing.T) {
	p := NewPattern(3, [][2]int{{0, 1}, {1, 0}, {2, 0}, {1, 2}})
	vals := make([]float64, p.Len())
	set := func(i, j int, v float64) { vals[p.Find(i, j)] = v }
	set(0, 1, 2)
	set(1, 0, 3)
	set(1, 2, -1)
	set(2, 0, 1)
	set(2, 2, 4)
	f := NewLU(p.Symbolic())
	if !f.Factor(vals) {
		t.Fatal("singular")
	}
	b := []float64{4, 1, 14} // 2y = 4, 3x - z = 1, x + 4z = 14
	f.Solve(b)
	for i, want := range []float64{18.0 / 13, 2, 41.0 / 13} {
		if math.Abs(b[i]-want) > 1e-14 {
			t.Errorf("x[%d] = %g, want %g", i, b[i], want)
		}
	}
	if f.Fallbacks != 1 {
		t.Errorf("%d fallbacks, want 1: the diagonal holds zeros", f.Fallbacks)
	}
}
