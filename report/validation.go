package report

import (
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"math"
	"sort"
	"strings"

	"thymus/trial"
)

// Validation is what trials predict of published figures, side by side.
type Validation struct {
	Version, Command, Disclaimer string
	Results                      []*trial.Result // of the trials that name evidence, by name
	Coverage                     []trial.Coverage
	Only                         string              // a use: only its rows are shown; "": all
	Fitted                       map[string][]string // rows that were used for fitting, with the names of the fits
}

// Tally counts the predicted rows of one use.
type Tally struct {
	Use               string
	Predicted, Agrees int
	Verified          int // of Predicted
}

// comparison is an agreement with the trial that made it.
type comparison struct {
	trial.Agreement
	Trial string
}

// comparisons lists every prediction that is shown, in the order of trials and rows.
func (v *Validation) comparisons() []comparison {
	var out []comparison
	for _, r := range v.Results {
		for _, a := range r.Agreement {
			if v.Only == "" || a.Use == v.Only {
				out = append(out, comparison{a, r.Spec.ID})
			}
		}
	}
	return out
}

// Tallies counts rows by use. A row that several trials predict counts once, and agrees
// when it agrees in every one of them.
func (v *Validation) Tallies() []Tally {
	type seen struct {
		use      string
		verified bool
		agrees   bool
	}
	rows := map[string]*seen{}
	for _, c := range v.comparisons() {
		s := rows[c.Row]
		if s == nil {
			s = &seen{c.Use, c.Status == "verified", true}
			rows[c.Row] = s
		}
		s.agrees = s.agrees && c.Agrees
	}
	list := []Tally{{Use: "calibration"}, {Use: "validation"}}
	for _, s := range rows {
		for i := range list {
			if list[i].Use == s.use {
				list[i].Predicted++
				if s.verified {
					list[i].Verified++
				}
				if s.agrees {
					list[i].Agrees++
				}
			}
		}
	}
	return list
}

// Parts counts verified rows of the simulated studies by what they are to the trials.
func (v *Validation) Parts() []trial.Part {
	return []trial.Part{trial.Predicted, trial.Input, trial.OutOfScope, trial.Unmapped}
}

// Count is the number of verified rows of a part.
func (v *Validation) Count(p trial.Part) int {
	n := 0
	for _, c := range v.Coverage {
		if c.Part == p && c.Row.Status == "verified" {
			n++
		}
	}
	return n
}

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.0f %%)", 100*float64(n)/float64(of))
}

// Why says in English why a row does not agree: which of the conditions failed, and what the
// trial's file says of it.
func (c comparison) Why() string { return c.WhyIn("en") }

// WhyIn is Why in a language of HasLanguage; what the trial's file says stays as it is.
func (c comparison) WhyIn(language string) string {
	in := func(text string) string { return Phrase(language, text) }
	if c.Agrees {
		return c.Note
	}
	var list []string
	switch {
	case math.IsNaN(c.Published):
		list = append(list, in(c.Rule))
	case math.IsNaN(c.Predicted):
		list = append(list, in("nothing was predicted: no patient has this endpoint"))
	default:
		if !c.InPrediction {
			list = append(list, in("the published value is not in 90 % of replicate trials"))
		}
		if !c.InPublished {
			list = append(list, in("the prediction is outside the published interval")+" ("+in(c.Rule)+")")
		}
		if c.TooWide {
			list = append(list, fmt.Sprintf(in("virtual patients differ too much: SD %s, published %s"), Number(c.PredictedSD), Number(c.PublishedSD)))
		}
	}
	reason := in("no reason is recorded")
	if c.Note != "" {
		reason = c.Note
	}
	w := words[language]
	return strings.Join(list, w["semicolon"]+" ") + w["colon"] + " " + reason
}

// ValidationCSV writes one line a figure: predicted figures with both intervals, then the
// rows that are not predicted.
func ValidationCSV(w io.Writer, v *Validation) error {
	cell := func(x float64) string {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return ""
		}
		return fmt.Sprintf("%.6g", x)
	}
	rows := [][]string{{"row", "study", "arm", "measure", "unit", "use", "status", "part", "trial", "endpoint", "trial_arm", "statistic", "published", "published_lo", "published_hi",
		"published_rule", "n", "predicted", "predicted_lo90", "predicted_hi90", "z", "published_sd", "predicted_sd", "agrees", "used_for_fitting", "why"}}
	for _, c := range v.comparisons() {
		rows = append(rows, []string{c.Row, c.Study, v.arm(c.Row), c.Measure, c.Unit, c.Use, c.Status, string(trial.Predicted), c.Trial, c.Endpoint, c.Arm, c.Statistic, cell(c.Published), cell(c.PublishedLo), cell(c.PublishedHi),
			c.Rule, fmt.Sprint(c.PublishedN), cell(c.Predicted), cell(c.PredictedLo), cell(c.PredictedHi), cell(c.Z), cell(c.PublishedSD), cell(c.PredictedSD), fmt.Sprint(c.Agrees), v.used(c.Row), c.Why()})
	}
	for _, c := range v.others() {
		e := c.Row
		rows = append(rows, []string{e.ID, e.Study, e.Arm, e.Measure, e.Unit, e.Use, e.Status, string(c.Part), c.Trial, "", "", "", e.Value, e.SpreadLo, e.SpreadHi, e.SpreadKind, e.N, "", "", "", "", "", "", "", v.used(e.ID), c.Why})
	}
	out := csv.NewWriter(w)
	return out.WriteAll(rows)
}

// used says whether a row was used for fitting.
func (v *Validation) used(row string) string {
	if v.Fitted[row] != nil {
		return "yes"
	}
	return "no"
}

// UsedRows lists the rows that are shown and were used for fitting.
func (v *Validation) UsedRows() []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range v.comparisons() {
		if v.Fitted[c.Row] != nil && !seen[c.Row] {
			seen[c.Row] = true
			out = append(out, c.Row)
		}
	}
	return out
}

// fitsText says what was fitted to the rows that are shown.
func (v *Validation) fitsText() string {
	names := map[string]int{}
	rows := v.UsedRows()
	for _, row := range rows {
		for _, n := range v.Fitted[row] {
			names[n]++
		}
	}
	if len(rows) == 0 {
		return "No fit used any of the rows shown."
	}
	var list []string
	for n, k := range names {
		list = append(list, fmt.Sprintf("%s (%d)", n, k))
	}
	sort.Strings(list)
	return fmt.Sprintf("Fits used %d of the rows shown, all of them calibration rows: %s. Their records are in the library.", len(rows), strings.Join(list, ", "))
}

func (v *Validation) arm(row string) string {
	for _, c := range v.Coverage {
		if c.Row.ID == row {
			return c.Row.Arm
		}
	}
	return ""
}

// others are the rows that are not predicted.
func (v *Validation) others() []trial.Coverage {
	var out []trial.Coverage
	for _, c := range v.Coverage {
		if c.Part != trial.Predicted && (v.Only == "" || c.Row.Use == v.Only) {
			out = append(out, c)
		}
	}
	return out
}

// ValidationMarkdown writes the table as a page of text.
func ValidationMarkdown(w io.Writer, v *Validation) error {
	var b strings.Builder
	b.WriteString("# Predictions beside published figures\n\n" + v.Disclaimer + "\n\n")
	fmt.Fprintf(&b, "Written by `%s`, thymus %s. A figure agrees when the published value lies in the 90 %% interval of replicate trials of\nthe published size, the prediction lies in the published interval (95 %%; Wilson's for a rate of known size; else within 25 %%),\nand virtual patients differ no more than the published patients did, where that was published.\n\n", v.Command, v.Version)
	b.WriteString("| use | rows predicted | agree | of them verified |\n| --- | --- | --- | --- |\n")
	for _, t := range v.Tallies() {
		fmt.Fprintf(&b, "| %s | %d | %d%s | %d |\n", t.Use, t.Predicted, t.Agrees, share(t.Agrees, t.Predicted), t.Verified)
	}
	b.WriteString("\nVerified rows of the simulated studies:")
	for i, p := range v.Parts() {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %s %d", p, v.Count(p))
	}
	b.WriteString(". " + v.fitsText() + "\n")
	last := ""
	for _, c := range v.comparisons() {
		if c.Trial != last {
			last = c.Trial
			fmt.Fprintf(&b, "\n## %s\n\n| row | study, measure | use | published | predicted | z | agrees | used for fitting | why |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", c.Trial)
		}
		agrees := "yes"
		if !c.Agrees {
			agrees = "**no**"
		}
		fmt.Fprintf(&b, "| %s | %s, %s: %s | %s, %s | %s (%s) %s | %s (%s) | %s | %s | %s | %s |\n", c.Row, pipe(c.Study), pipe(v.arm(c.Row)), pipe(c.Measure), c.Use, c.Status,
			Number(c.Published), interval(c.PublishedLo, c.PublishedHi), pipe(c.Unit), Number(c.Predicted), interval(c.PredictedLo, c.PredictedHi), Number(c.Z), agrees, v.used(c.Row), pipe(c.Why()))
	}
	if list := v.others(); len(list) > 0 {
		b.WriteString("\n## Not predicted\n\n| row | study, measure | value | what it is | why |\n| --- | --- | --- | --- | --- |\n")
		for _, c := range list {
			fmt.Fprintf(&b, "| %s | %s, %s: %s | %s %s | %s | %s |\n", c.Row.ID, pipe(c.Row.Study), pipe(c.Row.Arm), pipe(c.Row.Measure), pipe(c.Row.Value), pipe(c.Row.Unit), c.Part, pipe(c.Why))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func pipe(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// ValidationHTML writes the page of forest plots.
func ValidationHTML(w io.Writer, v *Validation, language string) error {
	type section struct {
		ID, Title    string
		Agrees, Rows int
		Forest       template.HTML
		Misses       []comparison
	}
	x := struct {
		V        *Validation
		W        map[string]string
		Lang     string
		Sections []section
		Tallies  []Tally
		Others   []trial.Coverage
	}{V: v, W: words[language], Lang: language, Tallies: v.Tallies(), Others: v.others()}
	if x.W == nil {
		return fmt.Errorf("report: no language %q", language)
	}
	for _, r := range v.Results {
		shown := *r
		shown.Agreement = nil
		s := section{ID: r.Spec.ID, Title: TitleIn(language, r.Spec.Title, r.Spec.TitleFR)}
		for _, a := range r.Agreement {
			if v.Only != "" && a.Use != v.Only {
				continue
			}
			shown.Agreement = append(shown.Agreement, a)
			s.Rows++
			if a.Agrees {
				s.Agrees++
			} else {
				s.Misses = append(s.Misses, comparison{a, r.Spec.ID})
			}
		}
		if s.Rows == 0 {
			continue
		}
		s.Forest = template.HTML(forest(&shown, language))
		x.Sections = append(x.Sections, s)
	}
	sort.SliceStable(x.Sections, func(i, j int) bool { return x.Sections[i].ID < x.Sections[j].ID })
	return validationPage.Execute(w, x)
}

var validationPage = template.Must(template.New("validation").Funcs(template.FuncMap{"share": share, "say": Phrase, "part": func(language string, p trial.Part) string { return Phrase(language, string(p)) }}).Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{.W.validation}} · thymus</title>` + style + `</head><body><main>
<p class="warn">{{.W.disclaimer}}</p>
<h1>{{.W.validation}}</h1>
<p>{{.W.validationnote}}</p>
<div class="scroll"><table><thead><tr><th>{{.W.use}}</th><th>{{.W.predictedrows}}</th><th>{{.W.agrees}}</th><th>{{.W.verified}}</th></tr></thead><tbody>
{{range .Tallies}}<tr><td>{{say $.Lang .Use}}</td><td class="n">{{.Predicted}}</td><td class="n">{{.Agrees}}{{share .Agrees .Predicted}}</td><td class="n">{{.Verified}}</td></tr>{{end}}
</tbody></table></div>
<p>{{.W.coverage}}{{.W.colon}}{{$v := .V}}{{range $i, $p := $v.Parts}}{{if $i}},{{end}} {{part $.Lang $p}} {{$v.Count $p}}{{end}}.</p>
<p>{{.W.fittedrows}}{{.W.colon}} {{with .V.UsedRows}}{{range $i, $r := .}}{{if $i}}, {{end}}{{$r}}{{end}}{{else}}0{{end}}.</p>
<nav aria-label="{{.W.contents}}">{{range .Sections}}<a href="#{{.ID}}">{{.ID}} {{.Agrees}}/{{.Rows}}</a> {{end}}</nav>
{{range .Sections}}<h2 id="{{.ID}}">{{.Title}}</h2>
<p>{{.Agrees}} / {{.Rows}} {{$.W.agree}}.</p>
<div class="scroll">{{.Forest}}</div>
{{if .Misses}}<h3>{{$.W.misses}}</h3><ul>{{range .Misses}}<li><b>{{.Row}}</b> {{.Study}}, {{.Measure}}{{$.W.colon}} {{.WhyIn $.Lang}}</li>{{end}}</ul>{{end}}
{{end}}
{{if .Others}}<h2>{{.W.notpredicted}}</h2><details><summary>{{len .Others}}</summary><div class="scroll"><table><tbody>
{{range .Others}}<tr><td>{{.Row.ID}}</td><td>{{.Row.Study}}, {{.Row.Arm}}: {{.Row.Measure}}</td><td class="n">{{.Row.Value}} {{.Row.Unit}}</td><td>{{part $.Lang .Part}}</td><td>{{.Why}}</td></tr>{{end}}
</tbody></table></div></details>{{end}}
<h2>{{.W.reproduce}}</h2><p><code>{{.V.Command}}</code></p><p class="note">thymus {{.V.Version}}</p>
<p class="warn">{{.W.disclaimer}}</p>
</main></body></html>
`))
