package cli

import (
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"thymus"
	"thymus/conformance"
)

func (f *face) conformance() *cobra.Command {
	var r thymus.ConformanceRequest
	var seeds []string
	var rewrite bool
	var atLeast int
	var about strings.Builder
	for _, s := range conformance.Suites {
		fmt.Fprintf(&about, "  %-16s %s\n%19s%s\n", s.Name, s.Title, "", s.Shape)
	}
	c := &cobra.Command{
		Use:   "conformance SUITE FOLDER",
		Short: "Judge thymus by a published suite of models",
		Long: `Conformance runs every case of a suite that you downloaded into FOLDER and counts apart
what passed, what was wrong, what was refused (by reason) and what crashed. A case is one
file: a model given in several levels and versions of SBML is as many cases. A deviation
is a fraction of what the suite allows; more than 1 is wrong.

Suites, and what FOLDER holds:
` + about.String() + `
Exit codes: 0 every case passed (or, without a reference, ran or ended with a named
cause), or as many as --at-least says, 2 the suite or the folder is not there, 3 some case
did not pass.`,
		Example: `  thymus conformance sbml-semantic sbml-test-suite --jobs 2 --out results/conformance
  thymus conformance sbml-semantic sbml-test-suite --cases 00001,00100-00199 --all
  thymus conformance sbml-semantic sbml-test-suite --tags comp,CSymbolDelay --json
  thymus conformance sbml-stochastic sbml-test-suite --runs 10000 --seeds 1,2,3
  thymus conformance sbml-semantic sbml-test-suite --through antimony
  thymus conformance biomodels models --markdown conformance.md`,
		Args: args(2, 2, "a suite and a folder"),
		RunE: func(c *cobra.Command, a []string) error {
			r.Suite, r.Folder = a[0], a[1]
			if err := atLeastOne(c, "jobs", "max-steps", "runs"); err != nil {
				return err
			}
			if rewrite && r.Through != "" && r.Through != "sbml" {
				return usageError{fmt.Errorf("--rewrite is --through sbml: give one of the two")}
			}
			if rewrite {
				r.Through = "sbml"
			}
			for _, text := range seeds {
				seed, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
				if err != nil {
					return usageError{fmt.Errorf("--seeds %s: expected whole numbers, as in --seeds 1,2,3", text)}
				}
				r.Seeds = append(r.Seeds, seed)
			}
			app, err := f.app()
			if err != nil {
				return err
			}
			bar := newProgress(f.err, "files")
			r.Progress = bar.update
			result, err := app.Conformance(c.Context(), r)
			bar.done(err == nil)
			if err != nil {
				return err
			}
			all, _ := c.Flags().GetBool("all")
			err = f.print(conformanceJSON(result), func(w io.Writer) { conformanceText(w, result, all) })
			count := result.Count()
			need := count.Total()
			if c.Flags().Changed("at-least") {
				need = atLeast
			}
			if err == nil && count.Good() < need {
				if need != count.Total() {
					fmt.Fprintf(f.err, "%d files are good; at least %d were asked for\n", count.Good(), need)
				}
				return errFindings
			}
			return err
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&r.Cases, "cases", nil, `only these: names, ranges "00100-00199", patterns "BIOMD*", separated by commas`)
	fl.StringSliceVar(&r.Tags, "tags", nil, "only cases with one of these tags")
	fl.IntVar(&r.Jobs, "jobs", 0, "cases judged at once (default: the number of processors)")
	fl.IntVar(&r.Runs, "runs", 0, "runs of a stochastic case (default 10000)")
	fl.StringSliceVar(&seeds, "seeds", nil, "seeds with which a stochastic case is run (default 1,2,3)")
	fl.StringVar(&r.Out, "out", "", "folder that gets SUITE.csv with one row a case")
	fl.StringVar(&r.Markdown, "markdown", "", "page (as conformance.md) in which the suite's section is replaced")
	fl.StringVar(&r.Through, "through", "", "write every model as sbml or antimony and judge what is read of that")
	fl.BoolVar(&rewrite, "rewrite", false, "the same as --through sbml")
	fl.IntVar(&r.Steps, "max-steps", 0, "most solver steps of one simulation (default 2000000)")
	fl.Float64Var(&r.Seconds, "time-limit", 0, "seconds after which a case without an answer counts as crashed (default 120, more for stochastic cases)")
	fl.IntVar(&atLeast, "at-least", 0, "end well when at least so many files are good, instead of all")
	fl.Bool("all", false, "list every case that did not pass, with its reason and largest deviation")
	return c
}

// conformanceText prints the counts, the reasons and, when asked, the cases.
func conformanceText(w io.Writer, r *conformance.Result, all bool) {
	count := r.Count()
	passed, cases := r.CasesPassed()
	fmt.Fprintf(w, "\n%s: %d files\n", r.Suite, count.Total())
	for _, n := range r.Notes {
		fmt.Fprintln(w, n)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for o := conformance.Passed; o <= conformance.Ended; o++ {
		if o <= conformance.Crashed || count[o] > 0 {
			fmt.Fprintf(t, "%s\t%d\t%.1f %%\n", o, count[o], 100*float64(count[o])/float64(max(count.Total(), 1)))
		}
	}
	t.Flush()
	fmt.Fprintf(w, "in %d of %d cases every file is good\n", passed, cases)
	for _, o := range []conformance.Outcome{conformance.Refused, conformance.Crashed, conformance.Ended} {
		if count[o] == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s, by reason:\n", o)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, reason := range r.Reasons(o) {
			fmt.Fprintf(t, "%d\t%s\t%s\n", len(reason.Cases), clip(reason.Text, 90), clip(strings.Join(reason.Cases, ", "), 44))
		}
		t.Flush()
	}
	if !all {
		if n := count.Total() - count.Good(); n > 0 {
			fmt.Fprintf(w, "\n%d did not pass; --all lists them, --out DIR writes them\n", n)
		}
		return
	}
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "FILE\tOUTCOME\tDEVIATION\tREASON")
	for _, row := range r.Rows {
		if row.Outcome != conformance.Passed && row.Outcome != conformance.Ran {
			deviation := ""
			if row.Deviation == row.Deviation {
				deviation = fmt.Sprintf("%.3g", row.Deviation)
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", row.File, row.Outcome, deviation, row.Reason)
		}
	}
	t.Flush()
}

// conformanceJSON is the summary that --json prints.
func conformanceJSON(r *conformance.Result) any {
	counts := func(c conformance.Count) map[string]int {
		out := map[string]int{}
		for o := conformance.Passed; o <= conformance.Ended; o++ {
			if o <= conformance.Crashed || c[o] > 0 {
				out[o.String()] = c[o]
			}
		}
		return out
	}
	type reason struct {
		Outcome string   `json:"outcome"`
		Reason  string   `json:"reason"`
		Cases   []string `json:"cases"`
	}
	type group struct {
		Name   string         `json:"name"`
		Files  int            `json:"files"`
		Counts map[string]int `json:"counts"`
	}
	groups := func(list []conformance.Group) []group {
		out := []group{}
		for _, g := range list {
			out = append(out, group{g.Name, g.Total(), counts(g.Count)})
		}
		return out
	}
	passed, cases := r.CasesPassed()
	out := struct {
		Suite       string         `json:"suite"`
		Notes       []string       `json:"notes,omitempty"`
		Files       int            `json:"files"`
		Counts      map[string]int `json:"counts"`
		Cases       int            `json:"cases"`
		CasesPassed int            `json:"cases_passed"`
		Reasons     []reason       `json:"reasons"`
		ByDialect   []group        `json:"by_dialect"`
		ByTag       []group        `json:"by_tag"`
		Slowest     []string       `json:"slowest"`
	}{Suite: r.Suite, Notes: r.Notes, Files: len(r.Rows), Counts: counts(r.Count()), Cases: cases, CasesPassed: passed,
		Reasons: []reason{}, ByDialect: groups(r.ByDialect()), ByTag: groups(r.ByTag()), Slowest: []string{}}
	for _, o := range []conformance.Outcome{conformance.Wrong, conformance.Refused, conformance.Crashed, conformance.Ended} {
		for _, x := range r.Reasons(o) {
			out.Reasons = append(out.Reasons, reason{o.String(), x.Text, x.Cases})
		}
	}
	slow := append([]conformance.Row(nil), r.Rows...)
	sort.SliceStable(slow, func(i, j int) bool { return slow[i].Seconds > slow[j].Seconds })
	for _, row := range slow[:min(5, len(slow))] {
		out.Slowest = append(out.Slowest, fmt.Sprintf("%s %.2f s", row.File, row.Seconds))
	}
	return out
}
