package trial

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"thymus/stats"
)

// level of all intervals of estimates.
const level = 0.95

// linesPerArm is how many patients' trajectories a result shows one by one.
const linesPerArm = 12

// seen is one patient's endpoint as read back from the tables.
type seen struct {
	identity
	value             float64
	censored, missing bool
}

// FailedPatients counts simulations that ended early.
func (r *Result) FailedPatients() int {
	n := 0
	for _, a := range r.Arms {
		n += a.Failed
	}
	return n
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

func numbers(list []seen) (v []float64, missing int) {
	v = make([]float64, 0, len(list))
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
	o = make([]stats.Observation, 0, len(list))
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
		sorted := ascending(v)
		x.Q05, x.Q25, x.Q50, x.Q75, x.Q95 = stats.SortedQuantile(sorted, 0.05), stats.SortedQuantile(sorted, 0.25), stats.SortedQuantile(sorted, 0.5), stats.SortedQuantile(sorted, 0.75), stats.SortedQuantile(sorted, 0.95)
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
		if p.Spec.Replicates > 1 && !r.TimeToEvent {
			x.Repeats = repeats(list)
		}
		r.ByArm = append(r.ByArm, x)
		for _, s := range list {
			if len(list) > 400 && s.patient >= 400 {
				continue
			}
			r.PerPatient = append(r.PerPatient, PatientValue{int(s.patient), a.spec.ID, s.value, s.censored, s.missing})
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

// ascending is a sorted copy.
func ascending(v []float64) []float64 {
	s := slices.Clone(v)
	slices.Sort(s)
	return s
}

// repeats groups an arm's patients by replicate.
func repeats(list []seen) Repeats {
	by := map[int32][]seen{}
	for _, s := range list {
		by[s.replicate] = append(by[s.replicate], s)
	}
	var r Repeats
	var means []float64
	for _, one := range by {
		v, _ := numbers(one)
		if len(v) == 0 {
			continue
		}
		m := stats.Mean(v)
		means = append(means, m)
		r.All += truth(m == 1)
		r.None += truth(m == 0)
	}
	if r.N = len(means); r.N == 0 {
		return r
	}
	r.All, r.None = r.All/float64(r.N), r.None/float64(r.N)
	r.Lo, r.Hi = stats.Quantile(means, 0.05), stats.Quantile(means, 0.95)
	return r
}

// difference compares an arm with the control. A counterfactual design compares each
// patient with itself and has no p-value: its patients are the same people. Times are
// compared by the hazard ratio there, too, since many are censored and a difference of two
// times asks for both; its interval is that of two groups, which pairing makes too wide
// rather than too narrow.
func (p *Prepared) difference(r EndpointResult, arm string, list, control []seen) Difference {
	d := Difference{Arm: arm, Control: p.Spec.Control, Value: math.NaN(), Lo: math.NaN(), Hi: math.NaN(), P: math.NaN()}
	a, _ := numbers(list)
	b, _ := numbers(control)
	if p.Spec.Design == "counterfactual" && !r.TimeToEvent {
		d.Measure, d.Test = "mean of paired differences", "none: paired effects of the same virtual patients"
		other := make(map[identity]seen, len(control))
		for _, s := range control {
			other[s.identity] = s
		}
		var pairs []float64
		for _, s := range list {
			if o, ok := other[s.identity]; ok && !o.missing && !s.missing && !o.censored && !s.censored {
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
		d.Measure, d.Test = "hazard ratio", "log-rank test"
		oa, _ := observations(list)
		ob, _ := observations(control)
		d.Value, d.Lo, d.Hi = stats.HazardRatio(oa, ob, level)
		if p.Spec.Design == "counterfactual" {
			d.Test = "none: the same virtual patients in both arms, compared as two groups"
			break
		}
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

// SourceKind is the kind of a source: doi, label, study, literature, derived, fitted
// (fit: NAME), assumed.
func SourceKind(source string) string {
	kind := source
	if i := strings.IndexAny(source, ":;"); i >= 0 {
		kind = source[:i] // "assumed; set by ROW" is assumed
	}
	switch kind = strings.TrimSpace(kind); kind {
	case "":
		return "none"
	case "fit":
		return "fitted"
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
			r.SourceCounts = append(r.SourceCounts, Count{Name: k, N: counts[k]})
		}
	}
}

// String is the error text of an estimate, for messages.
func (e Estimate) String() string {
	return fmt.Sprintf("%s %g (%g to %g), n %d", e.Statistic, e.Value, e.Lo, e.Hi, e.N)
}
