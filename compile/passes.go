package compile

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"thymus/kernel"
)

// pass is a step of the compiler.
type pass struct {
	name   string
	why    string         // the reason for its position
	prints string         // what print writes
	run    func(*Program) // nil: what it makes is made of the finished program when asked for
	print  func(*Program, io.Writer)
}

// passes turn a model into a program, in this order. Formulas are lowered into one graph,
// where an operation is folded, simplified and shared the moment it is made (graph.op), so
// that every pass sees the others' subexpressions.
var passes = []pass{
	{"symbols", "everything refers to symbols", "the model's symbols and what each is", func(p *Program) { p.b.collect() }, (*Program).printSymbols},
	{"past", "a rate that may be read from before the start is made otherwise", "whether the model reads its own past", func(p *Program) { p.b.readsPast() }, (*Program).printPast},
	{"algebraic", "what a rule determines is no constant, and may be an assignment", "what algebraic rules determine", func(p *Program) { p.b.algebraicRules() }, (*Program).printAlgebraic},
	{"classify", "a symbol's meaning depends on whether it is a state", "states and constants in the order of their indices", func(p *Program) { p.b.classify(); p.leaves() }, (*Program).printClasses},
	{"derivatives", "the right-hand side defines what events and the Jacobian share", "the right-hand side as formulas, simplified", (*Program).derivatives, (*Program).printDerivatives},
	{"events", "their formulas share nodes with the right-hand side", "triggers and assignments", (*Program).lowerEvents, (*Program).printEvents},
	{"crossings", "triggers are lowered, and nothing else has conditions", "functions that change sign where a condition changes", (*Program).discontinuities, (*Program).printCrossings},
	{"actions", "as events", "what doses do", (*Program).lowerActions, (*Program).printActions},
	{"start", "initial formulas may read rules and reactions", "initial values as formulas", (*Program).lowerStart, (*Program).printStart},
	{"histories", "what is delayed may need anything of the above, itself included", "delayed values", (*Program).histories, (*Program).printHistories},
	{"jacobian", "differentiates the finished right-hand side", "the entries that are not always 0, as formulas", (*Program).jacobian, (*Program).printJacobian},
	{"emit", "only now is it known which constant-only work can move to the start", "three-address code: done once a patient, and at every evaluation", (*Program).emit, (*Program).printCode},
	{"elimination", "needs the pattern of the Jacobian", "order with little fill, fill and operations of the static factors", nil, (*Program).printElimination},
	{"lanes", "lays the emitted code open for solvers that run patients side by side", "the code of a step's first stage and of the others", nil, (*Program).printLanes},
	{"machine", "lowers the code of lanes", "micro operations by back end", nil, (*Program).printMachine},
}

// PassInfo describes a pass: its name, the reason for its position, and what it prints.
type PassInfo struct {
	Name   string `json:"name"`
	Why    string `json:"why"`
	Prints string `json:"prints"`
}

// Passes describes the passes of the compiler in order.
func Passes() []PassInfo {
	var out []PassInfo
	for _, x := range passes {
		out = append(out, PassInfo{x.name, x.why, x.prints})
	}
	return out
}

// Print shows what a pass made of the model.
func (p *Program) Print(name string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, x := range passes {
		if x.name == name {
			var b strings.Builder
			x.print(p, &b)
			return b.String(), nil
		}
		names = append(names, x.name)
	}
	return "", fmt.Errorf("there is no pass %q; there are %s", name, strings.Join(names, ", "))
}

func (p *Program) printSymbols(w io.Writer) {
	for _, s := range p.b.order {
		fmt.Fprintf(w, "%s: %s\n", s.id, kindNames[s.kind])
	}
}

var kindNames = [...]string{isSpecies: "species", isParameter: "parameter", isCompartment: "compartment", isReaction: "reaction"}

func (p *Program) printPast(w io.Writer) {
	if p.ownDelays > 0 {
		fmt.Fprintln(w, "reads its own past")
	} else {
		fmt.Fprintln(w, "reads the present alone")
	}
}

func (p *Program) printAlgebraic(w io.Writer) {
	for _, s := range p.b.order {
		switch {
		case s.algebraic == nil:
		case s.rule != nil:
			fmt.Fprintf(w, "%s := %s\n", s.id, s.rule.Math)
		default:
			fmt.Fprintf(w, "%s so that 0 = %s\n", s.id, s.algebraic.Math)
		}
	}
	if why := p.Path(); len(why) > 0 {
		fmt.Fprintf(w, "general path: %s\n", strings.Join(why, ", "))
	}
}

func (p *Program) printClasses(w io.Writer) {
	for i, s := range p.states {
		fmt.Fprintf(w, "state %d: %s\n", i, s.ID)
	}
	for i, c := range p.consts {
		fmt.Fprintf(w, "constant %d: %s\n", i, c.ID)
	}
}

func (p *Program) printDerivatives(w io.Writer) {
	for i, k := range p.deriv {
		fmt.Fprintf(w, "d(%s)/dt = %s\n", p.states[i].ID, p.b.g.text(k, p, 0))
	}
}

func (p *Program) printEvents(w io.Writer) {
	for _, e := range p.events {
		fmt.Fprintf(w, "%s when %s\n", e.ID, p.b.g.text(e.trigger, p, 0))
		for i, t := range e.Targets {
			fmt.Fprintf(w, "  %s = %s\n", p.states[t].ID, p.b.g.text(e.values[i], p, 0))
		}
	}
}

func (p *Program) printCrossings(w io.Writer) {
	for i, k := range p.cross {
		var of []string
		for _, e := range p.events {
			if slices.Contains(e.Roots, i) {
				of = append(of, e.ID)
			}
		}
		if slices.Contains(p.jumps, i) {
			of = append(of, "the right-hand side")
		}
		known := ""
		for _, x := range p.lines {
			if x.value == k {
				known = "; its time is known at the start"
			}
		}
		fmt.Fprintf(w, "%s = 0, of %s%s\n", p.b.g.text(k, p, 0), strings.Join(of, ", "), known)
	}
}

func (p *Program) printActions(w io.Writer) {
	for _, a := range p.actions {
		for i, t := range a.targets {
			fmt.Fprintf(w, "%s: %s = %s\n", a.id, p.states[t].ID, p.b.g.text(a.values[i], p, 0))
		}
	}
}

func (p *Program) printStart(w io.Writer) {
	for i, k := range p.y0 {
		fmt.Fprintf(w, "%s = %s\n", p.states[i].ID, p.b.g.text(k, p, 0))
	}
}

func (p *Program) printHistories(w io.Writer) {
	for _, d := range p.b.delays {
		fmt.Fprintf(w, "%s = %s\n", p.b.g.text(d.value, p, 0), p.b.g.text(d.node, p, 0))
	}
}

func (p *Program) printJacobian(w io.Writer) {
	n := p.pattern.N
	fmt.Fprintf(w, "%d of %d entries\n", p.pattern.Len(), n*n)
	for j := 0; j < n; j++ {
		for q := p.pattern.ColPtr[j]; q < p.pattern.ColPtr[j+1]; q++ {
			fmt.Fprintf(w, "d(%s')/d(%s) = %s\n", p.states[p.pattern.RowIdx[q]].ID, p.states[j].ID, p.b.g.text(p.entries[q], p, 0))
		}
	}
	for i, k := range p.dfdt {
		if !p.b.g.is(k, 0) {
			fmt.Fprintf(w, "d(%s')/d(time) = %s\n", p.states[i].ID, p.b.g.text(k, p, 0))
		}
	}
}

// printProgram writes code with what its slots hold.
func (p *Program) printProgram(w io.Writer, what string, x *kernel.Program, with func(id) string) {
	fmt.Fprintf(w, "%s: %d operations, cost %d\n", what, len(x.Code), Cost(x))
	g := p.b.g
	name := func(k id) string {
		if n := &g.nodes[k]; n.leaf != operation {
			return g.text(k, p, 0)
		}
		return fmt.Sprintf("t%d", k)
	}
	for _, o := range x.Code {
		args := make([]string, o.Op.Args())
		for i, k := range [...]id{o.A, o.B, o.C} {
			if i < len(args) {
				args[i] = name(k)
			}
		}
		fmt.Fprintf(w, "  %s = %s(%s)%s\n", name(o.Dst), o.Op, strings.Join(args, ", "), with(o.Dst))
	}
}

// results notes which derivative or entry a slot holds.
func (p *Program) results(deriv, entries, dfdt []id) func(id) string {
	notes := map[id][]string{}
	for i, k := range deriv {
		notes[k] = append(notes[k], p.states[i].ID+"'")
	}
	if entries != nil {
		for j := 0; j < p.pattern.N; j++ {
			for q := p.pattern.ColPtr[j]; q < p.pattern.ColPtr[j+1]; q++ {
				notes[entries[q]] = append(notes[entries[q]], "d("+p.states[p.pattern.RowIdx[q]].ID+"')/d("+p.states[j].ID+")")
			}
		}
	}
	for i, k := range dfdt {
		notes[k] = append(notes[k], "d("+p.states[i].ID+"')/d(time)")
	}
	return func(k id) string {
		if list := notes[k]; len(list) > 0 {
			return "  # " + strings.Join(list, ", ")
		}
		return ""
	}
}

func (p *Program) printCode(w io.Writer) {
	none := func(id) string { return "" }
	fmt.Fprintf(w, "%d slots\n", p.base)
	p.printProgram(w, "once a patient", &p.startup, none)
	p.printProgram(w, "right-hand side", &p.rhs, p.results(p.deriv, nil, nil))
	p.printProgram(w, "Jacobian", &p.jac, p.results(nil, p.entries, nil))
	p.printProgram(w, "derivative by time", &p.timeJac, p.results(nil, nil, p.dfdt))
	p.printProgram(w, "crossing functions", &p.crossP, none)
}

func (p *Program) printElimination(w io.Writer) {
	f := p.pattern.Symbolic().Factors()
	n := len(f.Diag)
	fmt.Fprintf(w, "%d states, %d entries, %d in the factors (%d of fill), %d updates\norder:", n, p.pattern.Len(), len(f.ColIdx), len(f.ColIdx)-p.pattern.Len(), f.Operations())
	for _, i := range f.Order {
		fmt.Fprintf(w, " %s", p.states[i].ID)
	}
	fmt.Fprintln(w)
}

func (p *Program) printLanes(w io.Writer) {
	s := p.Straight()
	fmt.Fprintf(w, "%d slots\n", s.Slots)
	p.printProgram(w, "first stage (right-hand side and derivatives)", &s.First, p.results(s.Deriv, s.Entries, s.TimeDeriv))
	p.printProgram(w, "other stages (right-hand side)", &s.RHS, p.results(s.Deriv, nil, nil))
}

func (p *Program) printMachine(w io.Writer) {
	s := p.Straight()
	keep := append([]int32(nil), s.Deriv...)
	first := append(append([]int32(nil), keep...), present(s.Entries)...)
	first = append(first, present(s.TimeDeriv)...)
	for _, x := range []struct {
		what string
		code *kernel.Program
		keep []int32
	}{{"first stage", &s.First, first}, {"right-hand side", &s.RHS, keep}} {
		code := *x.code
		code.Numbers = s.Numbers
		for _, target := range []struct {
			name string
			wide bool
		}{{"avx512", true}, {"avx2, wasm", false}} {
			n := code.Work(x.keep, target.wide)
			fmt.Fprintf(w, "%s, %s: %d sums and products, %d divisions and roots, %d others, %d left to the interpreter\n", x.what, target.name, n.Products, n.Divides, n.Micro, n.Left)
		}
	}
}

// Cost weighs a program's operations by what they take against an addition, roughly, on
// processors of today: division and root 8, exponential and logarithm 20, power 40.
func Cost(x *kernel.Program) int {
	n := 0
	for _, o := range x.Code {
		n += cost(o.Op)
	}
	return n
}

func cost(op kernel.Op) int {
	switch op {
	case kernel.Move:
		return 0
	case kernel.Div, kernel.Sqrt:
		return 8
	case kernel.Pow, kernel.PowPos:
		return 40
	case kernel.Exp, kernel.Log, kernel.Log10, kernel.Sin, kernel.Cos, kernel.Tan, kernel.Asin, kernel.Acos, kernel.Atan,
		kernel.Sinh, kernel.Cosh, kernel.Tanh, kernel.Asinh, kernel.Acosh, kernel.Atanh, kernel.Factorial, kernel.Mod:
		return 20
	}
	return 1
}
