// Package compile turns a flat model.Model into a Program of straight-line code (floor 2).
//
// Formulas become an expression graph in which equal subexpressions are one node; the
// right-hand side is differentiated through the graph, giving a sparse Jacobian; work that
// depends on constants only moves to the start of a patient. Programs are run through
// Instances, one per patient, which have the methods that solvers ask for.
//
//	program, messages := compile.Compile(m, compile.Options{})
//	in := program.New()
//	err := in.Start(y, 0)
//	in.Deriv(dy, y, []float64{0})
//
// Algebraic rules are paired with what they determine; those that can be solved for it
// become assignments, the others equations of M y' = f(t, y). delay(x, d) is evaluated at
// the state that a Past remembers. Fast reactions are in equilibrium: the combinations that
// they conserve follow the other reactions. Program.Path names which of these a model has.
//
// Invariants: a Program and model.Evaluator agree to rounding; an instance's results
// depend on its own constants, state and time alone; species states are amounts.
package compile
