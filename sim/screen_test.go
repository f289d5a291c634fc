package sim_test

import (
	"testing"

	"thymus/compile"
	"thymus/population"
	"thymus/sim"
)

// TestScreen: the first condition of entry that is not met is told, one that is not a number
// is not met, and a signal matters only to what reads it.
func TestScreen(t *testing.T) {
	p := build(t, `model m()
  compartment C = 1; substanceOnly species A in C; A = 5; k = 1; z = 0;
  lose: A -> ; 0.1*k*A;
end
`, func(c *sim.Config) {
		c.Signals = []string{"z"}
		c.Record = []compile.Selection{{ID: "A"}}
		c.Entry = []compile.Selection{{Expr: formula(t, "A > 3")}, {Expr: formula(t, "ln(k) > -1")}, {Expr: formula(t, "z > 0")}}
	})
	up, down := 0, 0
	for number := range 40 {
		for _, c := range []struct {
			a, k float64
			want int
		}{{2, 1, 0}, {5, 0.1, 1}, {5, -1, 1}, {5, 1, 2}} {
			pt := sim.Patient{Number: number, Values: []sim.Setting{{ID: "A", Value: c.a}, {ID: "k", Value: c.k}},
				Signals: map[string]*population.Signal{"z": population.NewSignal(1, number, "z", 0, 60, 1, 0)}}
			w := p.NewWorker()
			begin, failure := w.Settle(pt, 0)
			if failure != nil {
				t.Fatal(failure)
			}
			unmet, failure := w.Screen(pt, begin, 0)
			if failure != nil {
				t.Fatal(failure)
			}
			want := c.want
			if z := pt.Signals["z"].At(0); want == 2 {
				if down++; z > 0 {
					want, up, down = -1, up+1, down-1
				}
			}
			if unmet != want {
				t.Errorf("patient %d with A=%g, k=%g: condition %d is not met, want %d", number, c.a, c.k, unmet, want)
			}
		}
	}
	if up == 0 || down == 0 {
		t.Errorf("the signal was above 0 in %d and below in %d patients", up, down)
	}
}
