package antimony

import (
	"math"
	"strconv"
	"strings"

	"thymus/model"
)

// FormatFormula writes a formula so that ParseText reads an equal one. Units
// behind numbers are written as they are.
func FormatFormula(x *model.Expr) string { return formulaText(x, nil) }

// naming gives the ids to write for symbols and units; nil keeps them.
type naming interface {
	id(string) string
	functionID(string) string
	unitID(string) string
}

func formulaText(x *model.Expr, n naming) string {
	var s strings.Builder
	f := formulaWriter{&s, n}
	f.write(x, 0)
	return s.String()
}

type formulaWriter struct {
	s *strings.Builder
	n naming
}

// infixOf is how an application is written between its arguments.
var infixOf = map[string]struct {
	text string
	bind int
}{
	"or": {" || ", bindLogic}, "and": {" && ", bindLogic},
	"eq": {" == ", bindRelation}, "neq": {" != ", bindRelation}, "lt": {" < ", bindRelation}, "gt": {" > ", bindRelation},
	"leq": {" <= ", bindRelation}, "geq": {" >= ", bindRelation},
	"plus": {" + ", bindSum}, "minus": {" - ", bindSum}, "times": {"*", bindProduct}, "divide": {"/", bindProduct}, "power": {"^", bindPower},
}

// write writes x where something that binds at least as tightly as outer is needed.
func (f formulaWriter) write(x *model.Expr, outer int) {
	switch {
	case x.Kind == model.Number:
		text := f.number(x)
		f.paren(strings.HasPrefix(text, "-") && outer > bindSign, func() { f.s.WriteString(text) })
		return
	case x.Kind == model.Symbol:
		f.s.WriteString(f.symbol(x.Name))
		return
	case x.Name == "minus" && len(x.Args) == 1:
		f.paren(outer > bindSign, func() {
			f.s.WriteByte('-')
			// A number in parentheses stays a number with a sign before it.
			inner := x.Args[0].Kind == model.Number
			f.paren(inner, func() { f.write(x.Args[0], bindPower) })
		})
		return
	case x.Name == "not" && len(x.Args) == 1:
		f.paren(outer > bindSign, func() {
			f.s.WriteByte('!')
			f.write(x.Args[0], bindPower)
		})
		return
	}
	op, ok := infixOf[x.Name]
	many := x.Name == "plus" || x.Name == "times" || op.bind == bindLogic || op.bind == bindRelation && x.Name != "neq"
	if !ok || len(x.Args) < 2 || len(x.Args) > 2 && !many {
		f.call(x)
		return
	}
	f.paren(op.bind < outer, func() {
		for i, a := range x.Args {
			if i > 0 {
				f.s.WriteString(op.text)
			}
			need := op.bind + 1
			switch {
			case op.bind == bindPower && i > 0:
				need = bindPower
			case i == 0 && (op.bind == bindSum || op.bind == bindProduct) && !(many && a.Kind == model.Apply && a.Name == x.Name):
				need = op.bind
			}
			f.write(a, need)
		}
	})
}

func (f formulaWriter) paren(yes bool, inner func()) {
	if yes {
		f.s.WriteByte('(')
	}
	inner()
	if yes {
		f.s.WriteByte(')')
	}
}

func (f formulaWriter) symbol(name string) string {
	if f.n != nil && name != model.Time && name != model.Avogadro {
		return f.n.id(name)
	}
	return name
}

func (f formulaWriter) number(x *model.Expr) string {
	text := numberText(x.Value)
	if x.Unit == "" {
		switch x.Value {
		case math.Pi:
			return "pi"
		case math.E:
			return "exponentiale"
		}
		return text
	}
	if math.IsNaN(x.Value) || math.IsInf(x.Value, 0) {
		return text
	}
	if f.n != nil {
		return text + " " + f.n.unitID(x.Unit)
	}
	return text + " " + x.Unit
}

func (f formulaWriter) call(x *model.Expr) {
	name := x.Name
	if row := model.FunctionNamed(name); row != nil && len(row.Spellings) > 0 {
		name = row.Spellings[0]
	} else if row == nil && f.n != nil {
		name = f.n.functionID(name)
	}
	f.s.WriteString(name + "(")
	for i, a := range x.Args {
		if i > 0 {
			f.s.WriteString(", ")
		}
		f.write(a, 0)
	}
	f.s.WriteByte(')')
}

// numberText writes a number so that the same bits are read back.
func numberText(v float64) string {
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
