package model

import (
	"math"
	"strconv"
	"strings"
)

// Walk calls f for e and everything below it, parents first; f returns false to skip
// what is below.
func (e *Expr) Walk(f func(*Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, a := range e.Args {
		a.Walk(f)
	}
}

// Map rebuilds e with f applied to every symbol and application, children first; f
// returns its argument to keep it.
func (e *Expr) Map(f func(*Expr) *Expr) *Expr {
	if e == nil {
		return nil
	}
	if e.Kind != Apply {
		return f(e)
	}
	args := e.Args
	for i, a := range e.Args {
		b := a.Map(f)
		if b != a {
			if &args[0] == &e.Args[0] {
				args = append([]*Expr(nil), e.Args...)
			}
			args[i] = b
		}
	}
	if len(args) > 0 && &args[0] != &e.Args[0] {
		c := *e
		c.Args = args
		return f(&c)
	}
	return f(e)
}

// Rename replaces symbols by the map's ids.
func (e *Expr) Rename(names map[string]string) *Expr {
	return e.Map(func(x *Expr) *Expr {
		if x.Kind == Symbol {
			if to, ok := names[x.Name]; ok && to != x.Name {
				c := *x
				c.Name = to
				return &c
			}
		}
		return x
	})
}

// Substitute replaces symbols by formulas.
func (e *Expr) Substitute(by map[string]*Expr) *Expr {
	return e.Map(func(x *Expr) *Expr {
		if x.Kind == Symbol {
			if to, ok := by[x.Name]; ok {
				return to
			}
		}
		return x
	})
}

// Symbols lists the symbols of e, each once, in order of first use.
func (e *Expr) Symbols() []string {
	var out []string
	seen := map[string]bool{}
	e.Walk(func(x *Expr) bool {
		if x.Kind == Symbol && !seen[x.Name] {
			seen[x.Name] = true
			out = append(out, x.Name)
		}
		return true
	})
	return out
}

// Equal says whether two formulas are the same text, places apart.
func (e *Expr) Equal(o *Expr) bool {
	if e == nil || o == nil {
		return e == o
	}
	if e.Kind != o.Kind || e.Name != o.Name || e.Unit != o.Unit || len(e.Args) != len(o.Args) {
		return false
	}
	if e.Value != o.Value && !(math.IsNaN(e.Value) && math.IsNaN(o.Value)) {
		return false
	}
	for i := range e.Args {
		if !e.Args[i].Equal(o.Args[i]) {
			return false
		}
	}
	return true
}

// operator is how an application is written infix.
type operator struct {
	text  string
	level int // higher binds tighter
}

var operators = map[string]operator{
	"or": {"||", 2}, "and": {"&&", 2}, // of one level, from left to right, as libAntimony reads them
	"eq": {"==", 3}, "neq": {"!=", 3}, "lt": {"<", 3}, "leq": {"<=", 3}, "gt": {">", 3}, "geq": {">=", 3},
	"plus": {"+", 4}, "minus": {"-", 4}, "times": {"*", 5}, "divide": {"/", 5}, "power": {"^", 7},
}

// FormatNumber writes a number so that it reads back to the same bits.
func FormatNumber(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// String writes the formula in Antimony's infix language; it reads back to an equal one.
func (e *Expr) String() string {
	var b strings.Builder
	e.write(&b, 0)
	return b.String()
}

func (e *Expr) write(b *strings.Builder, outer int) {
	open := func(level int) func() {
		if level >= outer {
			return func() {}
		}
		b.WriteByte('(')
		return func() { b.WriteByte(')') }
	}
	switch {
	case e == nil:
		b.WriteString("<none>")
	case e.Kind == Number:
		text := FormatNumber(e.Value)
		level := 9
		if strings.HasPrefix(text, "-") {
			level = 6
		}
		end := open(level)
		b.WriteString(text)
		if e.Unit != "" {
			b.WriteString(" " + e.Unit)
		}
		end()
	case e.Kind == Symbol:
		b.WriteString(e.Name)
	case e.Name == "minus" && len(e.Args) == 1:
		end := open(6)
		b.WriteByte('-')
		e.Args[0].write(b, 7)
		end()
	case e.Name == "not" && len(e.Args) == 1:
		end := open(8)
		b.WriteByte('!')
		e.Args[0].write(b, 9)
		end()
	default:
		op, infix := operators[e.Name]
		if infix && len(e.Args) >= 2 && (len(e.Args) == 2 || op.level != 3) {
			end := open(op.level)
			for i, a := range e.Args {
				if i > 0 {
					if op.level == 5 || op.level == 7 {
						b.WriteString(op.text)
					} else {
						b.WriteString(" " + op.text + " ")
					}
				}
				level := op.level + 1
				if i == 0 && op.level != 7 && op.level != 3 {
					level = op.level
				}
				a.write(b, level)
			}
			end()
			return
		}
		name := e.Name
		if f := byName[name]; f != nil && len(f.Spellings) > 0 {
			name = f.Spellings[0]
		}
		b.WriteString(name + "(")
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			a.write(b, 0)
		}
		b.WriteByte(')')
	}
}
