package ode

import "thymus/linalg"

// Blocked is an ability of systems that carry sensitivities: the state is y and, for each
// of some parameters, S = dy/dp with S' = J S + df/dp. The Jacobian of the whole has the
// block J on its diagonal everywhere, and below the first the block G = d(J S + df/dp)/dy:
//
//	J
//	G1 J
//	G2    J
//
// Pattern and Jacobian give J alone; TimeDeriv is of all. Stage equations are solved with
// one factorisation of J: first for y, then for every S with G times the solution moved to
// the right. So the method is the ordinary one of the whole system, and since a Rosenbrock
// method commutes with differentiation, S is the derivative of the computed y by p, for
// the steps that were made (staggered direct method: M. Caracotsios, W. E. Stewart,
// Computers & Chemical Engineering 9, 359-365, 1985; internal differentiation: H. G. Bock,
// Springer Series in Chemical Physics 18, 102-125, 1981).
type Blocked interface {
	System
	Jacobian
	// Blocks is the number of parameters; Dim is the length of y times 1+Blocks.
	Blocks() int
	// Below is the sparsity of a block G, and Coupling writes the entries of block k.
	Below() *linalg.Pattern
	Coupling(vals []float64, k int, y, t []float64)
}

// blocks is the part of a Rosenbrock method that knows about Blocked.
type blocks struct {
	sys     Blocked
	n       int // of y
	pattern *linalg.Pattern
	vals    [][]float64 // by parameter
}

func newBlocks(sys Blocked) *blocks {
	b := &blocks{sys: sys, n: sys.Dim() / (1 + sys.Blocks()), pattern: sys.Below()}
	for range sys.Blocks() {
		b.vals = append(b.vals, make([]float64, b.pattern.Len()))
	}
	return b
}

// refresh evaluates the blocks below.
func (b *blocks) refresh(y, t []float64) {
	for k, vals := range b.vals {
		b.sys.Coupling(vals, k, y, t)
	}
}

// solve replaces x by the solution of (shift*I - J) x = b for the whole system.
func (b *blocks) solve(lu *linalg.LU, x []float64) {
	n, p := b.n, b.pattern
	y := x[:n]
	lu.Solve(y)
	for k, vals := range b.vals {
		s := x[(k+1)*n : (k+2)*n]
		for j, v := range y {
			for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
				s[p.RowIdx[q]] += vals[q] * v
			}
		}
		lu.Solve(s)
	}
}
