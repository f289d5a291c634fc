package model_test

import (
	"strings"
	"testing"

	"thymus/model"
)

// TestSameText: what is exactly equal has one text, what is not has another.
func TestSameText(t *testing.T) {
	two, three, five := 2.0, 3.0, 5.0
	a, b, c := model.Sym("a"), model.Sym("b"), model.Sym("c")
	base := func() *model.Model {
		return &model.Model{
			Compartments: []model.Compartment{{ID: "C", Dims: 3, Size: &two, Constant: true}},
			Species:      []model.Species{{ID: "S", Compartment: "C", InitialAmount: &three}, {ID: "T", Compartment: "C", InitialConc: &three}},
			Parameters:   []model.Parameter{{ID: "a", Value: &two, Unit: "mg/L", Constant: true}, {ID: "b", Value: &three, Constant: true}, {ID: "c", Value: &five}, {ID: "x"}},
			Reactions:    []model.Reaction{{ID: "J", Reactants: []model.SpeciesRef{{Species: "S"}}, Rate: a}},
			Rules:        []model.Rule{{Kind: model.Assignment, Variable: "x", Math: model.Call("plus", model.Call("plus", a, b), c)}},
			Events:       []model.Event{{ID: "E", Trigger: model.Call("gt", a, b), Assignments: []model.EventAssignment{{Variable: "c", Math: a}, {Variable: "S", Math: b}}}},
			Functions:    []model.Function{{ID: "f", Params: []string{"p", "q"}, Body: model.Call("divide", model.Sym("p"), model.Sym("q"))}},
		}
	}
	math := func(e *model.Expr) func(m *model.Model) { return func(m *model.Model) { m.Rules[0].Math = e } }
	text := model.Format(base())
	for what, change := range map[string]func(m *model.Model){
		"a stoichiometry of 1":   func(m *model.Model) { m.Reactions[0].Reactants[0].Stoichiometry = model.Num(1) },
		"a list of terms":        math(model.Call("plus", a, b, c)),
		"the spelling of a unit": func(m *model.Model) { m.Parameters[0].Unit = "ug/mL" },
		"the name of a unit":     func(m *model.Model) { m.Parameters[0].Unit = "u"; m.Units = []model.UnitDef{{ID: "u", Text: "g/m^3"}} },
		"an unused value":        func(m *model.Model) { m.Parameters[3].Value = &two },
		"constant and unchanged": func(m *model.Model) { m.Parameters[1].Constant = false },
		"names of parameters": func(m *model.Model) {
			m.Functions[0] = model.Function{ID: "f", Params: []string{"u", "v"}, Body: model.Call("divide", model.Sym("u"), model.Sym("v"))}
		},
		"the order of assignments": func(m *model.Model) { e := m.Events[0].Assignments; e[0], e[1] = e[1], e[0] },
		"notes":                    func(m *model.Model) { m.Notes = []model.Note{{Text: "n"}} },
	} {
		m := base()
		change(m)
		if got := model.Format(m); got != text {
			t.Errorf("%s changes the text:\n%s\nwas\n%s", what, got, text)
		}
	}
	seen := map[string]string{text: "the model"}
	for what, change := range map[string]func(m *model.Model){
		"a sum from the right": math(model.Call("plus", a, model.Call("plus", b, c))),
		"a concentration":      func(m *model.Model) { m.Species[0].InitialAmount, m.Species[0].InitialConc = nil, &three },
		"another unit":         func(m *model.Model) { m.Parameters[0].Unit = "mg/mL" },
		"a fast reaction":      func(m *model.Model) { m.Reactions[0].Fast = true },
		"a conversion factor":  func(m *model.Model) { m.Species[0].ConversionFactor = "a" },
		"a constraint":         func(m *model.Model) { m.Constraints = []model.Constraint{{Math: model.Call("gt", a, b)}} },
		"a bound of a flux":    func(m *model.Model) { m.Flux = &model.FluxBalance{}; m.Reactions[0].LowerFlux = "a" },
		"an objective": func(m *model.Model) {
			m.Flux = &model.FluxBalance{Objectives: []model.Objective{{ID: "o", Terms: []model.FluxTerm{{Reaction: "J", Coefficient: 1}}}}}
		},
		"an objective that is active": func(m *model.Model) {
			m.Flux = &model.FluxBalance{Active: "o", Objectives: []model.Objective{{ID: "o", Terms: []model.FluxTerm{{Reaction: "J", Coefficient: 1}}}}}
		},
		"a stoichiometry that varies": func(m *model.Model) { m.Reactions[0].Reactants[0].Stoichiometry = b },
		"an uncertainty": func(m *model.Model) {
			m.Uncertain = []model.Uncertainty{{Element: "a", Parts: []model.UncertainPart{{Kind: "mean", Value: model.Num(2)}}}}
		},
		"a boundary":      func(m *model.Model) { m.Species[0].Boundary = true },
		"an unit of time": func(m *model.Model) { m.TimeUnit = "day" },
		"a spread":        func(m *model.Model) { m.Parameters[0].Spread = "lognormal cv=0.3" },
	} {
		m := base()
		change(m)
		got := model.Format(m)
		if other, same := seen[got]; same {
			t.Errorf("%s has the text of %s", what, other)
		}
		seen[got] = what
	}
	for _, pair := range [][2]*model.Expr{
		{model.Call("root", model.Num(2), a), model.Call("sqrt", a)},
		{model.Call("log", model.Num(10), a), model.Call("log10", a)},
		{model.Call("minus", model.Num(3)), model.Num(-3)},
		{model.Call("times", model.Call("times", a, b), c), model.Call("times", a, b, c)},
		{model.Call("and", a, model.Call("and", b, c)), model.Call("and", a, b, c)},
		{model.Call("plus", a), a},
	} {
		m, n := base(), base()
		m.Rules[0].Math, n.Rules[0].Math = pair[0], pair[1]
		if model.Format(m) != model.Format(n) {
			t.Errorf("%s and %s are equal and have two texts", pair[0], pair[1])
		}
	}
	m := base()
	m.Reactions[0].Reactants = []model.SpeciesRef{{Species: "S"}, {Species: "S", Stoichiometry: model.Num(2)}}
	if !strings.Contains(model.Format(m), "J: 3 S -> ;") {
		t.Errorf("a species written twice: %s", model.Format(m))
	}
}
