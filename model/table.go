package model

import (
	"math"
	"strconv"
	"strings"

	"thymus/diag"
)

// Row is one row of a parameter table. A row without a value only states a unit.
type Row struct {
	ID       string
	Value    *float64
	Unit     string
	Spread   string
	Source   string
	Note     string
	At       diag.Place // of the whole row
	SpreadAt diag.Place
}

// Table is a parameter table: PEtab's parameterId and nominalValue, and unit, spread,
// source and note. The pseudo-row "time" states the unit of time.
type Table struct {
	Src  *diag.Source
	Rows []Row
}

var tableColumns = []string{"parameterId", "nominalValue", "unit", "spread", "source", "note"}

// ReadTable reads a tab-separated parameter table. Lines that start with # are comments.
// checkUnit, when not nil, says what is wrong with a unit's text.
func ReadTable(src *diag.Source) (*Table, diag.Messages) {
	t := &Table{Src: src}
	var ms diag.Messages
	var header []string
	seen := map[string]diag.Place{}
	offset := 0
	for _, line := range strings.SplitAfter(src.Text, "\n") {
		start := offset
		offset += len(line)
		text := strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(text) == "" || strings.HasPrefix(strings.TrimSpace(text), "#") {
			continue
		}
		whole := diag.Place{Src: src, Start: start, End: start + len(text)}
		fields := strings.Split(text, "\t")
		places := make([]diag.Place, len(fields))
		at := start
		for i, f := range fields {
			places[i] = diag.Place{Src: src, Start: at, End: at + len(f)}
			at += len(f) + 1
			fields[i] = strings.TrimSpace(f)
		}
		if header == nil {
			header = fields
			for i, name := range fields {
				if !contains(tableColumns, name) {
					ms = append(ms, diag.Errorf(places[i], "unknown column %q: the columns are %s, separated by tabs", name, strings.Join(tableColumns, ", ")).WithHelp("%s", diag.DidYouMean(name, tableColumns)))
				}
			}
			for _, need := range tableColumns[:5] {
				if !contains(fields, need) {
					ms = append(ms, diag.Errorf(whole, "the column %q is missing: the columns are %s, separated by tabs", need, strings.Join(tableColumns, ", ")))
				}
			}
			if ms.HasErrors() {
				return nil, ms
			}
			continue
		}
		if len(fields) > len(header) {
			ms = append(ms, diag.Errorf(places[len(header)], "the row has %d fields, the header %d", len(fields), len(header)).WithHelp("fields are separated by one tab each"))
			continue
		}
		row := Row{At: whole}
		for i, f := range fields {
			switch header[i] {
			case "parameterId":
				row.ID = f
				if !validPath(f) {
					ms = append(ms, diag.Errorf(places[i], "%q is no id: letters, digits and _, not starting with a digit; dots lead into submodels", f))
				}
				if before, dup := seen[f]; dup {
					ms = append(ms, diag.Errorf(places[i], "%s stands in the table twice", f).WithNote(before, "first here").WithHelp("keep one of the rows"))
				}
				seen[f] = places[i]
			case "nominalValue":
				if f == "" {
					continue
				}
				v, err := strconv.ParseFloat(f, 64)
				switch {
				case err != nil:
					ms = append(ms, diag.Errorf(places[i], "%q is not a number", f).WithHelp("write it like 0.25 or 1e-3"))
				case math.IsNaN(v) || math.IsInf(v, 0):
					ms = append(ms, diag.Errorf(places[i], "%s is not finite: a parameter needs a number", f).WithHelp("leave the field empty in a row that only states a unit"))
				default:
					row.Value = &v
				}
			case "unit":
				row.Unit = f
				if f == "" {
					ms = append(ms, diag.Errorf(whole, "%s has no unit", row.ID).WithHelp("write dimensionless for a pure number"))
				} else if m := checkUnit(f, places[i]); m != nil {
					ms = append(ms, *m)
				}
			case "spread":
				row.Spread, row.SpreadAt = f, places[i]
			case "source":
				row.Source = f
			case "note":
				row.Note = f
			}
		}
		if row.ID == "" {
			continue
		}
		if row.Unit == "" && len(fields) < 3 {
			ms = append(ms, diag.Errorf(whole, "%s has no unit", row.ID).WithHelp("write dimensionless for a pure number"))
		}
		if row.Value != nil && row.Source == "" {
			ms = append(ms, diag.Errorf(whole, "%s has no source", row.ID).WithHelp("doi:..., label:..., study:..., or assumed"))
		}
		t.Rows = append(t.Rows, row)
	}
	if header == nil {
		ms = append(ms, diag.Errorf(diag.Place{Src: src}, "the table is empty: expected a header line with %s", strings.Join(tableColumns, ", ")))
	}
	return t, ms
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// validPath says whether s is an id, perhaps with dots.
func validPath(s string) bool {
	for _, part := range strings.Split(s, ".") {
		if !validID(part) {
			return false
		}
	}
	return true
}

func validID(s string) bool {
	for i, r := range s {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		case i > 0 && r >= '0' && r <= '9':
		default:
			return false
		}
	}
	return s != ""
}

// Apply gives the module's symbols their values, units, spreads and sources. A row for
// an element of a submodel ("ch.u0") changes it there. A row that no formula or
// declaration mentions is an error.
func (t *Table) Apply(m *Module) diag.Messages {
	var ms diag.Messages
	parameters := indexBy(m.Parameters, func(p Parameter) string { return p.ID })
	species := indexBy(m.Species, func(p Species) string { return p.ID })
	compartments := indexBy(m.Compartments, func(p Compartment) string { return p.ID })
	var ids []string
	m.each(func(id string) { ids = append(ids, id) })
	for _, row := range t.Rows {
		if row.ID == Time {
			m.TimeUnit = row.Unit
			continue
		}
		if i, ok := parameters[row.ID]; ok {
			p := &m.Parameters[i]
			if row.Value != nil {
				for _, r := range m.Rules {
					if r.Variable == row.ID && r.Kind == Assignment {
						ms = append(ms, diag.Errorf(row.At, "%s is given by a rule and cannot have a value in the table", row.ID).WithNote(r.At, "the rule"))
					}
				}
				m.Initials = keep(m.Initials, func(x Initial) bool {
					if x.Symbol == row.ID {
						ms = append(ms, diag.Errorf(row.At, "%s is derived by a formula and cannot have a value in the table", row.ID).WithNote(x.At, "the formula"))
					}
					return true
				})
				p.Value = row.Value
			}
			p.Unit, p.Spread, p.Source, p.Note, p.TableAt = row.Unit, row.Spread, row.Source, row.Note, row.At
			continue
		}
		if i, ok := species[row.ID]; ok {
			s := &m.Species[i]
			s.Unit = row.Unit
			if row.Value != nil {
				s.InitialAmount, s.InitialConc = nil, nil
				if s.SubstanceOnly {
					s.InitialAmount = row.Value
				} else {
					s.InitialConc = row.Value
				}
			}
			continue
		}
		if i, ok := compartments[row.ID]; ok {
			m.Compartments[i].Unit = row.Unit
			if row.Value != nil {
				m.Compartments[i].Size = row.Value
			}
			continue
		}
		if strings.Contains(row.ID, ".") {
			head, _, _ := strings.Cut(row.ID, ".")
			found := false
			for _, s := range m.Submodels {
				found = found || s.ID == head
			}
			if found {
				m.Parameters = append(m.Parameters, Parameter{ID: row.ID, Value: row.Value, Constant: true, Unit: row.Unit,
					Source: row.Source, Spread: row.Spread, Note: row.Note, At: row.At, TableAt: row.At})
				continue
			}
		}
		ms = append(ms, diag.Errorf(row.At, "the model has no symbol %q", row.ID).WithHelp("%s", diag.DidYouMean(row.ID, ids)))
	}
	return ms
}
