package compile

import (
	"fmt"
	"strings"

	"thymus/model"
)

// text writes a node as a formula, cut off where it gets deep.
func (g *graph) text(k id, p *Program, depth int) string {
	n := g.nodes[k]
	switch n.leaf {
	case number:
		return model.FormatNumber(n.value)
	case constant, raw:
		return p.consts[n.index].ID
	case flag:
		return "overridden(" + p.consts[n.index].ID + ")"
	case state:
		return p.states[n.index].ID
	case clock:
		return "time"
	case signal:
		return p.b.opt.Signals[n.index]
	case dose:
		return "dose"
	case gate:
		return fmt.Sprintf("gate %d", n.index)
	case draw:
		return g.draws[n.index].row.Name + "(...)"
	case early:
		return "before(start)"
	case haste:
		return "haste"
	case direction:
		return fmt.Sprintf("direction %d", n.index)
	case past, pastSlope:
		d := p.b.delays[n.index]
		text := "delay(" + d.arg.String() + ", " + d.lagExpr.String() + ")"
		if n.leaf == pastSlope {
			return "rate of " + text
		}
		return text
	}
	if depth > 12 {
		return "..."
	}
	args := []string{}
	for i, x := range [...]id{n.a, n.b, n.c} {
		if i < n.op.Args() {
			args = append(args, g.text(x, p, depth+1))
		}
	}
	return n.op.String() + "(" + strings.Join(args, ", ") + ")"
}
