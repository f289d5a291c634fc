package conformance_test

import (
	"os"
	"testing"

	"thymus/conformance"
)

// TestAntimony runs libAntimony's test data from the folder THYMUS_ANTIMONY.
func TestAntimony(t *testing.T) {
	folder := os.Getenv("THYMUS_ANTIMONY")
	if folder == "" {
		t.Skip("THYMUS_ANTIMONY is not set: libAntimony's own test data are not read")
	}
	r := run(t, "antimony", folder, conformance.Options{})
	for _, row := range r.Rows {
		if row.Outcome != conformance.Passed {
			t.Logf("%s: %s %s", row.File, row.Outcome, row.Reason)
		}
	}
	t.Log(r.Count())
}
