package compile_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"thymus/compile"
	"thymus/kernel"
)

var reducible = map[string]string{
	"binding and saturation": `model m()
  compartment V = 3; species D in V, R in V, C in V; D = 1; R = 2; C = 0.5;
  b: D + R -> C; V*(kon*D*R - koff*C); s: -> R; V*ks*(1 + C^n/(K^n + C^n)); l: R -> ; V*kd*R/(Km + R); e: D -> ; CL*D;
  kon = 2; koff = 0.1; ks = 1; kd = 0.2; CL = 0.5; K = 0.3; n = 2.5; Km = 0.7;
end
`,
	"sums below": `model m()
  x = 1; y = 2; z = 0.5; a = 3; b = 0.25; k = 0.1;
  x' = a*x*y/(b + x + y) - k*x*b; y' = x/(b*(1 + y)) - y/(x + 0.01)/(y + a) + (x - y)*k*a - k*b*(y*x);
  z' = -(x - z) - (-(k*z)) + z^1.5/(1 + z)^2 + time/(a - time) + x*y/(x + y) - z/(x + y);
end
`,
	"negatives": `model m()
  x = 1; y = 2; k = 0.1; q = 4;
  x' = -x*(-y) + (-(x*k))*q - (-x)/(q + y); y' = -(x*k) - k*(-(y*x)) + (-y)/q - (x*y - x*k);
end
`,
}

// TestReducedCodeAgrees holds what lanes run against the formulas as they are written, also
// where states are 0, subnormal, infinite or not numbers.
func TestReducedCodeAgrees(t *testing.T) {
	for name, text := range reducible {
		for _, clamp := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				p, ms := compile.Compile(read(t, text), compile.Options{ClampPowers: clamp})
				if ms.HasErrors() {
					t.Fatal(ms)
				}
				in := p.New()
				n := in.Dim()
				y, r := make([]float64, n), rand.New(rand.NewPCG(1, 1))
				s := p.Straight()
				if before := compile.Cost(&s.RHS); before == 0 {
					t.Fatal("no code")
				}
				special := []float64{0, 1e-310, 5e-324, 1e-200, 1e200, math.Inf(1), math.NaN()}
				for round := 0; round < 300; round++ {
					in.Reset()
					for k := range p.Constants() {
						if _, state := p.StateIndex(p.Constants()[k].ID); !state {
							in.Set(k, math.Exp(r.NormFloat64()))
						}
					}
					if err := in.Start(y, 0); err != nil {
						t.Fatal(err)
					}
					for i := range y {
						y[i] = math.Exp(3 * r.NormFloat64())
						if round >= 200 && r.IntN(2) == 0 {
							y[i] = special[r.IntN(len(special))]
						}
					}
					if in.LaneOf() != any(p) {
						t.Fatal("ordinary constants are refused")
					}
					dy, vals, dfdt := make([]float64, n), make([]float64, p.Straight().Pattern.Len()), make([]float64, n)
					at := []float64{0.5}
					in.Deriv(dy, y, at)
					in.Jacobian(vals, y, at)
					in.TimeDeriv(dfdt, y, at)
					mem := append([]float64(nil), in.LaneMemory()...)
					for i, k := range s.State {
						mem[k] = y[i]
					}
					mem[s.Clock] = 0.5
					first := append([]float64(nil), mem...)
					s.First.Run(first, 1)
					s.RHS.Run(mem, 1)
					same := func(what string, i int, got, want float64) {
						finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
						size := 1.0
						for _, v := range y {
							if finite(v) {
								size = math.Max(size, v*v)
							}
						}
						if finite(got) != finite(want) || finite(want) && math.Abs(got-want) > 1e-11*(math.Abs(want)+size) {
							t.Fatalf("round %d, %s %d at %v: %v, want %v", round, what, i, y, got, want)
						}
					}
					value := func(mem []float64, k int32) float64 {
						if k < 0 {
							return 0
						}
						return mem[k]
					}
					for i := range dy {
						same("derivative", i, value(mem, s.Deriv[i]), dy[i])
						same("first derivative", i, value(first, s.Deriv[i]), dy[i])
						same("derivative by time", i, value(first, s.TimeDeriv[i]), dfdt[i])
					}
					for i := range vals {
						same("entry", i, value(first, s.Entries[i]), vals[i])
					}
				}
			})
		}
	}
}

// TestReducedCodeCosts: quotients by constants and shared denominators become products.
func TestReducedCodeCosts(t *testing.T) {
	p, ms := compile.Compile(read(t, reducible["binding and saturation"]), compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	divisions := func(x *kernel.Program) (n int) {
		for _, o := range x.Code {
			if o.Op == kernel.Div {
				n++
			}
		}
		return n
	}
	s := p.Straight()
	if n := divisions(&s.RHS); n != 2 {
		t.Errorf("%d divisions in the right-hand side, want 2: one a saturation", n)
	}
	if n := divisions(&s.First); n != 2 {
		t.Errorf("%d divisions in the first stage, want 2", n)
	}
}

// TestUnsoundConstants: a constant whose reciprocal is not as good is no constant for lanes.
func TestUnsoundConstants(t *testing.T) {
	p, ms := compile.Compile(read(t, "model m()\n x = 1; k = 2; x' = -x/k;\nend\n"), compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	k, _ := p.ConstantIndex("k")
	for v, want := range map[float64]bool{2: true, -1e-50: true, 0: false, 1e-310: false, 1e300: false, math.Inf(1): false, math.NaN(): false} {
		in := p.New()
		in.Set(k, v)
		if err := in.Start(make([]float64, 1), 0); err != nil {
			t.Fatal(err)
		}
		if got := in.LaneOf() == any(p); got != want {
			t.Errorf("k = %v: lanes %v, want %v", v, got, want)
		}
	}
}
