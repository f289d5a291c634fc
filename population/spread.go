package population

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/rng"
)

// Family names a distribution of a Spread.
type Family string

// The families. Ou and Pulses are processes over time, not draws.
const (
	Fixed       Family = "fixed"
	Lognormal   Family = "lognormal"
	Normal      Family = "normal"
	LogitNormal Family = "logitnormal"
	Uniform     Family = "uniform"
	Triangular  Family = "triangular"
	Bernoulli   Family = "bernoulli"
	Categorical Family = "categorical"
	Ou          Family = "ou"
	Pulses      Family = "pulses"
)

var families = map[Family]struct {
	keys    []string
	needOne []string // at least one of these
	example string
}{
	Fixed:       {nil, nil, "fixed"},
	Lognormal:   {[]string{"cv", "sd", "min", "max"}, []string{"cv", "sd"}, "lognormal cv=0.3"},
	Normal:      {[]string{"cv", "sd", "min", "max"}, []string{"cv", "sd"}, "normal sd=5"},
	LogitNormal: {[]string{"sd", "min", "max"}, []string{"sd"}, "logitnormal sd=0.5"},
	Uniform:     {[]string{"min", "max"}, []string{"min"}, "uniform min=0.3 max=0.8"},
	Triangular:  {[]string{"min", "mode", "max"}, []string{"mode"}, "triangular min=0 mode=1 max=3"},
	Bernoulli:   {[]string{"p"}, []string{"p"}, "bernoulli p=0.65"},
	Categorical: {nil, nil, "categorical 1:0.5 2:0.3 3:0.2"},
	Ou:          {[]string{"tau", "sd"}, []string{"tau"}, "ou tau=60 sd=0.7"},
	Pulses:      {[]string{"rate", "height", "sdlog", "duration"}, []string{"rate"}, "pulses rate=1.5 height=0.4 sdlog=0.8 duration=25"},
}

// Spread is how a number differs between people. The nominal value of a parameter table
// is the median of a lognormal, whose sigma is sqrt(ln(1+cv^2)), the mean of a normal,
// the median of a logit-normal; other families say everything themselves.
type Spread struct {
	Family  Family
	Args    map[string]float64
	Values  []float64 // categorical: values and their probabilities
	Weights []float64
	Text    string
	At      diag.Place
}

// ParseSpread reads a spread as parameter tables write it; "" is fixed.
func ParseSpread(text string, at diag.Place) (Spread, diag.Messages) {
	var ms diag.Messages
	fields := strings.Fields(text)
	s := Spread{Family: Fixed, Args: map[string]float64{}, Text: text, At: at}
	if len(fields) == 0 {
		return s, nil
	}
	s.Family = Family(fields[0])
	f, ok := families[s.Family]
	if !ok {
		var known []string
		for _, k := range []Family{Fixed, Lognormal, Normal, LogitNormal, Uniform, Triangular, Bernoulli, Categorical, Ou, Pulses} {
			known = append(known, string(k))
		}
		return s, append(ms, diag.Errorf(at, "unknown distribution %q", fields[0]).WithHelp("%s", strings.TrimSpace(diag.DidYouMean(fields[0], known)+" one of "+strings.Join(known, ", "))))
	}
	fail := func(format string, args ...any) {
		ms = append(ms, diag.Errorf(at, format, args...).WithHelp("as in: %s", f.example))
	}
	for _, field := range fields[1:] {
		if s.Family == Categorical {
			a, b, ok := strings.Cut(field, ":")
			v, err1 := strconv.ParseFloat(a, 64)
			w, err2 := strconv.ParseFloat(b, 64)
			if !ok || err1 != nil || err2 != nil || w < 0 || math.IsNaN(v+w) || math.IsInf(v+w, 0) {
				fail("%q is no value:probability", field)
				continue
			}
			s.Values, s.Weights = append(s.Values, v), append(s.Weights, w)
			continue
		}
		key, value, ok := strings.Cut(field, "=")
		v, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			fail("%q is no name=number", field)
			continue
		}
		known := false
		for _, k := range f.keys {
			known = known || k == key
		}
		if !known {
			fail("%s has no %q", s.Family, key)
			continue
		}
		if _, twice := s.Args[key]; twice {
			fail("%s stands twice", key)
		}
		s.Args[key] = v
	}
	if len(f.needOne) > 0 {
		have := false
		for _, k := range f.needOne {
			_, ok := s.Args[k]
			have = have || ok
		}
		if !have {
			fail("%s needs %s", s.Family, strings.Join(f.needOne, " or "))
		}
	}
	a := func(k string) float64 { return s.Args[k] }
	for _, k := range []string{"cv", "sd", "tau", "rate", "duration", "height", "sdlog"} {
		if v, ok := s.Args[k]; ok && v < 0 {
			fail("%s=%g is negative", k, v)
		}
	}
	lo, hasLo := s.Args["min"]
	hi, hasHi := s.Args["max"]
	if hasLo && hasHi && lo >= hi {
		fail("min=%g is not below max=%g", lo, hi)
	}
	switch s.Family {
	case Uniform, Triangular:
		if !hasLo || !hasHi {
			fail("%s needs min and max", s.Family)
		}
		if s.Family == Triangular && (a("mode") < lo || a("mode") > hi) {
			fail("mode=%g lies outside min and max", a("mode"))
		}
	case Bernoulli:
		if p := a("p"); p < 0 || p > 1 {
			fail("p=%g is no probability", p)
		}
	case Categorical:
		sum := 0.0
		for _, w := range s.Weights {
			sum += w
		}
		if math.Abs(sum-1) > 1e-9 {
			fail("the probabilities add up to %g, not 1", sum)
		}
	case Ou:
		if a("tau") <= 0 {
			fail("tau must be positive")
		}
	}
	if ms.HasErrors() {
		return s, ms
	}
	return s, nil
}

// Random says whether a draw is made: not for fixed values and processes.
func (s Spread) Random() bool { return s.Family != Fixed && !s.Process() }

// Process says whether the spread is a process over time.
func (s Spread) Process() bool { return s.Family == Ou || s.Family == Pulses }

// Sigma is the standard deviation of the logarithm of a lognormal.
func (s Spread) Sigma() float64 {
	if sd, ok := s.Args["sd"]; ok {
		return sd
	}
	cv := s.Args["cv"]
	return math.Sqrt(math.Log1p(cv * cv))
}

// Quantile is the value at probability u of the distribution around a nominal value.
// Truncation by min and max restricts u to the probabilities between them.
func (s Spread) Quantile(u, nominal float64) float64 {
	switch s.Family {
	case Lognormal, Normal, LogitNormal:
		lo, hi := 0.0, 1.0
		if v, ok := s.Args["min"]; ok {
			lo = s.cdf(v, nominal)
		}
		if v, ok := s.Args["max"]; ok {
			hi = s.cdf(v, nominal)
		}
		p := lo + u*(hi-lo)
		z := rng.NormalQuantile(math.Min(math.Max(p, 1e-300), 1-1e-16))
		switch s.Family {
		case Lognormal:
			return nominal * math.Exp(s.Sigma()*z)
		case Normal:
			return nominal + s.normalSD(nominal)*z
		}
		return 1 / (1 + math.Exp(-(math.Log(nominal/(1-nominal)) + s.Args["sd"]*z)))
	case Uniform:
		return s.Args["min"] + u*(s.Args["max"]-s.Args["min"])
	case Triangular:
		a, c, b := s.Args["min"], s.Args["mode"], s.Args["max"]
		if f := (c - a) / (b - a); u < f {
			return a + math.Sqrt(u*(b-a)*(c-a))
		}
		return b - math.Sqrt((1-u)*(b-a)*(b-c))
	case Bernoulli:
		if u < s.Args["p"] {
			return 1
		}
		return 0
	case Categorical:
		sum := 0.0
		for i, w := range s.Weights {
			sum += w
			if u < sum {
				return s.Values[i]
			}
		}
		return s.Values[len(s.Values)-1]
	}
	return nominal
}

func (s Spread) normalSD(nominal float64) float64 {
	if sd, ok := s.Args["sd"]; ok {
		return sd
	}
	return s.Args["cv"] * math.Abs(nominal)
}

func (s Spread) cdf(v, nominal float64) float64 {
	switch s.Family {
	case Lognormal:
		if v <= 0 {
			return 0
		}
		return rng.NormalCDF(math.Log(v/nominal) / math.Max(s.Sigma(), 1e-300))
	case Normal:
		return rng.NormalCDF((v - nominal) / math.Max(s.normalSD(nominal), 1e-300))
	}
	if v <= 0 {
		return 0
	}
	if v >= 1 {
		return 1
	}
	return rng.NormalCDF((math.Log(v/(1-v)) - math.Log(nominal/(1-nominal))) / math.Max(s.Args["sd"], 1e-300))
}

// Check says what is wrong with a spread for a nominal value, or nil.
func (s Spread) Check(nominal float64) error {
	switch s.Family {
	case Lognormal:
		if nominal <= 0 {
			return fmt.Errorf("a lognormal needs a positive median, here %g", nominal)
		}
	case LogitNormal:
		if nominal <= 0 || nominal >= 1 {
			return fmt.Errorf("a logit-normal needs a median between 0 and 1, here %g", nominal)
		}
	}
	return nil
}
