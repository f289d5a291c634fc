package rng

import "math"

// PairBlocks is how many pairs one call of FillPairs computes.
const PairBlocks = 16

// FillPairs gives the next pairs of the stream: block n of the Philox gives an exponential
// draw of mean 1, from its first word, and a uniform number in the open interval (0, 1),
// from its second. Pairs begin at the first block of which no word was taken. The bits are
// the same on every processor.
func (p *Philox) FillPairs(exponential, uniform *[PairBlocks]float64) {
	if left := len(p.buf) - p.at; left > 1 {
		p.block -= uint64(left / 2)
	}
	p.at = len(p.buf)
	fillPairs(exponential, uniform, p.block, p.c2, p.c3, p.k0, p.k1)
	p.block += PairBlocks
}

// Pair is the next pair of FillPairs. Words that other methods take in between come from
// blocks after those that were computed ahead.
func (p *Philox) Pair() (exponential, uniform float64) {
	i := p.pair
	if i == 0 {
		p.FillPairs(&p.exponential, &p.uniform)
		i = PairBlocks
	}
	p.pair = i - 1
	return p.exponential[PairBlocks-i], p.uniform[PairBlocks-i]
}

// pairsOf computes pairs in plain Go; the judge of faster code.
func pairsOf(exponential, uniform *[PairBlocks]float64, n uint64, c2, c3, k0, k1 uint32) {
	for i := range PairBlocks {
		c := philox4x32([4]uint32{uint32(n), uint32(n >> 32), c2, c3}, k0, k1)
		exponential[i] = negativeLog(centre(uint64(c[0]) | uint64(c[1])<<32))
		uniform[i] = centre(uint64(c[2]) | uint64(c[3])<<32)
		n++
	}
}

// The coefficients of log((1+s)/(1-s)) in s^2, and ln 2 in two parts (fdlibm, e_log.c; the
// error of the approximation is below 2^-58.45).
const (
	lg1, lg2, lg3, lg4 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01
	lg5, lg6, lg7      = 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01
	ln2Hi, ln2Lo       = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	rootHalf           = 0x3FE6A09E667F3BCD // bits of sqrt(1/2)
)

// negativeLog is -log x for a normal x > 0, within 1 unit of the last place. Every
// operation is rounded by itself, so that vectors and other processors give the same bits.
func negativeLog(x float64) float64 {
	b := math.Float64bits(x) + (0x3FF0000000000000 - rootHalf)
	k := float64(int64(b>>52) - 1023)
	f := math.Float64frombits(b&0x000FFFFFFFFFFFFF+rootHalf) - 1 // x = 2^k (1+f), 1+f in [sqrt(1/2), sqrt 2)
	s := f / (2 + f)
	z := float64(s * s)
	w := float64(z * z)
	even := float64(w * (lg2 + float64(w*(lg4+float64(w*lg6)))))
	odd := float64(z * (lg1 + float64(w*(lg3+float64(w*(lg5+float64(w*lg7)))))))
	half := float64(float64(0.5*f) * f)
	r := float64(s*(half+(odd+even))) + float64(k*ln2Lo)
	return (half - r) - (f + float64(k*ln2Hi))
}

// Return gives back the last left of the pairs that FillPairs gave: Pair takes them next.
func (p *Philox) Return(exponential, uniform *[PairBlocks]float64, left int) {
	p.exponential, p.uniform, p.pair = *exponential, *uniform, left
}
