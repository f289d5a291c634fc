package jump

import (
	"fmt"
	"math"
	"slices"

	"thymus/kernel"
	"thymus/rng"
)

// The direct method in lanes: runs of one network (replicates, or patients with their own
// numbers) side by side in one vector register, each with its own state, time and stream.
// One call of the machine code fires one reaction in every lane whose next firing lies
// within its horizon: it computes all propensities anew, which for a small network costs
// less than finding out which have changed. The arithmetic is that of direct, operation
// for operation, so a run has the same bits there and here.

// mostLanes bounds the reactions of a network in lanes: two levels of sums.
const mostLanes = fan * fan

// Group is the lanes of one worker. They run on one goroutine.
type Group struct {
	backend kernel.Backend
	lane    []Lane
	jobs    *kernel.Jobs

	m    *network // whose structure and kinds the code has; nil: not compiled yet
	run  func()   // one firing a lane, on mem
	why  error    // the network has no code
	mem  []float64
	slot laneSlots

	changed []int       // states that reactions change
	checked []laneCheck // what must hold of the state so that no propensity is negative
	firing  []float64   // rows of mem
	e, u    []float64
	at      []int // next pair of each lane
	pairs   [][2][rng.PairBlocks]float64
	events  []int64
	running []bool    // lanes that wait for their horizon
	fired   []float64 // 1 + the reaction that fired, where the code tells; nil: it does not

	stops, firings int64 // of all lanes; see seldom
}

// seldom says whether lanes stop seldom enough, at horizons and watched reactions, to gain
// from being side by side: going in and out costs as much as some ten firings.
func (g *Group) seldom() bool { return g.stops < 100 || g.stops*10 < g.firings }

type laneSlots struct{ y, e, u, t, next, sum, horizon, fire, fired int32 }

type laneCheck struct {
	state int
	whole bool
}

// Lane is one lane of a group: a Simulator of the direct method for the job that runs in
// it. What lanes cannot do (propensities that are no product, numbers of other kinds than
// the first run's, states that are no whole numbers, reactions that are watched where the
// first run watched none) it does by direct, and everything where lanes stop too often.
type Lane struct {
	*direct
	g     *Group
	index int
	alone bool  // the present run is direct's
	known bool  // the next firing in memory is that of the present state
	seen  int64 // firings at the last stop
}

// NewGroup makes lanes for a back end.
func NewGroup(b kernel.Backend) *Group {
	g := &Group{backend: b, lane: make([]Lane, b.Lanes), at: make([]int, b.Lanes), pairs: make([][2][rng.PairBlocks]float64, b.Lanes),
		events: make([]int64, b.Lanes), running: make([]bool, b.Lanes)}
	for i := range g.lane {
		g.lane[i] = Lane{g: g, index: i}
	}
	return g
}

// Lanes is the number of lanes.
func (g *Group) Lanes() int { return len(g.lane) }

// Simulator is lane i as a simulator of a network of its own, which must have the
// structure of the other lanes' networks. It must be used within a job of that lane.
func (g *Group) Simulator(i int, n *Network) Simulator {
	s := &g.lane[i]
	s.direct = newDirect(flatten(n), Options{}).(*direct)
	return s
}

// InLanes says whether the group has code for its network; an error says why not. It is
// known after the first run.
func (g *Group) InLanes() error {
	if g.m == nil && g.why == nil {
		return fmt.Errorf("jump: nothing has run")
	}
	return g.why
}

// Run runs jobs in every lane until next has none left for any of them; next may also say
// that it has none yet (nil, true). Jobs of one group never run at the same time, so they
// may share what next gives them.
func (g *Group) Run(next func(lane int) (job func(), ok bool)) {
	g.jobs = kernel.NewJobs(len(g.lane), next)
	defer g.jobs.Stop()
	for {
		alive, running := false, false
		for i := range g.lane {
			if !g.jobs.Over(i) && !g.running[i] {
				g.jobs.Resume(i)
			}
			alive = alive || !g.jobs.Over(i)
			running = running || g.running[i]
		}
		if !alive {
			return
		}
		for running && !g.step() {
		}
	}
}

// step fires one reaction in every lane that may, and says whether one could not.
func (g *Group) step() (stopped bool) {
	g.run()
	for l, fire := range g.firing {
		if fire == 0 {
			stopped = stopped || g.running[l]
			g.running[l] = false
			continue
		}
		k := g.at[l]
		if k == rng.PairBlocks {
			g.lane[l].rng.FillPairs(&g.pairs[l][0], &g.pairs[l][1])
			k = 0
		}
		g.e[l], g.u[l] = g.pairs[l][0][k], g.pairs[l][1][k]
		g.at[l] = k + 1
		g.events[l]++
		if g.fired != nil {
			if watch := g.lane[l].watch; watch != nil && watch[int(g.fired[l])-1] {
				stopped, g.running[l] = true, false
			}
		}
	}
	return stopped
}

func (s *Lane) put(slot int32, v float64) { s.g.mem[int(slot)*len(s.g.lane)+s.index] = v }
func (s *Lane) get(slot int32) float64    { return s.g.mem[int(slot)*len(s.g.lane)+s.index] }

// Events implements Simulator.
func (s *Lane) Events() int64 {
	if s.alone {
		return s.direct.Events()
	}
	return s.g.events[s.index]
}

// Start implements Simulator.
func (s *Lane) Start(y []float64, t float64, stream *rng.Philox) {
	g := s.g
	if g.m == nil && g.why == nil {
		g.why = g.compile(s.n, s.watch != nil)
	}
	if s.alone = g.why != nil || !g.seldom() || s.watch != nil && g.fired == nil || !g.numbers(s) || !g.possible(y); s.alone {
		s.direct.Start(y, t, stream)
		return
	}
	s.begin(y, t, stream)
	p := &g.pairs[s.index]
	stream.FillPairs(&p[0], &p[1])
	g.at[s.index], g.events[s.index], s.seen = 1, 0, 0
	s.load(t, p[0][0])
	s.put(g.slot.u, p[1][0])
}

// load puts the state, the time and the deviate to be spent from it into the lane.
func (s *Lane) load(t, e float64) {
	for i, v := range s.y {
		s.put(s.g.slot.y+int32(i), v)
	}
	s.put(s.g.slot.t, t)
	s.put(s.g.slot.e, e)
	s.known = false
}

// Changed implements Simulator.
func (s *Lane) Changed(t float64) {
	if s.alone {
		s.direct.Changed(t)
		return
	}
	e, last := s.get(s.g.slot.e), s.get(s.g.slot.t)
	if s.known { // as direct spends it
		e = math.Max(0, e-float64(s.get(s.g.slot.sum)*(t-last)))
	}
	s.load(t, e)
	if !s.g.possible(s.y) {
		s.leave()
	}
}

// leave lets direct go on from here.
func (s *Lane) leave() {
	d, g := s.direct, s.g
	s.alone = true
	d.begin(s.y, s.get(g.slot.t), s.rng)
	p := &g.pairs[s.index]
	s.rng.Return(&p[0], &p[1], rng.PairBlocks-g.at[s.index])
	d.events, d.left, d.u = g.events[s.index], s.get(g.slot.e), s.get(g.slot.u)
	d.bind(s.y)
	d.sums()
}

// Advance implements Simulator.
func (s *Lane) Advance(horizon float64) (float64, int, *Failure) {
	if s.alone {
		return s.direct.Advance(horizon)
	}
	g := s.g
	if s.known && s.get(g.slot.next) > horizon {
		return horizon, -1, nil
	}
	s.put(g.slot.horizon, horizon)
	g.running[s.index] = true
	g.jobs.Wait(s.index)
	s.put(g.slot.horizon, math.Inf(-1))
	for _, i := range g.changed {
		s.y[i] = s.get(g.slot.y + int32(i))
	}
	g.stops++
	g.firings += g.events[s.index] - s.seen
	s.seen = g.events[s.index]
	s.known = s.get(g.slot.fire) == 0
	if !s.known { // a watched reaction
		t, j := s.get(g.slot.t), int(g.fired[s.index])-1
		if !g.seldom() {
			s.leave()
		}
		return t, j, nil
	}
	if !(s.get(g.slot.next) > horizon) { // propensities that are no rates: direct tells which
		s.leave()
		return s.direct.Advance(horizon)
	}
	return horizon, -1, nil
}

// possible says whether a state is one for which no propensity can become negative.
func (g *Group) possible(y []float64) bool {
	for _, c := range g.checked {
		if v := y[c.state]; !(v >= 0 && v <= 1<<53) || c.whole && v != math.Floor(v) {
			return false
		}
	}
	return true
}

// numbers puts the numbers of a lane's network into its memory; false when the code is
// for other kinds of propensities or other changes.
func (g *Group) numbers(s *Lane) bool {
	if !slices.Equal(s.n.changeBy, g.m.changeBy) {
		return false
	}
	at := int32(0)
	number := func(v float64) bool {
		s.put(at, v)
		at++
		return v >= 0 && v <= math.MaxFloat64
	}
	for j := range g.m.forms {
		f, of := &s.n.forms[j], &g.m.forms[j]
		if f.kind != of.kind {
			return false
		}
		if f.kind != product {
			if !number(f.c) {
				return false
			}
			continue
		}
		for k, x := range f.list {
			o := of.list[k]
			switch {
			case x.State < 0:
				if !number(x.Value) {
					return false
				}
			case x.Value != o.Value || (x.Over == 0) != (o.Over == 0):
				return false
			case x.Over != 0:
				if !number(x.Over) || x.Over == 0 {
					return false
				}
			}
		}
	}
	return true
}
