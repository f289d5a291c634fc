package rng

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed directions.txt
var directionText string

// directions holds, by dimension, 32 direction numbers scaled to 32 bits.
var directions = sync.OnceValue(func() [][32]uint32 {
	var out [][32]uint32
	for _, line := range strings.Split(directionText, "\n") {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" || strings.HasPrefix(line, "#") {
			continue
		}
		var n []uint32
		for _, x := range f {
			v, err := strconv.ParseUint(x, 10, 32)
			if err != nil {
				panic("rng: direction numbers: " + err.Error())
			}
			n = append(n, uint32(v))
		}
		if n[0] == 2 { // the first dimension is van der Corput's and not in the table
			var v [32]uint32
			for i := range v {
				v[i] = 1 << (31 - i)
			}
			out = append(out, v)
		}
		s, a, m := int(n[1]), n[2], n[3:]
		var v [32]uint32
		for i := 0; i < s && i < 32; i++ {
			v[i] = m[i] << (31 - i)
		}
		for i := s; i < 32; i++ {
			v[i] = v[i-s] ^ v[i-s]>>s
			for k := 1; k < s; k++ {
				if a>>(s-1-k)&1 == 1 {
					v[i] ^= v[i-k]
				}
			}
		}
		out = append(out, v)
	}
	return out
})

// Sobol gives the points of a Sobol' sequence in Gray-code-free order, moved by a digital
// shift that the seed keys.
type Sobol struct {
	dims  int
	shift []uint32
}

// NewSobol makes a sequence; an error says how many dimensions there are.
func NewSobol(dims int, seed uint64) (*Sobol, error) {
	if most := len(directions()); dims > most {
		return nil, fmt.Errorf("Sobol' points have at most %d dimensions, asked for %d", most, dims)
	}
	s := &Sobol{dims: dims, shift: make([]uint32, dims)}
	for i := range s.shift {
		s.shift[i] = uint32(New(Key{Seed: seed, Patient: -1, Purpose: "digital shift", Index: i}).r.Uint64())
	}
	return s, nil
}

// Point is point k (k >= 0), in the open unit cube.
func (s *Sobol) Point(k int) []float64 {
	out := make([]float64, s.dims)
	v := directions()
	for d := range out {
		x := s.shift[d]
		for bit, rest := 0, uint32(k); rest != 0; bit, rest = bit+1, rest>>1 {
			if rest&1 == 1 {
				x ^= v[d][bit]
			}
		}
		out[d] = (float64(x) + 0.5) / (1 << 32)
	}
	return out
}
