package compile_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
)

func read(t testing.TB, text string) *model.Model {
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

// models use what SBML says of sizes, stoichiometries, factors and rates.
var models = map[string]struct {
	text   string
	change func(m *model.Model) // what the text cannot say
}{
	"conversion factors": {"model m()\n compartment C = 2; species A in C, B in C; A = 3; B = 1; r: 2 A -> 3 B; C*k*A; k = 0.5; f = 4; g = 0.25;\nend\n",
		func(m *model.Model) { m.Species[0].ConversionFactor = "f"; m.Species[1].ConversionFactor = "g" }},
	"stoichiometry by rules": {"model m()\n compartment C = 2; species A in C, B in C; A = 3; B = 1; n = 2; n' = 0.1*B; q := 1 + A; p = q^2; r: A -> B; k*A*C; k = 0.5; s: B -> A; k*B;\nend\n",
		func(m *model.Model) {
			m.Reactions[0].Reactants[0].Stoichiometry = model.Sym("n")
			m.Reactions[0].Products[0].Stoichiometry = model.Call("times", model.Sym("q"), model.Sym("p"))
		}},
	"size by rate rule":                   {"model m()\n compartment C = 2; species A in C; A = 3; A' = 0.2*A; C' = 0.3 + A; x := A*C; y := rateOf(x);\nend\n", nil},
	"size by assignment rule":             {"model m()\n compartment C; C := 1 + z^2 + sin(time); z = 1; z' = 0.4*z; species A in C; A = 3; A' = 0.2*A + z; species B in C; B = 1; r: B -> ; C*B; y := rateOf(B); w := rateOf(A);\nend\n", nil},
	"size by initial assignment":          {"model m()\n compartment C = 2*k; k = 3; species A in C; A = 3; substanceOnly species B in C; B = 4; r: A -> B; C*k*A;\nend\n", nil},
	"a constant amount in a varying size": {"model m()\n compartment C = 2; C' = 1; const species $A in C; A = 3; species B in C; B = 1; r: A -> B; C*A; a := rateOf(A);\nend\n", nil},
	"rates at the start":                  {"model m()\n compartment C = 2; species A in C; A = 3; k = 0.3; r: A -> ; C*k*A^2; p = 2*rateOf(A); q = rateOf(z) + p; z := A^2 + time; w = 0; w' = q;\nend\n", nil},
	"rates through functions": {"function twice(x)\n 2*rateOf(x) + x\nend\nfunction four(x)\n twice(x)*2\nend\nmodel m()\n x = 2; x' = 0.5*x; y := four(z); z := x^2; u = 1; u' = twice(x);\nend\n",
		nil},
	"piecewise and powers": {"model m()\n x = 2; x' = piecewise(sqrt(max(x, 0)), x > 1, x^1.5, x > 0.5, x^n) - abs(x - 1); n = 0.5; y = 1; y' = min(x, y, 3) - ceil(y) + x^0; z := xor(x > 1, y > 1, x > y); v = 0; v' = root(3, x - 1.9) + log(2, x + 3) + z;\nend\n",
		nil},
	"a compartment without size": {"model m()\n compartment C; species A in C; A = 3; r: A -> ; A;\nend\n", nil},
}

// TestProgramAgreesWithEvaluator holds starts, derivatives, Jacobians and rates of every
// symbol against the evaluator that walks formulas as they are written.
func TestProgramAgreesWithEvaluator(t *testing.T) {
	for name, c := range models {
		t.Run(name, func(t *testing.T) {
			m := read(t, c.text)
			if c.change != nil {
				c.change(m)
			}
			p, ms := compile.Compile(m, compile.Options{})
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			var ids []string
			var list []compile.Selection
			add := func(id string) {
				ids = append(ids, id)
				list = append(list, compile.Selection{ID: id}, compile.Selection{ID: "rate", Expr: model.Call("rateOf", model.Sym(id))})
			}
			for _, x := range m.Species {
				add(x.ID)
			}
			for _, x := range m.Parameters {
				add(x.ID)
			}
			for _, x := range m.Compartments {
				add(x.ID)
			}
			o, ms := p.Observer(list)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			in := p.New()
			r := rand.New(rand.NewPCG(5, 5))
			for round := 0; round < 20; round++ {
				in.Reset()
				e := model.NewEvaluator(m)
				for k, x := range p.Constants() {
					if round > 0 && r.IntN(3) == 0 {
						v := 0.5 + 2*r.Float64()
						in.Set(k, v)
						e.Set(x.ID, v)
					}
				}
				t0 := float64(r.IntN(3))
				y := make([]float64, in.Dim())
				if err := in.Start(y, t0); err != nil {
					t.Fatal(err)
				}
				start := e.Start(t0)
				got := make([]float64, o.Len())
				o.Eval(got, in, y, t0, nil)
				for i, id := range ids {
					if !model.Near(got[2*i], start[id], 1e-12) {
						t.Fatalf("start of %s: program %g, evaluator %g", id, got[2*i], start[id])
					}
				}
				state := map[string]float64{}
				for i, s := range p.States() {
					if round > 0 {
						y[i] = 0.2 + 3*r.Float64()
					}
					state[s.ID] = y[i]
				}
				now := t0 + r.Float64()
				dy := make([]float64, in.Dim())
				in.Deriv(dy, y, []float64{now})
				for i, s := range p.States() {
					if want := e.Derivative(state, now)[s.ID]; math.Abs(dy[i]-want) > 1e-11*(1+math.Abs(want)) {
						t.Fatalf("derivative of %s: program %g, evaluator %g", s.ID, dy[i], want)
					}
				}
				o.Eval(got, in, y, now, nil)
				value := e.Values(state, now)
				for i, id := range ids {
					if want := value(id); !model.Near(got[2*i], want, 1e-12) {
						t.Fatalf("%s: program %g, evaluator %g", id, got[2*i], want)
					}
					if want := e.Rate(id, state, now); math.Abs(got[2*i+1]-want) > 1e-10*(1+math.Abs(want)) {
						t.Fatalf("rateOf(%s): program %g, evaluator %g", id, got[2*i+1], want)
					}
				}
				if round > 0 { // the start may lie on a kink
					slopes(t, p, in, y, now)
				}
			}
		})
	}
}

// slopes holds the Jacobian and the time derivative against central differences.
func slopes(t *testing.T, p *compile.Program, in *compile.Instance, y []float64, now float64) {
	t.Helper()
	n := in.Dim()
	pattern := in.Pattern()
	vals := make([]float64, pattern.Len())
	in.Jacobian(vals, y, []float64{now})
	up, down, z := make([]float64, n), make([]float64, n), append([]float64(nil), y...)
	agree := func(i int, got, want float64, by string) {
		if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
			t.Fatalf("d(%s')/d(%s) at %v: %g, differences give %g", p.States()[i].ID, by, y, got, want)
		}
	}
	for j := 0; j < n; j++ {
		h := 1e-6
		z[j] = y[j] + h
		in.Deriv(up, z, []float64{now})
		z[j] = y[j] - h
		in.Deriv(down, z, []float64{now})
		z[j] = y[j]
		for i := 0; i < n; i++ {
			got := 0.0
			if q := pattern.Find(i, j); q >= 0 {
				got = vals[q]
			}
			agree(i, got, (up[i]-down[i])/(2*h), p.States()[j].ID)
		}
	}
	ft := make([]float64, n)
	in.TimeDeriv(ft, y, []float64{now})
	in.Deriv(up, y, []float64{now + 1e-6})
	in.Deriv(down, y, []float64{now - 1e-6})
	for i := range ft {
		agree(i, ft[i], (up[i]-down[i])/2e-6, "time")
	}
}

// TestFunctionsAgree lowers every function of the model language and holds it against the
// table's value, over numbers of both signs, zero and whole ones.
func TestFunctionsAgree(t *testing.T) {
	values := []float64{-2.5, -2, -1, -0.5, 0, 0.3, 0.5, 1, 2, 3, 4.5}
	m := &model.Model{ID: "m"}
	zero := 0.0
	for _, id := range []string{"a", "b", "c"} {
		m.Parameters = append(m.Parameters, model.Parameter{ID: id, Value: &zero})
		m.Rules = append(m.Rules, model.Rule{Kind: model.Rate, Variable: id, Math: model.Num(0)})
	}
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in := p.New()
	y := make([]float64, in.Dim())
	if err := in.Start(y, 0); err != nil {
		t.Fatal(err)
	}
	for _, f := range model.Functions {
		if f.Value == nil {
			continue
		}
		for n := f.Min; n <= 3 && (f.Max < 0 || n <= f.Max); n++ {
			args := []*model.Expr{model.Sym("a"), model.Sym("b"), model.Sym("c")}[:n]
			o, ms := p.Observer([]compile.Selection{{ID: f.Name, Expr: model.Call(f.Name, args...)}})
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			for _, a := range values {
				for _, b := range values {
					for _, c := range []float64{-1, 0, 2} {
						x := []float64{a, b, c}
						got := make([]float64, 1)
						o.Eval(got, in, x, 0, nil)
						if want := f.Value(x[:n]); !model.Near(got[0], want, 1e-12) {
							t.Errorf("%s%v: program %g, table %g", f.Name, x[:n], got[0], want)
						}
						// the same with numbers, folded by the compiler
						var numbers []*model.Expr
						for _, v := range x[:n] {
							numbers = append(numbers, model.Num(v))
						}
						if b != 2 && c != 2 {
							continue // a few suffice
						}
						k, ms := p.Observer([]compile.Selection{{Expr: model.Call(f.Name, numbers...)}})
						if ms.HasErrors() {
							t.Fatal(ms)
						}
						k.Eval(got, in, x, 0, nil)
						if want := f.Value(x[:n]); !model.Near(got[0], want, 1e-12) {
							t.Errorf("%s%v folded: program %g, table %g", f.Name, x[:n], got[0], want)
						}
					}
				}
			}
		}
	}
}
