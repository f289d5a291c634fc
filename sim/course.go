package sim

import (
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
)

// Course is one deterministic simulation of one model, recorded at equally spaced
// times: what `thymus simulate` and the outside suites ask for. A time that coincides
// with an event is recorded after it, as SBML's result tables do.
type Course struct {
	Model      *model.Model
	Start, End float64 // [model time]
	Steps      int     // Steps+1 equally spaced rows
	Record     []compile.Selection
	Set        []Setting // constants and initial values that differ from the model's
	SetAt      diag.Place
	Actions    []compile.Action
	Infusible  []string
	Doses      []Dose
	Method     string  // of ode.Options
	Rtol, Atol float64 // 0: 1e-8 and 1e-12, the latter for every state in its own unit
	MaxSteps   int     // of ode.Options
	Seed       uint64  // of Schedule
}

// Run compiles and simulates. Messages with errors mean that nothing was simulated; a
// failure stands beside the rows that came before it.
func (c Course) Run() (*Trajectory, diag.Messages, *Failure) {
	if c.Rtol == 0 {
		c.Rtol = 1e-8
	}
	if c.Atol == 0 {
		c.Atol = 1e-12
	}
	config := Config{
		Model: c.Model, Record: c.Record, Actions: c.Actions, Infusible: c.Infusible,
		Method: c.Method, Rtol: c.Rtol, Atol: map[string]float64{}, MaxSteps: c.MaxSteps, RecordAfter: true, Discontinuities: true,
	}
	for _, s := range c.Model.Species {
		config.Atol[s.ID] = c.Atol
	}
	for _, p := range c.Model.Parameters {
		config.Atol[p.ID] = c.Atol
	}
	for _, v := range c.Model.Compartments {
		config.Atol[v.ID] = c.Atol
	}
	plan, ms := Build(config)
	if ms.HasErrors() {
		return nil, ms, nil
	}
	for _, s := range c.Set {
		if _, ok := plan.Program().ConstantIndex(s.ID); !ok {
			var known []string
			for _, k := range plan.Program().Constants() {
				known = append(known, k.ID)
			}
			ms = append(ms, diag.Errorf(c.SetAt, "%s cannot be set: the model has no settable symbol of that name", s.ID).
				WithHelp("%s", diag.DidYouMean(s.ID, known)))
		}
	}
	if ms.HasErrors() {
		return nil, ms, nil
	}
	schedule := Schedule{Start: c.Start, End: c.End, Times: Times(c.Start, c.End, c.Steps), Doses: c.Doses, Seed: c.Seed}
	patient := Patient{Values: c.Set}
	worker := plan.NewWorker()
	begin, failure := worker.Settle(patient, c.Start)
	if failure != nil {
		return nil, ms, failure
	}
	trajectory, failure := worker.Run(patient, begin, schedule)
	return trajectory, ms, failure
}

// Times are steps+1 equally spaced times from start to end, both included.
func Times(start, end float64, steps int) []float64 {
	times := make([]float64, steps+1)
	for i := range times {
		times[i] = start + (end-start)*float64(i)/float64(steps)
	}
	return times
}
