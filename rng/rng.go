// Package rng gives random streams that are keyed, so that any draw can be made again
// alone (floor 0).
//
// A stream is a function of (seed, patient, purpose, index): ChaCha8 keyed by the SHA-256
// of their unambiguous encoding. Adding a patient, an arm or a purpose moves no draw of
// any other. Normal deviates use one uniform each, by the inverse distribution function.
//
//	s := rng.New(rng.Key{Seed: 1, Patient: 17, Purpose: "core_N4b"})
//	u := s.Uniform()
package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// Key names a stream.
type Key struct {
	Seed    uint64
	Patient int
	Purpose string
	Index   int
}

// Stream is a source of draws; not for concurrent use.
type Stream struct{ r *rand.ChaCha8 }

// New makes the stream of a key, at its beginning.
func New(k Key) *Stream {
	h := sha256.New()
	var b [8]byte
	put := func(v uint64) {
		binary.LittleEndian.PutUint64(b[:], v)
		h.Write(b[:])
	}
	h.Write([]byte("thymus stream 1"))
	put(k.Seed)
	put(uint64(int64(k.Patient)))
	put(uint64(int64(k.Index)))
	put(uint64(len(k.Purpose)))
	h.Write([]byte(k.Purpose))
	var seed [32]byte
	h.Sum(seed[:0])
	return &Stream{rand.NewChaCha8(seed)}
}

// Uniform is in the open interval (0, 1), a multiple of 2^-53 plus 2^-54.
func (s *Stream) Uniform() float64 {
	return (float64(s.r.Uint64()>>11) + 0.5) / (1 << 53)
}

// Normal is a standard normal deviate.
func (s *Stream) Normal() float64 { return NormalQuantile(s.Uniform()) }

// Exponential has mean 1.
func (s *Stream) Exponential() float64 { return -math.Log(s.Uniform()) }

// Intn is uniform on 0..n-1 (n > 0), without bias.
func (s *Stream) Intn(n int) int {
	if n <= 0 {
		panic("rng: Intn of a number below 1")
	}
	limit := math.MaxUint64 - math.MaxUint64%uint64(n)
	for {
		if v := s.r.Uint64(); v < limit {
			return int(v % uint64(n))
		}
	}
}

// Perm is a random order of 0..n-1 (Fisher and Yates).
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

// Gamma has the given shape (> 0) and mean shape (Marsaglia and Tsang, A simple method for
// generating gamma variables, ACM TOMS 26, 363-372, 2000).
func (s *Stream) Gamma(shape float64) float64 {
	if shape <= 0 {
		panic("rng: Gamma of a shape that is not positive")
	}
	if shape < 1 {
		return s.Gamma(shape+1) * math.Pow(s.Uniform(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := s.Normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(s.Uniform()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// Poisson has the given mean (>= 0), by counting exponential waits; for means above 500
// the sum of parts.
func (s *Stream) Poisson(mean float64) int {
	n := 0
	for mean > 500 {
		n += s.Poisson(500)
		mean -= 500
	}
	for t := s.Exponential(); t < mean; t += s.Exponential() {
		n++
	}
	return n
}

// NormalQuantile is the inverse of the standard normal distribution function.
func NormalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }

// NormalCDF is the standard normal distribution function.
func NormalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
