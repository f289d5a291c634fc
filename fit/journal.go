package fit

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"thymus/diag"
)

// Journal is what an interrupted run has evaluated: a text with a line for the command, one
// of column names and one for each evaluation, in the order in which they were made. What the
// trials predict is a function of the parameters alone, so a search that is begun again and
// takes what the journal has from it comes to the same points, and goes on from there.
type Journal struct {
	Options        // patients, evaluations and seed of the command
	Command string // that began the run
	Kept    string // the text without a last line that was cut off
	columns string
	points  map[string]string // lines, by the values
	first   string
}

// journalStart are the columns before the parameters and the predictions.
var journalStart = []string{"evaluation", "objective", "patients", "failed_patients"}

// ReadJournal reads the journal of a run of a fit.
func ReadJournal(src *diag.Source, id string) (*Journal, diag.Messages) {
	whole := src.Text[:strings.LastIndexByte(src.Text, '\n')+1]
	lines := strings.SplitAfter(whole, "\n")
	wrong := func(i int, what string) (*Journal, diag.Messages) {
		start := len(strings.Join(lines[:min(i, len(lines))], ""))
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src, Start: start, End: start}, "%s", what).WithHelp("remove the file to begin anew")}
	}
	if len(lines) < 4 {
		return wrong(0, "this is no journal of a fit: it has no evaluation")
	}
	j := &Journal{Kept: whole, columns: strings.TrimSuffix(lines[1], "\n"), points: map[string]string{}}
	var ok bool
	if j.Command, ok = strings.CutPrefix(strings.TrimSuffix(lines[0], "\n"), "# "); !ok {
		return wrong(0, "this is no journal of a fit: it does not begin with a command")
	}
	words := strings.Fields(j.Command)
	if len(words) < 3 || len(words)%2 == 0 || words[2] != id {
		return wrong(0, fmt.Sprintf("this is the journal of %q, not of the fit %s", j.Command, id))
	}
	for i := 3; i < len(words); i += 2 {
		n, err := strconv.ParseUint(words[i+1], 10, 63)
		switch {
		case err == nil && words[i] == "--patients":
			j.Patients = int(n)
		case err == nil && words[i] == "--budget":
			j.Evaluations = int(n)
		case err == nil && words[i] == "--seed":
			j.Seed = &n
		default:
			return wrong(0, fmt.Sprintf("the journal's command has %s %s", words[i], words[i+1]))
		}
	}
	n := len(strings.Split(j.columns, "\t"))
	parameters := 0
	for _, c := range strings.Split(j.columns, "\t") {
		if !strings.Contains(c, "|") {
			parameters++
		}
	}
	if parameters -= len(journalStart); parameters < 1 {
		return wrong(1, "the journal names no parameter")
	}
	for i, line := range lines[2 : len(lines)-1] {
		line = strings.TrimSuffix(line, "\n")
		cells := strings.Split(line, "\t")
		if len(cells) != n {
			return wrong(i+2, fmt.Sprintf("evaluation %d is not whole", i+1))
		}
		for k, c := range cells {
			_, err := strconv.ParseFloat(c, 64)
			if k == 0 || k == 2 || k == 3 {
				_, err = strconv.Atoi(c)
			}
			if err != nil {
				return wrong(i+2, fmt.Sprintf("%q is no number", c))
			}
		}
		if i == 0 {
			j.first = line
		}
		j.points[strings.Join(cells[len(journalStart):len(journalStart)+parameters], "\t")] = line
	}
	return j, nil
}

// Len is the number of evaluations.
func (j *Journal) Len() int {
	if j == nil {
		return 0
	}
	return len(j.points)
}

// at is the line of an evaluation at values of the parameters.
func (j *Journal) at(values []float64) (line string, ok bool) {
	if j == nil {
		return "", false
	}
	line, ok = j.points[strings.Join(exact(values), "\t")]
	return line, ok
}

// exact writes numbers so that they are read again as they are.
func exact(values []float64) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return out
}

// columns names what a line of the journal holds.
func (b *Problem) columns() string {
	names := append([]string(nil), journalStart...)
	for _, p := range b.Spec.Parameters {
		names = append(names, p.Name())
	}
	for _, t := range b.template {
		names = append(names, t.key())
	}
	return strings.Join(names, "\t")
}

// line is the journal's line of the last evaluation.
func (b *Problem) line(values []float64, e evaluation) string {
	cells := append([]string{strconv.Itoa(b.count), number(e.cost()), strconv.Itoa(e.patients), strconv.Itoa(e.failed)}, exact(values)...)
	for _, t := range e.terms {
		cells = append(cells, exact([]float64{t.Predicted})...)
	}
	return strings.Replace(strings.Join(cells, "\t"), "null", "NaN", 1)
}

// note writes an evaluation to the journal. The first one is made in every run: a journal
// that has it otherwise comes from other models, tables or figures.
func (b *Problem) note(values []float64, e evaluation) error {
	switch {
	case b.count > 1:
	case b.o.Known != nil:
		if b.o.Known.columns != b.columns() {
			return fmt.Errorf("fit: since %q was interrupted, its parameters or figures have changed; begin anew", b.o.Known.Command)
		}
		if line := b.line(values, e); b.o.Known.first != line {
			return fmt.Errorf("fit: since %q was interrupted, its models, tables or figures have changed: the first evaluation is no longer the same; begin anew", b.o.Known.Command)
		}
	case b.o.Journal != nil:
		if _, err := fmt.Fprintf(b.o.Journal, "# %s\n%s\n", b.command(), b.columns()); err != nil {
			return err
		}
	}
	if _, known := b.o.Known.at(values); known || b.o.Journal == nil {
		return nil
	}
	_, err := io.WriteString(b.o.Journal, b.line(values, e)+"\n")
	return err
}

// recalled is an evaluation that the journal has; residuals are not computed yet.
func (b *Problem) recalled(line string) evaluation {
	cells := strings.Split(line, "\t")
	number := func(k int) float64 {
		v, _ := strconv.ParseFloat(cells[k], 64) // as ReadJournal has seen to
		return v
	}
	e := evaluation{terms: append([]Term(nil), b.template...), patients: int(number(2)), failed: int(number(3))}
	for i := range e.terms {
		e.terms[i].Predicted = number(len(cells) - len(e.terms) + i)
	}
	return e
}
