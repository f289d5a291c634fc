//go:build !amd64

package rng

func fillPairs(exponential, uniform *[PairBlocks]float64, n uint64, c2, c3, k0, k1 uint32) {
	pairsOf(exponential, uniform, n, c2, c3, k0, k1)
}
