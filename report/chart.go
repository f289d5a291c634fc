package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// palette is safe for colour-blind readers (M. Okabe, K. Ito, Color Universal Design, 2008).
var palette = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c564b", "#7f7f7f"}

func colour(i int) string { return palette[i%len(palette)] }

// axis maps values to pixels.
type axis struct {
	lo, hi   float64 // of the data, after rounding to ticks
	log      bool
	from, to float64 // pixels
	ticks    []float64
}

// newAxis chooses ticks at 1, 2 or 5 times a power of ten, or at powers of ten.
func newAxis(lo, hi float64, log bool, from, to float64, most int) axis {
	if !(lo <= hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		lo, hi = 0, 1
	}
	a := axis{log: log, from: from, to: to}
	if log {
		if hi <= 0 {
			hi = 1
		}
		if lo <= 0 {
			lo = hi * 1e-6
		}
		l, h := math.Floor(math.Log10(lo)+1e-9), math.Ceil(math.Log10(hi)-1e-9)
		if h <= l {
			h = l + 1
		}
		step := math.Ceil((h - l) / float64(most))
		for e := l; e <= h+1e-9; e += step {
			a.ticks = append(a.ticks, math.Pow(10, e))
		}
		a.lo, a.hi = l, h
		return a
	}
	if hi == lo {
		pad := math.Max(math.Abs(hi)*0.1, 0.5)
		if lo >= 0 && lo-pad < 0 {
			hi += pad
		} else {
			lo, hi = lo-pad, hi+pad
		}
	}
	raw := (hi - lo) / float64(most)
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5, 10} {
		if step*m >= raw*0.999 {
			step *= m
			break
		}
	}
	a.lo, a.hi = math.Floor(lo/step+1e-9)*step, math.Ceil(hi/step-1e-9)*step
	for i := 0; ; i++ {
		v := a.lo + float64(i)*step
		if v > a.hi+step*1e-6 {
			break
		}
		if math.Abs(v) < step*1e-9 {
			v = 0
		}
		a.ticks = append(a.ticks, v)
	}
	return a
}

func (a axis) at(v float64) float64 {
	if math.IsNaN(v) {
		return a.from
	}
	if a.log {
		if v <= 0 {
			return a.from
		}
		v = math.Log10(v)
	}
	p := a.from + (v-a.lo)/(a.hi-a.lo)*(a.to-a.from)
	return math.Max(math.Min(p, math.Max(a.from, a.to)), math.Min(a.from, a.to))
}

// tick writes a tick's value.
func tick(v float64) string {
	if m := math.Abs(v); m != 0 && (m >= 1e5 || m < 1e-3) {
		s := fmt.Sprintf("%.0e", v)
		s = strings.Replace(strings.Replace(s, "e+0", "e", 1), "e-0", "e-", 1)
		return strings.Replace(s, "e+", "e", 1)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.6g", v), ".0")
}

// svg collects the elements of a drawing.
type svg struct {
	b    strings.Builder
	w, h float64
}

func esc(s string) string { return html.EscapeString(s) }

func (s *svg) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`, x1, y1, x2, y2, class)
}

func (s *svg) text(x, y float64, anchor, class, text string) {
	fmt.Fprintf(&s.b, `<text x="%.1f" y="%.1f" text-anchor="%s" class="%s">%s</text>`, x, y, anchor, class, esc(text))
}

func (s *svg) path(points []string, style string) {
	if len(points) > 0 {
		fmt.Fprintf(&s.b, `<path d="M%s" %s/>`, strings.Join(points, "L"), style)
	}
}

// finish wraps the elements with a title and a description for readers who cannot see.
func (s *svg) finish(title, description string) string {
	return fmt.Sprintf(`<svg viewBox="0 0 %.0f %.0f" role="img" xmlns="http://www.w3.org/2000/svg"><title>%s</title><desc>%s</desc>%s</svg>`, s.w, s.h, esc(title), esc(description), s.b.String())
}

// frame draws axes, grid and labels and returns both scales.
func (s *svg) frame(left, top, right, bottom float64, x, y axis, xLabel, yLabel string) {
	for _, v := range y.ticks {
		p := y.at(v)
		s.line(left, p, right, p, "grid")
		s.text(left-6, p+3.5, "end", "tick", tick(v))
	}
	for _, v := range x.ticks {
		p := x.at(v)
		s.line(p, bottom, p, bottom+4, "axis")
		s.text(p, bottom+15, "middle", "tick", tick(v))
	}
	s.line(left, bottom, right, bottom, "axis")
	s.text((left+right)/2, bottom+30, "middle", "label", xLabel)
	if yLabel != "" {
		s.text(left-4, top-10, "start", "label", yLabel)
	}
}

func point(x, y float64) string { return fmt.Sprintf("%.1f %.1f", x, y) }

// Series is a named line of a Plot.
type Series struct {
	Name string
	X, Y []float64
}

// Plot is a line plot with a legend.
type Plot struct {
	Title, X string
	Y        string // label of the other axis
	Log      bool   // both axes are logarithmic
	Series   []Series
}

func (p Plot) limits() (x0, x1, y0, y1 float64) {
	x0, y0 = math.Inf(1), math.Inf(1)
	x1, y1 = math.Inf(-1), math.Inf(-1)
	for _, s := range p.Series {
		for i := range s.X {
			if v := s.Y[i]; !math.IsNaN(v) && !math.IsInf(v, 0) {
				x0, x1 = math.Min(x0, s.X[i]), math.Max(x1, s.X[i])
				y0, y1 = math.Min(y0, v), math.Max(y1, v)
			}
		}
	}
	if y0 > 0 && y0 < 0.4*y1 {
		y0 = 0
	}
	return
}

// legendRows places names side by side within a width, and says where each begins.
func legendRows(names []string, width, each float64) (at [][2]float64, rows int) {
	x, y := 0.0, 0.0
	for _, n := range names {
		w := each*float64(len([]rune(n))) + 34
		if x > 0 && x+w > width {
			x, y = 0, y+1
		}
		at = append(at, [2]float64{x, y})
		x += w
	}
	return at, int(y) + 1
}

const standalone = `<style>text{font:12px system-ui,sans-serif;fill:#222}.tick{font-size:11px;fill:#555}.label{fill:#333}.title{font-size:15px;font-weight:600}.grid{stroke:#ddd;stroke-width:1}.axis{stroke:#444;stroke-width:1}</style><rect width="100%" height="100%" fill="#fff"/>`
