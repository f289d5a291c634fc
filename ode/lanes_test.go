package ode

import (
	"math"
	"testing"

	"thymus/kernel"
	"thymus/linalg"
)

// robertson is Robertson's problem as a Problem with its three rates as parameters, and
// as a system of its own.
func robertson() *Problem {
	// slots: 0-2 state, 3 time, 4-6 rates, 7... results
	code := []kernel.Instr{
		{Op: kernel.Mul, Dst: 7, A: 4, B: 0},   // k1 y0
		{Op: kernel.Mul, Dst: 8, A: 5, B: 1},   // k2 y1
		{Op: kernel.Mul, Dst: 9, A: 8, B: 2},   // k2 y1 y2
		{Op: kernel.Mul, Dst: 10, A: 6, B: 1},  // k3 y1
		{Op: kernel.Mul, Dst: 11, A: 10, B: 1}, // k3 y1^2
		{Op: kernel.Sub, Dst: 12, A: 9, B: 7},  // y0'
		{Op: kernel.Neg, Dst: 13, A: 12},
		{Op: kernel.Sub, Dst: 14, A: 13, B: 11}, // y1'
	}
	first := append(append([]kernel.Instr(nil), code...),
		kernel.Instr{Op: kernel.Neg, Dst: 15, A: 4},
		kernel.Instr{Op: kernel.Mul, Dst: 16, A: 5, B: 2}, // k2 y2
		kernel.Instr{Op: kernel.Add, Dst: 17, A: 10, B: 10},
		kernel.Instr{Op: kernel.Add, Dst: 18, A: 16, B: 17},
		kernel.Instr{Op: kernel.Neg, Dst: 19, A: 18},
		kernel.Instr{Op: kernel.Neg, Dst: 20, A: 8},
	)
	pattern := linalg.NewPattern(3, [][2]int{{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 1}, {0, 2}, {1, 2}})
	p := &Problem{Of: "robertson", Slots: 21, State: []int32{0, 1, 2}, Clock: 3, RHS: kernel.Program{Slots: 21, Code: code}, First: kernel.Program{Slots: 21, Code: first},
		Deriv: []int32{12, 14, 11}, TimeDeriv: []int32{-1, -1, -1}, Pattern: pattern, Entries: make([]int32, pattern.Len())}
	for i := range p.Entries {
		p.Entries[i] = -1
	}
	for _, x := range []struct{ i, j, slot int }{{0, 0, 15}, {1, 0, 4}, {0, 1, 16}, {1, 1, 19}, {2, 1, 17}, {0, 2, 8}, {1, 2, 20}} {
		p.Entries[pattern.Find(x.i, x.j)] = int32(x.slot)
	}
	return p
}

// one is one patient of a problem, run by the interpreter.
type one struct {
	p   *Problem
	mem []float64
}

func (s *one) Dim() int              { return len(s.p.State) }
func (s *one) LaneMemory() []float64 { return s.mem }
func (s *one) LaneOf() any           { return s.p.Of }
func (s *one) load(y, t []float64) {
	for i, k := range s.p.State {
		s.mem[k] = y[i]
	}
	s.mem[s.p.Clock] = t[0]
}
func (s *one) Deriv(dy, y, t []float64) {
	s.load(y, t)
	s.p.RHS.Run(s.mem, 1)
	for i, k := range s.p.Deriv {
		dy[i] = s.mem[k]
	}
}

func patient(p *Problem, k int) *one {
	s := &one{p, make([]float64, p.Slots)}
	for _, n := range p.Numbers {
		s.mem[n.Slot] = n.Value
	}
	f := 1 + 0.1*float64(k)
	s.mem[4], s.mem[5], s.mem[6] = 0.04*f, 1e4/f, 3e7*f
	if p.Method == "tsit5" { // not stiff
		s.mem[4], s.mem[5], s.mem[6] = 0.4*f, 10/f, 30*f
	}
	return s
}

// kick halves the first component at a time.
type halve struct {
	Base
	at float64
	n  int
}

func (h *halve) NextStop(t float64) float64 {
	if t < h.at {
		return h.at
	}
	return math.Inf(1)
}
func (h *halve) OnStop(t float64, y []float64) (bool, error) { y[0] /= 2; return true, nil }
func (h *halve) OnStep(*Step)                                { h.n++ }

func laneBackends(t *testing.T) []kernel.Backend {
	var list []kernel.Backend
	for _, b := range kernel.Backends {
		if b.Has && b.Lanes > 1 {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		t.Skip("NO BACK END WITH LANES ON THIS MACHINE: NOTHING WAS TESTED")
	}
	return list
}

// runLanes solves the patients in lanes; each ends at its own time.
func runLanes(t *testing.T, b kernel.Backend, method string, who []int) map[int][]float64 {
	t.Helper()
	p := robertson()
	p.Method = method
	lanes, err := NewLanes(p, b)
	if err != nil {
		t.Fatal(err)
	}
	g := lanes.NewGroup()
	out := map[int][]float64{}
	each(g, who, func(lane *Lane, k int) {
		y := []float64{1, 0, 0}
		_, f := Solve(patient(p, k), y, 0, 30+float64(k), Options{Method: method, Rtol: 1e-8, Atol: []float64{1e-13}, Lane: lane}, &halve{at: 7 + float64(k)})
		if f != nil {
			t.Errorf("patient %d: %v", k, f)
		}
		out[k] = y
	})
	return out
}

// each runs a job for each of the patients, in whatever lane is free.
func each(g *Group, who []int, job func(lane *Lane, k int)) {
	next := 0
	g.Run(func(lane int) (func(), bool) {
		if next == len(who) {
			return nil, false
		}
		k := who[next]
		next++
		return func() { job(g.Lane(lane), k) }, true
	})
}

// lanedMethods are the methods that run in lanes.
func lanedMethods() (list []string) {
	for _, m := range Methods {
		if m.Lanes {
			list = append(list, m.Name)
		}
	}
	return list
}

// TestLanesAgree: lanes give what one patient at a time gives, to the tolerance.
func TestLanesAgree(t *testing.T) {
	for _, b := range laneBackends(t) {
		for _, method := range lanedMethods() {
			who := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}
			got := runLanes(t, b, method, who)
			p := robertson()
			p.Method = method
			for _, k := range who {
				y := []float64{1, 0, 0}
				if _, f := Solve(patient(p, k), y, 0, 30+float64(k), Options{Rtol: 1e-10, Atol: []float64{1e-15}}, &halve{at: 7 + float64(k)}); f != nil {
					t.Fatal(f)
				}
				for i := range y {
					if math.Abs(got[k][i]-y[i]) > 1e-6*math.Abs(y[i]) {
						t.Errorf("%s, %s, patient %d, component %d: %v, alone %v", b.Name, method, k, i, got[k][i], y[i])
					}
				}
			}
		}
	}
}

// TestLanesAlone: a patient has the same bits alone, in any lane and beside any others.
func TestLanesAlone(t *testing.T) {
	for _, b := range laneBackends(t) {
		for _, method := range lanedMethods() {
			all := runLanes(t, b, method, []int{5, 0, 3, 1, 17, 4, 2, 9, 30, 6, 7, 8})
			for k, y := range all {
				alone := runLanes(t, b, method, []int{k})[k]
				behind := runLanes(t, b, method, []int{20, 21, k})[k]
				for i := range y {
					if alone[i] != y[i] || behind[i] != y[i] {
						t.Errorf("%s, %s, patient %d, component %d: %x among others, %x alone, %x in the third lane", b.Name, method, k, i, y[i], alone[i], behind[i])
					}
				}
			}
		}
	}
}

// TestLanesSameSteps: Tsit5 makes the steps in lanes that it makes alone, up to rounding,
// with the same values within them.
func TestLanesSameSteps(t *testing.T) {
	for _, b := range laneBackends(t) {
		p := robertson()
		p.Method = "tsit5"
		lanes, err := NewLanes(p, b)
		if err != nil {
			t.Fatal(err)
		}
		look := func(lane *Lane) (*peek, Stats) {
			h, y := &peek{}, []float64{1, 0, 0}
			st, f := Solve(patient(p, 3), y, 0, 40, Options{Method: "tsit5", Lane: lane}, h)
			if f != nil {
				t.Fatal(f)
			}
			return h, st
		}
		alone, st := look(nil)
		g := lanes.NewGroup()
		n := 0
		g.Run(func(lane int) (func(), bool) {
			if n++; n > 1 {
				return nil, false
			}
			return func() {
				got, stats := look(g.Lane(lane))
				if stats != st || len(got.seen) != len(alone.seen) || len(got.seen) < 20 {
					t.Fatalf("%s: %+v in a lane, %+v alone", b.Name, stats, st)
				}
				for i, v := range got.seen {
					if math.Abs(v-alone.seen[i]) > 1e-10 {
						t.Errorf("%s, step %d: %v within it, %v alone", b.Name, i, v, alone.seen[i])
					}
				}
			}, true
		})
	}
}

// peek notes the first component at a third of every step.
type peek struct {
	Base
	seen []float64
}

func (p *peek) OnStep(s *Step) {
	y := make([]float64, 3)
	s.Interpolate(s.T0+(s.T1-s.T0)/3, y)
	p.seen = append(p.seen, y[0])
}

// TestLanesFail: a patient whose values are not finite ends with its cause and its
// neighbours keep their bits.
func TestLanesFail(t *testing.T) {
	for _, b := range laneBackends(t) {
		p := robertson()
		lanes, err := NewLanes(p, b)
		if err != nil {
			t.Fatal(err)
		}
		g := lanes.NewGroup()
		good := runLanes(t, b, "rodas5p", []int{2})[2]
		next := 0
		g.Run(func(lane int) (func(), bool) {
			if next == 5 {
				return nil, false
			}
			k := next
			next++
			return func() {
				s := patient(p, 2)
				y := []float64{1, 0, 0}
				if k != 2 {
					s.mem[4] = math.NaN()
				}
				_, f := Solve(s, y, 0, 32, Options{Rtol: 1e-8, Atol: []float64{1e-13}, Lane: g.Lane(lane)}, &halve{at: 9})
				switch {
				case k != 2 && (f == nil || f.Cause != NotFinite && f.Cause != SingularMatrix):
					t.Errorf("%s: a patient with NaN ended with %v", b.Name, f)
				case k == 2 && f != nil:
					t.Errorf("%s: %v", b.Name, f)
				case k == 2 && (y[0] != good[0] || y[1] != good[1] || y[2] != good[2]):
					t.Errorf("%s: a neighbour's failure changed bits: %v, %v", b.Name, y, good)
				}
			}, true
		})
	}
}

// TestGroupGivesUp: a panic in one job comes out of Run and ends the others.
func TestGroupGivesUp(t *testing.T) {
	b := laneBackends(t)[0]
	p := robertson()
	lanes, err := NewLanes(p, b)
	if err != nil {
		t.Fatal(err)
	}
	g := lanes.NewGroup()
	defer func() {
		if r := recover(); r != "mistake" {
			t.Errorf("Run gave %v, want the panic of the job", r)
		}
	}()
	next := 0
	g.Run(func(lane int) (func(), bool) {
		if next == 3 {
			return nil, false
		}
		next++
		k := next
		return func() {
			if k == 3 {
				panic("mistake")
			}
			Solve(patient(p, k), []float64{1, 0, 0}, 0, 30, Options{Lane: g.Lane(lane)}, Base{})
		}, true
	})
	t.Error("Run came back")
}
