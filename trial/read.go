package trial

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/population"
)

// days of one unit of time.
var timeUnits = map[string]float64{"second": 1.0 / 86400, "minute": 1.0 / 1440, "hour": 1.0 / 24, "day": 1, "week": 7, "month": 365.25 / 12, "year": 365.25}

// length reads a duration: a number of days, or a text like "8 hour". The schema made
// sure of its form; NaN stands for nothing.
func length(v any) float64 {
	switch x := v.(type) {
	case float64:
		return x
	case string:
		f := strings.Fields(x)
		if len(f) == 1 { // "8hour"
			i := strings.IndexAny(f[0], "smhdwy")
			f = []string{f[0][:i], f[0][i:]}
		}
		n, err := strconv.ParseFloat(f[0], 64)
		u, ok := timeUnits[strings.TrimSuffix(f[1], "s")]
		if err != nil || !ok {
			return math.NaN()
		}
		return n * u
	}
	return math.NaN()
}

func or(v, otherwise float64) float64 {
	if math.IsNaN(v) {
		return otherwise
	}
	return v
}

type rawGive struct {
	Module, Route, Dose, Max, Hold string
	At                             []any
	Every, From, Until, Duration   any
	Count                          int
	Taper                          [][]any
}

type rawTrial struct {
	Trial, Title, Question, Story, Design, Population, Control, Missing, Death string
	Enrol                                                                      []rawPlausible
	TitleFR                                                                    string `json:"title_fr"`
	QuestionFR                                                                 string `json:"question_fr"`
	Modules, Limits                                                            []string
	Size, Replicates, Block                                                    int
	Seed                                                                       uint64
	Allocation                                                                 map[string]int
	Start, End, Resolution                                                     any
	Settings                                                                   map[string]float64
	Solver                                                                     Solver
	Dropout                                                                    struct{ Rate float64 }
	Arms                                                                       []struct {
		ID, Title string
		TitleFR   string `json:"title_fr"`
		Dropout   struct{ Rate float64 }
		Give      []rawGive
		Rules     []struct {
			ID, When, Module, Route, Dose, Max string
			Duration, Apart, Delay             any
			AtMost                             int `json:"at_most"`
		}
	}
	Visits []struct {
		ID, Title string
		TitleFR   string `json:"title_fr"`
		Day       any
	}
	Observables []struct {
		ID, Formula, Title, Unit, Scale string
		TitleFR                         string `json:"title_fr"`
		Lines                           []float64
	}
	Endpoints []struct {
		ID, Title, Unit, Kind, Of, When, Visit, From, To, Among, Until, Baseline, Summary, Better string
		TitleFR                                                                                   string `json:"title_fr"`
		Held                                                                                      any
		Any, All, Primary                                                                         bool
	}
	Ratios []struct {
		ID, Title, Unit, Of, Per string
		TitleFR                  string `json:"title_fr"`
	}
	Evidence []struct {
		Row, Endpoint, Arm, Statistic, Against, At, Note string
		Scale                                            float64
	}
	Inputs     []rawUsed
	OutOfScope []rawUsed `json:"out_of_scope"`
}

type rawPlausible struct {
	When, Why string
	WhyFR     string `json:"why_fr"`
}

type rawUsed struct {
	Rows []string
	Why  string
}

// ReadTrial reads a trial file strictly: everything that is wrong is a message with its
// place. What needs the library (modules, ids in formulas) is checked by Prepare.
func ReadTrial(src *diag.Source) (*Spec, diag.Messages) {
	var raw rawTrial
	d, ms := readDocument(src, "trial", &raw)
	if ms.HasErrors() {
		return nil, ms
	}
	s := &Spec{ID: raw.Trial, Title: raw.Title, TitleFR: raw.TitleFR, Question: raw.Question, QuestionFR: raw.QuestionFR, Story: raw.Story, Design: raw.Design, Population: raw.Population,
		Trajectories: DefaultTrajectories, Modules: raw.Modules, Size: raw.Size, Replicates: max(raw.Replicates, 1), Seed: raw.Seed, Allocation: raw.Allocation, Block: raw.Block, Control: raw.Control,
		Start: or(length(raw.Start), 0), End: length(raw.End), Resolution: or(length(raw.Resolution), 0.5), Dropout: raw.Dropout.Rate, Missing: raw.Missing, Death: raw.Death,
		Settings: raw.Settings, Solver: raw.Solver, Limits: raw.Limits, Source: src, At: d.Place("trial"), places: d}
	if s.Design == "" {
		s.Design = "randomised"
	}
	if s.Missing == "" {
		s.Missing = "observed"
	}
	fail := func(at diag.Place, format string, args ...any) *diag.Message {
		ms = append(ms, diag.Errorf(at, format, args...))
		return &ms[len(ms)-1]
	}
	if !(s.End > s.Start) {
		fail(d.Place("end"), "the trial ends on day %g, before it starts on day %g", s.End, s.Start)
	} else if n := (s.End - s.Start) / s.Resolution; !(s.Resolution > 0) || n > 1e6 {
		fail(d.Place("resolution"), "a resolution of %g days gives too many recorded times: at most a million", s.Resolution)
	}
	for i, x := range raw.Enrol {
		s.Enrol = append(s.Enrol, Plausible{x.When, cmp.Or(x.Why, x.When), x.WhyFR, d.Place("enrol", i, "when")})
	}
	arms := map[string]bool{}
	for i, a := range raw.Arms {
		if arms[a.ID] {
			fail(d.Place("arms", i, "id"), "two arms are called %s", a.ID).Help = "give one of them another id"
		}
		arms[a.ID] = true
		arm := ArmSpec{ID: a.ID, Title: a.Title, TitleFR: a.TitleFR, Dropout: a.Dropout.Rate, At: d.Place("arms", i, "id")}
		for k, g := range a.Give {
			x := Give{Module: g.Module, Route: g.Route, Dose: g.Dose, Max: g.Max, Hold: g.Hold, Every: or(length(g.Every), 0), From: or(length(g.From), s.Start),
				Until: or(length(g.Until), s.End), Count: g.Count, Duration: or(length(g.Duration), 0), At_: d.Place("arms", i, "give", k, "dose"), path: []any{"arms", i, "give", k}}
			for _, t := range g.At {
				x.At = append(x.At, length(t))
			}
			if (len(x.At) > 0) == (x.Every > 0) {
				fail(x.At_, "a dose is given either on days (at) or at an interval (every)").Help = "as in at: [0, 7] or every: 1 day"
			}
			for _, t := range g.Taper {
				x.Taper = append(x.Taper, TaperStep{From: length(t[0]), Dose: fmt.Sprint(t[1])})
			}
			arm.Give = append(arm.Give, x)
		}
		for k, r := range a.Rules {
			arm.Rules = append(arm.Rules, GiveRule{ID: r.ID, When: r.When, AtMost: r.AtMost, Apart: or(length(r.Apart), 0), At: d.Place("arms", i, "rules", k, "when"),
				Delay: or(length(r.Delay), 0),
				Give:  Give{Module: r.Module, Route: r.Route, Dose: r.Dose, Max: r.Max, Duration: or(length(r.Duration), 0), At_: d.Place("arms", i, "rules", k, "dose"), path: []any{"arms", i, "rules", k}}})
		}
		s.Arms = append(s.Arms, arm)
	}
	var armNames []string
	for a := range arms {
		armNames = append(armNames, a)
	}
	sort.Strings(armNames)
	for a := range s.Allocation {
		if !arms[a] {
			fail(d.Place("allocation"), "allocation names an arm %q that the trial does not have", a).Help = diag.DidYouMean(a, armNames)
		}
	}
	if s.Control != "" && !arms[s.Control] {
		fail(d.Place("control"), "the control %q is no arm of the trial", s.Control).Help = diag.DidYouMean(s.Control, armNames)
	}
	visits := map[string]bool{}
	var visitNames []string
	for i, v := range raw.Visits {
		x := Visit{ID: v.ID, Title: v.Title, TitleFR: v.TitleFR, Day: length(v.Day), At: d.Place("visits", i, "day")}
		if x.Title == "" {
			x.Title = v.ID
		}
		if visits[v.ID] {
			fail(d.Place("visits", i, "id"), "two visits are called %s", v.ID).Help = "give one of them another id"
		}
		if x.Day < s.Start || x.Day > s.End {
			fail(x.At, "visit %s is on day %g, outside the trial (%g to %g)", v.ID, x.Day, s.Start, s.End)
		}
		visits[v.ID] = true
		visitNames = append(visitNames, v.ID)
		s.Visits = append(s.Visits, x)
	}
	observables := map[string]bool{}
	for i, o := range raw.Observables {
		if observables[o.ID] {
			fail(d.Place("observables", i, "id"), "two observables are called %s", o.ID).Help = "give one of them another id"
		}
		observables[o.ID] = true
		x := Observable{ID: o.ID, Title: o.Title, TitleFR: o.TitleFR, Unit: o.Unit, Formula: o.Formula, Scale: o.Scale, Lines: o.Lines, At: d.Place("observables", i, "formula")}
		if x.Title == "" {
			x.Title = o.ID
		}
		s.Observables = append(s.Observables, x)
	}
	endpoints := map[string]bool{}
	var endpointNames []string
	visitOK := func(id string, at diag.Place) {
		if id != "" && !visits[id] {
			fail(at, "there is no visit %q", id).Help = diag.DidYouMean(id, visitNames)
		}
	}
	for i, e := range raw.Endpoints {
		x := Endpoint{ID: e.ID, Title: e.Title, TitleFR: e.TitleFR, Unit: e.Unit, Kind: e.Kind, Of: e.Of, When: e.When, Visit: e.Visit, From: e.From, To: e.To, Among: e.Among, Until: e.Until, Baseline: e.Baseline, Held: or(length(e.Held), 0),
			Any: e.Any, All: e.All, Summary: e.Summary, Better: e.Better, Primary: e.Primary, At: d.Place("endpoints", i, "kind")}
		if x.Title == "" {
			x.Title = e.ID
		}
		if endpoints[e.ID] {
			fail(d.Place("endpoints", i, "id"), "two endpoints are called %s", e.ID).Help = "give one of them another id"
		}
		endpoints[e.ID] = true
		endpointNames = append(endpointNames, e.ID)
		need := map[string][2]string{"value": {"of", "visit"}, "change": {"of", "visit"}, "percent-change": {"of", "visit"}, "max": {"of", ""}, "min": {"of", ""}, "time-of-max": {"of", ""}, "time-to": {"when", ""}, "responder": {"when", "visit"}}[e.Kind]
		have := map[string]bool{"of": e.Of != "", "when": e.When != "", "visit": e.Visit != "", "": true}
		for _, n := range need {
			if !have[n] {
				fail(x.At, "an endpoint of kind %s needs %s", e.Kind, n)
			}
		}
		if e.Until != "" && e.Kind != "time-to" {
			fail(d.Place("endpoints", i, "until"), "only a time-to endpoint ends its follow-up, and %s is of kind %s", e.ID, e.Kind)
		}
		visitOK(e.Visit, d.Place("endpoints", i, "visit"))
		visitOK(e.From, d.Place("endpoints", i, "from"))
		visitOK(e.To, d.Place("endpoints", i, "to"))
		visitOK(e.Baseline, d.Place("endpoints", i, "baseline"))
		s.Endpoints = append(s.Endpoints, x)
	}
	for i, q := range raw.Ratios {
		s.Ratios = append(s.Ratios, Ratio{ID: q.ID, Title: cmp.Or(q.Title, q.ID), TitleFR: q.TitleFR, Unit: q.Unit, Of: q.Of, Per: q.Per, At: d.Place("ratios", i, "id")})
		for _, x := range []struct{ key, id, kind string }{{"of", q.Of, "number"}, {"per", q.Per, "responder"}} {
			at := d.Place("ratios", i, x.key)
			k := slices.IndexFunc(s.Endpoints, func(e Endpoint) bool { return e.ID == x.id })
			switch {
			case k < 0:
				fail(at, "there is no endpoint %q", x.id).Help = diag.DidYouMean(x.id, endpointNames)
			case (s.Endpoints[k].Kind == "responder") != (x.kind == "responder") || s.Endpoints[k].Kind == "time-to":
				fail(at, "endpoint %s is of kind %s: a ratio is of a number per responder", x.id, s.Endpoints[k].Kind)
			}
		}
	}
	for i, c := range raw.Evidence {
		x := Comparison{Row: c.Row, Endpoint: c.Endpoint, Arm: c.Arm, Statistic: c.Statistic, Against: c.Against, AtVisit: c.At, Scale: c.Scale, Note: c.Note, At: d.Place("evidence", i, "row")}
		if !endpoints[c.Endpoint] {
			fail(d.Place("evidence", i, "endpoint"), "there is no endpoint %q", c.Endpoint).Help = diag.DidYouMean(c.Endpoint, endpointNames)
		}
		if !arms[c.Arm] {
			fail(d.Place("evidence", i, "arm"), "there is no arm %q", c.Arm).Help = diag.DidYouMean(c.Arm, armNames)
		}
		for _, e := range s.Endpoints {
			if e.ID == c.Endpoint {
				if why, help := x.suits(e); why != "" {
					fail(d.Place("evidence", i, "statistic"), "%s", why).Help = help
				}
			}
		}
		if c.Against != "" && (!arms[c.Against] || c.Against == c.Arm) {
			fail(d.Place("evidence", i, "against"), "there is no other arm %q", c.Against).Help = diag.DidYouMean(c.Against, armNames)
		}
		visitOK(c.At, d.Place("evidence", i, "at"))
		s.Evidence = append(s.Evidence, x)
	}
	said := map[string]bool{}
	for _, c := range s.Evidence {
		said[c.Row] = true
	}
	for _, list := range []struct {
		key  string
		part Part
		raw  []rawUsed
	}{{"inputs", Input, raw.Inputs}, {"out_of_scope", OutOfScope, raw.OutOfScope}} {
		for i, u := range list.raw {
			for k, row := range u.Rows {
				at := d.Place(list.key, i, "rows", k)
				if said[row] {
					fail(at, "row %s has a part in this trial already", row).Help = "name it once: under evidence, inputs or out_of_scope"
				}
				said[row] = true
				s.Used = append(s.Used, Used{Row: row, Part: list.part, Why: u.Why, At: at})
			}
		}
	}
	if ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	return s, ms
}

// String says a line of a regimen in words.
func (g Give) String() string { return g.Say(func(words string) string { return words }) }

// Say is String in the words of another language: in gives what the route and each of the
// phrases (formats, as ", every %s") are in it.
func (g Give) Say(in func(words string) string) string {
	var b strings.Builder
	say := func(format string, values ...any) { fmt.Fprintf(&b, in(format), values...) }
	fmt.Fprintf(&b, "%s %s, %s", g.Module, in(strings.ReplaceAll(g.Route, "_", " ")), strings.TrimSuffix(g.Dose, " dimensionless"))
	span := func(days float64) string {
		if days < 1 {
			return fmt.Sprintf(in("%.3g h"), days*24)
		}
		return fmt.Sprintf(in("%.3g d"), days)
	}
	switch {
	case len(g.At) > 0:
		days := make([]string, len(g.At))
		for i, t := range g.At {
			days[i] = fmt.Sprintf("%g", t)
		}
		say(", day %s", strings.Join(days, ", "))
	case g.Every > 0:
		say(", every %s", span(g.Every))
		if g.Count > 0 {
			say(", %d doses from day %g", g.Count, g.From)
		} else {
			say(", day %g to %g", g.From, g.Until)
		}
	}
	if g.Duration > 0 {
		say(", over %s", span(g.Duration))
	}
	if g.Max != "" {
		say(", at most %s", g.Max)
	}
	if g.Hold != "" {
		say(", held while %s", g.Hold)
	}
	for _, t := range g.Taper {
		say(", then %s from day %g", t.Dose, t.From)
	}
	return b.String()
}

// Say says when a rule gives what, in the words of another language as Give.Say does.
func (r GiveRule) Say(in func(words string) string) string {
	return fmt.Sprintf(in("when %s: %s"), r.When, r.Give.Say(in))
}

// PopulationSpec is a population file.
type PopulationSpec struct {
	ID, Title, TitleFR, Story string
	Modules                   []string // in the order core first, then by label
	Covariates                []Covariate
	Parameters                map[string]Override
	Correlations              []population.Correlation
	Sampling                  population.Scheme
	Settle                    bool
	Seed                      map[string]float64
	Hold                      []string
	Plausible                 []Plausible
	Attempts                  int
	Source                    *diag.Source
	places                    *Document
}

// Covariate is something known of a patient: a number with a spread, a level, or a formula
// of other covariates.
type Covariate struct {
	ID, Title, TitleFR, Unit, Source, Sets, Formula string
	SpreadSource                                    string // where the spread is from, when not from Source
	Value                                           float64
	Spread                                          population.Spread
	Levels                                          []string // in alphabetical order
	Shares                                          []float64
	At                                              diag.Place
}

// Override changes a parameter's value or spread for a population.
type Override struct {
	Value  *float64
	Spread *population.Spread
	Source string
	// SpreadSource is where the spread is from, when not from Source.
	SpreadSource string
	At           diag.Place
}

// Plausible is a condition that a virtual patient must meet at screening.
type Plausible struct {
	When, Why string
	WhyFR     string // why in French
	At        diag.Place
}

// ReadPopulation reads a population file.
func ReadPopulation(src *diag.Source) (*PopulationSpec, diag.Messages) {
	var raw struct {
		Population, Title, Story, Sampling string
		TitleFR                            string `json:"title_fr"`
		Modules                            map[string]string
		Covariates                         map[string]struct {
			Title, Unit, Spread, Source, Formula, Sets string
			TitleFR                                    string `json:"title_fr"`
			SpreadSource                               string `json:"spread_source"`
			Value                                      float64
			Levels                                     map[string]float64
		}
		Parameters map[string]struct {
			Value          *float64
			Spread, Source string
			SpreadSource   string `json:"spread_source"`
		}
		Correlations []struct {
			Of    []string
			Value float64
		}
		Start struct {
			Settle bool
			Seed   map[string]float64
			Hold   []string
		}
		Plausible []rawPlausible
		Attempts  int
	}
	d, ms := readDocument(src, "population", &raw)
	if ms.HasErrors() {
		return nil, ms
	}
	p := &PopulationSpec{ID: raw.Population, Title: raw.Title, TitleFR: raw.TitleFR, Story: raw.Story, Sampling: population.Scheme(raw.Sampling), Settle: raw.Start.Settle,
		Seed: raw.Start.Seed, Hold: raw.Start.Hold, Attempts: raw.Attempts, Source: src, Parameters: map[string]Override{}, places: d}
	if p.Attempts == 0 {
		p.Attempts = 50
	}
	labels := sortedKeys(raw.Modules)
	sort.SliceStable(labels, func(i, j int) bool { return labels[i] == "core" && labels[j] != "core" })
	for _, l := range labels {
		p.Modules = append(p.Modules, raw.Modules[l])
	}
	ids := sortedKeys(raw.Covariates)
	for _, id := range ids {
		c := raw.Covariates[id]
		x := Covariate{ID: id, Title: c.Title, TitleFR: c.TitleFR, Unit: c.Unit, Source: c.Source, SpreadSource: c.SpreadSource, Sets: c.Sets, Formula: c.Formula, Value: c.Value, At: d.Place("covariates", id)}
		if x.Title == "" {
			x.Title = id
		}
		at := d.Place("covariates", id, "spread")
		spread, more := population.ParseSpread(c.Spread, at)
		ms = append(ms, more...)
		x.Spread = spread
		if len(c.Levels) > 0 {
			x.Levels = sortedKeys(c.Levels)
			sum := 0.0
			for _, l := range x.Levels {
				x.Shares = append(x.Shares, c.Levels[l])
				sum += c.Levels[l]
			}
			if math.Abs(sum-1) > 1e-9 {
				ms = append(ms, diag.Errorf(x.At, "the levels of %s add up to %g, not 1", id, sum))
			}
		} else if c.Formula == "" {
			if err := spread.Check(c.Value); err != nil {
				ms = append(ms, diag.Errorf(at, "%s: %v", id, err))
			}
		}
		p.Covariates = append(p.Covariates, x)
	}
	for _, id := range sortedKeys(raw.Parameters) {
		r := raw.Parameters[id]
		o := Override{Value: r.Value, Source: r.Source, SpreadSource: r.SpreadSource, At: d.Place("parameters", id)}
		if r.Spread != "" {
			spread, more := population.ParseSpread(r.Spread, d.Place("parameters", id, "spread"))
			ms = append(ms, more...)
			o.Spread = &spread
		}
		p.Parameters[id] = o
	}
	for i, c := range raw.Correlations {
		p.Correlations = append(p.Correlations, population.Correlation{Of: c.Of, Value: c.Value, At: d.Place("correlations", i, "value")})
	}
	for i, x := range raw.Plausible {
		p.Plausible = append(p.Plausible, Plausible{x.When, cmp.Or(x.Why, x.When), x.WhyFR, d.Place("plausible", i, "when")})
	}
	if ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	return p, ms
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// ModuleLines names the population's modules, for display.
func (p *PopulationSpec) ModuleLines() []string { return p.Modules }

// Say says who the patients are, for display: title chooses between an English and a French
// title, in gives what a phrase is in the language.
func (p *PopulationSpec) Say(title func(en, fr string) string, in func(words string) string) []string {
	var out []string
	for _, c := range p.Covariates {
		name := title(c.Title, c.TitleFR)
		switch {
		case len(c.Levels) > 0:
			parts := make([]string, len(c.Levels))
			for i, l := range c.Levels {
				parts[i] = fmt.Sprintf("%s %.0f %%", in(l), 100*c.Shares[i])
			}
			out = append(out, fmt.Sprintf(in("%s: %s"), name, strings.Join(parts, ", ")))
		case c.Formula != "":
			out = append(out, fmt.Sprintf(in("%s: %s"), name, c.Formula+" "+c.Unit))
		default:
			out = append(out, fmt.Sprintf(in("%s: %s"), name, fmt.Sprintf("%g %s, %s", c.Value, c.Unit, c.Spread.Text)))
		}
	}
	for _, q := range p.Plausible {
		out = append(out, fmt.Sprintf(in("let in when %s (%s)"), q.When, title(q.Why, q.WhyFR)))
	}
	return out
}

// PopulationAt is where the trial names its population.
func (s *Spec) PopulationAt() diag.Place { return s.places.Place("population") }

// Place is where the value at a path of the file stands: p.Place("covariates", "age", "value").
func (p *PopulationSpec) Place(path ...any) diag.Place { return p.places.Place(path...) }

// Number is what a population states of a parameter that it replaces, or of a covariate.
type Number struct {
	Section              string // parameters or covariates
	Value                *float64
	Unit                 string // of a covariate
	Spread               population.Spread
	Source, SpreadSource string
	At                   diag.Place
}

// Number finds a number by the flat id of a parameter or the name of a covariate; one that
// follows a formula or has levels is none.
func (p *PopulationSpec) Number(id string) (Number, bool) {
	if o, ok := p.Parameters[id]; ok {
		n := Number{Section: "parameters", Value: o.Value, Source: o.Source, SpreadSource: o.SpreadSource, At: o.At}
		if o.Spread != nil {
			n.Spread = *o.Spread
		}
		return n, true
	}
	for _, c := range p.Covariates {
		if c.ID == id && c.Formula == "" && len(c.Levels) == 0 {
			return Number{Section: "covariates", Value: &c.Value, Unit: c.Unit, Spread: c.Spread, Source: c.Source, SpreadSource: c.SpreadSource, At: c.At}, true
		}
	}
	return Number{}, false
}

// Numbers lists what Number finds: parameters, then covariates.
func (p *PopulationSpec) Numbers() []string {
	out := sortedKeys(p.Parameters)
	for _, c := range p.Covariates {
		if c.Formula == "" && len(c.Levels) == 0 {
			out = append(out, c.ID)
		}
	}
	return out
}
