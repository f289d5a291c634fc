package sim_test

import (
	"testing"

	"thymus/kernel"
)

// TestBackend: a smooth plan runs on the machine's back end, whose code passed its check;
// what needs the general path says why it does not.
func TestBackend(t *testing.T) {
	want, err := kernel.Choose()
	if err != nil {
		t.Fatal(err)
	}
	p := build(t, "model m()\n  var A = 1; k = 2; n = 1.5; A' = -k*A^n/(1 + exp(-A)); \nend\n", nil)
	if got, err := p.Backend(); err != nil || got != want.Name {
		t.Errorf("Backend() = %q, %v; want %q", got, err, want.Name)
	}
	if want.Lanes < 2 {
		return
	}
	p = build(t, "model m()\n  var A = 1; A' = -delay(A, 1);\nend\n", nil)
	if got, _ := p.Backend(); got != "interpreter (algebraic rules, delays or fast reactions)" {
		t.Errorf("with a delay: Backend() = %q", got)
	}
}
