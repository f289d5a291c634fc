package thymus

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"thymus/diag"
	"thymus/library"
	"thymus/model"
	"thymus/report"
	"thymus/trial"
)

// Entry is one thing in the library.
type Entry struct {
	Kind  string `json:"kind"` // core, disease, therapy, process, population, trial, fit
	Name  string `json:"name"`
	Title string `json:"title"`
}

// kinds in the order in which they are listed, with the words users may use for them.
var kinds = []struct {
	kind  string
	words []string
}{
	{"core", []string{"models", "core"}},
	{"process", []string{"models", "processes"}},
	{"disease", []string{"models", "diseases"}},
	{"therapy", []string{"models", "therapies"}},
	{"population", []string{"populations"}},
	{"trial", []string{"trials"}},
	{"fit", []string{"fits"}},
}

// List names what the library holds; kind is "", or one of models, diseases,
// therapies, populations, trials, fits.
func (a *App) List(kind string) ([]Entry, error) {
	entries := []Entry{}
	known := false
	for _, k := range kinds {
		match := kind == ""
		for _, w := range k.words {
			match = match || w == kind
		}
		if !match {
			continue
		}
		known = true
		for _, name := range a.lib.Names(k.kind) {
			entries = append(entries, Entry{Kind: k.kind, Name: name, Title: a.title(k.kind, name)})
		}
	}
	if !known {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "the library has no kind %q", kind).
			WithHelp("one of models, diseases, therapies, populations, trials, fits")}
	}
	return entries, nil
}

func (a *App) title(kind, name string) string {
	switch kind {
	case "population":
		if src, ms := a.lib.PopulationSource(name); !ms.HasErrors() {
			if p, ms := trial.ReadPopulation(src); !ms.HasErrors() {
				return p.Title
			}
		}
	case "trial":
		if src, ms := a.lib.TrialSource(name); !ms.HasErrors() {
			if s, ms := trial.ReadTrial(src); !ms.HasErrors() {
				return s.Title
			}
		}
	case "fit":
		if s, ms := a.readFit(name); !ms.HasErrors() {
			return s.Title
		}
	default:
		if e, ms := a.lib.Module(name); !ms.HasErrors() {
			return e.Title
		}
	}
	return "(cannot be read: see thymus check " + name + ")"
}

// kindOf finds which kind of thing a name is: the first, when several are called so.
func (a *App) kindOf(name string) (string, error) {
	list, err := a.kindsOf(name)
	if err != nil {
		return "", err
	}
	return list[0], nil
}

// kindsOf finds all kinds of things of a name: a therapy and a trial may share one.
func (a *App) kindsOf(name string) ([]string, error) {
	var found, all []string
	for _, k := range kinds {
		for _, n := range a.lib.Names(k.kind) {
			if n == name {
				found = append(found, k.kind)
			}
			all = append(all, n)
		}
	}
	if found != nil {
		return found, nil
	}
	return nil, diag.Messages{diag.Errorf(diag.Place{}, "the library has nothing called %q", name).
		WithHelp("%s", strings.TrimSpace(diag.DidYouMean(name, all)+" (see: thymus list)"))}
}

// PortUse is a port as a module uses it.
type PortUse struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Unit    string `json:"unit"`
	Meaning string `json:"meaning"`
}

// ParameterView is one row of a parameter table.
type ParameterView struct {
	ID     string   `json:"id"`
	Value  *float64 `json:"value,omitempty"`
	Unit   string   `json:"unit"`
	Spread string   `json:"spread,omitempty"`
	Source string   `json:"source"`
	Note   string   `json:"note,omitempty"`
}

// View is what `thymus show` prints of a module, population, trial or fit.
type View struct {
	Kind       string          `json:"kind"`
	Name       string          `json:"name"`
	Title      string          `json:"title"`
	Story      string          `json:"story"`
	StoryFR    string          `json:"story_fr,omitempty"`
	Told       *library.Story  `json:"told,omitempty"` // a module's story, taken apart, in the language asked for
	Diagram    *model.Diagram  `json:"diagram,omitempty"`
	Instance   string          `json:"instance,omitempty"`
	Reads      []PortUse       `json:"reads,omitempty"`
	Writes     []PortUse       `json:"writes,omitempty"`
	Doses      []string        `json:"doses,omitempty"`
	Parts      []string        `json:"parts,omitempty"`
	Arms       []string        `json:"arms,omitempty"`
	Endpoints  []string        `json:"endpoints,omitempty"`
	Equations  []string        `json:"equations,omitempty"`
	Fits       []string        `json:"fits,omitempty"` // of a fit: what is fitted, and what came out
	Parameters []ParameterView `json:"parameters,omitempty"`
	Sources    []trial.Count   `json:"sources,omitempty"`
	Cited      []trial.Count   `json:"cited,omitempty"` // what is named as a source, with how many numbers rest on it
	Disclaimer string          `json:"disclaimer"`
}

// Show describes a library entry in a language of report.HasLanguage ("" is "en"). Where a
// name has several kinds, "trial/NAME" says which.
func (a *App) Show(name, language string) (*View, error) {
	if err := reportLanguage(&language); err != nil {
		return nil, err
	}
	kind, rest, said := strings.Cut(name, "/")
	if said {
		name = rest
	}
	found, err := a.kindsOf(name)
	if err != nil {
		return nil, err
	}
	if !said {
		kind = found[0]
	} else if !slices.Contains(found, kind) {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "%s is no %s but a %s", name, kind, found[0])}
	}
	switch kind {
	case "population":
		return a.showPopulation(name, language)
	case "trial":
		return a.showTrial(name, language)
	case "fit":
		return a.showFit(name, language)
	}
	e, ms := a.lib.Module(name)
	if ms.HasErrors() {
		return nil, ms
	}
	v := &View{Kind: kind, Name: name, Title: report.TitleIn(language, e.Title, e.TitleFR), Story: e.Story, StoryFR: e.StoryFR, Instance: e.Instance, Disclaimer: Disclaimer}
	told := e.Tell(language)
	v.Told = &told
	if ports, more := a.lib.Ports(); !more.HasErrors() {
		v.Diagram, _ = e.Diagram(ports)
	}
	for _, d := range e.Doses {
		v.Doses = append(v.Doses, d.Text)
	}
	a.showPorts(v, e)
	for _, s := range e.Module.Submodels {
		v.Parts = append(v.Parts, s.ID+": "+s.Module)
	}
	for _, r := range e.Module.Reactions {
		v.Equations = append(v.Equations, reactionText(r))
	}
	for _, r := range e.Module.Rules {
		mark := ":="
		if r.Kind == model.Rate {
			mark = "'="
		}
		v.Equations = append(v.Equations, fmt.Sprintf("%s %s %s", r.Variable, mark, r.Math))
	}
	counts, cited := map[string]int{}, map[string]int{}
	for _, row := range e.Rows() {
		p := ParameterView{ID: row.ID, Value: row.Value, Unit: row.Unit, Spread: row.Spread, Source: row.Source, Note: row.Note}
		v.Parameters = append(v.Parameters, p)
		if row.Value != nil {
			counts[trial.SourceKind(row.Source)]++
			if row.Source != trial.SourceKind(row.Source) {
				cited[row.Source]++
			}
		}
	}
	v.Sources, v.Cited = sortedCounts(counts), sortedCounts(cited)
	return v, nil
}

func sortedCounts(m map[string]int) []trial.Count {
	var out []trial.Count
	for k, n := range m {
		out = append(out, trial.Count{Name: k, N: n})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].N != out[j].N {
			return out[i].N > out[j].N
		}
		return out[i].Name < out[j].Name
	})
	return out
}

func (a *App) showPorts(v *View, e *library.Entry) {
	ports, ms := a.lib.Ports()
	if ms.HasErrors() {
		return
	}
	reads, writes := e.PortNames(ports)
	use := func(name string) PortUse {
		p, _ := ports.Get(name)
		return PortUse{Name: name, Kind: string(p.Kind), Unit: p.Unit, Meaning: p.Meaning}
	}
	for _, n := range reads {
		v.Reads = append(v.Reads, use(n))
	}
	for _, n := range writes {
		v.Writes = append(v.Writes, use(n))
	}
}

func reactionText(r model.Reaction) string {
	side := func(refs []model.SpeciesRef) string {
		var parts []string
		for _, s := range refs {
			t := s.Species
			if s.Stoichiometry != nil && !(s.Stoichiometry.Kind == model.Number && s.Stoichiometry.Value == 1) {
				t = s.Stoichiometry.String() + " " + t
			}
			parts = append(parts, t)
		}
		return strings.Join(parts, " + ")
	}
	rate := ""
	if r.Rate != nil {
		rate = r.Rate.String()
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s: %s -> %s ; %s", r.ID, side(r.Reactants), side(r.Products), rate)), " ")
}

func (a *App) showPopulation(name, language string) (*View, error) {
	src, ms := a.lib.PopulationSource(name)
	if ms.HasErrors() {
		return nil, ms
	}
	p, ms := trial.ReadPopulation(src)
	if ms.HasErrors() {
		return nil, ms
	}
	v := &View{Kind: "population", Name: name, Title: report.TitleIn(language, p.Title, p.TitleFR), Story: p.Story, Disclaimer: Disclaimer}
	v.Parts = p.ModuleLines()
	v.Equations = p.Say(func(en, fr string) string { return report.TitleIn(language, en, fr) }, func(words string) string { return report.Phrase(language, words) })
	return v, nil
}

func (a *App) showTrial(name, language string) (*View, error) {
	src, ms := a.lib.TrialSource(name)
	if ms.HasErrors() {
		return nil, ms
	}
	s, ms := trial.ReadTrial(src)
	if ms.HasErrors() {
		return nil, ms
	}
	v := &View{Kind: "trial", Name: name, Title: report.TitleIn(language, s.Title, s.TitleFR), Story: strings.TrimSpace(report.TitleIn(language, s.Question, s.QuestionFR) + "\n\n" + s.Story), Disclaimer: Disclaimer}
	v.Parts = append(v.Parts, "population "+s.Population)
	for _, m := range s.Modules {
		v.Parts = append(v.Parts, "module "+m)
	}
	in := func(words string) string { return report.Phrase(language, words) }
	for _, arm := range s.Arms {
		v.Arms = append(v.Arms, arm.ID+": "+report.TitleIn(language, arm.Title, arm.TitleFR))
		for _, g := range arm.Give {
			v.Arms = append(v.Arms, "  "+g.Say(in))
		}
		for _, r := range arm.Rules {
			v.Arms = append(v.Arms, "  "+r.Say(in))
		}
	}
	for _, e := range s.Endpoints {
		v.Endpoints = append(v.Endpoints, fmt.Sprintf("%s: %s (%s)", e.ID, report.TitleIn(language, e.Title, e.TitleFR), e.Kind))
	}
	return v, nil
}

// EvidenceFilter selects evidence rows; empty fields select everything. Text fields
// match parts of words, whatever the case.
type EvidenceFilter struct {
	Row, Disease, Therapy, Study, Measure, Use, Status string
}

// Evidence lists the published figures that pass the filter.
func (a *App) Evidence(f EvidenceFilter) ([]library.EvidenceRow, error) {
	rows, ms := a.lib.Evidence()
	if ms.HasErrors() {
		return nil, ms
	}
	has := func(text, part string) bool {
		return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(part))
	}
	out := []library.EvidenceRow{}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
		if (f.Row == "" || r.ID == f.Row) && has(r.Disease, f.Disease) && (has(r.Therapy, f.Therapy) || has(r.Topic, f.Therapy)) &&
			has(r.Study, f.Study) && has(r.Measure, f.Measure) && (f.Use == "" || r.Use == f.Use) && (f.Status == "" || r.Status == f.Status) {
			out = append(out, r)
		}
	}
	if f.Row != "" && len(out) == 0 {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no evidence row %q", f.Row).WithHelp("%s", diag.DidYouMean(f.Row, ids))}
	}
	return out, nil
}
