package library_test

import (
	"math"
	"testing"

	"thymus/compile"
	"thymus/library"
	"thymus/model"
)

// composed reads modules and composes them.
func composed(t testing.TB, names ...string) *model.Model {
	t.Helper()
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	ports, ms := lib.Ports()
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	var parts []model.Part
	for _, n := range names {
		e, ms := lib.Module(n)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		parts = append(parts, model.Part{Instance: e.Instance, Module: e.Module, Doc: e.Doc})
	}
	_, m, ms := model.Compose(parts, ports)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return m
}

func TestHealthyIsSteady(t *testing.T) {
	m := composed(t, "immune-core")
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in := p.New()
	y := make([]float64, in.Dim())
	if err := in.Start(y, 0); err != nil {
		t.Fatal(err)
	}
	dy := make([]float64, in.Dim())
	in.Deriv(dy, y, []float64{0})
	for i, s := range p.States() {
		if r := math.Abs(dy[i]) / math.Max(math.Abs(y[i]), 1e-3); r > 1e-14 {
			t.Errorf("%s: %g per day at %g", s.ID, dy[i], y[i])
		}
	}
	t.Log(len(y), "states")
}
