package stats

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// Mean is the arithmetic mean; NaN of nothing.
func Mean(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s / float64(len(x))
}

// SD is the standard deviation with divisor n-1; NaN below two values.
func SD(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	m := Mean(x)
	s := 0.0
	for _, v := range x {
		s += (v - m) * (v - m)
	}
	return math.Sqrt(s / float64(len(x)-1))
}

// Quantile is the p-quantile by linear interpolation of order statistics (type 7 of R. J.
// Hyndman, Y. Fan, Sample quantiles in statistical packages, Am. Stat. 50, 361-365, 1996).
func Quantile(x []float64, p float64) float64 {
	s := append([]float64(nil), x...)
	sort.Float64s(s)
	return SortedQuantile(s, p)
}

// SortedQuantile is Quantile of values in ascending order.
func SortedQuantile(s []float64, p float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	h := p * float64(len(s)-1)
	i := int(math.Floor(h))
	if i >= len(s)-1 {
		return s[len(s)-1]
	}
	return s[i] + (h-float64(i))*(s[i+1]-s[i])
}

// normal is the standard normal distribution.
var normal = distuv.Normal{Mu: 0, Sigma: 1}

// Z is half the width, in standard deviations, of the interval that holds a share of a normal
// distribution: 1.96 for 0.95.
func Z(level float64) float64 { return normal.Quantile(0.5 + level/2) }

// MeanInterval is Student's interval of a mean.
func MeanInterval(x []float64, level float64) (lo, hi float64) {
	n := float64(len(x))
	if n < 2 {
		return math.NaN(), math.NaN()
	}
	m, h := Mean(x), SD(x)/math.Sqrt(n)*distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.5+level/2)
	return m - h, m + h
}

// SDInterval is the interval of a standard deviation sd seen in n > 1 values of a normal
// distribution: (n-1)*sd^2/sigma^2 has the chi-squared distribution with n-1 degrees of
// freedom (Armitage, Berry, Matthews, Statistical Methods in Medical Research, 5.1).
func SDInterval(sd float64, n int, level float64) (lo, hi float64) {
	d := distuv.ChiSquared{K: float64(n - 1)}
	return sd * math.Sqrt(d.K/d.Quantile(0.5+level/2)), sd * math.Sqrt(d.K/d.Quantile(0.5-level/2))
}

// MedianInterval is the distribution-free interval of a median from order statistics, at
// least as wide as the level asks (W. J. Conover, Practical Nonparametric Statistics,
// 3rd ed., section 3.2). Below six values the level cannot be reached: the range.
func MedianInterval(x []float64, level float64) (lo, hi float64) {
	n := len(x)
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	s := append([]float64(nil), x...)
	sort.Float64s(s)
	b := distuv.Binomial{N: float64(n), P: 0.5}
	k := 0
	for k < n/2 && b.CDF(float64(k)) <= (1-level)/2 {
		k++
	}
	if k == 0 {
		return s[0], s[n-1]
	}
	return s[k-1], s[n-k]
}

// Wilson is the score interval of a proportion k of n (E. B. Wilson, Probable inference,
// the law of succession, and statistical inference, JASA 22, 209-212, 1927).
func Wilson(k, n int, level float64) (lo, hi float64) {
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	return WilsonShare(float64(k)/float64(n), float64(n), level)
}

// WilsonShare is Wilson's interval for a proportion given as a share.
func WilsonShare(p, n, level float64) (lo, hi float64) {
	q := Z(level)
	c := p + q*q/(2*n)
	h := q * math.Sqrt(p*(1-p)/n+q*q/(4*n*n))
	d := 1 + q*q/n
	return math.Max(0, (c-h)/d), math.Min(1, (c+h)/d)
}

// Newcombe is the interval of the difference of two independent proportions k1/n1 - k2/n2 by
// the hybrid score method (method 10 of R. G. Newcombe, Interval estimation for the
// difference between independent proportions, Stat. Med. 17, 873-890, 1998).
func Newcombe(k1, n1, k2, n2 int, level float64) (d, lo, hi float64) {
	if n1 == 0 || n2 == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	p1, p2 := float64(k1)/float64(n1), float64(k2)/float64(n2)
	l1, u1 := Wilson(k1, n1, level)
	l2, u2 := Wilson(k2, n2, level)
	d = p1 - p2
	return d, d - math.Hypot(p1-l1, u2-p2), d + math.Hypot(u1-p1, p2-l2)
}

// Welch tests whether two means are equal (B. L. Welch, Biometrika 34, 28-35, 1947): the
// difference of means, its interval, and the two-sided p.
func Welch(a, b []float64, level float64) (d, lo, hi, p float64) {
	d = Mean(a) - Mean(b)
	if len(a) < 2 || len(b) < 2 {
		return d, math.NaN(), math.NaN(), math.NaN()
	}
	va, vb := SD(a)*SD(a)/float64(len(a)), SD(b)*SD(b)/float64(len(b))
	se := math.Sqrt(va + vb)
	if se == 0 {
		return d, d, d, truth(d == 0)
	}
	nu := (va + vb) * (va + vb) / (va*va/float64(len(a)-1) + vb*vb/float64(len(b)-1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: nu}
	h := se * t.Quantile(0.5+level/2)
	return d, d - h, d + h, 2 * t.CDF(-math.Abs(d/se))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// MannWhitney tests whether values of a tend to be larger or smaller than those of b (H. B.
// Mann, D. R. Whitney, Ann. Math. Stat. 18, 50-60, 1947): U of a and the two-sided p, exact
// up to 20 values a side without ties, otherwise normal with correction for ties and
// continuity.
func MannWhitney(a, b []float64) (u, p float64) {
	n, m := len(a), len(b)
	if n == 0 || m == 0 {
		return math.NaN(), math.NaN()
	}
	type item struct {
		v     float64
		first bool
	}
	all := make([]item, 0, n+m)
	for _, v := range a {
		all = append(all, item{v, true})
	}
	for _, v := range b {
		all = append(all, item{v, false})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].v < all[j].v })
	ranks, ties := 0.0, 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		t := float64(j - i)
		ties += t*t*t - t
		for k := i; k < j; k++ {
			if all[k].first {
				ranks += float64(i+j+1) / 2
			}
		}
		i = j
	}
	u = ranks - float64(n*(n+1))/2
	if ties == 0 && n <= 20 && m <= 20 {
		return u, exactMannWhitney(n, m, u)
	}
	N := float64(n + m)
	v := float64(n) * float64(m) / 12 * (N + 1 - ties/(N*(N-1)))
	if v <= 0 {
		return u, 1
	}
	d := math.Max(0, math.Abs(u-float64(n*m)/2)-0.5)
	return u, math.Min(1, 2*normal.CDF(-d/math.Sqrt(v)))
}

// exactMannWhitney counts arrangements: f(n, m, u) = f(n-1, m, u-m) + f(n, m-1, u).
func exactMannWhitney(n, m int, u float64) float64 {
	counts := make([][]float64, n+1)
	for i := range counts {
		counts[i] = make([]float64, n*m+1)
		counts[i][0] = 1
	}
	for j := 1; j <= m; j++ {
		for i := 1; i <= n; i++ {
			next := make([]float64, n*m+1)
			copy(next, counts[i])
			for k := j; k <= n*m; k++ {
				next[k] += counts[i-1][k-j]
			}
			counts[i] = next
		}
	}
	total, tail := 0.0, 0.0
	low := math.Min(u, float64(n*m)-u)
	for k, c := range counts[n] {
		total += c
		if float64(k) <= low {
			tail += c
		}
	}
	return math.Min(1, 2*tail/total)
}

// Fisher is the two-sided exact test of a 2x2 table (k1 of n1 against k2 of n2): the sum of
// the probabilities of all tables that are no more probable (R. A. Fisher, The Design of
// Experiments, 1935).
func Fisher(k1, n1, k2, n2 int) float64 {
	k := k1 + k2
	lc := func(n, k int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c
	}
	all := lc(n1+n2, k)
	prob := func(x int) float64 { return math.Exp(lc(n1, x) + lc(n2, k-x) - all) }
	here := prob(k1)
	sum := 0.0
	for x := max(0, k-n2); x <= min(k, n1); x++ {
		if q := prob(x); q <= here*(1+1e-7) {
			sum += q
		}
	}
	return math.Min(1, sum)
}

// PairedInterval is Student's interval of the mean of differences.
func PairedInterval(d []float64, level float64) (mean, lo, hi float64) {
	lo, hi = MeanInterval(d, level)
	return Mean(d), lo, hi
}
