// Package flux finds the best steady state of a reaction network by linear programming:
// flux-balance analysis (floor 3).
//
//	p, messages := flux.New(m, "")
//	s := p.Solve()
//	if s.Status == flux.Optimal { fmt.Println(s.Objective, s.Flux) }
//
// The problem is SBML's fbc package: fluxes v with S v = 0 for every species that
// reactions may change, lower <= v <= upper, and an objective sum of coefficient times
// flux that is made largest or smallest (Orth, Thiele and Palsson, Nature Biotechnology
// 28:245, 2010). Stoichiometries and bounds have their values at the start, after initial
// assignments and rules. A bound that is not given is infinite.
//
// The solver is the primal simplex method for bounded variables (Chvatal, Linear
// Programming, 1983, chapter 8): an upper bound, or two infinite ones, costs no row, so
// networks of thousands of reactions stay as large as they are; rows that depend on others
// need no care. gonum's simplex solves the same problems in the tests.
//
// Invariants: an optimal solution meets balance and bounds to 1e-7 of its largest flux;
// equal problems give equal solutions.
package flux
