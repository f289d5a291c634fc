package conformance

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"thymus/sim"
)

// stochastic is the SBML Test Suite's stochastic part: reactions that happen one by one
// (Evans, Gillespie and Wilkinson, Bioinformatics 24:285, 2008) and draws from
// distributions. With n runs, the mean X and standard deviation S at a time are held
// against the expected mu and sigma by Z = sqrt(n) (X - mu)/sigma and
// Y = sqrt(n/2) (S^2/sigma^2 - 1), which must lie in the ranges of the settings.
//
// A right simulator leaves a range now and then. Here a case passes when, with each seed,
// at most mostOut of its values of Z and Y are out of range and none is with every seed.
var stochastic = Suite{
	Name:      "sbml-stochastic",
	Title:     "SBML Test Suite, stochastic cases",
	Shape:     "folders NNNNN with NNNNN-settings.txt, -results.csv and -sbml-lLvV.xml (the suite's root, its cases/stochastic, or one such folder)",
	Deviation: "|Z| or |Y| as a fraction of the end of its range",
	List:      func(folder string) ([]Case, error) { return suiteCases(folder, "stochastic") },
	Judge:     judgeStochastic,
	Limit:     func(o Options) float64 { return 120 + 0.05*float64(o.runs()*len(o.seeds())) },
	Notes: func(o Options) []string {
		return []string{fmt.Sprintf("%d runs, with each of the seeds %s; at most %d values of Z and Y out of range with a seed, none with every seed.",
			o.runs(), strings.Trim(fmt.Sprint(o.seeds()), "[]"), mostOut)}
	},
}

const mostOut = 3

// runs is the number of runs of a stochastic case.
func (o Options) runs() int {
	if o.Runs > 0 {
		return o.Runs
	}
	return 10_000
}

// seeds are those of a stochastic case.
func (o Options) seeds() []uint64 {
	if len(o.Seeds) > 0 {
		return o.Seeds
	}
	return []uint64{1, 2, 3}
}

func judgeStochastic(ctx context.Context, c Case, o Options) Verdict {
	s, err := readSettings(c)
	if err != nil {
		return wrong("settings: %v", err)
	}
	expected, err := readNumbers(filepath.Join(filepath.Dir(c.Path), c.Name+"-results.csv"))
	if err != nil {
		return wrong("results: %v", err)
	}
	m, ms := o.Read(c.Path)
	if ms.HasErrors() {
		return refused(ms)
	}
	course := sim.Course{Model: m, Start: s.start, End: s.start + s.duration, Steps: s.steps, Record: s.record(m), MaxSteps: o.steps()}
	if len(m.Reactions) > 0 {
		course.Method = "ssa"
	}
	j := scores{n: float64(o.runs()), settings: s, expected: expected, out: map[string]int{}, most: newComparison()}
	for _, seed := range o.seeds() {
		course.Seed = seed
		e, ms, err := course.Ensemble(ctx, o.runs(), 1)
		if ms.HasErrors() {
			return refused(ms)
		}
		if err != nil {
			return wrong("ended early: %s", cause(err))
		}
		if v := j.seed(e); v != nil {
			return *v
		}
	}
	return j.verdict(len(o.seeds()))
}

// scores holds ensembles against a table of means and standard deviations.
type scores struct {
	n        float64
	settings *settings
	expected *numbers
	out      map[string]int // how many seeds left the range, by value
	bySeed   []int
	checks   int // values of Z and Y a seed
	most     *comparison
	z, y     float64 // the largest
}

// seed judges one ensemble; a verdict is a case that cannot be judged.
func (j *scores) seed(e *sim.Ensemble) *Verdict {
	column := map[string][]float64{}
	for i, name := range j.expected.names {
		column[name] = j.expected.values[i]
	}
	bad := func(format string, args ...any) *Verdict {
		v := wrong(format, args...)
		return &v
	}
	times := j.expected.values[0]
	if len(times) != len(e.Times) {
		return bad("results: %d rows, expected %d", len(times), len(e.Times))
	}
	for k, t := range e.Times {
		if math.Abs(times[k]-t) > 1e-6*math.Max(math.Abs(t), j.settings.duration) {
			return bad("results: row %d is at time %g, expected %g", k+1, times[k], t)
		}
	}
	j.bySeed = append(j.bySeed, 0)
	j.checks = 0
	judged := map[string]bool{}
	for i, v := range j.settings.variables {
		mean, sd := column[v+"-mean"], column[v+"-sd"]
		judged[v+"-mean"], judged[v+"-sd"] = mean != nil, sd != nil
		for k, t := range e.Times {
			x, s := e.Mean[i][k], e.SD[i][k]
			sigma := s // where the suite gives none (it has none): that of the runs
			if sd != nil {
				sigma = sd[k]
			}
			if mean != nil {
				z := math.Sqrt(j.n) * (x - mean[k]) / sigma
				if sigma == 0 {
					z = exact(x, mean[k])
				}
				j.z = math.Max(j.z, math.Abs(z))
				j.check(v+"-mean", t, mean[k], x, z, j.settings.meanRange)
			}
			if sd != nil {
				y := math.Sqrt(j.n/2) * (s*s/(sigma*sigma) - 1)
				if sigma == 0 {
					y = exact(s, 0)
				}
				j.y = math.Max(j.y, math.Abs(y))
				j.check(v+"-sd", t, sigma, s, y, j.settings.spreadRange)
			}
		}
	}
	for _, name := range j.settings.output {
		if !judged[name] {
			return bad("results: no column %s", name)
		}
	}
	return nil
}

// exact is the score where nothing may vary: 0, or infinite.
func exact(got, want float64) float64 {
	if math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want)) {
		return 0
	}
	return math.Inf(1)
}

// check notes one value of Z or Y.
func (j *scores) check(name string, t, expected, got, score float64, within [2]float64) {
	j.checks++
	end := within[1]
	if score < 0 {
		end = -within[0]
	}
	d := math.Abs(score) / end
	if math.IsNaN(d) {
		d = math.Inf(1)
	}
	if d > j.most.deviation || j.most.compared == 0 {
		*j.most = comparison{d, name, t, expected, got, j.most.compared}
	}
	j.most.compared++
	if !(score > within[0] && score < within[1]) {
		j.bySeed[len(j.bySeed)-1]++
		j.out[fmt.Sprintf("%s at %g", name, t)]++
	}
}

func (j *scores) verdict(seeds int) Verdict {
	v := j.most.verdict()
	if j.most.compared == 0 {
		return v
	}
	v.Outcome, v.Reason = Passed, ""
	v.Detail = fmt.Sprintf("%s of %d values out of range by seed, largest |Z| %.2f, |Y| %.2f", strings.Trim(fmt.Sprint(j.bySeed), "[]"), j.checks, j.z, j.y)
	for i, n := range j.bySeed {
		if n > mostOut {
			v.Outcome = Wrong
			v.Reason = fmt.Sprintf("%d values are out of range with seed number %d; %s is %.7g, expected %.7g, at %g", n, i+1, j.most.variable, j.most.got, j.most.expected, j.most.time)
			return v
		}
	}
	if seeds < 2 {
		return v
	}
	for name, n := range j.out {
		if n == seeds && (v.Outcome == Passed || name < v.Reason) {
			v.Outcome, v.Reason = Wrong, name
		}
	}
	if v.Outcome == Wrong {
		v.Reason += " is out of range with every seed"
	}
	return v
}
