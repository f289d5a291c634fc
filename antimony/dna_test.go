package antimony_test

import (
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/model"
)

// Strands and their formulas are those of the reference manual's chapter on DNA.
func TestDNA(t *testing.T) {
	m := flat(t, `model strand1()
  dna1: --P1--RBS1--G1--
  P1 = S1*k + ...; RBS1 = ...*3
  G1: -> prot1;
end
model *fullstrand()
  A: strand1(); fulldna: P2--A.dna1
  P2 = S2*k2
end`, "fullstrand")
	if got := (facts{t, m}).reaction("A_G1").Rate.String(); got != "(A_S1*A_k + S2*k2)*3" {
		t.Errorf("rate of A.G1: %s", got)
	}
	m = flat(t, `model *m()
  dna1: --P1--RBS1--G1--
  dna2: P2--dna1
  dna3: P2--RBS2--G1
  P1 = ...+0.3; P2 = ...+1.2; RBS1 = ...*0.8; RBS2 = ...*1.1; lone = ... + 2
  G1: -> prot1;
end`, "m")
	if got := (facts{t, m}).reaction("G1").Rate.String(); got != "(0 + 1.2 + 0.3)*0.8 + (0 + 1.2)*1.1" {
		t.Errorf("rate of G1: %s", got)
	}
	m = flat(t, `model twostrands()
  --P1--RBS1--G1
  P2--RBS2--G2--
end
model *long()
  A: twostrands(); P3--A; A--G3; P3 = 7; G3: -> z;
end`, "long")
	for _, r := range m.Rules {
		if r.Variable == "A_P1" && r.Math.String() != "7" {
			t.Errorf("A.P1 := %s", r.Math)
		}
	}
}

// A flux bound is a constraint with a number; what is written of it is read as it was.
func TestFluxes(t *testing.T) {
	m := flat(t, `model m()
  J: a -> b;; K: b ->;
  -10 < J <= 5; constraint fix: K == lim; lim = 3
  maximize 3 J + 2*K - (J - -2*K)/2
end`, "m")
	f := facts{t, m}
	if j := f.reaction("J"); *f.parameter(j.LowerFlux).Value != -10 || *f.parameter(j.UpperFlux).Value != 5 {
		t.Errorf("bounds of J: %+v", j)
	}
	if k := f.reaction("K"); k.LowerFlux != "lim" || k.UpperFlux != "lim" {
		t.Errorf("bounds of K: %+v", k)
	}
	o := m.Flux.Objectives[0]
	want := []model.FluxTerm{{Reaction: "J", Coefficient: 3}, {Reaction: "K", Coefficient: 2}, {Reaction: "J", Coefficient: -0.5}, {Reaction: "K", Coefficient: -1}}
	if !o.Maximize || m.Flux.Active != o.ID || len(o.Terms) != len(want) {
		t.Fatalf("%+v", o)
	}
	for i, x := range want {
		if o.Terms[i] != x {
			t.Errorf("term %d: %+v, want %+v", i, o.Terms[i], x)
		}
	}
}

// What Antimony cannot say is told, and what can be said otherwise means the same.
func TestConvert(t *testing.T) {
	v := 2.0
	m := &model.Module{Main: true}
	m.ID = "m"
	m.Compartments = []model.Compartment{{ID: "volume", Dims: 2, Size: &v, Constant: true}}
	m.Species = []model.Species{{ID: "S", Compartment: "volume", InitialAmount: &v, ConversionFactor: "cf"}, {ID: "T", Compartment: "volume", Constant: true, Boundary: true}}
	m.Parameters = []model.Parameter{{ID: "cf", Value: &v, Constant: true}}
	m.Reactions = []model.Reaction{{ID: "at", Products: []model.SpeciesRef{{Species: "S"}}, Modifiers: []string{"T"}, Rate: model.Num(1), Fast: true}}
	m.Events = []model.Event{{ID: "E", Trigger: model.Num(1)}}
	m.Flux = &model.FluxBalance{Strict: true, Genes: []model.Gene{{ID: "g"}}}
	text, ms := antimony.Convert(&model.Document{Modules: []*model.Module{m}})
	for _, want := range []string{"volume is written volume_", "at is written at_", "has 2 dimensions", "reaction at is fast", "event E sets nothing",
		"conversion factor of species S", "T is constant", "T is a modifier", "strict", "gene products (g"} {
		if !strings.Contains(ms.Error(), want) {
			t.Errorf("nothing says %q: %v", want, ms)
		}
	}
	again := flat(t, text, "m")
	if r := (facts{t, again}).reaction("at_"); r.Products[0].Stoichiometry.String() != "cf" {
		t.Errorf("2 of S are made a time: %+v", r.Products[0])
	}
}
