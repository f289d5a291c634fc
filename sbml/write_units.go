package sbml

import (
	"math"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/unit"
)

// baseOrder lists the units of SBML in the order in which a unit is looked for among them.
var baseOrder = strings.Fields("dimensionless item mole litre second metre kilogram gram kelvin ampere candela avogadro newton joule watt pascal volt hertz " +
	"katal coulomb farad ohm siemens weber tesla henry gray lux")

// unitID is the id to write for a unit's text, "" when it has no meaning that SBML can write.
func (w *writer) unitID(text string) string {
	if text == "" {
		return ""
	}
	if id, ok := w.units[text]; ok {
		return id
	}
	u, err := unit.Parse(text)
	if err != nil {
		w.units[text] = ""
		w.add(diag.Warnf(w.m.at, "the unit %q has no definition; it is not written", text))
		return ""
	}
	for _, name := range baseOrder {
		if v := baseKinds[name]; v.Equal(u) {
			w.units[text] = name
			return name
		}
	}
	for _, d := range w.defs {
		if d.u.Equal(u) && !d.hidden {
			w.units[text] = d.id
			return d.id
		}
	}
	id := w.freeUnit(unitName(text))
	w.units[text] = id
	w.defs = append(w.defs, unitDef{id: id, u: u})
	return id
}

// unitDef is a unit definition to write.
type unitDef struct {
	id, name string
	u        unit.Unit
	hidden   bool // an id that formulas of the model do not use, such as substance
}

// freeUnit is a unit id that nothing else has, and takes it.
func (w *writer) freeUnit(id string) string {
	for w.unitIDs[id] || baseKinds[id] != (unit.Unit{}) {
		id += "_"
	}
	w.unitIDs[id] = true
	return id
}

// unitName makes an identifier of a unit's text: 1/(nM*day) is per_nM_day.
func unitName(text string) string {
	text = strings.NewReplacer("1/(", "per_", "1/", "per_", "/", "_per_", "*", "_", " ", "_", "^-", "_minus", "^", "", "(", "", ")", "", "%", "percent", "µ", "u", ".", "_", "-", "_", "+", "").Replace(text)
	var b strings.Builder
	for _, r := range text {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			b.WriteRune(r)
		}
	}
	id := strings.Trim(b.String(), "_")
	if id == "" || id[0] >= '0' && id[0] <= '9' {
		id = "unit_" + id
	}
	return id
}

// unitDefinition writes a definition.
func (w *writer) unitDefinition(d unitDef) {
	name := d.name
	if d.u.Dim[unit.Activity] != 0 || d.u.Dim[unit.Money] != 0 {
		name = d.u.String() // SBML has neither international units nor money; the reader takes them from the name
	}
	w.x.open("unitDefinition", "id", d.id, "name", name)
	w.x.open("listOfUnits")
	for _, f := range unitFactors(d.u) {
		w.x.empty("unit", "kind", f.kind, "exponent", strconv.Itoa(f.exponent), "scale", strconv.Itoa(f.scale), "multiplier", numberText(f.multiplier))
	}
	w.x.close("listOfUnits")
	w.x.close("unitDefinition")
}

// unitFactor is (multiplier * 10^scale * kind)^exponent.
type unitFactor struct {
	kind            string
	exponent, scale int
	multiplier      float64
}

// tenfold tells whether x is a power of ten, and which.
func tenfold(x float64) (int, bool) {
	n := int(math.Round(math.Log10(x)))
	power, _ := strconv.ParseFloat("1e"+strconv.Itoa(n), 64)
	return n, math.Abs(x-power) <= 1e-12*power
}

// unitFactors writes a unit as a product of SBML's units.
func unitFactors(u unit.Unit) []unitFactor {
	// One unit of SBML with a prefix or a factor: mmol, mL, day.
	for _, name := range baseOrder {
		v := baseKinds[name]
		for _, e := range []int{1, -1} {
			if v.Pow(e).Dim != u.Dim {
				continue
			}
			ratio := u.Scale / v.Pow(e).Scale
			if n, ok := tenfold(ratio); ok {
				return []unitFactor{{name, e, n * e, 1}}
			}
			if e == 1 {
				return []unitFactor{{name, 1, 0, ratio}}
			}
		}
	}
	var out []unitFactor
	rest := u.Scale
	add := func(kind string, exponent int) {
		if exponent != 0 {
			out = append(out, unitFactor{kind, exponent, 0, 1})
			rest /= baseKinds[kind].Pow(exponent).Scale
		}
	}
	length := int(u.Dim[unit.Length])
	add("mole", int(u.Dim[unit.Amount]))
	add("item", int(u.Dim[unit.Item]))
	add("kilogram", int(u.Dim[unit.Mass]))
	if length%3 == 0 {
		add("litre", length/3)
	} else {
		add("metre", length)
	}
	add("second", int(u.Dim[unit.Time]))
	add("ampere", int(u.Dim[unit.Current]))
	add("kelvin", int(u.Dim[unit.Temperature]))
	add("candela", int(u.Dim[unit.Luminosity]))
	if len(out) == 0 {
		return []unitFactor{{"dimensionless", 1, 0, rest}}
	}
	if math.Abs(rest-1) <= 1e-15 {
		return out
	}
	if n, ok := tenfold(rest); ok {
		for i := range out {
			if out[i].exponent == 1 || out[i].exponent == -1 {
				out[i].scale = n * out[i].exponent
				return out
			}
		}
	}
	return append(out, unitFactor{"dimensionless", 1, 0, rest})
}
