package compile_test

import (
	"strings"
	"testing"

	"thymus/compile"
	"thymus/diag"
)

func channels(t testing.TB, text string) (*compile.Jumps, diag.Messages) {
	t.Helper()
	m := read(t, text)
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	return p.Jumps()
}

// TestChannels: which channels a reaction makes, what they read, and which laws are
// products of states and constants.
func TestChannels(t *testing.T) {
	const head = "model m()\n  compartment C = 2; substanceOnly species A in C, B in C; A = 5; B = 6; k = 1; l = 2; t = 0; t' = 1; w = 0; w' = w;\n"
	for _, c := range []struct {
		text    string
		ids     string // of the channels
		product bool
		pure    bool
		changes int // of the first
	}{
		{"R: A -> B; k*A", "R", true, true, 2},
		{"R: A -> B; k*A - l*B", "R, R (reverse)", true, true, 2},
		{"R: A -> B; C*(k*A - l*B)", "R, R (reverse)", true, true, 2},
		{"R: A => B; k*A - l*B", "R", false, true, 2},
		{"R: 2A -> B; k*A*(A - 1)/2", "R", true, true, 2}, // no product is subtracted
		{"R: A -> 2A; k*A*(A - 1)", "R", true, true, 1},
		{"R: A + B -> B; k*A*B/C", "R", true, true, 1}, // B is a catalyst
		{"R: A -> B; k*A/(l + A)", "R", false, true, 2},
		{"R: A -> B; k*A*time", "R", false, false, 2},
		{"R: A -> B; k*A*w", "R", true, false, 2},
		{"R: A -> A; k*A", "", false, true, 0},
	} {
		j, ms := channels(t, head+"  "+c.text+";\nend\n")
		if c.ids == "" {
			if len(j.Channels) != 0 {
				t.Errorf("%s: %d channels", c.text, len(j.Channels))
			}
			continue
		}
		if ms.HasErrors() {
			t.Errorf("%s: %v", c.text, ms)
			continue
		}
		var ids []string
		product := true
		for _, ch := range j.Channels {
			ids = append(ids, ch.ID)
			product = product && ch.Factors != nil
		}
		// w flows, so only a law that reads it or time changes between firings
		reads := false
		for _, ch := range j.Channels {
			reads = reads || ch.Time
			for _, i := range ch.Reads {
				for _, f := range j.Flows {
					reads = reads || i == f
				}
			}
		}
		if got := strings.Join(ids, ", "); got != c.ids || product != c.product || reads == c.pure || len(j.Channels[0].Changes) != c.changes {
			t.Errorf("%s: channels %s, product %v, reads what changes %v, %d changes", c.text, got, product, reads, len(j.Channels[0].Changes))
		}
	}
}

// TestChannelsRefuse: models that stochastic methods cannot follow are named.
func TestChannelsRefuse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"species A, B; A = 5; B = 1; k = 1; R: A -> 1.5 B; k*A;", "stoichiometry of B in R is 1.5"},
		{"species A; A = 5; var n = 1; n' = 1; k = 1; R: n A -> ; k*A;", "changes over time"},
	} {
		if _, ms := channels(t, "model m()\n  "+c.text+"\nend\n"); !ms.HasErrors() || !strings.Contains(ms.Error(), c.want) {
			t.Errorf("%s\ngave %v, want %q", c.text, ms, c.want)
		}
	}
}
