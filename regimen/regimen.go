package regimen

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"thymus/diag"
	"thymus/unit"
)

// Quantity is a dose as prescribed: 1.5 MIU, 8 mg/kg, 1 g/m2.
type Quantity struct {
	Value float64
	Unit  string // as written
	Text  string
	At    diag.Place
}

// none is the unit of a quantity that is written without one.
const none = "dimensionless"

// ParseQuantity reads a number and a unit. Negative and endless amounts are refused.
func ParseQuantity(text string, at diag.Place) (Quantity, diag.Messages) {
	t := strings.TrimSpace(text)
	i := strings.IndexAny(t, " \t")
	number, unitText := t, none
	if i > 0 {
		number, unitText = t[:i], strings.TrimSpace(t[i:])
	}
	v, err := strconv.ParseFloat(number, 64)
	q := Quantity{v, unitText, text, at}
	switch {
	case err != nil:
		return q, diag.Messages{diag.Errorf(at, "%q is no dose: expected a number and a unit", text).WithHelp("as in 1.5 MIU, 8 mg/kg or 1 g/m2")}
	case math.IsNaN(v) || math.IsInf(v, 0):
		return q, diag.Messages{diag.Errorf(at, "a dose of %s is not finite", number)}
	case v < 0:
		return q, diag.Messages{diag.Errorf(at, "a dose cannot be negative, here %s", text).WithHelp("did you mean %s?", strings.TrimPrefix(t, "-"))}
	}
	if _, err := unit.Parse(unitText); err != nil {
		return q, diag.Messages{diag.Errorf(at, "%v", err).WithHelp("as in 1.5 MIU, 8 mg/kg or 1 g/m2")}
	}
	return q, nil
}

// Covariates of a patient that doses are scaled by.
type Covariates struct {
	Weight float64 // kg; NaN: not known
	BSA    float64 // m2; NaN: not known
}

// Scale turns a quantity into amounts of a dose route: factor times, per patient, weight
// or body surface.
type Scale struct {
	Factor    float64 // amount in the route's unit for one unit as written
	PerWeight bool
	PerBSA    bool
}

// Amount is the dose of a patient in the route's unit.
func (s Scale) Amount(v float64, c Covariates) float64 {
	v *= s.Factor
	if s.PerWeight {
		v *= c.Weight
	}
	if s.PerBSA {
		v *= c.BSA
	}
	return v
}

// ScaleTo says how a quantity becomes an amount in the unit of a dose route. A dose per
// kilogram or per square metre is multiplied by the patient's weight or surface, unless
// the route itself counts so. Only a unit that names a mass (or a length) is per kilogram
// (or per square metre): a bare 5 is no 5 kg/kg.
func ScaleTo(q Quantity, routeUnit string) (Scale, diag.Messages) {
	from, err := unit.Parse(q.Unit)
	if err != nil {
		return Scale{}, diag.Messages{diag.Errorf(q.At, "%v", err)}
	}
	to, err := unit.Parse(routeUnit)
	if err != nil {
		return Scale{}, diag.Messages{diag.Errorf(q.At, "the dose route has an unknown unit: %v", err)}
	}
	for _, way := range []struct {
		by string
		s  Scale
	}{{"", Scale{}}, {"kg", Scale{PerWeight: true}}, {"m2", Scale{PerBSA: true}}} {
		u := from
		if way.by != "" {
			if !names(q.Unit, way.by) {
				continue
			}
			u = from.Mul(must(way.by))
		}
		if u.SameDimension(to) {
			f, err := unit.Convert(1, u, to)
			if err != nil {
				return Scale{}, diag.Messages{diag.Errorf(q.At, "%v", err)}
			}
			way.s.Factor = f
			return way.s, nil
		}
	}
	written := "a dose in " + q.Unit
	if q.Unit == none {
		written = "a dose without a unit"
	}
	return Scale{}, diag.Messages{diag.Errorf(q.At, "%s does not fit a route that counts in %s", written, routeUnit).
		WithHelp("give it in %s, %s/kg or %s/m2", routeUnit, routeUnit, routeUnit)}
}

// names says whether a unit as written names the unit "kg" (by any mass) or "m2" (by any
// length).
func names(text, by string) bool {
	base := must(strings.TrimRight(by, "2"))
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if u, err := unit.Parse(word); err == nil && u.SameDimension(base) {
			return true
		}
	}
	return false
}

func must(text string) unit.Unit {
	u, err := unit.Parse(text)
	if err != nil {
		panic("regimen: " + err.Error())
	}
	return u
}

// Times says when a dose is given: on days, or every so often.
type Times struct {
	At    []float64
	Every float64
	From  float64
	Until float64 // NaN: no end given
	Count int
}

// mostDoses bounds the doses of one line of a regimen.
const mostDoses = 100_000

// Expand lists the times in order; end bounds a schedule without an end of its own.
func (t Times) Expand(end float64) ([]float64, error) {
	if len(t.At) > 0 {
		out := append([]float64(nil), t.At...)
		sort.Float64s(out)
		return out, nil
	}
	if !(t.Every > 0) {
		return nil, fmt.Errorf("a dose needs days (at) or an interval (every)")
	}
	last := end
	if !math.IsNaN(t.Until) {
		last = math.Min(last, t.Until)
	}
	var out []float64
	for i := 0; t.Count == 0 || i < t.Count; i++ {
		at := t.From + float64(i)*t.Every
		if at > last+1e-9 {
			break
		}
		if len(out) >= mostDoses {
			return nil, fmt.Errorf("more than %d doses", mostDoses)
		}
		out = append(out, at)
	}
	return out, nil
}

// Intervention is one dose of one patient: an action of the compiled model, an amount in
// the route's unit, and for an infusion its duration [days].
type Intervention struct {
	Time     float64
	Action   string
	Amount   float64
	Duration float64
	Label    string
}

// Route is a way into the body that a module's header states:
//
//	dose sc [MIU]: core.Ld = core.Ld + dose*F2*pmolMIU; ...
type Route struct {
	Name, Unit  string
	Assignments []Part
	Text        string
	At          diag.Place
}

// Part is one assignment of a route; Formula is where its text stands in the source.
type Part struct {
	Target   string
	TargetAt diag.Place
	Formula  diag.Place
}

// ParseRoute reads what follows "dose" in a header line; at is its place.
func ParseRoute(at diag.Place) (Route, diag.Messages) {
	text := at.Src.Text[at.Start:at.End]
	r := Route{Text: strings.TrimSpace(text), At: at}
	bad := func(what string) (Route, diag.Messages) {
		return r, diag.Messages{diag.Errorf(at, "%s", what).WithHelp("as in: dose sc [MIU]: Depot = Depot + dose*F")}
	}
	open, shut := strings.IndexByte(text, '['), strings.IndexByte(text, ']')
	if open < 0 || shut < open {
		return bad("a dose route needs its unit in brackets")
	}
	colon := strings.IndexByte(text[shut:], ':')
	if colon < 0 {
		return bad("a dose route needs a colon before what it does")
	}
	colon += shut
	r.Name = strings.TrimSpace(text[:open])
	r.Unit = strings.TrimSpace(text[open+1 : shut])
	if r.Name == "" || strings.ContainsAny(r.Name, " \t") {
		return bad("a dose route needs a name of one word")
	}
	if _, err := unit.Parse(r.Unit); err != nil {
		return r, diag.Messages{diag.Errorf(diag.Place{Src: at.Src, Start: at.Start + open + 1, End: at.Start + shut}, "%v", err)}
	}
	from := colon + 1
	for _, piece := range strings.Split(text[from:], ";") {
		start := at.Start + from
		from += len(piece) + 1
		eq := strings.IndexByte(piece, '=')
		if strings.TrimSpace(piece) == "" {
			continue
		}
		if eq < 0 {
			return bad("a dose route sets something: TARGET = FORMULA")
		}
		lead := len(piece) - len(strings.TrimLeft(piece, " \t"))
		target := strings.TrimSpace(piece[:eq])
		r.Assignments = append(r.Assignments, Part{Target: target,
			TargetAt: diag.Place{Src: at.Src, Start: start + lead, End: start + lead + len(target)},
			Formula:  diag.Place{Src: at.Src, Start: start + eq + 1, End: start + len(piece)}})
	}
	if len(r.Assignments) == 0 {
		return bad("a dose route sets something: TARGET = FORMULA")
	}
	return r, nil
}
