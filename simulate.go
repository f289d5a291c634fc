package thymus

import (
	"context"
	"fmt"
	"math"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/ode"
	"thymus/sim"
	"thymus/table"
)

// SimulateRequest is one simulation of one model file, or many with new randomness.
type SimulateRequest struct {
	Model          string // a file, or the name of a library module
	Start, End     float64
	Steps          int      // Steps+1 equally spaced rows
	Select         []string // columns, in order; what the model's symbols mean
	Amounts        []string // columns as amounts
	Concentrations []string // columns as concentrations
	Set            []sim.Setting
	Doses          string  // path of a dose table
	Method         string  // a row of Methods or of StochasticMethods
	Rtol, Atol     float64 // 0: 1e-8 and 1e-12
	Seed           uint64  // of what is random: reactions, draws, the order of simultaneous events
	Runs           int     // more than 1: means and standard deviations over so many runs
	Workers        int     // of many runs; they change no bit
	Discrete       []sim.Discrete
	// Sensitivities adds a column d(X)/d(k) for every column X and each of these constants and
	// initial values k.
	Sensitivities []string
}

// SimulateResult holds the trajectory as a table: "time", then one column an id; of many
// runs, "id-mean" and "id-sd" for every id.
type SimulateResult struct {
	Model    string
	Table    *table.Table
	Stats    ode.Stats
	Path     []string // of sim.Trajectory
	Retry    string   // of sim.Trajectory
	Backend  string   // of sim.Trajectory
	Method   string
	Runs     int
	Firings  int64 // reactions that fired, in stochastic runs
	Warnings diag.Messages
}

// Simulate runs one model file. A failure of the integration is returned beside the
// rows that came before it.
func (a *App) Simulate(r SimulateRequest) (*SimulateResult, error) {
	m, ms := a.anyModel(r.Model)
	if ms.HasErrors() {
		return nil, ms
	}
	place := diag.Place{Src: &diag.Source{Name: r.Model}}
	bad := func(format string, args ...any) error {
		return diag.Messages{diag.Errorf(place, format, args...)}
	}
	switch {
	case math.IsNaN(r.Start) || math.IsNaN(r.End) || math.IsInf(r.Start, 0) || math.IsInf(r.End, 0):
		return nil, bad("start and end must be finite numbers")
	case r.End <= r.Start:
		return nil, bad("the end (%g) must lie after the start (%g)", r.End, r.Start)
	case r.Steps < 1 || r.Steps > 10_000_000:
		return nil, bad("%d steps: expected 1 to 10000000", r.Steps)
	}
	record, columns := selections(m, r)
	if len(record) == 0 {
		return nil, bad("the model has no species and no rate rule: name columns with --select")
	}
	if r.Runs < 0 || r.Runs > 1_000_000_000 {
		return nil, bad("%d runs: expected 1 to 1000000000", r.Runs)
	}
	course := sim.Course{Seed: r.Seed, Discrete: r.Discrete, Model: m, Start: r.Start, End: r.End, Steps: r.Steps, Record: record,
		Set: r.Set, SetAt: place, Method: r.Method, Rtol: r.Rtol, Atol: r.Atol}
	if r.Doses != "" {
		var more diag.Messages
		course.Actions, course.Infusible, course.Doses, more = doseTable(r.Doses, m)
		if ms = append(ms, more...); more.HasErrors() {
			return nil, ms
		}
	}
	if len(r.Sensitivities) > 0 && r.Runs > 1 {
		return nil, bad("sensitivities are of one run")
	}
	if r.Runs > 1 {
		e, more, err := course.Ensemble(context.Background(), r.Runs, max(1, r.Workers))
		if ms = append(ms, more...); more.HasErrors() {
			return nil, ms
		}
		if err != nil {
			return nil, err
		}
		return &SimulateResult{Model: m.ID, Method: r.Method, Runs: e.Runs, Firings: e.Firings, Warnings: ms, Table: ensembleTable(m, e, columns)}, nil
	}
	var trajectory *sim.Trajectory
	var slopes [][][]float64
	var more diag.Messages
	var failure *sim.Failure
	if len(r.Sensitivities) > 0 {
		trajectory, slopes, more, failure = course.Sensitivities(r.Sensitivities)
	} else {
		trajectory, more, failure = course.Run()
	}
	if ms = append(ms, more...); more.HasErrors() {
		return nil, ms
	}
	if trajectory == nil || failure != nil && len(trajectory.Values) < len(columns) { // there was no start
		return nil, failure
	}
	out := &SimulateResult{Model: m.ID, Stats: trajectory.Stats, Path: trajectory.Path, Retry: trajectory.Retry, Backend: trajectory.Backend, Warnings: ms, Method: r.Method, Runs: 1, Firings: trajectory.Firings}
	out.Table = &table.Table{Name: "trajectory"}
	out.Table.Columns = append(out.Table.Columns, table.Column{Name: "time", Unit: m.TimeUnit, Kind: table.Float, F: trajectory.Times})
	for i, c := range columns {
		out.Table.Columns = append(out.Table.Columns, table.Column{Name: c, Kind: table.Float, F: trajectory.Values[i]})
	}
	for k, list := range slopes {
		for i, c := range columns {
			out.Table.Columns = append(out.Table.Columns, table.Column{Name: "d(" + c + ")/d(" + r.Sensitivities[k] + ")", Kind: table.Float, F: list[i]})
		}
	}
	if failure != nil {
		return out, failure
	}
	return out, nil
}

// ensembleTable has the columns of the SBML Test Suite's stochastic results.
func ensembleTable(m *model.Model, e *sim.Ensemble, columns []string) *table.Table {
	t := &table.Table{Name: "ensemble"}
	t.Columns = append(t.Columns, table.Column{Name: "time", Unit: m.TimeUnit, Kind: table.Float, F: e.Times})
	for i, c := range columns {
		t.Columns = append(t.Columns, table.Column{Name: c + "-mean", Kind: table.Float, F: e.Mean[i]})
		t.Columns = append(t.Columns, table.Column{Name: c + "-sd", Kind: table.Float, F: e.SD[i]})
	}
	return t
}

// selections turns the request's ids into recorded columns, in the order select,
// amounts, concentrations; without any, all species.
func selections(m *model.Model, r SimulateRequest) (record []compile.Selection, columns []string) {
	add := func(id string, as compile.As) {
		record = append(record, compile.Selection{ID: id, As: as})
		columns = append(columns, id)
	}
	for _, id := range r.Select {
		if id != "time" {
			add(id, compile.Default)
		}
	}
	for _, id := range r.Amounts {
		add(id, compile.Amount)
	}
	for _, id := range r.Concentrations {
		add(id, compile.Concentration)
	}
	if len(record) == 0 {
		for _, s := range m.Species {
			add(s.ID, compile.Default)
		}
	}
	if len(record) == 0 {
		for _, rule := range m.Rules {
			if rule.Kind == model.Rate {
				add(rule.Variable, compile.Default)
			}
		}
	}
	return record, columns
}

func actionFor(m *model.Model, target string) (compile.Action, error) {
	for _, s := range m.Species {
		if s.ID != target {
			continue
		}
		amount := model.Sym("dose")
		if !s.SubstanceOnly && s.Compartment != "" {
			amount = model.Call("divide", amount, model.Sym(s.Compartment))
		}
		return compile.Action{ID: "dose:" + target, DoseSymbol: "dose", Assignments: []model.EventAssignment{
			{Variable: target, Math: model.Call("plus", model.Sym(target), amount)}}}, nil
	}
	for _, p := range m.Parameters {
		if p.ID == target {
			return compile.Action{ID: "dose:" + target, DoseSymbol: "dose", Assignments: []model.EventAssignment{
				{Variable: target, Math: model.Call("plus", model.Sym(target), model.Sym("dose"))}}}, nil
		}
	}
	var known []string
	for _, s := range m.Species {
		known = append(known, s.ID)
	}
	return compile.Action{}, fmt.Errorf("the model has no species %q to dose; %s", target, diag.DidYouMean(target, known))
}
