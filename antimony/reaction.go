package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// An arrow joins the sides of a reaction or interaction.
type arrow uint8

const (
	noArrow     arrow = iota
	reversible        // ->, <==>
	oneWay            // =>
	interaction       // -o, -|, -(
)

// arrowAt is the arrow n tokens ahead and its number of tokens.
func (p *parser) arrowAt(n int) (arrow, int) {
	t := p.ahead(n)
	if t.kind != symbol {
		return noArrow, 0
	}
	switch t.text {
	case "->", "<==>", "<=>":
		return reversible, 1
	case "=>":
		return oneWay, 1
	case "-":
		if a := p.ahead(n + 1); a.start == t.end && (a.is("|") || a.is("(") || a.is("||") || a.word("o")) {
			return interaction, 2
		}
	}
	return noArrow, 0
}

// isReaction tells whether a reaction without a label begins here: an arrow
// behind nothing but ids, numbers and plus signs.
func (p *parser) isReaction() bool {
	for n := 0; ; n++ {
		if a, _ := p.arrowAt(n); a != noArrow {
			return true
		}
		t := p.ahead(n)
		if !(t.kind == word && !keywords[t.text] || t.kind == number || t.is("+") || t.is(".") || t.is("$")) {
			return false
		}
	}
}

// reaction reads A + 2 B -> C; rate in compartment, or A -o reaction.
func (p *parser) reaction(id string, at diag.Place, compartment string) {
	p.wide = true
	b := p.b
	start := p.peek()
	left := p.side()
	kind, n := p.arrowAt(0)
	t := p.peek()
	if kind == noArrow {
		m := diag.Errorf(p.at(t), "expected an arrow (-> or =>), found %s", t.name())
		if id != "" {
			m = m.WithNote(at, "%s: begins a reaction, an event or a submodel", id)
		}
		if strings.HasPrefix(t.text, "--") && t.kind == symbol {
			m.Help = "write ->"
		}
		p.fail(m)
	}
	if t.text == "<=>" {
		p.warn(diag.Warnf(p.at(t), "<=> is not standard Antimony").WithHelp("write -> for a reversible reaction"))
	}
	p.i += n
	if kind == interaction {
		p.influence(id, at, left)
		return
	}
	right := p.side()
	if len(left)+len(right) == 0 {
		p.fail(diag.Errorf(p.at(start), "this reaction has neither reactants nor products"))
	}
	if t := p.peek(); !t.is(";") {
		m := diag.Errorf(p.at(t), "expected ; after the products of a reaction, found %s", t.name())
		p.fail(m.WithHelp("the rate follows it, or nothing"))
	}
	end := p.next()
	p.noStatement()
	x := p.optional("the rate of the reaction")
	if p.acceptWord("in") {
		compartment = p.compartment()
	}
	if id == "" {
		id = b.unused("_J")
	}
	e := b.touch(id, at)
	b.claim(e, aReaction, at)
	r := e.reaction
	r.Reactants, r.Products, r.Reversible, r.At = left, right, kind == reversible, at
	if start.start < end.start && at.Start > start.start {
		r.At = p.at(start)
	}
	if x != nil {
		e.setValue(p, x, at)
	}
	if compartment != "" {
		e.compartment = compartment
	}
	for _, side := range [][]model.SpeciesRef{left, right} {
		for _, s := range side {
			m := b.touch(s.Species, s.At)
			b.setKind(m, aSpecies, s.At, "it takes part in a reaction")
			if n := s.Stoichiometry; n != nil && n.Kind == model.Symbol {
				b.setStoichiometry(b.touch(n.Name, n.At), n.At)
			}
		}
	}
}

// noStatement reports a statement where the rate of a reaction belongs.
func (p *parser) noStatement() {
	n := 0
	for t := p.ahead(0); t.kind == word && !keywords[t.text] || t.is("."); t = p.ahead(n) {
		n++
	}
	a, _ := p.arrowAt(n)
	if t := p.ahead(n); n > 0 && (t.is("=") || t.is(":=") || t.is("'") || t.is(":") || a != noArrow && !p.ahead(n+1).is("(")) {
		p.fail(diag.Errorf(p.at(p.peek()), "after the ; comes the rate of the reaction, found another statement").
			WithHelp("end a reaction without a rate with ;; or with its line"))
	}
}

// side reads the reactants or products of a reaction.
func (p *parser) side() []model.SpeciesRef {
	var refs []model.SpeciesRef
	for first := true; ; first = false {
		t := p.peek()
		if a, _ := p.arrowAt(0); first && (a != noArrow || p.ends(t)) {
			return nil
		}
		start := t
		var n *model.Expr
		if t.kind == number {
			p.next()
			n = &model.Expr{Kind: model.Number, Value: p.value(t), At: p.at(t)}
		} else if t.kind == word && p.namedStoichiometry() {
			path, at := p.path("a stoichiometry")
			n = &model.Expr{Kind: model.Symbol, Name: p.use(path, at), At: at}
		}
		dollar := p.peek()
		boundary := p.accept("$")
		path, at := p.path("a species")
		e := p.b.touch(path, at)
		if boundary {
			e.setConst(true, p.at(dollar))
		}
		refs = append(refs, model.SpeciesRef{Species: e.id, Stoichiometry: n, At: p.at(start).To(at)})
		if !p.accept("+") {
			return refs
		}
	}
}

// namedStoichiometry tells whether an id with another one behind it begins here.
func (p *parser) namedStoichiometry() bool {
	n := 1
	for p.ahead(n).is(".") && p.ahead(n+1).kind == word {
		n += 2
	}
	t := p.ahead(n)
	return t.is("$") || t.kind == word && !keywords[t.text] && !(t.text == "o" && p.ahead(n-1).is("-"))
}

// influence reads the reactions that an interaction acts on.
func (p *parser) influence(id string, at diag.Place, left []model.SpeciesRef) {
	for {
		path, targetAt := p.path("the reaction that is influenced")
		e := p.b.touch(path, targetAt)
		p.b.setKind(e, aReaction, targetAt, "an interaction acts on it")
		acts := influence{reaction: path, at: targetAt}
		for _, s := range left {
			m := p.b.touch(s.Species, s.At)
			p.b.setKind(m, aSpecies, s.At, "it influences a reaction")
			e.reaction.Modifiers = append(e.reaction.Modifiers, s.Species)
			acts.species = append(acts.species, s.Species)
		}
		p.b.influences = append(p.b.influences, acts)
		if !p.accept("+") {
			break
		}
	}
	if p.accept(";") {
		p.noStatement()
		p.optional("a formula")
	}
	if id != "" {
		p.b.claim(p.b.touch(id, at), anInteraction, at)
	}
}

// event reads at [delay after] trigger, t0=true, ...: a = x, b = y.
func (p *parser) event(id string, at diag.Place) {
	p.wide = true
	start := p.next()
	v := model.Event{ID: id, Persistent: true, FromTrigger: true, InitialValue: true, At: at.To(p.at(start))}
	v.Trigger = p.formula("the trigger of an event")
	if p.acceptWord("after") {
		v.Delay = v.Trigger
		v.Trigger = p.formula("the trigger of an event, after its delay")
	}
	for p.accept(",") {
		w := p.id("t0, persistent, fromTrigger or priority")
		p.expect("=", "after "+w.text)
		x := p.formula("the value of " + w.text)
		switch w.text {
		case "t0":
			v.InitialValue = p.truth(w, x)
		case "persistent":
			v.Persistent = p.truth(w, x)
		case "fromTrigger":
			v.FromTrigger = p.truth(w, x)
		case "priority":
			v.Priority = x
		default:
			m := diag.Errorf(p.at(w), "an event has t0, persistent, fromTrigger and priority, not %s", w.text)
			p.fail(m.WithHelp("%s", diag.DidYouMean(w.text, []string{"t0", "persistent", "fromTrigger", "priority"})))
		}
	}
	if t := p.peek(); !t.is(":") {
		m := diag.Errorf(p.at(t), "expected : before what the event does, found %s", t.name())
		if t.is("=") {
			m.Help = "to compare write =="
		}
		p.fail(m)
	}
	p.next()
	p.newlines()
	for {
		path, targetAt := p.path("what the event sets")
		p.expect("=", "after "+path)
		x := p.formula("the new value of " + path)
		e := p.b.touch(path, targetAt)
		e.assigned = true
		v.Assignments = append(v.Assignments, model.EventAssignment{Variable: e.id, Math: x, At: targetAt.To(x.At)})
		if !p.accept(",") && !p.accept(":") {
			break
		}
		p.newlines()
	}
	if id == "" {
		v.ID = p.b.unused("_E")
	}
	p.b.claim(p.b.touch(v.ID, at), anEvent, at)
	p.b.mod.Events = append(p.b.mod.Events, v)
}

func (p *parser) newlines() {
	for p.peek().kind == newline {
		p.next()
	}
}

// truth is the value of a switch of an event.
func (p *parser) truth(w token, x *model.Expr) bool {
	if x.Kind != model.Number || x.Value != 0 && x.Value != 1 {
		p.fail(diag.Errorf(x.At, "%s is true or false", w.text))
	}
	return x.Value == 1
}
