package library

import (
	"encoding/csv"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
)

// EvidenceRow is one published figure. Numbers are kept as they were written; Number and
// Spread give them as values.
type EvidenceRow struct {
	ID         string `json:"id"`
	Topic      string `json:"topic"`
	Disease    string `json:"disease"`
	Therapy    string `json:"therapy"`
	Study      string `json:"study"`
	Citation   string `json:"citation"`
	DOI        string `json:"doi_or_pmid"`
	Arm        string `json:"arm"`
	N          string `json:"n"`
	Regimen    string `json:"regimen"`
	Measure    string `json:"measure"`
	TimeValue  string `json:"time_value"`
	TimeUnit   string `json:"time_unit"`
	Value      string `json:"value"`
	Unit       string `json:"unit"`
	SpreadKind string `json:"spread_kind"`
	SpreadLo   string `json:"spread_lo"`
	SpreadHi   string `json:"spread_hi"`
	Status     string `json:"status"` // verified: seen in a public page; recalled: from memory
	Use        string `json:"use"`    // calibration: may be fitted; validation: is only compared
	Confidence string `json:"confidence"`
	Note       string `json:"note"`
}

var evidenceColumns = []string{"id", "topic", "disease", "therapy", "study", "citation", "doi_or_pmid", "arm", "n", "regimen", "measure",
	"time_value", "time_unit", "value", "unit", "spread_kind", "spread_lo", "spread_hi", "status", "use", "confidence", "note"}

// Evidence reads every table of published figures, in the order of files and rows.
func (l *Library) Evidence() ([]EvidenceRow, diag.Messages) {
	var tables [][][]string
	var ms diag.Messages
	rows := 0
	for _, layer := range l.layers {
		files, _ := fs.Glob(layer.fs, "evidence/*.csv")
		sort.Strings(files)
		for _, name := range files {
			if strings.HasSuffix(name, "_timecourses.csv") {
				continue
			}
			text, err := fs.ReadFile(layer.fs, name)
			if err != nil {
				ms = append(ms, diag.FileError(path.Join(layer.name, name), err))
				continue
			}
			src := &diag.Source{Name: path.Join(layer.name, name), Text: string(text)}
			records, err := csv.NewReader(strings.NewReader(src.Text)).ReadAll()
			if err != nil || len(records) == 0 || strings.Join(records[0], ",") != strings.Join(evidenceColumns, ",") {
				ms = append(ms, diag.Errorf(diag.Place{Src: src}, "this is no table of evidence: expected the columns %s", strings.Join(evidenceColumns, ", ")))
				continue
			}
			tables = append(tables, records[1:])
			rows += len(records) - 1
		}
	}
	out, seen := make([]EvidenceRow, 0, rows), make(map[string]bool, rows)
	for _, records := range tables {
		for _, r := range records {
			if seen[r[0]] {
				continue
			}
			seen[r[0]] = true
			out = append(out, EvidenceRow{r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15], r[16], r[17], r[18], r[19], r[20], r[21]})
		}
	}
	return out, ms
}

// Number is the published value; false when it is no number.
func (r EvidenceRow) Number() (float64, bool) { return parse(r.Value) }

// Spread gives the ends of the published spread, where there are any.
func (r EvidenceRow) Spread() (lo, hi float64, hasLo, hasHi bool) {
	lo, hasLo = parse(r.SpreadLo)
	hi, hasHi = parse(r.SpreadHi)
	return
}

// Size is the number of patients; false when it is not known.
func (r EvidenceRow) Size() (int, bool) {
	v, ok := parse(r.N)
	return int(v), ok && v > 0
}

func parse(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil
}
