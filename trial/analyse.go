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

// level of all intervals of estimates.
const level = 0.95

// linesPerArm is how many patients' trajectories a result shows one by one.
const linesPerArm = 12

// seen is one patient's endpoint as read back from the tables.
type seen struct {
	replicate, patient int
	value              float64
	censored, missing  bool
}

// Analyse computes everything a report shows from the tables of a run alone.
func Analyse(p *Prepared, t Tables, version string) (*Result, error) {
	r := &Result{Spec: p.Spec, Version: version, ModelHash: model.Hash(p.Model), Seed: p.Spec.Seed, Patients: p.Patients(), ModelText: antimony.Write(p.Document), Modules: p.titles}
	for _, check := range t.List() {
		if err := check.Check(); err != nil {
			return nil, err
		}
	}
	if err := p.arm(r, t.Patients); err != nil {
		return nil, err
	}
	by, err := p.bySeen(t.Endpoints)
	if err != nil {
		return nil, err
	}
	for _, e := range p.endpoints {
		r.Endpoints = append(r.Endpoints, p.estimate(e, by[e.ID]))
	}
	if err := p.curves(r, t.Trajectories); err != nil {
		return nil, err
	}
	p.parameters(r)
	p.agreement(r, by)
	return r, nil
}

// FailedPatients counts simulations that ended early.
func (r *Result) FailedPatients() int {
	n := 0
	for _, a := range r.Arms {
		n += a.Failed
	}
	return n
}

// arm counts what became of patients, their covariates, screening and doses.
func (p *Prepared) arm(r *Result, t *table.Table) error {
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
	unsettled, _ := t.Ints("unsettled")
	firstRow := map[[2]int64]bool{}
	reasons := make([]int, len(p.Population.Plausible))
	lost := 0
	var rows []int
	for i := range arm {
		k := [2]int64{replicate[i], number[i]}
		if firstRow[k] {
			continue
		}
		firstRow[k] = true
		r.Screening.Tried += int(attempts[i])
		lost += int(unsettled[i])
		for q, n := range strings.Split(refused[i], ",") {
			if v, err := strconv.Atoi(n); err == nil && q < len(reasons) {
				reasons[q] += v
			}
		}
		if status[i] != "not enrolled" {
			r.Screening.Accepted++
			rows = append(rows, i)
			switch how[i] {
			case "newton":
				r.Screening.SettledByNewton++
			case "integration":
				r.Screening.SettledByIntegration++
			}
		}
	}
	for i, q := range p.Population.Plausible {
		r.Screening.Reasons = append(r.Screening.Reasons, Count{"not: " + q.Why, reasons[i]})
	}
	if lost > 0 {
		r.Screening.Reasons = append(r.Screening.Reasons, Count{"no steady state found", lost})
	}
	for _, way := range sim.Rungs() {
		n := 0
		for _, v := range retry {
			if v == way {
				n++
			}
		}
		if n > 0 {
			r.Retries = append(r.Retries, Count{way, n})
		}
	}
	for _, a := range p.arms {
		x := ArmResult{ID: a.spec.ID, Title: a.spec.Title}
		type sum struct {
			patients, n int
			total       float64
		}
		sums := map[string]*sum{}
		for i := range arm {
			if arm[i] != a.spec.ID {
				continue
			}
			x.Randomised++
			switch status[i] {
			case "completed":
				x.Completed++
			case "dropped":
				x.Dropped++
			default:
				x.Failed++
				r.Failures = append(r.Failures, FailureLine{int(number[i]), int(replicate[i]), a.spec.ID, cause[i]})
			}
			for _, d := range strings.Split(doses[i], ";") {
				key, rest, ok := strings.Cut(d, "=")
				if !ok {
					continue
				}
				count, total, _ := strings.Cut(rest, ":")
				n, _ := strconv.Atoi(count)
				v, _ := strconv.ParseFloat(total, 64)
				if sums[key] == nil {
					sums[key] = &sum{}
				}
				sums[key].patients++
				sums[key].n += n
				sums[key].total += v
			}
		}
		for _, k := range sortedKeys(sums) {
			action, rule, _ := strings.Cut(k, " by rule ")
			module, route, _ := strings.Cut(action, ".")
			s := sums[k]
			x.Doses = append(x.Doses, DoseCount{Module: module, Route: route, Rule: strings.TrimPrefix(rule, a.spec.ID+"."), Patients: s.patients, Doses: s.n, MeanTotal: s.total / float64(s.patients), Unit: p.unitOf(action)})
		}
		r.Arms = append(r.Arms, x)
	}
	for _, c := range p.covariates {
		x := CovariateSummary{ID: c.ID, Title: c.Title, Unit: c.Unit}
		if len(c.Levels) > 0 {
			v, err := t.Strings("covariate." + c.ID)
			if err != nil {
				return err
			}
			counts := map[string]int{}
			for _, i := range rows {
				counts[v[i]]++
				x.N++
			}
			for _, l := range c.Levels {
				x.Levels = append(x.Levels, Count{l, counts[l]})
			}
		} else {
			v, err := t.Floats("covariate." + c.ID)
			if err != nil {
				return err
			}
			var vals []float64
			for _, i := range rows {
				vals = append(vals, v[i])
			}
			x.N, x.Mean, x.SD = len(vals), stats.Mean(vals), stats.SD(vals)
			x.Q05, x.Q50, x.Q95 = stats.Quantile(vals, 0.05), stats.Quantile(vals, 0.5), stats.Quantile(vals, 0.95)
		}
		r.Covariates = append(r.Covariates, x)
	}
	return nil
}

// unitOf is the unit in which a dose route counts.
func (p *Prepared) unitOf(action string) string {
	for _, a := range p.arms {
		for _, g := range a.gives {
			if g.action == action {
				return g.unit
			}
		}
		for _, g := range a.rules {
			if g.action == action {
				return g.unit
			}
		}
	}
	return ""
}

// bySeen sorts endpoint rows: endpoint -> arm -> patients in order.
func (p *Prepared) bySeen(t *table.Table) (map[string]map[string][]seen, error) {
	out := map[string]map[string][]seen{}
	for _, e := range p.endpoints {
		out[e.ID] = map[string][]seen{}
	}
	replicate, err := t.Ints("replicate")
	if err != nil {
		return nil, err
	}
	patient, _ := t.Ints("patient")
	arm, _ := t.Strings("arm")
	id, _ := t.Strings("endpoint")
	value, _ := t.Floats("value")
	censored, _ := t.Bools("censored")
	missing, err := t.Bools("missing")
	if err != nil {
		return nil, err
	}
	for i := range id {
		if m, ok := out[id[i]]; ok {
			m[arm[i]] = append(m[arm[i]], seen{int(replicate[i]), int(patient[i]), value[i], censored[i], missing[i]})
		}
	}
	return out, nil
}

func numbers(list []seen) (v []float64, missing int) {
	for _, s := range list {
		if s.missing {
			missing++
			continue
		}
		v = append(v, s.value)
	}
	return v, missing
}

func observations(list []seen) (o []stats.Observation, missing int) {
	for _, s := range list {
		if s.missing {
			missing++
			continue
		}
		o = append(o, stats.Observation{Time: s.value, Event: !s.censored})
	}
	return o, missing
}

// estimate summarises an endpoint in every arm and compares arms with the control.
func (p *Prepared) estimate(e *endpoint, by map[string][]seen) EndpointResult {
	r := EndpointResult{Endpoint: e.Endpoint, Binary: e.Kind == "responder", TimeToEvent: e.Kind == "time-to"}
	for _, a := range p.arms {
		list := by[a.spec.ID]
		x := Estimate{Arm: a.spec.ID, Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
		v, missing := numbers(list)
		x.N, x.Missing = len(v), missing
		x.SD = stats.SD(v)
		x.Q05, x.Q25, x.Q50, x.Q75, x.Q95 = stats.Quantile(v, 0.05), stats.Quantile(v, 0.25), stats.Quantile(v, 0.5), stats.Quantile(v, 0.75), stats.Quantile(v, 0.95)
		switch {
		case r.Binary:
			x.Statistic = "proportion"
			for _, q := range v {
				if q != 0 {
					x.Events++
				}
			}
			if x.N > 0 {
				x.Value = float64(x.Events) / float64(x.N)
				x.Lo, x.Hi = stats.Wilson(x.Events, x.N, level)
			}
		case r.TimeToEvent:
			x.Statistic = "median time"
			o, _ := observations(list)
			for _, q := range o {
				if q.Event {
					x.Events++
				}
			}
			km := stats.KaplanMeier(o, level)
			x.Value, x.Lo, x.Hi = km.Median()
			r.Curves = append(r.Curves, Curve{Arm: a.spec.ID, Times: km.Times, S: km.S, Lo: km.Lo, Hi: km.Hi, AtRisk: km.AtRisk, Censored: km.Censored, MedianTime: x.Value})
		case e.Summary == "median":
			x.Statistic = "median"
			x.Value = x.Q50
			x.Lo, x.Hi = stats.MedianInterval(v, level)
		case e.Summary == "geometric-mean":
			x.Statistic = "geometric mean"
			logs := make([]float64, len(v))
			for i, q := range v {
				logs[i] = math.Log(q)
			}
			lo, hi := stats.MeanInterval(logs, level)
			x.Value, x.Lo, x.Hi = math.Exp(stats.Mean(logs)), math.Exp(lo), math.Exp(hi)
		default:
			x.Statistic = "mean"
			x.Value = stats.Mean(v)
			x.Lo, x.Hi = stats.MeanInterval(v, level)
		}
		r.ByArm = append(r.ByArm, x)
		for _, s := range list {
			if len(list) > 400 && s.patient >= 400 {
				continue
			}
			r.PerPatient = append(r.PerPatient, PatientValue{s.patient, a.spec.ID, s.value, s.censored, s.missing})
		}
	}
	if p.Spec.Control == "" {
		return r
	}
	control := by[p.Spec.Control]
	for _, a := range p.arms {
		if a.spec.ID == p.Spec.Control {
			continue
		}
		r.Differences = append(r.Differences, p.difference(r, a.spec.ID, by[a.spec.ID], control))
	}
	return r
}

// difference compares an arm with the control. A counterfactual design compares each
// patient with itself and has no p-value: its patients are the same people.
func (p *Prepared) difference(r EndpointResult, arm string, list, control []seen) Difference {
	d := Difference{Arm: arm, Control: p.Spec.Control, Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), P: math.NaN()}
	a, _ := numbers(list)
	b, _ := numbers(control)
	if p.Spec.Design == "counterfactual" {
		d.Measure, d.Test = "mean of paired differences", "none: paired effects of the same virtual patients"
		other := map[[2]int]seen{}
		for _, s := range control {
			other[[2]int{s.replicate, s.patient}] = s
		}
		var pairs []float64
		for _, s := range list {
			if o, ok := other[[2]int{s.replicate, s.patient}]; ok && !o.missing && !s.missing && !o.censored && !s.censored {
				pairs = append(pairs, s.value-o.value)
			}
		}
		d.Value, d.Lo, d.Hi = stats.PairedInterval(pairs, level)
		return d
	}
	switch {
	case r.Binary:
		count := func(v []float64) (k int) {
			for _, x := range v {
				if x != 0 {
					k++
				}
			}
			return
		}
		d.Measure, d.Test = "difference of proportions", "Fisher's exact test"
		ka, kb := count(a), count(b)
		d.Value, d.Lo, d.Hi = stats.Newcombe(ka, len(a), kb, len(b), level)
		if len(a) > 0 && len(b) > 0 {
			d.P = stats.Fisher(ka, len(a), kb, len(b))
		}
	case r.TimeToEvent:
		d.Measure, d.Test = "difference of median times", "log-rank test"
		oa, _ := observations(list)
		ob, _ := observations(control)
		ma, _, _ := stats.KaplanMeier(oa, level).Median()
		mb, _, _ := stats.KaplanMeier(ob, level).Median()
		d.Value = ma - mb
		_, d.P = stats.LogRank(oa, ob)
	case r.Endpoint.Summary == "median":
		d.Measure, d.Test = "difference of medians", "Mann-Whitney test"
		d.Value = stats.Quantile(a, 0.5) - stats.Quantile(b, 0.5)
		_, d.P = stats.MannWhitney(a, b)
	default:
		d.Measure, d.Test = "difference of means", "Welch's t test"
		d.Value, d.Lo, d.Hi, d.P = stats.Welch(a, b, level)
	}
	return d
}

// curves makes percentile bands and sampled lines of the observables.
func (p *Prepared) curves(r *Result, t *table.Table) error {
	arm, err := t.Strings("arm")
	if err != nil {
		return err
	}
	patient, _ := t.Ints("patient")
	replicate, _ := t.Ints("replicate")
	day, _ := t.Floats("time")
	rows := map[string]map[float64][]int{}
	lines := map[string]map[int][]int{}
	for i := range arm {
		if rows[arm[i]] == nil {
			rows[arm[i]], lines[arm[i]] = map[float64][]int{}, map[int][]int{}
		}
		rows[arm[i]][day[i]] = append(rows[arm[i]][day[i]], i)
		if replicate[i] == 0 {
			k := int(patient[i])
			if _, ok := lines[arm[i]][k]; ok || len(lines[arm[i]]) < linesPerArm {
				lines[arm[i]][k] = append(lines[arm[i]][k], i)
			}
		}
	}
	for _, o := range p.Spec.Observables {
		v, err := t.Floats(o.ID)
		if err != nil {
			return err
		}
		for _, a := range p.arms {
			b := Band{Observable: o.ID, Arm: a.spec.ID}
			var days []float64
			for d := range rows[a.spec.ID] {
				days = append(days, d)
			}
			sort.Float64s(days)
			for _, d := range days {
				var x []float64
				for _, i := range rows[a.spec.ID][d] {
					if !math.IsNaN(v[i]) {
						x = append(x, v[i])
					}
				}
				if len(x) == 0 {
					continue
				}
				sort.Float64s(x)
				b.Times = append(b.Times, d)
				b.P05, b.P25, b.P50 = append(b.P05, stats.SortedQuantile(x, 0.05)), append(b.P25, stats.SortedQuantile(x, 0.25)), append(b.P50, stats.SortedQuantile(x, 0.5))
				b.P75, b.P95 = append(b.P75, stats.SortedQuantile(x, 0.75)), append(b.P95, stats.SortedQuantile(x, 0.95))
				b.N = max(b.N, len(x))
			}
			r.Bands = append(r.Bands, b)
			var who []int
			for k := range lines[a.spec.ID] {
				who = append(who, k)
			}
			sort.Ints(who)
			for _, k := range who {
				l := Line{Observable: o.ID, Arm: a.spec.ID, Patient: k}
				for _, i := range lines[a.spec.ID][k] {
					l.Times, l.Values = append(l.Times, day[i]), append(l.Values, v[i])
				}
				r.Lines = append(r.Lines, l)
			}
		}
	}
	return nil
}

// SourceKind is the kind of a source: doi, label, study, literature, derived, fitted,
// assumed.
func SourceKind(source string) string {
	kind, _, _ := strings.Cut(source, ":")
	switch kind = strings.TrimSpace(kind); kind {
	case "":
		return "none"
	case "doi", "label", "study", "literature", "derived", "fitted", "assumed", "pmid":
		return kind
	}
	return "other"
}

// parameters lists the model's numbers with their sources.
func (p *Prepared) parameters(r *Result) {
	counts := map[string]int{}
	for _, x := range p.Model.Parameters {
		if x.Value == nil || x.TableAt.Src == nil {
			continue
		}
		module, _, _ := strings.Cut(x.ID, "_")
		k := SourceKind(x.Source)
		counts[k]++
		value := *x.Value
		spread := x.Spread
		if o, ok := p.Population.Parameters[x.ID]; ok {
			if o.Value != nil {
				value = *o.Value
			}
			if o.Spread != nil {
				spread = o.Spread.Text
			}
		}
		if v, ok := p.Spec.Settings[x.ID]; ok {
			value = v
		}
		r.Parameters = append(r.Parameters, ParameterLine{ID: x.ID, Module: module, Unit: x.Unit, Spread: spread, Source: x.Source, Note: x.Note, Value: value, Kind: k})
	}
	for _, k := range []string{"doi", "pmid", "study", "label", "literature", "derived", "fitted", "assumed", "other", "none"} {
		if counts[k] > 0 {
			r.SourceCounts = append(r.SourceCounts, Count{k, counts[k]})
		}
	}
}

// String is the error text of an estimate, for messages.
func (e Estimate) String() string {
	return fmt.Sprintf("%s %g (%g to %g), n %d", e.Statistic, e.Value, e.Lo, e.Hi, e.N)
}
