package thymus

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/omex"
	"thymus/sbml"
	"thymus/sedml"
	"thymus/sim"
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
