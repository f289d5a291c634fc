package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
)

// Key names a stream. Any difference in any field gives an unrelated stream.
type Key struct {
	Seed    uint64 // of the run
	Patient int    // number of the virtual patient; -1 or any other number where there is none
	Purpose string // what the draws are for: "car_pC", "dropout"
	Index   int    // which of several: attempt, replicate, pulse
}

// encode is the text that is hashed: a version label, the numbers in fixed width, and
// the purpose last, so that no two keys share an encoding.
func (k Key) encode() []byte {
	b := make([]byte, 0, 64)
	b = append(b, "thymus stream 1\x00"...)
	b = binary.LittleEndian.AppendUint64(b, k.Seed)
	b = binary.LittleEndian.AppendUint64(b, uint64(int64(k.Patient)))
	b = binary.LittleEndian.AppendUint64(b, uint64(int64(k.Index)))
	return append(b, k.Purpose...)
}

// Stream is a sequence of random numbers. It is not for concurrent use.
type Stream struct{ source rand.ChaCha8 }

// New is the stream of a key, at its beginning.
func New(k Key) *Stream {
	s := new(Stream)
	s.Reset(k)
	return s
}

// Reset makes s the stream of k, at its beginning, without allocating a new one.
func (s *Stream) Reset(k Key) { s.source.Seed(sha256.Sum256(k.encode())) }

// Uint64 is 64 random bits.
func (s *Stream) Uint64() uint64 { return s.source.Uint64() }

// Uniform is a number in the open interval (0, 1): the centres of 2^52 equal cells.
func (s *Stream) Uniform() float64 { return centre(s.source.Uint64()) }

// centre takes the upper 52 bits of u: with 53 the largest would round to 1.
func centre(u uint64) float64 { return (float64(int64(u>>12)) + 0.5) * (1.0 / (1 << 52)) }

// Normal is a standard normal draw, by the quantile function of one uniform number.
func (s *Stream) Normal() float64 { return NormalQuantile(s.Uniform()) }

// Exponential is a draw of mean 1.
func (s *Stream) Exponential() float64 { return -math.Log(s.Uniform()) }

// Gamma is a draw of the gamma distribution with that shape (> 0) and scale 1.
func (s *Stream) Gamma(shape float64) float64 { return GammaQuantile(s.Uniform(), shape) }

// Poisson is a draw of the Poisson distribution; mean must be finite and not negative.
func (s *Stream) Poisson(mean float64) int { return PoissonQuantile(s.Uniform(), mean) }

// Bernoulli is true with probability p.
func (s *Stream) Bernoulli(p float64) bool { return s.Uniform() < p }

// Intn is one of 0, ..., n-1, each equally likely; it panics when n < 1.
// Lemire, ACM Trans. Model. Comput. Simul. 29 (2019) 3: multiply, and draw again in the
// rare case that would favour small results.
func (s *Stream) Intn(n int) int {
	if n < 1 {
		panic(fmt.Sprintf("rng: Intn(%d), want n >= 1", n))
	}
	m := uint64(n)
	hi, lo := bits.Mul64(s.source.Uint64(), m)
	if lo < m {
		for least := -m % m; lo < least; {
			hi, lo = bits.Mul64(s.source.Uint64(), m)
		}
	}
	return int(hi)
}

// Perm is a random order of 0, ..., n-1 (Fisher and Yates, from the end).
func (s *Stream) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := s.Intn(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}
