package sbml

import (
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/unit"
)

// Write writes the model named main as SBML Level 3 Version 2, or as Version 1 when it has
// fast reactions, which Version 2 lacks (a message says so). Submodels are made flat. The
// packages distrib and fbc are used when the model needs them. The text is nil when a message
// is an error.
func Write(doc *model.Document, main string) ([]byte, diag.Messages) {
	flat, ms := model.Flatten(doc, main)
	if ms.HasErrors() {
		return nil, ms
	}
	text, more := WriteModel(flat)
	return text, append(ms, more...)
}

// WriteModel is Write for a flat model.
func WriteModel(m *model.Model) ([]byte, diag.Messages) {
	w := newWriter(m)
	w.prepare()
	w.text()
	if w.ms.HasErrors() {
		return nil, w.ms
	}
	return w.x.b.Bytes(), w.ms
}

func newWriter(m *model.Model) *writer {
	w := &writer{version: 32, ids: map[string]string{}, used: map[string]bool{}, units: map[string]string{}, unitIDs: map[string]bool{},
		metas: map[string]bool{}, functions: map[string]bool{}, packages: map[string]bool{}, refs: map[*model.SpeciesRef]string{}}
	w.m = written{Model: m}
	return w
}

// written is the model that is written, with what writing adds to it.
type written struct {
	*model.Model
	at    diag.Place
	rules []model.Rule // for stoichiometries that are formulas
}

// writer writes one model.
type writer struct {
	x       xmlWriter
	m       written
	ms      diag.Messages
	version int

	ids        map[string]string // id to write for each id
	used       map[string]bool   // ids that are written
	units      map[string]string // id to write for each text of a unit
	unitIDs    map[string]bool
	defs       []unitDef
	metas      map[string]bool
	functions  map[string]bool // the model's own
	bound      map[string]bool // parameters of the function that is being written
	packages   map[string]bool
	abouts     map[string]*about
	refs       map[*model.SpeciesRef]string // ids of species references
	inRef      map[string]bool              // parameters that are species references
	isSpecies  map[string]bool              // made when first asked
	parameters map[string]int               // likewise: index by id
	comp       *composed                    // of a hierarchical document: see comp_write.go
}

func (w *writer) add(m diag.Message) {
	if len(w.ms) < maxMessages {
		w.ms = append(w.ms, m)
	}
}

// id is the id to write for one of the model's.
func (w *writer) id(id string) string {
	if to, ok := w.ids[id]; ok {
		return to
	}
	return w.name(id)
}

// name takes an id, changed where SBML does not allow it.
func (w *writer) name(id string) string {
	to := id
	if !isID(to) {
		var b strings.Builder
		for i, r := range to {
			if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && r >= '0' && r <= '9' {
				b.WriteRune(r)
			} else {
				b.WriteByte('_')
			}
		}
		to = b.String()
		if to == "" {
			to = "_"
		}
	}
	for w.used[to] {
		to += "_"
	}
	if to != id && id != "" {
		w.add(diag.Warnf(w.m.at, "%s is written as %s: SBML's identifiers have letters, digits and _, and no digit first", id, to))
	}
	w.used[to] = true
	w.ids[id] = to
	return to
}

// prepare gives ids and finds out which packages and which version are needed.
func (w *writer) prepare() {
	m := w.m.Model
	var all []string
	for _, f := range m.Functions {
		w.functions[f.ID] = true
		all = append(all, f.ID)
	}
	for _, x := range m.Compartments {
		all = append(all, x.ID)
	}
	for _, x := range m.Species {
		all = append(all, x.ID)
		if x.Charge != nil || x.Formula != "" {
			w.packages["fbc"] = true
		}
	}
	for _, x := range m.Parameters {
		all = append(all, x.ID)
		if x.Spread != "" && x.Spread != "fixed" {
			w.add(diag.Warnf(x.At, "the spread of %s (%s) is not written: it belongs in the parameter table", x.ID, x.Spread))
		}
	}
	for i := range m.Reactions {
		r := &m.Reactions[i]
		all = append(all, r.ID)
		if r.LowerFlux != "" || r.UpperFlux != "" {
			w.packages["fbc"] = true
		}
		if r.Fast && w.version == 32 {
			w.version = 31
			w.add(diag.Notef(r.At, "the model is written as SBML Level 3 Version 1: reaction %s is fast, which Version 2 cannot say", r.ID))
		}
	}
	for _, x := range m.Events {
		all = append(all, x.ID)
		w.metas[x.Meta] = true
	}
	for _, x := range m.Constraints {
		if x.ID != "" {
			all = append(all, x.ID)
		}
		w.metas[x.Meta] = true
	}
	for _, x := range m.Rules {
		w.metas[x.Meta] = true
	}
	for _, x := range m.Initials {
		w.metas[x.Meta] = true
	}
	if m.Flux != nil {
		w.packages["fbc"] = true
	}
	for _, pass := range []bool{true, false} { // ids that may stay as they are come first
		for _, id := range all {
			if _, ok := w.ids[id]; !ok && isID(id) == pass {
				w.name(id)
			}
		}
	}
	w.eachFormula(func(e *model.Expr) {
		e.Walk(func(x *model.Expr) bool {
			if x.Kind != model.Apply || w.functions[x.Name] {
				return true
			}
			if f := model.FunctionNamed(x.Name); f != nil && f.Draw {
				w.packages["distrib"] = true
			}
			if w.version == 31 && level3v2[x.Name] {
				w.packages["l3v2extendedmath"] = true
			}
			return true
		})
	})
	if len(m.Uncertain) > 0 {
		w.packages["distrib"] = true
	}
	for _, d := range m.Units {
		u, err := unit.Parse(d.Text)
		if err != nil {
			w.add(diag.Warnf(d.At, "the unit %s has no definition that can be written: %v", d.ID, err))
			continue
		}
		id := d.ID
		if !isID(id) {
			id = unitName(id)
		}
		w.defs = append(w.defs, unitDef{id: w.freeUnit(id), name: d.Name, u: u})
	}
	w.references()
	w.gather()
}

// eachFormula calls f for every formula of the model.
func (w *writer) eachFormula(f func(*model.Expr)) {
	m := w.m.Model
	for _, x := range m.Functions {
		f(x.Body)
	}
	for _, x := range m.Rules {
		f(x.Math)
	}
	for _, x := range m.Initials {
		f(x.Math)
	}
	for _, x := range m.Constraints {
		f(x.Math)
	}
	for _, r := range m.Reactions {
		f(r.Rate)
		for _, side := range [][]model.SpeciesRef{r.Reactants, r.Products} {
			for _, s := range side {
				f(s.Stoichiometry)
			}
		}
	}
	for _, e := range m.Events {
		f(e.Trigger)
		f(e.Delay)
		f(e.Priority)
		for _, a := range e.Assignments {
			f(a.Math)
		}
	}
	var parts func(list []model.UncertainPart)
	parts = func(list []model.UncertainPart) {
		for _, p := range list {
			f(p.Math)
			parts(p.Parts)
		}
	}
	for _, u := range m.Uncertain {
		parts(u.Parts)
	}
}

// references gives ids to the species references whose stoichiometry is no number. Level 3 has
// no formulas there: they become assignment rules.
func (w *writer) references() {
	m := w.m.Model
	own := map[string]bool{}
	for _, p := range m.Parameters {
		own[p.ID] = p.Stoichiometry
	}
	w.inRef = map[string]bool{}
	for i := range m.Reactions {
		r := &m.Reactions[i]
		for _, side := range [][]model.SpeciesRef{r.Reactants, r.Products} {
			for k := range side {
				s := &side[k]
				x := s.Stoichiometry
				if x == nil || x.Kind == model.Number {
					continue
				}
				if x.Kind == model.Symbol && own[x.Name] && !w.inRef[x.Name] {
					w.refs[s] = x.Name
					w.inRef[x.Name] = true
					continue
				}
				id := r.ID + "_" + s.Species + "_stoichiometry"
				for n := 2; w.used[id]; n++ {
					id = r.ID + "_" + s.Species + "_stoichiometry" + strconv.Itoa(n)
				}
				w.name(id)
				w.refs[s] = id
				w.m.rules = append(w.m.rules, model.Rule{Kind: model.Assignment, Variable: id, Math: x})
			}
		}
	}
}

// text writes the document.
func (w *writer) text() {
	element := w.modelElement("model", 1)
	w.x = xmlWriter{}
	w.x.root(w.version, w.packages)
	w.x.b.Write(element)
	w.x.close("sbml")
}

// root writes the start of a document.
func (x *xmlWriter) root(version int, used map[string]bool) {
	x.b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	root := []string{"xmlns", versions[version]}
	packages := sorted(keys(used))
	required := map[string]string{"comp": "true", "distrib": "true", "fbc": "false", "l3v2extendedmath": "true"}
	for _, p := range packages {
		version := "1"
		if p == "fbc" {
			version = "2"
		}
		root = append(root, "xmlns:"+p, "http://www.sbml.org/sbml/level3/version1/"+p+"/version"+version)
	}
	root = append(root, "level", "3", "version", strconv.Itoa(version%10))
	for _, p := range packages {
		root = append(root, p+":required", required[p])
	}
	x.open("sbml", root...)
}

// modelElement writes the model as an element of that name.
func (w *writer) modelElement(name string, depth int) []byte {
	// The body comes first: it tells which units need a definition.
	m := w.m.Model
	w.x = xmlWriter{depth: depth + 1}
	w.body()
	body := w.x.b
	w.x = xmlWriter{depth: depth + 1}
	list(w, "listOfFunctionDefinitions", m.Functions, w.function)
	functions := w.x.b
	w.x = xmlWriter{depth: depth}
	attributes := append(w.sbase("", ""), "id", modelID(m.ID), "name", m.Name, "substanceUnits", w.unitID(m.SubstanceUnit), "timeUnits", w.unitID(m.TimeUnit),
		"volumeUnits", w.unitID(m.VolumeUnit), "areaUnits", w.unitID(m.AreaUnit), "lengthUnits", w.unitID(m.LengthUnit), "extentUnits", w.unitID(m.ExtentUnit))
	if w.packages["fbc"] {
		attributes = append(attributes, "fbc:strict", strconv.FormatBool(m.Flux != nil && m.Flux.Strict))
	}
	w.x.open(name, attributes...)
	w.said("")
	w.x.b.Write(functions.Bytes())
	list(w, "listOfUnitDefinitions", w.defs, w.unitDefinition)
	w.x.b.Write(body.Bytes())
	w.submodels()
	w.x.close(name)
	return w.x.b.Bytes()
}

// modelID is a model's id, made an identifier.
func modelID(id string) string {
	if isID(id) {
		return id
	}
	id = strings.Map(func(r rune) rune {
		if r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, id)
	if !isID(id) {
		id = "_" + id
	}
	return id
}

func (w *writer) function(f model.Function) {
	w.x.element("functionDefinition", append(w.sbase(f.ID, ""), "id", w.id(f.ID), "name", f.Name), func() {
		w.said(f.ID)
		if f.Body == nil {
			return
		}
		w.bound = map[string]bool{}
		w.mathTag(f.Body)
		w.x.open("lambda")
		for _, p := range f.Params {
			w.bound[p] = true
			w.x.open("bvar")
			w.x.leaf("ci", p)
			w.x.close("bvar")
		}
		w.expr(f.Body, false)
		w.x.close("lambda")
		w.x.close("math")
		w.bound = nil
	})
}

// list writes a list when it has n elements.
func list[T any](w *writer, name string, elements []T, write func(T)) {
	if len(elements) == 0 {
		return
	}
	w.x.open(name)
	for _, e := range elements {
		write(e)
	}
	w.x.close(name)
}
