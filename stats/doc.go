// Package stats provides the statistics of trials (floor 1): intervals, tests, survival.
// Every function names its source; tests hold it against a published worked example.
//
//	lo, hi := stats.Wilson(8, 10, 0.95) // 0.490, 0.943
//
// Functions never change their arguments. What cannot be computed is NaN.
package stats
