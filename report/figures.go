package report

import (
	"fmt"
	"math"
	"sort"

	"thymus/trial"
)

// size of a panel.
const (
	panelWidth  = 560.0
	panelHeight = 300.0
	panelLeft   = 58.0
	panelTop    = 26.0
)

// armColour gives every arm the same colour everywhere.
func armColour(r *trial.Result, arm string) string {
	for i, a := range r.Arms {
		if a.ID == arm {
			return colour(i)
		}
	}
	return colour(len(r.Arms))
}

// bands draws an observable over time: median, middle half and middle 90 % of each arm.
// It and the other figures have a title and words in the report's language.
func bands(r *trial.Result, o trial.Observable, title string, words map[string]string) string {
	s := &svg{w: panelWidth, h: panelHeight}
	left, right, top, bottom := panelLeft, panelWidth-12, panelTop, panelHeight-44
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	var list []trial.Band
	for _, b := range r.Bands {
		if b.Observable != o.ID || len(b.Times) == 0 {
			continue
		}
		list = append(list, b)
		x0, x1 = math.Min(x0, b.Times[0]), math.Max(x1, b.Times[len(b.Times)-1])
		for i := range b.Times {
			if o.Scale == "log" {
				if b.P50[i] > 0 {
					y0 = math.Min(y0, b.P50[i])
				}
			} else {
				y0 = math.Min(y0, b.P05[i])
			}
			y1 = math.Max(y1, b.P95[i])
		}
	}
	if len(list) == 0 {
		return ""
	}
	for _, l := range o.Lines {
		if o.Scale == "log" && l > 0 {
			y0 = math.Min(y0, l)
		}
	}
	log := o.Scale == "log"
	if log {
		y0 = math.Max(y0, y1*1e-5)
		y0 = math.Max(y0, 1e-2*math.Min(1, y1))
	} else if y0 > 0 && y0 < 0.5*y1 {
		y0 = 0
	}
	x, y := newAxis(x0, x1, false, left, right, 8), newAxis(y0, y1, log, bottom, top, 6)
	x.lo, x.hi = x0, x1 // no empty margins in time
	x.ticks = within(x.ticks, x0, x1)
	unit := o.Unit
	if unit == "dimensionless" {
		unit = ""
	}
	s.frame(left, top, right, bottom, x, y, words["days"], unit)
	for _, l := range o.Lines {
		if p := y.at(l); p > top && p < bottom {
			s.line(left, p, right, p, "mark")
		}
	}
	for _, b := range list {
		c := armColour(r, b.Arm)
		area := func(lo, hi []float64, opacity float64) {
			var points []string
			for i := range b.Times {
				points = append(points, point(x.at(b.Times[i]), y.at(hi[i])))
			}
			for i := len(b.Times) - 1; i >= 0; i-- {
				points = append(points, point(x.at(b.Times[i]), y.at(lo[i])))
			}
			s.path(points, fmt.Sprintf(`fill="%s" fill-opacity="%.2f" stroke="none"`, c, opacity))
		}
		area(b.P05, b.P95, 0.12)
		area(b.P25, b.P75, 0.2)
	}
	for _, b := range list {
		var points []string
		for i := range b.Times {
			points = append(points, point(x.at(b.Times[i]), y.at(b.P50[i])))
		}
		s.path(points, fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round"`, armColour(r, b.Arm)))
	}
	return s.finish(title, fmt.Sprintf(words["bandsfigure"], title))
}

func within(list []float64, lo, hi float64) []float64 {
	var out []float64
	for _, v := range list {
		if v >= lo-1e-9 && v <= hi+1e-9 {
			out = append(out, v)
		}
	}
	return out
}

// lines draws sampled patients of one arm.
func lines(r *trial.Result, o trial.Observable, title string, words map[string]string) string {
	s := &svg{w: panelWidth, h: panelHeight}
	left, right, top, bottom := panelLeft, panelWidth-12, panelTop, panelHeight-44
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	n := 0
	for _, l := range r.Lines {
		if l.Observable != o.ID {
			continue
		}
		n++
		for i, v := range l.Values {
			x0, x1 = math.Min(x0, l.Times[i]), math.Max(x1, l.Times[i])
			if o.Scale != "log" || v > 0 {
				y0 = math.Min(y0, v)
			}
			y1 = math.Max(y1, v)
		}
	}
	if n == 0 {
		return ""
	}
	log := o.Scale == "log"
	if log {
		y0 = math.Max(math.Max(y0, y1*1e-5), 1e-2*math.Min(1, y1))
	} else if y0 > 0 && y0 < 0.5*y1 {
		y0 = 0
	}
	x, y := newAxis(x0, x1, false, left, right, 8), newAxis(y0, y1, log, bottom, top, 6)
	x.lo, x.hi = x0, x1
	x.ticks = within(x.ticks, x0, x1)
	unit := o.Unit
	if unit == "dimensionless" {
		unit = ""
	}
	s.frame(left, top, right, bottom, x, y, words["days"], unit)
	for _, l := range r.Lines {
		if l.Observable != o.ID {
			continue
		}
		var points []string
		for i := range l.Times {
			points = append(points, point(x.at(l.Times[i]), y.at(l.Values[i])))
		}
		s.path(points, fmt.Sprintf(`fill="none" stroke="%s" stroke-width="1" stroke-opacity="0.55"`, armColour(r, l.Arm)))
	}
	return s.finish(title, fmt.Sprintf(words["linesfigure"], title, n))
}

// atRiskAt is how many patients had neither the event nor their last look before time t.
func atRiskAt(c trial.Curve, t float64) int {
	n, next := 0, math.Inf(1)
	if k := sort.SearchFloat64s(c.Times, t); k < len(c.Times) {
		n, next = c.AtRisk[k], c.Times[k]
	}
	for _, x := range c.Censored {
		if x >= t && x < next {
			n++
		}
	}
	return n
}

// kaplanMeier draws the share without an event, with intervals, censorings and numbers at
// risk.
func kaplanMeier(r *trial.Result, e trial.EndpointResult, title string, words map[string]string) string {
	rows := float64(len(e.Curves))
	s := &svg{w: panelWidth, h: panelHeight + 16 + 15*rows}
	left, right, top, bottom := panelLeft+30, panelWidth-12, panelTop, panelHeight-44
	x1 := 0.0
	for _, c := range e.Curves {
		for _, t := range append(append([]float64(nil), c.Times...), c.Censored...) {
			x1 = math.Max(x1, t)
		}
	}
	x, y := newAxis(0, math.Max(x1, 1), false, left, right, 7), newAxis(0, 1, false, bottom, top, 5)
	s.frame(left, top, right, bottom, x, y, words["days"], "")
	for i, c := range e.Curves {
		col := armColour(r, c.Arm)
		share := []string{point(x.at(0), y.at(1))}
		var upper, lower []string
		last, lo, hi := 1.0, 1.0, 1.0
		upper, lower = append(upper, point(x.at(0), y.at(1))), append(lower, point(x.at(0), y.at(1)))
		for k, t := range c.Times {
			share = append(share, point(x.at(t), y.at(last)), point(x.at(t), y.at(c.S[k])))
			upper = append(upper, point(x.at(t), y.at(hi)))
			lower = append(lower, point(x.at(t), y.at(lo)))
			last = c.S[k]
			if !math.IsNaN(c.Lo[k]) {
				lo = c.Lo[k]
			}
			if !math.IsNaN(c.Hi[k]) {
				hi = c.Hi[k]
			}
			upper = append(upper, point(x.at(t), y.at(hi)))
			lower = append(lower, point(x.at(t), y.at(lo)))
		}
		end := 0.0
		for _, t := range append(append([]float64(nil), c.Times...), c.Censored...) {
			end = math.Max(end, t)
		}
		share = append(share, point(x.at(end), y.at(last)))
		upper = append(upper, point(x.at(end), y.at(hi)))
		lower = append(lower, point(x.at(end), y.at(lo)))
		for a, b := 0, len(lower)-1; a < b; a, b = a+1, b-1 {
			lower[a], lower[b] = lower[b], lower[a]
		}
		s.path(append(upper, lower...), fmt.Sprintf(`fill="%s" fill-opacity="0.13" stroke="none"`, col))
		s.path(share, fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2"`, col))
		at := func(t float64) float64 {
			v := 1.0
			for k := range c.Times {
				if c.Times[k] <= t {
					v = c.S[k]
				}
			}
			return v
		}
		for k, t := range c.Censored {
			if k > 0 && t == c.Censored[k-1] {
				continue
			}
			p, q := x.at(t), y.at(at(t))
			fmt.Fprintf(&s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="1.4"/>`, p, q-4, p, q+4, col)
		}
		row := bottom + 52 + 15*float64(i)
		if i == 0 {
			s.text(6, row-14, "start", "tick", words["atrisk"])
		}
		fmt.Fprintf(&s.b, `<text x="6" y="%.1f" class="tick" style="fill:%s">%s</text>`, row, col, esc(short(c.Arm, 14)))
		for _, v := range x.ticks {
			s.text(x.at(v), row, "middle", "tick", fmt.Sprint(atRiskAt(c, v)))
		}
	}
	return s.finish(title, words["kmfigure"])
}

func short(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// waterfall draws one bar a patient, in order.
func waterfall(r *trial.Result, e trial.EndpointResult, title string, words map[string]string) string {
	s := &svg{w: panelWidth, h: panelHeight - 20}
	left, right, top, bottom := panelLeft, panelWidth-12, panelTop, panelHeight-44
	var list []trial.PatientValue
	lo, hi := 0.0, 0.0
	for _, p := range e.PerPatient {
		if !p.Missing && !math.IsNaN(p.Value) {
			list = append(list, p)
			lo, hi = math.Min(lo, p.Value), math.Max(hi, p.Value)
		}
	}
	if len(list) == 0 {
		return ""
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Value > list[j].Value })
	y := newAxis(lo, hi, false, bottom, top, 6)
	unit := e.Endpoint.Unit
	s.frame(left, top, right, bottom, axis{lo: 0, hi: 1, from: left, to: right}, y, "", unit)
	width := (right - left) / float64(len(list))
	zero := y.at(0)
	for i, p := range list {
		v := y.at(p.Value)
		t, h := math.Min(v, zero), math.Max(math.Abs(v-zero), 0.8)
		fmt.Fprintf(&s.b, `<rect x="%.2f" y="%.1f" width="%.2f" height="%.1f" fill="%s"/>`, left+float64(i)*width, t, math.Max(width*0.86, 0.5), h, armColour(r, p.Arm))
	}
	s.line(left, zero, right, zero, "axis")
	return s.finish(title, fmt.Sprintf(words["waterfallfigure"], len(list)))
}

// forest draws published and predicted figures side by side, each relative to its
// published value.
func forest(r *trial.Result, language string) string {
	rows := 0
	for _, a := range r.Agreement {
		if !math.IsNaN(a.Published) && !math.IsNaN(a.Predicted) {
			rows++
		}
	}
	if rows == 0 {
		return ""
	}
	const rowHeight = 34.0
	s := &svg{w: 900, h: 40 + rowHeight*float64(rows)}
	fmt.Fprintf(&s.b, `<line x1="500" y1="14" x2="520" y2="14" stroke="#777" stroke-width="3"/>`)
	s.text(526, 18, "start", "tick", words[language]["published"])
	fmt.Fprintf(&s.b, `<line x1="690" y1="14" x2="710" y2="14" stroke="%s" stroke-width="3"/>`, colour(0))
	s.text(716, 18, "start", "tick", words[language]["predicted"])
	i := 0
	for _, a := range r.Agreement {
		if math.IsNaN(a.Published) || math.IsNaN(a.Predicted) {
			continue
		}
		y := 46 + rowHeight*float64(i)
		i++
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range []float64{a.Published, a.PublishedLo, a.PublishedHi, a.Predicted, a.PredictedLo, a.PredictedHi} {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				lo, hi = math.Min(lo, v), math.Max(hi, v)
			}
		}
		if lo > 0 && lo < 0.6*hi {
			lo = 0
		}
		x := newAxis(lo, hi, false, 500, 850, 4)
		s.text(6, y-2, "start", "label", short(a.Study+", "+a.Arm+": "+a.Measure, 66))
		s.text(6, y+12, "start", "tick", short(a.Row+" · "+a.Unit+" · "+Phrase(language, a.Use), 70))
		s.line(500, y+8, 850, y+8, "grid")
		s.text(494, y+4, "end", "tick", tick(x.ticks[0]))
		s.text(856, y+4, "start", "tick", tick(x.ticks[len(x.ticks)-1]))
		bar := func(v, lo, hi, dy float64, c string) {
			if !math.IsNaN(lo) && !math.IsNaN(hi) {
				fmt.Fprintf(&s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="2.5"/>`, x.at(lo), y+dy, x.at(hi), y+dy, c)
			}
			fmt.Fprintf(&s.b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`, x.at(v), y+dy, c)
		}
		bar(a.Published, a.PublishedLo, a.PublishedHi, -4, "#777")
		c := colour(0)
		if !a.Agrees {
			c = colour(1)
		}
		bar(a.Predicted, a.PredictedLo, a.PredictedHi, 5, c)
	}
	return s.finish(words[language]["agreement"], words[language]["forestfigure"])
}
