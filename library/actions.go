package library

import (
	"strings"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
)

// Actions turns the dose routes of a module into actions of the composed model, called
// INSTANCE.ROUTE. Symbols of the module itself get its instance's prefix, dotted ids lead
// into other instances, and `dose` is the amount.
func (e *Entry) Actions() ([]compile.Action, diag.Messages) {
	var out []compile.Action
	var ms diag.Messages
	flat := func(name string) string {
		if strings.Contains(name, ".") {
			return strings.ReplaceAll(name, ".", "_")
		}
		return e.Instance + "_" + name
	}
	for _, r := range e.Doses {
		a := compile.Action{ID: e.Instance + "." + r.Name, DoseSymbol: "dose"}
		for _, part := range r.Assignments {
			x, more := antimony.ParseFormula(part.Formula.Src, part.Formula.Start, part.Formula.End)
			ms = append(ms, more...)
			if more.HasErrors() {
				continue
			}
			x = x.Map(func(n *model.Expr) *model.Expr {
				if n.Kind != model.Symbol || n.Name == "dose" || n.Name == model.Time {
					return n
				}
				c := *n
				c.Name = flat(n.Name)
				return &c
			})
			a.Assignments = append(a.Assignments, model.EventAssignment{Variable: flat(part.Target), Math: x, At: part.TargetAt})
		}
		out = append(out, a)
	}
	return out, ms
}
