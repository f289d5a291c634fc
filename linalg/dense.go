package linalg

import "math"

// Dense is a dense matrix of order N, by rows, with LU factorisation by partial pivoting.
type Dense struct {
	N     int
	A     []float64
	Stuck int // the column without a pivot, after Factor said false
	pivot []int
}

// NewDense makes a zero matrix.
func NewDense(n int) *Dense {
	return &Dense{N: n, A: make([]float64, n*n), Stuck: -1, pivot: make([]int, n)}
}

// Clear sets all entries to 0.
func (d *Dense) Clear() { clear(d.A) }

// Factor replaces A by its factors; false when it is singular or not finite.
func (d *Dense) Factor() bool {
	n, a := d.N, d.A
	for k := 0; k < n; k++ {
		p := k
		for i := k + 1; i < n; i++ {
			if math.Abs(a[i*n+k]) > math.Abs(a[p*n+k]) {
				p = i
			}
		}
		d.pivot[k] = p
		v := a[p*n+k]
		if v == 0 || v != v || math.IsInf(v, 0) {
			d.Stuck = k
			return false
		}
		if p != k {
			for j := 0; j < n; j++ {
				a[k*n+j], a[p*n+j] = a[p*n+j], a[k*n+j]
			}
		}
		for i := k + 1; i < n; i++ {
			if a[i*n+k] == 0 {
				continue
			}
			l := a[i*n+k] / v
			a[i*n+k] = l
			for j := k + 1; j < n; j++ {
				a[i*n+j] -= l * a[k*n+j]
			}
		}
	}
	return true
}

// Solve replaces b by the solution of A x = b.
func (d *Dense) Solve(b []float64) {
	n, a := d.N, d.A
	for k, p := range d.pivot {
		b[k], b[p] = b[p], b[k]
	}
	for k := 0; k < n; k++ {
		for i := k + 1; i < n; i++ {
			b[i] -= a[i*n+k] * b[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		for j := k + 1; j < n; j++ {
			b[k] -= a[k*n+j] * b[j]
		}
		b[k] /= a[k*n+k]
	}
}
