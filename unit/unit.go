package unit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The places of a Dimension.
const (
	Length = iota
	Mass
	Time
	Amount // mol
	Current
	Temperature
	Luminosity
	Item     // cells, molecules, receptors, copies
	Activity // international units
	Money    // US dollars
	bases
)

// Dimension holds the power of each base.
type Dimension [bases]int8

// Unit is Scale times the coherent unit of Dim (metre, kilogram, second, mole, ...).
// The zero Unit is invalid; the unit of a plain number is One.
type Unit struct {
	Dim   Dimension
	Scale float64
}

// One is the unit of plain numbers.
var One = Unit{Scale: 1}

// maxPower bounds the power of a base: beyond it a unit is a mistake.
const maxPower = 60

// Dimensionless tells whether u is a plain number, perhaps scaled (percent).
func (u Unit) Dimensionless() bool { return u.Dim == Dimension{} }

// SameDimension tells whether u and v measure the same kind of thing.
func (u Unit) SameDimension(v Unit) bool { return u.Dim == v.Dim }

// Equal tells whether u and v are one unit: same dimension, scales within 1e-9 of each other.
func (u Unit) Equal(v Unit) bool {
	return u.Dim == v.Dim && math.Abs(u.Scale-v.Scale) <= 1e-9*math.Max(math.Abs(u.Scale), math.Abs(v.Scale))
}

// Mul is u times v. Powers saturate at +-60, which Parse refuses to make.
func (u Unit) Mul(v Unit) Unit {
	w := Unit{Scale: u.Scale * v.Scale}
	for i := range w.Dim {
		w.Dim[i] = saturate(int(u.Dim[i]) + int(v.Dim[i]))
	}
	return w
}

// Div is u divided by v.
func (u Unit) Div(v Unit) Unit {
	w := Unit{Scale: u.Scale / v.Scale}
	for i := range w.Dim {
		w.Dim[i] = saturate(int(u.Dim[i]) - int(v.Dim[i]))
	}
	return w
}

// Pow is u to the n-th power.
func (u Unit) Pow(n int) Unit {
	w := Unit{Scale: math.Pow(u.Scale, float64(n))}
	for i := range w.Dim {
		p := int(u.Dim[i])
		switch {
		case p == 0:
		case n > maxPower || n < -maxPower:
			w.Dim[i] = saturate(p * (n % 2 * maxPower))
		default:
			w.Dim[i] = saturate(p * n)
		}
	}
	return w
}

// Root is the n-th root of u; false when n < 1 or a power of u is not a multiple of n.
func (u Unit) Root(n int) (Unit, bool) {
	if n < 1 {
		return Unit{}, false
	}
	w := Unit{Scale: math.Pow(u.Scale, 1/float64(n))}
	if n == 2 {
		w.Scale = math.Sqrt(u.Scale)
	}
	for i, p := range u.Dim {
		if int(p)%n != 0 {
			return Unit{}, false
		}
		w.Dim[i] = int8(int(p) / n)
	}
	return w, true
}

func saturate(p int) int8 { return int8(min(max(p, -maxPower), maxPower)) }

// Convert gives x, a number of from, as a number of to. It is an error when they
// measure different things.
func Convert(x float64, from, to Unit) (float64, error) {
	if from.Dim != to.Dim {
		return 0, fmt.Errorf("%s cannot be converted to %s: the first is %s, the second is %s", from, to, from.Kind(), to.Kind())
	}
	if from.Scale == to.Scale {
		return x, nil
	}
	return x * from.Scale / to.Scale, nil
}

// kinds names dimensions for people.
var kinds = []struct {
	text string
	name string
}{
	{"dimensionless", "a plain number"}, {"m", "a length"}, {"kg", "a mass"}, {"s", "a time"}, {"mol", "an amount"},
	{"A", "a current"}, {"K", "a temperature"}, {"cd", "a luminosity"}, {"item", "a count"}, {"IU", "an activity"}, {"USD", "money"},
	{"m^2", "an area"}, {"m^3", "a volume"}, {"mol/m^3", "a concentration (amount/volume)"}, {"kg/m^3", "a mass concentration (mass/volume)"},
	{"item/m^3", "a count concentration (count/volume)"}, {"IU/m^3", "an activity concentration (activity/volume)"},
	{"1/s", "a rate constant (1/time)"}, {"mol/s", "amount/time"}, {"kg/s", "mass/time"}, {"item/s", "count/time"}, {"m^3/s", "volume/time"},
	{"IU/s", "activity/time"}, {"mol/m^3/s", "concentration/time"}, {"kg/m^3/s", "mass concentration/time"}, {"item/m^3/s", "count concentration/time"},
	{"m^3/mol/s", "volume/amount/time"}, {"m^3/mol", "volume/amount"}, {"m/s", "length/time"}, {"m^2/s", "area/time"},
	{"kg/mol", "mass/amount"}, {"mol/kg", "amount/mass"}, {"kg/m^2", "mass/area"}, {"mol/item", "amount/count"}, {"item/mol", "count/amount"},
	{"m^3/item/s", "volume/count/time"}, {"Pa", "a pressure"}, {"J", "an energy"}, {"N", "a force"}, {"W", "a power"},
	{"1/m^3", "1/volume"}, {"1/mol", "1/amount"}, {"1/kg", "1/mass"}, {"1/item", "1/count"}, {"s^2", "time^2"}, {"1/s^2", "1/time^2"},
}

var kindOf = func() map[Dimension]string {
	m := map[Dimension]string{}
	for _, k := range kinds {
		u, err := Parse(k.text)
		if err != nil {
			panic("unit: " + err.Error())
		}
		if _, ok := m[u.Dim]; !ok {
			m[u.Dim] = k.name
		}
	}
	return m
}()

// Kind says in words what u measures: "a volume", "amount/time", "mass^2/volume".
func (u Unit) Kind() string {
	if s, ok := kindOf[u.Dim]; ok {
		return s
	}
	return u.powers([bases]string{"length", "mass", "time", "amount", "current", "temperature", "luminosity", "count", "activity", "money"})
}

// powers joins names with the powers of u: "mol*m^2/(kg*s^3)".
func (u Unit) powers(names [bases]string) string {
	var up, down []string
	// Amounts and counts first reads best: mol/m^3, item/s.
	for _, i := range [...]int{Amount, Item, Activity, Money, Mass, Length, Temperature, Current, Luminosity, Time} {
		p := int(u.Dim[i])
		switch {
		case p == 1:
			up = append(up, names[i])
		case p > 1:
			up = append(up, names[i]+"^"+strconv.Itoa(p))
		case p == -1:
			down = append(down, names[i])
		case p < -1:
			down = append(down, names[i]+"^"+strconv.Itoa(-p))
		}
	}
	s := strings.Join(up, "*")
	if s == "" {
		s = "1"
	}
	switch len(down) {
	case 0:
	case 1:
		s += "/" + down[0]
	default:
		s += "/(" + strings.Join(down, "*") + ")"
	}
	return s
}

// usual lists the spellings String prefers to powers of bases.
var usual = []string{
	"dimensionless", "%", "1000", "L", "mL", "uL", "dL", "fL", "m", "cm", "mm", "um", "nm", "m^2", "cm^2", "mm^2", "m^3", "kg", "g", "mg", "ug", "ng", "pg",
	"s", "min", "hour", "day", "week", "month", "year", "mol", "mmol", "umol", "nmol", "pmol", "fmol", "M", "mM", "uM", "nM", "pM", "fM",
	"K", "A", "cd", "item", "IU", "kIU", "MIU", "mIU", "Pa", "kPa", "mmHg", "J", "kJ", "N", "W", "kat",
	"1/s", "1/min", "1/hour", "1/day", "1/week", "1/year", "L/day", "L/hour", "mL/min", "mL/day", "mL/hour", "L/s",
	"mol/s", "mol/day", "mmol/day", "umol/day", "nmol/day", "pmol/day", "fmol/day", "nmol/hour", "mg/day", "ug/day", "ng/day", "g/day", "mg/hour", "item/day", "item/s", "IU/day",
	"item/uL", "item/mL", "item/L", "g/L", "mg/L", "ug/L", "ng/L", "pg/mL", "mg/dL", "g/dL", "IU/L", "IU/mL", "mg/kg", "ug/kg", "mg/m^2", "g/m^2",
	"M/s", "M/day", "uM/day", "nM/day", "pM/day", "nM/hour", "uM/s", "1/nM", "1/pM", "1/uM", "1/M", "1/(nM*day)", "1/(pM*day)", "1/(uM*day)", "1/(M*s)", "1/(nM*hour)", "1/(nM*s)", "1/(uM*s)",
	"1/item", "1/(item*day)", "1/pmol", "1/nmol", "1/(pmol*day)", "1/(nmol*day)", "g/mol", "kg/mol", "pmol/item", "fmol/item", "pmol/IU", "pmol/MIU", "L/kg", "mL/kg", "L/(kg*day)", "mL/(kg*day)", "pmol/item/day",
	"item/uL/day", "item/L/day", "1/uL", "1/mL", "1/L", "kg/m^2",
}

// usualOf is usual by dimension; the first spelling of equal units wins.
var usualOf = func() map[Dimension][]spelled {
	m := map[Dimension][]spelled{}
	for _, s := range usual {
		u, err := Parse(s)
		if err != nil {
			panic("unit: " + err.Error())
		}
		m[u.Dim] = append(m[u.Dim], spelled{s, u})
	}
	return m
}()

type spelled struct {
	text string
	unit Unit
}

// String is a spelling that Parse reads back: a usual one ("1/(nM*day)") when
// there is one, otherwise powers of the bases with a factor ("0.3 mol/(m^2*s)").
func (u Unit) String() string {
	for _, s := range usualOf[u.Dim] {
		if s.unit.Equal(u) {
			return s.text
		}
	}
	s := u.powers([bases]string{"m", "kg", "s", "mol", "A", "K", "cd", "item", "IU", "USD"})
	if math.Abs(u.Scale-1) <= 1e-12 {
		return s
	}
	// Twelve digits hide the last bits of products of factors and keep Equal.
	f := strconv.FormatFloat(u.Scale, 'g', 12, 64)
	if s == "1" {
		return f
	}
	if rest, ok := strings.CutPrefix(s, "1/"); ok {
		return f + "/" + rest
	}
	return f + " " + s
}
