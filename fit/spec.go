package fit

import (
	"embed"
	"fmt"
	"math"
	"strings"

	"thymus/diag"
	"thymus/library"
	"thymus/trial"
)

//go:embed schema/*.json
var schemas embed.FS

// Schema is the published JSON Schema of "fit" or "record" files.
func Schema(name string) ([]byte, error) { return schemas.ReadFile("schema/" + name + ".schema.json") }

// Spec is a fit as its file states it.
type Spec struct {
	ID, Title, TitleFR, Story string
	Trials                    []string
	Rows                      []string // nil: every verified calibration row that the trials predict
	Excluded                  []Excluded
	Parameters                []Parameter
	Seed                      uint64
	Patients                  int // of each trial in one evaluation
	Evaluations               int // of the search
	Method                    string
	Step                      float64 // first step [standard deviations of the priors]
	Population                int     // points of a generation; 0: by the number of parameters
	Loss                      string  // normal or student
	At                        diag.Place
	places                    *trial.Document
}

// Excluded is a calibration row that is not fitted.
type Excluded struct {
	Row, Why string
	At       diag.Place
}

// Parameter is a number that is fitted: of a module's parameter table, or of a population.
type Parameter struct {
	Module       string // or Population
	Population   string
	ID           string // parameterId; of a population the flat id of a parameter, or a covariate
	Of           string // "value" or a number of the spread: "cv"
	Transform    string // log, logit, linear
	Lower, Upper float64
	Median       float64 // of the prior, in the table's unit: where the search starts
	SD           float64 // of the prior, on the transformed scale
	Source, Why  string
	At           diag.Place
}

// Name says which number it is.
func (p Parameter) Name() string {
	name := p.Module + p.Population + " " + p.ID
	if p.Of != "value" {
		name += " spread." + p.Of
	}
	return name
}

// to maps a value to the transformed scale, from maps back.
func (p Parameter) to(v float64) float64 {
	switch p.Transform {
	case "log":
		return math.Log(v)
	case "logit":
		return math.Log(v / (1 - v))
	}
	return v
}

func (p Parameter) from(t float64) float64 {
	switch p.Transform {
	case "log":
		return math.Exp(t)
	case "logit":
		return 1 / (1 + math.Exp(-t))
	}
	return t
}

// Read reads a fit. A row that is not of use calibration, or not verified, is an error.
func Read(src *diag.Source, evidence []library.EvidenceRow) (*Spec, diag.Messages) {
	var raw struct {
		Fit, Title, Story string
		TitleFR           string `json:"title_fr"`
		Trials, Rows      []string
		Exclude           []struct {
			Rows []string
			Why  string
		}
		Parameters []struct {
			Module, Population, ID, Of, Transform, Why string
			Lower, Upper                               float64
			Prior                                      struct {
				Median, SD float64
				Source     string
			}
		}
		Seed                  uint64
		Patients, Evaluations int
		Optimiser             struct {
			Method, Loss string
			Step         float64
			Population   int
		}
	}
	schema, err := Schema("fit")
	if err != nil {
		panic("fit: " + err.Error())
	}
	d, ms := trial.ReadDocument(src, "fit", schema, &raw)
	if ms.HasErrors() {
		return nil, ms
	}
	s := &Spec{ID: raw.Fit, Title: raw.Title, TitleFR: raw.TitleFR, Story: raw.Story, Trials: raw.Trials, Rows: raw.Rows, Seed: raw.Seed, Patients: raw.Patients,
		Evaluations: raw.Evaluations, Method: raw.Optimiser.Method, Step: raw.Optimiser.Step, Population: raw.Optimiser.Population, Loss: raw.Optimiser.Loss, At: d.Place("fit"), places: d}
	if s.Patients == 0 {
		s.Patients = 80
	}
	if s.Evaluations == 0 {
		s.Evaluations = 300
	}
	if s.Method == "" {
		s.Method = "cma-es"
	}
	if s.Step == 0 {
		s.Step = 0.5
	}
	if s.Loss == "" {
		s.Loss = "normal"
	}
	known := map[string]library.EvidenceRow{}
	var names []string
	for _, e := range evidence {
		known[e.ID] = e
		names = append(names, e.ID)
	}
	seen := map[string]diag.Place{}
	row := func(id string, at diag.Place) {
		e, ok := known[id]
		first, twice := seen[id]
		switch {
		case !ok:
			ms = append(ms, diag.Errorf(at, "there is no evidence row %q", id).WithHelp("%s", diag.DidYouMean(id, names)))
		case twice:
			ms = append(ms, diag.Errorf(at, "row %s stands twice", id).WithNote(first, "first here").WithHelp("keep one of the two"))
		case e.Use != "calibration":
			ms = append(ms, diag.Errorf(at, "row %s is kept for %s: no fit may use it", id, e.Use).WithHelp("fit rows of use calibration (see: thymus evidence --use calibration); a validation row is only compared, by thymus validate"))
		case e.Status != "verified":
			ms = append(ms, diag.Errorf(at, "row %s is %s, not verified: no fit may use it", id, e.Status).WithHelp("find the published figure and set its status first"))
		}
		seen[id] = at
	}
	for i, id := range raw.Rows {
		row(id, d.Place("rows", i))
	}
	if raw.Rows != nil && len(raw.Exclude) > 0 {
		ms = append(ms, diag.Errorf(d.Place("exclude"), "a fit names its rows or excludes some, not both").WithHelp("leave out rows: to fit all but the excluded"))
	}
	for i, x := range raw.Exclude {
		for k, id := range x.Rows {
			at := d.Place("exclude", i, "rows", k)
			row(id, at)
			s.Excluded = append(s.Excluded, Excluded{Row: id, Why: x.Why, At: at})
		}
	}
	twice := map[string]diag.Place{}
	for i, p := range raw.Parameters {
		of := strings.TrimPrefix(p.Of, "spread.")
		if of == "" {
			of = "value"
		}
		x := Parameter{Module: p.Module, Population: p.Population, ID: p.ID, Of: of, Transform: p.Transform, Lower: p.Lower, Upper: p.Upper, Median: p.Prior.Median, SD: p.Prior.SD, Source: p.Prior.Source, Why: p.Why, At: d.Place("parameters", i, "id")}
		low, high := math.Inf(-1), math.Inf(1)
		switch x.Transform {
		case "log":
			low = 0
		case "logit":
			low, high = 0, 1
		}
		switch {
		case (x.Module == "") == (x.Population == ""):
			ms = append(ms, diag.Errorf(x.At, "%s needs a module or a population", x.ID).WithHelp("module: whose parameter table has it, or population: which states it; one of the two"))
		case !(x.Lower < x.Upper):
			ms = append(ms, diag.Errorf(d.Place("parameters", i, "lower"), "lower %g is not below upper %g", x.Lower, x.Upper))
		case !(x.Lower > low && x.Upper < high):
			ms = append(ms, diag.Errorf(d.Place("parameters", i, "lower"), "a %s transform needs bounds inside %s", x.Transform, map[string]string{"log": "0 and infinity", "logit": "0 and 1"}[x.Transform]))
		case !(x.Median > x.Lower && x.Median < x.Upper):
			ms = append(ms, diag.Errorf(d.Place("parameters", i, "prior", "median"), "the prior's median %g does not lie between lower %g and upper %g", x.Median, x.Lower, x.Upper))
		}
		if first, ok := twice[x.Name()]; ok {
			ms = append(ms, diag.Errorf(x.At, "%s stands twice", x.Name()).WithNote(first, "first here").WithHelp("keep one of the two"))
		}
		twice[x.Name()] = x.At
		s.Parameters = append(s.Parameters, x)
	}
	have := map[string]bool{}
	for i, t := range s.Trials {
		if have[t] {
			ms = append(ms, diag.Errorf(d.Place("trials", i), "trial %s stands twice", t).WithHelp("keep one of the two"))
		}
		have[t] = true
	}
	if ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	return s, ms
}

// Lines says what is fitted, for display.
func (s *Spec) Lines() []string {
	var out []string
	for _, p := range s.Parameters {
		line := fmt.Sprintf("%s, %s, %g to %g, prior %g", p.Name(), p.Transform, p.Lower, p.Upper, p.Median)
		if p.Why != "" {
			line += ": " + p.Why
		}
		out = append(out, line)
	}
	return out
}
