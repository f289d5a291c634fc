package sim

import (
	"fmt"
	"math"

	"thymus/compile"
	"thymus/diag"
	"thymus/linalg"
	"thymus/ode"
)

// Sensitivities are the derivatives of what is recorded by constants and initial values.
type Sensitivities struct {
	Names   []string
	plan    *Plan
	tangent *compile.Tangent
}

// Sensitivities prepares derivatives by constants and initial values. What has none is
// refused with its reason: delays, algebraic rules, fast reactions, delayed events, draws,
// and methods other than rodas5p and tsit5.
func (p *Plan) Sensitivities(names []string, at diag.Place) (*Sensitivities, diag.Messages) {
	var ms diag.Messages
	var constants []int
	for _, id := range names {
		k, ok := p.program.ConstantIndex(id)
		if !ok {
			var known []string
			for _, c := range p.program.Constants() {
				known = append(known, c.ID)
			}
			ms = append(ms, diag.Errorf(at, "there is no sensitivity to %s: the model has no constant or initial value of that name", id).WithHelp("%s", diag.DidYouMean(id, known)))
		}
		constants = append(constants, k)
	}
	method, err := ode.MethodNamed(p.config.Method)
	switch {
	case err != nil:
		ms = append(ms, diag.Errorf(at, "%v", err))
	case p.pure || p.jumps != nil:
		ms = append(ms, diag.Errorf(at, "reactions that fire one at a time have no sensitivities: leave out the stochastic method"))
	case method.Name != "rodas5p" && method.Name != "tsit5":
		ms = append(ms, diag.Errorf(at, "sensitivities are for the methods rodas5p and tsit5, not %s", method.Name))
	case len(p.config.Signals) > 0 || len(p.rules) > 0 || p.config.Start.Settle:
		ms = append(ms, diag.Errorf(at, "sensitivities are for a model and its doses: without signals, rules and a settled start"))
	}
	if ms.HasErrors() {
		return nil, ms
	}
	tangent, more := p.program.Tangent(constants, p.record)
	if ms = append(ms, more...); ms.HasErrors() {
		return nil, ms
	}
	return &Sensitivities{Names: names, plan: p, tangent: tangent}, ms
}

// sensing is a system with its sensitivities: z is y, then dy/dp for one constant after the
// other.
type sensing struct {
	m masked
	a *compile.Along
	n int
}

func (s sensing) Blocks() int                        { return s.a.Params() }
func (s sensing) Dim() int                           { return s.n * (1 + s.Blocks()) }
func (s sensing) block(z []float64, k int) []float64 { return z[(k+1)*s.n : (k+2)*s.n] }

func (s sensing) Deriv(dz, z, t []float64) {
	y := z[:s.n]
	s.m.Deriv(dz[:s.n], y, t)
	for k := range s.Blocks() {
		s.a.Deriv(s.block(dz, k), y, t[0], s.block(z, k), 0, k)
	}
}

func (s sensing) TimeDeriv(dfdt, z, t []float64) {
	y := z[:s.n]
	s.m.TimeDeriv(dfdt[:s.n], y, t)
	for k := range s.Blocks() {
		s.a.TimeDeriv(s.block(dfdt, k), y, t[0], s.block(z, k), k)
	}
}

func (s sensing) Coupling(vals []float64, k int, z, t []float64) {
	s.a.Couple(vals, z[:s.n], t[0], s.block(z, k), k)
}

func (s sensing) Pattern() *linalg.Pattern      { return s.m.Pattern() }
func (s sensing) Below() *linalg.Pattern        { return s.a.Pattern() }
func (s sensing) Jacobian(vals, z, t []float64) { s.m.Jacobian(vals, z[:s.n], t) }
func (s sensing) Crossings() int                { return s.m.Crossings() }
func (s sensing) Cross(g, z, t []float64)       { s.m.Cross(g, z[:s.n], t) }
func (s sensing) Muted() []int                  { return s.m.Muted() }
func (s sensing) Jumps() []int                  { return s.m.Jumps() }

// sensRun follows a patient with sensitivities; it is the solver's handler, and does what
// doses and events do to S where the run does it to y.
//
// Where a relation turns at a time T that depends on p, S jumps with y. The root g(y, t) of
// the relation stays 0, so dT/dp = -(dg/dy S + dg/dp)/(dg/dy f + dg/dt) with the slope f
// before T. The state there changes with p by S + f dT/dp; what events make of it is
// differentiated along that and along time's own change dT/dp; and with the slope f+ behind
// T, S is that less f+ dT/dp (saltation: M. A. Aizerman, F. R. Gantmacher, Quart. J. Mech.
// Appl. Math. 11, 385-398, 1958; S. Galan, W. F. Feehery, P. I. Barton, Appl. Numer. Math.
// 31, 17-47, 1999).
type sensRun struct {
	*run
	sys    sensing
	z      []float64 // the present state and its sensitivities
	buffer []float64
	before []float64 // slope of the state at the end of the last step, before what turns there
	tau    []float64 // by constant: dT/dp during a crossing
	Slopes [][][]float64
	row    []float64
}

// Sensitivities simulates one patient with the derivatives of what is recorded: slopes[k][i]
// are those of selection i by constant k, at the trajectory's times.
func (w *Worker) Sensitivities(s *Sensitivities, pt Patient, schedule Schedule) (out *Trajectory, slopes [][][]float64, failure *Failure) {
	if len(pt.Pulses) > 0 || len(schedule.Rules) > 0 {
		panic("sim: sensitivities of a patient with pulses or rules")
	}
	w.stream(pt, schedule)
	if f := w.load(pt, schedule.Start); f != nil {
		return &Trajectory{}, nil, f
	}
	n := len(w.y)
	a := s.tangent.New(w.in)
	a.Begin()
	w.in.Hurry(w.y, schedule.Start, schedule.End-schedule.Start)
	w.remember(schedule.Start, w.y, true)
	r := &sensRun{run: newRun(w, pt, schedule), before: make([]float64, n), tau: make([]float64, a.Params()), row: make([]float64, s.plan.record.Len())}
	r.run.sens = r
	r.sys = sensing{w.system(&r.mask), a, n}
	r.z, r.buffer = make([]float64, r.sys.Dim()), make([]float64, r.sys.Dim())
	copy(r.z, w.y)
	o := w.options(w.plan.atol)
	o.MaxStep = w.plan.longestStep(schedule)
	// absolute tolerances of S are those of y over the constant (as CVODES chooses them)
	o.Atol = append([]float64(nil), w.plan.atol...)
	for k, c := range s.tangent.Constants {
		a.Start(r.sys.block(r.z, k), w.y, schedule.Start, k)
		size := math.Abs(w.in.Raw(c))
		if size == 0 || size != size {
			size = 1
		}
		for _, v := range w.plan.atol {
			o.Atol = append(o.Atol, v/size)
		}
		slopes = append(slopes, nil)
		for range s.plan.record.Len() {
			slopes[k] = append(slopes[k], make([]float64, len(schedule.Times)))
		}
	}
	r.Slopes = slopes
	cut := func() {
		for _, list := range slopes {
			for i := range list {
				list[i] = list[i][:min(len(list[i]), r.next)]
			}
		}
	}
	if f := r.begin(r.z[:n]); f != nil {
		cut()
		return r.trim(), slopes, f
	}
	stats, cause := ode.Solve(r.sys, r.z, schedule.Start, schedule.End, o, r)
	copy(w.y, r.z)
	r.out.Stats = stats
	switch {
	case r.run.failure != nil:
		failure = r.run.failure
	case cause != nil:
		if cause.Component >= n {
			cause.Component %= n
		}
		failure = w.plan.fail(pt.Number, cause)
	default:
		r.finish(r.z[:n])
		return r.out, slopes, nil
	}
	cut()
	return r.trim(), slopes, failure
}

// keep records a row of sensitivities.
func (r *sensRun) keep(t float64) {
	for k, list := range r.Slopes {
		r.sys.a.Record(r.row, r.z[:r.sys.n], t, r.sys.block(r.z, k), k)
		for i, v := range r.row {
			list[i][r.next] = v
		}
	}
}

// OnStop implements ode.Handler.
func (r *sensRun) OnStop(t float64, z []float64) (bool, error) {
	r.z = z
	return r.run.OnStop(t, z[:r.sys.n])
}

// OnStep implements ode.Handler.
func (r *sensRun) OnStep(s *ode.Step) {
	r.w.in.TakeError()
	if r.slide != nil {
		r.slid(s.T1)
	}
	now := r.z
	r.z = r.buffer
	r.record(func(t float64) []float64 {
		s.Interpolate(t, r.z)
		return r.z[:r.sys.n]
	}, s.T1, !r.p.config.RecordAfter)
	if r.sys.Crossings() > 0 { // on this side of what may turn at the end
		t := math.Nextafter(s.T1, math.Inf(-1))
		s.Interpolate(t, r.z)
		r.w.in.Deriv(r.before, r.z[:r.sys.n], []float64{t})
	}
	r.z = now
}

// OnCrossing implements ode.Handler.
func (r *sensRun) OnCrossing(t float64, z []float64, which []int, rising []bool) (changed, stop bool, err error) {
	r.z = z
	n, a := r.sys.n, r.sys.a
	y := z[:n]
	g := make([]float64, r.sys.Crossings())
	speed := make([]float64, len(g))
	a.Cross(speed, y, t, r.before, 1, -1)
	apart := false
	for k := range r.tau {
		a.Cross(g, y, t, r.sys.block(z, k), 0, k)
		r.tau[k] = 0
		have := false
		for _, i := range which {
			tau := -g[i] / speed[i]
			switch {
			case math.IsNaN(tau) || math.IsInf(tau, 0):
			case !have:
				r.tau[k], have = tau, true
			case math.Abs(tau-r.tau[k]) > 1e-6*(math.Abs(tau)+math.Abs(r.tau[k])):
				apart = true
			}
		}
		for i, f := range r.before {
			r.sys.block(z, k)[i] += f * r.tau[k]
		}
	}
	changed, stop, err = r.run.OnCrossing(t, y, which, rising)
	behind := make([]float64, n)
	r.w.in.Deriv(behind, y, []float64{t})
	turned := changed
	for i, f := range behind {
		turned = turned || math.Abs(f-r.before[i]) > 1e-9*(math.Abs(f)+math.Abs(r.before[i]))
	}
	for k, tau := range r.tau {
		for i, f := range behind {
			r.sys.block(z, k)[i] -= f * tau
		}
		r.tau[k] = 0
	}
	if apart && turned && err == nil {
		r.run.failure = &Failure{Patient: r.pt.Number, Problem: fmt.Sprintf("conditions that turn at the same time t=%g move apart with a constant: there is no derivative", t)}
		return changed, true, r.run.failure
	}
	return changed || turned, stop, err
}

// dose does to S what a dose, given now, does to y, which it has not changed yet. It returns
// by how much the slopes of infusion rates change.
func (r *sensRun) dose(action int, amount, duration float64, t float64, y []float64) (rates [][]float64) {
	targets := r.p.program.ActionTargets(action)
	for k := range r.tau {
		s := r.sys.block(r.z, k)
		d := make([]float64, len(targets))
		r.sys.a.Act(d, action, amount, y, t, s, k)
		for j, i := range targets {
			if duration <= 0 {
				s[i] = d[j]
			} else {
				d[j] = (d[j] - s[i]) / duration
			}
		}
		rates = append(rates, d)
	}
	return rates
}

// infuse adds to the slopes of an infusion's rate, the j-th of a dose.
func (r *sensRun) infuse(input, j int, rates [][]float64, sign float64) {
	for k, d := range rates {
		r.sys.block(r.z, k)[input] += sign * d[j]
	}
}

// assign gives the derivatives of the values that an event gives its targets.
func (r *sensRun) assign(event int, t float64, y []float64) [][]float64 {
	slopes := make([][]float64, len(r.tau))
	for k, tau := range r.tau {
		slopes[k] = make([]float64, len(r.p.events[event].Targets))
		r.sys.a.Assign(slopes[k], event, y, t, r.sys.block(r.z, k), tau, k)
	}
	return slopes
}

// execute does to S what an event does to y, which it has not changed yet.
func (r *sensRun) execute(event int, values []float64, slopes [][]float64, t float64, y []float64) {
	for k, tau := range r.tau {
		r.sys.a.Execute(r.sys.block(r.z, k), y, event, values, slopes[k], t, tau, k)
	}
}

// Sensitivities compiles and simulates the course, with the derivatives of what it records
// by the named constants and initial values: slopes[k][i] are those of selection i by name
// k. There is one try: what fails is not tried again by other ways.
func (c Course) Sensitivities(names []string) (out *Trajectory, slopes [][][]float64, ms diag.Messages, failure *Failure) {
	plan, ms := c.build()
	if ms.HasErrors() {
		return nil, nil, ms, nil
	}
	s, more := plan.Sensitivities(names, c.SetAt)
	if ms = append(ms, more...); ms.HasErrors() {
		return nil, nil, ms, nil
	}
	out, slopes, failure = plan.NewWorker().Sensitivities(s, Patient{Values: c.Set}, c.schedule())
	return out, slopes, ms, failure
}
