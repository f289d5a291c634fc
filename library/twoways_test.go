package library_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"thymus/compile"
	"thymus/model"
	"thymus/sim"
)

// everything composes all that a lupus patient can be given.
var everything = []string{"immune-core", "systemic-lupus", "flu-cy", "cd19-car-t", "prednisolone", "mycophenolate", "tocilizumab", "interleukin-2"}

// random gives a state near the start, some of it far away and some at zero.
func random(r *rand.Rand, y []float64) []float64 {
	out := make([]float64, len(y))
	for i, v := range y {
		switch {
		case v == 0:
			out[i] = math.Exp(3 * r.NormFloat64())
			if r.IntN(3) == 0 {
				out[i] *= 1e8
			}
		default:
			out[i] = v * math.Exp(r.NormFloat64())
		}
		if r.IntN(12) == 0 {
			out[i] = 0
		}
	}
	return out
}

func TestProgramAgreesWithEvaluator(t *testing.T) {
	for _, names := range [][]string{everything, {"immune-core", "hcv-vasculitis", "interleukin-2"}, {"immune-core", "b-cell-leukaemia", "flu-cy", "cd19-car-t"}} {
		m := composed(t, names...)
		p, ms := compile.Compile(m, compile.Options{})
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		in := p.New()
		r := rand.New(rand.NewPCG(7, 7))
		for round := 0; round < 40; round++ {
			in.Reset()
			e := model.NewEvaluator(m)
			for k, c := range p.Constants() {
				if _, state := p.StateIndex(c.ID); !state && c.Value > 0 && r.IntN(4) == 0 && c.Value == c.Value {
					v := c.Value * math.Exp(0.2*r.NormFloat64())
					in.Set(k, v)
					e.Set(c.ID, v)
				}
			}
			y0 := make([]float64, in.Dim())
			if err := in.Start(y0, 0); err != nil {
				continue // a sampled constant without meaning
			}
			start := e.Start(0)
			for i, s := range p.States() {
				if !model.Near(y0[i], start[s.ID], 1e-12) {
					t.Fatalf("start of %s: program %g, evaluator %g", s.ID, y0[i], start[s.ID])
				}
			}
			y := random(r, y0)
			state := map[string]float64{}
			for i, s := range p.States() {
				state[s.ID] = y[i]
			}
			dy := make([]float64, len(y))
			in.Deriv(dy, y, []float64{3})
			want := e.Derivative(state, 3)
			// rounding counts against the sum of the absolute terms
			scale := map[string]float64{}
			value := e.Values(state, 3)
			for _, x := range m.Reactions {
				for _, ref := range append(append([]model.SpeciesRef(nil), x.Reactants...), x.Products...) {
					scale[ref.Species] += math.Abs(value(x.ID))
				}
			}
			for i, s := range p.States() {
				size := math.Max(math.Max(scale[s.ID], math.Abs(want[s.ID])), math.Abs(y[i]))
				if d := math.Abs(dy[i] - want[s.ID]); !(d <= 1e-12*size) && !(dy[i] != dy[i] && want[s.ID] != want[s.ID]) {
					t.Errorf("d(%s)/dt: program %.17g, evaluator %.17g", s.ID, dy[i], want[s.ID])
				}
			}
		}
	}
}

func TestJacobianAgreesWithDifferences(t *testing.T) {
	m := composed(t, everything...)
	p, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	in := p.New()
	y0 := make([]float64, in.Dim())
	if err := in.Start(y0, 0); err != nil {
		t.Fatal(err)
	}
	n := len(y0)
	pattern := in.Pattern()
	vals := make([]float64, pattern.Len())
	up, down, y := make([]float64, n), make([]float64, n), make([]float64, n)
	r := rand.New(rand.NewPCG(3, 4))
	off := 0
	for round := 0; round < 5; round++ {
		for i, v := range y0 {
			y[i] = (v + 1e-3) * math.Exp(0.3*r.NormFloat64())
			if v == 0 && p.States()[i].Unit == "cell" {
				y[i] = 1e7 * math.Exp(r.NormFloat64())
			}
		}
		at := []float64{2}
		in.Jacobian(vals, y, at)
		for j := 0; j < n; j++ {
			h := 1e-6 * y[j]
			v := y[j]
			y[j] = v + h
			in.Deriv(up, y, at)
			y[j] = v - h
			in.Deriv(down, y, at)
			y[j] = v
			for i := 0; i < n; i++ {
				got := 0.0
				if k := pattern.Find(i, j); k >= 0 {
					got = vals[k]
				}
				want := (up[i] - down[i]) / (2 * h)
				noise := 1e-9 * (math.Abs(up[i]) + math.Abs(y[i])) / h
				if d := math.Abs(got - want); d > 1e-4*math.Abs(want)+noise {
					off++
					if off < 5 {
						t.Logf("d(%s')/d(%s): %g, differences %g", p.States()[i].ID, p.States()[j].ID, got, want)
					}
				}
			}
		}
	}
	// a kink (min, max, a threshold) between the two points of a difference is no fault
	if off > 6 {
		t.Errorf("%d entries of the Jacobian differ", off)
	}
}

func TestHealthyStaysForTenYears(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "interleukin-2")
	begin, f := b.worker.Settle(sim.Patient{}, 0)
	if f != nil {
		t.Fatal(f)
	}
	tr, f := b.worker.Run(sim.Patient{}, begin, sim.Schedule{End: 3652.5, Times: []float64{0, 365.25, 3652.5}})
	if f != nil {
		t.Fatal(f)
	}
	for k, s := range b.plan.Program().States() {
		v := tr.Values[k]
		if d := math.Abs(v[2] - v[0]); d > 1e-6*math.Abs(v[0])+1e-12 {
			t.Errorf("%s moves from %g to %g in ten years", s.ID, v[0], v[2])
		}
	}
}
