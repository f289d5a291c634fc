package model

import (
	"fmt"
	"math"

	"thymus/diag"
	"thymus/unit"
)

// UnitReport is what a check of units found.
type UnitReport struct {
	Messages diag.Messages
	Unknown  []string     // symbols whose unit is neither stated nor to be inferred
	Literals []diag.Place // numbers other than 0, 1 and 2 that stand in formulas
}

// measured is a unit that may be unknown, or any (of the number 0 and of NaN).
type measured struct {
	u     unit.Unit
	known bool
	any   bool
}

type unitChecker struct {
	m       *Model
	r       *UnitReport
	units   map[string]measured
	at      map[string]diag.Place // where a unit was given
	formula map[string]*Expr      // what defines a symbol without a unit
	busy    map[string]bool
	time    measured
	defs    map[string]string
	funcs   map[string]*Function
	told    map[diag.Place]bool
	species map[string]*Species
	calls   int // depth of calls of user functions
}

// CheckUnits infers the unit of every formula and reports those that do not fit: sums of
// different things, rates that are not amounts per time, exponents with a unit, and units
// of one dimension but another size. A symbol without a stated unit takes that of the
// formula that defines it; where nothing says, it fits everything and is listed.
func CheckUnits(m *Model) UnitReport {
	r := UnitReport{}
	c := &unitChecker{m: m, r: &r, units: map[string]measured{}, at: map[string]diag.Place{}, formula: map[string]*Expr{}, busy: map[string]bool{},
		defs: map[string]string{}, funcs: map[string]*Function{}, told: map[diag.Place]bool{}, species: map[string]*Species{}}
	for _, d := range m.Units {
		c.defs[d.ID] = d.Text
	}
	for i := range m.Functions {
		c.funcs[m.Functions[i].ID] = &m.Functions[i]
	}
	state := func(id, text string, at diag.Place) {
		if text == "" {
			return
		}
		if d, ok := c.defs[text]; ok {
			text = d
		}
		u, err := unit.Parse(text)
		if err != nil {
			r.Messages = append(r.Messages, diag.Errorf(at, "%s: %v", id, err))
			return
		}
		c.units[id] = measured{u: u, known: true}
		c.at[id] = at
	}
	for _, x := range m.Compartments {
		state(x.ID, x.Unit, x.At)
	}
	for i, x := range m.Species {
		state(x.ID, x.Unit, x.At)
		c.species[x.ID] = &m.Species[i]
	}
	for _, x := range m.Parameters {
		at := x.TableAt
		if at.Src == nil {
			at = x.At
		}
		state(x.ID, x.Unit, at)
	}
	for _, x := range m.Rules {
		if x.Kind == Assignment {
			c.formula[x.Variable] = x.Math
		}
	}
	for _, x := range m.Initials {
		if c.formula[x.Symbol] == nil {
			c.formula[x.Symbol] = x.Math
		}
	}
	for _, x := range m.Reactions {
		c.formula[x.ID] = x.Rate
	}
	if m.TimeUnit != "" {
		text := m.TimeUnit
		if d, ok := c.defs[text]; ok {
			text = d
		}
		if u, err := unit.Parse(text); err == nil {
			c.time = measured{u: u, known: true}
		}
	}
	for _, x := range m.Rules {
		got := c.expr(x.Math, nil)
		switch x.Kind {
		case Assignment:
			c.fits(x.Math.At, got, c.symbol(x.Variable), x.Variable, "the formula of "+x.Variable)
		case Rate:
			want := c.symbol(x.Variable)
			if want.known && c.time.known {
				want.u = want.u.Div(c.time.u)
				c.fits(x.Math.At, got, want, x.Variable, "the rate of change of "+x.Variable)
			}
		}
	}
	for _, x := range m.Initials {
		c.fits(x.Math.At, c.expr(x.Math, nil), c.symbol(x.Symbol), x.Symbol, "the formula of "+x.Symbol)
	}
	for _, x := range m.Reactions {
		if x.Rate == nil {
			continue
		}
		got := c.expr(x.Rate, nil)
		if len(x.Reactants)+len(x.Products) == 0 || !c.time.known {
			continue
		}
		for _, ref := range append(append([]SpeciesRef(nil), x.Reactants...), x.Products...) {
			s := c.species[ref.Species]
			want := c.symbol(ref.Species)
			if s == nil || !want.known {
				continue
			}
			if !s.SubstanceOnly {
				size := c.symbol(s.Compartment)
				if !size.known {
					continue
				}
				want.u = want.u.Mul(size.u)
			}
			want.u = want.u.Div(c.time.u)
			c.fits(x.Rate.At, got, want, ref.Species, "a rate is amount per time, for "+ref.Species)
		}
	}
	for _, e := range m.Events {
		c.expr(e.Trigger, nil)
		if e.Delay != nil {
			c.fits(e.Delay.At, c.expr(e.Delay, nil), c.time, "time", "a delay")
		}
		for _, a := range e.Assignments {
			c.fits(a.Math.At, c.expr(a.Math, nil), c.symbol(a.Variable), a.Variable, "the value of "+a.Variable)
		}
	}
	for _, x := range m.Parameters {
		if u := c.symbol(x.ID); !u.known && !u.any {
			r.Unknown = append(r.Unknown, x.ID)
		}
	}
	r.Messages.Sort()
	return r
}

// symbol is the unit of a symbol: as stated, or of the formula that defines it.
func (c *unitChecker) symbol(id string) measured {
	if id == Time {
		return c.time
	}
	if u, ok := c.units[id]; ok {
		return u
	}
	f := c.formula[id]
	if f == nil || c.busy[id] {
		return measured{}
	}
	c.busy[id] = true
	u := c.expr(f, nil)
	c.busy[id] = false
	c.units[id] = u
	return u
}

func (c *unitChecker) tell(m diag.Message) {
	if !c.told[m.At] {
		c.told[m.At] = true
		c.r.Messages = append(c.r.Messages, m)
	}
}

// fits reports a formula whose unit is not what it must be.
func (c *unitChecker) fits(at diag.Place, got, want measured, id, what string) {
	if !got.known || !want.known || got.any || want.any || got.u.Equal(want.u) {
		return
	}
	m := diag.Errorf(at, "units do not match: %s is %s, the formula gives %s", what, want.u, got.u).
		WithHelp("a factor in %s is missing", want.u.Div(got.u))
	if got.u.SameDimension(want.u) {
		f, err := unit.Convert(1, got.u, want.u)
		if err == nil {
			m = diag.Errorf(at, "units do not match: %s is in %s, the formula gives %s", what, want.u, got.u).WithHelp("multiply by %s, as a parameter with a unit", FormatNumber(f))
		}
	}
	if p, ok := c.at[id]; ok && p.Src != nil {
		m = m.WithNote(p, "%s is in %s", id, want.u)
	}
	c.tell(m)
}

var dimensionless = measured{u: func() unit.Unit { u, _ := unit.Parse("dimensionless"); return u }(), known: true}

// expr is the unit of a formula; args gives those of a user function's parameters.
func (c *unitChecker) expr(e *Expr, args map[string]measured) measured {
	if e == nil {
		return measured{}
	}
	switch e.Kind {
	case Number:
		if e.Unit != "" {
			text := e.Unit
			if d, ok := c.defs[text]; ok {
				text = d
			}
			if u, err := unit.Parse(text); err == nil {
				return measured{u: u, known: true}
			}
			return measured{}
		}
		switch {
		case e.Value == 0 || math.IsNaN(e.Value) || math.IsInf(e.Value, 0):
			return measured{any: true}
		case e.Value == 1 || e.Value == 2 || e.Value == -1:
			return dimensionless
		}
		c.r.Literals = append(c.r.Literals, e.At)
		return dimensionless
	case Symbol:
		if args != nil {
			if u, ok := args[e.Name]; ok {
				return u
			}
		}
		return c.symbol(e.Name)
	}
	in := make([]measured, len(e.Args))
	for i, a := range e.Args {
		in[i] = c.expr(a, args)
	}
	if f, ok := c.funcs[e.Name]; ok {
		if c.calls > 50 || f.Body == nil { // a function that calls itself; the compiler refuses it
			return measured{}
		}
		c.calls++
		defer func() { c.calls-- }()
		inner := map[string]measured{}
		for i, p := range f.Params {
			if i < len(in) {
				inner[p] = in[i]
			}
		}
		before := len(c.r.Messages)
		u := c.expr(f.Body, inner)
		for i := before; i < len(c.r.Messages); i++ { // blame the call, not the function
			c.r.Messages[i] = c.r.Messages[i].WithNote(e.At, "in this call of %s", e.Name)
		}
		c.told = map[diag.Place]bool{}
		return u
	}
	row := FunctionNamed(e.Name)
	if row == nil {
		return measured{}
	}
	switch row.Unit {
	case UnitSame:
		return c.same(e, in, 0, 1)
	case UnitProduct:
		out := dimensionless
		for _, u := range in {
			if u.any {
				continue // 0 times anything
			}
			if !u.known {
				return measured{}
			}
			out.u = out.u.Mul(u.u)
		}
		return out
	case UnitQuotient:
		if in[0].any {
			return measured{any: true}
		}
		if !in[0].known || !in[1].known {
			return measured{}
		}
		return measured{u: in[0].u.Div(in[1].u), known: true}
	case UnitPower:
		if in[1].known && !in[1].any && !in[1].u.Equal(dimensionless.u) {
			c.tell(diag.Errorf(e.Args[1].At, "an exponent is a pure number, this is %s", in[1].u))
		}
		if !in[0].known || in[0].any {
			return in[0]
		}
		if in[0].u.Equal(dimensionless.u) {
			return dimensionless
		}
		if e.Args[1].Kind == Number && e.Args[1].Value == math.Trunc(e.Args[1].Value) && math.Abs(e.Args[1].Value) < 20 {
			return measured{u: power(in[0].u, int(e.Args[1].Value)), known: true}
		}
		if e.Args[1].Kind == Symbol { // K^n with a parameter n: only ratios of such powers make sense
			return measured{}
		}
		c.tell(diag.Errorf(e.At, "a quantity in %s has a power that is no whole number", in[0].u).WithHelp("divide by a reference with the same unit first"))
		return measured{}
	case UnitNone:
		for i, u := range in {
			if u.known && !u.any && !u.u.Equal(dimensionless.u) {
				c.tell(diag.Errorf(e.Args[i].At, "%s takes a pure number, this is %s", e.Name, u.u).WithHelp("divide by a reference with the same unit first"))
			}
		}
		return dimensionless
	case UnitRoot:
		return measured{}
	case UnitCompare:
		c.same(e, in, 0, 1)
		return dimensionless
	case UnitLogic:
		return dimensionless
	case UnitPieces:
		return c.same(e, in, 0, 2)
	case UnitRate:
		if in[0].known && c.time.known {
			return measured{u: in[0].u.Div(c.time.u), known: true}
		}
	case UnitDelay:
		return in[0]
	}
	return measured{}
}

func power(u unit.Unit, n int) unit.Unit {
	out := dimensionless.u
	for i := 0; i < n; i++ {
		out = out.Mul(u)
	}
	for i := 0; i > n; i-- {
		out = out.Div(u)
	}
	return out
}

// same checks that arguments first, first+step, ... share a unit and gives it.
func (c *unitChecker) same(e *Expr, in []measured, first, step int) measured {
	var out measured
	where := -1
	all := true
	for i := first; i < len(in); i += step {
		u := in[i]
		if step == 2 && len(in)%2 == 1 && i == len(in)-1 {
			// the last value of piecewise stands alone
		}
		switch {
		case u.any:
		case !u.known:
			all = false
		case where < 0:
			out, where = u, i
		case !out.u.Equal(u.u):
			m := diag.Errorf(e.Args[i].At, "units do not match: this is %s, but %s is %s", u.u, clipped(e.Args[where]), out.u)
			if out.u.SameDimension(u.u) {
				if f, err := unit.Convert(1, u.u, out.u); err == nil {
					m = m.WithHelp("multiply by %s, as a parameter with a unit", FormatNumber(f))
				}
			}
			c.tell(m)
		}
	}
	if where < 0 && all {
		return measured{any: true}
	}
	if where < 0 {
		return measured{}
	}
	return out
}

func clipped(e *Expr) string {
	s := e.String()
	if len(s) > 60 {
		s = s[:57] + "..."
	}
	return fmt.Sprintf("%q", s)
}
