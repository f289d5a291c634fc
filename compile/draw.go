package compile

import (
	"fmt"

	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
	"thymus/rng"
)

// Uniform is where an instance takes its randomness from: numbers in (0, 1).
type Uniform interface{ Uniform() float64 }

// drawing is one occurrence of a draw in a formula: normal(m, s) written twice is two.
type drawing struct {
	row  *rng.Distribution
	args []id
	node id
	at   diag.Place
}

// drawStep takes one draw: code computes its arguments.
type drawStep struct {
	code kernel.Program
	draw *drawing
}

// draw lowers an application of a distribution: a leaf that is filled in anew each time
// the formula it stands in is evaluated.
func (l *lowerer) draw(e *model.Expr, args []id) id {
	row := rng.DistributionNamed(e.Name)
	if row == nil {
		return l.fail(e.At, "%s is not supported by this engine", e.Name)
	}
	n := len(args)
	if row.Cuts && n > len(row.Params) {
		n -= 2
	}
	// with an optional location, an even count may only be read one way
	if n < row.Least || n > len(row.Params) {
		return l.fail(e.At, "%s does not take %d arguments", e.Name, len(args))
	}
	k := l.g.add(node{leaf: draw, index: len(l.g.draws), deps: onDraw})
	l.g.draws = append(l.g.draws, drawing{row: row, args: args, node: k, at: e.At})
	return k
}

// noDraw refuses a random number where a formula holds at all times.
func (b *builder) noDraw(k id, at diag.Place, what string) id {
	if b.g.nodes[k].deps&onDraw != 0 {
		b.ms = append(b.ms, diag.Errorf(at, "%s draws a random number", what).
			WithHelp("a draw stands in an initial assignment, or in an event's assignments, delay or priority: there it is taken once each time"))
		return b.g.num(nan)
	}
	return k
}

// drawSteps lists the draws that the wanted nodes read, arguments' draws first.
func (p *Program) drawSteps(want []id, skip func(id) bool) []drawStep {
	g := p.b.g
	if len(g.draws) == 0 {
		return nil
	}
	need := make([]bool, len(g.nodes))
	for _, k := range want {
		need[k] = true
	}
	used := make([]bool, len(g.draws))
	for k := id(len(g.nodes)) - 1; k >= 0; k-- {
		n := &g.nodes[k]
		switch {
		case !need[k] || skip(k):
		case n.leaf == draw:
			used[n.index] = true
			for _, x := range g.draws[n.index].args {
				need[x] = true
			}
		case n.leaf == operation:
			for i, x := range [...]id{n.a, n.b, n.c} {
				if i < n.op.Args() {
					need[x] = true
				}
			}
		}
	}
	var out []drawStep
	for i, u := range used {
		if u {
			out = append(out, drawStep{kernel.Program{Slots: p.base, Code: g.code(g.draws[i].args, skip)}, &g.draws[i]})
		}
	}
	return out
}

// Draws says whether the model draws random numbers.
func (p *Program) Draws() bool { return len(p.b.g.draws) > 0 }

// Source sets where draws come from; it holds until it is set again. Without one, an
// instance takes them from the stream of an empty key.
func (in *Instance) Source(u Uniform) { in.source = u }

// draw takes the draws of a formula, in order.
func (in *Instance) draw(steps []drawStep) {
	if len(steps) == 0 {
		return
	}
	if in.source == nil {
		in.source = rng.NewPhilox(rng.Key{Purpose: "draw"})
	}
	var values [4]float64
	for i := range steps {
		d := steps[i].draw
		steps[i].code.Run(in.mem, 1)
		a := values[:len(d.args)]
		for k, x := range d.args {
			a[k] = in.mem[x]
		}
		v, err := d.row.Draw(in.source.Uniform(), a)
		if err != nil && in.err == nil {
			where := ""
			if d.at.Src != nil {
				where = d.at.String() + ": "
			}
			in.err = fmt.Errorf("%s%w", where, err)
		}
		in.mem[d.node] = v
	}
}

// TakeError is what was wrong with a draw since it was last asked, nil for nothing.
func (in *Instance) TakeError() error {
	err := in.err
	in.err = nil
	return err
}
