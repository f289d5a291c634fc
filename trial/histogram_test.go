package trial

import (
	"math"
	"slices"
	"testing"

	"thymus/rng"
	"thymus/stats"
)

// TestHistogram: percentiles read from counts are within the stated error of those of the
// values, whatever the order and however the values were split, and exact for short numbers.
func TestHistogram(t *testing.T) {
	s := rng.New(rng.Key{Seed: 1, Purpose: "histogram"})
	kinds := map[string]func() float64{
		"normal":    func() float64 { return s.Normal() },
		"lognormal": func() float64 { return math.Exp(10 * s.Normal()) },
		"grades":    func() float64 { return float64(s.Intn(5)) },
		"negative":  func() float64 { return -1e-3 - s.Exponential() },
		"tiny":      func() float64 { return 1e-14 * s.Normal() },
	}
	for _, name := range sortedKeys(kinds) {
		var values []float64
		var whole histogram
		parts := make([]histogram, 7)
		for k := 0; k < 3000; k++ {
			v := kinds[name]()
			values = append(values, v)
			parts[s.Intn(len(parts))].add([]binCount{{binOf(v), 1}})
		}
		for _, i := range s.Perm(len(parts)) {
			whole.add(parts[i].bins())
		}
		var other histogram
		for _, v := range values {
			other.add([]binCount{{binOf(v), 1}})
		}
		if !slices.Equal(whole.bins(), other.bins()) || whole.total != len(values) {
			t.Errorf("%s: counts depend on how values were split", name)
		}
		slices.Sort(values)
		for _, q := range []float64{0, 0.05, 0.25, 0.5, 0.75, 0.95, 1} {
			want, got := stats.SortedQuantile(values, q), quantileOf(whole.bins(), whole.total, q)
			near := math.Max(math.Abs(want), math.Abs(stats.SortedQuantile(values, math.Min(1, q+0.001))))
			if !(math.Abs(got-want) <= BandError*near+smallestBinned) {
				t.Errorf("%s: quantile %g is %g, want %g", name, q, got, want)
			}
			if name == "grades" && got != want {
				t.Errorf("%s: quantile %g is %g, want exactly %g", name, q, got, want)
			}
		}
	}
	if binValue(binOf(math.Inf(-1))) != math.Inf(-1) || !(binOf(math.Inf(-1)) < binOf(-5) && binOf(-5) < binOf(0) && binOf(3.0001) > binOf(3)) {
		t.Error("bins are not in the order of values")
	}
}
