package stats

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// Observation is a time to an event, or to the last look when Event is false.
type Observation struct {
	Time  float64
	Event bool
}

// Survival is a Kaplan-Meier curve: at each time of an event the share still without one,
// with a pointwise interval, and how many were at risk just before.
type Survival struct {
	Times, S, Lo, Hi []float64
	AtRisk           []int
	Events           []int
	Censored         []float64 // times of censoring, ascending
	N                int
}

func sortedObservations(x []Observation) []Observation {
	s := append([]Observation(nil), x...)
	slices.SortFunc(s, func(a, b Observation) int {
		switch {
		case a.Time < b.Time:
			return -1
		case a.Time > b.Time:
			return 1
		case a.Event == b.Event:
			return 0
		case a.Event: // events before censorings of the same time
			return -1
		}
		return 1
	})
	return s
}

// KaplanMeier estimates survival (E. L. Kaplan, P. Meier, JASA 53, 457-481, 1958) with
// Greenwood's variance and the interval on the log-log scale (J. P. Klein, M. L.
// Moeschberger, Survival Analysis, 2nd ed., section 4.3); with level 0 there is none, and its
// ends are NaN.
func KaplanMeier(x []Observation, level float64) Survival {
	s := sortedObservations(x)
	out := Survival{N: len(s)}
	share, green := 1.0, 0.0
	q := Z(level)
	for i := 0; i < len(s); {
		j, d := i, 0
		for j < len(s) && s[j].Time == s[i].Time {
			if s[j].Event {
				d++
			} else {
				out.Censored = append(out.Censored, s[j].Time)
			}
			j++
		}
		if d > 0 {
			r := len(s) - i
			share *= 1 - float64(d)/float64(r)
			green += float64(d) / (float64(r) * float64(r-d))
			lo, hi := share, share
			if level == 0 {
				lo, hi = math.NaN(), math.NaN()
			} else if share > 0 && share < 1 {
				w := math.Exp(q * math.Sqrt(green) / math.Log(share))
				lo, hi = math.Pow(share, 1/w), math.Pow(share, w)
			} else if share == 0 {
				lo, hi = 0, math.NaN()
			}
			out.Times = append(out.Times, s[i].Time)
			out.S, out.Lo, out.Hi = append(out.S, share), append(out.Lo, lo), append(out.Hi, hi)
			out.AtRisk, out.Events = append(out.AtRisk, r), append(out.Events, d)
		}
		i = j
	}
	return out
}

// Median is the first time at which survival is 0.5 or less, with the interval of R.
// Brookmeyer, J. Crowley (Biometrics 38, 29-41, 1982) on the log-log scale; NaN when it is
// not reached.
func (s Survival) Median() (t, lo, hi float64) {
	first := func(v []float64) float64 {
		for i, x := range v {
			if x <= 0.5 {
				return s.Times[i]
			}
		}
		return math.NaN()
	}
	return first(s.S), first(s.Lo), first(s.Hi)
}

// At is the share without an event at time t.
func (s Survival) At(t float64) float64 {
	share := 1.0
	for i, x := range s.Times {
		if x > t {
			break
		}
		share = s.S[i]
	}
	return share
}

// LogRank tests whether two survival curves are equal (N. Mantel, Cancer Chemother. Rep. 50,
// 163-170, 1966): chi-square with one degree of freedom, and p.
func LogRank(a, b []Observation) (chi2, p float64) {
	type item struct {
		Observation
		first bool
	}
	var all []item
	for _, x := range a {
		all = append(all, item{x, true})
	}
	for _, x := range b {
		all = append(all, item{x, false})
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].Time < all[j].Time })
	na, n := len(a), len(a)+len(b)
	diff, variance := 0.0, 0.0
	for i := 0; i < len(all); {
		j, d, da, ca, c := i, 0, 0, 0, 0
		for j < len(all) && all[j].Time == all[i].Time {
			c++
			if all[j].first {
				ca++
			}
			if all[j].Event {
				d++
				if all[j].first {
					da++
				}
			}
			j++
		}
		if d > 0 && n > 1 {
			share := float64(na) / float64(n)
			diff += float64(da) - float64(d)*share
			variance += float64(d) * share * (1 - share) * float64(n-d) / float64(n-1)
		}
		na, n = na-ca, n-c
		i = j
	}
	if variance == 0 {
		return 0, 1
	}
	chi2 = diff * diff / variance
	return chi2, distuv.ChiSquared{K: 1}.Survival(chi2)
}

// HazardRatio is the ratio of the hazard of a to that of b in the proportional-hazards model
// (D. R. Cox, J. R. Stat. Soc. B 34, 187-220, 1972) with B. Efron's treatment of ties (J. Am.
// Stat. Assoc. 72, 557-565, 1977), and Wald's interval. Without an event in both groups it is
// not determined: NaN.
func HazardRatio(a, b []Observation, level float64) (ratio, lo, hi float64) {
	type moment struct {
		na, n float64 // at risk: in a, in all
		da, d int     // events: in a, in all
	}
	sa, sb := sortedObservations(a), sortedObservations(b)
	var moments []moment
	total, totalA := 0, 0
	for i, j := 0, 0; i < len(sa) || j < len(sb); {
		t := math.Inf(1)
		if i < len(sa) {
			t = sa[i].Time
		}
		if j < len(sb) {
			t = math.Min(t, sb[j].Time)
		}
		m := moment{na: float64(len(sa) - i), n: float64(len(sa) - i + len(sb) - j)}
		for ; i < len(sa) && sa[i].Time == t; i++ {
			if sa[i].Event {
				m.da++
				m.d++
			}
		}
		for ; j < len(sb) && sb[j].Time == t; j++ {
			if sb[j].Event {
				m.d++
			}
		}
		if m.d > 0 {
			moments = append(moments, m)
			total += m.d
			totalA += m.da
		}
	}
	nan := math.NaN()
	if totalA == 0 || totalA == total {
		return nan, nan, nan
	}
	beta, information := 0.0, 0.0
	for step := 0; step < 50; step++ {
		r := math.Exp(beta)
		score := 0.0
		information = 0
		for _, m := range moments {
			score += float64(m.da)
			nb := m.n - m.na
			for k := 0; k < m.d; k++ {
				f := float64(k) / float64(m.d)
				x := r * (m.na - f*float64(m.da))
				q := x / (x + nb - f*float64(m.d-m.da))
				score -= q
				information += q * (1 - q)
			}
		}
		if !(information > 0) {
			return nan, nan, nan
		}
		d := math.Max(-1, math.Min(1, score/information))
		beta += d
		if math.Abs(d) < 1e-10 {
			break
		}
	}
	if math.Abs(beta) > 20 { // the groups' events do not overlap in time
		return nan, nan, nan
	}
	w := Z(level) / math.Sqrt(information)
	return math.Exp(beta), math.Exp(beta - w), math.Exp(beta + w)
}
