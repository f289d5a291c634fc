package sim_test

import (
	"math"
	"strings"
	"testing"

	"thymus/compile"
	"thymus/sim"
)

// simulated runs a model from outside and gives the recorded values at the end.
func simulated(t testing.TB, text string, end float64, seed uint64, ids ...string) map[string]float64 {
	t.Helper()
	out, f := trySimulated(t, text, end, seed, ids...)
	if f != nil {
		t.Fatal(f)
	}
	return out
}

func trySimulated(t testing.TB, text string, end float64, seed uint64, ids ...string) (map[string]float64, *sim.Failure) {
	t.Helper()
	p := build(t, text, func(c *sim.Config) {
		c.RecordAfter, c.Discontinuities = true, true
		for _, id := range ids {
			c.Record = append(c.Record, compile.Selection{ID: id})
		}
	})
	tr, f := do(t, p, sim.Schedule{End: end, Times: []float64{end}, Seed: seed})
	out := map[string]float64{}
	if f == nil {
		for i, id := range ids {
			out[id] = tr.Values[i][0]
		}
	}
	return out, f
}

func wants(t testing.TB, got map[string]float64, tolerance float64, want map[string]float64) {
	t.Helper()
	for id, v := range want {
		if g := got[id]; !(math.Abs(g-v) <= tolerance*math.Max(1, math.Abs(v))) && !(math.IsNaN(g) && math.IsNaN(v)) && g != v {
			t.Errorf("%s is %.12g, want %.12g", id, g, v)
		}
	}
}

// TestEqualPrioritiesAreDrawn: of two events with one trigger and one priority that put out
// each other, each wins about half of the times, by the seed.
func TestEqualPrioritiesAreDrawn(t *testing.T) {
	text := "model m()\n q = 0; r = 0; last = 0;\n Q: at time - last >= 1, priority=3, persistent=false: last = time, q = q + 1;\n" +
		" R: at time - last >= 1, priority=3, persistent=false: last = time, r = r + 1;\nend\n"
	first := map[float64]int{}
	for seed := uint64(0); seed < 20; seed++ {
		a := simulated(t, text, 100.5, seed, "q", "r")
		if b := simulated(t, text, 100.5, seed, "q", "r"); a["q"] != b["q"] {
			t.Fatal("the same seed gave another order")
		}
		if a["q"]+a["r"] != 100 {
			t.Errorf("%g + %g executions, want 100", a["q"], a["r"])
		}
		if math.Abs(a["q"]-50) > 25 { // five standard deviations
			t.Errorf("one event won %g of 100 times", a["q"])
		}
		first[a["q"]]++
	}
	if len(first) < 4 {
		t.Errorf("20 seeds gave only %d different counts", len(first))
	}
}

// TestExecution holds the rules of section 4.12 of SBML Level 3 Version 2 one by one.
func TestExecution(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		end  float64
		want map[string]float64
	}{
		"priorities are those of the moment": {"model m()\n a = 0; b = 0; c = 0; p = 1; n = 0;\n" +
			" E1: at time >= 1, priority=10: p = -1, n = n + 1; E2: at time >= 1, priority=p, fromTrigger=false: n = n + 1, a = n; E3: at time >= 1, priority=0, fromTrigger=false: n = n + 1, b = n;\nend\n",
			2, map[string]float64{"b": 1, "a": 2, "n": 3}},
		"an execution takes back another": {"model m()\n on = 0; hit = 0;\n" +
			" E1: at time >= 1, priority=10: on = 1; E2: at time >= 1 && on < 1, priority=5, persistent=false: hit = hit + 1; E3: at time >= 1 && on < 1, priority=5, persistent=true: hit = hit + 10;\nend\n",
			2, map[string]float64{"hit": 10}},
		"a trigger that turns false in time takes back a delayed execution": {"model m()\n hit = 0;\n E: at 1 after (time > 1 && time < 1.5), persistent=false: hit = 1;\nend\n", 5, map[string]float64{"hit": 0}},
		"one event may wait several times":                                  {"model m()\n n = 0;\n E: at 2.5 after sin(2*3.141592653589793*time) > 0.5, fromTrigger=false: n = n + 1;\nend\n", 4.7, map[string]float64{"n": 3}},
		"the delay is that of the trigger's time":                           {"model m()\n d = 2; at1 = 0;\n E: at d after time >= 1, fromTrigger=false: at1 = time; F: at time >= 1.5: d = 7;\nend\n", 5, map[string]float64{"at1": 3}},
		"values of the trigger's time":                                      {"model m()\n x = 0; x' = 1; a = 0; b = 0;\n E: at 2 after time >= 1, fromTrigger=true: a = x; F: at 2 after time >= 1, fromTrigger=false: b = x;\nend\n", 5, map[string]float64{"a": 1, "b": 3}},
		"events turn events at one instant":                                 {"model m()\n a = 0; b = 0; c = 0; at0 = -1;\n E: at time >= 1: a = 1; F: at a > 0: b = 1; G: at b > 0: c = 1, at0 = time;\nend\n", 2, map[string]float64{"c": 1, "at0": 1}},
		"a number is a trigger":                                             {"model m()\n s = 0; n = 0; E: at time >= 1: s = 1; F: at s: n = n + 1; G: at time >= 2: s = 0; H: at time >= 3: s = 5;\nend\n", 4, map[string]float64{"n": 2}},
		"at the start, when it was false before":                            {"model m()\n a = 0; b = 0; E: at time >= 0, t0=false: a = 1; F: at time >= 0, t0=true: b = 1;\nend\n", 1, map[string]float64{"a": 1, "b": 0}},
		"an event without assignments":                                      {"model m()\n x = 0; x' = 1; E: at x > 1: x = x;\nend\n", 2, map[string]float64{"x": 2}},
		"amounts stay when a size changes":                                  {"model m()\n compartment C = 2; species A in C; A = 3; species B in C; B = 1; r: A -> B; 0*A; c = 0; E: at time >= 1: C = 4;\nend\n", 2, map[string]float64{"A": 1.5, "B": 0.5, "C": 4}},
		// a concentration that is set with the size is one in the size before
		"a size and a concentration":    {"model m()\n compartment C = 2; species A in C; A = 3; r: A -> ; 0*A; E: at time >= 1: C = 4, A = 5;\nend\n", 2, map[string]float64{"A": 2.5}},
		"a parameter becomes infinite":  {"model m()\n a = 1; b = 1; x = 0; x' = 1; E: at time >= 1: a = 1/(x - x), b = 0/(x - x);\nend\n", 2, map[string]float64{"a": math.Inf(1), "b": math.NaN(), "x": 2}},
		"roots of time without a state": {"model m()\n n = 0; E: at sin(20*time) > 0.9: n = n + 1;\nend\n", 10, map[string]float64{"n": 32}},
	} {
		t.Run(name, func(t *testing.T) {
			var ids []string
			for id := range c.want {
				ids = append(ids, id)
			}
			for seed := uint64(0); seed < 3; seed++ {
				wants(t, simulated(t, c.text, c.end, seed, ids...), 1e-8, c.want)
			}
		})
	}
}

// TestStorm: events that turn each other on for ever end the run with a name.
func TestStorm(t *testing.T) {
	_, f := trySimulated(t, "model m()\n a = 0; E: at time >= 1 && a < 1: a = 1; F: at time >= 1 && a > 0: a = 0;\nend\n", 2, 0, "a")
	if f == nil || !strings.Contains(f.Error(), "event storm") || !strings.Contains(f.Error(), "at t=1") {
		t.Errorf("failure %v", f)
	}
}

// TestDiscontinuities: right-hand sides that jump, against closed forms.
func TestDiscontinuities(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		end  float64
		want map[string]float64
	}{
		"a short and strong pulse":        {"model m()\n x = 0; x' = piecewise(1e6, time >= 11.3 && time < 11.300001, 0);\nend\n", 100, map[string]float64{"x": 1}},
		"a strong step":                   {"model m()\n x = 0; x' = piecewise(1e9, time > 11, 0) - x;\nend\n", 12, map[string]float64{"x": 1e9 * (1 - math.Exp(-1))}},
		"steps of a rounded time":         {"model m()\n x = 0; x' = floor(time) + ceil(time);\nend\n", 10, map[string]float64{"x": 100}},
		"a step by the state":             {"model m()\n x = 0; x' = piecewise(1, x < 2, 3);\nend\n", 4, map[string]float64{"x": 8}},
		"a strong step by the state":      {"model m()\n x = 0; x' = piecewise(1, x < 2, 3e8);\nend\n", 3, map[string]float64{"x": 3e8}},
		"a square wave":                   {"model m()\n x = 0; x' = piecewise(1, sin(time) > 0, 0);\nend\n", 20 * math.Pi, map[string]float64{"x": 10 * math.Pi}},
		"a time that a parameter gives":   {"model m()\n x = 0; T = 7.25; x' = piecewise(1e7, time >= T && time < T + 1e-7, 0);\nend\n", 1000, map[string]float64{"x": 1}},
		"a size that an event determines": {"model m()\n compartment C = 1; species A in C; A = 1; r: A -> ; A*C; E: at time >= 1: C = 2;\nend\n", 2, map[string]float64{"A": math.Exp(-2) / 2}},
	} {
		t.Run(name, func(t *testing.T) {
			var ids []string
			for id := range c.want {
				ids = append(ids, id)
			}
			wants(t, simulated(t, c.text, c.end, 0, ids...), 2e-7, c.want)
		})
	}
}
