package kernel

import (
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"unsafe"
)

// Backend is a row of Backends: one way to run programs.
type Backend struct {
	Name  string
	Lanes int // that its code works on at once; 1 means any number
	Has   bool
	make  func(p *Program, keep []int32) (runner, int, error)
	room  func(slots int) (*Room, error) // nil: any memory will do
}

// runner runs a program's code on memory for L lanes.
type runner interface{ run(mem []float64, L int) }

// Backends lists every back end, the best first. The interpreter is always there.
var Backends = []Backend{
	{"avx512", 8, hasAVX512, func(p *Program, keep []int32) (runner, int, error) { return makeMachine(p, keep, true) }, nil},
	{"avx2", 4, hasAVX2, func(p *Program, keep []int32) (runner, int, error) { return makeMachine(p, keep, false) }, nil},
	{"wasm", wasmLanes, wasmHas, makeWasm, makeWasmRoom},
	{"interpreter", 1, true, func(p *Program, _ []int32) (runner, int, error) { return interpreter{p}, p.Slots, nil }, nil},
}

// BackendNamed finds a back end that this machine has.
func BackendNamed(name string) (Backend, error) {
	var have []string
	for _, b := range Backends {
		if b.Has {
			have = append(have, b.Name)
		}
		if b.Name == name {
			if !b.Has {
				return Backend{}, fmt.Errorf("back end %s needs instructions that this machine does not have", name)
			}
			return b, nil
		}
	}
	return Backend{}, fmt.Errorf("there is no back end %q; this machine has %s", name, strings.Join(have, ", "))
}

// Variable names the environment variable that overrides the choice of a back end.
const Variable = "THYMUS_BACKEND"

// Named says whether the user chose the back end.
func Named() bool { return os.Getenv(Variable) != "" }

var chosen = sync.OnceValues(func() (Backend, error) {
	if name := os.Getenv(Variable); name != "" {
		b, err := BackendNamed(name)
		if err != nil {
			return b, fmt.Errorf("%s: %w", Variable, err)
		}
		return b, nil
	}
	for _, b := range Backends {
		if !b.Has {
			continue
		}
		// a system may have the instructions and refuse executable memory
		if _, err := b.Make(&Program{Slots: 1}, nil); err == nil {
			return b, nil
		}
	}
	panic("kernel: no back end")
})

// Choose gives the best back end of this machine, or the one that THYMUS_BACKEND names.
func Choose() (Backend, error) { return chosen() }

// Code is a program made ready by a back end. It may be run by many goroutines at once,
// each with its own memory.
type Code struct {
	Backend string
	Lanes   int
	Slots   int // memory that Run needs is Slots*Lanes: the program's slots, then its own
	r       runner
}

// Make compiles a program, which the code of a back end with more than one lane does not hold on
// to. keep lists the slots that must hold their values after Run;
// nil keeps all. Slots that are not kept may hold anything afterwards.
func (b Backend) Make(p *Program, keep []int32) (*Code, error) {
	r, slots, err := b.make(p, keep)
	if err != nil {
		return nil, fmt.Errorf("back end %s: %w", b.Name, err)
	}
	return &Code{Backend: b.Name, Lanes: b.Lanes, Slots: slots, r: r}, nil
}

// Run executes the code. With the interpreter mem holds one lane.
func (c *Code) Run(mem []float64) {
	if len(mem) < c.Slots*c.Lanes {
		panic(fmt.Sprintf("kernel: len(mem)=%d, want Slots*Lanes=%d", len(mem), c.Slots*c.Lanes))
	}
	c.r.run(mem, c.Lanes)
}

// Memory makes room for slots of L lanes, aligned to the processor's cache lines.
func Memory(slots, L int) []float64 {
	n := slots * L
	b := make([]float64, n+7)
	o := 0
	for uintptr(unsafe.Pointer(&b[o]))&63 != 0 {
		o++
	}
	return b[o : o+n : o+n]
}

type interpreter struct{ p *Program }

func (r interpreter) run(mem []float64, L int) { r.p.Run(mem, L) }

// apply runs one operation on every lane.
func apply(x *Instr, mem []float64, L int) {
	d, a, b, c := int(x.Dst)*L, int(x.A)*L, int(x.B)*L, int(x.C)*L
	for l := 0; l < L; l++ {
		mem[d+l] = Apply(x.Op, mem[a+l], mem[b+l], mem[c+l])
	}
}

// Difference is how far a back end's result may lie from the interpreter's, as a share
// of the sum of the absolute terms that led to it.
const Difference = 1e-12

// Compare runs a program by the interpreter and by code on the values that mem holds in
// each lane, and says where they differ by more than Difference. It is what every
// compiled model is checked with when it loads.
func Compare(p *Program, c *Code, keep []int32, mem []float64) error {
	L := c.Lanes
	fast := Memory(c.Slots, L)
	copy(fast, mem[:p.Slots*L])
	c.Run(fast)
	one := make([]float64, p.Slots)
	size := make([]float64, p.Slots) // a bound of the error, in units of one rounding
	for l := 0; l < L; l++ {
		for k := range one {
			one[k] = mem[k*L+l]
		}
		clear(size)
		for i := range p.Code {
			x := &p.Code[i]
			a, b, cc := one[x.A], one[x.B], one[x.C]
			v := Apply(x.Op, a, b, cc)
			e := spread(x.Op, a, b, cc, v, size[x.A], size[x.B], size[x.C])
			one[x.Dst], size[x.Dst] = v, e
		}
		check := func(k int32) error {
			got, want := fast[int(k)*L+l], one[k]
			if got == want || got != got && want != want {
				return nil
			}
			if e := size[k]; e != e || math.IsInf(e, 0) || math.Abs(got-want) <= Difference/2.3e-16*e+1e-300 {
				return nil
			}
			return fmt.Errorf("kernel: back end %s: slot %d of lane %d is %v, the interpreter has %v", c.Backend, k, l, got, want)
		}
		if keep == nil {
			for i := range p.Code {
				if err := check(p.Code[i].Dst); err != nil {
					return err
				}
			}
		}
		for _, k := range keep {
			if err := check(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// spread bounds how far a result may move when its operands move by their own bounds
// (first order, times one rounding of the result); infinite where a step may be jumped.
func spread(op Op, a, b, c, v, ea, eb, ec float64) float64 {
	const eps = 2.3e-16
	own := eps * math.Abs(v)
	inf := math.Inf(1)
	switch op {
	case Move, Neg, Abs:
		return ea
	case Min, Max:
		switch {
		case unsure(a-b, ea+eb):
			return math.Max(ea, eb)
		case (a < b) == (op == Min):
			return ea
		}
		return eb
	case Add, Sub:
		return ea + eb + eps*(math.Abs(a)+math.Abs(b))
	case Mul:
		return ea*math.Abs(b) + eb*math.Abs(a) + ea*eb + own
	case Div:
		if eb >= math.Abs(b) && eb > 0 {
			return inf
		}
		return (ea+eb*math.Abs(v))/math.Max(math.Abs(b)-eb, 5e-324) + own
	case Sqrt:
		if ea > math.Abs(a)/2 {
			return inf
		}
		return ea/math.Max(math.Abs(v), 1e-300) + own
	case Exp:
		return (ea+eps)*math.Abs(v) + own
	case Log, Log10:
		if ea > math.Abs(a)/2 {
			return inf
		}
		return ea/math.Max(math.Abs(a), 1e-300) + own + eps
	case Pow, PowPos:
		l := math.Abs(math.Log(math.Abs(a)))
		if a == 0 {
			if ea != 0 || eb != 0 { // NaN, too: 1/0 and 1/-0 are both ends of what is possible
				return inf
			}
			return own
		}
		if ea > math.Abs(a)/2 || eb > 0 && a < 0 {
			return inf
		}
		return math.Abs(v)*(math.Abs(b)*(ea/math.Abs(a)+eps)+(eb+eps*math.Abs(b))*l) + own
	case Select:
		if unsure(c, ec) {
			return inf
		}
		if c != 0 {
			return ea
		}
		return eb
	case Lt, Le, Eq, Ne:
		if unsure(a-b, ea+eb) {
			return inf
		}
		return 0
	case And, Or, Not:
		if unsure(a, ea) || op != Not && unsure(b, eb) {
			return inf
		}
		return 0
	}
	if ea == 0 && eb == 0 {
		return own
	}
	if ea > 0.01*(1+math.Abs(a)) || (op == Sin || op == Cos || op == Tan) && ea > 0.01 {
		return inf // two places say nothing about the slope between them
	}
	if op == Floor || op == Ceil || op == Trunc || op == Factorial || op == Mod {
		return inf
	}
	up, down := math.Abs(Apply(op, a+ea, b, c)-v), math.Abs(Apply(op, a-ea, b, c)-v)
	if up+down != up+down {
		return inf
	}
	return 2*(up+down) + own
}

// unsure says whether a value with an error bound may as well be 0.
func unsure(x, e float64) bool { return e != 0 && !(e < math.Abs(x)) }
