package compile

import (
	"encoding/binary"
	"math"

	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
)

// scope says what symbols mean while a formula is lowered.
type scope interface {
	symbol(name string, at diag.Place) (id, bool)
	rate(x *model.Expr, at diag.Place) id // of rateOf(x)
	delay(x, lag *model.Expr, at diag.Place) id
}

// lowerer turns formulas into graph nodes.
type lowerer struct {
	g         *graph
	functions map[string]*model.Function
	ms        *diag.Messages
	depth     int
	calling   []string        // user functions whose bodies are being lowered
	calls     map[string]id   // of repeatable functions, by name and arguments
	repeats   map[string]bool // functions whose calls with equal arguments are equal
}

// deepest bounds formulas and nested function calls.
const deepest = 2000

// lowering is a row of lowerings: how a function of the model language becomes
// operations. The number of arguments was checked against model.Functions.
type lowering func(g *graph, a []id) id

func chain(op kernel.Op, empty float64) lowering {
	return func(g *graph, a []id) id {
		if len(a) == 0 {
			return g.num(empty)
		}
		k := a[0]
		for _, x := range a[1:] {
			k = g.op(op, k, x)
		}
		return k
	}
}

// truths is a chain of logical values.
func truths(op kernel.Op, empty float64) lowering {
	inner := chain(op, empty)
	return func(g *graph, a []id) id {
		if len(a) == 1 {
			return logical(g, a[0])
		}
		return inner(g, a)
	}
}

func unary(op kernel.Op) lowering {
	return func(g *graph, a []id) id { return g.op(op, a[0]) }
}

// of applies op to what f gives.
func of(op kernel.Op, f lowering) lowering {
	return func(g *graph, a []id) id { return g.op(op, f(g, a)) }
}

func reciprocal(f lowering) lowering {
	return func(g *graph, a []id) id { return g.op(kernel.Div, g.num(1), f(g, a)) }
}

func relation(op kernel.Op, swap bool) lowering {
	return func(g *graph, a []id) id {
		k := g.num(1)
		for i := 1; i < len(a); i++ {
			x, y := a[i-1], a[i]
			if swap {
				x, y = y, x
			}
			r := g.op(op, x, y)
			if i == 1 {
				k = r
			} else {
				k = g.op(kernel.And, k, r)
			}
		}
		return k
	}
}

// logical is 1 where a is not 0; a relation is that already.
func logical(g *graph, a id) id {
	if g.isLogical(a) {
		return a
	}
	return g.op(kernel.Ne, a, g.num(0))
}

var lowerings = map[string]lowering{
	"plus":  chain(kernel.Add, 0),
	"times": chain(kernel.Mul, 1),
	"minus": func(g *graph, a []id) id {
		if len(a) == 1 {
			return g.op(kernel.Neg, a[0])
		}
		return g.op(kernel.Sub, a[0], a[1])
	},
	"divide": func(g *graph, a []id) id { return g.op(kernel.Div, a[0], a[1]) },
	"power":  func(g *graph, a []id) id { return g.power(a[0], a[1]) },
	"sqrt":   unary(kernel.Sqrt),
	"root": func(g *graph, a []id) id {
		if g.is(a[0], 2) {
			return g.op(kernel.Sqrt, a[1])
		}
		if n, ok := g.isNum(a[0]); ok && n == math.Trunc(n) && math.Mod(n, 2) != 0 {
			// an odd root of a negative number is negative
			p := g.op(kernel.Pow, g.op(kernel.Abs, a[1]), g.num(1/n))
			return g.op(kernel.Select, g.op(kernel.Neg, p), p, g.op(kernel.Lt, a[1], g.num(0)))
		}
		if _, known := g.isNum(a[0]); !known {
			one := g.num(1)
			odd := g.op(kernel.Eq, g.op(kernel.Abs, g.op(kernel.Mod, a[0], g.num(2))), one)
			negative := g.op(kernel.And, g.op(kernel.Lt, a[1], g.num(0)), odd)
			inverse := g.op(kernel.Div, one, a[0])
			return g.op(kernel.Select, g.op(kernel.Neg, g.op(kernel.Pow, g.op(kernel.Neg, a[1]), inverse)), g.op(kernel.Pow, a[1], inverse), negative)
		}
		return g.op(kernel.Pow, a[1], g.op(kernel.Div, g.num(1), a[0]))
	},
	"abs": unary(kernel.Abs), "exp": unary(kernel.Exp), "ln": unary(kernel.Log), "log10": unary(kernel.Log10),
	"log": func(g *graph, a []id) id {
		if g.is(a[0], 10) {
			return g.op(kernel.Log10, a[1])
		}
		return g.op(kernel.Div, g.op(kernel.Log, a[1]), g.op(kernel.Log, a[0]))
	},
	"floor": unary(kernel.Floor), "ceiling": unary(kernel.Ceil), "factorial": unary(kernel.Factorial),
	"min": chain(kernel.Min, math.Inf(1)), "max": chain(kernel.Max, math.Inf(-1)),
	"quotient": func(g *graph, a []id) id { return g.op(kernel.Trunc, g.op(kernel.Div, a[0], a[1])) },
	"rem":      func(g *graph, a []id) id { return g.op(kernel.Mod, a[0], a[1]) },
	"sin":      unary(kernel.Sin), "cos": unary(kernel.Cos), "tan": unary(kernel.Tan),
	"sec": reciprocal(unary(kernel.Cos)), "csc": reciprocal(unary(kernel.Sin)), "cot": reciprocal(unary(kernel.Tan)),
	"sinh": unary(kernel.Sinh), "cosh": unary(kernel.Cosh), "tanh": unary(kernel.Tanh),
	"sech": reciprocal(unary(kernel.Cosh)), "csch": reciprocal(unary(kernel.Sinh)), "coth": reciprocal(unary(kernel.Tanh)),
	"arcsin": unary(kernel.Asin), "arccos": unary(kernel.Acos), "arctan": unary(kernel.Atan),
	"arcsec": of(kernel.Acos, reciprocal(first)), "arccsc": of(kernel.Asin, reciprocal(first)), "arccot": of(kernel.Atan, reciprocal(first)),
	"arcsinh": unary(kernel.Asinh), "arccosh": unary(kernel.Acosh), "arctanh": unary(kernel.Atanh),
	"arcsech": of(kernel.Acosh, reciprocal(first)), "arccsch": of(kernel.Asinh, reciprocal(first)), "arccoth": of(kernel.Atanh, reciprocal(first)),
	"piecewise": func(g *graph, a []id) id {
		k := g.num(math.NaN())
		last := len(a)
		if len(a)%2 == 1 {
			last--
			k = a[last]
		}
		for i := last - 2; i >= 0; i -= 2 {
			k = g.op(kernel.Select, a[i], k, a[i+1])
		}
		return k
	},
	"eq": relation(kernel.Eq, false), "neq": relation(kernel.Ne, false),
	"lt": relation(kernel.Lt, false), "leq": relation(kernel.Le, false),
	"gt": relation(kernel.Lt, true), "geq": relation(kernel.Le, true),
	"and": truths(kernel.And, 1), "or": truths(kernel.Or, 0),
	"xor": func(g *graph, a []id) id {
		k := g.num(0)
		for _, x := range a {
			k = g.op(kernel.Ne, k, logical(g, x))
		}
		return k
	},
	"not":     unary(kernel.Not),
	"implies": func(g *graph, a []id) id { return g.op(kernel.Or, g.op(kernel.Not, a[0]), a[1]) },
}

func first(_ *graph, a []id) id { return a[0] }

func (l *lowerer) fail(at diag.Place, format string, args ...any) id {
	*l.ms = append(*l.ms, diag.Errorf(at, format, args...))
	return l.g.num(math.NaN())
}

// expr lowers a formula in a scope. Errors become messages and NaN nodes.
func (l *lowerer) expr(e *model.Expr, s scope) id {
	l.depth++
	defer func() { l.depth-- }()
	if l.depth > deepest {
		return l.fail(e.At, "the formula is nested deeper than %d", deepest)
	}
	switch e.Kind {
	case model.Number:
		return l.g.num(e.Value)
	case model.Symbol:
		k, ok := s.symbol(e.Name, e.At)
		if !ok {
			return l.fail(e.At, "unknown symbol %q", e.Name)
		}
		return k
	}
	if f, ok := l.functions[e.Name]; ok {
		return l.user(f, e, s)
	}
	if e.Name == "rateOf" {
		if len(e.Args) != 1 {
			return l.fail(e.At, "rateOf does not take %d arguments", len(e.Args))
		}
		return s.rate(e.Args[0], e.At)
	}
	if e.Name == "delay" {
		if len(e.Args) != 2 {
			return l.fail(e.At, "delay does not take %d arguments", len(e.Args))
		}
		return s.delay(e.Args[0], e.Args[1], e.At)
	}
	lower, ok := lowerings[e.Name]
	row := model.FunctionNamed(e.Name)
	if row == nil {
		return l.fail(e.At, "unknown function %q", e.Name)
	}
	if !ok && !row.Draw {
		return l.fail(e.At, "%s is not supported by this engine", e.Name)
	}
	if n := len(e.Args); n < row.Min || row.Max >= 0 && n > row.Max {
		return l.fail(e.At, "%s does not take %d arguments", e.Name, n)
	}
	args := make([]id, len(e.Args))
	for i, a := range e.Args {
		args[i] = l.expr(a, s)
	}
	if row.Draw {
		return l.draw(e, args)
	}
	return lower(l.g, args)
}

// user lowers a call of a user's function: its body with the arguments' nodes. Equal calls
// are lowered once, so that functions of functions do not grow with the number of paths.
func (l *lowerer) user(f *model.Function, e *model.Expr, s scope) id {
	if len(e.Args) != len(f.Params) {
		return l.fail(e.At, "function %s takes %d arguments, here are %d", f.ID, len(f.Params), len(e.Args))
	}
	if f.Body == nil {
		return l.fail(e.At, "function %s has no formula", f.ID)
	}
	key := []byte(f.ID)
	inner := call{l: l, outer: s, values: map[string]id{}, exprs: map[string]*model.Expr{}}
	for i, a := range e.Args {
		k := l.expr(a, s)
		inner.values[f.Params[i]], inner.exprs[f.Params[i]] = k, a
		key = append(binary.AppendVarint(key, int64(k)), ',')
	}
	for _, name := range l.calling {
		if name == f.ID {
			return l.fail(e.At, "function %s calls itself", f.ID)
		}
	}
	repeats := l.repeatable(f)
	if k, ok := l.calls[string(key)]; ok && repeats {
		return k
	}
	l.calling = append(l.calling, f.ID)
	k := l.expr(f.Body, inner)
	l.calling = l.calling[:len(l.calling)-1]
	if repeats {
		l.calls[string(key)] = k
	}
	return k
}

// repeatable says whether a function depends on the values of its arguments alone: it
// draws nothing, and asks for neither rates nor the past.
func (l *lowerer) repeatable(f *model.Function) bool {
	if v, ok := l.repeats[f.ID]; ok {
		return v
	}
	l.repeats[f.ID] = false // while it is looked at, and when it calls itself
	v := true
	f.Body.Walk(func(x *model.Expr) bool {
		if x.Kind != model.Apply {
			return v
		}
		if g, ok := l.functions[x.Name]; ok {
			v = v && g.Body != nil && l.repeatable(g)
		} else if row := model.FunctionNamed(x.Name); row == nil || row.Value == nil {
			v = false
		}
		return v
	})
	l.repeats[f.ID] = v
	return v
}

// call is the scope of a user function's body: its parameters, and time.
type call struct {
	l      *lowerer
	outer  scope
	values map[string]id
	exprs  map[string]*model.Expr
}

func (c call) rate(x *model.Expr, at diag.Place) id { return c.outer.rate(x.Substitute(c.exprs), at) }

func (c call) delay(x, lag *model.Expr, at diag.Place) id {
	return c.outer.delay(x.Substitute(c.exprs), lag.Substitute(c.exprs), at)
}

func (c call) symbol(name string, _ diag.Place) (id, bool) {
	if k, ok := c.values[name]; ok {
		return k, true
	}
	switch name {
	case model.Time:
		return c.l.g.leafNode(clock, 0, onState), true
	case model.Avogadro:
		return c.l.g.num(model.AvogadroNumber), true
	}
	return 0, false
}
