package thymus

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// convertible has events, rules, a compartment that is not 1, and a species by amount.
const convertible = `model m()
  compartment C = 2;
  species A in C = 3, B in C = 0; substanceOnly species N in C = 7;
  R1: A -> 2 B; C*k*A; R2: N -> ; q*N;
  k = 0.3; q = 0.1; total := A + B/2; E = 1; E' = -0.2*E*B;
  at B > 1: k = k/2;
end
`

// TestConvert: a model goes from format to format and back, and gives the same trajectory
// everywhere.
func TestConvert(t *testing.T) {
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(in("a.ant"), []byte(convertible), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(name string) *SimulateResult {
		r, err := app.Simulate(SimulateRequest{Model: in(name), End: 10, Steps: 20, Select: []string{"A", "B", "N", "total", "E", "k"}})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return r
	}
	want := run("a.ant")
	last := "a.ant"
	for _, next := range []string{"b.xml", "c.ant", "d.omex", "e.omex", "f.txt", "g.sbml", "h.omex", "i.xml"} {
		r, err := app.Convert(in(last), in(next))
		if err != nil {
			t.Fatalf("%s to %s: %v", last, next, err)
		}
		if r.Messages.HasErrors() || r.Bytes == 0 {
			t.Errorf("%s to %s: %+v", last, next, r)
		}
		got := run(next)
		for i, c := range want.Table.Columns {
			for k, v := range c.F {
				if math.Abs(got.Table.Columns[i].F[k]-v) > 1e-9*(1+math.Abs(v)) {
					t.Fatalf("%s: %s at row %d is %g, want %g", next, c.Name, k, got.Table.Columns[i].F[k], v)
				}
			}
		}
		last = next
	}
	for _, c := range []struct{ from, to, want string }{
		{"a.ant", "x.doc", "no writer"}, {"none.xml", "x.ant", "no such file"}, {"a.doc", "x.ant", "no reader"},
	} {
		if _, err := app.Convert(in(c.from), in(c.to)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: %v, want %q", c.from, c.to, err, c.want)
		}
		if _, err := os.Stat(in(c.to)); err == nil {
			t.Errorf("%s was left behind", c.to)
		}
	}
}
