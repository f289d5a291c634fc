package antimony

import (
	"math"
	"strconv"

	"thymus/diag"
	"thymus/model"
)

// deepest bounds the nesting of parentheses and operators in a formula.
const deepest = 1000

// level is the binding strength of a binary operator; 0: none.
func level(t token) int {
	if t.kind != symbol {
		return 0
	}
	switch t.text {
	case "||":
		return 1
	case "&&":
		return 2
	case "==", "!=", "<>", "<", ">", "<=", ">=":
		return 3
	case "+", "-":
		return 4
	case "*", "/", "%":
		return 5
	case "^":
		return 7
	}
	return 0
}

var operatorNames = map[string]string{
	"||": "or", "&&": "and", "==": "eq", "!=": "neq", "<>": "neq", "<": "lt", ">": "gt", "<=": "leq", ">=": "geq",
	"+": "plus", "-": "minus", "*": "times", "/": "divide", "%": "rem", "^": "power",
}

// spanning is the place from the first of two nodes to the end of the last.
func spanning(a, b diag.Place) diag.Place {
	return diag.Place{Src: a.Src, Start: a.Start, End: max(a.End, b.End)}
}

// expression reads a formula: precedence climbing, left to right, `^` from the right,
// unary minus below `^` (so -x^2 is -(x^2)), as libAntimony has it.
func (p *parser) expression(lowest int) *model.Expr {
	p.nested++
	defer func() { p.nested-- }()
	if p.nested > deepest {
		p.fail(p.peek().at, "the formula is nested deeper than %d", deepest)
		panic(bailOut{})
	}
	left := p.unary()
	for {
		t := p.peek()
		n := level(t)
		if n == 0 || n < lowest {
			return left
		}
		p.next()
		var right *model.Expr
		if n == 7 {
			right = p.powerOperand()
		} else {
			right = p.expression(n + 1)
		}
		name := operatorNames[t.text]
		at := spanning(left.At, right.At)
		if (name == "plus" || name == "times" || name == "and" || name == "or") && left.Kind == model.Apply && left.Name == name && !p.closed[left] {
			// a+b+c is one sum
			c := *left
			c.Args = append(append([]*model.Expr(nil), left.Args...), right)
			c.At = at
			left = &c
			continue
		}
		left = &model.Expr{Kind: model.Apply, Name: name, Args: []*model.Expr{left, right}, At: at}
	}
}

// powerOperand reads what stands right of ^, where a sign may stand.
func (p *parser) powerOperand() *model.Expr {
	t := p.peek()
	if t.kind == symbol && (t.text == "-" || t.text == "+") {
		p.next()
		e := p.powerOperand()
		return signed(t, e)
	}
	base := p.primary()
	if n := p.peek(); n.kind == symbol && n.text == "^" {
		p.next()
		e := p.powerOperand()
		return &model.Expr{Kind: model.Apply, Name: "power", Args: []*model.Expr{base, e}, At: spanning(base.At, e.At)}
	}
	return base
}

func signed(t token, e *model.Expr) *model.Expr {
	if t.text == "+" {
		return e
	}
	if e.Kind == model.Number && e.Unit == "" {
		c := *e
		c.Value = -e.Value
		c.At = spanning(t.at, e.At)
		return &c
	}
	return &model.Expr{Kind: model.Apply, Name: "minus", Args: []*model.Expr{e}, At: spanning(t.at, e.At)}
}

func (p *parser) unary() *model.Expr {
	t := p.peek()
	if t.kind == symbol {
		switch t.text {
		case "-", "+":
			p.next()
			return signed(t, p.expression(6))
		case "!":
			p.next()
			e := p.expression(6)
			return &model.Expr{Kind: model.Apply, Name: "not", Args: []*model.Expr{e}, At: spanning(t.at, e.At)}
		}
	}
	return p.primary()
}

func (p *parser) primary() *model.Expr {
	t := p.next()
	switch t.kind {
	case numeral:
		v, err := strconv.ParseFloat(t.text, 64)
		if err != nil && !math.IsInf(v, 0) {
			p.fail(t.at, "%q is not a number", t.text)
		}
		e := &model.Expr{Kind: model.Number, Value: v, At: t.at}
		// "3 mL": a name right after a number is its unit
		if n := p.peek(); n.kind == word && p.unitFollows(n) {
			p.next()
			e.Unit = n.text
			e.At = spanning(t.at, n.at)
		}
		return e
	case word:
		if n := p.peek(); n.kind == symbol && n.text == "(" {
			return p.callOf(t)
		}
		at := t.at
		name := t.text
		for {
			n := p.peek()
			if n.kind != symbol || n.text != "." {
				break
			}
			p.next()
			id := p.name("an id after the dot")
			name += "." + id.text
			at = spanning(at, id.at)
		}
		if e := reserved(name, at); e != nil {
			return e
		}
		return &model.Expr{Kind: model.Symbol, Name: name, At: at}
	case symbol:
		if t.text == "(" {
			e := p.expression(1)
			c := p.expect(")", "to close the parenthesis")
			d := *e
			d.At = spanning(t.at, c.at)
			if d.Kind == model.Apply {
				p.closed[&d] = true
			}
			return &d
		}
	}
	p.fail(t.at, "expected a number, a name or a parenthesis, found %s", t.describe())
	panic(bailOut{})
}

// reserved gives the meaning of names that are no symbols of the model.
func reserved(name string, at diag.Place) *model.Expr {
	switch name {
	case "pi":
		return &model.Expr{Kind: model.Number, Value: math.Pi, At: at}
	case "exponentiale":
		return &model.Expr{Kind: model.Number, Value: math.E, At: at}
	case "inf", "infinity", "INF":
		return &model.Expr{Kind: model.Number, Value: math.Inf(1), At: at}
	case "nan", "notanumber", "NaN":
		return &model.Expr{Kind: model.Number, Value: math.NaN(), At: at}
	case "true":
		return &model.Expr{Kind: model.Number, Value: 1, At: at}
	case "false":
		return &model.Expr{Kind: model.Number, Value: 0, At: at}
	case "time":
		return &model.Expr{Kind: model.Symbol, Name: model.Time, At: at}
	case "avogadro":
		return &model.Expr{Kind: model.Symbol, Name: model.Avogadro, At: at}
	}
	return nil
}

// relationWords are the spellings of operators as functions.
var relationWords = map[string]string{"lt": "lt", "leq": "leq", "gt": "gt", "geq": "geq", "eq": "eq", "neq": "neq",
	"plus": "plus", "minus": "minus", "times": "times", "divide": "divide"}

func (p *parser) callOf(t token) *model.Expr {
	p.next()
	e := &model.Expr{Kind: model.Apply, Name: t.text}
	for {
		if n := p.peek(); n.kind == symbol && n.text == ")" {
			break
		}
		e.Args = append(e.Args, p.expression(1))
		if n := p.peek(); n.kind == symbol && n.text == "," {
			p.next()
			continue
		}
		break
	}
	c := p.expect(")", "to end the arguments of "+t.text)
	e.At = spanning(t.at, c.at)
	if p.functions[t.text] {
		return e
	}
	switch {
	case t.text == "sqr" && len(e.Args) == 1:
		e.Name, e.Args = "power", append(e.Args, model.Num(2))
	case t.text == "log" && len(e.Args) == 1: // the natural logarithm, as libAntimony reads it
		e.Name = "ln"
	case t.text == "root" && len(e.Args) == 1:
		e.Name = "sqrt"
	case relationWords[t.text] != "":
		e.Name = relationWords[t.text]
	default:
		if f := model.FunctionSpelled(t.text); f != nil {
			e.Name = f.Name
		}
	}
	if f := model.FunctionNamed(e.Name); f != nil {
		if n := len(e.Args); n < f.Min || f.Max >= 0 && n > f.Max {
			p.fail(e.At, "%s does not take %d arguments", t.text, n)
		}
	}
	return e
}

// ParseFormula reads one formula. Functions that are neither built in nor defined in
// the model are kept by name for the caller to judge.
func ParseFormula(src *diag.Source, start, stop int) (e *model.Expr, ms diag.Messages) {
	part := &diag.Source{Name: src.Name, Text: src.Text[:stop]}
	tokens, ms := lex(&diag.Source{Name: src.Name, Text: part.Text[start:]})
	if ms.HasErrors() {
		return nil, ms
	}
	var kept []token
	for _, t := range tokens {
		if t.kind == newline {
			continue
		}
		t.at = diag.Place{Src: src, Start: t.at.Start + start, End: t.at.End + start}
		kept = append(kept, t)
	}
	p := &parser{src: src, tokens: kept, functions: map[string]bool{}, closed: map[*model.Expr]bool{}}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(bailOut); !ok {
				panic(r)
			}
			e, ms = nil, p.ms
		}
	}()
	e = p.expression(1)
	if t := p.peek(); t.kind != end {
		p.fail(t.at, "expected the end of the formula, found %s", t.describe())
	}
	if p.ms.HasErrors() {
		return nil, p.ms
	}
	return e, p.ms
}

// ParseText reads a formula that is a text of its own.
func ParseText(formula string) (*model.Expr, diag.Messages) {
	src := &diag.Source{Name: "formula", Text: formula}
	return ParseFormula(src, 0, len(formula))
}
