package sim_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"thymus/kernel"
	"thymus/ode"
	"thymus/sim"
)

// Models on which a way of solving fails, by the first rung that carries them to the end.
const (
	// far too stiff for an explicit method; with a dose that an event draws
	stiffText = "model m()\n  var A = 1; var B = 0; k = 1e6; A' = -k*(A - B); B' = A - B + time;\n  at time > 3: A = A + 1 + normal(0, 0.1);\nend\n"
	// errors grow by exp(0.35 t) and bring x to where the logarithm ends
	edgeText = "model m()\n  var x = 0; var z = 0; s = 0.35; x' = s*(x - sin(time)) + cos(time); z' = ln(2 - x^2);\nend\n"
	// the slope of the right-hand side is infinite at the start, unless A begins below 1
	steepText = "model m()\n  var A = 1; k = 0.1; A' = -k - A*arccos(A);\nend\n"
	// the solution ends at t = 1
	endText = "model m()\n  var A = 1; A' = A^2;\nend\n"
)

func TestLadder(t *testing.T) {
	rungs := sim.Rungs()
	for _, c := range []struct {
		name, text string
		change     func(c *sim.Config)
		rung       string
	}{
		{"stiff, by an explicit method", stiffText, func(c *sim.Config) { c.Method, c.MaxSteps = "tsit5", 20_000 }, rungs[0]},
		{"strays over an edge", edgeText, func(c *sim.Config) { c.Rtol = 1e-3; c.Atol = map[string]float64{"x": 1e-6, "z": 1e-6} }, rungs[1]},
		{"infinite derivative", steepText, nil, rungs[2]},
	} {
		s := sim.Schedule{End: 40, Times: []float64{1, 2, 5, 40}, Seed: 4}
		tr, f := do(t, build(t, c.text, c.change), s)
		if f != nil || tr.Retry != c.rung || len(tr.Times) != 4 {
			t.Errorf("%s: %v, by %q, want %q", c.name, f, tr.Retry, c.rung)
		}
		tr, f = do(t, build(t, c.text, func(x *sim.Config) {
			if c.change != nil {
				c.change(x)
			}
			x.Once = true
		}), s)
		if f == nil || f.Tried != nil || tr.Retry != "" {
			t.Errorf("%s, once: %v, by %q", c.name, f, tr.Retry)
		}
	}
}

// TestLadderInVain: what no rung can solve keeps the cause of the first way and says what
// was tried.
func TestLadderInVain(t *testing.T) {
	p := build(t, endText, nil)
	rungs := sim.Rungs()[1:]
	if name, err := p.Backend(); err != nil {
		t.Fatal(err)
	} else if kernel.Named() && !strings.HasPrefix(name, "interpreter") {
		rungs = sim.Rungs() // then a single patient is in a lane, too, and may be tried alone
	}
	tr, f := do(t, p, sim.Schedule{End: 2, Times: []float64{0.5, 1.5}})
	if f == nil || f.Cause == nil || f.Cause.Cause != ode.StepTooSmall && f.Cause.Cause != ode.NotFinite || !slices.Equal(f.Tried, rungs) || len(tr.Times) != 1 {
		t.Fatalf("ended as %v, tried %q, want %q", f, f.Tried, rungs)
	}
	if want := "tried again in vain: " + strings.Join(rungs, ", "); !strings.HasSuffix(f.Error(), want) {
		t.Errorf("it reads %q", f)
	}
}

// TestLadderAgain: a rung is the whole run again: its bits, draws included, are those of a
// plan that goes that way at once.
func TestLadderAgain(t *testing.T) {
	record := func(c *sim.Config) { c.Record = nil; c.Rtol = 1e-6 }
	s := sim.Schedule{End: 10, Times: []float64{1, 2, 5, 10}, Seed: 4}
	run := func(method, backend string) (*sim.Trajectory, []float64) {
		p := build(t, stiffText, func(c *sim.Config) { record(c); c.Method, c.Backend, c.MaxSteps = method, backend, 20_000 })
		w := p.NewWorker()
		tr, f := w.Run(sim.Patient{Number: 3}, sim.Begin{}, s)
		if f != nil {
			t.Fatal(f)
		}
		return tr, w.State()
	}
	retried, a := run("tsit5", "")
	direct, b := run("rodas5p", "interpreter") // alone, whatever back end is named
	if retried.Retry == "" || direct.Retry != "" || !slices.Equal(a, b) {
		t.Errorf("by the ladder (%q) %x, at once %x", retried.Retry, a, b)
	}
}

// TestLadderPivots: where pivots on the diagonal will not do, a lane gives up after a few
// steps, and the patient alone goes on with row exchanges.
func TestLadderPivots(t *testing.T) {
	p := build(t, "model m()\n  var A = 0; var B = 0; var C = 0; var D = 1; a = 1e13; b = 1e10; A' = a*(B - A); B' = a*(A - B) + b*C; C' = -b*B; D' = -D;\nend\n", func(c *sim.Config) { c.Rtol = 1e-6 })
	if name, err := p.Backend(); err != nil || strings.HasPrefix(name, "interpreter") {
		t.Skipf("NO LANES HERE (%s, %v): NOTHING WAS TESTED", name, err)
	}
	var tr *sim.Trajectory
	var f *sim.Failure
	err := sim.EachPatient(context.Background(), p, 1, 1, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) int {
		tr, f = w.Run(sim.Patient{}, sim.Begin{}, sim.Schedule{End: 20})
		return k
	}, func(int, int) error { return nil })
	if err != nil || f != nil {
		t.Fatal(err, f)
	}
	if tr.Retry != sim.Rungs()[0] || tr.Stats.Pivoted == 0 || tr.Stats.Rejected > 10 {
		t.Errorf("by %q, %+v; want %q with row exchanges", tr.Retry, tr.Stats, sim.Rungs()[0])
	}
	p = build(t, endText, func(c *sim.Config) { c.Method = "tsit5" }) // nothing but its cause ends this one
	if name, _ := p.Backend(); strings.HasPrefix(name, "interpreter") {
		t.Errorf("tsit5 runs by the %s", name)
	}
}

// TestLadderAmongOthers: patients that fail beside others are carried on by the ladder, and
// nobody's bits depend on who is beside whom.
func TestLadderAmongOthers(t *testing.T) {
	p := build(t, steepText, nil)
	type result struct {
		retry string
		y     []float64
		f     *sim.Failure
	}
	all := func(n, workers int, from int) []result {
		var out []result
		err := sim.EachPatient(context.Background(), p, n, workers, p.NewWorker, func(w *sim.Worker) *sim.Worker { return w }, func(w *sim.Worker, k int) result {
			k += from
			pt := sim.Patient{Number: k, Values: []sim.Setting{{ID: "A", Value: []float64{1, 0.5, 0.9}[k%3]}, {ID: "k", Value: 0.01 * float64(k+1)}}}
			tr, f := w.Run(pt, sim.Begin{}, sim.Schedule{End: 5})
			return result{tr.Retry, w.State(), f}
		}, func(_ int, r result) error { out = append(out, r); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	together := all(20, 1, 0)
	two := all(20, 2, 0)
	for k, r := range together {
		if r.f != nil || (r.retry != "") != (k%3 == 0) {
			t.Errorf("patient %d: %v, by %q", k, r.f, r.retry)
		}
		alone := all(1, 1, k)[0]
		for _, o := range []result{alone, two[k]} {
			if o.retry != r.retry || !slices.Equal(o.y, r.y) {
				t.Errorf("patient %d: %x by %q among others, %x by %q", k, r.y, r.retry, o.y, o.retry)
			}
		}
	}
}
