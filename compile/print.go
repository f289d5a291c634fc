package compile

import (
	"fmt"
	"strings"

	"thymus/model"
)

// Passes names the passes of the compiler in order, with the reason for each position.
func Passes() [][2]string {
	var out [][2]string
	for _, x := range passes {
		out = append(out, [2]string{x.name, x.why})
	}
	return out
}

// Print shows what a pass made: "symbols", "derivatives", "events", "actions", "start",
// "jacobian" or "emit".
func (p *Program) Print(pass string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	g := p.b.g
	switch pass {
	case "symbols", "classify":
		for _, s := range p.b.order {
			fmt.Fprintf(&b, "%s: state %d, constant %d, signal %d\n", s.id, s.state, s.constant, s.signal)
		}
	case "derivatives":
		for i, k := range p.deriv {
			fmt.Fprintf(&b, "d(%s)/dt = %s\n", p.states[i].ID, g.text(k, p, 0))
		}
	case "events":
		for _, e := range p.events {
			fmt.Fprintf(&b, "%s when %s\n", e.ID, g.text(e.trigger, p, 0))
		}
	case "actions":
		for _, a := range p.actions {
			for i, t := range a.targets {
				fmt.Fprintf(&b, "%s: %s = %s\n", a.id, p.states[t].ID, g.text(a.values[i], p, 0))
			}
		}
	case "start":
		for i, k := range p.y0 {
			fmt.Fprintf(&b, "%s = %s\n", p.states[i].ID, g.text(k, p, 0))
		}
	case "jacobian":
		for j := 0; j < p.pattern.N; j++ {
			for q := p.pattern.ColPtr[j]; q < p.pattern.ColPtr[j+1]; q++ {
				fmt.Fprintf(&b, "d(%s')/d(%s) = %s\n", p.states[p.pattern.RowIdx[q]].ID, p.states[j].ID, g.text(p.entries[q], p, 0))
			}
		}
	case "emit":
		fmt.Fprintf(&b, "start, %d operations\n%sright-hand side, %d operations\n%sJacobian, %d operations\n%s",
			len(p.startup.Code), p.startup.String(), len(p.rhs.Code), p.rhs.String(), len(p.jac.Code), p.jac.String())
	default:
		return "", fmt.Errorf("there is no pass %q", pass)
	}
	return b.String(), nil
}

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
