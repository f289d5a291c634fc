package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"thymus/compile"
	"thymus/kernel"
	"thymus/sim"
)

// failing is an oscillator with a dose drawn by an event, and three ways to end early, which are
// switched on by a patient's constants: a logarithm of less than nothing, a root whose slope
// becomes infinite, and two events that set each other off.
const failing = `model m()
  var x = 1; var v = 0; w = 3; x' = v; v' = -w^2*x;
  hit: at (x < -0.5): v = 1.2*v;
  edge = 0; var z = 0; z' = ln(1 - edge*time) - z;
  small = 0; var s = 1; s' = -small/s;
  storm = 0; P = 0;
  up: at (storm*time > 2 && P < 0.5): P = 1;
  down: at (P > 0.5): P = 0;
end
`

// TestFailuresAlone: patients that end early do so alone, each with its cause, time and
// place, on every back end; those beside them, before them and after them in their lanes
// have the same bits as without them.
func TestFailuresAlone(t *testing.T) {
	const n = 24
	fails := map[int]struct {
		constant string
		value    float64
		says     []string
	}{
		3:  {"edge", 0.4, []string{"t=2.", "in z", "ln("}},
		7:  {"small", 0.125, []string{"step too small at t=4.0", "in s", "-small/s"}},
		11: {"storm", 1, []string{"event storm", "t=2", "event up"}},
	}
	for _, b := range kernel.Backends {
		if !b.Has {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			p := build(t, failing, func(c *sim.Config) {
				c.Rtol, c.Backend = 1e-6, b.Name
				c.Record = []compile.Selection{{ID: "x"}, {ID: "v"}, {ID: "z"}, {ID: "s"}}
			})
			if how, err := p.Backend(); err != nil || how != b.Name {
				t.Fatalf("runs by %q, %v", how, err)
			}
			type result struct {
				tr *sim.Trajectory
				f  *sim.Failure
			}
			run := func(workers int, who []int) []result {
				out := make([]result, n)
				err := sim.EachPatient(context.Background(), p, len(who), workers, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) result {
					k = who[k]
					pt := sim.Patient{Number: k, Values: []sim.Setting{{ID: "w", Value: 2 + 0.1*float64(k)}}}
					if x, ok := fails[k]; ok {
						pt.Values = append(pt.Values, sim.Setting{ID: x.constant, Value: x.value})
					}
					tr, f := w.Run(pt, sim.Begin{}, sim.Schedule{End: 6, Times: []float64{1, 2, 3, 4, 5, 6}})
					return result{tr, f}
				}, func(k int, r result) error { out[who[k]] = r; return nil })
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			var all, well []int
			for k := range n {
				all = append(all, k)
				if _, ok := fails[k]; !ok {
					well = append(well, k)
				}
			}
			want := run(1, well)
			for _, workers := range []int{1, 2} {
				got := run(workers, all)
				for k, r := range got {
					x, ends := fails[k]
					if !ends {
						if r.f != nil {
							t.Errorf("patient %d: %v", k, r.f)
						} else if !sameBits(r.tr, want[k].tr) {
							t.Errorf("patient %d among failures has other bits than without them", k)
						}
						continue
					}
					if r.f == nil {
						t.Errorf("patient %d did not fail", k)
						continue
					}
					text := r.f.Error()
					for _, says := range append([]string{fmt.Sprintf("patient %d: ", k)}, x.says...) {
						if !strings.Contains(text, says) {
							t.Errorf("patient %d: %q does not say %q", k, text, says)
						}
					}
					if len(r.tr.Times) == 0 || len(r.tr.Times) == 6 {
						t.Errorf("patient %d has %d recorded times", k, len(r.tr.Times))
					}
				}
			}
		})
	}
}

func sameBits(a, b *sim.Trajectory) bool {
	if !slices.Equal(a.Times, b.Times) || len(a.Values) != len(b.Values) {
		return false
	}
	for i := range a.Values {
		for k, v := range a.Values[i] {
			if math.Float64bits(v) != math.Float64bits(b.Values[i][k]) {
				return false
			}
		}
	}
	return true
}

// TestCancelled: what is cancelled, or whose delivery fails, ends with that error; what was
// delivered until then came in order.
func TestCancelled(t *testing.T) {
	p := build(t, failing, nil)
	full := errors.New("the disk is full")
	for _, workers := range []int{1, 2} {
		for _, stop := range []string{"cancel", "error"} {
			ctx, cancel := context.WithCancel(context.Background())
			next := 0
			err := sim.EachPatient(ctx, p, 500, workers, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) int {
				if _, f := w.Run(sim.Patient{Number: k}, sim.Begin{}, sim.Schedule{End: 1}); f != nil {
					t.Error(f)
				}
				return k
			}, func(k, v int) error {
				if k != next || v != k {
					t.Errorf("%d workers: patient %d came as %d", workers, v, next)
				}
				if next++; next == 20 {
					if stop == "error" {
						return full
					}
					cancel()
				}
				return nil
			})
			cancel()
			if want := map[string]error{"cancel": context.Canceled, "error": full}[stop]; !errors.Is(err, want) {
				t.Errorf("%d workers: ended as %v, want %v", workers, err, want)
			}
			if next == 500 || stop == "error" && next != 20 {
				t.Errorf("%d workers, %s: %d delivered", workers, stop, next)
			}
		}
	}
}
