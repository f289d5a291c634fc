package compile_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"thymus/compile"
	"thymus/model"
)

// lines is a past in which every state moves along a line, from the start on.
type lines struct{ start, slope []float64 }

func (l lines) At(s, _ float64, y []float64) bool {
	for i := range y {
		y[i] = l.start[i] + math.Max(s, 0)*l.slope[i]
	}
	return s < 0
}

func (l lines) Slope(s, _ float64, dy []float64) {
	clear(dy)
	if s >= 0 {
		copy(dy, l.slope)
	}
}

// TestDelaysAgreeWithEvaluator holds delayed values, and the slopes of a system that reads
// them, against the evaluator.
func TestDelaysAgreeWithEvaluator(t *testing.T) {
	const text = `
function late(a, d)
  delay(a^2 + time, d)
end
model m()
  compartment C = 2; species A in C; A = 3; x = 1; y = 2; d = 0.4
  r: A -> ; C*A*delay(A, 0.5)
  x' = -delay(x*y, d + 0.1*y^2) + late(q, 0.3*x)
  y' = delay(delay(x, 0.2)*A, 0.3 + 0.1*time)
  q := x + delay(y, d)
end
`
	m := read(t, text)
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in := p.New()
	e := model.NewEvaluator(m)
	e.Start(0)
	n := in.Dim()
	y := make([]float64, n)
	if err := in.Start(y, 0); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 7))
	for round := 0; round < 50; round++ {
		past := lines{append([]float64(nil), y...), make([]float64, n)}
		for i := range past.slope {
			past.slope[i] = r.Float64()
		}
		e.Past = func(s float64) map[string]float64 {
			then := make([]float64, n)
			past.At(s, 0, then)
			state := map[string]float64{}
			for i, x := range p.States() {
				state[x.ID] = then[i]
			}
			return state
		}
		in.SetPast(past, true)
		now := 3 * r.Float64()
		z := make([]float64, n)
		past.At(now, now, z)
		state := map[string]float64{}
		for i, x := range p.States() {
			state[x.ID] = z[i]
		}
		dy := make([]float64, n)
		in.Deriv(dy, z, []float64{now})
		want := e.Derivative(state, now)
		for i, x := range p.States() {
			if math.Abs(dy[i]-want[x.ID]) > 1e-11*(1+math.Abs(want[x.ID])) {
				t.Fatalf("round %d: derivative of %s: program %g, evaluator %g", round, x.ID, dy[i], want[x.ID])
			}
		}
		if now > 2 { // nothing that is read lies near the start, where the lines have a corner
			slopes(t, p, in, z, now)
		}
	}
}

// TestResidualsAgreeWithEvaluator: rows of algebraic rules are their formulas.
func TestResidualsAgreeWithEvaluator(t *testing.T) {
	m := read(t, "model m()\n compartment C = 2; species A in C, S in C; A = 3; S = 1; A' = -A; 0 = S^3 - A*u; var u; 0 = u - exp(S)/2;\nend\n")
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in, e := p.New(), model.NewEvaluator(m)
	y := make([]float64, in.Dim())
	if err := in.Start(y, 0); err != nil {
		t.Fatal(err)
	}
	e.Start(0)
	state := map[string]float64{"u": math.Exp(y[0]) / 2}
	var left []float64
	for i, x := range p.States() {
		y[i] = 1.5 + 0.3*float64(i)
		state[x.ID] = y[i]
	}
	if i, ok := p.StateIndex("S"); ok {
		state["u"] = math.Exp(y[i]/2) / 2
	}
	dy := make([]float64, in.Dim())
	in.Deriv(dy, y, []float64{0})
	for i, x := range p.States() {
		if x.Algebraic {
			left = append(left, dy[i])
		}
	}
	want := e.Residuals(state, 0)
	if len(left) != 1 || math.Abs(left[0]-want[0]) > 1e-12*math.Abs(want[0]) || math.Abs(want[1]) > 1e-12 {
		t.Errorf("program %g, evaluator %g", left, want)
	}
}
