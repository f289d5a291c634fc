package antimony

import (
	"fmt"
	"math"
	"strings"

	"thymus/model"
)

// reactions writes reactions and what influences them.
func (w *writer) reactions() {
	var reach map[string][]string // what formulas use, made when it is needed
	for _, r := range w.m.Reactions {
		if r.Fast {
			w.warn(r.At, "reaction %s is fast, which Antimony cannot say", r.ID)
		}
		id := w.id(r.ID)
		rate := ""
		if r.Rate != nil {
			rate = w.formula(r.Rate)
		}
		if len(r.Reactants)+len(r.Products) == 0 {
			if strings.Contains(r.ID, ".") {
				w.line("%s = %s;", id, rate)
				continue
			}
			w.line("reaction %s;", id)
			if rate != "" {
				w.line("%s = %s;", id, rate)
			}
		} else {
			arrow := "->"
			if !r.Reversible {
				arrow = "=>"
			}
			left, right := w.side(r, r.Reactants), w.side(r, r.Products)
			if rate != "" {
				rate = " " + rate + ";"
			}
			w.line("%s:%s %s%s;%s", id, left, arrow, right, rate)
		}
		for _, s := range r.Modifiers {
			if r.Rate != nil {
				if reach == nil {
					reach = w.uses()
				}
				if !reaches(reach, r.Rate.Symbols(), s) {
					w.warn(r.At, "%s is a modifier of reaction %s, but its rate does not depend on it; that is not written", s, r.ID)
					continue
				}
			}
			w.line("%s -( %s;", w.id(s), id)
		}
	}
}

// uses lists the symbols in what determines each symbol.
func (w *writer) uses() map[string][]string {
	out := map[string][]string{}
	for _, r := range w.m.Rules {
		if r.Kind == model.Assignment {
			out[r.Variable] = append(out[r.Variable], r.Math.Symbols()...)
		}
	}
	for _, x := range w.m.Initials {
		if len(out[x.Symbol]) == 0 {
			out[x.Symbol] = x.Math.Symbols()
		}
	}
	for _, r := range w.m.Reactions {
		out[r.ID] = r.Rate.Symbols()
	}
	return out
}

func reaches(uses map[string][]string, from []string, to string) bool {
	seen := map[string]bool{}
	for len(from) > 0 {
		id := from[len(from)-1]
		from = from[:len(from)-1]
		if id == to {
			return true
		}
		if !seen[id] {
			seen[id] = true
			from = append(from, uses[id]...)
		}
	}
	return false
}

// side writes the species of one side, with a space before it. A stoichiometry that is no
// number or id gets a parameter of its own, and so does the conversion factor of a species,
// which multiplies it.
func (w *writer) side(r model.Reaction, refs []model.SpeciesRef) string {
	var parts []string
	for i, ref := range refs {
		text := w.id(ref.Species)
		n := ref.Stoichiometry
		if f := w.factorOf(ref.Species); f != "" {
			if n == nil {
				n = model.Sym(f)
			} else {
				n = model.Call("times", model.Sym(f), n)
			}
		}
		if n != nil {
			switch {
			case n.Kind == model.Number && n.Value >= 0 && !math.IsInf(n.Value, 0) && n.Unit == "":
				text = numberText(n.Value) + " " + text
			case n.Kind == model.Symbol && n.Name != model.Time && n.Name != model.Avogadro:
				text = w.id(n.Name) + " " + text
			default:
				id := fmt.Sprintf("%s_%s_n%d", asID(r.ID), asID(ref.Species), i)
				for w.taken[id] || w.global[id] {
					id += "_"
				}
				w.taken[id] = true
				w.line("%s := %s;", id, w.formula(n))
				w.warn(ref.At, "a stoichiometry of %s in reaction %s that is a formula or below 0 is written as the parameter %s", ref.Species, r.ID, id)
				text = id + " " + text
			}
		}
		parts = append(parts, text)
	}
	if parts == nil {
		return ""
	}
	return " " + strings.Join(parts, " + ")
}

// factorOf is the conversion factor of a species, "" when it has none or reactions do not
// change it.
func (w *writer) factorOf(id string) string {
	for i := range w.m.Species {
		if s := &w.m.Species[i]; s.ID == id && !s.Boundary && !s.Constant {
			return s.ConversionFactor
		}
	}
	return ""
}

// reacts tells whether a species is on a side of a reaction.
func (w *writer) reacts(id string) bool {
	for _, r := range w.m.Reactions {
		for _, side := range [][]model.SpeciesRef{r.Reactants, r.Products} {
			for _, s := range side {
				if s.Species == id {
					return true
				}
			}
		}
	}
	return false
}

// warnSpecies tells what of a species is not written.
func (w *writer) warnSpecies(s model.Species) {
	switch {
	case s.Constant && !s.Boundary:
		w.warn(s.At, "species %s is constant; it is written as one that reactions do not change, which Antimony has alone", s.ID)
	case s.Constant:
		w.warn(s.At, "that species %s is constant, too, is not written: reactions do not change it", s.ID)
	case !s.Boundary && w.ruled[s.ID] && w.reacts(s.ID):
		w.warn(s.At, "species %s has a rule, so Antimony takes it as one that reactions do not change", s.ID)
	}
	if s.ConversionFactor != "" {
		w.warn(s.At, "the conversion factor of species %s is written into the stoichiometries of its reactions", s.ID)
	}
	if s.Charge != nil || s.Formula != "" {
		w.warn(s.At, "the charge and chemical formula of species are not written")
	}
}
