package trial

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"

	"thymus/diag"
	"thymus/population"
	"thymus/sim"
)

// A Knob is a number of a prepared trial that can be changed without composing the trial
// again: the value of a row of a parameter table, what a population puts in its place, a covariate, or a
// number of their spreads.
type Knob struct {
	ID string // flat id in the composed model; of a covariate, its entry
	Of string // "value", or the name of a number of the spread: "cv"

	p     *Prepared
	entry int // in entries, signals or pulses; -1: a constant of the program
	list  *[]signalEntry
}

// Knobs finds what a row of a parameter table is in the trial: nothing when the trial has
// no such row, or when its population replaces the number; several when several modules
// import the table.
func (p *Prepared) Knobs(row diag.Place, of string) ([]*Knob, error) {
	var out []*Knob
	for _, x := range p.Model.Parameters {
		if x.Value == nil || x.TableAt.Src == nil || row.Src == nil || x.TableAt.Src.Name != row.Src.Name || x.TableAt.Start != row.Start {
			continue
		}
		o := p.Population.Parameters[x.ID]
		if of == "value" && o.Value != nil || of != "value" && o.Spread != nil {
			continue
		}
		k, err := p.knob(x.ID, of)
		if err != nil {
			return nil, err
		}
		if _, ok := p.Plan.Program().ConstantIndex(x.ID); !ok && k.entry < 0 {
			return nil, fmt.Errorf("%s is no constant of the composed model", x.ID)
		}
		out = append(out, k)
	}
	return out, nil
}

// PopulationKnob finds a number of the trial's population: the value or a number of the
// spread of a parameter that the population replaces, or of a covariate.
func (p *Prepared) PopulationKnob(id, of string) (*Knob, error) {
	if _, ok := p.Population.Parameters[id]; ok {
		return p.knob(id, of)
	}
	return p.knob(covariateEntry(id), of)
}

// knob finds what an entry, a signal or pulses have.
func (p *Prepared) knob(id, of string) (*Knob, error) {
	k := &Knob{ID: id, Of: of, p: p, entry: -1}
	var spread population.Spread
	for i, e := range p.entries {
		if e.ID == id {
			k.entry, spread = i, e.Spread
		}
	}
	for _, list := range []*[]signalEntry{&p.signals, &p.pulses} {
		for i, s := range *list {
			if s.id == id {
				k.entry, spread, k.list = i, s.spread, list
			}
		}
	}
	if _, ok := spread.Args[of]; of != "value" && !ok {
		return nil, fmt.Errorf("the spread of %s has no %q: it is %q", id, of, spread.Text)
	}
	return k, nil
}

// Set changes the number; the next run has it.
func (k *Knob) Set(v float64) error {
	switch {
	case k.entry < 0:
		k.p.settings = slices.DeleteFunc(slices.Clone(k.p.settings), func(s sim.Setting) bool { return s.ID == k.ID })
		k.p.settings = append(k.p.settings, sim.Setting{ID: k.ID, Value: v})
	case k.list != nil:
		s := &(*k.list)[k.entry]
		if k.Of == "value" {
			s.mean = v
		} else {
			s.spread.Args = maps.Clone(s.spread.Args)
			s.spread.Args[k.Of] = v
		}
	default:
		e := &k.p.entries[k.entry]
		if k.Of == "value" {
			e.Nominal = v
		} else {
			e.Spread.Args = maps.Clone(e.Spread.Args)
			e.Spread.Args[k.Of] = v
		}
		return e.Spread.Check(e.Nominal)
	}
	return nil
}

// Focus restricts a prepared trial to what some evidence rows need: their arms, until their
// last day. Trajectories are not kept.
func (p *Prepared) Focus(rows map[string]bool) {
	var left []Comparison
	need := map[string]bool{}
	last := p.Spec.Start
	for _, c := range p.Spec.Evidence {
		if !rows[c.Row] {
			continue
		}
		left = append(left, c)
		need[c.Arm] = true
		if c.Against != "" {
			need[c.Against] = true
		}
		for _, e := range p.endpoints {
			if e.ID == c.Endpoint {
				last = max(last, e.visit)
				if e.Visit == "" || e.Kind == "max" || e.Kind == "min" || e.Kind == "time-to" {
					last = max(last, e.to)
				}
			}
		}
	}
	p.Spec.Evidence = left
	p.skip = make([]bool, len(p.arms))
	for i, a := range p.arms {
		p.skip[i] = !need[a.spec.ID]
	}
	if last < p.Spec.End {
		p.Spec.End = last
		p.grid = p.grid[:sort.SearchFloat64s(p.grid, last)+1]
	}
	p.band = nil
	p.Spec.Trajectories = 0
}

// Predict simulates the trial and sets its predictions beside the published figures, drawing
// so many replicate trials for their intervals; 0 leaves the intervals out. It also counts
// patients that could not be simulated, and patients in an arm altogether.
func (p *Prepared) Predict(ctx context.Context, workers, resamples int) (list []Agreement, failed, patients int, err error) {
	usual := p.resamples
	p.resamples = resamples
	defer func() { p.resamples = usual }()
	a := p.NewAnalysis()
	err = p.Run(ctx, RunOptions{Workers: workers, Keep: func(_ int, t Tables) error {
		if err := a.Add(t.Patients); err != nil {
			return err
		}
		return a.Add(t.Endpoints)
	}})
	if err != nil {
		return nil, 0, 0, err
	}
	for _, s := range a.arms {
		failed += s.result.Failed
		patients += s.result.Randomised
	}
	var r Result
	a.agreement(&r)
	return r.Agreement, failed, patients, nil
}
