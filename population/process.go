package population

import (
	"math"

	"thymus/rng"
)

// Signal is one patient's path of an Ornstein-Uhlenbeck process: stationary, with mean
// Mean, standard deviation SD and time constant Tau [days]. It stands on a grid of whole
// days that starts at a fixed origin, and is linear between; making a run longer changes
// nothing before its end. Days are drawn when they are first asked for, so a path that
// nobody looks at costs nothing. It is not for concurrent use.
type Signal struct {
	origin, days int
	mean, sd     float64
	a, b         float64     // how a day follows from the one before
	x            float64     // of the last day that was drawn, without the mean
	stream       *rng.Stream // nil: none was
	key          rng.Key
	values       []float64 // of the days drawn so far
}

// origin is the day on which every path starts, before any trial does.
const origin = -400

// NewSignal is the path of a patient from the origin to the given day.
func NewSignal(seed uint64, patient int, purpose string, mean, tau, sd, until float64) *Signal {
	a := math.Exp(-1 / tau)
	return &Signal{origin: origin, days: int(math.Ceil(until)) - origin + 2, mean: mean, a: a, b: sd * math.Sqrt(1-a*a), sd: sd,
		key: rng.Key{Seed: seed, Patient: patient, Purpose: "path of " + purpose}}
}

// day is the value on day i of the grid; days must have been counted.
func (s *Signal) day(i int) float64 {
	if s.stream == nil {
		s.stream = rng.New(s.key)
		s.x = s.sd * s.stream.Normal()
		s.values = make([]float64, 0, min(s.days, max(2*i, 64)))
	}
	for len(s.values) <= i {
		if len(s.values) > 0 {
			s.x = float64(s.a*s.x) + s.b*s.stream.Normal()
		}
		s.values = append(s.values, s.mean+s.x)
	}
	return s.values[i]
}

// At is the value on day t; before the origin and after the end the nearest one.
func (s *Signal) At(t float64) float64 {
	x := t - float64(s.origin)
	i := int(math.Floor(x))
	switch {
	case i < 0:
		return s.day(0)
	case i >= s.days-1:
		return s.day(s.days - 1)
	}
	f := x - float64(i)
	after := s.day(i + 1)
	return s.values[i] + f*(after-s.values[i])
}

// Pulse is a rise of a quantity for a while.
type Pulse struct{ Start, Duration, Height float64 }

// NewPulses draws a patient's train of pulses between two days: a Poisson process with
// Rate per year, lognormal heights (median height, log standard deviation sdlog) and
// gamma durations (shape 2, mean duration [days]).
func NewPulses(seed uint64, patient int, purpose string, s Spread, from, until float64) []Pulse {
	rate := s.Args["rate"] / 365.25
	if rate <= 0 {
		return nil
	}
	stream := rng.New(rng.Key{Seed: seed, Patient: patient, Purpose: "pulses of " + purpose})
	var out []Pulse
	for t := float64(origin); ; {
		t += stream.Exponential() / rate
		height := s.Args["height"] * math.Exp(s.Args["sdlog"]*stream.Normal())
		duration := s.Args["duration"] * stream.Gamma(2) / 2
		if t >= until {
			return out
		}
		if t+duration > from {
			out = append(out, Pulse{t, duration, height})
		}
	}
}
