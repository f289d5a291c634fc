package rng

import (
	_ "embed" // the table of direction numbers
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"sync"
)

//go:embed directions.txt
var directionText string

// SobolDimensions is how many dimensions Sobol' points can have here.
const SobolDimensions = 512

// directionNumbers are v[dimension][bit], the binary point before the highest bit.
// Bratley and Fox, ACM Trans. Math. Softw. 14 (1988) 88, with the table of Joe and Kuo.
var directionNumbers = sync.OnceValue(func() [][64]uint64 {
	v := make([][64]uint64, SobolDimensions)
	for j := range 64 {
		v[0][j] = 1 << (63 - j) // van der Corput's sequence
	}
	d := 1
	for line := range strings.Lines(directionText) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		n := make([]uint64, len(fields))
		for i, f := range fields {
			x, err := strconv.ParseUint(f, 10, 32)
			if err != nil {
				panic("rng: table of direction numbers: " + err.Error())
			}
			n[i] = x
		}
		s, a, m := int(n[1]), n[2], n[3:]
		if n[0] != uint64(d+1) || len(m) != s {
			panic(fmt.Sprintf("rng: table of direction numbers: bad row for dimension %d", d+1))
		}
		for j := range s {
			v[d][j] = m[j] << (63 - j)
		}
		for j := s; j < 64; j++ {
			w := v[d][j-s] ^ v[d][j-s]>>s
			for k := 1; k < s; k++ {
				if a>>(s-1-k)&1 == 1 {
					w ^= v[d][j-k]
				}
			}
			v[d][j] = w
		}
		d++
	}
	if d != SobolDimensions {
		panic(fmt.Sprintf("rng: table of direction numbers has %d dimensions, want %d", d, SobolDimensions))
	}
	return v
})

// Sobol gives Sobol' points with a random digital shift: evenly spread over the unit
// cube, and each of them uniformly distributed. It may be shared by goroutines.
type Sobol struct {
	v     [][64]uint64
	shift []uint64
}

// NewSobol prepares points of that many dimensions (1 to SobolDimensions; an error
// outside). Adding a dimension at the end leaves the earlier coordinates as they were.
func NewSobol(dimensions int, seed uint64) (*Sobol, error) {
	s, err := newSobol(dimensions)
	if err != nil {
		return nil, err
	}
	for d := range s.shift {
		s.shift[d] = New(Key{Seed: seed, Patient: -1, Purpose: "Sobol' shift", Index: d}).Uint64()
	}
	return s, nil
}

func newSobol(dimensions int) (*Sobol, error) {
	if dimensions < 1 || dimensions > SobolDimensions {
		return nil, fmt.Errorf("Sobol' points can have 1 to %d dimensions, not %d", SobolDimensions, dimensions)
	}
	return &Sobol{v: directionNumbers()[:dimensions], shift: make([]uint64, dimensions)}, nil
}

// Dimensions is the length of a point.
func (s *Sobol) Dimensions() int { return len(s.shift) }

// At puts point number index (from 0, in Gray-code order) into dst; any point can be had
// alone. The first 2^m points are a (t, m, s)-net, so powers of two are good sizes.
func (s *Sobol) At(index uint64, dst []float64) {
	if len(dst) != len(s.shift) {
		panic(fmt.Sprintf("rng: len(dst)=%d, want %d", len(dst), len(s.shift)))
	}
	for d := range dst {
		x := s.shift[d]
		for gray := index ^ index>>1; gray != 0; gray &= gray - 1 {
			x ^= s.v[d][bits.TrailingZeros64(gray)]
		}
		dst[d] = centre(x)
	}
}

// LatinColumn is one coordinate of a Latin hypercube of n points: one number in each of
// the n equal parts of (0, 1), in random order. Columns of different purposes are
// independent, so adding one leaves the others as they were; another n is another design.
// McKay, Beckman and Conover, Technometrics 21 (1979) 239.
func LatinColumn(seed uint64, purpose string, n int) []float64 {
	s := New(Key{Seed: seed, Patient: -1, Purpose: "Latin hypercube " + purpose})
	column := make([]float64, n)
	for i, part := range s.Perm(n) {
		column[i] = (float64(part) + s.Uniform()) / float64(n)
	}
	return column
}
