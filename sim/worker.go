package sim

import (
	"fmt"
	"math"
	"slices"

	"thymus/compile"
	"thymus/jump"
	"thymus/ode"
	"thymus/population"
	"thymus/rng"
)

// Worker is the workspace of one patient at a time.
type Worker struct {
	plan    *Plan
	lane    *ode.Lane  // nil: patients are simulated alone
	alone   *ode.Group // see inLane
	in      *compile.Instance
	y       []float64
	dst     []float64 // one recorded row
	targets []float64 // new values of a dose's or an event's targets
	hold    []float64
	signals []*population.Signal
	values  []float64 // of the signals
	draws   rng.Philox
	jump    *jumper
	jumps   func(n *jump.Network) jump.Simulator // of a lane; nil: the plan's method
	mixed   *hybrid

	consistent *ode.Consistency // nil: no algebraic equations
	row        []float64        // a state that is worked on
	history    *ode.History     // nil: nothing reads the past
	sheet      *sheet           // of a worker in lanes

	way   rung      // how the present run is made
	tight []float64 // absolute tolerances of a rung
}

// NewWorker makes a workspace; it is not for concurrent use.
func (p *Plan) NewWorker() *Worker {
	in := p.program.New()
	w := &Worker{
		plan: p, in: in, consistent: ode.NewConsistency(in), row: make([]float64, len(p.program.States())), y: make([]float64, len(p.program.States())),
		dst: make([]float64, p.record.Len()), hold: make([]float64, p.holds.Len()),
		targets: make([]float64, len(p.program.States())),
		signals: make([]*population.Signal, len(p.config.Signals)),
		values:  make([]float64, len(p.config.Signals)),
	}
	w.in.Source(&w.draws)
	w.stream(Patient{}, Schedule{})
	return w
}

// stream starts the stream of a run's draws.
func (w *Worker) stream(pt Patient, s Schedule) {
	if w.plan.program.Draws() {
		w.draws.Reset(rng.Key{Seed: s.Seed, Patient: pt.Number, Purpose: "draw", Index: s.Replicate})
	}
}

// load puts a patient's constants and signals into the workspace and computes the
// model's own initial state.
func (w *Worker) load(pt Patient, t0 float64) *Failure {
	w.in.SetPast(nil, false)
	w.in.Reset()
	w.consistent.Forget()
	for _, s := range pt.Values {
		k, ok := w.plan.program.ConstantIndex(s.ID)
		if !ok {
			panic(fmt.Sprintf("sim: patient %d sets %q, which is no constant of the model", pt.Number, s.ID))
		}
		w.in.Set(k, s.Value)
	}
	for i, id := range w.plan.config.Signals {
		w.signals[i] = pt.Signals[id]
		w.values[i] = math.NaN()
		if w.signals[i] == nil {
			if v, ok := w.plan.constant(id); ok {
				w.values[i] = v // no path: the signal stays at its nominal value
			}
		}
	}
	if err := w.in.Start(w.y, t0); err != nil {
		return &Failure{Patient: pt.Number, Problem: err.Error()}
	}
	return w.balance(pt, t0)
}

func (p *Plan) constant(id string) (float64, bool) {
	if k, ok := p.program.ConstantIndex(id); ok {
		return p.program.Constants()[k].Value, true
	}
	return 0, false
}

// signalsAt gives the values of the signals that an observer reads.
func (w *Worker) signalsAt(t float64, o *compile.Observer) []float64 {
	for _, i := range o.Signals() {
		if s := w.signals[i]; s != nil {
			w.values[i] = s.At(t)
		}
	}
	return w.values
}

// Settle finds a patient's state before the trial: the steady state reached from the
// plan's seed (Newton's method carried by pseudo-transient continuation, or, when that
// fails, integration over Start.Days), or the model's own initial state.
func (w *Worker) Settle(pt Patient, t0 float64) (Begin, *Failure) {
	p := w.plan
	if f := w.load(pt, t0); f != nil {
		return Begin{}, f
	}
	y := append([]float64(nil), w.y...)
	for _, s := range p.seed {
		y[s.index] = s.value
	}
	if !p.config.Start.Settle {
		return Begin{Y: y, How: "given"}, nil
	}
	try := append([]float64(nil), y...)
	failure := w.newton(try, t0)
	if failure == nil && p.plausible(try) {
		return Begin{Y: p.tidy(try), How: "newton"}, nil
	}
	days := p.config.Start.Days
	if days == 0 {
		days = 4000
	}
	keep := append([]float64(nil), y...)
	if _, failure = ode.Solve(still{w.in, t0}, y, 0, days, ode.Options{Method: p.config.Method, Rtol: math.Min(p.config.Rtol, 1e-8), Atol: p.atol}, ode.Base{}); failure != nil {
		return Begin{}, p.fail(pt.Number, failure)
	}
	for i, h := range p.held {
		if h {
			y[i] = keep[i]
		}
	}
	return Begin{Y: p.tidy(y), How: "integration"}, nil
}

// newton looks for the steady state from y, beside other patients where the plan has lanes.
func (w *Worker) newton(y []float64, t0 float64) *ode.Failure {
	p := w.plan
	o := ode.SettleOptions{Hold: p.held, Atol: p.atol, Time: t0, Lane: w.lane}
	var sys ode.System = still{w.in, t0}
	if w.lane == nil || p.jumps == nil {
		_, failure := ode.Settle(sys, y, o)
		return failure
	}
	if err := p.jumps.Bind(w.in); err != nil { // as the run will say
		o.Lane = nil
		_, failure := ode.Settle(sys, y, o)
		return failure
	}
	// the problem of the lanes has one component more, at rest while nothing jumps
	o.Hold, o.Atol = p.laneHold(), append(append([]float64(nil), p.atol...), hazardAtol)
	full := append(append([]float64(nil), y...), 0)
	_, failure := ode.Settle(p.jumps.Gated(w.in), full, o)
	copy(y, full)
	return failure
}

// laneHold says which components of the lanes' problem have no steady state.
func (p *Plan) laneHold() []bool {
	if p.jumps == nil {
		return p.held
	}
	return append(append([]bool(nil), p.held...), true)
}

// plausible says whether a root of the right-hand side can be a patient: finite, and
// nothing negative beyond the tolerance.
func (p *Plan) plausible(y []float64) bool {
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < -10*p.atol[i] {
			return false
		}
	}
	return true
}

func (p *Plan) tidy(y []float64) []float64 {
	for i, v := range y {
		if v < 0 && v >= -10*p.atol[i] {
			y[i] = 0
		}
	}
	return y
}

// still is the system with the clock stopped: what a patient's body does before day t.
type still struct {
	*compile.Instance
	t float64
}

func (s still) Deriv(dy, y, _ []float64) { s.Instance.Deriv(dy, y, []float64{s.t}) }
func (s still) Jacobian(vals, y, _ []float64) {
	s.Instance.Jacobian(vals, y, []float64{s.t})
}
func (s still) TimeDeriv(dfdt, _, _ []float64) { clear(dfdt) }
func (s still) Crossings() int                 { return 0 }
func (s still) Cross([]float64, []float64, []float64) {
}

// Observe evaluates the recorded selections at the start state.
func (w *Worker) Observe(pt Patient, b Begin, t float64, dst []float64) *Failure {
	if f := w.load(pt, t); f != nil {
		return f
	}
	w.plan.record.Eval(dst, w.in, b.Y, t, w.signalsAt(t, w.plan.record))
	return nil
}

// Screen looks at the conditions of Config.Entry in their order, at the start state, and
// gives the first that is not met, or -1. The conditions behind it are not looked at: most
// of those who are screened may fail on the first, which may be the cheapest.
func (w *Worker) Screen(pt Patient, b Begin, t float64) (int, *Failure) {
	if f := w.load(pt, t); f != nil {
		return -1, f
	}
	var met [1]float64
	for i, o := range w.plan.entry {
		if o.Eval(met[:], w.in, b.Y, t, w.signalsAt(t, o)); met[0] == 0 || math.IsNaN(met[0]) {
			return i, nil
		}
	}
	return -1, nil
}

// State is a copy of the state at the end of the last run.
func (w *Worker) State() []float64 { return append([]float64(nil), w.y...) }

// Constant is the value of a constant or derived constant of the patient last settled,
// observed or run.
func (w *Worker) Constant(id string) (float64, bool) { return w.in.Constant(id) }

// Run simulates one patient. Where the solver cannot, it is tried again by other ways (see
// Rungs) unless Config.Once says not to. On failure the trajectory holds what came before
// it.
func (w *Worker) Run(pt Patient, b Begin, s Schedule) (*Trajectory, *Failure) {
	return w.inLane(func() (*Trajectory, *Failure) {
		return w.climb(func() (*Trajectory, *Failure) { return w.run(pt, b, s) })
	})
}

// sideBySide says that the present run goes on beside others in lanes, on no rung of the ladder.
func (w *Worker) sideBySide() bool { return w.lane != nil && w.way.name == "" }

// run simulates one patient by the present rung.
func (w *Worker) run(pt Patient, b Begin, s Schedule) (*Trajectory, *Failure) {
	w.stream(pt, s)
	if f := w.load(pt, s.Start); f != nil {
		return &Trajectory{}, f
	}
	own := true
	if len(b.Y) == len(w.y) {
		own = slices.Equal(b.Y, w.y)
		copy(w.y, b.Y)
	}
	w.in.Hurry(w.y, s.Start, s.End-s.Start)
	w.remember(s.Start, w.y, own)
	r := newRun(w, pt, s)
	if w.sideBySide() && w.plan.sheet != nil {
		if w.sheet == nil {
			w.sheet = w.newSheet()
		}
		if r.sheet = w.sheet; r.sheet != nil {
			r.sheet.begin(w)
		}
	}
	mixed := w.plan.jumps != nil && !w.plan.pure
	if mixed {
		if w.mixed == nil {
			w.mixed = newHybrid(w)
		}
		if err := w.mixed.start(r, w.y); err != nil {
			return r.out, &Failure{Patient: pt.Number, Problem: err.Error()}
		}
	}
	if f := r.begin(w.y); f != nil {
		return r.trim(), f
	}
	if w.plan.pure {
		if f := w.pure(r); f != nil {
			return r.trim(), f
		}
		return r.out, nil
	}
	if mixed {
		if f := w.hybrid(r); f != nil {
			return r.trim(), f
		}
		return r.out, nil
	}
	o := w.beside(w.options(w.plan.atol))
	o.MaxStep = w.plan.longestStep(s)
	stats, cause := ode.Solve(w.system(&r.mask), w.y, s.Start, s.End, o, r)
	r.out.Stats = stats
	if r.failure != nil {
		return r.trim(), r.failure
	}
	if err := w.in.TakeError(); err != nil && cause != nil {
		return r.trim(), &Failure{Patient: pt.Number, Problem: fmt.Sprintf("%v (%v)", err, cause), solver: cause}
	}
	if cause != nil {
		return r.trim(), w.plan.fail(pt.Number, cause)
	}
	r.finish(w.y)
	return r.out, nil
}

// Breaks implements ode.Breaker.
func (m masked) Breaks() []int {
	if !m.plan.Fast() {
		return nil
	}
	return append([]int{m.plan.Stability()}, m.plan.Discontinuities()...)
}

// Jumps implements ode.Jumper.
func (m masked) Jumps() []int {
	if m.plan.Fast() {
		return nil // a step that was refused says nothing where slopes are this steep
	}
	return m.plan.Discontinuities()
}

// leastSteps is into how many steps a run is cut at least when relations have to be watched
// whose times are not known: a step may be so long that a relation changes twice in it.
const leastSteps = 200

// longestStep is the longest step of a run, 0 when there is no bound.
func (p *Plan) longestStep(s Schedule) float64 {
	most := p.config.MaxStep
	if p.config.Discontinuities && p.program.Unscheduled() {
		if bound := (s.End - s.Start) / leastSteps; most == 0 || bound < most {
			most = bound
		}
	}
	return most
}

// masked silences the crossings of rules that this patient is not under, and of
// discontinuities that the solution slides along, so that they cost no steps.
type masked struct {
	*compile.Instance
	plan    *compile.Program
	off     *[]int
	history *ode.History // nil: nothing reads the past
}

// system is what the solver sees.
func (w *Worker) system(off *[]int) masked { return masked{w.in, w.plan.program, off, w.history} }

// Muted implements ode.Muter.
func (m masked) Muted() []int { return *m.off }

func (m masked) Cross(g, y, t []float64) {
	m.Instance.Cross(g, y, t)
	for _, i := range *m.off {
		g[i] = 1
	}
}
