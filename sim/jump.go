package sim

import (
	"math"
	"strings"

	"thymus/compile"
	"thymus/diag"
	"thymus/jump"
	"thymus/rng"
)

// Hybrid is the stochastic method whose species change continuously while they are many.
const Hybrid = "hybrid"

// stochastic maps the names users know to rows of jump.Methods.
var stochastic = map[string]string{"ssa": "direct", "direct": "direct", "nrm": "next-reaction", "rejection": "rejection", "tau": "tau", Hybrid: Hybrid}

// StochasticMethods lists the names of stochastic methods for Config.Jump.
func StochasticMethods() []string { return []string{"ssa", "nrm", "rejection", "tau", Hybrid} }

// IsStochastic says whether a method's name is that of a stochastic one.
func IsStochastic(method string) bool { _, ok := stochastic[method]; return ok }

// jumper is a worker's part for stochastic runs.
type jumper struct {
	w        *Worker
	j        *compile.Jumps
	network  *jump.Network
	sim      jump.Simulator
	stream   rng.Philox
	slopes   []float64 // of the clocks
	since    float64   // time at which the clocks' values in y hold
	used     []int     // crossings that move between firings and concern this patient
	watch    []bool    // by channel
	g, s     []float64 // crossing functions and their slopes
	at, move []float64 // a state moved ahead; crossings there
}

// newJumper builds the network of a plan whose channels are known.
func newJumper(w *Worker) *jumper {
	j := w.plan.jumps
	x := &jumper{w: w, j: j, slopes: make([]float64, len(j.Clocks))}
	x.g = make([]float64, len(j.Crossings))
	x.s = make([]float64, len(j.Crossings))
	x.move = make([]float64, len(j.Crossings))
	x.at = make([]float64, len(w.y))
	x.watch = make([]bool, len(j.Channels))
	x.network = &jump.Network{Dim: len(w.y), Name: func(k int) string { return j.Channels[k].ID }}
	x.network.General = func(k int, y []float64) float64 { return j.Propensity(w.in, k, y, 0) }
	for i := range j.Channels {
		c := &j.Channels[i]
		r := jump.Reaction{Reads: c.Reads, Changes: make([]jump.Change, len(c.Changes)), Reactants: make([]jump.Reactant, len(c.Reactants))}
		if c.Factors != nil {
			r.Factors = make([]jump.Factor, len(c.Factors))
		}
		for k := range c.Changes {
			r.Changes[k].State = c.Changes[k].State
		}
		for k := range c.Reactants {
			r.Reactants[k].State = c.Reactants[k].State
		}
		for k := range c.Factors {
			r.Factors[k].State, r.Factors[k].Divide = c.Factors[k].State, c.Factors[k].Divide
		}
		x.network.Reactions = append(x.network.Reactions, r)
	}
	if w.jumps != nil {
		x.sim = w.jumps(x.network)
		return x
	}
	sim, err := jump.New(stochastic[w.plan.config.Jump], x.network, jump.Options{})
	if err != nil {
		panic("sim: " + err.Error())
	}
	x.sim = sim
	return x
}

// numbers fills in what constants give.
func (x *jumper) numbers() {
	in := x.w.in
	for i := range x.j.Channels {
		c, r := &x.j.Channels[i], &x.network.Reactions[i]
		for k := range c.Changes {
			r.Changes[k].By = c.Changes[k].By(in)
		}
		for k := range c.Reactants {
			r.Reactants[k].Count = c.Reactants[k].By(in)
		}
		for k := range c.Factors {
			r.Factors[k].Value, r.Factors[k].Over = c.Factors[k].Value(in), c.Factors[k].Over(in)
		}
	}
	for i := range x.j.Clocks {
		x.slopes[i] = x.j.Clocks[i].Slope(in)
	}
}

// pure runs a patient whose model changes by jumps alone.
func (w *Worker) pure(r *run) *Failure {
	if w.jump == nil {
		w.jump = newJumper(w)
	}
	if err := w.jump.prepare(r); err != nil {
		return &Failure{Patient: r.pt.Number, Problem: err.Error()}
	}
	return w.jump.pure(r, w.y)
}

// prepare takes a patient's numbers and finds what must be looked at when.
func (x *jumper) prepare(r *run) error {
	if err := x.j.Bind(x.w.in); err != nil {
		return err
	}
	x.numbers()
	x.sim.Refresh()
	off := make([]bool, len(x.j.Crossings))
	for _, k := range r.mask {
		off[k] = true
	}
	for k := range r.jumps { // of rates alone: nothing happens there between jumps
		off[k] = true
	}
	x.used = x.used[:0]
	reads := make([]bool, len(x.w.y)) // states whose jump may turn a trigger
	for k, c := range x.j.Crossings {
		if off[k] {
			continue
		}
		if c.Moves {
			x.used = append(x.used, k)
		}
		for _, i := range c.Reads {
			reads[i] = true
		}
	}
	any := false
	for i := range x.j.Channels {
		x.watch[i] = false
		for _, c := range x.j.Channels[i].Changes {
			x.watch[i] = x.watch[i] || reads[c.State]
		}
		any = any || x.watch[i]
	}
	if any {
		x.sim.Watch(x.watch)
	} else {
		x.sim.Watch(nil)
	}
	x.stream.Reset(rng.Key{Seed: r.s.Seed, Patient: r.pt.Number, Purpose: "jump", Index: r.s.Replicate})
	return nil
}

// tick brings the clocks in y to time t.
func (x *jumper) tick(y []float64, t float64) {
	if t == x.since {
		return
	}
	for i, c := range x.j.Clocks {
		y[c.State] += x.slopes[i] * (t - x.since)
	}
	x.since = t
}

// pure runs a patient whose model changes by jumps alone, apart from clocks.
func (x *jumper) pure(r *run, y []float64) *Failure {
	t := r.s.Start
	x.since = t
	x.sim.Start(y, t, &x.stream)
	cross := x.nextCross(y, t, r.s.End)
	for {
		for r.next < len(r.s.Times) && r.s.Times[r.next] <= t { // all that happens at t has happened
			r.put(t, y)
		}
		if t >= r.s.End {
			break
		}
		stop := math.Min(r.s.End, math.Min(r.NextStop(t), cross))
		horizon := stop
		if r.next < len(r.s.Times) {
			horizon = math.Min(horizon, r.s.Times[r.next])
		}
		reached, watched, failure := x.sim.Advance(horizon)
		x.tick(y, reached)
		t = reached
		if failure != nil {
			return x.fail(r, failure)
		}
		if watched < 0 && t < stop {
			continue // a recorded time
		}
		if !r.p.config.RecordAfter {
			for r.next < len(r.s.Times) && r.s.Times[r.next] <= t {
				r.put(t, y)
			}
		}
		changed := r.happen(t, y)
		if r.failure != nil {
			return r.failure
		}
		if changed {
			x.sim.Changed(t)
		}
		cross = x.nextCross(y, t, r.s.End)
	}
	r.out.Firings = x.sim.Events()
	r.finish(y)
	return nil
}

func (x *jumper) fail(r *run, f *jump.Failure) *Failure {
	out := &Failure{Patient: r.pt.Number, Problem: f.Error()}
	if f.Reaction != "" && f.Value < 0 {
		out.Problem += "; a stochastic method needs rates that are never negative: write a reversible reaction as two"
	}
	return out
}

// nextCross is the first time after t, up to end, at which a crossing function that moves
// with time changes its sign, if nothing jumps: the first number at which it has.
func (x *jumper) nextCross(y []float64, t, end float64) float64 {
	if len(x.used) == 0 {
		return math.Inf(1)
	}
	in := x.w.in
	in.Cross(x.g, y, []float64{t})
	x.j.Slopes(x.s, in, y, t)
	first := math.Inf(1)
	for _, k := range x.used {
		g, s := x.g[k], x.s[k]
		if s == 0 || g*s > 0 || g != g {
			continue // it never comes back to 0
		}
		root := t - g/s
		if !(root <= end) {
			continue
		}
		if at := x.bracket(k, y, t, root, sign(g)); at <= end && at < first {
			first = at
		}
	}
	return first
}

// bracket finds the first number after t at which crossing k has another sign than was,
// near the root: outward until the sign differs, then by halving.
func (x *jumper) bracket(k int, y []float64, t, root float64, was int) float64 {
	sign := func(u float64) int {
		copy(x.at, y)
		for i, c := range x.j.Clocks {
			x.at[c.State] += x.slopes[i] * (u - x.since)
		}
		x.w.in.Cross(x.move, x.at, []float64{u})
		return sign(x.move[k])
	}
	right := math.Max(root, math.Nextafter(t, math.Inf(1)))
	step := math.Nextafter(right, math.Inf(1)) - right
	left := t
	for i := 0; sign(right) == was; i++ {
		if i > 100 {
			return math.Inf(1)
		}
		left = right
		right += step
		step *= 2
	}
	for d := math.Nextafter(right, math.Inf(1)) - right; right-d > left; d *= 2 {
		if sign(right-d) == was {
			left = right - d
			break
		}
		right -= d
	}
	for {
		mid := left + (right-left)/2
		if mid <= left || mid >= right {
			return right
		}
		if sign(mid) == was {
			left = mid
		} else {
			right = mid
		}
	}
}

func sign(g float64) int {
	switch {
	case g > 0:
		return 1
	case g < 0:
		return -1
	}
	return 0
}

// linear says whether the crossing functions of the plan's own events and rules have
// closed forms between firings.
func linear(j *compile.Jumps) bool {
	for _, c := range j.Crossings {
		if c.Moves && !c.Linear {
			return false
		}
	}
	return true
}

// channels finds the reactions of a stochastic plan.
func (p *Plan) channels() diag.Messages {
	if p.config.Jump == "" {
		return nil
	}
	if !IsStochastic(p.config.Jump) {
		return diag.Messages{diag.Errorf(diag.Place{}, "there is no stochastic method %q", p.config.Jump).
			WithHelp("there are %s", strings.Join(StochasticMethods(), ", "))}
	}
	var ms diag.Messages
	if p.jumps, ms = p.program.Jumps(); ms.HasErrors() {
		return ms
	}
	if p.config.Jump != Hybrid {
		if p.pure = p.jumps.Pure && linear(p.jumps); p.pure {
			return ms
		}
	} else {
		ms = append(ms, p.discretes()...)
	}
	p.flows = make([]bool, len(p.held))
	for _, i := range p.jumps.Flows {
		p.flows[i] = true
	}
	for _, c := range p.jumps.Clocks {
		p.flows[c.State] = true
	}
	may := make([]bool, len(p.held))
	for _, d := range p.discrete {
		may[d.index] = true
	}
	for c := range p.jumps.Channels {
		jumps := p.config.Jump != Hybrid
		for _, x := range p.jumps.Channels[c].Changes {
			jumps = jumps || may[x.State]
		}
		if jumps {
			p.jumping = append(p.jumping, c)
		}
	}
	var thresholds []compile.Threshold // as the crossing functions of gated
	for _, d := range p.discrete {
		thresholds = append(thresholds, compile.Threshold{State: d.index, Size: d.Below})
	}
	p.jumps.Gate(p.jumping, thresholds)
	return ms
}

// discretes resolves the states that may become discrete.
func (p *Plan) discretes() (ms diag.Messages) {
	if len(p.config.Discrete) == 0 {
		return diag.Messages{diag.Errorf(diag.Place{}, "the hybrid method needs to be told which species are discrete while they are few")}
	}
	changed := map[int]bool{}
	for _, c := range p.jumps.Channels {
		for _, x := range c.Changes {
			changed[x.State] = true
		}
	}
	var known []string
	for _, s := range p.program.States() {
		if changed[s.Index] {
			known = append(known, s.ID)
		}
	}
	for _, d := range p.config.Discrete {
		i, ok := p.program.StateIndex(d.ID)
		switch {
		case !ok || !changed[i]:
			ms = append(ms, diag.Errorf(diag.Place{}, "%q cannot be discrete: no reaction changes it", d.ID).WithHelp("%s", diag.DidYouMean(d.ID, known)))
		case !(d.Below >= 1) || math.IsInf(d.Below, 0):
			ms = append(ms, diag.Errorf(diag.Place{}, "%s is to be discrete below %g: expected a number from 1", d.ID, d.Below))
		default:
			for _, f := range p.jumps.Flows {
				if f == i {
					ms = append(ms, diag.Errorf(diag.Place{}, "%s cannot be discrete: a rate rule or an infusion changes it", d.ID))
				}
			}
			p.discrete = append(p.discrete, indexedDiscrete{d, i})
		}
	}
	return ms
}

type indexedDiscrete struct {
	Discrete
	index int
}
