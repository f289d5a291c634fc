package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// part reads one statement of a model.
func (p *parser) part() {
	t := p.peek()
	switch {
	case t.kind == word && keywords[t.text]:
		p.keyword(t)
		return
	case t.kind == number && p.ahead(1).is("="), t.is("-") && p.ahead(1).kind == number && p.ahead(2).is("="):
		p.algebraic("", p.at(t))
		return
	case p.isStrand():
		p.strand("", p.at(t), "")
		return
	case p.isConstraint():
		p.wide = true
		p.addConstraint("", p.at(t), p.formula("a constraint"))
		return
	case p.isReaction():
		p.reaction("", p.at(t), "")
		return
	case p.isDefaultUnit():
		p.unitNamed(p.next())
		return
	case t.kind == word || t.is("$"):
		p.named()
		return
	case t.is("@"):
		p.stop(t, "%q begins no statement", t.text)
	}
	p.stop(t, "expected a statement, found %s", t.name())
}

// keyword reads a statement that begins with a word of the language.
func (p *parser) keyword(t token) {
	switch t.text {
	case "species", "formula", "reaction", "compartment", "var", "const", "ext", "substanceOnly", "gene", "operator", "DNA":
		p.declaration()
	case "unit":
		p.unitStatement()
	case "delete":
		p.deletion()
	case "at":
		p.event("", p.at(t))
	case "constraint":
		p.constraint()
	case "maximize", "minimize":
		p.objective("", p.at(t))
	case "model", "module":
		p.next()
		if p.peek().is(".") && strings.EqualFold(p.ahead(1).text, "sboTerm") {
			p.next()
			p.next()
			p.sboTerm(p.b.mod.ID, p.at(t))
			return
		}
		p.r.note(p.b.mod, p.term(p.b.mod.ID, p.at(t)))
	default:
		p.stop(t, "expected a statement, found the word %q", t.text)
	}
}

// named reads a statement that begins with an id.
func (p *parser) named() {
	start := p.peek()
	boundary := p.accept("$")
	if t := p.peek(); t.kind == word && p.r.modules[t.text] != nil {
		if !p.ahead(1).is("(") {
			p.stop(t, "%q is the name of a model and cannot name anything else", t.text)
		}
		p.submodel("", p.at(t), "")
		return
	}
	if t := p.peek(); t.kind == word && reserved(t.text) == "" {
		p.guess(t)
	}
	path, at := p.path("an id")
	if about, ok := p.sboPath(path); ok {
		p.sboTerm(about, at)
		return
	}
	if about, kind, ok := p.uncertainPath(path); ok {
		p.uncertain(path, about, kind, at)
		return
	}
	compartment := ""
	if p.acceptWord("in") {
		compartment = p.compartment()
	}
	t := p.peek()
	switch {
	case t.is(":"):
		p.next()
		p.labelled(path, at, compartment)
		return
	case t.is("*"):
		p.wide = true
		p.next()
		factor, _ := p.path("a parameter, by which it is converted")
		if !p.peek().word("is") {
			p.stop(p.peek(), "expected is, as in %s * %s is x, found %s", path, factor, p.peek().name())
		}
		p.next()
		other, otherAt := p.path("another id")
		p.plainPath(other, otherAt)
		p.b.link(path, at, other, otherAt, factor)
		return
	case t.is("+") || t.is("-"):
		p.wide = true
		p.fail(diag.Errorf(p.at(t), "expected a statement, found a formula").
			WithHelp("a reaction has an arrow, as in A + B -> C; an assignment an equals sign"))
	case t.word("is"):
		p.next()
		p.synonym(path, at)
		return
	case t.kind == word && !keywords[t.text] && compartment == "":
		p.r.note(p.b.mod, p.term(p.b.element(path, at), at))
		return
	case t.is("("):
		p.fail(diag.Errorf(at, "there is no model %s before this line", path).
			WithHelp("%s", diag.DidYouMean(path, p.r.moduleNames())))
	}
	e := p.b.touch(path, at)
	if boundary {
		e.setConst(true, p.at(start))
	}
	if compartment != "" {
		e.setCompartment(compartment, at)
	}
	if !p.definition(e, at) && compartment == "" && !boundary {
		p.stop(t, "expected =, :=, ' or : after %s, found %s", path, t.name())
	}
}

// guess reports a first word that is nearly a word of the language: "specie S1".
func (p *parser) guess(t token) {
	a := p.ahead(1)
	if a.kind != word && !a.is("$") || keywords[a.text] || p.ahead(2).kind == quoted || p.ahead(2).is(".") {
		return
	}
	if a.kind == word && qualifiers[a.text] != "" {
		return
	}
	m := diag.Errorf(p.at(t), "expected a statement, found %s", t.name()).WithHelp("%s", diag.DidYouMean(t.text, statementWords))
	if t.text == "assert" {
		m.Help = "a condition is written constraint: x > 0"
	}
	if t.text == "parameter" {
		m.Help = "parameters need no word: write " + a.text + " = 1"
	}
	p.fail(m)
}

// definition reads what may follow an element's id: = 3, := x, ' = x, has unit.
func (p *parser) definition(e *element, at diag.Place) bool {
	t := p.peek()
	switch {
	case t.is("="):
		p.next()
		if s := p.peek(); p.ends(s) || s.is(",") {
			p.b.unset(e, at, false)
			break
		}
		x := p.optional("the value of " + e.id)
		if x != nil {
			e.setValue(p, x, at)
		}
		if p.acceptWord("in") {
			e.setCompartment(p.compartment(), at)
		}
	case t.is(":="), t.is("'"):
		kind := model.Assignment
		p.next()
		if t.is("'") {
			kind = model.Rate
			p.expect("=", "after the ' of a rate rule")
		}
		if s := p.peek(); p.ends(s) || s.is(",") {
			p.b.unset(e, at, true)
			break
		}
		if x := p.optional("the rule of " + e.id); x != nil {
			e.setRule(p, kind, x, at)
		}
	case t.word("has"):
		p.next()
		from := p.peek()
		e.unit, e.unitAt = p.unitText("the unit of "+e.id), p.at(from)
	default:
		return false
	}
	return true
}

// compartment reads the id after in.
func (p *parser) compartment() string {
	path, at := p.path("a compartment")
	p.plainPath(path, at)
	c := p.b.touch(path, at)
	p.b.setKind(c, aCompartment, at, "something is in it")
	return c.id
}

// labelled reads what follows "id:": a reaction, event, submodel or algebraic rule.
func (p *parser) labelled(id string, at diag.Place, compartment string) {
	t := p.peek()
	switch {
	case t.word("at"):
		p.event(id, at)
	case t.word("maximize"), t.word("minimize"):
		p.objective(id, at)
	case t.kind == number && p.ahead(1).is("="), t.is("-") && p.ahead(2).is("="):
		p.algebraic(id, at)
	case p.isStrand():
		p.inModel(id, at, aStrand)
		p.strand(id, at, compartment)
	case t.kind == word && p.ahead(1).is("(") && !p.isReaction():
		p.inModel(id, at, aSubmodel)
		p.submodel(id, at, compartment)
	default:
		p.reaction(id, at, compartment)
	}
}

// inModel reports a path where something new is defined.
func (p *parser) inModel(id string, at diag.Place, kind elementKind) {
	if strings.Contains(id, ".") {
		p.wide = true
		p.fail(diag.Errorf(at, "%s is inside a submodel, where %s cannot be added", id, kind))
	}
}

// synonym reads what follows "x is": a display name or another name.
func (p *parser) synonym(path string, at diag.Place) {
	if p.peek().kind == quoted {
		name := p.text("a name")
		if path == p.b.mod.ID {
			p.b.mod.Name = name
			return
		}
		p.b.touch(path, at).name = name
		return
	}
	other, otherAt := p.path("a name in quotes or another id")
	p.plainPath(path, at)
	p.plainPath(other, otherAt)
	factor := ""
	if p.accept("/") {
		factor, _ = p.path("a parameter, by which it is converted")
	}
	p.b.link(path, at, other, otherAt, factor)
}

// algebraic reads 0 = formula.
func (p *parser) algebraic(id string, at diag.Place) {
	x := p.unary("a number").x
	p.expect("=", "in an algebraic rule")
	f := p.formula("the formula of an algebraic rule")
	if x.Value != 0 {
		f = &model.Expr{Kind: model.Apply, Name: "minus", Args: []*model.Expr{f, x}, At: f.At}
	}
	if id == "" {
		id = p.b.unused("_alg")
	}
	id = p.replaces(id, "_alg", aRule, at)
	p.b.claim(p.b.touch(id, at), aRule, at)
	p.b.mod.Rules = append(p.b.mod.Rules, model.Rule{Kind: model.Algebraic, Math: f, Meta: id, At: at.To(f.At)})
}

// replaces lets a rule or constraint without a variable take the place of the one of a
// submodel; its own id is another one.
func (p *parser) replaces(path, prefix string, kind elementKind, at diag.Place) string {
	if !strings.Contains(path, ".") {
		return path
	}
	b := p.b
	e := b.touch(path, at)
	b.setKind(e, kind, at, "it is defined so here")
	if e.claimed {
		p.fail(diag.Errorf(at, "%s is defined twice", path).WithNote(e.kindAt, "first here"))
	}
	e.claimed, e.kindAt = true, at
	if _, _, _, is := b.kindOf(path); is == kind {
		b.delete(path, at)
	}
	return b.unused(prefix)
}

// declaration reads lists such as "const species A in C, B = 3, $D".
func (p *parser) declaration() {
	kind, constant, substance, speciesWord, dna := undecided, 0, false, false, noDNA
	for {
		t := p.peek()
		switch {
		case t.word("var") && kind == undecided && !substance:
			constant = -1
		case (t.word("const") || t.word("ext")) && kind == undecided && !substance:
			constant = 1
		case t.word("substanceOnly") && kind == undecided:
			substance, kind = true, aSpecies
		case t.word("species") && (kind == undecided || substance) && !speciesWord:
			kind, speciesWord = aSpecies, true
		case t.word("formula") && kind == undecided:
			kind = aFormula
		case t.word("compartment") && kind == undecided:
			kind = aCompartment
		case t.word("reaction") && kind == undecided:
			if constant > 0 {
				p.stop(t, "a reaction cannot be const")
			}
			kind = aReaction
		case t.word("gene") && kind == undecided && dna == noDNA:
			if constant > 0 {
				p.stop(t, "a gene cannot be const")
			}
			dna = gene
		case t.word("DNA") && kind == undecided && dna == noDNA:
			dna = anyDNA
		case t.word("operator") && kind == undecided && dna == noDNA:
			dna = operator
		default:
			p.declared(kind, constant, substance, dna)
			return
		}
		p.next()
	}
}

// declared reads the list of a declaration.
func (p *parser) declared(kind elementKind, constant int, substance bool, dna dnaKind) {
	for {
		start := p.peek()
		boundary := p.accept("$")
		path, at := p.path("an id")
		path, sbo := p.sboPath(path)
		p.plainPath(path, at)
		e := p.b.touch(path, at)
		if dna != noDNA {
			p.b.setDNA(e, dna, at)
		}
		if kind != undecided {
			if e.kind == undecided && e.at.Start > at.Start {
				e.at = at
			}
			p.b.setKind(e, kind, at, "it is declared so")
		}
		if constant != 0 {
			e.setConst(constant > 0, at)
		}
		if boundary {
			e.setConst(true, p.at(start))
		}
		if kind == aSpecies {
			e.substance = substance
		}
		if p.acceptWord("in") {
			e.setCompartment(p.compartment(), at)
		}
		if sbo {
			p.sboTerm(path, at)
		} else {
			p.definition(e, at)
		}
		if !p.accept(",") {
			return
		}
	}
}

// plainPath reports x.sboTerm and x.mean where an element is expected.
func (p *parser) plainPath(path string, at diag.Place) {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 || p.b.isSubmodel(path[:dot]) && p.b.has(path) {
		return
	}
	if last := path[dot+1:]; strings.EqualFold(last, "sboTerm") || uncertainty[last] != "" {
		p.fail(diag.Errorf(at, "%s can only be set, and not be used: it is no element", path))
	}
}

// sboPath splits x.sboTerm, which is about x; the case of sboTerm is free.
func (p *parser) sboPath(path string) (string, bool) {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 || !strings.EqualFold(path[dot+1:], "sboTerm") || !p.peek().is("=") {
		return path, false
	}
	if p.b.isSubmodel(path[:dot]) && p.b.has(path) {
		return path, false
	}
	return path[:dot], true
}

// deletion reads delete a.x, a.y.
func (p *parser) deletion() {
	p.next()
	for {
		path, at := p.path("the element to delete")
		if !strings.Contains(path, ".") {
			p.fail(diag.Errorf(at, "%s is not in a submodel", path).WithHelp("only elements of submodels can be deleted, as in delete A.%s", path))
		}
		if p.b.known(path, at) {
			p.b.delete(path, at)
		}
		if !p.accept(",") {
			return
		}
	}
}

// delete takes an element of a submodel out, with what depends on it.
func (b *body) delete(path string, at diag.Place) {
	m, id, prefix, kind := b.kindOf(path)
	switch kind {
	case anInteraction: // says that a species acts on a reaction, and has no effect of its own
		return
	case aRule, aConstraint:
		path = prefix + "#" + id
	case aStrand, anObjective:
		b.p.fail(diag.Errorf(at, "%s is %s and cannot be deleted", path, kind))
	case undecided:
		for _, u := range m.Units {
			if u.ID == id {
				path += "@unit"
			}
		}
	}
	b.mod.Deletions = append(b.mod.Deletions, model.Deletion{Path: path, Dependents: true, At: at})
}

// submodel reads name(x, y), timeconv=60, extentconv=f.
func (p *parser) submodel(id string, at diag.Place, compartment string) {
	t := p.next()
	def := p.r.modules[t.text]
	if def == nil {
		m := diag.Errorf(p.at(t), "there is no model %s before this line", t.text).WithHelp("%s", diag.DidYouMean(t.text, p.r.moduleNames()))
		if p.laterModel(t.text) {
			m.Help = "it is defined below: a model stands before the models that use it"
		}
		p.fail(m)
	}
	if id == "" {
		id = p.b.unused("_sys")
	}
	if p.r.modules[id] != nil {
		p.stop(t, "a submodel cannot be called %s, which is the name of a model", id)
	}
	p.b.claim(p.b.touch(id, at), aSubmodel, at)
	s := model.Submodel{ID: id, Module: def.ID, At: at.To(p.at(t))}
	p.b.submodels[id] = def
	p.expect("(", "after the name of the model")
	for !p.peek().is(")") {
		n := len(s.Args)
		if a := p.peek(); n >= len(def.Ports) {
			p.fail(diag.Errorf(p.at(a), "model %s has %d ports, this is one more", def.ID, len(def.Ports)).WithNote(def.At, "the model"))
		}
		if a := p.peek(); a.kind == number || a.is("-") {
			x := p.unary("a number or an id").x
			e := p.b.touch(id+"."+def.Ports[n], x.At)
			e.setValue(p, x, x.At)
			s.Args = append(s.Args, "")
		} else {
			path, argAt := p.path("an id or a number")
			p.b.touch(path, argAt)
			if isUnit(def, def.Ports[n]) { // a unit is what it means, here and there
				s.Args = append(s.Args, "")
				if !p.accept(",") {
					break
				}
				continue
			}
			s.Args = append(s.Args, path)
			p.b.synonyms = append(p.b.synonyms, pair{from: id + "." + def.Ports[n], to: path, at: argAt})
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "to end the ports of "+id)
	for p.accept(",") {
		w := p.id("timeconv or extentconv")
		p.expect("=", "after "+w.text)
		factor := ""
		if f := p.peek(); f.kind == number {
			p.next()
			factor = p.b.numberParameter(w.text, p.value(f), p.at(f))
		} else {
			path, factorAt := p.path("a number or a parameter")
			e := p.b.touch(path, factorAt)
			p.b.setKind(e, aFormula, factorAt, "it is a conversion factor")
			e.setConst(true, factorAt)
			factor = path
		}
		switch w.text {
		case "timeconv":
			s.TimeFactor = factor
		case "extentconv":
			s.ExtentFactor = factor
		default:
			p.stop(w, "a submodel has timeconv and extentconv, not %q", w.text)
		}
	}
	if p.acceptWord("in") {
		compartment = p.compartment()
	}
	if compartment != "" {
		p.b.touch(id, at).compartment = compartment
	}
	p.b.mod.Submodels = append(p.b.mod.Submodels, s)
}

func isUnit(m *model.Module, id string) bool {
	for _, u := range m.Units {
		if u.ID == id {
			return true
		}
	}
	return false
}

// numberParameter is the id of a constant parameter with a value: name, or another if
// that is something else already.
func (b *body) numberParameter(name string, v float64, at diag.Place) string {
	for id := name; ; id += "_" {
		e := b.elements[id]
		if e == nil {
			e = b.touch(id, at)
			e.kind, e.value, e.valueAt, e.constant, e.constAt = aFormula, &model.Expr{Kind: model.Number, Value: v, At: at}, at, 1, at
			return id
		}
		if e.kind == aFormula && e.constant > 0 && e.value != nil && e.value.Kind == model.Number && e.value.Value == v {
			return id
		}
	}
}

// laterModel tells whether a model of that name begins after this place.
func (p *parser) laterModel(name string) bool {
	for i := p.i; i+2 < len(p.tokens); i++ {
		if t := p.tokens[i]; t.word("model") || t.word("module") {
			if p.tokens[i+1].word(name) || p.tokens[i+1].is("*") && p.tokens[i+2].word(name) {
				return true
			}
		}
	}
	return false
}

func (r *reader) moduleNames() []string {
	var names []string
	for _, m := range r.doc.Modules {
		names = append(names, m.ID)
	}
	return names
}
