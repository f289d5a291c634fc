package library_test

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"thymus/compile"
	"thymus/library"
	"thymus/model"
	"thymus/sim"
)

// TestLastBlastsDie: leukaemia under a constant killing rate dies out as a linear
// birth-death process does (Kendall 1948), with the species that the module's header
// names; founders without CD19 are a Poisson number.
func TestLastBlastsDie(t *testing.T) {
	e, m := flat(t, "b-cell-leukaemia")
	const kill, burden, founders, runs = 0.4, 3000.0, 0.7, 400
	c := sim.Course{Model: m, End: 40, Steps: 8, Method: sim.Hybrid, Seed: 4, Rtol: 1e-6, Atol: 1e-3,
		Set: []sim.Setting{{ID: "kill_CD19", Value: kill}, {ID: "burden0", Value: burden}, {ID: "fS", Value: 0}, {ID: "sCAR", Value: 1}, {ID: "kmarrow", Value: 0}, {ID: "founders0", Value: founders}}}
	for _, d := range e.Discrete {
		c.Discrete = append(c.Discrete, sim.Discrete{ID: d.Species, Below: d.Below, Poisson: d.Poisson})
	}
	if len(c.Discrete) != 3 {
		t.Fatalf("the header names %d species", len(c.Discrete))
	}
	zero := func(id string) compile.Selection {
		return compile.Selection{ID: id, Expr: model.Call("piecewise", model.Num(1), model.Call("eq", model.Sym(id), model.Num(0)), model.Num(0))}
	}
	c.Record = []compile.Selection{zero("Tp"), zero("Tn"), {ID: "rT"}, {ID: "wTgt"}}
	r, ms, err := c.Ensemble(context.Background(), runs, 2)
	if ms.HasErrors() || err != nil {
		t.Fatal(ms, err)
	}
	b, d := r.Mean[2][0], r.Mean[3][0]*kill // room is 1 to nine digits
	compareExtinction(t, r.Times, r.Mean[0], b, d, burden, runs, 2e-3)
	if p := math.Exp(-founders); math.Abs(r.Mean[1][0]-p) > 4*math.Sqrt(p*(1-p)/runs) {
		t.Errorf("%g of the runs start without founders, want %g", r.Mean[1][0], p)
	}
}

// TestDiscreteHeaders: every species that a header names can be discrete in a composed
// model, and a header that says nothing sensible is refused.
func TestDiscreteHeaders(t *testing.T) {
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, kind := range []string{"process", "disease", "therapy"} {
		for _, name := range lib.Names(kind) {
			e, ms := lib.Module(name)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			if len(e.Discrete) == 0 {
				continue
			}
			ports, _ := lib.Ports()
			core, _ := lib.Module("immune-core")
			_, m, ms := model.Compose([]model.Part{{Instance: core.Instance, Module: core.Module, Doc: core.Doc}, {Instance: e.Instance, Module: e.Module, Doc: e.Doc}}, ports)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			c := sim.Config{Model: m, Jump: sim.Hybrid}
			for _, d := range e.Discrete {
				c.Discrete = append(c.Discrete, sim.Discrete{ID: e.InModel(d), Below: d.Below, Poisson: d.Poisson})
				n++
			}
			if _, ms := sim.Build(c); ms.HasErrors() {
				t.Errorf("%s: %v", name, ms)
			}
		}
	}
	if n < 10 {
		t.Errorf("headers name %d species", n)
	}
	dir := t.TempDir()
	for line, want := range map[string]string{"X above 5": "expected species", "X below many": "expected species", "X Y below 5": "expected species", "X below 0": "expected species", "X below 5 from normal": "expected species"} {
		write(t, dir+"/broken.ant", "// Broken\n// discrete: "+line+"\n//\n// Nothing.\nmodel broken()\n  species X; X = 1;\nend\n")
		other, err := library.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir+"/broken.parameters.tsv", "parameterId\tnominalValue\tunit\tspread\tsource\tnote\n")
		if _, ms := other.Module("broken"); !strings.Contains(ms.Error(), want) {
			t.Errorf("%q: %v", line, ms)
		}
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
