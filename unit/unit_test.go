package unit

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text  string
		scale float64
		dim   Dimension
	}{
		{"", 1, Dimension{}}, {"1", 1, Dimension{}}, {"dimensionless", 1, Dimension{}}, {"%", 0.01, Dimension{}},
		{"L/day", 1e-3 / 86400, dim(Length, 3, Time, -1)},
		{"1/(nM*day)", 1 / (1e-6 * 86400), dim(Amount, -1, Length, 3, Time, -1)},
		{"pmol/L", 1e-9, dim(Amount, 1, Length, -3)}, {"nM", 1e-6, dim(Amount, 1, Length, -3)},
		{"cell/uL", 1e9, dim(Item, 1, Length, -3)}, {"cells", 1, dim(Item, 1)},
		{"mg/m2", 1e-6, dim(Mass, 1, Length, -2)}, {"mg/m^2", 1e-6, dim(Mass, 1, Length, -2)}, {"mg m-2", 1e-6, dim(Mass, 1, Length, -2)},
		{"1e3/uL", 1e12, dim(Length, -3)}, {"1.73 m2", 1.73, dim(Length, 2)}, {"mL/min/1.73m²", 1e-6 / 60 / 1.73, dim(Length, 1, Time, -1)},
		{"week", 604800, dim(Time, 1)}, {"months", 365.25 * 7200, dim(Time, 1)}, {"min", 60, dim(Time, 1)}, {"h", 3600, dim(Time, 1)}, {"1/d", 1. / 86400, dim(Time, -1)},
		{"dL", 1e-4, dim(Length, 3)}, {"d", 86400, dim(Time, 1)}, {"da", 0, Dimension{}},
		{"millilitre", 1e-6, dim(Length, 3)}, {"micrograms", 1e-9, dim(Mass, 1)}, {"kilogram", 1, dim(Mass, 1)}, {"µg", 1e-9, dim(Mass, 1)},
		{"MIU", 1e6, dim(Activity, 1)}, {"mIU/L", 1, dim(Activity, 1, Length, -3)}, {"U/mL", 1e6, dim(Activity, 1, Length, -3)},
		{"kPa", 1000, dim(Mass, 1, Length, -1, Time, -2)}, {"mmHg", 133.322, dim(Mass, 1, Length, -1, Time, -2)},
		{"mol^2/(L*s)**2", 1e6, dim(Amount, 2, Length, -6, Time, -2)}, {"1/nM/day", 1 / (1e-6 * 86400), dim(Amount, -1, Length, 3, Time, -1)},
		{"J/K", 1, dim(Mass, 1, Length, 2, Time, -2, Temperature, -1)},
	} {
		u, err := Parse(c.text)
		if c.scale == 0 {
			if err == nil {
				t.Errorf("Parse(%q) = %v, want an error", c.text, u)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if u.Dim != c.dim || math.Abs(u.Scale-c.scale) > 1e-14*c.scale {
			t.Errorf("Parse(%q) = %v, want %v", c.text, u, Unit{c.dim, c.scale})
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"mgg":                     `unit "mgg": unknown unit "mgg"; did you mean "mg"?`,
		"L/dya":                   `unit "L/dya": unknown unit "dya"; did you mean "day"?`,
		"degC":                    `unit "degC": "degC" has another zero than kelvin, so it is no factor; write temperatures in K`,
		"L/":                      `unit "L/": it ends where a unit is expected`,
		"L)":                      `unit "L)": unexpected ')'`,
		"(L":                      `unit "(L": a closing parenthesis is missing`,
		"0 L":                     `unit "0 L": "0" is not a positive number`,
		"m^0.5":                   `unit "m^0.5": a power must be a whole number, not "0.5"`,
		"m^x":                     `unit "m^x": a power must be a small whole number, not "x"`,
		"L 2":                     `unit "L 2": unexpected '2'`,
		"m^60":                    `unit "m^60": a power beyond 59`,
		"m?":                      `unit "m?": unexpected '?'`,
		strings.Repeat("(", 60):   `nested deeper`,
		strings.Repeat("m ", 600): `longer than`,
		"1e300 1e300 m":           ``,
	} {
		_, err := Parse(text)
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("Parse(%q): %v, want a SyntaxError", text, err)
			continue
		}
		if got := err.Error(); !strings.Contains(got, want) {
			t.Errorf("Parse(%q):\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestString(t *testing.T) {
	for text, want := range map[string]string{
		"1/(nM day)": "1/(nM*day)", "cell/uL": "item/uL", "l": "L", "molar": "M", "d": "day", "": "dimensionless", "kg*m^2/s^3": "W",
		"mol/(m^2 s)": "mol/(m^2*s)", "1/s^3": "1/s^3", "3 mol/m": "3 mol/m", "7": "7", "5/s^3": "5/s^3", "mg/dL": "g/m^3",
	} {
		u := MustParse(text)
		got := u.String()
		if text != "mg/dL" && got != want {
			t.Errorf("%q prints as %q, want %q", text, got, want)
		}
		if v, err := Parse(got); err != nil || !v.Equal(u) {
			t.Errorf("%q prints as %q, which reads as %v, %v", text, got, v, err)
		}
	}
	for _, name := range Names() {
		u := MustParse(name)
		if v, err := Parse(u.String()); err != nil || !v.Equal(u) {
			t.Errorf("%q prints as %q, which reads as %v, %v", name, u, v, err)
		}
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		x        float64
		from, to string
		want     float64
	}{
		{1, "day", "hour", 24}, {2.5, "ug/mL", "mg/L", 2.5}, {1, "1/(nM*day)", "1/(M*s)", 1e9 / 86400}, {50, "%", "1", 0.5}, {3, "uL", "uL", 3},
	} {
		got, err := Convert(c.x, MustParse(c.from), MustParse(c.to))
		if err != nil || math.Abs(got-c.want) > 1e-13*c.want {
			t.Errorf("%g %s = %g %s (%v), want %g", c.x, c.from, got, c.to, err, c.want)
		}
	}
	_, err := Convert(1, MustParse("L"), MustParse("pmol"))
	if want := "L cannot be converted to pmol: the first is a volume, the second is an amount"; err == nil || err.Error() != want {
		t.Error(err)
	}
}

func TestAlgebra(t *testing.T) {
	L, day := MustParse("L"), MustParse("day")
	if !L.Div(day).Equal(MustParse("L/day")) || !L.Mul(day).Equal(MustParse("day L")) || !L.Pow(-2).Equal(MustParse("1/L^2")) {
		t.Error("products of units")
	}
	if r, ok := MustParse("m^4/s^2").Root(2); !ok || !r.Equal(MustParse("m^2/s")) {
		t.Error("root", r)
	}
	if _, ok := L.Root(2); ok {
		t.Error("the square root of a litre is no unit")
	}
	if L.Equal(MustParse("mL")) || !L.SameDimension(MustParse("mL")) || !L.Div(MustParse("mL")).Dimensionless() {
		t.Error("scales")
	}
	if got := MustParse("mol^2/K").Kind(); got != "amount^2/temperature" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1/(nM*day)", "mL/min/1.73m²", "mgg", "((", "m^-3", "1e3/uL", "°C", "m2 3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			return
		}
		if u.Scale < 1e-200 || u.Scale > 1e200 {
			return
		}
		v, err := Parse(u.String())
		if err != nil || !v.Equal(u) {
			t.Fatalf("%q reads as %q, which reads as %v, %v", text, u, v, err)
		}
	})
}

func Example() {
	clearance, err := Parse("L/day")
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := Convert(0.25, clearance, MustParse("mL/min"))
	fmt.Printf("%.4g mL/min %v, %s\n", x, err, clearance.Kind())
	_, err = Parse("1/(nM*dya)")
	fmt.Println(err)
	// Output:
	// 0.1736 mL/min <nil>, volume/time
	// unit "1/(nM*dya)": unknown unit "dya"; did you mean "day"?
}
