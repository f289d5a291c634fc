package sim_test

import (
	"math"
	"testing"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/regimen"
	"thymus/sim"
)

// TestSensitivitiesOfClosedForms: solutions whose derivatives by constants are known.
func TestSensitivitiesOfClosedForms(t *testing.T) {
	exp := math.Exp
	for name, c := range map[string]struct {
		text  string
		doses []sim.Dose
		by    string
		want  func(t float64) float64 // of x
	}{
		"decay by its rate":          {"model m()\n x = 3; k = 0.7; x' = -k*x;\nend\n", nil, "k", func(t float64) float64 { return -3 * t * exp(-0.7*t) }},
		"decay by its start":         {"model m()\n x = 3; k = 0.7; x' = -k*x;\nend\n", nil, "x", func(t float64) float64 { return exp(-0.7 * t) }},
		"a start by a formula":       {"model m()\n x = a^2; a = 3; k = 0.7; x' = -k*x;\nend\n", nil, "a", func(t float64) float64 { return 6 * exp(-0.7*t) }},
		"a start that has a formula": {"model m()\n x = a^2; a = 3; k = 0.7; x' = -k*x;\nend\n", nil, "x", func(t float64) float64 { return exp(-0.7 * t) }},
		"a time by a constant": {"model m()\n x = 1; T = 2; at time >= T: x = 5; x' = -0.5*x;\nend\n", nil, "T",
			func(t float64) float64 {
				if t < 2 {
					return 0
				}
				return 5 * 0.5 * exp(-0.5*(t-2))
			}},
		"a pulse that ends": {"model m()\n x = 0; T = 2.3; x' = piecewise(4, time < T, 0);\nend\n", nil, "T",
			func(t float64) float64 {
				if t < 2.3 {
					return 0
				}
				return 4
			}},
		// x falls to 1 at T = ln(3)/k, and begins again at 30
		"a threshold": {"model m()\n x = 3; k = 0.7; x' = -k*x; E: at x < 1: x = 30;\nend\n", nil, "k",
			func(t float64) float64 {
				T := math.Log(3) / 0.7
				if t < T {
					return -3 * t * exp(-0.7*t)
				}
				return -30 * t /* of 30 exp(ln 3 - k t) */ * exp(-0.7*(t-T))
			}},
		// the level is a constant: T = ln(3/a)/k
		"a level": {"model m()\n x = 3; a = 1; x' = -0.7*x; E: at x < a: x = x + 20*a + time;\nend\n", nil, "a",
			func(t float64) float64 {
				T, dT := math.Log(3)/0.7, -1/0.7
				if t < T {
					return 0
				}
				// x = (21a + T) exp(-0.7 (t-T))
				return (21+dT)*exp(-0.7*(t-T)) + (21+T)*0.7*dT*exp(-0.7*(t-T))
			}},
		"a size": {"model m()\n compartment V = 2; species x in V; x = 3; r: x -> ; CL*x; CL = 0.8;\nend\n", nil, "V",
			func(t float64) float64 { return 3 * exp(-0.4*t) * 0.8 * t / 4 }},
		"doses": {"model m()\n compartment V = 2; species x in V; x = 0; r: x -> ; V*k*x; k = 0.6;\nend\n",
			[]sim.Dose{{Intervention: regimen.Intervention{Time: 1, Action: "d", Amount: 4}, Hold: -1}, {Intervention: regimen.Intervention{Time: 3, Action: "d", Amount: 8, Duration: 2}, Hold: -1}}, "k",
			func(t float64) float64 {
				s := 0.0
				if t >= 1 {
					s -= 2 * (t - 1) * exp(-0.6*(t-1))
				}
				step := func(u float64) float64 { // d/dk of R/(V k) (1 - exp(-k u))
					if u <= 0 {
						return 0
					}
					return 2 * (u*exp(-0.6*u)/0.6 - (1-exp(-0.6*u))/0.36)
				}
				return s + step(t-3) - step(t-5)
			}},
		"doses by volume": {"model m()\n compartment V = 2; species x in V; x = 0; r: x -> ; V*k*x; k = 0.6;\nend\n",
			[]sim.Dose{{Intervention: regimen.Intervention{Time: 1, Action: "d", Amount: 4}, Hold: -1}}, "V",
			func(t float64) float64 {
				if t < 1 {
					return 0
				}
				return -4 / 4.0 * exp(-0.6*(t-1))
			}},
	} {
		for _, method := range []string{"rodas5p", "tsit5"} {
			t.Run(name+", "+method, func(t *testing.T) {
				course := sim.Course{Model: flat(t, c.text), End: 6, Steps: 47, Record: []compile.Selection{{ID: "x"}}, Rtol: 1e-10, Method: method, Doses: c.doses}
				if c.doses != nil {
					course.Actions = []compile.Action{{ID: "d", DoseSymbol: "dose", Assignments: []model.EventAssignment{
						{Variable: "x", Math: model.Call("plus", model.Sym("x"), model.Call("divide", model.Sym("dose"), model.Sym("V")))}}}}
					course.Infusible = []string{"x"}
				}
				out, slopes, ms, failure := course.Sensitivities([]string{c.by})
				if ms.HasErrors() || failure != nil {
					t.Fatal(ms, failure)
				}
				for i, at := range out.Times {
					if want := c.want(at); math.Abs(slopes[0][0][i]-want) > 1e-7*(1+math.Abs(want)) {
						t.Fatalf("dx/d%s at %g: %.10g, want %.10g", c.by, at, slopes[0][0][i], want)
					}
				}
			})
		}
	}
}

// TestSensitivitiesAgainstDifferences: a stiff model with saturation, powers and events,
// against central differences of simulations at a tight tolerance.
func TestSensitivitiesAgainstDifferences(t *testing.T) {
	m := flat(t, `model m()
  compartment V = 3; species D in V, R in V, C in V; D = 0.5; R = ks/kd; C = 0;
  b: D + R -> C; V*(kon*D*R - koff*C); s: -> R; V*ks*(1 + C^n/(K^n + C^n)); l: R -> ; V*kd*R; e: D -> ; CL*D;
  kon = 40; koff = 0.3; ks = 1; kd = 0.4; CL = 0.8; K = 0.3; n = 2.5; low = 2.2; f = 1;
  u := D/(D + R); e2: -> D; V*f*piecewise(0.2, R > low, 0.5);
  E: at C < 0.2*K && time > 0.1: D = D + 2*K; 
end
`)
	base := sim.Course{Model: m, End: 12, Steps: 24, Rtol: 1e-11, Atol: 1e-13, Record: []compile.Selection{{ID: "D"}, {ID: "R"}, {ID: "C"}, {ID: "u"}}}
	names := []string{"kon", "K", "n", "V", "ks", "low", "D", "CL"}
	_, slopes, ms, failure := base.Sensitivities(names)
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	nominal := map[string]float64{"kon": 40, "K": 0.3, "n": 2.5, "V": 3, "ks": 1, "low": 2.2, "D": 0.5, "CL": 0.8}
	most := 0.0
	for k, id := range names {
		h := 1e-5 * nominal[id]
		var side [2]*sim.Trajectory
		for j, sign := range []float64{1, -1} {
			c := base
			c.Set = []sim.Setting{{ID: id, Value: nominal[id] + sign*h}}
			var f *sim.Failure
			if side[j], _, f = c.Run(); f != nil {
				t.Fatal(f)
			}
		}
		for i := range slopes[k] {
			size := 0.0
			for _, v := range slopes[k][i] {
				size = math.Max(size, math.Abs(v))
			}
			most = math.Max(most, size)
			for row, v := range slopes[k][i] {
				want := (side[0].Values[i][row] - side[1].Values[i][row]) / (2 * h)
				if math.Abs(v-want) > 1e-5*(size+math.Abs(want))+1e-7 {
					t.Errorf("d(%s)/d(%s) in row %d: %.8g, differences %.8g", base.Record[i].ID, id, row, v, want)
				}
			}
		}
	}
	if most < 0.1 {
		t.Errorf("the largest sensitivity is %g: the test asks nothing", most)
	}
}

// TestSensitivitiesRefused: what has none is named.
func TestSensitivitiesRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, by, method string }{
		"delays":       {"model m()\n x = 1; k = 1; x' = -k*delay(x, 1);\nend\n", "k", ""},
		"late events":  {"model m()\n x = 1; k = 1; x' = -k; E: at 1 after x < 0: x = 1;\nend\n", "k", ""},
		"no such name": {"model m()\n x = 1; k = 1; x' = -k*x;\nend\n", "q", ""},
		"ssa":          {"model m()\n x = 1; k = 1; x' = -k*x;\nend\n", "k", "ssa"},
		"bdf":          {"model m()\n x = 1; k = 1; x' = -k*x;\nend\n", "k", "bdf"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, ms, _ := sim.Course{Model: flat(t, c.text), End: 1, Steps: 1, Record: []compile.Selection{{ID: "x"}}, Method: c.method, SetAt: diag.Place{}}.Sensitivities([]string{c.by})
			if !ms.HasErrors() {
				t.Error("nothing was refused")
			}
		})
	}
}
