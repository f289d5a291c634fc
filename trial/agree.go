package trial

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"thymus/library"
	"thymus/rng"
	"thymus/stats"
)

// resamples is how many replicate trials of the published size are drawn from an arm.
const resamples = 2000

// usualSize stands for the size of a published arm that is not known.
const usualSize = 30

// agreement sets the trial's predictions beside the published figures it names. A row
// agrees when both hold: the published value lies in the 90 % interval of replicate trials
// of the published size, and the prediction lies in the published 95 % interval; where none
// is given, in Wilson's interval for a rate of known size, else within 25 %. Where the
// spread between patients was published, virtual patients must not be spread wider than
// its own 95 % limit: a replicate interval that is wide for that reason proves nothing.
func (a *Analysis) agreement(r *Result) {
	rows := map[string]library.EvidenceRow{}
	for _, e := range a.p.evidence {
		rows[e.ID] = e
	}
	for _, c := range a.p.Spec.Evidence {
		for i, e := range a.p.endpoints {
			if e.ID != c.Endpoint {
				continue
			}
			var list []seen
			if k, err := a.p.armIndex(c.Arm); err == nil {
				list = a.seen(i, k)
			}
			r.Agreement = append(r.Agreement, a.p.agree(c, rows[c.Row], e, list))
		}
	}
}

func (p *Prepared) agree(c Comparison, row library.EvidenceRow, e *endpoint, list []seen) Agreement {
	nan := math.NaN()
	a := Agreement{Row: row.ID, Study: row.Study, Citation: row.Citation, DOI: row.DOI, Measure: row.Measure, Use: row.Use, Status: row.Status,
		Endpoint: c.Endpoint, Arm: c.Arm, Statistic: c.Statistic, Unit: row.Unit, Note: c.Note,
		PublishedLo: nan, PublishedHi: nan, Predicted: nan, PredictedLo: nan, PredictedHi: nan, Z: nan, PublishedSD: nan, PredictedSD: nan}
	published, ok := row.Number()
	if !ok {
		a.Published = nan
		a.Rule = "the published figure is no number"
		return a
	}
	a.Published = published
	n, known := row.Size()
	a.PublishedN = n
	scale := c.Scale
	if scale == 0 {
		scale = 1
	}
	rate := e.Kind == "responder"
	if a.Statistic == "" {
		switch {
		case rate:
			a.Statistic = "percent"
		case e.Summary == "median" || e.Kind == "time-to":
			a.Statistic = "median"
		case e.Summary == "geometric-mean":
			a.Statistic = e.Summary
		default:
			a.Statistic = "mean"
		}
	}
	if rate {
		scale *= 100
	}
	statistic := func(x []seen) float64 {
		v, _ := numbers(x)
		if e.Kind == "time-to" && a.Statistic == "median" {
			o, _ := observations(x)
			m, _, _ := stats.KaplanMeier(o, level).Median()
			return m * scale
		}
		if e.Kind == "time-to" {
			v = v[:0]
			for _, s := range x {
				if !s.missing && !s.censored {
					v = append(v, s.value)
				}
			}
		}
		if len(v) == 0 {
			return nan
		}
		switch a.Statistic {
		case "median":
			return stats.Quantile(v, 0.5) * scale
		case "geometric-mean":
			for i, x := range v {
				v[i] = math.Log(x)
			}
			return math.Exp(stats.Mean(v)) * scale
		case "max":
			return stats.Quantile(v, 1) * scale
		case "min":
			return stats.Quantile(v, 0) * scale
		}
		return stats.Mean(v) * scale
	}
	a.Predicted = statistic(list)
	size := n
	if !known {
		size = usualSize
	}
	if len(list) > 0 {
		stream := rng.New(rng.Key{Seed: p.Spec.Seed, Patient: -1, Purpose: "replicates of " + row.ID + " " + c.Endpoint + " " + c.Arm})
		draw := make([]seen, size)
		var values []float64
		for k := 0; k < resamples; k++ {
			for i := range draw {
				draw[i] = list[stream.Intn(len(list))]
			}
			if v := statistic(draw); !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		sort.Float64s(values)
		a.PredictedLo, a.PredictedHi = stats.SortedQuantile(values, 0.05), stats.SortedQuantile(values, 0.95)
		if sd := stats.SD(values); sd > 0 {
			a.Z = (published - stats.Mean(values)) / sd
		}
	}
	lo, hi, hasLo, hasHi := row.Spread()
	kind := strings.ToLower(row.SpreadKind)
	switch {
	case (kind == "95ci" || kind == "95% ci") && hasLo && hasHi:
		a.PublishedLo, a.PublishedHi, a.Rule = lo, hi, "published 95 % interval"
	case rate && kind == "count" && hasLo && hasHi && hi > 0:
		l, h := stats.Wilson(int(math.Round(lo)), int(math.Round(hi)), level)
		a.PublishedLo, a.PublishedHi, a.Rule = 100*l, 100*h, fmt.Sprintf("Wilson interval of %.0f of %.0f", lo, hi)
	case rate && known:
		l, h := stats.WilsonShare(published/100, float64(n), level)
		a.PublishedLo, a.PublishedHi, a.Rule = 100*l, 100*h, fmt.Sprintf("Wilson interval, n %d", n)
	default:
		a.PublishedLo, a.PublishedHi, a.Rule = published-0.25*math.Abs(published), published+0.25*math.Abs(published), "within 25 % (no interval published)"
	}
	const eps = 1e-9
	a.InPrediction = published >= a.PredictedLo-eps && published <= a.PredictedHi+eps
	a.InPublished = a.Predicted >= a.PublishedLo-eps && a.Predicted <= a.PublishedHi+eps
	if !rate {
		a.spread(list, scale, kind, lo, hi, hasLo, hasHi)
	}
	a.Agrees = a.InPrediction && a.InPublished && !a.TooWide
	return a
}

// quartiles is the distance of a normal distribution's quartiles in standard deviations.
const quartiles = 1.348979500392163

// spread sets the standard deviation between virtual patients beside the published one,
// which is told as such or as quartiles (then taken as those of a normal distribution).
func (a *Agreement) spread(list []seen, scale float64, kind string, lo, hi float64, hasLo, hasHi bool) {
	switch {
	case kind == "sd" && hasLo:
		a.PublishedSD = lo
	case kind == "iqr" && hasLo && hasHi && hi > lo:
		a.PublishedSD = (hi - lo) / quartiles
	default:
		return
	}
	var v []float64
	for _, s := range list {
		if !s.missing && !s.censored {
			v = append(v, s.value)
		}
	}
	a.PredictedSD = stats.SD(v) * math.Abs(scale)
	if a.PublishedN > 1 {
		_, most := stats.SDInterval(a.PublishedSD, a.PublishedN, level)
		a.TooWide = a.PredictedSD > most
	}
}
