package thymus

import (
	"thymus/diag"
	"thymus/flux"
)

// FluxResult is the best steady state of a model.
type FluxResult struct {
	Model    string
	Problem  *flux.Problem
	Solution *flux.Solution
	Warnings diag.Messages
}

// Flux finds the best steady state of a model file by linear programming: for its active
// objective, or for the one named. That there is none is a result and no error.
func (a *App) Flux(name, objective string) (*FluxResult, error) {
	m, ms := a.anyModel(name)
	if ms.HasErrors() {
		return nil, ms
	}
	p, more := flux.New(m, objective)
	if more.HasErrors() {
		for i := range more {
			if more[i].At.Src == nil {
				more[i].At = diag.Place{Src: &diag.Source{Name: name}}
			}
		}
		return nil, append(ms, more...)
	}
	return &FluxResult{Model: m.ID, Problem: p, Solution: p.Solve(), Warnings: append(ms, more...)}, nil
}
