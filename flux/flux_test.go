package flux_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"thymus/flux"
	"thymus/model"
)

var inf = math.Inf(1)

// dense makes a program from rows.
func dense(c []float64, a [][]float64, b, lower, upper []float64) *flux.Program {
	p := &flux.Program{Rows: len(a), B: b, C: c, Lower: lower, Upper: upper, Columns: make([][]flux.Entry, len(c))}
	for i, row := range a {
		for j, v := range row {
			if v != 0 {
				p.Columns[j] = append(p.Columns[j], flux.Entry{Row: i, Value: v})
			}
		}
	}
	return p
}

// TestSmall: programs with known answers, among them ones in which the simplex method
// without care goes round in circles or divides by nothing.
func TestSmall(t *testing.T) {
	for name, c := range map[string]struct {
		p      *flux.Program
		status flux.Status
		value  float64
	}{
		"free variable": {dense([]float64{1, 0}, [][]float64{{1, 1}}, []float64{3}, []float64{-inf, 0}, []float64{inf, 10}), flux.Optimal, -7},
		"no rows":       {dense([]float64{1, -1, 0}, nil, nil, []float64{-2, 0, -inf}, []float64{5, 4, inf}), flux.Optimal, -6},
		"rows that depend on one another": {dense([]float64{-1, -1, 0}, [][]float64{{1, 0, 1}, {2, 0, 2}, {0, 1, 1}, {1, 1, 2}}, []float64{4, 8, 3, 7},
			[]float64{0, 0, 0}, []float64{inf, inf, inf}), flux.Optimal, -7},
		"rows that contradict one another": {dense([]float64{1, 1}, [][]float64{{1, 1}, {1, 1}}, []float64{1, 2}, []float64{0, 0}, []float64{9, 9}), flux.Infeasible, 0},
		"bounds out of reach":              {dense([]float64{1}, [][]float64{{1}}, []float64{3}, []float64{0}, []float64{2}), flux.Infeasible, 0},
		"without end":                      {dense([]float64{-1, 0}, [][]float64{{1, -1}}, []float64{0}, []float64{0, 0}, []float64{inf, inf}), flux.Unbounded, 0},
		"without end among free ones":      {dense([]float64{1, 0}, [][]float64{{1, -1}}, []float64{0}, []float64{-inf, -inf}, []float64{inf, inf}), flux.Unbounded, 0},
		"held variables":                   {dense([]float64{1, 1, 1}, [][]float64{{1, 1, 1}}, []float64{0}, []float64{-2, 5, -inf}, []float64{-2, 5, inf}), flux.Optimal, 0},
		// Beale's example (1955), on which largest-coefficient pivoting cycles: -1/20.
		"Beale": {dense([]float64{-0.75, 150, -0.02, 6, 0, 0, 0}, [][]float64{
			{0.25, -60, -1. / 25, 9, 1, 0, 0}, {0.5, -90, -1. / 50, 3, 0, 1, 0}, {0, 0, 1, 0, 0, 0, 1}},
			[]float64{0, 0, 1}, make([]float64, 7), []float64{inf, inf, inf, inf, inf, inf, inf}), flux.Optimal, -0.05},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.p.Solve()
			if s.Status != c.status || c.status == flux.Optimal && math.Abs(s.Value-c.value) > 1e-9 {
				t.Errorf("%v %g at %v, want %v %g", s.Status, s.Value, s.X, c.status, c.value)
			}
		})
	}
}

// TestAgainstGonum solves random bounded programs twice: here, and by gonum's simplex
// after they were brought into its standard form with a row for each upper bound. Prices
// and reduced costs must prove the optimum: its value equals that of the dual.
func TestAgainstGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	solved := 0
	for trial := 0; trial < 300; trial++ {
		m, n := 1+r.IntN(6), 8+r.IntN(8)
		a := make([][]float64, m)
		c, lower, upper, inside := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		for j := range c {
			c[j] = math.Round(10 * r.NormFloat64())
			lower[j] = math.Round(-10 * r.Float64())
			upper[j] = lower[j] + math.Round(20*r.Float64())
			inside[j] = lower[j] + r.Float64()*(upper[j]-lower[j])
		}
		b := make([]float64, m)
		for i := range a {
			a[i] = make([]float64, n)
			for j := range a[i] {
				if r.IntN(3) > 0 {
					a[i][j] = math.Round(3 * r.NormFloat64())
				}
				b[i] += a[i][j] * inside[j]
			}
			if trial%3 == 0 {
				b[i] = 0 // degenerate, and often without a solution
			}
		}
		p := dense(c, a, b, lower, upper)
		got := p.Solve()
		// x = lower + z, z + s = upper - lower
		big := mat.NewDense(m+n, 2*n, nil)
		rhs := make([]float64, m+n)
		shift := 0.0
		for i := range a {
			rhs[i] = b[i]
			for j := range c {
				big.Set(i, j, a[i][j])
				rhs[i] -= a[i][j] * lower[j]
			}
		}
		for j := range c {
			big.Set(m+j, j, 1)
			big.Set(m+j, n+j, 1)
			rhs[m+j] = upper[j] - lower[j]
			shift += c[j] * lower[j]
		}
		want, _, err := lp.Simplex(append(append([]float64(nil), c...), make([]float64, n)...), big, rhs, 1e-10, nil)
		switch {
		case err == lp.ErrInfeasible:
			if got.Status != flux.Infeasible {
				t.Errorf("program %d: %v, gonum says infeasible", trial, got.Status)
			}
			continue
		case err != nil: // gonum gives up on some degenerate programs
			continue
		case got.Status != flux.Optimal || math.Abs(got.Value-want-shift) > 1e-6*(1+math.Abs(got.Value)):
			t.Errorf("program %d: %v %.10g, gonum %.10g", trial, got.Status, got.Value, want+shift)
			continue
		}
		solved++
		dual := 0.0
		for i := range b {
			dual += got.Prices[i] * b[i]
		}
		for j, d := range got.Reduced {
			dual += math.Max(d, 0)*lower[j] + math.Min(d, 0)*upper[j]
		}
		if math.Abs(dual-got.Value) > 1e-6*(1+math.Abs(dual)) {
			t.Errorf("program %d: the dual's value is %.10g, the primal's %.10g", trial, dual, got.Value)
		}
	}
	if solved < 150 {
		t.Errorf("only %d programs were compared", solved)
	}
}

// chain is a network of n reactions in a line through which at most limit flows, with
// reversible loops beside it that change nothing.
func chain(n int, limit float64) *model.Model {
	m := &model.Model{ID: "chain", Compartments: []model.Compartment{{ID: "C", Constant: true}}}
	number := func(id string, v float64) {
		m.Parameters = append(m.Parameters, model.Parameter{ID: id, Value: &v, Constant: true})
	}
	number("zero", 0)
	number("most", limit)
	number("far", 1000)
	number("back", -1000)
	species := func(id string, boundary bool) {
		m.Species = append(m.Species, model.Species{ID: id, Compartment: "C", Boundary: boundary})
	}
	name := func(letter string, i int) string { return letter + strings.Repeat("i", i) }
	for i := 0; i <= n; i++ {
		species(name("S", i), i == 0 || i == n)
	}
	reaction := func(id, from, to, lo, up string) {
		m.Reactions = append(m.Reactions, model.Reaction{ID: id, Reactants: []model.SpeciesRef{{Species: from}},
			Products: []model.SpeciesRef{{Species: to}}, LowerFlux: lo, UpperFlux: up})
	}
	for i := 0; i < n; i++ {
		up := "far"
		if i == n/2 {
			up = "most"
		}
		reaction(name("R", i), name("S", i), name("S", i+1), "zero", up)
		if i > 0 {
			reaction(name("L", i), name("S", i), name("S", i+1), "back", "zero")
		}
	}
	m.Flux = &model.FluxBalance{Active: "out", Objectives: []model.Objective{
		{ID: "out", Maximize: true, Terms: []model.FluxTerm{{Reaction: name("R", n-1), Coefficient: 1}, {Reaction: name("L", n-1), Coefficient: 1}}},
		{ID: "least", Terms: []model.FluxTerm{{Reaction: name("R", 0), Coefficient: 2}}},
	}}
	return m
}

// TestNetwork: the best flux through a line is that of its narrowest place, whose
// reduced cost says so; derived bounds and stoichiometries are read at the start.
func TestNetwork(t *testing.T) {
	m := chain(20, 7)
	p, ms := flux.New(m, "")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	s := p.Solve()
	if s.Status != flux.Optimal || math.Abs(s.Objective-7) > 1e-9 {
		t.Fatalf("%v %g %s, want 7", s.Status, s.Objective, s.Reason)
	}
	for j, id := range p.Reactions {
		if id == "Riiiiiiiiii" && math.Abs(s.Reduced[j]-1) > 1e-9 {
			t.Errorf("the narrowest reaction's reduced cost is %g, want 1", s.Reduced[j])
		}
	}
	if p, _ = flux.New(m, "least"); p.Maximize {
		t.Error("the second objective is made smallest")
	} else if s := p.Solve(); s.Objective != 0 || math.Signbit(s.Objective) {
		t.Errorf("least flow %g", s.Objective)
	}

	// the first reaction makes two of its product; the limit follows from another number
	m = chain(20, 0)
	m.Parameters = append(m.Parameters, model.Parameter{ID: "n", Stoichiometry: true})
	m.Initials = []model.Initial{{Symbol: "most", Math: model.Call("divide", model.Sym("far"), model.Num(100))}, {Symbol: "n", Math: model.Num(2)}}
	m.Reactions[0].Products[0].Stoichiometry = model.Sym("n")
	m.Flux.Objectives[0].Terms = []model.FluxTerm{{Reaction: "R", Coefficient: 1}}
	if p, ms = flux.New(m, "out"); ms.HasErrors() {
		t.Fatal(ms)
	}
	if s := p.Solve(); math.Abs(s.Objective-5) > 1e-9 {
		t.Errorf("with two products each, at most 10 through the middle: %g, want 5", s.Objective)
	}
}

// TestRefusals: what cannot be solved says why.
func TestRefusals(t *testing.T) {
	for want, change := range map[string]func(m *model.Model){
		"states no objective":                          func(m *model.Model) { m.Flux = nil },
		`no objective "other"; it has out, least`:      func(m *model.Model) { m.Flux.Active = "other" },
		`no reaction "X"`:                              func(m *model.Model) { m.Flux.Objectives[0].Terms[0].Reaction = "X" },
		"between its bounds 0 and -1":                  func(m *model.Model) { *m.Parameters[1].Value = -1 },
		"flux bound most of reaction Rii has no value": func(m *model.Model) { m.Parameters[1].Value = nil },
	} {
		m := chain(4, 1)
		change(m)
		if _, ms := flux.New(m, ""); !ms.HasErrors() || !strings.Contains(ms.Error(), want) {
			t.Errorf("%s: got %v", want, ms)
		}
	}
	// two must go in, one can get out
	m := chain(4, 1)
	m.Parameters = append(m.Parameters, model.Parameter{ID: "none", Value: new(float64)})
	for i := range m.Reactions {
		if r := &m.Reactions[i]; r.ID[0] == 'L' {
			r.LowerFlux, r.UpperFlux = "none", "none"
		}
	}
	two := 2.0
	m.Parameters = append(m.Parameters, model.Parameter{ID: "two", Value: &two})
	m.Reactions[0].LowerFlux = "two"
	p, ms := flux.New(m, "")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if s := p.Solve(); s.Status != flux.Infeasible || !strings.Contains(s.Reason, "cannot be balanced") || !math.IsNaN(s.Objective) {
		t.Errorf("%v: %s", s.Status, s.Reason)
	}
	m = chain(4, 1)
	for i := range m.Reactions {
		m.Reactions[i].UpperFlux = ""
	}
	if p, ms = flux.New(m, ""); ms.HasErrors() {
		t.Fatal(ms)
	}
	if s := p.Solve(); s.Status != flux.Unbounded || !strings.Contains(s.Reason, "grows without end, along") {
		t.Errorf("%v: %s", s.Status, s.Reason)
	}
}

// BenchmarkNetwork solves a random network of 600 species and 1,200 reactions.
func BenchmarkNetwork(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const m, n = 600, 1200
	p := &flux.Program{Rows: m, C: make([]float64, n), Lower: make([]float64, n), Upper: make([]float64, n)}
	for j := 0; j < n; j++ {
		var column []flux.Entry
		seen := map[int]bool{}
		for k := 0; k < 4; k++ {
			if i := r.IntN(m); !seen[i] && j%10 != 0 || k == 0 {
				seen[i] = true
				column = append(column, flux.Entry{Row: i, Value: float64(1 - 2*(k%2))})
			}
		}
		p.Columns = append(p.Columns, column)
		p.Upper[j] = 1000
		if j%2 == 0 {
			p.Lower[j] = -1000
		}
		if j%10 == 0 {
			p.Lower[j], p.Upper[j] = -10, 10
		}
	}
	p.C[1], p.C[7] = -1, -1
	steps := 0
	for b.Loop() {
		s := p.Solve()
		if s.Status != flux.Optimal {
			b.Fatal(s.Status)
		}
		steps = s.Steps
	}
	b.ReportMetric(float64(steps), "steps")
}
