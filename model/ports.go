package model

import (
	"sort"
	"strings"

	"thymus/diag"
)

// PortKind says how several writers of a port combine.
type PortKind string

// The kinds of ports.
const (
	Sum     PortKind = "sum"     // writers add; 0 without any
	Product PortKind = "product" // writers multiply; 1 without any
	Signal  PortKind = "signal"  // exactly one writer when somebody reads it
)

// Port is a named connection between modules.
type Port struct {
	Name    string
	Kind    PortKind
	Unit    string
	Meaning string
	At      diag.Place
}

// Ports is the table of all ports of a library.
type Ports struct {
	list  []Port
	index map[string]int
}

// Get finds a port by name.
func (p *Ports) Get(name string) (Port, bool) {
	if p == nil {
		return Port{}, false
	}
	i, ok := p.index[name]
	if !ok {
		return Port{}, false
	}
	return p.list[i], true
}

// All lists the ports in the order of the table.
func (p *Ports) All() []Port { return p.list }

// Names lists the ports' names in alphabetical order.
func (p *Ports) Names() []string {
	var out []string
	for _, x := range p.list {
		out = append(out, x.Name)
	}
	sort.Strings(out)
	return out
}

// ReadPorts reads a tab-separated table with the columns port, kind, unit, meaning.
func ReadPorts(src *diag.Source) (*Ports, diag.Messages) {
	p := &Ports{index: map[string]int{}}
	var ms diag.Messages
	header := false
	offset := 0
	for _, line := range strings.SplitAfter(src.Text, "\n") {
		start := offset
		offset += len(line)
		text := strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(text) == "" || strings.HasPrefix(text, "#") {
			continue
		}
		at := diag.Place{Src: src, Start: start, End: start + len(text)}
		f := strings.Split(text, "\t")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if !header {
			header = true
			if len(f) < 4 || f[0] != "port" || f[1] != "kind" || f[2] != "unit" || f[3] != "meaning" {
				return nil, append(ms, diag.Errorf(at, "the header must be port, kind, unit, meaning, separated by tabs"))
			}
			continue
		}
		if len(f) != 4 {
			ms = append(ms, diag.Errorf(at, "the row has %d fields, expected 4: port, kind, unit, meaning", len(f)))
			continue
		}
		port := Port{f[0], PortKind(f[1]), f[2], f[3], at}
		if !validID(port.Name) {
			ms = append(ms, diag.Errorf(at, "%q is no id", port.Name))
			continue
		}
		switch port.Kind {
		case Sum, Product, Signal:
		default:
			ms = append(ms, diag.Errorf(at, "%q is no kind of port: sum, product or signal", f[1]))
		}
		if m := checkUnit(port.Unit, at); m != nil {
			ms = append(ms, *m)
		}
		if _, dup := p.index[port.Name]; dup {
			ms = append(ms, diag.Errorf(at, "port %s stands in the table twice", port.Name))
			continue
		}
		p.index[port.Name] = len(p.list)
		p.list = append(p.list, port)
	}
	if !header {
		ms = append(ms, diag.Errorf(diag.Place{Src: src}, "the table of ports is empty"))
	}
	return p, ms
}

// Part is one module of a composition, under the name it has there.
type Part struct {
	Instance string
	Module   *Module
	Doc      *Document // with the modules it is made of
}

// writer is where a port's value comes from: a dotted path in the glue.
type portEnd struct {
	path string // "core.kill_CD19"
	part int
	at   diag.Place
}

// PortUses lists the ports that a module (with its submodels) reads and writes, as
// dotted paths inside it. A module that writes a signal has the quantity itself: its own
// symbol of that name is no reader.
func PortUses(m *Module, doc *Document, ports *Ports) (reads, writes map[string][]string, ms diag.Messages) {
	reads, writes = map[string][]string{}, map[string][]string{}
	modules := map[string]*Module{}
	for _, x := range doc.Modules {
		modules[x.ID] = x
	}
	var visit func(m *Module, prefix string, depth int)
	visit = func(m *Module, prefix string, depth int) {
		if depth > deepest {
			return
		}
		ruled := map[string]Rule{}
		for _, r := range m.Rules {
			ruled[r.Variable] = r
		}
		own := map[string]bool{}
		for _, p := range m.Parameters {
			own[p.ID] = true
		}
		for _, p := range m.Parameters {
			if strings.Contains(p.ID, ".") {
				continue
			}
			if name, ok := strings.CutPrefix(p.ID, "to_"); ok {
				if _, known := ports.Get(name); !known {
					ms = append(ms, diag.Errorf(p.At, "%s writes to a port that does not exist", p.ID).WithHelp("%s", diag.DidYouMean(name, ports.Names())))
					continue
				}
				writes[name] = append(writes[name], prefix+p.ID)
				continue
			}
			if port, known := ports.Get(p.ID); known {
				_, has := ruled[p.ID]
				if !has && !(port.Kind == Signal && own["to_"+p.ID]) {
					reads[p.ID] = append(reads[p.ID], prefix+p.ID)
				}
			}
		}
		for _, s := range m.Submodels {
			if sub, ok := modules[s.Module]; ok {
				visit(sub, prefix+s.ID+".", depth+1)
			}
		}
	}
	visit(m, "", 0)
	return reads, writes, ms
}

// Compose connects modules through their ports. It gives the document with the
// generated module `patient` that holds them, and the flat model.
func Compose(parts []Part, ports *Ports) (*Document, *Model, diag.Messages) {
	var ms diag.Messages
	doc := &Document{}
	glue := &Module{Main: true}
	glue.ID = "patient"
	have := map[string]*Module{}
	instances := map[string]bool{}
	reads, writes := map[string][]portEnd{}, map[string][]portEnd{}
	for k, part := range parts {
		if instances[part.Instance] {
			ms = append(ms, diag.Errorf(part.Module.At, "two modules are called %q here", part.Instance))
			continue
		}
		instances[part.Instance] = true
		if part.Instance == part.Module.ID {
			ms = append(ms, diag.Errorf(part.Module.At, "an instance may not have the name of its model, %q", part.Instance).WithHelp("give the module another name in its header: `as: ...`"))
		}
		for _, m := range part.Doc.Modules {
			if other, ok := have[m.ID]; ok {
				if other != m && m.At.Src != other.At.Src && m.At.Src.Text != other.At.Src.Text {
					ms = append(ms, diag.Errorf(m.At, "two different models are called %s", m.ID).WithNote(other.At, "the other"))
				}
				continue
			}
			have[m.ID] = m
			c := *m
			c.Main = false
			doc.Modules = append(doc.Modules, &c)
		}
		functions := map[string]bool{}
		for _, f := range doc.Functions {
			functions[f.ID] = true
		}
		for _, f := range part.Doc.Functions {
			if !functions[f.ID] {
				doc.Functions = append(doc.Functions, f)
			}
		}
		doc.Units = append(doc.Units, part.Doc.Units...)
		glue.Submodels = append(glue.Submodels, Submodel{ID: part.Instance, Module: part.Module.ID, At: part.Module.At})
		r, w, more := PortUses(part.Module, part.Doc, ports)
		ms = append(ms, more...)
		for name, paths := range r {
			for _, path := range paths {
				reads[name] = append(reads[name], portEnd{part.Instance + "." + path, k, part.Module.At})
			}
		}
		for name, paths := range w {
			for _, path := range paths {
				writes[name] = append(writes[name], portEnd{part.Instance + "." + path, k, part.Module.At})
			}
		}
	}
	for _, port := range ports.All() {
		w := writes[port.Name]
		readers := reads[port.Name]
		if port.Kind == Signal && len(w) > 1 {
			ms = append(ms, diag.Errorf(w[1].at, "port %s has two writers, %s and %s; a signal has one", port.Name, w[0].path, w[1].path))
			continue
		}
		if len(readers) == 0 {
			continue
		}
		if len(w) == 0 {
			if port.Kind == Signal {
				ms = append(ms, diag.Errorf(readers[0].at, "module %s reads port %s (%s), which no module here writes", parts[readers[0].part].Instance, port.Name, port.Meaning).
					WithHelp("add a module that has to_%s", port.Name))
			}
			continue
		}
		sort.Slice(w, func(i, j int) bool { return w[i].path < w[j].path })
		for _, reader := range readers {
			math := Sym(w[0].path)
			for _, more := range w[1:] {
				if port.Kind == Product {
					math = Call("times", math, Sym(more.path))
				} else {
					math = Call("plus", math, Sym(more.path))
				}
			}
			glue.Rules = append(glue.Rules, Rule{Kind: Assignment, Variable: reader.path, Math: math, At: reader.at})
		}
	}
	doc.Modules = append(doc.Modules, glue)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	flat, more := Flatten(doc, glue.ID)
	return doc, flat, append(ms, more...)
}
