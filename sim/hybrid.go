package sim

import (
	"fmt"
	"math"
	"slices"

	"thymus/compile"
	"thymus/ode"
	"thymus/rng"
)

// Discrete names a state that is a whole number of individuals while it is small.
type Discrete struct {
	ID    string
	Below float64 // the state jumps below this and flows again above twice this
	// Poisson draws the number at the start of a run from the Poisson distribution with
	// the given value as its mean; otherwise the value is rounded up or down at random,
	// keeping its mean.
	Poisson bool
}

// String writes it as a module's header does.
func (d Discrete) String() string {
	s := fmt.Sprintf("%s below %g", d.ID, d.Below)
	if d.Poisson {
		s += " from poisson"
	}
	return s
}

// mostTrusted is for how many firings of a channel its effect on derivatives is believed,
// a step counting as stepAge of them; and not beyond a dose or an event.
const (
	mostTrusted = 100
	stepAge     = 5
)

// hazardAtol is how well steps resolve the integral of the propensities, whose unit is one
// firing; the integral that decides is computed within each step.
const hazardAtol = 1e-2

// hybrid runs a patient whose reactions partly jump: the rest is integrated, and within
// each accepted step every channel that jumps fires when the integral of its propensity
// along the solution has used up a unit exponential deviate (the next reaction method for
// propensities that change in time: D. F. Anderson, J. Chem. Phys. 127 (2007) 214107).
// A step ends at a firing whose effect on what flows is not small against the tolerance,
// or that turns a trigger.
type hybrid struct {
	*run
	j          *compile.Jumps
	in         *compile.Gated
	list       []int // channels that may jump, indices into j.Channels
	states     []switched
	crossReads []int       // see ode.CrossReader
	by         [][]float64 // what channel list[k] adds to its states
	shut       []bool      // channel list[k] jumps
	key        []byte      // names the set
	set        *jumpSet    // of what is shut
	rooms      *setRooms   // of the set
	known      map[*jumpSet]*setRooms
	begun      int    // runs so far
	muted      []int  // crossing functions that nobody asks for
	beside     bool   // the present run is in a lane
	watch      []bool // channel list[k] changes what a trigger reads
	felt       []bool // channel list[k] changes what a derivative reads

	left    []float64 // deviates to be used up, by list
	streams []rng.Philox
	rounds  rng.Philox // of rounding

	walk
	at, delta  []float64 // a state within the step; what jumps have added in it
	moved      bool
	g0, g1     []float64
	full, tail []float64 // the integrated vector: the states, and what propensities grow
	atol       []float64
	firings    int64
}

// switched is a state that is discrete for a time, or always.
type switched struct {
	Discrete
	index    int
	discrete bool
	channels []int // indices into hybrid.list
}

// newHybrid prepares a worker for hybrid runs of its plan.
func newHybrid(w *Worker) *hybrid {
	p := w.plan
	n := len(w.y)
	h := &hybrid{j: p.jumps, list: p.jumping}
	m := len(h.list)
	h.shut, h.watch, h.felt = make([]bool, m), make([]bool, m), make([]bool, m)
	h.left, h.streams = make([]float64, m), make([]rng.Philox, m)
	h.key = make([]byte, m)
	h.walk = newWalk(m, n)
	h.at, h.delta = make([]float64, n), make([]float64, n)
	h.full, h.tail = make([]float64, n+1), make([]float64, n+1)
	h.atol = append(append(h.atol, p.atol...), hazardAtol)
	h.by = make([][]float64, m)
	for k, c := range h.list {
		h.by[k] = make([]float64, len(p.jumps.Channels[c].Changes))
	}
	for _, d := range p.discrete {
		s := switched{Discrete: d.Discrete, index: d.index}
		for k, c := range h.list {
			for _, x := range p.jumps.Channels[c].Changes {
				if x.State == d.index {
					s.channels = append(s.channels, k)
				}
			}
		}
		h.states = append(h.states, s)
	}
	if list := w.in.CrossReads(); list != nil {
		h.crossReads = slices.Clone(list)
		for i := range h.states {
			h.crossReads = append(h.crossReads, h.states[i].index)
		}
		slices.Sort(h.crossReads)
		h.crossReads = slices.Compact(h.crossReads)
	}
	return h
}

// start begins a run.
func (h *hybrid) start(r *run, y []float64) error {
	h.run = r
	in := r.w.in
	if err := h.j.Bind(in); err != nil {
		return err
	}
	h.in = h.j.Gated(in)
	h.firings, h.set, h.longest = 0, nil, math.Inf(1)
	h.begun++
	h.beside = r.w.sideBySide()
	key := rng.Key{Seed: r.s.Seed, Patient: r.pt.Number, Index: r.s.Replicate}
	for k, c := range h.list {
		ch := &h.j.Channels[c]
		key.Purpose = "jump " + ch.ID
		h.streams[k].Reset(key)
		h.left[k] = h.streams[k].Exponential()
		h.shut[k] = len(h.states) == 0
		h.in.Shut(c, h.shut[k])
		for i := range ch.Changes {
			h.by[k][i] = ch.Changes[i].By(in)
		}
	}
	key.Purpose = "whole number"
	h.rounds.Reset(key)
	crossings := in.Crossings()
	h.g0, h.g1 = make([]float64, crossings), make([]float64, crossings)
	off := make([]bool, crossings)
	for _, k := range r.mask {
		off[k] = true
	}
	for k := range r.jumps {
		off[k] = true
	}
	reads := make([]bool, len(y))
	for k, c := range h.j.Crossings {
		if !off[k] {
			for _, i := range c.Reads {
				reads[i] = true
			}
		}
	}
	pattern := h.in.Pattern()
	for k, c := range h.list {
		h.watch[k], h.felt[k] = false, false
		for _, x := range h.j.Channels[c].Changes {
			h.watch[k] = h.watch[k] || reads[x.State]
			for q := pattern.ColPtr[x.State]; q < pattern.ColPtr[x.State+1]; q++ {
				h.felt[k] = h.felt[k] || int(pattern.RowIdx[q]) < len(y)
			}
		}
	}
	for i := range h.states {
		h.states[i].discrete = false
	}
	h.count()
	for i := range h.states {
		s := &h.states[i]
		if s.Poisson && y[s.index] < s.Below {
			y[s.index] = h.rounds.Poisson(math.Max(0, y[s.index]))
		}
	}
	h.sort(y)
	return nil
}

// sort lets states jump or flow by their values, and makes whole numbers of those that
// jump. It says whether anything changed.
func (h *hybrid) sort(y []float64) bool {
	changed := false
	for i := range h.states {
		s := &h.states[i]
		v := y[s.index]
		switch {
		case !s.discrete && v < s.Below:
			s.discrete, changed = true, true
		case s.discrete && v > 2*s.Below:
			s.discrete, changed = false, true
		}
		if s.discrete && v != math.Trunc(v) || v < 0 && s.discrete {
			y[s.index] = math.Max(0, math.Floor(v+h.rounds.Uniform()))
			changed = true
		}
	}
	if changed {
		h.count()
	}
	return changed
}

// count shuts the channels that change a discrete state.
func (h *hybrid) count() {
	if len(h.states) > 0 {
		clear(h.shut)
	}
	for i := range h.states {
		if h.states[i].discrete {
			for _, k := range h.states[i].channels {
				h.shut[k] = true
			}
		}
	}
	for k, c := range h.list {
		h.in.Shut(c, h.shut[k])
		h.key[k] = 0
		if h.shut[k] {
			h.key[k] = 1
		}
	}
	set, ok := h.p.sets.Load(string(h.key))
	if !ok {
		set = h.newSet()
		h.p.sets.Store(string(h.key), set)
	}
	if h.set != set.(*jumpSet) {
		h.set = set.(*jumpSet)
		h.rooms = h.roomsOf(h.set)
		h.forget()
	}
}

// forget gives up what is known of the effects of firings.
func (h *hybrid) forget() {
	for k := range h.age {
		h.age[k] = mostTrusted
	}
}

// gated is the system that flows, with crossings where states become discrete.
type gated struct {
	*compile.Gated
	h *hybrid
}

func (g gated) Crossings() int { return g.Gated.Crossings() + len(g.h.states) }

// CrossReads implements ode.CrossReader.
func (g gated) CrossReads() []int { return g.h.crossReads }

// Muted implements ode.Muter.
func (g gated) Muted() []int {
	h, n := g.h, g.Gated.Crossings()
	h.muted = append(h.muted[:0], h.mask...)
	for i := range h.states {
		if h.states[i].discrete {
			h.muted = append(h.muted, n+i)
		}
	}
	return h.muted
}

func (g gated) Cross(dst, y, t []float64) {
	n := g.Gated.Crossings()
	g.Gated.Cross(dst[:n], y, t)
	for _, i := range g.h.mask {
		dst[i] = 1
	}
	for i := range g.h.states {
		s := &g.h.states[i]
		dst[n+i] = 1
		if !s.discrete {
			dst[n+i] = y[s.index] - s.Below
		}
	}
}

// OnStop implements ode.Handler.
func (h *hybrid) OnStop(t float64, y []float64) (bool, error) {
	y = y[:len(h.at)]
	changed, err := h.run.OnStop(t, y)
	h.forget()
	return h.sort(y) || changed, err
}

// OnCrossing implements ode.Handler.
func (h *hybrid) OnCrossing(t float64, y []float64, which []int, rising []bool) (changed, stop bool, err error) {
	y = y[:len(h.at)]
	changed, stop, err = h.run.OnCrossing(t, y, which, rising)
	h.forget()
	return h.sort(y) || changed, stop, err
}

// within puts the state at time t of a step into dst, with what jumped so far.
func (h *hybrid) within(s *ode.Step, t float64, dst []float64) {
	s.Interpolate(t, h.tail)
	copy(dst, h.tail)
	if h.moved {
		for i, d := range h.delta {
			if d != 0 {
				dst[i] += d
			}
		}
	}
}

// looks records what is to be recorded in a step until t1, inclusive or not.
func (h *hybrid) looks(s *ode.Step, t1 float64, inclusive bool) {
	h.record(func(t float64) []float64 {
		if h.sheet == nil {
			h.within(s, t, h.lookY)
			return h.lookY
		}
		h.sheet.pick(s, t, h.lookY, h.tail)
		if h.moved {
			for _, k := range h.sheet.States {
				h.lookY[k] += h.delta[k]
			}
		}
		return h.lookY
	}, t1, inclusive)
}

// Walks implements ode.Walker.
func (h *hybrid) Walks() bool { return len(h.set.open) > 0 }

// Longest implements ode.Walker.
func (h *hybrid) Longest() float64 {
	if !h.Walks() {
		return math.Inf(1)
	}
	return h.longest
}

// OnStep implements ode.Handler, for steps in which nothing jumps.
func (h *hybrid) OnStep(s *ode.Step) {
	h.moved = false
	h.looks(s, s.T1, !h.p.config.RecordAfter)
}

// hybrid runs a patient whose reactions partly jump.
func (w *Worker) hybrid(r *run) *Failure {
	h := w.mixed
	h.sort(w.y) // what happened at the start may have changed it
	copy(h.full, w.y)
	h.full[len(w.y)] = 0
	stats, cause := ode.Solve(gated{h.in, h}, h.full, r.s.Start, r.s.End, w.beside(w.options(h.atol)), h)
	copy(w.y, h.full)
	r.out.Stats, r.out.Firings = stats, h.firings
	if r.failure != nil {
		return r.failure
	}
	if cause != nil {
		return w.plan.fail(r.pt.Number, cause)
	}
	r.finish(w.y)
	return nil
}
