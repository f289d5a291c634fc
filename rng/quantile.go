package rng

import (
	"fmt"
	"math"
)

// NormalCDF is the standard normal distribution function.
func NormalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

// NormalQuantile is the x with NormalCDF(x) = p, to about 1e-15 of x; it is -Inf at 0,
// +Inf at 1 and NaN outside [0, 1].
//
// Rational functions of M. J. Wichura (Algorithm AS 241: the percentage points of the
// normal distribution, Appl. Statist. 37, 477-484, 1988), his PPND16: five in six numbers
// need neither a logarithm nor a root. Newton's or Halley's method on NormalCDF is as exact
// and ten times as slow, which paths of signals, a number a day, are too long for.
func NormalQuantile(p float64) float64 {
	if math.IsNaN(p) || p < 0 || p > 1 {
		return math.NaN()
	}
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		return q * ratio(&nearCentre, 0.180625-q*q)
	}
	tail := min(p, 1-p)
	if tail == 0 {
		return math.Copysign(math.Inf(1), q)
	}
	r := math.Sqrt(-math.Log(tail))
	if r <= 5 {
		r = ratio(&inTail, r-1.6)
	} else {
		r = ratio(&farOut, r-5)
	}
	return math.Copysign(r, q)
}

// ratio is the quotient of two polynomials, each from its constant term on.
func ratio(c *[2][8]float64, x float64) float64 {
	a, b := &c[0], &c[1]
	return (((((((a[7]*x+a[6])*x+a[5])*x+a[4])*x+a[3])*x+a[2])*x+a[1])*x + a[0]) /
		(((((((b[7]*x+b[6])*x+b[5])*x+b[4])*x+b[3])*x+b[2])*x+b[1])*x + b[0])
}

// Coefficients of PPND16 for |p-1/2| <= 0.425, and beyond for roots of -ln(tail) up to 5
// and above.
var (
	nearCentre = [2][8]float64{
		{3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
			4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3},
		{1, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
			2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3}}
	inTail = [2][8]float64{
		{1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
			1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4},
		{1, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
			1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9}}
	farOut = [2][8]float64{
		{6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
			2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
		{1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
			7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15}}
)

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
