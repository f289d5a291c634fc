package antimony

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"thymus/diag"
)

// kind is the kind of a token.
type kind uint8

const (
	word kind = iota
	numeral
	text   // "in quotes"
	symbol // operators and punctuation
	newline
	end
)

type token struct {
	kind  kind
	text  string // of a text token: without the quotes
	at    diag.Place
	space bool // white space stood before it
}

// mostText bounds the size of a model file [bytes].
const mostText = 64 << 20

// symbols of more than one character, longest first.
var compound = []string{"-->", "<->", "<=>", "-o", "-|", "->", "=>", ":=", "&&", "||", "==", "!=", "<>", ">=", "<=", "++"}

// lex cuts a source into tokens; comments vanish.
func lex(src *diag.Source) (tokens []token, ms diag.Messages) {
	s := src.Text
	if len(s) > mostText {
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src}, "the file has %d bytes; at most %d are read", len(s), mostText)}
	}
	space := false
	add := func(k kind, from, to int, txt string) {
		tokens = append(tokens, token{kind: k, text: txt, at: diag.Place{Src: src, Start: from, End: to}, space: space})
		space = false
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\n':
			add(newline, i, i+1, "\n")
			i++
		case c == ' ' || c == '\t' || c == '\r':
			space = true
			i++
		case strings.HasPrefix(s[i:], "//") || c == '#':
			for i < len(s) && s[i] != '\n' {
				i++
			}
			space = true
		case strings.HasPrefix(s[i:], "/*"):
			j := strings.Index(s[i+2:], "*/")
			if j < 0 {
				ms = append(ms, diag.Errorf(diag.Place{Src: src, Start: i, End: i + 2}, "the comment that starts here does not end").WithHelp("end it with */"))
				i = len(s)
				break
			}
			i += j + 4
			space = true
		case c == '"':
			j := i + 1
			for j < len(s) && s[j] != '"' && s[j] != '\n' {
				if s[j] == '\\' {
					j++
				}
				j++
			}
			if j >= len(s) || s[j] != '"' {
				j = min(j, len(s))
				ms = append(ms, diag.Errorf(diag.Place{Src: src, Start: i, End: j}, "the text that starts here does not end").WithHelp(`end it with "`))
				i = j
				break
			}
			add(text, i, j+1, strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s[i+1:j]))
			i = j + 1
		case c >= '0' && c <= '9' || c == '.' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			j := i
			for j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == '.') {
				j++
			}
			if j < len(s) && (s[j] == 'e' || s[j] == 'E') {
				k := j + 1
				if k < len(s) && (s[k] == '+' || s[k] == '-') {
					k++
				}
				if k < len(s) && s[k] >= '0' && s[k] <= '9' {
					for k < len(s) && s[k] >= '0' && s[k] <= '9' {
						k++
					}
					j = k
				}
			}
			add(numeral, i, j, s[i:j])
			i = j
		case letter(c):
			j := i
			for j < len(s) && (letter(s[j]) || s[j] >= '0' && s[j] <= '9') {
				j++
			}
			add(word, i, j, s[i:j])
			i = j
		default:
			found := ""
			for _, op := range compound {
				if strings.HasPrefix(s[i:], op) {
					found = op
					break
				}
			}
			// "-o" only between names: "a-offset" is a difference
			if found == "-o" && i+2 < len(s) && (letter(s[i+2]) || s[i+2] >= '0' && s[i+2] <= '9') {
				found = ""
			}
			if found != "" {
				add(symbol, i, i+len(found), found)
				i += len(found)
				break
			}
			if strings.IndexByte("+-*/^%()[]{},;:=<>!&|$.'@~", c) >= 0 {
				add(symbol, i, i+1, string(c))
				i++
				break
			}
			r, n := utf8.DecodeRuneInString(s[i:])
			ms = append(ms, diag.Errorf(diag.Place{Src: src, Start: i, End: i + n}, "the character %s has no meaning here", fmt.Sprintf("%q", r)))
			i += n
		}
	}
	tokens = append(tokens, token{kind: end, at: diag.Place{Src: src, Start: len(s), End: len(s)}})
	return tokens, ms
}

// commentBefore is the block of comment lines that stands directly above the line of
// the offset, without their marks.
func commentBefore(src *diag.Source, offset int) string {
	s := src.Text
	var lines []string
	for {
		start := strings.LastIndexByte(s[:offset], '\n')
		if start < 0 {
			break
		}
		above := s[:start]
		from := strings.LastIndexByte(above, '\n') + 1
		line := strings.TrimSpace(above[from:])
		if !strings.HasPrefix(line, "//") {
			break
		}
		lines = append([]string{strings.TrimPrefix(strings.TrimPrefix(line, "//"), " ")}, lines...)
		offset = from
	}
	return strings.Join(lines, "\n")
}

func letter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
