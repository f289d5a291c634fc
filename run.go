package thymus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
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
	// Until is the last day that is simulated, after the trial's own; 0: the trial's own.
	Until float64
	// Trajectories is how many patients' trajectories are kept, from the first on; below 0:
	// all; nil: trial.DefaultTrajectories.
	Trajectories *int
	Resume       string // folder of an interrupted run; then everything else is taken from it
	Language     string // of the report: en or fr
	Progress     func(done, total int)
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

// Tables of a run's chunks: those that are joined into files, and counts that only go into
// the percentiles over time, which are a table of their own.
var (
	joinedTables = []string{"patients", "endpoints", "trajectories"}
	chunkTables  = append(slices.Clone(joinedTables), "bins")
	bandsTable   = "bands"
)

const (
	trialFile      = "trial.yaml"
	populationFile = "population.yaml"
	modelFile      = "patient.ant"
)

// Keys of a manifest's settings that a run is continued with.
const (
	untilKey        = "until"
	trajectoriesKey = "trajectories"
)

// Run runs a trial, or finishes an interrupted run, and writes tables, manifest, summary
// and report. An input error leaves nothing behind.
func (a *App) Run(ctx context.Context, r RunRequest) (*RunSummary, error) {
	if err := reportLanguage(&r.Language); err != nil {
		return nil, err
	}
	r.Workers = workersOr(r.Workers)
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
	analysis := p.NewAnalysis()
	if run.Finished() {
		err = run.Each(append([]string{bandsTable}, joinedTables...), analysis.Add)
	} else {
		err = complete(ctx, r, run, p, analysis)
	}
	if err != nil {
		return nil, err
	}
	debug.FreeOSMemory() // what is free is in small pieces, and an analysis needs large ones
	result, err := analysis.Result(Version)
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

// workersOr is a number of workers: by default that of the processors.
func workersOr(n int) int {
	if n == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// complete computes the chunks that a run lacks, lets the analysis take in all of them in
// their order, and finishes the run.
func complete(ctx context.Context, r RunRequest, run *store.Run, p *trial.Prepared, analysis *trial.Analysis) error {
	taken := 0 // chunks that the analysis has
	upTo := func(k int) error {
		for ; taken < k; taken++ {
			if err := run.Chunk(taken, chunkTables, analysis.Add); err != nil {
				return err
			}
		}
		return nil
	}
	err := p.Run(ctx, trial.RunOptions{
		Workers: r.Workers,
		Have:    func(k int) bool { return run.HasChunk(k, chunkTables) },
		Keep: func(k int, t trial.Tables) error {
			if err := run.WriteChunk(k, t.List()); err != nil {
				return err
			}
			if err := upTo(k); err != nil {
				return err
			}
			taken++
			for _, x := range t.List() {
				if err := analysis.Add(x); err != nil {
					return err
				}
			}
			return nil
		},
		Progress: r.Progress,
	})
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w; go on with: thymus run --resume %s", err, run.Dir)
	}
	if err == nil {
		err = upTo(run.Manifest.Chunks)
	}
	if err != nil {
		return err
	}
	return run.Finish(joinedTables, []*table.Table{analysis.Bands()}, statusOf(analysis))
}

// trialSource finds a trial by path or by name.
func (a *App) trialSource(name string) (*diag.Source, diag.Messages) {
	if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.ContainsRune(name, filepath.Separator) {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, diag.Messages{diag.FileError(name, err).WithHelp("a name without .yaml is looked up in the library (see: thymus list trials)")}
		}
		return &diag.Source{Name: name, Text: string(text)}, nil
	}
	return a.lib.TrialSource(name)
}

// prepare reads and prepares a trial with what a request changes in it.
func (a *App) prepare(src, pop *diag.Source, r RunRequest) (*trial.Prepared, diag.Messages) {
	return a.prepareBy(src, pop, r, func(*trial.Spec) {})
}

// prepareBy is prepare with more changes than a request can say.
func (a *App) prepareBy(src, pop *diag.Source, r RunRequest, change func(*trial.Spec)) (*trial.Prepared, diag.Messages) {
	s, ms := trial.ReadTrial(src)
	if ms.HasErrors() {
		return nil, ms
	}
	if r.Patients > 0 {
		s.Size = r.Patients
	}
	if r.SeedSet {
		s.Seed = r.Seed
	}
	if r.Until != 0 {
		if !(r.Until >= s.End && r.Until <= 1e5) {
			return nil, append(ms, diag.Errorf(diag.Place{Src: src}, "the trial cannot be simulated until day %g", r.Until).WithHelp("it ends on day %g, and may go on to day 100000", s.End))
		}
		s.End = r.Until
	}
	if r.Trajectories != nil {
		s.Trajectories = *r.Trajectories
	}
	s.Continuous = r.Continuous
	change(s)
	p, more := trial.Load(s, pop, a.lib)
	return p, append(ms, more...)
}

func (a *App) begin(r RunRequest) (*store.Run, *trial.Prepared, error) {
	src, ms := a.trialSource(r.Trial)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	p, ms := a.prepare(src, nil, r)
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
		return nil, nil, diag.Messages{notEmpty(dir).WithHelp("choose another with --out, or finish the run in it with --resume %s", dir)}
	}
	return run, p, err
}

// reportLanguage completes and checks the language of a report.
func reportLanguage(language *string) error {
	if *language == "" {
		*language = "en"
	}
	if !report.HasLanguage(*language) {
		return diag.Messages{diag.Errorf(diag.Place{}, "there is no report in language %q", *language).WithHelp("en or fr")}
	}
	return nil
}

// notEmpty refuses a folder for results.
func notEmpty(dir string) diag.Message {
	return diag.Errorf(diag.Place{Src: &diag.Source{Name: dir}}, "the results folder exists and is not empty")
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
	settings[untilKey] = model.FormatNumber(s.End)
	settings[trajectoriesKey] = fmt.Sprint(s.Trajectories)
	return store.Manifest{Version: Version, Trial: s.ID, ModelHash: model.Hash(p.Model), Seed: s.Seed, Patients: s.Size, Replicates: s.Replicates,
		Settings: settings, Backend: backend + " " + runtime.GOARCH, ChunkSize: p.ChunkSize(), Chunks: p.Chunks(), Disclaimer: Disclaimer}
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
	again := RunRequest{Patients: run.Manifest.Patients, Seed: run.Manifest.Seed, SeedSet: true, Continuous: run.Manifest.Settings["discrete"] == ""}
	kept, err := strconv.Atoi(run.Manifest.Settings[trajectoriesKey])
	if err != nil {
		return nil, nil, fmt.Errorf("%s: trajectories: %w", run.Dir, err)
	}
	again.Trajectories = &kept
	if again.Until, err = strconv.ParseFloat(run.Manifest.Settings[untilKey], 64); err != nil {
		return nil, nil, fmt.Errorf("%s: until: %w", run.Dir, err)
	}
	p, ms := a.prepare(&diag.Source{Name: filepath.Join(run.Dir, trialFile), Text: text[trialFile]}, &diag.Source{Name: filepath.Join(run.Dir, populationFile), Text: text[populationFile]}, again)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	backend, err := backendOf(p)
	if err != nil {
		return nil, nil, err
	}
	return run, p, run.Continues(manifestOf(p, backend))
}

// statusOf says what became of the patients.
func statusOf(a *trial.Analysis) store.Status {
	s := store.Status{Counts: a.Counts, Retries: a.Retries, Patients: []store.PatientStatus{}}
	for _, f := range a.Fates {
		s.Patients = append(s.Patients, store.PatientStatus(f))
	}
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

// replaceFile writes a file in the place of an older one at once: whoever reads it, or ends the
// program, never has half of it.
func replaceFile(path string, write func(io.Writer) error) error {
	part := path + ".part"
	err := writeFile(part, write)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		os.Remove(part)
	}
	return err
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
