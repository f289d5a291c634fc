package report

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// SVG draws the plot as a file of its own.
func (p Plot) SVG(w io.Writer) error {
	names := make([]string, len(p.Series))
	for i, s := range p.Series {
		names[i] = s.Name
	}
	const width, left, right = 760.0, 66.0, 744.0
	at, rows := legendRows(names, right-left, 7.2)
	top := 44 + 18*float64(rows)
	s := &svg{w: width, h: top + 340}
	bottom := s.h - 44
	s.b.WriteString(standalone)
	s.text(left, 22, "start", "title", fitting(p.Title, right-left, 8))
	x0, x1, y0, y1 := p.limits()
	x, y := newAxis(x0, x1, p.Log, left, right, 8), newAxis(y0, y1, p.Log, bottom, top, 6)
	s.frame(left, top, right, bottom, x, y, p.X, p.Y)
	for i, n := range names {
		lx, ly := left+at[i][0], 42+18*at[i][1]
		fmt.Fprintf(&s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="2.5"/>`, lx, ly-4, lx+18, ly-4, colour(i))
		s.text(lx+23, ly, "start", "label", n)
	}
	for i, q := range p.Series {
		var points []string
		flush := func() {
			s.path(points, fmt.Sprintf(`fill="none" stroke="%s" stroke-width="1.8" stroke-linejoin="round"`, colour(i)))
			points = nil
		}
		for k := range q.X {
			if math.IsNaN(q.Y[k]) || math.IsInf(q.Y[k], 0) {
				flush()
				continue
			}
			points = append(points, point(x.at(q.X[k]), y.at(q.Y[k])))
		}
		flush()
	}
	_, err := io.WriteString(w, s.finish(p.Title, fmt.Sprintf("Line plot of %d quantities over %s", len(p.Series), p.X)))
	return err
}

// fitting cuts a text that is wider than there is room, at so much a letter.
func fitting(text string, width, each float64) string {
	letters := []rune(text)
	if most := int(width / each); len(letters) > most {
		return string(letters[:most-3]) + "..."
	}
	return text
}

// canvas is a picture drawn at three times its size and averaged down, so that lines are
// smooth.
type canvas struct {
	w, h int
	big  *image.RGBA
}

const fine = 3

func newCanvas(w, h int) *canvas {
	c := &canvas{w, h, image.NewRGBA(image.Rect(0, 0, w*fine, h*fine))}
	for i := range c.big.Pix {
		c.big.Pix[i] = 255
	}
	return c
}

func (c *canvas) line(x1, y1, x2, y2, width float64, col color.RGBA) {
	x1, y1, x2, y2, width = x1*fine, y1*fine, x2*fine, y2*fine, width*fine
	length := math.Hypot(x2-x1, y2-y1)
	steps := int(length) + 1
	r := width / 2
	for i := 0; i <= steps; i++ {
		f := float64(i) / float64(steps)
		cx, cy := x1+f*(x2-x1), y1+f*(y2-y1)
		for py := int(cy - r); py <= int(cy+r); py++ {
			for px := int(cx - r); px <= int(cx+r); px++ {
				if dx, dy := float64(px)+0.5-cx, float64(py)+0.5-cy; dx*dx+dy*dy <= r*r {
					c.big.SetRGBA(px, py, col)
				}
			}
		}
	}
}

func (c *canvas) small() *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
	for y := 0; y < c.h; y++ {
		for x := 0; x < c.w; x++ {
			var sum [3]int
			for j := 0; j < fine; j++ {
				for i := 0; i < fine; i++ {
					p := c.big.RGBAAt(x*fine+i, y*fine+j)
					sum[0], sum[1], sum[2] = sum[0]+int(p.R), sum[1]+int(p.G), sum[2]+int(p.B)
				}
			}
			n := fine * fine
			out.SetRGBA(x, y, color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
		}
	}
	return out
}

func hex(s string) color.RGBA {
	var r, g, b uint8
	fmt.Sscanf(s, "#%02x%02x%02x", &r, &g, &b)
	return color.RGBA{r, g, b, 255}
}

// PNG draws the plot as a picture of 900 by about 520 points.
func (p Plot) PNG(w io.Writer) error {
	names := make([]string, len(p.Series))
	for i, s := range p.Series {
		names[i] = s.Name
	}
	const width, left, right = 900, 80.0, 880.0
	at, rows := legendRows(names, right-left, 7)
	top := 50 + 18*float64(rows)
	height := int(top) + 430
	bottom := float64(height) - 50
	c := newCanvas(width, height)
	x0, x1, y0, y1 := p.limits()
	x, y := newAxis(x0, x1, p.Log, left, right, 8), newAxis(y0, y1, p.Log, bottom, top, 6)
	grey, dark := hex("#dddddd"), hex("#444444")
	for _, v := range y.ticks {
		c.line(left, y.at(v), right, y.at(v), 1, grey)
	}
	for _, v := range x.ticks {
		c.line(x.at(v), bottom, x.at(v), bottom+4, 1, dark)
	}
	c.line(left, bottom, right, bottom, 1, dark)
	for i := range names {
		lx, ly := left+at[i][0], 42+18*at[i][1]
		c.line(lx, ly-4, lx+18, ly-4, 2.5, hex(colour(i)))
	}
	for i, q := range p.Series {
		for k := 1; k < len(q.X); k++ {
			a, b := q.Y[k-1], q.Y[k]
			if !math.IsNaN(a) && !math.IsNaN(b) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
				c.line(x.at(q.X[k-1]), y.at(a), x.at(q.X[k]), y.at(b), 1.8, hex(colour(i)))
			}
		}
	}
	out := c.small()
	face := basicfont.Face7x13
	write := func(x, y float64, share float64, text string) {
		d := font.Drawer{Dst: out, Src: image.NewUniform(hex("#222222")), Face: face}
		n := float64(d.MeasureString(text).Ceil())
		d.Dot = fixed.P(int(x-share*n), int(y))
		d.DrawString(text)
	}
	write(left, 22, 0, fitting(p.Title, right-left, 7))
	write((left+right)/2, bottom+38, 0.5, p.X)
	for _, v := range y.ticks {
		write(left-8, y.at(v)+4, 1, tick(v))
	}
	for _, v := range x.ticks {
		write(x.at(v), bottom+19, 0.5, tick(v))
	}
	for i, n := range names {
		write(left+at[i][0]+23, 42+18*at[i][1], 0, n)
	}
	return png.Encode(w, out)
}
