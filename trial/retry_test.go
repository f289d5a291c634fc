package trial_test

import (
	"testing"

	"thymus/sim"
	"thymus/trial"
)

// TestRetriesAreCounted: a patients table that says of some runs by which way they reached
// the end gives counts by way, in the order of the ladder, and the patients' fates.
func TestRetriesAreCounted(t *testing.T) {
	p := prepare(t, source(t, "vasculitis-il2").Text, func(s *trial.Spec) { s.Size = 9; s.Solver.Once = true })
	ways := sim.Rungs()
	chunk := 0
	r, a := analysed(t, p, func(x trial.Tables) error {
		retry, err := x.Patients.Strings("retry")
		if err != nil {
			return err
		}
		for _, v := range retry {
			if v != "" {
				t.Errorf("a patient was tried again by %q", v)
			}
		}
		if chunk++; chunk == 1 {
			retry[0], retry[1], retry[3] = ways[2], ways[1], ways[2]
		}
		return nil
	})
	if len(r.Retries) != 2 || r.Retries[0] != (trial.Count{Name: ways[1], N: 1}) || r.Retries[1] != (trial.Count{Name: ways[2], N: 2}) {
		t.Errorf("counted %+v", r.Retries)
	}
	if len(a.Fates) != 3 || a.Fates[0].Retry != ways[2] || a.Fates[0].Status != "completed" {
		t.Errorf("fates %+v", a.Fates)
	}
}
