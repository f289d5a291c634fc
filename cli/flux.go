package cli

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"thymus"
	"thymus/flux"
	"thymus/report"
)

func (f *face) flux() *cobra.Command {
	var objective string
	var all bool
	c := &cobra.Command{
		Use:   "flux MODEL",
		Short: "Find the best steady state of a network by flux balance",
		Long: `Flux reads a model with SBML's fbc package and finds the fluxes that balance every
species, lie within their bounds and make the model's objective largest or smallest. It
prints the objective and the fluxes that are not zero; --json and --all give them all,
with reduced costs and, for species, shadow prices: how much the objective would change
with the flux, or with a supply of the species.

Exit codes: 0 an optimum was found, 2 the model is wrong or states no objective, 3 there
is no optimum (the bounds cannot be met, or the objective has no end).`,
		Example: `  thymus flux e_coli_core.xml
  thymus flux network.xml --objective growth --all
  thymus flux network.xml --json`,
		Args: args(1, 1, "one model"),
		RunE: func(c *cobra.Command, a []string) error {
			app, err := f.app()
			if err != nil {
				return err
			}
			r, err := app.Flux(a[0], objective)
			if err != nil {
				return err
			}
			f.messages(r.Warnings)
			if err := f.print(fluxJSON(r), func(w io.Writer) { fluxText(w, r, all) }); err != nil {
				return err
			}
			if r.Solution.Status != flux.Optimal {
				return errFindings
			}
			return nil
		},
	}
	c.Flags().StringVar(&objective, "objective", "", "id of the objective (default: the model's active one)")
	c.Flags().BoolVar(&all, "all", false, "print fluxes of zero and shadow prices as well")
	return c
}

func fluxText(w io.Writer, r *thymus.FluxResult, all bool) {
	p, s := r.Problem, r.Solution
	word := "smallest"
	if p.Maximize {
		word = "largest"
	}
	if s.Status != flux.Optimal {
		fmt.Fprintf(w, "%s (%s): %s\n%s\n", p.Objective, word, s.Status, s.Reason)
		return
	}
	fmt.Fprintf(w, "%s (%s): %.10g\n\n", p.Objective, word, s.Objective)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "REACTION\tLOWER\tFLUX\tUPPER\tREDUCED COST\t")
	zeros := 0
	for j, id := range p.Reactions {
		if s.Flux[j] == 0 && !all {
			zeros++
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%.8g\t%s\t%s\t\n", id, report.Number(p.Lower[j]), s.Flux[j], report.Number(p.Upper[j]), report.Number(s.Reduced[j]))
	}
	t.Flush()
	if zeros > 0 {
		fmt.Fprintf(w, "%d more reactions have no flux; --all prints them\n", zeros)
	}
	if all {
		fmt.Fprintln(w)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "SPECIES\tSHADOW PRICE\t")
		for i, id := range p.Species {
			fmt.Fprintf(t, "%s\t%s\t\n", id, report.Number(s.Price[i]))
		}
		t.Flush()
	}
}

func fluxJSON(r *thymus.FluxResult) any {
	type reaction struct {
		ID      string `json:"id"`
		Lower   any    `json:"lower"`
		Flux    any    `json:"flux"`
		Upper   any    `json:"upper"`
		Reduced any    `json:"reduced_cost,omitempty"`
	}
	type species struct {
		ID    string `json:"id"`
		Price any    `json:"shadow_price"`
	}
	number := func(v float64) any {
		switch {
		case math.IsNaN(v):
			return nil
		case math.IsInf(v, 0):
			return fmt.Sprint(v)
		}
		return v
	}
	p, s := r.Problem, r.Solution
	out := struct {
		Model     string     `json:"model"`
		Objective string     `json:"objective"`
		Maximize  bool       `json:"maximize"`
		Status    string     `json:"status"`
		Reason    string     `json:"reason,omitempty"`
		Value     any        `json:"value"`
		Steps     int        `json:"steps"`
		Reactions []reaction `json:"reactions"`
		Species   []species  `json:"species"`
	}{r.Model, p.Objective, p.Maximize, s.Status.String(), s.Reason, number(s.Objective), s.Steps, []reaction{}, []species{}}
	for j, id := range p.Reactions {
		x := reaction{ID: id, Lower: number(p.Lower[j]), Flux: number(s.Flux[j]), Upper: number(p.Upper[j])}
		if s.Reduced != nil {
			x.Reduced = s.Reduced[j]
		}
		out.Reactions = append(out.Reactions, x)
	}
	for i, id := range p.Species {
		if s.Price != nil {
			out.Species = append(out.Species, species{id, s.Price[i]})
		}
	}
	return out
}
