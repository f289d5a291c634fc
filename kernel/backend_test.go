package kernel

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// values are operands that functions treat in their own way.
var values = []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, 10, 100, 1e-300, 5e-324, -5e-324, 1e300, -1e300, 1e16, math.Pi, -math.Pi,
	math.Inf(1), math.Inf(-1), math.NaN(), 709.7, 709.8, -745, -745.2, -746, 0x1p-1022, 0x1p-1030, 1 - 1e-16, 1 + 2.3e-16, 0.75, 1.4999999999999998, 7, 8, 33, 64.5}

func machines(t testing.TB) []Backend {
	var list []Backend
	for _, b := range Backends {
		if b.Has && b.Lanes > 1 {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		t.Skip("NO BACK END BUT THE INTERPRETER ON THIS MACHINE: NOTHING WAS COMPARED")
	}
	return list
}

// TestOperations runs every operation on every pair of values.
func TestOperations(t *testing.T) {
	for _, b := range machines(t) {
		for op := Move; op <= Select; op++ {
			p := &Program{Slots: 4, Code: []Instr{{Op: op, Dst: 3, A: 0, B: 1, C: 2}}}
			code, err := b.Make(p, []int32{3})
			if err != nil {
				t.Fatal(err)
			}
			bad := 0
			mem := Memory(4, b.Lanes)
			for _, x := range values {
				for i := 0; i < len(values) && bad < 6; i += b.Lanes {
					for l := 0; l < b.Lanes; l++ {
						mem[l] = x
						mem[b.Lanes+l] = values[(i+l)%len(values)]
						mem[2*b.Lanes+l] = values[(i+3*l)%len(values)]
					}
					if err := Compare(p, code, []int32{3}, mem); err != nil {
						bad++
						t.Errorf("%s, first operand %v, others %v: %v", op, x, mem[b.Lanes:3*b.Lanes], err)
					}
				}
			}
		}
	}
}

// TestSpecialValues: single operations on every pair of values give what the interpreter
// gives: NaN, infinities and zeros of the same sign exactly, other numbers within a few units
// of the last place. Near overflow and underflow either side of the edge will do.
func TestSpecialValues(t *testing.T) {
	for _, b := range machines(t) {
		for op := Move; op <= Select; op++ {
			code, err := b.Make(&Program{Slots: 4, Code: []Instr{{Op: op, Dst: 3, A: 0, B: 1, C: 2}}}, []int32{3})
			if err != nil {
				t.Fatal(err)
			}
			mem := Memory(code.Slots, b.Lanes)
			bad := 0
			for _, x := range values {
				for i := 0; i < len(values) && bad < 8; i += b.Lanes {
					for l := range b.Lanes {
						mem[l], mem[b.Lanes+l], mem[2*b.Lanes+l] = x, values[(i+l)%len(values)], values[(i+3*l)%len(values)]
					}
					var want []float64
					for l := range b.Lanes {
						want = append(want, Apply(op, mem[l], mem[b.Lanes+l], mem[2*b.Lanes+l]))
					}
					code.Run(mem)
					for l, v := range mem[3*b.Lanes : 4*b.Lanes] {
						w := want[l]
						switch {
						case v == w && (v != 0 || math.Signbit(v) == math.Signbit(w)), v != v && w != w:
						case math.Abs(v-w) <= 1e-13*math.Abs(w), math.Abs(v-w) <= 2e-323:
						case math.Abs(v) > 1.79e308 && math.Abs(w) > 1.79e308 && v*w > 0:
						default:
							bad++
							t.Errorf("%s: %s of %v, %v, %v is %v, the interpreter has %v", b.Name, op, x, values[(i+l)%len(values)], values[(i+3*l)%len(values)], v, w)
						}
					}
				}
			}
		}
	}
}

const precision = 300

func big300(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }

// bigLog is log x for a finite x > 0, by the series of atanh.
func bigLog(x float64) *big.Float {
	series := func(m *big.Float) *big.Float { // m in [0.5, 2]
		s := new(big.Float).Quo(new(big.Float).Sub(m, big300(1)), new(big.Float).Add(m, big300(1)))
		s2 := new(big.Float).Mul(s, s)
		sum, term := big300(0), new(big.Float).Set(s)
		for k := 1; k < 210; k += 2 {
			sum.Add(sum, new(big.Float).Quo(term, big300(float64(k))))
			term.Mul(term, s2)
		}
		return sum.Mul(sum, big300(2))
	}
	m, e := math.Frexp(x)
	if m < math.Sqrt(0.5) {
		m, e = 2*m, e-1
	}
	ln2 := new(big.Float).Neg(series(big300(0.5)))
	return new(big.Float).Add(series(big300(m)), ln2.Mul(ln2, big300(float64(e))))
}

// bigExp is exp x, by its series after halving.
func bigExp(x *big.Float) *big.Float {
	const halvings = 20
	r := new(big.Float).SetMantExp(x, -halvings)
	sum, term := big300(1), big300(1)
	for k := 1; k < 30; k++ {
		term.Mul(term, r)
		term.Quo(term, big300(float64(k)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// TestAccuracy measures exp, log and pow over their ranges against 300 bits, in units of
// the last place.
func TestAccuracy(t *testing.T) {
	type place struct{ a, b float64 }
	r := rand.New(rand.NewPCG(1, 2))
	between := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
	for _, c := range []struct {
		name string
		op   Op
		most float64
		at   func() place
	}{
		{"exp", Exp, 1.5, func() place { return place{a: between(-700, 700)} }},
		{"exp near 0", Exp, 1.5, func() place { return place{a: between(-1, 1)} }},
		{"log", Log, 1, func() place { return place{a: math.Pow(10, between(-300, 300))} }},
		{"log near 1", Log, 2, func() place { return place{a: between(0.5, 2)} }},
		{"pow of Hill functions", Pow, 1.5, func() place { return place{math.Pow(10, between(-6, 6)), between(0, 5)} }},
		{"pow", Pow, 3, func() place { return place{math.Pow(10, between(-100, 100)), between(-3, 3)} }},
		{"pow near 1", Pow, 30, func() place { return place{between(0.7, 1.5), between(-1500, 1500)} }},
	} {
		var places []place
		var want []*big.Float
		for range 800 {
			p := c.at()
			var v *big.Float
			switch c.op {
			case Exp:
				v = bigExp(big300(p.a))
			case Log:
				v = bigLog(p.a)
			case Pow:
				v = bigLog(p.a)
				v = bigExp(v.Mul(v, big300(p.b)))
			}
			if f, _ := v.Float64(); math.Abs(f) > 1e-300 && math.Abs(f) < 1e300 {
				places, want = append(places, p), append(want, v)
			}
		}
		for _, b := range Backends {
			if !b.Has {
				continue
			}
			code, err := b.Make(&Program{Slots: 4, Code: []Instr{{Op: c.op, Dst: 3, A: 0, B: 1}}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			mem := Memory(code.Slots, b.Lanes)
			worst, at := 0.0, place{}
			for k := 0; k+b.Lanes <= len(places); k += b.Lanes {
				for l := 0; l < b.Lanes; l++ {
					mem[l], mem[b.Lanes+l] = places[k+l].a, places[k+l].b
				}
				code.Run(mem)
				for l := 0; l < b.Lanes; l++ {
					f, _ := want[k+l].Float64()
					off, _ := new(big.Float).Sub(big300(mem[3*b.Lanes+l]), want[k+l]).Float64()
					if off = math.Abs(off) / (math.Nextafter(math.Abs(f), math.Inf(1)) - math.Abs(f)); !(off <= worst) {
						worst, at = off, places[k+l]
					}
				}
			}
			t.Logf("%s %s: %.2f units of the last place", b.Name, c.name, worst)
			if !(worst <= c.most) {
				t.Errorf("%s %s: %.2f units of the last place at %v, want at most %g", b.Name, c.name, worst, at, c.most)
			}
		}
	}
}

// random makes a program of n operations over k inputs and fills the inputs.
func random(r *rand.Rand, inputs, n, L int) (*Program, []int32, []float64) {
	common := []Op{Add, Sub, Mul, Mul, Add, Sub, Mul, Div, Neg, Max, Select}
	again := r.IntN(2) == 0
	p := &Program{Slots: inputs + n}
	for i := 0; i < n; i++ {
		op := common[r.IntN(len(common))]
		if r.IntN(6) == 0 {
			op = Op(r.IntN(int(Select) + 1))
		}
		pick := func() int32 {
			if r.IntN(3) > 0 {
				return int32(max(0, inputs+i-1-r.IntN(min(inputs+i, 12))))
			}
			return int32(r.IntN(inputs + i))
		}
		p.Code = append(p.Code, Instr{Op: op, Dst: int32(inputs + i), A: pick(), B: pick(), C: pick()})
		if again && i > 0 && r.IntN(5) == 0 { // write a slot once more, perhaps an input
			p.Code[i].Dst = int32(r.IntN(inputs + i))
		}
		for k := op.Args(); k < 3; k++ {
			switch k {
			case 1:
				p.Code[i].B = 0
			case 2:
				p.Code[i].C = 0
			}
		}
	}
	var keep []int32
	for i := 0; i < n; i++ {
		if i == n-1 || r.IntN(10) == 0 {
			keep = append(keep, int32(inputs+i))
		}
	}
	mem := Memory(p.Slots, L)
	for k := 0; k < inputs; k++ {
		fixed := r.IntN(4) == 0
		v := float64(r.IntN(9) - 4)
		for l := 0; l < L; l++ {
			switch {
			case fixed:
				mem[k*L+l] = v
			case r.IntN(20) == 0:
				mem[k*L+l] = values[r.IntN(len(values))]
			default:
				mem[k*L+l] = math.Exp(8*r.Float64()-4) * float64(1-2*r.IntN(2)*r.IntN(2))
			}
		}
		if fixed && r.IntN(2) == 0 {
			p.Numbers = append(p.Numbers, Number{int32(k), v})
		}
	}
	return p, keep, mem
}

// TestRandomPrograms compares back ends with the interpreter on random programs.
func TestRandomPrograms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, b := range machines(t) {
		for k := 0; k < 400; k++ {
			p, keep, mem := random(r, 1+r.IntN(60), 1+r.IntN(400), b.Lanes)
			code, err := b.Make(p, keep)
			if err != nil {
				t.Fatal(err)
			}
			if err := Compare(p, code, keep, mem); err != nil {
				t.Fatalf("program %d: %v\n%s", k, err, p)
			}
		}
	}
}

// TestLanes: a lane's bits do not depend on its neighbours.
func TestLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, b := range machines(t) {
		p, keep, mem := random(r, 30, 300, b.Lanes)
		code, err := b.Make(p, keep)
		if err != nil {
			t.Fatal(err)
		}
		all := Memory(code.Slots, b.Lanes)
		copy(all, mem)
		code.Run(all)
		for l := 0; l < b.Lanes; l++ {
			one := Memory(code.Slots, b.Lanes)
			for k := 0; k < p.Slots; k++ {
				for m := 0; m < b.Lanes; m++ {
					one[k*b.Lanes+m] = mem[k*b.Lanes+l]
				}
			}
			code.Run(one)
			for _, k := range keep {
				for m := 0; m < b.Lanes; m++ {
					x, y := one[int(k)*b.Lanes+m], all[int(k)*b.Lanes+l]
					if math.Float64bits(x) != math.Float64bits(y) && x == x {
						t.Fatalf("%s: slot %d of lane %d has other bits alone: %v, %v", b.Name, k, l, x, y)
					}
				}
			}
		}
	}
}

// TestNotInPlace: a program that writes slots it has read keeps its meaning.
func TestNotInPlace(t *testing.T) {
	p := &Program{Slots: 4, Code: []Instr{
		{Op: Mul, Dst: 2, A: 0, B: 1}, {Op: Add, Dst: 0, A: 0, B: 1}, {Op: Add, Dst: 3, A: 2, B: 0}, {Op: Move, Dst: 1, A: 3}, {Op: Sin, Dst: 2, A: 1}, {Op: Mul, Dst: 2, A: 2, B: 2}}}
	for _, b := range machines(t) {
		code, err := b.Make(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		mem := Memory(4, b.Lanes)
		for l := range mem {
			mem[l] = float64(l%7) - 2
		}
		if err := Compare(p, code, nil, mem); err != nil {
			t.Error(err)
		}
	}
}

func FuzzBackends(f *testing.F) {
	f.Add(uint64(1), uint16(20), uint16(100))
	f.Fuzz(func(t *testing.T, seed uint64, inputs, n uint16) {
		r := rand.New(rand.NewPCG(seed, 1))
		for _, b := range machines(t) {
			p, keep, mem := random(r, 1+int(inputs%200), 1+int(n%2000), b.Lanes)
			code, err := b.Make(p, keep)
			if err != nil {
				t.Fatal(err)
			}
			if err := Compare(p, code, keep, mem); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkRun(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	p := &Program{Slots: 100 + 1000}
	for i := 0; i < 1000; i++ {
		op := []Op{Add, Sub, Mul, Mul}[r.IntN(4)]
		p.Code = append(p.Code, Instr{Op: op, Dst: int32(100 + i), A: int32(r.IntN(100 + i)), B: int32(r.IntN(100 + i))})
	}
	for _, back := range Backends {
		if !back.Has {
			continue
		}
		code, err := back.Make(p, []int32{1099})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s/%d lanes", back.Name, back.Lanes), func(b *testing.B) {
			mem := Memory(code.Slots, back.Lanes)
			for b.Loop() {
				code.Run(mem)
			}
		})
	}
	for _, back := range machines(b) {
		b.Run("make/"+back.Name, func(b *testing.B) {
			for b.Loop() {
				if _, err := back.Make(p, []int32{1099}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestCompareFinds: code that does something else is found out.
func TestCompareFinds(t *testing.T) {
	for _, b := range machines(t) {
		p := &Program{Slots: 3, Code: []Instr{{Op: Add, Dst: 2, A: 0, B: 1}}}
		other := &Program{Slots: 3, Code: []Instr{{Op: Sub, Dst: 2, A: 0, B: 1}}}
		code, err := b.Make(other, nil)
		if err != nil {
			t.Fatal(err)
		}
		mem := Memory(3, b.Lanes)
		for l := range mem {
			mem[l] = 1 + float64(l)
		}
		if Compare(p, code, nil, mem) == nil {
			t.Errorf("%s: a difference for a sum was not noticed", b.Name)
		}
	}
}

func BenchmarkPow(b *testing.B) {
	p := &Program{Slots: 34}
	for i := int32(0); i < 16; i++ {
		p.Code = append(p.Code, Instr{Op: Pow, Dst: 17 + i, A: i, B: 33})
	}
	for _, back := range Backends {
		if !back.Has {
			continue
		}
		code, err := back.Make(p, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(back.Name, func(b *testing.B) {
			mem := Memory(code.Slots, back.Lanes)
			for i := range mem {
				mem[i] = 0.1 + float64(i)
			}
			for l := range back.Lanes {
				mem[33*back.Lanes+l] = 2.3
			}
			for b.Loop() {
				code.Run(mem)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*16*back.Lanes), "ns/pow")
		})
	}
}
