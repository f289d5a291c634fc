package table

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"
)

// WriteCSV writes a header of names and one line a row (RFC 4180 quoting, lines end in
// "\n"). Numbers are the shortest text that reads back as the same bits; NaN is an
// empty field, infinities are "inf" and "-inf". It checks the table first.
func (t *Table) WriteCSV(w io.Writer) error {
	if err := t.Check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	for i := range t.Columns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(t.Columns[i].Name))
	}
	b.WriteByte('\n')
	t.writeRows(b)
	return b.Flush() // bufio keeps the first error
}

// WriteRows writes what WriteCSV writes below its header, so that a long table can be
// written a piece at a time.
func (t *Table) WriteRows(w io.Writer) error {
	if err := t.Check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	t.writeRows(b)
	return b.Flush()
}

func (t *Table) writeRows(b *bufio.Writer) {
	var text []byte
	for r := 0; r < t.Rows(); r++ {
		for i := range t.Columns {
			if i > 0 {
				b.WriteByte(',')
			}
			text = t.Columns[i].appendCell(text[:0], r)
			b.Write(text)
		}
		b.WriteByte('\n')
	}
}

func (c *Column) appendCell(text []byte, row int) []byte {
	switch c.Kind {
	case Float:
		return AppendFloat(text, c.F[row])
	case Int:
		return strconv.AppendInt(text, c.I[row], 10)
	case String:
		return append(text, quote(c.S[row])...)
	default:
		return strconv.AppendBool(text, c.B[row])
	}
}

// Text is the cell of a row as WriteCSV writes it, without quotes.
func (c *Column) Text(row int) string {
	if c.Kind == String {
		return c.S[row]
	}
	return string(c.appendCell(nil, row))
}

// AppendFloat adds the shortest text that reads back as x: plain digits from 1e-4 up to
// 1e15, with an exponent beyond; nothing for NaN.
func AppendFloat(text []byte, x float64) []byte {
	switch {
	case math.IsNaN(x):
		return text
	case math.IsInf(x, 1):
		return append(text, "inf"...)
	case math.IsInf(x, -1):
		return append(text, "-inf"...)
	case x == 0:
		return append(text, '0')
	}
	if a := math.Abs(x); a >= 1e-4 && a < 1e15 {
		return strconv.AppendFloat(text, x, 'f', -1, 64)
	}
	return strconv.AppendFloat(text, x, 'e', -1, 64)
}

func quote(s string) string {
	if s == "" || !strings.ContainsAny(s, ",\"\r\n") && s[0] != ' ' && s[len(s)-1] != ' ' {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
