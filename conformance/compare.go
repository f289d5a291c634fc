package conformance

import (
	"fmt"
	"math"
	"strings"

	"thymus/diag"
)

// comparison finds the largest deviation of a table from what is expected.
type comparison struct {
	deviation float64
	variable  string
	time      float64
	expected  float64
	got       float64
	compared  int
}

func newComparison() *comparison { return &comparison{time: math.NaN()} }

// value compares one value; allowed is the largest |expected - got| that passes.
func (c *comparison) value(variable string, time, expected, got, allowed float64) {
	c.compared++
	d := deviation(expected, got, allowed)
	if d > c.deviation || c.compared == 1 {
		*c = comparison{d, variable, time, expected, got, c.compared}
	}
}

// deviation is |expected - got| as a fraction of what is allowed. NaN meets only NaN and
// an infinite value only itself.
func deviation(expected, got, allowed float64) float64 {
	switch {
	case math.IsNaN(expected) && math.IsNaN(got), expected == got:
		return 0
	case math.IsNaN(expected) || math.IsNaN(got) || math.IsInf(expected, 0) || math.IsInf(got, 0):
		return math.Inf(1)
	}
	if d := math.Abs(expected-got) / allowed; !math.IsNaN(d) {
		return d
	}
	return math.Inf(1)
}

// verdict is passed when everything lies within what is allowed.
func (c *comparison) verdict() Verdict {
	v := Verdict{Deviation: c.deviation, Variable: c.variable, Time: c.time}
	switch {
	case c.compared == 0:
		return Verdict{Outcome: Wrong, Reason: "the case states no value to compare", Deviation: math.NaN(), Time: math.NaN()}
	case c.deviation > 1:
		v.Outcome = Wrong
		v.Reason = fmt.Sprintf("%s is %.7g, expected %.7g", c.variable, c.got, c.expected)
		if !math.IsNaN(c.time) {
			v.Reason += fmt.Sprintf(", at %g", c.time)
		}
	}
	return v
}

// refused is the verdict about a model that was not run, by its first error.
func refused(ms diag.Messages) Verdict {
	v := Verdict{Outcome: Refused, Deviation: math.NaN(), Time: math.NaN()}
	for _, m := range ms {
		if m.Severity == diag.Error {
			v.Reason = oneLine(m.Text)
			return v
		}
	}
	v.Reason = "no reason was given"
	return v
}

// wrong is a verdict without numbers.
func wrong(format string, args ...any) Verdict {
	return Verdict{Outcome: Wrong, Reason: oneLine(fmt.Sprintf(format, args...)), Deviation: math.NaN(), Time: math.NaN()}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
