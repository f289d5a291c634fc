package model

import (
	"slices"
	"sort"
	"strings"
)

// Diagram is a module as a picture of it shows: what there is, what turns into what, what
// steers that, and how the module hangs together with others. Constants are left out, and
// so are quantities that follow from others at once: what depends on one of those depends
// on what it is made of.
type Diagram struct {
	States []State // species and whatever else a rate rule changes, in the order of the text
	Flows  []Flow
	Reads  []string // ports that something depends on, in the order of their use
	Writes []Output
}

// State is a quantity with a memory. By are the states and ports that its rate rule reads,
// beside itself.
type State struct {
	ID      string
	Species bool
	By      []string
}

// Flow is a reaction; nothing in From is a source, nothing in To a sink. By are the states
// and ports that its rate depends on, beside those of From.
type Flow struct {
	ID       string
	From, To []string
	By       []string
}

// Output is a port that is written, with the states and ports that it is made of.
type Output struct {
	Port string
	Of   []string
}

// NewDiagram makes the diagram of a flat module. Ports are those of the table, as the
// composition of modules knows them: a symbol of their name without a rule is read, to_NAME
// is written.
func NewDiagram(m *Model, ports *Ports) *Diagram {
	d := &Diagram{}
	rules := map[string]*Expr{}
	state := map[string]bool{}
	for _, s := range m.Species {
		if !s.Constant {
			state[s.ID] = true
		}
	}
	for _, r := range m.Rules {
		switch r.Kind {
		case Assignment:
			rules[r.Variable] = r.Math
		case Rate:
			state[r.Variable] = true
		}
	}
	own := map[string]bool{}
	for _, p := range m.Parameters {
		own[p.ID] = true
	}
	// port finds the port that a symbol stands for: the last part of a submodel's symbol
	port := func(id string) string {
		for rest := id; ; {
			name := strings.TrimPrefix(rest, "to_")
			if p, ok := ports.Get(name); ok && !(p.Kind == Signal && own["to_"+id]) {
				return name
			}
			_, after, more := strings.Cut(rest, "_")
			if !more {
				return ""
			}
			rest = after
		}
	}
	written := func(id string) string {
		if strings.HasPrefix(id, "to_") || strings.Contains(id, "_to_") {
			return port(id[strings.Index(id, "to_"):])
		}
		return ""
	}
	memo := map[string][]string{}
	var of func(e *Expr) []string
	visit := func(id string) []string {
		if out, ok := memo[id]; ok {
			return out
		}
		memo[id] = nil // a circle of rules is no dependency of its own
		var out []string
		switch {
		case state[id]:
			out = []string{id}
		case rules[id] != nil:
			out = of(rules[id])
		case own[id]:
			if p := port(id); p != "" && written(id) == "" {
				out = []string{p}
			}
		}
		memo[id] = out
		return out
	}
	of = func(e *Expr) []string {
		var out []string
		if e == nil {
			return nil
		}
		for _, id := range e.Symbols() {
			for _, x := range visit(id) {
				if !slices.Contains(out, x) {
					out = append(out, x)
				}
			}
		}
		return out
	}
	without := func(list []string, these ...string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return slices.Contains(these, x) })
	}
	read := func(list []string) {
		for _, x := range list {
			if !state[x] && !slices.Contains(d.Reads, x) {
				d.Reads = append(d.Reads, x)
			}
		}
	}
	for _, s := range m.Species {
		if state[s.ID] {
			d.States = append(d.States, State{ID: s.ID, Species: true})
		}
	}
	for _, r := range m.Rules {
		if r.Kind != Rate {
			continue
		}
		by := of(r.Math)
		read(by)
		if i := slices.IndexFunc(d.States, func(s State) bool { return s.ID == r.Variable }); i >= 0 {
			d.States[i].By = without(by, r.Variable)
			continue
		}
		d.States = append(d.States, State{ID: r.Variable, By: without(by, r.Variable)})
	}
	for _, r := range m.Reactions {
		f := Flow{ID: r.ID}
		for _, s := range r.Reactants {
			f.From = append(f.From, s.Species)
		}
		for _, s := range r.Products {
			f.To = append(f.To, s.Species)
		}
		by := of(r.Rate)
		read(by)
		f.By = without(by, f.From...)
		d.Flows = append(d.Flows, f)
	}
	for _, r := range m.Rules {
		if name := written(r.Variable); r.Kind == Assignment && name != "" {
			by := of(r.Math)
			read(by)
			if i := slices.IndexFunc(d.Writes, func(o Output) bool { return o.Port == name }); i >= 0 {
				d.Writes[i].Of = append(d.Writes[i].Of, without(by, d.Writes[i].Of...)...)
				continue
			}
			d.Writes = append(d.Writes, Output{Port: name, Of: by})
		}
	}
	sort.Slice(d.Writes, func(i, j int) bool { return d.Writes[i].Port < d.Writes[j].Port })
	return d
}
