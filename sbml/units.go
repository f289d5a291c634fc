package sbml

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/unit"
)

// unitText is what a unit's id means: a text that unit.Parse reads, "" when it means nothing
// that can be expressed.
type unitText struct {
	text string
	u    unit.Unit
	ok   bool
	at   diag.Place
}

// baseKinds are the units that SBML knows by name, as unit.Parse spells them.
var baseKinds = func() map[string]unit.Unit {
	out := map[string]unit.Unit{}
	for _, n := range strings.Fields("ampere avogadro becquerel candela coulomb dimensionless farad gram gray henry hertz item joule katal kelvin kilogram " +
		"liter litre lumen lux meter metre mole newton ohm pascal radian second siemens sievert steradian tesla volt watt weber") {
		out[n] = unit.MustParse(n)
	}
	return out
}()

// builtin are the units that Levels 1 and 2 have without a definition.
var builtin = map[string]string{"substance": "mol", "volume": "L", "area": "m^2", "length": "m", "time": "s"}

// readUnits reads the unit definitions. In the model.Model every unit is written out, in the
// spelling that unit.Unit gives it.
func (m *modelReader) readUnits() {
	if m.version < 30 {
		for id, text := range builtin {
			m.units[id] = unitText{text: text, u: unit.MustParse(text), ok: true}
		}
	}
	m.each("listOfUnitDefinitions", func(n *node) {
		id := m.idOf(n)
		if id == "" {
			return
		}
		at := m.atAttr(n, "id")
		if old, ok := m.units[id]; ok && old.at.Known() {
			m.add(diag.Errorf(at, "the unit %s is defined twice", id).WithNote(old.at, "the other"))
			return
		}
		if _, ok := baseKinds[id]; ok && m.version >= 20 {
			m.add(diag.Errorf(at, "%s is a unit that SBML defines", id).WithHelp("give this unit another id"))
			return
		}
		u, ok := m.unitDefinition(n)
		// Write names what SBML has no unit for.
		if named, err := unit.Parse(m.nameOf(n)); err == nil && ok && (named.Dim[unit.Activity] != 0 || named.Dim[unit.Money] != 0) {
			plain := named
			plain.Dim[unit.Activity], plain.Dim[unit.Money] = 0, 0
			if plain.Equal(u) {
				u = named
			}
		}
		d := unitText{u: u, ok: ok, at: at}
		if ok {
			d.text = u.String()
			if _, err := unit.Parse(d.text); err != nil {
				d.ok, d.text = false, ""
				m.add(diag.Warnf(at, "the unit %s has a factor or power beyond what units may have; it is read as unknown", id))
			}
		}
		m.units[id] = d
		if d.ok {
			m.m.Units = append(m.m.Units, model.UnitDef{ID: id, Name: m.nameOf(n), Text: d.text, At: m.at(n)})
		}
	})
}

// unitDefinition multiplies the units of a definition: each is (multiplier * 10^scale * kind)^exponent.
func (m *modelReader) unitDefinition(n *node) (unit.Unit, bool) {
	product, ok := unit.One, true
	if l := n.child("listOfUnits"); l != nil {
		m.checkList(l, "")
	}
	for _, c := range n.list("listOfUnits") {
		if c.space != m.core || c.name != "unit" {
			continue
		}
		u, good := m.unit(c)
		product, ok = product.Mul(u), ok && good
	}
	return product, ok
}

func (m *modelReader) unit(n *node) (unit.Unit, bool) {
	kind := m.text(n, "kind")
	base, ok := baseKinds[kind]
	if !ok {
		if strings.EqualFold(kind, "celsius") {
			m.add(diag.Warnf(m.atAttr(n, "kind"), "degrees Celsius have another zero than kelvin, so they are no factor; the unit is read as unknown"))
			return unit.One, false
		}
		if kind != "" {
			m.add(diag.Errorf(m.atAttr(n, "kind"), "%q is no unit that SBML defines", short(kind)).WithHelp("%s", diag.DidYouMean(kind, sorted(keys(baseKinds)))))
		}
		return unit.One, false
	}
	exponent, multiplier := 1.0, 1.0
	if v := m.number(n, "exponent"); v != nil {
		exponent = *v
	}
	scale := m.whole(n, "scale", 0)
	if v := m.number(n, "multiplier"); v != nil {
		multiplier = *v
	}
	if v := m.number(n, "offset"); v != nil && *v != 0 {
		m.add(diag.Warnf(m.atAttr(n, "offset"), "a unit with an offset is no factor; it is read as unknown"))
		return unit.One, false
	}
	if exponent == 0 {
		return unit.One, true
	}
	if exponent != math.Trunc(exponent) || math.Abs(exponent) > 50 {
		m.add(diag.Warnf(m.atAttr(n, "exponent"), "a unit to the power %g is read as unknown: powers are whole numbers up to 50", exponent))
		return unit.One, false
	}
	if !(multiplier > 0) || math.IsInf(multiplier, 0) || scale > 300 || scale < -300 {
		m.add(diag.Warnf(m.atAttr(n, "multiplier"), "a unit's factor is a positive number; this unit is read as unknown"))
		return unit.One, false
	}
	power, _ := strconv.ParseFloat("1e"+strconv.Itoa(scale), 64)
	factor := unit.Unit{Scale: multiplier * power}
	return factor.Mul(base).Pow(int(exponent)), true
}

// unitNamed is the text of the unit that an id means, "" when it means none; it reports an
// unknown id.
func (m *modelReader) unitNamed(id string, at diag.Place) string {
	if id == "" {
		return ""
	}
	if d, ok := m.units[id]; ok {
		return d.text
	}
	if u, ok := baseKinds[id]; ok {
		return u.String()
	}
	if strings.EqualFold(id, "celsius") {
		m.add(diag.Warnf(at, "degrees Celsius have another zero than kelvin, so they are no factor; the unit is read as unknown"))
		return ""
	}
	known := append(keys(baseKinds), keys(m.units)...)
	m.add(diag.Warnf(at, "there is no unit %s; it is read as unknown", short(id)).WithHelp("%s", diag.DidYouMean(id, sorted(known))))
	return ""
}

// unitAttr is the text of the unit that an attribute names.
func (m *modelReader) unitAttr(n *node, name string) string {
	return m.unitNamed(m.text(n, name), m.atAttr(n, name))
}

// defaults sets the units of things that declare none, and the model's conversion factor.
func (m *modelReader) defaults() {
	if m.version >= 30 {
		m.m.SubstanceUnit = m.unitAttr(m.n, "substanceUnits")
		m.m.TimeUnit = m.unitAttr(m.n, "timeUnits")
		m.m.VolumeUnit = m.unitAttr(m.n, "volumeUnits")
		m.m.AreaUnit = m.unitAttr(m.n, "areaUnits")
		m.m.LengthUnit = m.unitAttr(m.n, "lengthUnits")
		m.m.ExtentUnit = m.unitAttr(m.n, "extentUnits")
		if m.n.attr("conversionFactor") != nil {
			m.refer(m.n, "conversionFactor", aParameter)
		}
		return
	}
	m.m.SubstanceUnit, m.m.ExtentUnit = m.units["substance"].text, m.units["substance"].text
	m.m.TimeUnit = m.units["time"].text
	m.m.VolumeUnit, m.m.AreaUnit, m.m.LengthUnit = m.units["volume"].text, m.units["area"].text, m.units["length"].text
}

// speciesUnit is the unit of a species' symbol, as far as the species says it.
func (m *modelReader) speciesUnit(n *node, substanceOnly bool) string {
	attribute := "substanceUnits"
	if m.version < 20 {
		attribute = "units"
	}
	amount := m.unitAttr(n, attribute)
	size := m.unitAttr(n, "spatialSizeUnits")
	if substanceOnly {
		return amount
	}
	if amount == "" && size == "" {
		return ""
	}
	if amount == "" {
		amount = m.m.SubstanceUnit
	}
	if size == "" {
		size = m.sizeUnit(m.text(n, "compartment"))
	}
	return quotient(amount, size)
}

// sizeUnit is the unit of a compartment's size.
func (m *modelReader) sizeUnit(id string) string {
	e := m.ids[id]
	if e == nil || e.kind != aCompartment {
		return ""
	}
	if u := m.text(e.n, "units"); u != "" {
		return m.units[u].orBase(u)
	}
	dims := 3.0
	if v, ok := parseNumber(m.text(e.n, "spatialDimensions")); ok {
		dims = v
	} else if m.version >= 30 {
		return "" // no dimensions, no default
	}
	switch dims {
	case 1:
		return m.m.LengthUnit
	case 2:
		return m.m.AreaUnit
	case 3:
		return m.m.VolumeUnit
	}
	return ""
}

func (d unitText) orBase(id string) string {
	if d.text == "" {
		if u, ok := baseKinds[id]; ok {
			return u.String()
		}
	}
	return d.text
}

// quotient is the unit a/b, "" when one is not known.
func quotient(a, b string) string {
	if a == "" || b == "" {
		return ""
	}
	x, err := unit.Parse(a)
	y, more := unit.Parse(b)
	if err != nil || more != nil {
		return ""
	}
	text := x.Div(y).String()
	if _, err := unit.Parse(text); err != nil {
		return ""
	}
	return text
}

// factor is how many units of to one unit of from is; 1 when they are the same or unknown.
func factor(from, to string) float64 {
	if from == "" || to == "" || from == to {
		return 1
	}
	x, err := unit.Parse(from)
	y, more := unit.Parse(to)
	if err != nil || more != nil || x.Dim != y.Dim || x.Equal(y) {
		return 1
	}
	return x.Scale / y.Scale
}

func scaled(x *model.Expr, by float64) *model.Expr {
	if x == nil || by == 1 {
		return x
	}
	return &model.Expr{Kind: model.Apply, Name: "times", Args: []*model.Expr{model.Num(by), x}, At: x.At}
}

// inTime converts an event's delay to the model's unit of time (Level 2 Versions 1 and 2).
func (m *modelReader) inTime(x *model.Expr, n *node) *model.Expr {
	if m.version > 22 {
		return x
	}
	return scaled(x, factor(m.unitAttr(n, "timeUnits"), m.m.TimeUnit))
}

// inExtentPerTime converts a rate to the model's units of substance per time (Level 1 and
// Level 2 Version 1).
func (m *modelReader) inExtentPerTime(x *model.Expr, law *node) *model.Expr {
	if m.version > 21 {
		return x
	}
	return scaled(x, factor(m.unitAttr(law, "substanceUnits"), m.m.SubstanceUnit)/factor(m.unitAttr(law, "timeUnits"), m.m.TimeUnit))
}

func keys[V any](in map[string]V) []string {
	var out []string
	for k := range in {
		out = append(out, k)
	}
	return out
}

func sorted(list []string) []string {
	sort.Strings(list)
	return list
}
