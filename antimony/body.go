package antimony

import (
	"fmt"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// declared is what a declaration says about an element.
type declared struct {
	kind      string // species, compartment, formula, parameter or ""
	constant  int    // 1 const, -1 var, 0 not said
	substance bool
	boundary  bool
}

// element is what is known of an id while a model is read.
type element struct {
	id          string
	d           declared
	at          diag.Place
	name        string
	unit        string
	compartment string
	value       *model.Expr
	valueAt     diag.Place
	varies      bool
	rule        bool
}

// body collects the statements of one model.
type body struct {
	p        *parser
	mod      *model.Module
	elements map[string]*element
	order    []*element
	reaction map[string]int
	taken    map[string]diag.Place // ids of reactions, events and submodels
	used     bool
	unnamed  int
	events   int
}

func newBody(p *parser, id string, at diag.Place) *body {
	b := &body{p: p, mod: &model.Module{At: at}, elements: map[string]*element{}, reaction: map[string]int{}, taken: map[string]diag.Place{}}
	b.mod.ID = id
	return b
}

func (b *body) touch(id string, at diag.Place) *element {
	if e, ok := b.elements[id]; ok {
		return e
	}
	e := &element{id: id, at: at}
	b.elements[id] = e
	b.order = append(b.order, e)
	return e
}

func (b *body) declare(id string, d declared, at diag.Place) {
	e := b.touch(id, at)
	if d.kind != "" {
		if e.d.kind != "" && e.d.kind != d.kind {
			b.p.ms = append(b.p.ms, diag.Errorf(at, "%s is declared as %s here and was %s before", id, d.kind, e.d.kind).WithNote(e.at, "first here"))
			return
		}
		e.d.kind = d.kind
	}
	if d.constant != 0 {
		e.d.constant = d.constant
	}
	if d.substance {
		e.d.substance = true
		if e.d.kind == "" {
			e.d.kind = "species"
		}
	}
	if d.boundary {
		e.d.boundary = true
		if e.d.kind == "" {
			e.d.kind = "species"
		}
	}
}

func (b *body) locate(id, compartment string, at diag.Place) {
	b.touch(id, at).compartment = compartment
	if c := b.touch(compartment, at); c.d.kind == "" && !strings.Contains(compartment, ".") {
		c.d.kind = "compartment"
	}
}

func (b *body) vary(id string) {
	if e, ok := b.elements[id]; ok {
		e.varies = true
	}
}

func (b *body) initial(id string, x *model.Expr, at diag.Place) {
	e := b.touch(id, at)
	if e.value != nil {
		b.p.ms = append(b.p.ms, diag.Errorf(at, "%s is given a value twice", id).WithNote(e.valueAt, "first here").WithHelp("keep one of the two"))
		return
	}
	e.value, e.valueAt = x, at
}

func (b *body) rule(kind model.RuleKind, id string, x *model.Expr, at diag.Place) {
	e := b.touch(id, at)
	if e.rule {
		b.p.fail(at, "%s is determined by two rules", id)
		return
	}
	e.rule, e.varies = true, true
	b.mod.Rules = append(b.mod.Rules, model.Rule{Kind: kind, Variable: id, Math: x, At: at})
}

func (b *body) unitOf(id, unit string, at diag.Place) { b.touch(id, at).unit = unit }

func (b *body) display(id, name string, at diag.Place) {
	if id == b.mod.ID {
		b.mod.Name = name
		return
	}
	b.touch(id, at).name = name
}

func (b *body) link(left, right string, at diag.Place) {
	b.mod.Links = append(b.mod.Links, model.Link{A: right, B: left, At: at})
}

func (b *body) claim(id string, at diag.Place, what string) {
	if before, ok := b.taken[id]; ok {
		b.p.ms = append(b.p.ms, diag.Errorf(at, "%s %s: the id is used twice", what, id).WithNote(before, "first here").WithHelp("give one of them another name"))
		return
	}
	b.taken[id] = at
}

func (b *body) addSubmodel(s model.Submodel) {
	b.claim(s.ID, s.At, "submodel")
	b.mod.Submodels = append(b.mod.Submodels, s)
}

func (b *body) addReaction(r model.Reaction) {
	if r.ID == "" {
		r.ID = fmt.Sprintf("_J%d", b.unnamed)
		b.unnamed++
	}
	b.claim(r.ID, r.At, "reaction")
	if i, ok := b.reaction[r.ID]; ok { // an interaction named it before
		r.Modifiers = b.mod.Reactions[i].Modifiers
		b.mod.Reactions[i] = r
		return
	}
	b.reaction[r.ID] = len(b.mod.Reactions)
	b.mod.Reactions = append(b.mod.Reactions, r)
}

func (b *body) modifier(reaction, species string) {
	i, ok := b.reaction[reaction]
	if !ok {
		i = len(b.mod.Reactions)
		b.reaction[reaction] = i
		b.mod.Reactions = append(b.mod.Reactions, model.Reaction{ID: reaction})
	}
	b.mod.Reactions[i].Modifiers = append(b.mod.Reactions[i].Modifiers, species)
}

func (b *body) addEvent(e model.Event) {
	if e.ID == "" {
		e.ID = fmt.Sprintf("_E%d", b.events)
		b.events++
	}
	b.claim(e.ID, e.At, "event")
	b.mod.Events = append(b.mod.Events, e)
}

// finish turns what was collected into the module.
func (b *body) finish() *model.Module {
	m := b.mod
	rate := map[string]bool{}
	// symbols that only formulas mention are parameters
	note := func(x *model.Expr) {
		x.Walk(func(x *model.Expr) bool {
			if x.Kind == model.Symbol && x.Name != model.Time && x.Name != model.Avogadro {
				b.touch(x.Name, x.At)
			}
			return true
		})
	}
	for _, e := range append([]*element(nil), b.order...) {
		note(e.value)
	}
	for _, r := range m.Rules {
		note(r.Math)
	}
	for _, r := range m.Reactions {
		note(r.Rate)
		rate[r.ID] = true
	}
	for _, e := range m.Events {
		note(e.Trigger)
		note(e.Delay)
		note(e.Priority)
		for _, a := range e.Assignments {
			note(a.Math)
		}
	}
	submodel := map[string]bool{}
	for _, s := range m.Submodels {
		submodel[s.ID] = true
	}
	needDefault := false
	for _, e := range b.order {
		if strings.Contains(e.id, ".") {
			b.outer(e, submodel)
			continue
		}
		if rate[e.id] || submodel[e.id] {
			for i := range m.Reactions {
				if m.Reactions[i].ID == e.id && e.name != "" {
					m.Reactions[i].Name = e.name
				}
			}
			continue
		}
		if _, isEvent := b.taken[e.id]; isEvent {
			for i := range m.Events {
				if m.Events[i].ID == e.id && e.name != "" {
					m.Events[i].Name = e.name
				}
			}
			continue
		}
		number, unit := b.number(e)
		if unit != "" && e.unit == "" {
			e.unit = unit
		}
		kind := e.d.kind
		if kind == "" && e.compartment != "" {
			kind = "species"
		}
		switch kind {
		case "compartment":
			m.Compartments = append(m.Compartments, model.Compartment{ID: e.id, Name: e.name, Dims: 3, Size: number, Constant: !e.varies && e.d.constant >= 0, Unit: e.unit, At: e.at})
		case "species":
			s := model.Species{ID: e.id, Name: e.name, Compartment: e.compartment, SubstanceOnly: e.d.substance,
				Boundary: e.d.boundary, Constant: e.d.constant > 0, Unit: e.unit, At: e.at}
			if s.Compartment == "" {
				s.Compartment = "default_compartment"
				needDefault = true
			}
			if s.SubstanceOnly {
				s.InitialAmount = number
			} else {
				s.InitialConc = number
			}
			if s.Constant {
				s.Boundary = true
			}
			m.Species = append(m.Species, s)
		default:
			m.Parameters = append(m.Parameters, model.Parameter{ID: e.id, Name: e.name, Value: number, Constant: !e.varies && e.d.constant >= 0, Unit: e.unit, At: e.at})
		}
		if e.value != nil && number == nil {
			m.Initials = append(m.Initials, model.Initial{Symbol: e.id, Math: e.value, At: e.valueAt})
		}
	}
	if needDefault && b.elements["default_compartment"] == nil {
		size := 1.0
		m.Compartments = append(m.Compartments, model.Compartment{ID: "default_compartment", Dims: 3, Size: &size, Constant: true, At: m.At})
	}
	return m
}

// number is the element's value when it is a plain number, with the unit written there.
func (b *body) number(e *element) (*float64, string) {
	if e.value == nil || e.value.Kind != model.Number {
		return nil, ""
	}
	v := e.value.Value
	return &v, e.value.Unit
}

// outer treats statements about elements of submodels.
func (b *body) outer(e *element, submodel map[string]bool) {
	head, _, _ := strings.Cut(e.id, ".")
	if !submodel[head] {
		b.p.fail(e.at, "%s: there is no submodel %q here", e.id, head)
		return
	}
	if e.value == nil && e.unit == "" && e.name == "" {
		return
	}
	number, unit := b.number(e)
	if e.unit == "" {
		e.unit = unit
	}
	if number != nil || e.unit != "" {
		b.mod.Parameters = append(b.mod.Parameters, model.Parameter{ID: e.id, Name: e.name, Value: number, Constant: !e.varies, Unit: e.unit, At: e.at})
	}
	if e.value != nil && number == nil {
		b.mod.Initials = append(b.mod.Initials, model.Initial{Symbol: e.id, Math: e.value, At: e.valueAt})
	}
}
