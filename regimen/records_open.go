package regimen

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"thymus/diag"
)

// mostMessages bounds what is said about one table.
const mostMessages = 40

// OpenRecords reads the header of a table, checks every row and finds the individuals.
// The table is comma-separated, or separated by blanks when its header has no comma. A
// missing value is ".", "NA" or nothing. Left out are lines that begin with # or @ and,
// as by NONMEM's IGNORE=C, rows whose column C is "C".
func OpenRecords(src *diag.Source, opt RecordOptions) (*Records, diag.Messages) {
	r := &Records{src: src, opt: opt, own: map[string]int{}, targets: append([]string(nil), opt.Compartments...)}
	ms, next := r.readHeader()
	if ms.HasErrors() {
		return nil, ms
	}
	c := &checker{r: r, ms: ms, seen: map[string]diag.Place{}}
	eachLine(src.Text, next, len(src.Text), func(line string, start int) bool {
		c.row(line, start)
		return len(c.ms) < mostMessages
	})
	c.endOfIndividual(len(src.Text))
	if len(c.ms) >= mostMessages {
		c.ms = append(c.ms, diag.Errorf(src.Whole(), "too many mistakes: the rest of the table was not looked at"))
	}
	if len(r.spans) == 0 && !c.ms.HasErrors() {
		c.ms = append(c.ms, diag.Errorf(src.Whole(), "the dose table has no rows"))
	}
	if c.ms.HasErrors() {
		return nil, c.ms
	}
	return r, append(c.ms, r.unused()...)
}

// unused warns of columns that look as if they should do something.
func (r *Records) unused() diag.Messages {
	var ms diag.Messages
	line, start, _, _ := header(r.src.Text)
	for i, f := range splitFields(line, r.comma) {
		name := r.fields[i]
		if _, own := r.own[strings.ToUpper(name)]; own || passed[strings.ToUpper(name)] {
			continue
		}
		used := false
		for _, c := range r.columns {
			used = used || c.field == i
		}
		if used {
			continue
		}
		at := r.src.At(start+f.start, start+f.end)
		why := ""
		if r.opt.Settable != nil {
			_, why = r.opt.Settable(name)
		}
		if why != "" {
			ms = append(ms, diag.Warnf(at, "the column %s is not used: %s", name, why))
			continue
		}
		for _, known := range r.opt.Names {
			if strings.EqualFold(known, name) {
				ms = append(ms, diag.Warnf(at, "the column %s is not used: the model's %s is written otherwise", name, known).WithHelp("name the column %s", known))
			}
		}
	}
	return ms
}

// readHeader names the columns and says where the rows begin.
func (r *Records) readHeader() (ms diag.Messages, next int) {
	line, start, next, ok := header(r.src.Text)
	if !ok {
		return diag.Messages{diag.Errorf(r.src.Whole(), "the dose table is empty: expected a header with TIME, EVID, AMT, CMT ...")}, 0
	}
	r.comma = strings.Contains(line, ",")
	for i, f := range splitFields(line, r.comma) {
		at := r.src.At(start+f.start, start+f.end)
		name := strings.ToUpper(f.text)
		r.fields = append(r.fields, f.text)
		if help, no := refused[name]; no {
			ms = append(ms, diag.Errorf(at, "the column %s is not supported", f.text).WithHelp("%s", help))
			continue
		}
		if name == "" {
			ms = append(ms, diag.Errorf(at, "a column has no name"))
			continue
		}
		for j, earlier := range r.fields[:i] {
			if earlier == f.text || strings.ToUpper(earlier) == name && items[name] {
				ms = append(ms, diag.Errorf(at, "the column %s stands twice (columns %d and %d)", f.text, j+1, i+1))
			}
		}
		if items[name] {
			r.own[name] = i
			continue
		}
		if use, target, isModelled, more := r.modelledColumn(f.text, at); isModelled {
			ms = append(ms, more...)
			if !more.HasErrors() {
				r.columns = append(r.columns, Column{Name: f.text, Use: use, Target: target, field: i})
			}
			continue
		}
		if r.opt.Settable != nil && !passed[name] {
			if ok, _ := r.opt.Settable(f.text); ok {
				r.columns = append(r.columns, Column{Name: f.text, Use: Sets, Target: -1, field: i})
			}
		}
	}
	if _, ok := r.own["TIME"]; !ok {
		ms = append(ms, diag.Errorf(r.src.At(start, start+len(line)), "the column TIME is missing").
			WithHelp("%s", diag.DidYouMean("TIME", r.fields)))
	}
	return ms, next
}

// modelledColumn reads a name such as ALAG_2 or F_Gut. A name whose rest is no
// compartment is a column like any other, unless its rest is a number.
func (r *Records) modelledColumn(name string, at diag.Place) (use Use, target int, ok bool, ms diag.Messages) {
	for _, m := range modelled {
		if len(name) <= len(m.Prefix) || !strings.EqualFold(name[:len(m.Prefix)], m.Prefix) {
			continue
		}
		rest := name[len(m.Prefix):]
		if n, err := strconv.Atoi(rest); err == nil {
			if n < 1 || n > len(r.opt.Compartments) {
				return m.Use, -1, true, diag.Messages{diag.Errorf(at, "the column %s names compartment %d: %s", name, n, r.numbered())}
			}
			return m.Use, n - 1, true, nil
		}
		if i, ok := r.targetIndex(rest); ok {
			return m.Use, i, true, nil
		}
	}
	return Unused, -1, false, nil
}

// numbered says in words which numbers there are.
func (r *Records) numbered() string {
	n := len(r.opt.Compartments)
	if n == 0 {
		return "the model has no compartments with numbers"
	}
	var list []string
	for i, id := range r.opt.Compartments {
		if i == 12 {
			list = append(list, "...")
			break
		}
		list = append(list, fmt.Sprintf("%d %s", i+1, id))
	}
	return "there are " + strings.Join(list, ", ")
}

// targetIndex finds what may be dosed by its id, and gives it a place if it has none.
func (r *Records) targetIndex(id string) (int, bool) {
	for i, t := range r.targets {
		if t == id {
			return i, true
		}
	}
	if r.opt.Dosable == nil || !r.opt.Dosable(id) {
		return -1, false
	}
	r.targets = append(r.targets, id)
	return len(r.targets) - 1, true
}

// cmt reads a CMT: a number, negative to turn off, or an id.
func (r *Records) cmt(text string) (target int, off bool, problem string) {
	if missing(text) {
		return -1, false, ""
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		n := int(math.Abs(v))
		switch {
		case v != math.Trunc(v):
			return -1, false, fmt.Sprintf("CMT %s is no whole number", text)
		case v == 0:
			return -1, false, ""
		case math.Abs(v) > float64(len(r.opt.Compartments)):
			return -1, false, fmt.Sprintf("CMT %s: %s", text, r.numbered())
		}
		return n - 1, v < 0, ""
	}
	id, off := strings.CutPrefix(text, "-")
	if i, ok := r.targetIndex(id); ok {
		return i, off, ""
	}
	return -1, false, fmt.Sprintf("CMT %s: the model has nothing of that name to dose", text)
}

func missing(text string) bool { return text == "." || text == "" || text == "NA" }

// number reads a value; a missing one is NaN.
func number(text string) (float64, bool) {
	if missing(text) {
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// idOf writes an ID so that equal numbers are equal texts.
func idOf(text string) string {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return text
}

// parse reads one row; bad is told of everything wrong with it. ok is false for rows that
// are left out.
func (r *Records) parse(line string, start int, bad func(diag.Message)) (rec Record, id string, ok bool) {
	f := splitFields(line, r.comma)
	rec.At = r.src.At(start, start+len(line))
	if len(f) != len(r.fields) {
		bad(diag.Errorf(rec.At, "the row has %d fields, the header %d", len(f), len(r.fields)))
		return rec, "", false
	}
	place := func(i int) diag.Place { return r.src.At(start+f[i].start, start+f[i].end) }
	if i, has := r.own["C"]; has {
		switch {
		case f[i].text == "C":
			return rec, "", false
		case !missing(f[i].text) && f[i].text != "0":
			bad(diag.Errorf(place(i), "the column C is %q: expected C (the row is left out) or . (it is kept)", f[i].text))
		}
	}
	id = "1"
	if i, has := r.own["ID"]; has {
		if missing(f[i].text) {
			bad(diag.Errorf(place(i), "the ID is missing"))
		}
		id = idOf(f[i].text)
	}
	item := func(name string) (v float64, at diag.Place) {
		i, has := r.own[name]
		if !has {
			return 0, rec.At
		}
		v, good := number(f[i].text)
		if !good {
			m := diag.Errorf(place(i), "%s is %q: expected a number", name, f[i].text)
			if name == "TIME" && strings.Contains(f[i].text, ":") {
				m = m.WithHelp("clock times are not read: give elapsed time")
			}
			bad(m)
			return 0, place(i)
		}
		if math.IsNaN(v) {
			if name == "TIME" {
				bad(diag.Errorf(place(i), "the TIME is missing"))
			}
			v = 0
		}
		return v, place(i)
	}
	whole := func(name string, most float64) int {
		v, at := item(name)
		if v != math.Trunc(v) || v < 0 || v > most {
			m := diag.Errorf(at, "%s is %g: expected a whole number from 0 to %g", name, v, most)
			if name == "ADDL" && v < 0 {
				m = diag.Errorf(at, "%s is %g: a steady state by negative ADDL is not supported", name, v).WithHelp("give SS 1 and II")
			}
			bad(m)
			return 0
		}
		return int(v)
	}
	rec.Time, _ = item("TIME")
	var at [5]diag.Place
	rec.Amount, at[0] = item("AMT")
	rec.Rate, at[1] = item("RATE")
	rec.Interval, at[2] = item("II")
	rec.Additional = whole("ADDL", 1e6)
	rec.Steady = whole("SS", 3)
	mdv, _ := item("MDV")
	rec.Missing = mdv != 0
	for k, name := range []string{"ADDL", "SS"} {
		at[3+k] = rec.At
		if i, has := r.own[name]; has {
			at[3+k] = place(i)
		}
	}
	doses := rec.Amount != 0 || rec.Rate != 0 || rec.Interval != 0 || rec.Additional != 0 || rec.Steady != 0
	if i, has := r.own["EVID"]; has {
		rec.Event = Event(whole("EVID", 4))
		_ = i
	} else if doses {
		rec.Event = Give
	} else if rec.Missing {
		rec.Event = Other
	}
	rec.Target = -1
	if i, has := r.own["CMT"]; has {
		var problem string
		if rec.Target, rec.Off, problem = r.cmt(f[i].text); problem != "" {
			bad(diag.Errorf(place(i), "%s", problem).WithHelp("%s", diag.DidYouMean(strings.TrimPrefix(f[i].text, "-"), r.targets)))
		}
		if rec.Off && rec.Event != Other && rec.Event != Reset {
			bad(diag.Errorf(place(i), "CMT %s turns a compartment off, which only a record with EVID 2 can do", f[i].text))
		}
	}
	r.checkItems(&rec, at, bad)
	rec.Values = make([]float64, len(r.columns))
	for k, c := range r.columns {
		v, good := number(f[c.field].text)
		if !good {
			bad(diag.Errorf(place(c.field), "%s is %q: expected a number", c.Name, f[c.field].text))
			v = math.NaN()
		}
		if v < 0 && c.Use != Sets {
			bad(diag.Errorf(place(c.field), "%s cannot be negative, here %g", c.Name, v))
		}
		rec.Values[k] = v
	}
	return rec, id, true
}

// checkItems refuses what the items of a record cannot mean together; at holds the places
// of AMT, RATE, II, ADDL and SS.
func (r *Records) checkItems(rec *Record, at [5]diag.Place, bad func(diag.Message)) {
	names := [5]string{"AMT", "RATE", "II", "ADDL", "SS"}
	values := [5]float64{rec.Amount, rec.Rate, rec.Interval, float64(rec.Additional), float64(rec.Steady)}
	if !rec.Event.Gives() {
		for k, v := range values {
			if v != 0 {
				bad(diag.Errorf(at[k], "%s is %g on a record that gives no dose (EVID %d)", names[k], v, rec.Event).WithHelp("a dose has EVID 1, or 4 after a reset"))
				return
			}
		}
		return
	}
	endless := rec.Steady > 0 && rec.Amount == 0
	switch {
	case rec.Amount < 0:
		bad(diag.Errorf(at[0], "AMT is %g: a dose cannot be negative", rec.Amount).WithHelp("write a loss as a reaction of the model"))
	case rec.Rate < 0 && rec.Rate != ModelledRate && rec.Rate != ModelledDuration:
		bad(diag.Errorf(at[1], "RATE is %g: expected 0 or more, -1 (the model gives the rate) or -2 (the model gives the duration)", rec.Rate))
	case rec.Interval < 0:
		bad(diag.Errorf(at[2], "II is %g: an interval cannot be negative", rec.Interval).WithHelp("give the time between doses, above 0"))
	case rec.Amount == 0 && rec.Rate == 0 && rec.Interval == 0 && rec.Additional == 0 && rec.Steady == 0:
		bad(diag.Errorf(at[0], "EVID %d gives no dose: AMT, RATE, II, ADDL and SS are 0", rec.Event).WithHelp("a record without a dose has EVID 0 or 2"))
	case rec.Amount == 0 && rec.Steady == 0:
		bad(diag.Errorf(at[0], "AMT is missing or 0: a dose needs an amount").WithHelp("only a steady state of a constant infusion (SS 1, RATE above 0, II 0) has none"))
	case endless && rec.Interval != 0:
		bad(diag.Errorf(at[2], "II is %g, but AMT is 0: a constant infusion has no interval", rec.Interval).WithHelp("give AMT, or leave II out"))
	case endless && rec.Additional != 0:
		bad(diag.Errorf(at[3], "ADDL is %d, but a constant infusion ends at its record", rec.Additional).WithHelp("leave ADDL out, or give AMT and II"))
	case endless && rec.Rate == ModelledDuration:
		bad(diag.Errorf(at[1], "RATE -2 needs an amount: a constant infusion has no duration").WithHelp("give AMT, or a RATE above 0"))
	case rec.Steady > 0 && !endless && rec.Interval == 0:
		bad(diag.Errorf(at[2], "SS %d needs the interval between doses: II is missing or 0", rec.Steady).WithHelp("give II above 0, or AMT 0 and RATE for a constant infusion"))
	case rec.Additional > 0 && rec.Interval == 0:
		bad(diag.Errorf(at[2], "ADDL %d needs the interval between doses: II is missing or 0", rec.Additional).WithHelp("give II above 0"))
	}
}
