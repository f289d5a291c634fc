package conformance

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"thymus/compile"
	"thymus/flux"
	"thymus/model"
	"thymus/sim"
)

// semantic is the SBML Test Suite's semantic part: models, what to record of them, and
// the values expected (https://github.com/sbmlteam/sbml-test-suite, cases/semantic).
var semantic = Suite{
	Name:      "sbml-semantic",
	Title:     "SBML Test Suite, semantic cases",
	Shape:     "folders NNNNN with NNNNN-settings.txt, -results.csv and -sbml-lLvV.xml (the suite's root, its cases/semantic, or one such folder)",
	Deviation: "|expected - got| as a fraction of absolute + relative*|expected|",
	List:      func(folder string) ([]Case, error) { return suiteCases(folder, "semantic") },
	Judge:     judgeSemantic,
}

// settings is a case's settings file.
type settings struct {
	start, duration        float64
	steps                  int
	variables              []string
	absolute, relative     float64
	amount, concentration  map[string]bool
	output                 []string // of the stochastic suite, as are the ranges
	meanRange, spreadRange [2]float64
	fluxBalance            bool
}

func readSettings(c Case) (*settings, error) {
	base := filepath.Join(filepath.Dir(c.Path), c.Name)
	h, err := header(base+"-settings.txt", true)
	if err != nil {
		return nil, err
	}
	s := &settings{variables: list(h["variables"]), amount: set(list(h["amount"])), concentration: set(list(h["concentration"])), output: list(h["output"])}
	if d, err := header(base+"-model.m", false); err == nil {
		s.fluxBalance = d["testType"] == "FluxBalanceSteadyState"
	}
	var steps float64
	for key, to := range map[string]*float64{"start": &s.start, "duration": &s.duration, "steps": &steps, "absolute": &s.absolute, "relative": &s.relative} {
		if h[key] == "" {
			continue
		}
		if *to, err = number(h[key]); err != nil {
			return nil, fmt.Errorf("%s: %q is no number", key, h[key])
		}
	}
	s.steps = int(steps)
	for key, to := range map[string]*[2]float64{"meanRange": &s.meanRange, "sdRange": &s.spreadRange} {
		if ends := list(strings.Trim(h[key], "()")); len(ends) == 2 {
			for i := range ends {
				if to[i], err = number(ends[i]); err != nil {
					return nil, fmt.Errorf("%s: %q is no number", key, ends[i])
				}
			}
		}
	}
	return s, nil
}

func set(items []string) map[string]bool {
	out := map[string]bool{}
	for _, i := range items {
		out[i] = true
	}
	return out
}

// record says what is recorded of a model: the settings' variables, as amounts or
// concentrations where the settings say so and the id is a species.
func (s *settings) record(m *model.Model) []compile.Selection {
	ids := map[string]bool{}
	species := map[string]bool{}
	for _, x := range m.Species {
		ids[x.ID], species[x.ID] = true, true
	}
	for _, x := range m.Parameters {
		ids[x.ID] = true
	}
	for _, x := range m.Compartments {
		ids[x.ID] = true
	}
	for _, x := range m.Reactions {
		ids[x.ID] = true
	}
	out := make([]compile.Selection, len(s.variables))
	for i, v := range s.variables {
		// The suite writes element x of submodel A as A__x; flattening here joins with
		// one underscore. A model that went through Antimony has an underscore behind ids
		// that are words of the language.
		id := v
		if own := v + "_"; (v == model.Time || v == model.Avogadro) && ids[own] {
			id = own // a symbol that the model itself calls so: readers make room for the reserved one
		}
		for _, other := range []string{strings.ReplaceAll(v, "__", "_"), v + "_"} {
			if !ids[id] && ids[other] {
				id = other
			}
		}
		out[i] = compile.Selection{ID: id}
		switch {
		case species[id] && s.amount[v]:
			out[i].As = compile.Amount
		case species[id] && s.concentration[v]:
			out[i].As = compile.Concentration
		}
	}
	return out
}

// judgeSemantic simulates with tolerances that are the same for all cases, and compares
// every row and column.
func judgeSemantic(_ context.Context, c Case, o Options) Verdict {
	s, err := readSettings(c)
	if err != nil {
		return wrong("settings: %v", err)
	}
	expected, err := readNumbers(filepath.Join(filepath.Dir(c.Path), c.Name+"-results.csv"))
	if err != nil {
		return wrong("results: %v", err)
	}
	m, ms := o.Read(c.Path)
	if ms.HasErrors() {
		return refused(ms)
	}
	if s.fluxBalance {
		return s.judgeBalance(m, expected)
	}
	if s.steps < 1 || s.duration <= 0 {
		return wrong("settings: %d steps over %g", s.steps, s.duration)
	}
	course := sim.Course{Model: m, Start: s.start, End: s.start + s.duration, Steps: s.steps,
		Record: s.record(m), Rtol: courseRtol, Atol: courseAtol, MaxSteps: o.steps()}
	trajectory, ms, failure := course.Run()
	if ms.HasErrors() {
		return refused(ms)
	}
	if failure != nil {
		return wrong("ended early: %s", cause(failure)).by(trajectory)
	}
	return s.compare(expected, trajectory).by(trajectory)
}

// The tolerances of all deterministic simulations.
const (
	courseRtol = 1e-9
	courseAtol = 1e-14
)

// compare holds a trajectory against the expected table: the first column is time, the
// others are the variables in order.
func (s *settings) compare(expected *numbers, t *sim.Trajectory) Verdict {
	if len(expected.names) != len(s.variables)+1 {
		return wrong("results: %d columns, the settings name time and %d variables", len(expected.names), len(s.variables))
	}
	for i, v := range s.variables {
		if expected.names[i+1] != v {
			return wrong("results: column %d is %s, the settings name %s", i+2, expected.names[i+1], v)
		}
	}
	times := expected.values[0]
	if len(times) != len(t.Times) {
		return wrong("%d rows, expected %d", len(t.Times), len(times))
	}
	most := newComparison()
	for k, want := range times {
		if math.Abs(want-t.Times[k]) > 1e-6*math.Max(math.Abs(want), s.duration) {
			return wrong("results: row %d is at time %g, expected %g", k+1, want, t.Times[k])
		}
	}
	for i, v := range s.variables {
		for k, want := range expected.values[i+1] {
			most.value(v, t.Times[k], want, t.Values[i][k], s.absolute+s.relative*math.Abs(want))
		}
	}
	return most.verdict()
}

// judgeBalance compares fluxes and the objective's value at the best steady state. The
// suite writes NaN where there is none.
func (s *settings) judgeBalance(m *model.Model, expected *numbers) Verdict {
	p, ms := flux.New(m, "")
	if ms.HasErrors() {
		return refused(ms)
	}
	best := p.Solve()
	if best.Status == flux.NotConverged {
		return wrong("ended early: %s", best.Reason)
	}
	got := map[string]float64{p.Objective: best.Objective}
	for j, id := range p.Reactions {
		got[id] = best.Flux[j]
	}
	most := newComparison()
	for i, v := range expected.names {
		value, ok := got[v]
		if !ok {
			return wrong("the model has no reaction and no active objective %s", v)
		}
		for _, want := range expected.values[i] {
			most.value(v, math.NaN(), want, value, s.absolute+s.relative*math.Abs(want))
		}
	}
	return most.verdict()
}

// cause is a failure without the number of the patient, who here is nobody.
func cause(err error) string {
	if after, ok := strings.CutPrefix(err.Error(), "patient 0: "); ok {
		return after
	}
	return err.Error()
}
