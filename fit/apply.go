package fit

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/population"
	"thymus/trial"
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

// ApplyToPopulation writes the values of a record into a population's text: the value and its
// source, or a number of the spread and the spread's source. The rest stays as it is.
// Applying twice changes nothing more.
func ApplyToPopulation(src *diag.Source, r *Record) (string, diag.Messages) {
	text := src.Text
	for _, f := range r.Parameters {
		p, ms := trial.ReadPopulation(&diag.Source{Name: src.Name, Text: text})
		if ms.HasErrors() {
			return "", ms
		}
		if f.Population != p.ID {
			continue
		}
		n, ok := p.Number(f.ID)
		if !ok {
			return "", diag.Messages{diag.Errorf(diag.Place{Src: src}, "the population states no number %q, which the record of fit %s names", f.ID, r.ID)}
		}
		key, source, value := "value", "source", model.FormatNumber(f.After)
		if f.Of != "value" {
			var err error
			key, source = "spread", "spread_source"
			if value, err = respread(n.Spread.Text, f.Of, f.After); err != nil {
				return "", diag.Messages{diag.Errorf(n.At, "%s: %v", f.ID, err)}
			}
		}
		at := p.Place(n.Section, f.ID, key)
		mark := strconv.Quote(SourceOf(r.ID))
		if old := p.Place(n.Section, f.ID, source); strings.HasPrefix(keyBefore(text, old.Start), source) {
			if old.Start < at.Start { // the later of the two places first, so that the earlier one stays where it is
				old, at, mark, value = at, old, value, mark
			}
			text = text[:old.Start] + mark + text[old.End:]
			text = text[:at.Start] + value + text[at.End:]
			continue
		}
		line := text[strings.LastIndexByte(text[:at.Start], '\n')+1 : at.Start]
		between := ", "
		if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, key+":") {
			between = "\n" + line[:len(line)-len(trimmed)] // a block mapping: a line of its own
		}
		text = text[:at.Start] + value + between + source + ": " + mark + text[at.End:]
	}
	return text, nil
}

// keyBefore is the key that stands before a value.
func keyBefore(text string, start int) string {
	line := text[strings.LastIndexAny(text[:start], "\n,{")+1 : start]
	return strings.TrimSpace(line)
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

// stated is a number as a module's table or a population states it.
type stated struct {
	value  *float64
	spread population.Spread
	source string
	at     diag.Place
	// spreadBy says whether the spread is ascribed to the fit, spreadMark where it should say so.
	spreadBy   bool
	spreadMark string
}

// Holds says what of a record does not stand in a module's table as the record has it, and
// what the table ascribes to the fit that the record does not have. Messages have the rows'
// places.
func Holds(rows []model.Row, module string, r *Record) diag.Messages {
	table := map[string]stated{}
	var ids []string
	for _, row := range rows {
		spread, _ := population.ParseSpread(row.Spread, row.SpreadAt)
		table[row.ID] = stated{row.Value, spread, row.Source, row.At, strings.Contains(row.Note, markOf(r.ID)+","), fmt.Sprintf("the note does not say %q", markOf(r.ID))}
		ids = append(ids, row.ID)
	}
	return holds(module, func(f Fitted) bool { return f.Module == module }, ids, table, r)
}

// HoldsInPopulation is Holds for a population.
func HoldsInPopulation(p *trial.PopulationSpec, r *Record) diag.Messages {
	table := map[string]stated{}
	for _, id := range p.Numbers() {
		n, _ := p.Number(id)
		table[id] = stated{n.Value, n.Spread, n.Source, n.At, n.SpreadSource == SourceOf(r.ID), fmt.Sprintf("its spread_source is %q, not %q", n.SpreadSource, SourceOf(r.ID))}
	}
	return holds(p.ID, func(f Fitted) bool { return f.Population == p.ID }, p.Numbers(), table, r)
}

// holds holds the numbers of a module or a population, in the order of ids, against a record.
func holds(owner string, owns func(Fitted) bool, ids []string, table map[string]stated, r *Record) diag.Messages {
	var out diag.Messages
	fail := func(at diag.Place, format string, args ...any) { out = append(out, diag.Errorf(at, format, args...)) }
	value, spread := map[string]bool{}, map[string]bool{}
	for _, f := range r.Parameters {
		if !owns(f) {
			continue
		}
		n, ok := table[f.ID]
		if !ok {
			fail(diag.Place{}, "%s states no number %s, which the record of fit %s names", owner, f.ID, r.ID)
			continue
		}
		if f.Of == "value" {
			value[f.ID] = true
			if n.value == nil || *n.value != f.After {
				fail(n.at, "%s is not %s, as the record of fit %s has it", f.Name(), model.FormatNumber(f.After), r.ID)
			}
			if n.source != SourceOf(r.ID) {
				fail(n.at, "the source of %s is %q, not %q", f.Name(), n.source, SourceOf(r.ID))
			}
			continue
		}
		spread[f.ID] = true
		if n.spread.Args[f.Of] != f.After {
			fail(n.at, "%s is not %s, as the record of fit %s has it: %q", f.Name(), model.FormatNumber(f.After), r.ID, n.spread.Text)
		}
		if !n.spreadBy {
			fail(n.at, "%s: %s", f.Name(), n.spreadMark)
		}
	}
	for _, id := range ids {
		n := table[id]
		if n.source == SourceOf(r.ID) && !value[id] {
			fail(n.at, "%s %s is ascribed to fit %s, whose record does not have it", owner, id, r.ID)
		}
		if n.spreadBy && !spread[id] {
			fail(n.at, "the spread of %s %s is ascribed to fit %s, whose record does not have it", owner, id, r.ID)
		}
	}
	return out
}
