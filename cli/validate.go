package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"thymus"
)

func (f *face) validate() *cobra.Command {
	var r thymus.ValidateRequest
	c := &cobra.Command{
		Use:   "validate [TRIAL ...]",
		Short: "Set predictions beside published figures, trial by trial",
		Long: `Validate runs every trial of the library that names published figures, or the trials
given, and writes validation.csv, validation.md and validation.html (forest plots) into a
folder, beside each trial's own. A figure agrees when the published value lies in the 90 %
interval of replicate trials of the published size, the prediction lies in the published
interval, and virtual patients differ no more than the published ones did. Every verified
row of a study that is simulated is listed: predicted, an input, out of scope, or unmapped.`,
		Example: `  thymus validate
  thymus validate --only validation --out results/validation
  thymus validate lupus-il2 --patients 100`,
		RunE: func(c *cobra.Command, a []string) error {
			if err := atLeastOne(c, "patients", "workers"); err != nil {
				return err
			}
			r.Trials = a
			app, err := f.app()
			if err != nil {
				return err
			}
			var bar *progress
			r.Began = func(trial string, i, of int) {
				if bar != nil {
					bar.done(true)
				}
				fmt.Fprintf(f.err, "%s (%d of %d)\n", trial, i+1, of)
				bar = newProgress(f.err, "patients")
			}
			r.Progress = func(done, total int) { bar.update(done, total) }
			s, err := app.Validate(c.Context(), r)
			if bar != nil {
				bar.done(err == nil)
			}
			if err != nil {
				return err
			}
			err = f.print(s, func(w io.Writer) { validateText(w, s) })
			if err == nil && s.Failed > 0 {
				return errFindings
			}
			return err
		},
	}
	fl := c.Flags()
	fl.StringVar(&r.Only, "only", "", "show rows of one use: calibration or validation")
	fl.StringVar(&r.Out, "out", "", "results folder (default: results/validation, numbered when it exists)")
	fl.IntVar(&r.Patients, "patients", 0, "virtual patients of each trial (default: its own size)")
	fl.IntVar(&r.Workers, "workers", 0, "patients computed at once (default: the number of processors)")
	fl.StringVar(&r.Language, "language", "en", "language of the pages: en or fr")
	return c
}

func validateText(w io.Writer, s *thymus.ValidateSummary) {
	fmt.Fprintf(w, "\n%d trials\n\n", len(s.Trials))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROWS\tPREDICTED\tAGREE\tVERIFIED")
	for _, x := range s.Tallies {
		agree := fmt.Sprint(x.Agrees)
		if x.Predicted > 0 {
			agree = fmt.Sprintf("%d (%.0f %%)", x.Agrees, 100*float64(x.Agrees)/float64(x.Predicted))
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\n", x.Use, x.Predicted, agree, x.Verified)
	}
	t.Flush()
	fmt.Fprintf(w, "\nverified rows of the simulated studies: %d predicted, %d inputs, %d out of scope, %d unmapped\n", s.Parts["predicted"], s.Parts["input"], s.Parts["out of scope"], s.Parts["unmapped"])
	if len(s.Misses) > 0 {
		fmt.Fprintf(w, "do not agree: %s\n", strings.Join(s.Misses, ", "))
	}
	if len(s.Bare) > 0 {
		fmt.Fprintf(w, "do not agree, and their trials do not say why (note:): %s\n", strings.Join(s.Bare, ", "))
	}
	if len(s.Stale) > 0 {
		fmt.Fprintf(w, "agree, while a note: still gives a reason for a miss: %s\n", strings.Join(s.Stale, ", "))
	}
	for _, x := range s.Incomplete {
		fmt.Fprintln(w, x)
	}
	fmt.Fprintf(w, "\ntables and pages: %s\n%s\n", s.Folder, s.Disclaimer)
}
