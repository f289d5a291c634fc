package regimen

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"thymus/diag"
)

func TestAmounts(t *testing.T) {
	size := Covariates{Weight: 80, BSA: 2}
	for _, c := range []struct {
		dose, route string
		want        float64
	}{{"1.5 MIU", "MIU", 1.5}, {"600000 IU/kg", "MIU", 48}, {"1 g/m2", "mg", 2000}, {"1 g/m2", "mg/m2", 1000}, {"8 mg/kg", "mg", 640}, {"1e6 cell/kg", "cell", 8e7}, {"20 mg/day", "mg/day", 20}, {"0.55", "dimensionless", 0.55}} {
		q, ms := ParseQuantity(c.dose, diag.Place{})
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		s, ms := ScaleTo(q, c.route)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		if got := s.Amount(q.Value, size); math.Abs(got-c.want) > 1e-9*c.want {
			t.Errorf("%s into a route in %s: %g, want %g", c.dose, c.route, got, c.want)
		}
	}
}

func TestRefusedDoses(t *testing.T) {
	for text, want := range map[string]string{"-1 mg": "negative", "NaN mg": "not finite", "one mg": "no dose", "1 mgg": "unknown unit"} {
		if _, ms := ParseQuantity(text, diag.Place{}); !ms.HasErrors() || !strings.Contains(ms.Error(), want) {
			t.Errorf("%q: expected %q, got %v", text, want, ms)
		}
	}
	// a number without a unit is no mass for each mass, and no area for each area
	for _, c := range [][2]string{{"5 L", "mg"}, {"5", "mg"}, {"5", "kg"}, {"5 %", "mg"}, {"5 L/L", "mg"}, {"5", "m2"}, {"5", "mg/day"}, {"5 1/day", "mg/day"}} {
		q, ms := ParseQuantity(c[0], diag.Place{})
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		if s, ms := ScaleTo(q, c[1]); !ms.HasErrors() {
			t.Errorf("%s fits a route in %s, scaled by %+v", c[0], c[1], s)
		}
	}
}

func TestTimes(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		t    Times
		want string
	}{{Times{At: []float64{3, 1}}, "[1 3]"}, {Times{Every: 2, From: 1, Until: 7}, "[1 3 5 7]"}, {Times{Every: 0.5, Count: 3, Until: nan}, "[0 0.5 1]"}, {Times{Every: 4, Until: nan}, "[0 4 8]"}} {
		got, err := c.t.Expand(10)
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%+v: %v, %v; want %s", c.t, got, err, c.want)
		}
	}
	if _, err := (Times{Every: 1e-9, Until: nan}).Expand(10); err == nil {
		t.Error("ten thousand million doses were accepted")
	}
}

func FuzzReadDoses(f *testing.F) {
	f.Add("time,target,amount\n0,A,1\n")
	f.Add("time,target,amount,duration\n# c\n1,A,2,\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, ms := ReadDoses(&diag.Source{Name: "d.csv", Text: text})
		_ = ms.Error()
		for _, r := range rows {
			if !(r.Amount >= 0) || !(r.Duration >= 0) {
				t.Fatalf("row %+v", r)
			}
		}
	})
}

func FuzzParseRoute(f *testing.F) {
	f.Add("sc [MIU]: core.Ld = core.Ld + dose*F2; A = 1")
	f.Fuzz(func(t *testing.T, text string) {
		src := &diag.Source{Name: "x", Text: text}
		r, ms := ParseRoute(diag.Place{Src: src, End: len(text)})
		if !ms.HasErrors() && len(r.Assignments) == 0 {
			t.Fatal("a route that does nothing")
		}
	})
}
