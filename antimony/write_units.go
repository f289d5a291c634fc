package antimony

import (
	"fmt"
	"slices"
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/unit"
)

// unitLine is a unit statement to be written, with its display name.
type unitLine struct{ id, text, name string }

// defaultUnit is a unit that holds for what declares none; its text is kept as its name.
func defaultUnit(id, text string) unitLine {
	u, err := unit.Parse(text)
	if err != nil || plainTokens(text) && baseText(u) == text {
		return unitLine{id, text, ""}
	}
	return unitLine{id, baseText(u), text}
}

// defaultText is the unit that holds for all of the model under an id, as SBML calls it.
func (w *writer) defaultText(id string) (string, bool) {
	m := w.m
	text, ok := map[string]string{"time": m.TimeUnit, "time_unit": m.TimeUnit, "substance": m.SubstanceUnit, "volume": m.VolumeUnit,
		"area": m.AreaUnit, "length": m.LengthUnit, "extent": m.ExtentUnit}[id]
	return text, ok
}

// unitID is the id to write for a unit's text.
func (w *writer) unitID(text string) string {
	if id, ok := w.units[text]; ok {
		return id
	}
	u, err := unit.Parse(text)
	id := text
	// A unit that only has a name keeps it.
	if !validID(text) || reserved(text) != "" || err == nil && w.taken[text] {
		id = w.freeID(text)
	}
	w.units[text] = id
	switch {
	case err != nil:
		// Somebody's own unit without a definition.
		if id != text {
			w.unitDef = append(w.unitDef, unitLine{id, "", text})
		}
	case id == text && baseUnits[text]:
	case id == text:
		w.unitDef = append(w.unitDef, unitLine{id, baseText(u), ""})
	default:
		w.unitDef = append(w.unitDef, unitLine{id, baseText(u), text})
	}
	return id
}

// keepUnit writes a definition of the model itself.
func (w *writer) keepUnit(u model.UnitDef) {
	text := u.Text
	if !plainTokens(text) {
		if v, err := unit.Parse(text); err == nil {
			text = baseText(v)
		}
	}
	w.units[u.Text] = w.id(u.ID)
	w.taken[u.ID] = true
	w.unitDef = append(w.unitDef, unitLine{w.id(u.ID), text, u.Name})
}

// plainTokens tells whether a text of unit.Parse means the same to Antimony.
func plainTokens(text string) bool {
	l := lex(&diag.Source{Name: "unit", Text: text}, 0, len(text))
	if len(l.ms) > 0 {
		return false
	}
	for i, t := range l.tokens {
		switch {
		case t.kind == eof:
		case t.kind == number && l.tokens[i+1].kind == word && l.tokens[i+2].is("^"):
			return false
		case t.kind == word && i > 0 && l.tokens[i-1].kind == word:
			return false
		case t.kind == word && (reserved(t.text) != "" || strings.ContainsAny(t.text, "0123456789")):
			return false
		case t.kind == number, t.kind == word, t.is("*"), t.is("/"), t.is("^"), t.is("("), t.is(")"), t.is("-"):
		default:
			return false
		}
	}
	return true
}

// freeID makes an id of a unit's text: per_nM_day of 1/(nM*day).
func (w *writer) freeID(text string) string {
	var s strings.Builder
	text = strings.ReplaceAll(text, "%", "percent")
	if rest, ok := strings.CutPrefix(text, "1/"); ok {
		s.WriteString("per_")
		text = rest
	}
	for _, r := range strings.ReplaceAll(text, "/", "_per_") {
		switch {
		case r < 0x80 && (letter(byte(r)) || digit(byte(r)) && s.Len() > 0):
			s.WriteRune(r)
		case s.Len() > 0 && !strings.HasSuffix(s.String(), "_") && r != '^':
			s.WriteByte('_')
		}
	}
	id := strings.Trim(s.String(), "_")
	if id == "" || reserved(id) != "" {
		id = "unit_" + id
	}
	means := func(id string) bool { // something already
		_, err := unit.Parse(id)
		return err == nil || specialUnits[id]
	}
	for base, n := id, 2; means(id) || w.taken[id] || slices.ContainsFunc(w.unitDef, func(l unitLine) bool { return l.id == id }); n++ {
		id = fmt.Sprintf("%s_u%d", base, n)
	}
	return id
}

// baseText is a unit in terms of SBML's base units.
func baseText(u unit.Unit) string {
	names := [...]string{unit.Length: "metre", unit.Mass: "kilogram", unit.Time: "second", unit.Amount: "mole", unit.Current: "ampere",
		unit.Temperature: "kelvin", unit.Luminosity: "candela", unit.Item: "item", unit.Activity: "IU", unit.Money: "USD"}
	var up, down []string
	for _, i := range [...]int{unit.Amount, unit.Item, unit.Activity, unit.Money, unit.Mass, unit.Length, unit.Temperature, unit.Current, unit.Luminosity, unit.Time} {
		p := int(u.Dim[i])
		text := names[i]
		switch {
		case p == 1:
			up = append([]string{text}, up...) // a factor must stand before a plain name
		case p > 1:
			up = append(up, fmt.Sprintf("%s^%d", text, p))
		case p == -1:
			down = append(down, text)
		case p < -1:
			down = append(down, fmt.Sprintf("%s^%d", text, -p))
		}
	}
	if len(up) == 0 || u.Scale != 1 && strings.Contains(up[0], "^") {
		up = append([]string{"dimensionless"}, up...)
	}
	s := strings.Join(up, "*")
	if len(down) > 0 {
		s += "/" + strings.Join(down, "/")
	}
	if u.Scale != 1 {
		s = numberText(u.Scale) + " " + s
	}
	return s
}

func (w *writer) writeUnits() {
	for _, u := range w.unitDef {
		if u.text == "" {
			w.line("unit %s;", u.id)
		} else {
			w.line("unit %s = %s;", u.id, u.text)
		}
		if u.name != "" {
			w.line("%s is %s;", u.id, quote(u.name))
		}
	}
}

func validID(s string) bool {
	if s == "" || digit(s[0]) {
		return false
	}
	for i := range len(s) {
		if !letter(s[i]) && !digit(s[i]) {
			return false
		}
	}
	return true
}
