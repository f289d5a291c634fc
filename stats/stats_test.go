package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > within {
		t.Errorf("%s: got %g, want %g", what, got, want)
	}
}

// Newcombe 1998, table II (Stat. Med. 17, 873-890), method 10.
func TestNewcombe(t *testing.T) {
	for _, c := range []struct {
		k1, n1, k2, n2 int
		lo, hi         float64
	}{{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {10, 10, 0, 20, 0.6791, 1.0000}, {10, 10, 0, 10, 0.6075, 1.0000}} {
		_, lo, hi := Newcombe(c.k1, c.n1, c.k2, c.n2, 0.95)
		near(t, "lower", lo, c.lo, 6e-5)
		near(t, "upper", hi, c.hi, 6e-5)
	}
}

// Newcombe 1998 (Stat. Med. 17, 857-872), table I: 81 of 263 and 15 of 148.
func TestWilson(t *testing.T) {
	lo, hi := Wilson(81, 263, 0.95)
	near(t, "lower", lo, 0.2553, 6e-5)
	near(t, "upper", hi, 0.3662, 6e-5)
	lo, hi = Wilson(15, 148, 0.95)
	near(t, "lower", lo, 0.0624, 6e-5)
	near(t, "upper", hi, 0.1605, 6e-5)
}

// Fisher's tea: three of four against one of four, p = 34/70.
func TestFisher(t *testing.T) {
	near(t, "tea", Fisher(3, 4, 1, 4), 34.0/70, 1e-12)
	near(t, "all", Fisher(4, 4, 0, 4), 2.0/70, 1e-12)
}

// The 6-mercaptopurine trial (Freireich 1963, as Gehan 1965 gives it): Kaplan-Meier values
// and the log-rank chi-square of 16.79.
func TestLeukaemiaRemission(t *testing.T) {
	var drug, placebo []Observation
	for _, x := range []struct {
		t float64
		e bool
	}{{6, true}, {6, true}, {6, true}, {7, true}, {10, true}, {13, true}, {16, true}, {22, true}, {23, true}, {6, false}, {9, false}, {10, false}, {11, false}, {17, false}, {19, false}, {20, false}, {25, false}, {32, false}, {32, false}, {34, false}, {35, false}} {
		drug = append(drug, Observation{x.t, x.e})
	}
	for _, x := range []float64{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23} {
		placebo = append(placebo, Observation{x, true})
	}
	km := KaplanMeier(drug, 0.95)
	for i, want := range []float64{0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448} {
		near(t, "survival", km.S[i], want, 6e-4)
	}
	m, _, _ := km.Median()
	near(t, "median", m, 23, 0)
	m, _, _ = KaplanMeier(placebo, 0.95).Median()
	near(t, "median", m, 8, 0)
	plain := KaplanMeier(drug, 0)
	if m, lo, hi := plain.Median(); m != 23 || !math.IsNaN(lo) || !math.IsNaN(hi) || !slices.Equal(plain.S, km.S) {
		t.Errorf("without intervals the median is %g (%g to %g), the curve %v", m, lo, hi, plain.S)
	}
	// R 4, survival::coxph(Surv(time, cens) ~ treat, MASS::gehan): 0.2076, 0.0925 to 0.466
	ratio, lo, hi := HazardRatio(drug, placebo, 0.95)
	near(t, "hazard ratio", ratio, 0.2076, 1e-4)
	near(t, "its lower limit", lo, 0.0925, 1e-4)
	near(t, "its upper limit", hi, 0.466, 5e-4)
	back, _, _ := HazardRatio(placebo, drug, 0.95)
	near(t, "the other way round", back*ratio, 1, 1e-9)
	if none, _, _ := HazardRatio(drug[9:13], placebo, 0.95); !math.IsNaN(none) {
		t.Errorf("a hazard ratio of %g without an event in one group", none)
	}
	chi2, p := LogRank(drug, placebo)
	near(t, "log-rank", chi2, 16.793, 5e-4)
	if p > 1e-4 {
		t.Errorf("p = %g", p)
	}
}

// Mann and Whitney 1947, section 5: with 6 and 8 values U = 8... small cases have counts
// that can be made by hand: (1, 2) against (3, 4, 5) has U 0 and p 2/10.
func TestMannWhitney(t *testing.T) {
	u, p := MannWhitney([]float64{1, 2}, []float64{3, 4, 5})
	near(t, "U", u, 0, 0)
	near(t, "p", p, 0.2, 1e-12)
}

// Student's sleep data (Biometrika 6, 1908): Welch's t is -1.8608 with p 0.07939.
func TestWelch(t *testing.T) {
	a := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	b := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	d, lo, hi, p := Welch(a, b, 0.95)
	near(t, "difference", d, -1.58, 1e-9)
	near(t, "lower", lo, -3.3654832, 1e-6)
	near(t, "upper", hi, 0.2054832, 1e-6)
	near(t, "p", p, 0.07939, 1e-5)
}

func TestQuantiles(t *testing.T) {
	x := []float64{1, 2, 3, 4}
	near(t, "quartile", Quantile(x, 0.25), 1.75, 1e-12)
	near(t, "median", Quantile(x, 0.5), 2.5, 1e-12)
	// Conover: for n = 10 the 2nd and 9th order statistics hold 97.9 %
	var y []float64
	for i := 1; i <= 10; i++ {
		y = append(y, float64(i))
	}
	lo, hi := MedianInterval(y, 0.95)
	near(t, "lower", lo, 2, 0)
	near(t, "upper", hi, 9, 0)
}

// A test of two equal groups rejects as often as its level says.
func TestFalsePositives(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	welch, mann, log := 0, 0, 0
	const runs = 2000
	for i := 0; i < runs; i++ {
		var a, b []float64
		var oa, ob []Observation
		for k := 0; k < 30; k++ {
			a, b = append(a, r.NormFloat64()), append(b, r.NormFloat64())
			oa = append(oa, Observation{r.ExpFloat64(), r.Float64() < 0.8})
			ob = append(ob, Observation{r.ExpFloat64(), r.Float64() < 0.8})
		}
		if _, _, _, p := Welch(a, b, 0.95); p < 0.05 {
			welch++
		}
		if _, p := MannWhitney(a, b); p < 0.05 {
			mann++
		}
		if _, p := LogRank(oa, ob); p < 0.05 {
			log++
		}
	}
	for name, n := range map[string]int{"Welch": welch, "Mann-Whitney": mann, "log-rank": log} {
		if share := float64(n) / runs; share < 0.035 || share > 0.068 {
			t.Errorf("%s rejects %.3f of equal groups at level 0.05", name, share)
		}
	}
}

// The interval of a standard deviation: 2.5 in 10 values; chi-squared 2.700 and 19.023
// with 9 degrees of freedom (Armitage, Berry, Matthews, table A2).
func TestSDInterval(t *testing.T) {
	lo, hi := SDInterval(2.5, 10, 0.95)
	near(t, "lo", lo, 2.5*math.Sqrt(9/19.023), 1e-3)
	near(t, "hi", hi, 2.5*math.Sqrt(9/2.700), 1e-3)
}
