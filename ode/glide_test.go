package ode

import (
	"math"
	"testing"

	"thymus/kernel"
)

// watched is a patient of Robertson's problem whose first component is watched as it falls
// below 0.9, 0.8 (muted) and 0.75.
type watched struct{ *one }

var levels = []float64{0.9, 0.8, 0.75}

func (s watched) Crossings() int { return len(levels) }
func (s watched) Cross(g, y, _ []float64) {
	for i, v := range levels {
		g[i] = y[0] - v
	}
	g[1] = 1
}
func (s watched) Muted() []int { return []int{1} }

func watchedProblem() *Problem {
	p := robertson()
	for _, v := range levels {
		level, slot := int32(p.Slots), int32(p.Slots+1)
		p.Slots += 2
		p.Numbers = append(p.Numbers, kernel.Number{Slot: level, Value: v})
		p.Cross.Code = append(p.Cross.Code, kernel.Instr{Op: kernel.Sub, Dst: slot, A: 0, B: level})
		p.Crossings = append(p.Crossings, slot)
	}
	p.Cross.Slots = p.Slots
	return p
}

// log notes crossings and the state at some times; it does not look at other steps.
type log struct {
	Base
	times     []float64
	next      int
	values    []float64
	seen      int
	crossings []float64
	which     []int
	every     bool
	record    bool // by Record
}

func (l *log) Looks() float64 {
	switch {
	case l.every:
		return math.Inf(-1)
	case l.next < len(l.times):
		return l.times[l.next]
	}
	return math.Inf(1)
}

func (l *log) OnStep(s *Step) {
	l.seen++
	y := make([]float64, 3)
	for ; l.next < len(l.times) && l.times[l.next] <= s.T1; l.next++ {
		if l.record {
			s.Record(l.times[l.next], []int{0, 1, 2}, y, make([]float64, 3))
		} else {
			s.Interpolate(l.times[l.next], y)
		}
		l.values = append(l.values, y...)
	}
}

func (l *log) OnCrossing(t float64, _ []float64, which []int, _ []bool) (bool, bool, error) {
	for _, k := range which {
		if n := len(l.which); n == 0 || l.which[n-1] != k { // one may be 0 before it is negative
			l.crossings = append(l.crossings, t)
			l.which = append(l.which, k)
		}
	}
	return false, false, nil
}

// eleven patients are more than there are lanes.
var eleven = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}

// TestGlide: steps that go on by themselves give the same bits as steps of which each is
// looked at, record at the same times, and stop at crossings that are not muted.
func TestGlide(t *testing.T) {
	times := []float64{0.1, 0.2, 0.30001, 5, 5.5, 20}
	for _, b := range laneBackends(t) {
		run := func(every bool) ([]*log, []Stats) {
			p := watchedProblem()
			lanes, err := NewLanes(p, b)
			if err != nil {
				t.Fatal(err)
			}
			g := lanes.NewGroup()
			logs, stats := make([]*log, 11), make([]Stats, 11)
			each(g, eleven, func(lane *Lane, k int) {
				logs[k] = &log{times: times, every: every}
				y := []float64{1, 0, 0}
				var f *Failure
				stats[k], f = Solve(watched{patient(p, k)}, y, 0, 40, Options{Rtol: 1e-8, Atol: []float64{1e-13}, Lane: lane}, logs[k])
				if f != nil {
					t.Errorf("patient %d: %v", k, f)
				}
				logs[k].values = append(logs[k].values, y...)
			})
			return logs, stats
		}
		every, counts := run(true)
		sparing, few := run(false)
		for k, want := range every {
			got := sparing[k]
			if got.seen >= want.seen/2 || want.seen != counts[k].Accepted {
				t.Errorf("%s, patient %d: %d steps were looked at, %d of %d when all are wanted", b.Name, k, got.seen, want.seen, counts[k].Accepted)
			}
			if few[k] != counts[k] {
				t.Errorf("%s, patient %d: %+v, want %+v", b.Name, k, few[k], counts[k])
			}
			if len(got.values) != 3*len(times)+3 {
				t.Fatalf("%s, patient %d: %d values", b.Name, k, len(got.values))
			}
			for i, v := range want.values {
				if got.values[i] != v {
					t.Errorf("%s, patient %d: value %d is %v, want %v", b.Name, k, i, got.values[i], v)
				}
			}
			if len(got.which) != 2 || got.which[0] != 0 || got.which[1] != 2 {
				t.Fatalf("%s, patient %d: crossings %v, want 0 and 2", b.Name, k, got.which)
			}
			alone := &log{}
			if _, f := Solve(watched{patient(robertson(), k)}, []float64{1, 0, 0}, 0, 40, Options{Rtol: 1e-10, Atol: []float64{1e-15}}, alone); f != nil {
				t.Fatal(f)
			}
			for i, at := range alone.crossings {
				if math.Abs(got.crossings[i]-at) > 1e-6*at || got.crossings[i] != want.crossings[i] {
					t.Errorf("%s, patient %d: crossing at %v, want %v and %v", b.Name, k, got.crossings[i], at, want.crossings[i])
				}
			}
		}
	}
}

// TestRecord: what is recorded for all lanes at once is what a patient alone records, to the
// last bit, and what the dense output gives.
func TestRecord(t *testing.T) {
	defer func(n int) { manyStates = n }(manyStates)
	manyStates = 1
	times := []float64{0.1, 0.2, 0.30001, 5, 5.00001, 5.5, 20}
	for _, b := range laneBackends(t) {
		lanes, err := NewLanes(watchedProblem(), b)
		if err != nil {
			t.Fatal(err)
		}
		if lanes.spot == nil {
			t.Fatal("no program for records")
		}
		run := func(who []int, record bool) map[int][]float64 {
			g := lanes.NewGroup()
			out := map[int][]float64{}
			each(g, who, func(lane *Lane, k int) {
				l := &log{times: times, record: record}
				if _, f := Solve(watched{patient(lanes.p, k)}, []float64{1, 0, 0}, 0, 40, Options{Rtol: 1e-8, Atol: []float64{1e-13}, Lane: lane}, l); f != nil {
					t.Errorf("patient %d: %v", k, f)
				}
				out[k] = l.values
			})
			return out
		}
		all, dense := run(eleven, true), run(eleven, false)
		for _, k := range eleven {
			alone := run([]int{k}, true)[k]
			if len(alone) != 3*len(times) {
				t.Fatalf("%s, patient %d: %d values", b.Name, k, len(alone))
			}
			for i, v := range alone {
				if all[k][i] != v || math.Abs(dense[k][i]-v) > 1e-13 {
					t.Errorf("%s, patient %d, value %d: %v in a group, %v alone, %v by the dense output", b.Name, k, i, all[k][i], v, dense[k][i])
				}
			}
		}
	}
}
