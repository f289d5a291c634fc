package trial

import (
	"math"
	"slices"

	"thymus/stats"
)

// ratios divides means by shares. The interval is that of the logarithm of the ratio by the
// delta method, with the covariance of the patients who have both.
func (a *Analysis) ratios(r *Result) {
	at := func(id string) int {
		return slices.IndexFunc(a.p.endpoints, func(e *endpoint) bool { return e.ID == id })
	}
	for _, q := range a.p.Spec.Ratios {
		x := RatioResult{Ratio: q}
		for k, arm := range a.p.arms {
			x.ByArm = append(x.ByArm, ratio(arm.spec.ID, a.seen(at(q.Of), k), a.seen(at(q.Per), k)))
		}
		r.Ratios = append(r.Ratios, x)
	}
}

// ratio is the mean of one list over the share of another, patient by patient in one order.
func ratio(arm string, of, per []seen) Estimate {
	v, missing := numbers(of)
	w, _ := numbers(per)
	x := Estimate{Arm: arm, N: len(v), Missing: missing, Statistic: "ratio", Lo: math.NaN(), Hi: math.NaN()}
	for _, y := range w {
		if y != 0 {
			x.Events++
		}
	}
	mean, share := stats.Mean(v), stats.Mean(w)
	x.Value = mean / share
	if !(mean > 0) || !(share > 0) {
		return x
	}
	var products []float64
	for i := range of {
		if !of[i].missing && !per[i].missing {
			products = append(products, (of[i].value-mean)*(per[i].value-share))
		}
	}
	square := func(v []float64, mean float64) float64 { return math.Pow(stats.SD(v)/mean, 2) / float64(len(v)) }
	variance := square(v, mean) + square(w, share)
	if n := float64(len(products)); n > 1 {
		variance -= 2 * stats.Mean(products) / (mean * share) / n
	}
	half := stats.Z(level) * math.Sqrt(math.Max(variance, 0))
	x.Lo, x.Hi = x.Value*math.Exp(-half), x.Value*math.Exp(half)
	return x
}
