package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"thymus/model"
)

// diagramText draws a module's diagram with letters: flows, states that follow a rate of
// their own, and the ports on either side.
func diagramText(w io.Writer, d *model.Diagram, say map[string]string) {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	side := func(list []string) string {
		if len(list) == 0 {
			return "∅"
		}
		return strings.Join(list, " + ")
	}
	by := func(list []string) string {
		if len(list) == 0 {
			return ""
		}
		return "   ⟜ " + strings.Join(list, ", ")
	}
	for _, f := range d.Flows {
		fmt.Fprintf(t, "  %s\t── %s ─▶\t%s\t%s\n", side(f.From), f.ID, side(f.To), by(f.By))
	}
	for _, s := range d.States {
		if !s.Species {
			fmt.Fprintf(t, "  d/dt\t\t%s\t%s\n", s.ID, by(s.By))
		}
	}
	for _, o := range d.Writes {
		fmt.Fprintf(t, "  %s\t──▶\t%s\t%s\n", say["port"], o.Port, by(o.Of))
	}
	t.Flush()
	fmt.Fprintf(w, "  (∅ %s; ⟜ %s)\n", say["nothing"], say["by"])
}
