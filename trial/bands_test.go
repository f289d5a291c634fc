package trial_test

import (
	"math"
	"testing"

	"thymus/trial"
)

// TestBandsFromCounts: percentiles over time are within the stated error of the exact ones
// when trajectories are not kept, and everything else of the result is the same.
func TestBandsFromCounts(t *testing.T) {
	text := source(t, "vasculitis-il2").Text
	results := map[bool]*trial.Result{}
	for _, kept := range []bool{false, true} {
		results[kept] = run(t, prepare(t, text, func(s *trial.Spec) {
			s.Size = 20
			if !kept {
				s.Trajectories = 3
			}
		}))
	}
	exact, counted := results[true], results[false]
	if exact.BandError != 0 || counted.BandError != trial.BandError {
		t.Errorf("stated errors %g and %g", exact.BandError, counted.BandError)
	}
	if len(exact.Bands) != len(counted.Bands) || len(exact.Bands) == 0 {
		t.Fatalf("%d and %d bands", len(exact.Bands), len(counted.Bands))
	}
	points, worst := 0, 0.0
	for i, a := range exact.Bands {
		b := counted.Bands[i]
		if a.N != b.N || len(a.Times) != len(b.Times) || a.N == 0 {
			t.Fatalf("%s: %d patients at %d times, and %d at %d", a.Observable, a.N, len(a.Times), b.N, len(b.Times))
		}
		for _, q := range [][2][]float64{{a.P05, b.P05}, {a.P25, b.P25}, {a.P50, b.P50}, {a.P75, b.P75}, {a.P95, b.P95}} {
			for k := range q[0] {
				// the interpolated values lie below the next percentile's
				size := math.Max(math.Abs(q[0][k]), math.Abs(a.P95[k]))
				if d := math.Abs(q[0][k] - q[1][k]); !(d <= trial.BandError*size+1e-12) {
					t.Fatalf("%s on day %g: %g, exact %g", a.Observable, a.Times[k], q[1][k], q[0][k])
				} else if d > 0 {
					points++
					worst = math.Max(worst, d/(size+1e-9))
				}
			}
		}
	}
	if points == 0 {
		t.Error("no percentile was read from counts")
	}
	t.Logf("%d percentiles differ, by up to %.2g", points, worst)
	for i, e := range exact.Endpoints {
		for k, x := range e.ByArm {
			if y := counted.Endpoints[i].ByArm[k]; x != y && x.String() != y.String() {
				t.Errorf("%s: %v without trajectories, %v with them", e.Endpoint.ID, y, x)
			}
		}
	}
	if len(exact.Lines) == 0 || len(counted.Lines) != 3*len(exact.Spec.Observables) {
		t.Errorf("%d lines of 3 patients", len(counted.Lines))
	}
}
