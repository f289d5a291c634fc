package sim_test

import (
	"math"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/sim"
)

// TestSmallCell: the same concentrations come out whether the cell holds 1 or 1e-12 L: an
// oscillator whose amounts are of the size of the absolute tolerance.
func TestSmallCell(t *testing.T) {
	run := func(size string) *sim.Trajectory {
		doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: "model m()\n  compartment C = " + size + `;
  species X in C = 1, Y in C = 0.1;
  J1: X -> 2X; 0.7*X*C;  J2: X + Y -> 2Y; X*Y*C;  J3: Y -> ; 0.5*Y*C;
end
`}, nil)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		m, ms := model.Flatten(doc, "m")
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		tr, ms, f := sim.Course{Model: m, End: 60, Steps: 60, Record: []compile.Selection{{ID: "X"}, {ID: "Y"}}}.Run()
		if ms.HasErrors() || f != nil {
			t.Fatal(ms, f)
		}
		return tr
	}
	litre, cell := run("1"), run("1e-12")
	for i := range litre.Values {
		for k, want := range litre.Values[i] {
			if got := cell.Values[i][k]; math.Abs(got-want) > 1e-9*math.Abs(want) {
				t.Fatalf("column %d at %g: %.12g in the cell, %.12g in the litre", i, litre.Times[k], got, want)
			}
		}
	}
}
