package model

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

// Format is the canonical text of a model: every element on a line of its own, sorted, with
// what it means and without names, notes and places. Two models with the same text behave
// alike, whatever the order of their declarations.
func Format(m *Model) string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	number := func(v *float64) string {
		if v == nil {
			return "?"
		}
		return FormatNumber(*v)
	}
	refs := func(list []SpeciesRef) string {
		var parts []string
		for _, r := range list {
			s := "1"
			if r.Stoichiometry != nil {
				s = r.Stoichiometry.String()
			}
			parts = append(parts, s+" "+r.Species)
		}
		sort.Strings(parts)
		return strings.Join(parts, " + ")
	}
	text := func(e *Expr) string {
		if e == nil {
			return "-"
		}
		return e.String()
	}
	for _, f := range m.Functions {
		add("function %s(%s) = %s", f.ID, strings.Join(f.Params, ", "), text(f.Body))
	}
	for _, c := range m.Compartments {
		add("compartment %s = %s [%s] constant=%t", c.ID, number(c.Size), c.Unit, c.Constant)
	}
	for _, s := range m.Species {
		add("species %s in %s amount=%s concentration=%s [%s] substance=%t boundary=%t constant=%t", s.ID, s.Compartment, number(s.InitialAmount), number(s.InitialConc), s.Unit, s.SubstanceOnly, s.Boundary, s.Constant)
	}
	for _, p := range m.Parameters {
		add("parameter %s = %s [%s] spread=%q constant=%t", p.ID, number(p.Value), p.Unit, p.Spread, p.Constant)
	}
	for _, r := range m.Reactions {
		add("reaction %s: %s -> %s; %s", r.ID, refs(r.Reactants), refs(r.Products), text(r.Rate))
	}
	for _, r := range m.Rules {
		add("rule %s %s %s", r.Variable, []string{":=", "'=", "0="}[r.Kind], text(r.Math))
	}
	for _, x := range m.Initials {
		add("initial %s = %s", x.Symbol, text(x.Math))
	}
	for _, e := range m.Events {
		var parts []string
		for _, a := range e.Assignments {
			parts = append(parts, a.Variable+" = "+text(a.Math))
		}
		add("event %s at %s after %s priority %s persistent=%t fromTrigger=%t t0=%t: %s", e.ID, text(e.Trigger), text(e.Delay), text(e.Priority), e.Persistent, e.FromTrigger, e.InitialValue, strings.Join(parts, ", "))
	}
	sort.Strings(lines)
	return "time [" + m.TimeUnit + "]\n" + strings.Join(lines, "\n") + "\n"
}

// Hash is the SHA-256 of the canonical text, in hexadecimal digits.
func Hash(m *Model) string {
	h := sha256.Sum256([]byte(Format(m)))
	return hex.EncodeToString(h[:])
}
