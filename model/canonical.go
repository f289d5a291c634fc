package model

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"thymus/unit"
)

// Format is the canonical text of a model: every element on a line of its own, sorted, with
// what it means and without names, notes and places; what changes no result but is known
// about it (uncertainties) follows after an empty line. Two models with the same text
// behave alike, whatever the order of their declarations and the format they came from.
//
// So that the same model gives the same text, what is exactly equal is written in one way:
// a stoichiometry of 1 that is said or not; species written twice on a side; plus, times,
// and, or with their arguments in one list or nested from the left; root(2, x) and
// sqrt(x), log(10, x) and log10(x); parameters of functions by place; units by what they
// are and not how they are spelled; order of an event's assignments; values that a rule or
// initial assignment overrides; "constant" by whether anything changes the element.
// Everything else stays different: an amount is no concentration even at a size of 1, and
// a + (b + c) no (a + b) + c, which differ in the last bits.
func Format(m *Model) string {
	c := newCanon(m)
	var lines, known []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	used := map[string]bool{}
	for _, f := range m.Functions {
		if !used[f.ID] {
			used[f.ID] = true
			add("function %s/%d = %s", f.ID, len(f.Params), c.function(f))
		}
	}
	for _, x := range m.Compartments {
		add("compartment %s = %s [%s]%s", x.ID, c.number(x.Size, x.ID), c.sizes[x.ID], c.flags(x.ID, x.Constant))
	}
	for _, s := range m.Species {
		factor := ""
		if s.ConversionFactor != "" {
			factor = " factor=" + s.ConversionFactor
		}
		add("species %s in %s amount=%s concentration=%s [%s] substance=%t boundary=%t%s%s", s.ID, s.Compartment,
			c.number(s.InitialAmount, s.ID), c.number(s.InitialConc, s.ID), c.species(s), s.SubstanceOnly,
			s.Boundary || s.Constant || c.ruled[s.ID], factor, c.flags(s.ID, s.Constant))
	}
	for _, p := range m.Parameters {
		spread := ""
		if p.Spread != "" && p.Spread != "fixed" {
			spread = fmt.Sprintf(" spread=%q", p.Spread)
		}
		add("parameter %s = %s [%s]%s%s", p.ID, c.number(p.Value, p.ID), c.unit(p.Unit), spread, c.flags(p.ID, p.Constant))
	}
	for _, r := range m.Reactions {
		more := ""
		if r.Fast {
			more += " fast"
		}
		if m.Flux != nil && r.LowerFlux+r.UpperFlux != "" {
			more += fmt.Sprintf(" flux from %s to %s", r.LowerFlux, r.UpperFlux)
		}
		add("reaction %s: %s -> %s; %s%s", r.ID, c.side(r.Reactants), c.side(r.Products), c.text(r.Rate), more)
	}
	for _, r := range m.Rules {
		add("rule %s %s %s", r.Variable, []string{":=", "'=", "0="}[r.Kind], c.text(r.Math))
	}
	for _, x := range m.Initials {
		add("initial %s = %s", x.Symbol, c.text(x.Math))
	}
	for _, e := range m.Events {
		var parts []string
		for _, a := range e.Assignments {
			parts = append(parts, a.Variable+" = "+c.text(a.Math))
		}
		sort.Strings(parts)
		add("event %s at %s after %s priority %s persistent=%t fromTrigger=%t t0=%t: %s", e.ID, c.text(e.Trigger), c.text(e.Delay), c.text(e.Priority), e.Persistent, e.FromTrigger, e.InitialValue, strings.Join(parts, ", "))
	}
	for _, x := range m.Constraints {
		add("constraint %s", c.text(x.Math))
	}
	if m.Flux != nil {
		for _, o := range m.Flux.Objectives {
			add("objective %s", objectiveText(o, o.ID == m.Flux.Active))
		}
	}
	for _, u := range m.Uncertain {
		for _, p := range u.Parts {
			known = append(known, fmt.Sprintf("known of %s: %s", u.Element, c.part(p)))
		}
	}
	sort.Strings(lines)
	sort.Strings(known)
	text := "time [" + c.unit(m.TimeUnit) + "]\n" + strings.Join(lines, "\n") + "\n"
	if len(known) > 0 {
		text += "\n" + strings.Join(known, "\n") + "\n"
	}
	return text
}

// Hash is the SHA-256 of the canonical text, in hexadecimal digits.
func Hash(m *Model) string {
	h := sha256.Sum256([]byte(Format(m)))
	return hex.EncodeToString(h[:])
}

// canon is what Format knows about a model.
type canon struct {
	m       *Model
	defs    map[string]string // texts of the model's units
	spelled map[string]string // canonical spelling of a unit's text
	ruled   map[string]bool   // by an assignment or rate rule
	start   map[string]bool   // values that a rule or initial assignment overrides
	changed map[string]bool   // by rules or events
	free    map[string]bool   // stands in an algebraic rule, which may determine it
	sizes   map[string]string // units of compartments
}

func newCanon(m *Model) *canon {
	c := &canon{m: m, defs: map[string]string{}, spelled: map[string]string{}, ruled: map[string]bool{}, start: map[string]bool{}, changed: map[string]bool{},
		free: map[string]bool{}, sizes: map[string]string{}}
	for _, u := range m.Units {
		c.defs[u.ID] = u.Text
	}
	for _, r := range m.Rules {
		switch r.Kind {
		case Algebraic:
			for _, id := range r.Math.Symbols() {
				c.free[id] = true
			}
			continue
		case Assignment:
			c.start[r.Variable] = true
		}
		c.ruled[r.Variable], c.changed[r.Variable] = true, true
	}
	for _, x := range m.Initials {
		c.start[x.Symbol] = true
	}
	for _, e := range m.Events {
		for _, a := range e.Assignments {
			c.changed[a.Variable] = true
		}
	}
	for _, x := range m.Compartments {
		text := x.Unit
		if text == "" {
			text = map[int]string{3: m.VolumeUnit, 2: m.AreaUnit, 1: m.LengthUnit}[x.Dims]
		}
		c.sizes[x.ID] = c.unit(text)
	}
	return c
}

// number is a value at the start, "-" when something else sets it and "?" when nothing does.
func (c *canon) number(v *float64, id string) string {
	switch {
	case c.start[id]:
		return "-"
	case v == nil:
		return "?"
	}
	return FormatNumber(*v)
}

// flags says whether anything may change an element.
func (c *canon) flags(id string, constant bool) string {
	switch {
	case c.changed[id]:
		return " changes"
	case c.free[id] && !constant:
		return " free"
	}
	return ""
}

func (c *canon) unit(text string) string {
	if s, ok := c.spelled[text]; ok {
		return s
	}
	s := text
	if d, ok := c.defs[text]; ok {
		s = d
	}
	if u, err := unit.Parse(s); err == nil && s != "" {
		s = u.String()
	}
	c.spelled[text] = s
	return s
}

// species is the unit of a species' symbol.
func (c *canon) species(s Species) string {
	if s.Unit != "" {
		return c.unit(s.Unit)
	}
	amount := c.unit(c.m.SubstanceUnit)
	if s.SubstanceOnly || amount == "" {
		return amount
	}
	a, errA := unit.Parse(amount)
	v, errV := unit.Parse(c.sizes[s.Compartment])
	if c.sizes[s.Compartment] == "" || errA != nil || errV != nil {
		return ""
	}
	return a.Div(v).String()
}

// side is one side of a reaction. Numbers of one species are added when that is exact.
func (c *canon) side(list []SpeciesRef) string {
	sum := map[string]float64{}
	var parts []string
	for _, r := range list {
		n := 1.0
		if r.Stoichiometry != nil {
			if r.Stoichiometry.Kind != Number || r.Stoichiometry.Value != float64(int32(r.Stoichiometry.Value)) {
				parts = append(parts, c.text(r.Stoichiometry)+" "+r.Species)
				continue
			}
			n = r.Stoichiometry.Value
		}
		sum[r.Species] += n
	}
	for id, n := range sum {
		parts = append(parts, FormatNumber(n)+" "+id)
	}
	sort.Strings(parts)
	return strings.Join(parts, " + ")
}

func (c *canon) text(e *Expr) string {
	if e == nil {
		return "-"
	}
	return e.Map(c.node).String()
}

// node writes one application the one way it is written; its arguments are done already.
func (c *canon) node(e *Expr) *Expr {
	switch {
	case e.Kind == Number && e.Unit != "":
		if u := c.unit(e.Unit); u != e.Unit {
			d := *e
			d.Unit = u
			return &d
		}
	case e.Kind != Apply || len(e.Args) == 0:
	case (e.Name == "plus" || e.Name == "times") && len(e.Args) == 1:
		return e.Args[0]
	case e.Name == "plus" || e.Name == "times" || e.Name == "and" || e.Name == "or":
		var args []*Expr
		for i, a := range e.Args {
			same := a.Kind == Apply && a.Name == e.Name && len(a.Args) > 1
			if same && (i == 0 || e.Name == "and" || e.Name == "or") { // numbers are added from the left
				args = append(args, a.Args...)
			} else {
				args = append(args, a)
			}
		}
		if len(args) != len(e.Args) {
			return &Expr{Kind: Apply, Name: e.Name, Args: args, At: e.At}
		}
	case len(e.Args) == 1 && e.Name == "minus" && e.Args[0].Kind == Number:
		d := *e.Args[0]
		d.Value = -d.Value
		return &d
	case len(e.Args) == 2 && e.Args[0].Kind == Number && e.Args[0].Unit == "" && (e.Name == "root" && e.Args[0].Value == 2 || e.Name == "log" && e.Args[0].Value == 10):
		return &Expr{Kind: Apply, Name: map[string]string{"root": "sqrt", "log": "log10"}[e.Name], Args: e.Args[1:], At: e.At}
	}
	return e
}

// function is the body with parameters by place.
func (c *canon) function(f Function) string {
	names := map[string]string{}
	for i, p := range f.Params {
		names[p] = "#" + strconv.Itoa(i+1)
	}
	return c.text(f.Body.Rename(names))
}

func objectiveText(o Objective, active bool) string {
	var parts []string
	for _, t := range o.Terms {
		parts = append(parts, FormatNumber(t.Coefficient)+" "+t.Reaction)
	}
	sort.Strings(parts)
	what := "minimize"
	if o.Maximize {
		what = "maximize"
	}
	if active {
		what = "active " + what
	}
	return what + " " + strings.Join(parts, " + ")
}

// part is one statement of an uncertainty.
func (c *canon) part(p UncertainPart) string {
	text := p.Kind
	for _, x := range []struct {
		what string
		e    *Expr
	}{{"", p.Value}, {"from ", p.Lower}, {"to ", p.Upper}, {"", p.Math}} {
		if x.e != nil {
			text += " " + x.what + c.text(x.e)
		}
	}
	if p.Unit != "" {
		text += " [" + c.unit(p.Unit) + "]"
	}
	if p.URL != "" {
		text += " " + strconv.Quote(p.URL)
	}
	var inner []string
	for _, q := range p.Parts {
		inner = append(inner, c.part(q))
	}
	if len(inner) > 0 {
		text += " (" + strings.Join(inner, "; ") + ")"
	}
	return text
}
