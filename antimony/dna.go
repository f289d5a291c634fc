package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// upstream is the symbol "..." in the formula of a piece of DNA: the formula of what
// stands before it in its strand. It is replaced when the model is complete.
const upstream = "..."

// maxExpansion bounds the formulas that come out of DNA strands [operations].
const maxExpansion = 100_000

// dnaKind is what an element is in a DNA strand.
type dnaKind uint8

const (
	noDNA    dnaKind = iota
	anyDNA           // it stands in a strand, or is declared so
	operator         // it has a formula
	gene             // it has a reaction
)

// strand is a DNA strand. Elements are ids and paths, of other strands and submodels, too.
type strand struct {
	id       string
	elements []string
	at       []diag.Place // of the elements
	up, down bool         // open for more
	place    diag.Place
}

// pieces is what a finished model tells of its DNA: formulas keep the symbol upstream.
type pieces struct {
	strands []*strand
	math    map[string]*model.Expr
}

// isStrand tells whether a DNA strand begins here: -- or an id and then --.
func (p *parser) isStrand() bool {
	n := 0
	for p.ahead(n).kind == word && !keywords[p.ahead(n).text] && p.ahead(n+1).is(".") {
		n += 2
	}
	if p.ahead(n).kind == word && !keywords[p.ahead(n).text] {
		n++
	}
	return isDashes(p.ahead(n)) && !(p.ahead(n+1).is(">") && p.ahead(n+1).start == p.ahead(n).end) // --> is a slip of ->
}

func isDashes(t token) bool { return t.kind == symbol && strings.HasPrefix(t.text, "--") }

// strand reads --a--b.c--d--.
func (p *parser) strand(id string, at diag.Place, compartment string) {
	p.wide = true
	b := p.b
	start := p.peek()
	s := &strand{}
	if isDashes(start) {
		s.up = true
		p.next()
	}
	for {
		path, pathAt := p.path("a piece of DNA")
		s.elements, s.at = append(s.elements, path), append(s.at, pathAt)
		b.touch(path, pathAt)
		if !isDashes(p.peek()) {
			break
		}
		p.next()
		if p.ends(p.peek()) || p.peek().word("end") {
			s.down = true
			break
		}
	}
	if id == "" {
		id = b.unused("_dna")
	}
	s.id, s.place = id, at.To(p.at(p.tokens[p.i-1]))
	e := b.touch(id, at)
	if e.dna != noDNA && e.dna != anyDNA {
		p.fail(diag.Errorf(at, "%s is a piece of DNA and cannot be a strand of it", id).WithNote(e.at, "first here"))
	}
	b.claim(e, aStrand, at)
	e.dna = noDNA
	if compartment != "" {
		e.compartment = compartment
	}
	b.strands = append(b.strands, s)
}

// setDNA declares an element to be a piece of DNA.
func (b *body) setDNA(e *element, kind dnaKind, at diag.Place) {
	switch {
	case e.kind == aStrand, e.dna == kind:
		return
	case e.dna != noDNA && e.dna != anyDNA && kind != anyDNA:
		b.p.fail(diag.Errorf(at, "%s cannot be both an operator and a gene", e.id).WithNote(e.at, "first here"))
	case kind == operator && e.kind == aReaction:
		b.p.fail(diag.Errorf(at, "%s is a reaction and cannot be an operator", e.id).WithNote(e.kindAt, "as which it appears here").WithHelp("a reaction in DNA is a gene"))
	case kind == gene:
		b.setKind(e, aReaction, at, "it is declared a gene")
	case kind == operator || e.kind == undecided:
		b.setKind(e, aFormula, at, "it is a piece of DNA")
	case e.kind != aReaction && e.kind != aFormula:
		b.p.fail(diag.Errorf(at, "%s is %s and cannot be a piece of DNA", e.id, e.kind).WithNote(e.kindAt, "as which it appears here"))
	}
	if e.dna == noDNA || kind != anyDNA {
		e.dna = kind
	}
}

// place is where an element stands in a strand.
type place struct {
	s *strand
	n int
}

// expander works out formulas along DNA strands.
type expander struct {
	b       *body
	strands map[string]*strand
	math    map[string]*model.Expr
	places  map[string][]place
	active  map[string]bool
}

// expandDNA gives every piece of DNA the formula that its strands make of it.
func (b *body) expandDNA() {
	x := &expander{b: b, strands: map[string]*strand{}, math: map[string]*model.Expr{}, places: map[string][]place{}, active: map[string]bool{}}
	for _, s := range b.mod.Submodels {
		x.submodel(b.submodels[s.ID], s.ID+".", 0)
	}
	for _, s := range b.strands {
		if !b.p.try(func() { x.settle(s) }) {
			return
		}
		x.strands[s.id] = s
	}
	var own []*element
	for _, e := range b.order {
		if _, alias := b.aliases[e.id]; alias || e.dna == noDNA || strings.Contains(e.id, ".") {
			continue
		}
		if b.p.try(func() { b.ownDNA(e, x) }) {
			own = append(own, e)
		}
	}
	if len(b.strands) == 0 && len(own) == 0 {
		return
	}
	for _, s := range b.strands {
		if !b.p.try(func() { x.contained(s, nil) }) {
			return
		}
	}
	for _, s := range x.strands {
		for n, id := range s.elements {
			x.places[id] = append(x.places[id], place{s, n})
		}
	}
	for id := range x.places {
		sortPlaces(x.places[id])
		if t := x.strands[id]; t != nil && len(x.places[id]) > 1 {
			s := x.places[id][1].s
			b.p.report(diag.Errorf(s.place, "the strand %s stands in more than one strand, and may stand in only one", id).WithNote(t.place, "the strand"))
			return
		}
	}
	b.dna = pieces{strands: b.strands, math: map[string]*model.Expr{}}
	changed := map[string]*model.Expr{}
	var order []string
	for _, e := range own {
		b.dna.math[e.id] = x.math[e.id]
		order = append(order, e.id)
	}
	for _, s := range b.strands {
		order = x.inside(s, order)
	}
	for _, id := range order {
		if changed[id] != nil || x.strands[id] != nil {
			continue
		}
		if !b.p.try(func() { changed[id] = x.expand(id) }) {
			return
		}
	}
	for _, id := range order {
		math := changed[id]
		if math == nil {
			continue
		}
		if strings.Contains(id, ".") && b.isConverted(id) {
			b.p.report(diag.Errorf(b.strands[0].place, "%s stands in this model's DNA, but its submodel has conversion factors (timeconv, extentconv), which is not supported", id).
				WithHelp("attach DNA to submodels in the same units"))
			return
		}
		e := b.touch(id, b.mod.At)
		if e.kind == aReaction || x.isReaction(id) {
			e.value, e.rule = math, nil
			continue
		}
		if e.ruleAt == (diag.Place{}) {
			e.ruleAt = e.at
		}
		e.rule, e.rate, e.value = math, false, nil
	}
}

func sortPlaces(list []place) {
	for i := range list {
		for k := i; k > 0 && (list[k].s.id < list[k-1].s.id || list[k].s.id == list[k-1].s.id && list[k].n < list[k-1].n); k-- {
			list[k], list[k-1] = list[k-1], list[k]
		}
	}
}

// holder is the id or path that holds for a path: that of a synonym.
func (b *body) holder(path string) string {
	for range len(b.synonyms) + 1 {
		found := false
		for _, s := range b.synonyms {
			if s.from == path && s.factor == "" {
				path, found = b.resolve(s.to), true
				break
			}
		}
		if !found {
			return b.resolve(path)
		}
	}
	return path
}

// submodel takes in what a submodel knows of its DNA.
func (x *expander) submodel(m *model.Module, prefix string, depth int) {
	if m == nil || depth > maxDeep {
		return
	}
	dna := x.b.p.r.dna[m]
	for _, s := range dna.strands {
		c := &strand{id: prefix + s.id, at: s.at, up: s.up, down: s.down, place: s.place}
		for _, e := range s.elements {
			c.elements = append(c.elements, x.b.holder(prefix+e))
		}
		x.strands[c.id] = c
	}
	for id, math := range dna.math {
		x.math[x.b.holder(prefix+id)] = prefixed(math, prefix)
	}
	for _, s := range m.Submodels {
		x.submodel(x.b.p.r.modules[s.Module], prefix+s.ID+".", depth+1)
	}
}

// prefixed puts a submodel's path before the symbols of its formula.
func prefixed(x *model.Expr, prefix string) *model.Expr {
	return x.Map(func(x *model.Expr) *model.Expr {
		if x.Kind == model.Symbol && x.Name != model.Time && x.Name != model.Avogadro && x.Name != upstream {
			c := *x
			c.Name = prefix + x.Name
			return &c
		}
		return x
	})
}

// settle finds out what the elements of a strand are: a submodel stands for its open strand.
func (x *expander) settle(s *strand) {
	b := x.b
	for i, path := range s.elements {
		path = b.resolve(path)
		e := b.touch(path, s.at[i])
		_, _, _, kind := b.kindOf(path)
		switch {
		case e.kind == aSubmodel || kind == aSubmodel:
			path = x.open(path, i == 0, s.at[i])
		case e.kind == aStrand || kind == aStrand:
		case strings.Contains(path, "."):
			if kind != undecided && kind != aFormula && kind != aReaction {
				b.p.fail(diag.Errorf(s.at[i], "%s is %s and cannot be a piece of DNA", path, kind))
			}
		default:
			b.setDNA(e, anyDNA, s.at[i])
		}
		s.elements[i] = b.holder(path)
	}
}

// open is the one strand of a submodel to which more can be attached: before it, or, at
// the beginning of a strand, behind it.
func (x *expander) open(path string, behind bool, at diag.Place) string {
	found, side := "", "upstream"
	if behind {
		side = "downstream"
	}
	m := x.b.submodels[path]
	if m == nil {
		owner, id, _, _ := x.b.kindOf(path)
		for _, s := range owner.Submodels {
			if s.ID == id {
				m = x.b.p.r.modules[s.Module]
			}
		}
	}
	for _, s := range x.b.p.r.dna[m].strands {
		if !(behind && s.down || !behind && s.up) {
			continue
		}
		if found != "" {
			x.b.p.fail(diag.Errorf(at, "%s has more than one strand that is open %s", path, side).
				WithNote(s.place, "one of them").WithHelp("say which: %s", path+"."+s.id))
		}
		found = s.id
	}
	if found == "" {
		x.b.p.fail(diag.Errorf(at, "%s has no strand that is open %s", path, side).WithHelp("an open strand has -- at its end, as in --P1--G1--"))
	}
	return path + "." + found
}

// ownDNA notes the formula of a piece of DNA of this model.
func (b *body) ownDNA(e *element, x *expander) {
	math := e.value
	if e.rule != nil {
		math = e.rule
	}
	switch {
	case e.rate:
		b.p.fail(diag.Errorf(e.ruleAt, "%s is a piece of DNA and cannot have a rate rule", e.id))
	case e.kind == aReaction && len(e.reaction.Reactants) > 0:
		b.p.fail(diag.Errorf(e.reaction.At, "%s is a gene: it can make something, but not take anything up", e.id).WithHelp("write %s: -> product", e.id))
	case math == nil:
		math = &model.Expr{Kind: model.Symbol, Name: upstream, At: e.at}
	}
	x.math[e.id] = b.fixNames(math)
}

// contained reports a strand that contains itself.
func (x *expander) contained(s *strand, around []*strand) {
	for _, a := range around {
		if a == s {
			x.b.p.fail(diag.Errorf(s.place, "the strand %s contains itself", s.id))
		}
	}
	if len(around) > maxNesting {
		x.b.p.fail(diag.Errorf(s.place, "DNA strands are nested deeper than %d", maxNesting))
	}
	for _, id := range s.elements {
		if t := x.strands[id]; t != nil {
			x.contained(t, append(around, s))
		}
	}
}

// inside lists the elements of a strand with those of the strands in it.
func (x *expander) inside(s *strand, list []string) []string {
	for _, id := range s.elements {
		if t := x.strands[id]; t != nil {
			list = x.inside(t, list)
		} else {
			list = append(list, id)
		}
	}
	return list
}

func (x *expander) isReaction(id string) bool {
	_, _, _, kind := x.b.kindOf(id)
	return kind == aReaction
}

// raw is the formula of an element with the symbol upstream in it.
func (x *expander) raw(id string) *model.Expr {
	if e := x.b.elements[id]; e != nil && strings.Contains(id, ".") {
		switch { // the model around has its say
		case e.rule != nil && !e.rate:
			return x.b.fixNames(e.rule)
		case e.value != nil:
			return x.b.fixNames(e.value)
		}
	}
	if math := x.math[id]; math != nil {
		return math
	}
	return model.Sym(upstream)
}

// expand is the formula of an element: the sum over its places.
func (x *expander) expand(id string) *model.Expr {
	if x.active[id] {
		x.b.p.fail(diag.Errorf(x.b.mod.At, "the DNA strands make the formula of %s depend on itself", id))
	}
	x.active[id] = true
	defer delete(x.active, id)
	math := x.raw(id)
	var sum []*model.Expr
	for _, at := range x.places[id] {
		sum = append(sum, x.put(math, at))
	}
	switch len(sum) {
	case 0:
		return math.Substitute(map[string]*model.Expr{upstream: model.Num(0)})
	case 1:
		return sum[0]
	}
	return x.bounded(model.Call("plus", sum...))
}

// put puts what stands upstream of a place into a formula.
func (x *expander) put(math *model.Expr, at place) *model.Expr {
	uses := false
	math.Walk(func(e *model.Expr) bool {
		uses = uses || e.Kind == model.Symbol && e.Name == upstream
		return !uses
	})
	if !uses {
		return math
	}
	return x.bounded(math.Substitute(map[string]*model.Expr{upstream: x.before(at)}))
}

// before is the formula upstream of a place.
func (x *expander) before(at place) *model.Expr {
	for at.n == 0 {
		around := x.places[at.s.id]
		if len(around) == 0 {
			return model.Num(0)
		}
		at = around[0]
	}
	return x.last(at.s.elements[at.n-1], place{at.s, at.n - 1})
}

// last is the formula that leaves an element at a place, of a strand that of its end.
func (x *expander) last(id string, at place) *model.Expr {
	for x.strands[id] != nil {
		t := x.strands[id]
		at = place{t, len(t.elements) - 1}
		id = t.elements[at.n]
	}
	return x.put(x.raw(id), at)
}

// bounded reports a formula that has grown too large.
func (x *expander) bounded(math *model.Expr) *model.Expr {
	n := 0
	var depth func(e *model.Expr) int
	depth = func(e *model.Expr) int {
		if n++; n > maxExpansion {
			return 0
		}
		most := 0
		for _, a := range e.Args {
			most = max(most, depth(a))
		}
		return most + 1
	}
	if d := depth(math); n > maxExpansion || d > maxDepth {
		x.b.p.fail(diag.Errorf(x.b.mod.At, "the DNA strands make a formula of more than %d operations", maxExpansion))
	}
	return math
}
