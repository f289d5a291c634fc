package compile_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"thymus/compile"
	"thymus/model"
)

// TestRefusals: what SBML forbids, or what cannot be computed, is named.
func TestRefusals(t *testing.T) {
	moved := func(m *model.Model) { m.Species[0].Boundary = false } // Antimony's reader makes it one
	for name, c := range map[string]struct {
		text   string
		change func(m *model.Model)
		opt    compile.Options
		want   string // "" when the model is good
	}{
		"rate rule and reaction":      {"model m()\n compartment C = 1; species A in C; A = 1; A' = 1; r: A -> ; A;\nend\n", moved, compile.Options{}, "determined by a rate rule and changed by reaction r"},
		"boundary makes it good":      {"model m()\n compartment C = 1; species $A in C; A = 1; A' = 1; r: A -> ; A;\nend\n", nil, compile.Options{}, ""},
		"rule and reaction":           {"model m()\n compartment C = 1; species A in C; A := time; r: A -> ; A;\nend\n", moved, compile.Options{}, "determined by an assignment rule and changed by reactions"},
		"a rate of itself":            {"model m()\n x = 1; x' = 1 + rateOf(x);\nend\n", nil, compile.Options{}, "the value of x' depends on itself"},
		"a rate through a rule":       {"model m()\n x = 1; x' = y; y := rateOf(z); z := 2*x;\nend\n", nil, compile.Options{}, "depends on itself: x' -> y -> x'"},
		"two rates":                   {"model m()\n x = 1; y = 1; x' = rateOf(y); y' = x; z := rateOf(x) + rateOf(y);\nend\n", nil, compile.Options{}, ""},
		"starts that need each other": {"model m()\n x = rateOf(y); x' = 1; y = 1; y' = x;\nend\n", nil, compile.Options{}, "the value of x depends on itself"},
		"no value, and read":          {"model m()\n k = 1; x = 1; x' = k;\nend\n", func(m *model.Model) { m.Parameters[0].Value = nil }, compile.Options{}, "k has no value, and the derivative of x reads it"},
		"no value, unread":            {"model m()\n k = 1; x = 1; x' = 1; z := k;\nend\n", func(m *model.Model) { m.Parameters[0].Value = nil }, compile.Options{}, ""},
		"no start":                    {"model m()\n x = 1; x' = 1;\nend\n", func(m *model.Model) { m.Parameters[0].Value = nil }, compile.Options{}, "x has no value, and its own change in time reads it"},
		"an event gives it":           {"model m()\n k = 1; x = 1; x' = k; at time >= 0, t0=false: k = 2;\nend\n", func(m *model.Model) { m.Parameters[0].Value = nil }, compile.Options{}, ""},
		"a signal in a delay":         {"model m()\n s = 1; x = 1; x' = 1; E: at s after x > 2: x = 0;\nend\n", nil, compile.Options{Signals: []string{"s"}}, "the delay of E depends on a signal"},
		"a signal in a value":         {"model m()\n s = 1; x = 1; x' = 1; E: at x > 2: x = s;\nend\n", nil, compile.Options{Signals: []string{"s"}}, "a value of event E depends on a signal"},
		"the rate of a signal":        {"model m()\n s = 1; x = 1; x' = 1; y := rateOf(s);\nend\n", nil, compile.Options{Signals: []string{"s"}}, "the rate of a signal"},
		"a rate that is not there": {"model m()\n compartment C = 1; species A in C; A = 1; r: A -> ; A; x := r;\nend\n",
			func(m *model.Model) { m.Reactions[0].Rate = nil }, compile.Options{}, "reaction r has no rate to read"},
		"an unknown factor": {"model m()\n compartment C = 1; species A in C; A = 1; r: A -> ; A;\nend\n",
			func(m *model.Model) { m.Species[0].ConversionFactor = "f" }, compile.Options{}, "the conversion factor of A"},
	} {
		t.Run(name, func(t *testing.T) {
			m := read(t, c.text)
			if c.change != nil {
				c.change(m)
			}
			_, ms := compile.Compile(m, c.opt)
			switch {
			case c.want == "" && ms.HasErrors():
				t.Error(ms)
			case c.want != "" && !strings.Contains(ms.Error(), c.want):
				t.Errorf("messages %v, want %q", ms, c.want)
			}
		})
	}
}

// TestNestedFunctions: 60 functions of functions have 2^60 paths and one node each.
func TestNestedFunctions(t *testing.T) {
	m := read(t, "model m()\n x = 1; x' = x;\nend\n")
	body := model.Sym("x")
	for i := 0; i < 60; i++ {
		m.Functions = append(m.Functions, model.Function{ID: fmt.Sprintf("f%d", i), Params: []string{"x"}, Body: model.Call("plus", body, model.Call("divide", body, model.Num(2)))})
		body = model.Call(fmt.Sprintf("f%d", i), model.Sym("x"))
	}
	m.Rules[0].Math = body
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in := p.New()
	dy := make([]float64, 1)
	in.Deriv(dy, []float64{1}, []float64{0})
	want := 1.0
	for i := 0; i < 60; i++ {
		want *= 1.5
	}
	if !model.Near(dy[0], want, 1e-12) {
		t.Errorf("%g, want %g", dy[0], want)
	}
}

// TestObserversWhileRunning makes observers while instances run; run it with -race.
func TestObserversWhileRunning(t *testing.T) {
	m := read(t, "model m()\n x = 1; x' = -x; y := x^2;\nend\n")
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	var wait sync.WaitGroup
	for k := 0; k < 4; k++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			in := p.New()
			var held []*compile.Observer
			for i := 0; i < 100; i++ {
				o, ms := p.Observer([]compile.Selection{{Expr: model.Call("plus", model.Sym("y"), model.Num(float64(100*k+i)))}})
				if ms.HasErrors() {
					t.Error(ms)
					return
				}
				held = append(held, o)
				got := make([]float64, 1)
				for j, o := range held {
					o.Eval(got, in, []float64{3}, 0, nil)
					if want := 9 + float64(100*k+j); got[0] != want {
						t.Errorf("observer %d: %g, want %g", j, got[0], want)
						return
					}
				}
			}
		}()
	}
	wait.Wait()
}

// TestSetMeansTheSymbol: a number that is set is a concentration where the symbol is one,
// whatever the model declares and wherever the compartment's size comes from.
func TestSetMeansTheSymbol(t *testing.T) {
	m := read(t, "model m()\n compartment C = 2*k; k = 3; species A in C; A = 3; substanceOnly species B in C; B = 4; r: A -> B; C*A;\nend\n")
	amount, conc := 5.0, 7.0
	m.Species[0].InitialAmount, m.Species[0].InitialConc = &amount, nil
	m.Species[1].InitialAmount, m.Species[1].InitialConc = nil, &conc
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in := p.New()
	y := make([]float64, 2)
	a, _ := p.StateIndex("A")
	b, _ := p.StateIndex("B")
	check := func(wantA, wantB float64) {
		t.Helper()
		if err := in.Start(y, 0); err != nil {
			t.Fatal(err)
		}
		if y[a] != wantA || y[b] != wantB {
			t.Errorf("amounts %g and %g, want %g and %g", y[a], y[b], wantA, wantB)
		}
	}
	check(5, 42)
	set := func(id string, v float64) {
		k, ok := p.ConstantIndex(id)
		if !ok {
			t.Fatal(id)
		}
		in.Set(k, v)
	}
	set("k", 0.5) // the compartment's size is 1
	check(5, 7)
	set("A", 11)
	set("B", 13)
	check(11, 13)
	set("C", 4)
	check(44, 13)
}

// TestCrossings: relations are found through rules, functions and pieces, and those of the
// right-hand side when they are asked for.
func TestCrossings(t *testing.T) {
	m := read(t, `function more(a, b)
  a > b
end
model m()
  x = 0; x' = piecewise(1, time < 2, floor(x)); y = 0; y' = 1; on := more(x, 2); pulse := piecewise(1, y > 3 && y < 4, 0);
  E1: at on: y = 0; E2: at pulse > 0.5: y = 0; E3: at x - 1: y = 0;
end
`)
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	for i, want := range []int{1, 3, 1} {
		if got := len(p.Events()[i].Roots); got != want {
			t.Errorf("event %d has %d crossing functions, want %d", i+1, got, want)
		}
	}
	if len(p.Discontinuities()) != 0 {
		t.Error("discontinuities that nobody asked for")
	}
	p, _ = compile.Compile(m, compile.Options{Discontinuities: true})
	if got := len(p.Discontinuities()); got != 2 { // time < 2 and floor(x)
		t.Errorf("%d discontinuities, want 2", got)
	}
	in := p.New()
	y := make([]float64, in.Dim())
	if err := in.Start(y, 0); err != nil {
		t.Fatal(err)
	}
	if at := in.Appointments(y, 0); len(at) != 1 || at[0] != 2 {
		t.Errorf("appointments %v, want [2]", at)
	}
	g := make([]float64, in.Crossings())
	in.Cross(g, []float64{1.5, 3.5}, []float64{1})
	before := append([]float64(nil), g...)
	in.Cross(g, []float64{2.5, 4.5}, []float64{3})
	turned := 0
	for i := range g {
		if (g[i] > 0) != (before[i] > 0) {
			turned++
		}
	}
	if turned != 5 { // x > 2, y < 4, pulse > 0.5, time < 2, floor(x)
		t.Errorf("%d functions changed sign, want 5: %v, %v", turned, before, g)
	}
}

// TestEmptyCompartment: in a compartment of size 0 amounts are amounts, and concentrations
// are not numbers.
func TestEmptyCompartment(t *testing.T) {
	m := read(t, "model m()\n compartment C = 0; substanceOnly species A in C; A = 3; species B in C; B = 4; r: A -> B; A;\nend\n")
	amount := 5.0
	m.Species[0].InitialAmount, m.Species[0].InitialConc = &amount, nil
	m.Species[1].InitialAmount, m.Species[1].InitialConc = &amount, nil
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	o, ms := p.Observer([]compile.Selection{{ID: "B", As: compile.Amount}, {ID: "B"}, {ID: "A"}})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in := p.New()
	y := make([]float64, 2)
	if err := in.Start(y, 0); err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 3)
	o.Eval(got, in, y, 0, nil)
	if got[0] != 5 || !math.IsInf(got[1], 1) || got[2] != 5 {
		t.Errorf("amount %g, concentration %g, amount %g; want 5, infinity, 5", got[0], got[1], got[2])
	}
}
