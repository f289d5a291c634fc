package regimen

import (
	"strings"

	"thymus/diag"
)

// Event says what happens at a record of a NONMEM table: the values of EVID.
type Event uint8

// The events.
const (
	Observation  Event = iota // nothing: the state is looked at
	Give                      // a dose
	Other                     // nothing, or a compartment is turned on or off
	Reset                     // back to the start
	ResetAndGive              // back to the start, then a dose
)

// Gives says whether the event has a dose.
func (e Event) Gives() bool { return e == Give || e == ResetAndGive }

// Resets says whether the event puts the system back to its start.
func (e Event) Resets() bool { return e == Reset || e == ResetAndGive }

// Rates that NONMEM writes as numbers but that are none.
const (
	ModelledRate     = -1 // the model gives the rate of the infusion
	ModelledDuration = -2 // the model gives its duration
)

// Record is one row of a NONMEM table. Amounts, rates and times are in the model's units.
type Record struct {
	Time       float64
	Event      Event
	Amount     float64
	Rate       float64 // 0: at once; above 0: of the infusion; or ModelledRate, ModelledDuration
	Interval   float64 // II: between additional or steady-state doses
	Additional int     // ADDL: doses after this one
	Steady     int     // SS: 0 to 3
	Target     int     // index in Records.Targets; -1: none is named
	Off        bool    // the target is turned off, not on
	Missing    bool    // MDV: not to be looked at
	// Values are those of Records.Columns; a missing one is carried forward within the
	// individual, or back from its first value. NaN: the individual has none.
	Values []float64
	At     diag.Place
}

// Individual is the records of one ID, in the order of the table.
type Individual struct {
	ID      string
	Records []Record
}

// Use is what a column that is no item of NONMEM's own is for.
type Use uint8

// The uses.
const (
	Unused   Use = iota
	Sets         // sets the model's symbol of the same name
	Lag          // ALAG_x: from dose to its arrival
	Share        // F_x: the part of a dose that arrives
	Rate         // R_x: for RATE -1
	Duration     // D_x: for RATE -2
)

// modelled are the prefixes of columns and model ids that belong to a compartment.
var modelled = []struct {
	Prefix string
	Use    Use
}{{"ALAG_", Lag}, {"F_", Share}, {"R_", Rate}, {"D_", Duration}}

// ModelledName is the name by which a table or a model gives a use's value for a
// compartment, called by its number or id: ALAG_2, F_Gut.
func ModelledName(u Use, compartment string) string {
	for _, m := range modelled {
		if m.Use == u {
			return m.Prefix + compartment
		}
	}
	panic("regimen: the use has no name")
}

// Column is a column with a use; Target matters to Lag, Share, Rate and Duration.
type Column struct {
	Name   string
	Use    Use
	Target int  // index in Records.Targets
	Varies bool // within some individual
	field  int
	any    bool // has a value somewhere
}

// RecordOptions say what the table's words mean in a model.
type RecordOptions struct {
	// Compartments are the ids that CMT counts from 1; CMT 0 or missing is the first.
	Compartments []string
	// Dosable says whether an id that has no number may be dosed; nil: none may.
	Dosable func(id string) bool
	// Settable says whether a column of that name sets something of the model. why says
	// what the name is when it is known but cannot be set. nil: nothing is settable.
	Settable func(name string) (ok bool, why string)
	// Names are the model's, for proposals.
	Names []string
	// Models says whether the model itself gives a use's value for a compartment (an id
	// of Targets); nil: it never does.
	Models func(u Use, target string) bool
}

// Records is a table as NONMEM has it. It is checked when it is opened; individuals are
// read one at a time, so that a table of many takes the memory of its text.
type Records struct {
	src     *diag.Source
	opt     RecordOptions
	fields  []string // header
	own     map[string]int
	comma   bool
	columns []Column
	targets []string
	dosed   []bool // by target
	infused []bool
	spans   []span
}

// span is where the rows of one individual stand.
type span struct{ start, end int }

// Len is the number of individuals.
func (r *Records) Len() int { return len(r.spans) }

// Columns lists the columns with a use, as Record.Values are ordered.
func (r *Records) Columns() []Column { return r.columns }

// Targets lists what can be dosed: the numbered compartments, then others that the table
// names by id.
func (r *Records) Targets() []string { return r.targets }

// Dosed says whether some record doses target i.
func (r *Records) Dosed(i int) bool { return i < len(r.dosed) && r.dosed[i] }

// Infused says whether some record gives target i an infusion.
func (r *Records) Infused(i int) bool { return i < len(r.infused) && r.infused[i] }

// IsRecords says whether a table's header is NONMEM's: it names no target and no amount
// but one of NONMEM's own items beside TIME.
func IsRecords(text string) bool {
	line, _, _, ok := header(text)
	if !ok {
		return false
	}
	found := false
	for _, f := range splitFields(line, strings.Contains(line, ",")) {
		switch name := strings.ToUpper(f.text); {
		case name == "TARGET" || name == "AMOUNT":
			return false
		case name != "TIME" && items[name]:
			found = true
		}
	}
	return found
}

// items are NONMEM's own columns that are read.
var items = map[string]bool{"ID": true, "TIME": true, "EVID": true, "AMT": true, "CMT": true, "RATE": true, "II": true, "ADDL": true, "SS": true, "MDV": true, "C": true}

// passed are NONMEM's own columns that change nothing in a simulation.
var passed = map[string]bool{"DV": true, "L1": true, "L2": true, "PCMT": true, "CALL": true}

// refused are NONMEM's own columns that would change the meaning of a table.
var refused = map[string]string{
	"DATE": "give TIME as elapsed time", "DAT1": "give TIME as elapsed time", "DAT2": "give TIME as elapsed time", "DAT3": "give TIME as elapsed time",
	"CONT":  "write each record on one row",
	"XVID1": "write the events as rows", "XVID2": "write the events as rows", "XVID3": "write the events as rows", "XVID4": "write the events as rows", "XVID5": "write the events as rows",
}

// piece is a field of a row.
type piece struct {
	text       string
	start, end int // within the line
}

// splitFields cuts a row at commas, or at blanks.
func splitFields(line string, comma bool) []piece {
	var out []piece
	if comma {
		at := 0
		for {
			i := strings.IndexByte(line[at:], ',')
			end := len(line)
			if i >= 0 {
				end = at + i
			}
			raw := line[at:end]
			lead := len(raw) - len(strings.TrimLeft(raw, " \t"))
			text := strings.TrimSpace(raw)
			out = append(out, piece{strings.Trim(text, `"`), at + lead, at + lead + len(text)})
			if i < 0 {
				return out
			}
			at = end + 1
		}
	}
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		j := i
		for j < len(line) && line[j] != ' ' && line[j] != '\t' {
			j++
		}
		out = append(out, piece{strings.Trim(line[i:j], `"`), i, j})
		i = j
	}
	return out
}

// eachLine calls do with every line that holds a row: no blank ones, no comments (# or @
// at the start).
func eachLine(text string, from, to int, do func(line string, start int) bool) {
	for from < to {
		end := strings.IndexByte(text[from:to], '\n')
		next := to
		if end >= 0 {
			next = from + end + 1
		}
		line := strings.TrimRight(text[from:next], "\r\n")
		if t := strings.TrimLeft(line, " \t\ufeff"); t != "" && t[0] != '#' && t[0] != '@' {
			if !do(line, from) {
				return
			}
		}
		from = next
	}
}

func header(text string) (line string, start, next int, ok bool) {
	eachLine(text, 0, len(text), func(l string, at int) bool {
		line, start, ok = l, at, true
		next = at + len(l)
		for next < len(text) && text[next-1] != '\n' {
			next++
		}
		return false
	})
	if trimmed := strings.TrimPrefix(line, "\ufeff"); trimmed != line {
		start += len(line) - len(trimmed)
		line = trimmed
	}
	return line, start, next, ok
}
