package cli

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/guptarohit/asciigraph"
	"github.com/spf13/cobra"

	"thymus"
	"thymus/sim"
	"thymus/table"
)

func (f *face) simulate() *cobra.Command {
	var r thymus.SimulateRequest
	var amounts, concentrations, selected, set, discrete []string
	var out, plot string
	records := thymus.RecordsRequest{Workers: runtime.NumCPU()}
	var numbers bool
	c := &cobra.Command{
		Use:   "simulate MODEL",
		Short: "Simulate a model file over time",
		Long: `Simulate reads a model file (SBML, Antimony or a COMBINE archive), or takes a module
of the library by name, integrates it and writes a table with a column "time" and one
column an id, in the order asked for. --select reports what the model means by an id: a concentration unless
the species is declared by amount; --amounts and --concentrations say which.

The stochastic methods let reactions fire one at a time, their rates taken as
propensities in amounts: ssa (Gillespie's direct method), nrm (next reaction), rejection
(composition and rejection, for large networks), tau (adaptive leaps; approximate) and
hybrid (species are discrete only while they are few). --runs N writes means and
standard deviations; run k depends on the seed and k alone.

` + dosesHelp,
		Example: `  thymus simulate model.ant --end 100 --steps 200 --out trajectory.csv
  thymus simulate model.ant --end 10 --select S1,S2 --plot curves.svg
  thymus simulate model.ant --set k1=0.3 --set S1=10 --doses doses.csv
  thymus simulate model.xml --method ssa --runs 10000 --seed 1
  thymus simulate model.ant --compartments
  thymus simulate model.ant --doses nonmem.csv --select CP --observations --out out.csv`,
		Args: args(1, 1, "one model"),
		RunE: func(c *cobra.Command, a []string) error {
			r.Model = a[0]
			r.Amounts, r.Concentrations, r.Select = amounts, concentrations, selected
			for _, s := range set {
				id, text, ok := strings.Cut(s, "=")
				v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
				if !ok || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
					return usageError{fmt.Errorf("--set %q: expected id=value with a finite number, as in --set k1=0.3", s)}
				}
				r.Set = append(r.Set, sim.Setting{ID: strings.TrimSpace(id), Value: v})
			}
			for _, s := range discrete {
				id, text, _ := strings.Cut(s, "=")
				d := sim.Discrete{ID: strings.TrimSpace(id), Below: 1000}
				if text != "" {
					var err error
					if d.Below, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil {
						return usageError{fmt.Errorf("--discrete %q: expected an id, or id=number below which it is discrete", s)}
					}
				}
				r.Discrete = append(r.Discrete, d)
			}
			for _, p := range []struct{ flag, path string }{{"--out", out}, {"--plot", plot}} {
				if p.path == "" {
					continue
				}
				if err := thymus.CanWrite(p.path); err != nil {
					return usageError{fmt.Errorf("%s %s: %w", p.flag, p.path, err)}
				}
			}
			app, err := f.app()
			if err != nil {
				return err
			}
			if numbers {
				list, err := app.Compartments(r.Model)
				if err != nil {
					return err
				}
				return f.print(list, func(w io.Writer) { compartmentsText(w, list) })
			}
			if len(r.Sensitivities) > 0 && (r.Doses != "" && thymus.IsDoseRecords(r.Doses)) {
				return usageError{fmt.Errorf("--sensitivities takes a table time,target,amount[,duration], not NONMEM's")}
			}
			isRecords := r.Doses != "" && thymus.IsDoseRecords(r.Doses)
			if isRecords && (r.Runs > 1 || sim.IsStochastic(r.Method)) {
				return usageError{fmt.Errorf("a NONMEM table is simulated deterministically: leave out --runs and --method %s", r.Method)}
			}
			for _, name := range []string{"observations", "locf"} {
				if c.Flags().Changed(name) && !isRecords {
					return usageError{fmt.Errorf("--%s needs a NONMEM table (--doses)", name)}
				}
			}
			if isRecords {
				records.SimulateRequest = r
				records.Grid = c.Flags().Changed("start") || c.Flags().Changed("end") || c.Flags().Changed("steps")
				return f.doseRecords(c.Context(), app, records, out, plot)
			}
			r.Workers = records.Workers
			res, err := app.Simulate(r)
			if res == nil {
				return err
			}
			f.messages(res.Warnings)
			if werr := f.trajectory(res, out, plot); werr != nil {
				return werr
			}
			return err
		},
	}
	fl := c.Flags()
	fl.Float64Var(&r.Start, "start", 0, "time of the first row")
	fl.Float64Var(&r.End, "end", 10, "time of the last row")
	fl.IntVar(&r.Steps, "steps", 100, "number of intervals between rows")
	fl.StringSliceVar(&amounts, "amounts", nil, "ids reported as amounts, separated by commas")
	fl.StringSliceVar(&concentrations, "concentrations", nil, "ids reported as concentrations")
	fl.StringSliceVar(&selected, "select", nil, "ids reported as the model means them (default: all species)")
	fl.StringSliceVar(&r.Sensitivities, "sensitivities", nil, "constants and initial values k: a column d(X)/d(k) is added for every column X")
	fl.StringArrayVar(&set, "set", nil, "id=value: change a constant or an initial value (repeatable)")
	fl.StringVar(&r.Doses, "doses", "", "table of doses: time,target,amount[,duration], or NONMEM's ID,TIME,EVID,AMT,CMT,RATE,II,ADDL,SS,MDV")
	fl.BoolVar(&numbers, "compartments", false, "print the numbers that CMT gives to what can be dosed, and stop")
	fl.BoolVar(&records.Observations, "observations", false, "NONMEM tables: rows only for records with EVID 0 and MDV 0")
	fl.BoolVar(&records.Forward, "locf", false, "NONMEM tables: values of a record hold from it on; by default, as in NONMEM, over the interval that ends at it")
	fl.IntVar(&records.Workers, "workers", records.Workers, "runs, or individuals of a NONMEM table, simulated at a time (changes no result)")
	fl.StringVar(&r.Method, "method", "", "integration method: "+strings.Join(thymus.Methods(), ", ")+" (default "+thymus.Methods()[0]+"); or a stochastic one: "+strings.Join(thymus.StochasticMethods(), ", "))
	fl.IntVar(&r.Runs, "runs", 1, "number of runs; more than 1 writes means and standard deviations")
	fl.StringSliceVar(&discrete, "discrete", nil, "hybrid method: species that are whole numbers below 1000, or id=number")
	fl.Uint64Var(&r.Seed, "seed", 0, "of what is random: reactions, draws, the order of simultaneous events")
	fl.Float64Var(&r.Rtol, "rtol", 0, "relative tolerance (default 1e-8)")
	fl.Float64Var(&r.Atol, "atol", 0, "absolute tolerance (default 1e-12)")
	fl.StringVar(&out, "out", "", "write the table to a file ending in .csv or .parquet")
	fl.StringVar(&plot, "plot", "", "write a plot to a file ending in .svg or .png")
	return c
}

// trajectory writes the table where it was asked for; without --out to the output, as
// CSV when it is not a terminal and as a small plot when it is.
func (f *face) trajectory(res *thymus.SimulateResult, out, plot string) error {
	if plot != "" {
		if err := thymus.WritePlot(plot, res); err != nil {
			return err
		}
	}
	if out != "" {
		if err := thymus.WriteTable(out, res.Table); err != nil {
			return err
		}
	}
	switch {
	case f.json:
		return f.print(jsonTable(res), nil)
	case out == "" && plot == "" && !terminal(f.out):
		return res.Table.WriteCSV(f.out)
	case terminal(f.out):
		f.sketch(f.out, res.Table)
	}
	switch {
	case res.Runs > 1:
		fmt.Fprintf(f.err, "%s: %d rows, %d runs, %d reactions", filepath.Base(res.Model), len(res.Table.Columns[0].F), res.Runs, res.Firings)
	case res.Firings > 0:
		fmt.Fprintf(f.err, "%s: %d rows, %d reactions", filepath.Base(res.Model), len(res.Table.Columns[0].F), res.Firings)
	default:
		fmt.Fprintf(f.err, "%s: %d rows, %d steps", filepath.Base(res.Model), len(res.Table.Columns[0].F), res.Stats.Accepted)
	}
	if n := res.Stats.Explicit; n > 0 {
		fmt.Fprintf(f.err, ", %d of them by tsit5", n)
	}
	if res.Backend != "" {
		fmt.Fprintf(f.err, ", by %s", res.Backend)
	}
	if res.Retry != "" {
		fmt.Fprintf(f.err, ", after a failure by %s", res.Retry)
	}
	if len(res.Path) > 0 {
		fmt.Fprintf(f.err, ", general path (%s)", strings.Join(res.Path, ", "))
	}
	for _, p := range []string{out, plot} {
		if p != "" {
			fmt.Fprintf(f.err, ", wrote %s", p)
		}
	}
	fmt.Fprintln(f.err)
	return nil
}

// sketch draws the columns into the terminal.
func (f *face) sketch(w io.Writer, t *table.Table) {
	var series [][]float64
	var names []string
	for _, c := range t.Columns[1:] {
		if len(series) == 6 {
			break
		}
		ok := len(c.F) > 1
		for _, v := range c.F {
			ok = ok && !math.IsNaN(v) && !math.IsInf(v, 0)
		}
		if ok {
			series = append(series, c.F)
			names = append(names, c.Name)
		}
	}
	if len(series) == 0 {
		return
	}
	opts := []asciigraph.Option{asciigraph.Height(14), asciigraph.Width(max(20, width(w)-16)), asciigraph.SeriesLegends(names...)}
	if os.Getenv("NO_COLOR") == "" {
		opts = append(opts, asciigraph.SeriesColors(asciigraph.Blue, asciigraph.Orange, asciigraph.Green, asciigraph.Red, asciigraph.Purple, asciigraph.Gray))
	}
	fmt.Fprintln(w, asciigraph.PlotMany(series, opts...))
}

func jsonTable(res *thymus.SimulateResult) map[string]any {
	columns := make([]map[string]any, len(res.Table.Columns))
	for i, c := range res.Table.Columns {
		values := make([]any, len(c.F))
		for k, v := range c.F {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				values[k] = fmt.Sprint(v)
			} else {
				values[k] = v
			}
		}
		columns[i] = map[string]any{"id": c.Name, "unit": c.Unit, "values": values}
	}
	return map[string]any{"model": res.Model, "method": res.Method, "steps": res.Stats.Accepted, "retry": res.Retry, "columns": columns, "disclaimer": thymus.Disclaimer}
}
