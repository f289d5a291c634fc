package conformance

import (
	"io"
	"regexp"
	"sort"
	"strings"

	"thymus/table"
)

// Count is a number of cases by outcome.
type Count [outcomes]int

// Total is the number of cases.
func (c Count) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// Good is the number of cases about which nothing is left to be done.
func (c Count) Good() int { return c[Passed] + c[Ran] + c[Ended] }

// Group is the count of those cases that share a name: a tag, a dialect, a reason.
type Group struct {
	Name string
	Count
}

// Count counts all rows.
func (r *Result) Count() Count {
	var c Count
	for _, row := range r.Rows {
		c[row.Outcome]++
	}
	return c
}

// CasesPassed counts the cases of which every file passed, and all cases.
func (r *Result) CasesPassed() (passed, all int) {
	failed := map[string]bool{}
	for _, row := range r.Rows {
		failed[row.Name] = failed[row.Name] || !row.Outcome.Good()
	}
	for _, f := range failed {
		if !f {
			passed++
		}
	}
	return passed, len(failed)
}

// ByTag counts by tag, in the order of the alphabet; a case with several tags counts in
// each.
func (r *Result) ByTag() []Group {
	return r.groups(func(row Row) []string { return row.Tags })
}

// ByDialect counts by level and version; empty when no case's file says them.
func (r *Result) ByDialect() []Group {
	return r.groups(func(row Row) []string {
		if row.Level == 0 {
			return nil
		}
		return []string{dialectText(row)}
	})
}

func dialectText(row Row) string {
	if row.Level == 0 {
		return ""
	}
	return "L" + string(rune('0'+row.Level)) + "V" + string(rune('0'+row.Version))
}

func (r *Result) groups(of func(Row) []string) []Group {
	counts := map[string]*Count{}
	var names []string
	for _, row := range r.Rows {
		for _, name := range of(row) {
			if counts[name] == nil {
				counts[name] = &Count{}
				names = append(names, name)
			}
			counts[name][row.Outcome]++
		}
	}
	sort.Strings(names)
	out := make([]Group, len(names))
	for i, name := range names {
		out[i] = Group{name, *counts[name]}
	}
	return out
}

// Reason is why cases ended in an outcome.
type Reason struct {
	Text  string   // with names and numbers left out, so that like goes with like
	Cases []string // "name dialect", in order
}

var (
	quoted  = regexp.MustCompile("\"[^\"]*\"|`[^`]*`")
	figures = regexp.MustCompile(`[-+]?\b\d+(\.\d+)?([eE][-+]?\d+)?\b`)
)

// Reasons groups the rows of an outcome by reason, the most frequent first.
func (r *Result) Reasons(o Outcome) []Reason {
	index := map[string]int{}
	var out []Reason
	for _, row := range r.Rows {
		if row.Outcome != o {
			continue
		}
		text := figures.ReplaceAllString(quoted.ReplaceAllString(row.Reason, "…"), "N")
		i, ok := index[text]
		if !ok {
			i = len(out)
			index[text] = i
			out = append(out, Reason{Text: text})
		}
		out[i].Cases = append(out[i].Cases, strings.TrimSpace(row.Name+" "+dialectText(row)))
	}
	sort.SliceStable(out, func(i, j int) bool { return len(out[i].Cases) > len(out[j].Cases) })
	return out
}

// Table has one row a case: case, file, level, version, tags, outcome, reason, largest
// deviation (a fraction of what is allowed), variable and time of it, seconds, detail, back end.
func (r *Result) Table() *table.Table {
	n := len(r.Rows)
	name, file, tags, outcome, reason, variable, detail, backend := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	level, version := make([]int64, n), make([]int64, n)
	deviation, at, seconds := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, row := range r.Rows {
		name[i], file[i], tags[i], outcome[i], reason[i], variable[i], detail[i] = row.Name, row.File, strings.Join(row.Tags, " "), row.Outcome.String(), row.Reason, row.Variable, row.Detail
		backend[i] = row.Backend
		level[i], version[i] = int64(row.Level), int64(row.Version)
		deviation[i], at[i], seconds[i] = row.Deviation, row.Time, row.Seconds
	}
	t := &table.Table{Name: r.Suite}
	t.Append(table.Strings("case", name), table.Strings("file", file), table.Ints("level", "", level), table.Ints("version", "", version),
		table.Strings("tags", tags), table.Strings("outcome", outcome), table.Strings("reason", reason),
		table.Floats("deviation", "", deviation), table.Strings("variable", variable), table.Floats("time", "", at), table.Floats("seconds", "s", seconds), table.Strings("detail", detail), table.Strings("backend", backend))
	return t
}

// WriteCSV writes Table as CSV.
func (r *Result) WriteCSV(w io.Writer) error { return r.Table().WriteCSV(w) }
