package fit

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/trial"
)

// Record says what a fit did.
type Record struct {
	ID, Command, Version  string
	Seed                  uint64
	Patients, Evaluations int
	FailedPatients        int
	Method, Loss          string
	Unfinished            string // "", or what was being done when the record was written
	Trials                []string
	CostBefore, CostAfter float64 // data and priors
	DataBefore, DataAfter float64
	Parameters            []Fitted
	Correlation           [][]float64 // of the parameters on their transformed scales
	Directions            []string    // what the data tell least, in words
	Rows                  []Compared
	Excluded              []Excluded
}

// Fitted is a parameter before and after.
type Fitted struct {
	Module, Population      string // one of the two
	ID, Of, Unit, Transform string
	Lower, Upper            float64
	Prior, PriorSD          float64 // median in the table's unit; standard deviation on the transformed scale
	Before, After, Lo, Hi   float64 // as the table stated it, and as fitted, with the 95 % interval of the profile
	SD                      float64 // standard error on the transformed scale, by the Hessian
	Verdict                 Verdict
}

// Name says which number it is.
func (f Fitted) Name() string {
	return Parameter{Module: f.Module, Population: f.Population, ID: f.ID, Of: f.Of}.Name()
}

// Told is the share of the prior's variance that the data took away, by the Hessian: 0
// where they tell nothing of the parameter, 1 where they alone decide.
func (f Fitted) Told() float64 {
	if !(f.PriorSD > 0) {
		return math.NaN()
	}
	return math.Min(math.Max(1-f.SD*f.SD/f.PriorSD/f.PriorSD, 0), 1)
}

// verdict says what the data tell of a parameter: below and above say whether the profile's
// sum of squares, without priors, rises by the threshold on that side.
func (f Fitted) verdict(below, above bool) Verdict {
	switch {
	case below && above && f.Told() < half:
		return Weak
	case below && above:
		return Determined
	case below:
		return AtLeast
	case above:
		return AtMost
	}
	return NotDetermined
}

// half of a prior's variance: where the data take away less, the prior has the larger say.
const half = 0.5

// Verdict says what the data, without the prior, tell of a parameter within its bounds.
type Verdict string

// The verdicts.
const (
	Determined    Verdict = "determined"
	Weak          Verdict = "weakly determined: the prior says more than the data"
	AtLeast       Verdict = "one-sided: the data bound it from below"
	AtMost        Verdict = "one-sided: the data bound it from above"
	NotDetermined Verdict = "not determined: the prior decides"
	NotYet        Verdict = "not known: the fit is not finished"
)

// Compared is a term before and after.
type Compared struct {
	Term
	Before, After                 float64
	ResidualBefore, ResidualAfter float64
}

// UsedRows lists the rows that the fit used.
func (r *Record) UsedRows() map[string]bool {
	out := map[string]bool{}
	for _, c := range r.Rows {
		out[c.Row] = true
	}
	return out
}

func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "null"
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func quoted(s string) string { return strconv.Quote(s) }

// Write writes the record as YAML.
func (r *Record) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "record: %s\ncommand: %s\nversion: %s\nseed: %d\npatients: %d\nevaluations: %d\nfailed_patients: %d\nmethod: %s\nloss: %s\n",
		r.ID, quoted(r.Command), quoted(r.Version), r.Seed, r.Patients, r.Evaluations, r.FailedPatients, r.Method, r.Loss)
	if r.Unfinished != "" {
		fmt.Fprintf(&b, "unfinished: %s # of the best point so far; its values cannot be applied\n", r.Unfinished)
	}
	fmt.Fprintf(&b, "trials: [%s]\n", strings.Join(r.Trials, ", "))
	fmt.Fprintf(&b, "objective: {before: %s, after: %s, data_before: %s, data_after: %s}\n", number(r.CostBefore), number(r.CostAfter), number(r.DataBefore), number(r.DataAfter))
	b.WriteString("parameters:\n")
	for _, p := range r.Parameters {
		fmt.Fprintf(&b, "  - {%s: %s, id: %s, of: %s, unit: %s, transform: %s, lower: %s, upper: %s, prior: %s, prior_sd: %s,\n     before: %s, after: %s, lo95: %s, hi95: %s, sd: %s, verdict: %s}\n",
			map[bool]string{true: "population", false: "module"}[p.Population != ""], p.Module+p.Population, p.ID, p.Of, quoted(p.Unit), p.Transform, number(p.Lower), number(p.Upper), model.FormatNumber(p.Prior), number(p.PriorSD), model.FormatNumber(p.Before), model.FormatNumber(p.After), number(p.Lo), number(p.Hi), number(p.SD), quoted(string(p.Verdict)))
	}
	writeList(&b, "correlation", len(r.Correlation), func(i int) string {
		list := make([]string, len(r.Correlation[i]))
		for k, v := range r.Correlation[i] {
			list[k] = strconv.FormatFloat(v, 'f', 2, 64)
		}
		return "[" + strings.Join(list, ", ") + "]"
	})
	writeList(&b, "directions", len(r.Directions), func(i int) string { return quoted(r.Directions[i]) })
	writeList(&b, "rows", len(r.Rows), func(i int) string {
		c := r.Rows[i]
		return fmt.Sprintf("{row: %s, trial: %s, endpoint: %s, arm: %s, what: %s, scale: %s,\n     published: %s, sigma: %s, before: %s, after: %s, residual_before: %s, residual_after: %s}",
			c.Row, c.Trial, c.Endpoint, c.Arm, quoted(c.What), c.Scale, number(c.Published), number(c.Sigma), number(c.Before), number(c.After), number(c.ResidualBefore), number(c.ResidualAfter))
	})
	writeList(&b, "excluded", len(r.Excluded), func(i int) string {
		return fmt.Sprintf("{row: %s, why: %s}", r.Excluded[i].Row, quoted(r.Excluded[i].Why))
	})
	_, err := io.WriteString(w, b.String())
	return err
}

func writeList(b *strings.Builder, key string, n int, line func(i int) string) {
	if n == 0 {
		fmt.Fprintf(b, "%s: []\n", key)
		return
	}
	fmt.Fprintf(b, "%s:\n", key)
	for i := 0; i < n; i++ {
		fmt.Fprintf(b, "  - %s\n", line(i))
	}
}

// ReadRecord reads a record.
func ReadRecord(src *diag.Source) (*Record, diag.Messages) {
	type fitted struct {
		Module, Population, ID, Of, Unit, Transform, Verdict string
		Lower, Upper, Before, After                          float64
		Prior, SD                                            *float64
		Lo                                                   *float64 `json:"lo95"`
		Hi                                                   *float64 `json:"hi95"`
		PriorSD                                              float64  `json:"prior_sd"`
	}
	var raw struct {
		Record, Command, Version, Method, Loss, Unfinished string
		Seed                                               uint64
		Patients, Evaluations                              int
		FailedPatients                                     int `json:"failed_patients"`
		Trials                                             []string
		Objective                                          map[string]float64
		Parameters                                         []fitted
		Correlation                                        [][]float64
		Directions                                         []string
		Rows                                               []struct {
			Row, Trial, Endpoint, Arm, What, Scale string
			Published, Sigma                       float64
			Before, After                          *float64
			ResidualBefore                         float64 `json:"residual_before"`
			ResidualAfter                          float64 `json:"residual_after"`
		}
		Excluded []Excluded
	}
	schema, err := Schema("record")
	if err != nil {
		panic("fit: " + err.Error())
	}
	if _, ms := trial.ReadDocument(src, "record", schema, &raw); ms.HasErrors() {
		return nil, ms
	}
	r := &Record{ID: raw.Record, Command: raw.Command, Version: raw.Version, Seed: raw.Seed, Patients: raw.Patients, Evaluations: raw.Evaluations, FailedPatients: raw.FailedPatients,
		Method: raw.Method, Loss: raw.Loss, Unfinished: raw.Unfinished, Trials: raw.Trials, Correlation: raw.Correlation, Directions: raw.Directions, Excluded: raw.Excluded,
		CostBefore: raw.Objective["before"], CostAfter: raw.Objective["after"], DataBefore: raw.Objective["data_before"], DataAfter: raw.Objective["data_after"]}
	orNaN := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	for _, p := range raw.Parameters {
		prior := p.Before // records did not always tell the two apart
		if p.Prior != nil {
			prior = *p.Prior
		}
		r.Parameters = append(r.Parameters, Fitted{Module: p.Module, Population: p.Population, ID: p.ID, Of: p.Of, Unit: p.Unit, Transform: p.Transform, Lower: p.Lower, Upper: p.Upper, Prior: prior, PriorSD: p.PriorSD,
			Before: p.Before, After: p.After, Lo: orNaN(p.Lo), Hi: orNaN(p.Hi), SD: orNaN(p.SD), Verdict: Verdict(p.Verdict)})
	}
	for _, c := range raw.Rows {
		r.Rows = append(r.Rows, Compared{Term: Term{Row: c.Row, Trial: c.Trial, Endpoint: c.Endpoint, Arm: c.Arm, What: c.What, Scale: c.Scale, Published: c.Published, Predicted: orNaN(c.After), Sigma: c.Sigma, Residual: c.ResidualAfter},
			Before: orNaN(c.Before), After: orNaN(c.After), ResidualBefore: c.ResidualBefore, ResidualAfter: c.ResidualAfter})
	}
	return r, nil
}
