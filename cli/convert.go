package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (f *face) convert() *cobra.Command {
	return &cobra.Command{
		Use:   "convert FROM TO",
		Short: "Convert a model between Antimony, SBML and COMBINE archives",
		Long: `Convert reads a model from one file and writes it to another. The endings say the
formats: .ant and .txt are Antimony, .xml and .sbml are SBML (any level is read, Level 3
Version 2 is written), .omex is a COMBINE archive. From an archive comes the model that is
marked as master, or the only one; an archive made of a model holds it as SBML. A
parameter table beside the model (NAME.parameters.tsv) is put into it. What the new format
cannot say is named in warnings.`,
		Example: `  thymus convert model.ant model.xml
  thymus convert BIOMD0000000012.xml repressilator.ant
  thymus convert model.ant model.omex`,
		Args: args(2, 2, "a file to read and a file to write"),
		RunE: func(_ *cobra.Command, a []string) error {
			app, err := f.app()
			if err != nil {
				return err
			}
			r, err := app.Convert(a[0], a[1])
			if err != nil {
				return err
			}
			f.messages(r.Messages)
			return f.print(map[string]any{"from": r.From, "to": r.To, "model": r.Model, "bytes": r.Bytes}, func(w io.Writer) {
				fmt.Fprintf(w, "%s (%s) written as %s to %s, %d bytes\n", a[0], r.From, r.To, a[1], r.Bytes)
			})
		},
	}
}
