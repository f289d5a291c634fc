package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"thymus"
	"thymus/report"
)

func (f *face) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list [models|diseases|therapies|populations|trials|fits]",
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
	language, svg := "", ""
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "Show a module, population or trial: story, diagram, ports, doses, parameters, sources",
		Long: `Show says what a library entry is: a module's story with its assumptions and known
failures, a diagram of its species, reactions and ports, its doses, formulas, numbers and
where they come from; a population's people; a trial's arms and endpoints. --svg writes the
diagram as a picture.`,
		Example: `  thymus show cd19-car-t
  thymus show cd19-car-t --language fr --svg car-t.svg
  thymus show lupus-car-t
  thymus show immune-core --json`,
		Args: args(1, 1, "one name"),
		RunE: func(_ *cobra.Command, a []string) error {
			app, err := f.app()
			if err != nil {
				return err
			}
			v, err := app.Show(a[0], language)
			if err != nil {
				return err
			}
			if svg != "" {
				if err := writeDiagram(svg, v, language); err != nil {
					return err
				}
			}
			return f.print(v, func(w io.Writer) { showText(w, v, width(f.out), showWords[language]) })
		},
	}
	c.Flags().StringVar(&language, "language", "en", "language of the story: en or fr")
	c.Flags().StringVar(&svg, "svg", "", "write the module's diagram to this file")
	return c
}

// showWords are the headings of show, by language.
var showWords = map[string]map[string]string{
	"en": {"assumptions": "Assumptions", "failures": "Known failures and what is left out", "diagram": "Diagram", "ports": "Ports", "reads": "reads", "writes": "writes", "doses": "Doses",
		"parts": "Parts", "arms": "Arms", "endpoints": "Endpoints", "equations": "Reactions and rules", "fits": "Fitted", "parameters": "Parameters", "sources": "Sources", "numbers": "numbers", "port": "to port", "nothing": "nothing: a source or a sink", "by": "steered by"},
	"fr": {"assumptions": "Hypothèses", "failures": "Limites connues et ce qui manque", "diagram": "Schéma", "ports": "Ports", "reads": "lit", "writes": "écrit", "doses": "Doses",
		"parts": "Composants", "arms": "Bras", "endpoints": "Critères", "equations": "Réactions et règles", "fits": "Ajustement", "parameters": "Paramètres", "sources": "Sources", "numbers": "nombres", "port": "vers le port", "nothing": "rien : source ou puits", "by": "sous l'influence de"},
}

// writeDiagram writes the picture of a module.
func writeDiagram(path string, v *thymus.View, language string) error {
	if v.Diagram == nil {
		return usageError{fmt.Errorf("show: %s is a %s; only modules have a diagram", v.Name, v.Kind)}
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := report.DiagramSVG(file, v.Title, v.Diagram, language); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func showText(w io.Writer, v *thymus.View, columns int, say map[string]string) {
	fmt.Fprintf(w, "%s: %s (%s)\n", v.Name, v.Title, v.Kind)
	tell := func(title, text string) {
		if text != "" && title != "" {
			fmt.Fprintf(w, "\n%s\n", title)
		}
		for i, paragraph := range strings.Split(text, "\n\n") {
			if strings.TrimSpace(paragraph) == "" {
				continue
			}
			if title == "" || i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintln(w, wrap(paragraph, min(columns, 100)))
		}
	}
	if v.Told != nil {
		tell("", v.Told.About)
		tell(say["assumptions"], v.Told.Assumptions)
		tell(say["failures"], v.Told.Failures)
	} else {
		tell("", v.Story)
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
	if v.Diagram != nil && len(v.Diagram.States)+len(v.Diagram.Writes) > 0 {
		fmt.Fprintf(w, "\n%s\n", say["diagram"])
		diagramText(w, v.Diagram, say)
	}
	if len(v.Reads)+len(v.Writes) > 0 {
		fmt.Fprintf(w, "\n%s\n", say["ports"])
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, p := range v.Reads {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", say["reads"], p.Name, p.Kind, p.Unit, p.Meaning)
		}
		for _, p := range v.Writes {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", say["writes"], p.Name, p.Kind, p.Unit, p.Meaning)
		}
		t.Flush()
	}
	list(say["doses"], v.Doses)
	list(say["parts"], v.Parts)
	list(say["arms"], v.Arms)
	list(say["endpoints"], v.Endpoints)
	list(say["equations"], v.Equations)
	list(say["fits"], v.Fits)
	if len(v.Parameters) > 0 {
		fmt.Fprintf(w, "\n%s (%s)\n", say["parameters"], sources(v))
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
	if len(v.Cited) > 0 {
		fmt.Fprintf(w, "\n%s\n", say["sources"])
		for _, c := range v.Cited {
			fmt.Fprintf(w, "  %s (%d %s)\n", c.Name, c.N, say["numbers"])
		}
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
					spread := r.SpreadKind // a bound or a threshold says all with the value
					switch {
					case r.SpreadLo != "" && r.SpreadHi != "":
						spread += " " + r.SpreadLo + "-" + r.SpreadHi
					case !strings.HasSuffix(spread, " bound"):
						spread = strings.TrimSpace(spread + " " + r.SpreadLo + r.SpreadHi)
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
