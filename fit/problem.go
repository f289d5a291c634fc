package fit

import (
	"context"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"

	"thymus/diag"
	"thymus/library"
	"thymus/model"
	"thymus/population"
	"thymus/stats"
	"thymus/trial"
)

// Options say how a fit is run.
type Options struct {
	Workers     int
	Version     string
	Patients    int     // 0: as the fit says
	Evaluations int     // 0: as the fit says
	Seed        *uint64 // nil: as the fit says
	// Limit, when not nil, is asked once, after the first evaluation, how many there may be:
	// a budget in time becomes a number, which the record states.
	Limit    func() int
	Progress func(evaluation, of int, best float64)
	// Journal, when not nil, gets every evaluation as it is made; Known is the journal of an
	// interrupted run, whose evaluations are not made again.
	Journal io.Writer
	Known   *Journal
	// Keep, when not nil, gets an unfinished record of the best point so far: at each better
	// point, and before the profiles.
	Keep func(*Record) error
}

// Problem is a fit ready to be run.
type Problem struct {
	Spec     *Spec
	Warnings diag.Messages
	o        Options
	trials   []*prepared
	knobs    [][]*trial.Knob // by parameter
	units    []string
	tables   []float64          // what the tables and populations state of the parameters
	template []Term             // of the first evaluation
	noise    map[string]float64 // sampling error of the virtual arm on a term's scale, fixed at the start
	scales   map[string]string
	count    int // evaluations so far
	cache    map[string]evaluation
}

type prepared struct {
	id   string
	p    *trial.Prepared
	rows map[string]bool
}

// Term is one published number set beside its prediction.
type Term struct {
	Row, Trial, Endpoint, Arm string
	What                      string // the statistic, or "spread": the standard deviation between patients
	Scale                     string // log or linear
	Published, Predicted      float64
	Sigma                     float64 // on the scale
	Residual                  float64
	Bound                     string // "lower" or "upper": what lies beyond a published bound is no error
}

func (t Term) key() string {
	return strings.Join([]string{t.Row, t.Trial, t.Endpoint, t.Arm, t.What}, "|")
}

// worst stands for the residual of a row that nothing was predicted for, and for all
// patients failing.
const worst = 10

// Prepare finds the fit's trials, rows and parameters. The messages have places in the file.
func Prepare(s *Spec, lib *library.Library, o Options) (*Problem, diag.Messages) {
	b := &Problem{Spec: s, o: o, noise: map[string]float64{}, scales: map[string]string{}, cache: map[string]evaluation{}}
	if o.Patients > 0 {
		s.Patients = o.Patients
	}
	if o.Evaluations > 0 {
		s.Evaluations = o.Evaluations
	}
	if o.Seed != nil {
		s.Seed = *o.Seed
	}
	evidence, ms := lib.Evidence()
	if ms.HasErrors() {
		return nil, ms
	}
	usable := map[string]bool{}
	for _, e := range evidence {
		usable[e.ID] = e.Use == "calibration" && e.Status == "verified"
	}
	chosen := map[string]bool{}
	for _, id := range s.Rows {
		chosen[id] = true
	}
	excluded := map[string]bool{}
	for _, x := range s.Excluded {
		excluded[x.Row] = true
	}
	named := map[string]bool{}
	for i, name := range s.Trials {
		at := s.places.Place("trials", i)
		t, rows, more := prepareTrial(name, at, s, lib, func(row string) bool {
			named[row] = true
			return usable[row] && !excluded[row] && (s.Rows == nil || chosen[row])
		})
		ms = append(ms, more...)
		if t == nil {
			continue
		}
		if len(rows) == 0 {
			ms = append(ms, diag.Errorf(at, "trial %s predicts no row of this fit", name).WithHelp("leave it out, or see its evidence: section"))
			continue
		}
		b.trials = append(b.trials, &prepared{id: name, p: t, rows: rows})
	}
	for i, id := range s.Rows {
		if !named[id] {
			ms = append(ms, diag.Errorf(s.places.Place("rows", i), "no trial of this fit predicts row %s", id))
		}
	}
	for _, x := range s.Excluded {
		if !named[x.Row] {
			ms = append(ms, diag.Errorf(x.At, "no trial of this fit predicts row %s", x.Row).WithHelp("it need not be excluded"))
		}
	}
	for i := range s.Parameters {
		if len(b.trials) < len(s.Trials) {
			break // what is missing would be said of every parameter
		}
		ms = append(ms, b.find(&s.Parameters[i], i, lib)...)
	}
	if ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	b.Warnings = ms
	return b, ms
}

func prepareTrial(name string, at diag.Place, s *Spec, lib *library.Library, fits func(row string) bool) (*trial.Prepared, map[string]bool, diag.Messages) {
	src, ms := lib.TrialSource(name)
	if ms.HasErrors() {
		for i := range ms {
			ms[i].At = at
		}
		return nil, nil, ms
	}
	t, ms := trial.ReadTrial(src)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	t.Size, t.Replicates, t.Seed = s.Patients, 1, s.Seed
	p, more := trial.Load(t, nil, lib)
	if ms = append(ms, more...); more.HasErrors() {
		return nil, nil, ms
	}
	rows := map[string]bool{}
	for _, c := range t.Evidence {
		if fits(c.Row) {
			rows[c.Row] = true
		}
	}
	p.Focus(rows)
	return p, rows, ms
}

// try sets knobs to the bounds, then to the value before the fit.
func (x *Parameter) try(list ...*trial.Knob) error {
	for _, k := range list {
		for _, v := range []float64{x.Lower, x.Upper, x.Median} {
			if err := k.Set(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// findInPopulation finds parameter i among the numbers of a population, in the trials of it.
func (b *Problem) findInPopulation(x *Parameter, i int, lib *library.Library) diag.Messages {
	at := b.Spec.places.Place("parameters", i, "population")
	src, ms := lib.PopulationSource(x.Population)
	if ms.HasErrors() {
		for k := range ms {
			ms[k].At = at
		}
		return ms
	}
	p, ms := trial.ReadPopulation(src)
	if ms.HasErrors() {
		return ms
	}
	n, ok := p.Number(x.ID)
	switch {
	case !ok:
		return diag.Messages{diag.Errorf(x.At, "the population %s states no number %q", x.Population, x.ID).WithHelp("%s", strings.TrimSpace(diag.DidYouMean(x.ID, p.Numbers())+" a number of a module's table needs module: instead"))}
	case x.Of == "value" && n.Value == nil:
		return diag.Messages{diag.Errorf(x.At, "the population %s states no value of %s", x.Population, x.ID).WithHelp("a number of a module's table needs module: instead")}
	case x.Of != "value" && n.Spread.Args[x.Of] == 0:
		return diag.Messages{diag.Errorf(x.At, "the population %s states no spread of %s with %s=", x.Population, x.ID, x.Of).WithHelp("a number of a module's table needs module: instead")}
	}
	unit := n.Unit
	var all []*trial.Knob
	for _, t := range b.trials {
		if t.p.Population.ID != p.ID {
			continue
		}
		k, err := t.p.PopulationKnob(x.ID, x.Of)
		if err == nil {
			err = x.try(k)
		}
		if err != nil {
			return diag.Messages{diag.Errorf(x.At, "%v", err)}
		}
		all = append(all, k)
		for _, q := range t.p.Model.Parameters {
			if q.ID == x.ID && n.Section == "parameters" {
				unit = q.Unit
			}
		}
	}
	if len(all) == 0 {
		return diag.Messages{diag.Errorf(at, "no trial of this fit has the population %s", x.Population)}
	}
	b.units = append(b.units, unit)
	b.knobs = append(b.knobs, all)
	if x.Of != "value" {
		return b.before(x, n.Spread.Args[x.Of], n.SpreadSource == SourceOf(b.Spec.ID))
	}
	return b.before(x, *n.Value, n.Source == SourceOf(b.Spec.ID))
}

// before notes what is stated of a parameter now, and warns where that is not the prior's
// median: of a number that this fit set itself, that is so by nature.
func (b *Problem) before(x *Parameter, v float64, own bool) diag.Messages {
	b.tables = append(b.tables, v)
	if t := x.to(v); math.IsNaN(t) || math.IsInf(t, 0) {
		return diag.Messages{diag.Errorf(x.At, "%s is %s, which has no place on a %s scale", x.Name(), model.FormatNumber(v), x.Transform).WithHelp("choose another transform")}
	}
	if own || v == x.Median {
		return nil
	}
	return diag.Messages{diag.Warnf(x.At, "%s is %s now; the prior's median is %s", x.Name(), model.FormatNumber(v), model.FormatNumber(x.Median)).WithHelp("the record states both, and \"before\" is what is stated now")}
}

// find finds parameter i in its module's table and in the trials.
func (b *Problem) find(x *Parameter, i int, lib *library.Library) diag.Messages {
	if x.Population != "" {
		return b.findInPopulation(x, i, lib)
	}
	e, ms := lib.Module(x.Module)
	if ms.HasErrors() {
		for k := range ms {
			if ms[k].At.Src == nil {
				ms[k].At = b.Spec.places.Place("parameters", i, "module")
			}
		}
		return ms
	}
	var ids []string
	for _, row := range e.Rows() {
		ids = append(ids, row.ID)
		if row.ID != x.ID {
			continue
		}
		if row.Value == nil {
			return diag.Messages{diag.Errorf(x.At, "the row %s of %s has no value", x.ID, x.Module)}
		}
		b.units = append(b.units, row.Unit)
		var all []*trial.Knob
		for _, t := range b.trials {
			list, err := t.p.Knobs(row.At, x.Of)
			if err != nil {
				return diag.Messages{diag.Errorf(x.At, "%v", err)}
			}
			if err := x.try(list...); err != nil {
				return diag.Messages{diag.Errorf(x.At, "%v", err)}
			}
			all = append(all, list...)
		}
		if len(all) == 0 {
			return diag.Messages{diag.Errorf(x.At, "no trial of this fit depends on %s", x.Name()).WithHelp("the trials do not have the module, or their populations replace the number")}
		}
		b.knobs = append(b.knobs, all)
		if x.Of != "value" {
			spread, _ := population.ParseSpread(row.Spread, row.SpreadAt)
			return b.before(x, spread.Args[x.Of], strings.Contains(row.Note, markOf(b.Spec.ID)+","))
		}
		return b.before(x, *row.Value, row.Source == SourceOf(b.Spec.ID))
	}
	return diag.Messages{diag.Errorf(x.At, "the parameter table of %s has no row %q", x.Module, x.ID).WithHelp("%s", diag.DidYouMean(x.ID, ids))}
}

// evaluation is what the model predicts at a point.
type evaluation struct {
	terms    []Term
	failures float64 // residual of failed patients
	failed   int
	patients int
	data     []float64 // residuals after the loss: rows, then failures
	prior    []float64
}

// cost is -2 log of the posterior density but for a constant.
func (e evaluation) cost() float64 { return e.dataCost() + sumOfSquares(e.prior) }

func (e evaluation) dataCost() float64 { return sumOfSquares(e.data) }

func sumOfSquares(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v * v)
	}
	return sum
}

// evaluate runs every trial at values of the parameters, in the tables' units.
func (b *Problem) evaluate(ctx context.Context, values []float64) (evaluation, error) {
	key := fmt.Sprint(values)
	if e, ok := b.cache[key]; ok {
		return e, nil
	}
	line, known := b.o.Known.at(values)
	var e evaluation
	if known = known && b.count > 0; known {
		e = b.recalled(line)
	} else {
		var err error
		if e, err = b.simulated(ctx, values); err != nil {
			return e, err
		}
	}
	for i := range e.terms {
		b.residual(&e.terms[i])
		e.data = append(e.data, b.loss(e.terms[i].Residual))
	}
	e.failures = worst * math.Sqrt(float64(e.failed)/math.Max(1, float64(e.patients)))
	e.data = append(e.data, e.failures)
	for i, p := range b.Spec.Parameters {
		e.prior = append(e.prior, (p.to(values[i])-p.to(p.Median))/p.SD)
	}
	if b.count++; b.count == 1 {
		b.template = e.terms
		if b.o.Limit != nil {
			b.Spec.Evaluations = max(1, b.o.Limit())
		}
	}
	b.cache[key] = e
	if !known {
		return e, b.note(values, e)
	}
	return e, nil
}

// simulated runs every trial at values of the parameters; residuals are not computed yet.
func (b *Problem) simulated(ctx context.Context, values []float64) (evaluation, error) {
	var e evaluation
	for i, v := range values {
		for _, k := range b.knobs[i] {
			if err := k.Set(v); err != nil {
				return e, fmt.Errorf("%s: %w", b.Spec.Parameters[i].Name(), err)
			}
		}
	}
	first := b.count == 0
	for _, t := range b.trials {
		resamples := 0
		if first {
			resamples = 400
		}
		list, failed, n, err := t.p.Predict(ctx, b.o.Workers, resamples)
		if err != nil {
			return e, err
		}
		e.failed += failed
		e.patients += n
		for _, a := range list {
			e.terms = append(e.terms, b.terms(t.id, a, first)...)
		}
	}
	return e, nil
}

// freedom is that of the student loss.
const freedom = 4

// loss turns a residual into one whose square is -2 log of the density.
func (b *Problem) loss(r float64) float64 {
	if b.Spec.Loss != "student" {
		return r
	}
	return math.Copysign(math.Sqrt((freedom+1)*math.Log1p(r*r/freedom)), r)
}

// terms makes the terms of an agreement: its value, and the spread between patients where
// that was published; none of a verdict of significance. At the first evaluation they note the sampling error of the virtual
// arm, which then stays, so that nothing is gained by noise.
func (b *Problem) terms(id string, a trial.Agreement, first bool) []Term {
	var out []Term
	if math.IsNaN(a.Published) || strings.HasPrefix(a.Statistic, "significant") {
		return nil // a verdict has no slope
	}
	t := Term{Row: a.Row, Trial: id, Endpoint: a.Endpoint, Arm: a.Arm, What: a.Statistic, Published: a.Published, Predicted: a.Predicted, Bound: a.Bound}
	if first {
		t.Scale = "linear"
		statistic, _, _ := strings.Cut(a.Statistic, " ")
		switch statistic {
		case "geometric-mean", "ratio", "odds-ratio", "hazard-ratio", "sd":
			if a.Published > 0 {
				t.Scale = "log"
			}
		}
		b.scales[t.key()] = t.Scale
		b.noise[t.key()] = virtualNoise(a, t.Scale)
	}
	t.Scale = b.scales[t.key()]
	published := publishedSigma(a, t.Scale)
	t.Sigma = math.Hypot(published, b.noise[t.key()])
	if t.Sigma > 0 {
		out = append(out, t)
	}
	if a.PublishedSD > 0 && a.PublishedN > 2 {
		s := t
		s.What, s.Scale, s.Published, s.Predicted, s.Bound = "spread", "log", a.PublishedSD, a.PredictedSD, ""
		if first {
			b.noise[s.key()] = 1 / math.Sqrt(2*math.Max(1, float64(a.PredictedN-1)))
			b.scales[s.key()] = s.Scale
		}
		// (n-1) s^2 is sigma^2 times a chi-square of n-1: the logarithm of s has sd 1/sqrt(2(n-1))
		s.Sigma = math.Hypot(1/math.Sqrt(2*float64(a.PublishedN-1)), b.noise[s.key()])
		out = append(out, s)
	}
	return out
}

// normal95 is the width of a normal distribution's 95 % interval in standard deviations,
// normal90 that of the 90 % interval.
var normal95, normal90 = 2 * stats.Z(0.95), 2 * stats.Z(0.90)

// within stands for the published error where no interval was published, relative.
const within = 0.125

// publishedSigma is the standard error of the published figure: of its interval (Wilson's for
// rates), of the spread between patients, or an eighth of the value.
func publishedSigma(a trial.Agreement, scale string) float64 {
	interval := !strings.HasPrefix(a.Rule, "within") && a.Bound == ""
	if interval && math.IsNaN(a.PublishedHi) { // open above: as wide there as below
		a.PublishedHi = 2*a.Published - a.PublishedLo
		if scale == "log" && a.PublishedLo > 0 {
			a.PublishedHi = a.Published * a.Published / a.PublishedLo
		}
	}
	size := math.Max(1, float64(a.PublishedN))
	switch {
	case interval && scale == "log" && a.PublishedLo > 0:
		return math.Log(a.PublishedHi/a.PublishedLo) / normal95
	case interval && scale == "log":
		return (a.PublishedHi - a.PublishedLo) / normal95 / a.Published
	case interval:
		return (a.PublishedHi - a.PublishedLo) / normal95
	case scale == "log" && strings.HasPrefix(a.Statistic, "sd"):
		return 1 / math.Sqrt(2*math.Max(1, size-1))
	case scale == "log":
		return within
	case a.PublishedSD > 0 && a.PublishedN > 1:
		sigma := a.PublishedSD / math.Sqrt(size)
		if strings.HasPrefix(a.Statistic, "median") {
			sigma *= math.Sqrt(math.Pi / 2)
		}
		return sigma
	}
	return within * math.Abs(a.Published)
}

// virtualNoise is the sampling error of the virtual arm: for shares by the published share,
// otherwise from replicate trials.
func virtualNoise(a trial.Agreement, scale string) float64 {
	n := math.Max(1, float64(a.PredictedN))
	if a.ShareOf > 0 {
		p := math.Min(math.Max(a.Published/a.ShareOf, 0.5/n), 1-0.5/n)
		return a.ShareOf * math.Sqrt(p*(1-p)/n)
	}
	size := float64(a.PublishedN)
	if size < 1 {
		size = 30
	}
	lo, hi := a.PredictedLo, a.PredictedHi
	if scale == "log" {
		if !(lo > 0) {
			return 0
		}
		lo, hi = math.Log(lo), math.Log(hi)
	}
	sd := (hi - lo) / normal90 * math.Sqrt(size/math.Max(1, float64(a.PredictedOf)))
	if math.IsNaN(sd) || math.IsInf(sd, 0) {
		return 0
	}
	return sd
}

// residual computes the term's residual; a prediction that is no number counts as far off.
func (b *Problem) residual(t *Term) {
	d := t.Predicted - t.Published
	if t.Scale == "log" {
		d = math.Log(t.Predicted / t.Published)
	}
	if t.Bound == "lower" && d > 0 || t.Bound == "upper" && d < 0 {
		d = 0
	}
	t.Residual = d / t.Sigma
	switch {
	case math.IsNaN(t.Residual) || math.IsInf(t.Residual, 1):
		t.Residual = worst
	case math.IsInf(t.Residual, -1):
		t.Residual = -worst
	}
}

// Rows lists the rows that are fitted, in alphabetical order.
func (b *Problem) Rows() []string {
	seen := map[string]bool{}
	for _, t := range b.trials {
		for r := range t.rows {
			seen[r] = true
		}
	}
	var out []string
	for r := range seen {
		out = append(out, r)
	}
	sort.Strings(out)
	return out
}
