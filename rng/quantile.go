package rng

import (
	"fmt"
	"math"
)

// NormalCDF is the standard normal distribution function.
func NormalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// NormalQuantile is the x with NormalCDF(x) = p, to about 1e-15 of x or of 1; it is
// -Inf at 0, +Inf at 1 and NaN outside [0, 1].
//
// Start: Abramowitz and Stegun 26.2.23 (error below 4.5e-4); then Halley's method, which
// triples the digits each time.
func NormalQuantile(p float64) float64 {
	switch {
	case math.IsNaN(p) || p < 0 || p > 1:
		return math.NaN()
	case p == 0:
		return math.Inf(-1)
	case p == 1:
		return math.Inf(1)
	case p > 0.5:
		return -NormalQuantile(1 - p) // 1-p is exact here
	}
	t := math.Sqrt(-2 * math.Log(p))
	x := (2.515517+t*(0.802853+t*0.010328))/(1+t*(1.432788+t*(0.189269+t*0.001308))) - t
	for range 2 {
		// f = CDF(x) - p, f' = density, f'' = -x*density
		e := (NormalCDF(x) - p) * math.Sqrt(2*math.Pi) * math.Exp(x*x/2)
		x -= e / (1 + x*e/2)
	}
	return x
}

// GammaCDF is the distribution function of the gamma distribution of scale 1: the
// regularised incomplete gamma function P(shape, x) (DLMF 8.2.4), by its series (DLMF
// 8.7.1) below the mean and by its continued fraction (DLMF 8.9.2) above.
// shape must be positive and finite.
func GammaCDF(x, shape float64) float64 {
	lower, _ := incompleteGamma(x, shape)
	return lower
}

// incompleteGamma is P(a, x) and 1-P(a, x), each without cancellation.
func incompleteGamma(x, a float64) (lower, upper float64) {
	if !(a > 0) || math.IsInf(a, 1) {
		panic(fmt.Sprintf("rng: gamma shape %v, want a positive number", a))
	}
	switch {
	case math.IsNaN(x):
		return math.NaN(), math.NaN()
	case x <= 0:
		return 0, 1
	case math.IsInf(x, 1):
		return 1, 0
	}
	front := gammaFront(x, a)
	if x < a+1 {
		term := 1 / a
		sum := term
		for n := 1.0; term > sum*1e-17; n++ {
			term *= x / (a + n)
			sum += term
		}
		lower = math.Min(front*sum, 1)
		return lower, 1 - lower
	}
	// Lentz's method for the continued fraction; tiny keeps denominators from 0.
	const tiny = 1e-300
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	h := d
	for n := 1.0; n < 1e6; n++ {
		an := -n * (n - a)
		b += 2
		if d = an*d + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + an/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := d * c
		h *= step
		if math.Abs(step-1) < 1e-16 {
			break
		}
	}
	upper = math.Min(front*h, 1)
	return 1 - upper, upper
}

// gammaFront is x^a e^-x / Gamma(a).
func gammaFront(x, a float64) float64 {
	lg, _ := math.Lgamma(a)
	return math.Exp(a*math.Log(x) - x - lg)
}

// GammaQuantile is the x with GammaCDF(x, shape) = p: 0 at 0, +Inf at 1, NaN outside
// [0, 1]. Start: Wilson and Hilferty's cube of a normal (1931), or the leading power of
// the series in the lower tail; then Newton steps kept inside a bracket.
func GammaQuantile(p, shape float64) float64 {
	if !(shape > 0) || math.IsInf(shape, 1) {
		panic(fmt.Sprintf("rng: gamma shape %v, want a positive number", shape))
	}
	switch {
	case math.IsNaN(p) || p < 0 || p > 1:
		return math.NaN()
	case p == 0:
		return 0
	case p == 1:
		return math.Inf(1)
	}
	w := 1 - 1/(9*shape) + NormalQuantile(p)/(3*math.Sqrt(shape))
	x := shape * w * w * w
	lg, _ := math.Lgamma(shape + 1)
	if small := math.Exp((math.Log(p) + lg) / shape); w <= 0.1 || small < 0.1*shape {
		x = small // P(a, x) ~ x^a / Gamma(a+1) for small x
	}
	if x == 0 {
		return 0 // below the smallest number there is
	}
	lo, hi := 0.0, math.Inf(1)
	for range 200 {
		lower, upper := incompleteGamma(x, shape)
		f := lower - p
		if p > 0.5 {
			f = (1 - p) - upper
		}
		switch {
		case f == 0:
			return x
		case f > 0:
			hi = x
		default:
			lo = x
		}
		next := x - f*x/gammaFront(x, shape) // the density is front/x
		if !(next > lo && next < hi) {
			if math.IsInf(hi, 1) {
				next = 2 * x
			} else {
				next = lo + (hi-lo)/2
			}
		}
		if math.Abs(next-x) <= 1e-15*x || next == x {
			return next
		}
		x = next
	}
	return x
}

// PoissonQuantile is the least k whose Poisson distribution function reaches p in (0, 1).
// It panics when mean is negative, NaN or above 1e12.
func PoissonQuantile(p, mean float64) int {
	if !(mean >= 0) || mean > 1e12 {
		panic(fmt.Sprintf("rng: Poisson mean %v, want 0 to 1e12", mean))
	}
	if !(p > 0 && p < 1) {
		panic(fmt.Sprintf("rng: Poisson quantile at %v, want 0 < p < 1", p))
	}
	if mean == 0 {
		return 0
	}
	if mean < 100 { // add up the probabilities from 0
		term := math.Exp(-mean)
		sum := term
		k := 0
		for sum < p && term > 1e-300 {
			k++
			term *= mean / float64(k)
			sum += term
		}
		return k
	}
	// Walk from the normal approximation with its skewness term (Cornish and Fisher).
	// The distribution function at k is the upper incomplete gamma function Q(k+1, mean).
	reached := func(k float64) bool {
		_, q := incompleteGamma(mean, k+1)
		return q >= p
	}
	z := NormalQuantile(p)
	k := math.Max(0, math.Floor(mean+math.Sqrt(mean)*z+(z*z-1)/6))
	for k > 0 && reached(k-1) {
		k--
	}
	for !reached(k) {
		k++
	}
	return int(k)
}
