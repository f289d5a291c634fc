// Package kernel holds three-address programs over lanes of float64 and the back end
// that runs them (floor 1).
//
// A program is straight-line code over slots: slot s of lane l is mem[s*L+l], with L
// lanes given at run time. The interpreter here is the judge of every faster back end:
// it does one operation after the other in the order of the code, so results do not
// depend on the number of lanes.
//
//	p := kernel.Program{Slots: 3, Code: []kernel.Instr{{Op: kernel.Add, Dst: 2, A: 0, B: 1}}}
//	p.Run(mem, 1) // mem[2] = mem[0] + mem[1]
//
// NaN and infinities pass through arithmetic as IEEE 754 says; comparisons with NaN are
// false; Select takes its branch by value, so a NaN in the branch not taken is harmless.
package kernel

import (
	"fmt"
	"math"
	"strings"
)

// Op is an operation on slots.
type Op uint8

// The operations. Logical values are 1 and 0; anything but 0 is true.
const (
	Move Op = iota
	Add
	Sub
	Mul
	Div
	Neg
	Min
	Max
	Abs
	Sqrt
	Exp
	Log
	Log10
	Pow
	PowPos // Pow with a negative base read as 0
	Floor
	Ceil
	Factorial
	Trunc
	Mod
	Sin
	Cos
	Tan
	Asin
	Acos
	Atan
	Sinh
	Cosh
	Tanh
	Asinh
	Acosh
	Atanh
	Lt
	Le
	Eq
	Ne
	And
	Or
	Not
	Select // C is the condition: A when C != 0, else B
)

var names = [...]string{"move", "add", "sub", "mul", "div", "neg", "min", "max", "abs", "sqrt", "exp", "log", "log10",
	"pow", "powpos", "floor", "ceil", "factorial", "trunc", "mod", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
	"asinh", "acosh", "atanh", "lt", "le", "eq", "ne", "and", "or", "not", "select"}

func (o Op) String() string {
	if int(o) < len(names) {
		return names[o]
	}
	return fmt.Sprintf("op(%d)", o)
}

// Args is the number of operands.
func (o Op) Args() int {
	switch o {
	case Select:
		return 3
	case Add, Sub, Mul, Div, Min, Max, Pow, PowPos, Mod, Lt, Le, Eq, Ne, And, Or:
		return 2
	}
	return 1
}

// Instr is one operation: Dst = Op(A, B, C); operands that Op does not have are 0.
type Instr struct {
	Op           Op
	Dst, A, B, C int32
}

// Program is straight-line code. Numbers may list slots whose value is known to be the
// same in every run, so that back ends can make use of it; memory holds them all the same.
type Program struct {
	Slots   int // slots that Code may touch: 0 <= slot < Slots
	Code    []Instr
	Numbers []Number
}

// Number is a slot with a fixed value.
type Number struct {
	Slot  int32
	Value float64
}

// String lists the code, one operation a line.
func (p *Program) String() string {
	var b strings.Builder
	for _, x := range p.Code {
		fmt.Fprintf(&b, "%6d = %s", x.Dst, x.Op)
		for i, a := range [...]int32{x.A, x.B, x.C} {
			if i < x.Op.Args() {
				fmt.Fprintf(&b, " %d", a)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Run executes the program on L lanes; len(mem) must be at least Slots*L. It does not
// allocate.
func (p *Program) Run(mem []float64, L int) {
	if len(mem) < p.Slots*L {
		panic(fmt.Sprintf("kernel: len(mem)=%d, want Slots*L=%d", len(mem), p.Slots*L))
	}
	if L == 1 {
		p.scalar(mem)
		return
	}
	for i := range p.Code {
		apply(&p.Code[i], mem, L)
	}
}

func (p *Program) scalar(mem []float64) {
	for i := range p.Code {
		x := &p.Code[i]
		switch x.Op {
		case Add:
			mem[x.Dst] = mem[x.A] + mem[x.B]
		case Sub:
			mem[x.Dst] = mem[x.A] - mem[x.B]
		case Mul:
			mem[x.Dst] = mem[x.A] * mem[x.B]
		case Div:
			mem[x.Dst] = mem[x.A] / mem[x.B]
		case Neg:
			mem[x.Dst] = -mem[x.A]
		case Move:
			mem[x.Dst] = mem[x.A]
		case Select:
			if mem[x.C] != 0 {
				mem[x.Dst] = mem[x.A]
			} else {
				mem[x.Dst] = mem[x.B]
			}
		default:
			mem[x.Dst] = Apply(x.Op, mem[x.A], mem[x.B], mem[x.C])
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// log is math.Log, which on some processors is wrong for subnormal numbers.
func log(a float64) float64 {
	if a > 0 && a < 0x1p-1022 {
		return math.Log(a*0x1p54) - 54*math.Ln2
	}
	return math.Log(a)
}

// Apply is one operation on values. Min and Max are NaN when one operand is.
func Apply(op Op, a, b, c float64) float64 {
	switch op {
	case Move:
		return a
	case Add:
		return a + b
	case Sub:
		return a - b
	case Mul:
		return a * b
	case Div:
		return a / b
	case Neg:
		return -a
	case Min:
		return min(a, b)
	case Max:
		return max(a, b)
	case Abs:
		return math.Abs(a)
	case Sqrt:
		return math.Sqrt(a)
	case Exp:
		return math.Exp(a)
	case Log:
		return log(a)
	case Log10:
		if a > 0 && a < 0x1p-1022 {
			return log(a) * (1 / math.Ln10)
		}
		return math.Log10(a)
	case Pow:
		return pow(a, b)
	case PowPos:
		if a < 0 {
			a = 0
		}
		return pow(a, b)
	case Floor:
		return math.Floor(a)
	case Ceil:
		return math.Ceil(a)
	case Trunc:
		return math.Trunc(a)
	case Mod:
		return math.Mod(a, b)
	case Factorial:
		if a < 0 || a != math.Trunc(a) {
			return math.NaN()
		}
		return math.Round(math.Gamma(a + 1))
	case Sin:
		return math.Sin(a)
	case Cos:
		return math.Cos(a)
	case Tan:
		return math.Tan(a)
	case Asin:
		return math.Asin(a)
	case Acos:
		return math.Acos(a)
	case Atan:
		return math.Atan(a)
	case Sinh:
		return math.Sinh(a)
	case Cosh:
		return math.Cosh(a)
	case Tanh:
		return math.Tanh(a)
	case Asinh:
		return math.Asinh(a)
	case Acosh:
		return math.Acosh(a)
	case Atanh:
		return math.Atanh(a)
	case Lt:
		return truth(a < b)
	case Le:
		return truth(a <= b)
	case Eq:
		return truth(a == b)
	case Ne:
		return truth(a != b)
	case And:
		return truth(a != 0 && b != 0)
	case Or:
		return truth(a != 0 || b != 0)
	case Not:
		return truth(a == 0)
	case Select:
		if c != 0 {
			return a
		}
		return b
	}
	panic("kernel: unknown operation " + op.String())
}
