package fit

import (
	"fmt"
	"regexp"
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/population"
)

// SourceOf is the source that a table states for a value of a fit.
func SourceOf(id string) string { return "fit: " + id }

// NameIn is the fit that a table's source names.
func NameIn(source string) (name string, ok bool) {
	name, ok = strings.CutPrefix(source, "fit:")
	return strings.TrimSpace(name), ok
}

// markOf is what the note of a row says of a fitted spread.
func markOf(id string) string { return "spread by fit: " + id }

// Apply writes the values of a record into a parameter table's text: the value and its
// source, or a number of the spread, and a remark in the note. Other rows and columns stay
// as they are. Applying twice changes nothing more.
func Apply(table *diag.Source, module string, r *Record) (string, diag.Messages) {
	var ms diag.Messages
	lines := strings.Split(table.Text, "\n")
	var header []string
	column := map[string]int{}
	at := map[string]int{}
	for i, line := range lines {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		cells := strings.Split(strings.TrimRight(line, "\r"), "\t")
		if header == nil {
			header = cells
			for k, c := range cells {
				column[strings.TrimSpace(c)] = k
			}
			continue
		}
		at[strings.TrimSpace(cells[column["parameterId"]])] = i
	}
	for _, p := range r.Parameters {
		if p.Module != module {
			continue
		}
		i, ok := at[p.ID]
		if !ok {
			ms = append(ms, diag.Errorf(diag.Place{Src: table}, "the table has no row %q, which the record of fit %s names", p.ID, r.ID))
			continue
		}
		cells := strings.Split(strings.TrimRight(lines[i], "\r"), "\t")
		for len(cells) < len(header) {
			cells = append(cells, "")
		}
		remark := fmt.Sprintf("[%s %s, 95 %% %s to %s, %s]", map[bool]string{true: "before", false: p.Of + " before"}[p.Of == "value"], model.FormatNumber(p.Before), short(p.Lo), short(p.Hi), shortVerdict(p.Verdict))
		if p.Of == "value" {
			cells[column["nominalValue"]] = model.FormatNumber(p.After)
			cells[column["source"]] = SourceOf(r.ID)
		} else {
			text, err := respread(cells[column["spread"]], p.Of, p.After)
			if err != nil {
				ms = append(ms, diag.Errorf(diag.Place{Src: table}, "%s: %v", p.ID, err))
				continue
			}
			cells[column["spread"]] = text
			remark = "[" + markOf(r.ID) + ", " + remark[1:]
		}
		note := &cells[column["note"]]
		*note = strings.TrimSpace(remarkOf(p.Of, r.ID).ReplaceAllString(*note, "") + " " + remark)
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n"), ms
}

// remarkOf finds the remark of an earlier application.
func remarkOf(of, id string) *regexp.Regexp {
	if of == "value" {
		return regexp.MustCompile(`\s*\[before [^\]]*\]`)
	}
	return regexp.MustCompile(`\s*\[` + regexp.QuoteMeta(markOf(id)) + `, ` + regexp.QuoteMeta(of) + ` before [^\]]*\]`)
}

func short(v float64) string { return fmt.Sprintf("%.3g", v) }

func shortVerdict(v Verdict) string {
	s, _, _ := strings.Cut(string(v), ":")
	return s
}

// respread replaces a number of a spread's text.
func respread(text, key string, v float64) (string, error) {
	fields := strings.Fields(text)
	found := false
	for i, f := range fields {
		if strings.HasPrefix(f, key+"=") {
			fields[i], found = key+"="+model.FormatNumber(v), true
		}
	}
	if !found {
		return "", fmt.Errorf("the spread %q has no %s", text, key)
	}
	out := strings.Join(fields, " ")
	if _, ms := population.ParseSpread(out, diag.Place{}); ms.HasErrors() {
		return "", fmt.Errorf("the spread %q cannot be read: %s", out, ms.Error())
	}
	return out, nil
}

// Holds says what of a record does not stand in a module's table as the record has it, and
// what the table ascribes to the fit that the record does not have. Messages have the rows'
// places.
func Holds(rows []model.Row, module string, r *Record) diag.Messages {
	var out diag.Messages
	fail := func(at diag.Place, format string, args ...any) { out = append(out, diag.Errorf(at, format, args...)) }
	byID := map[string]model.Row{}
	for _, row := range rows {
		byID[row.ID] = row
	}
	value, spread := map[string]bool{}, map[string]bool{}
	for _, p := range r.Parameters {
		if p.Module != module {
			continue
		}
		row, ok := byID[p.ID]
		if !ok {
			fail(diag.Place{}, "%s has no row %s, which the record of fit %s names", module, p.ID, r.ID)
			continue
		}
		if p.Of == "value" {
			value[p.ID] = true
			if row.Value == nil || *row.Value != p.After {
				fail(row.At, "%s is not %s in the table, as the record of fit %s has it", p.Name(), model.FormatNumber(p.After), r.ID)
			}
			if row.Source != SourceOf(r.ID) {
				fail(row.At, "the source of %s is %q, not %q", p.Name(), row.Source, SourceOf(r.ID))
			}
			continue
		}
		spread[p.ID] = true
		s, _ := population.ParseSpread(row.Spread, row.SpreadAt)
		if s.Args[p.Of] != p.After {
			fail(row.At, "%s is not %s in the table, as the record of fit %s has it: %q", p.Name(), model.FormatNumber(p.After), r.ID, row.Spread)
		}
		if !strings.Contains(row.Note, markOf(r.ID)+",") {
			fail(row.At, "the note of %s does not say %q", p.Name(), markOf(r.ID))
		}
	}
	for _, row := range rows {
		if row.Source == SourceOf(r.ID) && !value[row.ID] {
			fail(row.At, "%s %s is ascribed to fit %s, whose record does not have it", module, row.ID, r.ID)
		}
		if strings.Contains(row.Note, markOf(r.ID)+",") && !spread[row.ID] {
			fail(row.At, "the spread of %s %s is ascribed to fit %s, whose record does not have it", module, row.ID, r.ID)
		}
	}
	return out
}
