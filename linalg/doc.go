// Package linalg provides dense and sparse LU factorisation for many small systems that
// share one pattern (floor 0).
//
// A Pattern says where entries may be; its Symbolic part holds an order of diagonal pivots
// with little fill, and the fill, made once and shared; an LU holds the numbers of
// one factorisation. Static pivots are watched: when multipliers grow beyond 1e8 and the
// backward error of a solution shows that digits were lost, the factorisation is done
// again with row exchanges, and counted.
//
//	p := linalg.NewPattern(2, [][2]int{{0, 1}})
//	f := linalg.NewLU(p.Symbolic())
//	ok := f.FactorShifted(10, vals) // 10*I - A
//	f.Solve(b)
//
// Books: T. A. Davis, Direct Methods for Sparse Linear Systems, SIAM 2006.
package linalg
