package sbml

import (
	"math"
	"slices"
	"strconv"

	"thymus/diag"
	"thymus/model"
	"thymus/unit"
)

// body writes what stands behind the unit definitions.
func (w *writer) body() {
	m := w.m.Model
	list(w, "listOfCompartments", m.Compartments, w.compartment)
	list(w, "listOfSpecies", m.Species, w.species)
	var parameters []model.Parameter
	for _, p := range m.Parameters {
		if !w.inRef[p.ID] {
			parameters = append(parameters, p)
		}
	}
	list(w, "listOfParameters", parameters, w.parameter)
	list(w, "listOfInitialAssignments", m.Initials, func(x model.Initial) {
		w.x.open("initialAssignment", "metaid", x.Meta, "symbol", w.id(x.Symbol))
		w.math(x.Math, false)
		w.x.close("initialAssignment")
	})
	list(w, "listOfRules", append(append([]model.Rule(nil), m.Rules...), w.m.rules...), w.rule)
	list(w, "listOfConstraints", m.Constraints, w.constraint)
	reactions := make([]*model.Reaction, len(m.Reactions))
	for i := range m.Reactions {
		reactions[i] = &m.Reactions[i]
	}
	list(w, "listOfReactions", reactions, w.reaction)
	list(w, "listOfEvents", m.Events, w.event)
	w.flux()
}

func (w *writer) compartment(c model.Compartment) {
	w.x.element("compartment", append(w.sbase(c.ID, ""), "id", w.id(c.ID), "name", c.Name, "spatialDimensions", strconv.Itoa(c.Dims),
		"size", valueText(c.Size), "units", w.unitID(c.Unit), "constant", strconv.FormatBool(c.Constant)), func() { w.said(c.ID) })
}

func (w *writer) species(s model.Species) {
	attributes := append(w.sbase(s.ID, ""), "id", w.id(s.ID), "name", s.Name, "compartment", w.id(s.Compartment),
		"initialAmount", valueText(s.InitialAmount), "initialConcentration", valueText(s.InitialConc), "substanceUnits", w.substanceUnit(s),
		"hasOnlySubstanceUnits", strconv.FormatBool(s.SubstanceOnly), "boundaryCondition", strconv.FormatBool(s.Boundary), "constant", strconv.FormatBool(s.Constant))
	if s.ConversionFactor != "" {
		attributes = append(attributes, "conversionFactor", w.id(s.ConversionFactor))
	}
	if s.Charge != nil {
		if v := *s.Charge; v == math.Trunc(v) && math.Abs(v) < 1<<31 {
			attributes = append(attributes, "fbc:charge", strconv.Itoa(int(v)))
		} else {
			w.add(diag.Warnf(s.At, "the charge %g of %s is not written: it is no whole number", v, s.ID))
		}
	}
	attributes = append(attributes, "fbc:chemicalFormula", s.Formula)
	w.x.element("species", attributes, func() { w.said(s.ID) })
}

// substanceUnit is the unit of a species' amount: that of a concentration times the size's.
func (w *writer) substanceUnit(s model.Species) string {
	if s.Unit == "" {
		return ""
	}
	if s.SubstanceOnly {
		return w.unitID(s.Unit)
	}
	m := w.m.Model
	size := ""
	for _, c := range m.Compartments {
		if c.ID == s.Compartment {
			if size = c.Unit; size == "" && c.Dims >= 1 && c.Dims <= 3 {
				size = [...]string{m.LengthUnit, m.AreaUnit, m.VolumeUnit}[c.Dims-1]
			}
		}
	}
	x, err := unit.Parse(s.Unit)
	y, more := unit.Parse(size)
	if err != nil {
		return w.unitID(s.Unit)
	}
	if size == "" || more != nil {
		w.add(diag.Warnf(s.At, "the unit of %s (%s) is not written: its compartment %s has none, and SBML gives species units of amounts", s.ID, s.Unit, s.Compartment))
		return ""
	}
	return w.unitID(x.Mul(y).String())
}

func (w *writer) parameter(p model.Parameter) {
	w.x.element("parameter", append(w.sbase(p.ID, ""), "id", w.id(p.ID), "name", p.Name, "value", valueText(p.Value), "units", w.unitID(p.Unit),
		"constant", strconv.FormatBool(p.Constant)), func() { w.said(p.ID) })
}

func (w *writer) rule(r model.Rule) {
	name := [...]string{"assignmentRule", "rateRule", "algebraicRule"}[r.Kind]
	variable := ""
	if r.Kind != model.Algebraic {
		variable = w.id(r.Variable)
	}
	w.x.open(name, "metaid", r.Meta, "variable", variable)
	w.math(r.Math, false)
	w.x.close(name)
}

func (w *writer) constraint(c model.Constraint) {
	attributes := w.sbase(c.ID, c.Meta)
	if w.version >= 32 && c.ID != "" {
		attributes = append(attributes, "id", w.id(c.ID), "name", c.Name)
	}
	w.x.open("constraint", attributes...)
	w.said(c.ID)
	w.math(c.Math, true)
	if c.Message != "" {
		w.notes("message", []string{c.Message})
	}
	w.x.close("constraint")
}

func (w *writer) reaction(r *model.Reaction) {
	attributes := append(w.sbase(r.ID, ""), "id", w.id(r.ID), "name", r.Name, "reversible", strconv.FormatBool(r.Reversible))
	if w.version == 31 {
		attributes = append(attributes, "fast", strconv.FormatBool(r.Fast))
	}
	if r.LowerFlux != "" {
		attributes = append(attributes, "fbc:lowerFluxBound", w.id(r.LowerFlux))
	}
	if r.UpperFlux != "" {
		attributes = append(attributes, "fbc:upperFluxBound", w.id(r.UpperFlux))
	}
	w.x.element("reaction", attributes, func() {
		w.said(r.ID)
		w.side("listOfReactants", r.ID, "reactant", r.Reactants)
		w.side("listOfProducts", r.ID, "product", r.Products)
		modifiers := w.modifiers(r)
		list(w, "listOfModifiers", modifiers, func(id string) {
			w.x.empty("modifierSpeciesReference", "metaid", w.part(r.ID, "modifier", slices.Index(r.Modifiers, id)), "species", w.id(id))
		})
		if r.Rate != nil {
			w.x.open("kineticLaw", "metaid", w.part(r.ID, "rate", -1))
			w.math(r.Rate, false)
			w.x.close("kineticLaw")
		}
	})
}

// modifiers are the species that a reaction names as such, and those that its rate reads:
// SBML wants these to be named.
func (w *writer) modifiers(r *model.Reaction) []string {
	var out []string
	seen := map[string]bool{}
	for _, id := range r.Modifiers {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	for _, side := range [][]model.SpeciesRef{r.Reactants, r.Products} {
		for _, s := range side {
			seen[s.Species] = true
		}
	}
	if w.isSpecies == nil {
		w.isSpecies = map[string]bool{}
		for _, s := range w.m.Species {
			w.isSpecies[s.ID] = true
		}
	}
	for _, id := range r.Rate.Symbols() {
		if w.isSpecies[id] && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func (w *writer) side(name, reaction, part string, refs []model.SpeciesRef) {
	if len(refs) == 0 {
		return
	}
	w.x.open(name)
	for i := range refs {
		s := &refs[i]
		attributes := []string{"metaid", w.part(reaction, part, i), "species", w.id(s.Species)}
		id, named := w.refs[s]
		switch {
		case !named:
			value := 1.0
			if s.Stoichiometry != nil {
				value = s.Stoichiometry.Value
			}
			w.x.empty("speciesReference", append(attributes, "stoichiometry", numberText(value), "constant", "true")...)
			continue
		case !w.inRef[id]: // set by a rule that was made for it
			attributes = append([]string{"id", id}, append(attributes, "constant", "false")...)
		default:
			p := w.parameterNamed(id)
			attributes = append(append(w.sbase(id, ""), "id", w.id(id), "name", p.Name), append(attributes, "stoichiometry", valueText(p.Value), "constant", strconv.FormatBool(p.Constant))...)
		}
		w.x.element("speciesReference", attributes, func() { w.said(id) })
	}
	w.x.close(name)
}

func (w *writer) parameterNamed(id string) model.Parameter {
	if w.parameters == nil {
		w.parameters = map[string]int{}
		for i, p := range w.m.Parameters {
			w.parameters[p.ID] = i
		}
	}
	return w.m.Parameters[w.parameters[id]]
}

func (w *writer) event(e model.Event) {
	w.x.open("event", append(w.sbase(e.ID, e.Meta), "id", w.id(e.ID), "name", e.Name, "useValuesFromTriggerTime", strconv.FormatBool(e.FromTrigger))...)
	w.said(e.ID)
	w.x.open("trigger", "metaid", w.part(e.ID, "trigger", -1), "initialValue", strconv.FormatBool(e.InitialValue), "persistent", strconv.FormatBool(e.Persistent))
	w.math(e.Trigger, true)
	w.x.close("trigger")
	if e.Priority != nil {
		w.x.open("priority", "metaid", w.part(e.ID, "priority", -1))
		w.math(e.Priority, false)
		w.x.close("priority")
	}
	if e.Delay != nil {
		w.x.open("delay", "metaid", w.part(e.ID, "delay", -1))
		w.math(e.Delay, false)
		w.x.close("delay")
	}
	list(w, "listOfEventAssignments", e.Assignments, func(a model.EventAssignment) {
		w.x.open("eventAssignment", "metaid", w.part(e.ID, "set."+a.Variable, -1), "variable", w.id(a.Variable))
		w.math(a.Math, false)
		w.x.close("eventAssignment")
	})
	w.x.close("event")
}

// flux writes what the package fbc says of the model.
func (w *writer) flux() {
	f := w.m.Flux
	if f == nil {
		return
	}
	if len(f.Objectives) > 0 {
		w.x.open("fbc:listOfObjectives", "fbc:activeObjective", f.Active)
		for _, o := range f.Objectives {
			kind := "minimize"
			if o.Maximize {
				kind = "maximize"
			}
			w.x.element("fbc:objective", []string{"fbc:id", o.ID, "fbc:name", o.Name, "fbc:type", kind}, func() {
				w.composition(o.ID)
				i := -1
				list(w, "fbc:listOfFluxObjectives", o.Terms, func(t model.FluxTerm) {
					i++
					w.x.empty("fbc:fluxObjective", "metaid", w.part(o.ID, "term", i), "fbc:reaction", w.id(t.Reaction), "fbc:coefficient", numberText(t.Coefficient))
				})
			})
		}
		w.x.close("fbc:listOfObjectives")
	}
	list(w, "fbc:listOfGeneProducts", f.Genes, func(g model.Gene) {
		species := ""
		if g.Species != "" {
			species = w.id(g.Species)
		}
		w.x.empty("fbc:geneProduct", "fbc:id", g.ID, "fbc:name", g.Name, "fbc:label", g.Label, "fbc:associatedSpecies", species)
	})
}
