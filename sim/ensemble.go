package sim

import (
	"context"
	"fmt"
	"math"
	"sync"

	"thymus/jump"
	"thymus/kernel"
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
	err := p.eachRun(ctx, n, func(w *Worker, k int) result {
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

// eachRun calls do for every run and deliver in their order, on n.Workers goroutines. For
// the direct method each of them runs as many runs side by side as the back end has lanes;
// they have the bits of a run alone.
func (p *Plan) eachRun(ctx context.Context, n Replicates, do func(w *Worker, k int) result, deliver func(k int, r result) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	line := newLine(n.Runs, deliver, cancel)
	go func() {
		<-ctx.Done()
		line.stop()
	}()
	var wait sync.WaitGroup
	for range max(1, min(n.Workers, n.Runs)) {
		wait.Go(func() {
			g, ws := p.replicators()
			line.ahead(4 * len(ws))
			if g == nil {
				for {
					k, state := line.take(true)
					if state == over {
						return
					}
					line.put(k, do(ws[0], k))
				}
			}
			busy := 0
			g.Run(func(lane int) (func(), bool) {
				k, state := line.take(busy == 0)
				switch state {
				case over:
					return nil, false
				case later:
					return nil, true
				}
				busy++
				return func() {
					r := do(ws[lane], k)
					busy--
					line.put(k, r)
				}, true
			})
		})
	}
	wait.Wait()
	if line.failed != nil {
		return line.failed
	}
	if line.next < n.Runs {
		return ctx.Err()
	}
	return nil
}

// leastLanes is how many lanes a back end must have to be worth its calls.
const leastLanes = 4

// replicators are the workspaces of one goroutine: one worker, or one for each lane.
func (p *Plan) replicators() (*jump.Group, []*Worker) {
	b, err := kernel.Choose()
	if err != nil || b.Lanes < leastLanes || !p.pure || stochastic[p.config.Jump] != jump.Methods[0].Name {
		return nil, []*Worker{p.NewWorker()}
	}
	g := jump.NewGroup(b)
	ws := make([]*Worker, g.Lanes())
	for i := range ws {
		ws[i] = p.NewWorker()
		ws[i].jumps = func(n *jump.Network) jump.Simulator { return g.Simulator(i, n) }
	}
	return g, ws
}
