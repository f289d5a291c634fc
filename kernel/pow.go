package kernel

import "math"

// pow is x to the power y. math.Pow multiplies x over and over, so that its result is off by
// dozens of units of the last place, and by far more where y is large; here the logarithm
// is taken in two parts, as machine code does (logTwo, expLog). Small whole powers are
// multiplied, which costs a quarter.
func pow(x, y float64) float64 {
	size := math.Abs(x)
	switch {
	case size == 0 || size == 1 || y == 0 || y == 1 || !(size <= math.MaxFloat64) || !(math.Abs(y) <= math.MaxFloat64):
		return math.Pow(x, y) // exact
	case x < 0 && y != math.Trunc(y):
		return math.NaN()
	case math.Abs(y) <= 16 && y == math.Trunc(y):
		if v := whole(x, int(math.Abs(y))); math.Abs(v) >= 0x1p-1022 && math.Abs(v) <= math.MaxFloat64 {
			if y < 0 {
				return 1 / v
			}
			return v
		}
	}
	hi, lo := logTwo(size)
	p := y * hi
	if math.Abs(p) > 800 {
		p, lo = math.Copysign(800, p), 0
	} else {
		lo = math.FMA(y, lo, math.FMA(y, hi, -p))
	}
	n := math.RoundToEven(p * (1 / math.Ln2))
	r := math.FMA(-n, ln2lo, math.FMA(-n, ln2hi, p)) + lo
	acc := taylor[13]
	for i := 12; i >= 0; i-- {
		acc = math.FMA(acc, r, taylor[i])
	}
	v := acc
	if n > -1000 && n < 1000 {
		v *= math.Float64frombits(uint64(int(n)+1023) << 52)
	} else {
		v = math.Ldexp(acc, int(n))
	}
	if x < 0 && math.Mod(y, 2) != 0 {
		return -v
	}
	return v
}

// whole is x^n, n > 0, by repeated squaring in the order of lowering.wholePower.
func whole(x float64, n int) float64 {
	for ; n&1 == 0; n >>= 1 {
		x *= x
	}
	r := x
	for n >>= 1; n > 0; n >>= 1 {
		x *= x
		if n&1 == 1 {
			r *= x
		}
	}
	return r
}

// logTwo is log x in two parts, for a finite x > 0.
func logTwo(x float64) (hi, lo float64) {
	e := 0.0
	if x < 0x1p-1022 {
		x *= 0x1p54
		e = -54
	}
	b := math.Float64bits(x) + 0x0008000000000000
	e += float64(int(b>>52) - 1023)
	m := math.Float64frombits(b&0x000FFFFFFFFFFFFF + 0x3FE8000000000000)
	f, d := m-1, m+1
	lost := m - (d - 1)
	inverse := 1 / d
	s := f * inverse
	rest := math.FMA(-s, lost, math.FMA(-s, d, f)) * inverse
	s2 := s * s
	acc := atanh[10]
	for k := 9; k >= 0; k-- {
		acc = math.FMA(acc, s2, atanh[k])
	}
	whole, twice := e*ln2hi, s+s
	sum := whole + twice
	tail := twice - (sum - whole)
	tail = math.FMA(e, ln2lo, tail)
	tail = math.FMA(rest, 2, tail)
	tail = math.FMA(s, acc*s2, tail)
	hi = sum + tail
	return hi, tail - (hi - sum)
}

// taylor are the coefficients of exp, atanh those of (2 atanh(s) - 2s)/s^3 in s^2.
var taylor, atanh = func() (t [14]float64, a [11]float64) {
	f := 1.0
	t[0] = 1
	for i := 1; i < len(t); i++ {
		f *= float64(i)
		t[i] = 1 / f
	}
	for k := range a {
		a[k] = 2 / float64(2*k+3)
	}
	return t, a
}()
