package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"thymus/table"
)

// Contestant is one way to solve the patients of one problem.
type Contestant struct {
	Row Row                                     // what is known before it runs
	Run func(ctx context.Context) (Work, error) // solves Row.Patients patients; nil: is not timed
}

// Row is what was measured of a contestant. Numbers that it does not give are NaN.
type Row struct {
	Problem  string
	Solver   string  // "thymus", or a peer
	How      string  // back end, linear solver
	Workers  int     // goroutines that solve
	Rtol     float64 // relative tolerance
	Patients int
	Failed   int

	PerSecond float64 // patients a second of processor time, median of the rounds
	Wall      float64 // patients a second by the clock on the wall, median
	Steps     float64 // accepted, a patient
	Rejected  float64
	RHS       float64 // evaluations of the right-hand side, a patient
	MaxError  float64 // see Problem.MaxError
	Startup   float64 // from the model's text until the first step [ms]
}

// DefaultPatients is how many patients of a problem make a round, so that it takes about
// a second or less.
var DefaultPatients = map[string]int{"pkpd": 2000, "cart": 2000, "qsp": 200, "egfr": 400}

// Contestant makes a row of a plan that solves its first n patients.
func (p *Plan) Contestant(s Settings, n, workers int) Contestant {
	rtol := s.Rtol
	if rtol == 0 {
		rtol = 1e-6
	}
	return Contestant{
		Row: Row{Problem: p.Problem.ID, Solver: "thymus", How: p.Backend, Workers: workers, Rtol: rtol, Patients: n, MaxError: math.NaN(), Startup: milliseconds(p.Startup)},
		Run: func(ctx context.Context) (Work, error) { return p.Run(ctx, n, workers, nil) },
	}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

// Measure lets the contestants run one after the other, as many rounds as asked, and
// writes medians into their rows. Progress may be nil.
func Measure(ctx context.Context, list []Contestant, rounds int, progress func(done, total int)) ([]Row, error) {
	cpu, wall := make([][]float64, len(list)), make([][]float64, len(list))
	rows := make([]Row, len(list))
	for i, c := range list {
		rows[i] = c.Row
	}
	for round := range rounds {
		for i, c := range list {
			if c.Run == nil {
				continue
			}
			w, err := c.Run(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", c.Row.Problem, c.Row.Solver, err)
			}
			if w.Failed > 0 && round == 0 && w.Failed == w.Patients {
				return nil, fmt.Errorf("%s of %s: every patient failed: %s", c.Row.Problem, c.Row.Solver, w.Cause)
			}
			n := float64(w.Patients)
			cpu[i] = append(cpu[i], n/w.CPU.Seconds())
			wall[i] = append(wall[i], n/w.Wall.Seconds())
			rows[i].Failed = w.Failed
			rows[i].Steps, rows[i].Rejected, rows[i].RHS = float64(w.Stats.Accepted)/n, float64(w.Stats.Rejected)/n, float64(w.Stats.Derivs)/n
			if w.Stats.Derivs == 0 {
				rows[i].Rejected, rows[i].RHS = math.NaN(), math.NaN() // not counted
			}
			if w.Stats.Accepted < 0 {
				rows[i].Steps = math.NaN()
			}
			if w.Stats.Rejected < 0 {
				rows[i].Rejected = math.NaN()
			}
			if progress != nil {
				progress(round*len(list)+i+1, rounds*len(list))
			}
		}
	}
	for i := range rows {
		if list[i].Run == nil {
			continue
		}
		rows[i].PerSecond, rows[i].Wall = median(cpu[i]), median(wall[i])
	}
	return rows, nil
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// Table is rows as a table.
func Table(rows []Row) *table.Table {
	t := &table.Table{Name: "bench"}
	text := func(name string, of func(Row) string) {
		var v []string
		for _, r := range rows {
			v = append(v, of(r))
		}
		t.Append(table.Strings(name, v))
	}
	number := func(name, unit string, of func(Row) float64) {
		var v []float64
		for _, r := range rows {
			v = append(v, of(r))
		}
		t.Append(table.Floats(name, unit, v))
	}
	whole := func(name string, of func(Row) int) {
		var v []int64
		for _, r := range rows {
			v = append(v, int64(of(r)))
		}
		t.Append(table.Ints(name, "", v))
	}
	text("problem", func(r Row) string { return r.Problem })
	text("solver", func(r Row) string { return r.Solver })
	text("how", func(r Row) string { return r.How })
	whole("workers", func(r Row) int { return r.Workers })
	number("rtol", "", func(r Row) float64 { return r.Rtol })
	whole("patients", func(r Row) int { return r.Patients })
	whole("failed", func(r Row) int { return r.Failed })
	number("patients_per_second_per_core", "1/s", func(r Row) float64 { return r.PerSecond })
	number("patients_per_second", "1/s", func(r Row) float64 { return r.Wall })
	number("steps", "", func(r Row) float64 { return r.Steps })
	number("rejected", "", func(r Row) float64 { return r.Rejected })
	number("right_hand_sides", "", func(r Row) float64 { return r.RHS })
	number("max_error", "", func(r Row) float64 { return r.MaxError })
	number("startup", "ms", func(r Row) float64 { return r.Startup })
	return t
}
