package rng

import (
	"fmt"
	"math"
)

// Distribution is a row of Distributions: a distribution that models may draw from. The
// names and arguments are those of SBML Level 3 distrib, Version 1 (section 3.2).
type Distribution struct {
	Name   string
	Params []string // its parameters; a shorter list is allowed where Least says so
	Least  int      // least number of parameters: what is left out in front is 0 (a location)
	Cuts   bool     // two more arguments may truncate it, both ends included
	Whole  bool     // takes whole numbers only
	// check names what is wrong with the parameters, "" for nothing.
	check func(a []float64) string
	// cdf is the distribution function with its complement, each without cancellation.
	cdf func(x float64, a []float64) (below, above float64)
	// quantile is the least x whose distribution function reaches p; q is 1-p without
	// cancellation.
	quantile func(p, q float64, a []float64) float64
}

// Distributions lists the distributions in the order of their names.
var Distributions = []Distribution{
	{Name: "bernoulli", Params: []string{"probability"}, Least: 1, Whole: true,
		check: func(a []float64) string { return probability(a[0]) },
		cdf: func(x float64, a []float64) (float64, float64) {
			switch {
			case x < 0:
				return 0, 1
			case x < 1:
				return 1 - a[0], a[0]
			}
			return 1, 0
		},
		quantile: func(_, q float64, a []float64) float64 {
			if q < a[0] {
				return 1
			}
			return 0
		}},
	{Name: "binomial", Params: []string{"trials", "probability"}, Least: 2, Cuts: true, Whole: true,
		check: func(a []float64) string {
			if !(a[0] >= 0) || a[0] != math.Trunc(a[0]) || a[0] > 1e9 {
				return fmt.Sprintf("the number of trials is %g: expected a whole number from 0 to 1e9", a[0])
			}
			return probability(a[1])
		},
		cdf: func(x float64, a []float64) (float64, float64) { return BinomialCDF(x, a[0], a[1]) },
		quantile: func(p, q float64, a []float64) float64 {
			m, s := a[0]*a[1], math.Sqrt(a[0]*a[1]*(1-a[1]))
			return walk(p, q, m+s*normal(p, q), 0, a[0], func(k float64) (float64, float64) { return BinomialCDF(k, a[0], a[1]) })
		}},
	{Name: "cauchy", Params: []string{"location", "scale"}, Least: 1, Cuts: true,
		check: func(a []float64) string { return scale(a[1]) },
		cdf: func(x float64, a []float64) (float64, float64) {
			z := (x - a[0]) / a[1]
			return math.Atan2(1, -z) / math.Pi, math.Atan2(1, z) / math.Pi
		},
		quantile: func(p, q float64, a []float64) float64 {
			if p <= q {
				return a[0] - a[1]/math.Tan(math.Pi*p)
			}
			return a[0] + a[1]/math.Tan(math.Pi*q)
		}},
	{Name: "chisquare", Params: []string{"degrees of freedom"}, Least: 1, Cuts: true,
		check:    func(a []float64) string { return positive("the number of degrees of freedom", a[0]) },
		cdf:      func(x float64, a []float64) (float64, float64) { return incompleteGamma(x/2, a[0]/2) },
		quantile: func(p, q float64, a []float64) float64 { return 2 * gammaQuantile(p, q, a[0]/2) }},
	{Name: "exponential", Params: []string{"rate"}, Least: 1, Cuts: true,
		check: func(a []float64) string { return positive("the rate", a[0]) },
		cdf: func(x float64, a []float64) (float64, float64) {
			if x <= 0 {
				return 0, 1
			}
			return -math.Expm1(-x * a[0]), math.Exp(-x * a[0])
		},
		quantile: func(p, q float64, a []float64) float64 {
			if p < 0.5 {
				return -math.Log1p(-p) / a[0]
			}
			return -math.Log(q) / a[0]
		}},
	{Name: "gamma", Params: []string{"shape", "scale"}, Least: 2, Cuts: true,
		check: func(a []float64) string {
			if s := positive("the shape", a[0]); s != "" {
				return s
			}
			return scale(a[1])
		},
		cdf:      func(x float64, a []float64) (float64, float64) { return incompleteGamma(x/a[1], a[0]) },
		quantile: func(p, q float64, a []float64) float64 { return a[1] * gammaQuantile(p, q, a[0]) }},
	{Name: "laplace", Params: []string{"location", "scale"}, Least: 1, Cuts: true,
		check: func(a []float64) string { return scale(a[1]) },
		cdf: func(x float64, a []float64) (float64, float64) {
			z := (x - a[0]) / a[1]
			if z < 0 {
				return 0.5 * math.Exp(z), 1 - 0.5*math.Exp(z)
			}
			return 1 - 0.5*math.Exp(-z), 0.5 * math.Exp(-z)
		},
		quantile: func(p, q float64, a []float64) float64 {
			if p <= q {
				return a[0] + a[1]*math.Log(2*p)
			}
			return a[0] - a[1]*math.Log(2*q)
		}},
	{Name: "lognormal", Params: []string{"mean of the logarithm", "sd of the logarithm"}, Least: 2, Cuts: true,
		check: func(a []float64) string { return spread(a[1]) },
		cdf: func(x float64, a []float64) (float64, float64) {
			if x <= 0 {
				return 0, 1
			}
			return normalCDF((math.Log(x) - a[0]) / a[1])
		},
		quantile: func(p, q float64, a []float64) float64 { return math.Exp(a[0] + a[1]*normal(p, q)) }},
	{Name: "normal", Params: []string{"mean", "standard deviation"}, Least: 2, Cuts: true,
		check:    func(a []float64) string { return spread(a[1]) },
		cdf:      func(x float64, a []float64) (float64, float64) { return normalCDF((x - a[0]) / a[1]) },
		quantile: func(p, q float64, a []float64) float64 { return a[0] + a[1]*normal(p, q) }},
	{Name: "poisson", Params: []string{"mean"}, Least: 1, Cuts: true, Whole: true,
		check: func(a []float64) string {
			if !(a[0] >= 0) || a[0] > 1e12 {
				return fmt.Sprintf("the mean is %g: expected 0 to 1e12", a[0])
			}
			return ""
		},
		cdf: func(x float64, a []float64) (float64, float64) { return poissonCDF(x, a[0]) },
		quantile: func(p, q float64, a []float64) float64 {
			return walk(p, q, a[0]+math.Sqrt(a[0])*normal(p, q), 0, math.Inf(1), func(k float64) (float64, float64) { return poissonCDF(k, a[0]) })
		}},
	{Name: "rayleigh", Params: []string{"scale"}, Least: 1, Cuts: true,
		check: func(a []float64) string { return scale(a[0]) },
		cdf: func(x float64, a []float64) (float64, float64) {
			if x <= 0 {
				return 0, 1
			}
			z := 0.5 * (x / a[0]) * (x / a[0])
			return -math.Expm1(-z), math.Exp(-z)
		},
		quantile: func(p, q float64, a []float64) float64 {
			if p < 0.5 {
				return a[0] * math.Sqrt(-2*math.Log1p(-p))
			}
			return a[0] * math.Sqrt(-2*math.Log(q))
		}},
	{Name: "uniform", Params: []string{"least", "greatest"}, Least: 2,
		check: func(a []float64) string {
			if !(a[0] <= a[1]) || math.IsInf(a[1]-a[0], 0) {
				return fmt.Sprintf("from %g to %g is no finite range", a[0], a[1])
			}
			return ""
		},
		cdf: func(x float64, a []float64) (float64, float64) {
			if a[0] == a[1] {
				if x < a[0] {
					return 0, 1
				}
				return 1, 0
			}
			p := math.Min(1, math.Max(0, (x-a[0])/(a[1]-a[0])))
			return p, 1 - p
		},
		quantile: func(p, _ float64, a []float64) float64 { return a[0] + p*(a[1]-a[0]) }},
}

// DistributionNamed finds a row of Distributions; nil when there is none.
func DistributionNamed(name string) *Distribution {
	for i := range Distributions {
		if Distributions[i].Name == name {
			return &Distributions[i]
		}
	}
	return nil
}

// split takes the arguments of a draw apart: parameters (a missing location is 0) and the
// ends of a truncation.
func (d *Distribution) split(args []float64) (a [2]float64, lo, hi float64) {
	lo, hi = math.Inf(-1), math.Inf(1)
	n := len(args)
	if d.Cuts && n >= d.Least+2 {
		lo, hi = args[n-2], args[n-1]
		n -= 2
	}
	if n > len(d.Params) || n < d.Least {
		panic(fmt.Sprintf("rng: %d arguments of %s", len(args), d.Name))
	}
	copy(a[len(d.Params)-n:], args[:n])
	return a, lo, hi
}

// Draw turns one uniform number in (0, 1) into one draw: the quantile at u of the part of
// the distribution that the truncation leaves. An error says which argument makes no sense.
func (d *Distribution) Draw(u float64, args []float64) (float64, error) {
	a, lo, hi := d.split(args)
	for _, v := range args {
		if math.IsNaN(v) {
			return math.NaN(), fmt.Errorf("%s: an argument is not a number", d.Name)
		}
	}
	for i := range d.Params {
		if math.IsInf(a[i], 0) {
			return math.NaN(), fmt.Errorf("%s: the %s is not finite", d.Name, d.Params[i])
		}
	}
	if problem := d.check(a[:]); problem != "" {
		return math.NaN(), fmt.Errorf("%s: %s", d.Name, problem)
	}
	if math.IsInf(lo, -1) && math.IsInf(hi, 1) {
		return d.quantile(u, 1-u, a[:]), nil
	}
	if !(lo <= hi) {
		return math.NaN(), fmt.Errorf("%s: truncated to nothing, from %g to %g", d.Name, lo, hi)
	}
	if d.Whole {
		lo, hi = math.Ceil(lo), math.Floor(hi)
	}
	first := lo
	if d.Whole {
		first-- // the lower end is included
	}
	p0, q0 := 0.0, 1.0
	if !math.IsInf(lo, -1) {
		p0, q0 = d.cdf(first, a[:])
	}
	p1, q1 := 1.0, 0.0
	if !math.IsInf(hi, 1) {
		p1, q1 = d.cdf(hi, a[:])
	}
	mass := p1 - p0
	if q0 < p0 {
		mass = q0 - q1
	}
	if !(mass > 0) {
		if lo == hi && !d.Whole {
			return lo, nil
		}
		return math.NaN(), fmt.Errorf("%s: nothing of the distribution lies from %g to %g", d.Name, lo, hi)
	}
	x := d.quantile(p0+u*mass, q1+(1-u)*mass, a[:])
	return math.Min(hi, math.Max(lo, x)), nil
}

// CDF is the distribution function of what Draw draws.
func (d *Distribution) CDF(x float64, args []float64) float64 {
	a, lo, hi := d.split(args)
	if x < lo {
		return 0
	}
	if x >= hi {
		return 1
	}
	if d.Whole {
		lo = math.Ceil(lo) - 1
	}
	p, q := d.cdf(x, a[:])
	p0, q0, p1, q1 := 0.0, 1.0, 1.0, 0.0
	if !math.IsInf(lo, -1) {
		p0, q0 = d.cdf(lo, a[:])
	}
	if !math.IsInf(hi, 1) {
		p1, q1 = d.cdf(hi, a[:])
	}
	if q0 < p0 {
		return (q0 - q) / (q0 - q1)
	}
	return (p - p0) / (p1 - p0)
}

func probability(p float64) string {
	if !(p >= 0 && p <= 1) {
		return fmt.Sprintf("the probability is %g: expected 0 to 1", p)
	}
	return ""
}

func scale(s float64) string { return positive("the scale", s) }

func positive(what string, v float64) string {
	if !(v > 0) {
		return fmt.Sprintf("%s is %g: expected more than 0", what, v)
	}
	return ""
}

func spread(s float64) string {
	if !(s >= 0) {
		return fmt.Sprintf("the standard deviation is %g: expected 0 or more", s)
	}
	return ""
}

// normal is the standard normal quantile from whichever tail is the smaller.
func normal(p, q float64) float64 {
	if p <= q {
		return NormalQuantile(p)
	}
	return -NormalQuantile(q)
}

func normalCDF(z float64) (below, above float64) {
	switch {
	case math.IsNaN(z): // all mass at the mean, and z is 0/0 there
		return 1, 0
	}
	return 0.5 * math.Erfc(-z/math.Sqrt2), 0.5 * math.Erfc(z/math.Sqrt2)
}

// gammaQuantile works on the smaller tail, where p or q has all its digits.
func gammaQuantile(p, q, shape float64) float64 {
	if p <= 0.5 || q >= 1e-8 {
		return GammaQuantile(p, shape)
	}
	// upper tail: bisect and interpolate on the logarithm of the complement
	lo, hi := shape, 2*shape+2
	for {
		if _, above := incompleteGamma(hi, shape); above < q {
			break
		}
		lo, hi = hi, 2*hi
	}
	for range 200 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if _, above := incompleteGamma(mid, shape); above < q {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// poissonCDF is the probability of at most x, and of more.
func poissonCDF(x, mean float64) (below, above float64) {
	k := math.Floor(x)
	switch {
	case k < 0:
		return 0, 1
	case mean == 0 || math.IsInf(k, 1):
		return 1, 0
	}
	above, below = incompleteGamma(mean, k+1)
	return below, above
}

// BinomialCDF is the probability of at most x successes in n trials, and of more: the
// regularised incomplete beta function (DLMF 8.17.5).
func BinomialCDF(x, n, p float64) (below, above float64) {
	k := math.Floor(x)
	switch {
	case k < 0:
		return 0, 1
	case k >= n || p == 0:
		return 1, 0
	case p == 1:
		return 0, 1
	}
	above, below = incompleteBeta(p, k+1, n-k)
	return below, above
}

// incompleteBeta is I_x(a, b) and its complement, by the continued fraction DLMF 8.17.22.
func incompleteBeta(x, a, b float64) (lower, upper float64) {
	switch {
	case x <= 0:
		return 0, 1
	case x >= 1:
		return 1, 0
	case x > (a+1)/(a+b+2):
		upper, lower = incompleteBeta(1-x, b, a)
		return lower, upper
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	c, d := 1.0, 1-(a+b)*x/(a+1)
	if math.Abs(d) < tiny {
		d = tiny
	}
	d = 1 / d
	h := d
	for m := 1.0; m < 1e6; m++ {
		for _, e := range [2]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			if d = 1 + e*d; math.Abs(d) < tiny {
				d = tiny
			}
			if c = 1 + e/c; math.Abs(c) < tiny {
				c = tiny
			}
			d = 1 / d
			h *= c * d
		}
		if math.Abs(c*d-1) < 1e-16 {
			break
		}
	}
	lower = math.Min(1, front*h)
	return lower, 1 - lower
}

// walk finds the least whole k, lo <= k <= hi, whose distribution function reaches p (or
// whose complement does not exceed q, in the upper half), from a guess: a bracket grows
// by doubling and is then halved.
func walk(p, q, guess, lo, hi float64, cdf func(k float64) (below, above float64)) float64 {
	reached := func(k float64) bool {
		below, above := cdf(k)
		if p <= 0.5 {
			return below >= p
		}
		return above <= q
	}
	k := math.Min(hi, math.Max(lo, math.Floor(guess)))
	if math.IsNaN(k) {
		k = lo
	}
	left, right := k, k // reached(right), not reached(left)
	for step := 1.0; ; step *= 2 {
		if reached(right) {
			break
		}
		left = right
		if right >= hi {
			return hi
		}
		right = math.Min(hi, right+step)
	}
	if left == right { // the guess was reached: go down
		for step := 1.0; ; step *= 2 {
			if right <= lo {
				return lo
			}
			left = math.Max(lo, right-step)
			if !reached(left) {
				break
			}
			right = left
		}
	}
	for right-left > 1 {
		mid := math.Floor(left + (right-left)/2)
		if reached(mid) {
			right = mid
		} else {
			left = mid
		}
	}
	return right
}
