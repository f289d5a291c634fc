package rng

import (
	"math"
	"strings"
	"testing"
)

// TestDistributions: draws against the distribution function (Kolmogorov and Smirnov, at
// 0.1 %), and against moments from closed forms; NaN where there is none to compare.
func TestDistributions(t *testing.T) {
	inf := math.Inf(1)
	phi := func(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }
	cut := func(lo, hi float64) (mean, sd float64) { // of the standard normal
		z := NormalCDF(hi) - NormalCDF(lo)
		mean = (phi(lo) - phi(hi)) / z
		a, b := 0.0, 0.0
		if !math.IsInf(lo, 0) {
			a = lo * phi(lo)
		}
		if !math.IsInf(hi, 0) {
			b = hi * phi(hi)
		}
		return mean, math.Sqrt(1 + (a-b)/z - mean*mean)
	}
	tailMean, tailSD := cut(5, inf)
	bandMean, bandSD := cut(-1, 0.5)
	for _, c := range []struct {
		name     string
		args     []float64
		mean, sd float64
	}{
		{"normal", []float64{3, 2}, 3, 2},
		{"normal", []float64{0, 1, 5, inf}, tailMean, tailSD},
		{"normal", []float64{10, 2, 8, 11}, 10 + 2*bandMean, 2 * bandSD},
		{"uniform", []float64{-1, 5}, 2, 6 / math.Sqrt(12)},
		{"bernoulli", []float64{0.3}, 0.3, math.Sqrt(0.21)},
		{"binomial", []float64{100, 0.2}, 20, 4},
		{"binomial", []float64{100, 0.2, 15, 32}, 20.604858485303886, 3.4738666358648294}, // summed in Python
		{"binomial", []float64{1e6, 0.999}, 999000, math.Sqrt(999)},
		{"cauchy", []float64{2}, nan, nan},
		{"cauchy", []float64{1, 2, 1.1, 10}, nan, nan},
		{"chisquare", []float64{3}, 3, math.Sqrt(6)},
		{"chisquare", []float64{2, 2, 8}, nan, nan},
		{"exponential", []float64{0.5}, 2, 2},
		{"exponential", []float64{1, 0.25, inf}, 1.25, 1},
		{"gamma", []float64{2, 1.1}, 2.2, 1.1 * math.Sqrt2},
		{"gamma", []float64{0.4, 3, 0.1, 2}, nan, nan},
		{"laplace", []float64{2}, 0, 2 * math.Sqrt2},
		{"laplace", []float64{1, 2}, 1, 2 * math.Sqrt2},
		{"laplace", []float64{1, 2, 2, 6}, nan, nan},
		{"lognormal", []float64{0.5, 0.4}, math.Exp(0.58), math.Exp(0.58) * math.Sqrt(math.Expm1(0.16))},
		{"lognormal", []float64{0, 1, 1, 3}, nan, nan},
		{"poisson", []float64{1.5}, 1.5, math.Sqrt(1.5)},
		{"poisson", []float64{3e5}, 3e5, math.Sqrt(3e5)},
		{"poisson", []float64{4, 5, 9}, nan, nan},
		{"rayleigh", []float64{2}, 2 * math.Sqrt(math.Pi/2), 2 * math.Sqrt((4-math.Pi)/2)},
		{"rayleigh", []float64{2, 1, 3}, nan, nan},
	} {
		d := DistributionNamed(c.name)
		p := NewPhilox(Key{Seed: 11, Purpose: c.name})
		const n = 40000
		x := make([]float64, n)
		mean, m2 := 0.0, 0.0
		for i := range x {
			v, err := d.Draw(p.Uniform(), c.args)
			if err != nil {
				t.Fatalf("%s %v: %v", c.name, c.args, err)
			}
			if d.Whole && v != math.Trunc(v) {
				t.Fatalf("%s drew %g", c.name, v)
			}
			if len(c.args) >= d.Least+2 && d.Cuts && (v < c.args[len(c.args)-2] || v > c.args[len(c.args)-1]) {
				t.Fatalf("%s %v drew %g", c.name, c.args, v)
			}
			x[i] = v
			delta := v - mean
			mean += delta / float64(i+1)
			m2 += delta * (v - mean)
		}
		sd := math.Sqrt(m2 / (n - 1))
		cdf := func(v float64) float64 { return d.CDF(v, c.args) }
		if d.Whole {
			// between whole numbers the function is flat: compare at the numbers alone
			if s := discrete(x, cdf); s > 1.95 {
				t.Errorf("%s %v: statistic %g", c.name, c.args, s)
			}
		} else if s := kolmogorov(x, cdf); s > 1.95 {
			t.Errorf("%s %v: statistic %g", c.name, c.args, s)
		}
		if !math.IsNaN(c.mean) && math.Abs(mean-c.mean) > 4*c.sd/math.Sqrt(n) {
			t.Errorf("%s %v: mean %g, want %g", c.name, c.args, mean, c.mean)
		}
		if !math.IsNaN(c.sd) && math.Abs(sd/c.sd-1) > 0.04 {
			t.Errorf("%s %v: standard deviation %g, want %g", c.name, c.args, sd, c.sd)
		}
	}
}

var nan = math.NaN()

func discrete(x []float64, cdf func(float64) float64) float64 {
	counts := map[float64]float64{}
	for _, v := range x {
		counts[v]++
	}
	worst := 0.0
	for v := range counts {
		below := 0.0
		for w, n := range counts {
			if w <= v {
				below += n
			}
		}
		worst = math.Max(worst, math.Abs(below/float64(len(x))-cdf(v)))
	}
	return worst * math.Sqrt(float64(len(x)))
}

// TestQuantilesInvert: the distribution function at a quantile gives the probability back,
// deep in both tails too.
func TestQuantilesInvert(t *testing.T) {
	for _, c := range []struct {
		name string
		args []float64
	}{
		{"normal", []float64{3, 2}}, {"cauchy", []float64{1, 2}}, {"chisquare", []float64{3}}, {"exponential", []float64{0.5}},
		{"gamma", []float64{0.4, 3}}, {"laplace", []float64{1, 2}}, {"lognormal", []float64{0.5, 0.4}}, {"rayleigh", []float64{2}},
	} {
		d := DistributionNamed(c.name)
		a, _, _ := d.split(c.args)
		for _, p := range []float64{1e-12, 1e-6, 0.01, 0.3, 0.5} {
			if got, _ := d.cdf(d.quantile(p, 1-p, a[:]), a[:]); math.Abs(got/p-1) > 1e-3*math.Max(1e-8, 1e-10) && math.Abs(got-p) > 2e-16 {
				t.Errorf("%s: lower tail %g gave %g", c.name, p, got)
			}
			if _, got := d.cdf(d.quantile(1-p, p, a[:]), a[:]); math.Abs(got/p-1) > 1e-9 {
				t.Errorf("%s: upper tail %g gave %g", c.name, p, got)
			}
		}
	}
}

// TestDrawsRefuse: arguments without sense are named.
func TestDrawsRefuse(t *testing.T) {
	for _, c := range []struct {
		name string
		args []float64
		want string
	}{
		{"normal", []float64{0, -1}, "standard deviation"},
		{"uniform", []float64{2, 1}, "no finite range"},
		{"bernoulli", []float64{1.5}, "probability"},
		{"binomial", []float64{2.5, 0.5}, "trials"},
		{"exponential", []float64{0}, "rate"},
		{"gamma", []float64{-1, 2}, "shape"},
		{"normal", []float64{0, 1, 3, 2}, "truncated to nothing"},
		{"exponential", []float64{1, -3, -2}, "nothing of the distribution"},
		{"poisson", []float64{nan}, "not a number"},
		{"cauchy", []float64{math.Inf(1), 1}, "not finite"},
	} {
		if _, err := DistributionNamed(c.name).Draw(0.5, c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: error %v, want one that says %q", c.name, c.args, err, c.want)
		}
	}
}
