package model

import (
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
)

// deepest bounds the nesting of submodels.
const deepest = 64

// mostInstances bounds the submodels of one model.
const mostInstances = 100_000

// Flatten turns the module named main into a closed model without submodels.
//
// It goes in five passes. (1) Every instance of a module is found, and with it the paths of
// all elements. (2) From the inside out, the elements of submodels join the module around
// them under their paths ("A.x"); conversion factors of the submodel are written into their
// formulas, deletions take elements out, and dotted names of the outer module change them.
// (3) Links make two elements one, from the outside in, so that an outer module has the
// last word; factors are written into the formulas that read or set the element that went.
// (4) Paths become flat ids: x of submodel A is A_x, or A__x when the document's separator
// is "__". Where that id is taken already, the submodel's elements are called A1_x, and so
// on. (5) What still has a dot leads nowhere and is refused.
//
// Functions and units keep their ids unless another definition has the same one.
func Flatten(doc *Document, main string) (*Model, diag.Messages) {
	f := &flattener{doc: doc, modules: map[string]*Module{}, kinds: map[string]elementKind{}, next: map[string]link{}, name: map[string]string{},
		undone: map[string]bool{}}
	for _, m := range doc.Modules {
		f.modules[m.ID] = m
	}
	root, ok := f.modules[main]
	if !ok {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no model %q", main)}
	}
	f.find(root, "", nil)
	if f.ms.HasErrors() {
		return nil, f.ms
	}
	f.undo(f.root)
	f.collect(f.root)
	flat := f.build(f.root)
	flat.ID, flat.Name = root.ID, root.Name
	flat = f.merge(flat)
	if f.ms.HasErrors() {
		return nil, f.ms
	}
	flat = f.flatNames(flat)
	if f.ms.HasErrors() {
		return nil, f.ms
	}
	return flat, f.ms
}

// elementKind is what a path leads to.
type elementKind uint8

const (
	noElement elementKind = iota
	aValue                // species, compartment, parameter
	aReaction
	anEvent
	aFunction
	aUnit
	aSubmodel
	anObjective
	aChange // a deletion or link
)

// instance is one use of a module; its elements have paths that begin with prefix.
type instance struct {
	prefix   string // "", "A.", "A.B."
	module   *Module
	time     *Expr // factors of the submodel in the module around; nil: 1
	extent   *Expr
	children []*instance
}

// link is where a path leads: its values are to's divided by factor.
type link struct {
	to     string
	factor *Expr // nil: 1
	// inherit as in Link.
	inherit bool
	at      diag.Place
}

type flattener struct {
	doc     *Document
	modules map[string]*Module
	root    *instance
	built   int // instances made so far
	kinds   map[string]elementKind
	next    map[string]link   // links, by the path that goes
	name    map[string]string // path -> the path whose flat id it takes
	undone  map[string]bool   // deletions and links that an outer module takes out
	// replaced lists submodels that another one replaced.
	replaced []string
	ms       diag.Messages
}

func (f *flattener) fail(m diag.Message) { f.ms = append(f.ms, m) }

// find makes the tree of instances and notes what every path leads to.
func (f *flattener) find(m *Module, prefix string, stack []string) *instance {
	for _, s := range stack {
		if s == m.ID {
			f.fail(diag.Errorf(m.At, "model %q contains itself (%s)", m.ID, strings.Join(append(stack, m.ID), " -> ")))
			return nil
		}
	}
	if f.built++; f.built > mostInstances {
		if f.built == mostInstances+1 {
			f.fail(diag.Errorf(m.At, "the model has more than %d submodels", mostInstances))
		}
		return nil
	}
	if len(stack) > deepest {
		f.fail(diag.Errorf(m.At, "submodels are nested deeper than %d", deepest))
		return nil
	}
	in := &instance{prefix: prefix, module: m}
	if f.root == nil {
		f.root = in
	}
	own := func(id string, k elementKind) {
		if id != "" && !strings.Contains(id, ".") {
			f.kinds[prefix+id] = k
		}
	}
	for _, x := range m.Compartments {
		own(x.ID, aValue)
	}
	for _, x := range m.Species {
		own(x.ID, aValue)
	}
	for _, x := range m.Parameters {
		own(x.ID, aValue)
	}
	for _, x := range m.Reactions {
		own(x.ID, aReaction)
	}
	for _, x := range m.Events {
		own(x.ID, anEvent)
	}
	for _, x := range m.Functions {
		own(x.ID, aFunction)
	}
	for _, x := range m.Units {
		own(x.ID+"@unit", aUnit)
	}
	if m.Flux != nil {
		for _, x := range m.Flux.Objectives {
			own(x.ID, anObjective)
		}
	}
	for _, x := range m.Deletions {
		if x.ID != "" {
			f.kinds[prefix+x.ID] = aChange
		}
	}
	for _, x := range m.Links {
		if x.ID != "" {
			f.kinds[prefix+x.ID] = aChange
		}
	}
	for _, s := range m.Submodels {
		own(s.ID, aSubmodel)
		def, ok := f.modules[s.Module]
		if !ok {
			var names []string
			for _, m := range f.doc.Modules {
				names = append(names, m.ID)
			}
			f.fail(diag.Errorf(s.At, "%s is an instance of model %q, which is not defined", s.ID, s.Module).WithHelp("%s", diag.DidYouMean(s.Module, names)))
			continue
		}
		if len(s.Args) > len(def.Ports) {
			f.fail(diag.Errorf(s.At, "%s is given %d ports, model %s has %d (%s)", s.ID, len(s.Args), def.ID, len(def.Ports), strings.Join(def.Ports, ", ")))
			continue
		}
		child := f.find(def, prefix+s.ID+".", append(stack[:len(stack):len(stack)], m.ID))
		if child == nil {
			continue
		}
		child.time, child.extent = f.factor(s.TimeFactor, prefix, s.At), f.factor(s.ExtentFactor, prefix, s.At)
		in.children = append(in.children, child)
	}
	return in
}

// factor reads a conversion factor: an id of the module, or a number; nil for 1.
func (f *flattener) factor(text, prefix string, at diag.Place) *Expr {
	if text == "" {
		return nil
	}
	e := Sym(prefix + text)
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		if !(v > 0) || v > 1e300 {
			f.fail(diag.Errorf(at, "a conversion factor is a positive number, this is %s", text))
			return nil
		}
		e = Num(v)
	} else if f.kinds[prefix+text] != aValue {
		f.fail(diag.Errorf(at, "the conversion factor %s is not defined", text).WithHelp("declare it as a constant parameter"))
		return nil
	}
	e.At = at
	return e
}

// undo finds deletions of deletions and links, from the outside in.
func (f *flattener) undo(in *instance) {
	for _, d := range in.module.Deletions {
		if path := in.prefix + d.Path; f.kinds[path] == aChange && !f.isUndone(in, d.ID) {
			f.undone[path] = true
		}
	}
	for _, child := range in.children {
		f.undo(child)
	}
}

func (f *flattener) isUndone(in *instance, id string) bool { return id != "" && f.undone[in.prefix+id] }

// build joins an instance with its submodels; every id is a path.
func (f *flattener) build(in *instance) *Model {
	m := in.module
	own := m.Model.rename(renaming{id: func(id string) string { return in.prefix + id }, meta: func(id string) string { return in.prefix + "#" + id },
		function: func(id string) string {
			if f.kinds[in.prefix+id] == aFunction {
				return in.prefix + id
			}
			return id
		},
		unit: func(text string) string {
			if f.kinds[in.prefix+text+"@unit"] == aUnit {
				return in.prefix + text + "@unit"
			}
			return text
		}})
	if in != f.root {
		own.defaultUnits(&f.root.module.Model)
		whole := in.prefix + m.ID // what is said about the module is not about the model around it
		own.Notes = keep(own.Notes, func(x Note) bool { return x.Element != "" && x.Element != whole })
		own.Annotations = keep(own.Annotations, func(x Annotation) bool { return x.Element != "" && x.Element != whole })
	}
	if len(in.children) == 0 {
		f.remove(own, in)
		return own
	}
	out := &Model{}
	for _, child := range in.children {
		sub := f.build(child)
		f.convert(sub, child)
		out.absorb(sub)
		if out.TimeUnit == "" {
			out.TimeUnit = sub.TimeUnit
		}
	}
	if own.TimeUnit != "" {
		out.TimeUnit = own.TimeUnit
	}
	out.SubstanceUnit, out.VolumeUnit, out.AreaUnit, out.LengthUnit, out.ExtentUnit = own.SubstanceUnit, own.VolumeUnit, own.AreaUnit, own.LengthUnit, own.ExtentUnit
	f.remove(out, in)
	known := map[string]bool{}
	out.each(func(id string) { known[id] = true })
	f.overlay(out, own, known, in)
	f.removeOwn(out, in)
	return out
}

// defaultUnits writes the units that a module sets for its elements onto those that
// declare none, where the module around everything sets other ones.
func (m *Model) defaultUnits(root *Model) {
	set := func(u *string, own, outer string) {
		if *u == "" && own != "" && own != outer {
			*u = own
		}
	}
	size := map[string]string{}
	for i := range m.Compartments {
		c := &m.Compartments[i]
		switch c.Dims {
		case 3:
			set(&c.Unit, m.VolumeUnit, root.VolumeUnit)
		case 2:
			set(&c.Unit, m.AreaUnit, root.AreaUnit)
		case 1:
			set(&c.Unit, m.LengthUnit, root.LengthUnit)
		}
		size[c.ID] = c.Unit
	}
	for i := range m.Species {
		if s := &m.Species[i]; s.SubstanceOnly {
			set(&s.Unit, m.SubstanceUnit, root.SubstanceUnit)
		}
	}
}

// remove takes out what the module deletes inside its submodels.
func (f *flattener) remove(m *Model, in *instance) {
	for _, d := range ordered(in.module.Deletions) {
		if strings.Contains(ownPart(d.Path), ".") {
			f.delete(m, in, d)
		}
	}
	if len(in.children) == 0 {
		f.removeOwn(m, in)
	}
}

// removeOwn takes parts of the module's own elements out.
func (f *flattener) removeOwn(m *Model, in *instance) {
	for _, d := range ordered(in.module.Deletions) {
		if !strings.Contains(ownPart(d.Path), ".") {
			f.delete(m, in, d)
		}
	}
}

// ordered puts deletions in an order in which none is in the way of the next: parts before
// the elements that hold them, and counted ones from the last ("reactant.1") to the first.
func ordered(list []Deletion) []Deletion {
	out := append([]Deletion(nil), list...)
	count := func(path string) int {
		_, part, split := strings.Cut(path, "@")
		_, which, _ := strings.Cut(part, ".")
		n, err := strconv.Atoi(which)
		switch {
		case !split:
			return -2
		case err != nil:
			return -1
		}
		return n
	}
	sort.SliceStable(out, func(i, j int) bool { return count(out[i].Path) > count(out[j].Path) })
	return out
}

// ownPart is a path up to its part or meta.
func ownPart(path string) string {
	if i := strings.IndexAny(path, "@#"); i >= 0 {
		return path[:i]
	}
	return path
}

func (f *flattener) delete(m *Model, in *instance, d Deletion) {
	path := in.prefix + d.Path
	if f.kinds[path] == aChange || f.isUndone(in, d.ID) {
		return
	}
	if f.kinds[path] == aSubmodel {
		for _, id := range f.below(path) {
			m.removePath(id)
		}
		m.removeAnonymous(path + ".")
		return
	}
	if !m.removePath(path) {
		f.fail(diag.Errorf(d.At, "cannot delete %s: no such element", d.Path))
		return
	}
	if d.Dependents {
		m.removeDependents(path)
	}
}
