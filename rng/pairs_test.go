package rng

import (
	"math"
	"math/big"
	"testing"
)

// TestPairs: pairs are functions of the words of their blocks, with the same bits by every
// code, wherever the stream stood.
func TestPairs(t *testing.T) {
	k := Key{Seed: 8, Patient: 2, Purpose: "pairs"}
	words := NewPhilox(k)
	var all []uint64
	for range 4000 {
		all = append(all, words.Uint64())
	}
	for _, skip := range []int{0, 1, 2, 31, 32, 33, 64} {
		p := NewPhilox(k)
		for range skip {
			p.Uint64()
		}
		for n := (skip + 1) / 2; n < 1900; n++ {
			e, u := p.Pair()
			we, wu := negativeLog(centre(all[2*n])), centre(all[2*n+1])
			if math.Float64bits(e) != math.Float64bits(we) || u != wu {
				t.Fatalf("after %d words, pair %d: %v %v, want %v %v", skip, n, e, u, we, wu)
			}
		}
	}
	// a word between pairs is none of theirs
	p := NewPhilox(k)
	p.Pair()
	if got := p.Uint64(); got != all[2*PairBlocks] {
		t.Errorf("a word after a pair: %x, want %x", got, all[2*PairBlocks])
	}
	_, u := p.Pair()
	if u != centre(all[3]) {
		t.Errorf("the second pair: %v, want %v", u, centre(all[3]))
	}
	// counters that carry into their upper half
	var e1, u1, e2, u2 [PairBlocks]float64
	for _, n := range []uint64{0, 0xfffffff9, 1<<40 + 0xfffffffe, math.MaxUint64 - 3} {
		fillPairs(&e1, &u1, n, 1, 0xdeadbeef, 0xffffffff, 7)
		pairsOf(&e2, &u2, n, 1, 0xdeadbeef, 0xffffffff, 7)
		if e1 != e2 || u1 != u2 {
			t.Errorf("counter %x: %v %v, want %v %v", n, e1, u1, e2, u2)
		}
	}
}

// TestNegativeLog against 200 bits of precision, at random places and at the ends.
func TestNegativeLog(t *testing.T) {
	p := NewPhilox(Key{Purpose: "log"})
	worst := 0.0
	check := func(x float64) {
		got := negativeLog(x)
		want := bigLog(x)
		want.Neg(want)
		w, _ := want.Float64()
		d := new(big.Float).Sub(new(big.Float).SetFloat64(got), want)
		off, _ := d.Float64()
		if !(got > 0) {
			t.Fatalf("-log(%v) is %v", x, got)
		}
		worst = math.Max(worst, math.Abs(off)/(math.Nextafter(w, math.Inf(1))-w))
	}
	for range 3000 {
		check(p.Uniform())
	}
	for _, x := range []float64{0x1p-53, 1 - 0x1p-53, 1 - 0x1p-52, 0.5, math.Sqrt(0.5), math.Nextafter(math.Sqrt(0.5), 1), 0.25, 0.75} {
		check(x)
	}
	t.Logf("largest error %.2f units of the last place", worst)
	if worst > 1 {
		t.Errorf("largest error %.2f units of the last place, want at most 1", worst)
	}
}

// bigLog is log x by the series of atanh after halving towards 1.
func bigLog(x float64) *big.Float {
	const precision = 200
	f := func(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }
	series := func(m *big.Float) *big.Float { // log m, m near 1
		s := new(big.Float).Quo(new(big.Float).Sub(m, f(1)), new(big.Float).Add(m, f(1)))
		s2 := new(big.Float).Mul(s, s)
		sum, term := f(0), new(big.Float).Set(s)
		for k := 1; k < 200; k += 2 {
			sum.Add(sum, new(big.Float).Quo(term, f(float64(k))))
			term.Mul(term, s2)
		}
		return sum.Mul(sum, f(2))
	}
	m, e := math.Frexp(x)
	if m < math.Sqrt(0.5) {
		m, e = 2*m, e-1
	}
	ln2 := new(big.Float).Neg(series(f(0.5)))
	return new(big.Float).Add(series(f(m)), ln2.Mul(ln2, f(float64(e))))
}

func BenchmarkPair(b *testing.B) {
	p := NewPhilox(Key{Seed: 1})
	s := 0.0
	for b.Loop() {
		e, u := p.Pair()
		s += e * u
	}
	_ = s
}
