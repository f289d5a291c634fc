// Package rng provides random numbers that can be recomputed one by one: streams keyed
// by (seed, patient, purpose, index), Sobol' points, Latin hypercubes, and the quantile
// functions that turn one uniform number into one draw (floor 0; standard library only).
//
//	s := rng.New(rng.Key{Seed: 1, Patient: 17, Purpose: "dropout"})
//	day := 365 * s.Exponential()
//
// Invariants: a stream is a function of its key alone, so adding a patient, an arm or a
// purpose moves nobody else's draws; every draw of a distribution takes exactly one
// uniform number (Intn and Perm may take more); Uniform is never 0 or 1.
//
// The generator is ChaCha8 (math/rand/v2, whose output Go promises to keep) keyed by the
// SHA-256 of an unambiguous encoding of the key: neighbouring seeds and patients are as
// unrelated as any two.
package rng
