package report

import (
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"thymus/library"
	"thymus/trial"
)

// Number prints three or so significant digits; what rounding left of nothing is 0.
func Number(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 0):
		return "∞"
	case a < 1e-10:
		return "0"
	case a >= 1e6 || a < 1e-3:
		return fmt.Sprintf("%.3g", v)
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func interval(lo, hi float64) string {
	if math.IsNaN(lo) && math.IsNaN(hi) {
		return ""
	}
	if math.IsNaN(lo) {
		return "≤ " + Number(hi)
	}
	if math.IsNaN(hi) {
		return "≥ " + Number(lo)
	}
	return Number(lo) + " – " + Number(hi)
}

// reached is a median time in its unit, or one end of its interval, which may lie beyond the
// follow-up.
func (v *view) reached(t float64, unit string) string {
	if math.IsNaN(t) || math.IsInf(t, 1) {
		return v.W["notreached"]
	}
	return strings.TrimSpace(Number(t) + " " + unit)
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

func pValue(p float64) string {
	switch {
	case math.IsNaN(p):
		return ""
	case p < 0.001:
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}

// view is what the template sees.
type view struct {
	R       *trial.Result
	W       map[string]string
	Lang    string
	Answer  []string
	Rows    []endpointRow
	Curves  []figure
	Lines   []figure
	KM      []figure
	Falls   []figure
	Forest  template.HTML
	Agree   int
	Primary string
	Command string
	Arms    []armView
	Modules []moduleView
}

// moduleView is a module's story in the report's language, with its diagram.
type moduleView struct {
	trial.ModuleStory
	library.Story
	Picture template.HTML
}

type armView struct {
	trial.ArmResult
	Colour  string
	Lines   []string
	Control bool
}

type endpointRow struct {
	Title                                      string
	Primary, First                             bool
	Span                                       int
	Arm, Colour, N, Estimate, Interval, Detail string
	Difference, Test, Repeats                  string
}

type figure struct {
	Title string
	SVG   template.HTML
}

// HTML writes a report as one self-contained page in a language of HasLanguage.
func HTML(w io.Writer, r *trial.Result, language string) error {
	v := &view{R: r, W: words[language], Lang: language}
	if v.W == nil {
		return fmt.Errorf("report: no language %q", language)
	}
	for i, a := range r.Arms {
		x := armView{ArmResult: a, Colour: colour(i), Control: a.ID == r.Spec.Control}
		for _, spec := range r.Spec.Arms {
			if spec.ID != a.ID {
				continue
			}
			x.Title = TitleIn(language, a.Title, spec.TitleFR)
			for _, g := range spec.Give {
				x.Lines = append(x.Lines, v.named(g.Module, g.Say(v.phrase)))
			}
			for _, g := range spec.Rules {
				x.Lines = append(x.Lines, fmt.Sprintf(v.phrase("when %s: %s"), g.When, v.named(g.Give.Module, g.Give.Say(v.phrase))))
			}
		}
		v.Arms = append(v.Arms, x)
	}
	for _, a := range r.Agreement {
		if a.Agrees {
			v.Agree++
		}
	}
	for _, e := range r.Endpoints {
		v.rows(e)
	}
	for _, q := range r.Ratios {
		title := TitleIn(language, q.Title, q.TitleFR)
		for i, x := range q.ByArm {
			row := endpointRow{Title: title, First: i == 0, Span: len(q.ByArm), Arm: x.Arm, Colour: armColour(r, x.Arm), N: fmt.Sprint(x.N), Estimate: v.W["noresponder"]}
			if x.Events > 0 {
				row.Estimate, row.Interval = strings.TrimSpace(Number(x.Value)+" "+q.Unit), interval(x.Lo, x.Hi)
			}
			v.Rows = append(v.Rows, row)
		}
	}
	v.answer()
	for _, o := range r.Spec.Observables {
		title := TitleIn(language, o.Title, o.TitleFR)
		if s := bands(r, o, title, v.W); s != "" {
			v.Curves = append(v.Curves, figure{title, template.HTML(s)})
		}
		if s := lines(r, o, title, v.W); s != "" && len(v.Lines) < 4 {
			v.Lines = append(v.Lines, figure{title, template.HTML(s)})
		}
	}
	for _, e := range r.Endpoints {
		title := TitleIn(language, e.Endpoint.Title, e.Endpoint.TitleFR)
		if e.TimeToEvent {
			v.KM = append(v.KM, figure{title, template.HTML(kaplanMeier(r, e, title, v.W))})
		}
		if e.Endpoint.Kind == "change" || e.Endpoint.Kind == "percent-change" {
			if s := waterfall(r, e, title, v.W); s != "" {
				v.Falls = append(v.Falls, figure{title, template.HTML(s)})
			}
		}
	}
	v.Forest = template.HTML(forest(r, language))
	for _, m := range r.Stories {
		x := moduleView{ModuleStory: m, Story: m.Told[language]}
		x.Title = TitleIn(language, m.Title, m.TitleFR)
		if m.Diagram != nil && len(m.Diagram.States)+len(m.Diagram.Writes) > 0 {
			x.Picture = template.HTML(diagram(x.Title, m.Diagram, language, ""))
		}
		v.Modules = append(v.Modules, x)
	}
	v.Command = fmt.Sprintf("thymus run %s --patients %d --seed %d", r.Spec.ID, r.Spec.Size, r.Seed)
	return page.Execute(w, v)
}

// NoSteadyState is the reason of screening that is no criterion.
func (v *view) NoSteadyState() string { return trial.NoSteadyState }

func (v *view) phrase(text string) string { return Phrase(v.Lang, text) }

// Module is the short title of a module in the report's language.
func (v *view) Module(instance string) string {
	return TitleIn(v.Lang, v.R.Modules[instance], v.R.ModulesFR[instance])
}

// named says a line of a regimen with the module's title instead of its short name.
func (v *view) named(module, text string) string {
	if _, ok := v.R.Modules[module]; ok {
		text = v.Module(module) + strings.TrimPrefix(text, module)
	}
	return text
}

// rows makes the table rows of an endpoint.
func (v *view) rows(e trial.EndpointResult) {
	title := TitleIn(v.Lang, e.Endpoint.Title, e.Endpoint.TitleFR)
	for i, x := range e.ByArm {
		row := endpointRow{Title: title, Primary: e.Endpoint.Primary, First: i == 0, Span: len(e.ByArm), Arm: x.Arm, Colour: armColour(v.R, x.Arm), N: fmt.Sprint(x.N)}
		if x.Missing > 0 {
			row.N += fmt.Sprintf(" (%d %s)", x.Missing, v.W["missing"])
		}
		unit := unitless(e.Endpoint.Unit)
		switch {
		case e.Binary:
			row.Estimate = percent(x.Value)
			row.Detail = fmt.Sprintf("%d / %d", x.Events, x.N)
			row.Interval = percent(x.Lo) + " – " + percent(x.Hi)
		case e.TimeToEvent:
			row.Estimate = v.reached(x.Value, unit)
			if !math.IsNaN(x.Lo) {
				row.Interval = Number(x.Lo) + " – " + v.reached(x.Hi, "")
			}
			events := "events"
			if x.Events == 1 || x.Events == 0 && v.Lang == "fr" {
				events = "event"
			}
			row.Detail = fmt.Sprintf(v.W[events], v.phrase(x.Statistic), x.Events)
		default:
			row.Estimate = strings.TrimSpace(Number(x.Value) + " " + unit)
			row.Interval = interval(x.Lo, x.Hi)
			row.Detail = v.phrase(x.Statistic)
		}
		if q := x.Repeats; q.N > 1 {
			if e.Binary {
				row.Repeats = fmt.Sprintf(v.W["repeatsrate"], q.N, percent(q.Lo), percent(q.Hi), percent(q.All))
			} else {
				row.Repeats = fmt.Sprintf(v.W["repeats"], q.N, Number(q.Lo), Number(q.Hi))
			}
		}
		for _, d := range e.Differences {
			if d.Arm != x.Arm {
				continue
			}
			switch {
			case e.Binary && math.IsNaN(d.Value): // nobody counts in one of the arms
			case e.Binary:
				row.Difference = fmt.Sprintf("%+.0f points (%.0f – %.0f)", 100*d.Value, 100*d.Lo, 100*d.Hi)
			case e.TimeToEvent && math.IsNaN(d.Value): // no event, or none in one of the arms
			default:
				if e.TimeToEvent {
					row.Difference = v.W["hazardratio"] + " "
				}
				row.Difference += Number(d.Value)
				if s := interval(d.Lo, d.Hi); s != "" {
					row.Difference += " (" + s + ")"
				}
				if !e.TimeToEvent && unit != "" {
					row.Difference += " " + unit
				}
			}
			row.Test = pValue(d.P)
			if row.Test != "" {
				row.Test += ", " + v.phrase(d.Test)
			}
		}
		if x.Arm == v.R.Spec.Control {
			row.Difference = v.W["controlword"]
		}
		v.Rows = append(v.Rows, row)
	}
}

// answer is the plain-language summary: primary endpoint by arm, and the agreement.
func (v *view) answer() {
	for _, e := range v.R.Endpoints {
		if !e.Endpoint.Primary {
			continue
		}
		title := TitleIn(v.Lang, e.Endpoint.Title, e.Endpoint.TitleFR)
		v.Primary = title
		var parts []string
		for _, x := range e.ByArm {
			name := x.Arm
			for _, a := range v.Arms {
				if a.ID == x.Arm {
					name = a.Title
				}
			}
			switch {
			case e.Binary:
				parts = append(parts, fmt.Sprintf("%s%s %s (%s – %s)", name, v.W["colon"], percent(x.Value), percent(x.Lo), percent(x.Hi)))
			case e.TimeToEvent:
				parts = append(parts, fmt.Sprintf("%s%s %s %s (%d / %d)", name, v.W["colon"], v.phrase(x.Statistic), v.reached(x.Value, unitless(e.Endpoint.Unit)), x.Events, x.N))
			default:
				parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s%s %s %s", name, v.W["colon"], Number(x.Value), unitless(e.Endpoint.Unit))))
			}
		}
		first, size := utf8.DecodeRuneInString(title)
		v.Answer = append(v.Answer, string(unicode.ToUpper(first))+title[size:]+". "+strings.Join(parts, v.W["semicolon"]+" ")+".")
	}
	n := len(v.R.Agreement)
	if n == 0 {
		return
	}
	if v.Lang == "fr" {
		v.Answer = append(v.Answer, fmt.Sprintf("%d des %d chiffres publiés auxquels cet essai est comparé s'accordent avec lui.", v.Agree, n))
	} else {
		v.Answer = append(v.Answer, fmt.Sprintf("%d of the %d published figures that this trial is compared with agree with it.", v.Agree, n))
	}
}

func unitless(u string) string {
	if u == "dimensionless" {
		return ""
	}
	return u
}

// Summary writes summary.csv: one line an endpoint and arm, and one more for each published
// figure beside it.
func Summary(w io.Writer, r *trial.Result) error {
	out := csv.NewWriter(w)
	cell := func(v float64) string {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
		return fmt.Sprintf("%.6g", v)
	}
	rows := [][]string{{"trial", "endpoint", "title", "arm", "statistic", "n", "missing", "estimate", "lo95", "hi95", "unit", "row", "study", "published", "published_lo", "published_hi", "predicted", "predicted_lo90", "predicted_hi90", "agrees", "repeats", "repeats_lo90", "repeats_hi90", "repeats_all"}}
	for _, e := range r.Endpoints {
		for _, x := range e.ByArm {
			base := []string{r.Spec.ID, e.Endpoint.ID, e.Endpoint.Title, x.Arm, x.Statistic, fmt.Sprint(x.N), fmt.Sprint(x.Missing), cell(x.Value), cell(x.Lo), cell(x.Hi), e.Endpoint.Unit}
			repeats := []string{"", "", "", ""}
			if q := x.Repeats; q.N > 1 {
				repeats = []string{fmt.Sprint(q.N), cell(q.Lo), cell(q.Hi), ""}
				if e.Binary {
					repeats[3] = cell(q.All)
				}
			}
			found := false
			for _, a := range r.Agreement {
				if a.Endpoint == e.Endpoint.ID && a.Arm == x.Arm {
					found = true
					rows = append(rows, append(append(append([]string(nil), base...), a.Row, a.Study, cell(a.Published), cell(a.PublishedLo), cell(a.PublishedHi), cell(a.Predicted), cell(a.PredictedLo), cell(a.PredictedHi), fmt.Sprint(a.Agrees)), repeats...))
				}
			}
			if !found {
				rows = append(rows, append(append(base, "", "", "", "", "", "", "", "", ""), repeats...))
			}
		}
	}
	for _, q := range r.Ratios {
		for _, x := range q.ByArm {
			rows = append(rows, []string{r.Spec.ID, q.ID, q.Title, x.Arm, x.Statistic, fmt.Sprint(x.N), fmt.Sprint(x.Missing), cell(x.Value), cell(x.Lo), cell(x.Hi), q.Unit, "", "", "", "", "", "", "", "", ""})
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"title": TitleIn, "say": Phrase, "unitless": unitless,
	"route": func(language, s string) string { return Phrase(language, strings.ReplaceAll(s, "_", " ")) },
	"num":   Number, "span": interval, "join": strings.Join, "short": short,
	"paragraphs": func(s string) []string { return strings.Split(s, "\n\n") },
	"isdoi":      func(s string) bool { return strings.HasPrefix(s, "10.") },
	"pct": func(n, of int) string {
		if of == 0 {
			return ""
		}
		return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(of))
	},
	"published": func(a trial.Agreement) string {
		s := Number(a.Published) + " " + a.Unit
		if a.PublishedN > 0 {
			s += fmt.Sprintf(", n %d", a.PublishedN)
		}
		return s
	},
}).Parse(pageText))
