// Package jump simulates systems whose state changes by jumps: reactions that fire at
// random times with given propensities (floor 1; it knows vectors, not models).
//
// A Network lists what each reaction changes and how its propensity follows from the
// state. A Simulator is a row of Methods at work on one network: exact ones (direct, next
// reaction, composition and rejection) and tau-leaping.
//
//	sim, err := jump.New("direct", network, jump.Options{})
//	sim.Start(y, 0, stream)
//	for {
//		t, j := sim.Advance(horizon) // j < 0: the horizon was reached
//		...
//	}
//
// A Group runs the direct method for several runs side by side in the lanes of a kernel
// back end, with the bits of each run alone.
//
// Invariants: between reactions the state stands still, so horizons may be chosen freely
// and change no result; a reaction whose propensity is 0 does not fire; a propensity that
// is negative or not a number ends the run with its name.
//
// Sources: D. T. Gillespie, J. Comput. Phys. 22 (1976) 403 (direct); M. A. Gibson and J.
// Bruck, J. Phys. Chem. A 104 (2000) 1876 (dependency graph, next reaction); A. Slepoy, A.
// P. Thompson and S. J. Plimpton, J. Chem. Phys. 128 (2008) 205101 (composition and
// rejection); Y. Cao, D. T. Gillespie and L. R. Petzold, J. Chem. Phys. 124 (2006) 044109
// and 126 (2007) 224101 (tau-leaping).
package jump
