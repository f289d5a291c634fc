package antimony

import (
	"slices"

	"thymus/diag"
	"thymus/model"
)

// WriteModel writes a flat model with its functions, as Convert does.
func WriteModel(m *model.Model) string {
	return Write(&model.Document{
		Modules:   []*model.Module{{Model: *m, Main: true}},
		Functions: m.Functions,
	})
}

// Write is Convert without its messages.
func Write(doc *model.Document) string {
	text, _ := Convert(doc)
	return text
}

// Convert writes a document: units and functions first, then the models in order. Reading
// the text gives the document back, save what the messages say: ids that are words of the
// language get an underscore behind them, and what Antimony cannot say (fast reactions, the
// dimensions of compartments, ...) is left out, each with a warning. Submodels that are
// connected in a way that Antimony does not have are written into one flat model. The
// source, spread and note of parameters belong in a parameter table and are not written.
func Convert(doc *model.Document) (string, diag.Messages) {
	ms, text := write(doc)
	nested := false
	for _, m := range doc.Modules {
		nested = nested || len(m.Submodels)+len(m.Links)+len(m.Deletions) > 0
	}
	if !nested {
		return text, ms
	}
	why := keepsMeaning(doc, text)
	if why == nil {
		return text, ms
	}
	main := mainOf(doc)
	flat, more := model.Flatten(doc, main.ID)
	if more.HasErrors() {
		return text, append(ms, *why)
	}
	ms, text = write(&model.Document{Modules: []*model.Module{{Model: *flat, Main: true, Comment: main.Comment}}, Functions: flat.Functions})
	return text, append(ms, *why)
}

// mainOf is the module marked as main, or else the last one.
func mainOf(doc *model.Document) *model.Module {
	for _, m := range doc.Modules {
		if m.Main {
			return m
		}
	}
	return doc.Modules[len(doc.Modules)-1]
}

// keepsMeaning reads a text again and tells, as a message, when its main model is not the
// document's.
func keepsMeaning(doc *model.Document, text string) *diag.Message {
	main := mainOf(doc)
	apart := *doc
	apart.Separator = ""
	want, ms := model.Flatten(&apart, main.ID)
	if ms.HasErrors() {
		return nil // nothing to compare with
	}
	why := diag.Warnf(main.At, "how %s puts its submodels together cannot be said in Antimony; it is written as one flat model", main.ID)
	again, ms := Read(&diag.Source{Name: "written", Text: text}, nil)
	if ms.HasErrors() {
		return &why
	}
	got, ms := model.Flatten(again, mainOf(again).ID)
	if ms.HasErrors() || model.Format(plain(got)) != model.Format(plain(want)) {
		return &why
	}
	return nil
}

// plain is a model without what writing may change although it means the same:
// renamed ids have their underscore taken away, names of functions and units none.
func plain(m *model.Model) *model.Model {
	c := *m
	c.TimeUnit, c.Functions = "", nil
	c.Parameters = append([]model.Parameter(nil), m.Parameters...)
	for i := range c.Parameters {
		c.Parameters[i].Spread, c.Parameters[i].Unit = "", ""
	}
	c.Compartments = append([]model.Compartment(nil), m.Compartments...)
	for i := range c.Compartments {
		c.Compartments[i].Unit = ""
	}
	c.Species = append([]model.Species(nil), m.Species...)
	for i := range c.Species {
		c.Species[i].Unit = ""
		c.Species[i].Boundary = c.Species[i].Boundary || c.Species[i].Constant
		c.Species[i].Constant = false
	}
	return &c
}

// withFunctions is a document in which the functions of its models are functions of all:
// Antimony has no others. One that is defined differently elsewhere gets another id.
func withFunctions(doc *model.Document) *model.Document {
	out := *doc
	out.Functions = append([]model.Function(nil), doc.Functions...)
	out.Modules = append([]*model.Module(nil), doc.Modules...)
	known := map[string]model.Function{}
	for _, f := range doc.Functions {
		known[f.ID] = f
	}
	for i, m := range doc.Modules {
		names := map[string]string{}
		var add []model.Function
		for _, f := range m.Functions {
			other, ok := known[f.ID]
			if ok && sameFunction(other, f) {
				continue
			}
			if ok {
				id := f.ID
				for ok {
					id += "_"
					_, ok = known[id]
				}
				names[f.ID] = id
				f.ID = id
			}
			known[f.ID] = f
			add = append(add, f)
		}
		if len(names) > 0 {
			for k := range add {
				add[k].Body = recalled(add[k].Body, names)
			}
			out.Modules[i] = recalledModule(m, names)
		}
		out.Functions = append(out.Functions, add...)
	}
	return &out
}

func sameFunction(a, b model.Function) bool {
	return slices.Equal(a.Params, b.Params) && a.Body.Equal(b.Body)
}

// recalled is a formula that calls functions by other ids.
func recalled(x *model.Expr, names map[string]string) *model.Expr {
	return x.Map(func(x *model.Expr) *model.Expr {
		if to := names[x.Name]; x.Kind == model.Apply && to != "" {
			c := *x
			c.Name = to
			return &c
		}
		return x
	})
}

func recalledModule(m *model.Module, names map[string]string) *model.Module {
	c := *m
	re := func(x *model.Expr) *model.Expr { return recalled(x, names) }
	sides := func(list []model.SpeciesRef) []model.SpeciesRef {
		list = slices.Clone(list)
		for i := range list {
			list[i].Stoichiometry = re(list[i].Stoichiometry)
		}
		return list
	}
	c.Reactions, c.Rules, c.Initials, c.Events, c.Constraints = slices.Clone(m.Reactions), slices.Clone(m.Rules), slices.Clone(m.Initials), slices.Clone(m.Events), slices.Clone(m.Constraints)
	for i := range c.Reactions {
		r := &c.Reactions[i]
		r.Rate, r.Reactants, r.Products = re(r.Rate), sides(r.Reactants), sides(r.Products)
	}
	for i := range c.Rules {
		c.Rules[i].Math = re(c.Rules[i].Math)
	}
	for i := range c.Initials {
		c.Initials[i].Math = re(c.Initials[i].Math)
	}
	for i := range c.Constraints {
		c.Constraints[i].Math = re(c.Constraints[i].Math)
	}
	for i := range c.Events {
		e := &c.Events[i]
		e.Trigger, e.Delay, e.Priority, e.Assignments = re(e.Trigger), re(e.Delay), re(e.Priority), slices.Clone(e.Assignments)
		for k := range e.Assignments {
			e.Assignments[k].Math = re(e.Assignments[k].Math)
		}
	}
	return &c
}
