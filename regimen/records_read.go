package regimen

import (
	"math"

	"thymus/diag"
)

// checker goes through the rows of a table once.
type checker struct {
	r        *Records
	ms       diag.Messages
	id       string
	start    int // of the present individual's first row; -1: none yet
	any      bool
	time     float64
	timeAt   diag.Place
	seen     map[string]diag.Place
	last     []float64 // last value of each column in this individual
	warnedII bool
}

func (c *checker) bad(m diag.Message) { c.ms = append(c.ms, m) }

func (c *checker) row(line string, start int) {
	before := len(c.ms)
	rec, id, ok := c.r.parse(line, start, c.bad)
	if !ok || len(c.ms) > before {
		return
	}
	if !c.any || id != c.id {
		c.endOfIndividual(start)
		if first, again := c.seen[id]; again {
			c.bad(diag.Errorf(rec.At, "the rows of ID %s do not stand together", id).WithNote(first, "the ID began here").WithHelp("sort the table by ID"))
		}
		c.seen[id] = rec.At
		c.any, c.id, c.start = true, id, start
		c.time = rec.Time
		c.last = make([]float64, len(c.r.columns))
		for i := range c.last {
			c.last[i] = math.NaN()
		}
	}
	if rec.Time < c.time && !rec.Event.Resets() {
		c.bad(diag.Errorf(rec.At, "the time goes back from %g to %g within ID %s", c.time, rec.Time, id).WithNote(c.timeAt, "the record before").
			WithHelp("only a reset (EVID 3 or 4) may set time back"))
	}
	c.time, c.timeAt = rec.Time, rec.At
	for i, v := range rec.Values {
		if math.IsNaN(v) {
			continue
		}
		col := &c.r.columns[i]
		col.any = true
		if !math.IsNaN(c.last[i]) && c.last[i] != v {
			col.Varies = true
		}
		c.last[i] = v
	}
	if rec.Event.Gives() {
		c.dose(rec)
	}
}

// dose checks what a dose needs from the model.
func (c *checker) dose(rec Record) {
	r := c.r
	if rec.Target < 0 {
		if len(r.opt.Compartments) == 0 {
			c.bad(diag.Errorf(rec.At, "the dose names no compartment: %s", r.numbered()).WithHelp("give CMT"))
			return
		}
		rec.Target = 0
	}
	for len(r.dosed) <= rec.Target {
		r.dosed, r.infused = append(r.dosed, false), append(r.infused, false)
	}
	r.dosed[rec.Target] = true
	if rec.Rate != 0 {
		r.infused[rec.Target] = true
	}
	for _, need := range []struct {
		rate float64
		use  Use
		what string
	}{{ModelledRate, Rate, "rate"}, {ModelledDuration, Duration, "duration"}} {
		if rec.Rate == need.rate && !r.gives(need.use, rec.Target) {
			name := ModelledName(need.use, r.targets[rec.Target])
			c.bad(diag.Errorf(rec.At, "RATE %g: nothing gives the %s of infusions into %s", rec.Rate, need.what, r.targets[rec.Target]).
				WithHelp("give a column or a quantity of the model named %s", name))
		}
	}
	if rec.Interval > 0 && rec.Additional == 0 && rec.Steady == 0 && !c.warnedII {
		c.warnedII = true
		c.bad(diag.Warnf(rec.At, "II is %g, but neither ADDL nor SS says what to do with it: one dose is given", rec.Interval))
	}
}

// gives says whether a column or the model has a use's value for a target.
func (r *Records) gives(u Use, target int) bool {
	for _, col := range r.columns {
		if col.Use == u && col.Target == target {
			return true
		}
	}
	return r.opt.Models != nil && r.opt.Models(u, r.targets[target])
}

func (c *checker) endOfIndividual(end int) {
	if c.any {
		c.r.spans = append(c.r.spans, span{c.start, end})
	}
}

// Individual reads the records of individual k, 0 <= k < Len. It may be called by several
// goroutines at once.
func (r *Records) Individual(k int) Individual {
	var out Individual
	s := r.spans[k]
	eachLine(r.src.Text, s.start, s.end, func(line string, start int) bool {
		rec, id, ok := r.parse(line, start, func(m diag.Message) { panic("regimen: a checked row is bad: " + m.Text) })
		if !ok {
			return true
		}
		if rec.Event.Gives() && rec.Target < 0 {
			rec.Target = 0
		}
		out.ID = id
		out.Records = append(out.Records, rec)
		return true
	})
	for i := range r.columns {
		fill(out.Records, i)
	}
	return out
}

// fill carries the values of a column forward, and its first one back.
func fill(records []Record, i int) {
	last := math.NaN()
	for k := range records {
		if v := records[k].Values[i]; !math.IsNaN(v) {
			if math.IsNaN(last) {
				for j := 0; j < k; j++ {
					records[j].Values[i] = v
				}
			}
			last = v
		}
		records[k].Values[i] = last
	}
}
