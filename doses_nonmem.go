package thymus

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"

	"thymus/diag"
	"thymus/regimen"
	"thymus/report"
	"thymus/sim"
)

// IsDoseRecords says whether a file of doses is a table as NONMEM has it; a file that
// cannot be read is none.
func IsDoseRecords(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && regimen.IsRecords(string(text))
}

// Compartments lists what a dose table can name by number: the species that can change, in
// the order of the model, then other quantities with rate rules.
func (a *App) Compartments(name string) ([]sim.Compartment, error) {
	m, ms := a.anyModel(name)
	if ms.HasErrors() {
		return nil, ms
	}
	list, ms := sim.Compartments(m)
	return list, ms.Err()
}

// RecordsRequest is the simulation of every individual of a dose table as NONMEM has it.
// Start, End and Steps of the simulation count only with Grid.
type RecordsRequest struct {
	SimulateRequest
	Grid         bool // rows at Steps+1 equally spaced times, instead of one a record
	Observations bool // rows only for records with EVID 0 and MDV 0
	Forward      bool // values of a record hold from it on, not over the interval before it
	Workers      int
}

// IndividualResult is one individual's rows. Failure says why they end early.
type IndividualResult struct {
	ID       string
	Times    []float64
	Values   [][]float64 // [column][row]
	Failure  error
	Warnings []string
	Steps    int
}

// RecordsResult sums up a finished simulation.
type RecordsResult struct {
	Model       string
	Individuals int
	Rows        int
	Steps       int
	Failed      int
	Messages    diag.Messages
}

// SimulateRecords follows every individual of a dose table. Before the first one, begin is
// told the columns; then deliver is called with each result, in the order of the table.
// Memory holds the table's text and a few individuals, however many there are.
func (a *App) SimulateRecords(ctx context.Context, r RecordsRequest, begin func(columns []string) error, deliver func(IndividualResult) error) (*RecordsResult, error) {
	m, ms := a.anyModel(r.Model)
	if ms.HasErrors() {
		return nil, ms
	}
	place := diag.Place{Src: &diag.Source{Name: r.Model}}
	text, err := os.ReadFile(r.Doses)
	if err != nil {
		return nil, diag.Messages{diag.FileError(r.Doses, err)}
	}
	t, more := sim.OpenDoses(m, &diag.Source{Name: r.Doses, Text: string(text)}, r.Set)
	if ms = append(ms, more...); more.HasErrors() {
		return nil, ms
	}
	var times []float64
	if r.Grid {
		if !(r.End > r.Start) || math.IsInf(r.End-r.Start, 0) {
			return nil, diag.Messages{diag.Errorf(place, "the end (%g) must lie after the start (%g)", r.End, r.Start)}
		}
		if r.Steps < 1 || r.Steps > 10_000_000 {
			return nil, diag.Messages{diag.Errorf(place, "%d steps: expected 1 to 10000000", r.Steps)}
		}
		times = sim.Times(r.Start, r.End, r.Steps)
	}
	record, columns := selections(m, r.SimulateRequest)
	if len(record) == 0 {
		return nil, diag.Messages{diag.Errorf(place, "the model has no species and no rate rule: name columns with --select")}
	}
	plan, more := t.Plan(sim.Config{Record: record, Method: r.Method, Rtol: r.Rtol}, r.Atol)
	if ms = append(ms, more...); more.HasErrors() {
		return nil, ms
	}
	out := &RecordsResult{Model: m.ID, Individuals: t.Records.Len(), Messages: ms}
	if err := begin(columns); err != nil {
		return nil, err
	}
	follow := func(w *sim.Worker, k int) IndividualResult {
		one := t.Records.Individual(k)
		res := IndividualResult{ID: one.ID}
		h := sim.History{Individual: one, Forward: r.Forward, Times: times}
		if times != nil && h.Back() {
			res.Values = make([][]float64, len(columns))
			res.Failure = fmt.Errorf("ID %s: a reset sets time back, so that rows at equally spaced times have no meaning", one.ID)
			return res
		}
		traj, failure := w.Follow(sim.Patient{Number: k, Values: t.Set}, h)
		if failure != nil {
			_, cause, _ := strings.Cut(failure.Error(), ": ")
			res.Failure = fmt.Errorf("ID %s: %s", one.ID, cause)
		}
		res.Times, res.Values, res.Warnings, res.Steps = traj.Times, traj.Values, traj.Warnings, traj.Stats.Accepted
		if r.Observations && times == nil {
			res.keep(one.Records)
		}
		return res
	}
	err = sim.Each(ctx, t.Records.Len(), max(r.Workers, 1), plan.NewWorker, follow, func(_ int, res IndividualResult) error {
		out.Rows += len(res.Times)
		out.Steps += res.Steps
		if res.Failure != nil {
			out.Failed++
		}
		return deliver(res)
	})
	return out, err
}

// keep leaves the rows of observations.
func (r *IndividualResult) keep(records []regimen.Record) {
	n := 0
	for i := range r.Times {
		if records[i].Event != regimen.Observation || records[i].Missing {
			continue
		}
		r.Times[n] = r.Times[i]
		for _, v := range r.Values {
			v[n] = v[i]
		}
		n++
	}
	r.Times = r.Times[:n]
	for i := range r.Values {
		r.Values[i] = r.Values[i][:n]
	}
}

// mostCurves bounds what one plot shows.
const mostCurves = 60

// PlotRecords draws one curve for every individual and column to a file ending in .svg
// or .png.
func PlotRecords(path, title string, columns []string, all []IndividualResult) error {
	if n := len(columns) * len(all); n > mostCurves {
		return diag.Messages{diag.Errorf((&diag.Source{Name: path}).Whole(), "the plot would have %d curves, at most %d are drawn", n, mostCurves).
			WithHelp("name fewer columns with --select, or write a table with --out")}
	}
	plot := report.Plot{Title: title, X: "time"}
	for _, one := range all {
		for i, c := range columns {
			plot.Series = append(plot.Series, report.Series{Name: one.ID + " " + c, X: one.Times, Y: one.Values[i]})
		}
	}
	if strings.HasSuffix(path, ".png") {
		return writeFile(path, plot.PNG)
	}
	return writeFile(path, plot.SVG)
}
