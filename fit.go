package thymus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"thymus/diag"
	"thymus/fit"
	"thymus/report"
)

// FitRequest asks for a fit.
type FitRequest struct {
	Fit         string // name in the library
	Patients    int    // of each trial in one evaluation; 0: as the fit says
	Workers     int    // 0: the number of processors
	Evaluations int    // of the search; 0: as the fit says
	// Limit, when not nil, says after the first evaluation how many the search may take.
	Limit    func() int
	Seed     uint64
	SeedSet  bool
	Out      string // file of the record; "": fits/NAME.record.yaml in the user's library, else results/fits/NAME.record.yaml
	Progress func(evaluation, of int, best float64)
}

// FitSummary is a finished fit.
type FitSummary struct {
	File     string
	Record   *fit.Record
	Warnings diag.Messages
}

// readFit reads a fit of the library.
func (a *App) readFit(name string) (*fit.Spec, diag.Messages) {
	src, ms := a.lib.FitSource(name)
	if ms.HasErrors() {
		return nil, ms
	}
	rows, ms := a.lib.Evidence()
	if ms.HasErrors() {
		return nil, ms
	}
	return fit.Read(src, rows)
}

// Fit calibrates parameters to published figures and writes the record of it.
func (a *App) Fit(ctx context.Context, r FitRequest) (*FitSummary, error) {
	spec, ms := a.readFit(r.Fit)
	if ms.HasErrors() {
		return nil, ms
	}
	if r.Out == "" {
		r.Out = filepath.Join("results", "fits", r.Fit+".record.yaml")
		if a.folder != "" {
			r.Out = filepath.Join(a.folder, "fits", r.Fit+".record.yaml")
		}
		if err := os.MkdirAll(filepath.Dir(r.Out), 0o777); err != nil {
			return nil, err
		}
	}
	if err := CanWrite(r.Out); err != nil {
		return nil, diag.Messages{diag.FileError(r.Out, err)}
	}
	o := fit.Options{Workers: workersOr(r.Workers), Version: Version, Patients: r.Patients, Evaluations: r.Evaluations, Limit: r.Limit, Progress: r.Progress}
	if r.SeedSet {
		o.Seed = &r.Seed
	}
	problem, more := fit.Prepare(spec, a.lib, o)
	if ms = append(ms, more...); more.HasErrors() {
		return nil, ms
	}
	record, err := problem.Run(ctx)
	if err != nil {
		return nil, err
	}
	if err := writeFile(r.Out, record.Write); err != nil {
		return nil, err
	}
	return &FitSummary{File: r.Out, Record: record, Warnings: problem.Warnings}, nil
}

// fitRecord reads the record of a fit; nil when there is none.
func (a *App) fitRecord(name string) (*fit.Record, diag.Messages) {
	src := a.lib.RecordSource(name)
	if src == nil {
		return nil, nil
	}
	return fit.ReadRecord(src)
}

// usedForFitting says which evidence rows the library's records used, and by which fits.
func (a *App) usedForFitting() (map[string][]string, diag.Messages) {
	used := map[string][]string{}
	var ms diag.Messages
	for _, name := range a.lib.Names("fit") {
		r, more := a.fitRecord(name)
		ms = append(ms, more...)
		if r == nil {
			continue
		}
		for row := range r.UsedRows() {
			used[row] = append(used[row], name)
		}
	}
	return used, ms
}

// ApplyFit writes the values of a fit's record into the parameter tables of the user's
// library, and names the files that it changed.
func (a *App) ApplyFit(name, recordFile string) ([]string, error) {
	if a.folder == "" {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "the built-in library cannot be changed").WithHelp("give a folder that holds the tables: --library DIR")}
	}
	src := a.lib.RecordSource(name)
	if recordFile != "" {
		text, err := os.ReadFile(recordFile)
		if err != nil {
			return nil, diag.Messages{diag.FileError(recordFile, err)}
		}
		src = &diag.Source{Name: recordFile, Text: string(text)}
	}
	if src == nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "fit %s has no record", name).WithHelp("%s", strings.TrimSpace(diag.DidYouMean(name, a.lib.Names("fit"))+" run it first: thymus fit "+name))}
	}
	r, ms := fit.ReadRecord(src)
	if ms.HasErrors() {
		return nil, ms
	}
	texts := map[string]string{}
	var order []string
	for _, p := range r.Parameters {
		target, what, apply, more := a.fitted(p, r, src)
		if ms = append(ms, more...); target == nil {
			continue
		}
		if _, done := texts[target.Name]; done {
			continue
		}
		if inside, err := filepath.Rel(a.folder, target.Name); err != nil || strings.HasPrefix(inside, "..") {
			ms = append(ms, diag.Errorf(diag.Place{Src: src}, "the folder %s does not have the %s", a.folder, what).WithHelp("copy %s into it", target.Name))
			continue
		}
		text, more := apply()
		ms = append(ms, more...)
		texts[target.Name] = text
		order = append(order, target.Name)
	}
	if ms.HasErrors() {
		return nil, ms
	}
	for _, file := range order {
		if err := os.WriteFile(file, []byte(texts[file]), 0o644); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// fitted is the file that states a fitted number, what that is, and how a record is written
// into it; nil, with messages, when there is none.
func (a *App) fitted(p fit.Fitted, r *fit.Record, record *diag.Source) (file *diag.Source, what string, apply func() (string, diag.Messages), ms diag.Messages) {
	if p.Population != "" {
		src, ms := a.lib.PopulationSource(p.Population)
		if ms.HasErrors() {
			return nil, "", nil, ms
		}
		return src, "file of population " + p.Population, func() (string, diag.Messages) { return fit.ApplyToPopulation(src, r) }, ms
	}
	e, ms := a.lib.Module(p.Module)
	if ms.HasErrors() {
		return nil, "", nil, ms
	}
	if len(e.Tables) == 0 || e.Tables[0] == nil {
		return nil, "", nil, append(ms, diag.Errorf(diag.Place{Src: record}, "module %s has no parameter table", p.Module))
	}
	table := e.Tables[0].Src
	return table, "table of module " + p.Module, func() (string, diag.Messages) { return fit.Apply(table, p.Module, r) }, ms
}

// showFit describes a fit and what its record says.
func (a *App) showFit(name, language string) (*View, error) {
	s, ms := a.readFit(name)
	if ms.HasErrors() {
		return nil, ms
	}
	v := &View{Kind: "fit", Name: name, Title: report.TitleIn(language, s.Title, s.TitleFR), Story: s.Story, Disclaimer: Disclaimer}
	for _, t := range s.Trials {
		v.Parts = append(v.Parts, "trial "+t)
	}
	v.Fits = s.Lines()
	r, ms := a.fitRecord(name)
	if ms.HasErrors() {
		return nil, ms
	}
	if r == nil {
		v.Fits = append(v.Fits, "not run yet: thymus fit "+name)
		return v, nil
	}
	v.Fits = append(v.Fits, "", fmt.Sprintf("%s: %d evaluations, %d rows, sum of squares %.4g before, %.4g after", r.Command, r.Evaluations, len(r.UsedRows()), r.CostBefore, r.CostAfter))
	for _, p := range r.Parameters {
		v.Fits = append(v.Fits, fmt.Sprintf("%s: %.4g to %.4g (95 %% %.3g to %.3g), told by the data %.0f %%, %s", p.Name(), p.Before, p.After, p.Lo, p.Hi, 100*p.Told(), p.Verdict))
	}
	v.Fits = append(v.Fits, r.Directions...)
	return v, nil
}
