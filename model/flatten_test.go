package model_test

import (
	"math"
	"strings"
	"testing"

	"thymus/model"
)

// flat reads a document, changes its last module by hand and flattens that.
func flat(t testing.TB, text string, change func(doc *model.Document, outer *model.Module)) (*model.Model, error) {
	t.Helper()
	doc := document(t, "m.ant", text)
	outer := doc.Modules[len(doc.Modules)-1]
	if change != nil {
		change(doc, outer)
	}
	m, ms := model.Flatten(doc, outer.ID)
	if ms.HasErrors() {
		return nil, ms
	}
	return m, nil
}

func mustFlat(t testing.TB, text string, change func(doc *model.Document, outer *model.Module)) *model.Model {
	t.Helper()
	m, err := flat(t, text, change)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func rule(m *model.Model, id string) string {
	for _, r := range m.Rules {
		if r.Variable == id {
			return r.Math.String()
		}
	}
	return ""
}

func initial(m *model.Model, id string) string {
	for _, x := range m.Initials {
		if x.Symbol == id {
			return x.Math.String()
		}
	}
	return ""
}

func reaction(m *model.Model, id string) *model.Reaction {
	for i := range m.Reactions {
		if m.Reactions[i].ID == id {
			return &m.Reactions[i]
		}
	}
	return nil
}

func event(m *model.Model, id string) *model.Event {
	for i := range m.Events {
		if m.Events[i].ID == id {
			return &m.Events[i]
		}
	}
	return nil
}

func ids(m *model.Model) string {
	var out []string
	for _, x := range m.Compartments {
		out = append(out, x.ID)
	}
	for _, x := range m.Species {
		out = append(out, x.ID)
	}
	for _, x := range m.Parameters {
		out = append(out, x.ID)
	}
	for _, x := range m.Reactions {
		out = append(out, x.ID)
	}
	for _, x := range m.Events {
		out = append(out, x.ID)
	}
	return strings.Join(out, " ")
}

func want(t testing.TB, what, got, expected string) {
	t.Helper()
	if got != expected {
		t.Errorf("%s: got %q, expected %q", what, got, expected)
	}
}

const clock = `
model inner()
  compartment C = 2; species S in C; S = 3; k = 0.5; p = 1; q = 2; r = 1;
  J: S -> ; C*k*S;
  p' = p*time;
  q := J + time;
  E: at 4 after (time > 2): r = delay(p, 7), k = J;
end
`

// TestFactors holds conversion factors against table 4 of SBML Level 3 comp.
func TestFactors(t *testing.T) {
	m := mustFlat(t, clock+"model outer()\n  x = 60; y = 10;\n  A: inner();\nend\n", func(_ *model.Document, o *model.Module) {
		o.Submodels[0].TimeFactor, o.Submodels[0].ExtentFactor = "x", "y"
	})
	want(t, "rate", reaction(m, "A_J").Rate.String(), "y/x*(A_C*A_k*A_S)")
	want(t, "rate rule", rule(m, "A_p"), "A_p*(time/x)/x")
	want(t, "assignment rule", rule(m, "A_q"), "A_J/(y/x) + time/x")
	e := event(m, "A_E")
	want(t, "trigger", e.Trigger.String(), "time/x > 2")
	want(t, "delay of an event", e.Delay.String(), "x*4")
	for _, a := range e.Assignments {
		switch a.Variable {
		case "A_r":
			want(t, "delay", a.Math.String(), "delay(A_p, x*7)")
		case "A_k":
			want(t, "assignment", a.Math.String(), "A_J/(y/x)")
		}
	}
}

// TestFactorsTellTheTruth runs a submodel with factors beside the same model without: after 60
// times as long the states must be the same, up to the extent's factor.
func TestFactorsTellTheTruth(t *testing.T) {
	text := "model inner()\n  compartment C = 2; substanceOnly species S in C, P in C; S = 3; P = 0; k = 0.5; p = 1;\n  J: S -> P; k*S*time;\n  p' = p/(1 + time) + J;\nend\n"
	plain := mustFlat(t, text, nil)
	scaled := mustFlat(t, text+"model middle()\n  A: inner();\nend\nmodel outer()\n  B: middle();\nend\n", func(d *model.Document, o *model.Module) {
		d.Modules[1].Submodels[0].TimeFactor = "12"
		d.Modules[1].Submodels[0].ExtentFactor = "0.5"
		o.Submodels[0].TimeFactor, o.Submodels[0].ExtentFactor = "5", "2"
	})
	a, b := model.NewEvaluator(plain), model.NewEvaluator(scaled)
	a.Start(0)
	b.Start(0)
	x, y := map[string]float64{"S": 3, "P": 0.25, "p": 1.5}, map[string]float64{"B_A_S": 3, "B_A_P": 0.25, "B_A_p": 1.5}
	for _, at := range []float64{0, 0.7, 3} {
		da, db := a.Derivative(x, at), b.Derivative(y, 60*at)
		for id, v := range da {
			if w := 60 * db["B_A_"+id]; math.Abs(v-w) > 1e-12*math.Abs(v) {
				t.Errorf("d%s/dt at %g: %g alone, %g inside", id, at, v, w)
			}
		}
	}
}

func TestTimedFunctions(t *testing.T) {
	m := mustFlat(t, "function f(a)\n  a*time\nend\nfunction g(a)\n  f(a) + 1\nend\nmodel inner()\n  x := g(3);\n  y := rateOf(z); z' = 1;\nend\nmodel outer()\n  A: inner();\n x := g(2)\nend\n",
		func(_ *model.Document, o *model.Module) { o.Submodels[0].TimeFactor = "60" })
	want(t, "inside", rule(m, "A_x"), "3*(time/60) + 1")
	want(t, "outside", rule(m, "x"), "g(2)")
	want(t, "rateOf", rule(m, "A_y"), "60*rateOf(A_z)")
}

// TestReplacement: X = cf*y as in SBML comp 3.8 and case 01169.
func TestReplacement(t *testing.T) {
	text := "model inner()\n  y = 3; z := 2*y; w = y; y' = 0.2; v = 1; u := rateOf(y);\n  E: at (y > 4): v = y, y = 7;\nend\nmodel outer()\n  X = 15; cf = 100;\n  var X;\n  A: inner();\nend\n"
	m := mustFlat(t, text, func(_ *model.Document, o *model.Module) {
		o.Links = append(o.Links, model.Link{A: "A.y", B: "X", Factor: "cf", Inherit: true})
	})
	want(t, "ids", ids(m), "A_z A_w A_v A_u X cf A_E")
	want(t, "assignment rule that reads", rule(m, "A_z"), "2*(X/cf)")
	want(t, "rate rule that sets", rule(m, "X"), "0.2*cf")
	want(t, "initial that reads", initial(m, "A_w"), "X/cf")
	want(t, "rateOf", rule(m, "A_u"), "rateOf(X)/cf")
	e := event(m, "A_E")
	want(t, "trigger", e.Trigger.String(), "X/cf > 4")
	for _, a := range e.Assignments {
		if a.Variable == "X" {
			want(t, "sets", a.Math.String(), "7*cf")
		} else {
			want(t, "reads", a.Math.String(), "X/cf")
		}
	}
}

// TestReplacedReaction: the id of a reaction that an outer one replaces is not converted by
// the submodel's factors, only by its own (case 01183).
func TestReplacedReaction(t *testing.T) {
	text := "model inner()\n  species S; S = 1;\n  J: -> S; 10;\n  p := J + 6;\nend\nmodel outer()\n  species T; T = 1;\n  f = 16; J0: -> T; 5;\n  A: inner();\nend\n"
	m := mustFlat(t, text, func(_ *model.Document, o *model.Module) {
		o.Submodels[0].TimeFactor, o.Submodels[0].ExtentFactor = "60", "1000"
		o.Links = append(o.Links, model.Link{A: "A.J", B: "J0", Factor: "f", Inherit: true}, model.Link{A: "A.S", B: "T", Inherit: true})
	})
	want(t, "reader", rule(m, "A_p"), "J0/f + 6")
	if len(m.Reactions) != 1 || m.Reactions[0].Rate.String() != "5" {
		t.Errorf("reactions: %v", m.Reactions)
	}
}

// TestReplacedBy: the inner definition holds under the outer id, through a chain.
func TestReplacedBy(t *testing.T) {
	text := "model one()\n  p = 1; a := 2*p;\nend\nmodel two()\n  B: one();\n  p = 2; b := 3*p;\nend\nmodel three()\n  A: two();\n  p = 3; c := 4*p;\nend\n"
	m := mustFlat(t, text, func(d *model.Document, o *model.Module) {
		d.Modules[1].Links = []model.Link{{A: "p", B: "B.p", KeepName: true, Inherit: true}}
		o.Links = []model.Link{{A: "p", B: "A.p", KeepName: true, Inherit: true}}
	})
	want(t, "ids", ids(m), "p A_B_a A_b c")
	if *m.Parameters[0].Value != 1 {
		t.Errorf("p = %g, the innermost definition says 1", *m.Parameters[0].Value)
	}
	want(t, "innermost", rule(m, "A_B_a"), "2*p")
	want(t, "middle", rule(m, "A_b"), "3*p")
	want(t, "outer", rule(m, "c"), "4*p")
}

// TestReplacedTwice: an outer replacement takes with it what an inner module had made one.
func TestReplacedTwice(t *testing.T) {
	text := "model one()\n  p = 1; a := 2*p;\nend\nmodel two()\n  B: one();\n  q = 2; b := 3*q;\nend\nmodel three()\n  A: two(); x = 5; g = 7; h = 11;\nend\n"
	for _, path := range []string{"A.q", "A.B.p"} {
		m := mustFlat(t, text, func(d *model.Document, o *model.Module) {
			d.Modules[1].Links = []model.Link{{A: "B.p", B: "q", Factor: "13"}}
			o.Links = []model.Link{{A: path, B: "x", Factor: "g"}}
		})
		if path == "A.q" { // q = 13*p, x = g*q
			want(t, "the replacement of one replaced", rule(m, "A_B_a"), "2*(x/(13*g))")
			want(t, "the replaced", rule(m, "A_b"), "3*(x/g)")
			continue
		}
		want(t, "one replaced by both", rule(m, "A_B_a"), "2*(x/g)") // x = g*p, q = 13*p
		want(t, "the other", rule(m, "A_b"), "3*(x/(g/13))")
	}
}

// TestParts takes everything out that a path can name.
func TestParts(t *testing.T) {
	text := "model inner()\n  species S, T, M; S = 1; T = 2; M = 1; x = 1; p = x; q := x; k = 1; y = 3;\n  J: 2 S + 3 S -> T; k*M*S;\n  E: at 3 after (time > 1), priority=x: k = 2, y = 4;\nend\nmodel outer()\n  A: inner();\nend\n"
	drop := func(paths ...string) *model.Model {
		return mustFlat(t, text, func(_ *model.Document, o *model.Module) {
			for _, p := range paths {
				o.Deletions = append(o.Deletions, model.Deletion{Path: p})
			}
		})
	}
	want(t, "initial", initial(drop("A.p@initial"), "A_p"), "")
	want(t, "rule", rule(drop("A.q@rule"), "A_q"), "")
	if r := reaction(drop("A.J@rate"), "A_J"); r == nil || r.Rate != nil {
		t.Error("the rate is still there")
	}
	r := reaction(drop("A.J@reactant.0", "A.J@reactant.1", "A.J@product.0"), "A_J")
	if len(r.Reactants)+len(r.Products) != 0 {
		t.Errorf("species references are left: %v", r)
	}
	if r := reaction(drop("A.J@reactant.0"), "A_J"); len(r.Reactants) != 1 || r.Reactants[0].Stoichiometry.String() != "3" {
		t.Errorf("the other reactant is gone: %v", r)
	}
	e := event(drop("A.E@delay", "A.E@priority", "A.E@set.k"), "A_E")
	if e.Delay != nil || e.Priority != nil || len(e.Assignments) != 1 || e.Assignments[0].Variable != "A_y" {
		t.Errorf("the event keeps its parts: %v", e)
	}
	if event(drop("A.E@trigger"), "A_E") != nil || event(drop("A.E"), "A_E") != nil {
		t.Error("the event is still there")
	}
}

func TestMeta(t *testing.T) {
	text := "model inner()\n  x = 1;\nend\nmodel outer()\n  A: inner();\nend\n"
	x := model.Sym("x")
	m := mustFlat(t, text, func(d *model.Document, o *model.Module) {
		in := d.Modules[0]
		in.Rules = append(in.Rules, model.Rule{Kind: model.Algebraic, Math: x, Meta: "m.1"}, model.Rule{Kind: model.Algebraic, Math: x, Meta: "m.2"})
		in.Constraints = append(in.Constraints, model.Constraint{Math: model.Call("gt", x, model.Num(0)), Meta: "c"})
		in.Events = append(in.Events, model.Event{Meta: "e", Trigger: model.Call("gt", x, model.Num(0))}, model.Event{Meta: "e2", Delay: model.Num(1), Trigger: model.Call("gt", x, model.Num(0))})
		o.Deletions = []model.Deletion{{Path: "A.#m.1"}, {Path: "A.#c"}, {Path: "A.#e"}, {Path: "A.#e2@delay"}}
	})
	if len(m.Rules) != 1 || m.Rules[0].Meta != "A_m.2" || len(m.Constraints) != 0 || len(m.Events) != 1 || m.Events[0].Delay != nil {
		t.Errorf("by metaid: %v %v %v", m.Rules, m.Constraints, m.Events)
	}
}

func TestDependents(t *testing.T) {
	text := "model inner()\n  species S, T; S = 1; T = 1; a := S; b = S; c = 1; d = 1;\n  J: S -> T; 1;\n  K: T -> ; S;\n  E: at (T > 1): c = S, d = 2;\n  F: at (S > 1): d = 3;\nend\nmodel outer()\n  A: inner();\nend\n"
	m := mustFlat(t, text, func(_ *model.Document, o *model.Module) {
		o.Deletions = []model.Deletion{{Path: "A.S", Dependents: true}}
	})
	if rule(m, "A_a") != "" || initial(m, "A_b") != "" || len(reaction(m, "A_J").Reactants) != 0 || reaction(m, "A_K").Rate != nil ||
		event(m, "A_F") != nil || len(event(m, "A_E").Assignments) != 1 {
		t.Errorf("something that reads S is left:\n%s", model.Format(m))
	}
	_, err := flat(t, text, func(_ *model.Document, o *model.Module) {
		o.Deletions = []model.Deletion{{Path: "A.S"}}
	})
	if err == nil || !strings.Contains(err.Error(), "deleted or replaced") {
		t.Errorf("a deletion that leaves formulas behind: %v", err)
	}
}

func TestSpeciesReferences(t *testing.T) {
	text := "model inner()\n  species S; S = 1; n = 2;\n  J: -> n S; 1;\n  x := n;\nend\nmodel outer()\n  A: inner(); species S; S = 2; m = 5;\n  K: -> m S; 1;\nend\n"
	m := mustFlat(t, text, func(d *model.Document, o *model.Module) {
		for _, mod := range d.Modules {
			for i := range mod.Parameters {
				if id := mod.Parameters[i].ID; id == "n" || id == "m" {
					mod.Parameters[i].Stoichiometry = true
				}
			}
		}
		o.Links = []model.Link{{A: "A.S", B: "S", Inherit: true}, {A: "A.n", B: "m", Inherit: true}}
	})
	want(t, "reader", rule(m, "A_x"), "m")
	if r := reaction(m, "A_J"); len(r.Products) != 0 {
		t.Errorf("the replaced reference is still in its reaction: %v", r)
	}
}

// TestNames: ids that collide are told apart, in a way that order does not change.
func TestNames(t *testing.T) {
	text := "model inner()\n  x = 1; y = 2;\nend\nmodel outer()\n  A: inner(); A_x = 3; z := A.x + A_x;\nend\n"
	m := mustFlat(t, text, nil)
	want(t, "ids", ids(m), "A1_x A1_y A_x z")
	want(t, "rule", rule(m, "z"), "A1_x + A_x")
	m = mustFlat(t, text, func(d *model.Document, _ *model.Module) { d.Separator = "__" })
	want(t, "ids", ids(m), "A__x A__y A_x z")
}

func TestFunctionsAndUnits(t *testing.T) {
	f := func(id string, body *model.Expr) model.Function {
		return model.Function{ID: id, Params: []string{"a"}, Body: body}
	}
	text := "model one()\n  x := 1; p = 1;\nend\nmodel two()\n  x := 1; p = 1;\nend\nmodel outer()\n  A: one(); B: two(); C: one();\nend\n"
	a := model.Sym("a")
	m := mustFlat(t, text, func(d *model.Document, o *model.Module) {
		for i, mod := range d.Modules[:2] {
			mod.Functions = []model.Function{f("same", model.Call("times", a, a)), f("other", model.Call("plus", a, model.Num(float64(i)))), f("calls", model.Call("other", a))}
			mod.Rules[0].Math = model.Call("plus", model.Call("same", model.Num(1)), model.Call("calls", model.Num(2)))
			mod.Units = []model.UnitDef{{ID: "u", Text: []string{"mL", "uL"}[i]}, {ID: "v", Text: []string{"mol/L", "mol*L^-1"}[i]}}
			for k := range mod.Parameters {
				mod.Parameters[k].Unit = "u"
			}
		}
	})
	want(t, "A", rule(m, "A_x"), "same(1) + A_calls(2)")
	want(t, "B", rule(m, "B_x"), "same(1) + B_calls(2)")
	units := map[string]string{}
	for _, u := range m.Units {
		units[u.ID] = u.Text
	}
	for _, p := range m.Parameters {
		expected := "mL"
		if strings.HasPrefix(p.ID, "B_") {
			expected = "uL"
		}
		want(t, "unit of "+p.ID, units[p.Unit], expected)
	}
	if len(m.Functions) != 7 { // same, and other and calls of A, B and C
		t.Errorf("functions: %v", m.Functions)
	}
	// replaced by one of the outer module
	m = mustFlat(t, text, func(d *model.Document, o *model.Module) {
		d.Modules[0].Functions = []model.Function{f("g", a)}
		d.Modules[0].Rules[0].Math = model.Call("g", model.Num(2))
		d.Modules[0].Units = []model.UnitDef{{ID: "u", Text: "mL"}}
		d.Modules[0].Parameters[1].Unit = "u"
		o.Functions = []model.Function{f("h", model.Num(5))}
		o.Units = []model.UnitDef{{ID: "w", Text: "L"}}
		o.Links = []model.Link{{A: "A.g", B: "h"}, {A: "A.u@unit", B: "w@unit"}}
	})
	want(t, "replaced function", rule(m, "A_x"), "h(2)")
	for _, p := range m.Parameters {
		if p.ID == "A_p" {
			want(t, "replaced unit", p.Unit, "w")
		}
	}
}

// TestSubmodels: a submodel can be deleted, or replaced by another.
func TestSubmodels(t *testing.T) {
	text := "model inner()\n  x = 1; y := x; E: at (x > 2): x = 1;\nend\nmodel middle()\n  B: inner(); C: inner();\nend\nmodel outer()\n  A: middle(); D: inner();\nend\n"
	m := mustFlat(t, text, func(_ *model.Document, o *model.Module) {
		o.Deletions = []model.Deletion{{Path: "A.B"}}
	})
	want(t, "deleted", ids(m), "A_C_x A_C_y D_x D_y A_C_E D_E")
	m = mustFlat(t, text, func(_ *model.Document, o *model.Module) {
		o.Links = []model.Link{{A: "A.B", B: "D"}}
	})
	want(t, "replaced", ids(m), "A_C_x A_C_y D_x D_y A_C_E D_E")
}

// TestCarried: flattening carries what changes no result, and renames it.
func TestCarried(t *testing.T) {
	m := mustFlat(t, "model inner()\n  species S; S = 1; cf = 2; lo = 0; hi = 9;\n  J: -> S; 1;\nend\nmodel outer()\n  A: inner();\nend\n", func(d *model.Document, o *model.Module) {
		in := d.Modules[0]
		in.Species[0].ConversionFactor = "cf"
		in.Reactions[0].LowerFlux, in.Reactions[0].UpperFlux = "lo", "hi"
		in.Constraints = []model.Constraint{{ID: "c", Math: model.Call("gt", model.Sym("S"), model.Num(0))}}
		in.Notes = []model.Note{{Element: "S", Text: "of S"}, {Text: "of the model"}}
		in.Uncertain = []model.Uncertainty{{Element: "S", Parts: []model.UncertainPart{{Kind: "mean", Value: model.Sym("cf")}}}}
		in.Flux = &model.FluxBalance{Active: "o", Objectives: []model.Objective{{ID: "o", Terms: []model.FluxTerm{{Reaction: "J", Coefficient: 2}}}}}
	})
	r := reaction(m, "A_J")
	if m.Species[0].ConversionFactor != "A_cf" || r.LowerFlux != "A_lo" || r.UpperFlux != "A_hi" || len(m.Constraints) != 1 || m.Constraints[0].Math.String() != "A_S > 0" ||
		len(m.Notes) != 1 || m.Notes[0].Element != "A_S" || m.Uncertain[0].Element != "A_S" || m.Uncertain[0].Parts[0].Value.String() != "A_cf" ||
		m.Flux.Active != "A_o" || m.Flux.Objectives[0].Terms[0].Reaction != "A_J" {
		t.Errorf("something was lost: %+v", m)
	}
}

func TestRefusedModels(t *testing.T) {
	text := "model inner()\n  x = 1; y := x; E: at (x > 2): x = 1;\n species S; S = 1; J: S -> ; 1\nend\nmodel outer()\n  A: inner(); z = 1; w := z; X = 1; D: inner()\nend\n"
	for _, c := range []struct {
		what, want string
		change     func(d *model.Document, o *model.Module)
	}{
		{"a link from nowhere", "A.nothing leads nowhere", func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "A.nothing", B: "z"}} }},
		{"a link to nowhere", "A.nothing leads nowhere", func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "z", B: "A.nothing"}} }},
		{"two undefined names", "neither is defined", func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "n", B: "m"}} }},
		{"an event by a value", "cannot be made one", func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "A.E", B: "z"}} }},
		{"a submodel by a value", "only be replaced by another submodel", func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "A", B: "z"}} }},
		{"two rules", "both have a rule", func(_ *model.Document, o *model.Module) { o.Links = []model.Link{{A: "A.y", B: "w", Inherit: true}} }},
		{"a factor of zero", "positive number", func(_ *model.Document, o *model.Module) { o.Submodels[0].TimeFactor = "0" }},
		{"a factor that is nowhere", "conversion factor A.q is not defined", func(_ *model.Document, o *model.Module) { o.Submodels[0].TimeFactor = "A.q" }},
		{"a factor without a definition", "no definition of its own", func(_ *model.Document, o *model.Module) {
			o.Links = []model.Link{{A: "A.x", B: "new", Factor: "2"}}
		}},
		{"a deletion of nothing", "cannot delete A.nothing", func(_ *model.Document, o *model.Module) { o.Deletions = []model.Deletion{{Path: "A.nothing"}} }},
		{"a deletion of a part that is not there", "cannot delete A.x@rule", func(_ *model.Document, o *model.Module) { o.Deletions = []model.Deletion{{Path: "A.x@rule"}} }},
		{"a name that leads nowhere", "A.nothing leads nowhere", func(_ *model.Document, o *model.Module) {
			o.Rules = append(o.Rules, model.Rule{Variable: "X", Math: model.Sym("A.nothing")})
		}},
		{"a value of nothing", "A.nothing cannot be changed", func(_ *model.Document, o *model.Module) {
			v := 1.0
			o.Parameters = append(o.Parameters, model.Parameter{ID: "A.nothing", Value: &v})
		}},
		{"a module that contains itself", "contains itself", func(d *model.Document, o *model.Module) {
			d.Modules[0].Submodels = []model.Submodel{{ID: "B", Module: "outer"}}
		}},
		{"a module that is not there", "which is not defined", func(d *model.Document, o *model.Module) { o.Submodels[0].Module = "iner" }},
		{"flux bounds and a factor", "bounds of its flux", func(d *model.Document, o *model.Module) {
			d.Modules[0].Reactions[0].LowerFlux = "x"
			o.Submodels[0].ExtentFactor = "2"
		}},
	} {
		_, err := flat(t, text, c.change)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: expected %q, got %v", c.what, c.want, err)
		}
	}
}
