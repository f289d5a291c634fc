package thymus

import (
	"thymus/compile"
	"thymus/diag"
)

// CompileReport is what a pass of the compiler made of a model.
type CompileReport struct {
	Model string `json:"model"`
	Pass  string `json:"pass"`
	Text  string `json:"text"`
}

// Passes describes the passes of the compiler in order.
func Passes() []compile.PassInfo { return compile.Passes() }

// Compile compiles a model file, a module or a trial of the library as for a simulation, and
// prints what a pass made of it.
func (a *App) Compile(name, pass string) (*CompileReport, error) {
	p, id, err := a.program(name)
	if err != nil {
		return nil, err
	}
	text, err := p.Print(pass)
	if err != nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "%v", err)}
	}
	return &CompileReport{Model: id, Pass: pass, Text: text}, nil
}

// program compiles what a name stands for.
func (a *App) program(name string) (*compile.Program, string, error) {
	if kind, err := a.kindOf(name); err == nil && kind == "trial" {
		src, ms := a.lib.TrialSource(name)
		if ms.HasErrors() {
			return nil, "", ms
		}
		p, ms := a.prepare(src, nil, RunRequest{})
		if ms.HasErrors() {
			return nil, "", ms
		}
		return p.Plan.Program(), name, nil
	}
	m, ms := a.anyModel(name)
	if ms.HasErrors() {
		return nil, "", ms
	}
	p, ms := compile.Compile(m, compile.Options{Discontinuities: true})
	if ms.HasErrors() {
		return nil, "", ms
	}
	return p, m.ID, nil
}
