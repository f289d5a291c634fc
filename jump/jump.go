package jump

import (
	"fmt"
	"math"

	"thymus/rng"
)

// Simulator runs one network with one method. It may be started any number of times and
// is not for concurrent use.
type Simulator interface {
	// Start begins at state y at time t with the draws of stream. The simulator keeps y
	// and changes it as reactions fire.
	Start(y []float64, t float64, stream *rng.Philox)
	// Advance fires reactions up to the horizon, or until a reaction that Watch names has
	// fired. It returns the time reached and that reaction, -1 at the horizon. After a
	// failure it does not go on.
	Advance(horizon float64) (t float64, watched int, failure *Failure)
	// Watch makes Advance return after reactions j for which watch[j] holds; nil: never.
	// It is called before Start.
	Watch(watch []bool)
	// Changed says that something else changed y at time t, the time Advance returned.
	Changed(t float64)
	// Refresh says that the network's numbers (not its structure) changed. It is called
	// before Start.
	Refresh()
	// Events counts the firings since Start.
	Events() int64
}

// Options of the methods; zero values are useful.
type Options struct {
	Epsilon   float64 // tau-leaping: relative change of a propensity in a leap; 0: 0.03
	MaxEvents int64   // 0: none
}

// Method is a row of Methods.
type Method struct {
	Name  string
	Exact bool
	Doc   string
	make  func(n *network, o Options) Simulator
}

// Methods lists the methods; the first is the default.
var Methods = []Method{
	{"direct", true, "Gillespie's direct method with a dependency graph", newDirect},
	{"next-reaction", true, "Gibson and Bruck's next reaction method", newNextReaction},
	{"rejection", true, "composition and rejection, for large networks", newRejection},
	{"tau", false, "adaptive tau-leaping of Cao, Gillespie and Petzold", newTau},
}

// New makes a simulator; an error names a method that does not exist.
func New(method string, n *Network, o Options) (Simulator, error) {
	var names []string
	for _, m := range Methods {
		if m.Name == method || method == "" {
			return m.make(flatten(n), o), nil
		}
		names = append(names, m.Name)
	}
	return nil, fmt.Errorf("there is no stochastic method %q; there are %v", method, names)
}

// Failure is a run that ended early.
type Failure struct {
	Time     float64
	Reaction string // whose propensity was impossible; "" for none
	Value    float64
	Problem  string
}

func (f *Failure) Error() string {
	if f.Reaction != "" {
		return fmt.Sprintf("the propensity of %s is %g at t=%g", f.Reaction, f.Value, f.Time)
	}
	return fmt.Sprintf("%s at t=%g", f.Problem, f.Time)
}

// impossible names the first propensity that is no rate.
func impossible(n *network, a []float64, t float64) *Failure {
	for j, v := range a {
		if !(v >= 0) || math.IsInf(v, 1) {
			return &Failure{Time: t, Reaction: n.name(j), Value: v}
		}
	}
	return nil
}

// clock is what the methods share: time, the deviate of the next firing, the watch list.
type clock struct {
	n      *network
	y      []float64
	t      float64 // of the last firing or change
	rng    *rng.Philox
	watch  []bool
	events int64
	most   int64
	failed *Failure
}

func (c *clock) Watch(watch []bool) { c.watch = watch }
func (c *clock) Events() int64      { return c.events }
func (c *clock) Refresh()           { c.n.refresh() }

func (c *clock) begin(y []float64, t float64, stream *rng.Philox) {
	if len(y) != c.n.Dim {
		panic(fmt.Sprintf("jump: len(y)=%d, want Dim=%d", len(y), c.n.Dim))
	}
	c.y, c.t, c.rng = y, t, stream
	c.events, c.failed = 0, nil
}

func (c *clock) tooMany() *Failure {
	c.failed = &Failure{Time: c.t, Problem: fmt.Sprintf("more than %d reactions fired", c.most)}
	return c.failed
}

func mostEvents(o Options) int64 {
	if o.MaxEvents > 0 {
		return o.MaxEvents
	}
	return math.MaxInt64
}
