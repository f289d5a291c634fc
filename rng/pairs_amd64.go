package rng

// pairs512 is pairsOf in AVX-512: eight blocks stand in the lanes of a register.
//
//go:noescape
func pairs512(exponential, uniform *[PairBlocks]float64, n uint64, c2, c3, k0, k1 uint32)

// has512 says whether processor and operating system have AVX-512 F and DQ.
func has512() bool

var wide = has512()

func fillPairs(exponential, uniform *[PairBlocks]float64, n uint64, c2, c3, k0, k1 uint32) {
	if wide {
		pairs512(exponential, uniform, n, c2, c3, k0, k1)
		return
	}
	var words [2 * PairBlocks]uint64
	philoxFill(&words[0], PairBlocks/4, n, c2, c3, k0, k1)
	for i := range PairBlocks {
		exponential[i] = negativeLog(centre(words[2*i]))
		uniform[i] = centre(words[2*i+1])
	}
}
