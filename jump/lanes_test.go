package jump_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"thymus/jump"
	"thymus/jump/jumptest"
	"thymus/kernel"
	"thymus/rng"
)

// laned are the back ends whose lanes are tested.
func laned(t testing.TB) (list []kernel.Backend) {
	for _, b := range kernel.Backends {
		if b.Has && b.Lanes > 1 {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		t.Skip("NO BACK END WITH LANES ON THIS MACHINE: NOTHING WAS COMPARED")
	}
	return list
}

// outcome is what a run leaves: the state at each time, the number of firings, a failure.
type outcome struct {
	y      [][]float64
	events int64
	failed string
}

func (o outcome) same(p outcome) bool {
	if o.events != p.events || o.failed != p.failed || len(o.y) != len(p.y) {
		return false
	}
	for k := range o.y {
		for i := range o.y[k] {
			if math.Float64bits(o.y[k][i]) != math.Float64bits(p.y[k][i]) {
				return false
			}
		}
	}
	return true
}

// follow runs to each of the times; at the second one something else adds to the state.
func follow(s jump.Simulator, y []float64, times []float64, index int, dose float64) (o outcome) {
	return watching(s, y, times, index, dose, nil)
}

// watching is follow with watched reactions: what the run is like when they fire is kept
// as well, and every third time something else adds to the state.
func watching(s jump.Simulator, y []float64, times []float64, index int, dose float64, watch []bool) (o outcome) {
	y = append([]float64(nil), y...)
	s.Watch(watch)
	s.Start(y, 0, rng.NewPhilox(rng.Key{Seed: 4, Purpose: "lanes", Index: index}))
	for k, end := range times {
		t, j, failure := s.Advance(end)
		for ; j >= 0 && failure == nil; t, j, failure = s.Advance(end) {
			o.y = append(o.y, append([]float64{t, float64(j)}, y...))
			if len(o.y)%3 == 0 && dose != 0 {
				y[0] += dose
				s.Changed(t)
			}
		}
		o.y = append(o.y, append([]float64(nil), y...))
		if failure != nil {
			o.failed = failure.Error()
			break
		}
		if k == 1 && dose != 0 {
			y[0] += dose
			s.Changed(t)
		}
	}
	o.events = s.Events()
	return o
}

// inLanes runs many runs of a network in the lanes of one group; of gives the network of
// run k.
func inLanes(t testing.TB, b kernel.Backend, n int, of func(k int) *jump.Network, do func(s jump.Simulator, k int)) error {
	t.Helper()
	g := jump.NewGroup(b)
	k, calls := 0, 0
	g.Run(func(lane int) (func(), bool) {
		if calls++; calls%3 == 0 {
			return nil, true // nothing for now
		}
		if k == n {
			return nil, false
		}
		k++
		k := k - 1
		return func() { do(g.Simulator(lane, of(k)), k) }, true
	})
	return g.InLanes()
}

// TestLanesBits: a run in lanes has the bits of direct, alone and among others.
func TestLanesBits(t *testing.T) {
	type problem struct {
		name  string
		n     *jump.Network
		y     []float64
		times []float64
		dose  float64
	}
	var list []problem
	for _, p := range jumptest.Problems() {
		list = append(list, problem{p.Name, p.Network, p.Y, p.Times, 0})
	}
	for _, c := range comparison() {
		list = append(list, problem{c.name, c.network, c.y, []float64{0, c.step / 10, c.step / 5, c.step / 2, c.step}, 7})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for k := range 25 {
		n, y := randomNetwork(r, 1+r.IntN(8), 1+r.IntN(64))
		list = append(list, problem{fmt.Sprintf("random %d, %d reactions", k, len(n.Reactions)), n, y, []float64{0.1, 0.2, 0.3, 1}, 3})
	}
	for _, b := range laned(t) {
		covered := 0
		for _, p := range list {
			const runs = 20
			var want []outcome
			for k := range runs {
				s, err := jump.New("direct", p.n, jump.Options{})
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, follow(s, p.y, p.times, k, p.dose))
			}
			why := inLanes(t, b, runs, func(int) *jump.Network { return p.n }, func(s jump.Simulator, k int) {
				if got := follow(s, p.y, p.times, k, p.dose); !got.same(want[k]) {
					t.Errorf("%s, %s, run %d: %v, direct has %v", b.Name, p.name, k, got, want[k])
				}
			})
			inLanes(t, b, 1, func(int) *jump.Network { return p.n }, func(s jump.Simulator, k int) {
				if got := follow(s, p.y, p.times, k, p.dose); !got.same(want[k]) {
					t.Errorf("%s, %s, alone: %v, direct has %v", b.Name, p.name, got, want[k])
				}
			})
			watch := make([]bool, len(p.n.Reactions))
			for j := range watch {
				watch[j] = j%5 == 0
			}
			inLanes(t, b, 12, func(int) *jump.Network { return p.n }, func(s jump.Simulator, k int) {
				d, _ := jump.New("direct", p.n, jump.Options{})
				some := watch
				if k%3 == 1 {
					some = nil // each lane watches what it likes
				}
				want := watching(d, p.y, p.times[:min(len(p.times), 3)], k, p.dose, some)
				if got := watching(s, p.y, p.times[:min(len(p.times), 3)], k, p.dose, some); !got.same(want) {
					t.Errorf("%s, %s, watched run %d: %d firings, direct has %d", b.Name, p.name, k, got.events, want.events)
				}
			})
			if why == nil {
				covered++
			} else if strings.HasPrefix(p.name, "random") || p.dose == 7 {
				t.Errorf("%s, %s: not in lanes: %v", b.Name, p.name, why)
			}
		}
		t.Logf("%s: %d of %d networks in lanes", b.Name, covered, len(list))
	}
}

// randomNetwork has propensities of every form that is a product, and stoichiometries
// that take only what is there.
func randomNetwork(r *rand.Rand, dim, reactions int) (*jump.Network, []float64) {
	n := &jump.Network{Dim: dim}
	for range reactions {
		c := jump.Factor{State: -1, Value: 0.1 + 2*r.Float64()}
		i, k := r.IntN(dim), r.IntN(dim)
		x := jump.Reaction{Reads: []int{i}, Factors: []jump.Factor{c}}
		state := func(i int) jump.Factor { return jump.Factor{State: i} }
		taken := 1.0
		switch r.IntN(6) {
		case 0:
			x.Reads, taken = nil, 0
		case 1:
			x.Factors = append(x.Factors, state(i))
		case 2:
			x.Factors = []jump.Factor{{State: -1, Value: 0.01}, state(i), state(k)}
			x.Reads = []int{i, k}
		case 3:
			x.Factors = []jump.Factor{{State: -1, Value: 0.01}, state(i), {State: i, Value: -1}}
			taken = 2
		case 4: // a concentration, and a square root of nothing
			x.Factors = []jump.Factor{c, {State: i, Over: 3}, {State: k, Value: 2}, {State: -1, Value: 70, Divide: true}}
			x.Reads = []int{i, k}
		case 5:
			x.Factors = []jump.Factor{{State: -1, Value: 0.001}, state(i), {State: i, Value: -1}, {State: i, Value: -2}}
			taken = 3
		}
		if taken > 0 {
			x.Changes = append(x.Changes, jump.Change{State: i, By: -taken})
		}
		if to := r.IntN(dim); to != i || taken == 0 {
			x.Changes = append(x.Changes, jump.Change{State: to, By: float64(1 + r.IntN(3))})
		}
		n.Reactions = append(n.Reactions, x)
	}
	y := make([]float64, dim)
	for i := range y {
		y[i] = float64(r.IntN(40))
	}
	return n, y
}

// TestLanesOfPatients: each lane may have its own numbers; what the code is not made for
// runs as direct does, and so does what fails.
func TestLanesOfPatients(t *testing.T) {
	const runs = 40
	network := func(k int) *jump.Network {
		c := 0.5 + 0.1*float64(k%7)
		over := 3.0
		if k%5 == 4 {
			over = 2 // a division by two is done as a multiplication: another kind
		}
		if k%11 == 10 {
			c = -1 // no rate
		}
		by := 1.0
		if k%13 == 12 {
			by = 2
		}
		birth := 10 + float64(k)
		if k%9 == 8 {
			birth = math.Inf(1)
		}
		return &jump.Network{Dim: 1, Name: func(j int) string { return fmt.Sprintf("R%d", j) }, Reactions: []jump.Reaction{
			{Changes: []jump.Change{{State: 0, By: by}}, Factors: []jump.Factor{{State: -1, Value: birth}}},
			{Changes: []jump.Change{{State: 0, By: -1}}, Reads: []int{0}, Factors: []jump.Factor{{State: -1, Value: c}, {State: 0}, {State: -1, Value: over, Divide: true}}}}}
	}
	times := []float64{0, 1, 2, 5}
	y := func(k int) []float64 {
		if k%17 == 16 {
			return []float64{0.5} // no whole number
		}
		return []float64{20}
	}
	for _, b := range laned(t) {
		err := inLanes(t, b, runs, network, func(s jump.Simulator, k int) {
			d, err := jump.New("direct", network(k), jump.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := follow(d, y(k), times, k, 1.5) // and what is added is no whole number
			if got := follow(s, y(k), times, k, 1.5); !got.same(want) {
				t.Errorf("%s, run %d: %v, direct has %v", b.Name, k, got, want)
			}
			if fails := k%11 == 10 || k%9 == 8 || k%17 == 16; fails != (want.failed != "") && k%17 != 16 {
				t.Errorf("run %d: failure %q", k, want.failed)
			}
		})
		if err != nil {
			t.Errorf("%s: not in lanes: %v", b.Name, err)
		}
	}
}

// TestNoLanes: networks that lanes cannot run are refused with the reason, and run.
func TestNoLanes(t *testing.T) {
	c := jump.Factor{State: -1, Value: 1}
	for _, x := range []struct {
		r    jump.Reaction
		want string
	}{
		{jump.Reaction{Changes: []jump.Change{{State: 0, By: 1}}}, "no product"},
		{jump.Reaction{Changes: []jump.Change{{State: 0, By: -2}}, Factors: []jump.Factor{c, {State: 0}}, Reads: []int{0}}, "not there"},
		{jump.Reaction{Changes: []jump.Change{{State: 0, By: -1}}, Factors: []jump.Factor{c}}, "not there"},
		{jump.Reaction{Changes: []jump.Change{{State: 0, By: 1}}, Factors: []jump.Factor{c, {State: 0, Value: -1}}, Reads: []int{0}}, "negative"},
	} {
		n := &jump.Network{Dim: 1, Reactions: []jump.Reaction{x.r}, General: func(_ int, y []float64) float64 { return 2 }}
		for _, b := range laned(t) {
			var got, want outcome
			err := inLanes(t, b, 1, func(int) *jump.Network { return n }, func(s jump.Simulator, k int) { got = follow(s, []float64{30}, []float64{1, 5}, k, 0) })
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%v: %v, want one about %q", x.r, err, x.want)
			}
			d, _ := jump.New("direct", n, jump.Options{})
			if want = follow(d, []float64{30}, []float64{1, 5}, 0, 0); !got.same(want) {
				t.Errorf("%v: %v, direct has %v", x.r, got, want)
			}
		}
	}
}

// BenchmarkLanes counts the events of the comparison's systems, eight replicates at a time.
func BenchmarkLanes(b *testing.B) {
	for _, back := range laned(b) {
		for _, c := range comparison() {
			b.Run(c.name+"/"+back.Name, func(b *testing.B) {
				var events int64
				for b.Loop() {
					inLanes(b, back, 3*back.Lanes, func(int) *jump.Network { return c.network }, func(s jump.Simulator, k int) {
						y := append([]float64(nil), c.y...)
						stream := rng.NewPhilox(rng.Key{Seed: 1, Index: k})
						s.Start(y, 0, stream)
						now := 0.0
						for range 10 {
							now, _, _ = s.Advance(now + c.step)
							if c.again != nil && c.again(y) {
								copy(y, c.y)
								s.Changed(now)
							}
						}
						events += s.Events()
					})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
			})
		}
	}
}
