package thymus

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"thymus/bench"
	"thymus/diag"
	"thymus/kernel"
	"thymus/trial"
)

// BenchRequest says what is measured.
type BenchRequest struct {
	Problems []string // of BenchProblems; nil: all
	Backends []string // of this machine; nil: the best
	Workers  []int    // nil: one
	// Rtols are relative tolerances; beyond the first only the first back end and number of
	// workers run, and of peers the best.
	Rtols    []float64
	Patients int    // a round; 0: by problem
	Rounds   int    // 0: 5
	Judged   int    // patients whose error is measured; 0: 20, negative: none
	Method   string // of Methods
	// Peers is a folder of WritePeers, built; "" for none.
	Peers    string
	Progress func(done, total int)
}

// lupusProblem is the library's patient: lupus treated with CAR-T cells, two years.
const lupusProblem = "lupus"

// BenchProblems names what can be measured.
func BenchProblems() []string { return append(bench.Names(), lupusProblem) }

// BenchResult is what was measured, and on what.
type BenchResult struct {
	Info
	Processor string
	Rounds    int
	Judged    int
	Rows      []bench.Row
	Peers     []string // names and versions
	Notes     []string
}

// Bench measures how fast virtual patients are simulated and how well.
func (a *App) Bench(ctx context.Context, r BenchRequest) (*BenchResult, error) {
	bad := func(format string, args ...any) error {
		return diag.Messages{diag.Errorf(diag.Place{}, format, args...)}
	}
	if r.Rounds == 0 {
		r.Rounds = 5
	}
	if r.Judged == 0 {
		r.Judged = 20
	}
	if len(r.Problems) == 0 {
		r.Problems = BenchProblems()
	}
	if len(r.Backends) == 0 {
		b, err := kernel.Choose()
		if err != nil {
			return nil, bad("%v", err)
		}
		r.Backends = []string{b.Name}
	}
	if len(r.Workers) == 0 {
		r.Workers = []int{1}
	}
	if len(r.Rtols) == 0 {
		r.Rtols = []float64{1e-6}
	}
	for _, p := range r.Problems {
		if !slices.Contains(BenchProblems(), p) {
			return nil, bad("there is no problem %q; there are %s", p, strings.Join(BenchProblems(), ", "))
		}
	}
	for _, b := range r.Backends {
		if _, err := kernel.BackendNamed(b); err != nil {
			return nil, bad("%v", err)
		}
	}
	for _, w := range r.Workers {
		if w < 1 {
			return nil, bad("%d workers: expected 1 or more", w)
		}
	}
	for _, x := range r.Rtols {
		if !(x >= 1e-14 && x <= 0.1) {
			return nil, bad("relative tolerance %g: expected 1e-14 to 0.1", x)
		}
	}
	if r.Rounds < 0 || r.Patients < 0 {
		return nil, bad("rounds and patients must not be negative")
	}
	out := &BenchResult{Info: VersionInfo(), Processor: bench.Processor(), Rounds: r.Rounds, Judged: r.Judged}
	if !bench.HasProcessorTime {
		out.Notes = append(out.Notes, "processor time is not known on this system: figures a core are by the clock on the wall")
	}
	var problems []bench.Problem
	for _, id := range r.Problems {
		if id != lupusProblem {
			p, err := bench.Find(id)
			if err != nil {
				return nil, err
			}
			problems = append(problems, p)
		}
	}
	var peers []*bench.Peer
	if r.Peers != "" {
		var missing []string
		var err error
		if peers, missing, err = bench.FindPeers(ctx, r.Peers, problems); err != nil {
			return nil, bad("%v", err)
		}
		for _, m := range missing {
			out.Notes = append(out.Notes, "peer not found: "+m)
		}
	}
	var list []bench.Contestant
	for _, id := range r.Problems {
		var more []bench.Contestant
		var err error
		if id == lupusProblem {
			more, err = a.benchLupus(r)
		} else {
			more, err = benchProblem(ctx, id, r, peers)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	var err error
	if out.Rows, err = bench.Measure(ctx, list, r.Rounds, r.Progress); err != nil {
		return nil, err
	}
	for _, x := range peers {
		name := map[string]string{"cvode": "CVODE (SUNDIALS) ", "lsoda": "LSODA, ", "desolve": "deSolve (LSODA in R) "}[x.Name] + x.Version
		if x.Version != "" && !slices.Contains(out.Peers, name) {
			out.Peers = append(out.Peers, name)
		}
	}
	return out, nil
}

// benchProblem makes the contestants of a problem and measures their errors.
func benchProblem(ctx context.Context, id string, r BenchRequest, peers []*bench.Peer) ([]bench.Contestant, error) {
	p, err := bench.Find(id)
	if err != nil {
		return nil, err
	}
	var reference *bench.States
	if r.Judged > 0 {
		if reference, err = p.Reference(ctx, r.Judged, bench.Settings{}); err != nil {
			return nil, fmt.Errorf("the reference of %s: %w", id, err)
		}
	}
	patients := r.Patients
	if patients == 0 {
		patients = bench.DefaultPatients[id]
	}
	var list []bench.Contestant
	for i, rtol := range r.Rtols {
		backends, workers := r.Backends, r.Workers
		if i > 0 {
			backends, workers = backends[:1], workers[:1]
		}
		for _, backend := range backends {
			s := bench.Settings{Rtol: rtol, Backend: backend, Method: r.Method}
			plan, err := p.Plan(s)
			if err != nil {
				return nil, err
			}
			worst := math.NaN()
			if reference != nil {
				y, _, err := plan.Keep(ctx, r.Judged)
				if err != nil {
					return nil, err
				}
				worst, _ = p.MaxError(y, reference)
			}
			n := patients
			if r.Patients == 0 && (backend == "wasm" || backend == "interpreter") {
				n /= slowShare
			}
			for _, w := range workers {
				c := plan.Contestant(s, n, w)
				c.Row.MaxError = worst
				list = append(list, c)
			}
		}
		more, err := benchPeers(ctx, p, bench.Settings{Rtol: rtol}, r, peers, reference, i > 0)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// slowShare divides the patients of a round for peers and for back ends without the
// processor's own vectors, which are slower.
const slowShare = 8

// benchPeers makes the contestants that peers are and measures their errors.
func benchPeers(ctx context.Context, p bench.Problem, s bench.Settings, r BenchRequest, peers []*bench.Peer, reference *bench.States, again bool) ([]bench.Contestant, error) {
	if len(peers) == 0 {
		return nil, nil
	}
	plan, err := p.Plan(s)
	if err != nil {
		return nil, err
	}
	n := r.Patients
	if n == 0 {
		n = bench.DefaultPatients[p.ID] / slowShare
	}
	var list []bench.Contestant
	for _, x := range peers {
		if again && (x.How == "dense" || !x.Timed) {
			continue // at the first tolerance only
		}
		c := x.Contestant(plan, s, n)
		if reference != nil {
			y, w, err := x.Solve(ctx, plan, r.Judged, s, true)
			if err != nil {
				return nil, err
			}
			c.Row.MaxError, _ = p.MaxError(y, reference)
			c.Row.Failed = w.Failed
			c.Row.Steps, c.Row.RHS = float64(w.Stats.Accepted)/float64(w.Patients), float64(w.Stats.Derivs)/float64(w.Patients)
		}
		if c.Run == nil {
			c.Row.Patients = r.Judged
			c.Row.PerSecond, c.Row.Wall, c.Row.Rejected = math.NaN(), math.NaN(), math.NaN()
		}
		if c.Run != nil || reference != nil {
			list = append(list, c)
		}
	}
	return list, nil
}

// WritePeers writes what other programs need to solve the problems (nil: all that have
// peers) for n patients (0: as many as a round may need).
func (a *App) WritePeers(dir string, problems []string, n int) error {
	if n == 0 {
		n = 2000
	}
	if len(problems) == 0 {
		problems = bench.Names()
	}
	var list []bench.Problem
	for _, id := range problems {
		p, err := bench.Find(id)
		if err != nil {
			return diag.Messages{diag.Errorf(diag.Place{}, "%v", err)}
		}
		list = append(list, p)
	}
	return bench.WritePeers(dir, list, n)
}

// benchLupus makes the contestants that run the library's trial of CAR-T cells in lupus:
// every patient in the CAR-T arm, followed for two years, enrolment included.
func (a *App) benchLupus(r BenchRequest) ([]bench.Contestant, error) {
	const patients, years = 40, 2
	n := r.Patients
	if n == 0 {
		n = patients
	}
	var list []bench.Contestant
	for _, rtol := range r.Rtols[:1] {
		for _, backend := range r.Backends {
			began := time.Now()
			src, ms := a.trialSource("lupus-car-t")
			if ms.HasErrors() {
				return nil, ms
			}
			p, ms := a.prepareBy(src, nil, RunRequest{Patients: n, Until: years * 365}, func(s *trial.Spec) {
				s.Solver = trial.Solver{Rtol: rtol, Method: r.Method, Backend: backend}
				s.Allocation = map[string]int{"car_t": 1}
			})
			if ms.HasErrors() {
				return nil, ms
			}
			how, err := backendOf(p)
			if err != nil {
				return nil, err
			}
			startup := time.Since(began)
			for _, w := range r.Workers {
				list = append(list, bench.Contestant{
					Row: bench.Row{Problem: lupusProblem, Solver: "thymus", How: how, Workers: w, Rtol: rtol, Patients: n, MaxError: math.NaN(), Startup: startup.Seconds() * 1e3},
					Run: func(ctx context.Context) (bench.Work, error) {
						return bench.Time(func() (bench.Work, error) {
							work := bench.Work{Patients: n}
							err := p.Run(ctx, trial.RunOptions{Workers: w, Keep: func(_ int, t trial.Tables) error {
								steps, _ := t.Patients.Ints("steps")
								status, _ := t.Patients.Strings("status")
								for i := range steps {
									work.Stats.Accepted += int(steps[i])
									if status[i] == "failed" {
										work.Failed++
									}
								}
								return nil
							}})
							return work, err
						})
					}})
			}
		}
	}
	return list, nil
}
