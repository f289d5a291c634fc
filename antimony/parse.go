package antimony

import (
	"fmt"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// parser reads one source into a document.
type parser struct {
	src       *diag.Source
	tokens    []token
	i         int
	ms        diag.Messages
	doc       *model.Document
	imports   Importer
	imported  map[string]bool
	functions map[string]bool
	closed    map[*model.Expr]bool // parenthesised formulas
	nested    int
	m         *body
}

// bailOut ends a statement after an error; the next statement is read on.
type bailOut struct{}

// Importer finds the text that an `import "name"` asks for.
type Importer func(name string, from diag.Place) (*diag.Source, error)

// most errors that are reported for one file.
const mostErrors = 50

func (t token) describe() string {
	switch t.kind {
	case newline:
		return "the end of the line"
	case end:
		return "the end of the file"
	case text:
		return fmt.Sprintf("the text %q", t.text)
	}
	return fmt.Sprintf("%q", t.text)
}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) next() token {
	t := p.tokens[p.i]
	if t.kind != end {
		p.i++
	}
	return t
}

func (p *parser) ahead(n int) token {
	return p.tokens[min(p.i+n, len(p.tokens)-1)]
}

func (p *parser) fail(at diag.Place, format string, args ...any) {
	if len(p.ms) < mostErrors {
		p.ms = append(p.ms, diag.Errorf(at, format, args...))
	}
}

func (p *parser) expect(sym, why string) token {
	t := p.peek()
	if t.kind != symbol || t.text != sym {
		p.fail(t.at, "expected %q %s, found %s", sym, why, t.describe())
		panic(bailOut{})
	}
	return p.next()
}

func (p *parser) name(what string) token {
	t := p.peek()
	if t.kind != word {
		p.fail(t.at, "expected %s, found %s", what, t.describe())
		panic(bailOut{})
	}
	return p.next()
}

// accept takes the next token if it is that symbol or word.
func (p *parser) accept(s string) bool {
	t := p.peek()
	if (t.kind == symbol || t.kind == word) && t.text == s {
		p.next()
		return true
	}
	return false
}

var keywords = map[string]bool{"in": true, "has": true, "is": true, "at": true, "after": true, "end": true, "model": true,
	"module": true, "function": true, "import": true, "species": true, "substanceOnly": true, "compartment": true, "const": true, "var": true,
	"unit": true, "delete": true, "and": true, "or": true}

// unitFollows says whether a word right after a number is its unit.
func (p *parser) unitFollows(n token) bool { return n.space && !keywords[n.text] }

// path reads an id that may lead into submodels.
func (p *parser) path(what string) (string, diag.Place) {
	t := p.name(what)
	name, at := t.text, t.at
	for p.peek().kind == symbol && p.peek().text == "." && !p.peek().space {
		p.next()
		id := p.name("an id after the dot")
		name += "." + id.text
		at = spanning(at, id.at)
	}
	return name, at
}

// Read parses standard Antimony. The imports function finds imported files; nil refuses
// imports. All errors that can be found are reported.
func Read(src *diag.Source, imports Importer) (*model.Document, diag.Messages) {
	p := &parser{doc: &model.Document{}, imports: imports, imported: map[string]bool{}, functions: map[string]bool{}}
	p.file(src, 0)
	p.ms.Sort()
	if p.ms.HasErrors() {
		return nil, p.ms
	}
	return p.doc, p.ms
}

// file reads one source, and what it imports, into the document.
func (p *parser) file(src *diag.Source, depth int) {
	tokens, ms := lex(src)
	p.ms = append(p.ms, ms...)
	if ms.HasErrors() {
		return
	}
	// newlines inside parentheses separate nothing
	open := 0
	kept := tokens[:0:0]
	for i, t := range tokens {
		if t.kind == symbol {
			switch t.text {
			case "(", "[":
				if i > 0 && tokens[i-1].text == "-" && tokens[i-1].kind == symbol && !t.space && i+1 < len(tokens) && unclosed(tokens[i:]) {
					break // A -( J: an influence, no parenthesis
				}
				open++
			case ")", "]":
				open = max(0, open-1)
			}
		}
		if t.kind == newline && open > 0 {
			continue
		}
		kept = append(kept, t)
	}
	outer := *p
	p.src, p.tokens, p.i, p.closed, p.nested = src, kept, 0, map[*model.Expr]bool{}, 0
	p.definedFunctions()
	top := newBody(p, "__main", diag.Place{Src: src})
	p.m = top
	for p.peek().kind != end {
		p.statement(func() {
			t := p.peek()
			switch {
			case t.kind == word && t.text == "import":
				p.next()
				f := p.peek()
				if f.kind != text {
					p.fail(f.at, `expected a file name in quotes after import, found %s`, f.describe())
					panic(bailOut{})
				}
				p.next()
				p.importFile(f, depth)
			case t.kind == word && (t.text == "model" || t.text == "module") && p.startsModel():
				p.model()
			case t.kind == word && t.text == "function":
				p.function()
			case t.kind == newline || t.kind == symbol && t.text == ";":
			default:
				top.used = true
				p.bodyStatement()
			}
		})
	}
	if top.used {
		p.doc.Modules = append(p.doc.Modules, top.finish())
	}
	ms, doc := p.ms, p.doc
	functions, imported := p.functions, p.imported
	*p = outer
	p.ms, p.doc, p.functions, p.imported = ms, doc, functions, imported
}

// unclosed says whether the parenthesis that starts here does not end on its line.
func unclosed(tokens []token) bool {
	open := 0
	for _, t := range tokens {
		if t.kind == newline || t.kind == end || t.kind == symbol && t.text == ";" {
			return true
		}
		if t.kind == symbol && t.text == "(" {
			open++
		}
		if t.kind == symbol && t.text == ")" {
			if open--; open == 0 {
				return false
			}
		}
	}
	return true
}

// startsModel tells `model name` from an element called model.
func (p *parser) startsModel() bool {
	n := p.ahead(1)
	return n.kind == word || n.kind == symbol && n.text == "*"
}

// definedFunctions notes the names of user functions, so that calls before the
// definition are read as calls of them.
func (p *parser) definedFunctions() {
	for i := 0; i+1 < len(p.tokens); i++ {
		if p.tokens[i].kind == word && p.tokens[i].text == "function" && p.tokens[i+1].kind == word {
			p.functions[p.tokens[i+1].text] = true
		}
	}
}

func (p *parser) importFile(f token, depth int) {
	if p.imports == nil {
		p.fail(f.at, "this text may not import files")
		return
	}
	if depth >= 32 {
		p.fail(f.at, "imports are nested deeper than 32: do two files import each other?")
		return
	}
	src, err := p.imports(f.text, f.at)
	if err != nil {
		m := diag.Errorf(f.at, "cannot import %q: %v", f.text, err).WithHelp("the name is relative to the importing file")
		p.ms = append(p.ms, m)
		return
	}
	if p.imported[src.Name] {
		return
	}
	p.imported[src.Name] = true
	p.file(src, depth+1)
}

// statement runs f and goes on to the end of the statement, whatever happens.
func (p *parser) statement(f func()) {
	before := p.i
	ok := func() (ok bool) {
		defer func() {
			if r := recover(); r != nil {
				if _, bail := r.(bailOut); !bail {
					panic(r)
				}
			}
		}()
		f()
		return true
	}()
	p.nested = 0
	t := p.peek()
	if ok && (t.kind == newline || t.kind == end || t.kind == symbol && t.text == ";") {
		p.next()
		return
	}
	if ok && t.kind == word && t.text == "end" {
		return
	}
	if ok && p.i > before && p.tokens[p.i-1].kind == word && p.tokens[p.i-1].text == "end" {
		return
	}
	if ok {
		p.fail(t.at, "expected the end of the statement (a new line or ;), found %s", t.describe())
	}
	for {
		t := p.next()
		if t.kind == newline || t.kind == end || t.kind == symbol && t.text == ";" {
			return
		}
	}
}

// model reads `model [*]name [(ports)] ... end`.
func (p *parser) model() {
	start := p.next()
	main := p.accept("*")
	n := p.name("the name of the model")
	b := newBody(p, n.text, n.at)
	b.mod.Main = main
	b.mod.Comment = commentBefore(p.src, start.at.Start)
	for _, other := range p.doc.Modules {
		if other.ID == n.text {
			p.ms = append(p.ms, diag.Errorf(n.at, "model %s is defined twice", n.text).WithNote(other.At, "first here"))
		}
	}
	if p.accept("(") {
		for !p.accept(")") {
			id, at := p.path("the id of a port")
			b.mod.Ports = append(b.mod.Ports, id)
			b.touch(id, at)
			if !p.accept(",") {
				p.expect(")", "to end the list of ports")
				break
			}
		}
	}
	outer := p.m
	p.m = b
	defer func() { p.m = outer }()
	for {
		t := p.peek()
		if t.kind == end {
			p.ms = append(p.ms, diag.Errorf(t.at, "the file ends inside model %s", n.text).WithNote(start.at, "which starts here").WithHelp("end it with: end"))
			break
		}
		if t.kind == word && t.text == "end" {
			p.next()
			break
		}
		if t.kind == word && (t.text == "model" || t.text == "module") && p.startsModel() {
			p.ms = append(p.ms, diag.Errorf(t.at, "a model cannot start inside model %s", n.text).WithNote(start.at, "which starts here and has no end"))
			panic(bailOut{})
		}
		p.statement(p.bodyStatement)
	}
	p.doc.Modules = append(p.doc.Modules, b.finish())
}

// function reads `function f(x, y) ... end`.
func (p *parser) function() {
	p.next()
	n := p.name("the name of the function")
	f := model.Function{ID: n.text, At: n.at}
	p.expect("(", "before the arguments of the function")
	for !p.accept(")") {
		f.Params = append(f.Params, p.name("the name of an argument").text)
		if !p.accept(",") {
			p.expect(")", "to end the arguments")
			break
		}
	}
	skip := func() {
		for p.peek().kind == newline || p.peek().kind == symbol && p.peek().text == ";" {
			p.next()
		}
	}
	skip()
	f.Body = p.expression(1)
	skip()
	if t := p.peek(); t.kind != word || t.text != "end" {
		p.fail(t.at, "expected end after the formula of function %s, found %s", f.ID, t.describe())
		panic(bailOut{})
	}
	p.next()
	if p.accept("is") {
		if t := p.next(); t.kind == text {
			f.Name = t.text
		}
	}
	p.doc.Functions = append(p.doc.Functions, f)
}

// refused names what is not read, by its first word.
var refused = map[string]string{
	"gene": "DNA strands", "operator": "DNA strands", "DNA": "DNA strands",
	"maximize": "flux balance objectives", "minimize": "flux balance objectives",
}

// bodyStatement reads one statement of a model.
func (p *parser) bodyStatement() {
	t := p.peek()
	if t.kind == newline || t.kind == end || t.kind == symbol && t.text == ";" {
		return
	}
	b := p.m
	if t.kind == word {
		after := p.ahead(1)
		declares := after.kind == word || after.kind == symbol && after.text == "$"
		switch t.text {
		case "species", "substanceOnly", "compartment", "const", "var", "formula", "parameter":
			if declares {
				p.declaration()
				return
			}
		case "unit":
			if after.kind == word {
				p.unitDefinition()
				return
			}
		case "delete":
			if declares {
				p.next()
				for {
					path, at := p.path("the element to delete")
					b.mod.Deletions = append(b.mod.Deletions, model.Deletion{Path: path, At: at})
					if !p.accept(",") {
						return
					}
				}
			}
		case "at":
			p.event("", t.at)
			return
		case "assert":
			p.fail(t.at, "constraints (assert) are not supported")
			panic(bailOut{})
		case "algebraic":
			p.next()
			p.fail(t.at, "algebraic rules are written: 0 = formula")
			panic(bailOut{})
		default:
			if what, no := refused[t.text]; no && declares {
				p.fail(t.at, "%s are not supported", what)
				panic(bailOut{})
			}
		}
	}
	if t.kind == numeral && t.text == "0" && p.ahead(1).text == "=" {
		p.next()
		p.next()
		e := p.expression(1)
		b.mod.Rules = append(b.mod.Rules, model.Rule{Kind: model.Algebraic, Math: e, At: e.At})
		return
	}
	if t.kind == symbol && t.text == "@" {
		p.fail(t.at, "%q starts no statement of Antimony", "@")
		panic(bailOut{})
	}
	// something that begins with an id, or a reaction without a name
	if t.kind == word && p.namedThing() {
		return
	}
	p.reaction("", t.at)
}

// namedThing reads statements that begin with an id: assignments, rules, submodels,
// events, reactions with a name, units, display names, terms.
func (p *parser) namedThing() bool {
	save := p.i
	path, at := p.path("an id")
	b := p.m
	// `x in C, ...` and plain `x in C = 3`
	t := p.peek()
	switch {
	case t.kind == symbol && t.text == ":":
		p.next()
		n := p.peek()
		if n.kind == word && n.text == "at" {
			p.event(path, at)
			return true
		}
		if n.kind == word && p.ahead(1).kind == symbol && p.ahead(1).text == "(" && !p.arrowAhead() {
			p.submodel(path, at)
			return true
		}
		p.reaction(path, at)
		return true
	case t.kind == symbol && t.text == "=":
		p.next()
		p.initial(path, at)
		return true
	case t.kind == symbol && t.text == ":=":
		p.next()
		e := p.expression(1)
		b.rule(model.Assignment, path, e, at)
		return true
	case t.kind == symbol && t.text == "'":
		p.next()
		p.expect("=", "after the ' of a rate rule")
		e := p.expression(1)
		b.rule(model.Rate, path, e, at)
		return true
	case t.kind == word && t.text == "is":
		p.next()
		n := p.peek()
		if n.kind == text {
			p.next()
			b.display(path, n.text, at)
			return true
		}
		other, _ := p.path("an id or a name in quotes")
		b.link(path, other, at)
		return true
	case t.kind == word && t.text == "has":
		p.next()
		u := p.name("the id of a unit")
		b.unitOf(path, u.text, at)
		return true
	case t.kind == word && t.text == "in":
		p.next()
		c, cat := p.path("the compartment")
		b.touch(c, cat)
		b.locate(path, c, at)
		if p.accept("=") {
			p.initial(path, at)
		}
		return true
	case t.kind == symbol && t.text == "." || t.kind == word && p.ahead(1).kind == text:
		// CV terms: x identity "uri", "uri"; x.sboTerm is a path that ends before "="
		if t.kind == word {
			q := p.next()
			a := model.Annotation{Element: path, Qualifier: q.text, At: at}
			for p.peek().kind == text {
				a.Resources = append(a.Resources, p.next().text)
				if !p.accept(",") {
					break
				}
				for p.peek().kind == newline {
					p.next()
				}
			}
			b.mod.Annotations = append(b.mod.Annotations, a)
			return true
		}
	}
	p.i = save
	return false
}

// arrowAhead says whether a reaction arrow stands on this line: A: B(C) -> ... is no submodel.
func (p *parser) arrowAhead() bool {
	for i := p.i; i < len(p.tokens); i++ {
		t := p.tokens[i]
		if t.kind == newline || t.kind == end || t.kind == symbol && t.text == ";" {
			return false
		}
		if t.kind == symbol && arrows[t.text] {
			return true
		}
	}
	return false
}

var arrows = map[string]bool{"->": true, "=>": true, "<->": true, "<=>": true, "-->": true}

func (p *parser) initial(path string, at diag.Place) {
	e := p.expression(1)
	if strings.HasSuffix(path, ".sboTerm") {
		p.m.mod.Annotations = append(p.m.mod.Annotations, model.Annotation{Element: strings.TrimSuffix(path, ".sboTerm"), Qualifier: "sboTerm", Resources: []string{model.FormatNumber(e.Value)}, At: at})
		return
	}
	if t := p.peek(); t.kind == word && t.text == "in" { // S1 = 3 in C
		p.next()
		c, cat := p.path("the compartment")
		p.m.touch(c, cat)
		p.m.locate(path, c, at)
	}
	p.m.initial(path, e, at)
}

func (p *parser) submodel(id string, at diag.Place) {
	m := p.name("the name of a model")
	s := model.Submodel{ID: id, Module: m.text, At: spanning(at, m.at)}
	p.expect("(", "after the model's name")
	for !p.accept(")") {
		arg, argAt := p.path("an id for a port")
		s.Args = append(s.Args, arg)
		p.m.touch(arg, argAt)
		if !p.accept(",") {
			p.expect(")", "to end the list of ports")
			break
		}
	}
	for p.accept(",") {
		w := p.name("timeconv or extentconv")
		p.expect("=", "after "+w.text)
		v, _ := p.path("the id of a conversion factor")
		switch w.text {
		case "timeconv":
			s.TimeFactor = v
		case "extentconv":
			s.ExtentFactor = v
		default:
			p.fail(w.at, "expected timeconv or extentconv, found %q", w.text)
		}
	}
	p.m.addSubmodel(s)
}

// declaration reads `species A in C, B = 3, $D; substanceOnly species ...; const x, y`.
func (p *parser) declaration() {
	var d declared
	for {
		t := p.peek()
		if t.kind != word {
			break
		}
		switch t.text {
		case "const":
			d.constant = 1
		case "var":
			d.constant = -1
		case "substanceOnly":
			d.substance = true
		case "species", "compartment", "formula", "parameter":
			d.kind = t.text
		default:
			goto list
		}
		p.next()
	}
list:
	for {
		x := d
		if p.accept("$") {
			x.boundary = true
		}
		path, at := p.path("an id")
		p.m.declare(path, x, at)
		if p.accept("in") {
			c, cat := p.path("the compartment")
			p.m.touch(c, cat)
			p.m.locate(path, c, at)
		}
		if p.accept("has") {
			u := p.name("the id of a unit")
			p.m.unitOf(path, u.text, at)
		}
		switch {
		case p.accept("="):
			p.m.initial(path, p.expression(1), at)
		case p.accept(":="):
			p.m.rule(model.Assignment, path, p.expression(1), at)
		case p.accept("'"):
			p.expect("=", "after the ' of a rate rule")
			p.m.rule(model.Rate, path, p.expression(1), at)
		}
		if !p.accept(",") {
			return
		}
		for p.peek().kind == newline {
			p.next()
		}
	}
}

// unitDefinition reads `unit x = formula of units`.
func (p *parser) unitDefinition() {
	p.next()
	n := p.name("the id of a unit")
	if p.accept("has") || p.accept("is") {
		p.next()
		return
	}
	p.expect("=", "in the definition of a unit")
	from := p.peek().at.Start
	to := from
	for t := p.peek(); t.kind != newline && t.kind != end && !(t.kind == symbol && t.text == ";"); t = p.peek() {
		to = p.next().at.End
	}
	u := model.UnitDef{ID: n.text, Text: strings.TrimSpace(p.src.Text[from:to]), At: n.at}
	if u.Text == "" {
		p.fail(n.at, "the unit %s has no definition", n.text)
		return
	}
	p.m.mod.Units = append(p.m.mod.Units, u)
	if n.text == "time_unit" {
		p.m.mod.TimeUnit = u.Text
	}
}

// event reads `[E:] at [delay after] trigger [, t0=..., priority=...]: a = b, c = d`.
func (p *parser) event(id string, at diag.Place) {
	p.next() // at
	e := model.Event{ID: id, Persistent: true, FromTrigger: true, InitialValue: true, At: at}
	e.Trigger = p.expression(1)
	if p.accept("after") {
		e.Delay = e.Trigger
		e.Trigger = p.expression(1)
	}
	logic := func(x *model.Expr, what string) bool {
		if x.Kind != model.Number {
			p.fail(x.At, "%s is true or false", what)
		}
		return x.Value != 0
	}
	for p.accept(",") {
		w := p.name("t0, persistent, priority or fromTrigger")
		p.expect("=", "after "+w.text)
		v := p.expression(1)
		switch w.text {
		case "t0":
			e.InitialValue = logic(v, "t0")
		case "persistent":
			e.Persistent = logic(v, "persistent")
		case "fromTrigger":
			e.FromTrigger = logic(v, "fromTrigger")
		case "priority":
			e.Priority = v
		default:
			p.fail(w.at, "an event has t0, persistent, priority and fromTrigger, not %q", w.text)
		}
	}
	p.expect(":", "before the assignments of the event")
	for {
		for p.peek().kind == newline {
			p.next()
		}
		v, vat := p.path("what the event sets")
		p.expect("=", "after "+v)
		x := p.expression(1)
		e.Assignments = append(e.Assignments, model.EventAssignment{Variable: v, Math: x, At: spanning(vat, x.At)})
		p.m.touch(v, vat)
		p.m.vary(v)
		if !p.accept(",") {
			break
		}
	}
	p.m.addEvent(e)
}

// reaction reads `[J:] 2 A + B -> C; k*A*B` and interactions `A -o J`.
func (p *parser) reaction(id string, at diag.Place) {
	r := model.Reaction{ID: id, At: at, Reversible: true}
	left := p.side()
	t := p.next()
	if t.kind == symbol && t.text == "-" && p.peek().kind == symbol && p.peek().text == "(" {
		p.next()
		t.text = "-("
	}
	if t.kind == symbol && (t.text == "-o" || t.text == "-|" || t.text == "-(") {
		target, _ := p.path("the reaction that is influenced")
		for _, x := range left {
			p.m.touch(x.Species, x.At)
			p.m.modifier(target, x.Species)
		}
		return
	}
	if t.kind != symbol || !arrows[t.text] {
		what := "a statement"
		if id != "" {
			what = "the reaction " + id
		}
		p.fail(t.at, "expected an arrow (->, =>) in %s, found %s", what, t.describe())
		panic(bailOut{})
	}
	r.Reversible = t.text == "->" || t.text == "<->" || t.text == "<=>"
	r.Reactants = left
	r.Products = p.side()
	if p.peek().kind == symbol && p.peek().text == ";" {
		n := p.ahead(1)
		if n.kind != newline && n.kind != end && !(n.kind == symbol && n.text == ";") && !(n.kind == word && n.text == "end") {
			p.next()
			r.Rate = p.expression(1)
		}
	}
	if t := p.peek(); t.kind == word && t.text == "in" {
		p.next()
		p.path("the compartment of the reaction")
	}
	p.m.addReaction(r)
}

// side reads one side of a reaction.
func (p *parser) side() []model.SpeciesRef {
	var out []model.SpeciesRef
	for {
		t := p.peek()
		if t.kind == symbol && (arrows[t.text] || t.text == ";") || t.kind == newline || t.kind == end {
			return out
		}
		ref := model.SpeciesRef{At: t.at}
		boundary := false
		if t.kind == numeral {
			n := p.next()
			v := &parser{src: p.src, tokens: []token{n, {kind: end, at: n.at}}, closed: map[*model.Expr]bool{}}
			ref.Stoichiometry = v.primary()
		} else if t.kind == word && p.ahead(1).kind == word {
			n := p.next()
			ref.Stoichiometry = &model.Expr{Kind: model.Symbol, Name: n.text, At: n.at}
			p.m.touch(n.text, n.at)
		}
		if p.accept("$") {
			boundary = true
		}
		name, at := p.path("a species")
		ref.Species = name
		ref.At = at
		p.m.declare(name, declared{kind: "species", boundary: boundary}, at)
		out = append(out, ref)
		if !p.accept("+") {
			return out
		}
	}
}
