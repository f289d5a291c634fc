package sim

import (
	"fmt"
	"math"
	"sort"

	"thymus/ode"
	"thymus/regimen"
)

// follower takes one individual through its records. Each stretch over which time goes
// forward is one run of the solver.
type follower struct {
	w  *Worker
	p  *Plan
	d  *dosing
	pt Patient
	h  History
	y  []float64

	lo, hi     int  // records of the present stretch
	r          *run // the present stretch
	rows       bool // a row for every record
	off        []bool
	turns      bool // some record turns a compartment off
	infusions  []*infusion
	started    int // record whose values the last start had
	generation int // doses scheduled before a reset have an older one
	seen       []float64
	warnings   map[string]bool
}

// infusion is one that runs.
type infusion struct {
	target   int
	rate     float64
	end      float64
	modelled bool    // the model gives the rate, which may change under way
	left     float64 // amount to come at time since, of a modelled one
	since    float64
}

// Follow simulates one individual. Where the solver cannot, it is tried again as by Run. On
// failure the trajectory holds what came before it.
func (w *Worker) Follow(pt Patient, h History) (*Trajectory, *Failure) {
	return w.inLane(func() (*Trajectory, *Failure) {
		return w.climb(func() (*Trajectory, *Failure) { return w.follow(pt, h) })
	})
}

func (w *Worker) follow(pt Patient, h History) (*Trajectory, *Failure) {
	p := w.plan
	if p.dosing == nil {
		panic("sim: Follow without Config.Dosing")
	}
	out := &Trajectory{Values: make([][]float64, p.record.Len())}
	if len(h.Records) == 0 {
		return out, nil
	}
	if h.Times != nil && h.Back() {
		panic("sim: rows at given times, but a reset sets time back")
	}
	f := &follower{w: w, p: p, d: p.dosing, pt: pt, h: h, rows: h.Times == nil,
		y: make([]float64, len(w.y)), off: make([]bool, len(w.y)), seen: make([]float64, p.dosing.values), warnings: map[string]bool{}}
	for _, rec := range h.Records {
		f.turns = f.turns || rec.Off
	}
	for f.hi < len(h.Records) {
		f.lo = f.hi
		for f.hi++; f.hi < len(h.Records) && h.Records[f.hi].Time >= h.Records[f.hi-1].Time; f.hi++ {
		}
		failure := f.stretch()
		out.Times = append(out.Times, f.r.out.Times...)
		for i := range out.Values {
			out.Values[i] = append(out.Values[i], f.r.out.Values[i]...)
		}
		out.Doses = append(out.Doses, f.r.out.Doses...)
		out.Warnings = append(out.Warnings, f.r.out.Warnings...)
		out.Stats.Add(f.r.out.Stats)
		if failure != nil {
			return out, failure
		}
	}
	return out, nil
}

// stretch runs the records from lo to hi.
func (f *follower) stretch() *Failure {
	records := f.h.Records[f.lo:f.hi]
	s := Schedule{Start: records[0].Time, End: records[len(records)-1].Time, Times: f.h.Times}
	if f.rows {
		for _, rec := range records {
			s.Times = append(s.Times, rec.Time)
		}
	} else if n := len(s.Times); n > 0 {
		s.Start, s.End = math.Min(s.Start, s.Times[0]), math.Max(s.End, s.Times[n-1])
	}
	if failure := f.reset(f.lo, s.Start); failure != nil {
		f.r = &run{out: &Trajectory{Values: make([][]float64, f.p.record.Len())}}
		return failure
	}
	f.w.in.Hurry(f.y, s.Start, s.End-s.Start)
	f.w.remember(s.Start, f.y, false)
	f.w.remember(s.Start, f.y, true)
	f.r = newRun(f.w, f.pt, s)
	for j := f.lo; j < f.hi; j++ {
		if j := j; f.acts(j) {
			f.r.ranked(f.h.Records[j].Time, 1, func(t float64, y []float64) bool { return f.record(j, t, y) })
		}
	}
	if failure := f.r.begin(f.y); failure != nil {
		f.r.trim()
		return failure
	}
	stats, cause := ode.Solve(f.system(f.r), f.y, s.Start, s.End, f.options(), f.r)
	f.r.out.Stats = stats
	switch {
	case f.r.failure != nil:
		f.r.trim()
		return f.r.failure
	case cause != nil:
		f.r.trim()
		return f.p.fail(f.pt.Number, cause)
	}
	f.r.finish(f.y)
	return nil
}

func (f *follower) options() ode.Options { return f.w.options(f.p.atol) }

// acts says whether something happens at record j, or at another record of its time: only
// then must a row stand between the things that happen.
func (f *follower) acts(j int) bool {
	t := f.h.Records[j].Time
	for k := j; k >= f.lo && f.h.Records[k].Time == t; k-- {
		if f.changes(k) {
			return true
		}
	}
	for k := j + 1; k < f.hi && f.h.Records[k].Time == t; k++ {
		if f.changes(k) {
			return true
		}
	}
	return false
}

func (f *follower) changes(j int) bool {
	rec := &f.h.Records[j]
	if rec.Event.Gives() || rec.Event.Resets() || (rec.Event == regimen.Other && rec.Target >= 0) {
		return true
	}
	a, b := j, j+1 // the values change after this record
	if f.h.Forward {
		a, b = j-1, j
	}
	return a >= f.lo && b < f.hi && f.differ(a, b)
}

// differ says whether two records set something to different values.
func (f *follower) differ(a, b int) bool {
	for i, c := range f.d.columns {
		if c.state >= 0 && f.h.Records[a].Values[i] != f.h.Records[b].Values[i] && !math.IsNaN(f.h.Records[b].Values[i]) {
			return true
		}
	}
	return false
}

// record does what record j says, and looks.
func (f *follower) record(j int, t float64, y []float64) bool {
	rec := &f.h.Records[j]
	changed := false
	if f.h.Forward && j > f.lo {
		changed = f.set(j, t, y)
	}
	if rec.Event.Resets() && j > f.lo { // the first record of a stretch finds the start
		if f.p.program.Remembers() {
			f.fail("a reset at t=%g: the model reads its own past (delay), which a reset under way does not undo", t)
			return changed
		}
		if failure := f.again(j, t, y); failure != nil {
			f.r.failure = failure
			return true
		}
		changed = true
	}
	if rec.Target >= 0 && (rec.Event == regimen.Other || rec.Event == regimen.Reset && rec.Off) {
		i := f.d.targets[rec.Target].state
		if i >= 0 && f.off[i] != rec.Off {
			f.off[i] = rec.Off
			y[i] = 0
			changed = true
		}
	}
	if rec.Event.Gives() {
		f.gives(j, t, y)
		changed = true
	}
	if f.r.failure != nil {
		return changed
	}
	if f.rows {
		if f.r.events.follow(t, y) {
			changed = true
		}
		if i := f.p.finite(y); i >= 0 {
			f.fail("%s is not finite after the record at t=%g", f.p.program.States()[i].ID, t)
			return changed
		}
		if f.r.next != j-f.lo {
			panic(fmt.Sprintf("sim: row %d is due, but record %d is reached", f.r.next, j-f.lo))
		}
		f.r.put(t, y)
	}
	if !f.h.Forward && j+1 < f.hi && f.set(j+1, t, y) {
		changed = true
	}
	return changed
}

// set gives the model the values of record j from now on.
func (f *follower) set(j int, t float64, y []float64) bool {
	changed := false
	for i, c := range f.d.columns {
		if v := f.h.Records[j].Values[i]; c.state >= 0 && !math.IsNaN(v) && y[c.state] != v {
			y[c.state] = v
			changed = true
		}
	}
	if changed {
		f.rerate(j, t, y)
	}
	return changed
}

// patient is the individual with the values of record j.
func (f *follower) patient(j int) Patient {
	pt := f.pt
	pt.Values = append([]Setting(nil), pt.Values...)
	for i, c := range f.d.columns {
		if v := f.h.Records[j].Values[i]; c.Use == regimen.Sets && !math.IsNaN(v) {
			pt.Values = append(pt.Values, Setting{c.Name, v})
		}
	}
	return pt
}

// reset puts the state at the model's start, with the values of record j.
func (f *follower) reset(j int, t float64) *Failure {
	if failure := f.w.load(f.patient(j), t); failure != nil {
		return failure
	}
	f.started = j
	copy(f.y, f.w.y)
	clear(f.off)
	f.infusions = f.infusions[:0]
	f.generation++
	return nil
}

// again is a reset under way: pending doses, infusions and events are forgotten.
func (f *follower) again(j int, t float64, y []float64) *Failure {
	if failure := f.reset(j, t); failure != nil {
		return failure
	}
	copy(y, f.w.y)
	f.r.events.init(f.r)
	f.r.events.pending = nil
	return nil
}

func (f *follower) fail(format string, args ...any) {
	f.r.failure = &Failure{Patient: f.pt.Number, Problem: fmt.Sprintf(format, args...)}
}

// value is a use's value for a target: the column's of record j, the model's now, or none.
func (f *follower) value(u regimen.Use, target, j int, t float64, y []float64, none float64) float64 {
	name := func() string { return regimen.ModelledName(u, f.d.targets[target].id) }
	v := none
	if i, ok := f.d.override[place{u, target}]; ok && !math.IsNaN(f.h.Records[j].Values[i]) {
		v = f.h.Records[j].Values[i]
	} else if i, ok := f.d.targets[target].given[u]; ok {
		f.d.given.Eval(f.seen, f.w.in, y, t, f.w.signalsAt(t, f.d.given))
		v = f.seen[i]
	}
	if !(v >= 0) || math.IsInf(v, 0) {
		f.fail("%s is %g at t=%g: expected a finite number of 0 or more", name(), v, t)
	} else if u == regimen.Duration && v == 0 {
		f.fail("%s is 0 at t=%g: an infusion needs a duration", name(), t)
	}
	return v
}

// argument is the record whose values hold at a time that is no record's.
func (f *follower) argument(t float64) int {
	records := f.h.Records[f.lo:f.hi]
	i := 0
	if f.h.Forward {
		i = sort.Search(len(records), func(i int) bool { return records[i].Time > t }) - 1
	} else {
		i = sort.Search(len(records), func(i int) bool { return records[i].Time >= t })
	}
	return f.lo + min(max(i, 0), len(records)-1)
}

// snap moves a computed time onto a record's, when only rounding keeps them apart.
func (f *follower) snap(t float64) float64 {
	records := f.h.Records[f.lo:f.hi]
	i := sort.Search(len(records), func(i int) bool { return records[i].Time >= t })
	for _, k := range [...]int{i - 1, i} {
		if k >= 0 && k < len(records) && math.Abs(records[k].Time-t) <= 1e-11*math.Max(1, math.Abs(t)) {
			return records[k].Time
		}
	}
	return t
}

// gives treats the dose of record j: steady state, lag, the dose and those after it.
func (f *follower) gives(j int, t float64, y []float64) {
	rec := &f.h.Records[j]
	endless := rec.Steady > 0 && rec.Amount == 0
	lag := 0.0
	if !endless {
		if lag = f.value(regimen.Lag, rec.Target, j, t, y, 0); f.r.failure != nil {
			return
		}
	}
	if rec.Steady > 0 {
		f.steady(j, t, y, lag)
		if endless || f.r.failure != nil {
			return
		}
	}
	if lag == 0 {
		f.dose(j, j, t, y)
		f.next(j, 1, t)
		return
	}
	f.next(j, 0, t+lag)
}

// next schedules dose k of record j, of which dose 0 arrives at time first.
func (f *follower) next(j, k int, first float64) {
	rec := &f.h.Records[j]
	if k > rec.Additional || f.r.failure != nil {
		return
	}
	at := f.snap(first + float64(k)*rec.Interval)
	if at > f.r.s.End {
		return
	}
	generation := f.generation
	f.r.at(at, func(t float64, y []float64) bool {
		if generation != f.generation {
			return false
		}
		f.dose(j, f.argument(t), t, y)
		f.next(j, k+1, first)
		return true
	})
}

// dose lets a dose of record j arrive now; the values that act on it are those of record
// arg.
func (f *follower) dose(j, arg int, t float64, y []float64) {
	rec := &f.h.Records[j]
	amount := rec.Amount * f.value(regimen.Share, rec.Target, arg, t, y, 1)
	if f.r.failure != nil {
		return
	}
	x := f.d.targets[rec.Target]
	f.off[x.state] = false
	f.r.out.Doses = append(f.r.out.Doses, Given{Time: t, Action: x.id, Amount: amount})
	if rec.Rate == 0 {
		y[x.state] += amount
		return
	}
	rate, end := f.rate(rec, amount, arg, t, y)
	if f.r.failure != nil || amount == 0 {
		return
	}
	f.infuse(&infusion{target: rec.Target, rate: rate, end: end, modelled: rec.Rate == regimen.ModelledRate, left: amount, since: t}, t, y)
}

// rate is the rate and end of an infusion of an amount that begins now.
func (f *follower) rate(rec *regimen.Record, amount float64, arg int, t float64, y []float64) (rate, end float64) {
	switch rec.Rate {
	case regimen.ModelledDuration:
		d := f.value(regimen.Duration, rec.Target, arg, t, y, math.NaN())
		return amount / d, t + d
	case regimen.ModelledRate:
		rate = f.value(regimen.Rate, rec.Target, arg, t, y, math.NaN())
		if rate == 0 && f.r.failure == nil {
			f.fail("%s is 0 at t=%g: the infusion would never end", regimen.ModelledName(regimen.Rate, f.d.targets[rec.Target].id), t)
		}
		return rate, t + amount/rate
	}
	return rec.Rate, t + amount/rec.Rate
}

// infuse starts an infusion.
func (f *follower) infuse(x *infusion, t float64, y []float64) {
	f.infusions = append(f.infusions, x)
	f.pour(y)
	f.until(x)
}

// until arranges the end of an infusion.
func (f *follower) until(x *infusion) {
	x.end = f.snap(x.end)
	end := x.end
	f.r.at(end, func(_ float64, y []float64) bool {
		for i, running := range f.infusions {
			if running == x && x.end == end {
				f.infusions = append(f.infusions[:i], f.infusions[i+1:]...)
				f.pour(y)
				return true
			}
		}
		return false
	})
}

// pour writes the sum of the running infusions into the state: added anew each time, so
// that nothing is left when the last one has ended.
func (f *follower) pour(y []float64) {
	for _, x := range f.d.targets {
		if x.input >= 0 {
			y[x.input] = 0
		}
	}
	for _, x := range f.infusions {
		y[f.d.targets[x.target].input] += x.rate
	}
}

// rerate asks the model again for the rates of modelled infusions, whose values changed.
func (f *follower) rerate(arg int, t float64, y []float64) {
	for _, x := range f.infusions {
		if !x.modelled {
			continue
		}
		x.left -= x.rate * (t - x.since)
		x.since = t
		rate := f.value(regimen.Rate, x.target, arg, t, y, math.NaN())
		if f.r.failure != nil {
			return
		}
		if rate == x.rate || x.left <= 0 {
			continue
		}
		x.rate, x.end = rate, t+x.left/rate
		if rate > 0 {
			f.until(x)
		}
	}
	f.pour(y)
}
