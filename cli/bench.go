package cli

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"thymus"
	"thymus/bench"
)

func (f *face) bench() *cobra.Command {
	var r thymus.BenchRequest
	var out string
	var judged int
	var write, page string
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast virtual patients are simulated, and how well",
		Long: `Bench solves four problems (pkpd: 4 states, cart: 15, qsp: 50, egfr: 93) for many virtual
patients, and the library's lupus patient treated with CAR-T cells for two years, and
prints for each: patients a second and core (processor time of the whole process, median
of the rounds), patients a second by the clock on the wall, accepted and rejected steps and
right-hand sides a patient, the largest error, and the time from the model's text until the
first step.

Every state is recorded at every output. The error is |y-r|/(|r| + 1e-3 max|r| + 100 atol)
against thymus's own solution at rtol 1e-12, the largest of all states, outputs (but those
at a dose) and judged patients. The lupus patients are those of the library's trial, with
their enrolment; where clones die out by chance there is no reference.

--write-peers DIR writes what CVODE, LSODA (SciPy) and R's deSolve need to solve the very same
patients: the compiled models in C with analytic sparse Jacobians, the patients, small programs
and build.sh. --peers DIR then measures those that are built, in turn with thymus, by processor
time and with the same error, and says which are not there; LSODA is called through Python and
only its error is told.`,
		Example: `  thymus bench
  thymus bench --problems qsp --patients 100 --rounds 3
  thymus bench --backends avx512,avx2,interpreter --problems cart,qsp
  thymus bench --workers 1,2 --judged 0
  thymus bench --write-peers peers && sh peers/build.sh && thymus bench --peers peers
  thymus bench --rtol 1e-6,1e-4,1e-5,1e-7,1e-8,1e-9 --page performance.md --out work.csv`,
		Args: args(0, 0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			if judged < 0 || r.Rounds < 1 {
				return usageError{fmt.Errorf("--rounds must be 1 or more, and --judged 0 or more")}
			}
			if r.Judged = judged; judged == 0 {
				r.Judged = -1
			}
			if out != "" {
				if err := thymus.CanWrite(out); err != nil {
					return usageError{fmt.Errorf("--out %s: %w", out, err)}
				}
			}
			app, err := f.app()
			if err != nil {
				return err
			}
			if page != "" {
				if err := thymus.CanWritePage(page); err != nil {
					return usageError{fmt.Errorf("--page %s: %w", page, err)}
				}
			}
			if write != "" {
				if err := app.WritePeers(write, r.Problems, r.Patients); err != nil {
					return err
				}
				fmt.Fprintf(f.err, "wrote models, patients and build.sh into %s; build them, then: thymus bench --peers %s\n", write, write)
				return nil
			}
			bar := newProgress(f.err, "runs")
			r.Progress = bar.update
			result, err := app.Bench(c.Context(), r)
			bar.done(err == nil)
			if err != nil {
				return err
			}
			if out != "" {
				if err := thymus.WriteTable(out, bench.Table(result.Rows)); err != nil {
					return err
				}
			}
			if page != "" {
				command := []string{"thymus", "bench"}
				for _, name := range []string{"problems", "backends", "workers", "rtol", "patients", "rounds", "judged", "method", "peers", "page"} {
					if x := c.Flags().Lookup(name); x.Changed {
						value := strings.Trim(x.Value.String(), "[]")
						if name == "rtol" { // written with six decimals otherwise
							value = strings.Join(strings.Fields(strings.Trim(fmt.Sprint(r.Rtols), "[]")), ",")
						}
						if filepath.IsAbs(value) { // a page is read on other machines
							value = filepath.Base(value)
						}
						command = append(command, "--"+name, value)
					}
				}
				if err := result.WritePage(page, strings.Join(command, " ")); err != nil {
					return err
				}
			}
			return f.print(benchJSON(result), func(w io.Writer) { benchText(w, result) })
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&r.Problems, "problems", nil, "only these: "+strings.Join(thymus.BenchProblems(), ", "))
	fl.StringSliceVar(&r.Backends, "backends", nil, "back ends of this machine: avx512, avx2, wasm, interpreter (default: the best)")
	fl.IntSliceVar(&r.Workers, "workers", []int{1}, "numbers of workers, each a row")
	fl.Float64SliceVar(&r.Rtols, "rtol", []float64{1e-6}, "relative tolerances; the absolute one goes along. Beyond the first only the first back end, number of workers and peer run")
	fl.IntVar(&r.Patients, "patients", 0, "patients a round (default: by problem, a second's work or less)")
	fl.IntVar(&r.Rounds, "rounds", 5, "rounds, of which medians are taken; every round runs every row once")
	fl.IntVar(&judged, "judged", 20, "patients whose error is measured; 0 for no errors")
	fl.StringVar(&r.Method, "method", "", "integration method: "+strings.Join(thymus.Methods(), ", ")+" (default "+thymus.Methods()[0]+")")
	fl.StringVar(&r.Peers, "peers", "", "folder that --write-peers made and build.sh built: measure other programs in the same rounds")
	fl.StringVar(&write, "write-peers", "", "write the models in C, the patients and the peers' programs into a folder, and stop")
	fl.StringVar(&page, "page", "", "also write a page of Markdown, with work-precision plots beside it when there are several tolerances")
	fl.StringVar(&out, "out", "", "also write the rows to a file ending in .csv or .parquet")
	return c
}

func benchText(w io.Writer, r *thymus.BenchResult) {
	fmt.Fprintf(w, "thymus %s, %s, %s, %s; median of %d\n\n", r.Version, r.Go, r.Platform, r.Processor, r.Rounds)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "problem\tsolver\thow\tworkers\trtol\tpatients\t/s/core\t/s\tsteps\trejected\trhs\tmax error\tstart [ms]\t")
	for _, x := range r.Rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%g\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", x.Problem, x.Solver, x.How, x.Workers, x.Rtol, x.Patients,
			thymus.BenchFigure(x.PerSecond), thymus.BenchFigure(x.Wall), thymus.BenchFigure(x.Steps), thymus.BenchFigure(x.Rejected), thymus.BenchFigure(x.RHS), thymus.BenchFigure(x.MaxError), thymus.BenchFigure(x.Startup))
	}
	t.Flush()
	for _, x := range r.Rows {
		if x.Failed > 0 {
			fmt.Fprintf(w, "%s, %s: %d of %d patients failed\n", x.Problem, x.Solver, x.Failed, x.Patients)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintln(w, n)
	}
}

func benchJSON(r *thymus.BenchResult) map[string]any {
	var rows []map[string]any
	known := func(v float64) any {
		if v != v || math.IsInf(v, 0) {
			return nil
		}
		return v
	}
	for _, x := range r.Rows {
		rows = append(rows, map[string]any{"problem": x.Problem, "solver": x.Solver, "how": x.How, "workers": x.Workers, "rtol": x.Rtol, "patients": x.Patients, "failed": x.Failed,
			"patientsPerSecondPerCore": known(x.PerSecond), "patientsPerSecond": known(x.Wall), "steps": known(x.Steps), "rejected": known(x.Rejected),
			"rightHandSides": known(x.RHS), "maxError": known(x.MaxError), "startupMilliseconds": known(x.Startup)})
	}
	return map[string]any{"version": r.Version, "go": r.Go, "platform": r.Platform, "processor": r.Processor, "rounds": r.Rounds, "judged": max(0, r.Judged), "rows": rows, "peers": r.Peers, "notes": r.Notes}
}
