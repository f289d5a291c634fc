package rng

import (
	"math"
	"sort"
	"testing"
)

// TestPhiloxKnownAnswers: the vectors "philox4x32 10" of the Random123 distribution.
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0}, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := philox4x32(c.counter, c.key[0], c.key[1]); got != c.want {
			t.Errorf("counter %x key %x: %x, want %x", c.counter, c.key, got, c.want)
		}
		p := Philox{k0: c.key[0], k1: c.key[1], c2: c.counter[2], c3: c.counter[3], block: uint64(c.counter[0]) | uint64(c.counter[1])<<32}
		p.at = len(p.buf)
		want := [2]uint64{uint64(c.want[0]) | uint64(c.want[1])<<32, uint64(c.want[2]) | uint64(c.want[3])<<32}
		if got := [2]uint64{p.Uint64(), p.Uint64()}; got != want {
			t.Errorf("stream at counter %x: %x, want %x", c.counter, got, want)
		}
	}
}

// TestPhiloxSeek: any word can be recomputed alone, and streams differ in every field.
func TestPhiloxSeek(t *testing.T) {
	k := Key{Seed: 3, Patient: 5, Purpose: "jump", Index: 7}
	p := NewPhilox(k)
	var words []uint64
	for range 200 {
		words = append(words, p.Uint64())
	}
	for _, n := range []int{150, 0, 31, 32, 63, 199, 1} {
		p.Seek(uint64(n))
		for i := n; i < min(n+40, len(words)); i++ {
			if got := p.Uint64(); got != words[i] {
				t.Fatalf("word %d after Seek(%d): %x, want %x", i, n, got, words[i])
			}
		}
	}
	for _, other := range []Key{{3, 5, "jump", 8}, {3, 6, "jump", 7}, {4, 5, "jump", 7}, {3, 5, "jumps", 7}} {
		q := NewPhilox(other)
		same := 0
		for i := range words {
			if q.Uint64() == words[i] {
				same++
			}
		}
		if same > 0 {
			t.Errorf("%+v shares %d words with %+v", other, same, k)
		}
	}
}

// kolmogorov is the Kolmogorov-Smirnov statistic sqrt(n)*D of a sample against cdf.
func kolmogorov(x []float64, cdf func(float64) float64) float64 {
	sort.Float64s(x)
	n, d := float64(len(x)), 0.0
	for i, v := range x {
		f := cdf(v)
		d = math.Max(d, math.Max(f-float64(i)/n, float64(i+1)/n-f))
	}
	return d * math.Sqrt(n)
}

// TestExponential: the ziggurat against the distribution function, its first moments, and its tail.
func TestExponential(t *testing.T) {
	p := NewPhilox(Key{Seed: 1, Purpose: "test"})
	const n = 1_000_000
	x := make([]float64, n)
	sum, square, tail := 0.0, 0.0, 0
	for i := range x {
		x[i] = p.Exponential()
		if !(x[i] > 0) {
			t.Fatalf("draw %d is %g", i, x[i])
		}
		sum += x[i]
		square += x[i] * x[i]
		if x[i] > zigTail {
			tail++
		}
	}
	if k := kolmogorov(x, func(v float64) float64 { return -math.Expm1(-v) }); k > 1.95 { // 0.1 %
		t.Errorf("Kolmogorov-Smirnov statistic %g", k)
	}
	if m := sum / n; math.Abs(m-1) > 4/math.Sqrt(n) {
		t.Errorf("mean %g", m)
	}
	if m := square / n; math.Abs(m-2) > 4*math.Sqrt(20./n) {
		t.Errorf("second moment %g", m)
	}
	want := n * math.Exp(-zigTail)
	if math.Abs(float64(tail)-want) > 4*math.Sqrt(want) {
		t.Errorf("%d beyond the last layer, want about %.0f", tail, want)
	}
}

// TestPhiloxPoisson: both methods against the distribution function at every k.
func TestPhiloxPoisson(t *testing.T) {
	for _, mean := range []float64{0.01, 0.7, 9.9, 10, 37.5, 2000} {
		p := NewPhilox(Key{Seed: 2, Purpose: "test"})
		const n = 200_000
		counts := map[float64]int{}
		for range n {
			counts[p.Poisson(mean)]++
		}
		keys := []float64{}
		for k := range counts {
			keys = append(keys, k)
		}
		sort.Float64s(keys)
		cumulated, worst := 0, 0.0
		for _, k := range keys {
			cumulated += counts[k]
			_, q := incompleteGamma(mean, k+1)
			worst = math.Max(worst, math.Abs(float64(cumulated)/n-q))
		}
		if s := worst * math.Sqrt(n); s > 1.95 {
			t.Errorf("mean %g: statistic %g", mean, s)
		}
	}
	p := NewPhilox(Key{})
	if p.Poisson(0) != 0 {
		t.Error("mean 0 gives something")
	}
}

func BenchmarkPhilox(b *testing.B) {
	p := NewPhilox(Key{})
	var s uint64
	for b.Loop() {
		s += p.Uint64()
	}
	_ = s
}

func BenchmarkExponential(b *testing.B) {
	p := NewPhilox(Key{})
	s := 0.0
	for b.Loop() {
		s += p.Exponential()
	}
	_ = s
}
