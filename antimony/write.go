package antimony

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"thymus/diag"
	"thymus/model"
)

func write(doc *model.Document) (diag.Messages, string) {
	w := &writer{s: &strings.Builder{}, doc: withFunctions(doc), told: map[string]bool{}, global: map[string]bool{}}
	doc = w.doc
	for _, f := range doc.Functions {
		w.global[f.ID] = true
	}
	for _, m := range doc.Modules {
		w.global[m.ID] = true
	}
	w.functions(doc)
	for _, m := range doc.Modules {
		w.module(m)
	}
	return w.ms, w.s.String()
}

// writer writes one document.
type writer struct {
	s       *strings.Builder
	doc     *model.Document
	indent  string
	m       *model.Module
	names   map[string]string // ids that had to change
	global  map[string]bool   // ids of functions and models
	taken   map[string]bool
	units   map[string]string // text -> id
	unitDef []unitLine        // to be written
	ruled   map[string]bool
	set     map[string]bool // by events
	bound   map[string]bool // symbols of algebraic rules
	initial map[string]bool
	hidden  map[string]bool   // parameters that are bounds of fluxes and stand in a constraint
	called  map[string]string // functions -> what they are called in the text
	told    map[string]bool
	ms      diag.Messages
}

// warn tells once what is not written, or not as it was.
func (w *writer) warn(at diag.Place, format string, args ...any) {
	m := diag.Warnf(at, format, args...)
	if !w.told[m.Text] && len(w.ms) < maxErrors {
		w.told[m.Text] = true
		w.ms = append(w.ms, m)
	}
}

func (w *writer) line(format string, args ...any) {
	w.s.WriteString(w.indent)
	fmt.Fprintf(w.s, format, args...)
	w.s.WriteByte('\n')
}

// id is what stands in the text for an id or a path of ids.
func (w *writer) id(id string) string {
	if head, rest, ok := strings.Cut(id, "."); ok {
		return w.id(head) + "." + w.id(rest)
	}
	if to, ok := w.names[id]; ok {
		return to
	}
	why := reserved(id)
	switch {
	case specialUnits[id]:
		why = "a unit of the language"
	case w.m != nil && w.global[id] && w.taken[id]:
		why = "the id of a model or function"
	case id != "" && !validID(id):
		why = "no id in Antimony"
	}
	if why == "" {
		return id
	}
	to := asID(id) + "_"
	for w.taken[to] || w.global[to] {
		to += "_"
	}
	if w.names == nil {
		w.names = map[string]string{}
	}
	w.names[id] = to
	w.warn(diag.Place{}, "%s is written %s: %q is %s", id, to, id, why)
	return to
}

// asID turns what is no id into one.
func asID(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !letter(c) && !digit(c) {
			b[i] = '_'
		}
	}
	if len(b) == 0 || digit(b[0]) {
		b = append([]byte{'_'}, b...)
	}
	return string(b)
}

// moduleID is what stands in the text for the id of a model or function.
func (w *writer) moduleID(id string) string {
	if reserved(id) == "" && validID(id) && !specialUnits[id] {
		return id
	}
	to := asID(id)
	for reserved(to) != "" || specialUnits[to] || w.global[to] {
		to += "_"
	}
	w.warn(diag.Place{}, "the model or function %s is written %s", id, to)
	return to
}

func (w *writer) formula(x *model.Expr) string { return formulaText(x, w) }

// quote writes a text in quotes, or between three backticks when it has quotes or lines.
func quote(s string) string {
	if strings.ContainsAny(s, "\"\r\n") || s == "" {
		s = strings.ReplaceAll(s, "```", "'''")
		if strings.HasSuffix(s, "`") { // which would end it too early
			s += " "
		}
		return "```" + s + "```"
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
		id := w.functionID(f.ID)
		text.WriteString("function " + id + "(" + w.parameters(f) + ")\n  " + w.formula(f.Body) + "\nend\n")
		if f.Name != "" {
			text.WriteString(id + " is " + quote(f.Name) + "\n")
		}
		for _, a := range w.aboutFunction(f.ID) {
			if !strings.HasPrefix(a, ".") {
				a = " " + a
			}
			text.WriteString(id + a + "\n")
		}
		text.WriteByte('\n')
	}
	w.writeUnits()
	w.s.WriteString(text.String())
}

// begin forgets the model before.
func (w *writer) begin(m *model.Module) {
	w.m, w.units, w.unitDef, w.names, w.hidden = m, map[string]string{}, nil, nil, map[string]bool{}
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
		w.line("model %s%s(%s)", star, w.moduleID(m.ID), strings.Join(ports, ", "))
		w.indent = "  "
	}
	// The units are known when everything else was written.
	text := w.s
	w.s = &strings.Builder{}
	for _, u := range m.Units {
		if text, ok := w.defaultText(u.ID); !ok || text != u.Text {
			w.keepUnit(u)
		}
	}
	for _, d := range []struct{ id, text string }{{"time_unit", m.TimeUnit}, {"substance", m.SubstanceUnit}, {"volume", m.VolumeUnit},
		{"area", m.AreaUnit}, {"length", m.LengthUnit}, {"extent", m.ExtentUnit}} {
		if d.text != "" {
			w.unitDef = append(w.unitDef, defaultUnit(d.id, d.text))
		}
	}
	w.findBounds()
	w.submodels()
	w.elements()
	w.reactions()
	w.rules()
	w.events()
	w.constraints()
	w.objective()
	w.unsets()
	w.display()
	w.annotations()
	w.notes(bare)
	w.uncertain()
	body := w.s
	w.s = text
	w.writeUnits()
	w.s.WriteString(body.String())
	w.indent = ""
	if !bare {
		w.line("end")
		if m.Name != "" {
			w.line("%s is %s", w.moduleID(m.ID), quote(m.Name))
		}
	} else if m.Name != "" {
		w.warn(m.At, "the name of the model without an id, %q, is not written", m.Name)
	}
	w.s.WriteByte('\n')
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
		if c.Dims != 3 {
			w.warn(c.At, "compartment %s has %d dimensions; in Antimony all have 3", c.ID, c.Dims)
		}
		word := "compartment "
		if !c.Constant && !w.changed(c.ID) {
			word = "var compartment "
		}
		w.valued(word+w.id(c.ID), c.ID, c.Size, c.Unit)
	}
	for _, s := range m.Species {
		w.warnSpecies(s)
		word := "species "
		if s.SubstanceOnly {
			word = "substanceOnly species "
		}
		if (s.Boundary || s.Constant) && !w.ruled[s.ID] {
			word += "$"
		}
		place := ""
		inner := strings.Contains(s.ID, ".") && strings.HasSuffix(s.Compartment, "."+defaultCompartment)
		if !(hidden && s.Compartment == defaultCompartment) && !inner {
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
		if w.hidden[p.ID] {
			continue
		}
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
	if w.changed(defaultCompartment) || w.initial[defaultCompartment] || slices.Contains(w.m.Ports, defaultCompartment) {
		return false
	}
	for _, c := range w.m.Compartments {
		if c.ID == defaultCompartment {
			used := false
			for _, s := range w.m.Species {
				used = used || s.Compartment == defaultCompartment
			}
			for _, l := range w.m.Links {
				used = used || l.B == defaultCompartment
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

func (w *writer) rules() {
	for _, r := range w.m.Rules {
		switch r.Kind {
		case model.Assignment:
			w.line("%s := %s;", w.id(r.Variable), w.formula(r.Math))
		case model.Rate:
			w.line("%s' = %s;", w.id(r.Variable), w.formula(r.Math))
		case model.Algebraic:
			label := ""
			if validID(r.Meta) && !w.taken[r.Meta] && reserved(r.Meta) == "" && !strings.HasPrefix(r.Meta, "_alg") {
				label = r.Meta + ": "
			}
			w.line("%s0 = %s;", label, w.formula(r.Math))
		}
	}
}

func (w *writer) events() {
	for _, e := range w.m.Events {
		if len(e.Assignments) == 0 {
			w.warn(e.At, "event %s sets nothing, which Antimony cannot say; it is left out", e.ID)
			continue
		}
		text := "at "
		if e.ID != "" {
			text = w.id(e.ID) + ": at "
		}
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
		if len(x.Assignments) > 0 && x.ID != "" {
			show(x.ID, x.Name)
		} else if x.Name != "" {
			w.warn(x.At, "the name of an event, %q, is not written", x.Name)
		}
	}
}
