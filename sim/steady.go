package sim

import (
	"fmt"
	"math"

	"thymus/ode"
	"thymus/regimen"
)

// The search for the state that a dosing interval maps onto itself.
const (
	steadyRtol   = 1e-11 // of the integrations
	steadyEnough = 1e-10 // largest change over an interval, in units of the peak within it
	steadyNet    = 1e-2  // largest net change over an interval, as a share of all change within it
	steadyGrowth = 1e8   // a state this many times its size in the first interval runs away
	mostCycles   = 500
	mixed        = 12 // intervals remembered
)

// cycle is a dose of constant size every interval, for ever.
type cycle struct {
	f        *follower
	j        int
	target   int
	interval float64
	amount   float64 // at once
	rate     float64 // or as an infusion
	duration float64
	base     []float64 // the whole state; unknown components are replaced
	unknown  []int
	peak     []float64 // largest size of each state within the last interval
	moved    []float64 // sum of its changes up and down within the interval
	first    []float64 // peak within the first interval
	count    int
}

// steady puts the system into the steady state of record j's dose, just before that dose
// is given, or, with a lag, at the point of the interval that the lag leaves.
//
// The doses are imagined at times arrival - k*interval, for ever back. With SS 1 and 3 the
// steady state replaces what there is, and running infusions and pending doses are
// forgotten; with SS 2 it is added. States that only add up keep their values.
func (f *follower) steady(j int, t float64, y []float64, lag float64) {
	rec := &f.h.Records[j]
	if f.p.program.Remembers() {
		f.fail("no steady state at t=%g: the model reads its own past (delay)", t)
		return
	}
	c := &cycle{f: f, j: j, target: rec.Target, interval: rec.Interval}
	share := f.value(regimen.Share, rec.Target, j, t, y, 1)
	if f.r.failure != nil {
		return
	}
	endless := rec.Amount == 0
	switch {
	case endless:
		c.rate = rec.Rate
		if rec.Rate == regimen.ModelledRate {
			c.rate = f.value(regimen.Rate, rec.Target, j, t, y, math.NaN())
		}
	case rec.Rate == 0:
		c.amount = share * rec.Amount
	default:
		var end float64
		c.rate, end = f.rate(rec, share*rec.Amount, j, t, y)
		c.duration = end - t
	}
	if f.r.failure != nil {
		return
	}
	f.off[f.d.targets[rec.Target].state] = false
	c.begin(rec.Steady, t, y)
	z := c.base
	arrived := t // the last of the imagined doses is at or before t
	if endless {
		c.still(z, t)
	} else {
		arrived += lag - math.Ceil(lag/rec.Interval)*rec.Interval
		c.solve(z, arrived)
		if lag > 0 && f.r.failure == nil {
			c.advance(z, arrived, t)
		}
	}
	if f.r.failure != nil {
		return
	}
	if rec.Steady == 2 {
		f.doubtSum(t)
		for _, i := range c.unknown {
			y[i] += z[i]
		}
	} else {
		f.infusions = f.infusions[:0]
		f.generation++
		for _, i := range c.unknown {
			y[i] = z[i]
		}
	}
	if endless {
		f.pour(y)
		return
	}
	// infusions of the imagined doses that still run, and imagined doses still to come
	first := 1.0
	if lag > 0 {
		first = 0
	}
	if c.duration > 0 {
		for k := first; ; k++ {
			end := arrived - k*c.interval + c.duration
			if end <= t+1e-12*c.interval {
				break
			}
			f.infuse(&infusion{target: c.target, rate: c.rate, end: end, modelled: rec.Rate == regimen.ModelledRate, left: (end - t) * c.rate, since: t}, t, y)
		}
	}
	f.pour(y)
	if lag > 0 {
		for k := 1.0; arrived+k*c.interval < t+lag-1e-9*c.interval; k++ {
			f.later(j, arrived+k*c.interval)
		}
	}
}

// later schedules one dose of record j.
func (f *follower) later(j int, at float64) {
	generation := f.generation
	f.r.at(f.snap(at), func(t float64, y []float64) bool {
		if generation != f.generation {
			return false
		}
		f.dose(j, f.argument(t), t, y)
		return true
	})
}

// begin chooses where the search starts and what is unknown. It starts at the model's own
// start (with SS 3, where the system is), because what a model conserves, such as the
// total of a receptor, stays what it is there.
func (c *cycle) begin(kind int, t float64, y []float64) {
	f := c.f
	if failure := f.w.load(f.patient(f.started), t); failure != nil {
		f.r.failure = failure
		return
	}
	c.base = append([]float64(nil), f.w.y...)
	for _, col := range f.d.columns {
		if col.state >= 0 {
			c.base[col.state] = y[col.state]
		}
	}
	if kind == 3 {
		copy(c.base, y)
	}
	own := f.d.targets[c.target].state
	for i := range c.base {
		switch {
		case f.off[i]:
			c.base[i] = 0
		case i == own || !f.p.held[i] && !f.d.gathers[i]:
			c.unknown = append(c.unknown, i)
		case !f.isInput(i):
			c.base[i] = y[i]
		}
	}
	for i := range c.base {
		if f.isInput(i) {
			c.base[i] = 0
		}
	}
	c.peak, c.moved = make([]float64, len(c.base)), make([]float64, len(c.base))
}

func (f *follower) isInput(i int) bool {
	for _, x := range f.d.targets {
		if x.input == i {
			return true
		}
	}
	return false
}

// still finds the steady state under a constant infusion.
func (c *cycle) still(z []float64, t float64) {
	f := c.f
	x := f.d.targets[c.target]
	if x.input >= 0 {
		z[x.input] = c.rate
	}
	hold := make([]bool, len(z))
	for i := range hold {
		hold[i] = true
	}
	for _, i := range c.unknown {
		hold[i] = false
	}
	if _, cause := ode.Settle(still{f.w.in, t}, z, ode.SettleOptions{Hold: hold, Atol: f.p.atol}); cause != nil {
		name := ""
		if cause.Component >= 0 {
			name = ", in " + f.p.program.States()[cause.Component].ID
		}
		f.fail("no steady state of an infusion of %g per time into %s at t=%g: %v%s", c.rate, x.id, t, cause, name)
	}
	if x.input >= 0 {
		z[x.input] = 0
	}
}

// running sets the infusions that run at a time when a dose arrives, before that dose, and
// gives their ends within the next interval.
func (c *cycle) running(z []float64, at float64) (ends []float64) {
	x := c.f.d.targets[c.target]
	if x.input < 0 {
		return nil
	}
	z[x.input] = 0
	for k := 1.0; c.duration-k*c.interval > 0; k++ {
		z[x.input] += c.rate
		ends = append(ends, at-k*c.interval+c.duration)
	}
	return ends
}

// advance takes the state from a time at which a dose arrives to a time within the
// interval that follows; z comes in without that dose and without infusions.
func (c *cycle) advance(z []float64, from, to float64) {
	f := c.f
	x := f.d.targets[c.target]
	ends := c.running(z, from)
	z[x.state] += c.amount
	if c.duration > 0 {
		z[x.input] += c.rate
		ends = append(ends, from+c.duration)
	}
	r := newRun(f.w, f.pt, Schedule{Start: from, End: to})
	r.settled(from, z)
	for _, end := range ends {
		if end < to {
			r.at(end, func(_ float64, y []float64) bool { y[x.input] -= c.rate; return true })
		}
	}
	clear(c.moved)
	for i, v := range z {
		c.peak[i] = math.Abs(v)
	}
	c.moved[x.state] = c.amount
	if failure := r.begin(z); failure != nil {
		f.r.failure = failure
		return
	}
	opt := f.options()
	opt.Rtol = math.Min(opt.Rtol, steadyRtol)
	stats, cause := ode.Solve(f.system(r), z, from, to, opt, &peaks{r, c.peak, c.moved, append([]float64(nil), z...)})
	f.r.out.Stats.Add(stats)
	switch {
	case r.failure != nil:
		f.r.failure = r.failure
	case cause != nil:
		f.r.failure = f.p.fail(f.pt.Number, cause)
	}
	if x.input >= 0 {
		z[x.input] = 0
	}
}

// settled tells a run that its events have seen the present state: nothing fires at the
// start.
func (r *run) settled(t float64, y []float64) {
	for i := range r.events.on {
		r.events.on[i] = r.w.in.Trigger(i, y, t)
	}
}

// peaks notes the largest size of each state at the ends of the steps, and how much it
// moved.
type peaks struct {
	*run
	most, moved, last []float64
}

// Looks implements ode.Sparing: every step counts.
func (p *peaks) Looks() float64 { return math.Inf(-1) }

// OnStep implements ode.Handler.
func (p *peaks) OnStep(s *ode.Step) {
	p.run.OnStep(s)
	s.Interpolate(s.T1, p.lookY)
	for i, v := range p.lookY {
		p.most[i] = math.Max(p.most[i], math.Abs(v))
		p.moved[i] += math.Abs(v - p.last[i])
		p.last[i] = v
	}
}

// solve finds the state z, before the dose that arrives at a time, that an interval maps
// onto itself: the fixed point of x -> G(x), by Anderson's mixing (D. G. Anderson,
// Iterative procedures for nonlinear integral equations, J. ACM 12, 547-560, 1965; H. F.
// Walker, P. Ni, Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49,
// 1715-1735, 2011). For linear kinetics it ends after about as many intervals as there are
// states, whatever the half-lives; it needs no derivatives of G; and since each iterate
// is a mean of states that the doses lead to, with weights that add up to 1, linear totals
// that the model conserves stay what they are, where Newton's method has no unique
// answer.
func (c *cycle) solve(z []float64, arrival float64) {
	f := c.f
	n := len(c.unknown)
	x, g := make([]float64, n), make([]float64, n)
	var dG, dF [][]float64
	var lastG, lastF []float64
	for k, i := range c.unknown {
		x[k] = z[i]
	}
	full := make([]float64, len(z))
	res := make([]float64, n)
	for c.count = 1; ; c.count++ {
		copy(full, z)
		for k, i := range c.unknown {
			full[i] = x[k]
		}
		if c.advance(full, arrival-c.interval, arrival); f.r.failure != nil {
			old := f.r.failure
			if f.r.failure = (&Failure{Patient: old.Patient, Species: old.Species, Term: old.Term, Problem: c.text() + ": " + old.Problem}); old.Cause != nil {
				f.r.failure.Problem += old.Cause.Error()
			}
			return
		}
		if c.first == nil {
			c.first = append([]float64(nil), c.peak...)
		}
		worst, most, net, away := -1, 0.0, false, -1
		for k, i := range c.unknown {
			g[k] = full[i]
			res[k] = g[k] - x[k]
			if d := math.Abs(res[k]); d > 0 && !(d/c.peak[i] <= most) {
				worst, most = i, d/c.peak[i]
			}
			// A state that grows by the same amount at every dose would be extrapolated to
			// where that amount is nothing beside it.
			if d := math.Abs(res[k]); d > steadyNet*c.moved[i] && d > 1e-13*c.peak[i] {
				net = true
			}
			if c.first[i] > 0 && c.peak[i] > steadyGrowth*c.first[i] {
				away = i
			}
		}
		switch {
		case away >= 0:
			f.fail("%s: %s grows without end", c.text(), f.p.program.States()[away].ID)
			return
		case most <= steadyEnough && !net:
			for k, i := range c.unknown {
				z[i] = g[k]
			}
			return
		case c.count == mostCycles || most != most || math.IsInf(most, 0):
			f.fail("%s: %s still changes by %.2g of its peak from one dose to the next, after %d doses", c.text(), f.p.program.States()[worst].ID, most, c.count)
			return
		}
		if lastF != nil {
			dF, dG = append(dF, minus(res, lastF)), append(dG, minus(g, lastG))
			if len(dF) > mixed {
				dF, dG = dF[1:], dG[1:]
			}
		}
		lastF, lastG = append([]float64(nil), res...), append([]float64(nil), g...)
		next := append([]float64(nil), g...)
		weights := make([]float64, n)
		for k, i := range c.unknown {
			if c.peak[i] > 0 {
				weights[k] = 1 / c.peak[i]
			}
		}
		for m, gamma := range leastSquares(dF, res, weights) {
			for k := range next {
				next[k] -= gamma * dG[m][k]
			}
		}
		for k, i := range c.unknown { // amounts stay amounts
			if next[k] < 0 && g[k] >= 0 && next[k] < -1e-9*c.peak[i] {
				copy(next, g)
				dF, dG = nil, nil
				break
			}
		}
		copy(x, next)
	}
}

func (c *cycle) text() string {
	id := c.f.d.targets[c.target].id
	rec := c.f.h.Records[c.j]
	return fmt.Sprintf("no steady state of a dose of %g into %s every %g at t=%g", rec.Amount, id, c.interval, rec.Time)
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

// leastSquares are the coefficients that bring the sum of the columns nearest to a vector,
// weighted by component: by modified Gram-Schmidt from the newest column, leaving out
// columns that add nothing new.
func leastSquares(columns [][]float64, b, weights []float64) []float64 {
	m := len(columns)
	out := make([]float64, m)
	if m == 0 {
		return out
	}
	var q [][]float64
	var kept []int
	var r [][]float64 // of kept column j: coefficients of q[0..j]
	for j := m - 1; j >= 0; j-- {
		v := make([]float64, len(b))
		size := 0.0
		for i := range v {
			v[i] = columns[j][i] * weights[i]
			size += v[i] * v[i]
		}
		coef := make([]float64, 0, len(q)+1)
		for _, u := range q {
			d := dot(u, v)
			coef = append(coef, d)
			for i := range v {
				v[i] -= d * u[i]
			}
		}
		left := dot(v, v)
		if size == 0 || left <= 1e-20*size {
			continue
		}
		left = math.Sqrt(left)
		for i := range v {
			v[i] /= left
		}
		q, kept, r = append(q, v), append(kept, j), append(r, append(coef, left))
	}
	rhs := make([]float64, len(b))
	for i := range rhs {
		rhs[i] = b[i] * weights[i]
	}
	d := make([]float64, len(q))
	for k, u := range q {
		d[k] = dot(u, rhs)
		for i := range rhs {
			rhs[i] -= d[k] * u[i]
		}
	}
	for k := len(q) - 1; k >= 0; k-- {
		v := d[k]
		for l := k + 1; l < len(q); l++ {
			v -= r[l][k] * out[kept[l]]
		}
		out[kept[k]] = v / r[k][k]
	}
	return out
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// doubtSum warns once when a steady state is added to a system whose states do not add:
// the derivative at a sum of two states must be the sum of the derivatives.
func (f *follower) doubtSum(t float64) {
	const key = "sum"
	if f.warnings[key] {
		return
	}
	n := len(f.y)
	a, b, s := make([]float64, n), make([]float64, n), make([]float64, n)
	da, db, ds := make([]float64, n), make([]float64, n), make([]float64, n)
	copy(a, f.y)
	copy(b, f.y)
	for i := range s {
		if f.p.held[i] && !f.isInput(i) {
			s[i] = f.y[i]
			continue
		}
		a[i], b[i] = 1+0.37*float64(i%7), 2.3+0.11*float64(i%5)
		s[i] = a[i] + b[i]
	}
	f.w.in.Deriv(da, a, []float64{t})
	f.w.in.Deriv(db, b, []float64{t})
	f.w.in.Deriv(ds, s, []float64{t})
	for i := range ds {
		if math.Abs(ds[i]-da[i]-db[i]) > 1e-9*(math.Abs(ds[i])+math.Abs(da[i])+math.Abs(db[i])) {
			f.warnings[key] = true
			f.r.out.Warnings = append(f.r.out.Warnings, fmt.Sprintf("SS 2 at t=%g adds a steady state to what there is, but the model is not linear (%s): the sum is no steady state of anything", t, f.p.program.States()[i].ID))
			return
		}
	}
}
