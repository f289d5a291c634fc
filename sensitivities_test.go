package thymus_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"thymus"
	"thymus/sim"
)

// TestSensitivitiesOfModels holds sensitivities of a library model, out of balance, and of
// published models (one with events), against central differences at a tight tolerance.
func TestSensitivitiesOfModels(t *testing.T) {
	biomodels := os.Getenv("THYMUS_BIOMODELS")
	for _, c := range []struct {
		model string
		end   float64
		set   []sim.Setting
		by    map[string]float64
	}{
		{"immune-core", 30, []sim.Setting{{ID: "N4", Value: 2e10}, {ID: "NK", Value: 9e10}}, map[string]float64{"f_bl": 0.02, "r7": 5}},
		{"BIOMD0000000289.xml", 50, nil, map[string]float64{"v": 0.0025, "f": 0.0001}},
		{"BIOMD0000000535.xml", 40, nil, map[string]float64{"kRLOn": 0.384, "kRAct": 155}},
	} {
		t.Run(c.model, func(t *testing.T) {
			if filepath.Ext(c.model) != "" {
				if biomodels == "" {
					t.Skip("THYMUS_BIOMODELS names no folder")
				}
				c.model = filepath.Join(biomodels, c.model)
			}
			app, err := thymus.New(thymus.Options{})
			if err != nil {
				t.Fatal(err)
			}
			run := func(by []string, set ...sim.Setting) *thymus.SimulateResult {
				r, err := app.Simulate(thymus.SimulateRequest{Model: c.model, End: c.end, Steps: 8, Rtol: 1e-11, Atol: 1e-16, Set: append(set, c.set...), Sensitivities: by})
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			asked := 0
			for id, v := range c.by {
				with, h := run([]string{id}).Table, 1e-3*v // smaller, and what steps err differently on both sides is seen
				up, down := run(nil, sim.Setting{ID: id, Value: v + h}).Table, run(nil, sim.Setting{ID: id, Value: v - h}).Table
				n := len(up.Columns)
				for i := 1; i < n; i++ {
					size, level := 0.0, 0.0
					for row, s := range with.Columns[n+i-1].F {
						size, level = math.Max(size, math.Abs(s)), math.Max(level, math.Abs(with.Columns[i].F[row]))
					}
					if size*v < 1e-4*level { // differences have too few digits there
						continue
					}
					asked++
					for row, s := range with.Columns[n+i-1].F {
						want := (up.Columns[i].F[row] - down.Columns[i].F[row]) / (2 * h)
						if math.Abs(s-want) > 1e-5*size {
							t.Errorf("%s in row %d: %.9g, differences %.9g", with.Columns[n+i-1].Name, row, s, want)
						}
					}
				}
			}
			if asked < 3 {
				t.Errorf("only %d columns were compared", asked)
			}
		})
	}
}
