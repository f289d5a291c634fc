package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"thymus/model"
)

// Sizes of a diagram's boxes.
const (
	boxHeight = 26.0
	rowHeight = 44.0
	letter    = 7.0
)

type box struct {
	id         string
	x, y, w    float64
	class      string
	in, out    int // flows from nowhere and to nowhere, drawn as stubs
	inID, gone []string
}

// DiagramStyle is the look of a diagram; a page that holds diagrams has it once.
const DiagramStyle = `<style>.d-state rect{fill:#dcecf7;stroke:#0072b2}.d-rate rect{fill:#eef3ea;stroke:#009e73}.d-port rect{fill:#fdf1dd;stroke:#b57b00}.d-box text{font:12px system-ui,sans-serif;fill:#1c2430}.d-flow{fill:none;stroke:#1c2430;stroke-width:1.6}.d-steer{fill:none;stroke:#d55e00;stroke-width:1;stroke-opacity:.45;stroke-dasharray:4 3}.d-head{font:600 12px system-ui,sans-serif;fill:#5a6675}.d-key{font:11px system-ui,sans-serif;fill:#5a6675}@media (prefers-color-scheme:dark){.d-flow{stroke:#e7ebf0}}</style>`

// DiagramSVG writes a module's diagram as a file of its own.
func DiagramSVG(w io.Writer, title string, d *model.Diagram, language string) error {
	_, err := io.WriteString(w, diagram(title, d, language, `<rect width="100%" height="100%" fill="#fff"/>`+strings.Replace(DiagramStyle, "@media (prefers-color-scheme:dark){.d-flow{stroke:#e7ebf0}}", "", 1)))
	return err
}

// diagram draws ports that are read on the left, what has a memory in the middle, ports
// that are written on the right. Solid arrows are flows, broken lines say what steers what.
func diagram(title string, d *model.Diagram, language, before string) string {
	words := map[string][4]string{
		"en": {"ports read", "species and states", "ports written", "%d species and states, %d flows, %d ports read, %d written"},
		"fr": {"ports lus", "espèces et états", "ports écrits", "%d espèces et états, %d flux, %d ports lus, %d écrits"}}[language]
	key := map[string]string{"en": "solid: what turns into what · broken: what steers it", "fr": "trait plein : ce qui devient quoi · tirets : ce qui l'influence"}[language]
	boxes := map[string]*box{}
	columns := layers(d)
	widest := func(ids []string) float64 {
		n := 0
		for _, id := range ids {
			n = max(n, len([]rune(id)))
		}
		return letter*float64(n) + 18
	}
	var ports []string
	for _, o := range d.Writes {
		ports = append(ports, o.Port)
	}
	const top, gap = 56.0, 74.0
	tallest := max(len(d.Reads), len(ports))
	for _, c := range columns {
		tallest = max(tallest, len(c))
	}
	height := top + rowHeight*float64(max(tallest, 1)) + 26
	place := func(ids []string, x, w float64, class, prefix string) {
		step := math.Min(math.Max((height-top-26)/float64(max(len(ids), 1)), rowHeight), 2*rowHeight)
		y0 := top + (height-top-26-step*float64(len(ids)))/2
		for i, id := range ids {
			boxes[prefix+id] = &box{id: id, x: x, y: y0 + step*float64(i) + (step-boxHeight)/2, w: w, class: class}
		}
	}
	x := 14.0
	left, reads := x, append([]string(nil), d.Reads...)
	if len(reads) > 0 {
		x += widest(reads) + gap + 20
	} else {
		x += 30
	}
	middle := x
	species := map[string]bool{}
	for _, s := range d.States {
		species[s.ID] = s.Species
	}
	for _, c := range columns {
		w := widest(c)
		place(c, x, w, "d-state", "")
		for _, id := range c {
			if !species[id] {
				boxes[id].class = "d-state d-rate"
			}
		}
		x += w + gap
	}
	right := math.Max(x+14, middle+150)
	// ports stand beside what they steer and what they are made of
	beside := func(ids []string, of func(string) []string) {
		height := map[string]float64{}
		for i, id := range ids {
			n := 0.0
			for _, other := range of(id) {
				if b := boxes[other]; b != nil {
					height[id], n = height[id]+b.y, n+1
				}
			}
			height[id] = height[id]/math.Max(n, 1) + 1e-3*float64(i)
		}
		slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(height[a], height[b]) })
	}
	beside(reads, func(id string) (out []string) {
		for _, f := range d.Flows {
			if slices.Contains(f.By, id) {
				out = append(append(out, f.From...), f.To...)
			}
		}
		for _, st := range d.States {
			if slices.Contains(st.By, id) {
				out = append(out, st.ID)
			}
		}
		return out
	})
	beside(ports, func(id string) []string {
		for _, o := range d.Writes {
			if o.Port == id {
				return o.Of
			}
		}
		return nil
	})
	if len(reads) > 0 {
		place(reads, left, widest(reads), "d-port", "")
	}
	if len(ports) > 0 {
		w := widest(ports)
		place(ports, right, w, "d-port", "to ")
		x = right + w
	}
	s := &svg{w: math.Max(x+16, 420), h: height}
	s.b.WriteString(before)
	s.b.WriteString(`<defs><marker id="d-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#5a6675"/></marker></defs>`)
	head := func(x float64, text string) { s.text(x, 40, "start", "d-head", text) }
	s.text(14, 20, "start", "d-key", key)
	if len(d.Reads) > 0 {
		head(left, words[0])
	}
	if len(columns) > 0 {
		head(middle, words[1])
	}
	if len(ports) > 0 {
		head(right, words[2])
	}
	curve := func(a, b *box, class, tip, title string) {
		x1, y1, x2, y2 := a.x+a.w, a.y+boxHeight/2, b.x, b.y+boxHeight/2
		bend := math.Max(24, math.Abs(x2-x1)/2)
		c1, c2 := x1+bend, x2-bend
		switch {
		case a == b:
			return
		case math.Abs(a.x-b.x) < 1: // within a column: round the right side
			x2 = b.x + b.w
			c1, c2 = x1+26, x2+26
		case a.x > b.x: // back: from the left side to the right one
			x1, x2 = a.x, b.x+b.w
			bend = math.Max(24, (x1-x2)/2)
			c1, c2 = x1-bend, x2+bend
		}
		fmt.Fprintf(&s.b, `<path class="%s" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"%s><title>%s</title></path>`, class, x1, y1, c1, y1, c2, y2, x2, y2, tip, esc(title))
	}
	const tip = ` marker-end="url(#d-tip)"`
	drawn := map[string]bool{}
	steer := func(from, to, why string) {
		a, b := boxes[from], boxes[to]
		if a == nil || b == nil || a == b || drawn[from+">"+to] {
			return
		}
		drawn[from+">"+to] = true
		curve(a, b, "d-steer", "", why)
	}
	for _, f := range d.Flows {
		targets := f.To
		if len(targets) == 0 {
			targets = f.From
		}
		for _, t := range targets {
			for _, by := range f.By {
				steer(by, t, by+" → "+f.ID)
			}
		}
		for _, a := range f.From {
			for _, b := range f.To {
				if boxes[a] != nil && boxes[b] != nil {
					curve(boxes[a], boxes[b], "d-flow", tip, f.ID)
				}
			}
			if len(f.To) == 0 && boxes[a] != nil {
				boxes[a].out++
				boxes[a].gone = append(boxes[a].gone, f.ID)
			}
		}
		if len(f.From) == 0 {
			for _, b := range f.To {
				if boxes[b] != nil {
					boxes[b].in++
					boxes[b].inID = append(boxes[b].inID, f.ID)
				}
			}
		}
	}
	for _, st := range d.States {
		for _, by := range st.By {
			steer(by, st.ID, by+" → "+st.ID)
		}
	}
	for _, o := range d.Writes {
		for _, by := range o.Of {
			steer(by, "to "+o.Port, by+" → "+o.Port)
		}
	}
	list := append([]string(nil), d.Reads...)
	for _, st := range d.States {
		list = append(list, st.ID)
	}
	for _, p := range ports {
		list = append(list, "to "+p)
	}
	for _, id := range list {
		b := boxes[id]
		if b == nil {
			continue
		}
		if b.in > 0 {
			fmt.Fprintf(&s.b, `<path class="d-flow" d="M%.1f %.1fL%.1f %.1f"%s><title>%s</title></path>`, b.x-16, b.y-9, b.x+6, b.y, tip, esc(strings.Join(b.inID, ", ")))
		}
		if b.out > 0 {
			fmt.Fprintf(&s.b, `<path class="d-flow" d="M%.1f %.1fL%.1f %.1f"%s><title>%s</title></path>`, b.x+b.w-6, b.y+boxHeight, b.x+b.w+14, b.y+boxHeight+9, tip, esc(strings.Join(b.gone, ", ")))
		}
		fmt.Fprintf(&s.b, `<g class="d-box %s"><rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6"/>`, b.class, b.x, b.y, b.w, boxHeight)
		s.text(b.x+b.w/2, b.y+17, "middle", "", b.id)
		s.b.WriteString(`</g>`)
	}
	described := fmt.Sprintf(words[3], len(d.States), len(d.Flows), len(d.Reads), len(d.Writes))
	out := s.finish(title, described)
	return strings.Replace(out, "<svg ", fmt.Sprintf(`<svg style="max-width:%.0fpx" `, 1.15*s.w), 1)
}

// layers puts states into columns: what turns into something else stands left of it, and
// columns are no taller than they need be.
func layers(d *model.Diagram) [][]string {
	next := map[string][]string{}
	for _, f := range d.Flows {
		for _, a := range f.From {
			for _, b := range f.To {
				if a != b {
					next[a] = append(next[a], b)
				}
			}
		}
	}
	for _, s := range d.States { // beside flows, what steers stands left of what it steers
		for _, by := range s.By {
			if by != s.ID {
				next[by] = append(next[by], s.ID)
			}
		}
	}
	const placed, open = 1, 2
	mark, depth := map[string]int{}, map[string]int{}
	var order []string
	var visit func(id string)
	visit = func(id string) {
		mark[id] = open
		for _, b := range next[id] {
			if mark[b] == 0 {
				visit(b)
			}
		}
		mark[id] = placed
		order = append(order, id)
	}
	for _, s := range d.States {
		if mark[s.ID] == 0 {
			visit(s.ID)
		}
	}
	slices.Reverse(order)
	position := map[string]int{}
	for i, id := range order {
		position[id] = i
	}
	for _, id := range order {
		for _, b := range next[id] {
			if position[b] > position[id] { // not back along a circle
				depth[b] = max(depth[b], depth[id]+1)
			}
		}
	}
	// at most six columns; a crowded column spills into the next
	deepest := 0
	for _, s := range d.States {
		deepest = max(deepest, depth[s.ID])
	}
	columns := min(deepest+1, 6)
	out := make([][]string, columns)
	for _, s := range d.States {
		k := depth[s.ID] * columns / (deepest + 1)
		out[k] = append(out[k], s.ID)
	}
	most := max((len(d.States)+columns-1)/columns+2, 5)
	for k := 0; k < len(out); k++ {
		if len(out[k]) > most {
			rest := append([]string(nil), out[k][most:]...)
			out[k] = out[k][:most]
			if k+1 == len(out) {
				out = append(out, nil)
			}
			out[k+1] = append(rest, out[k+1]...)
		}
	}
	return slices.DeleteFunc(out, func(c []string) bool { return len(c) == 0 })
}
