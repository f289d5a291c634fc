package trial

import (
	"math"
	"strconv"
	"testing"
)

// A percentage is one of the counts that it can have been printed for; anything else is as it stands.
func TestPrinted(t *testing.T) {
	responder := &endpoint{Endpoint: Endpoint{Kind: "responder"}}
	for _, c := range []struct {
		text string
		n    int
		of   Comparison
		e    *endpoint
		want []float64 // counts; nil: as it stands
	}{
		{"29", 7, Comparison{}, responder, []float64{2}},
		{"98.6", 72, Comparison{}, responder, []float64{71}},
		{"50", 179, Comparison{}, responder, []float64{89, 90}},
		{"42.5", 73, Comparison{}, responder, []float64{31}},
		{"0", 300, Comparison{}, responder, []float64{0, 1}},
		{"100", 3, Comparison{}, responder, []float64{3}},
		{"40", 7, Comparison{}, responder, nil}, // no count of 7: another denominator
		{"40", 0, Comparison{}, responder, nil},
		{"40", 7, Comparison{Scale: 0.1}, responder, nil},
		{"29", 7, Comparison{Statistic: "survival"}, responder, nil},
		{"29", 7, Comparison{Against: "control"}, responder, nil},
		{"29", 7, Comparison{}, &endpoint{Endpoint: Endpoint{Kind: "value"}}, nil},
	} {
		published, err := strconv.ParseFloat(c.text, 64)
		if err != nil {
			t.Fatal(err)
		}
		want := []float64{published}
		if c.want != nil {
			want = nil
			for _, k := range c.want {
				want = append(want, 100*k/float64(c.n))
			}
		}
		got := c.of.printed(c.e, c.text, published, c.n)
		same := len(got) == len(want)
		for i := 0; same && i < len(got); i++ {
			same = math.Abs(got[i]-want[i]) < 1e-12
		}
		if !same {
			t.Errorf("%s %% of %d: %v, want %v", c.text, c.n, got, want)
		}
	}
}
