package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// preface opens a page of results.
const preface = `# Conformance

What thymus makes of suites that others published, as ` + "`thymus conformance SUITE FOLDER --markdown FILE`" + ` wrote it: each
run replaces its own suite's section. A case is one file, so a model given in six dialects of SBML counts six times.
*Passed* means that every value the suite states was compared and lies within what it allows; *wrong* that one does
not, or that the simulation ended early; *refused* that the model was not run, for a reason that names what is missing;
*crashed* that the program failed or gave no answer. Where a suite gives no values, *ran* and *ended* (with a named
cause) stand instead.
`

// most bounds the cases that a reason lists one by one.
const most = 40

// Markdown is the section of a page about this result. Its text holds no path, date or
// duration, so that it changes only when a result does.
func (r *Result) Markdown(title, version string) string {
	var b strings.Builder
	count := r.Count()
	fmt.Fprintf(&b, "## %s\n\n%s; thymus %s.\n\n", r.Suite, title, version)
	passed, all := r.CasesPassed()
	fmt.Fprintf(&b, "%d of %d files are good (%s), in %d of %d cases every one.\n\n", count.Good(), count.Total(), percent(count.Good(), count.Total()), passed, all)
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "%s\n\n", n)
	}
	r.groupTable(&b, "dialect", r.ByDialect())
	r.groupTable(&b, "tag", r.ByTag())
	r.details(&b)
	for o := Outcome(1); o < outcomes; o++ {
		reasons := r.Reasons(o)
		if len(reasons) == 0 || o == Ran {
			continue
		}
		fmt.Fprintf(&b, "### %s: %d\n\n", strings.ToUpper(o.String()[:1])+o.String()[1:], count[o])
		for _, reason := range reasons {
			names, rest := reason.Cases, ""
			if len(names) > most {
				names, rest = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
			}
			fmt.Fprintf(&b, "- %s (%d: %s%s)\n", escape(reason.Text), len(reason.Cases), strings.Join(names, ", "), rest)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// details writes a table of the cases about which there is more to see.
func (r *Result) details(b *strings.Builder) {
	some := false
	for _, row := range r.Rows {
		if row.Detail == "" {
			continue
		}
		if !some {
			b.WriteString("| case | outcome | |\n| --- | --- | --- |\n")
			some = true
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", escape(strings.TrimSpace(row.Name+" "+dialectText(row))), row.Outcome, escape(row.Detail))
	}
	if some {
		b.WriteString("\n")
	}
}

// groupTable writes a table of counts, with those outcomes that occur.
func (r *Result) groupTable(b *strings.Builder, what string, groups []Group) {
	if len(groups) == 0 {
		return
	}
	total := r.Count()
	var columns []Outcome
	for o := Outcome(0); o < outcomes; o++ {
		if o < Ran && total[Ran]+total[Ended] < total.Total() || total[o] > 0 {
			columns = append(columns, o)
		}
	}
	fmt.Fprintf(b, "| %s | files |", what)
	for _, o := range columns {
		fmt.Fprintf(b, " %s |", o)
	}
	b.WriteString("\n| --- | ---: |" + strings.Repeat(" ---: |", len(columns)) + "\n")
	for _, g := range append(groups[:len(groups):len(groups)], Group{"all", total}) {
		fmt.Fprintf(b, "| %s | %d |", escape(g.Name), g.Total())
		for _, o := range columns {
			fmt.Fprintf(b, " %d |", g.Count[o])
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func percent(k, n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(k)/float64(n))
}

// escape keeps text from being read as a table or as markup.
func escape(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_").Replace(s)
}

// Replace puts a suite's section into a page: in place of the one it has, or in the
// order of Suites. An empty page gets a preface.
func Replace(page, suite, section string) string {
	sections := map[string]string{}
	head, rest, _ := strings.Cut(page, "\n## ")
	if strings.TrimSpace(page) == "" {
		head = preface
	}
	for rest != "" {
		one, more, _ := strings.Cut(rest, "\n## ")
		name, _, _ := strings.Cut(one, "\n")
		sections[strings.TrimSpace(name)] = "## " + strings.TrimRight(one, "\n") + "\n"
		rest = more
	}
	sections[suite] = strings.TrimRight(section, "\n") + "\n"
	out := strings.TrimRight(head, "\n") + "\n"
	// in the order of the suites; one that ran in another way stands behind its suite
	var names []string
	for name := range sections {
		names = append(names, name)
	}
	place := func(name string) int {
		first, _, _ := strings.Cut(name, " ")
		return slices.Index(Names(), first)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(place(a)-place(b), strings.Compare(a, b)) })
	for _, name := range names {
		out += "\n" + sections[name]
	}
	return out
}
