package antimony

import (
	"strings"
	"unicode/utf8"

	"thymus/diag"
)

// maxText bounds the size of a text [bytes].
const maxText = 32 << 20

// kind is the kind of a token.
type kind uint8

const (
	word    kind = iota
	number       // 12, .5, 1e-3
	quoted       // "text", without its quotes
	symbol       // operators and punctuation
	newline      // the end of a line, which ends a statement
	eof          // the end of the text
)

// token is a piece of the text from start to end [bytes].
type token struct {
	kind       kind
	text       string
	start, end int
}

// comment is a block of comment lines with nothing between them.
type comment struct {
	start, end int
	lines      []string
	alone      bool // nothing but space stands before it on its line
}

// is tells whether t is the symbol s.
func (t token) is(s string) bool { return t.kind == symbol && t.text == s }

// word tells whether t is the word w.
func (t token) word(w string) bool { return t.kind == word && t.text == w }

// name says what t is, for messages.
func (t token) name() string {
	switch t.kind {
	case newline:
		return "the end of the line"
	case eof:
		return "the end of the text"
	case quoted:
		return "a text in quotes"
	case number:
		return "the number " + t.text
	}
	return "\"" + t.text + "\""
}

// symbols of more than one character, longest first.
var symbols = []string{"<==>", "<=>", "...", "->", "=>", ">=", "<=", "!=", "==", "<>", "&&", "||", ":=", "(", ")"}

type lexer struct {
	src      *diag.Source
	tokens   []token
	comments []comment
	ms       diag.Messages
}

func (l *lexer) errorf(start, end int, format string, args ...any) {
	if len(l.ms) < maxErrors {
		l.ms = append(l.ms, diag.Errorf(l.src.At(start, end), format, args...))
	}
}

// lex cuts the bytes from start to stop of a text into tokens; the last one is eof.
func lex(src *diag.Source, start, stop int) *lexer {
	l := &lexer{src: src}
	if stop-start > maxText {
		l.errorf(start, start+1, "the text has %d bytes; at most %d are read", stop-start, maxText)
		stop = start
	}
	s := src.Text[:stop]
	add := func(k kind, from, to int) {
		l.tokens = append(l.tokens, token{kind: k, text: s[from:to], start: from, end: to})
	}
	i := start
	if i == 0 {
		i = len(s) - len(strings.TrimPrefix(s, "\ufeff"))
	}
	for i < len(s) {
		c := s[i]
		switch {
		case c == ' ' || c == '\t':
			i++
		case c == '\n' || c == '\r':
			from := i
			i++
			if c == '\r' && i < len(s) && s[i] == '\n' {
				i++
			}
			add(newline, from, i)
		case c == '\\' && blankLine(s[i+1:]) > 0:
			i += 1 + blankLine(s[i+1:])
		case c == '#' || strings.HasPrefix(s[i:], "//"):
			from := i
			for i < len(s) && s[i] != '\n' && s[i] != '\r' {
				i++
			}
			l.comment(from, i, strings.TrimLeft(s[from:i], "/#"))
		case strings.HasPrefix(s[i:], "/*"):
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				l.errorf(i, i+2, "this comment has no end")
				l.ms[len(l.ms)-1].Help = "end it with */"
				i = len(s)
				break
			}
			l.comment(i, i+n+4, s[i+2:i+2+n])
			i += n + 4
		case letter(c):
			from := i
			for i < len(s) && (letter(s[i]) || digit(s[i])) {
				i++
			}
			add(word, from, i)
		case digit(c) || c == '.' && i+1 < len(s) && digit(s[i+1]):
			n := numeral(s[i:])
			add(number, i, i+n)
			i += n
		case c == '"':
			n := strings.IndexAny(s[i+1:], "\"\r\n")
			if n < 0 || s[i+1+n] != '"' {
				if n < 0 {
					n = len(s) - i - 1
				}
				l.errorf(i, i+1+n, "this text has no closing quote on its line")
				i += 1 + n
				break
			}
			l.tokens = append(l.tokens, token{quoted, s[i+1 : i+1+n], i, i + n + 2})
			i += n + 2
		case strings.HasPrefix(s[i:], "```"):
			n := strings.Index(s[i+3:], "```")
			if n < 0 {
				l.errorf(i, i+3, "this text has no end")
				l.ms[len(l.ms)-1].Help = "end it with ```"
				i = len(s)
				break
			}
			l.tokens = append(l.tokens, token{quoted, s[i+3 : i+3+n], i, i + n + 6})
			i += n + 6
		case strings.HasPrefix(s[i:], "``"):
			l.tokens = append(l.tokens, token{quoted, "", i, i + 2})
			i += 2
		case strings.HasPrefix(s[i:], "--"):
			from := i
			for i < len(s) && s[i] == '-' {
				i++
			}
			add(symbol, from, i)
		default:
			i = l.symbol(s, i)
		}
	}
	l.tokens = append(l.tokens, token{kind: eof, start: len(s), end: len(s)})
	return l
}

// symbol cuts an operator, or reports a character that has no meaning.
func (l *lexer) symbol(s string, i int) int {
	n := 0
	for _, op := range symbols {
		if strings.HasPrefix(s[i:], op) {
			n = len(op)
			break
		}
	}
	if n == 0 && strings.IndexByte("+-*/^%{}[],;:=<>!&|$.'", s[i]) >= 0 {
		n = 1
	}
	if n > 0 {
		l.tokens = append(l.tokens, token{symbol, s[i : i+n], i, i + n})
		return i + n
	}
	// One message for a run of them: a stray umlaut is two, a binary file is many.
	r, size := utf8.DecodeRuneInString(s[i:])
	n = size
	for i+n < len(s) && (s[i+n] >= utf8.RuneSelf || s[i+n] < ' ' && s[i+n] != '\n' && s[i+n] != '\r' && s[i+n] != '\t') {
		n++
	}
	l.errorf(i, i+n, "the character %q has no meaning in Antimony", r)
	return i + n
}

// comment keeps a comment; one that starts on the line after the last continues it.
func (l *lexer) comment(start, end int, text string) {
	s := l.src.Text
	n := len(l.tokens)
	alone := n == 0 || l.tokens[n-1].kind == newline
	var lines []string
	for _, t := range strings.Split(text, "\n") {
		t = strings.TrimRight(t, " \t\r")
		if strings.HasPrefix(s[start:], "/*") {
			t = strings.TrimPrefix(strings.TrimLeft(t, " \t"), "*")
		}
		lines = append(lines, strings.TrimPrefix(t, " "))
	}
	if strings.HasPrefix(s[start:], "/*") {
		for len(lines) > 0 && lines[0] == "" {
			lines = lines[1:]
		}
		for len(lines) > 0 && lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
	}
	if n := len(l.comments); n > 0 && alone {
		last := &l.comments[n-1]
		if between := s[last.end:start]; last.alone && strings.TrimSpace(between) == "" && strings.Count(between, "\n") <= 1 {
			last.end, last.lines = end, append(last.lines, lines...)
			return
		}
	}
	l.comments = append(l.comments, comment{start, end, lines, alone})
}

// numeral is the length of the number at the start of s. An e without digits is
// not part of it.
func numeral(s string) int {
	i := 0
	digits := func() {
		for i < len(s) && digit(s[i]) {
			i++
		}
	}
	digits()
	if i < len(s) && s[i] == '.' {
		i++
		digits()
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && digit(s[j]) {
			i = j
			digits()
		}
	}
	return i
}

// blankLine is the length of the space up to and including a line's end, 0 when
// something else stands there.
func blankLine(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r':
		case '\n':
			return i + 1
		default:
			return 0
		}
	}
	return 0
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
