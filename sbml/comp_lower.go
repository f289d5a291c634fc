package sbml

import (
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// composed is a module in the form that comp has: no dotted names, but elements that take
// the place of elements of submodels or give it to them.
type composed struct {
	*composer
	from     *model.Module
	m        model.Model
	w        *writer
	subs     []model.Submodel
	local    map[string]string    // id that stands for a path inside a submodel
	by       map[string]compRef   // an element's replacedBy
	replaces map[string][]compRef // an element's replacedElements
	deletes  map[string][]compRef // deletions, by submodel
	deleted  map[string]bool      // paths of them
	metas    map[string]string    // metaid of a part ("J@rate") that some deletion names
	taken    map[string]bool
	index    map[string]any // own elements
}

// compRef is a reference to something inside a submodel.
type compRef struct {
	sub, path string // path inside sub
	factor    string // conversionFactor
	id        string // of the deletion or replacement
}

// composer lowers the modules of a document.
type composer struct {
	doc     *model.Document
	modules map[string]*model.Module
	done    map[string]*composed
	order   []*composed
	metaids map[string]bool
	ms      diag.Messages
}

func (c *composer) fail(m diag.Message) { c.ms = append(c.ms, m) }

// lower makes the composed form of a module, those of its submodels first.
func (c *composer) lower(m *model.Module, depth int) *composed {
	if done := c.done[m.ID]; done != nil {
		return done
	}
	p := &composed{composer: c, from: m, m: m.Model, local: map[string]string{}, by: map[string]compRef{}, replaces: map[string][]compRef{},
		deletes: map[string][]compRef{}, deleted: map[string]bool{}, metas: map[string]string{}, taken: map[string]bool{}}
	for _, s := range m.Submodels {
		sub := c.modules[s.Module]
		if sub == nil || depth > maxHops {
			c.fail(diag.Errorf(s.At, "%s is an instance of model %s, which is not there or contains itself", s.ID, s.Module))
			return nil
		}
		if c.lower(sub, depth+1) == nil {
			return nil
		}
		p.taken[s.ID] = true
	}
	c.done[m.ID] = p
	c.order = append(c.order, p)
	p.own()
	p.subs = append([]model.Submodel(nil), m.Submodels...)
	for i := range p.subs {
		s := &p.subs[i]
		s.TimeFactor, s.ExtentFactor = p.factor(s.TimeFactor), p.factor(s.ExtentFactor)
	}
	p.overrides()
	p.links()
	p.deletions()
	p.resolve()
	return p
}

// own separates the module's own elements from what it says of its submodels' elements.
func (p *composed) own() {
	p.index = map[string]any{}
	m := &p.m
	for i := range m.Compartments {
		p.index[m.Compartments[i].ID] = m.Compartments[i]
	}
	for i := range m.Species {
		p.index[m.Species[i].ID] = m.Species[i]
	}
	for i := range m.Parameters {
		p.index[m.Parameters[i].ID] = m.Parameters[i]
	}
	for i := range m.Reactions {
		p.index[m.Reactions[i].ID] = m.Reactions[i]
	}
	for i := range m.Events {
		p.index[m.Events[i].ID] = m.Events[i]
	}
	for i := range m.Functions {
		p.index[m.Functions[i].ID] = m.Functions[i]
	}
	if m.Flux != nil {
		for _, o := range m.Flux.Objectives {
			p.index[o.ID] = o
		}
	}
	var parts func(list []model.UncertainPart)
	parts = func(list []model.UncertainPart) {
		for _, x := range list {
			if x.ID != "" {
				p.index[x.ID] = x
			}
			parts(x.Parts)
		}
	}
	for _, u := range m.Uncertain {
		parts(u.Parts)
	}
	for id := range p.index {
		p.taken[id] = true
	}
}

// inside finds the module and id that a dotted path leads to.
func (p *composed) inside(path string) (m *composed, id string) {
	m = p
	for {
		first, rest, dotted := strings.Cut(path, ".")
		if !dotted || strings.ContainsAny(first, "#@") {
			return m, path
		}
		found := false
		for _, s := range m.from.Submodels {
			if s.ID == first {
				m, path, found = m.done[s.Module], rest, true
				break
			}
		}
		if !found || m == nil {
			return nil, ""
		}
	}
}

// reference is a dotted path as comp refers to it.
func (p *composed) reference(path string) compRef {
	sub, rest, _ := strings.Cut(path, ".")
	return compRef{sub: sub, path: rest}
}

func (p *composed) fresh(id string) string {
	for p.taken[id] {
		id += "_"
	}
	p.taken[id] = true
	return id
}

// factor is the id of a parameter that is a conversion factor; a number becomes one.
func (p *composed) factor(text string) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	id := p.fresh("conversion_factor")
	p.m.Parameters = append(p.m.Parameters[:len(p.m.Parameters):len(p.m.Parameters)], model.Parameter{ID: id, Value: &v, Constant: true})
	return id
}

// place is the element that stands for a path: it is replaced by what is there, unless it is
// made to replace it. "" when the path leads nowhere.
func (p *composed) place(path string, at diag.Place) string {
	if id := p.local[path]; id != "" {
		return id
	}
	if in, id := p.inside(path); in == nil || in.index[id] == nil {
		p.fail(diag.Errorf(at, "%s leads nowhere", path))
		p.local[path] = path
		return path
	}
	return p.placeAs(path, p.fresh(strings.ReplaceAll(path, ".", separator)), at)
}

// placeAs makes the element that stands for a path, with an id.
func (p *composed) placeAs(path, local string, at diag.Place) string {
	in, id := p.inside(path)
	x := in.index[id]
	p.local[path] = local
	p.by[local] = p.reference(path)
	prefix := strings.TrimSuffix(path, id)
	m := &p.m
	switch x := x.(type) {
	case model.Compartment:
		x.ID = local
		m.Compartments = append(m.Compartments[:len(m.Compartments):len(m.Compartments)], x)
	case model.Species:
		x.ID, x.Compartment = local, p.place(prefix+x.Compartment, at)
		if x.ConversionFactor != "" {
			x.ConversionFactor = p.place(prefix+x.ConversionFactor, at)
		}
		m.Species = append(m.Species[:len(m.Species):len(m.Species)], x)
	case model.Parameter:
		x.ID, x.Stoichiometry = local, false
		m.Parameters = append(m.Parameters[:len(m.Parameters):len(m.Parameters)], x)
	case model.Reaction: // its rate is read
		m.Parameters = append(m.Parameters[:len(m.Parameters):len(m.Parameters)], model.Parameter{ID: local})
	default:
		p.fail(diag.Errorf(at, "%s has no value that could be read here", path))
	}
	return local
}

// take makes the element that stands for a path the one that holds.
func (p *composed) take(path string, at diag.Place) string {
	id := p.place(path, at)
	if ref, ok := p.by[id]; ok {
		delete(p.by, id)
		p.replaces[id] = append(p.replaces[id], ref)
	}
	return id
}

// drop deletes a part of an element of a submodel, where some module on the way sets it.
func (p *composed) drop(path, part string) {
	in, head, rest := p, "", path
	for {
		first, tail, dotted := strings.Cut(rest, ".")
		if !dotted {
			break
		}
		var next *composed
		for _, s := range in.from.Submodels {
			if s.ID == first {
				next = in.done[s.Module]
			}
		}
		if next == nil {
			return
		}
		in, head, rest = next, head+first+".", tail
		id := rest
		if strings.Contains(rest, ".") {
			if id = in.local[rest]; id == "" {
				continue
			}
		}
		set := false
		for _, r := range in.m.Rules {
			set = set || part == "rule" && r.Kind != model.Algebraic && r.Variable == id
		}
		for _, x := range in.m.Initials {
			set = set || part == "initial" && x.Symbol == id
		}
		if set {
			p.remove(head+id+"@"+part, "")
		}
	}
}

// remove notes a deletion, once.
func (p *composed) remove(path, id string) {
	if p.deleted[path] {
		return
	}
	p.deleted[path] = true
	ref := p.reference(path)
	ref.id = id
	p.deletes[ref.sub] = append(p.deletes[ref.sub], ref)
	if in, part := p.inside(path); in != nil && strings.ContainsAny(part, "@#") && !strings.HasSuffix(part, "@unit") {
		in.meta(part)
	}
}

// meta is the metaid of a part of the module.
func (p *composed) meta(part string) string {
	if id := p.metas[part]; id != "" {
		return id
	}
	if id, what, _ := strings.Cut(part, "@"); what == "rule" || what == "initial" { // it may have one
		for _, r := range p.m.Rules {
			if what == "rule" && r.Variable == id && r.Kind != model.Algebraic && r.Meta != "" {
				p.metas[part] = p.meta("#" + r.Meta)
				return p.metas[part]
			}
		}
		for _, x := range p.m.Initials {
			if what == "initial" && x.Symbol == id && x.Meta != "" {
				p.metas[part] = p.meta("#" + x.Meta)
				return p.metas[part]
			}
		}
	}
	id := strings.TrimPrefix(part, "#")
	if id == part {
		id = p.from.ID + separator + strings.NewReplacer("@", separator, ".", separator).Replace(part)
	}
	for p.metaids[id] {
		id += "_"
	}
	p.metaids[id] = true
	p.metas[part] = id
	return id
}

// overrides turns what the module says of elements of submodels into elements of its own.
func (p *composed) overrides() {
	m := &p.m
	dotted := func(id string) bool { return strings.Contains(id, ".") }
	var parameters []model.Parameter
	values := map[string]model.Parameter{}
	var paths []string
	for _, x := range m.Parameters {
		if dotted(x.ID) {
			values[x.ID] = x
			paths = append(paths, x.ID)
		} else {
			parameters = append(parameters, x)
		}
	}
	m.Parameters = parameters
	for _, path := range paths {
		x := values[path]
		id := p.take(path, x.At)
		if x.Value != nil {
			p.drop(path, "initial")
		}
		p.change(id, x)
	}
	reactions := m.Reactions
	m.Reactions = nil
	for _, r := range reactions {
		if dotted(r.ID) {
			path := r.ID
			if in, id := p.inside(path); in == nil || in.index[id] == nil {
				p.fail(diag.Errorf(r.At, "%s leads nowhere", path))
				continue
			}
			r.ID = p.fresh(strings.ReplaceAll(path, ".", separator))
			p.local[path] = r.ID
			p.replaces[r.ID] = append(p.replaces[r.ID], p.reference(path))
		}
		m.Reactions = append(m.Reactions, r)
	}
	for _, r := range m.Rules {
		if r.Kind != model.Algebraic && dotted(r.Variable) {
			id := p.take(r.Variable, r.At)
			p.drop(r.Variable, "rule")
			p.drop(r.Variable, "initial")
			for i := range m.Parameters {
				if x := &m.Parameters[i]; x.ID == id {
					x.Constant = false
					if r.Kind == model.Assignment {
						x.Value = nil
					}
				}
			}
		}
	}
	for _, x := range m.Initials {
		if dotted(x.Symbol) {
			p.take(x.Symbol, x.At)
			p.drop(x.Symbol, "initial")
		}
	}
}

// change gives the element that stands for a path another value, as flattening does.
func (p *composed) change(id string, to model.Parameter) {
	m := &p.m
	for i := range m.Parameters {
		if x := &m.Parameters[i]; x.ID == id {
			if to.Value != nil {
				x.Value = to.Value
			}
			if to.Unit != "" {
				x.Unit = to.Unit
			}
			x.Constant = x.Constant && to.Constant
		}
	}
	for i := range m.Compartments {
		if x := &m.Compartments[i]; x.ID == id && to.Value != nil {
			x.Size = to.Value
		}
	}
	for i := range m.Species {
		x := &m.Species[i]
		if x.ID != id {
			continue
		}
		if to.Value != nil {
			x.InitialAmount, x.InitialConc = nil, nil
			if x.SubstanceOnly {
				x.InitialAmount = to.Value
			} else {
				x.InitialConc = to.Value
			}
		}
		if to.Unit != "" {
			x.Unit = to.Unit
		}
	}
}

// resolve writes the elements that stand for paths into the formulas.
func (p *composed) resolve() {
	m := &p.m
	to := func(id string) string {
		for hops := 0; hops < 8; hops++ {
			next := p.local[id]
			if next == "" || next == id {
				break
			}
			id = next
		}
		if strings.Contains(id, ".") && id != "" {
			return p.place(id, p.from.At)
		}
		return id
	}
	expr := func(e *model.Expr) *model.Expr {
		return e.Map(func(x *model.Expr) *model.Expr {
			if x.Kind == model.Symbol {
				if id := to(x.Name); id != x.Name {
					c := *x
					c.Name = id
					return &c
				}
			}
			return x
		})
	}
	side := func(list []model.SpeciesRef) []model.SpeciesRef {
		out := append([]model.SpeciesRef(nil), list...)
		for i := range out {
			out[i].Species, out[i].Stoichiometry = to(out[i].Species), expr(out[i].Stoichiometry)
		}
		return out
	}
	m.Reactions = append([]model.Reaction(nil), m.Reactions...)
	for i := range m.Reactions {
		r := &m.Reactions[i]
		r.Reactants, r.Products, r.Rate = side(r.Reactants), side(r.Products), expr(r.Rate)
		mods := append([]string(nil), r.Modifiers...)
		for k := range mods {
			mods[k] = to(mods[k])
		}
		r.Modifiers, r.LowerFlux, r.UpperFlux = mods, to(r.LowerFlux), to(r.UpperFlux)
	}
	m.Species = append([]model.Species(nil), m.Species...)
	for i := 0; i < len(m.Species); i++ {
		m.Species[i].Compartment, m.Species[i].ConversionFactor = to(m.Species[i].Compartment), to(m.Species[i].ConversionFactor)
	}
	m.Rules = append([]model.Rule(nil), m.Rules...)
	for i := range m.Rules {
		m.Rules[i].Variable, m.Rules[i].Math = to(m.Rules[i].Variable), expr(m.Rules[i].Math)
	}
	m.Initials = append([]model.Initial(nil), m.Initials...)
	for i := range m.Initials {
		m.Initials[i].Symbol, m.Initials[i].Math = to(m.Initials[i].Symbol), expr(m.Initials[i].Math)
	}
	m.Events = append([]model.Event(nil), m.Events...)
	for i := range m.Events {
		e := &m.Events[i]
		e.Trigger, e.Delay, e.Priority = expr(e.Trigger), expr(e.Delay), expr(e.Priority)
		e.Assignments = append([]model.EventAssignment(nil), e.Assignments...)
		for k := range e.Assignments {
			e.Assignments[k].Variable, e.Assignments[k].Math = to(e.Assignments[k].Variable), expr(e.Assignments[k].Math)
		}
	}
	m.Constraints = append([]model.Constraint(nil), m.Constraints...)
	for i := range m.Constraints {
		m.Constraints[i].Math = expr(m.Constraints[i].Math)
	}
	for i := range p.subs {
		p.subs[i].TimeFactor, p.subs[i].ExtentFactor = to(p.subs[i].TimeFactor), to(p.subs[i].ExtentFactor)
	}
	for i, x := range m.Uncertain {
		m.Uncertain = append([]model.Uncertainty(nil), m.Uncertain...)
		m.Uncertain[i].Element = to(x.Element)
	}
	p.functions()
}

// functions adds the document's functions that the module calls.
func (p *composed) functions() {
	global := map[string]model.Function{}
	for _, f := range p.doc.Functions {
		global[f.ID] = f
	}
	have := map[string]bool{}
	for _, f := range p.m.Functions {
		have[f.ID] = true
	}
	need := map[string]bool{}
	var look func(e *model.Expr)
	look = func(e *model.Expr) {
		e.Walk(func(x *model.Expr) bool {
			if f, ok := global[x.Name]; x.Kind == model.Apply && ok && !have[x.Name] && !need[x.Name] {
				need[x.Name] = true
				look(f.Body)
			}
			return true
		})
	}
	w := &writer{m: written{Model: &p.m}}
	w.eachFormula(look)
	var ids []string
	for id := range need {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	functions := p.m.Functions[:len(p.m.Functions):len(p.m.Functions)]
	for _, f := range p.doc.Functions { // in the document's order
		if need[f.ID] {
			functions = append(functions, f)
			need[f.ID] = false
		}
	}
	p.m.Functions = functions
}
