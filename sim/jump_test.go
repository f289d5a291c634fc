package sim_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/sim"
)

func flat(t testing.TB, text string) *model.Model {
	t.Helper()
	doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: text}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return m
}

func ensemble(t testing.TB, text, method string, runs int, record ...string) *sim.Ensemble {
	t.Helper()
	return replicates(t, flat(t, text), method, runs, record...)
}

func replicates(t testing.TB, m *model.Model, method string, runs int, record ...string) *sim.Ensemble {
	t.Helper()
	c := sim.Course{Model: m, End: 10, Steps: 5, Method: method, Seed: 7}
	for _, id := range record {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	e, ms, err := c.Ensemble(context.Background(), runs, 2)
	if ms.HasErrors() || err != nil {
		t.Fatal(ms, err)
	}
	return e
}

// near checks a mean and a standard deviation by the statistics of the SBML Test Suite:
// within 4 and 6 of them.
func near(t *testing.T, what string, e *sim.Ensemble, i, k int, mean, sd float64) {
	t.Helper()
	n := float64(e.Runs)
	if z := math.Sqrt(n) * (e.Mean[i][k] - mean) / sd; !(math.Abs(z) < 4) {
		t.Errorf("%s at %g: mean %g, want %g (z %.2f)", what, e.Times[k], e.Mean[i][k], mean, z)
	}
	if z := math.Sqrt(n/2) * (e.SD[i][k]*e.SD[i][k]/(sd*sd) - 1); !(math.Abs(z) < 6) {
		t.Errorf("%s at %g: sd %g, want %g (z %.2f)", what, e.Times[k], e.SD[i][k], sd, z)
	}
}

const birthDeath = `model m()
  compartment C = 1; substanceOnly species X in C; X = 100; l = 0.1; m = 0.11;
  birth: X -> 2X; l*X;
  death: X -> ; m*X;
end
`

// TestBirthDeath: a linear birth-death process against its closed moments (Bailey 1964).
func TestBirthDeath(t *testing.T) {
	e := ensemble(t, birthDeath, "ssa", 4000, "X")
	for k, at := range e.Times {
		if k == 0 {
			continue
		}
		g := math.Exp(-0.01 * at)
		near(t, "X", e, 0, k, 100*g, math.Sqrt(100*0.21/-0.01*g*(g-1)))
	}
}

// TestEnsembleBits: the same bits with any number of workers, and run k alone.
func TestEnsembleBits(t *testing.T) {
	c := sim.Course{Model: flat(t, birthDeath), End: 10, Steps: 5, Method: "ssa", Seed: 7, Record: []compile.Selection{{ID: "X"}}}
	var first *sim.Ensemble
	for _, workers := range []int{1, 2, 5} {
		e, ms, err := c.Ensemble(context.Background(), 300, workers)
		if ms.HasErrors() || err != nil {
			t.Fatal(ms, err)
		}
		if first == nil {
			first = e
			continue
		}
		for k := range e.Times {
			if math.Float64bits(e.Mean[0][k]) != math.Float64bits(first.Mean[0][k]) || math.Float64bits(e.SD[0][k]) != math.Float64bits(first.SD[0][k]) {
				t.Errorf("%d workers: other bits at %g", workers, e.Times[k])
			}
		}
	}
	// replicates run in lanes where the machine has them: run 0 has the bits it has alone
	one, _, err := c.Ensemble(context.Background(), 1, 1)
	alone, _, failure := c.Run()
	if err != nil || failure != nil {
		t.Fatal(err, failure)
	}
	for k := range alone.Times {
		if one.Mean[0][k] != alone.Values[0][k] || one.Firings != alone.Firings {
			t.Errorf("run 0 in a lane is %g at %g, alone %g", one.Mean[0][k], alone.Times[k], alone.Values[0][k])
		}
	}
	// recorded times change no reaction
	c.Steps = 1
	few, _, _ := c.Run()
	c.Steps = 1000
	many, _, _ := c.Run()
	if few.Values[0][1] != many.Values[0][1000] || few.Firings != many.Firings {
		t.Errorf("recording more often changed the run: %g and %g", few.Values[0][1], many.Values[0][1000])
	}
}

// TestDrawsInEvents: an event that draws anew each time, reset by a clock.
func TestDrawsInEvents(t *testing.T) {
	text := `model m()
  compartment C = 1; substanceOnly species X in C; X = 0; t = 0; t' = 1; var p = 3;
  E: at t >= 0.5, t0=true: X = p, t = -0.5;
  Y = p; var Y;
end
`
	m := flat(t, text)
	m.Events[0].Assignments[0].Math = model.Call("normal", model.Sym("p"), model.Num(2))
	m.Initials[0].Math = model.Call("uniform", model.Num(0), model.Num(1))
	for _, method := range []string{"ssa", ""} {
		e := replicates(t, m, method, 2000, "X", "Y")
		if e.Mean[0][0] != 0 || e.SD[0][0] != 0 {
			t.Error("something happened before the first event")
		}
		for k := 1; k < len(e.Times); k++ {
			near(t, "X "+method, e, 0, k, 3, 2)
			near(t, "Y "+method, e, 1, k, 0.5, math.Sqrt(1./12))
		}
	}
}

// TestStateEvent: an event that looks at the number of molecules after each reaction.
func TestStateEvent(t *testing.T) {
	text := `model m()
  compartment C = 1; substanceOnly species P in C, Q in C; P = 100; Q = 0; k1 = 0.001; k2 = 0.01; var most = 0; var n = 0;
  D: 2P => Q; k1*P*(P-1)/2;
  U: Q => 2P; k2*Q;
  reset: at Q > 10, t0=false: P = 100, Q = 0, n = n + 1;
  E: at time >= 3.5: most = 1;
end
`
	e := ensemble(t, text, "ssa", 500, "Q", "n", "most", "P")
	last := len(e.Times) - 1
	if e.Mean[0][last] > 10 || e.Mean[1][last] < 2 {
		t.Errorf("Q %g, resets %g", e.Mean[0][last], e.Mean[1][last])
	}
	if e.Mean[2][1] != 0 || e.Mean[2][2] != 1 {
		t.Errorf("the timed event happened at the wrong time: %v", e.Mean[2])
	}
}

// TestStochasticRefusals: what stochastic methods cannot do is named.
func TestStochasticRefusals(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"model m()\n  species X; X = 5; k = 1; R: X -> 0.5X; k*X;\nend\n", "whole numbers"},
		{"model m()\n  species X; X = 5; k = 1; Z := max(0, 1); R: X -> ; k*X*Z;\nend\n", "assignment rule of Z draws"},
		{"model m()\n  species X; X = 5; k = 1; R: X -> ; k*X*max(0, 1);\nend\n", "rate of R draws"},
		{"model m()\n  species X; X = 5; R: X => ; 1 + time - X;\nend\n", "propensity of R is -4"},
		{"model m()\n  species X; X = 5; R: X => ; 3 - X;\nend\n", "propensity of R is -2"},
	} {
		m := flat(t, c.text)
		for _, e := range []**model.Expr{&m.Reactions[0].Rate} {
			*e = drawing(*e)
		}
		for i := range m.Rules {
			m.Rules[i].Math = drawing(m.Rules[i].Math)
		}
		course := sim.Course{Model: m, End: 10, Steps: 5, Method: "ssa", Record: []compile.Selection{{ID: "X"}}}
		_, ms, err := course.Ensemble(context.Background(), 1, 1)
		text := ms.Error()
		if err != nil {
			text += err.Error()
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%q\ngave %s", c.text, text)
		}
	}
}

// drawing makes normal draws of a formula's maxima.
func drawing(e *model.Expr) *model.Expr {
	x := *e
	x.Args = nil
	for _, a := range e.Args {
		x.Args = append(x.Args, drawing(a))
	}
	if x.Name == "max" {
		x.Name = "normal"
	}
	return &x
}

// TestTimeDependent: immigration at a rate that follows time is a Poisson process with the
// integral of the rate as its mean.
func TestTimeDependent(t *testing.T) {
	for _, method := range []string{"ssa", "nrm", "tau"} {
		e := ensemble(t, "model m()\n  compartment C = 1; substanceOnly species X in C; X = 0;\n  R: => X; 2*(1 + sin(3*time));\nend\n", method, 2000, "X")
		for k := 1; k < len(e.Times); k++ {
			u := e.Times[k]
			mean := 2*u + 2.0/3*(1-math.Cos(3*u))
			near(t, "X "+method, e, 0, k, mean, math.Sqrt(mean))
		}
	}
}

// TestDrivenRate: a rate rule that reads a jumping species. For X a Poisson process of
// rate l and Y' = X - m*Y, Y is shot noise: its mean and variance are integrals of the
// response (1 - exp(-m*u))/m to one molecule.
func TestDrivenRate(t *testing.T) {
	e := ensemble(t, "model m()\n  compartment C = 1; substanceOnly species X in C; X = 0; l = 3; m = 0.7;\n  R: => X; l;\n  Y = 0; Y' = X - m*Y;\nend\n", "ssa", 1500, "X", "Y")
	const l, m = 3.0, 0.7
	for k := 1; k < len(e.Times); k++ {
		u := e.Times[k]
		e1, e2 := math.Exp(-m*u), math.Exp(-2*m*u)
		mean := l / m * (u - (1-e1)/m)
		variance := l / (m * m) * (u - 2*(1-e1)/m + (1-e2)/(2*m))
		near(t, "Y", e, 1, k, mean, math.Sqrt(variance))
		near(t, "X", e, 0, k, l*u, math.Sqrt(l*u))
	}
}

// TestKendall: extinction of a birth-death process with rates that change in time, against
// the closed form of Kendall (Ann. Math. Stat. 19 (1948) 1), from above the count at which
// the clone becomes discrete.
func TestKendall(t *testing.T) {
	// deaths rise with a drug that comes and goes: m(t) = 0.1 + 1.5*Drug
	text := `model m()
  compartment C = 1; substanceOnly species X in C; X = 5000; b = 0.2; Drug = 1; Drug' = -0.05*Drug;
  birth: => X; b*X;
  death: X => ; (0.1 + 1.5*Drug)*X;
end
`
	m := flat(t, text)
	c := sim.Course{Model: m, End: 12, Steps: 12, Method: sim.Hybrid, Seed: 3, Discrete: []sim.Discrete{{ID: "X", Below: 500}}}
	c.Record = []compile.Selection{{ID: "X"}, {ID: "X", Expr: formula(t, "piecewise(1, X == 0, 0)")}}
	const runs = 2000
	e, ms, err := c.Ensemble(context.Background(), runs, 2)
	if ms.HasErrors() || err != nil {
		t.Fatal(ms, err)
	}
	// R(t) = integral of m-b; P(extinct) = (1 - 1/(exp(R) + integral of b exp(R)))^N
	R := func(u float64) float64 { return 0.1*u + 1.5/0.05*(1-math.Exp(-0.05*u)) - 0.2*u }
	some := 0
	for k := 1; k < len(e.Times); k++ {
		u, sum := e.Times[k], 0.0
		const steps = 20000
		for i := 0; i < steps; i++ {
			sum += 0.2 * math.Exp(R((float64(i)+0.5)*u/steps)) * u / steps
		}
		p := math.Pow(1-1/(math.Exp(R(u))+sum), 5000)
		if p > 0.01 && p < 0.99 {
			some++
		}
		if sd := math.Sqrt(p*(1-p)/runs) + 1e-3; math.Abs(e.Mean[1][k]-p) > 4*sd {
			t.Errorf("extinct by %g: %g of the runs, want %g", u, e.Mean[1][k], p)
		}
		if mean := 5000 * math.Exp(-R(u)); mean > 1 && math.Abs(e.Mean[0][k]-mean) > 4*e.SD[0][k]/math.Sqrt(runs)+1e-3*mean {
			t.Errorf("mean at %g: %g, want %g", u, e.Mean[0][k], mean)
		}
	}
	if some < 3 {
		t.Errorf("only %d times test anything", some)
	}
}

// TestHysteresis: a clone that grows is continuous again above twice the count, and what
// was extinct stays extinct.
func TestHysteresis(t *testing.T) {
	text := `model m()
  compartment C = 1; substanceOnly species X in C; X = 20; substanceOnly species Y in C; Y = 0.3;
  birth: => X; 1.1*X;
  death: X => ; 0.1*X;
  grow: => Y; 0*Y;
end
`
	c := sim.Course{Model: flat(t, text), End: 12, Steps: 12, Method: sim.Hybrid, Discrete: []sim.Discrete{{ID: "X", Below: 100}, {ID: "Y", Below: 10, Poisson: true}}}
	c.Record = []compile.Selection{{ID: "X"}, {ID: "Y"}}
	tr, ms, failure := c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	for k, x := range tr.Values[0] {
		if whole := x == math.Trunc(x); x < 100 && !whole {
			t.Errorf("at %g there are %g", tr.Times[k], x)
		} else if x > 1000 && whole && k > 8 {
			t.Errorf("at %g there are %g: still discrete", tr.Times[k], x)
		}
		if y := tr.Values[1][k]; y != math.Trunc(y) {
			t.Errorf("Y is %g", y)
		}
	}
	if last := tr.Values[0][12]; last < 1e5 {
		t.Errorf("X only grew to %g", last)
	}
	if tr.Firings < 50 || tr.Firings > 1000 {
		t.Errorf("%d reactions", tr.Firings)
	}
	// means are those of the differential equation as long as nothing saturates
	e, ms, err := c.Ensemble(context.Background(), 600, 2)
	if ms.HasErrors() || err != nil {
		t.Fatal(ms, err)
	}
	for k := range e.Times {
		want := 20 * math.Exp(e.Times[k])
		if math.Abs(e.Mean[0][k]-want) > 4*e.SD[0][k]/math.Sqrt(600)+1e-6 {
			t.Errorf("mean at %g: %g, want %g", e.Times[k], e.Mean[0][k], want)
		}
	}
	near(t, "Y", e, 1, 5, 0.3, math.Sqrt(0.3))
}
