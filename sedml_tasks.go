package thymus

import (
	"fmt"
	"strings"

	"thymus/model"
	"thymus/sedml"
	"thymus/sim"
)

// leaves are the plain tasks of a task.
func (x *experiment) leaves(t *sedml.Task) []*sedml.Task {
	if !t.Repeated {
		return []*sedml.Task{t}
	}
	var out []*sedml.Task
	for _, s := range t.SubTasks {
		out = append(out, x.leaves(x.task(s))...)
	}
	return out
}

// results runs a task from its models' start, once.
func (x *experiment) results(id string) ([]run, error) {
	if r, ok := x.done[id]; ok {
		return r, nil
	}
	instances := map[string]*instance{}
	for m := range x.models {
		instances[m] = &instance{values: map[string]float64{}}
	}
	runs, err := x.follow(x.task(id), instances, map[string]float64{})
	if err != nil {
		return nil, err
	}
	x.done[id] = runs
	return runs, nil
}

func (x *experiment) follow(t *sedml.Task, instances map[string]*instance, env map[string]float64) ([]run, error) {
	if err := x.ctx.Err(); err != nil {
		return nil, err
	}
	if !t.Repeated {
		r, err := x.simulate(t, instances[t.Model])
		if err != nil {
			return nil, err
		}
		return []run{r}, nil
	}
	begin := map[string]*instance{}
	for id, i := range instances {
		begin[id] = i.clone()
	}
	var out []run
	rounds := -1
	for _, r := range t.Ranges {
		if r.ID == t.Range {
			if rounds = len(r.Values); r.Math != nil {
				for _, base := range t.Ranges {
					if base.ID == r.Index {
						rounds = len(base.Values)
					}
				}
			}
		}
	}
	for k := 0; k < rounds; k++ {
		if t.Reset {
			for id := range instances {
				*instances[id] = *begin[id].clone()
			}
		}
		now := map[string]float64{}
		for id, v := range env {
			now[id] = v
		}
		for _, r := range t.Ranges {
			if r.Math != nil {
				continue
			}
			if k >= len(r.Values) {
				return nil, failed(r.At, "the range %s has %d values, round %d needs another", r.ID, len(r.Values), k+1)
			}
			now[r.ID] = r.Values[k]
		}
		for i := range t.Ranges {
			if r := &t.Ranges[i]; r.Math != nil {
				v, err := x.evaluate(r.Math, r.Variables, r.Parameters, instances, now, t)
				if err != nil {
					return nil, err
				}
				now[r.ID] = v
			}
		}
		for i := range t.Sets {
			s := &t.Sets[i]
			v, ok := now[s.Range]
			if s.Math != nil {
				var err error
				if v, err = x.evaluate(s.Math, s.Variables, s.Parameters, instances, now, t); err != nil {
					return nil, err
				}
			} else if !ok {
				return nil, failed(s.At, "<setValue> has neither a formula nor a range")
			}
			if err := x.set(s, instances[s.Model], v, t); err != nil {
				return nil, err
			}
		}
		for _, sub := range t.SubTasks {
			runs, err := x.follow(x.task(sub), instances, now)
			if err != nil {
				return nil, err
			}
			out = append(out, runs...)
		}
	}
	return out, nil
}

// evaluate computes a formula of ranges, parameters and present values of models.
func (x *experiment) evaluate(math *model.Expr, variables []sedml.Variable, parameters []sedml.Parameter, instances map[string]*instance, env map[string]float64, t *sedml.Task) (float64, error) {
	values := map[string]float64{}
	for id, v := range env {
		values[id] = v
	}
	for _, p := range parameters {
		values[p.ID] = p.Value
	}
	for _, v := range variables {
		m := v.Model
		if m == "" {
			m = x.leaves(t)[0].Model
		}
		i := instances[m]
		if i == nil {
			return 0, failed(v.At, "there is no model %q", m)
		}
		got, err := x.present(m, i, v, t)
		if err != nil {
			return 0, err
		}
		values[v.ID] = got
	}
	return sedml.Evaluate(math, values)
}

// some is a plan of a model, to look at it.
func (x *experiment) some(modelID string, t *sedml.Task) (*planned, error) {
	for _, leaf := range x.leaves(t) {
		if leaf.Model == modelID {
			return x.planOf(modelID, x.simulation(leaf.Simulation))
		}
	}
	return nil, failed(t.At, "the task %s does not simulate the model %s", t.ID, modelID)
}

// present is what a variable of a model is now.
func (x *experiment) present(m string, i *instance, v sedml.Variable, t *sedml.Task) (float64, error) {
	p, err := x.some(m, t)
	if err != nil {
		return 0, err
	}
	k, _, err := key(v)
	if err != nil {
		return 0, failed(v.At, "%v", err)
	}
	at, ok := p.keys[k]
	if !ok {
		return 0, failed(v.At, "the model %s has no %s", m, k)
	}
	begin := sim.Begin{Y: i.y}
	if i.y == nil {
		var failure *sim.Failure
		if begin, failure = p.worker.Settle(i.patient(), i.time); failure != nil {
			return 0, failure
		}
	}
	dst := make([]float64, len(p.keys))
	if failure := p.worker.Observe(i.patient(), begin, i.time, dst); failure != nil {
		return 0, failure
	}
	return dst[at], nil
}

// set gives a model's symbol a value: a constant or initial value before it ran, and
// afterwards also a state.
func (x *experiment) set(s *sedml.Set, i *instance, v float64, t *sedml.Task) error {
	id, attribute, err := sedml.Symbol(s.Target)
	if err != nil {
		return failed(s.At, "%v", err)
	}
	p, err := x.some(s.Model, t)
	if err != nil {
		return err
	}
	if _, ok := p.plan.Program().ConstantIndex(id); !ok {
		return failed(s.At, "%s cannot be set: the model %s has no settable symbol of that name", id, s.Model)
	}
	m := x.models[s.Model]
	for _, species := range m.Species {
		if species.ID != id {
			continue
		}
		size := 1.0
		for _, c := range m.Compartments {
			if c.ID == species.Compartment && c.Size != nil {
				size = *c.Size
			}
		}
		if given, ok := i.values[species.Compartment]; ok {
			size = given
		}
		amount := s.Symbol == "KISAO:0000836" || attribute == "initialAmount" && s.Symbol == ""
		if amount && !species.SubstanceOnly {
			v /= size
		}
		if !amount && (s.Symbol == "KISAO:0000838" || attribute == "initialConcentration") && species.SubstanceOnly {
			v *= size
		}
		if state, ok := p.plan.Program().StateIndex(id); ok && i.y != nil {
			if i.y[state] = v; !species.SubstanceOnly {
				i.y[state] = v * size
			}
			return nil
		}
	}
	if state, ok := p.plan.Program().StateIndex(id); ok && i.y != nil {
		i.y[state] = v
		return nil
	}
	i.values[id] = v
	return nil
}

// simulate runs a plain task from where its model is.
func (x *experiment) simulate(t *sedml.Task, i *instance) (run, error) {
	s := x.simulation(t.Simulation)
	p, err := x.planOf(t.Model, s)
	if err != nil {
		return run{}, err
	}
	x.result.Runs++
	out := run{model: t.Model, cols: map[string][]float64{}}
	end := func(failure *sim.Failure) (run, error) {
		_, cause, _ := strings.Cut(failure.Error(), ": ")
		return out, fmt.Errorf("task %s: %s", t.ID, cause)
	}
	if s.Kind == sedml.SteadyState {
		begin, failure := p.worker.Settle(i.patient(), i.time)
		if failure != nil {
			return end(failure)
		}
		dst := make([]float64, len(p.keys))
		if failure := p.worker.Observe(i.patient(), begin, i.time, dst); failure != nil {
			return end(failure)
		}
		i.y, out.rows = begin.Y, 1
		for k, at := range p.keys {
			out.cols[k] = []float64{dst[at]}
		}
		return out, nil
	}
	schedule := sim.Schedule{Start: s.Initial, End: s.End, Times: []float64{s.End}, Seed: p.how.Seed + uint64(x.result.Runs) - 1}
	if s.Kind == sedml.OneStep {
		schedule.Start, schedule.End = i.time, i.time+s.Step
		schedule.Times = []float64{schedule.End}
	} else if s.Steps > 0 {
		schedule.Times = sim.Times(s.Start, s.End, s.Steps)
	}
	trajectory, failure := p.worker.Run(i.patient(), sim.Begin{Y: i.y}, schedule)
	if failure != nil {
		return end(failure)
	}
	i.y, i.time, out.rows = p.worker.State(), schedule.End, len(trajectory.Times)
	for k, at := range p.keys {
		out.cols[k] = trajectory.Values[at]
	}
	return out, nil
}
