package diag

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// At makes a Place in s from start to end, in bytes.
func (s *Source) At(start, end int) Place { return Place{Src: s, Start: start, End: end} }

// Whole is the place that means the text as such, for messages such as "file not found".
func (s *Source) Whole() Place { return Place{Src: s, Start: -1, End: -1} }

// Known tells whether p is a place in some text.
func (p Place) Known() bool { return p.Src != nil }

// start is p.Start moved inside the text.
func (p Place) start() int {
	return min(max(p.Start, 0), len(p.Src.Text))
}

// Line is the line of p's start, from 1; 0 when p is nowhere or means a whole text.
func (p Place) Line() int {
	if p.Src == nil || p.Start < 0 {
		return 0
	}
	return 1 + strings.Count(p.Src.Text[:p.start()], "\n")
}

// Column is the column of p's start in runes, from 1; 0 when p is nowhere or means a whole text.
func (p Place) Column() int {
	if p.Src == nil || p.Start < 0 {
		return 0
	}
	from := p.start()
	return 1 + utf8.RuneCountInString(p.Src.Text[lineStart(p.Src.Text, from):from])
}

// Position is the name of p's text with Line and Column; "" and zeros when p is nowhere.
func (p Place) Position() (file string, line, column int) {
	if p.Src == nil {
		return "", 0, 0
	}
	return p.Src.Name, p.Line(), p.Column()
}

// String is "file:line:column", "file" for a whole text, "" for nowhere.
func (p Place) String() string {
	if p.Src == nil {
		return ""
	}
	if p.Start < 0 {
		return p.Src.Name
	}
	return p.Src.Name + ":" + strconv.Itoa(p.Line()) + ":" + strconv.Itoa(p.Column())
}

// Text is the text at p, "" when nowhere.
func (p Place) Text() string {
	if p.Src == nil || p.Start < 0 || p.End <= p.Start {
		return ""
	}
	return p.Src.Text[p.start():min(p.End, len(p.Src.Text))]
}

// To is the place from p's start to q's end; p when they are not of one text.
func (p Place) To(q Place) Place {
	if p.Src == nil || p.Src != q.Src || q.End < p.Start {
		return p
	}
	return Place{Src: p.Src, Start: p.Start, End: q.End}
}

// lineStart is the offset at which the line that holds offset i begins.
func lineStart(text string, i int) int {
	return strings.LastIndexByte(text[:i], '\n') + 1
}

// lineEnd is the offset of the end of the line that holds offset i, without its line break.
func lineEnd(text string, i int) int {
	end := len(text)
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		end = i + n
	}
	if end > i && text[end-1] == '\r' {
		end--
	}
	return end
}
