package flux

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
)

// Problem is the flux balance of a model.
type Problem struct {
	Objective    string // id
	Maximize     bool
	Species      []string // those that are balanced: rows
	Reactions    []string // columns
	Balance      [][]Entry
	Coefficients []float64 // of the objective, by reaction
	Lower, Upper []float64 // by reaction [extent/time]
}

// New takes the flux balance out of a flat model: the objective of that id, or the
// active one for "". The messages name what is missing or impossible.
func New(m *model.Model, objective string) (*Problem, diag.Messages) {
	goal, ms := objectiveOf(m, objective)
	if ms.HasErrors() {
		return nil, ms
	}
	p := &Problem{Objective: goal.ID, Maximize: goal.Maximize}
	row := map[string]int{}
	for _, s := range m.Species {
		if !s.Boundary && !s.Constant {
			row[s.ID] = len(p.Species)
			p.Species = append(p.Species, s.ID)
		}
	}
	values, ms := start(m)
	if ms.HasErrors() {
		return nil, ms
	}
	index := map[string]int{}
	for j, r := range m.Reactions {
		index[r.ID] = j
		p.Reactions = append(p.Reactions, r.ID)
		net := map[int]float64{}
		for side, refs := range [][]model.SpeciesRef{r.Reactants, r.Products} {
			for _, ref := range refs {
				v := values.take()
				if math.IsNaN(v) || math.IsInf(v, 0) {
					ms = append(ms, diag.Errorf(r.At, "the stoichiometry of %s in reaction %s is %g at the start: expected a finite number", ref.Species, r.ID, v))
					continue
				}
				if i, ok := row[ref.Species]; ok {
					net[i] += float64(2*side-1) * v
				}
			}
		}
		var column []Entry
		for i, v := range net {
			if v != 0 {
				column = append(column, Entry{i, v})
			}
		}
		sort.Slice(column, func(a, b int) bool { return column[a].Row < column[b].Row })
		p.Balance = append(p.Balance, column)
		lo, up := values.take(), values.take()
		switch {
		case math.IsNaN(lo) || math.IsNaN(up):
			id := r.LowerFlux
			if math.IsNaN(up) {
				id = r.UpperFlux
			}
			ms = append(ms, diag.Errorf(r.At, "the flux bound %s of reaction %s has no value", id, r.ID).WithHelp("give %s a value, or an initial assignment", id))
		case lo > up || math.IsInf(lo, 1) || math.IsInf(up, -1):
			ms = append(ms, diag.Errorf(r.At, "no flux of reaction %s lies between its bounds %g and %g", r.ID, lo, up))
		}
		p.Lower, p.Upper = append(p.Lower, lo), append(p.Upper, up)
	}
	p.Coefficients = make([]float64, len(p.Reactions))
	for _, term := range goal.Terms {
		j, ok := index[term.Reaction]
		if !ok {
			ms = append(ms, diag.Errorf(goal.At, "objective %s: the model has no reaction %q", goal.ID, term.Reaction).WithHelp("%s", diag.DidYouMean(term.Reaction, p.Reactions)))
			continue
		}
		p.Coefficients[j] += term.Coefficient
	}
	if ms.HasErrors() {
		return nil, ms
	}
	return p, ms
}

func objectiveOf(m *model.Model, id string) (*model.Objective, diag.Messages) {
	if m.Flux == nil || len(m.Flux.Objectives) == 0 {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "the model states no objective: there is nothing to make largest or smallest").
			WithHelp("flux balance needs SBML's fbc package, with an objective and flux bounds")}
	}
	if id == "" {
		id = m.Flux.Active
	}
	var known []string
	for i := range m.Flux.Objectives {
		o := &m.Flux.Objectives[i]
		if o.ID == id {
			return o, nil
		}
		known = append(known, o.ID)
	}
	if id == "" && len(known) == 1 {
		return &m.Flux.Objectives[0], nil
	}
	return nil, diag.Messages{diag.Errorf(diag.Place{}, "the model has no objective %q; it has %s", id, strings.Join(known, ", ")).WithHelp("%s", diag.DidYouMean(id, known))}
}

// startValues are handed out in the order in which they were asked for.
type startValues struct {
	values []float64
	next   int
}

func (v *startValues) take() float64 {
	v.next++
	return v.values[v.next-1]
}

// start evaluates stoichiometries and bounds at the start: by reaction those of the
// reactants, of the products, the lower and the upper bound. Plain numbers are not
// compiled: most networks have nothing else.
func start(m *model.Model) (*startValues, diag.Messages) {
	out := &startValues{}
	var asked []compile.Selection
	var slots []int
	ask := func(e *model.Expr, at diag.Place) {
		if e != nil && e.Kind == model.Number {
			out.values = append(out.values, e.Value)
			return
		}
		asked = append(asked, compile.Selection{Expr: e, At: at})
		slots = append(slots, len(out.values))
		out.values = append(out.values, math.NaN())
	}
	for _, r := range m.Reactions {
		for _, refs := range [][]model.SpeciesRef{r.Reactants, r.Products} {
			for _, ref := range refs {
				if ref.Stoichiometry == nil {
					out.values = append(out.values, 1)
				} else {
					ask(ref.Stoichiometry, ref.At)
				}
			}
		}
		for k, id := range []string{r.LowerFlux, r.UpperFlux} {
			if id == "" {
				out.values = append(out.values, math.Inf(2*k-1))
			} else {
				ask(model.Sym(id), r.At)
			}
		}
	}
	if len(asked) == 0 {
		return out, nil
	}
	program, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		return nil, ms
	}
	observer, more := program.Observer(asked)
	if more.HasErrors() {
		return nil, more
	}
	in := program.New()
	y := make([]float64, len(program.States()))
	if err := in.Start(y, 0); err != nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "the values at the start cannot be found: %v", err)}
	}
	got := make([]float64, observer.Len())
	observer.Eval(got, in, y, 0, nil)
	for i, k := range slots {
		out.values[k] = got[i]
	}
	return out, nil
}

// Solution is the best steady state, or why there is none.
type Solution struct {
	Status    Status
	Objective float64   // NaN when there is none
	Flux      []float64 // by reaction [extent/time]; NaN when there is none
	Reduced   []float64 // by reaction: change of the objective with the flux, where a bound holds it
	Price     []float64 // by species: change of the objective with a supply of it (shadow price)
	Reason    string    // "" when optimal
	Steps     int
}

// Solve finds the best steady state.
func (p *Problem) Solve() *Solution {
	sign := 1.0
	if p.Maximize {
		sign = -1
	}
	c := make([]float64, len(p.Coefficients))
	for j, v := range p.Coefficients {
		c[j] = sign * v
	}
	point := (&Program{Rows: len(p.Species), Columns: p.Balance, C: c, Lower: p.Lower, Upper: p.Upper}).Solve()
	s := &Solution{Status: point.Status, Objective: math.NaN(), Steps: point.Steps}
	switch point.Status {
	case Optimal:
		s.Objective = positiveZero(sign * point.Value)
		s.Flux = point.X
		s.Reduced, s.Price = point.Reduced, point.Prices
		for j := range s.Flux {
			s.Flux[j] = positiveZero(s.Flux[j])
			s.Reduced[j] = positiveZero(sign * s.Reduced[j])
		}
		for i := range s.Price {
			// a supply of b means S v = -b
			s.Price[i] = positiveZero(-sign * s.Price[i])
		}
		return s
	case Infeasible:
		s.Reason = "no fluxes within the bounds balance every species"
		if names := largest(p.Species, point.Rest); names != "" {
			s.Reason += ": " + names + " cannot be balanced"
		}
	case Unbounded:
		word := "falls"
		if p.Maximize {
			word = "grows"
		}
		s.Reason = fmt.Sprintf("the objective %s %s without end, along %s", p.Objective, word, largest(p.Reactions, point.Ray))
	default:
		s.Reason = fmt.Sprintf("the simplex method did not end within its tolerance after %d steps", point.Steps)
	}
	s.Flux = make([]float64, len(p.Reactions))
	for j := range s.Flux {
		s.Flux[j] = math.NaN()
	}
	return s
}

func positiveZero(v float64) float64 { return v + 0 }

// largest names up to four entries that are not 0, the largest first.
func largest(names []string, values []float64) string {
	var order []int
	for i, v := range values {
		if v != 0 {
			order = append(order, i)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return math.Abs(values[order[a]]) > math.Abs(values[order[b]]) })
	var out []string
	for k, i := range order {
		if k == 4 {
			out = append(out, fmt.Sprintf("%d more", len(order)-4))
			break
		}
		out = append(out, names[i])
	}
	return strings.Join(out, ", ")
}
