package sbml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"thymus/model"
)

// xmlWriter writes elements, each on a line of its own.
type xmlWriter struct {
	b     bytes.Buffer
	depth int
}

func (x *xmlWriter) indent() {
	for range x.depth {
		x.b.WriteString("  ")
	}
}

// tag writes <name a="b"; attributes are pairs of name and value, those without a value are left out.
func (x *xmlWriter) tag(name string, attributes []string) {
	x.indent()
	x.b.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			x.b.WriteString(" " + attributes[i] + `="` + escape(attributes[i+1]) + `"`)
		}
	}
}

// open writes a start tag.
func (x *xmlWriter) open(name string, attributes ...string) {
	x.tag(name, attributes)
	x.b.WriteString(">\n")
	x.depth++
}

// close writes an end tag.
func (x *xmlWriter) close(name string) {
	x.depth--
	x.indent()
	x.b.WriteString("</" + name + ">\n")
}

// empty writes an element that holds nothing.
func (x *xmlWriter) empty(name string, attributes ...string) {
	x.tag(name, attributes)
	x.b.WriteString("/>\n")
}

// leaf writes an element that holds text.
func (x *xmlWriter) leaf(name, text string, attributes ...string) {
	x.tag(name, attributes)
	x.b.WriteString("> " + escape(text) + " </" + name + ">\n")
}

// element writes an element with what inner writes; an empty tag when that is nothing.
func (x *xmlWriter) element(name string, attributes []string, inner func()) {
	x.tag(name, attributes)
	x.b.WriteString(">\n")
	length := x.b.Len()
	x.depth++
	inner()
	if x.b.Len() == length {
		x.depth--
		x.b.Truncate(length - 2)
		x.b.WriteString("/>\n")
		return
	}
	x.close(name)
}

// escape writes a text so that XML reads it back; characters that XML has no way to write
// become spaces.
func escape(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= 0x20 && c < utf8.RuneSelf && c != '<' && c != '>' && c != '&' && c != '"'
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		case r < 0x20 || r == 0xfffe || r == 0xffff:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// numberText writes a number for an attribute, so that the same bits are read back.
func numberText(v float64) string {
	switch text := model.FormatNumber(v); text {
	case "inf":
		return "INF"
	case "-inf":
		return "-INF"
	case "nan":
		return "NaN"
	default:
		return text
	}
}

// valueText is numberText of a number that may be missing.
func valueText(v *float64) string {
	if v == nil {
		return ""
	}
	return numberText(*v)
}
