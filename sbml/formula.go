package sbml

import (
	"math"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// Level 1 writes formulas as text: numbers, names, + - * / ^ and calls of the functions below
// (SBML Level 1 Version 2, section 3.1 and appendix C). ^ binds tighter than a sign and goes
// from left to right, as the rest does.

// infixFunctions gives the row of model.Functions for each predefined function of one name.
var infixFunctions = map[string]string{"abs": "abs", "acos": "arccos", "asin": "arcsin", "atan": "arctan", "ceil": "ceiling", "cos": "cos",
	"exp": "exp", "floor": "floor", "log": "ln", "log10": "log10", "pow": "power", "sin": "sin", "sqrt": "sqrt", "tan": "tan"}

// maxNesting bounds the parentheses of a formula.
const maxNesting = 500

type infixReader struct {
	m     *modelReader
	s     *scope
	text  string
	at    int
	start int // offset of the text in the source, -1 when they do not run together
	a     *attr
	r     *model.Reaction
	depth int
	bad   bool
}

// infix reads the formula of an attribute; r is the reaction of a kinetic law.
func (m *modelReader) infix(a *attr, s *scope, r *model.Reaction) *model.Expr {
	p := &infixReader{m: m, s: s, text: a.value, a: a, r: r, start: -1}
	if raw := m.src.Text[a.start:a.end]; len(raw) > len(a.value) && strings.HasSuffix(raw[:len(raw)-1], a.value) {
		p.start = int(a.end) - 1 - len(a.value)
	}
	x := p.sum()
	if p.space(); !p.bad && p.at < len(p.text) {
		p.stop(p.at, p.at+1, "unexpected %q in a formula", firstRune(p.text[p.at:]))
	}
	if p.bad {
		return nil
	}
	return x
}

func (p *infixReader) place(start, end int) diag.Place {
	if p.start < 0 {
		return p.m.src.At(int(p.a.start), int(p.a.end))
	}
	return p.m.src.At(p.start+start, p.start+end)
}

func (p *infixReader) stop(start, end int, format string, args ...any) {
	if !p.bad {
		p.m.add(diag.Errorf(p.place(start, end), format, args...))
	}
	p.bad = true
}

func (p *infixReader) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t' || p.text[p.at] == '\n' || p.text[p.at] == '\r') {
		p.at++
	}
}

// peek is the next byte, 0 at the end or after an error.
func (p *infixReader) peek() byte {
	p.space()
	if p.bad || p.at >= len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *infixReader) binary(name string, start int, a, b *model.Expr) *model.Expr {
	return &model.Expr{Kind: model.Apply, Name: name, Args: []*model.Expr{a, b}, At: p.place(start, start+1)}
}

func (p *infixReader) sum() *model.Expr {
	x := p.product()
	for c := p.peek(); c == '+' || c == '-'; c = p.peek() {
		at := p.at
		p.at++
		name := "plus"
		if c == '-' {
			name = "minus"
		}
		x = p.binary(name, at, x, p.product())
	}
	return x
}

func (p *infixReader) product() *model.Expr {
	x := p.signed()
	for c := p.peek(); c == '*' || c == '/'; c = p.peek() {
		at := p.at
		p.at++
		name := "times"
		if c == '/' {
			name = "divide"
		}
		x = p.binary(name, at, x, p.signed())
	}
	return x
}

func (p *infixReader) signed() *model.Expr {
	if p.peek() != '-' {
		return p.power()
	}
	at := p.at
	p.at++
	if p.depth++; p.depth > maxNesting {
		p.stop(at, at+1, "the formula is nested deeper than %d", maxNesting)
	}
	x := p.signed()
	p.depth--
	return negative(x, p.place(at, at+1))
}

func (p *infixReader) power() *model.Expr {
	x := p.term()
	for p.peek() == '^' {
		at := p.at
		p.at++
		var y *model.Expr
		if p.peek() == '-' {
			y = p.signedTerm()
		} else {
			y = p.term()
		}
		x = p.binary("power", at, x, y)
	}
	return x
}

// negative is -x; of infinity it is the number that MathML's <minus/> <infinity/> is read as.
func negative(x *model.Expr, at diag.Place) *model.Expr {
	if x != nil && x.Kind == model.Number && math.IsInf(x.Value, 1) {
		return &model.Expr{Kind: model.Number, Value: math.Inf(-1), At: at}
	}
	return &model.Expr{Kind: model.Apply, Name: "minus", Args: []*model.Expr{x}, At: at}
}

// signedTerm reads the exponent in a^-2.
func (p *infixReader) signedTerm() *model.Expr {
	at := p.at
	p.at++
	return negative(p.term(), p.place(at, at+1))
}

func (p *infixReader) term() *model.Expr {
	c := p.peek()
	at := p.at
	switch {
	case p.bad:
		return nil
	case c == '(':
		p.at++
		if p.depth++; p.depth > maxNesting {
			p.stop(at, at+1, "the formula is nested deeper than %d", maxNesting)
		}
		x := p.sum()
		p.depth--
		p.close(at)
		return x
	case c >= '0' && c <= '9' || c == '.':
		return p.number()
	case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return p.word()
	case c == 0:
		p.stop(at, at, "the formula ends where a number, a name or ( is expected")
	default:
		p.stop(at, at+1, "unexpected %q in a formula, expected a number, a name or (", firstRune(p.text[at:]))
	}
	return nil
}

func (p *infixReader) close(open int) {
	if p.peek() != ')' {
		p.stop(open, open+1, "this ( is not closed")
		return
	}
	p.at++
}

func (p *infixReader) number() *model.Expr {
	start := p.at
	digits := func() {
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
	}
	digits()
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		digits()
	}
	if rest := p.text[p.at:]; len(rest) > 1 && (rest[0] == 'e' || rest[0] == 'E') {
		sign := 1
		if rest[1] == '-' || rest[1] == '+' {
			sign = 2
		}
		if len(rest) > sign && rest[sign] >= '0' && rest[sign] <= '9' {
			p.at += sign
			digits()
		}
	}
	v, ok := parseNumber(p.text[start:p.at])
	if !ok {
		p.stop(start, p.at, "expected a number, found %q", short(p.text[start:p.at]))
	}
	return &model.Expr{Kind: model.Number, Value: v, At: p.place(start, p.at)}
}

func (p *infixReader) word() *model.Expr {
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			break
		}
		p.at++
	}
	name, at := p.text[start:p.at], p.place(start, p.at)
	if p.peek() != '(' {
		return &model.Expr{Kind: model.Symbol, Name: p.m.symbol(name, p.s, at), At: at}
	}
	open := p.at
	p.at++
	if p.depth++; p.depth > maxNesting {
		p.stop(open, open+1, "the formula is nested deeper than %d", maxNesting)
	}
	var args []*model.Expr
	if p.peek() != ')' {
		for {
			args = append(args, p.sum())
			if p.peek() != ',' {
				break
			}
			p.at++
		}
	}
	p.depth--
	p.close(open)
	if p.bad {
		return nil
	}
	x := &model.Expr{Kind: model.Apply, Name: infixFunctions[name], Args: args, At: at}
	switch {
	case name == "sqr" && len(args) == 1:
		x.Name, x.Args = "power", []*model.Expr{args[0], model.Num(2)}
	case x.Name == "":
		known := append(keys(infixFunctions), "sqr")
		p.m.add(diag.Errorf(at, "%s is not supported: it is no function of Level 1's formulas", short(name)).
			WithHelp("write out the rate laws that Level 1 names, such as massi and uui").WithHelp("%s", diag.DidYouMean(name, sorted(known))))
		p.bad = true
		return nil
	}
	f := model.FunctionNamed(x.Name)
	if n := len(x.Args); n < f.Min || f.Max >= 0 && n > f.Max {
		p.stop(start, start+len(name), "%s takes %s, it is given %d", name, argumentsOf(f), n)
		return nil
	}
	return x
}
