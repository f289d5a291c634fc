package antimony

import (
	"fmt"
	"math"
	"strconv"

	"thymus/diag"
	"thymus/model"
)

// maxDepth bounds the depth of a formula's tree, maxNesting that of its
// parentheses, so that no walk over a formula can exhaust the stack.
const (
	maxDepth   = 4000
	maxNesting = 300
)

// How tightly operators bind, as in libSBML's Level 3 infix notation: && and ||
// alike, then relations, sums, products, signs, powers.
const (
	bindLogic = 1 + iota
	bindRelation
	bindSum
	bindProduct
	bindSign
	bindPower
)

type infix struct {
	name string
	bind int
}

var infixes = map[string]infix{
	"||": {"or", bindLogic}, "&&": {"and", bindLogic},
	"==": {"eq", bindRelation}, "!=": {"neq", bindRelation}, "<>": {"neq", bindRelation},
	"<": {"lt", bindRelation}, ">": {"gt", bindRelation}, "<=": {"leq", bindRelation}, ">=": {"geq", bindRelation},
	"+": {"plus", bindSum}, "-": {"minus", bindSum},
	"*": {"times", bindProduct}, "/": {"divide", bindProduct}, "%": {"rem", bindProduct},
	"^": {"power", bindPower},
}

// infixWords are infix operators written as words.
var infixWords = map[string]infix{"and": {"and", bindLogic}, "AND": {"and", bindLogic}, "or": {"or", bindLogic}, "OR": {"or", bindLogic}}

// node is a formula being read.
type node struct {
	x      *model.Expr
	depth  int
	closed bool        // in parentheses, or a call: not continued by a further operand
	last   *model.Expr // of a chain of relations: what a further relation compares
}

// call is a use of a function that is not built in; it may be defined later.
type call struct {
	name string
	args int
	at   diag.Place
}

// formula reads a formula that must be there.
func (p *parser) formula(what string) *model.Expr {
	n := p.binary(bindLogic, what)
	return n.x
}

// optional reads a formula, or nil when the statement ends here.
func (p *parser) optional(what string) *model.Expr {
	if t := p.peek(); p.ends(t) || t.word("in") {
		return nil
	}
	return p.formula(what)
}

// ends tells whether t ends a statement.
func (p *parser) ends(t token) bool {
	return t.kind == newline || t.kind == eof || t.is(";")
}

// infix is the infix operator at t.
func (p *parser) infix(t token) (infix, bool) {
	if t.kind == word {
		op, ok := infixWords[t.text]
		return op, ok
	}
	if t.kind != symbol {
		return infix{}, false
	}
	op, ok := infixes[t.text]
	return op, ok
}

// binary reads operands joined by operators that bind at least as tightly as lowest.
func (p *parser) binary(lowest int, what string) node {
	p.nesting++
	if p.nesting > maxNesting {
		p.stop(p.peek(), "the formula is nested deeper than %d", maxNesting)
	}
	defer func() { p.nesting-- }()
	left := p.unary(what)
	for {
		t := p.peek()
		op, ok := p.infix(t)
		if !ok || op.bind < lowest {
			return left
		}
		p.next()
		next := op.bind + 1
		if op.bind == bindPower {
			next = bindPower // from the right: a^b^c is a^(b^c)
		}
		right := p.binary(next, fmt.Sprintf("a number, a name or a parenthesis right of %q", t.text))
		left = p.join(op, t, left, right)
		if left.depth > maxDepth {
			p.stop(t, "the formula has more than %d operations inside each other", maxDepth)
		}
	}
}

// join makes one node of an operator and its operands.
func (p *parser) join(op infix, t token, left, right node) node {
	at := left.x.At.To(right.x.At)
	depth := max(left.depth, right.depth) + 1
	open := left.x.Kind == model.Apply && !left.closed
	switch {
	case op.bind == bindLogic && op.name == "and" && open && left.x.Name == "or":
		p.warn(diag.Warnf(p.at(t), "&& and || bind alike in Antimony, from left to right: this means (a || b) && c").
			WithHelp("write the parentheses"))
	case open && left.x.Name == op.name && (op.name == "plus" || op.name == "times" || op.name == "and" || op.name == "or"):
		// a + b + c is one sum of three. Nobody else holds left, so its operands can grow in place.
		x := &model.Expr{Kind: model.Apply, Name: op.name, Args: append(left.x.Args, right.x), At: at}
		return node{x: x, depth: max(left.depth, right.depth+1)}
	case op.bind == bindRelation && left.last != nil && !left.closed:
		// a < b < c compares neighbours.
		if left.x.Name == op.name && op.name != "neq" {
			x := &model.Expr{Kind: model.Apply, Name: op.name, Args: append(left.x.Args, right.x), At: at}
			return node{x: x, depth: max(left.depth, right.depth+1), last: right.x}
		}
		further := &model.Expr{Kind: model.Apply, Name: op.name, Args: []*model.Expr{left.last, right.x}, At: left.last.At.To(right.x.At)}
		if left.x.Name == "and" {
			x := &model.Expr{Kind: model.Apply, Name: "and", Args: append(left.x.Args, further), At: at}
			return node{x: x, depth: max(left.depth, right.depth+2), last: right.x}
		}
		x := &model.Expr{Kind: model.Apply, Name: "and", Args: []*model.Expr{left.x, further}, At: at}
		return node{x: x, depth: depth + 1, last: right.x}
	}
	n := node{x: &model.Expr{Kind: model.Apply, Name: op.name, Args: []*model.Expr{left.x, right.x}, At: at}, depth: depth}
	if op.bind == bindRelation {
		n.last = right.x
	}
	return n
}

// unary reads signs and negations, which bind tighter than products and looser
// than powers: -x^2 is -(x^2), and !a == b is (!a) == b.
func (p *parser) unary(what string) node {
	t := p.peek()
	not := t.is("!") || t.word("not") && !p.ahead(1).is("(")
	if !not && !t.is("-") && !t.is("+") {
		return p.primary(what)
	}
	p.next()
	n := p.binary(bindSign+1, fmt.Sprintf("a number, a name or a parenthesis right of %q", t.text))
	at := p.at(t).To(n.x.At)
	switch {
	case t.is("+"):
		return n
	case not:
		return node{x: &model.Expr{Kind: model.Apply, Name: "not", Args: []*model.Expr{n.x}, At: at}, depth: n.depth + 1}
	case n.x.Kind == model.Number && !n.closed:
		return node{x: &model.Expr{Kind: model.Number, Value: -n.x.Value, Unit: n.x.Unit, At: at}, depth: n.depth}
	}
	return node{x: &model.Expr{Kind: model.Apply, Name: "minus", Args: []*model.Expr{n.x}, At: at}, depth: n.depth + 1}
}

// primary reads a number, a symbol, a call or a parenthesis.
func (p *parser) primary(what string) node {
	t := p.peek()
	switch t.kind {
	case number:
		p.next()
		return node{x: p.literal(t), depth: 1}
	case word:
		if constants[t.text] {
			p.next()
			return node{x: constant(t.text, p.at(t)), depth: 1}
		}
		if p.ahead(1).is("(") && !keywords[t.text] {
			return p.call()
		}
		if reserved(t.text) != "" && !keywords[t.text] {
			p.stop(t, "%s is a function: its arguments in parentheses are missing", t.text)
		}
		if keywords[t.text] {
			p.stop(t, "expected %s, found the word %q", what, t.text)
		}
		path, at := p.path(what)
		if p.b != nil {
			p.plainPath(path, at)
		}
		if p.params != nil {
			p.parameter(path, at)
		} else {
			path = p.use(path, at)
		}
		return node{x: &model.Expr{Kind: model.Symbol, Name: path, At: at}, depth: 1}
	case symbol:
		switch t.text {
		case "(":
			p.next()
			n := p.inner("a formula in the parentheses")
			end := p.expect(")", "to close the parenthesis")
			// The place of the formula includes the parentheses; the node may be shared, so it is copied.
			x := *n.x
			x.At = p.at(t).To(p.at(end))
			return node{x: &x, depth: n.depth, closed: true}
		case "{", "[":
			p.stop(t, "there are no vectors in formulas: {a, b} is a value only of uncertainties such as x.range")
		case "...":
			if p.b == nil {
				p.stop(t, "... is the formula upstream in a DNA strand, and stands only in models")
			}
			p.next()
			return node{x: &model.Expr{Kind: model.Symbol, Name: upstream, At: p.at(t)}, depth: 1}
		case "$":
			p.stop(t, "a $ marks a boundary species in a reaction or declaration, not in a formula")
		}
	}
	p.stop(t, "expected %s, found %s", what, t.name())
	panic("unreachable")
}

// inner reads a formula inside parentheses. A formula ends with its line there
// too; it is read on after the message, so that the rest brings no further ones.
func (p *parser) inner(what string) node {
	p.lineBreak()
	n := p.binary(bindLogic, what)
	p.lineBreak()
	return n
}

func (p *parser) lineBreak() {
	t := p.peek()
	if t.kind != newline {
		return
	}
	p.report(diag.Errorf(p.at(t), "the line ends inside parentheses, and with it the statement").
		WithHelp("close the parenthesis, or write \\ at the end of the line to go on"))
	for p.peek().kind == newline {
		p.next()
	}
}

// literal is the number at t with the unit that may follow it.
func (p *parser) literal(t token) *model.Expr {
	x := &model.Expr{Kind: model.Number, Value: p.value(t), At: p.at(t)}
	if u := p.peek(); u.kind == word && reserved(u.text) == "" && infixWords[u.text].bind == 0 {
		p.next()
		x.Unit, x.At = u.text, x.At.To(p.at(u))
		if p.linear { // 3 J0
			p.use(u.text, p.at(u))
		}
		p.unitUse(u)
	}
	return x
}

// value is the number at t.
func (p *parser) value(t token) float64 {
	v, err := strconv.ParseFloat(t.text, 64)
	if err != nil && math.IsInf(v, 0) {
		p.report(diag.Errorf(p.at(t), "%s is larger than any number a computer holds", t.text).WithHelp("write inf for infinity"))
	}
	return v
}

// constant is the meaning of a reserved word.
func constant(name string, at diag.Place) *model.Expr {
	n := func(v float64) *model.Expr { return &model.Expr{Kind: model.Number, Value: v, At: at} }
	switch name {
	case "true", "True", "TRUE":
		return n(1)
	case "false", "False", "FALSE":
		return n(0)
	case "pi":
		return n(math.Pi)
	case "exponentiale":
		return n(math.E)
	case "inf", "INF", "infinity":
		return n(math.Inf(1))
	case "nan", "NaN", "NAN", "notanumber":
		return n(math.NaN())
	case "avogadro":
		return &model.Expr{Kind: model.Symbol, Name: model.Avogadro, At: at}
	}
	return &model.Expr{Kind: model.Symbol, Name: model.Time, At: at}
}

// call reads f(x, y).
func (p *parser) call() node {
	t := p.next()
	p.next() // (
	x := &model.Expr{Kind: model.Apply, Name: t.text}
	depth := 0
	if !p.peek().is(")") {
		for {
			n := p.inner("an argument of " + t.text)
			x.Args = append(x.Args, n.x)
			depth = max(depth, n.depth)
			if !p.peek().is(",") {
				break
			}
			p.next()
		}
	}
	end := p.expect(")", "to end the arguments of "+t.text)
	x.At = p.at(t).To(p.at(end))
	if depth+1 > maxDepth {
		p.stop(t, "the formula has more than %d operations inside each other", maxDepth)
	}
	p.resolve(x, t)
	return node{x: x, depth: depth + 1, closed: true}
}

// resolve gives a call its canonical name and checks the number of arguments.
func (p *parser) resolve(x *model.Expr, t token) {
	n := len(x.Args)
	switch {
	case truncated[t.text].name != "":
		d := truncated[t.text]
		x.Name = d.name
		if n != d.args {
			p.report(diag.Errorf(x.At, "%s takes %s, not %d", t.text, arity(d.args, d.args), n))
		}
		return
	case t.text == "sqr" && n == 1:
		x.Name, x.Args = "power", append(x.Args, &model.Expr{Kind: model.Number, Value: 2, At: x.At})
		return
	case t.text == "log" && n == 1:
		x.Name = "ln"
		p.warn(diag.Warnf(p.at(t), "log(x) is the natural logarithm in Antimony").WithHelp("write ln(x) or log10(x)"))
		return
	case t.text == "root" && n == 1:
		x.Name = "sqrt"
		return
	}
	f := function(t.text)
	if f == nil {
		if t.text == "sqr" {
			p.report(diag.Errorf(x.At, "sqr takes 1 argument, not %d", n))
			return
		}
		if p.r != nil {
			p.r.calls = append(p.r.calls, call{t.text, n, p.at(t)})
		}
		return
	}
	x.Name = f.Name
	if n < f.Min || f.Max >= 0 && n > f.Max {
		p.report(diag.Errorf(x.At, "%s takes %s, not %d", t.text, arity(f.Min, f.Max), n))
	}
}

// arity says in words how many arguments there may be.
func arity(least, most int) string {
	plural := func(n int) string {
		if n == 1 {
			return "1 argument"
		}
		return strconv.Itoa(n) + " arguments"
	}
	switch {
	case most < 0:
		return "at least " + plural(least)
	case least == most:
		return plural(least)
	}
	return strconv.Itoa(least) + " to " + plural(most)
}

// ParseFormula reads the formula in the bytes from start to stop of a text; lines
// may end in it. Symbols, dotted or not, and functions that are not built in are
// kept as they are, for the caller to judge. The formula is nil when there are errors.
func ParseFormula(src *diag.Source, start, stop int) (*model.Expr, diag.Messages) {
	l := lex(src, start, stop)
	p := &parser{src: src, ms: l.ms}
	for _, t := range l.tokens {
		if t.kind != newline {
			p.tokens = append(p.tokens, t)
		}
	}
	var x *model.Expr
	p.try(func() {
		x = p.formula("a formula")
		if t := p.peek(); t.kind != eof {
			p.stop(t, "expected the end of the formula, found %s", t.name())
		}
	})
	if p.ms.HasErrors() {
		return nil, p.ms
	}
	return x, p.ms
}

// ParseText reads a formula that is a text of its own.
func ParseText(formula string) (*model.Expr, diag.Messages) {
	return ParseFormula(&diag.Source{Name: "formula", Text: formula}, 0, len(formula))
}
