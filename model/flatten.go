package model

import (
	"strings"

	"thymus/diag"
)

// deepest bounds the nesting of submodels.
const deepest = 64

// mostInstances bounds the submodels of one model.
const mostInstances = 100_000

// Flatten turns the module named main into a closed model without submodels: an
// element x of submodel A becomes A_x, dotted names in the outer module change or
// connect it, `is` links merge two elements into one, deletions take elements out.
func Flatten(doc *Document, main string) (*Model, diag.Messages) {
	f := &flattener{modules: map[string]*Module{}}
	for _, m := range doc.Modules {
		f.modules[m.ID] = m
	}
	root, ok := f.modules[main]
	if !ok {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no model %q", main)}
	}
	flat := f.module(root, 0, nil)
	flat.ID, flat.Name = root.ID, root.Name
	if len(f.ms) > 0 && f.ms.HasErrors() {
		return nil, f.ms
	}
	flat.Functions = append(append([]Function(nil), doc.Functions...), flat.Functions...)
	flat.Units = append(append([]UnitDef(nil), doc.Units...), flat.Units...)
	return dedupe(flat), f.ms
}

type flattener struct {
	modules map[string]*Module
	built   int // instances made so far
	ms      diag.Messages
}

// dotted says the flat name of a dotted path.
func dotted(path string) string { return strings.ReplaceAll(path, ".", "_") }

// module flattens one module; its ids are local to it, without dots.
func (f *flattener) module(m *Module, depth int, stack []string) *Model {
	for _, s := range stack {
		if s == m.ID {
			f.ms = append(f.ms, diag.Errorf(m.At, "model %q contains itself (%s)", m.ID, strings.Join(append(stack, m.ID), " -> ")))
			return &Model{}
		}
	}
	if f.built++; f.built > mostInstances {
		if f.built == mostInstances+1 {
			f.ms = append(f.ms, diag.Errorf(m.At, "the model has more than %d submodels", mostInstances))
		}
		return &Model{}
	}
	if depth > deepest {
		f.ms = append(f.ms, diag.Errorf(m.At, "submodels are nested deeper than %d", deepest))
		return &Model{}
	}
	out := &Model{TimeUnit: m.TimeUnit}
	known := map[string]bool{} // flat ids that came from submodels
	merge := map[string]string{}
	for _, s := range m.Submodels {
		def, ok := f.modules[s.Module]
		if !ok {
			var names []string
			for n := range f.modules {
				names = append(names, n)
			}
			f.ms = append(f.ms, diag.Errorf(s.At, "%s is an instance of model %q, which is not defined", s.ID, s.Module).WithHelp("%s", diag.DidYouMean(s.Module, names)))
			continue
		}
		if s.TimeFactor != "" || s.ExtentFactor != "" {
			f.ms = append(f.ms, diag.Errorf(s.At, "conversion factors of submodels (timeconv, extentconv) are not supported: state %s in the units of the model around it", s.ID))
			continue
		}
		if len(s.Args) > len(def.Ports) {
			f.ms = append(f.ms, diag.Errorf(s.At, "%s is given %d ports, model %s has %d (%s)", s.ID, len(s.Args), def.ID, len(def.Ports), strings.Join(def.Ports, ", ")))
			continue
		}
		sub := f.module(def, depth+1, append(stack, m.ID))
		sub = sub.renamed(func(id string) string { return s.ID + "_" + id })
		for i, arg := range s.Args {
			merge[dotted(arg)] = "" // the outer name stays; the port's definition moves to it
			merge[s.ID+"_"+def.Ports[i]] = dotted(arg)
		}
		out.absorb(sub)
		if out.TimeUnit == "" {
			out.TimeUnit = sub.TimeUnit
		}
	}
	out.each(func(id string) { known[id] = true })
	for _, d := range m.Deletions {
		if !out.remove(dotted(d.Path)) {
			f.ms = append(f.ms, diag.Errorf(d.At, "cannot delete %s: no such element", d.Path))
		}
	}
	for _, l := range m.Links {
		merge[dotted(l.A)] = dotted(l.B)
	}
	own := m.Model.renamed(dotted)
	out.overlay(own, known)
	// merge links: the name on the left disappears into the one on the right.
	if len(merge) > 0 {
		names := map[string]string{}
		for a, b := range merge {
			if b == "" {
				continue
			}
			for hops := 0; merge[b] != "" && hops < len(merge); hops++ {
				b = merge[b]
			}
			names[a] = b
		}
		out = out.joined(names)
	}
	return out
}

// remove takes the element and what defines it out; false when there is none.
func (m *Model) remove(id string) bool {
	n := 0
	count := func(same bool) bool {
		if same {
			n++
		}
		return !same
	}
	m.Compartments = keep(m.Compartments, func(x Compartment) bool { return count(x.ID == id) })
	m.Species = keep(m.Species, func(x Species) bool { return count(x.ID == id) })
	m.Parameters = keep(m.Parameters, func(x Parameter) bool { return count(x.ID == id) })
	m.Reactions = keep(m.Reactions, func(x Reaction) bool { return count(x.ID == id) })
	m.Events = keep(m.Events, func(x Event) bool { return count(x.ID == id) })
	m.Rules = keep(m.Rules, func(x Rule) bool { return x.Variable != id })
	m.Initials = keep(m.Initials, func(x Initial) bool { return x.Symbol != id })
	return n > 0
}

// overlay adds the elements of the outer module; an element that a submodel already
// has is changed, not added twice.
func (m *Model) overlay(o *Model, known map[string]bool) {
	m.Units = append(m.Units, o.Units...)
	m.Functions = append(m.Functions, o.Functions...)
	species := indexBy(m.Species, func(x Species) string { return x.ID })
	parameters := indexBy(m.Parameters, func(x Parameter) string { return x.ID })
	compartments := indexBy(m.Compartments, func(x Compartment) string { return x.ID })
	reactions := indexBy(m.Reactions, func(x Reaction) string { return x.ID })
	events := indexBy(m.Events, func(x Event) string { return x.ID })
	for _, x := range o.Compartments {
		if i, ok := compartments[x.ID]; ok {
			if x.Size != nil {
				m.Compartments[i].Size = x.Size
				m.clear(x.ID)
			}
			continue
		}
		m.Compartments = append(m.Compartments, x)
	}
	for _, x := range o.Species {
		if i, ok := species[x.ID]; ok {
			s := &m.Species[i]
			if x.InitialAmount != nil || x.InitialConc != nil {
				s.InitialAmount, s.InitialConc = x.InitialAmount, x.InitialConc
				m.clear(x.ID)
			}
			continue
		}
		m.Species = append(m.Species, x)
	}
	for _, x := range o.Parameters {
		if i, ok := parameters[x.ID]; ok {
			p := &m.Parameters[i]
			if x.Value != nil {
				p.Value, p.TableAt, p.Source, p.Spread, p.Note = x.Value, x.TableAt, x.Source, x.Spread, x.Note
				m.clear(x.ID)
			}
			if x.Unit != "" {
				p.Unit = x.Unit
			}
			if x.Spread != "" {
				p.Spread = x.Spread
			}
			p.Constant = p.Constant && x.Constant
			continue
		}
		if i, ok := species[x.ID]; ok {
			s := &m.Species[i]
			if x.Value != nil {
				s.InitialAmount, s.InitialConc = nil, nil
				if s.SubstanceOnly {
					s.InitialAmount = x.Value
				} else {
					s.InitialConc = x.Value
				}
				m.clear(x.ID)
			}
			if x.Unit != "" {
				s.Unit = x.Unit
			}
			continue
		}
		if i, ok := compartments[x.ID]; ok {
			if x.Value != nil {
				m.Compartments[i].Size = x.Value
				m.clear(x.ID)
			}
			continue
		}
		m.Parameters = append(m.Parameters, x)
	}
	for _, x := range o.Reactions {
		if i, ok := reactions[x.ID]; ok && x.ID != "" {
			m.Reactions[i] = x
			continue
		}
		m.Reactions = append(m.Reactions, x)
	}
	for _, x := range o.Events {
		if i, ok := events[x.ID]; ok && x.ID != "" {
			m.Events[i] = x
			continue
		}
		m.Events = append(m.Events, x)
	}
	for _, x := range o.Rules {
		if known[x.Variable] {
			m.Rules = keep(m.Rules, func(r Rule) bool { return r.Variable != x.Variable })
			m.Initials = keep(m.Initials, func(r Initial) bool { return r.Symbol != x.Variable })
			if i, ok := parameters[x.Variable]; ok {
				m.Parameters[i].Constant = false
				if x.Kind == Assignment {
					m.Parameters[i].Value = nil
				}
			}
		}
		m.Rules = append(m.Rules, x)
	}
	for _, x := range o.Initials {
		if known[x.Symbol] {
			m.Initials = keep(m.Initials, func(r Initial) bool { return r.Symbol != x.Symbol })
		}
		m.Initials = append(m.Initials, x)
	}
	m.absorbRest(o)
}

// clear forgets what a formula said about an initial value that a number replaces.
func (m *Model) clear(id string) {
	m.Initials = keep(m.Initials, func(x Initial) bool { return x.Symbol != id })
}

func indexBy[T any](list []T, id func(T) string) map[string]int {
	out := make(map[string]int, len(list))
	for i, x := range list {
		out[id(x)] = i
	}
	return out
}

// joined renames the keys of names to their values; of two elements with one id the
// one that was called so before holds, and its missing values are taken from the other.
func (m *Model) joined(names map[string]string) *Model {
	drop := map[string]bool{}
	has := map[string]bool{}
	m.each(func(id string) { has[id] = true })
	for from, to := range names {
		if has[to] && from != to {
			drop[from] = true
		}
	}
	c := *m
	c.Compartments = keep(m.Compartments, func(x Compartment) bool { return !drop[x.ID] })
	c.Species = keep(m.Species, func(x Species) bool { return !drop[x.ID] })
	c.Parameters = keep(m.Parameters, func(x Parameter) bool { return !drop[x.ID] })
	ruled := map[string]bool{}
	for _, r := range m.Rules {
		ruled[r.Variable] = true
	}
	c.Rules = keep(m.Rules, func(x Rule) bool { return !(drop[x.Variable] && ruled[names[x.Variable]]) })
	c.Initials = keep(m.Initials, func(x Initial) bool { return !drop[x.Symbol] })
	return c.renamed(func(id string) string {
		if to, ok := names[id]; ok {
			return to
		}
		return id
	})
}

// dedupe drops unit and function definitions that several submodels brought alike.
func dedupe(m *Model) *Model {
	seen := map[string]bool{}
	m.Units = keep(m.Units, func(u UnitDef) bool {
		k := u.ID + "\x00" + u.Text
		ok := !seen[k]
		seen[k] = true
		return ok
	})
	functions := map[string]bool{}
	m.Functions = keep(m.Functions, func(f Function) bool {
		ok := !functions[f.ID]
		functions[f.ID] = true
		return ok
	})
	return m
}
