package library_test

import (
	"testing"

	"thymus/sim"
)

// The antigen channel with a vaccine and a late booster, with an infection met twice, and
// with serum the day before, against an independent implementation (see the README there).
func TestAntigenChannel(t *testing.T) {
	reference := readReference(t, "antigen.csv")
	cases := []struct {
		name  string
		doses []sim.Dose
	}{
		{"vaccine", []sim.Dose{dose(0, "hbv.im", 20), dose(30, "hbv.im", 20), dose(182, "hbv.im", 20), dose(6762, "hbv.im", 20)}},
		{"infection", []sim.Dose{dose(3, "ag.exposure", 8e-5), dose(400, "ag.exposure", 8e-5)}},
		{"serum", []sim.Dose{dose(2, "hbig.im", 35000), dose(3, "ag.exposure", 8e-5)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, false, nil, "immune-core", "antigen-channel", "hepatitis-b-vaccine", "hepatitis-b-immunoglobulin")
			times := daysOf(t, reference[c.name])
			seen := compareReference(t, b, nil, c.doses, reference[c.name], slack{1e-7, 1e-8})
			if seen < 15*len(times) {
				t.Fatalf("%d values were compared", seen)
			}
		})
	}
}
