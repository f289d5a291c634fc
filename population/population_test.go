package population

import (
	"math"
	"sort"
	"strings"
	"testing"

	"thymus/diag"
)

func spread(t testing.TB, text string) Spread {
	t.Helper()
	s, ms := ParseSpread(text, diag.Place{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return s
}

// TestMoments draws from each family and compares median, mean and spread with theory.
func TestMoments(t *testing.T) {
	for _, c := range []struct {
		text             string
		nominal          float64
		median, mean, sd float64
	}{
		{"lognormal cv=0.3", 10, 10, 10 * math.Sqrt(1.09), 10 * math.Sqrt(1.09) * 0.3},
		{"normal sd=2", 5, 5, 5, 2},
		{"normal cv=0.1", 50, 50, 50, 5},
		{"uniform min=2 max=6", 0, 4, 4, 4 / math.Sqrt(12)},
		{"triangular min=0 mode=0 max=3", 0, 3 - math.Sqrt(4.5), 1, math.Sqrt(0.5)},
		{"bernoulli p=0.3", 1, 0, 0.3, math.Sqrt(0.21)},
		{"categorical 1:0.5 2:0.3 4:0.2", 1, 1, 1.9, math.Sqrt(0.5 + 1.2 + 3.2 - 1.9*1.9)},
	} {
		s, ms := NewSampler([]Entry{{ID: "x", Nominal: c.nominal, Spread: spread(t, c.text)}}, nil, LatinHypercube, 3, 20000)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		v := make([]float64, 20000)
		sum, square := 0.0, 0.0
		for i := range v {
			s.Draw(i, 0, v[i:i+1])
			sum += v[i]
			square += v[i] * v[i]
		}
		sort.Float64s(v)
		n := float64(len(v))
		if m := sum / n; math.Abs(m-c.mean) > 0.01*(math.Abs(c.mean)+c.sd) {
			t.Errorf("%s: mean %g, want %g", c.text, m, c.mean)
		}
		if sd := math.Sqrt(square/n - sum*sum/n/n); math.Abs(sd-c.sd) > 0.02*c.sd {
			t.Errorf("%s: standard deviation %g, want %g", c.text, sd, c.sd)
		}
		if c.text != "categorical 1:0.5 2:0.3 4:0.2" && math.Abs(v[len(v)/2]-c.median) > 0.02*(math.Abs(c.median)+c.sd) {
			t.Errorf("%s: median %g, want %g", c.text, v[len(v)/2], c.median)
		}
	}
}

func TestTruncationAndCorrelation(t *testing.T) {
	entries := []Entry{{ID: "a", Nominal: 1, Spread: spread(t, "lognormal sd=1 min=0.5 max=3")}, {ID: "b", Nominal: 0, Spread: spread(t, "normal sd=1")}, {ID: "c", Nominal: 7, Spread: spread(t, "fixed")}}
	s, ms := NewSampler(entries, []Correlation{{Of: []string{"a", "b"}, Value: 0.8}}, Random, 1, 1)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	v := make([]float64, 3)
	sab, saa, sbb := 0.0, 0.0, 0.0
	var ma, mb float64
	var as, bs []float64
	for i := 0; i < 4000; i++ {
		s.Draw(i, 0, v)
		if v[0] < 0.5 || v[0] > 3 || v[2] != 7 {
			t.Fatalf("draw %v", v)
		}
		as, bs = append(as, v[0]), append(bs, v[1])
		ma, mb = ma+v[0]/4000, mb+v[1]/4000
	}
	for i := range as {
		sab += (as[i] - ma) * (bs[i] - mb)
		saa += (as[i] - ma) * (as[i] - ma)
		sbb += (bs[i] - mb) * (bs[i] - mb)
	}
	if r := sab / math.Sqrt(saa*sbb); r < 0.7 || r > 0.85 {
		t.Errorf("correlation %g, want about 0.78", r)
	}
	_, ms = NewSampler(append(entries, Entry{ID: "d", Nominal: 0, Spread: spread(t, "normal sd=1")}), []Correlation{{Of: []string{"a", "b"}, Value: 0.9}, {Of: []string{"a", "d"}, Value: 0.9}, {Of: []string{"b", "d"}, Value: -0.9}}, Random, 1, 1)
	if !ms.HasErrors() || !strings.Contains(ms.Error(), "not positive definite") {
		t.Errorf("contradicting correlations: %v", ms)
	}
}

// TestDrawsAreKeyed: another entry, another patient or a longer run moves nothing.
func TestDrawsAreKeyed(t *testing.T) {
	a := Entry{ID: "a", Nominal: 1, Spread: spread(t, "lognormal cv=0.3")}
	b := Entry{ID: "b", Nominal: 1, Spread: spread(t, "lognormal cv=0.3")}
	one, _ := NewSampler([]Entry{a}, nil, Random, 9, 10)
	two, _ := NewSampler([]Entry{b, a}, nil, Random, 9, 1000)
	x, y := make([]float64, 1), make([]float64, 2)
	one.Draw(5, 2, x)
	two.Draw(5, 2, y)
	if x[0] != y[1] || y[0] == y[1] {
		t.Errorf("a alone %g, beside b %g", x[0], y[1])
	}
	short, long := NewSignal(4, 7, "z", 0, 60, 0.7, 10), NewSignal(4, 7, "z", 0, 60, 0.7, 500)
	for _, day := range []float64{-20, -0.5, 0, 3.25, 10} {
		if short.At(day) != long.At(day) {
			t.Errorf("day %g: %g and %g", day, short.At(day), long.At(day))
		}
	}
}

// What was asked for before changes nothing, and days that nobody asks for are not drawn.
func TestSignalsAreDrawnWhenTheyAreReadFirst(t *testing.T) {
	forward, backward := NewSignal(4, 7, "z", 1, 60, 0.7, 300), NewSignal(4, 7, "z", 1, 60, 0.7, 300)
	if forward.values != nil {
		t.Error("a path was drawn before anyone looked at it")
	}
	days := []float64{-500, -400, -399.5, -1, 0, 0.25, 17, 299.75, 300, 301, 400}
	var want []float64
	for _, day := range days {
		want = append(want, forward.At(day))
		if n := len(forward.values); day < 300 && n > int(day)+400+3 && n > 1 {
			t.Errorf("%d days drawn to look at day %g", n, day)
		}
	}
	for i := len(days) - 1; i >= 0; i-- {
		if got := backward.At(days[i]); got != want[i] {
			t.Errorf("day %g: %g, and %g when later days were looked at before", days[i], want[i], got)
		}
	}
}

func TestSignalIsStationary(t *testing.T) {
	sum, square, lag := 0.0, 0.0, 0.0
	const n = 4000
	for k := 0; k < n; k++ {
		s := NewSignal(1, k, "z", 2, 60, 0.7, 100)
		a, b := s.At(20)-2, s.At(80)-2
		sum += a
		square += a * a
		lag += a * b
	}
	if m, v, c := sum/n, square/n, lag/n; math.Abs(m) > 0.05 || math.Abs(v-0.49) > 0.04 || math.Abs(c-0.49*math.Exp(-1)) > 0.04 {
		t.Errorf("mean %g, variance %g, covariance after 60 days %g", m, v, c)
	}
}

func TestRefusedSpreads(t *testing.T) {
	for text, want := range map[string]string{
		"lognormall cv=0.3": "unknown distribution", "lognormal": "needs cv or sd", "lognormal cv=-1": "negative", "uniform min=3 max=1": "not below",
		"bernoulli p=2": "no probability", "categorical 1:0.5": "add up to", "normal sd=x": "no name=number", "ou tau=0 sd=1": "tau must be positive", "triangular min=0 mode=5 max=3": "outside",
	} {
		if _, ms := ParseSpread(text, diag.Place{}); !ms.HasErrors() || !strings.Contains(ms.Error(), want) {
			t.Errorf("%q: expected %q, got %v", text, want, ms)
		}
	}
}
