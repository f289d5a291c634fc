package diag

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// frameWidth is the number of runes of a source line a frame shows at most.
const frameWidth = 120

// oneLine is the width up to which a single note and the help share a line.
const oneLine = 100

// palette holds the escape sequences of each part of a frame.
type palette struct{ place, err, warn, note, caret, text, reset string }

var (
	plain   = palette{}
	colored = palette{
		place: "\x1b[1m", err: "\x1b[1;31m", warn: "\x1b[1;33m", note: "\x1b[1;36m",
		caret: "\x1b[1;31m", text: "\x1b[1m", reset: "\x1b[0m",
	}
)

func (c palette) of(s Severity) string {
	switch s {
	case Error:
		return c.err
	case Warning:
		return c.warn
	}
	return c.note
}

// Write writes every message with the source line it is about, carets under the
// place, notes and help:
//
//	pd1-blocker.ant:4:24: error: units do not match: a rate is amount/time, this is volume/time (L/day)
//	    4 |   elimination: Ab -> ; CL;
//	      |                        ^^
//	    note: CL is L/day (pd1-blocker.parameters.tsv:2)     help: did you mean CL * Ab?
//
// Errors of w are not reported.
func Write(w io.Writer, ms Messages, color bool) {
	c := plain
	if color {
		c = colored
	}
	var b bytes.Buffer
	for _, m := range ms {
		writeMessage(&b, m, c)
	}
	w.Write(b.Bytes())
}

// buffer is what bytes.Buffer and strings.Builder have in common.
type buffer interface {
	WriteString(string) (int, error)
}

func writeMessage(b buffer, m Message, c palette) {
	put := func(color, s string) {
		if color != "" {
			b.WriteString(color)
		}
		b.WriteString(s)
		if color != "" {
			b.WriteString(c.reset)
		}
	}
	if at := m.At.String(); at != "" {
		put(c.place, visible(at)+": ")
	}
	put(c.of(m.Severity), m.Severity.String()+": ")
	put(c.text, visible(m.Text))
	b.WriteString("\n")
	writeFrame(b, m.At, c)

	const indent = "    "
	notes := make([]string, len(m.Notes))
	for i, n := range m.Notes {
		notes[i] = visible(n.Text)
		if at := shortPlace(n.At, m.At); at != "" {
			notes[i] += " (" + visible(at) + ")"
		}
	}
	help := visible(m.Help)
	for i, n := range notes {
		b.WriteString(indent)
		put(c.note, "note: ")
		b.WriteString(n)
		const gap = "     "
		if len(notes) == 1 && help != "" &&
			len(indent)+len("note: ")+utf8.RuneCountInString(n)+len(gap)+len("help: ")+utf8.RuneCountInString(help) <= oneLine {
			b.WriteString(gap)
			put(c.note, "help: ")
			b.WriteString(help)
			help = ""
		}
		if i < len(notes) {
			b.WriteString("\n")
		}
	}
	if help != "" {
		b.WriteString(indent)
		put(c.note, "help: ")
		b.WriteString(help)
		b.WriteString("\n")
	}
}

// writeFrame writes the line of the place and the carets under it; nothing when
// the place has no text.
func writeFrame(b buffer, at Place, c palette) {
	if at.Src == nil || at.Start < 0 || at.Src.Text == "" {
		return
	}
	text := at.Src.Text
	start := at.start()
	from, to := lineStart(text, start), lineEnd(text, start)
	if start > to {
		start = to
	}
	end := min(max(at.End, start+1), to)

	lead := expand(text[from:start])
	mark := expand(text[start:max(end, start)])
	rest := expand(text[max(end, start):to])
	// A very long line is cut around the place, so that the carets stay in sight.
	if n := utf8.RuneCountInString(lead); n > frameWidth/2 {
		lead = "..." + lastRunes(lead, frameWidth/2)
	}
	if n := utf8.RuneCountInString(lead) + utf8.RuneCountInString(mark); n < frameWidth {
		if cut := firstRunes(rest, frameWidth-n); cut != rest {
			rest = cut + "..."
		}
	} else {
		keep := max(frameWidth-utf8.RuneCountInString(lead), 1)
		if cut := firstRunes(mark, keep); cut != mark {
			mark, rest = cut, "..."
		} else {
			rest = ""
		}
	}
	number := strconv.Itoa(at.Line())
	margin := max(len(number), 5)
	b.WriteString(strings.Repeat(" ", margin-len(number)) + number + strings.TrimRight(" | "+lead+mark+rest, " ") + "\n")
	b.WriteString(strings.Repeat(" ", margin) + " | " + strings.Repeat(" ", utf8.RuneCountInString(lead)))
	b.WriteString(c.caret + strings.Repeat("^", max(utf8.RuneCountInString(mark), 1)))
	if c.caret != "" {
		b.WriteString(c.reset)
	}
	b.WriteString("\n")
}

// shortPlace is "file:line" for a remark; the file without the folder it shares
// with the message, and "line 4" inside the same text.
func shortPlace(at, near Place) string {
	if at.Src == nil {
		return ""
	}
	name := at.Src.Name
	if at.Start < 0 {
		return name
	}
	line := strconv.Itoa(at.Line())
	if near.Src != nil {
		if near.Src == at.Src || near.Src.Name == name {
			return "line " + line
		}
		if path.Dir(near.Src.Name) == path.Dir(name) {
			name = path.Base(name)
		}
	}
	return name + ":" + line
}

// expand makes tabs four spaces wide and control characters harmless, so that
// carets stand where the text is.
func expand(s string) string {
	return visible(strings.ReplaceAll(s, "\t", "    "))
}

// visible replaces control characters and broken UTF-8, which could move the
// cursor of a terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029 ||
			(r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func lastRunes(s string, n int) string {
	skip := utf8.RuneCountInString(s) - n
	for i := range s {
		if skip <= 0 {
			return s[i:]
		}
		skip--
	}
	return s
}
