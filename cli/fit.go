package cli

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"thymus"
	"thymus/diag"
	"thymus/fit"
)

func (f *face) fit() *cobra.Command {
	var r thymus.FitRequest
	var budget string
	var apply bool
	c := &cobra.Command{
		Use:   "fit NAME",
		Short: "Calibrate parameters to published figures, and say what they do not determine",
		Long: `Fit reads a fit of the library: trials, published figures of use calibration, and
parameters with priors. It searches for the values at which the trials predict those figures
best (CMA-ES, then damped Gauss-Newton steps, each evaluation with the same draws), follows
a profile of every parameter, and writes a record. A row of use validation is refused. The
same fit, seed and number of evaluations give the same record with any number of workers.

What a run has evaluated is kept beside the record, in NAME.evaluations.tsv, with the best
point so far in NAME.unfinished.record.yaml, until the record is finished. After an
interruption --resume goes on from there and comes to the record that the run would have
written.

--apply runs nothing: it writes the values of the record into the parameter tables of the
folder given by --library, with the source "fit: NAME".`,
		Example: `  thymus fit hepatitis-b-vaccine
  thymus fit lupus-il2 --patients 60 --budget 5m --out lupus.record.yaml
  thymus fit lupus-il2 --resume --out lupus.record.yaml
  thymus --library mine fit lupus-il2 --apply`,
		Args: args(1, 1, "one fit"),
		RunE: func(c *cobra.Command, a []string) error {
			if err := atLeastOne(c, "patients", "workers"); err != nil {
				return err
			}
			r.Fit = a[0]
			r.SeedSet = c.Flags().Changed("seed")
			app, err := f.app()
			if err != nil {
				return err
			}
			for _, name := range []string{"patients", "budget", "seed"} {
				if r.Resume && c.Flags().Changed(name) {
					return usageError{fmt.Errorf("fit: --resume goes on as the run began; leave out --%s", name)}
				}
			}
			if apply {
				for _, name := range []string{"patients", "workers", "budget", "seed", "resume"} {
					if c.Flags().Changed(name) {
						return usageError{fmt.Errorf("fit: --apply takes the record as it is; leave out --%s", name)}
					}
				}
				files, err := app.ApplyFit(r.Fit, r.Out)
				if err != nil {
					return err
				}
				return f.print(files, func(w io.Writer) {
					for _, file := range files {
						fmt.Fprintln(w, "changed", file)
					}
				})
			}
			began := time.Now()
			if budget != "" {
				n, err := strconv.Atoi(budget)
				d, notTime := time.ParseDuration(budget)
				switch {
				case err == nil && n >= 1:
					r.Evaluations = n
				case err != nil && notTime == nil && d > 0:
					r.Limit = func() int { return int(d.Seconds() / math.Max(time.Since(began).Seconds(), 1e-3)) }
				default:
					return usageError{fmt.Errorf("fit: --budget %s: expected a number of evaluations, or a time such as 8m", budget)}
				}
			}
			bar := newProgress(f.err, "evaluations")
			told := math.Inf(1)
			r.Progress = func(done, of int, best float64) {
				if r.Limit != nil && done == 1 {
					return // the budget is not known yet
				}
				if !terminal(f.err) && best < told*0.9 {
					fmt.Fprintf(f.err, "evaluation %d: sum of squares %.4g\n", done, best)
					told = best
				}
				bar.update(min(done, of), of)
			}
			r.Warn = func(warnings diag.Messages, evaluations int) {
				f.messages(warnings)
				if r.Resume {
					fmt.Fprintf(f.err, "%d evaluations are known\n", evaluations)
				}
			}
			s, err := app.Fit(c.Context(), r)
			bar.done(err == nil)
			if err != nil {
				return err
			}
			fmt.Fprintf(f.err, "%.1f s\n", time.Since(began).Seconds())
			err = f.print(s.Record, func(w io.Writer) { fitText(w, s) })
			if err == nil && s.Record.FailedPatients > 0 {
				return errFindings
			}
			return err
		},
	}
	fl := c.Flags()
	fl.IntVar(&r.Patients, "patients", 0, "virtual patients of each trial in one evaluation (default: as the fit says)")
	fl.IntVar(&r.Workers, "workers", 0, "patients computed at once (default: the number of processors)")
	fl.StringVar(&budget, "budget", "", "evaluations of the search, or a time such as 8m; the profiles take about ten evaluations a parameter more")
	fl.Uint64Var(&r.Seed, "seed", 0, "seed of all draws (default: the fit's own)")
	fl.StringVar(&r.Out, "out", "", "file of the record (default: fits/NAME.record.yaml in the folder of --library, else in results)")
	fl.BoolVar(&r.Resume, "resume", false, "go on with an interrupted run, with its patients, evaluations and seed")
	fl.BoolVar(&apply, "apply", false, "write the record's values into the parameter tables and populations of the folder of --library")
	return c
}

func fitText(w io.Writer, s *thymus.FitSummary) {
	r := s.Record
	fmt.Fprintf(w, "%s\n%d evaluations of %d patients in each of %d trials; sum of squares %.4g before, %.4g after (data %.4g, %.4g)\n\n", r.Command, r.Evaluations, r.Patients, len(r.Trials), r.CostBefore, r.CostAfter, r.DataBefore, r.DataAfter)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PARAMETER\tBEFORE\tAFTER\t95 % INTERVAL\tUNIT\tTOLD BY DATA\tVERDICT")
	for _, p := range r.Parameters {
		fmt.Fprintf(t, "%s\t%.4g\t%.4g\t%.3g to %.3g\t%s\t%.0f %%\t%s\n", p.Name(), p.Before, p.After, p.Lo, p.Hi, p.Unit, 100*p.Told(), p.Verdict)
	}
	t.Flush()
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROW\tTRIAL\tENDPOINT\tARM\tWHAT\tPUBLISHED\tBEFORE\tAFTER\tRESIDUAL BEFORE\tAFTER")
	for _, c := range r.Rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%.4g\t%.4g\t%.4g\t%.2f\t%.2f\n", c.Row, c.Trial, c.Endpoint, c.Arm, c.What, c.Published, c.Before, c.After, c.ResidualBefore, c.ResidualAfter)
	}
	t.Flush()
	if len(r.Directions) > 0 {
		fmt.Fprintln(w, "\nWhat the data tell least:")
		for _, d := range r.Directions {
			fmt.Fprintln(w, " ", d)
		}
	}
	for _, p := range r.Parameters {
		if p.Verdict == fit.NotDetermined {
			fmt.Fprintf(w, "\n%s stays where its prior has it; more or other figures would be needed.", p.Name())
		}
	}
	fmt.Fprintf(w, "\n\nrecord: %s\nto use the values: thymus --library DIR fit %s --apply\n%s\n", s.File, r.ID, thymus.Disclaimer)
}
