package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"thymus"
)

func (f *face) compile() *cobra.Command {
	var pass string
	var list bool
	c := &cobra.Command{
		Use:   "compile MODEL",
		Short: "Show what the compiler makes of a model, pass by pass",
		Long: `Compile turns a model file, a module or a trial of the library into the program that
is run for each patient, and prints what one pass of the compiler made: formulas after
simplification, the Jacobian, crossing functions, the order of elimination, three-address
code, counts of operations. --list names the passes in their order, and why it is that.`,
		Example: `  thymus compile --list
  thymus compile model.ant --print jacobian
  thymus compile lupus-car-t --print machine`,
		Args: args(0, 1, "one model"),
		RunE: func(c *cobra.Command, a []string) error {
			if list {
				passes := thymus.Passes()
				return f.print(passes, func(w io.Writer) {
					t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
					for _, x := range passes {
						fmt.Fprintf(t, "%s\t%s\t(%s)\n", x.Name, x.Prints, x.Why)
					}
					t.Flush()
				})
			}
			if len(a) != 1 {
				return usageError{fmt.Errorf("compile: expected one model or --list\nsee: %s --help", c.CommandPath())}
			}
			app, err := f.app()
			if err != nil {
				return err
			}
			r, err := app.Compile(a[0], pass)
			if err != nil {
				return err
			}
			return f.print(r, func(w io.Writer) { io.WriteString(w, r.Text) })
		},
	}
	c.Flags().StringVar(&pass, "print", "lanes", "the pass whose work is printed")
	c.Flags().BoolVar(&list, "list", false, "list the passes")
	return c
}
