package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/unit"
)

// unitDef is a unit statement. Units in a model.Model are texts that unit.Parse
// reads, so the ids of units are replaced by what they mean.
type unitDef struct {
	id       string
	name     string
	at       diag.Place
	tokens   []token // nil: unit foo, without a definition
	text     string  // the definition in unit.Parse's language
	spelling string  // what stands in the model where the unit is used
	folded   bool    // only a spelling of a unit that is known anyway
	done     bool
	active   bool
}

// unitStatement reads unit foo = 3 mole/litre.
func (p *parser) unitStatement() {
	p.next()
	p.unitNamed(p.id("the id of a unit"))
}

// unitNamed reads what follows the id of a unit.
func (p *parser) unitNamed(t token) {
	u := &unitDef{id: t.text, at: p.at(t)}
	if p.accept("=") {
		u.tokens = p.unitText("the definition of unit " + u.id)
	}
	if before := p.b.unit(u.id); before != nil {
		if before.tokens != nil && u.tokens != nil {
			p.warn(diag.Warnf(u.at, "the unit %s gets a second definition; the last one holds", u.id).WithNote(before.at, "the first"))
		}
		if u.tokens != nil {
			before.tokens, before.at = u.tokens, u.at
		}
		return
	}
	p.b.units = append(p.b.units, u)
	p.b.unitIndex[u.id] = u
	if p.b.mod.ID == mainID { // known in the models below
		p.b.define(u)
		p.r.units[u.id] = &model.UnitDef{ID: u.id, Text: u.spelling}
	}
}

// isDefaultUnit tells whether volume = metre^3 begins here: some ids are units without
// the word unit before them, unless something else has that id.
func (p *parser) isDefaultUnit() bool {
	t := p.peek()
	if t.kind != word || !specialUnits[t.text] || !p.ahead(1).is("=") || p.b.elements[t.text] != nil {
		return false
	}
	words := 0
	for n := 2; ; n++ {
		t := p.ahead(n)
		if p.ends(t) || t.word("end") {
			return words > 0
		}
		if t.kind == word {
			words++
			if _, ok := p.b.knownUnit(t.text); !ok {
				return false
			}
		}
	}
}

// unitText reads a formula of units.
func (p *parser) unitText(what string) []token {
	var tokens []token
	for {
		t := p.peek()
		if p.ends(t) || t.is(",") || t.word("in") || t.word("end") {
			break
		}
		ok := t.kind == number || t.kind == word || t.is("*") || t.is("/") || t.is("^") || t.is("(") || t.is(")") || t.is("-") || t.is("+")
		if !ok {
			p.stop(t, "expected %s, found %s", what, t.name())
		}
		tokens = append(tokens, p.next())
	}
	if tokens == nil {
		p.stop(p.peek(), "expected %s, found %s", what, p.peek().name())
	}
	return tokens
}

// unitUse notes a unit behind a number in a formula outside of models, which has
// to be known as it is.
func (p *parser) unitUse(t token) {
	if p.b != nil {
		return // looked up when the model is complete
	}
	if _, err := unit.Parse(t.text); err != nil {
		p.warn(unknownUnit(t.text, p.at(t), nil))
	}
}

func unknownUnit(name string, at diag.Place, more []string) diag.Message {
	m := diag.Warnf(at, "the unit %s is not defined", name)
	if near := diag.DidYouMean(name, append(unit.Names(), more...)); near != "" {
		return m.WithHelp("%s", near)
	}
	return m.WithHelp("define it with unit %s = ...; a product needs a *", name)
}

func (b *body) unit(id string) *unitDef {
	return b.unitIndex[id]
}

// nameUnits gives units their display names and works out what they mean.
func (b *body) nameUnits() {
	for _, u := range b.units {
		if e := b.elements[u.id]; e != nil && e.kind == undecided && e.value == nil && e.rule == nil {
			u.name = e.name
			if u.name != "" && u.tokens != nil { // outside of models it was defined before its name was known
				u.done, u.folded = false, false
			}
		}
	}
	for _, u := range b.units {
		b.define(u)
	}
}

// define works out a unit's text and how it is spelled in the model.
func (b *body) define(u *unitDef) {
	if u.done {
		return
	}
	if u.active {
		b.p.report(diag.Errorf(u.at, "the unit %s is defined by itself", u.id))
		u.done, u.text, u.spelling = true, "1", "1"
		return
	}
	if b.unitDepth++; b.unitDepth > maxNesting {
		b.p.report(diag.Errorf(u.at, "units are defined by each other more than %d deep", maxNesting))
		u.done, u.text, u.spelling = true, "1", "1"
		b.unitDepth--
		return
	}
	u.active = true
	defer func() { u.done, u.active = true, false; b.unitDepth-- }()
	if u.tokens == nil {
		u.text, u.spelling = u.id, u.id
		if _, err := unit.Parse(u.id); err != nil {
			b.p.warn(unknownUnit(u.id, u.at, nil))
			return
		}
		u.folded = true
		return
	}
	if len(u.tokens) == 1 && u.tokens[0].text == u.id {
		u.text, u.spelling, u.folded = u.id, u.id, true
		b.p.warn(diag.Warnf(u.at, "the unit %s is defined as itself, which says nothing", u.id))
		return
	}
	text := b.convert(u.tokens, u.at)
	if u.done { // by itself
		return
	}
	u.text, u.spelling = text, text
	meaning, err := unit.Parse(text)
	if err != nil {
		b.p.report(unitError(u.at, err))
		return
	}
	for _, spelling := range []string{u.name, u.id} {
		if spelling == "" {
			continue
		}
		if known, err := unit.Parse(spelling); err == nil && known.Equal(meaning) {
			u.spelling, u.folded = spelling, true
			return
		}
	}
}

func unitError(at diag.Place, err error) diag.Message {
	if e, ok := err.(*unit.SyntaxError); ok {
		return diag.Errorf(at, "this is no unit: %s", e.Reason).WithHelp("%s", e.Help)
	}
	return diag.Errorf(at, "this is no unit: %v", err)
}

// convert writes a formula of units in unit.Parse's language: ids of units are
// replaced, and "3 metre^2", which means (3 metre)^2 here, gets its parentheses.
func (b *body) convert(tokens []token, at diag.Place) string {
	var s strings.Builder
	// A unit of its own may be unknown to us; a formula of units is checked as a whole.
	means := func(t token) string {
		if len(tokens) == 1 {
			return b.unitWord(t.text, at.Src.At(t.start, t.end))
		}
		text, _ := b.knownUnit(t.text)
		return text
	}
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if s.Len() > 1000 {
			b.p.report(diag.Errorf(at, "this unit is too long"))
			return "1"
		}
		if t.kind == quoted { // adopted from another model, a text of unit.Parse already
			return t.text
		}
		if t.kind == number && i+1 < len(tokens) && tokens[i+1].kind == word {
			i++
			name := means(tokens[i])
			if i+1 < len(tokens) && tokens[i+1].is("^") || !plainName(name) {
				s.WriteString("(" + t.text + "*(" + name + "))")
			} else {
				s.WriteString(t.text + " " + name)
			}
			continue
		}
		if t.kind == word {
			name := means(t)
			if !plainName(name) && len(tokens) > 1 {
				name = "(" + name + ")"
			}
			s.WriteString(name)
			continue
		}
		s.WriteString(t.text)
	}
	return s.String()
}

func plainName(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) {
			return false
		}
	}
	return s != ""
}

// unitWord is what stands in the model for a unit's id.
func (b *body) unitWord(id string, at diag.Place) string {
	known, ok := b.knownUnit(id)
	if !ok && !b.unknownUnits[id] {
		var own []string
		for _, u := range b.units {
			own = append(own, u.id)
		}
		if b.unknownUnits == nil {
			b.unknownUnits = map[string]bool{}
		}
		b.unknownUnits[id] = true
		b.p.warn(unknownUnit(id, at, own))
	}
	return known
}

// knownUnit is what stands in the model for a unit's id, and whether it means anything.
func (b *body) knownUnit(id string) (string, bool) {
	if u := b.unit(id); u != nil {
		b.define(u)
		return u.spelling, true
	}
	if u := b.p.r.units[id]; u != nil {
		return u.Text, true
	}
	_, err := unit.Parse(id)
	return id, err == nil
}

// unitTextOf is the unit that "has" gave an element, "" when none did.
func (b *body) unitTextOf(e *element) string {
	if e.unit == nil {
		return ""
	}
	text := b.convert(e.unit, e.unitAt)
	if _, err := unit.Parse(text); err != nil && !b.unknownUnits[text] {
		b.p.report(unitError(e.unitAt, err))
	}
	return text
}

// unitDefs are the definitions that belong in the model: not those that only
// spell a known unit, nor those that are a default of the whole model.
func (b *body) unitDefs() []model.UnitDef {
	var defs []model.UnitDef
	for _, u := range b.units {
		if specialUnits[u.id] || u.folded || u.tokens == nil {
			continue
		}
		defs = append(defs, model.UnitDef{ID: u.id, Name: u.name, Text: u.text, At: u.at})
	}
	return defs
}

// finishFunctions gives the units in the bodies of functions their meaning.
func (r *reader) finishFunctions() {
	for i := range r.doc.Functions {
		f := &r.doc.Functions[i]
		f.Body = f.Body.Map(func(x *model.Expr) *model.Expr {
			if u := r.units[x.Unit]; x.Kind == model.Number && x.Unit != "" && u != nil {
				c := *x
				c.Unit = u.Text
				return &c
			}
			return x
		})
	}
}
