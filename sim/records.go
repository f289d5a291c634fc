package sim

import (
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/ode"
	"thymus/regimen"
)

// Dosing is what dose tables need from a plan.
type Dosing struct {
	Targets []Target         // in the order of regimen.Records.Targets
	Columns []regimen.Column // of the table
}

// Target is something that records dose: a state of the model, and what the model itself
// says about doses into it (nil: nothing).
type Target struct {
	ID                         string
	Dosed, Infused             bool
	Lag, Share, Rate, Duration *model.Expr
}

// History is what happens to one individual: the records of a dose table, and when to
// look.
type History struct {
	regimen.Individual
	// Times are the rows of the trajectory, ascending; nil: one row a record.
	Times []float64
	// Forward lets the values of a record hold from its time on. Otherwise, as in NONMEM,
	// they hold over the interval that ends at it.
	Forward bool
}

// Back says whether some reset sets time back.
func (h History) Back() bool {
	for i := 1; i < len(h.Records); i++ {
		if h.Records[i].Time < h.Records[i-1].Time {
			return true
		}
	}
	return false
}

// dosing is a compiled Dosing.
type dosing struct {
	targets  []target
	columns  []column
	given    *compile.Observer
	gathers  []bool // states that nothing depends on: they only add up, and have no steady state
	override map[place]int
	values   int
}

type target struct {
	id           string
	state, input int
	given        map[regimen.Use]int // index among the observed values
}

type column struct {
	regimen.Column
	state int // of a column that sets something during the run, or -1
}

// place is a use at a target.
type place struct {
	use    regimen.Use
	target int
}

// dosed puts what records change into a configuration.
func (c *Config) dosed() {
	c.RecordAfter = true
	for _, t := range c.Dosing.Targets {
		if t.Dosed {
			c.Variables = append(c.Variables, t.ID)
		}
		if t.Infused {
			c.Infusible = append(c.Infusible, t.ID)
		}
	}
	for _, col := range c.Dosing.Columns {
		if col.Use == regimen.Sets && col.Varies {
			c.Variables = append(c.Variables, col.Name)
		}
	}
}

// dosings compiles what the records read and change.
func (p *Plan) dosings(c *Dosing) diag.Messages {
	d := &dosing{override: map[place]int{}}
	var list []compile.Selection
	for _, t := range c.Targets {
		x := target{id: t.ID, state: -1, input: -1, given: map[regimen.Use]int{}}
		if i, ok := p.program.StateIndex(t.ID); ok {
			x.state = i
		}
		if i, ok := p.program.InputIndex(t.ID); ok {
			x.input = i
		}
		for _, g := range []struct {
			use regimen.Use
			e   *model.Expr
		}{{regimen.Lag, t.Lag}, {regimen.Share, t.Share}, {regimen.Rate, t.Rate}, {regimen.Duration, t.Duration}} {
			if g.e != nil {
				x.given[g.use] = len(list)
				list = append(list, compile.Selection{ID: regimen.ModelledName(g.use, t.ID), Expr: g.e})
			}
		}
		d.targets = append(d.targets, x)
	}
	for i, col := range c.Columns {
		x := column{Column: col, state: -1}
		if col.Use != regimen.Sets {
			d.override[place{col.Use, col.Target}] = i
		} else if col.Varies {
			x.state, _ = p.program.StateIndex(col.Name)
		}
		d.columns = append(d.columns, x)
	}
	var ms diag.Messages
	d.given, ms = p.program.Observer(list)
	d.values = len(list)
	d.gathers = p.program.Gathers()
	p.dosing = d
	return ms
}

// alive silences the states of compartments that are turned off.
type alive struct {
	masked
	dead []bool // by state
}

func (a alive) Deriv(dy, y, t []float64) {
	a.masked.Deriv(dy, y, t)
	for i, dead := range a.dead {
		if dead {
			dy[i] = 0
		}
	}
}

func (a alive) Jacobian(vals, y, t []float64) {
	a.masked.Jacobian(vals, y, t)
	for q, i := range a.Pattern().RowIdx {
		if a.dead[i] {
			vals[q] = 0
		}
	}
}

func (a alive) TimeDeriv(dfdt, y, t []float64) {
	a.masked.TimeDeriv(dfdt, y, t)
	for i, dead := range a.dead {
		if dead {
			dfdt[i] = 0
		}
	}
}

// system is what the solver sees of a run.
func (f *follower) system(r *run) ode.System {
	if f.turns {
		return alive{f.w.system(&r.mask), f.off}
	}
	return f.w.system(&r.mask)
}
