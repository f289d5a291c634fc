package sbml

import (
	"math"
	"strconv"
	"strings"

	"thymus/model"
)

// logic are the functions whose arguments are conditions.
var logic = map[string]bool{"and": true, "or": true, "xor": true, "not": true, "implies": true}

// level3v2 are the functions that Level 3 Version 1 has only with the package l3v2extendedmath.
var level3v2 = map[string]bool{"max": true, "min": true, "quotient": true, "rem": true, "implies": true, "rateOf": true}

// math writes <math> with a formula; condition says that it is true or false.
func (w *writer) math(e *model.Expr, condition bool) {
	w.mathTag(e)
	w.expr(e, condition)
	w.x.close("math")
}

// mathTag writes the start tag, which declares the namespace of units when there are some.
func (w *writer) mathTag(e *model.Expr) {
	units := false
	e.Walk(func(x *model.Expr) bool {
		units = units || x.Kind == model.Number && x.Unit != "" && w.unitID(x.Unit) != ""
		return true
	})
	attributes := []string{"xmlns", spaceMath}
	if units {
		attributes = append(attributes, "xmlns:sbml", versions[w.version])
	}
	w.x.open("math", attributes...)
}

func (w *writer) symbolTag(url, text string) {
	w.x.leaf("csymbol", text, "encoding", "text", "definitionURL", url)
}

func (w *writer) expr(e *model.Expr, condition bool) {
	switch e.Kind {
	case model.Number:
		w.number(e, condition)
	case model.Symbol:
		switch {
		case w.bound[e.Name]:
			w.x.leaf("ci", e.Name)
		case e.Name == model.Time || e.Name == model.Avogadro:
			w.symbolTag(symbolURL+e.Name, e.Name)
		default:
			w.x.leaf("ci", w.id(e.Name))
		}
	default:
		w.call(e)
	}
}

// number writes a number so that the same bits are read back.
func (w *writer) number(e *model.Expr, condition bool) {
	v := e.Value
	switch {
	case condition && e.Unit == "" && (v == 0 || v == 1):
		w.x.empty(map[float64]string{0: "false", 1: "true"}[v])
		return
	case math.IsNaN(v):
		w.x.empty("notanumber")
		return
	case math.IsInf(v, 1):
		w.x.empty("infinity")
		return
	case math.IsInf(v, -1):
		w.x.open("apply")
		w.x.empty("minus")
		w.x.empty("infinity")
		w.x.close("apply")
		return
	case v == math.Pi && e.Unit == "":
		w.x.empty("pi")
		return
	case v == math.E && e.Unit == "":
		w.x.empty("exponentiale")
		return
	}
	var attributes []string
	text := model.FormatNumber(v)
	if mantissa, exponent, ok := strings.Cut(text, "e"); ok {
		attributes = append(attributes, "type", "e-notation")
		n, err := strconv.Atoi(exponent)
		if err != nil {
			panic("sbml: number " + text)
		}
		text = mantissa + " <sep/> " + strconv.Itoa(n)
	} else if v == math.Trunc(v) && math.Abs(v) < 1<<31 && !(v == 0 && math.Signbit(v)) {
		attributes = append(attributes, "type", "integer")
	}
	if e.Unit != "" {
		attributes = append(attributes, "sbml:units", w.unitID(e.Unit))
	}
	w.x.tag("cn", attributes)
	w.x.b.WriteString("> " + text + " </cn>\n")
}

func (w *writer) call(e *model.Expr) {
	args := e.Args
	row := model.FunctionNamed(e.Name)
	if e.Name == "piecewise" && !w.functions[e.Name] {
		w.piecewise(e)
		return
	}
	w.x.open("apply")
	defer w.x.close("apply")
	conditions := false
	switch {
	case w.functions[e.Name] || row == nil:
		w.x.leaf("ci", w.id(e.Name))
	case row.Draw:
		w.symbolTag(symbolURL+"distrib/"+e.Name, e.Name)
	case e.Name == "delay" || e.Name == "rateOf":
		w.symbolTag(symbolURL+e.Name, e.Name)
	case e.Name == "sqrt":
		w.x.empty("root")
	case e.Name == "log10":
		w.x.empty("log")
	case e.Name == "root" || e.Name == "log":
		qualifier := map[string]string{"root": "degree", "log": "logbase"}[e.Name]
		w.x.empty(e.Name)
		w.x.open(qualifier)
		w.expr(args[0], false)
		w.x.close(qualifier)
		args = args[1:]
	default:
		w.x.empty(e.Name)
		conditions = logic[e.Name]
	}
	for _, a := range args {
		w.expr(a, conditions)
	}
}

func (w *writer) piecewise(e *model.Expr) {
	w.x.open("piecewise")
	for i := 0; i+1 < len(e.Args); i += 2 {
		w.x.open("piece")
		w.expr(e.Args[i], false)
		w.expr(e.Args[i+1], true)
		w.x.close("piece")
	}
	if len(e.Args)%2 == 1 {
		w.x.open("otherwise")
		w.expr(e.Args[len(e.Args)-1], false)
		w.x.close("otherwise")
	}
	w.x.close("piecewise")
}
