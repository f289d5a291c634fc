package thymus

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"thymus/diag"
	"thymus/report"
	"thymus/store"
	"thymus/trial"
)

// ValidateRequest asks for every trial that names evidence.
type ValidateRequest struct {
	Only     string   // "calibration" or "validation": show rows of this use only; "": both
	Trials   []string // names; none: every trial of the library that names evidence
	Patients int      // 0: as each trial says
	Workers  int      // 0: the number of processors
	Out      string   // folder; "": results/validation, numbered when it exists
	Language string   // of the pages: en or fr
	Progress func(done, total int)
	Began    func(trial string, i, of int)
}

// ValidateSummary is a finished validation.
type ValidateSummary struct {
	Folder     string         `json:"folder"`
	Trials     []string       `json:"trials"`
	Tallies    []report.Tally `json:"tallies"`
	Parts      map[string]int `json:"verified_rows_of_simulated_studies"`
	Misses     []string       `json:"misses"`
	Stale      []string       `json:"agree_with_a_note,omitempty"`     // rows that agree while their note gives a reason for a miss
	Bare       []string       `json:"misses_without_a_note,omitempty"` // rows that do not agree and whose trial says nothing of it
	Failed     int            `json:"failed_patients"`
	Incomplete []string       `json:"incomplete,omitempty"` // trials that could not simulate every patient
	Disclaimer string         `json:"disclaimer"`
}

// Validate runs every trial that names published figures and writes, beside each trial's
// own folder, validation.csv, validation.md and validation.html.
func (a *App) Validate(ctx context.Context, r ValidateRequest) (*ValidateSummary, error) {
	if r.Only != "" && r.Only != "calibration" && r.Only != "validation" {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there are no rows of use %q", r.Only).WithHelp("calibration or validation")}
	}
	if err := reportLanguage(&r.Language); err != nil {
		return nil, err
	}
	all, named, ms := a.evidenceTrials(r.Trials)
	if ms.HasErrors() {
		return nil, ms
	}
	rows, ms := a.lib.Evidence()
	if ms.HasErrors() {
		return nil, ms
	}
	if r.Out == "" {
		r.Out = store.Free(filepath.Join("results", "validation"))
	}
	if list, err := os.ReadDir(r.Out); err == nil && len(list) > 0 {
		return nil, diag.Messages{notEmpty(r.Out).WithHelp("choose another with --out")}
	}
	command := "thymus validate"
	if r.Only != "" {
		command += " --only " + r.Only
	}
	if r.Patients > 0 {
		command += fmt.Sprintf(" --patients %d", r.Patients)
	}
	for _, name := range r.Trials {
		command += " " + name
	}
	fitted, ms := a.usedForFitting()
	if ms.HasErrors() {
		return nil, ms
	}
	v := &report.Validation{Fitted: fitted, Version: Version, Command: command, Disclaimer: Disclaimer, Only: r.Only, Coverage: trial.Cover(all, rows)}
	s := &ValidateSummary{Folder: r.Out, Parts: map[string]int{}, Disclaimer: Disclaimer}
	for i, spec := range named {
		if r.Began != nil {
			r.Began(spec.ID, i, len(named))
		}
		run, err := a.Run(ctx, RunRequest{Trial: spec.ID, Patients: r.Patients, Workers: r.Workers, Out: filepath.Join(r.Out, spec.ID), Language: r.Language, Progress: r.Progress})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec.ID, err)
		}
		s.Trials = append(s.Trials, spec.ID)
		if n := run.Result.FailedPatients(); n > 0 {
			s.Failed += n
			s.Incomplete = append(s.Incomplete, fmt.Sprintf("%s: %d patients could not be simulated to the end; first: %s", run.Result.Spec.ID, n, run.Result.Failures[0].Cause))
		}
		v.Results = append(v.Results, run.Result)
		for _, m := range run.Result.Agreement {
			if r.Only != "" && m.Use != r.Only {
				continue
			}
			where := fmt.Sprintf("%s (%s)", m.Row, spec.ID)
			switch {
			case !m.Agrees:
				s.Misses = append(s.Misses, m.Row)
				if m.Note == "" {
					s.Bare = append(s.Bare, where)
				}
			case m.Note != "":
				s.Stale = append(s.Stale, where)
			}
		}
	}
	s.Tallies = v.Tallies()
	for _, p := range v.Parts() {
		s.Parts[string(p)] = v.Count(p)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"validation.csv", func(w io.Writer) error { return report.ValidationCSV(w, v) }},
		{"validation.md", func(w io.Writer) error { return report.ValidationMarkdown(w, v) }},
		{"validation.html", func(w io.Writer) error { return report.ValidationHTML(w, v, r.Language) }},
	} {
		var b strings.Builder
		if err := f.write(&b); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(r.Out, f.name), []byte(b.String()), 0o644); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// evidenceTrials reads the library's trials: all of them, and those to run.
func (a *App) evidenceTrials(names []string) (all, chosen []*trial.Spec, ms diag.Messages) {
	have := map[string]*trial.Spec{}
	for _, name := range a.lib.Names("trial") {
		src, more := a.lib.TrialSource(name)
		if ms = append(ms, more...); more.HasErrors() {
			continue
		}
		s, more := trial.ReadTrial(src)
		if ms = append(ms, more...); more.HasErrors() {
			continue
		}
		have[name] = s
		all = append(all, s)
		if len(names) == 0 && len(s.Evidence) > 0 {
			chosen = append(chosen, s)
		}
	}
	for _, name := range names {
		s, ok := have[name]
		switch {
		case !ok:
			ms = append(ms, diag.Errorf(diag.Place{}, "the library has no trial %q", name).WithHelp("%s", diag.DidYouMean(name, a.lib.Names("trial"))))
		case len(s.Evidence) == 0:
			ms = append(ms, diag.Errorf(diag.Place{}, "trial %s names no published figure", name).WithHelp("see its evidence: section"))
		default:
			chosen = append(chosen, s)
		}
	}
	return all, chosen, ms
}
