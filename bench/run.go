package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	"thymus/ode"
	"thymus/sim"
)

// lognormalSigma is the standard deviation of the logarithm of a lognormal variable with
// coefficient of variation cv.
func lognormalSigma(cv float64) float64 { return math.Sqrt(math.Log(1 + cv*cv)) }

// lognormal is the lognormal variable of mean 1 that the standard normal z stands for.
func lognormal(sigma, z float64) float64 { return math.Exp(sigma*z - sigma*sigma/2) }

// Work is what an ensemble cost.
type Work struct {
	Patients int
	Failed   int
	Cause    string // of the first failure
	Stats    ode.Stats
	CPU      time.Duration // processor time of the process
	Wall     time.Duration
}

// PerSecond is the number of patients a second of processor time.
func (w Work) PerSecond() float64 { return float64(w.Patients) / w.CPU.Seconds() }

// Run solves patients 0 to n-1 on a number of workers; keep may be nil, and gets every
// trajectory in order, [state][output].
func (p *Plan) Run(ctx context.Context, n, workers int, keep func(k int, t *sim.Trajectory)) (Work, error) {
	return p.run(ctx, p.schedule, n, workers, keep)
}

func (p *Plan) run(ctx context.Context, s sim.Schedule, n, workers int, keep func(k int, t *sim.Trajectory)) (Work, error) {
	w := Work{Patients: n}
	return Time(func() (Work, error) {
		err := p.each(ctx, s, n, workers, keep, &w)
		return w, err
	})
}

// Time measures what a piece of work takes.
func Time(do func() (Work, error)) (Work, error) {
	wall, cpu := time.Now(), processorTime()
	w, err := do()
	w.CPU, w.Wall = processorTime()-cpu, time.Since(wall)
	return w, err
}

// each solves patients and adds their work to w.
func (p *Plan) each(ctx context.Context, s sim.Schedule, n, workers int, keep func(k int, t *sim.Trajectory), w *Work) error {
	type result struct {
		t *sim.Trajectory
		f *sim.Failure
	}
	return sim.EachPatient(ctx, p.plan, n, workers, p.plan.NewWorker, func(w *sim.Worker) *sim.Worker { return w },
		func(w *sim.Worker, k int) result {
			t, f := w.Run(p.Patient(k), sim.Begin{}, s)
			return result{t, f}
		}, func(k int, r result) error {
			w.Stats.Add(r.t.Stats)
			if r.f != nil {
				if w.Failed++; w.Cause == "" {
					w.Cause = r.f.Error()
				}
			}
			if keep != nil {
				keep(k, r.t)
			}
			return nil
		})
}

// States are the states of patients at the outputs, [patient][output][state] in one slice.
type States struct {
	Patients, Outputs, Dim int
	Y                      []float64
}

// Keep solves the first n patients and keeps their states. A patient that fails is an error.
func (p *Plan) Keep(ctx context.Context, n int) (*States, Work, error) {
	s := &States{Patients: n, Outputs: len(p.schedule.Times), Dim: len(p.States)}
	s.Y = make([]float64, n*s.Outputs*s.Dim)
	w, err := p.Run(ctx, n, 1, func(k int, t *sim.Trajectory) {
		for i, row := range t.Values {
			for j, v := range row {
				s.Y[(k*s.Outputs+j)*s.Dim+i] = v
			}
		}
	})
	if err == nil && w.Failed > 0 {
		err = fmt.Errorf("problem %s: %s", p.Problem.ID, w.Cause)
	}
	return s, w, err
}

// ReferenceRtol is the relative tolerance of reference solutions.
const ReferenceRtol = 1e-12

// Reference solves the first n patients at ReferenceRtol, with an absolute tolerance of
// 1e-5 of the problem's.
func (p *Problem) Reference(ctx context.Context, n int, s Settings) (*States, error) {
	s.Rtol, s.Atol, s.MaxSteps = ReferenceRtol, 1e-5, 100_000_000
	plan, err := p.Plan(s)
	if err != nil {
		return nil, err
	}
	states, _, err := plan.Keep(ctx, n)
	return states, err
}

// MaxError is the largest error of states against a reference of the same patients or
// more: |y-r| / (|r| + 1e-3 max|r of that state| + 100 atol), without the outputs at which
// a dose is given. Where says the worst patient, output and state.
func (p *Problem) MaxError(y, reference *States) (worst float64, where [3]int) {
	if y.Dim != reference.Dim || y.Outputs != reference.Outputs || y.Patients > reference.Patients {
		panic(fmt.Sprintf("bench: %d patients, %d outputs, %d states against %d, %d, %d", y.Patients, y.Outputs, y.Dim, reference.Patients, reference.Outputs, reference.Dim))
	}
	dosed := make([]bool, y.Outputs)
	for _, d := range p.doses() {
		if k := int(math.Round(d.time / p.End * float64(p.Outputs))); k < len(dosed) {
			dosed[k] = true
		}
	}
	high := make([]float64, y.Dim)
	for k, v := range reference.Y {
		high[k%y.Dim] = math.Max(high[k%y.Dim], math.Abs(v))
	}
	for k, v := range y.Y {
		i, j := k%y.Dim, k/y.Dim%y.Outputs
		if dosed[j] {
			continue
		}
		r := reference.Y[k]
		e := math.Abs(v-r) / (math.Abs(r) + 1e-3*high[i] + 100*p.Atol)
		if e > worst || e != e {
			worst, where = e, [3]int{k / y.Dim / y.Outputs, j, i}
			if e != e {
				return math.Inf(1), where
			}
		}
	}
	return worst, where
}
