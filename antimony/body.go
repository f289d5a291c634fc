package antimony

import (
	"fmt"
	"sort"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// elementKind is what an id turned out to be.
type elementKind uint8

const (
	undecided elementKind = iota
	aFormula              // a parameter that may still become something else
	aSpecies
	aCompartment
	aReaction
	anEvent
	aSubmodel
	anInteraction
	aRule // the id of an algebraic rule
	aConstraint
	anObjective
	aStrand
)

func (k elementKind) String() string {
	return [...]string{"nothing yet", "a parameter", "a species", "a compartment", "a reaction", "an event",
		"a submodel", "an interaction", "an algebraic rule", "a constraint", "an objective", "a DNA strand"}[k]
}

// element is what is known of an id while its model is read.
type element struct {
	id   string
	at   diag.Place
	name string

	kind    elementKind
	kindAt  diag.Place
	claimed bool // its definition was read, and there can be only one

	constant    int // 1 const or $, -1 var, 0 not said
	constAt     diag.Place
	substance   bool
	compartment string // declared
	nearby      string // of a reaction it takes part in
	assigned    bool   // an event sets it

	value   *model.Expr // = value
	valueAt diag.Place
	rule    *model.Expr // := rule or ' = rule
	rate    bool        // the rule is a rate rule
	ruleAt  diag.Place

	unit   []token // as written after has
	unitAt diag.Place

	reaction *model.Reaction // of a reaction
	outer    bool            // only another name of a reaction in a submodel

	blank    bool // its value or rule was taken away: none comes from a submodel
	inherits bool // its initial formula comes from a submodel as it is

	uncertain []model.UncertainPart
	dna       dnaKind // undecided: not in a DNA strand

	stoichiometry int // how many species references it is the stoichiometry of
}

// pair says that from and to are one thing; from times factor is to.
type pair struct {
	from, to, factor string
	at               diag.Place
	inner            bool // what is known of from goes before what was said of to until then
}

// use is a symbol in a formula.
type use struct {
	id string
	at diag.Place
}

// body collects the statements of one model.
type body struct {
	p         *parser
	mod       *model.Module
	used      bool
	elements  map[string]*element
	order     []*element
	uses      []use
	submodels map[string]*model.Module
	aliases   map[string]string // local id -> the id or path that holds
	aliasAt   map[string]diag.Place
	synonyms  []pair // path in a submodel -> the id or path that holds
	units     []*unitDef
	unitIndex map[string]*unitDef
	numbers   map[string]int

	conditions []condition
	target     *target
	strands    []*strand
	dna        pieces
	influences []influence
	blanks     []blank

	unitDepth    int
	unknownUnits map[string]bool // already told
}

func newBody(p *parser, id string, at diag.Place) *body {
	b := &body{p: p, mod: &model.Module{At: at}, elements: map[string]*element{}, submodels: map[string]*model.Module{},
		aliases: map[string]string{}, aliasAt: map[string]diag.Place{}, unitIndex: map[string]*unitDef{}, numbers: map[string]int{}}
	b.mod.ID = id
	return b
}

// touch is the element of an id; it begins to be when it is first spoken of.
func (b *body) touch(id string, at diag.Place) *element {
	if e := b.elements[id]; e != nil {
		return e
	}
	e := &element{id: id, at: at}
	b.elements[id] = e
	b.order = append(b.order, e)
	if strings.Contains(id, ".") {
		b.known(id, at)
	} else if b.p.r.modules[id] != nil {
		b.p.report(diag.Errorf(at, "%q is the name of a model and cannot name anything else", id))
	} else if b.p.r.function(id) != nil {
		b.p.report(diag.Errorf(at, "%q is the name of a function and cannot name anything else", id).
			WithHelp("to call it write %s(...)", id))
	}
	return e
}

// element is the id an annotation is about.
func (b *body) element(id string, at diag.Place) string {
	if id != b.mod.ID {
		b.touch(id, at)
	}
	return id
}

// unused is the first of prefix0, prefix1, ... that names nothing yet.
func (b *body) unused(prefix string) string {
	for {
		id := fmt.Sprintf("%s%d", prefix, b.numbers[prefix])
		b.numbers[prefix]++
		if b.elements[id] == nil {
			return id
		}
	}
}

// use notes that a formula of the model being read uses a symbol.
func (p *parser) use(path string, at diag.Place) string {
	if p.b != nil {
		p.b.uses = append(p.b.uses, use{path, at})
		if strings.Contains(path, ".") {
			p.b.touch(path, at)
		}
	}
	return path
}

func (b *body) isSubmodel(path string) bool {
	head, rest, nested := strings.Cut(path, ".")
	m := b.submodels[head]
	if m == nil || !nested {
		return m != nil
	}
	_, kind, _ := b.p.r.find(m, rest)
	return kind == aSubmodel
}

// known reports a path that leads to nothing.
func (b *body) known(path string, at diag.Place) bool {
	head, rest, _ := strings.Cut(path, ".")
	m := b.submodels[head]
	if m == nil {
		var names []string
		for n := range b.submodels {
			names = append(names, n)
		}
		msg := diag.Errorf(at, "there is no submodel %s before this line", head).WithHelp("%s", diag.DidYouMean(head, sorted(names)))
		b.p.report(msg)
		return false
	}
	for {
		part, more, nested := strings.Cut(rest, ".")
		if _, kind, ok := b.p.r.find(m, part); !ok {
			b.p.report(diag.Errorf(at, "model %s has no %s", m.ID, part).WithNote(m.At, "the model").
				WithHelp("%s", diag.DidYouMean(part, idsOf(m))))
			return false
		} else if !nested {
			return true
		} else if kind != aSubmodel {
			b.p.report(diag.Errorf(at, "%s in model %s is %s and has no parts", part, m.ID, kind))
			return false
		}
		for _, s := range m.Submodels {
			if s.ID == part {
				m = b.p.r.modules[s.Module]
			}
		}
		rest = more
	}
}

// find is what a path means in a finished model: the model that holds it and its kind.
func (r *reader) find(m *model.Module, path string) (*model.Module, elementKind, bool) {
	if part, rest, nested := strings.Cut(path, "."); nested && r.kinds[m][part] == aSubmodel {
		for _, s := range m.Submodels {
			if s.ID == part {
				return r.find(r.modules[s.Module], rest)
			}
		}
	}
	if kind, ok := r.kinds[m][path]; ok {
		return m, kind, true
	}
	for _, l := range m.Links {
		if l.A == path {
			return r.find(m, l.B)
		}
	}
	return m, undecided, false
}

// kindOf is what a path in a submodel means.
func (b *body) kindOf(path string) (m *model.Module, id, prefix string, kind elementKind) {
	head, rest, _ := strings.Cut(path, ".")
	m = b.submodels[head]
	if m == nil {
		return nil, "", "", undecided
	}
	m, kind, _ = b.p.r.find(m, rest)
	id = path[strings.LastIndexByte(path, '.')+1:]
	return m, id, path[:len(path)-len(id)], kind
}

// has tells whether there is an element at the end of a path.
func (b *body) has(path string) bool {
	head, rest, _ := strings.Cut(path, ".")
	m := b.submodels[head]
	if m == nil {
		return false
	}
	_, _, ok := b.p.r.find(m, rest)
	return ok
}

// others are the kinds of elements that are in no list of the model.
func (b *body) others() map[string]elementKind {
	kinds := map[string]elementKind{}
	for _, e := range b.order {
		switch e.kind {
		case anInteraction, aRule, aConstraint, anObjective, aStrand:
			kinds[e.id] = e.kind
		}
	}
	return kinds
}

// blank is a statement that takes a value or a rule away.
type blank struct {
	id   string
	rule bool
	at   diag.Place
}

// unset takes the value or the rule of an element away.
func (b *body) unset(e *element, at diag.Place, rule bool) {
	if rule {
		e.rule = nil
	} else {
		e.value = nil
	}
	b.blanks = append(b.blanks, blank{e.id, rule, at})
}

// buildBlanks takes the values and rules away that elements have in submodels.
func (b *body) buildBlanks() {
	for _, x := range b.blanks {
		id := b.resolve(x.id)
		for _, s := range b.synonyms {
			if s.from == id {
				id = b.resolve(s.to)
				break
			}
		}
		paths := []string{id}
		for _, s := range b.synonyms {
			if b.resolve(s.to) == id {
				paths = append(paths, s.from)
			}
		}
		for _, path := range paths {
			if strings.Contains(path, ".") {
				b.buildBlank(path, x)
			}
		}
		if e := b.elements[id]; e != nil && (x.rule && e.rule == nil || !x.rule && e.value == nil) {
			e.blank = true
		}
	}
}

func (b *body) buildBlank(path string, x blank) {
	m, id, _, kind := b.kindOf(path)
	if m == nil {
		return
	}
	part, found := "@value", false
	d := definition(m, id)
	switch {
	case kind == aReaction:
		part = "@rate"
		for _, r := range m.Reactions {
			found = found || r.ID == id && r.Rate != nil
		}
	case x.rule:
		part, found = "@rule", d.rule
	default:
		found = d.value != nil
	}
	path += part
	for _, other := range b.mod.Deletions {
		found = found && other.Path != path
	}
	if found {
		b.mod.Deletions = append(b.mod.Deletions, model.Deletion{Path: path, At: x.at})
	}
}

func idsOf(m *model.Module) []string {
	var ids []string
	for _, x := range m.Species {
		ids = append(ids, x.ID)
	}
	for _, x := range m.Parameters {
		ids = append(ids, x.ID)
	}
	for _, x := range m.Compartments {
		ids = append(ids, x.ID)
	}
	for _, x := range m.Reactions {
		ids = append(ids, x.ID)
	}
	for _, x := range m.Submodels {
		ids = append(ids, x.ID)
	}
	return sorted(ids)
}

func sorted(s []string) []string {
	sort.Strings(s)
	return s
}

// setKind decides what an element is, or reports that it is something else.
func (b *body) setKind(e *element, kind elementKind, at diag.Place, why string) {
	if strings.Contains(e.id, ".") {
		if _, _, _, is := b.kindOf(e.id); is != undecided && is != kind {
			b.p.fail(diag.Errorf(at, "%s is %s in its model and cannot be %s here: %s", e.id, is, kind, why))
		}
	}
	switch {
	case kind == e.kind:
	case e.kind == undecided || e.kind == aFormula:
		e.kind, e.kindAt = kind, at
		if kind == aReaction {
			e.reaction = &model.Reaction{ID: e.id, Reversible: true, At: e.at}
		}
	case kind == aFormula:
	default:
		b.p.fail(diag.Errorf(at, "%s cannot be %s (%s), because it is %s", e.id, kind, why, e.kind).WithNote(e.kindAt, "as which it appears here"))
	}
}

// claim reads the one definition of a reaction, event, submodel, ...
func (b *body) claim(e *element, kind elementKind, at diag.Place) {
	if e.claimed {
		what := strings.TrimPrefix(strings.TrimPrefix(kind.String(), "a "), "an ")
		b.p.fail(diag.Errorf(at, "%s %s: the id is used twice", what, e.id).WithNote(e.kindAt, "first here").WithHelp("give one of them another name"))
	}
	b.setKind(e, kind, at, "it is defined so here")
	e.claimed, e.kindAt = true, at
}

// setStoichiometry notes that an element is the stoichiometry of a species reference.
func (b *body) setStoichiometry(e *element, at diag.Place) {
	b.setKind(e, aFormula, at, "it is a stoichiometry")
	if e.kind != aFormula && !strings.Contains(e.id, ".") {
		b.p.fail(diag.Errorf(at, "%s is %s and cannot be a stoichiometry", e.id, e.kind).WithNote(e.kindAt, "as which it appears here"))
	}
	e.stoichiometry++
}

func (e *element) setConst(constant bool, at diag.Place) {
	e.constant, e.constAt = -1, at
	if constant {
		e.constant = 1
	}
}

func (e *element) setCompartment(id string, _ diag.Place) { e.compartment = id }

func (e *element) setValue(p *parser, x *model.Expr, at diag.Place) {
	if e.rule != nil && !e.rate && e.kind != aReaction {
		p.report(diag.Errorf(at, "%s cannot have an initial value: its rule holds from the start", e.id).WithNote(e.ruleAt, "the rule"))
		return
	}
	if e.value != nil {
		p.warn(diag.Warnf(at, "%s gets a second value; the last one holds", e.id).WithNote(e.valueAt, "the first"))
	}
	e.value, e.valueAt = x, at
}

func (e *element) setRule(p *parser, kind model.RuleKind, x *model.Expr, at diag.Place) {
	rate := kind == model.Rate
	switch {
	case e.rule != nil && rate != e.rate:
		p.report(diag.Errorf(at, "%s cannot have both an assignment rule and a rate rule", e.id).WithNote(e.ruleAt, "the other rule"))
		return
	case e.rule != nil:
		p.warn(diag.Warnf(at, "%s gets a second rule; the last one holds", e.id).WithNote(e.ruleAt, "the first"))
	case !rate && e.value != nil && e.kind != aReaction:
		p.warn(diag.Warnf(at, "the rule of %s holds from the start; its initial value is not used", e.id).WithNote(e.valueAt, "the initial value"))
		if u := e.value.Unit; u != "" && e.unit == nil { // the unit of the number stays
			e.unit, e.unitAt = []token{{kind: word, text: u}}, e.value.At
		}
		e.value = nil
	}
	e.rule, e.rate, e.ruleAt = x, rate, at
}

// link reads "a is b" and "a * factor is b": b holds, and what it lacks comes from a.
func (b *body) link(from string, at diag.Place, to string, toAt diag.Place, factor string) {
	if from == to {
		return
	}
	for _, e := range []*element{b.touch(from, at), b.touch(to, toAt)} {
		if e.kind == aSubmodel || b.isSubmodel(e.id) {
			b.p.fail(diag.Errorf(at.To(toAt), "%s is a submodel: submodels cannot be made one, only their elements", e.id))
		}
	}
	if factor != "" {
		e := b.touch(factor, toAt)
		b.setKind(e, aFormula, toAt, "it is a conversion factor")
		e.setConst(true, toAt)
	}
	if strings.Contains(from, ".") {
		b.mod.Links = append(b.mod.Links, model.Link{A: from, B: to, Factor: factor, At: at.To(toAt)})
		b.synonyms = append(b.synonyms, pair{from: from, to: to, factor: factor, at: at})
		return
	}
	if strings.Contains(to, ".") && factor == "" {
		// The name of this model is kept, but what the submodel says of it holds.
		b.mod.Links = append(b.mod.Links, model.Link{A: to, B: from, At: at.To(toAt)})
		b.synonyms = append(b.synonyms, pair{from: to, to: from, at: at, inner: true})
		return
	}
	if factor != "" {
		b.p.fail(diag.Errorf(at.To(toAt), "%s is not in a submodel: only elements of submodels have a conversion factor", from).
			WithHelp("write what it is as a rule, as in %s := %s/%s", from, to, factor))
	}
	if before, ok := b.aliases[from]; ok && before != to {
		// x is y; x is z: all three are one.
		if before = b.resolve(before); before != to {
			b.aliases[before], b.aliasAt[before] = to, at
		}
	}
	b.aliases[from], b.aliasAt[from] = to, at
}

// resolve is the id that holds for an id.
func (b *body) resolve(id string) string {
	for range len(b.aliases) {
		to, ok := b.aliases[id]
		if !ok {
			break
		}
		id = to
	}
	return id
}
