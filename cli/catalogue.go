package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"thymus"
)

func (f *face) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list [models|diseases|therapies|populations|trials]",
		Short: "List what the library holds",
		Example: `  thymus list
  thymus list trials
  thymus list therapies --json`,
		Args: args(0, 1, "at most one kind"),
		RunE: func(_ *cobra.Command, a []string) error {
			app, err := f.app()
			if err != nil {
				return err
			}
			kind := ""
			if len(a) == 1 {
				kind = a[0]
			}
			entries, err := app.List(kind)
			if err != nil {
				return err
			}
			return f.print(entries, func(w io.Writer) {
				t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				last := ""
				for _, e := range entries {
					if e.Kind != last {
						if last != "" {
							fmt.Fprintln(t)
						}
						fmt.Fprintf(t, "%s\n", strings.ToUpper(e.Kind))
						last = e.Kind
					}
					fmt.Fprintf(t, "  %s\t%s\n", e.Name, e.Title)
				}
				t.Flush()
			})
		},
	}
}

func (f *face) show() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Show a module, population or trial: story, ports, doses, parameters, sources",
		Example: `  thymus show cd19-car-t
  thymus show lupus-car-t
  thymus show immune-core --json`,
		Args: args(1, 1, "one name"),
		RunE: func(_ *cobra.Command, a []string) error {
			app, err := f.app()
			if err != nil {
				return err
			}
			v, err := app.Show(a[0])
			if err != nil {
				return err
			}
			return f.print(v, func(w io.Writer) { showText(w, v, width(f.out)) })
		},
	}
}

func showText(w io.Writer, v *thymus.View, columns int) {
	fmt.Fprintf(w, "%s: %s (%s)\n", v.Name, v.Title, v.Kind)
	for _, paragraph := range strings.Split(v.Story, "\n\n") {
		if strings.TrimSpace(paragraph) != "" {
			fmt.Fprintf(w, "\n%s\n", wrap(paragraph, min(columns, 100)))
		}
	}
	list := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(w, "\n%s\n", title)
		for _, l := range lines {
			fmt.Fprintf(w, "  %s\n", l)
		}
	}
	if len(v.Reads)+len(v.Writes) > 0 {
		fmt.Fprintf(w, "\nPorts\n")
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, p := range v.Reads {
			fmt.Fprintf(t, "  reads\t%s\t%s\t%s\t%s\n", p.Name, p.Kind, p.Unit, p.Meaning)
		}
		for _, p := range v.Writes {
			fmt.Fprintf(t, "  writes\t%s\t%s\t%s\t%s\n", p.Name, p.Kind, p.Unit, p.Meaning)
		}
		t.Flush()
	}
	list("Doses", v.Doses)
	list("Parts", v.Parts)
	list("Arms", v.Arms)
	list("Endpoints", v.Endpoints)
	list("Reactions and rules", v.Equations)
	if len(v.Parameters) > 0 {
		fmt.Fprintf(w, "\nParameters (%s)\n", sources(v))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, p := range v.Parameters {
			value := ""
			if p.Value != nil {
				value = fmt.Sprintf("%g", *p.Value)
			}
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", p.ID, value, p.Unit, p.Spread, p.Source, p.Note)
		}
		t.Flush()
	}
	fmt.Fprintf(w, "\n%s\n", thymus.Disclaimer)
}

func sources(v *thymus.View) string {
	parts := make([]string, len(v.Sources))
	for i, c := range v.Sources {
		parts[i] = fmt.Sprintf("%d %s", c.N, c.Name)
	}
	return strings.Join(parts, ", ")
}

// wrap breaks text at spaces so that lines fit n columns.
func wrap(s string, n int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(s) {
		if column > 0 && column+1+len([]rune(word)) > n {
			b.WriteByte('\n')
			column = 0
		} else if column > 0 {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len([]rune(word))
	}
	return b.String()
}

func (f *face) check() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "check [PATH|NAME ...]",
		Short: "Check models, tables, populations and trials: units, ports, sources, conservation",
		Long: `Check reads the named files or library entries and reports everything wrong with them:
unknown symbols, units that do not match, ports nobody writes, parameters without a source,
literals that belong in a table, and, where a start state is defined, whether the healthy
state is steady. It counts parameters by kind of source.`,
		Example: `  thymus check --all
  thymus check lupus-car-t
  thymus check my/therapy.ant --json`,
		Args: args(0, -1, "any number of names"),
		RunE: func(_ *cobra.Command, a []string) error {
			if len(a) == 0 && !all {
				return usageError{fmt.Errorf("check: name what to check, or use --all")}
			}
			app, err := f.app()
			if err != nil {
				return err
			}
			if all {
				entries, err := app.List("")
				if err != nil {
					return err
				}
				for _, e := range entries {
					a = append(a, e.Name)
				}
			}
			reports, err := app.Check(a)
			if err != nil {
				return err
			}
			faults := false
			for _, r := range reports {
				faults = faults || r.Messages.HasErrors()
			}
			if err := f.print(reports, func(w io.Writer) { checkText(f, w, reports) }); err != nil {
				return err
			}
			if faults {
				return errInput
			}
			return nil
		},
	}
	c.Flags().BoolVar(&all, "all", false, "check everything in the library")
	return c
}

func checkText(f *face, w io.Writer, reports []thymus.CheckReport) {
	total := map[string]int{}
	var names []string
	for _, r := range reports {
		status := "ok"
		if r.Messages.HasErrors() {
			status = "FAULT"
		}
		fmt.Fprintf(w, "%-6s %s (%s)", status, r.Name, r.Kind)
		if r.States > 0 {
			fmt.Fprintf(w, ", %d states, %d parameters", r.States, r.Parameters)
		}
		for _, n := range r.Notes {
			fmt.Fprintf(w, "; %s", n)
		}
		fmt.Fprintln(w)
		f.messages(r.Messages)
		if !r.Composed {
			for _, c := range r.Sources {
				if _, ok := total[c.Name]; !ok {
					names = append(names, c.Name)
				}
				total[c.Name] += c.N
			}
		}
	}
	if len(names) > 0 {
		sum := 0
		for _, n := range names {
			sum += total[n]
		}
		fmt.Fprintf(w, "\nparameters by source: ")
		for i, n := range names {
			if i > 0 {
				fmt.Fprint(w, ", ")
			}
			fmt.Fprintf(w, "%s %d (%.0f %%)", n, total[n], 100*float64(total[n])/float64(sum))
		}
		fmt.Fprintln(w)
	}
}

func (f *face) evidence() *cobra.Command {
	var filter thymus.EvidenceFilter
	c := &cobra.Command{
		Use:   "evidence",
		Short: "List and filter the published figures that trials are compared with",
		Example: `  thymus evidence --disease lupus --use validation
  thymus evidence --study "He 2020 RCT"
  thymus evidence --row AI-IL2-064 --json`,
		Args: args(0, 0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			app, err := f.app()
			if err != nil {
				return err
			}
			rows, err := app.Evidence(filter)
			if err != nil {
				return err
			}
			return f.print(rows, func(w io.Writer) {
				t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				fmt.Fprintln(t, "ROW\tSTUDY\tARM\tMEASURE\tTIME\tVALUE\tSPREAD\tSTATUS\tUSE")
				for _, r := range rows {
					spread := ""
					if r.SpreadKind != "" {
						spread = fmt.Sprintf("%s %s-%s", r.SpreadKind, r.SpreadLo, r.SpreadHi)
					}
					n := ""
					if r.N != "" {
						n = " (n " + r.N + ")"
					}
					fmt.Fprintf(t, "%s\t%s\t%s%s\t%s\t%s %s\t%s %s\t%s\t%s\t%s\n", r.ID, clip(r.Study, 28), clip(r.Arm, 24), n, clip(r.Measure, 48), r.TimeValue, r.TimeUnit, r.Value, r.Unit, spread, r.Status, r.Use)
				}
				t.Flush()
				fmt.Fprintf(w, "%d figures; \"recalled\" means remembered, not yet looked up; \"validation\" is compared and never fitted\n", len(rows))
			})
		},
	}
	fl := c.Flags()
	fl.StringVar(&filter.Row, "row", "", "one row by its id")
	fl.StringVar(&filter.Disease, "disease", "", "part of the disease's name")
	fl.StringVar(&filter.Therapy, "therapy", "", "part of the therapy's name or topic")
	fl.StringVar(&filter.Study, "study", "", "part of the study's name")
	fl.StringVar(&filter.Measure, "measure", "", "part of the measure")
	fl.StringVar(&filter.Use, "use", "", "calibration or validation")
	fl.StringVar(&filter.Status, "status", "", "verified or recalled")
	return c
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
