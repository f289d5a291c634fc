package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"thymus"
	"thymus/report"
	"thymus/trial"
)

func (f *face) run() *cobra.Command {
	var r thymus.RunRequest
	discrete := true
	var kept int
	c := &cobra.Command{
		Use:   "run TRIAL|FILE.yaml",
		Short: "Run a virtual trial and write its tables and report",
		Long: `Run takes a trial by name from the library, or a trial file, enrols virtual patients,
randomises and treats them, and writes a folder with Parquet tables, a manifest,
summary.csv and report.html. The same trial, seed and version give the same bytes, with
any number of workers, also after an interruption and --resume.`,
		Example: `  thymus run lupus-car-t
  thymus run vasculitis-il2 --patients 200 --out results/vasculitis
  thymus run --resume results/vasculitis`,
		Args: args(0, 1, "one trial"),
		RunE: func(c *cobra.Command, a []string) error {
			switch {
			case len(a) == 1 && r.Resume != "":
				return usageError{fmt.Errorf("run: give a trial or --resume, not both")}
			case len(a) == 0 && r.Resume == "":
				return usageError{fmt.Errorf("run: name a trial (see: thymus list trials) or give --resume DIR")}
			case len(a) == 1:
				r.Trial = a[0]
			}
			if err := atLeastOne(c, "patients", "workers"); err != nil {
				return err
			}
			r.SeedSet = c.Flags().Changed("seed")
			r.Continuous = !discrete
			if c.Flags().Changed("trajectories") {
				r.Trajectories = &kept
			}
			if r.Resume != "" {
				for _, name := range []string{"patients", "seed", "until", "trajectories", "discrete", "out"} {
					if c.Flags().Changed(name) {
						return usageError{fmt.Errorf("run: an interrupted run goes on as it began; leave out --%s", name)}
					}
				}
			}
			app, err := f.app()
			if err != nil {
				return err
			}
			return f.runTrial(c.Context(), app, r)
		},
	}
	fl := c.Flags()
	fl.IntVar(&r.Patients, "patients", 0, "virtual patients enrolled (default: the trial's own size)")
	fl.IntVar(&r.Workers, "workers", 0, "patients computed at once (default: the number of processors)")
	fl.Uint64Var(&r.Seed, "seed", 0, "seed of all draws (default: the trial's own)")
	fl.StringVar(&r.Out, "out", "", "results folder (default: results/TRIAL, numbered when it exists)")
	fl.BoolVar(&discrete, "discrete", true, "the last cells of a clone are individuals, so that it may die out; --discrete=false treats them as continuous")
	fl.Float64Var(&r.Until, "until", 0, "last day that is simulated, after the trial's own end; visits and their endpoints stay")
	fl.IntVar(&kept, "trajectories", trial.DefaultTrajectories, "patients whose trajectories are written, from the first on; -1: all. Percentiles over time are of all patients")
	fl.StringVar(&r.Resume, "resume", "", "finish an interrupted run in this folder")
	fl.StringVar(&r.Language, "language", "en", "language of the report: en or fr")
	return c
}

func (f *face) runTrial(ctx context.Context, app *thymus.App, r thymus.RunRequest) error {
	bar := newProgress(f.err, "patients")
	r.Progress = bar.update
	summary, err := app.Run(ctx, r)
	bar.done(err == nil)
	if err != nil {
		return err
	}
	f.messages(summary.Warnings)
	err = f.print(summary.JSON(), func(w io.Writer) { resultText(w, summary) })
	if err == nil && summary.Result.FailedPatients() > 0 {
		return errFindings
	}
	return err
}

// progress is a bar on a terminal and a line every tenth of the way elsewhere.
type progress struct {
	w     io.Writer
	what  string // in the plural
	pool  *mpb.Progress
	bar   *mpb.Bar
	began time.Time
	told  int
}

func newProgress(w io.Writer, what string) *progress {
	return &progress{w: w, what: what, began: time.Now()}
}

func (p *progress) update(done, total int) {
	if total <= 0 {
		return
	}
	if !terminal(p.w) {
		if tenth := 10 * done / total; tenth > p.told {
			p.told = tenth
			fmt.Fprintf(p.w, "%d of %d %s, %.1f %s/s\n", done, total, p.what, float64(done)/math.Max(time.Since(p.began).Seconds(), 1e-3), p.what)
		}
		return
	}
	if p.bar == nil {
		p.pool = mpb.New(mpb.WithOutput(p.w), mpb.WithWidth(40))
		p.bar = p.pool.AddBar(int64(total),
			mpb.PrependDecorators(decor.Name(p.what+" "), decor.CountersNoUnit("%d / %d")),
			mpb.AppendDecorators(decor.AverageSpeed(0, "%.1f/s "), decor.AverageETA(decor.ET_STYLE_GO)))
	}
	p.bar.SetCurrent(int64(done))
}

func (p *progress) done(ok bool) {
	if p.bar == nil {
		return
	}
	if !ok {
		p.bar.Abort(false)
	} else {
		p.bar.SetTotal(-1, true)
	}
	p.pool.Wait()
}

// resultText prints the summary table: arm, endpoint, estimate, 95 % interval, published
// figure, agreement.
func resultText(w io.Writer, s *thymus.RunSummary) {
	r := s.Result
	fmt.Fprintf(w, "\n%s\n%d virtual patients", r.Spec.Title, r.Patients)
	for _, a := range r.Arms {
		fmt.Fprintf(w, ", %s %d", a.ID, a.Randomised)
	}
	if r.Screening.Tried > 0 {
		fmt.Fprintf(w, "; %d of %d screened were let in (%.0f %%)", r.Screening.Accepted, r.Screening.Tried, 100*float64(r.Screening.Accepted)/float64(r.Screening.Tried))
	}
	fmt.Fprint(w, "\n\n")
	published := map[[2]string][]trial.Agreement{}
	for _, a := range r.Agreement {
		k := [2]string{a.Endpoint, a.Arm}
		published[k] = append(published[k], a)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ENDPOINT\tARM\tESTIMATE\t95 % INTERVAL\tPUBLISHED\tAGREES")
	for _, e := range r.Endpoints {
		title := e.Endpoint.Title
		if title == "" {
			title = e.Endpoint.ID
		}
		for i, x := range e.ByArm {
			if i > 0 {
				title = ""
			}
			value, interval := estimateText(e, x)
			rows := published[[2]string{e.Endpoint.ID, x.Arm}]
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", clip(title, 52), x.Arm, value, interval, publishedText(rows, 0), agreesText(rows, 0))
			for k := 1; k < len(rows); k++ {
				fmt.Fprintf(t, "\t\t\t\t%s\t%s\n", publishedText(rows, k), agreesText(rows, k))
			}
		}
	}
	for _, q := range r.Ratios {
		title := q.Title
		for _, x := range q.ByArm {
			value, interval := "nobody responds", ""
			if x.Events > 0 {
				value, interval = strings.TrimSpace(report.Number(x.Value)+" "+q.Unit), report.Number(x.Lo)+" to "+report.Number(x.Hi)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t\t\n", clip(title, 52), x.Arm, value, interval)
			title = ""
		}
	}
	t.Flush()
	for _, e := range r.Endpoints {
		for _, x := range e.ByArm {
			if q := x.Repeats; q.N > 1 && e.Binary && e.Endpoint.Primary {
				fmt.Fprintf(w, "\n%s, %s: in 90 %% of %d repetitions %.0f to %.0f %% respond; everybody in %.0f %% of them, nobody in %.0f %%\n", e.Endpoint.Title, x.Arm, q.N, 100*q.Lo, 100*q.Hi, 100*q.All, 100*q.None)
			}
		}
	}
	agree := 0
	for _, a := range r.Agreement {
		if a.Agrees {
			agree++
		}
	}
	if n := len(r.Agreement); n > 0 {
		fmt.Fprintf(w, "\n%d of %d published figures agree (inside the 90 %% interval of replicate trials, and the prediction inside the published interval)\n", agree, n)
	}
	for _, c := range r.Retries {
		fmt.Fprintf(w, "%d runs of a patient failed and reached the end by %s\n", c.N, c.Name)
	}
	if n := r.FailedPatients(); n > 0 {
		fmt.Fprintf(w, "%d patients could not be simulated to the end; first: %s\n", n, r.Failures[0].Cause)
	}
	fmt.Fprintf(w, "\nreport   %s\ntables   %s\n\n%s\n", filepath.Join(s.Folder, "report.html"), s.Folder, thymus.Disclaimer)
}

func estimateText(e trial.EndpointResult, x trial.Estimate) (value, interval string) {
	if math.IsNaN(x.Value) {
		if e.TimeToEvent && x.N > 0 {
			return fmt.Sprintf("not reached (%d of %d)", x.Events, x.N), ""
		}
		return "none", ""
	}
	unit := e.Endpoint.Unit
	if unit == "dimensionless" {
		unit = ""
	}
	if e.Binary {
		return fmt.Sprintf("%.0f %% (%d of %d)", 100*x.Value, x.Events, x.N), fmt.Sprintf("%.0f to %.0f %%", 100*x.Lo, 100*x.Hi)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", report.Number(x.Value), unit)), intervalText(x.Lo, x.Hi)
}

func intervalText(lo, hi float64) string {
	switch {
	case math.IsNaN(lo) && math.IsNaN(hi):
		return ""
	case math.IsNaN(hi) || math.IsInf(hi, 1):
		return fmt.Sprintf("%s to not reached", report.Number(lo))
	}
	return fmt.Sprintf("%s to %s", report.Number(lo), report.Number(hi))
}

func publishedText(rows []trial.Agreement, k int) string {
	if k >= len(rows) {
		return ""
	}
	a := rows[k]
	return strings.TrimSpace(fmt.Sprintf("%s %s (%s)", report.Number(a.Published), a.Unit, clip(a.Study, 22)))
}

func agreesText(rows []trial.Agreement, k int) string {
	if k >= len(rows) {
		return ""
	}
	if rows[k].Agrees {
		return "yes"
	}
	return "no"
}
