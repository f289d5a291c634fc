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

// usualResamples is how many replicate trials of the published size are drawn from an arm.
const usualResamples = 2000

// usualSize stands for the size of a published arm that is not known.
const usualSize = 30

// agreement sets the trial's predictions beside the published figures it names. A row
// agrees when both hold: the published value lies in the 90 % interval of replicate trials
// of the published size, and the prediction lies in the published 95 % interval, which may
// be told as a standard error; where none is given, in Wilson's interval for a rate of known
// size, else within 25 %. A figure that was published as a bound ("more than fivefold";
// spread_kind "lower bound" or "upper bound") is met from it on to its side, and a published
// interval whose end was not reached (inf) is open there. Where the spread between patients
// was published, virtual patients must not be spread wider than
// its own 95 % limit: a replicate interval that is wide for that reason proves nothing.
// Times are seen on the recorded grid, so they are compared to within half a step of it.
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
			list := func(arm string) []seen {
				if k, err := a.p.armIndex(arm); err == nil {
					return a.seen(i, k)
				}
				return nil
			}
			r.Agreement = append(r.Agreement, a.p.agree(c, rows[c.Row], e, list(c.Arm), list(c.Against)))
		}
	}
}

// suits says what is wrong with comparing an endpoint by the statistic, and what to do.
func (c Comparison) suits(e Endpoint) (why, help string) {
	contrast := c.Statistic == "difference" || c.Statistic == "ratio" || c.Statistic == "odds-ratio" || c.Statistic == "hazard-ratio" || c.Statistic == "reduction" || c.Statistic == "significant"
	curve := c.Statistic == "survival" || c.Statistic == "incidence"
	switch {
	case contrast && c.Against == "":
		return "a " + c.Statistic + " needs another arm", "name it: against: ARM"
	case c.Against != "" && !contrast:
		return "an arm is set against another by a difference, ratio, reduction, odds-ratio, hazard-ratio or significant", "say which: statistic: difference"
	case curve && c.AtVisit == "":
		return "a share of " + c.Statistic + " needs its visit", "name it: at: VISIT"
	case (curve || c.Statistic == "hazard-ratio" || c.AtVisit != "") && e.Kind != "time-to":
		return "only a time-to endpoint has a survival curve, and " + e.ID + " is of kind " + e.Kind, "a value or responder endpoint names its visit itself"
	case c.AtVisit != "" && c.Statistic != "difference" && !curve:
		return "at: goes with survival, incidence or difference", ""
	case c.Statistic == "odds-ratio" && e.Kind != "responder":
		return "an odds-ratio is one of responders, and " + e.ID + " is of kind " + e.Kind, ""
	}
	return "", ""
}

// scale turns a prediction into the row's unit.
func (c Comparison) scale() float64 {
	if c.Scale == 0 {
		return 1
	}
	return c.Scale
}

// share says whether a statistic is a share of patients in %.
func (c Comparison) share(e *endpoint) bool {
	return c.Against == "" && (e.Kind == "responder" && c.Statistic != "sd" || c.Statistic == "survival" || c.Statistic == "incidence")
}

// statistic summarises an endpoint of an arm's patients as the comparison says, in the
// unit of the published figure; other are those of the arm it is set against. NaN where
// nobody counts.
func (p *Prepared) statistic(c Comparison, e *endpoint, list, other []seen) float64 {
	scale := c.scale()
	if e.Kind == "responder" && c.Statistic != "ratio" && c.Statistic != "odds-ratio" && c.Statistic != "reduction" && c.Statistic != "significant" {
		scale *= 100
	}
	switch c.Statistic {
	case "survival", "incidence":
		o, _ := observations(list)
		if len(o) == 0 {
			return math.NaN()
		}
		s := stats.KaplanMeier(o, 0).At(p.visits[c.AtVisit])
		if c.Statistic == "incidence" {
			s = 1 - s
		}
		return 100 * s * scale
	case "hazard-ratio":
		o, _ := observations(list)
		q, _ := observations(other)
		ratio, _, _ := stats.HazardRatio(o, q, level)
		return ratio * scale
	case "difference":
		one := Comparison{}
		if c.AtVisit != "" {
			one = Comparison{Statistic: "survival", AtVisit: c.AtVisit}
		}
		return p.centre(one, e, list)*scale - p.centre(one, e, other)*scale
	case "ratio":
		return p.centre(Comparison{}, e, list) / p.centre(Comparison{}, e, other) * scale
	case "reduction":
		return 100 * (1 - p.centre(Comparison{}, e, list)/p.centre(Comparison{}, e, other)) * scale
	case "significant":
		r := EndpointResult{Endpoint: e.Endpoint, Binary: e.Kind == "responder", TimeToEvent: e.Kind == "time-to"}
		return truth(p.difference(r, "", list, other).P < 1-level)
	case "odds-ratio":
		a, b := p.centre(Comparison{}, e, list), p.centre(Comparison{}, e, other)
		return a * (1 - b) / (b * (1 - a)) * scale
	}
	return p.centre(c, e, list) * scale
}

// centre is the summary of an endpoint, by default the endpoint's own.
func (p *Prepared) centre(c Comparison, e *endpoint, list []seen) float64 {
	if c.Statistic == "survival" {
		return p.statistic(c, e, list, nil)
	}
	if e.Kind == "time-to" && (c.Statistic == "median" || c.Statistic == "") {
		o, _ := observations(list)
		m, _, _ := stats.KaplanMeier(o, 0).Median()
		return m
	}
	v := known(list)
	if len(v) == 0 {
		return math.NaN()
	}
	what := c.Statistic
	if what == "" {
		what = e.Summary
	}
	switch what {
	case "median":
		return stats.Quantile(v, 0.5)
	case "geometric-mean":
		for i, x := range v {
			v[i] = math.Log(x)
		}
		return math.Exp(stats.Mean(v))
	case "max":
		return stats.Quantile(v, 1)
	case "min":
		return stats.Quantile(v, 0)
	case "sd":
		return stats.SD(v)
	}
	return stats.Mean(v)
}

// known lists the values of patients whose endpoint is there, and came if it is an event.
func known(list []seen) []float64 {
	v := make([]float64, 0, len(list))
	for _, s := range list {
		if !s.missing && !s.censored {
			v = append(v, s.value)
		}
	}
	return v
}

// named says the statistic of a comparison in full.
func (c Comparison) named(e *endpoint) string {
	s := c.Statistic
	if s == "" {
		switch {
		case e.Kind == "responder":
			s = "percent"
		case e.Summary == "median" || e.Kind == "time-to":
			s = "median"
		case e.Summary == "geometric-mean":
			s = e.Summary
		default:
			s = "mean"
		}
	}
	if c.Against != "" {
		s += " against " + c.Against
	}
	if c.AtVisit != "" {
		s += " at " + c.AtVisit
	}
	return s
}

func (p *Prepared) agree(c Comparison, row library.EvidenceRow, e *endpoint, list, other []seen) Agreement {
	nan := math.NaN()
	a := Agreement{Row: row.ID, Study: row.Study, Citation: row.Citation, DOI: row.DOI, Measure: row.Measure, Use: row.Use, Status: row.Status,
		Endpoint: c.Endpoint, Arm: c.Arm, Statistic: c.named(e), Unit: row.Unit, Note: c.Note,
		PublishedLo: nan, PublishedHi: nan, Predicted: nan, PredictedLo: nan, PredictedHi: nan, Z: nan, PublishedSD: nan, PredictedSD: nan}
	published, ok := row.Number()
	if !ok {
		a.Published = nan
		a.Rule = "the published figure is no number"
		return a
	}
	a.Published = published
	n, sized := row.Size()
	a.PublishedN = n
	counted := c.share(e) && sized && c.Scale == 0 && (row.Unit == "patients" || row.Unit == "deaths" || row.Unit == "events")
	if counted {
		c.Scale = float64(n) / 100 // the published figure is how many of the arm
	}
	a.Predicted = p.statistic(c, e, list, other)
	a.PredictedN, a.PredictedOf = present(list), len(list)
	switch {
	case counted:
		a.ShareOf = float64(n)
	case c.share(e):
		a.ShareOf = 100
	}
	size := n
	if !sized {
		size = usualSize
	}
	if len(list) > 0 && (c.Against == "" || len(other) > 0) {
		stream := rng.New(rng.Key{Seed: p.Spec.Seed, Patient: -1, Purpose: "replicates of " + row.ID + " " + c.Endpoint + " " + c.Arm})
		draw, draw2 := make([]seen, size), []seen(nil)
		if c.Against != "" {
			draw2 = make([]seen, size)
		}
		var values []float64
		for k := 0; k < p.resamples; k++ {
			for i := range draw {
				draw[i] = list[stream.Intn(len(list))]
			}
			for i := range draw2 {
				draw2[i] = other[stream.Intn(len(other))]
			}
			if v := p.statistic(c, e, draw, draw2); !math.IsNaN(v) && !math.IsInf(v, 0) {
				values = append(values, v)
			}
		}
		sort.Float64s(values)
		a.PredictedLo, a.PredictedHi = stats.SortedQuantile(values, 0.05), stats.SortedQuantile(values, 0.95)
		if sd := stats.SD(values); sd > 0 {
			a.Z = (published - stats.Mean(values)) / sd
		}
		if c.Statistic == "significant" && len(values) > 0 {
			a.Predicted = truth(stats.Mean(values) > 0.5) // what most trials of the published size would say
		}
	}
	lo, hi, hasLo, hasHi := row.Spread()
	kind := strings.ToLower(row.SpreadKind)
	share := c.share(e)
	a.Bound = bound(kind)
	switch {
	case a.Bound == "lower":
		a.PublishedLo, a.Rule = published, "published as a lower bound"
	case a.Bound == "upper":
		a.PublishedHi, a.Rule = published, "published as an upper bound"
	case (kind == "95ci" || kind == "95% ci") && hasLo && hasHi:
		a.PublishedLo, a.PublishedHi, a.Rule = lo, hi, "published 95 % interval"
		if math.IsInf(hi, 1) {
			a.PublishedHi, a.Rule = nan, "published 95 % interval without an upper end"
		}
	case kind == "se" && hasLo && !hasHi:
		half := stats.Z(level) * lo
		a.PublishedLo, a.PublishedHi, a.Rule = published-half, published+half, "published standard error"
	case share && kind == "count" && hasLo && hasHi && hi > 0:
		l, h := stats.Wilson(int(math.Round(lo)), int(math.Round(hi)), level)
		a.PublishedLo, a.PublishedHi, a.Rule = a.ShareOf*l, a.ShareOf*h, fmt.Sprintf("Wilson interval of %.0f of %.0f", lo, hi)
	case counted:
		l, h := stats.Wilson(int(math.Round(published)), n, level)
		a.PublishedLo, a.PublishedHi, a.Rule = a.ShareOf*l, a.ShareOf*h, fmt.Sprintf("Wilson interval of %g of %d", published, n)
	case share && sized:
		l, h := stats.WilsonShare(published/100, float64(n), level)
		a.PublishedLo, a.PublishedHi, a.Rule = 100*l, 100*h, fmt.Sprintf("Wilson interval, n %d", n)
	default:
		a.PublishedLo, a.PublishedHi, a.Rule = published-0.25*math.Abs(published), published+0.25*math.Abs(published), "within 25 % (no interval published)"
	}
	eps := 1e-9
	if c.Against == "" && !share && (e.Kind == "time-to" || e.Kind == "time-of-max" || e.Unit == "day") {
		eps = math.Max(eps, p.Spec.Resolution/2*math.Abs(c.scale())) // a day is seen on the recorded grid
	}
	for _, x := range c.printed(e, row.Value, published, n) {
		above, below := x >= a.PredictedLo-eps, x <= a.PredictedHi+eps
		a.InPrediction = a.InPrediction || (above || a.Bound == "lower") && (below || a.Bound == "upper")
	}
	// an open end is no number, and nothing is beyond it
	a.InPublished = !math.IsNaN(a.Predicted) && !(a.Predicted < a.PublishedLo-eps) && !(a.Predicted > a.PublishedHi+eps)
	if a.Bound != "" && a.InPublished && a.InPrediction {
		a.Z = nan // how far beyond a bound the published trial was is not known
	}
	if !share && c.Against == "" && c.Statistic != "sd" {
		a.spread(list, c.scale(), kind, lo, hi, hasLo, hasHi)
	}
	a.Agrees = a.InPrediction && a.InPublished && !a.TooWide
	return a
}

// bound says which side of a published figure the kind of its spread leaves open: "lower" for
// "more than 5", "upper" for "less than 1 %", else nothing.
func bound(kind string) string {
	side, is := strings.CutSuffix(kind, " bound")
	if is && (side == "lower" || side == "upper") {
		return side
	}
	return ""
}

// printed lists what a published figure can have been before it was rounded. A percentage of n
// patients is a count: 29 % of 7 is 2 of 7, 28.57 %, which a replicate trial can meet. Other
// figures, and percentages that no count gives, are taken as they stand.
func (c Comparison) printed(e *endpoint, text string, published float64, n int) []float64 {
	if e.Kind != "responder" || c.Statistic != "" || c.Against != "" || c.Scale != 0 || n < 1 || published < 0 || published > 100 {
		return []float64{published}
	}
	_, decimals, _ := strings.Cut(strings.TrimSpace(text), ".")
	half := 0.5*math.Pow(10, -float64(len(decimals))) + 1e-9
	var out []float64
	for k := math.Ceil((published - half) / 100 * float64(n)); k <= (published+half)/100*float64(n); k++ {
		if k >= 0 && k <= float64(n) {
			out = append(out, 100*k/float64(n))
		}
	}
	if len(out) == 0 {
		return []float64{published}
	}
	return out
}

// present counts patients whose endpoint is not missing.
func present(list []seen) int {
	_, missing := numbers(list)
	return len(list) - missing
}

// quartiles is the distance of a normal distribution's quartiles in standard deviations,
// reference that of the ends of a laboratory's reference range, between which 95 % of
// healthy people are.
var quartiles, reference = 2 * stats.Z(0.5), 2 * stats.Z(0.95)

// spread sets the standard deviation between virtual patients beside the published one,
// which is told as such or as a reference range (then taken as that of a normal distribution).
// Where quartiles were published, quartiles are compared, both told as the standard deviation
// of a normal distribution that has them: titres are skewed, and their few highest would
// decide a standard deviation that no published quartile knows of.
func (a *Agreement) spread(list []seen, scale float64, kind string, lo, hi float64, hasLo, hasHi bool) {
	values := known(list)
	sd := stats.SD(values)
	switch {
	case kind == "sd" && hasLo:
		a.PublishedSD = lo
	case kind == "iqr" && hasLo && hasHi && hi > lo:
		a.PublishedSD = (hi - lo) / quartiles
		sort.Float64s(values)
		sd = (stats.SortedQuantile(values, 0.75) - stats.SortedQuantile(values, 0.25)) / quartiles
	case (kind == "reference range" || kind == "2.5-97.5 percentile") && hasLo && hasHi && hi > lo:
		a.PublishedSD = (hi - lo) / reference
	default:
		return
	}
	a.PredictedSD = sd * math.Abs(scale)
	if a.PublishedN > 1 {
		_, most := stats.SDInterval(a.PublishedSD, a.PublishedN, level)
		a.TooWide = a.PredictedSD > most
	}
}
