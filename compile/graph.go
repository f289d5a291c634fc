package compile

import (
	"math"
	"slices"

	"thymus/kernel"
)

// id names a node of the graph; it is also the node's slot in memory.
type id = int32

// leaf says what a node without operands is.
type leaf uint8

const (
	operation leaf = iota // not a leaf
	number
	constant // a constant's value after Start
	raw      // a constant's value as set, where a formula gives it otherwise
	flag     // 1 when that constant was overridden
	state
	clock
	signal
	dose
	gate      // 1 while a channel flows, 0 while it jumps; index is the channel
	draw      // a random number, filled in before code that reads it runs; index into graph.draws
	past      // the value of a delay, likewise; index into builder.delays
	haste     // how fast fast reactions are; index is the row
	early     // 1 before the start, where nothing changes
	pastSlope // its argument's derivative of then
	direction // a slope of a state, of time (index -1) or of a constant: see Tangent
)

// what a node depends on; nothing means that it is the same for all patients.
type dependence uint8

const (
	onConstants dependence = 1 << iota
	onState                // state or time
	onSignal
	onDose
	onDraw
)

type node struct {
	op      kernel.Op
	leaf    leaf
	a, b, c id
	value   float64 // of a number
	index   int     // of a leaf of its kind
	deps    dependence
}

// graph is an expression graph in which equal nodes are one node. Nodes only refer to
// nodes before them, so their order is an order of evaluation.
type graph struct {
	nodes        []node
	unique       map[node]id
	clamp        bool
	grads        map[id]gradient
	pastGradient func(delay int) gradient // of the leaf of a delay
	draws        []drawing
	marks        []int32 // of code and reads: the round in which a node was seen
	round        int32
}

// newGraph makes a graph for about so many nodes.
func newGraph(about int) *graph {
	return &graph{nodes: make([]node, 0, about), unique: make(map[node]id, about), grads: make(map[id]gradient, about/2)}
}

func (g *graph) add(n node) id {
	if n.leaf == number && math.IsNaN(n.value) {
		g.nodes = append(g.nodes, n) // NaN equals nothing: never shared
		return id(len(g.nodes) - 1)
	}
	key := n
	if n.leaf == number && n.value == 0 && math.Signbit(n.value) {
		key.index = -1 // -0 is not 0
	}
	if k, ok := g.unique[key]; ok {
		return k
	}
	g.nodes = append(g.nodes, n)
	k := id(len(g.nodes) - 1)
	g.unique[key] = k
	return k
}

func (g *graph) num(v float64) id { return g.add(node{leaf: number, value: v}) }

func (g *graph) leafNode(l leaf, index int, deps dependence) id {
	return g.add(node{leaf: l, index: index, deps: deps})
}

func (g *graph) isNum(k id) (float64, bool) {
	n := &g.nodes[k]
	return n.value, n.leaf == number
}

func (g *graph) is(k id, v float64) bool {
	x, ok := g.isNum(k)
	return ok && x == v
}

// op makes an operation, folded and simplified where that changes no value: x+0, x*1,
// x-0, x/1, -(-x), a condition that is known. x*0 is only 0 when x is a number, since x may
// be infinite; derivatives use mulZero.
func (g *graph) op(op kernel.Op, args ...id) id {
	var a, b, c id
	a = args[0]
	if len(args) > 1 {
		b = args[1]
	}
	if len(args) > 2 {
		c = args[2]
	}
	known := true
	var v [3]float64
	for i, k := range args {
		x, ok := g.isNum(k)
		known = known && ok
		v[i] = x
	}
	if known {
		return g.num(kernel.Apply(op, v[0], v[1], v[2]))
	}
	switch op {
	case kernel.Add:
		if g.is(a, 0) {
			return b
		}
		if g.is(b, 0) {
			return a
		}
		if n := g.nodes[b]; n.leaf == operation && n.op == kernel.Neg {
			return g.op(kernel.Sub, a, n.a)
		}
		if a > b {
			a, b = b, a
		}
	case kernel.Sub:
		if g.is(b, 0) {
			return a
		}
		if g.is(a, 0) {
			return g.op(kernel.Neg, b)
		}
	case kernel.Mul:
		if g.is(a, 1) {
			return b
		}
		if g.is(b, 1) {
			return a
		}
		if a > b {
			a, b = b, a
		}
	case kernel.Div:
		if g.is(b, 1) {
			return a
		}
	case kernel.Neg:
		if n := g.nodes[a]; n.leaf == operation && n.op == kernel.Neg {
			return n.a
		}
	case kernel.Pow, kernel.PowPos:
		if x, ok := g.isNum(b); ok {
			switch x {
			case 0:
				return g.num(1)
			case 1:
				if op == kernel.Pow {
					return a
				}
			case 2:
				if op == kernel.Pow {
					return g.op(kernel.Mul, a, a)
				}
			}
		}
	case kernel.Select:
		if x, ok := g.isNum(c); ok {
			if x != 0 {
				return a
			}
			return b
		}
		if a == b {
			return a
		}
	case kernel.And, kernel.Or, kernel.Min, kernel.Max, kernel.Eq, kernel.Ne:
		if a > b {
			a, b = b, a
		}
	}
	n := node{op: op, a: a, b: b, c: c}
	for i, k := range [...]id{a, b, c} {
		if i < op.Args() {
			n.deps |= g.nodes[k].deps
		}
	}
	return g.add(n)
}

// mulZero is a product in a derivative, where 0 times anything is nothing.
func (g *graph) mulZero(a, b id) id {
	if g.is(a, 0) || g.is(b, 0) {
		return g.num(0)
	}
	if g.is(a, -1) {
		return g.op(kernel.Neg, b)
	}
	if g.is(b, -1) {
		return g.op(kernel.Neg, a)
	}
	return g.op(kernel.Mul, a, b)
}

// power picks the cheapest exact form of a power.
func (g *graph) power(base, exponent id) id {
	if x, ok := g.isNum(exponent); ok {
		switch {
		case x == 0.5 && !g.clamp:
			return g.op(kernel.Sqrt, base)
		case x == 3:
			return g.op(kernel.Mul, g.op(kernel.Mul, base, base), base)
		case x == 4:
			s := g.op(kernel.Mul, base, base)
			return g.op(kernel.Mul, s, s)
		case x == -1:
			return g.op(kernel.Div, g.num(1), base)
		case x == math.Trunc(x):
			return g.op(kernel.Pow, base, exponent)
		}
	}
	if g.clamp {
		return g.op(kernel.PowPos, base, exponent)
	}
	return g.op(kernel.Pow, base, exponent)
}

// gradient lists the partial derivatives of a node with respect to states (by index) and
// time (index -1), in ascending order; absent ones are 0.
type gradient []partial

type partial struct {
	index int
	node  id
}

// gradientOf differentiates a node; shared subexpressions are differentiated once.
func (g *graph) gradientOf(k id) gradient {
	n := g.nodes[k]
	if n.deps&onState == 0 {
		return nil
	}
	switch n.leaf {
	case state:
		return gradient{{n.index, g.num(1)}}
	case clock:
		return gradient{{-1, g.num(1)}}
	case past:
		if d, ok := g.grads[k]; ok {
			return d
		}
		d := g.pastGradient(n.index)
		g.grads[k] = d
		return d
	case operation:
	default:
		return nil
	}
	if d, ok := g.grads[k]; ok {
		return d
	}
	// a branch not taken may be infinite or undefined: it is chosen away, not multiplied by 0
	switch n.op {
	case kernel.Select:
		d := g.choose(g.gradientOf(n.a), g.gradientOf(n.b), n.c)
		g.grads[k] = d
		return d
	case kernel.Min, kernel.Max:
		// where both are equal the first operand counts
		first := g.op(kernel.Le, n.a, n.b)
		if n.op == kernel.Max {
			first = g.op(kernel.Le, n.b, n.a)
		}
		d := g.choose(g.gradientOf(n.a), g.gradientOf(n.b), first)
		g.grads[k] = d
		return d
	}
	var out gradient
	args := [...]id{n.a, n.b, n.c}
	for i := 0; i < n.op.Args(); i++ {
		inner := g.gradientOf(args[i])
		if len(inner) == 0 {
			continue
		}
		p := g.partialOf(k, n, i)
		if g.is(p, 0) {
			continue
		}
		out = g.merge(out, inner, p)
	}
	g.grads[k] = out
	return out
}

// choose is a where cond holds and b elsewhere.
func (g *graph) choose(a, b gradient, cond id) gradient {
	out := make(gradient, 0, len(a)+len(b))
	zero := g.num(0)
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case j == len(b) || i < len(a) && a[i].index < b[j].index:
			out = append(out, partial{a[i].index, g.op(kernel.Select, a[i].node, zero, cond)})
			i++
		case i == len(a) || b[j].index < a[i].index:
			out = append(out, partial{b[j].index, g.op(kernel.Select, zero, b[j].node, cond)})
			j++
		default:
			out = append(out, partial{a[i].index, g.op(kernel.Select, a[i].node, b[j].node, cond)})
			i, j = i+1, j+1
		}
	}
	return out
}

// merge is sum + factor*inner.
func (g *graph) merge(sum, inner gradient, factor id) gradient {
	out := make(gradient, 0, len(sum)+len(inner))
	i, j := 0, 0
	for i < len(sum) || j < len(inner) {
		switch {
		case j == len(inner) || i < len(sum) && sum[i].index < inner[j].index:
			out = append(out, sum[i])
			i++
		case i == len(sum) || inner[j].index < sum[i].index:
			out = append(out, partial{inner[j].index, g.mulZero(factor, inner[j].node)})
			j++
		default:
			out = append(out, partial{sum[i].index, g.op(kernel.Add, sum[i].node, g.mulZero(factor, inner[j].node))})
			i, j = i+1, j+1
		}
	}
	return out
}

// partialOf is the derivative of operation k with respect to its operand i.
func (g *graph) partialOf(k id, n node, i int) id {
	one, zero := g.num(1), g.num(0)
	op := g.op
	switch n.op {
	case kernel.Move, kernel.Add:
		return one
	case kernel.Sub:
		if i == 0 {
			return one
		}
		return g.num(-1)
	case kernel.Neg:
		return g.num(-1)
	case kernel.Mul:
		if i == 0 {
			return n.b
		}
		return n.a
	case kernel.Div:
		if i == 0 {
			return op(kernel.Div, one, n.b)
		}
		return op(kernel.Neg, op(kernel.Div, k, n.b))
	case kernel.Abs:
		return op(kernel.Select, one, op(kernel.Select, g.num(-1), zero, op(kernel.Lt, n.a, zero)), op(kernel.Lt, zero, n.a))
	case kernel.Sqrt: // infinite at 0; the slope from the side where there is no root is taken
		return op(kernel.Select, op(kernel.Div, g.num(0.5), k), zero, op(kernel.Ne, k, zero))
	case kernel.Exp:
		return k
	case kernel.Log:
		return op(kernel.Div, one, n.a)
	case kernel.Log10:
		return op(kernel.Div, g.num(1/math.Ln10), n.a)
	case kernel.Pow, kernel.PowPos:
		if i == 1 {
			return op(kernel.Select, op(kernel.Mul, k, op(kernel.Log, n.a)), zero, op(kernel.Lt, zero, n.a))
		}
		d := op(kernel.Mul, n.b, op(n.op, n.a, op(kernel.Sub, n.b, one)))
		if n.op == kernel.PowPos {
			return op(kernel.Select, d, zero, op(kernel.Lt, zero, n.a))
		}
		if v, ok := g.isNum(n.b); ok && (v >= 1 || v < 0) {
			return d
		}
		// as of a root: infinite at 0 for exponents below 1
		return op(kernel.Select, d, zero, op(kernel.Or, op(kernel.Ne, n.a, zero), op(kernel.Le, one, n.b)))
	case kernel.Sin:
		return op(kernel.Cos, n.a)
	case kernel.Cos:
		return op(kernel.Neg, op(kernel.Sin, n.a))
	case kernel.Tan:
		return op(kernel.Add, one, op(kernel.Mul, k, k))
	case kernel.Asin:
		return op(kernel.Div, one, op(kernel.Sqrt, op(kernel.Sub, one, op(kernel.Mul, n.a, n.a))))
	case kernel.Acos:
		return op(kernel.Neg, op(kernel.Div, one, op(kernel.Sqrt, op(kernel.Sub, one, op(kernel.Mul, n.a, n.a)))))
	case kernel.Atan:
		return op(kernel.Div, one, op(kernel.Add, one, op(kernel.Mul, n.a, n.a)))
	case kernel.Sinh:
		return op(kernel.Cosh, n.a)
	case kernel.Cosh:
		return op(kernel.Sinh, n.a)
	case kernel.Tanh:
		return op(kernel.Sub, one, op(kernel.Mul, k, k))
	case kernel.Asinh:
		return op(kernel.Div, one, op(kernel.Sqrt, op(kernel.Add, op(kernel.Mul, n.a, n.a), one)))
	case kernel.Acosh:
		return op(kernel.Div, one, op(kernel.Sqrt, op(kernel.Sub, op(kernel.Mul, n.a, n.a), one)))
	case kernel.Atanh:
		return op(kernel.Div, one, op(kernel.Sub, one, op(kernel.Mul, n.a, n.a)))
	case kernel.Mod:
		if i == 0 {
			return one
		}
		return op(kernel.Neg, op(kernel.Trunc, op(kernel.Div, n.a, n.b)))
	}
	return zero // steps and logic have no slope
}

// mark begins a round of marks.
func (g *graph) mark() {
	if len(g.marks) < len(g.nodes) {
		g.marks = append(g.marks, make([]int32, len(g.nodes)-len(g.marks))...)
	}
	g.round++
}

// code lists the operations that the wanted nodes need, leaving out those for which
// skip says that their slot is filled already. Its work is that of what it lists.
func (g *graph) code(want []id, skip func(id) bool) []kernel.Instr {
	g.mark()
	var list, todo []id
	add := func(k id) {
		if g.marks[k] != g.round && g.nodes[k].leaf == operation && !skip(k) {
			g.marks[k] = g.round
			list, todo = append(list, k), append(todo, k)
		}
	}
	for _, k := range want {
		add(k)
	}
	for len(todo) > 0 {
		n := &g.nodes[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		for i, x := range [...]id{n.a, n.b, n.c} {
			if i < n.op.Args() {
				add(x)
			}
		}
	}
	slices.Sort(list)
	out := make([]kernel.Instr, len(list))
	for i, k := range list {
		n := &g.nodes[k]
		out[i] = kernel.Instr{Op: n.op, Dst: k, A: n.a, B: n.b, C: n.c}
	}
	return out
}
