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

// TestJumpFromNothing: a rate that jumps from zero at a time, into states that are zero
// before and must be followed to 1e-14: steps towards the jump are refused until it is
// nearer than a step can be short.
func TestJumpFromNothing(t *testing.T) {
	doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: `model m()
  var y = 0, z = 0;
  on := piecewise(1e5, (time >= 11) && (time <= 21), 0);
  y' = on - 9*y; z' = 1e3*y - z;
end
`}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, "m")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	for _, method := range []string{"rodas5p", "tsit5"} {
		tr, ms, f := sim.Course{Model: m, End: 40, Steps: 40, Rtol: 1e-9, Atol: 1e-14, Method: method, Record: []compile.Selection{{ID: "y"}, {ID: "z"}}}.Run()
		if ms.HasErrors() || f != nil {
			t.Fatal(method, ms, f)
		}
		for k, at := range tr.Times {
			want := 0.0
			switch {
			case at > 21:
				want = 1e5 / 9 * (1 - math.Exp(-9*10)) * math.Exp(-9*(at-21))
			case at > 11:
				want = 1e5 / 9 * (1 - math.Exp(-9*(at-11)))
			}
			if got := tr.Values[0][k]; math.Abs(got-want) > 1e-7*math.Abs(want)+1e-7 {
				t.Errorf("%s at %g: %.12g, want %.12g", method, at, got, want)
			}
		}
	}
}

// TestEventBeforeZero: events are found at negative times as well.
func TestEventBeforeZero(t *testing.T) {
	doc, ms := antimony.Read(&diag.Source{Name: "m.ant", Text: "model m()\n  var x = 0; x' = 1;\n  at (x >= 3): x = 10;\nend\n"}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, "m")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	tr, ms, f := sim.Course{Model: m, Start: -10, End: 0, Steps: 10, Record: []compile.Selection{{ID: "x"}}}.Run()
	if ms.HasErrors() || f != nil {
		t.Fatal(ms, f)
	}
	if last := tr.Values[0][10]; math.Abs(last-17) > 1e-9 {
		t.Errorf("x at 0 is %g, want 17", last)
	}
}
