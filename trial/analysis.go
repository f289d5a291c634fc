package trial

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"thymus/antimony"
	"thymus/model"
	"thymus/sim"
	"thymus/stats"
	"thymus/table"
)

// mostFates is how many patients an analysis names one by one, of those that ended early
// or needed another way of solving.
const mostFates = 1000

// Fate is what became of one patient in one arm.
type Fate struct {
	Replicate, Patient        int
	Arm, Status, Cause, Retry string
}

// Analysis takes in the tables of a run piece by piece and keeps what a Result needs of
// them: counts, a number for each patient and endpoint, counts of observables in bins. The
// pieces of a table come in the order of patients.
type Analysis struct {
	p *Prepared

	Counts  map[string]int // patients in an arm, by status
	Retries map[string]int // by way of solving
	Fates   []Fate         // of patients not completed nor dropped, or retried; the first mostFates

	arms       []armSum
	screening  Screening
	reasons    []int
	lost       int
	last       [2]int64 // the patient of the last row
	any        bool
	covariates [][]float64
	levels     []map[string]int

	who       [][]identity // by arm
	endpoints [][]column   // by endpoint, arm

	lines      [][]line    // by arm
	exact      [][]float64 // by series, when every trajectory is there
	histograms []histogram // by series, otherwise
	bands      *table.Table
}

type armSum struct {
	result ArmResult
	doses  map[string]*doseSum
	failed []FailureLine
}

type doseSum struct {
	patients, n int
	total       float64
}

type identity struct{ replicate, patient int32 }

// column holds an endpoint of the patients of an arm, in their order. Yes and no have no
// values.
type column struct {
	flags  []uint8
	values []float64
}

const (
	flagMissing = 1 << iota
	flagCensored
	flagYes
)

// line is a patient whose trajectory is shown.
type line struct {
	patient int
	times   []float64
	values  [][]float64 // by observable
}

// NewAnalysis begins an analysis of a run.
func (p *Prepared) NewAnalysis() *Analysis {
	a := &Analysis{p: p, Counts: map[string]int{}, Retries: map[string]int{}, reasons: make([]int, len(p.Population.Plausible)),
		covariates: make([][]float64, len(p.covariates)), levels: make([]map[string]int, len(p.covariates)),
		who: make([][]identity, len(p.arms)), endpoints: make([][]column, len(p.endpoints)), lines: make([][]line, len(p.arms))}
	for i := range a.levels {
		a.levels[i] = map[string]int{}
	}
	for _, x := range p.arms {
		a.arms = append(a.arms, armSum{result: ArmResult{ID: x.spec.ID, Title: x.spec.Title}, doses: map[string]*doseSum{}})
	}
	for k := range p.arms {
		a.who[k] = make([]identity, 0, p.expected(k))
	}
	for i, e := range p.endpoints {
		a.endpoints[i] = make([]column, len(p.arms))
		for k := range p.arms {
			c := &a.endpoints[i][k]
			c.flags = make([]uint8, 0, p.expected(k))
			if e.Kind != "responder" {
				c.values = make([]float64, 0, p.expected(k))
			}
		}
	}
	for i, c := range p.covariates {
		if len(c.Levels) == 0 {
			a.covariates[i] = make([]float64, 0, p.Patients())
		}
	}
	if p.exactBands() {
		a.exact = make([][]float64, p.series())
	} else {
		a.histograms = make([]histogram, p.series())
	}
	return a
}

// Add takes in a piece of the table of that name.
func (a *Analysis) Add(t *table.Table) error {
	if err := t.Check(); err != nil {
		return err
	}
	switch t.Name {
	case "patients":
		return a.addPatients(t)
	case "endpoints":
		return a.addEndpoints(t)
	case "trajectories":
		return a.addTrajectories(t)
	case "bins":
		return a.addBins(t)
	case "bands":
		if a.bands == nil {
			a.bands = &table.Table{Name: "bands"}
		}
		return a.bands.AppendRows(t)
	}
	return fmt.Errorf("trial: a run has no table %q", t.Name)
}

func (p *Prepared) armIndex(id string) (int, error) {
	for i, a := range p.arms {
		if a.spec.ID == id {
			return i, nil
		}
	}
	return 0, fmt.Errorf("a table of the run names an arm %q, which the trial does not have", id)
}

// addPatients counts what became of patients, their covariates, screening and doses.
func (a *Analysis) addPatients(t *table.Table) error {
	arm, err := t.Strings("arm")
	if err != nil {
		return err
	}
	status, _ := t.Strings("status")
	cause, _ := t.Strings("cause")
	how, _ := t.Strings("start")
	refused, _ := t.Strings("refused")
	doses, _ := t.Strings("doses")
	retry, _ := t.Strings("retry")
	number, _ := t.Ints("patient")
	replicate, _ := t.Ints("replicate")
	attempts, _ := t.Ints("attempts")
	unsettled, err := t.Ints("unsettled")
	if err != nil {
		return err
	}
	for i := range arm {
		k, err := a.p.armIndex(arm[i])
		if err != nil {
			return err
		}
		if who := [2]int64{replicate[i], number[i]}; !a.any || who != a.last {
			a.any, a.last = true, who
			a.screening.Tried += int(attempts[i])
			a.lost += int(unsettled[i])
			for q, n := range strings.Split(refused[i], ",") {
				if v, err := strconv.Atoi(n); err == nil && q < len(a.reasons) {
					a.reasons[q] += v
				}
			}
			if status[i] != "not enrolled" {
				a.screening.Accepted++
				switch how[i] {
				case "newton":
					a.screening.SettledByNewton++
				case "integration":
					a.screening.SettledByIntegration++
				}
				if err := a.addCovariates(t, i); err != nil {
					return err
				}
			}
		}
		a.Counts[status[i]]++
		if retry[i] != "" {
			a.Retries[retry[i]]++
		}
		x := &a.arms[k]
		x.result.Randomised++
		ended := false
		switch status[i] {
		case "completed":
			x.result.Completed++
		case "dropped":
			x.result.Dropped++
		case "died":
			x.result.Died++
		default:
			ended = true
			x.result.Failed++
			if len(x.failed) < mostFates {
				x.failed = append(x.failed, FailureLine{int(number[i]), int(replicate[i]), arm[i], cause[i]})
			}
		}
		if (ended || retry[i] != "") && len(a.Fates) < mostFates {
			a.Fates = append(a.Fates, Fate{int(replicate[i]), int(number[i]), arm[i], status[i], cause[i], retry[i]})
		}
		for _, d := range strings.Split(doses[i], ";") {
			key, rest, ok := strings.Cut(d, "=")
			if !ok {
				continue
			}
			count, total, _ := strings.Cut(rest, ":")
			n, _ := strconv.Atoi(count)
			v, _ := strconv.ParseFloat(total, 64)
			if x.doses[key] == nil {
				x.doses[strings.Clone(key)] = &doseSum{}
			}
			x.doses[key].patients++
			x.doses[key].n += n
			x.doses[key].total += v
		}
	}
	return nil
}

func (a *Analysis) addCovariates(t *table.Table, row int) error {
	for i, c := range a.p.covariates {
		if len(c.Levels) > 0 {
			v, err := t.Strings("covariate." + c.ID)
			if err != nil {
				return err
			}
			a.levels[i][v[row]]++
			continue
		}
		v, err := t.Floats("covariate." + c.ID)
		if err != nil {
			return err
		}
		a.covariates[i] = append(a.covariates[i], v[row])
	}
	return nil
}

func (a *Analysis) addEndpoints(t *table.Table) error {
	index := map[string]int{}
	for i, e := range a.p.endpoints {
		index[e.ID] = i
	}
	replicate, err := t.Ints("replicate")
	if err != nil {
		return err
	}
	patient, _ := t.Ints("patient")
	arm, _ := t.Strings("arm")
	id, _ := t.Strings("endpoint")
	value, _ := t.Floats("value")
	censored, _ := t.Bools("censored")
	missing, err := t.Bools("missing")
	if err != nil {
		return err
	}
	for i := range id {
		k, err := a.p.armIndex(arm[i])
		if err != nil {
			return err
		}
		e, ok := index[id[i]]
		if !ok {
			return fmt.Errorf("a table of the run names an endpoint %q, which the trial does not have", id[i])
		}
		who := identity{int32(replicate[i]), int32(patient[i])}
		if e == 0 {
			a.who[k] = append(a.who[k], who)
		}
		c := &a.endpoints[e][k]
		if n := len(c.flags); n >= len(a.who[k]) || a.who[k][n] != who {
			return fmt.Errorf("the endpoints of the run are not in the order of patients: %s of patient %d", id[i], patient[i])
		}
		var f uint8
		if missing[i] {
			f |= flagMissing
		}
		if censored[i] {
			f |= flagCensored
		}
		if a.p.endpoints[e].Kind != "responder" {
			c.values = append(c.values, value[i])
		} else if value[i] != 0 && !missing[i] {
			f |= flagYes
		}
		c.flags = append(c.flags, f)
	}
	return nil
}

// seen lists an endpoint of an arm's patients.
func (a *Analysis) seen(endpoint, arm int) []seen {
	c := &a.endpoints[endpoint][arm]
	out := make([]seen, len(c.flags))
	for i, f := range c.flags {
		who := a.who[arm][i]
		s := seen{identity: who, missing: f&flagMissing != 0, censored: f&flagCensored != 0}
		switch {
		case c.values != nil: // not of a responder
			s.value = c.values[i]
		case s.missing:
			s.value = math.NaN()
		case f&flagYes != 0:
			s.value = 1
		}
		out[i] = s
	}
	return out
}

// exactBands says whether percentiles over time come from all trajectories; otherwise
// they come from counts in bins.
func (p *Prepared) exactBands() bool {
	n := p.Patients()
	return n <= DefaultTrajectories && p.kept(p.Spec.Replicates-1, p.Spec.Size-1)
}

// kept says whether a patient's trajectories are kept.
func (p *Prepared) kept(replicate, number int) bool {
	return p.Spec.Trajectories < 0 || replicate*p.Spec.Size+number < p.Spec.Trajectories
}

// series is how many observables there are over arms and times of bands.
func (p *Prepared) series() int { return len(p.arms) * len(p.Spec.Observables) * len(p.band) }

func (p *Prepared) seriesOf(arm, observable, time int) int {
	return (arm*len(p.Spec.Observables)+observable)*len(p.band) + time
}

func (a *Analysis) addTrajectories(t *table.Table) error {
	arm, err := t.Strings("arm")
	if err != nil {
		return err
	}
	patient, _ := t.Ints("patient")
	replicate, _ := t.Ints("replicate")
	day, err := t.Floats("time")
	if err != nil {
		return err
	}
	var values [][]float64
	for _, o := range a.p.Spec.Observables {
		v, err := t.Floats(o.ID)
		if err != nil {
			return err
		}
		values = append(values, v)
	}
	grid := make([]float64, len(a.p.band))
	for i, k := range a.p.band {
		grid[i] = a.p.grid[k]
	}
	for i := range arm {
		k, err := a.p.armIndex(arm[i])
		if err != nil {
			return err
		}
		if replicate[i] == 0 {
			list := a.lines[k]
			n := len(list)
			if (n == 0 || list[n-1].patient != int(patient[i])) && n < linesPerArm {
				list = append(list, line{patient: int(patient[i]), values: make([][]float64, len(values))})
				a.lines[k] = list
				n++
			}
			if l := &list[n-1]; l.patient == int(patient[i]) {
				l.times = append(l.times, day[i])
				for o := range values {
					l.values[o] = append(l.values[o], values[o][i])
				}
			}
		}
		if a.exact == nil || a.bands != nil {
			continue
		}
		at := sort.SearchFloat64s(grid, day[i])
		if at == len(grid) || grid[at] != day[i] {
			return fmt.Errorf("a trajectory of the run has a row on day %g, which is not recorded", day[i])
		}
		for o := range values {
			if v := values[o][i]; !math.IsNaN(v) {
				s := a.p.seriesOf(k, o, at)
				a.exact[s] = append(a.exact[s], v)
			}
		}
	}
	return nil
}

// addBins takes in counts, in the order of series and bins.
func (a *Analysis) addBins(t *table.Table) error {
	series, err := t.Ints("series")
	if err != nil {
		return err
	}
	bin, _ := t.Ints("bin")
	patients, err := t.Ints("patients")
	if err != nil {
		return err
	}
	var list []binCount
	for i := range series {
		list = append(list, binCount{int32(bin[i]), uint32(patients[i])})
		if i+1 < len(series) && series[i+1] == series[i] {
			continue
		}
		s := series[i]
		if s < 0 || int(s) >= len(a.histograms) {
			return fmt.Errorf("the counts of the run name series %d of %d", s, len(a.histograms))
		}
		a.histograms[s].add(list)
		list = list[:0]
	}
	return nil
}

// percentiles are those of bands, in the order of a band's columns.
var percentiles = []float64{0.05, 0.25, 0.5, 0.75, 0.95}

// Bands is the table of the percentiles of each observable, by arm and time.
func (a *Analysis) Bands() *table.Table {
	if a.bands != nil {
		return a.bands
	}
	p := a.p
	var observable, arm []string
	var time []float64
	var n []int64
	q := make([][]float64, len(percentiles))
	for o := range p.Spec.Observables {
		for k := range p.arms {
			for i, g := range p.band {
				s := p.seriesOf(k, o, i)
				var count int
				var quantile func(float64) float64
				if a.exact != nil {
					x := a.exact[s]
					sort.Float64s(x)
					count, quantile = len(x), func(q float64) float64 { return stats.SortedQuantile(x, q) }
				} else {
					h := &a.histograms[s]
					bins := h.bins()
					count, quantile = h.total, func(q float64) float64 { return quantileOf(bins, h.total, q) }
				}
				if count == 0 {
					continue
				}
				observable, arm = append(observable, p.Spec.Observables[o].ID), append(arm, p.arms[k].spec.ID)
				time, n = append(time, p.grid[g]), append(n, int64(count))
				for j, level := range percentiles {
					q[j] = append(q[j], quantile(level))
				}
			}
		}
	}
	t := &table.Table{Name: "bands"}
	t.Append(table.Strings("observable", observable), table.Strings("arm", arm), table.Floats("time", "day", time), table.Ints("patients", "", n))
	for j, level := range percentiles {
		t.Append(table.Floats(fmt.Sprintf("p%02.0f", 100*level), "", q[j]))
	}
	a.bands = t
	return t
}

// Result computes everything a report shows.
func (a *Analysis) Result(version string) (*Result, error) {
	p := a.p
	r := &Result{Spec: p.Spec, Version: version, ModelHash: model.Hash(p.Model), Seed: p.Spec.Seed, Patients: p.Patients(), ModelText: antimony.Write(p.Document), Modules: p.titles, ModulesFR: p.titlesFR}
	for _, e := range p.modules {
		r.Stories = append(r.Stories, p.storyOf(e))
	}
	if !p.exactBands() {
		r.BandError = BandError
	}
	a.patients(r)
	for i, e := range p.endpoints {
		by := map[string][]seen{}
		for k, x := range p.arms {
			if len(a.endpoints[i][k].flags) != len(a.who[k]) {
				return nil, fmt.Errorf("the run has endpoint %s of %d patients in arm %s, not of %d", e.ID, len(a.endpoints[i][k].flags), x.spec.ID, len(a.who[k]))
			}
			by[x.spec.ID] = a.seen(i, k)
		}
		r.Endpoints = append(r.Endpoints, p.estimate(e, by))
	}
	a.ratios(r)
	if err := a.curves(r); err != nil {
		return nil, err
	}
	p.parameters(r)
	a.agreement(r)
	return r, nil
}

// patients puts in what became of patients, their covariates, screening and doses.
func (a *Analysis) patients(r *Result) {
	p := a.p
	r.Screening = a.screening
	for i, q := range p.Population.Plausible {
		r.Screening.Reasons = append(r.Screening.Reasons, Count{Name: q.Why, NameFR: q.WhyFR, N: a.reasons[i]})
	}
	if a.lost > 0 {
		r.Screening.Reasons = append(r.Screening.Reasons, Count{Name: NoSteadyState, N: a.lost})
	}
	for _, way := range sim.Rungs() {
		if n := a.Retries[way]; n > 0 {
			r.Retries = append(r.Retries, Count{Name: way, N: n})
		}
	}
	for _, s := range a.arms {
		x := s.result
		for _, k := range sortedKeys(s.doses) {
			action, rule, _ := strings.Cut(k, " by rule ")
			module, route, _ := strings.Cut(action, ".")
			d := s.doses[k]
			x.Doses = append(x.Doses, DoseCount{Module: module, Route: route, Rule: strings.TrimPrefix(rule, x.ID+"."), Patients: d.patients, Doses: d.n, MeanTotal: d.total / float64(d.patients), Unit: p.unitOf(action)})
		}
		r.Arms = append(r.Arms, x)
		r.Failures = append(r.Failures, s.failed...)
	}
	for i, c := range p.covariates {
		x := CovariateSummary{ID: c.ID, Title: c.Title, TitleFR: c.TitleFR, Unit: c.Unit}
		if len(c.Levels) > 0 {
			for _, l := range c.Levels {
				x.N += a.levels[i][l]
				x.Levels = append(x.Levels, Count{Name: l, N: a.levels[i][l]})
			}
		} else {
			v := a.covariates[i]
			x.N, x.Mean, x.SD = len(v), stats.Mean(v), stats.SD(v)
			sorted := ascending(v)
			x.Q05, x.Q50, x.Q95 = stats.SortedQuantile(sorted, 0.05), stats.SortedQuantile(sorted, 0.5), stats.SortedQuantile(sorted, 0.95)
		}
		r.Covariates = append(r.Covariates, x)
	}
}

// curves makes percentile bands and sampled lines of the observables.
func (a *Analysis) curves(r *Result) error {
	t := a.Bands()
	observable, err := t.Strings("observable")
	if err != nil {
		return err
	}
	arm, _ := t.Strings("arm")
	time, _ := t.Floats("time")
	n, err := t.Ints("patients")
	if err != nil {
		return err
	}
	q := make([][]float64, len(percentiles))
	for j, level := range percentiles {
		if q[j], err = t.Floats(fmt.Sprintf("p%02.0f", 100*level)); err != nil {
			return err
		}
	}
	i := 0
	for o, x := range a.p.Spec.Observables {
		for k, y := range a.p.arms {
			b := Band{Observable: x.ID, Arm: y.spec.ID}
			from := i
			for ; i < len(arm) && observable[i] == x.ID && arm[i] == y.spec.ID; i++ {
				b.N = max(b.N, int(n[i]))
			}
			b.Times = time[from:i]
			b.P05, b.P25, b.P50, b.P75, b.P95 = q[0][from:i], q[1][from:i], q[2][from:i], q[3][from:i], q[4][from:i]
			r.Bands = append(r.Bands, b)
			list := append([]line(nil), a.lines[k]...)
			sort.Slice(list, func(i, j int) bool { return list[i].patient < list[j].patient })
			for _, l := range list {
				r.Lines = append(r.Lines, Line{Observable: x.ID, Arm: y.spec.ID, Patient: l.patient, Times: l.times, Values: l.values[o]})
			}
		}
	}
	if i != len(arm) {
		return fmt.Errorf("the bands of the run are not those of this trial: %s in arm %s", observable[i], arm[i])
	}
	return nil
}
