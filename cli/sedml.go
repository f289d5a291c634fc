package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (f *face) sedml() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "sedml FILE",
		Short: "Run a simulation experiment written in SED-ML",
		Long: `Sedml reads a SED-ML file (Level 1, Versions 1 to 4) or a COMBINE archive (.omex), makes
the changes it asks for to its models (SBML, or Antimony by ending), runs its tasks and
writes each report as a CSV table and each plot as SVG. Time courses, single steps, steady
states and repeated tasks over uniform, vector and functional ranges are run. The result
of a repeated task has one run a round, counted in the column "run". What is not supported
(data files, three-dimensional plots, subtask changes, reductions over dimensions,
parameter estimation) is refused by name. Models are read from files; nothing is fetched.`,
		Example: `  thymus sedml experiment.sedml --out results
  thymus sedml archive.omex --out results --json`,
		Args: args(1, 1, "a SED-ML file or an archive"),
		RunE: func(c *cobra.Command, a []string) error {
			app, err := f.app()
			if err != nil {
				return err
			}
			r, err := app.RunExperiment(c.Context(), a[0], out)
			if r != nil && err == nil {
				f.messages(r.Messages)
			}
			if err != nil {
				return err
			}
			return f.print(map[string]any{"files": r.Files, "simulations": r.Runs}, func(w io.Writer) {
				for _, p := range r.Files {
					fmt.Fprintln(w, p)
				}
				fmt.Fprintf(f.err, "%d simulations, %d files\n", r.Runs, len(r.Files))
			})
		},
	}
	c.Flags().StringVar(&out, "out", "results", "folder for tables and plots")
	return c
}
