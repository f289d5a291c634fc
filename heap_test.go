package thymus

import (
	"testing"

	"thymus/library"
)

// The heap may grow to its floor while little is in use, and by three tenths of what is in use above it.
func TestCollectorPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 900}, {1 << 20, 900}, {4 << 20, 900}, {8 << 20, 400}, {20 << 20, 100}, {30 << 20, 33}, {200 << 20, 30}} {
		if got := collectorPercent(c.live); got != c.want {
			t.Errorf("%d bytes in use: %d %%, want %d", c.live, got, c.want)
		}
	}
}

// BenchmarkLoad goes from the name of the lupus patient's trial to machine code that was held
// against the interpreter.
func BenchmarkLoad(b *testing.B) {
	app, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		app.lib, _ = library.Open("")
		if _, err := app.benchLupus(BenchRequest{Rtols: []float64{1e-6}, Backends: []string{""}}); err != nil {
			b.Fatal(err)
		}
	}
}
