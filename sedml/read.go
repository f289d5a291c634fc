package sedml

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/sbml"
)

// Bounds of what is read.
const (
	mostSteps  = 10_000_000
	mostRounds = 1_000_000
)

type reader struct {
	src *diag.Source
	ms  diag.Messages
	doc *Document
	ids map[string]diag.Place
}

// Read reads a document. It is nil when a message is an error.
func Read(src *diag.Source) (*Document, diag.Messages) {
	root, ms := sbml.ReadElements(src)
	if ms.HasErrors() || root == nil {
		return nil, ms
	}
	r := &reader{src: src, ms: ms, doc: &Document{}, ids: map[string]diag.Place{}}
	if root.Name != "sedML" {
		return nil, append(ms, diag.Errorf(root.At, "the root element is <%s>: expected <sedML>", root.Name))
	}
	level, _ := root.Attribute("level")
	version, _ := root.Attribute("version")
	r.doc.Version, _ = strconv.Atoi(version.Value)
	if level.Value != "1" || r.doc.Version < 1 || r.doc.Version > 4 {
		return nil, append(ms, diag.Errorf(root.At, "level %q, version %q: Level 1, Versions 1 to 4 are read", level.Value, version.Value))
	}
	for _, l := range root.Children {
		switch l.Name {
		case "listOfModels":
			r.each(l, r.model)
		case "listOfSimulations":
			r.each(l, r.simulation)
		case "listOfTasks":
			r.each(l, r.task)
		case "listOfDataGenerators":
			r.each(l, r.generator)
		case "listOfOutputs":
			r.each(l, r.output)
		case "listOfDataDescriptions":
			for _, c := range l.Children {
				r.errorf(c.At, "<%s>: data from files are not supported", c.Name)
			}
		case "listOfStyles", "listOfAlgorithmParameters", "notes", "annotation", "metaid":
		default:
			r.errorf(l.At, "<%s> is not supported", l.Name)
		}
	}
	r.references()
	if r.ms.HasErrors() {
		return nil, r.ms
	}
	return r.doc, r.ms
}

func (r *reader) errorf(at diag.Place, format string, args ...any) {
	if len(r.ms) < 100 {
		r.ms = append(r.ms, diag.Errorf(at, format, args...))
	}
}

func (r *reader) each(l *sbml.Element, do func(e *sbml.Element)) {
	for _, e := range l.Children {
		if e.Name != "notes" && e.Name != "annotation" {
			do(e)
		}
	}
}

func text(e *sbml.Element, name string) string {
	a, _ := e.Attribute(name)
	return strings.TrimSpace(a.Value)
}

// id reads the id of an element and notes it; ids are unique in a document.
func (r *reader) id(e *sbml.Element) string {
	id := text(e, "id")
	if id == "" {
		r.errorf(e.At, "<%s> has no id", e.Name)
		return ""
	}
	if first, twice := r.ids[id]; twice {
		r.ms = append(r.ms, diag.Errorf(e.At, "the id %s is used twice", id).WithNote(first, "first here"))
	}
	r.ids[id] = e.At
	return id
}

func (r *reader) need(e *sbml.Element, name string) string {
	v := text(e, name)
	if v == "" {
		r.errorf(e.At, "<%s> lacks %s", e.Name, name)
	}
	return v
}

// number reads a number; otherwise is its value when it is not given, NaN requires it.
func (r *reader) number(e *sbml.Element, name string, otherwise float64) float64 {
	a, ok := e.Attribute(name)
	if !ok {
		if math.IsNaN(otherwise) {
			r.errorf(e.At, "<%s> lacks %s", e.Name, name)
			return 0
		}
		return otherwise
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		r.errorf(a.At, "%s is %q: expected a finite number", name, a.Value)
		return 0
	}
	return v
}

func (r *reader) truth(e *sbml.Element, name string) bool {
	a, ok := e.Attribute(name)
	if v := strings.TrimSpace(a.Value); ok && v != "true" && v != "false" && v != "1" && v != "0" {
		r.errorf(a.At, "%s is %q: expected true or false", name, a.Value)
	}
	v := strings.TrimSpace(a.Value)
	return v == "true" || v == "1"
}

// steps reads how many steps there are: numberOfSteps in Version 4, numberOfPoints (which
// counts the same) before.
func (r *reader) steps(e *sbml.Element, most float64) int {
	name := "numberOfSteps"
	if _, ok := e.Attribute(name); !ok {
		name = "numberOfPoints"
	}
	v := r.number(e, name, math.NaN())
	if v != math.Trunc(v) || v < 0 || v > most {
		r.errorf(e.At, "%s is %g: expected a whole number from 0 to %g", name, v, most)
		return 0
	}
	return int(v)
}

func (r *reader) model(e *sbml.Element) {
	if e.Name != "model" {
		r.errorf(e.At, "<%s> among the models", e.Name)
		return
	}
	m := Model{ID: r.id(e), Name: text(e, "name"), Language: text(e, "language"), Source: r.need(e, "source"), At: e.At}
	if l := e.Child("listOfChanges"); l != nil {
		r.each(l, func(e *sbml.Element) { m.Changes = append(m.Changes, r.change(e)) })
	}
	r.doc.Models = append(r.doc.Models, m)
}

func (r *reader) change(e *sbml.Element) Change {
	c := Change{Target: r.need(e, "target"), At: e.At}
	switch e.Name {
	case "changeAttribute":
		c.Kind = SetAttribute
		a, ok := e.Attribute("newValue")
		if !ok {
			r.errorf(e.At, "<changeAttribute> lacks newValue")
		}
		c.Value = a.Value
	case "computeChange":
		c.Kind = Compute
		r.formula(e, &c.Variables, &c.Parameters)
		c.Math = r.math(e)
	case "addXML", "changeXML":
		c.Kind = AddXML
		if e.Name == "changeXML" {
			c.Kind = ChangeXML
		}
		n := e.Child("newXML")
		if n == nil {
			r.errorf(e.At, "<%s> lacks <newXML>", e.Name)
			break
		}
		c.XML = n.Inner.Text()
	case "removeXML":
		c.Kind = RemoveXML
	default:
		r.errorf(e.At, "<%s> is no change that SED-ML has", e.Name)
	}
	return c
}

// formula reads the variables and parameters of a formula.
func (r *reader) formula(e *sbml.Element, variables *[]Variable, parameters *[]Parameter) {
	if l := e.Child("listOfVariables"); l != nil {
		r.each(l, func(v *sbml.Element) {
			for _, name := range []string{"term", "dimensionTerm"} {
				if a, ok := v.Attribute(name); ok {
					r.errorf(a.At, "%s=%q: reductions over dimensions are not supported", name, a.Value)
				}
			}
			x := Variable{ID: r.need(v, "id"), Symbol: text(v, "symbol"), Target: text(v, "target"), Task: text(v, "taskReference"), Model: text(v, "modelReference"), At: v.At}
			if x.Symbol == "" && x.Target == "" {
				r.errorf(v.At, "the variable %s has neither target nor symbol", x.ID)
			}
			*variables = append(*variables, x)
		})
	}
	if l := e.Child("listOfParameters"); l != nil {
		r.each(l, func(p *sbml.Element) {
			*parameters = append(*parameters, Parameter{r.need(p, "id"), r.number(p, "value", math.NaN())})
		})
	}
}

func (r *reader) simulation(e *sbml.Element) {
	s := Simulation{ID: r.id(e), Name: text(e, "name"), At: e.At}
	switch e.Name {
	case "uniformTimeCourse":
		s.Initial = r.number(e, "initialTime", math.NaN())
		s.Start = r.number(e, "outputStartTime", math.NaN())
		s.End = r.number(e, "outputEndTime", math.NaN())
		s.Steps = r.steps(e, mostSteps)
		if s.Start < s.Initial || s.End < s.Start || s.End == s.Start && s.Steps > 0 {
			r.errorf(e.At, "the times of %s do not go forward: initial %g, output from %g to %g", s.ID, s.Initial, s.Start, s.End)
		}
	case "oneStep":
		s.Kind = OneStep
		if s.Step = r.number(e, "step", math.NaN()); !(s.Step > 0) {
			r.errorf(e.At, "step is %g: expected a number above 0", s.Step)
		}
	case "steadyState":
		s.Kind = SteadyState
	default:
		r.errorf(e.At, "<%s>: time courses, single steps and steady states are supported", e.Name)
	}
	if a := e.Child("algorithm"); a != nil {
		s.Algorithm = kisao(text(a, "kisaoID"))
		if l := a.Child("listOfAlgorithmParameters"); l != nil {
			r.each(l, func(p *sbml.Element) {
				s.Settings = append(s.Settings, Setting{kisao(text(p, "kisaoID")), text(p, "value"), p.At})
			})
		}
	}
	r.doc.Simulations = append(r.doc.Simulations, s)
}

// kisao writes an algorithm's id in one way: KISAO:0000019.
func kisao(id string) string { return strings.ToUpper(strings.Replace(id, "_", ":", 1)) }

func (r *reader) task(e *sbml.Element) {
	t := Task{ID: r.id(e), Name: text(e, "name"), At: e.At}
	switch e.Name {
	case "task":
		t.Model, t.Simulation = r.need(e, "modelReference"), r.need(e, "simulationReference")
	case "repeatedTask":
		t.Repeated = true
		t.Range, t.Reset = r.need(e, "range"), r.truth(e, "resetModel")
		if l := e.Child("listOfRanges"); l != nil {
			r.each(l, func(e *sbml.Element) { t.Ranges = append(t.Ranges, r.rangeOf(e)) })
		}
		if l := e.Child("listOfChanges"); l != nil {
			r.each(l, func(e *sbml.Element) {
				if e.Name != "setValue" {
					r.errorf(e.At, "<%s> in a repeated task: setValue is supported", e.Name)
					return
				}
				s := Set{Model: r.need(e, "modelReference"), Target: text(e, "target"), Symbol: text(e, "symbol"), Range: text(e, "range"), Math: r.math(e), At: e.At}
				if s.Target == "" {
					r.errorf(e.At, "<setValue> lacks target")
				}
				r.formula(e, &s.Variables, &s.Parameters)
				t.Sets = append(t.Sets, s)
			})
		}
		type sub struct {
			order float64
			task  string
		}
		var list []sub
		if l := e.Child("listOfSubTasks"); l != nil {
			r.each(l, func(e *sbml.Element) {
				if c := e.Child("listOfChanges"); c != nil && len(c.Children) > 0 {
					r.errorf(c.At, "changes of a subtask are not supported")
				}
				list = append(list, sub{r.number(e, "order", float64(len(list))), r.need(e, "task")})
			})
		}
		sort.SliceStable(list, func(i, j int) bool { return list[i].order < list[j].order })
		for _, s := range list {
			t.SubTasks = append(t.SubTasks, s.task)
		}
		if len(list) == 0 {
			r.errorf(e.At, "the repeated task %s has no subtask", t.ID)
		}
	default:
		r.errorf(e.At, "<%s>: tasks and repeated tasks are supported", e.Name)
	}
	r.doc.Tasks = append(r.doc.Tasks, t)
}

func (r *reader) rangeOf(e *sbml.Element) Range {
	x := Range{ID: r.need(e, "id"), At: e.At}
	switch e.Name {
	case "uniformRange":
		n, a, b := r.steps(e, mostRounds), r.number(e, "start", math.NaN()), r.number(e, "end", math.NaN())
		kind := text(e, "type")
		if kind != "linear" && kind != "log" && kind != "" {
			r.errorf(e.At, "type is %q: expected linear or log", kind)
		}
		if kind == "log" && !(a > 0 && b > 0) {
			r.errorf(e.At, "a range with type log needs ends above 0, here %g and %g", a, b)
			n = 0
		}
		for i := 0; i <= n; i++ {
			f := 0.0
			if n > 0 {
				f = float64(i) / float64(n)
			}
			if kind == "log" {
				x.Values = append(x.Values, a*math.Pow(b/a, f))
			} else {
				x.Values = append(x.Values, a+(b-a)*f)
			}
		}
	case "vectorRange":
		r.each(e, func(v *sbml.Element) {
			f, err := strconv.ParseFloat(strings.TrimSpace(v.Text), 64)
			if v.Name != "value" || err != nil {
				r.errorf(v.At, "%q is no number of a range", strings.TrimSpace(v.Text))
			}
			x.Values = append(x.Values, f)
		})
	case "functionalRange":
		if x.Index = text(e, "range"); x.Index == "" {
			x.Index = text(e, "index")
		}
		x.Math = r.math(e)
		r.formula(e, &x.Variables, &x.Parameters)
		if x.Math == nil {
			r.errorf(e.At, "the functional range %s has no formula", x.ID)
		}
	default:
		r.errorf(e.At, "<%s>: uniform, vector and functional ranges are supported", e.Name)
	}
	return x
}

func (r *reader) generator(e *sbml.Element) {
	g := Generator{ID: r.id(e), Name: text(e, "name"), Math: r.math(e), At: e.At}
	r.formula(e, &g.Variables, &g.Parameters)
	if g.Math == nil && !r.ms.HasErrors() {
		r.errorf(e.At, "the data generator %s has no formula", g.ID)
	}
	r.doc.Generators = append(r.doc.Generators, g)
}

func (r *reader) output(e *sbml.Element) {
	o := Output{ID: r.id(e), Name: text(e, "name"), At: e.At}
	switch e.Name {
	case "report":
		if l := e.Child("listOfDataSets"); l != nil {
			r.each(l, func(d *sbml.Element) {
				o.Columns = append(o.Columns, Column{text(d, "id"), text(d, "label"), r.need(d, "dataReference"), d.At})
			})
		}
	case "plot2D":
		o.Plot = true
		for name, to := range map[string]*bool{"xAxis": &o.LogX, "yAxis": &o.LogY} {
			if a := e.Child(name); a != nil {
				*to = text(a, "type") == "log10"
			}
		}
		if l := e.Child("listOfCurves"); l != nil {
			r.each(l, func(c *sbml.Element) {
				if c.Name != "curve" {
					r.errorf(c.At, "<%s> in a plot: curves are supported", c.Name)
					return
				}
				o.LogX = o.LogX || r.truth(c, "logX")
				o.LogY = o.LogY || r.truth(c, "logY")
				o.Curves = append(o.Curves, Curve{text(c, "id"), text(c, "name"), r.need(c, "xDataReference"), r.need(c, "yDataReference"), c.At})
			})
		}
	case "plot3D":
		r.ms = append(r.ms, diag.Warnf(e.At, "the plot %s has three dimensions: its data are written as a table", o.ID))
		if l := e.Child("listOfSurfaces"); l != nil {
			r.each(l, func(c *sbml.Element) {
				for _, name := range []string{"xDataReference", "yDataReference", "zDataReference"} {
					o.Columns = append(o.Columns, Column{Data: r.need(c, name), At: c.At})
				}
			})
		}
	case "figure":
		r.ms = append(r.ms, diag.Warnf(e.At, "the figure %s puts plots together: they are drawn one by one", o.ID))
		return
	default:
		r.errorf(e.At, "<%s>: reports and two-dimensional plots are supported", e.Name)
	}
	r.doc.Outputs = append(r.doc.Outputs, o)
}

// references checks that what is named exists.
func (r *reader) references() {
	models, simulations, tasks, generators := map[string]bool{}, map[string]bool{}, map[string]*Task{}, map[string]bool{}
	for _, m := range r.doc.Models {
		models[m.ID] = true
	}
	for _, s := range r.doc.Simulations {
		simulations[s.ID] = true
	}
	for i := range r.doc.Tasks {
		tasks[r.doc.Tasks[i].ID] = &r.doc.Tasks[i]
	}
	for _, g := range r.doc.Generators {
		generators[g.ID] = true
	}
	check := func(ok bool, at diag.Place, what, id string) {
		if !ok {
			r.errorf(at, "there is no %s %q", what, id)
		}
	}
	for _, t := range r.doc.Tasks {
		if !t.Repeated {
			check(models[t.Model], t.At, "model", t.Model)
			check(simulations[t.Simulation], t.At, "simulation", t.Simulation)
			continue
		}
		ranges := map[string]bool{}
		for _, x := range t.Ranges {
			ranges[x.ID] = true
		}
		check(ranges[t.Range], t.At, "range", t.Range)
		for _, s := range t.Sets {
			check(models[s.Model], s.At, "model", s.Model)
		}
		for _, s := range t.SubTasks {
			check(tasks[s] != nil, t.At, "task", s)
		}
	}
	for _, t := range r.doc.Tasks {
		if r.circle(tasks, t.ID, 0) {
			r.errorf(t.At, "the repeated task %s is its own subtask", t.ID)
			break
		}
	}
	for _, g := range r.doc.Generators {
		for _, v := range g.Variables {
			check(tasks[v.Task] != nil, v.At, "task", v.Task)
		}
	}
	for _, o := range r.doc.Outputs {
		for _, c := range o.Columns {
			check(generators[c.Data], c.At, "data generator", c.Data)
		}
		for _, c := range o.Curves {
			check(generators[c.X], c.At, "data generator", c.X)
			check(generators[c.Y], c.At, "data generator", c.Y)
		}
	}
}

func (r *reader) circle(tasks map[string]*Task, id string, depth int) bool {
	t := tasks[id]
	if t == nil {
		return false
	}
	if depth > len(tasks) || depth > 20 {
		return true
	}
	for _, s := range t.SubTasks {
		if r.circle(tasks, s, depth+1) {
			return true
		}
	}
	return false
}
