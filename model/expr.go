package model

import "thymus/diag"

// Kind tells what an Expr is.
type Kind uint8

// The three kinds of formula nodes.
const (
	Number Kind = iota // Value, and perhaps Unit
	Symbol             // Name: an id, or one of the reserved names below
	Apply              // Name: a row of Functions or a user function; Args
)

// Reserved symbols: simulated time [the model's time unit] and Avogadro's number [1/mol].
const (
	Time     = "time"
	Avogadro = "avogadro"
)

// AvogadroNumber is the value of the symbol avogadro [1/mol]: that of SBML Level 3 (section
// 3.4.6, CODATA 2006), not the one that is exact in the SI since 2019, from which it differs by 2e-7.
const AvogadroNumber = 6.02214179e23

// Expr is one node of a formula, shared by every reader, the evaluator and the
// compiler. Applied functions carry the canonical (MathML-like) names of the table
// Functions: plus, minus, times, divide, power, piecewise, lt, and, ...
//
// piecewise has arguments value1, condition1, value2, condition2, ..., and, when
// the count is odd, a last "otherwise" value.
//
// An Expr is never changed after it was built; share it freely.
type Expr struct {
	Kind  Kind
	Value float64
	Unit  string // unit of a literal ("3 mL"), "" when none was written
	Name  string
	Args  []*Expr
	At    diag.Place
}

// Num makes a number node.
func Num(v float64) *Expr { return &Expr{Kind: Number, Value: v} }

// Sym makes a symbol node.
func Sym(id string) *Expr { return &Expr{Kind: Symbol, Name: id} }

// Call makes an application node.
func Call(name string, args ...*Expr) *Expr { return &Expr{Kind: Apply, Name: name, Args: args} }
