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
