package antimony

import (
	"fmt"
	"math"
	"strings"

	"thymus/model"
)

// WriteModel writes a flat model with its functions. Reading it gives the model
// back, save what Antimony cannot say: Constant species (they become boundary
// species; a species with a rule is always one), the dimensions of compartments,
// and the source, spread and note of parameters. Ids that are words of the
// language get an underscore behind them.
func WriteModel(m *model.Model) string {
	return Write(&model.Document{
		Modules:   []*model.Module{{Model: *m, Main: true}},
		Functions: m.Functions,
	})
}

// Write writes a document: units and functions first, then the models in order.
func Write(doc *model.Document) string {
	w := &writer{s: &strings.Builder{}, doc: doc}
	w.functions(doc)
	for _, m := range doc.Modules {
		w.module(m)
	}
	return w.s.String()
}

// writer writes one document.
type writer struct {
	s       *strings.Builder
	doc     *model.Document
	indent  string
	m       *model.Module
	names   map[string]string // ids that had to change
	taken   map[string]bool
	units   map[string]string // text -> id
	unitDef []unitLine        // to be written
	ruled   map[string]bool
	set     map[string]bool // by events
	bound   map[string]bool // symbols of algebraic rules
	initial map[string]bool
}

func (w *writer) line(format string, args ...any) {
	w.s.WriteString(w.indent)
	fmt.Fprintf(w.s, format, args...)
	w.s.WriteByte('\n')
}

// id is what stands in the text for an id.
func (w *writer) id(id string) string {
	if to, ok := w.names[id]; ok {
		return to
	}
	if reserved(id) == "" {
		return id
	}
	to := id + "_"
	for w.taken[to] {
		to += "_"
	}
	if w.names == nil {
		w.names = map[string]string{}
	}
	w.names[id] = to
	return to
}

func (w *writer) formula(x *model.Expr) string { return formulaText(x, w) }

// quote writes a text in quotes.
func quote(s string) string {
	if strings.ContainsAny(s, "\"\r\n") {
		return "```" + strings.ReplaceAll(s, "```", "'''") + "```"
	}
	return `"` + s + `"`
}

// functions writes the units and functions that all models share.
func (w *writer) functions(doc *model.Document) {
	w.begin(nil)
	for _, u := range doc.Units {
		w.keepUnit(u)
	}
	var text strings.Builder
	for _, f := range doc.Functions {
		text.WriteString("function " + w.id(f.ID) + "(" + strings.Join(f.Params, ", ") + ")\n  " + w.formula(f.Body) + "\nend\n")
		if f.Name != "" {
			text.WriteString(w.id(f.ID) + " is " + quote(f.Name) + "\n")
		}
		text.WriteByte('\n')
	}
	w.writeUnits()
	w.s.WriteString(text.String())
}

// begin forgets the model before.
func (w *writer) begin(m *model.Module) {
	w.m, w.units, w.unitDef = m, map[string]string{}, nil
	w.taken, w.ruled, w.set, w.bound, w.initial = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	if m == nil {
		return
	}
	for _, x := range m.Species {
		w.taken[x.ID] = true
	}
	for _, x := range m.Parameters {
		w.taken[x.ID] = true
	}
	for _, x := range m.Compartments {
		w.taken[x.ID] = true
	}
	for _, x := range m.Reactions {
		w.taken[x.ID] = true
	}
	for _, x := range m.Events {
		w.taken[x.ID] = true
		for _, a := range x.Assignments {
			w.set[a.Variable] = true
		}
	}
	for _, x := range m.Submodels {
		w.taken[x.ID] = true
	}
	for _, x := range m.Units {
		w.taken[x.ID] = true
	}
	for _, x := range m.Initials {
		w.initial[x.Symbol] = true
	}
	for _, r := range m.Rules {
		if r.Kind != model.Algebraic {
			w.ruled[r.Variable] = true
			continue
		}
		for _, s := range r.Math.Symbols() {
			w.bound[s] = true
		}
	}
}

func (w *writer) module(m *model.Module) {
	w.begin(m)
	if m.Comment != "" {
		for _, l := range strings.Split(m.Comment, "\n") {
			w.line("%s", strings.TrimRight("// "+l, " "))
		}
	}
	bare := m.ID == "" || m.ID == mainID
	if !bare {
		star := ""
		if m.Main {
			star = "*"
		}
		ports := make([]string, len(m.Ports))
		for i, p := range m.Ports {
			ports[i] = w.id(p)
		}
		w.line("model %s%s(%s)", star, w.id(m.ID), strings.Join(ports, ", "))
		w.indent = "  "
	}
	// The units are known when everything else was written.
	text := w.s
	w.s = &strings.Builder{}
	for _, u := range m.Units {
		w.keepUnit(u)
	}
	if m.TimeUnit != "" {
		w.unitDef = append(w.unitDef, timeLine(m.TimeUnit))
	}
	w.submodels()
	w.elements()
	w.reactions()
	w.rules()
	w.events()
	w.display()
	w.annotations()
	body := w.s
	w.s = text
	w.writeUnits()
	w.s.WriteString(body.String())
	w.indent = ""
	if !bare {
		w.line("end")
		if m.Name != "" {
			w.line("%s is %s", w.id(m.ID), quote(m.Name))
		}
	}
	w.s.WriteByte('\n')
}

// submodels writes instances, links and deletions.
func (w *writer) submodels() {
	m := w.m
	for _, s := range m.Submodels {
		text := w.id(s.ID) + ": " + s.Module + "("
		for i, a := range s.Args {
			if i > 0 {
				text += ", "
			}
			if a == "" { // a number, which stands below as the value of the port
				a = w.portNumber(s, i)
			}
			text += w.id(a)
		}
		text += ")"
		if s.TimeFactor != "" {
			text += ", timeconv = " + s.TimeFactor
		}
		if s.ExtentFactor != "" {
			text += ", extentconv = " + s.ExtentFactor
		}
		w.line("%s;", text)
	}
	for _, l := range m.Links {
		w.line("%s is %s;", w.id(l.A), w.id(l.B))
	}
	for _, d := range m.Deletions {
		w.line("delete %s;", w.id(d.Path))
	}
}

// portNumber is the number that stands for a port in an instance.
func (w *writer) portNumber(s model.Submodel, i int) string {
	for _, def := range w.doc.Modules {
		if def.ID != s.Module || i >= len(def.Ports) {
			continue
		}
		for _, p := range w.m.Parameters {
			if p.ID == s.ID+"."+def.Ports[i] && p.Value != nil {
				return numberText(*p.Value)
			}
		}
	}
	return "0" // its value stands further down, or nowhere: no document that Read makes
}

// elements writes compartments, species and parameters with their values.
func (w *writer) elements() {
	m := w.m
	hidden := w.defaultHidden()
	for _, c := range m.Compartments {
		if hidden && c.ID == defaultCompartment {
			continue
		}
		word := "compartment "
		if !c.Constant && !w.changed(c.ID) {
			word = "var compartment "
		}
		w.valued(word+w.id(c.ID), c.ID, c.Size, c.Unit)
	}
	for _, s := range m.Species {
		word := "species "
		if s.SubstanceOnly {
			word = "substanceOnly species "
		}
		if (s.Boundary || s.Constant) && !w.ruled[s.ID] {
			word += "$"
		}
		place := ""
		if !(hidden && s.Compartment == defaultCompartment) {
			place = " in " + w.id(s.Compartment)
		}
		if s.InitialAmount == nil || w.initial[s.ID] {
			w.valued(word+w.id(s.ID)+place, s.ID, s.InitialConc, s.Unit)
			continue
		}
		w.line("%s%s%s = %s/%s;", word, w.id(s.ID), place, numberText(*s.InitialAmount), w.id(s.Compartment))
		w.hasUnit(s.ID, s.Unit)
	}
	for _, p := range m.Parameters {
		word := ""
		switch {
		case !p.Constant && !w.changed(p.ID):
			word = "var "
		case p.Constant && w.bound[p.ID]:
			word = "const "
		}
		if word == "" && (p.Value == nil || w.initial[p.ID]) && !strings.Contains(p.ID, ".") {
			word = "formula "
		}
		if word == "" && strings.Contains(p.ID, ".") && (p.Value == nil || w.initial[p.ID]) {
			w.hasUnit(p.ID, p.Unit)
			continue
		}
		w.valued(word+w.id(p.ID), p.ID, p.Value, p.Unit)
	}
	for _, x := range m.Initials {
		w.line("%s = %s;", w.id(x.Symbol), w.formula(x.Math))
	}
}

// changed tells whether the reader sees by itself that an element is variable.
func (w *writer) changed(id string) bool { return w.ruled[id] || w.set[id] }

// defaultHidden tells whether the default compartment needs no mention.
func (w *writer) defaultHidden() bool {
	for _, s := range w.m.Species {
		if s.Compartment == defaultCompartment && s.InitialAmount != nil && !w.initial[s.ID] {
			return false // its amount is written as a number over the compartment
		}
	}
	if w.changed(defaultCompartment) || w.initial[defaultCompartment] {
		return false
	}
	for _, c := range w.m.Compartments {
		if c.ID == defaultCompartment {
			used := false
			for _, s := range w.m.Species {
				used = used || s.Compartment == defaultCompartment
			}
			return used && c.Constant && c.Size != nil && *c.Size == 1 && c.Unit == "" && c.Name == ""
		}
	}
	return true
}

// valued writes a declaration with its number and unit.
func (w *writer) valued(text, id string, v *float64, unitText string) {
	switch {
	case v == nil || w.initial[id]:
		w.line("%s;", text)
	case unitText != "" && !math.IsNaN(*v) && !math.IsInf(*v, 0):
		w.line("%s = %s %s;", text, numberText(*v), w.unitID(unitText))
		return
	default:
		w.line("%s = %s;", text, numberText(*v))
	}
	w.hasUnit(id, unitText)
}

func (w *writer) hasUnit(id, unitText string) {
	if unitText != "" {
		w.line("%s has %s;", w.id(id), w.unitID(unitText))
	}
}

// reactions writes reactions and what influences them.
func (w *writer) reactions() {
	for _, r := range w.m.Reactions {
		id := w.id(r.ID)
		rate := ""
		if r.Rate != nil {
			rate = w.formula(r.Rate)
		}
		if strings.Contains(r.ID, ".") {
			w.line("%s = %s;", id, rate)
			continue
		}
		if len(r.Reactants)+len(r.Products) == 0 {
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
			w.line("%s -( %s;", w.id(s), id)
		}
	}
}

// side writes the species of one side, with a space before it. A stoichiometry
// that is no number or id gets a parameter of its own.
func (w *writer) side(r model.Reaction, refs []model.SpeciesRef) string {
	var parts []string
	for i, ref := range refs {
		text := w.id(ref.Species)
		if n := ref.Stoichiometry; n != nil {
			switch {
			case n.Kind == model.Number && n.Value >= 0 && !math.IsInf(n.Value, 0) && n.Unit == "":
				text = numberText(n.Value) + " " + text
			case n.Kind == model.Symbol && n.Name != model.Time && n.Name != model.Avogadro:
				text = w.id(n.Name) + " " + text
			default:
				id := fmt.Sprintf("%s_%s_n%d", r.ID, ref.Species, i)
				for w.taken[id] {
					id += "_"
				}
				w.taken[id] = true
				w.line("%s := %s;", id, w.formula(n))
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

func (w *writer) rules() {
	for _, r := range w.m.Rules {
		switch r.Kind {
		case model.Assignment:
			w.line("%s := %s;", w.id(r.Variable), w.formula(r.Math))
		case model.Rate:
			w.line("%s' = %s;", w.id(r.Variable), w.formula(r.Math))
		case model.Algebraic:
			w.line("0 = %s;", w.formula(r.Math))
		}
	}
}

func (w *writer) events() {
	for _, e := range w.m.Events {
		if len(e.Assignments) == 0 {
			w.line("// event %s sets nothing", e.ID)
			continue
		}
		text := w.id(e.ID) + ": at "
		if e.Delay != nil {
			text += w.formula(e.Delay) + " after "
		}
		text += w.formula(e.Trigger)
		for _, s := range []struct {
			name    string
			on, def bool
		}{{"t0", e.InitialValue, true}, {"persistent", e.Persistent, true}, {"fromTrigger", e.FromTrigger, true}} {
			if s.on != s.def {
				text += fmt.Sprintf(", %s=%v", s.name, s.on)
			}
		}
		if e.Priority != nil {
			text += ", priority=" + w.formula(e.Priority)
		}
		var sets []string
		for _, a := range e.Assignments {
			sets = append(sets, w.id(a.Variable)+" = "+w.formula(a.Math))
		}
		w.line("%s: %s;", text, strings.Join(sets, ", "))
	}
}

// display writes display names.
func (w *writer) display() {
	m := w.m
	show := func(id, name string) {
		if name != "" {
			w.line("%s is %s;", w.id(id), quote(name))
		}
	}
	for _, x := range m.Compartments {
		show(x.ID, x.Name)
	}
	for _, x := range m.Species {
		show(x.ID, x.Name)
	}
	for _, x := range m.Parameters {
		show(x.ID, x.Name)
	}
	for _, x := range m.Reactions {
		if !strings.Contains(x.ID, ".") {
			show(x.ID, x.Name)
		}
	}
	for _, x := range m.Events {
		if len(x.Assignments) > 0 {
			show(x.ID, x.Name)
		}
	}
}

func (w *writer) annotations() {
	for _, a := range w.m.Annotations {
		id := w.id(a.Element)
		about := a.Element == w.m.ID
		if about {
			id = "model"
		}
		if about && (w.m.ID == "" || w.m.ID == mainID) {
			continue // there is no way to say it
		}
		if a.Qualifier == "sboTerm" && len(a.Resources) > 0 {
			w.line("%s.sboTerm = %s;", id, a.Resources[0])
			continue
		}
		term := a.Qualifier
		if q, ok := qualifierWords[term]; ok {
			term = q
		}
		texts := make([]string, len(a.Resources))
		for i, r := range a.Resources {
			texts[i] = quote(r)
		}
		// A statement about the model ends with its line only.
		end := ";"
		if about {
			end = ""
		}
		w.line("%s %s %s%s", id, term, strings.Join(texts, ", "), end)
	}
}
