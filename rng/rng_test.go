package rng

import (
	"fmt"
	"math"
	"testing"
)

func Example() {
	s := New(Key{Seed: 1, Patient: 17, Purpose: "dropout"})
	fmt.Printf("%.6f %.6f\n", s.Uniform(), s.Normal())
	// The same key gives the same numbers, whatever was drawn in between.
	again := New(Key{Seed: 1, Patient: 17, Purpose: "dropout"})
	fmt.Printf("%.6f\n", again.Uniform())
	// Output:
	// 0.704996 -1.328914
	// 0.704996
}

// The keys differ in one field each; none may give the same first number, and the values
// must not change between versions: every stored run depends on them.
func TestStreamsAreFixed(t *testing.T) {
	for _, c := range []struct {
		key  Key
		want uint64
	}{
		{Key{}, 0x753083a72ff025b3},
		{Key{Seed: 1}, 0xe3be653dde25af92},
		{Key{Patient: 1}, 0x6e8437ed566f8565},
		{Key{Index: 1}, 0xd508add35b910b91},
		{Key{Purpose: "a"}, 0xce7c171483ea9810},
		{Key{Patient: -1}, 0x4d8909889ccc081d},
		{Key{Seed: 1, Patient: 2, Purpose: "car_pC", Index: 3}, 0x406d2ecd20088ad7},
	} {
		if got := New(c.key).Uint64(); got != c.want {
			t.Errorf("%+v: first number %#x, want %#x", c.key, got, c.want)
		}
	}
}

func TestResetIsNew(t *testing.T) {
	k := Key{Seed: 5, Patient: 6, Purpose: "x", Index: 7}
	s := New(Key{})
	s.Uint64()
	s.Reset(k)
	fresh := New(k)
	for range 100 {
		if s.Uint64() != fresh.Uint64() {
			t.Fatal("a stream that was reset differs from a new one")
		}
	}
}

func TestUniformIsOpen(t *testing.T) {
	if lo, hi := centre(0), centre(math.MaxUint64); !(lo > 0) || !(hi < 1) || 1-hi != lo {
		t.Errorf("ends %v and %v, want inside (0, 1) and symmetric", lo, hi)
	}
}

// moments are mean and variance of n draws, with the test that they lie within five
// standard errors of what they should be (kurtosis: fourth central moment / variance^2).
func moments(t *testing.T, name string, mean, variance, kurtosis float64, draw func() float64) {
	t.Helper()
	const n = 40000
	var s, ss float64
	for range n {
		x := draw() - mean
		s += x
		ss += x * x
	}
	if e := math.Abs(s/n) / math.Sqrt(variance/n); e > 5 {
		t.Errorf("%s: mean is %.1f standard errors off", name, e)
	}
	if e := math.Abs(ss/n-variance) / (variance * math.Sqrt((kurtosis-1)/n)); e > 5 {
		t.Errorf("%s: variance is %.1f standard errors off", name, e)
	}
}

func TestMoments(t *testing.T) {
	s := New(Key{Seed: 3, Purpose: "moments"})
	moments(t, "uniform", 0.5, 1.0/12, 1.8, s.Uniform)
	moments(t, "normal", 0, 1, 3, s.Normal)
	moments(t, "exponential", 1, 1, 9, s.Exponential)
	for _, a := range []float64{0.3, 1, 2.5, 40} {
		moments(t, fmt.Sprint("gamma ", a), a, a, 3+6/a, func() float64 { return s.Gamma(a) })
	}
	for _, m := range []float64{0.2, 3, 99, 101, 5000} {
		moments(t, fmt.Sprint("Poisson ", m), m, m, 3+1/m, func() float64 { return float64(s.Poisson(m)) })
	}
	moments(t, "Intn", 3, 4, 1.75, func() float64 { return float64(s.Intn(7)) })
	moments(t, "Bernoulli", 0.3, 0.21, 1/0.21-3, func() float64 {
		if s.Bernoulli(0.3) {
			return 1
		}
		return 0
	})
}

// Every draw of a distribution takes exactly one uniform number.
func TestOneNumberADraw(t *testing.T) {
	k := Key{Seed: 11, Purpose: "count"}
	for name, draw := range map[string]func(*Stream){
		"Normal":      func(s *Stream) { s.Normal() },
		"Exponential": func(s *Stream) { s.Exponential() },
		"Gamma":       func(s *Stream) { s.Gamma(0.4) },
		"Poisson":     func(s *Stream) { s.Poisson(7) },
		"Bernoulli":   func(s *Stream) { s.Bernoulli(0.2) },
	} {
		a, b := New(k), New(k)
		draw(a)
		b.Uniform()
		if a.Uint64() != b.Uint64() {
			t.Errorf("%s takes more or less than one number", name)
		}
	}
}

func TestPerm(t *testing.T) {
	s := New(Key{Seed: 2, Purpose: "perm"})
	counts := map[[3]int]int{}
	for range 6000 {
		p := s.Perm(3)
		counts[[3]int{p[0], p[1], p[2]}]++
	}
	for p, n := range counts {
		if math.Abs(float64(n)-1000) > 5*math.Sqrt(1000*5.0/6) {
			t.Errorf("order %v came %d times of 6000", p, n)
		}
	}
	if len(counts) != 6 {
		t.Errorf("%d orders of 3, want 6", len(counts))
	}
}

// Values of Wichura, Appl. Statist. 37 (1988) 477 (his test values), and 16-digit tails
// from the identity Phi(x) = p in extended precision.
func TestNormalQuantile(t *testing.T) {
	for p, want := range map[float64]float64{
		0.25:  -0.6744897501960817,
		0.001: -3.090232306167814,
		1e-20: -9.262340089798408,
		0.975: 1.959963984540054,
		0.5:   0,
	} {
		if got := NormalQuantile(p); math.Abs(got-want) > 4e-15*math.Max(1, math.Abs(want)) {
			t.Errorf("NormalQuantile(%v) = %.16g, want %.16g", p, got, want)
		}
	}
	for _, p := range []float64{1e-300, 1e-15, 1e-5, 0.02, 0.3, 0.49999} {
		if back := NormalCDF(NormalQuantile(p)); math.Abs(back-p) > 1e-12*p {
			t.Errorf("NormalCDF(NormalQuantile(%v)) = %v", p, back)
		}
	}
	if !math.IsInf(NormalQuantile(0), -1) || !math.IsInf(NormalQuantile(1), 1) || !math.IsNaN(NormalQuantile(1.1)) {
		t.Error("ends of NormalQuantile")
	}
}

// Chi-square table values (k degrees of freedom: shape k/2, scale 2), exact exponentials,
// and the round trip.
func TestGammaQuantile(t *testing.T) {
	for _, c := range []struct{ p, df, want float64 }{
		{0.95, 1, 3.841458820694124},
		{0.95, 10, 18.307038053275146},
		{0.99, 4, 13.276704135987622},
		{0.05, 30, 18.49266098195347},
	} {
		if got := 2 * GammaQuantile(c.p, c.df/2); math.Abs(got-c.want) > 1e-12*c.want {
			t.Errorf("chi-square quantile %v with %v degrees = %.15g, want %.15g", c.p, c.df, got, c.want)
		}
	}
	if got, want := GammaQuantile(0.3, 1), -math.Log(0.7); math.Abs(got-want) > 1e-14 {
		t.Errorf("exponential quantile %v, want %v", got, want)
	}
	for _, a := range []float64{0.05, 0.5, 1, 2, 12.5, 1000, 1e6} {
		for _, p := range []float64{1e-9, 0.001, 0.2, 0.5, 0.8, 0.999, 1 - 1e-9} {
			x := GammaQuantile(p, a)
			lower, upper := incompleteGamma(x, a)
			if x > 0 && math.Abs(lower-p) > 1e-9*p && math.Abs(upper-(1-p)) > 1e-9*(1-p) {
				t.Errorf("GammaCDF(GammaQuantile(%v, %v)) = %v", p, a, lower)
			}
		}
	}
}

func TestPoissonQuantile(t *testing.T) {
	for _, mean := range []float64{0.5, 20, 99.9, 100, 3000} {
		for _, p := range []float64{1e-6, 0.01, 0.3, 0.5, 0.9, 0.9999} {
			k := PoissonQuantile(p, mean)
			cdf := func(k int) float64 { // Q(k+1, mean)
				_, q := incompleteGamma(mean, float64(k)+1)
				return q
			}
			if cdf(k) < p-1e-12 || k > 0 && cdf(k-1) > p+1e-12 {
				t.Errorf("PoissonQuantile(%v, %v) = %d", p, mean, k)
			}
		}
	}
}

// The first ten points in three dimensions as printed by Joe and Kuo's own program
// (without shift; here every coordinate is the centre of a cell of 2^-52).
func TestSobolPublished(t *testing.T) {
	want := [][3]float64{
		{0, 0, 0}, {0.5, 0.5, 0.5}, {0.75, 0.25, 0.25}, {0.25, 0.75, 0.75}, {0.375, 0.375, 0.625},
		{0.875, 0.875, 0.125}, {0.625, 0.125, 0.875}, {0.125, 0.625, 0.375}, {0.1875, 0.3125, 0.9375}, {0.6875, 0.8125, 0.4375},
	}
	s, err := newSobol(3)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 3)
	for i, w := range want {
		s.At(uint64(i), got)
		for d := range got {
			if math.Abs(got[d]-w[d]) > 1e-15 {
				t.Errorf("point %d is %v, want %v", i, got, w)
			}
		}
	}
}

// The table must hold what the theory asks for: polynomials that are primitive (the
// recurrence then has its full period) and odd m_i below 2^i.
func TestDirectionNumbers(t *testing.T) {
	v := directionNumbers()
	for d := range v {
		for j := range 64 {
			if m := v[d][j] >> (63 - j); m&1 != 1 || v[d][j]<<j<<1 != 0 {
				t.Fatalf("dimension %d: m_%d is even or too large", d+1, j+1)
			}
		}
	}
}

// Any 2^m points have one coordinate in each of 2^m parts, in each dimension, shifted or not.
func TestSobolIsBalanced(t *testing.T) {
	const n = 256
	s, err := NewSobol(SobolDimensions, 42)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([][n]bool, SobolDimensions)
	x := make([]float64, SobolDimensions)
	for i := range n {
		s.At(uint64(i), x)
		for d := range x {
			part := int(x[d] * n)
			if seen[d][part] {
				t.Fatalf("dimension %d: two of %d points in part %d", d+1, n, part)
			}
			seen[d][part] = true
		}
	}
}

func TestSobolGrows(t *testing.T) {
	a, _ := NewSobol(5, 9)
	b, _ := NewSobol(6, 9)
	x, y := make([]float64, 5), make([]float64, 6)
	for i := range 50 {
		a.At(uint64(i), x)
		b.At(uint64(i), y)
		for d := range x {
			if x[d] != y[d] {
				t.Fatal("a further dimension moved the others")
			}
		}
	}
	if _, err := NewSobol(SobolDimensions+1, 1); err == nil {
		t.Error("more dimensions than the table has were accepted")
	}
	if _, err := NewSobol(0, 1); err == nil {
		t.Error("points without dimensions were accepted")
	}
}

func TestLatinColumn(t *testing.T) {
	const n = 100
	a, b := LatinColumn(1, "a", n), LatinColumn(1, "b", n)
	var seen [n]bool
	same := 0
	for i := range a {
		seen[int(a[i]*n)] = true
		if a[i] == b[i] {
			same++
		}
	}
	for part, ok := range seen {
		if !ok {
			t.Errorf("part %d is empty", part)
		}
	}
	if same > 2 {
		t.Error("two purposes share their column")
	}
}

func BenchmarkKeyedNormal(b *testing.B) {
	var s Stream
	for i := range b.N {
		s.Reset(Key{Seed: 1, Patient: i, Purpose: "core_N4b"})
		s.Normal()
	}
}
