package trial

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/library"
	"thymus/model"
	"thymus/population"
	"thymus/regimen"
	"thymus/sim"
)

// Prepared is a trial ready to be run: composed, compiled, every name resolved.
type Prepared struct {
	Spec       *Spec
	Population *PopulationSpec
	Document   *model.Document // the composed model with its glue
	Model      *model.Model
	Plan       *sim.Plan
	Warnings   diag.Messages
	Discrete   []sim.Discrete // species that are whole numbers while they are few

	ports      *model.Ports
	symbols    map[string]bool    // what formulas may name; see resolve
	entries    []population.Entry // what is drawn: parameters, then covariates
	sampled    int                // how many of them are parameters of the model
	signals    []signalEntry
	pulses     []signalEntry
	covariates []covariate
	formulas   []int // covariates that are formulas, each behind those that it names
	arms       []arm
	endpoints  []*endpoint
	observable map[string]int // recorded column of each observable
	grid       []float64      // recorded times
	band       []int          // indices into grid: what trajectories keep
	visits     map[string]float64
	death      *model.Expr
	dead       int // recorded column of death, or -1
	settings   []sim.Setting
	evidence   []library.EvidenceRow
	titles     map[string]string // short titles of modules by instance
	titlesFR   map[string]string // the French ones, of those that have one
	modules    []*library.Entry
	resamples  int    // replicate trials drawn for an agreement
	skip       []bool // arms that are not simulated; nil: none
}

type signalEntry struct {
	id     string
	mean   float64
	spread population.Spread
}

type covariate struct {
	Covariate
	entry   int // in entries, or -1
	formula *model.Expr
}

type arm struct {
	spec  ArmSpec
	gives []give
	rules []rule
}

type give struct {
	action   string
	times    []float64
	value    float64
	scale    regimen.Scale
	cap      float64 // in the route's unit; 0: none
	unit     string  // of the route
	duration float64
	taper    []taper
	hold     int
	spec     Give
}

type taper struct {
	from, value float64
	scale       regimen.Scale
}

type rule struct {
	give
	spec    GiveRule
	trigger string
}

// shortTitle is a module's title up to where it begins to explain.
func shortTitle(s string) string {
	if i := strings.IndexAny(s, ":,("); i > 0 {
		return strings.TrimSpace(s[:i])
	}
	return s
}

// storyOf takes from a module what a report says of it.
func (p *Prepared) storyOf(e *library.Entry) ModuleStory {
	s := ModuleStory{Name: e.Name, Instance: e.Instance, Title: e.Title, TitleFR: e.TitleFR, Told: map[string]library.Story{"en": e.Tell("en"), "fr": e.Tell("fr")}}
	for _, d := range e.Doses {
		s.Doses = append(s.Doses, d.Text)
	}
	s.Diagram, _ = e.Diagram(p.ports)
	return s
}

// mostTrajectory is how many times of a trajectory a run keeps and a report draws.
const mostTrajectory = 160

// Load reads the population that a trial names, from the library or as given, and prepares
// the trial.
func Load(s *Spec, pop *diag.Source, lib *library.Library) (*Prepared, diag.Messages) {
	if pop == nil {
		var ms diag.Messages
		if pop, ms = lib.PopulationSource(s.Population); ms.HasErrors() {
			for i := range ms {
				ms[i].At = s.PopulationAt()
			}
			return nil, ms
		}
	}
	ps, ms := ReadPopulation(pop)
	if ms.HasErrors() {
		return nil, ms
	}
	p, more := Prepare(s, ps, lib)
	return p, append(ms, more...)
}

// Prepare composes and compiles a trial and resolves every name in it. The messages name
// everything wrong, with places in the trial, the population or the module concerned.
func Prepare(s *Spec, pop *PopulationSpec, lib *library.Library) (*Prepared, diag.Messages) {
	if len(s.Enrol) > 0 {
		chosen := *pop
		chosen.Plausible = append(append([]Plausible(nil), pop.Plausible...), s.Enrol...)
		pop = &chosen
	}
	p := &Prepared{Spec: s, Population: pop, resamples: usualResamples, observable: map[string]int{}, visits: map[string]float64{}, titles: map[string]string{}, titlesFR: map[string]string{}}
	lib.ReadAhead(pop.Modules)
	lib.ReadAhead(s.Modules)
	ports, ms := lib.Ports()
	if ms.HasErrors() {
		return nil, ms
	}
	p.ports = ports
	var parts []model.Part
	entries := map[string]*library.Entry{}
	var instances []string
	load := func(name string, at diag.Place) {
		e, more := lib.Module(name)
		for _, m := range more {
			if m.At.Src == nil {
				m.At = at
			}
			ms = append(ms, m)
		}
		if e == nil {
			return
		}
		if _, twice := entries[e.Instance]; twice {
			ms = append(ms, diag.Errorf(at, "module %s is named twice", name))
			return
		}
		entries[e.Instance] = e
		instances = append(instances, e.Instance)
		p.titles[e.Instance] = shortTitle(e.Title)
		if e.TitleFR != "" {
			p.titlesFR[e.Instance] = shortTitle(e.TitleFR)
		}
		parts = append(parts, model.Part{Instance: e.Instance, Module: e.Module, Doc: e.Doc})
		p.modules = append(p.modules, e)
	}
	for _, name := range pop.Modules {
		load(name, pop.places.Place("modules"))
	}
	for i, name := range s.Modules {
		load(name, s.places.Place("modules", i))
	}
	if ms.HasErrors() {
		return nil, ms
	}
	evidence := readEvidence(lib)
	doc, m, more := model.Compose(parts, ports)
	if ms = append(ms, more...); more.HasErrors() {
		return nil, ms
	}
	p.Document, p.Model = doc, m
	config := sim.Config{Model: m, Rtol: s.Solver.Rtol, Method: s.Solver.Method, Once: s.Solver.Once, Backend: s.Solver.Backend, ClampPowers: true}
	if config.Rtol == 0 {
		config.Rtol = 1e-6
	}
	routes := map[string]regimen.Route{}
	for _, inst := range instances {
		actions, more := entries[inst].Actions()
		ms = append(ms, more...)
		config.Actions = append(config.Actions, actions...)
		for _, r := range entries[inst].Doses {
			routes[inst+"."+r.Name] = r
		}
	}
	if !s.Continuous {
		for _, inst := range instances {
			for _, d := range entries[inst].Discrete {
				config.Discrete = append(config.Discrete, sim.Discrete{ID: entries[inst].InModel(d), Below: d.Below, Poisson: d.Poisson})
			}
		}
		if len(config.Discrete) > 0 {
			config.Jump = sim.Hybrid
		}
	}
	p.Discrete = config.Discrete
	ms = append(ms, p.draws(&config)...)
	ms = append(ms, p.regimens(&config, routes, entries)...)
	ms = append(ms, p.records(&config)...)
	config.Start = sim.StartSpec{Settle: pop.Settle, Hold: pop.Hold}
	for _, id := range sortedKeys(pop.Seed) {
		config.Start.Seed = append(config.Start.Seed, sim.Setting{ID: id, Value: pop.Seed[id]})
	}
	if ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	plan, more := sim.Build(config)
	for _, m := range more {
		if m.At.Src == nil {
			m.At = pop.places.Place("start")
		}
		ms = append(ms, m)
	}
	if ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	p.Plan = plan
	known := p.ids()
	for _, id := range sortedKeys(s.Settings) {
		if _, ok := plan.Program().ConstantIndex(id); !ok {
			ms = append(ms, diag.Errorf(s.places.Place("settings", id), "the composed model has no constant %q", id).WithHelp("%s", diag.DidYouMean(id, known)))
			continue
		}
		p.settings = append(p.settings, sim.Setting{ID: id, Value: s.Settings[id]})
	}
	for _, c := range p.covariates {
		if c.Sets == "" {
			continue
		}
		if _, ok := plan.Program().ConstantIndex(c.Sets); !ok {
			ms = append(ms, diag.Errorf(c.At, "covariate %s sets %q, which the composed model does not have", c.ID, c.Sets).WithHelp("%s", diag.DidYouMean(c.Sets, known)))
		}
	}
	rows, more := evidence()
	ms = append(ms, more...)
	p.evidence = rows
	have := map[string]bool{}
	var rowNames []string
	for _, r := range rows {
		have[r.ID] = true
		rowNames = append(rowNames, r.ID)
	}
	for _, c := range s.Evidence {
		if !have[c.Row] {
			ms = append(ms, diag.Errorf(c.At, "there is no evidence row %q", c.Row).WithHelp("%s", diag.DidYouMean(c.Row, rowNames)))
		}
	}
	for _, u := range s.Used {
		if !have[u.Row] {
			ms = append(ms, diag.Errorf(u.At, "there is no evidence row %q", u.Row).WithHelp("%s", diag.DidYouMean(u.Row, rowNames)))
		}
	}
	if ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	p.Warnings = ms
	return p, ms
}

// readEvidence begins to read the tables of evidence; the function it returns waits for them.
func readEvidence(lib *library.Library) func() ([]library.EvidenceRow, diag.Messages) {
	var rows []library.EvidenceRow
	var ms diag.Messages
	done := make(chan struct{})
	go func() {
		defer close(done)
		rows, ms = lib.Evidence()
	}()
	return func() ([]library.EvidenceRow, diag.Messages) {
		<-done
		return rows, ms
	}
}

func (p *Prepared) ids() []string {
	var out []string
	for _, x := range p.Model.Parameters {
		out = append(out, x.ID)
	}
	for _, x := range p.Model.Species {
		out = append(out, x.ID)
	}
	sort.Strings(out)
	return out
}

// covariateEntry names the draws of a covariate.
func covariateEntry(id string) string { return "covariate " + id }

// draws lists what differs between patients: parameters with a spread, covariates, signals.
func (p *Prepared) draws(config *sim.Config) diag.Messages {
	var ms diag.Messages
	known := p.ids()
	exists := map[string]bool{}
	for _, id := range known {
		exists[id] = true
	}
	for _, id := range sortedKeys(p.Population.Parameters) {
		if !exists[id] {
			ms = append(ms, diag.Errorf(p.Population.Parameters[id].At, "the composed model has no parameter %q", id).WithHelp("%s", diag.DidYouMean(id, known)))
		}
	}
	for _, x := range p.Model.Parameters {
		if x.Value == nil {
			continue
		}
		nominal := *x.Value
		spread, more := population.ParseSpread(x.Spread, x.TableAt)
		ms = append(ms, more...)
		if o, ok := p.Population.Parameters[x.ID]; ok {
			if o.Value != nil {
				nominal = *o.Value
			}
			if o.Spread != nil {
				spread = *o.Spread
			}
		}
		switch {
		case spread.Family == population.Ou:
			p.signals = append(p.signals, signalEntry{x.ID, nominal, spread})
			config.Signals = append(config.Signals, x.ID)
		case spread.Family == population.Pulses:
			p.pulses = append(p.pulses, signalEntry{x.ID, nominal, spread})
			config.Variables = append(config.Variables, x.ID)
		case spread.Random() || p.Population.Parameters[x.ID].Value != nil:
			p.entries = append(p.entries, population.Entry{ID: x.ID, Nominal: nominal, Spread: spread, At: x.TableAt})
		}
	}
	p.sampled = len(p.entries)
	names := map[string]bool{}
	for _, c := range p.Population.Covariates {
		names[c.ID] = true
	}
	for _, c := range p.Population.Covariates {
		x := covariate{Covariate: c, entry: -1}
		switch {
		case len(c.Levels) > 0:
			spread := population.Spread{Family: population.Categorical, Args: map[string]float64{}}
			for i, share := range c.Shares {
				spread.Values = append(spread.Values, float64(i))
				spread.Weights = append(spread.Weights, share)
			}
			x.entry = len(p.entries)
			p.entries = append(p.entries, population.Entry{ID: covariateEntry(c.ID), Spread: spread, At: c.At})
		case c.Formula != "":
			at := p.Population.places.Place("covariates", c.ID, "formula")
			e, more := parseAt(at)
			ms = append(ms, more...)
			if e != nil {
				for _, id := range e.Symbols() {
					if !names[id] {
						ms = append(ms, diag.Errorf(at, "%s is no covariate", id).WithHelp("%s", diag.DidYouMean(id, sortedKeys(names))))
					}
				}
			}
			x.formula = e
		default:
			x.entry = len(p.entries)
			p.entries = append(p.entries, population.Entry{ID: covariateEntry(c.ID), Nominal: c.Value, Spread: c.Spread, At: c.At})
		}
		p.covariates = append(p.covariates, x)
	}
	ms = append(ms, p.order()...)
	if _, more := population.NewSampler(p.entries, p.Population.Correlations, p.Population.Sampling, 1, 1); more.HasErrors() {
		ms = append(ms, more...)
	}
	return ms
}

// order puts the covariates that are formulas behind those that they name.
func (p *Prepared) order() diag.Messages {
	var ms diag.Messages
	const open, done = 1, 2
	mark := make([]int, len(p.covariates))
	var visit func(i int)
	visit = func(i int) {
		c := p.covariates[i]
		if c.formula == nil || mark[i] == done {
			return
		}
		if mark[i] == open {
			ms = append(ms, diag.Errorf(c.At, "covariate %s follows from itself", c.ID).WithHelp("one of the formulas of the circle has to be a number with a spread"))
			return
		}
		mark[i] = open
		for _, id := range c.formula.Symbols() {
			if k := slices.IndexFunc(p.covariates, func(o covariate) bool { return o.ID == id }); k >= 0 {
				visit(k)
			}
		}
		mark[i] = done
		p.formulas = append(p.formulas, i)
	}
	for i := range p.covariates {
		visit(i)
	}
	return ms
}

// parseAt reads the formula that stands at a place of a YAML file; quotes are not part
// of it.
func parseAt(at diag.Place) (*model.Expr, diag.Messages) {
	text := at.Src.Text
	start, end := at.Start, at.End
	for start < end && (text[start] == '"' || text[start] == '\'' || text[start] == ' ') {
		start++
	}
	for end > start && (text[end-1] == '"' || text[end-1] == '\'' || text[end-1] == ' ') {
		end--
	}
	return antimony.ParseFormula(at.Src, start, end)
}

// regimens resolves what each arm is given.
func (p *Prepared) regimens(config *sim.Config, routes map[string]regimen.Route, entries map[string]*library.Entry) diag.Messages {
	var ms diag.Messages
	infusible := map[string]bool{}
	var routeNames []string
	for r := range routes {
		routeNames = append(routeNames, r)
	}
	sort.Strings(routeNames)
	resolve := func(g Give) (give, bool) {
		out := give{spec: g, duration: g.Duration, hold: -1, action: g.Module + "." + g.Route}
		if _, ok := entries[g.Module]; !ok {
			ms = append(ms, diag.Errorf(p.Spec.places.Place(append(g.path, "module")...), "the trial has no module called %q", g.Module).
				WithHelp("%s", strings.TrimSpace(diag.DidYouMean(g.Module, sortedKeys(entries))+" instances here: "+strings.Join(sortedKeys(entries), ", "))))
			return out, false
		}
		route, ok := routes[out.action]
		if !ok {
			ms = append(ms, diag.Errorf(p.Spec.places.Place(append(g.path, "route")...), "module %s has no dose route %q", g.Module, g.Route).WithHelp("%s", diag.DidYouMean(out.action, routeNames)))
			return out, false
		}
		scaled := func(text string, at diag.Place) (float64, regimen.Scale, bool) {
			q, more := regimen.ParseQuantity(text, at)
			ms = append(ms, more...)
			if more.HasErrors() {
				return 0, regimen.Scale{}, false
			}
			scale, more := regimen.ScaleTo(q, route.Unit)
			ms = append(ms, more...)
			return q.Value, scale, !more.HasErrors()
		}
		good := true
		out.unit = route.Unit
		if out.value, out.scale, ok = scaled(g.Dose, g.At_); !ok {
			good = false
		}
		for _, x := range []struct {
			on   bool
			what string
		}{{out.scale.PerWeight, "weight"}, {out.scale.PerBSA, "bsa"}} {
			if x.on && !p.hasCovariate(x.what) {
				ms = append(ms, diag.Errorf(g.At_, "a dose by %s needs the population %s to have a covariate called %s", map[string]string{"weight": "body weight", "bsa": "body surface"}[x.what], p.Population.ID, x.what))
			}
		}
		if g.Max != "" {
			at := p.Spec.places.Place(append(g.path, "max")...)
			if v, scale, ok := scaled(g.Max, at); ok {
				if scale.PerBSA || scale.PerWeight {
					ms = append(ms, diag.Errorf(at, "the cap of a dose is an amount, not one per kg or m2"))
				}
				out.cap = scale.Amount(v, regimen.Covariates{})
			}
		}
		for i, t := range g.Taper {
			if v, scale, ok := scaled(t.Dose, p.Spec.places.Place(append(g.path, "taper", i, 1)...)); ok {
				out.taper = append(out.taper, taper{t.From, v, scale})
			}
		}
		if g.Duration < 0 {
			ms = append(ms, diag.Errorf(g.At_, "an infusion cannot last %g days", g.Duration))
		}
		if g.Duration > 0 {
			for _, a := range config.Actions {
				if a.ID != out.action {
					continue
				}
				for _, x := range a.Assignments {
					infusible[x.Variable] = true
				}
			}
		}
		return out, good
	}
	if p.Spec.Death != "" {
		e, more := p.formula(p.Spec.places.Place("death"), nil)
		ms = append(ms, more...)
		p.death = e
	}
	triggers := map[string]bool{}
	for i, a := range p.Spec.Arms {
		x := arm{spec: a}
		for k, g := range a.Give {
			r, ok := resolve(g)
			if !ok {
				continue
			}
			times, err := regimen.Times{At: g.At, Every: g.Every, From: g.From, Until: g.Until, Count: g.Count}.Expand(p.Spec.End)
			if err != nil {
				ms = append(ms, diag.Errorf(g.At_, "%v", err))
			}
			for _, t := range times {
				if t < p.Spec.Start {
					ms = append(ms, diag.Errorf(p.Spec.places.Place("arms", i, "give", k, "at"), "a dose on day %g comes before the start of the trial on day %g", t, p.Spec.Start).WithHelp("start the trial earlier"))
					break
				}
			}
			r.times = times
			hold := p.death // the dead are given nothing
			if g.Hold != "" {
				e, more := p.formula(p.Spec.places.Place("arms", i, "give", k, "hold"), nil)
				ms = append(ms, more...)
				if hold = e; e != nil && p.death != nil {
					hold = model.Call("or", p.death, e)
				}
			}
			if hold != nil {
				r.hold = len(config.Holds)
				config.Holds = append(config.Holds, hold)
			}
			x.gives = append(x.gives, r)
		}
		for _, g := range a.Rules {
			r, ok := resolve(g.Give)
			if !ok {
				continue
			}
			e, more := p.formula(g.At, nil)
			ms = append(ms, more...)
			trigger := a.ID + "." + g.ID
			if triggers[trigger] {
				ms = append(ms, diag.Errorf(g.At, "two rules of arm %s are called %s", a.ID, g.ID))
				continue
			}
			triggers[trigger] = true
			if e != nil && p.death != nil {
				e = model.Call("and", model.Call("not", p.death), e)
			}
			if e != nil {
				config.Triggers = append(config.Triggers, sim.Trigger{ID: trigger, When: e, At: g.At})
			}
			x.rules = append(x.rules, rule{give: r, spec: g, trigger: trigger})
		}
		p.arms = append(p.arms, x)
	}
	config.Infusible = append(config.Infusible, sortedKeys(infusible)...)
	return ms
}

func (p *Prepared) hasCovariate(id string) bool {
	for _, c := range p.covariates {
		if c.ID == id {
			return true
		}
	}
	return false
}

// formula reads a formula of the trial at its place, with observables replaced by what
// they stand for. Functions in keep are left for the caller.
func (p *Prepared) formula(at diag.Place, keep map[string]bool) (*model.Expr, diag.Messages) {
	e, ms := parseAt(at)
	if ms.HasErrors() {
		return nil, ms
	}
	return p.resolve(e, at, keep)
}

// resolve checks the ids of a formula and puts in observables.
func (p *Prepared) resolve(e *model.Expr, at diag.Place, keep map[string]bool) (*model.Expr, diag.Messages) {
	var ms diag.Messages
	if p.symbols == nil {
		p.symbols = map[string]bool{}
		for _, id := range p.ids() {
			p.symbols[id] = true
		}
		for _, r := range p.Model.Reactions {
			p.symbols[r.ID] = true
		}
	}
	known := p.symbols
	by := map[string]*model.Expr{}
	for i, o := range p.Spec.Observables {
		place := p.Spec.places.Place("observables", i, "formula")
		if place == at {
			break // an observable may use those before it
		}
		x, more := parseAt(o.At)
		if !more.HasErrors() {
			by[o.ID] = x.Substitute(by)
		}
	}
	e.Walk(func(n *model.Expr) bool {
		switch n.Kind {
		case model.Symbol:
			if by[n.Name] == nil && !known[n.Name] && n.Name != model.Time {
				names := sortedKeys(by)
				names = append(names, sortedKeys(known)...)
				ms = append(ms, diag.Errorf(n.At, "unknown symbol %q", n.Name).WithHelp("%s", diag.DidYouMean(n.Name, names)))
			}
		case model.Apply:
			if !keep[n.Name] && model.FunctionNamed(n.Name) == nil && !p.userFunction(n.Name) {
				ms = append(ms, diag.Errorf(n.At, "unknown function %q", n.Name))
			}
		}
		return true
	})
	if ms.HasErrors() {
		return nil, ms
	}
	return e.Substitute(by), nil
}

func (p *Prepared) userFunction(name string) bool {
	for _, f := range p.Model.Functions {
		if f.ID == name {
			return true
		}
	}
	return false
}

// records decides what is looked at when: plausibility rules at entry; observables and what
// endpoints need at the resolution, at visits.
func (p *Prepared) records(config *sim.Config) diag.Messages {
	var ms diag.Messages
	add := func(e *model.Expr, name string) int {
		for i, s := range config.Record {
			if s.Expr.Equal(e) {
				return i
			}
		}
		config.Record = append(config.Record, compile.Selection{ID: name, Expr: e})
		return len(config.Record) - 1
	}
	for i, o := range p.Spec.Observables {
		e, more := p.formula(p.Spec.places.Place("observables", i, "formula"), nil)
		ms = append(ms, more...)
		if e != nil {
			p.observable[o.ID] = add(e, o.ID)
		}
	}
	for _, v := range p.Spec.Visits {
		p.visits[v.ID] = v.Day
	}
	for i, e := range p.Spec.Endpoints {
		x, more := p.endpoint(i, e, add)
		ms = append(ms, more...)
		p.endpoints = append(p.endpoints, x)
	}
	p.dead = -1
	if p.death != nil {
		p.dead = add(p.death, "death")
	}
	for _, q := range p.Population.Plausible {
		e, more := p.formula(q.At, nil)
		ms = append(ms, more...)
		if e != nil {
			config.Entry = append(config.Entry, compile.Selection{ID: q.When, Expr: e})
		}
	}
	// times: a regular grid from the start, and the visits
	seen := map[float64]bool{}
	n := int((p.Spec.End-p.Spec.Start)/p.Spec.Resolution + 1e-9)
	for i := 0; i <= n; i++ {
		t := p.Spec.Start + float64(i)*p.Spec.Resolution
		seen[t] = true
	}
	seen[p.Spec.End] = true
	for _, v := range p.Spec.Visits {
		seen[v.Day] = true
	}
	for t := range seen {
		p.grid = append(p.grid, t)
	}
	sort.Float64s(p.grid)
	step := max(1, (len(p.grid)+mostTrajectory-1)/mostTrajectory)
	visit := map[float64]bool{}
	for _, v := range p.Spec.Visits {
		visit[v.Day] = true
	}
	for i, t := range p.grid {
		if i%step == 0 || i == len(p.grid)-1 || visit[t] {
			p.band = append(p.band, i)
		}
	}
	return ms
}

// Describe says what a trial simulates, for manifests.
func (p *Prepared) Describe() string {
	return fmt.Sprintf("%d states, %d parameters that differ between patients", len(p.Plan.Program().States()), p.sampled)
}
