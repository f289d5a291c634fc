package sbml

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"thymus/diag"
)

// asUTF8 is src in UTF-8, from the encodings that XML texts of the field have: UTF-8, UTF-16
// and ISO 8859-1 with its part US-ASCII.
func asUTF8(src *diag.Source) (*diag.Source, diag.Messages) {
	s := src.Text
	if len(s) > maxBytes {
		return src, nil // refused by readXML
	}
	if strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff") {
		little := s[0] == 0xff
		units := make([]uint16, 0, len(s)/2)
		for i := 2; i+1 < len(s); i += 2 {
			if little {
				units = append(units, uint16(s[i])|uint16(s[i+1])<<8)
			} else {
				units = append(units, uint16(s[i+1])|uint16(s[i])<<8)
			}
		}
		return &diag.Source{Name: src.Name, Text: string(utf16.Decode(units))}, nil
	}
	head := s[:min(len(s), 200)]
	if !strings.HasPrefix(strings.TrimPrefix(head, "\ufeff"), "<?xml") {
		return src, nil
	}
	head, _, _ = strings.Cut(head, "?>")
	_, rest, ok := strings.Cut(head, "encoding")
	if !ok {
		return src, nil
	}
	rest = strings.TrimLeft(rest, " =\t\r\n")
	if rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return src, nil
	}
	name, _, _ := strings.Cut(rest[1:], rest[:1])
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "us-ascii", "ascii", "utf-16":
		return src, nil
	case "iso-8859-1", "latin1", "iso-8859-15", "windows-1252":
		if ascii(s) {
			return src, nil
		}
		var b strings.Builder
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		return &diag.Source{Name: src.Name, Text: b.String()}, nil
	}
	i := strings.Index(s, name)
	return src, diag.Messages{diag.Errorf(src.At(i, i+len(name)), "the encoding %q is not read", short(name)).WithHelp("save the file as UTF-8")}
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// invalidAt is the offset of the first byte that XML does not allow, -1 when there is none.
func invalidAt(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= 0x20 && c < utf8.RuneSelf || c == '\n' || c == '\t' || c == '\r':
			i++
		case c < 0x20:
			return i
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || r == 0xfffe || r == 0xffff {
				return i
			}
			i += size
		}
	}
	return -1
}

// reference is the character that &name; means.
func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, isNumber := strings.CutPrefix(name, "#")
	if !isNumber || digits == "" {
		return 0, false
	}
	base := rune(10)
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	var r rune
	for i := range len(digits) {
		var d rune
		switch c := digits[i]; {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case base == 16 && c >= 'a' && c <= 'f':
			d = rune(c-'a') + 10
		case base == 16 && c >= 'A' && c <= 'F':
			d = rune(c-'A') + 10
		default:
			return 0, false
		}
		if r = r*base + d; r > utf8.MaxRune {
			return 0, false
		}
	}
	return r, digits != "" && utf8.ValidRune(r) && (r >= 0x20 || r == '\n' || r == '\t' || r == '\r')
}
