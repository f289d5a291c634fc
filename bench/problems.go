package bench

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/regimen"
	"thymus/rng"
	"thymus/sim"
)

//go:embed problems
var files embed.FS

// Problem is a model with doses, outputs and patients.
type Problem struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	End     float64  `json:"end"`     // horizon, from 0 [model time]
	Outputs int      `json:"outputs"` // equally spaced times after the start
	Atol    float64  `json:"atol"`    // at rtol 1e-6, of every state
	Doses   []Dose   `json:"doses"`
	Vary    []string `json:"vary"` // constants that differ between patients
	Text    string   `json:"-"`    // the model, in Antimony
}

// Dose adds Amount to the state Target at time At, and again Every so often, Times times
// in all (0: once).
type Dose struct {
	Target string  `json:"target"`
	Amount float64 `json:"amount"`
	At     float64 `json:"at"`
	Every  float64 `json:"every"`
	Times  int     `json:"times"`
}

// Problems lists the problems, the smallest first.
func Problems() []Problem {
	text, err := files.ReadFile("problems/problems.json")
	if err != nil {
		panic("bench: " + err.Error())
	}
	var list []Problem
	if err := json.Unmarshal(text, &list); err != nil {
		panic("bench: problems.json: " + err.Error())
	}
	for i := range list {
		text, err := files.ReadFile("problems/" + list[i].ID + ".ant")
		if err != nil {
			panic("bench: " + err.Error())
		}
		list[i].Text = string(text)
	}
	return list
}

// Names lists the problems' names.
func Names() []string {
	var names []string
	for _, p := range Problems() {
		names = append(names, p.ID)
	}
	return names
}

// Find gives a problem by its name.
func Find(id string) (Problem, error) {
	for _, p := range Problems() {
		if p.ID == id {
			return p, nil
		}
	}
	return Problem{}, fmt.Errorf("there is no problem %q; there are %s", id, strings.Join(Names(), ", "))
}

// times are the recorded times, the start included.
func (p *Problem) times() []float64 {
	t := make([]float64, p.Outputs+1)
	for k := range t {
		t[k] = p.End * float64(k) / float64(p.Outputs)
	}
	return t
}

// dose is one dose at one time.
type dose struct {
	time   float64
	target string
	amount float64
}

// doses lists every dose in order of time.
func (p *Problem) doses() []dose {
	var list []dose
	for _, d := range p.Doses {
		for k := range max(1, d.Times) {
			list = append(list, dose{d.At + float64(k)*d.Every, d.Target, d.Amount})
		}
	}
	return list
}

// Model reads the problem's model.
func (p *Problem) Model() (*model.Model, error) {
	src := &diag.Source{Name: p.ID + ".ant", Text: p.Text}
	doc, ms := antimony.Read(src, nil)
	if ms.HasErrors() {
		return nil, ms
	}
	m, ms := model.Flatten(doc, p.ID)
	if ms.HasErrors() {
		return nil, ms
	}
	return m, nil
}

// Settings say how a problem is solved.
type Settings struct {
	Rtol     float64 // 0: 1e-6
	Atol     float64 // share of the problem's absolute tolerance; 0: Rtol/1e-6, at most 1
	Method   string  // of ode.Options
	Backend  string  // of kernel.Backends; "": the best
	MaxSteps int     // of ode.Options
}

// Plan is a problem made ready to be solved.
type Plan struct {
	Problem Problem
	States  []string
	Backend string        // what solves it
	Startup time.Duration // from the model's text until the first step was made

	plan     *sim.Plan
	schedule sim.Schedule
	base     []float64 // by Vary: the model's value
}

// Plan compiles the problem and solves the first patient for a moment.
func (p *Problem) Plan(s Settings) (*Plan, error) {
	began := time.Now()
	if s.Rtol == 0 {
		s.Rtol = 1e-6
	}
	if s.Atol == 0 {
		s.Atol = min(1, s.Rtol/1e-6)
	}
	m, err := p.Model()
	if err != nil {
		return nil, err
	}
	out := &Plan{Problem: *p}
	config := sim.Config{Model: m, Method: s.Method, Rtol: s.Rtol, Atol: map[string]float64{}, MaxSteps: s.MaxSteps, Backend: s.Backend}
	for _, x := range m.Species {
		if !x.Boundary && !x.Constant {
			out.States = append(out.States, x.ID)
		}
	}
	for _, r := range m.Rules {
		if r.Kind == model.Rate {
			out.States = append(out.States, r.Variable)
		}
	}
	for _, id := range out.States {
		config.Record = append(config.Record, compile.Selection{ID: id})
		config.Atol[id] = p.Atol * s.Atol
	}
	routes := map[string]bool{}
	out.schedule = sim.Schedule{End: p.End, Times: p.times()}
	for _, d := range p.doses() {
		if !routes[d.target] {
			routes[d.target] = true
			config.Actions = append(config.Actions, compile.Action{ID: d.target, DoseSymbol: "dose",
				Assignments: []model.EventAssignment{{Variable: d.target, Math: model.Call("plus", model.Sym(d.target), model.Sym("dose"))}}})
		}
		out.schedule.Doses = append(out.schedule.Doses, sim.Dose{Hold: -1, Intervention: regimen.Intervention{Time: d.time, Action: d.target, Amount: d.amount}})
	}
	plan, ms := sim.Build(config)
	if ms.HasErrors() {
		return nil, ms
	}
	out.plan = plan
	if out.Backend, err = plan.Backend(); err != nil {
		return nil, err
	}
	constants := map[string]float64{}
	for _, c := range plan.Program().Constants() {
		constants[c.ID] = c.Value
	}
	for _, id := range p.Vary {
		v, ok := constants[id]
		if !ok {
			return nil, fmt.Errorf("problem %s varies %q, which is no constant of the model", p.ID, id)
		}
		out.base = append(out.base, v)
	}
	short := out.schedule
	short.End, short.Times = p.End*1e-9, short.Times[:1]
	if _, err := out.run(context.Background(), short, 1, 1, nil); err != nil {
		return nil, err
	}
	out.Startup = time.Since(began)
	return out, nil
}

// patientSeed is the seed of the problems' patients.
const patientSeed = 1

// spread is the coefficient of variation of what varies.
const spread = 0.3

// Patient is virtual patient k.
func (p *Plan) Patient(k int) sim.Patient {
	pt := sim.Patient{Number: k}
	sigma := lognormalSigma(spread)
	for i, id := range p.Problem.Vary {
		z := rng.New(rng.Key{Seed: patientSeed, Patient: k, Purpose: "bench " + p.Problem.ID + " " + id}).Normal()
		pt.Values = append(pt.Values, sim.Setting{ID: id, Value: p.base[i] * lognormal(sigma, z)})
	}
	return pt
}
