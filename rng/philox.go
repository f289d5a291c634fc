package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// philoxBlocks is how many counter values one refill computes, several side by side, so
// that the multiplications of one hide the latency of another.
const philoxBlocks = 16

// Philox is a stream of Philox4x32-10 (Salmon, Moraes, Dror and Shaw, Proc. SC11, 2011):
// block n of a stream is a bijection of the counter n under the stream's key, so any
// draw can be recomputed alone (Seek). It is meant for simulations that take millions of
// draws; a stream keyed by Key needs one SHA-256 to start. Not for concurrent use.
type Philox struct {
	k0, k1 uint32
	c2, c3 uint32 // upper counter words: part of the stream's identity
	block  uint64 // of the next refill
	at     int    // next word of buf
	buf    [2 * philoxBlocks]uint64

	pair                 int // pairs that are left of those computed ahead
	exponential, uniform [PairBlocks]float64
}

// NewPhilox is the stream of a key, at its beginning.
func NewPhilox(k Key) *Philox {
	p := new(Philox)
	p.Reset(k)
	return p
}

// Reset makes p the stream of k, at its beginning. 128 bits of a hash of the key are the
// key and the upper half of the counter.
func (p *Philox) Reset(k Key) {
	h := sha256.Sum256(append(k.encode(), "\x00philox4x32-10"...))
	p.k0, p.k1 = binary.LittleEndian.Uint32(h[0:]), binary.LittleEndian.Uint32(h[4:])
	p.c2, p.c3 = binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
	p.block, p.at, p.pair = 0, len(p.buf), 0
}

// Seek makes word n (counted from 0) the next that Uint64 gives; pairs begin after it.
func (p *Philox) Seek(n uint64) {
	p.pair = 0
	p.block = n / uint64(len(p.buf)) * philoxBlocks
	p.refill()
	p.at = int(n % uint64(len(p.buf)))
}

// Uint64 is 64 random bits.
func (p *Philox) Uint64() uint64 {
	if p.at == len(p.buf) {
		p.refill()
	}
	v := p.buf[p.at&(len(p.buf)-1)]
	p.at++
	return v
}

// Uniform is a number in the open interval (0, 1): the centres of 2^52 equal cells.
func (p *Philox) Uniform() float64 { return centre(p.Uint64()) }

// Normal is a standard normal draw, by the quantile function of one uniform number.
func (p *Philox) Normal() float64 { return NormalQuantile(p.Uniform()) }

const (
	philoxM0, philoxM1 = 0xD2511F53, 0xCD9E8D57
	philoxW0, philoxW1 = 0x9E3779B9, 0xBB67AE85
)

// philox4x32 is one block: counter c under key (k0, k1), ten rounds.
func philox4x32(c [4]uint32, k0, k1 uint32) [4]uint32 {
	for range 10 {
		p0, p1 := uint64(c[0])*philoxM0, uint64(c[2])*philoxM1
		c = [4]uint32{uint32(p1>>32) ^ c[1] ^ k0, uint32(p1), uint32(p0>>32) ^ c[3] ^ k1, uint32(p0)}
		k0 += philoxW0
		k1 += philoxW1
	}
	return c
}

// The exponential ziggurat (Marsaglia and Tsang, J. Stat. Softw. 5 (2000) 8): 256 layers
// of equal area under exp(-x). Layer i reaches from 0 to zigX[i]; zigX[1] is the start of
// the tail and zigX[0] the width the lowest layer would have without its tail.
var (
	zigX     [257]float64
	zigY     [257]float64 // exp(-zigX)
	zigWidth [256]float64 // zigX / 2^53
	zigSure  [256]uint64  // below this the layer lies wholly under the curve
)

const zigTail = 7.69711747013104972 // of the 256-layer exponential ziggurat, ibid.

func init() {
	area := zigTail*math.Exp(-zigTail) + math.Exp(-zigTail)
	zigX[1], zigY[1] = zigTail, math.Exp(-zigTail)
	zigX[0] = area / zigY[1]
	for i := 2; i < 256; i++ {
		zigY[i] = zigY[i-1] + area/zigX[i-1]
		zigX[i] = -math.Log(zigY[i])
	}
	zigX[256], zigY[256] = 0, 1
	for i := range zigWidth {
		zigWidth[i] = zigX[i] / (1 << 53)
		zigSure[i] = uint64(zigX[i+1] / zigX[i] * (1 << 53))
	}
}

// Exponential is a draw of mean 1; it is never 0.
func (p *Philox) Exponential() float64 {
	if p.at == len(p.buf) {
		p.refill()
	}
	u := p.buf[p.at]
	p.at++
	i, j := u&255, u>>11
	if j < zigSure[i] {
		return (float64(int64(j)) + 0.5) * zigWidth[i]
	}
	return p.exponentialEdge(i, j)
}

// exponentialEdge is what Exponential does in the one case of a hundred where a layer's
// edge or the tail was hit.
func (p *Philox) exponentialEdge(i, j uint64) float64 {
	for {
		x := (float64(int64(j)) + 0.5) * zigWidth[i]
		switch {
		case j < zigSure[i]:
			return x
		case i == 0:
			return zigTail - math.Log(p.Uniform())
		case zigY[i]+p.Uniform()*(zigY[i+1]-zigY[i]) < math.Exp(-x):
			return x
		}
		u := p.Uint64()
		i, j = u&255, u>>11
	}
}

// Poisson is a draw of the Poisson distribution; mean must be 0 to 1e18. Below 10 it adds up
// probabilities; above, it is the transformed rejection PTRS of Hörmann (Insurance:
// Mathematics and Economics 12 (1993) 39).
func (p *Philox) Poisson(mean float64) float64 {
	switch {
	case mean == 0:
		return 0
	case mean < 10:
		u := p.Uniform()
		term := math.Exp(-mean)
		k := 0.0
		for u > term {
			u -= term
			k++
			term *= mean / k
			if term < 1e-300 {
				break
			}
		}
		return k
	case !(mean <= 1e18):
		panic("rng: Poisson mean beyond 1e18")
	}
	b := 0.931 + 2.53*math.Sqrt(mean)
	a := -0.059 + 0.02483*b
	inv := 1.1239 + 1.1328/(b-3.4)
	vr := 0.9277 - 3.6224/(b-2)
	for {
		u := p.Uniform() - 0.5
		v := p.Uniform()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		if us >= 0.07 && v <= vr {
			return k
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		lg, _ := math.Lgamma(k + 1)
		if math.Log(v*inv/(a/(us*us)+b)) <= k*math.Log(mean)-mean-lg {
			return k
		}
	}
}
