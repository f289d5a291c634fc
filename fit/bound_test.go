package fit

import (
	"math"
	"testing"

	"thymus/trial"
)

// What lies beyond a published bound is no error; before it, the error is an eighth of the value.
func TestBound(t *testing.T) {
	nan := math.NaN()
	a := trial.Agreement{Row: "R", Published: 8, PublishedLo: 8, PublishedHi: nan, Bound: "lower", Rule: "published as a lower bound", PublishedSD: nan,
		Predicted: 6, PredictedLo: 6, PredictedHi: 6, PredictedN: 1, PredictedOf: 1}
	b := &Problem{Spec: &Spec{}, noise: map[string]float64{}, scales: map[string]string{}}
	for _, c := range []struct {
		bound           string
		predicted, want float64
	}{{"lower", 6, -2}, {"lower", 30, 0}, {"upper", 10, 2}, {"upper", 1, 0}} {
		a.Bound, a.Predicted = c.bound, c.predicted
		terms := b.terms("trial", a, true)
		if len(terms) != 1 {
			t.Fatalf("%d terms, want 1", len(terms))
		}
		if b.residual(&terms[0]); math.Abs(terms[0].Residual-c.want) > 1e-9 {
			t.Errorf("%s bound, predicted %g: residual %g, want %g", c.bound, c.predicted, terms[0].Residual, c.want)
		}
	}
	open := trial.Agreement{Published: 10, PublishedLo: 5, PublishedHi: nan, Rule: "published 95 % interval without an upper end"}
	if got := publishedSigma(open, "linear"); math.Abs(got-10/normal95) > 1e-9 {
		t.Errorf("sigma of an open interval %g, want %g", got, 10/normal95)
	}
}
