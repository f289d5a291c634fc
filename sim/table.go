package sim

import (
	"sort"
	"strconv"

	"thymus/diag"
	"thymus/model"
	"thymus/ode"
	"thymus/regimen"
)

// Compartment is something that a dose table can name by number.
type Compartment struct {
	Number     int    `json:"number"`
	ID         string `json:"id"`
	Kind       string `json:"kind"` // "species" or "rate rule"
	Unit       string `json:"unit,omitempty"`
	Lag        string `json:"lag,omitempty"` // the model's id that gives it, "" for none
	Share      string `json:"bioavailability,omitempty"`
	Rate       string `json:"rate,omitempty"`
	Duration   string `json:"duration,omitempty"`
	expression map[regimen.Use]*model.Expr
}

// Compartments lists what a dose table can name by number: the species that can change, in
// the order of the model, then other quantities with rate rules.
func Compartments(m *model.Model) ([]Compartment, diag.Messages) {
	k := kindsOf(m)
	assigned := map[string]bool{}
	for _, e := range m.Events {
		for _, x := range e.Assignments {
			assigned[x.Variable] = true
		}
	}
	var out []Compartment
	for _, s := range m.Species {
		if k.dosable(s.ID) && (!s.Boundary || k.rules[s.ID] != nil || assigned[s.ID]) {
			unit := s.Unit
			if !s.SubstanceOnly {
				unit = m.SubstanceUnit // the symbol's unit is a concentration's, doses are amounts
			}
			out = append(out, Compartment{ID: s.ID, Kind: "species", Unit: unit})
		}
	}
	for _, r := range m.Rules {
		if r.Kind == model.Rate && k.plain[r.Variable] {
			out = append(out, Compartment{ID: r.Variable, Kind: "rate rule"})
		}
	}
	var ms diag.Messages
	for i := range out {
		out[i].Number = i + 1
		ms = append(ms, k.modelled(&out[i])...)
	}
	return out, ms
}

// modelKinds says of every id of a model what may be done with it.
type modelKinds struct {
	m       *model.Model
	species map[string]*model.Species
	rules   map[string]*model.Rule
	plain   map[string]bool // parameters and compartments
	names   []string
}

func kindsOf(m *model.Model) *modelKinds {
	k := &modelKinds{m: m, species: map[string]*model.Species{}, rules: map[string]*model.Rule{}, plain: map[string]bool{}}
	for i := range m.Rules {
		k.rules[m.Rules[i].Variable] = &m.Rules[i]
	}
	for i := range m.Species {
		k.species[m.Species[i].ID] = &m.Species[i]
		k.names = append(k.names, m.Species[i].ID)
	}
	for _, p := range m.Parameters {
		k.plain[p.ID] = true
		k.names = append(k.names, p.ID)
	}
	for _, c := range m.Compartments {
		k.plain[c.ID] = true
		k.names = append(k.names, c.ID)
	}
	return k
}

// settable says whether a column of that name can set something of the model.
func (k *modelKinds) settable(name string) (bool, string) {
	rule := k.rules[name]
	switch {
	case k.species[name] != nil:
		return false, name + " is a species of the model, which doses change"
	case !k.plain[name]:
		return false, ""
	case rule != nil && rule.Kind == model.Rate:
		return false, name + " changes by a rate rule of the model"
	case rule != nil:
		return false, name + " is determined by a rule of the model"
	}
	return true, ""
}

// dosable says whether an id may be dosed.
func (k *modelKinds) dosable(id string) bool {
	rule := k.rules[id]
	if s := k.species[id]; s != nil {
		return !s.Constant && (rule == nil || rule.Kind == model.Rate)
	}
	return rule != nil && rule.Kind == model.Rate
}

// modelled finds what the model itself says about doses into a compartment: ids such as
// ALAG_2 or F_Gut.
func (k *modelKinds) modelled(c *Compartment) (ms diag.Messages) {
	c.expression = map[regimen.Use]*model.Expr{}
	for _, x := range []struct {
		use  regimen.Use
		name *string
	}{{regimen.Lag, &c.Lag}, {regimen.Share, &c.Share}, {regimen.Rate, &c.Rate}, {regimen.Duration, &c.Duration}} {
		ways := []string{regimen.ModelledName(x.use, c.ID)}
		if c.Number > 0 {
			ways = append(ways, regimen.ModelledName(x.use, strconv.Itoa(c.Number)))
		}
		for _, id := range ways {
			if !k.plain[id] {
				continue
			}
			if *x.name != "" {
				ms = append(ms, diag.Errorf(diag.Place{}, "the model has both %s and %s, which say the same thing of compartment %d", *x.name, id, c.Number))
				continue
			}
			*x.name = id
			c.expression[x.use] = model.Sym(id)
		}
	}
	return ms
}

// DoseTable is a dose table whose words were found in a model.
type DoseTable struct {
	Records *regimen.Records
	Set     []Setting
	m       *model.Model
	dosing  *Dosing
}

// OpenDoses reads a table as NONMEM has it for a model.
func OpenDoses(m *model.Model, src *diag.Source, set []Setting) (*DoseTable, diag.Messages) {
	list, ms := Compartments(m)
	if ms.HasErrors() {
		return nil, ms
	}
	k := kindsOf(m)
	known := map[string]*Compartment{}
	var ids []string
	for i := range list {
		known[list[i].ID] = &list[i]
		ids = append(ids, list[i].ID)
	}
	find := func(id string) *Compartment {
		if known[id] == nil {
			c := &Compartment{ID: id}
			ms = append(ms, k.modelled(c)...)
			known[id] = c
		}
		return known[id]
	}
	records, more := regimen.OpenRecords(src, regimen.RecordOptions{
		Compartments: ids, Dosable: k.dosable, Settable: k.settable, Names: k.names,
		Models: func(u regimen.Use, target string) bool { return find(target).expression[u] != nil },
	})
	if ms = append(ms, more...); ms.HasErrors() {
		return nil, ms
	}
	t := &DoseTable{Records: records, Set: set, m: m, dosing: &Dosing{Columns: records.Columns()}}
	for i, id := range records.Targets() {
		c := find(id)
		t.dosing.Targets = append(t.dosing.Targets, Target{ID: id, Dosed: records.Dosed(i), Infused: records.Infused(i),
			Lag: c.expression[regimen.Lag], Share: c.expression[regimen.Share], Rate: c.expression[regimen.Rate], Duration: c.expression[regimen.Duration]})
		if !records.Dosed(i) {
			continue
		}
		for _, x := range []struct{ id, what string }{{c.Lag, "lag"}, {c.Share, "bioavailability"}} {
			if x.id != "" {
				ms = append(ms, diag.Notef(src.Whole(), "doses into %s have the %s %s of the model", id, x.what, x.id))
			}
		}
	}
	return t, append(ms, frozen(m, records.Columns(), src)...)
}

// frozen warns of quantities that take a changing column's value at the start only.
func frozen(m *model.Model, columns []regimen.Column, src *diag.Source) (ms diag.Messages) {
	varies := map[string]string{}
	for _, c := range columns {
		if c.Use == regimen.Sets && c.Varies {
			varies[c.Name] = c.Name
		}
	}
	if len(varies) == 0 {
		return nil
	}
	for again := true; again; {
		again = false
		for _, x := range m.Initials {
			if varies[x.Symbol] != "" {
				continue
			}
			for _, name := range x.Math.Symbols() {
				if from := varies[name]; from != "" {
					varies[x.Symbol] = from
					ms = append(ms, diag.Warnf(x.At, "%s takes the value of %s at the start only, but the column %s changes", x.Symbol, name, from).
						WithHelp("write it as a rule, %s := ..., if it should follow", x.Symbol))
					again = true
					break
				}
			}
		}
	}
	return ms
}

// Plan compiles the model for the table.
func (t *DoseTable) Plan(c Config, atol float64) (*Plan, diag.Messages) {
	c.Model, c.Dosing, c.Discontinuities = t.m, t.dosing, true
	if c.Rtol == 0 {
		c.Rtol = 1e-8
	}
	if atol == 0 {
		atol = 1e-12
	}
	if IsStochastic(c.Method) || c.Jump != "" {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "NONMEM dose tables are not followed by stochastic methods").
			WithHelp("give the doses in a table with time, target, amount")}
	}
	if _, err := ode.MethodNamed(c.Method); err != nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "%v", err)}
	}
	plan, ms := Build(c)
	if ms.HasErrors() {
		return nil, ms
	}
	for _, s := range t.Set {
		if _, ok := plan.Program().ConstantIndex(s.ID); !ok {
			var known []string
			for _, k := range plan.Program().Constants() {
				known = append(known, k.ID)
			}
			sort.Strings(known)
			ms = append(ms, diag.Errorf(diag.Place{}, "%s cannot be set: the model has no settable symbol of that name", s.ID).WithHelp("%s", diag.DidYouMean(s.ID, known)))
		}
	}
	if !ms.HasErrors() {
		ms = append(ms, Course{Model: t.m, Set: t.Set, Atol: atol}.tolerances(plan)...)
	}
	return plan, ms
}
