package population

import (
	"math"

	"thymus/rng"
)

// Signal is one patient's path of an Ornstein-Uhlenbeck process: stationary, with mean
// Mean, standard deviation SD and time constant Tau [days]. It is drawn on a grid of whole
// days that starts at a fixed origin, and linear between; making a run longer changes
// nothing before its end.
type Signal struct {
	origin int
	values []float64
}

// origin is the day on which every path starts, before any trial does.
const origin = -400

// NewSignal draws the path of a patient from the origin to the given day.
func NewSignal(seed uint64, patient int, purpose string, mean, tau, sd, until float64) *Signal {
	days := int(math.Ceil(until)) - origin + 2
	s := &Signal{origin: origin, values: make([]float64, days)}
	stream := rng.New(rng.Key{Seed: seed, Patient: patient, Purpose: "path of " + purpose})
	a := math.Exp(-1 / tau)
	b := sd * math.Sqrt(1-a*a)
	x := sd * stream.Normal()
	for i := range s.values {
		s.values[i] = mean + x
		x = float64(a*x) + b*stream.Normal()
	}
	return s
}

// At is the value on day t; before the origin and after the end the nearest one.
func (s *Signal) At(t float64) float64 {
	x := t - float64(s.origin)
	i := int(math.Floor(x))
	switch {
	case i < 0:
		return s.values[0]
	case i >= len(s.values)-1:
		return s.values[len(s.values)-1]
	}
	f := x - float64(i)
	return s.values[i] + f*(s.values[i+1]-s.values[i])
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
