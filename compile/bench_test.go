package compile_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"thymus/compile"
	"thymus/model"
)

// network is a synthetic network of mass-action reactions between random species, the
// first of which many reactions share.
func network(species, reactions, events int) *model.Model {
	r := rand.New(rand.NewPCG(3, uint64(species)))
	m := &model.Model{ID: "network"}
	one, half := 1.0, 0.5
	m.Compartments = append(m.Compartments, model.Compartment{ID: "C", Dims: 3, Size: &one, Constant: true})
	name := func(i int) string { return fmt.Sprintf("S%d", i) }
	for i := 0; i < species; i++ {
		m.Species = append(m.Species, model.Species{ID: name(i), Compartment: "C", InitialConc: &one})
	}
	for j := 0; j < reactions; j++ {
		k := fmt.Sprintf("k%d", j)
		m.Parameters = append(m.Parameters, model.Parameter{ID: k, Value: &half, Constant: true})
		a := j % species
		near := func() int { return (a + 1 + r.IntN(20)) % species }
		x := model.Reaction{ID: fmt.Sprintf("R%d", j), Reactants: []model.SpeciesRef{{Species: name(a)}}, Products: []model.SpeciesRef{{Species: name(near())}}}
		rate := []*model.Expr{model.Sym("C"), model.Sym(k), model.Sym(name(a))}
		if j%3 == 0 {
			b := near()
			x.Reactants = append(x.Reactants, model.SpeciesRef{Species: name(b)})
			rate = append(rate, model.Sym(name(b)))
		}
		if j%10 == 0 {
			x.Products = append(x.Products, model.SpeciesRef{Species: name(0)})
		}
		x.Rate = model.Call("times", rate...)
		m.Reactions = append(m.Reactions, x)
	}
	for i := 0; i < events; i++ {
		m.Events = append(m.Events, model.Event{ID: fmt.Sprintf("E%d", i), Persistent: true, InitialValue: true,
			Trigger:     model.Call("gt", model.Sym(name(i%species)), model.Num(5)),
			Assignments: []model.EventAssignment{{Variable: name(i % species), Math: model.Num(1)}}})
	}
	return m
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []struct{ species, reactions, events int }{{100, 200, 10}, {2500, 5000, 0}, {2500, 5000, 500}} {
		b.Run(fmt.Sprintf("%d species, %d reactions, %d events", n.species, n.reactions, n.events), func(b *testing.B) {
			m := network(n.species, n.reactions, n.events)
			for b.Loop() {
				p, ms := compile.Compile(m, compile.Options{Discontinuities: true})
				if ms.HasErrors() {
					b.Fatal(ms)
				}
				in := p.New()
				in.Pattern().Symbolic()
			}
		})
	}
}
