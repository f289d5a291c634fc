package antimony

import (
	"sort"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// Bounds on what one reading takes in.
const (
	maxErrors  = 100  // messages; then reading ends
	maxImports = 1000 // files
	maxDeep    = 32   // imports inside each other
)

// mainID is the id of the model made of the statements outside of all models.
const mainID = "__main"

// Importer finds the text that import "name" asks for; from is the place of the name.
type Importer func(name string, from diag.Place) (*diag.Source, error)

// Foreign reads the text of an imported file that is not Antimony but XML (SBML).
type Foreign func(src *diag.Source) (*model.Document, diag.Messages)

// reader is what the files of one reading share.
type reader struct {
	doc      *model.Document
	imports  Importer
	foreign  Foreign
	about    []model.Annotation // of functions
	imported map[string]bool
	modules  map[string]*model.Module
	kinds    map[*model.Module]map[string]elementKind // of the elements of finished models
	index    map[string]int                           // of functions in doc
	depth    int
	main     *body
	calls    []call
	units    map[string]*model.UnitDef // of the texts outside of models
	dna      map[*model.Module]pieces  // of finished models
	implicit map[*model.Module]bool    // models with a default compartment that no text speaks of
	ms       diag.Messages
}

// parser reads one text.
type parser struct {
	r        *reader // nil for a formula alone
	src      *diag.Source
	tokens   []token
	comments []comment
	i        int
	b        *body           // the model being read
	params   map[string]bool // the arguments of the function being read
	nesting  int
	wide     bool // after an error, skip to the end of the line and not only to the next ;
	linear   bool // in an objective, where "3 J0" is a product
	ms       diag.Messages
}

// bailout ends a statement, tooMany the reading.
type (
	bailout struct{}
	tooMany struct{}
)

// Read reads a text and what it imports; a nil imports refuses imports. The
// document is nil when there are errors, of which all that can be found are
// reported, in the order of the text.
func Read(src *diag.Source, imports Importer) (*model.Document, diag.Messages) {
	return ReadWith(src, imports, nil)
}

// ReadWith is Read with a reader for imported files that are XML; nil refuses them.
func ReadWith(src *diag.Source, imports Importer, foreign Foreign) (*model.Document, diag.Messages) {
	r := &reader{doc: &model.Document{}, imports: imports, foreign: foreign, imported: map[string]bool{src.Name: true},
		modules: map[string]*model.Module{}, kinds: map[*model.Module]map[string]elementKind{},
		index: map[string]int{}, dna: map[*model.Module]pieces{}, implicit: map[*model.Module]bool{}, units: map[string]*model.UnitDef{}}
	r.file(src)
	r.finishMain()
	r.checkCalls()
	r.checkRecursion()
	r.finishAbout()
	for _, m := range r.doc.Modules {
		m.Annotations = joinDates(m.Annotations)
	}
	if r.ms.HasErrors() {
		r.ms.Sort()
		return nil, r.ms
	}
	r.finishFunctions()
	r.ms.Sort()
	return r.doc, r.ms
}

// finishMain makes a model of the statements outside of models; units alone make none.
func (r *reader) finishMain() {
	if r.main == nil {
		return
	}
	p := &parser{r: r, src: r.main.p.src}
	defer func() {
		if x := recover(); x != nil {
			if _, ok := x.(tooMany); !ok {
				panic(x)
			}
		}
		r.ms = append(r.ms, p.ms...)
	}()
	p.b, r.main.p = r.main, p
	m := r.main.finish()
	if r.main.used || len(r.doc.Modules) == 0 && m.TimeUnit+m.SubstanceUnit+m.VolumeUnit+m.AreaUnit+m.LengthUnit+m.ExtentUnit != "" {
		r.add(m, r.main)
	} else {
		r.doc.Units = m.Units
	}
}

// add puts a finished model into the document.
func (r *reader) add(m *model.Module, b *body) {
	r.doc.Modules = append(r.doc.Modules, m)
	r.modules[m.ID] = m
	kinds := map[string]elementKind{}
	for _, u := range m.Units {
		kinds[u.ID] = undecided
	}
	for i := range m.Events {
		kinds[m.Events[i].ID] = anEvent
	}
	for i := range m.Reactions {
		kinds[m.Reactions[i].ID] = aReaction
	}
	for i := range m.Compartments {
		kinds[m.Compartments[i].ID] = aCompartment
	}
	for i := range m.Parameters {
		kinds[m.Parameters[i].ID] = aFormula
	}
	for i := range m.Species {
		kinds[m.Species[i].ID] = aSpecies
	}
	for i := range m.Submodels {
		kinds[m.Submodels[i].ID] = aSubmodel
	}
	for id, kind := range b.others() {
		kinds[id] = kind
	}
	r.kinds[m] = kinds
	r.dna[m] = b.dna
	for i := range m.Compartments {
		if m.Compartments[i].ID == defaultCompartment && b.mod != nil && !b.explicitDefault() {
			r.implicit[m] = true
		}
	}
}

// checkCalls reports calls of functions that nobody defined.
func (r *reader) checkCalls() {
	byName := map[string]*model.Function{}
	names := functionWords()
	for i := range r.doc.Functions {
		f := &r.doc.Functions[i]
		byName[f.ID] = f
		names = append(names, f.ID)
	}
	for _, c := range r.calls {
		f := byName[c.name]
		if len(r.ms) >= maxErrors {
			return
		}
		switch {
		case f == nil:
			m := diag.Errorf(c.at, "there is no function %s", c.name).WithHelp("%s", diag.DidYouMean(c.name, names))
			if m.Help == "" {
				m.Help = "define it with function " + c.name + "(...) ... end; for a product write *"
			}
			r.ms = append(r.ms, m)
		case len(f.Params) != c.args:
			r.ms = append(r.ms, diag.Errorf(c.at, "%s takes %s, not %d", c.name, arity(len(f.Params), len(f.Params)), c.args).
				WithNote(f.At, "it is defined here"))
		}
	}
}

// file reads one text into the document.
func (r *reader) file(src *diag.Source) {
	l := lex(src, 0, len(src.Text))
	p := &parser{r: r, src: src, tokens: l.tokens, comments: l.comments}
	r.ms = append(r.ms, l.ms...)
	defer func() {
		if x := recover(); x != nil {
			if _, ok := x.(tooMany); !ok {
				panic(x)
			}
			r.ms = append(r.ms, p.ms...)
			r.ms = append(r.ms, diag.Notef(p.at(p.peek()), "there may be more errors from here on; mend these first"))
		}
	}()
	window := 0 // where a comment about the next model may begin
	for {
		t := p.peek()
		switch {
		case t.kind == eof:
			r.ms = append(r.ms, p.ms...)
			return
		case p.ends(t):
			p.next()
		case t.word("import"):
			p.statement(p.importFile)
			window = p.peek().start
		case t.word("function"):
			p.try(p.function)
		case t.word("model") || t.word("module"):
			p.model(p.commentAbove(window, t.start))
			window = p.peek().start
		case t.word("end"):
			p.next()
			p.report(diag.Errorf(p.at(t), "end without a model or function that it ends"))
		case t.kind == word && r.modules[t.text] != nil && !p.ahead(1).is("("):
			p.statement(p.aboutModel)
			window = p.peek().start
		case t.kind == word && r.function(t.text) != nil && !p.ahead(1).is("("):
			p.statement(p.aboutFunction)
		default:
			if r.main == nil {
				r.main = newBody(p, mainID, p.at(t))
				r.main.mod.Main = true
			}
			p.b = r.main
			p.b.p = p
			p.b.used = p.b.used || !t.word("unit") && !p.isDefaultUnit()
			p.statement(p.part)
			p.b = nil
			window = p.peek().start
		}
	}
}

func (r *reader) function(id string) *model.Function {
	if i, ok := r.index[id]; ok {
		return &r.doc.Functions[i]
	}
	return nil
}

// Tokens.

func (p *parser) peek() token { return p.tokens[p.i] }

// ahead is the token n places further.
func (p *parser) ahead(n int) token { return p.tokens[min(p.i+n, len(p.tokens)-1)] }

// next takes the token; the last one stays.
func (p *parser) next() token {
	t := p.tokens[p.i]
	if t.kind != eof {
		p.i++
	}
	return t
}

func (p *parser) at(t token) diag.Place { return p.src.At(t.start, t.end) }

// accept takes the next token when it is the symbol s.
func (p *parser) accept(s string) bool {
	if p.peek().is(s) {
		p.next()
		return true
	}
	return false
}

// acceptWord takes the next token when it is the word w.
func (p *parser) acceptWord(w string) bool {
	if p.peek().word(w) {
		p.next()
		return true
	}
	return false
}

// expect takes the symbol s or ends the statement with a message.
func (p *parser) expect(s, why string) token {
	t := p.peek()
	if !t.is(s) {
		p.stop(t, "expected %q %s, found %s", s, why, t.name())
	}
	return p.next()
}

// Messages.

// report keeps a message.
func (p *parser) report(m diag.Message) {
	p.ms = append(p.ms, m)
	n := len(p.ms)
	if p.r != nil {
		n += len(p.r.ms)
	}
	if n >= maxErrors {
		panic(tooMany{})
	}
}

// warn keeps a message that is no error; it never ends the reading.
func (p *parser) warn(m diag.Message) {
	if len(p.ms) < maxErrors/2 {
		p.ms = append(p.ms, m)
	}
}

// fail reports an error and ends the statement.
func (p *parser) fail(m diag.Message) {
	p.report(m)
	panic(bailout{})
}

// stop reports an error at a token and ends the statement.
func (p *parser) stop(t token, format string, args ...any) {
	p.fail(diag.Errorf(p.at(t), format, args...))
}

// try runs f and tells whether it came to its end.
func (p *parser) try(f func()) (ok bool) {
	defer func() {
		p.nesting = 0
		switch x := recover(); x.(type) {
		case nil:
		case bailout:
		case tooMany:
			if p.r != nil {
				panic(x)
			}
		default:
			panic(x)
		}
	}()
	f()
	return true
}

// statement reads one statement up to its end, or, after an error, skips to it.
func (p *parser) statement(f func()) {
	p.wide, p.linear = false, false
	start := p.i
	ok := p.try(f)
	t := p.peek()
	if ok && !p.ends(t) && !t.word("end") {
		ok = false
		p.report(p.unexpected(t))
	}
	if !ok {
		for t = p.peek(); t.kind != newline && t.kind != eof && !(t.is(";") && !p.wide); t = p.peek() {
			if t.word("end") && p.i > start {
				return
			}
			p.next()
		}
	}
	if t := p.peek(); t.kind == newline || t.is(";") {
		p.next()
	} else if p.i == start {
		p.next() // whatever it was, it must not be read for ever
	}
}

// unexpected is the message for a token behind a complete statement.
func (p *parser) unexpected(t token) diag.Message {
	m := diag.Errorf(p.at(t), "expected the end of the statement, found %s", t.name())
	switch {
	case t.is("="):
		m.Help = "to compare write =="
	case t.is("=>"):
		m.Help = "to compare write >="
	case t.is("&"), t.is("|"):
		m.Help = "write " + t.text + t.text
	case strings.HasPrefix(t.text, "--") && t.kind == symbol:
		m.Help = "write - -x to subtract a negative value; -- joins DNA strands, which are not supported"
	case t.kind == word || t.kind == number || t.is("("):
		m.Help = "end a statement with ; or with the line; for a product write *"
	}
	return m
}

// id reads a word that names something.
func (p *parser) id(what string) token {
	t := p.peek()
	if t.kind != word {
		p.stop(t, "expected %s, found %s", what, t.name())
	}
	if r := reserved(t.text); r != "" {
		p.fail(diag.Errorf(p.at(t), "%q is %s and cannot be %s", t.text, r, what).WithHelp("call it %s_", t.text))
	}
	return p.next()
}

// path reads an id or the path of an element in a submodel: a.b.c.
func (p *parser) path(what string) (string, diag.Place) {
	t := p.id(what)
	path, at := t.text, p.at(t)
	for p.peek().is(".") && p.ahead(1).kind == word {
		p.next()
		t = p.next()
		path += "." + t.text
		at = at.To(p.at(t))
	}
	return path, at
}

// commentAbove is the comment about what starts at an offset: the block right
// above it, or else the first block in the window before it.
func (p *parser) commentAbove(window, start int) string {
	first := ""
	from := sort.Search(len(p.comments), func(i int) bool { return p.comments[i].start >= window })
	for _, c := range p.comments[from:] {
		if c.end > start {
			break
		}
		if !c.alone {
			continue
		}
		text := strings.Join(c.lines, "\n")
		if between := p.src.Text[c.end:start]; strings.TrimSpace(between) == "" && strings.Count(between, "\n") <= 1 {
			return text
		}
		if first == "" {
			first = text
		}
	}
	return first
}

// importFile reads import "file".
func (p *parser) importFile() {
	p.next()
	t := p.peek()
	if t.kind != quoted {
		p.stop(t, "expected the name of a file in quotes, found %s", t.name())
	}
	p.next()
	r := p.r
	switch {
	case r.imports == nil:
		p.stop(t, "this text may not import other files")
	case r.depth >= maxDeep:
		p.stop(t, "imports are nested deeper than %d", maxDeep)
	case len(r.imported) > maxImports:
		p.stop(t, "more than %d files are imported", maxImports)
	}
	src, err := r.imports(t.text, p.at(t))
	if err != nil {
		p.fail(diag.Errorf(p.at(t), "cannot import %q: %v", t.text, err))
	}
	if r.imported[src.Name] {
		return // as if pasted once
	}
	r.imported[src.Name] = true
	if strings.HasPrefix(strings.TrimLeft(src.Text, "\ufeff \t\r\n"), "<") {
		p.importForeign(src, p.at(t))
		return
	}
	r.depth++
	r.file(src)
	r.depth--
}

// importForeign adds the models of a file that is not Antimony.
func (p *parser) importForeign(src *diag.Source, at diag.Place) {
	r := p.r
	if r.foreign == nil {
		p.fail(diag.Errorf(at, "%s is not Antimony, and this text may import nothing else", src.Name))
	}
	doc, ms := r.foreign(src)
	for _, m := range ms {
		if m.Severity == diag.Error {
			p.fail(diag.Errorf(at, "%s cannot be read: %s", src.Name, m.Text).WithNote(m.At, "there"))
		}
	}
	r.ms = append(r.ms, ms...)
	for _, m := range doc.Modules {
		if before := r.modules[m.ID]; before != nil {
			p.fail(diag.Errorf(at, "the model %s is defined twice", m.ID).WithNote(before.At, "first here"))
		}
		if f := r.function(m.ID); f != nil {
			p.fail(diag.Errorf(at, "%s is the name of a function and cannot be the name of a model", m.ID).WithNote(f.At, "the function"))
		}
		c := *m
		c.Main = false
		r.add(&c, &body{})
	}
	r.doc.Units = append(r.doc.Units, doc.Units...)
	for _, f := range doc.Functions {
		if r.function(f.ID) == nil {
			r.index[f.ID] = len(r.doc.Functions)
			r.doc.Functions = append(r.doc.Functions, f)
		}
	}
}

// model reads model *id(ports) ... end.
func (p *parser) model(about string) {
	start := p.next()
	p.b = nil
	ok := p.try(func() {
		main := p.accept("*")
		t := p.id("the name of a model")
		b := newBody(p, t.text, p.at(t))
		b.mod.Main, b.mod.Comment = main, about
		b.used = true
		if before := p.r.modules[t.text]; before != nil {
			p.report(diag.Errorf(p.at(t), "the model %s is defined twice", t.text).WithNote(before.At, "first here"))
		}
		if f := p.r.function(t.text); f != nil {
			p.report(diag.Errorf(p.at(t), "%s is the name of a function and cannot be the name of a model", t.text).WithNote(f.At, "the function"))
		}
		p.b = b
		if p.accept("(") {
			for !p.peek().is(")") {
				p.accept("$")
				id, at := p.path("a port")
				b.touch(id, at)
				b.mod.Ports = append(b.mod.Ports, id)
				if !p.accept(",") {
					break
				}
			}
			p.expect(")", "to end the ports of model "+t.text)
		}
	})
	if p.b == nil {
		p.b = newBody(p, "", p.at(start))
	}
	if !ok {
		for t := p.peek(); t.kind != newline && t.kind != eof; t = p.peek() {
			p.next()
		}
	}
	p.body(start)
	b := p.b
	p.b = nil
	if m := b.finish(); m.ID != "" {
		p.r.add(m, b)
	}
}

// body reads the statements of a model up to its end.
func (p *parser) body(start token) {
	for {
		t := p.peek()
		switch {
		case p.ends(t) && t.kind != eof:
			p.next()
		case t.word("end"):
			p.next()
			return
		case t.kind == eof, t.word("function"), t.word("import"), (t.word("model") || t.word("module")) && p.startsModel():
			m := diag.Errorf(p.at(t), "model %s has no end: %s comes first", p.b.mod.ID, t.name()).WithNote(p.at(start), "the model starts here")
			p.report(m.WithHelp("write end after the last statement of the model"))
			return
		default:
			p.statement(p.part)
		}
	}
}

// startsModel tells a nested model from a statement about the model itself:
// model notes "..." and model.sboTerm = 1.
func (p *parser) startsModel() bool {
	a := p.ahead(1)
	if a.is("*") {
		return true
	}
	return a.kind == word && p.ahead(2).kind != quoted && !p.ahead(2).is(".")
}

// aboutModel reads statements about a finished model: m is "name", terms.
func (p *parser) aboutModel() {
	t := p.next()
	m := p.r.modules[t.text]
	if p.acceptWord("is") {
		m.Name = p.text("the display name of model " + m.ID)
		return
	}
	if p.peek().is(".") && strings.EqualFold(p.ahead(1).text, "sboTerm") {
		p.next()
		p.next()
		m.Annotations = append(m.Annotations, p.sboNumber(m.ID, p.at(t)))
		return
	}
	p.r.note(m, p.term(m.ID, p.at(t)))
}

// note adds an annotation; notes have a place of their own.
func (r *reader) note(m *model.Module, a model.Annotation) {
	if a.Qualifier == "unknown_model_qual" {
		r.ms = append(r.ms, diag.Warnf(a.At, "unknown_model_qual is no annotation term: it is not kept"))
		return
	}
	if a.Qualifier != "notes" {
		m.Annotations = append(m.Annotations, a)
		return
	}
	element := a.Element
	if element == m.ID {
		element = ""
	}
	for _, text := range a.Resources {
		m.Notes = append(m.Notes, model.Note{Element: element, Text: text})
	}
}

// aboutFunction reads f is "name".
func (p *parser) aboutFunction() {
	t := p.next()
	f := p.r.function(t.text)
	if p.acceptWord("is") {
		f.Name = p.text("the display name of function " + f.ID)
		return
	}
	if p.peek().is(".") && strings.EqualFold(p.ahead(1).text, "sboTerm") {
		p.next()
		p.next()
		p.r.about = append(p.r.about, p.sboNumber(f.ID, p.at(t)))
		return
	}
	p.r.about = append(p.r.about, p.term(f.ID, p.at(t)))
}

// finishAbout puts the annotations of functions into the main model.
func (r *reader) finishAbout() {
	if len(r.about) == 0 {
		return
	}
	if len(r.doc.Modules) == 0 {
		r.ms = append(r.ms, diag.Warnf(r.about[0].At, "annotations of functions are not kept without a model"))
		return
	}
	for _, a := range r.about {
		r.note(mainOf(r.doc), a)
	}
}

// text reads a text in quotes.
func (p *parser) text(what string) string {
	t := p.peek()
	if t.kind != quoted {
		p.stop(t, "expected %s in quotes, found %s", what, t.name())
	}
	p.next()
	return t.text
}
