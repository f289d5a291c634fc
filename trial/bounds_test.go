package trial

import (
	"math"
	"testing"

	"thymus/library"
)

// A figure published as a bound is met beyond it however far, and not before it; an interval
// whose end was not reached is open there.
func TestBounds(t *testing.T) {
	p := &Prepared{Spec: &Spec{Seed: 1}, resamples: 200}
	e := &endpoint{Endpoint: Endpoint{ID: "rise", Kind: "value"}}
	of := func(mean float64) (list []seen) {
		for i := 0; i < 50; i++ {
			list = append(list, seen{value: mean + 0.02*float64(i-25)})
		}
		return list
	}
	for _, c := range []struct {
		kind, lo, hi   string
		predicted      float64
		agrees         bool
		openLo, openHi bool
	}{
		{"lower bound", "5", "", 4, false, false, true},
		{"lower bound", "5", "", 5.5, true, false, true},
		{"lower bound", "5", "", 50, true, false, true},
		{"upper bound", "", "5", 6, false, true, false},
		{"upper bound", "", "5", 1, true, true, false},
		{"", "", "", 50, false, false, false},
		{"95CI", "4", "inf", 5, true, false, true},
		{"95CI", "4", "inf", 50, false, false, true}, // inside, but 5 is in no replicate trial
		{"SE", "1", "", 5.05, true, false, false},
		{"SE", "0.01", "", 5.05, false, false, false}, // within 25 %, but not within 1.96 standard errors
		{"95CI", "4", "", 5, true, false, false},      // an end that is not known: within 25 %
	} {
		row := library.EvidenceRow{ID: "R", Value: "5", N: "20", SpreadKind: c.kind, SpreadLo: c.lo, SpreadHi: c.hi}
		a := p.agree(Comparison{Row: "R", Endpoint: "rise"}, row, e, of(c.predicted), nil)
		if a.Agrees != c.agrees || math.IsNaN(a.PublishedLo) != c.openLo || math.IsNaN(a.PublishedHi) != c.openHi {
			t.Errorf("%s %s %s, predicted %g: agrees %v, interval %g to %g (%s)", c.kind, c.lo, c.hi, c.predicted, a.Agrees, a.PublishedLo, a.PublishedHi, a.Rule)
		}
	}
}
