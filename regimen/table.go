package regimen

import (
	"math"
	"strconv"
	"strings"

	"thymus/diag"
)

// Dosing is a row of a dose table: an amount into a species at a time, at once or over a
// duration. Units are the model's.
type Dosing struct {
	Time, Amount, Duration float64
	Target                 string
	At                     diag.Place
}

// ReadDoses reads a dose table: comma-separated with the columns time, target, amount and
// optionally duration, in any order. Lines that start with # are comments.
func ReadDoses(src *diag.Source) ([]Dosing, diag.Messages) {
	var out []Dosing
	var ms diag.Messages
	var header []string
	offset := 0
	for _, line := range strings.SplitAfter(src.Text, "\n") {
		start := offset
		offset += len(line)
		text := strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(text) == "" || strings.HasPrefix(strings.TrimSpace(text), "#") {
			continue
		}
		whole := diag.Place{Src: src, Start: start, End: start + len(text)}
		fields := strings.Split(text, ",")
		places := make([]diag.Place, len(fields))
		at := start
		for i, f := range fields {
			places[i] = diag.Place{Src: src, Start: at, End: at + len(f)}
			at += len(f) + 1
			fields[i] = strings.Trim(strings.TrimSpace(f), `"`)
		}
		if header == nil {
			header = fields
			seen := map[string]bool{}
			for i, h := range fields {
				switch {
				case h != "time" && h != "target" && h != "amount" && h != "duration":
					ms = append(ms, diag.Errorf(places[i], "unknown column %q: expected time, target, amount and perhaps duration", h).
						WithHelp("%s", diag.DidYouMean(h, []string{"time", "target", "amount", "duration"})))
				case seen[h]:
					ms = append(ms, diag.Errorf(places[i], "the column %s stands twice", h))
				}
				seen[h] = true
			}
			for _, need := range []string{"time", "target", "amount"} {
				if !seen[need] {
					ms = append(ms, diag.Errorf(whole, "the column %q is missing", need))
				}
			}
			if ms.HasErrors() {
				return nil, ms
			}
			continue
		}
		if len(fields) != len(header) {
			ms = append(ms, diag.Errorf(whole, "the row has %d fields, the header %d", len(fields), len(header)))
			continue
		}
		d := Dosing{At: whole}
		ok := true
		for i, f := range fields {
			if header[i] == "target" {
				d.Target = f
				continue
			}
			if header[i] == "duration" && f == "" {
				continue
			}
			v, err := strconv.ParseFloat(f, 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				ms = append(ms, diag.Errorf(places[i], "%q is no finite number for the %s", f, header[i]))
				ok = false
				continue
			}
			switch header[i] {
			case "time":
				d.Time = v
			case "amount":
				d.Amount = v
				if v < 0 {
					ms = append(ms, diag.Errorf(places[i], "a dose cannot be negative, here %g", v).WithHelp("write a loss as a reaction of the model"))
					ok = false
				}
			case "duration":
				d.Duration = v
				if v < 0 {
					ms = append(ms, diag.Errorf(places[i], "a duration cannot be negative, here %g", v))
					ok = false
				}
			}
		}
		if ok {
			out = append(out, d)
		}
	}
	if header == nil {
		ms = append(ms, diag.Errorf(diag.Place{Src: src}, "the dose table is empty: expected a header with time, target, amount"))
	}
	return out, ms
}
