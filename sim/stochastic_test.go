package sim_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
	"thymus/sim"
)

// TestStochasticSuite runs the stochastic cases of the SBML Test Suite from the folder
// THYMUS_SBML_STOCHASTIC; THYMUS_RUNS says how many runs (1000 unless told).
func TestStochasticSuite(t *testing.T) {
	folder := os.Getenv("THYMUS_SBML_STOCHASTIC")
	if folder == "" {
		t.Skip("THYMUS_SBML_STOCHASTIC is not set: the stochastic cases of the SBML Test Suite were not run")
	}
	runs := 1000
	if v, err := strconv.Atoi(os.Getenv("THYMUS_RUNS")); err == nil {
		runs = v
	}
	seeds := []uint64{1}
	if os.Getenv("THYMUS_SEEDS") != "" {
		seeds = nil
		for _, s := range strings.Split(os.Getenv("THYMUS_SEEDS"), ",") {
			v, _ := strconv.ParseUint(s, 10, 64)
			seeds = append(seeds, v)
		}
	}
	method := "ssa"
	if m := os.Getenv("THYMUS_METHOD"); m != "" {
		method = m
	}
	cases, _ := filepath.Glob(filepath.Join(folder, "*", "*-sbml-l3v2.xml"))
	for _, path := range cases {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			doc, ms := sbml.Read(&diag.Source{Name: path, Text: string(text)}, nil)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			m, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			set := settings(t, filepath.Join(filepath.Dir(path), name+"-settings.txt"))
			want := columns(t, filepath.Join(filepath.Dir(path), name+"-results.csv"))
			c := sim.Course{Model: m, End: number(set["duration"]), Steps: int(number(set["steps"])), Method: method}
			for _, v := range strings.Split(set["variables"], ",") {
				c.Record = append(c.Record, compile.Selection{ID: strings.TrimSpace(v), As: compile.Amount})
			}
			never := map[string]int{}
			for _, seed := range seeds {
				c.Seed = seed
				e, ms, err := c.Ensemble(context.Background(), runs, 2)
				if ms.HasErrors() || err != nil {
					t.Fatal(ms, err)
				}
				out := 0
				for i, r := range c.Record {
					mean, sd := want[r.ID+"-mean"], want[r.ID+"-sd"]
					for k := range e.Times {
						s := math.NaN()
						if sd != nil {
							s = sd[k]
						}
						bad := ""
						switch {
						case sd == nil: // no spread to measure against
						case s == 0:
							if e.Mean[i][k] != mean[k] || e.SD[i][k] != 0 {
								bad = "not exact"
							}
						default:
							zm := math.Sqrt(float64(runs)) * (e.Mean[i][k] - mean[k]) / s
							zs := math.Sqrt(float64(runs)/2) * (e.SD[i][k]*e.SD[i][k]/(s*s) - 1)
							lm, ls := limit(set["meanRange"]), limit(set["sdRange"])
							if math.Abs(zm) >= lm || math.Abs(zs) >= ls {
								bad = fmt.Sprintf("z %.2f %.2f", zm, zs)
							}
						}
						if bad != "" {
							out++
							never[fmt.Sprint(r.ID, k)]++
							t.Logf("seed %d %s at %g: mean %g (%g), sd %g (%g): %s", seed, r.ID, e.Times[k], e.Mean[i][k], mean[k], e.SD[i][k], s, bad)
						}
					}
				}
				if out > 3 {
					t.Errorf("seed %d: %d points out of range", seed, out)
				}
			}
			for p, n := range never {
				if len(seeds) > 1 && n == len(seeds) {
					t.Errorf("%s is out of range with every seed", p)
				}
			}
		})
	}
}

func settings(t *testing.T, path string) map[string]string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok {
			out[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	return out
}

func columns(t *testing.T, path string) map[string][]float64 {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for c, name := range rows[0] {
		for _, r := range rows[1:] {
			out[name] = append(out[name], number(r[c]))
		}
	}
	return out
}

func number(s string) float64 {
	v, _ := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v
}

func limit(s string) float64 {
	s = strings.Trim(s, "() ")
	_, hi, _ := strings.Cut(s, ",")
	return number(hi)
}
