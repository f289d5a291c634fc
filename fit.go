package thymus

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	Limit   func() int
	Seed    uint64
	SeedSet bool
	Out     string // file of the record; "": fits/NAME.record.yaml in the user's library, else results/fits/NAME.record.yaml
	// Resume goes on with an interrupted run, with its numbers of patients and evaluations and its seed.
	Resume   bool
	Progress func(evaluation, of int, best float64)
	// Warn, when not nil, is told before the search what is noteworthy, and how many evaluations
	// an interrupted run has left.
	Warn func(warnings diag.Messages, evaluations int)
}

// FitSummary is a finished fit.
type FitSummary struct {
	File   string
	Record *fit.Record
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

// fitFiles are where a fit writes: its record when it is finished; until then, beside it, an
// unfinished record of the best point so far, and a journal of all evaluations.
func fitFiles(out string) (unfinished, journal string) {
	base := strings.TrimSuffix(strings.TrimSuffix(out, ".yaml"), ".record")
	return base + ".unfinished.record.yaml", base + ".evaluations.tsv"
}

// openJournal makes the journal of a run, or opens that of an interrupted one.
func openJournal(file string, r FitRequest) (*os.File, *fit.Journal, error) {
	text, err := os.ReadFile(file)
	switch {
	case !r.Resume && err == nil:
		return nil, nil, diag.Messages{diag.Errorf(diag.Place{}, "a run of fit %s was interrupted; its evaluations stand in %s", r.Fit, file).WithHelp("go on with it: --resume; or remove the file to begin anew")}
	case !r.Resume && os.IsNotExist(err):
		f, err := os.Create(file)
		return f, nil, err
	case os.IsNotExist(err):
		return nil, nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no interrupted run of fit %s: %s does not exist", r.Fit, file).WithHelp("leave out --resume, or name the record of that run with --out")}
	case err != nil:
		return nil, nil, err
	}
	known, ms := fit.ReadJournal(&diag.Source{Name: file, Text: string(text)}, r.Fit)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	if err := replaceFile(file, func(w io.Writer) error { _, err := io.WriteString(w, known.Kept); return err }); err != nil {
		return nil, nil, err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0o666)
	return f, known, err
}

// Fit calibrates parameters to published figures and writes the record of it. What it has
// evaluated outlives an interruption: Resume goes on from there and comes to the same record.
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
	unfinished, file := fitFiles(r.Out)
	journal, known, err := openJournal(file, r)
	if err != nil {
		return nil, err
	}
	defer journal.Close()
	o.Journal = journal
	if known != nil {
		o.Known, o.Patients, o.Evaluations, o.Seed, o.Limit = known, known.Patients, known.Evaluations, known.Seed, nil
	}
	o.Keep = func(u *fit.Record) error { return replaceFile(unfinished, u.Write) }
	problem, more := fit.Prepare(spec, a.lib, o)
	if ms = append(ms, more...); more.HasErrors() {
		if known == nil {
			os.Remove(file)
		}
		return nil, ms
	}
	if r.Warn != nil {
		r.Warn(problem.Warnings, known.Len())
	}
	record, err := problem.Run(ctx)
	switch {
	case err != nil && record == nil:
		if known == nil {
			os.Remove(file)
		}
		return nil, err
	case err != nil:
		if e := o.Keep(record); e != nil {
			return nil, errors.Join(err, e)
		}
		return nil, fmt.Errorf("%w; after %d evaluations the best point stands in %s; go on with the same command and --resume", err, record.Evaluations, unfinished)
	}
	if err := replaceFile(r.Out, record.Write); err != nil {
		return nil, err
	}
	for _, name := range []string{unfinished, file} {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	return &FitSummary{File: r.Out, Record: record}, nil
}

// fitRecord reads the record of a fit; nil when there is none.
func (a *App) fitRecord(name string) (*fit.Record, diag.Messages) {
	src := a.lib.RecordSource(name)
	if src == nil {
		return nil, nil
	}
	r, ms := fit.ReadRecord(src)
	if r != nil && r.Unfinished != "" {
		ms = append(ms, diag.Errorf(diag.Place{Src: src}, "the record of fit %s is not finished: it was written during the %s", name, r.Unfinished).WithHelp("remove it; a finished record is written by thymus fit %s", name))
	}
	return r, ms
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
	if r.Unfinished != "" {
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src}, "the record of fit %s is not finished: it was written during the %s", name, r.Unfinished).WithHelp("go on with it first: thymus fit %s --resume", name)}
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
