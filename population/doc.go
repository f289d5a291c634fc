// Package population turns distributions into virtual patients (floor 3): spreads of
// parameters, correlations, sampling schemes, and processes over time.
//
//	spread, messages := population.ParseSpread("lognormal cv=0.3", place)
//	sampler, messages := population.NewSampler(entries, nil, population.Random, seed, n)
//	sampler.Draw(patient, attempt, values)
//
// Invariants: a draw is a function of (seed, patient, entry, attempt), so adding entries
// or patients moves no other draw; a path is a function of (seed, patient, purpose).
package population
