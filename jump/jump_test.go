package jump_test

import (
	"math"
	"strings"
	"testing"

	"thymus/jump"
	"thymus/jump/jumptest"
	"thymus/rng"
)

// run gives the observed component at the problem's times, of one run.
func run(t testing.TB, s jump.Simulator, p jumptest.Problem, stream *rng.Philox, extra bool) []float64 {
	y := append([]float64(nil), p.Y...)
	s.Start(y, 0, stream)
	var out []float64
	now := 0.0
	for _, end := range p.Times {
		if extra { // a stop on the way, at which nothing changes
			now = advance(t, s, now+(end-now)*0.37)
			s.Changed(now)
		}
		now = advance(t, s, end)
		out = append(out, y[p.Observe])
	}
	return out
}

func advance(t testing.TB, s jump.Simulator, end float64) float64 {
	for {
		at, watched, failure := s.Advance(end)
		if failure != nil {
			t.Fatal(failure)
		}
		if watched < 0 {
			return at
		}
		s.Changed(at)
	}
}

// TestMethods: every method against every problem's moments; also with stops and watched
// reactions in between. Exact methods must meet them within 4 standard errors of the mean
// and 5 of the variance, tau-leaping within 2 % and 5 % as well.
func TestMethods(t *testing.T) {
	const runs = 1000
	for _, m := range jump.Methods {
		for _, p := range jumptest.Problems() {
			for _, extra := range []bool{false, true} {
				s, err := jump.New(m.Name, p.Network, jump.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if extra {
					watch := make([]bool, len(p.Network.Reactions))
					watch[0] = true
					s.Watch(watch)
				}
				sum, square := make([]float64, len(p.Times)), make([]float64, len(p.Times))
				stream := new(rng.Philox)
				for k := 0; k < runs; k++ {
					stream.Reset(rng.Key{Seed: 5, Purpose: "test", Index: k})
					for i, v := range run(t, s, p, stream, extra) {
						sum[i] += v - p.Mean[i]
						square[i] += (v - p.Mean[i]) * (v - p.Mean[i])
					}
				}
				for i := range p.Times {
					off := sum[i] / runs
					variance := (square[i] - runs*off*off) / (runs - 1)
					zm := math.Sqrt(runs) * off / p.SD[i]
					zs := math.Sqrt(runs/2) * (variance/(p.SD[i]*p.SD[i]) - 1)
					good := math.Abs(zm) < 4 && math.Abs(zs) < 5
					if !m.Exact {
						good = math.Abs(zm) < 4 || math.Abs(off) < 0.02*p.Mean[i]
						good = good && (math.Abs(zs) < 5 || math.Abs(math.Sqrt(variance)/p.SD[i]-1) < 0.05)
					}
					if !good {
						t.Errorf("%s, %s at %g (stops %v): z of mean %.2f, of sd %.2f", m.Name, p.Name, p.Times[i], extra, zm, zs)
					}
				}
			}
		}
	}
}

// TestHorizons: where an exact method is asked to stop changes no bit of the result.
func TestHorizons(t *testing.T) {
	for _, m := range jump.Methods {
		if !m.Exact {
			continue
		}
		for _, p := range jumptest.Problems() {
			s, _ := jump.New(m.Name, p.Network, jump.Options{})
			end := p.Times[len(p.Times)-1]
			var want []float64
			var events int64
			for _, stops := range []int{1, 1000} {
				y := append([]float64(nil), p.Y...)
				s.Start(y, 0, rng.NewPhilox(rng.Key{Seed: 9}))
				for i := 1; i <= stops; i++ {
					advance(t, s, end*float64(i)/float64(stops))
				}
				if want == nil {
					want, events = y, s.Events()
					continue
				}
				for i := range y {
					if y[i] != want[i] || s.Events() != events {
						t.Errorf("%s, %s: component %d is %g, with more stops %g", m.Name, p.Name, i, want[i], y[i])
					}
				}
			}
		}
	}
}

// TestFailures: impossible propensities are named, a bound on events holds.
func TestFailures(t *testing.T) {
	for _, m := range jump.Methods {
		n := &jump.Network{Dim: 1, Name: func(j int) string { return "R" }, Reactions: []jump.Reaction{
			{Changes: []jump.Change{{State: 0, By: 1}}, Reads: []int{0}}},
			General: func(_ int, y []float64) float64 { return 3 - y[0] }}
		s, _ := jump.New(m.Name, n, jump.Options{})
		s.Start([]float64{0}, 0, rng.NewPhilox(rng.Key{}))
		if _, _, f := s.Advance(1e9); f != nil {
			t.Errorf("%s: %v before the propensity is negative", m.Name, f)
		}
		s.Start([]float64{5}, 0, rng.NewPhilox(rng.Key{}))
		if _, _, f := s.Advance(1); f == nil || !strings.Contains(f.Error(), "propensity of R is -2") {
			t.Errorf("%s: failure %v", m.Name, f)
		}
		n.General = func(int, []float64) float64 { return math.NaN() }
		s.Start([]float64{0}, 0, rng.NewPhilox(rng.Key{}))
		if _, _, f := s.Advance(1); f == nil {
			t.Errorf("%s: NaN is no propensity", m.Name)
		}
		n.General = func(int, []float64) float64 { return 1 }
		s, _ = jump.New(m.Name, n, jump.Options{MaxEvents: 50})
		s.Start([]float64{0}, 0, rng.NewPhilox(rng.Key{}))
		if _, _, f := s.Advance(1e9); f == nil || !strings.Contains(f.Error(), "more than 50") {
			t.Errorf("%s: failure %v", m.Name, f)
		}
	}
	if _, err := jump.New("none", &jump.Network{}, jump.Options{}); err == nil {
		t.Error("a method that does not exist")
	}
}

// TestForms: the fast forms do the arithmetic of the factors, bit for bit.
func TestForms(t *testing.T) {
	c := func(v float64) jump.Factor { return jump.Factor{State: -1, Value: v} }
	over := func(v float64) jump.Factor { return jump.Factor{State: -1, Value: v, Divide: true} }
	x, y := jump.Factor{State: 0}, jump.Factor{State: 1}
	less := jump.Factor{State: 0, Value: -1}
	for _, list := range [][]jump.Factor{
		{c(0.3), x}, {x, c(0.3)}, {c(0.3), x, y}, {x, y, c(0.3)}, {x, c(0.3), y}, {c(0.3), x, less}, {c(0.3), x, less, over(2)}, {c(0.3), x, over(3)},
		{c(0.3), over(3), x}, {c(0.3), c(7), x}, {c(0.3), {State: 0, Over: 3}, {State: 1, Over: 3}, c(3)}, {x, less}, {c(4)}, {x}, {x, less, {State: 0, Value: -2}},
	} {
		n := &jump.Network{Dim: 2, Reactions: []jump.Reaction{{Reads: []int{0, 1}, Factors: list}}}
		for _, s := range [][]float64{{17, 23}, {1, 0}, {0, 5}, {1e6 + 1, 3}} {
			want := 1.0
			for i, f := range list {
				v := f.Value
				if f.State >= 0 {
					v += s[f.State]
					if f.Over != 0 {
						v /= f.Over
					}
				}
				switch {
				case i == 0:
					want = v
				case f.Divide:
					want /= v
				default:
					want *= v
				}
			}
			if got := n.Propensity(0, s); math.Float64bits(got) != math.Float64bits(want) {
				t.Errorf("%v at %v: %v, want %v", list, s, got, want)
			}
		}
	}
}

// BenchmarkEvents counts the events of the three systems of the C comparison.
func BenchmarkEvents(b *testing.B) {
	for _, c := range comparison() {
		for _, method := range []string{"direct", "next-reaction", "rejection"} {
			b.Run(c.name+"/"+method, func(b *testing.B) {
				s, _ := jump.New(method, c.network, jump.Options{})
				y := append([]float64(nil), c.y...)
				s.Start(y, 0, rng.NewPhilox(rng.Key{Seed: 1}))
				var events int64
				now, step := 0.0, c.step
				for b.Loop() {
					now, _, _ = s.Advance(now + step)
					if c.again != nil && c.again(y) {
						events += s.Events()
						copy(y, c.y)
						s.Start(y, now, rng.NewPhilox(rng.Key{Seed: uint64(events)}))
					}
				}
				events += s.Events()
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
			})
		}
	}
}

type system struct {
	name    string
	network *jump.Network
	y       []float64
	step    float64
	again   func(y []float64) bool
}

func comparison() []system {
	mass := func(k float64, states ...int) []jump.Factor {
		f := []jump.Factor{{State: -1, Value: k}}
		for _, i := range states {
			f = append(f, jump.Factor{State: i})
		}
		return f
	}
	ch := func(list ...float64) (out []jump.Change) {
		for i := 0; i < len(list); i += 2 {
			out = append(out, jump.Change{State: int(list[i]), By: list[i+1]})
		}
		return out
	}
	birth := &jump.Network{Dim: 1, Reactions: []jump.Reaction{
		{Changes: ch(0, 1), Factors: mass(10)}, {Changes: ch(0, -1), Reads: []int{0}, Factors: mass(0.1, 0)}}}
	lotka := &jump.Network{Dim: 2, Reactions: []jump.Reaction{
		{Changes: ch(0, 1), Reads: []int{0}, Factors: mass(10, 0)},
		{Changes: ch(0, -1, 1, 1), Reads: []int{0, 1}, Factors: mass(0.01, 0, 1)},
		{Changes: ch(1, -1), Reads: []int{1}, Factors: mass(10, 1)}}}
	chain := &jump.Network{Dim: 10}
	y := make([]float64, 10)
	for j := 0; j < 20; j++ {
		from := j % 10
		to := (from + 1) % 10
		if j >= 10 {
			to = (from + 9) % 10
		}
		y[from] = 100 + 10*float64(from)
		chain.Reactions = append(chain.Reactions, jump.Reaction{Changes: ch(float64(from), -1, float64(to), 1), Reads: []int{from}, Factors: mass(0.5+0.05*float64(j), from)})
	}
	return []system{
		{"birth-death", birth, []float64{100}, 1000, nil},
		{"lotka", lotka, []float64{1000, 1000}, 0.3, func(y []float64) bool { return y[0] < 1 || y[1] < 1 || y[0] > 1e5 }},
		{"chain20", chain, y, 10, nil},
	}
}
