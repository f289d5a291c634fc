package model

import (
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/unit"
)

// flatNames turns paths into ids without dots.
func (f *flattener) flatNames(m *Model) *Model {
	flat := map[string]string{}
	members := map[string][]string{} // of an instance, by its prefix: paths of elements
	holder := map[string]string{}    // path -> the path it is called after
	add := func(path string) {
		if path == "" || holder[path] != "" {
			return
		}
		named := path
		for hops := 0; f.name[named] != "" && hops <= len(f.name); hops++ {
			named = f.name[named]
		}
		holder[path] = named
		prefix := named[:strings.LastIndex(ownPart(named), ".")+1]
		members[prefix] = append(members[prefix], path)
	}
	m.each(add)
	for _, x := range m.Constraints {
		add(x.ID)
	}
	if m.Flux != nil {
		for _, x := range m.Flux.Objectives {
			add(x.ID)
		}
		for _, x := range m.Flux.Genes {
			add(x.ID)
		}
	}
	for _, u := range m.Uncertain {
		var parts func([]UncertainPart)
		parts = func(list []UncertainPart) {
			for _, p := range list {
				add(p.ID)
				parts(p.Parts)
			}
		}
		parts(u.Parts)
	}
	sep := f.doc.Separator
	if sep == "" {
		sep = "_"
	}
	taken := map[string]bool{}
	prefixes := map[string]string{} // of instances, flat
	var visit func(in *instance, outer string)
	visit = func(in *instance, outer string) {
		prefix := outer
		id := in.prefix
		if id != "" {
			id = id[strings.LastIndex(id[:len(id)-1], ".")+1 : len(id)-1]
		}
		for n := 0; ; n++ {
			if id != "" {
				prefix = outer + id
				if n > 0 {
					prefix += strconv.Itoa(n)
				}
				prefix += sep
			}
			free := true
			for _, path := range members[in.prefix] {
				free = free && !taken[prefix+holder[path][len(in.prefix):]]
			}
			if free || id == "" {
				break
			}
		}
		for _, path := range members[in.prefix] {
			flat[path] = prefix + holder[path][len(in.prefix):]
			taken[flat[path]] = true
		}
		prefixes[in.prefix] = prefix
		for _, child := range in.children {
			visit(child, prefix)
		}
	}
	visit(f.root, "")
	f.unresolved(m, flat)
	functions := f.functionNames(m, taken, prefixes)
	units := f.unitNames(m, prefixes)
	under := func(path string) string { // of metas
		i := strings.Index(path, "#")
		return prefixes[path[:i]] + path[i+1:]
	}
	to := func(by map[string]string) func(string) string {
		return func(id string) string {
			if n, ok := by[id]; ok {
				return n
			}
			return id
		}
	}
	ids := func(id string) string { // what only describes may name a submodel or a part
		if n, ok := flat[id]; ok {
			return n
		}
		i := strings.LastIndex(ownPart(id), ".") + 1
		return prefixes[id[:i]] + id[i:]
	}
	out := m.rename(renaming{id: ids, function: to(functions), unit: to(units), meta: under})
	out.Functions = dedupe(append(append([]Function(nil), f.doc.Functions...), out.Functions...), func(x Function) string { return x.ID })
	out.Units = dedupe(append(append([]UnitDef(nil), f.doc.Units...), out.Units...), func(x UnitDef) string { return x.ID + "\x00" + x.Text })
	return out
}

// unresolved reports paths that lead to nothing.
func (f *flattener) unresolved(m *Model, flat map[string]string) {
	told := map[string]bool{}
	check := func(id string, at diag.Place) {
		if flat[id] != "" || !strings.Contains(id, ".") || told[id] {
			return
		}
		told[id] = true
		if f.kinds[id] != noElement {
			f.fail(diag.Errorf(at, "%s is used here, but it is deleted or replaced", id).WithHelp("delete what uses it, too"))
			return
		}
		f.fail(diag.Errorf(at, "%s leads nowhere", id).WithHelp("%s", diag.DidYouMean(id, f.below(strings.Split(id, ".")[0]))))
	}
	m.eachFormula(func(e **Expr, set string, at diag.Place) {
		check(set, at)
		(*e).Walk(func(x *Expr) bool {
			if x.Kind == Symbol {
				place := x.At
				if place.Src == nil {
					place = at
				}
				check(x.Name, place)
			}
			return true
		})
	})
	for _, s := range m.Species {
		check(s.Compartment, s.At)
		check(s.ConversionFactor, s.At)
	}
	for _, r := range m.Reactions {
		for _, side := range [][]SpeciesRef{r.Reactants, r.Products} {
			for _, x := range side {
				check(x.Species, r.At)
			}
		}
		for _, id := range r.Modifiers {
			check(id, r.At)
		}
		check(r.LowerFlux, r.At)
		check(r.UpperFlux, r.At)
	}
}

// functionNames gives functions of submodels their flat ids: the plain one where no other
// function or element has it.
func (f *flattener) functionNames(m *Model, taken map[string]bool, prefixes map[string]string) map[string]string {
	plain := func(path string) string { return path[strings.LastIndex(path, ".")+1:] }
	text := func(x Function) string { // what it computes, calls by plain names
		body := x.Body.Map(func(e *Expr) *Expr {
			if e.Kind == Apply && strings.Contains(e.Name, ".") {
				c := *e
				c.Name = plain(e.Name)
				return &c
			}
			return e
		})
		return strings.Join(x.Params, ",") + "\x00" + body.String()
	}
	first := map[string]string{}
	clash := map[string]bool{}
	note := func(x Function) {
		id, t := plain(x.ID), text(x)
		if before, ok := first[id]; ok && before != t || taken[id] {
			clash[id] = true
		} else {
			first[id] = t
		}
	}
	for _, x := range f.doc.Functions {
		note(x)
	}
	for _, x := range m.Functions {
		note(x)
	}
	// A function that calls one of a clash differs, too, though its text is the same.
	for again := true; again; {
		again = false
		for _, x := range m.Functions {
			if id := plain(x.ID); !clash[id] && strings.Contains(x.ID, ".") {
				x.Body.Walk(func(e *Expr) bool {
					if e.Kind == Apply && strings.Contains(e.Name, ".") && clash[plain(e.Name)] {
						clash[id], again = true, true
					}
					return true
				})
			}
		}
	}
	out := map[string]string{}
	for _, x := range m.Functions {
		i := strings.LastIndex(x.ID, ".") + 1
		if out[x.ID] = x.ID[i:]; i > 0 && clash[x.ID[i:]] {
			id := prefixes[x.ID[:i]] + x.ID[i:]
			for taken[id] {
				id += "_"
			}
			out[x.ID], taken[id] = id, true
		}
	}
	return out
}

// unitNames gives units their flat ids: the plain one where all units of that id are the same.
func (f *flattener) unitNames(m *Model, prefixes map[string]string) map[string]string {
	same := func(a, b string) bool {
		if a == b {
			return true
		}
		x, ex := unit.Parse(a)
		y, ey := unit.Parse(b)
		return ex == nil && ey == nil && x.Equal(y)
	}
	first := map[string]string{}
	for _, u := range f.doc.Units {
		if _, ok := first[u.ID]; !ok {
			first[u.ID] = u.Text
		}
	}
	out, ids := map[string]string{}, map[string]bool{}
	for _, u := range m.Units {
		path := strings.TrimSuffix(u.ID, "@unit")
		i := strings.LastIndex(path, ".") + 1
		id := path[i:]
		if t, ok := first[id]; !ok {
			first[id] = u.Text
		} else if !same(t, u.Text) && i > 0 {
			for id = prefixes[path[:i]] + path[i:]; ids[id] || first[id] != ""; {
				id += "_"
			}
		}
		ids[id] = true
		out[u.ID] = id
	}
	return out
}

func dedupe[T any](list []T, key func(T) string) []T {
	seen := map[string]bool{}
	return keep(list, func(x T) bool {
		k := key(x)
		ok := !seen[k]
		seen[k] = true
		return ok
	})
}
