package thymus

import (
	"fmt"
	"math"
	"os"
	"strings"

	"thymus/compile"
	"thymus/diag"
	"thymus/fit"
	"thymus/library"
	"thymus/model"
	"thymus/population"
	"thymus/trial"
)

// CheckReport is what a check of one thing found.
type CheckReport struct {
	Name       string        `json:"name"`
	Kind       string        `json:"kind"`
	Composed   bool          `json:"composed"` // a trial: its modules are counted on their own
	States     int           `json:"states,omitempty"`
	Parameters int           `json:"parameters,omitempty"`
	Sources    []trial.Count `json:"sources,omitempty"`
	Notes      []string      `json:"notes,omitempty"`
	Messages   diag.Messages `json:"messages"`
}

// Check reads library entries or files and reports everything wrong with them.
func (a *App) Check(names []string) ([]CheckReport, error) {
	var out []CheckReport
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		more, err := a.check(name)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// check checks a file, or what the library has of a name.
func (a *App) check(name string) ([]CheckReport, error) {
	r := CheckReport{Name: name, Messages: diag.Messages{}}
	if _, err := os.Stat(name); err == nil || strings.ContainsAny(name, "./\\") {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, diag.Messages{diag.FileError(name, err)}
		}
		switch {
		case strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml"):
			src := &diag.Source{Name: name, Text: string(text)}
			if strings.Contains("\n"+src.Text, "\npopulation:") && !strings.Contains("\n"+src.Text, "\ntrial:") {
				r.Kind = "population"
				_, r.Messages = trial.ReadPopulation(src)
				return []CheckReport{r}, nil
			}
			r.Kind = "trial"
			a.checkTrial(&r, src)
		default:
			r.Kind = "model"
			m, ms := ReadModelFile(name)
			r.Messages = append(r.Messages, ms...)
			if m != nil && !ms.HasErrors() {
				checkModel(&r, m, false)
			}
		}
		return []CheckReport{r}, nil
	}
	found, err := a.kindsOf(name)
	if err != nil {
		return nil, err
	}
	var out []CheckReport
	for _, kind := range found {
		out = append(out, a.checkEntry(kind, name))
	}
	return out, nil
}

// checkEntry checks one thing of the library.
func (a *App) checkEntry(kind, name string) CheckReport {
	r := CheckReport{Name: name, Kind: kind, Messages: diag.Messages{}}
	switch kind {
	case "population":
		src, ms := a.lib.PopulationSource(name)
		if !ms.HasErrors() {
			var p *trial.PopulationSpec
			if p, ms = trial.ReadPopulation(src); p != nil {
				a.checkPopulation(&r, p)
			}
		}
		r.Messages = append(r.Messages, ms...)
	case "trial":
		src, ms := a.lib.TrialSource(name)
		if ms.HasErrors() {
			r.Messages = append(r.Messages, ms...)
			return r
		}
		a.checkTrial(&r, src)
	case "fit":
		s, ms := a.readFit(name)
		r.Messages = append(r.Messages, ms...)
		if ms.HasErrors() {
			return r
		}
		r.Composed = true
		_, ms = fit.Prepare(s, a.lib, fit.Options{})
		r.Messages = append(r.Messages, ms...)
		_, ms = a.fitRecord(name)
		r.Messages = append(r.Messages, ms...)
		r.Notes = append(r.Notes, fmt.Sprintf("%d parameters are fitted", len(s.Parameters)))
	default:
		e, ms := a.lib.Module(name)
		r.Messages = append(r.Messages, ms...)
		if ms.HasErrors() {
			return r
		}
		a.checkModule(&r, e)
	}
	return r
}

// checkModule checks a module by itself: its table, its ports with their units, literals.
func (a *App) checkModule(r *CheckReport, e *library.Entry) {
	ports, ms := a.lib.Ports()
	r.Messages = append(r.Messages, ms...)
	_, _, ms = model.PortUses(e.Module, e.Doc, ports)
	r.Messages = append(r.Messages, ms...)
	actions, ms := e.Actions()
	r.Messages = append(r.Messages, ms...)
	for _, x := range actions {
		for _, y := range x.Assignments {
			y.Math.Walk(func(n *model.Expr) bool {
				if n.Kind == model.Number && n.Value != 0 && n.Value != 1 && n.Value != 2 {
					r.Messages = append(r.Messages, misplaced(n.At))
				}
				return true
			})
		}
	}
	m, ms := model.Flatten(e.Doc, e.Module.ID)
	r.Messages = append(r.Messages, ms...)
	if m == nil || r.Messages.HasErrors() {
		return
	}
	// ports have the units of the table of ports
	for i := range m.Parameters {
		p := &m.Parameters[i]
		for _, id := range []string{p.ID, p.ID[strings.LastIndexByte(p.ID, '.')+1:]} {
			short := strings.TrimPrefix(id, "to_")
			for {
				if port, ok := ports.Get(short); ok && p.Unit == "" {
					p.Unit = port.Unit
				}
				_, rest, more := strings.Cut(short, "_")
				if !more || p.Unit != "" {
					break
				}
				short = strings.TrimPrefix(rest, "to_")
			}
		}
	}
	counts := map[string]int{}
	rows := e.Rows()
	var by []ascribed
	for _, row := range rows {
		by = append(by, ascribed{row.ID, row.Source, row.At})
	}
	r.Messages = append(r.Messages, a.checkFitted(by, func(record *fit.Record) diag.Messages { return fit.Holds(rows, e.Name, record) })...)
	for _, row := range rows {
		if row.Value == nil {
			continue
		}
		r.Parameters++
		r.Messages = append(r.Messages, unknownSource(row.ID, row.Source, row.At)...)
		counts[trial.SourceKind(row.Source)]++
		if _, more := population.ParseSpread(row.Spread, row.SpreadAt); more.HasErrors() {
			r.Messages = append(r.Messages, more...)
		}
	}
	r.Sources = sortedCounts(counts)
	checkModel(r, m, true)
}

// checkPopulation counts the sources of the numbers that a population states itself, and holds
// them against the records of fits.
func (a *App) checkPopulation(r *CheckReport, p *trial.PopulationSpec) {
	counts := map[string]int{}
	var by []ascribed
	for _, id := range p.Numbers() {
		n, _ := p.Number(id)
		r.Parameters++
		r.Messages = append(r.Messages, unknownSource(id, n.Source, n.At)...)
		counts[trial.SourceKind(n.Source)]++
		by = append(by, ascribed{id, n.Source, n.At}, ascribed{id, n.SpreadSource, n.At})
	}
	r.Messages = append(r.Messages, a.checkFitted(by, func(record *fit.Record) diag.Messages { return fit.HoldsInPopulation(p, record) })...)
	r.Sources = sortedCounts(counts)
}

// unknownSource refuses a number without a source, with one of no known kind, or with one that
// names a kind alone.
func unknownSource(id, source string, at diag.Place) diag.Messages {
	const help = "doi:..., literature: AUTHOR YEAR, study: NAME, label: DRUG, fit: NAME, derived, or assumed"
	switch kind, named, _ := strings.Cut(source, ":"); trial.SourceKind(source) {
	case "doi", "pmid", "literature", "study", "label", "fitted":
		if strings.TrimSpace(named) == "" {
			return diag.Messages{diag.Errorf(at, "the source of %s says %s and not which", id, strings.TrimSpace(kind)).WithHelp(help)}
		}
	case "none":
		return diag.Messages{diag.Errorf(at, "%s has no source", id).WithHelp(help)}
	case "other":
		return diag.Messages{diag.Errorf(at, "the source of %s is of no known kind: %q", id, source).WithHelp(help)}
	}
	return nil
}

// ascribed is a number and its source.
type ascribed struct {
	id, source string
	at         diag.Place
}

// checkFitted reads the record of each fit that numbers are ascribed to, and asks once whether
// it is so.
func (a *App) checkFitted(numbers []ascribed, holds func(*fit.Record) diag.Messages) diag.Messages {
	var ms diag.Messages
	seen := map[string]bool{}
	for _, n := range numbers {
		name, ok := fit.NameIn(n.source)
		if !ok || seen[name] {
			continue
		}
		seen[name] = true
		record, more := a.fitRecord(name)
		switch {
		case more.HasErrors():
			ms = append(ms, more...)
		case record == nil:
			ms = append(ms, diag.Errorf(n.at, "%s is said to come from the fit %s, which has no record", n.id, name).WithHelp("write the value's own source, or run: thymus fit %s", name))
		default:
			ms = append(ms, holds(record)...)
		}
	}
	return ms
}

// misplaced is a number outside the tables.
func misplaced(at diag.Place) diag.Message {
	return diag.Errorf(at, "this number belongs in the parameter table, with a unit and a source").WithHelp("only 0, 1 and 2 may stand in formulas")
}

// checkModel checks units and compiles; strict also refuses literals outside tables.
func checkModel(r *CheckReport, m *model.Model, strict bool) {
	u := model.CheckUnits(m)
	r.Messages = append(r.Messages, u.Messages...)
	if strict {
		for _, at := range u.Literals {
			if at.Src != nil {
				r.Messages = append(r.Messages, misplaced(at))
			}
		}
	}
	if n := len(u.Unknown); n > 0 && m.TimeUnit != "" {
		r.Notes = append(r.Notes, fmt.Sprintf("%d symbols without a unit (%s)", n, strings.Join(u.Unknown[:min(n, 4)], ", ")))
	}
	p, ms := compile.Compile(m, compile.Options{})
	r.Messages = append(r.Messages, ms...)
	if p == nil {
		return
	}
	r.States = len(p.States())
	in := p.New()
	y := make([]float64, in.Dim())
	if err := in.Start(y, 0); err != nil {
		r.Messages = append(r.Messages, diag.Errorf(diag.Place{}, "%v", err))
		return
	}
	if r.Kind != "core" {
		return
	}
	// conservation at rest: the core starts in an exact steady state
	dy := make([]float64, in.Dim())
	in.Deriv(dy, y, []float64{0})
	worst := 0.0
	for i := range dy {
		worst = math.Max(worst, math.Abs(dy[i])/math.Max(math.Abs(y[i]), 1e-3))
	}
	r.Notes = append(r.Notes, fmt.Sprintf("steady at the start to %.1g per day", worst))
	if worst > 1e-9 {
		r.Messages = append(r.Messages, diag.Errorf(diag.Place{}, "the healthy state is not steady: the largest relative change is %.2g per day", worst))
	}
}

// checkTrial prepares a trial as for a run, and checks the composed model's units.
func (a *App) checkTrial(r *CheckReport, src *diag.Source) {
	r.Composed = true
	p, ms := a.prepare(src, nil, RunRequest{})
	r.Messages = append(r.Messages, ms...)
	if p == nil || ms.HasErrors() {
		return
	}
	u := model.CheckUnits(p.Model)
	r.Messages = append(r.Messages, u.Messages...)
	r.States = len(p.Plan.Program().States())
	for _, x := range p.Model.Parameters {
		if x.Value != nil && x.TableAt.Src != nil {
			r.Parameters++
		}
	}
	r.Notes = append(r.Notes, p.Describe())
}
