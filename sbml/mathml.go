package sbml

import (
	"math"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// scope holds the names that mean something else inside of a kinetic law or function. A
// closed scope knows no other names.
type scope struct {
	names  map[string]string
	closed bool
}

// mathFunctions gives the row of model.Functions for each MathML element whose arguments are
// taken as they stand. root and log are not among them: their qualifiers say more.
var mathFunctions = map[string]string{
	"plus": "plus", "minus": "minus", "times": "times", "divide": "divide", "power": "power", "abs": "abs", "exp": "exp", "ln": "ln",
	"floor": "floor", "ceiling": "ceiling", "factorial": "factorial", "min": "min", "max": "max", "quotient": "quotient", "rem": "rem",
	"sin": "sin", "cos": "cos", "tan": "tan", "sec": "sec", "csc": "csc", "cot": "cot",
	"sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "sech": "sech", "csch": "csch", "coth": "coth",
	"arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan", "arcsec": "arcsec", "arccsc": "arccsc", "arccot": "arccot",
	"arcsinh": "arcsinh", "arccosh": "arccosh", "arctanh": "arctanh", "arcsech": "arcsech", "arccsch": "arccsch", "arccoth": "arccoth",
	"eq": "eq", "neq": "neq", "lt": "lt", "leq": "leq", "gt": "gt", "geq": "geq",
	"and": "and", "or": "or", "xor": "xor", "not": "not", "implies": "implies",
}

// csymbols gives the meaning of a csymbol's definitionURL: reserved symbols and functions.
const symbolURL = "http://www.sbml.org/sbml/symbols/"

var symbolValues = map[string]string{symbolURL + "time": model.Time, symbolURL + "avogadro": model.Avogadro}

var symbolFunctions = func() map[string]string {
	out := map[string]string{symbolURL + "delay": "delay", symbolURL + "rateOf": "rateOf"}
	for _, f := range model.Functions {
		if f.Draw {
			out[symbolURL+"distrib/"+f.Name] = f.Name
		}
	}
	return out
}()

var constants = map[string]float64{"pi": math.Pi, "exponentiale": math.E, "infinity": math.Inf(1), "notanumber": math.NaN(), "true": 1, "false": 0}

// math is the formula of an element: its <math>, or in Level 1 its formula. nil when there is
// none or it could not be read.
func (m *modelReader) math(n *node, s *scope) *model.Expr {
	if m.version < 20 {
		if a := n.attr("formula"); a != nil {
			return m.infix(a, s, nil)
		}
		return nil
	}
	f := n.childIn(spaceMath, "math")
	if f == nil {
		if m.version < 32 {
			if n.child("math") != nil {
				m.add(diag.Errorf(m.at(n.child("math")), "<math> is not in the namespace of MathML").WithHelp("expected xmlns=%q", spaceMath))
			} else {
				m.add(diag.Errorf(m.at(n), "<%s> has no <math>", n.name))
			}
		}
		return nil
	}
	return m.mathOf(f, s)
}

func (m *modelReader) mathOf(f *node, s *scope) *model.Expr {
	switch len(f.children) {
	case 0:
		if f.text != "" {
			m.add(diag.Errorf(m.at(f), "<math> holds text; numbers are written <cn>, symbols <ci>"))
		} else if m.version < 32 {
			m.add(diag.Errorf(m.at(f), "<math> is empty"))
		}
		return nil
	case 1:
		return m.expr(f.children[0], s)
	}
	m.add(diag.Errorf(m.at(f.children[1]), "<math> holds more than one formula"))
	return nil
}

// content is the place of an element with text.
func (m *modelReader) content(n *node) diag.Place {
	if n.inner > n.tag {
		return m.src.At(int(n.tag), int(n.inner))
	}
	return m.at(n)
}

// expr reads one MathML element; nil, with a message, when it cannot.
func (m *modelReader) expr(n *node, s *scope) *model.Expr {
	at := m.at(n)
	if n.space != spaceMath {
		m.add(diag.Errorf(at, "<%s> is not in the namespace of MathML", n.name))
		return nil
	}
	if v, ok := constants[n.name]; ok {
		return &model.Expr{Kind: model.Number, Value: v, At: at}
	}
	switch n.name {
	case "ci":
		name := m.ci(n)
		if name == "" {
			return nil
		}
		return &model.Expr{Kind: model.Symbol, Name: m.symbol(name, s, m.content(n)), At: m.content(n)}
	case "cn":
		return m.cn(n)
	case "csymbol":
		url := m.definition(n)
		if v, ok := symbolValues[url]; ok {
			return &model.Expr{Kind: model.Symbol, Name: v, At: at}
		}
		if _, ok := symbolFunctions[url]; ok {
			m.add(diag.Errorf(at, "%s is a function; it stands first in an <apply>", url))
		} else {
			m.unknownCsymbol(n, url)
		}
		return nil
	case "apply":
		return m.apply(n, s)
	case "piecewise":
		return m.piecewise(n, s)
	case "semantics":
		if len(n.children) == 0 {
			m.add(diag.Errorf(at, "<semantics> holds no formula"))
			return nil
		}
		return m.expr(n.children[0], s)
	case "lambda":
		m.add(diag.Errorf(at, "<lambda> stands in function definitions only"))
	default:
		known := []string{"ci", "cn", "csymbol", "apply", "piecewise", "semantics"}
		for name := range constants {
			known = append(known, name)
		}
		msg := diag.Errorf(at, "<%s> is no MathML element that SBML has", n.name)
		if mathFunctions[n.name] != "" {
			msg = diag.Errorf(at, "<%s> stands outside of an <apply>", n.name)
		} else if near := diag.DidYouMean(n.name, sorted(known)); near != "" {
			msg = msg.WithHelp("%s", near)
		}
		m.add(msg)
	}
	return nil
}

// ci is the name in a <ci>; "" with a message when there is none.
func (r *reader) ci(n *node) string {
	name := strings.Trim(n.text, " \t\r\n")
	if n.name != "ci" || len(n.children) > 0 || !isID(name) {
		r.add(diag.Errorf(r.at(n), "expected an identifier in <%s>, found %q", n.name, short(name)))
		return ""
	}
	return name
}

// symbol is the model's name for an identifier in a formula.
func (m *modelReader) symbol(name string, s *scope, at diag.Place) string {
	if s != nil {
		if to, ok := s.names[name]; ok {
			return to
		}
		if s.closed {
			var known []string
			for k := range s.names {
				known = append(known, k)
			}
			msg := diag.Errorf(at, "%s is no argument of the function", name).WithHelp("a function knows its arguments only: give it %s as one", name)
			m.add(msg.WithHelp("%s", diag.DidYouMean(name, sorted(known))))
			return name
		}
	}
	if e := m.ids[name]; e != nil {
		return e.flat
	}
	if name == model.Time || name == model.Avogadro {
		m.add(diag.Errorf(at, "the model defines no %s", name).
			WithHelp(`for SBML's own symbol write <csymbol encoding="text" definitionURL="%s%s">%s</csymbol>`, symbolURL, name, name))
	}
	return name
}

func (m *modelReader) definition(n *node) string {
	if a := n.attr("definitionURL"); a != nil {
		return strings.Trim(a.value, " \t\r\n")
	}
	return ""
}

func (m *modelReader) unknownCsymbol(n *node, url string) {
	if url == "" {
		m.add(diag.Errorf(m.at(n), "<csymbol> lacks the attribute definitionURL"))
		return
	}
	var known []string
	for k := range symbolValues {
		known = append(known, k)
	}
	for k := range symbolFunctions {
		known = append(known, k)
	}
	msg := diag.Errorf(m.at(n), "unknown csymbol %q", short(url))
	if a := n.attr("definitionURL"); a != nil {
		msg.At = m.src.At(int(a.start), int(a.end))
	}
	m.add(msg.WithHelp("%s", diag.DidYouMean(url, sorted(known))))
}

// cn reads a number.
func (m *modelReader) cn(n *node) *model.Expr {
	first := strings.Trim(n.text, " \t\r\n")
	second, parts := "", 1
	for _, c := range n.children {
		if c.name != "sep" || c.space != spaceMath {
			m.add(diag.Errorf(m.at(c), "unexpected <%s> in a number", c.name))
			return nil
		}
		second = strings.Trim(c.tail, " \t\r\n")
		parts++
	}
	kind := m.text(n, "type")
	x := &model.Expr{Kind: model.Number, At: m.content(n)}
	bad := func(what string) *model.Expr {
		found := first
		if parts > 1 {
			found += " <sep/> " + second
		}
		m.add(diag.Errorf(x.At, "expected %s, found %q", what, short(found)))
		return nil
	}
	ok := true
	want := 1
	switch kind {
	case "", "real":
		x.Value, ok = parseNumber(first)
		if !ok {
			return bad("a number")
		}
	case "integer":
		text := strings.TrimPrefix(first, "+")
		if _, err := strconv.ParseInt(text, 10, 64); err != nil {
			if x.Value, ok = parseNumber(first); !ok || x.Value != math.Trunc(x.Value) {
				return bad("a whole number")
			}
		}
		x.Value, _ = strconv.ParseFloat(text, 64)
	case "e-notation":
		want = 2
		mantissa, good := parseNumber(first)
		exponent, err := strconv.Atoi(strings.TrimPrefix(second, "+"))
		if !good || err != nil {
			return bad("a number, <sep/> and a whole exponent")
		}
		// Read as one decimal number, so that it is rounded once.
		if strings.ContainsAny(first, "eEIN") {
			x.Value = mantissa * math.Pow(10, float64(exponent))
		} else {
			x.Value, _ = strconv.ParseFloat(first+"e"+strconv.Itoa(exponent), 64)
		}
	case "rational":
		want = 2
		up, good := parseNumber(first)
		down, alsoGood := parseNumber(second)
		if !good || !alsoGood {
			return bad("two numbers with <sep/> between")
		}
		x.Value = up / down
	default:
		m.add(diag.Errorf(m.atAttr(n, "type"), "unknown type of number %q", short(kind)).WithHelp("expected real, integer, e-notation or rational"))
		return nil
	}
	if parts != want {
		return bad("a number with " + strconv.Itoa(want-1) + " <sep/>")
	}
	if a := n.attrIn(m.core, "units"); a != nil && m.version >= 30 {
		x.Unit = m.unitNamed(strings.Trim(a.value, " \t\r\n"), m.src.At(int(a.start), int(a.end)))
	}
	return x
}

// arguments reads the operands of an <apply>; ok is false when one could not be read.
func (m *modelReader) arguments(list []*node, s *scope) (args []*model.Expr, ok bool) {
	ok = true
	args = make([]*model.Expr, 0, len(list))
	for _, c := range list {
		x := m.expr(c, s)
		ok = ok && x != nil
		args = append(args, x)
	}
	return args, ok
}

func (m *modelReader) apply(n *node, s *scope) *model.Expr {
	if len(n.children) == 0 {
		m.add(diag.Errorf(m.at(n), "<apply> is empty; expected a function and its arguments"))
		return nil
	}
	head, rest := n.children[0], n.children[1:]
	x := &model.Expr{Kind: model.Apply, At: m.at(head)}
	if head.space != spaceMath {
		m.add(diag.Errorf(m.at(head), "<%s> is not in the namespace of MathML", head.name))
		return nil
	}
	switch head.name {
	case "ci":
		id := m.ci(head)
		if id == "" {
			return nil
		}
		x.At = m.content(head)
		e := m.ids[id]
		if e == nil || e.kind != aFunction {
			m.noFunction(id, e, x.At)
			return nil
		}
		want, defined := m.params[id]
		x.Name = e.flat
		args, ok := m.arguments(rest, s)
		if !ok {
			return nil
		}
		if !defined {
			m.add(diag.Errorf(x.At, "the function %s has no formula", id).WithNote(e.at, "its definition"))
			return nil
		}
		if len(args) != want {
			m.add(diag.Errorf(x.At, "the function %s takes %s, it is given %d", id, arguments(want), len(args)).WithNote(e.at, "its definition"))
			return nil
		}
		x.Args = args
		return x
	case "csymbol":
		url := m.definition(head)
		if name := m.foreign[url]; name != "" {
			args, ok := m.arguments(rest, s)
			if !ok {
				return nil
			}
			x.Name, x.Args = name, args
			return x
		}
		x.Name = symbolFunctions[url]
		if x.Name == "" {
			if _, ok := symbolValues[url]; ok {
				m.add(diag.Errorf(m.at(head), "%s is no function", url))
			} else {
				m.unknownCsymbol(head, url)
			}
			return nil
		}
	case "root", "log":
		return m.qualified(x, head, rest, s)
	default:
		x.Name = mathFunctions[head.name]
		if x.Name == "" {
			m.add(diag.Errorf(m.at(head), "<%s> is no function that SBML has", head.name).WithHelp("%s", diag.DidYouMean(head.name, sorted(keys(mathFunctions)))))
			return nil
		}
	}
	args, ok := m.arguments(rest, s)
	if !ok {
		return nil
	}
	if x.Name == "minus" && len(rest) == 1 && rest[0].name == "infinity" {
		return &model.Expr{Kind: model.Number, Value: math.Inf(-1), At: x.At}
	}
	x.Args = args
	return m.counted(x, head)
}

// counted is x when its function takes as many arguments as it has.
func (m *modelReader) counted(x *model.Expr, head *node) *model.Expr {
	f := model.FunctionNamed(x.Name)
	n := len(x.Args)
	if n >= f.Min && (f.Max < 0 || n <= f.Max) {
		return x
	}
	m.add(diag.Errorf(m.at(head), "%s takes %s, it is given %d", f.Name, argumentsOf(f), n))
	return nil
}

// arguments is "1 argument" or "2 arguments".
func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return strconv.Itoa(n) + " arguments"
}

// argumentsOf says how many arguments a function takes.
func argumentsOf(f *model.Func) string {
	switch {
	case f.Max < 0:
		return "at least " + arguments(f.Min)
	case f.Max > f.Min:
		return strconv.Itoa(f.Min) + " to " + arguments(f.Max)
	}
	return arguments(f.Min)
}

// qualified reads root and log, which may have a <degree> or <logbase>.
func (m *modelReader) qualified(x *model.Expr, head *node, rest []*node, s *scope) *model.Expr {
	plain, full, qualifier := "sqrt", "root", "degree"
	if head.name == "log" {
		plain, full, qualifier = "log10", "log", "logbase"
	}
	var by *model.Expr
	has := false
	if len(rest) > 0 && rest[0].space == spaceMath && rest[0].name == qualifier {
		has = true
		if len(rest[0].children) != 1 {
			m.add(diag.Errorf(m.at(rest[0]), "<%s> holds %d formulas, expected one", qualifier, len(rest[0].children)))
			return nil
		}
		by = m.expr(rest[0].children[0], s)
		rest = rest[1:]
	}
	args, ok := m.arguments(rest, s)
	if !ok || has && by == nil {
		return nil
	}
	x.Name, x.Args = plain, args
	if has {
		x.Name, x.Args = full, append([]*model.Expr{by}, args...)
	}
	return m.counted(x, head)
}

func (m *modelReader) piecewise(n *node, s *scope) *model.Expr {
	x := &model.Expr{Kind: model.Apply, Name: "piecewise", At: m.at(n)}
	ok := true
	var otherwise *model.Expr
	for _, c := range n.children {
		want := 2
		if c.name == "otherwise" {
			want = 1
		}
		if c.space != spaceMath || c.name != "piece" && c.name != "otherwise" {
			m.add(diag.Errorf(m.at(c), "unexpected <%s> in <piecewise>", c.name).WithHelp("expected <piece> or <otherwise>"))
			return nil
		}
		if len(c.children) != want {
			m.add(diag.Errorf(m.at(c), "<%s> holds %d formulas, expected %d", c.name, len(c.children), want))
			return nil
		}
		args, good := m.arguments(c.children, s)
		ok = ok && good
		if want == 2 {
			x.Args = append(x.Args, args...)
			continue
		}
		if otherwise != nil {
			m.add(diag.Errorf(m.at(c), "<piecewise> has two <otherwise>"))
			return nil
		}
		otherwise = args[0]
	}
	if !ok {
		return nil
	}
	if otherwise != nil {
		x.Args = append(x.Args, otherwise)
	}
	if len(x.Args) == 0 { // no piece is ever true
		return &model.Expr{Kind: model.Number, Value: math.NaN(), At: x.At}
	}
	return x
}

func (m *modelReader) noFunction(id string, e *entry, at diag.Place) {
	if e != nil {
		m.add(diag.Errorf(at, "%s is %s, not a function", id, kindNames[e.kind]).WithNote(e.at, "its definition"))
		return
	}
	var known []string
	for k, x := range m.ids {
		if x.kind == aFunction {
			known = append(known, k)
		}
	}
	m.add(diag.Errorf(at, "there is no function %s", id).WithHelp("%s", diag.DidYouMean(id, sorted(known))))
}

// lambdaOf is the <lambda> of a function's <math>, also inside of <semantics>.
func lambdaOf(f *node) *node {
	if len(f.children) == 0 {
		return nil
	}
	c := f.children[0]
	for c.name == "semantics" && len(c.children) > 0 {
		c = c.children[0]
	}
	if c.name != "lambda" || c.space != spaceMath {
		return nil
	}
	return c
}

// bvars are the arguments of a <lambda>.
func bvars(l *node) []*node {
	var out []*node
	for _, c := range l.children {
		if c.name == "bvar" && len(c.children) > 0 {
			out = append(out, c.children[0])
		}
	}
	return out
}

// lambdaBody is the formula of a <lambda>, nil when it has none.
func lambdaBody(l *node) *node {
	for _, c := range l.children {
		if c.name != "bvar" {
			return c
		}
	}
	return nil
}
