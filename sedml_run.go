package thymus

import (
	"context"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/omex"
	"thymus/report"
	"thymus/sbml"
	"thymus/sedml"
	"thymus/sim"
	"thymus/table"
)

// ExperimentResult says what RunExperiment wrote.
type ExperimentResult struct {
	Files    []string // as written, in order
	Runs     int      // simulations
	Messages diag.Messages
}

// RunExperiment runs a SED-ML file, or every SED-ML file of a COMBINE archive (the masters
// only, when there are any), and writes each report as ID.csv and each plot as ID.svg into a
// folder; with several SED-ML files each has a folder of its own.
func (a *App) RunExperiment(ctx context.Context, file, out string) (*ExperimentResult, error) {
	result := &ExperimentResult{}
	if !isArchive(file) {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, diag.Messages{diag.FileError(file, err)}
		}
		read := func(name string) (*diag.Source, bool) {
			full := filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
			text, err := os.ReadFile(full)
			return &diag.Source{Name: full, Text: string(text)}, err == nil
		}
		return result, runExperiment(ctx, &diag.Source{Name: file, Text: string(text)}, read, out, result)
	}
	archive, ms := readArchive(file)
	if result.Messages = ms; ms.HasErrors() {
		return nil, ms
	}
	list := archive.Choose(omex.IsSEDML)
	if len(list) == 0 {
		return nil, append(ms, diag.Errorf((&diag.Source{Name: file}).Whole(), "the archive has no SED-ML file").WithHelp("it holds %s", strings.Join(archive.Files(), ", ")))
	}
	if list[0].Master {
		n := 0
		for n < len(list) && list[n].Master {
			n++
		}
		list = list[:n]
	}
	for _, e := range list {
		content, _ := archive.Content(e.Location)
		read := func(name string) (*diag.Source, bool) {
			at := path.Join(path.Dir(e.Location), name)
			text, ok := archive.Content(at)
			return &diag.Source{Name: file + "/" + at, Text: string(text)}, ok
		}
		to := out
		if len(list) > 1 {
			to = filepath.Join(out, filepath.FromSlash(strings.TrimSuffix(e.Location, path.Ext(e.Location))))
		}
		if err := runExperiment(ctx, &diag.Source{Name: file + "/" + e.Location, Text: string(content)}, read, to, result); err != nil {
			return result, err
		}
	}
	return result, nil
}

// experiment is a document under way.
type experiment struct {
	ctx    context.Context
	doc    *sedml.Document
	read   func(name string) (*diag.Source, bool)
	models map[string]*model.Model
	wanted []compile.Selection // what formulas read, for any model
	plans  map[string]*planned
	result *ExperimentResult
	done   map[string][]run // of top-level tasks
}

// planned is a simulation of a model, ready to run.
type planned struct {
	plan   *sim.Plan
	worker *sim.Worker
	how    sedml.Run
	keys   map[string]int // index of each key among the recorded selections
}

// instance is a model under way: values that were set, and its state once it ran.
type instance struct {
	values map[string]float64
	y      []float64
	time   float64
}

func (x *instance) clone() *instance {
	c := &instance{values: map[string]float64{}, y: append([]float64(nil), x.y...), time: x.time}
	for k, v := range x.values {
		c.values[k] = v
	}
	return c
}

func (x *instance) patient() (pt sim.Patient) {
	for _, id := range sortedKeys(x.values) {
		pt.Values = append(pt.Values, sim.Setting{ID: id, Value: x.values[id]})
	}
	return pt
}

// run is the rows of one simulation.
type run struct {
	model string
	rows  int
	cols  map[string][]float64 // by key of the variable
}

// key names what a variable reads: an id and how it is reported.
func key(v sedml.Variable) (string, compile.Selection, error) {
	if v.Target == "" {
		switch v.Symbol {
		case "urn:sedml:symbol:time", "KISAO:0000832":
			return model.Time, compile.Selection{ID: model.Time}, nil
		}
		return "", compile.Selection{}, fmt.Errorf("the symbol %q is not supported", v.Symbol)
	}
	id, _, err := sedml.Symbol(v.Target)
	if err != nil {
		return "", compile.Selection{}, err
	}
	switch v.Symbol {
	case "":
		return id, compile.Selection{ID: id}, nil
	case "KISAO:0000836":
		return id + " amount", compile.Selection{ID: id, As: compile.Amount}, nil
	case "KISAO:0000838":
		return id + " concentration", compile.Selection{ID: id, As: compile.Concentration}, nil
	}
	return "", compile.Selection{}, fmt.Errorf("the symbol %q is not supported", v.Symbol)
}

func runExperiment(ctx context.Context, src *diag.Source, read func(string) (*diag.Source, bool), out string, result *ExperimentResult) error {
	doc, ms := sedml.Read(src)
	if result.Messages = append(result.Messages, ms...); ms.HasErrors() {
		return ms
	}
	x := &experiment{ctx: ctx, doc: doc, read: read, models: map[string]*model.Model{}, plans: map[string]*planned{}, result: result, done: map[string][]run{}}
	if err := x.prepare(); err != nil {
		return err
	}
	type page struct {
		name  string
		write func(path string) error
	}
	var pages []page
	for i := range doc.Outputs {
		o := &doc.Outputs[i]
		if o.Plot {
			p, err := x.plot(o)
			if err != nil {
				return err
			}
			pages = append(pages, page{o.ID + ".svg", func(to string) error { return writeFile(to, p.SVG) }})
			continue
		}
		t, err := x.report(o)
		if err != nil {
			return err
		}
		pages = append(pages, page{o.ID + ".csv", func(to string) error { return WriteTable(to, t) }})
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	for _, p := range pages {
		to := filepath.Join(out, filepath.Base(p.name))
		if err := p.write(to); err != nil {
			return err
		}
		result.Files = append(result.Files, to)
	}
	return nil
}

func failed(at diag.Place, format string, args ...any) error {
	return diag.Messages{diag.Errorf(at, format, args...)}
}

// prepare reads the models and collects what formulas read.
func (x *experiment) prepare() error {
	for i := range x.doc.Models {
		m, ms := x.model(&x.doc.Models[i], 0)
		if ms.HasErrors() {
			return ms
		}
		flat, more := flattenMain(m)
		if more.HasErrors() {
			return more
		}
		x.result.Messages = append(x.result.Messages, more...)
		x.models[x.doc.Models[i].ID] = flat
	}
	seen := map[string]bool{}
	want := func(list []sedml.Variable) error {
		for _, v := range list {
			k, s, err := key(v)
			if err != nil {
				return failed(v.At, "%v", err)
			}
			if !seen[k] {
				seen[k] = true
				s.At = v.At
				x.wanted = append(x.wanted, s)
			}
		}
		return nil
	}
	for _, g := range x.doc.Generators {
		if err := want(g.Variables); err != nil {
			return err
		}
	}
	for _, t := range x.doc.Tasks {
		for _, s := range t.Sets {
			if err := want(s.Variables); err != nil {
				return err
			}
		}
		for _, r := range t.Ranges {
			if err := want(r.Variables); err != nil {
				return err
			}
		}
	}
	return nil
}

func flattenMain(doc *model.Document) (*model.Model, diag.Messages) {
	main := mainModule(doc)
	if main == nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "the file defines no model")}
	}
	return model.Flatten(doc, main.ID)
}

// model reads a model and makes its changes.
func (x *experiment) model(m *sedml.Model, depth int) (*model.Document, diag.Messages) {
	src, ms := x.source(m, depth)
	if ms.HasErrors() {
		return nil, ms
	}
	doc, ms := sbml.Read(src, func(name string, _ diag.Place) (*diag.Source, error) {
		if s, ok := x.read(name); ok {
			return s, nil
		}
		return nil, os.ErrNotExist
	})
	return doc, ms
}

// source is a model's SBML text with its changes.
func (x *experiment) source(m *sedml.Model, depth int) (*diag.Source, diag.Messages) {
	bad := func(format string, args ...any) (*diag.Source, diag.Messages) {
		return nil, diag.Messages{diag.Errorf(m.At, format, args...)}
	}
	if depth > len(x.doc.Models) {
		return bad("the model %s is made from itself", m.ID)
	}
	name := strings.TrimPrefix(m.Source, "#")
	for i := range x.doc.Models {
		if other := &x.doc.Models[i]; other.ID == name {
			src, ms := x.source(other, depth+1)
			if ms.HasErrors() {
				return nil, ms
			}
			return sedml.Apply(m, src)
		}
	}
	lower := strings.ToLower(m.Source)
	if db, ok := strings.CutPrefix(lower, "urn:miriam:biomodels.db:"); ok { // a copy that lies beside
		id := m.Source[len(m.Source)-len(db):]
		for _, name := range []string{id + ".xml", "models/" + id + ".xml", "../models/" + id + ".xml", "../" + id + ".xml"} {
			if src, ok := x.read(name); ok {
				return sedml.Apply(m, src)
			}
		}
	}
	if strings.HasPrefix(lower, "urn:") || strings.Contains(lower, "://") {
		return bad("the model %s is %s: models are read from files, nothing is fetched", m.ID, m.Source)
	}
	if l := strings.ToLower(m.Language); l != "" && !strings.Contains(l, "sbml") && !strings.Contains(l, "antimony") {
		return bad("the model %s is in %s: SBML and Antimony are read", m.ID, m.Language)
	}
	src, ok := x.read(m.Source)
	if !ok {
		return bad("there is no file %q, which the model %s names", m.Source, m.ID)
	}
	if ext := strings.ToLower(path.Ext(m.Source)); ext == ".ant" || strings.Contains(strings.ToLower(m.Language), "antimony") {
		doc, ms := readAntimony(src, filepath.Dir(src.Name))
		if ms.HasErrors() {
			return nil, ms
		}
		main := mainModule(doc)
		if main == nil {
			return bad("%s defines no model", m.Source)
		}
		text, ms := sbml.Write(doc, main.ID)
		if ms.HasErrors() {
			return nil, ms
		}
		src = &diag.Source{Name: src.Name, Text: string(text)}
	}
	return sedml.Apply(m, src)
}

// planOf compiles a simulation of a model, once.
func (x *experiment) planOf(modelID string, s *sedml.Simulation) (*planned, error) {
	id := modelID + " " + s.ID
	if p := x.plans[id]; p != nil {
		return p, nil
	}
	how, ms := s.Method()
	x.result.Messages = append(x.result.Messages, ms...)
	m := x.models[modelID]
	p := &planned{how: how, keys: map[string]int{}}
	course := sim.Course{Model: m, Method: how.Method, Rtol: how.Rtol, Atol: how.Atol, Settle: s.Kind == sedml.SteadyState}
	if how.Rtol > 1e-6 || how.Rtol == 0 {
		course.Rtol = 1e-8 // looser ones are promises of other programs
	}
	kinds := kindsOfIDs(m)
	for _, w := range x.wanted {
		if !kinds[w.ID] && w.ID != model.Time {
			continue // of another model
		}
		k := w.ID
		switch w.As {
		case compile.Amount:
			k += " amount"
		case compile.Concentration:
			k += " concentration"
		}
		p.keys[k] = len(course.Record)
		course.Record = append(course.Record, w)
	}
	plan, ms := course.Plan()
	if ms.HasErrors() {
		return nil, ms
	}
	p.plan, p.worker = plan, plan.NewWorker()
	x.plans[id] = p
	return p, nil
}

func kindsOfIDs(m *model.Model) map[string]bool {
	out := map[string]bool{}
	for _, s := range m.Species {
		out[s.ID] = true
	}
	for _, s := range m.Parameters {
		out[s.ID] = true
	}
	for _, s := range m.Compartments {
		out[s.ID] = true
	}
	for _, s := range m.Reactions {
		out[s.ID] = true
	}
	return out
}

func (x *experiment) task(id string) *sedml.Task {
	for i := range x.doc.Tasks {
		if x.doc.Tasks[i].ID == id {
			return &x.doc.Tasks[i]
		}
	}
	return nil
}

func (x *experiment) simulation(id string) *sedml.Simulation {
	for i := range x.doc.Simulations {
		if x.doc.Simulations[i].ID == id {
			return &x.doc.Simulations[i]
		}
	}
	return nil
}

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

// data computes a data generator: one list of numbers a run.
func (x *experiment) data(id string) ([][]float64, error) {
	var g *sedml.Generator
	for i := range x.doc.Generators {
		if x.doc.Generators[i].ID == id {
			g = &x.doc.Generators[i]
		}
	}
	values := map[string]float64{}
	for _, p := range g.Parameters {
		values[p.ID] = p.Value
	}
	type input struct {
		name string
		data [][]float64
	}
	var inputs []input
	runs, rows := 1, []int{1}
	for _, v := range g.Variables {
		k, _, err := key(v)
		if err != nil {
			return nil, failed(v.At, "%v", err)
		}
		all, err := x.results(v.Task)
		if err != nil {
			return nil, err
		}
		in := input{name: v.ID}
		for _, r := range all {
			if c, ok := r.cols[k]; ok && (v.Model == "" || v.Model == r.model) {
				in.data = append(in.data, c)
			}
		}
		if len(in.data) == 0 {
			return nil, failed(v.At, "no model of the task %s has %s", v.Task, k)
		}
		inputs = append(inputs, in)
		if n := len(in.data); n > 1 {
			if runs > 1 && runs != n {
				return nil, failed(v.At, "the data generator %s puts results of %d and %d runs together", g.ID, runs, n)
			}
			runs = n
		}
	}
	rows = make([]int, runs)
	out := make([][]float64, runs)
	pick := func(in input, run int) []float64 { return in.data[min(run, len(in.data)-1)] }
	for k := range out {
		rows[k] = 1
		for i, in := range inputs {
			if n := len(pick(in, k)); n != 1 {
				if rows[k] > 1 && rows[k] != n {
					return nil, failed(g.Variables[i].At, "the data generator %s puts %d and %d rows together", g.ID, rows[k], n)
				}
				rows[k] = n
			}
		}
		out[k] = make([]float64, rows[k])
		each := make([]map[string]float64, rows[k])
		for row := range each {
			each[row] = map[string]float64{}
			for name, v := range values {
				each[row][name] = v
			}
			for _, in := range inputs {
				c := pick(in, k)
				each[row][in.name] = c[min(row, len(c)-1)]
			}
		}
		formula, err := sedml.Reduce(g.Math, each)
		if err != nil {
			return nil, err
		}
		for row := range out[k] {
			v, err := sedml.Evaluate(formula, each[row])
			if err != nil {
				return nil, err
			}
			out[k][row] = v
		}
	}
	return out, nil
}

func (x *experiment) name(id string) string {
	for _, g := range x.doc.Generators {
		if g.ID == id && g.Name != "" {
			return g.Name
		}
	}
	return id
}

// report puts data generators side by side. With several runs a first column counts them.
func (x *experiment) report(o *sedml.Output) (*table.Table, error) {
	var all [][][]float64
	runs := 1
	for _, c := range o.Columns {
		d, err := x.data(c.Data)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
		runs = max(runs, len(d))
	}
	columns := make([][]float64, len(all))
	var counter []int64
	for k := 0; k < runs; k++ {
		rows := 0
		for _, d := range all {
			rows = max(rows, len(d[min(k, len(d)-1)]))
		}
		for row := 0; row < rows; row++ {
			counter = append(counter, int64(k+1))
			for i, d := range all {
				v := math.NaN()
				switch one := d[min(k, len(d)-1)]; {
				case row < len(one):
					v = one[row]
				case len(one) == 1:
					v = one[0]
				}
				columns[i] = append(columns[i], v)
			}
		}
	}
	t := &table.Table{Name: o.ID}
	used := map[string]bool{}
	if runs > 1 {
		t.Append(table.Ints("run", "", counter))
		used["run"] = true
	}
	for i, c := range o.Columns {
		label := c.Label
		if label == "" {
			label = x.name(c.Data)
		}
		for used[label] {
			label += "_"
		}
		used[label] = true
		t.Append(table.Floats(label, "", append([]float64{}, columns[i]...)))
	}
	return t, nil
}

// plot draws a curve for every run.
func (x *experiment) plot(o *sedml.Output) (*report.Plot, error) {
	p := &report.Plot{Title: o.Name}
	if p.Title == "" {
		p.Title = o.ID
	}
	scale := func(list []float64, log bool) []float64 {
		if !log {
			return list
		}
		out := make([]float64, len(list))
		for i, v := range list {
			out[i] = math.Log10(v)
		}
		return out
	}
	for _, c := range o.Curves {
		xs, err := x.data(c.X)
		if err != nil {
			return nil, err
		}
		ys, err := x.data(c.Y)
		if err != nil {
			return nil, err
		}
		name := c.Name
		if name == "" {
			name = x.name(c.Y)
		}
		if o.LogY {
			name = "log10 " + name
		}
		if p.X == "" {
			if p.X = x.name(c.X); o.LogX {
				p.X = "log10 " + p.X
			}
		}
		for k := 0; k < max(len(xs), len(ys)); k++ {
			a, b := scale(xs[min(k, len(xs)-1)], o.LogX), scale(ys[min(k, len(ys)-1)], o.LogY)
			if len(a) != len(b) {
				return nil, failed(c.At, "the curve has %d and %d points", len(a), len(b))
			}
			s := report.Series{X: a, Y: b}
			if k == 0 {
				s.Name = name
			} else {
				s.Name = fmt.Sprintf("%s %d", name, k+1)
			}
			if o.LogX {
				s = finiteOnly(s)
			}
			p.Series = append(p.Series, s)
		}
	}
	if n := len(p.Series); n > mostCurves {
		p.Series = p.Series[:mostCurves]
		x.result.Messages = append(x.result.Messages, diag.Warnf(o.At, "the plot %s has %d curves: the first %d are drawn", o.ID, n, mostCurves))
	}
	return p, nil
}

// finiteOnly leaves points whose x is a number.
func finiteOnly(s report.Series) report.Series {
	out := report.Series{Name: s.Name}
	for i, v := range s.X {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out.X, out.Y = append(out.X, v), append(out.Y, s.Y[i])
		}
	}
	return out
}

func sortedKeys(m map[string]float64) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	for i := 1; i < len(out); i++ {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}
