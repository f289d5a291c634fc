// Package ode integrates systems of ordinary differential equations (floor 1): Rodas5P
// for stiff systems, Tsit5 for others, with dense output, exact stops, located crossings
// and errors measured per component.
//
//	stats, failure := ode.Solve(sys, y, 0, 365, ode.Options{Rtol: 1e-6}, ode.Base{})
//
// Invariants: steps do not depend on where the handler looks; the step loop allocates
// nothing that grows with the number of steps; a solution that ends early says when, why
// and in which component. Settle finds steady states.
//
// A system with the ability Mass is M y' = f(t, y); M may be singular (index 1). Then the
// algebraic equations are solved for their unknowns at the start and after every restart,
// and rodas5p integrates it. One with the ability Retarded reads its own past from a
// History: steps end where the past makes the solution less smooth, and a step that is
// longer than a delay is iterated until it agrees with its own answer.
//
// Books: E. Hairer, G. Wanner, Solving Ordinary Differential Equations I and II, Springer.
package ode
