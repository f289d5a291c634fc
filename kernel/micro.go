package kernel

import (
	"math"
	"slices"
)

// micro is an operation of the form that machine code has: on whole registers, in three
// addresses, with masks as bits.
type micro uint8

const (
	uMove    micro = iota
	uAdd           // a + b
	uSub           // a - b
	uMul           // a * b
	uDiv           // a / b
	uMin           // b when a or b is NaN
	uMax           // b when a or b is NaN
	uSqrt          // of a
	uFma           // a*b + c, rounded once
	uFnma          // c - a*b, rounded once
	uFms           // a*b - c, rounded once
	uRound         // of a, imm as ROUNDPD has it
	uCmp           // mask of a imm b, imm as CMPPD has it
	uAnd           // bits
	uOr            // bits
	uXor           // bits
	uBlend         // a where mask c, else b
	uAddI          // 64-bit integers
	uShl           // a << imm
	uShr           // a >> imm, zeros come in
	uGetExp        // exponent of a as a number (AVX-512)
	uGetMant       // mantissa of a in [0.75, 1.5), NaN below 0 (AVX-512)
	uScalef        // a * 2^floor(b) (AVX-512)
)

func (o micro) args() int {
	switch o {
	case uMove, uSqrt, uRound, uShl, uShr, uGetExp, uGetMant:
		return 1
	case uFma, uFnma, uFms, uBlend:
		return 3
	}
	return 2
}

// commutes says whether a and b may change places.
func (o micro) commutes() bool {
	switch o {
	case uAdd, uMul, uAnd, uOr, uXor, uAddI, uFma, uFnma, uFms:
		return true
	}
	return false
}

// Rounding and comparison codes, as the processor has them; all of them quiet.
const (
	roundNearest = 8
	roundFloor   = 9
	roundCeil    = 10
	roundTrunc   = 11

	cmpEq  = 0x00 // false for NaN
	cmpLt  = 0x11 // false for NaN
	cmpLe  = 0x12 // false for NaN
	cmpUno = 0x03 // true when one is NaN
	cmpNe  = 0x04 // true for NaN
	cmpNge = 0x19 // not a >= b: true for NaN
)

// value names an operand: a slot of the program, a temporary, or a number of the pool.
type value int32

// minstr is one operation on values.
type minstr struct {
	op      micro
	imm     uint8
	dst     value
	a, b, c value
}

// lowering turns a program into micro operations. Values below slots are the program's
// slots, then come temporaries; numbers are negative: -1-k is number k of the pool.
type lowering struct {
	desk  *desk
	wide  bool // the target has getexp, getmant, scalef
	twice bool // it rounds the product of uFma and its kin as well
	slots int32
	code  []minstr
	next  value
	pool  []uint64
	index map[uint64]value
	known []known   // by slot
	used  []int32   // slots that this stretch knows something about
	fixed []float64 // numbers that slots hold in every run
	wait  []waiting // products not yet made, in lists by their factors
}

// known is what is known about a slot.
type known struct {
	fixed       int32 // 1 + the index of the number that it holds in every run; 0: none
	hasMask     bool  // it is a truth value that also stands as a mask
	delayed     bool  // it is a product not yet made, which may become part of a sum
	mask        value
	hasExponent bool // it is an exponent about which more is known
	exponent    exponent
	factors     [2]value
	waits       int32 // 1 + the latest of the products not yet made of which it is a factor; 0: none
}

// waiting is a product not yet made, and 1 + the one that waited before it for the same factor.
type waiting struct{ product, before int32 }

func newLowering(slots int, wide bool, d *desk) *lowering {
	return &lowering{desk: d, wide: wide, slots: int32(slots), next: value(slots), index: map[uint64]value{}, known: zeros(&d.known, slots)}
}

// begin starts a new stretch: of the last, only fixed numbers are still known. Its
// temporaries are free again.
func (l *lowering) begin() {
	for _, k := range l.used {
		s := &l.known[k]
		s.hasMask, s.hasExponent, s.delayed, s.waits = false, false, false, 0
	}
	l.used, l.code, l.wait, l.next = l.used[:0], l.code[:0], l.wait[:0], value(l.slots)
}

// fix and unfix say whether a slot holds a number in every run.
func (l *lowering) fix(slot int32, v float64) {
	l.fixed = append(l.fixed, v)
	l.known[slot].fixed = int32(len(l.fixed))
}

func (l *lowering) unfix(slot int32) { l.known[slot].fixed = 0 }

// number is what a slot holds in every run, if it is known.
func (l *lowering) number(slot int32) (v float64, ok bool) {
	k := l.known[slot].fixed
	if k == 0 {
		return 0, false
	}
	return l.fixed[k-1], true
}

// least is the lowest value that is in use.
func (l *lowering) least() value { return value(-len(l.pool)) }

// about is what is known about a slot, to be changed.
func (l *lowering) about(slot int32) *known {
	l.used = append(l.used, slot)
	return &l.known[slot]
}

func (l *lowering) bits(b uint64) value {
	if v, ok := l.index[b]; ok {
		return v
	}
	v := value(-1 - len(l.pool))
	l.pool = append(l.pool, b)
	l.index[b] = v
	return v
}

func (l *lowering) num(x float64) value { return l.bits(math.Float64bits(x)) }

func (l *lowering) temp() value { l.next++; return l.next - 1 }

func (l *lowering) emit(op micro, imm uint8, dst, a, b, c value) {
	l.code = append(l.code, minstr{op, imm, dst, a, b, c})
}

func (l *lowering) op(op micro, args ...value) value { return l.opImm(op, 0, args...) }

func (l *lowering) opImm(op micro, imm uint8, args ...value) value {
	var x [3]value
	copy(x[:], args)
	d := l.temp()
	l.emit(op, imm, d, x[0], x[1], x[2])
	return d
}

const (
	signBit = 1 << 63
	absBits = signBit - 1
	ln2hi   = 6.93147180369123816490e-01 // the first 33 bits of ln 2 (fdlibm)
	ln2lo   = 1.90821492927058770002e-10
)

// split takes x = m*2^e with m in [0.75, 1.5). Of 0, infinities, NaN and numbers below 0
// the wide registers give what makes log right; see special for the others.
func (l *lowering) split(x value) (m, e value) {
	if l.wide {
		m = l.op(uGetMant, x)
		return m, l.op(uSub, l.op(uGetExp, x), l.op(uGetExp, m)) // -inf for 0, inf for inf
	}
	small := l.opImm(uCmp, cmpLt, x, l.num(0x1p-1022))
	x1 := l.op(uBlend, l.op(uMul, x, l.num(0x1p54)), x, small)
	shifted := l.op(uAddI, x1, l.bits(0x0008000000000000))
	k := l.opImm(uShr, 52, shifted)
	m = l.op(uAddI, l.op(uAnd, shifted, l.bits(0x000FFFFFFFFFFFFF)), l.bits(0x3FE8000000000000))
	e = l.op(uSub, l.op(uOr, k, l.num(0x1p52)), l.num(0x1p52+1023))
	return m, l.op(uSub, e, l.op(uAnd, small, l.num(54)))
}

// special puts in the logarithms of 0, infinity, NaN and numbers below 0.
func (l *lowering) special(r, x value) value {
	if l.wide {
		return r
	}
	r = l.op(uBlend, l.num(math.Inf(-1)), r, l.opImm(uCmp, cmpEq, x, l.num(0)))
	r = l.op(uBlend, l.num(math.Inf(1)), r, l.opImm(uCmp, cmpEq, x, l.num(math.Inf(1))))
	return l.op(uBlend, l.num(math.NaN()), r, l.opImm(uCmp, cmpNge, x, l.num(0)))
}

// series is (2 atanh(s) - 2s)/s for s^2 = s2, |s| <= 1/5.
func (l *lowering) series(s2 value) value {
	acc := l.num(atanh[10])
	for k := 9; k >= 0; k-- {
		acc = l.op(uFma, acc, s2, l.num(atanh[k]))
	}
	return l.op(uMul, acc, s2)
}

// log is the natural logarithm: x = m*2^e, log m = 2 atanh(s) with s = (m-1)/(m+1).
func (l *lowering) log(x value) value {
	m, e := l.split(x)
	s := l.op(uDiv, l.op(uSub, m, l.num(1)), l.op(uAdd, m, l.num(1)))
	r := l.op(uFma, s, l.series(l.op(uMul, s, s)), l.op(uAdd, s, s))
	r = l.op(uFma, e, l.num(ln2lo), r)
	r = l.op(uFma, e, l.num(ln2hi), r)
	return l.special(r, x)
}

// lost is what rounding took from the product p = a*b. Where no operation rounds once it is
// found from halves of a and b (T. J. Dekker, Numerische Mathematik 18 (1971) 224).
func (l *lowering) lost(a, b, p value) value {
	if !l.twice {
		return l.op(uFms, a, b, p)
	}
	halves := func(x value) (value, value) {
		t := l.op(uMul, x, l.num(1<<27+1))
		high := l.op(uSub, t, l.op(uSub, t, x))
		return high, l.op(uSub, x, high)
	}
	a1, a2 := halves(a)
	b1, b2 := halves(b)
	r := l.op(uSub, l.op(uMul, a1, b1), p)
	r = l.op(uAdd, r, l.op(uMul, a1, b2))
	r = l.op(uAdd, r, l.op(uMul, a2, b1))
	return l.op(uAdd, r, l.op(uMul, a2, b2))
}

// logTwo is log in two parts, hi + lo, whose sum is off by at most 4e-18, and near 1 by
// less in proportion: pow multiplies the error. Where hi is not finite lo is any number or
// NaN.
func (l *lowering) logTwo(x value) (hi, lo value) {
	m, e := l.split(x)
	one := l.num(1)
	f, d := l.op(uSub, m, one), l.op(uAdd, m, one)
	lost := l.op(uSub, m, l.op(uSub, d, one)) // m + 1 = d + lost
	inverse := l.op(uDiv, one, d)
	s := l.op(uMul, f, inverse)
	product := l.op(uMul, s, d)
	rest := l.op(uSub, l.op(uSub, f, product), l.lost(s, d, product))
	rest = l.op(uFnma, s, lost, rest)
	rest = l.op(uMul, rest, inverse) // f/(m+1) = s + rest
	whole, twice := l.op(uMul, e, l.num(ln2hi)), l.op(uAdd, s, s)
	sum := l.op(uAdd, whole, twice)
	tail := l.op(uSub, twice, l.op(uSub, sum, whole))
	tail = l.op(uFma, e, l.num(ln2lo), tail)
	tail = l.op(uFma, rest, l.num(2), tail)
	tail = l.op(uFma, s, l.series(l.op(uMul, s, s)), tail)
	tail = l.op(uMin, tail, one) // no NaN, which the sum would take over
	hi = l.op(uAdd, sum, tail)
	lo = l.op(uSub, tail, l.op(uSub, hi, sum))
	return l.special(hi, x), lo
}

// exp is 2^n exp(r) with |r| <= ln2/2 and the Taylor series of degree 13 (remainder
// below 5e-18).
func (l *lowering) exp(x value) value {
	n, r := l.reduce(x, -746, 710)
	return l.expOf(n, r)
}

// reduce takes x = n*ln2 + r, x brought into [low, high] before.
func (l *lowering) reduce(x value, low, high float64) (n, r value) {
	x = l.op(uMax, l.num(low), x)
	x = l.op(uMin, l.num(high), x)
	n = l.opImm(uRound, roundNearest, l.op(uMul, x, l.num(1/math.Ln2)))
	r = l.op(uFnma, n, l.num(ln2hi), x)
	return n, l.op(uFnma, n, l.num(ln2lo), r)
}

// expOf is 2^n exp(r).
func (l *lowering) expOf(n, r value) value {
	acc := l.num(taylor[13])
	for i := 12; i >= 0; i-- {
		acc = l.op(uFma, acc, r, l.num(taylor[i]))
	}
	if l.wide {
		return l.op(uScalef, acc, n)
	}
	power := func(k value) value { // 2^k for a whole k
		return l.opImm(uShl, 52, l.op(uAddI, l.op(uAdd, k, l.num(0x1.8p52)), l.bits(1023)))
	}
	n1 := l.opImm(uRound, roundNearest, l.op(uMul, n, l.num(0.5)))
	return l.op(uMul, l.op(uMul, acc, power(n1)), power(l.op(uSub, n, n1)))
}

// expLog is exp(y log x) for x >= 0, the product in two parts. The bounds lie where the
// result is surely 0 or infinite, whatever the lower part says.
func (l *lowering) expLog(x, y value) value {
	hi, lo := l.logTwo(x)
	p := l.op(uMul, y, hi)
	q := l.op(uFma, y, lo, l.lost(y, hi, p))
	q = l.op(uMin, l.op(uMax, q, l.num(-1)), l.num(1)) // it is NaN or infinite where p is infinite
	n, r := l.reduce(p, -800, 800)
	return l.expOf(n, l.op(uAdd, r, q))
}

// exponent is what pow has to know about y. It is found once for all powers with the same
// exponent, which is often a constant of the patient.
type exponent struct {
	sign   value // the sign bit where y is odd: a negative base keeps its sign
	broken value // mask: y is not whole
	zero   value // mask: y is 0
}

func (l *lowering) exponent(y value) exponent {
	half := l.op(uMul, y, l.num(0.5))
	odd := l.opImm(uCmp, cmpNe, l.opImm(uRound, roundFloor, half), half)
	floor := l.opImm(uRound, roundFloor, y)
	odd = l.op(uAnd, odd, l.opImm(uCmp, cmpEq, floor, y))
	return exponent{l.op(uAnd, odd, l.bits(signBit)), l.opImm(uCmp, cmpNe, floor, y), l.opImm(uCmp, cmpEq, y, l.num(0))}
}

// exponentIn is that of a slot, which is not about to change.
func (l *lowering) exponentIn(slot int32, y value) exponent {
	k := &l.known[slot]
	if !k.hasExponent {
		k = l.about(slot)
		k.hasExponent, k.exponent = true, l.exponent(y)
	}
	return k.exponent
}

// pow follows math.Pow: a negative base needs a whole exponent, x^0 = 1^y = 1. The
// exponent is fixed when it is a number that is finite and not whole; then e is not read.
func (l *lowering) pow(x, y value, e exponent, fixed bool) value {
	one := l.num(1)
	size := l.op(uAnd, x, l.bits(absBits))
	r := l.expLog(size, y)
	if !fixed {
		r = l.op(uBlend, one, r, l.opImm(uCmp, cmpEq, size, one)) // where y is infinite or NaN
		r = l.op(uXor, r, l.op(uAnd, x, e.sign))
	}
	bad := l.op(uAnd, l.opImm(uCmp, cmpLt, x, l.num(0)), l.opImm(uCmp, cmpNe, size, l.num(math.Inf(1))))
	if !fixed {
		bad = l.op(uAnd, bad, e.broken)
	}
	r = l.op(uBlend, l.num(math.NaN()), r, bad)
	if fixed {
		return r
	}
	return l.op(uBlend, one, r, e.zero)
}

// powPos is max(0, x)^y.
func (l *lowering) powPos(x, y value, e exponent, fixed bool) value {
	one := l.num(1)
	x = l.op(uMax, l.num(0), x)
	r := l.expLog(x, y)
	if fixed {
		return r
	}
	r = l.op(uBlend, one, r, l.opImm(uCmp, cmpEq, x, one))
	return l.op(uBlend, one, r, e.zero)
}

// wholePower is x^n by repeated squaring, for small whole n.
func (l *lowering) wholePower(x value, n int) value {
	inverse := n < 0
	if inverse {
		n = -n
	}
	var r value
	have := false
	for n > 0 {
		if n&1 == 1 {
			if have {
				r = l.op(uMul, r, x)
			} else {
				r, have = x, true
			}
		}
		if n >>= 1; n > 0 {
			x = l.op(uMul, x, x)
		}
	}
	if inverse {
		return l.op(uDiv, l.num(1), r)
	}
	return r
}

// inline says whether an operation has machine code; the others are left to Apply.
func inline(op Op) bool {
	switch op {
	case Move, Add, Sub, Mul, Div, Neg, Min, Max, Abs, Sqrt, Exp, Log, Log10, Pow, PowPos, Floor, Ceil, Trunc,
		Lt, Le, Eq, Ne, And, Or, Not, Select:
		return true
	}
	return false
}

// mask is the mask of a truth value: where it is not 0.
func (l *lowering) mask(slot int32) value {
	if k := &l.known[slot]; k.hasMask {
		return k.mask
	}
	return l.opImm(uCmp, cmpNe, value(slot), l.num(0))
}

// instr lowers one operation of a program. later says how often Dst is read in the rest
// of the code, and kept whether it must be in memory afterwards.
func (l *lowering) instr(x *Instr, later int, kept bool) {
	d, a, b := value(x.Dst), value(x.A), value(x.B)
	args := [...]int32{x.A, x.B, x.C}
	for _, k := range args[:x.Op.Args()] {
		switch x.Op {
		case Add, Sub: // may take a delayed product in
		default:
			l.settle(k)
		}
	}
	l.known[d].hasMask, l.known[d].hasExponent = false, false
	if l.known[d].waits != 0 { // their factor is about to change
		l.changed(x)
	}
	if x.Dst != x.A && x.Dst != x.B {
		l.known[d].delayed = false
	}
	if v, ok := l.number(x.A); ok {
		a = l.num(v)
	}
	if x.Op.Args() > 1 {
		if v, ok := l.number(x.B); ok {
			b = l.num(v)
		}
	}
	truth := func(m value) {
		k := l.about(x.Dst)
		k.hasMask, k.mask = true, m
		l.emit(uAnd, 0, d, m, l.num(1), 0)
	}
	put := func(v value) { // the last operation made v: it goes to d instead
		if n := len(l.code); n > 0 && l.code[n-1].dst == v && v >= value(l.slots) {
			l.code[n-1].dst = d
			return
		}
		l.emit(uMove, 0, d, v, 0, 0)
	}
	switch x.Op {
	case Move:
		l.emit(uMove, 0, d, a, 0, 0)
	case Add, Sub:
		ka, kb := &l.known[x.A], &l.known[x.B]
		pa, fa, pb, fb := ka.factors, ka.delayed, kb.factors, kb.delayed
		switch {
		case fb && x.A != x.B:
			l.settle(x.A)
			kb.delayed = false
			if x.Op == Add {
				l.emit(uFma, 0, d, pb[0], pb[1], a)
			} else {
				l.emit(uFnma, 0, d, pb[0], pb[1], a)
			}
		case fa && x.A != x.B:
			l.settle(x.B)
			ka.delayed = false
			if x.Op == Add {
				l.emit(uFma, 0, d, pa[0], pa[1], b)
			} else {
				l.emit(uFms, 0, d, pa[0], pa[1], b)
			}
		default:
			l.settle(x.A)
			l.settle(x.B)
			op := uAdd
			if x.Op == Sub {
				op = uSub
			}
			l.emit(op, 0, d, a, b, 0)
		}
	case Mul:
		if later == 1 && !kept {
			k := l.about(x.Dst)
			k.delayed, k.factors = true, [2]value{a, b}
			for _, f := range k.factors {
				if f >= 0 {
					w := l.about(int32(f))
					l.wait = append(l.wait, waiting{x.Dst, w.waits})
					w.waits = int32(len(l.wait))
				}
			}
			return
		}
		l.emit(uMul, 0, d, a, b, 0)
	case Div:
		l.emit(uDiv, 0, d, a, b, 0)
	case Neg:
		l.emit(uXor, 0, d, a, l.bits(signBit), 0)
	case Abs:
		l.emit(uAnd, 0, d, a, l.bits(absBits), 0)
	case Min, Max: // NaN when one of them is
		op := uMin
		if x.Op == Max {
			op = uMax
		}
		m := l.op(op, a, b)
		l.emit(uBlend, 0, d, a, m, l.opImm(uCmp, cmpUno, a, a))
	case Sqrt:
		l.emit(uSqrt, 0, d, a, 0, 0)
	case Floor:
		l.emit(uRound, roundFloor, d, a, 0, 0)
	case Ceil:
		l.emit(uRound, roundCeil, d, a, 0, 0)
	case Trunc:
		l.emit(uRound, roundTrunc, d, a, 0, 0)
	case Exp:
		put(l.exp(a))
	case Log:
		put(l.log(a))
	case Log10:
		put(l.op(uMul, l.log(a), l.num(1/math.Ln10)))
	case Pow, PowPos:
		n, ok := l.number(x.B)
		if ok && x.Op == Pow && n == math.Trunc(n) && n != 0 && math.Abs(n) <= 16 {
			put(l.wholePower(a, int(n)))
			return
		}
		fixed := ok && n != math.Trunc(n) && n == n
		var e exponent
		switch {
		case fixed:
		case ok || x.Dst == x.B:
			e = l.exponent(b)
		default:
			e = l.exponentIn(x.B, b)
		}
		if x.Op == PowPos {
			put(l.powPos(a, b, e, fixed))
			return
		}
		put(l.pow(a, b, e, fixed))
	case Lt:
		truth(l.opImm(uCmp, cmpLt, a, b))
	case Le:
		truth(l.opImm(uCmp, cmpLe, a, b))
	case Eq:
		truth(l.opImm(uCmp, cmpEq, a, b))
	case Ne:
		truth(l.opImm(uCmp, cmpNe, a, b))
	case And:
		truth(l.op(uAnd, l.mask(x.A), l.mask(x.B)))
	case Or:
		truth(l.op(uOr, l.mask(x.A), l.mask(x.B)))
	case Not:
		if k := &l.known[x.A]; k.hasMask {
			truth(l.op(uXor, k.mask, l.bits(^uint64(0))))
		} else {
			truth(l.opImm(uCmp, cmpEq, a, l.num(0)))
		}
	case Select:
		l.emit(uBlend, 0, d, a, b, l.mask(x.C))
	}
}

// changed makes the products that were held back and of which the instruction's Dst is a
// factor, in the order in which they came; those that it takes in itself may wait.
func (l *lowering) changed(x *Instr) {
	var list []int32
	for k := l.known[x.Dst].waits; k != 0; k = l.wait[k-1].before {
		list = append(list, l.wait[k-1].product)
	}
	l.known[x.Dst].waits = 0
	for _, k := range slices.Backward(list) {
		if k != x.A && k != x.B || x.Op != Add && x.Op != Sub {
			l.settle(k)
		}
	}
}

// settle makes a product that was held back.
func (l *lowering) settle(slot int32) {
	if k := &l.known[slot]; k.delayed {
		k.delayed = false
		l.emit(uMul, 0, value(slot), k.factors[0], k.factors[1], 0)
	}
}
