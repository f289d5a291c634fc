package thymus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
	"thymus/report"
	"thymus/store"
	"thymus/table"
	"thymus/trial"
)

// RunRequest is one run of a trial.
type RunRequest struct {
	Trial    string // name in the library, or path of a trial file
	Patients int    // 0: as the trial says
	Workers  int    // 0: the number of processors
	Seed     uint64
	SeedSet  bool   // whether Seed replaces the trial's own
	Out      string // results folder; "": results/TRIAL, numbered when it exists
	// Continuous treats the last cells of a clone as continuous, so that none dies out.
	Continuous bool
	Resume     string // folder of an interrupted run; then everything else is taken from it
	Language   string // of the report: en or fr
	Progress   func(done, total int)
}

// RunSummary is a finished run.
type RunSummary struct {
	Folder   string
	Result   *trial.Result
	Warnings diag.Messages
}

// JSON is what `thymus run --json` prints.
func (s *RunSummary) JSON() any {
	type estimate struct {
		Endpoint  string   `json:"endpoint"`
		Title     string   `json:"title"`
		Arm       string   `json:"arm"`
		Statistic string   `json:"statistic"`
		Unit      string   `json:"unit,omitempty"`
		N         int      `json:"n"`
		Estimate  *float64 `json:"estimate"`
		Lo        *float64 `json:"lo"`
		Hi        *float64 `json:"hi"`
	}
	type agreement struct {
		Row       string   `json:"row"`
		Study     string   `json:"study"`
		Endpoint  string   `json:"endpoint"`
		Arm       string   `json:"arm"`
		Published *float64 `json:"published"`
		Predicted *float64 `json:"predicted"`
		Lo        *float64 `json:"predicted_lo"`
		Hi        *float64 `json:"predicted_hi"`
		Agrees    bool     `json:"agrees"`
		Rule      string   `json:"rule"`
	}
	out := struct {
		Trial      string      `json:"trial"`
		Folder     string      `json:"folder"`
		Patients   int         `json:"patients"`
		Failed     int         `json:"failed"`
		Estimates  []estimate  `json:"estimates"`
		Agreement  []agreement `json:"agreement"`
		Disclaimer string      `json:"disclaimer"`
	}{Trial: s.Result.Spec.ID, Folder: s.Folder, Patients: s.Result.Patients, Failed: s.Result.FailedPatients(), Disclaimer: Disclaimer}
	number := func(v float64) *float64 {
		if v != v || v-v != 0 {
			return nil
		}
		return &v
	}
	for _, e := range s.Result.Endpoints {
		for _, a := range e.ByArm {
			out.Estimates = append(out.Estimates, estimate{e.Endpoint.ID, e.Endpoint.Title, a.Arm, a.Statistic, e.Endpoint.Unit, a.N, number(a.Value), number(a.Lo), number(a.Hi)})
		}
	}
	for _, a := range s.Result.Agreement {
		out.Agreement = append(out.Agreement, agreement{a.Row, a.Study, a.Endpoint, a.Arm, number(a.Published), number(a.Predicted), number(a.PredictedLo), number(a.PredictedHi), a.Agrees, a.Rule})
	}
	return out
}

var tableNames = []string{"patients", "endpoints", "trajectories"}

const (
	trialFile      = "trial.yaml"
	populationFile = "population.yaml"
	modelFile      = "patient.ant"
)

// Run runs a trial, or finishes an interrupted run, and writes tables, manifest, summary
// and report. An input error leaves nothing behind.
func (a *App) Run(ctx context.Context, r RunRequest) (*RunSummary, error) {
	if r.Language == "" {
		r.Language = "en"
	}
	if !report.HasLanguage(r.Language) {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no report in language %q", r.Language).WithHelp("en or fr")}
	}
	if r.Workers == 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	var run *store.Run
	var p *trial.Prepared
	var err error
	if r.Resume != "" {
		run, p, err = a.resume(&r)
	} else {
		run, p, err = a.begin(r)
	}
	if err != nil {
		return nil, err
	}
	if !run.Finished() {
		err = p.Run(ctx, trial.RunOptions{
			Workers:  r.Workers,
			Have:     func(k int) bool { return run.HasChunk(k, tableNames) },
			Keep:     func(k int, t trial.Tables) error { return run.WriteChunk(k, t.List()) },
			Progress: r.Progress,
		})
		if err != nil {
			if errors.Is(err, context.Canceled) {
				return nil, fmt.Errorf("%w; go on with: thymus run --resume %s", err, run.Dir)
			}
			return nil, err
		}
	}
	var tables []*table.Table
	if run.Finished() {
		tables, err = run.Tables(tableNames)
	} else {
		tables, err = run.Finish(tableNames, statusOf)
	}
	if err != nil {
		return nil, err
	}
	result, err := trial.Analyse(p, trial.Tables{Patients: tables[0], Endpoints: tables[1], Trajectories: tables[2]}, Version)
	if err != nil {
		return nil, err
	}
	if err := run.WriteFile("summary.csv", func(w io.Writer) error { return report.Summary(w, result) }); err != nil {
		return nil, err
	}
	if err := run.WriteFile("report.html", func(w io.Writer) error { return report.HTML(w, result, r.Language) }); err != nil {
		return nil, err
	}
	return &RunSummary{Folder: run.Dir, Result: result, Warnings: p.Warnings}, nil
}

// trialSource finds a trial by path or by name.
func (a *App) trialSource(name string) (*diag.Source, diag.Messages) {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.ContainsRune(name, filepath.Separator) {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, diag.Messages{diag.FileError(name, err).WithHelp("a name without .yaml is looked up in the library: %s", strings.Join(a.lib.Names("trial"), ", "))}
		}
		return &diag.Source{Name: name, Text: string(text)}, nil
	}
	return a.lib.TrialSource(name)
}

func (a *App) prepare(src, pop *diag.Source, patients int, seed *uint64, continuous bool) (*trial.Prepared, diag.Messages) {
	s, ms := trial.ReadTrial(src)
	if ms.HasErrors() {
		return nil, ms
	}
	if patients > 0 {
		s.Size = patients
	}
	if seed != nil {
		s.Seed = *seed
	}
	s.Continuous = continuous
	if pop == nil {
		var more diag.Messages
		if pop, more = a.lib.PopulationSource(s.Population); more.HasErrors() {
			for i := range more {
				more[i].At = s.PopulationAt()
			}
			return nil, more
		}
	}
	ps, more := trial.ReadPopulation(pop)
	if ms = append(ms, more...); more.HasErrors() {
		return nil, ms
	}
	p, more := trial.Prepare(s, ps, a.lib)
	return p, append(ms, more...)
}

func (a *App) begin(r RunRequest) (*store.Run, *trial.Prepared, error) {
	src, ms := a.trialSource(r.Trial)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	var seed *uint64
	if r.SeedSet {
		seed = &r.Seed
	}
	p, ms := a.prepare(src, nil, r.Patients, seed, r.Continuous)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	dir := r.Out
	if dir == "" {
		dir = store.Free(filepath.Join("results", p.Spec.ID))
	}
	backend, err := backendOf(p)
	if err != nil {
		return nil, nil, err
	}
	run, err := store.Create(dir, manifestOf(p, backend), map[string]string{
		trialFile: src.Text, populationFile: p.Population.Source.Text, modelFile: antimony.Write(p.Document)})
	if errors.Is(err, store.ErrExists) {
		return nil, nil, diag.Messages{diag.Errorf(diag.Place{Src: &diag.Source{Name: dir}}, "the results folder exists and is not empty").
			WithHelp("choose another with --out, or finish the run in it with --resume %s", dir)}
	}
	return run, p, err
}

// backendOf is how patients will be simulated; an unknown choice is an input error.
func backendOf(p *trial.Prepared) (string, error) {
	name, err := p.Plan.Backend()
	if err != nil {
		return "", diag.Messages{diag.Errorf(diag.Place{}, "%v", err)}
	}
	return name, nil
}

func manifestOf(p *trial.Prepared, backend string) store.Manifest {
	s := p.Spec
	settings := map[string]string{"method": s.Solver.Method, "rtol": model.FormatNumber(s.Solver.Rtol), "design": s.Design}
	if s.Solver.Method == "" {
		settings["method"] = Methods()[0]
	}
	if s.Solver.Rtol == 0 {
		settings["rtol"] = "1e-06"
	}
	var discrete []string
	for _, d := range p.Discrete {
		discrete = append(discrete, d.String())
	}
	settings["discrete"] = strings.Join(discrete, ", ")
	return store.Manifest{Version: Version, Trial: s.ID, ModelHash: model.Hash(p.Model), Seed: s.Seed, Patients: s.Size, Replicates: s.Replicates,
		Settings: settings, Backend: backend + " " + runtime.GOARCH, ChunkSize: trial.ChunkSize, Chunks: p.Chunks(), Disclaimer: Disclaimer}
}

// resume opens an interrupted run and prepares the same trial again.
func (a *App) resume(r *RunRequest) (*store.Run, *trial.Prepared, error) {
	run, err := store.Open(r.Resume)
	if err != nil {
		return nil, nil, diag.Messages{diag.Errorf(diag.Place{Src: &diag.Source{Name: r.Resume}}, "%v", err)}
	}
	text := map[string]string{}
	for _, name := range []string{trialFile, populationFile, modelFile} {
		if text[name], err = run.Input(name); err != nil {
			return nil, nil, err
		}
	}
	p, ms := a.prepare(&diag.Source{Name: filepath.Join(run.Dir, trialFile), Text: text[trialFile]}, &diag.Source{Name: filepath.Join(run.Dir, populationFile), Text: text[populationFile]},
		run.Manifest.Patients, &run.Manifest.Seed, run.Manifest.Settings["discrete"] == "")
	if ms.HasErrors() {
		return nil, nil, ms
	}
	backend, err := backendOf(p)
	if err != nil {
		return nil, nil, err
	}
	return run, p, run.Continues(manifestOf(p, backend))
}

// statusOf lists the fate of every patient.
func statusOf(tables []*table.Table) store.Status {
	s := store.Status{Counts: map[string]int{}, Retries: map[string]int{}}
	t := tables[0]
	replicate, _ := t.Ints("replicate")
	patient, _ := t.Ints("patient")
	arm, _ := t.Strings("arm")
	status, _ := t.Strings("status")
	cause, _ := t.Strings("cause")
	retry, _ := t.Strings("retry")
	for i := range status {
		s.Counts[status[i]]++
		if retry[i] != "" {
			s.Retries[retry[i]]++
		}
		s.Patients = append(s.Patients, store.PatientStatus{Replicate: int(replicate[i]), Patient: int(patient[i]), Arm: arm[i], Status: status[i], Cause: cause[i], Retry: retry[i]})
	}
	sort.SliceStable(s.Patients, func(i, j int) bool {
		a, b := s.Patients[i], s.Patients[j]
		if a.Replicate != b.Replicate {
			return a.Replicate < b.Replicate
		}
		return a.Patient < b.Patient
	})
	return s
}

// WriteTable writes a table to a file ending in .csv or .parquet.
func WriteTable(path string, t *table.Table) error {
	if strings.HasSuffix(path, ".parquet") {
		return store.WriteParquet(path, t)
	}
	return writeFile(path, t.WriteCSV)
}

// WritePlot draws a simulation to a file ending in .svg or .png.
func WritePlot(path string, r *SimulateResult) error {
	plot := report.Plot{Title: r.Model, X: "time"}
	for _, c := range r.Table.Columns[1:] {
		plot.Series = append(plot.Series, report.Series{Name: c.Name, X: r.Table.Columns[0].F, Y: c.F})
	}
	if strings.HasSuffix(path, ".png") {
		return writeFile(path, plot.PNG)
	}
	return writeFile(path, plot.SVG)
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = write(f)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
