package report

import (
	"bytes"
	"encoding/xml"
	"html"
	"image/png"
	"math"
	"strings"
	"testing"

	"thymus/trial"
)

func TestNoWordIsMissing(t *testing.T) {
	for language, list := range words {
		for key := range words["en"] {
			if list[key] == "" {
				t.Errorf("%s lacks %q", language, key)
			}
		}
		for key := range list {
			if _, ok := words["en"][key]; !ok {
				t.Errorf("%s has %q, which English has not", language, key)
			}
		}
	}
}

// Medians that are not reached say so, differences have their unit, and a French report holds
// no English statistic, test or rule.
func TestEstimatesInWords(t *testing.T) {
	nan := math.NaN()
	r := made()
	r.Endpoints = []trial.EndpointResult{
		{Endpoint: trial.Endpoint{ID: "t", Title: "survival", TitleFR: "survie", Unit: "day", Kind: "time-to", Primary: true}, TimeToEvent: true,
			ByArm:       []trial.Estimate{{Arm: "a", Statistic: "median time", N: 9, Events: 3, Value: nan, Lo: 28, Hi: nan}, {Arm: "b", Statistic: "median time", N: 9, Events: 8, Value: 12, Lo: 8, Hi: 20}},
			Differences: []trial.Difference{{Arm: "a", Measure: "hazard ratio", Test: "log-rank test", Value: 0.5, Lo: 0.3, Hi: 0.9, P: 0.02}}},
		{Endpoint: trial.Endpoint{ID: "m", Title: "level", TitleFR: "taux", Unit: "g/L"},
			ByArm:       []trial.Estimate{{Arm: "a", Statistic: "mean", N: 9, Value: 3, Lo: 2, Hi: 4}, {Arm: "b", Statistic: "mean", N: 9, Value: 1, Lo: 0.5, Hi: 2}},
			Differences: []trial.Difference{{Arm: "a", Test: "Welch's t test", Value: 2, Lo: 1, Hi: 3, P: 0.04}}}}
	r.Agreement[0].Rule = "Wilson interval of 3 of 9"
	for language, want := range map[string][]string{
		"en": {"Survival. A: median time not reached (3 / 9); B: median time 12.0 day (8 / 9).", ">not reached<", ">28.0 – not reached<", "median time, 3 events", ">12.0 day<", "hazard ratio 0.50 (0.30 – 0.90)", "2.00 (1.00 – 3.00) g/L", "p = 0.020, log-rank test", "Wilson interval of 3 of 9"},
		"fr": {"Survie. A : temps médian non atteint (3 / 9) ; B : temps médian 12.0 day (8 / 9).", ">non atteint<", ">28.0 – non atteint<", "temps médian, 3 événements", "<figcaption>survie</figcaption>", "p = 0.020, test du log-rank", "test t de Welch", "intervalle de Wilson de 3 sur 9"},
	} {
		holds(t, r, language, want)
	}
}

// holds writes a report, asks for texts in it and returns it, without HTML's escapes.
func holds(t *testing.T, r *trial.Result, language string, want []string) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r, language); err != nil {
		t.Fatal(err)
	}
	text := html.UnescapeString(b.String())
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s: the report does not hold %q", language, w)
		}
	}
	return text
}

// made is a small result with hostile texts.
func made() *trial.Result {
	spec := &trial.Spec{ID: "x", Title: `<script>alert("1")</script>`, Question: "a & b?", Control: "b", Design: "randomised",
		Observables: []trial.Observable{{ID: "o", Title: `"o" <i>`, Unit: "mg/L", Scale: "log", Lines: []float64{1}}},
		Arms:        []trial.ArmSpec{{ID: "a", Title: "A"}, {ID: "b", Title: "B"}}}
	nan := math.NaN()
	return &trial.Result{Spec: spec, Patients: 4, Arms: []trial.ArmResult{{ID: "a", Title: "A"}, {ID: "b", Title: "B"}},
		Bands: []trial.Band{{Observable: "o", Arm: "a", Times: []float64{0, 1, 2}, P05: []float64{0, 1, nan}, P25: []float64{1, 1, 1}, P50: []float64{0, 2, 3}, P75: []float64{3, 3, 3}, P95: []float64{4, 4, 1e9}}},
		Lines: []trial.Line{{Observable: "o", Arm: "a", Times: []float64{0, 1}, Values: []float64{0, 3}}},
		Endpoints: []trial.EndpointResult{
			{Endpoint: trial.Endpoint{ID: "t", Title: "time <b>", Kind: "time-to"}, TimeToEvent: true, ByArm: []trial.Estimate{{Arm: "a", Value: nan, Lo: nan, Hi: nan}},
				Curves: []trial.Curve{{Arm: "a", Times: []float64{1, 2}, S: []float64{0.5, 0}, Lo: []float64{0.1, 0}, Hi: []float64{0.9, nan}, AtRisk: []int{2, 1}, Censored: []float64{1.5}}}},
			{Endpoint: trial.Endpoint{ID: "c", Title: "change", Kind: "change", Primary: true}, ByArm: []trial.Estimate{{Arm: "a", Value: -2, Lo: -3, Hi: nan}}, Differences: []trial.Difference{{Arm: "a", Value: 1, Lo: 0, Hi: 2, P: 0.2}},
				PerPatient: []trial.PatientValue{{Arm: "a", Value: -3}, {Arm: "b", Value: 2}, {Arm: "b", Missing: true, Value: nan}}}},
		Agreement: []trial.Agreement{{Row: "R", Study: "S & T", Endpoint: "c", Arm: "a", Published: 5, PublishedLo: nan, PublishedHi: nan, Predicted: 4, PredictedLo: 3, PredictedHi: 6}}}
}

func TestHTMLIsSafeAndWhole(t *testing.T) {
	for language := range words {
		var b bytes.Buffer
		if err := HTML(&b, made(), language); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, bad := range []string{"<script", "<i>", "NaN", "http://", "src=", "%!"} {
			if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), bad) {
				t.Errorf("%s: the page contains %q", language, bad)
			}
		}
		if strings.Count(text, `class="warn"`) != 2 {
			t.Errorf("%s: the disclaimer does not stand on top and at the end", language)
		}
		for rest := text; ; {
			i := strings.Index(rest, "<svg")
			if i < 0 {
				break
			}
			j := strings.Index(rest, "</svg>") + 6
			if err := xml.Unmarshal([]byte(rest[i:j]), new(struct{})); err != nil {
				t.Errorf("%s: a drawing is no XML: %v", language, err)
			}
			rest = rest[j:]
		}
	}
}

func TestAxis(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		log    bool
		want   int
	}{{0, 1, false, 6}, {0, 97, false, 6}, {-3, 7, false, 6}, {5, 5, false, 6}, {1e-3, 1e3, true, 7}, {math.Inf(1), math.Inf(-1), false, 6}} {
		a := newAxis(c.lo, c.hi, c.log, 0, 100, 6)
		if len(a.ticks) < 2 || len(a.ticks) > 9 {
			t.Errorf("%g to %g: ticks %v", c.lo, c.hi, a.ticks)
		}
		if !c.log && c.lo < c.hi && (a.lo > c.lo || a.hi < c.hi) {
			t.Errorf("%g to %g: axis from %g to %g", c.lo, c.hi, a.lo, a.hi)
		}
	}
}

func TestPlots(t *testing.T) {
	p := Plot{Title: "a <b>", X: "time", Series: []Series{{Name: "s", X: []float64{0, 1, 2}, Y: []float64{1, math.NaN(), 3}}}}
	var s, g bytes.Buffer
	if err := p.SVG(&s); err != nil || xml.Unmarshal(s.Bytes(), new(struct{})) != nil {
		t.Error("the SVG is no XML", err)
	}
	if err := p.PNG(&g); err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(&g); err != nil || img.Bounds().Dx() != 900 {
		t.Error("the PNG cannot be read", err)
	}
}

func TestSummary(t *testing.T) {
	var b bytes.Buffer
	if err := Summary(&b, made()); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(b.String()), "\n"); len(lines) != 3 || !strings.Contains(lines[2], "R,S & T,5") {
		t.Errorf("summary:\n%s", b.String())
	}
}

// TestAtRisk: events at 1, 2 and 5, last looks at 2, 3 and 7.
func TestAtRisk(t *testing.T) {
	c := trial.Curve{Times: []float64{1, 2, 5}, AtRisk: []int{6, 5, 2}, Censored: []float64{2, 3, 7}}
	for at, want := range map[float64]int{0: 6, 1: 6, 1.5: 5, 2: 5, 2.5: 3, 3: 3, 4: 2, 5: 2, 6: 1, 7: 1, 8: 0} {
		if got := atRiskAt(c, at); got != want {
			t.Errorf("at risk at %g: %d, want %d", at, got, want)
		}
	}
}
