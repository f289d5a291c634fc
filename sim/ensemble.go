package sim

import (
	"context"
	"fmt"
	"math"
)

// Replicates says how often a patient is simulated with new randomness.
type Replicates struct {
	Runs    int
	Seed    uint64
	Workers int // 0: 1
}

// Ensemble is what many runs of one patient have in common: mean and standard deviation
// (with n-1) of every recorded selection at every time, [selection][time].
type Ensemble struct {
	Runs     int
	Times    []float64
	Mean, SD [][]float64
	Firings  int64 // reactions that fired in all runs
}

// block is the number of runs that are accumulated together; blocks are joined in order,
// so the bits of the result depend on the number of runs alone.
const block = 64

// moments accumulates means and sums of squared deviations without cancellation
// (Welford, Technometrics 4 (1962) 419; joined by Chan, Golub and LeVeque, 1979).
type moments struct {
	n        float64
	mean, m2 []float64
	firings  int64
}

func (m *moments) add(rows [][]float64) {
	if m.mean == nil {
		size := 0
		for _, r := range rows {
			size += len(r)
		}
		m.mean, m.m2 = make([]float64, size), make([]float64, size)
	}
	m.n++
	k := 0
	for _, r := range rows {
		for _, v := range r {
			d := v - m.mean[k]
			m.mean[k] += d / m.n
			m.m2[k] += d * (v - m.mean[k])
			k++
		}
	}
}

func (m *moments) join(o *moments) {
	m.firings += o.firings
	if m.n == 0 {
		m.n, m.mean, m.m2 = o.n, o.mean, o.m2
		return
	}
	n := m.n + o.n
	for k, v := range o.mean {
		d := v - m.mean[k]
		m.mean[k] += d * o.n / n
		m.m2[k] += o.m2[k] + d*d*m.n*o.n/n
	}
	m.n = n
}

// Ensemble simulates a patient many times. Run k takes its randomness from the stream of
// (seed, patient, k), so more runs leave the first ones as they are. The first failure, in
// the order of runs, ends it.
func (p *Plan) Ensemble(ctx context.Context, pt Patient, s Schedule, n Replicates) (*Ensemble, error) {
	if n.Runs < 1 {
		return nil, fmt.Errorf("%d runs: expected 1 or more", n.Runs)
	}
	total, m := &moments{}, &moments{}
	err := sideBySide(ctx, p.jumpGroups(), n.Runs, n.Workers, p.NewWorker, func(w *Worker) *Worker { return w }, func(w *Worker, k int) result {
		tr, failure := w.replicate(pt, s, n.Seed, k)
		return result{tr, failure}
	}, func(k int, r result) error {
		if r.failure != nil {
			return r.failure
		}
		m.add(r.tr.Values)
		m.firings += r.tr.Firings
		if (k+1)%block == 0 || k+1 == n.Runs {
			total.join(m)
			m = &moments{}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &Ensemble{Runs: n.Runs, Times: s.Times, Firings: total.firings}
	times := len(s.Times)
	for i := 0; i < p.record.Len(); i++ {
		sd := make([]float64, times)
		for k := range sd {
			if n.Runs > 1 {
				sd[k] = math.Sqrt(math.Max(0, total.m2[i*times+k]) / (total.n - 1))
			}
		}
		out.Mean = append(out.Mean, total.mean[i*times:(i+1)*times:(i+1)*times])
		out.SD = append(out.SD, sd)
	}
	return out, nil
}

// replicate is run k of a patient.
func (w *Worker) replicate(pt Patient, s Schedule, seed uint64, k int) (*Trajectory, *Failure) {
	s.Seed, s.Replicate = seed, k
	b := Begin{}
	if w.plan.config.Start.Settle || len(w.plan.seed) > 0 {
		var failure *Failure
		if b, failure = w.Settle(pt, s.Start); failure != nil {
			return nil, failure
		}
	}
	return w.Run(pt, b, s)
}

// result is how a run ended.
type result struct {
	tr      *Trajectory
	failure *Failure
}
