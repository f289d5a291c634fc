package table

import (
	"fmt"
	"strings"
)

// Kind says what a column holds.
type Kind uint8

// The kinds of columns.
const (
	Float  Kind = iota // F; NaN is a missing value
	Int                // I
	String             // S; "" is a missing value
	Bool               // B
)

// String is "float", "int", "string" or "bool".
func (k Kind) String() string {
	switch k {
	case Float:
		return "float"
	case Int:
		return "int"
	case String:
		return "string"
	case Bool:
		return "bool"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Column is one named column. Only the slice that Kind names is in use.
type Column struct {
	Name string
	Unit string // in package unit's language; "" when it has none
	Kind Kind
	F    []float64
	I    []int64
	S    []string
	B    []bool
}

// Floats is a column of numbers; the slice is not copied.
func Floats(name, unit string, f []float64) Column {
	return Column{Name: name, Unit: unit, Kind: Float, F: f}
}

// Ints is a column of whole numbers; the slice is not copied.
func Ints(name, unit string, i []int64) Column {
	return Column{Name: name, Unit: unit, Kind: Int, I: i}
}

// Strings is a column of words; the slice is not copied.
func Strings(name string, s []string) Column { return Column{Name: name, Kind: String, S: s} }

// Bools is a column of truth values; the slice is not copied.
func Bools(name string, b []bool) Column { return Column{Name: name, Kind: Bool, B: b} }

// Len is the number of rows.
func (c *Column) Len() int {
	switch c.Kind {
	case Float:
		return len(c.F)
	case Int:
		return len(c.I)
	case String:
		return len(c.S)
	case Bool:
		return len(c.B)
	}
	panic(fmt.Sprintf("table: column %q has unknown kind %d", c.Name, uint8(c.Kind)))
}

// Slice is the column's rows from i up to, not including, j; the values are shared.
func (c *Column) Slice(i, j int) Column {
	s := Column{Name: c.Name, Unit: c.Unit, Kind: c.Kind}
	switch c.Kind {
	case Float:
		s.F = c.F[i:j:j]
	case Int:
		s.I = c.I[i:j:j]
	case String:
		s.S = c.S[i:j:j]
	case Bool:
		s.B = c.B[i:j:j]
	}
	return s
}

// Pick is the rows of the column named by rows, in that order, copied.
func (c *Column) Pick(rows []int) Column {
	p := Column{Name: c.Name, Unit: c.Unit, Kind: c.Kind}
	switch c.Kind {
	case Float:
		p.F = pick(c.F, rows)
	case Int:
		p.I = pick(c.I, rows)
	case String:
		p.S = pick(c.S, rows)
	case Bool:
		p.B = pick(c.B, rows)
	}
	return p
}

func pick[T any](from []T, rows []int) []T {
	to := make([]T, len(rows))
	for i, r := range rows {
		to[i] = from[r]
	}
	return to
}

// Table is a list of equally long columns.
type Table struct {
	Name    string
	Columns []Column
}

// Append adds columns at the right.
func (t *Table) Append(columns ...Column) { t.Columns = append(t.Columns, columns...) }

// Rows is the length of the columns (0 without columns).
func (t *Table) Rows() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return t.Columns[0].Len()
}

// Column is the column with that name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Names are the columns' names, left to right.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}

// Floats are the values of the Float column with that name; an error says which
// columns there are.
func (t *Table) Floats(name string) ([]float64, error) {
	c, err := t.of(name, Float)
	if err != nil {
		return nil, err
	}
	return c.F, nil
}

// Ints are the values of the Int column with that name; see Floats.
func (t *Table) Ints(name string) ([]int64, error) {
	c, err := t.of(name, Int)
	if err != nil {
		return nil, err
	}
	return c.I, nil
}

// Strings are the values of the String column with that name; see Floats.
func (t *Table) Strings(name string) ([]string, error) {
	c, err := t.of(name, String)
	if err != nil {
		return nil, err
	}
	return c.S, nil
}

// Bools are the values of the Bool column with that name; see Floats.
func (t *Table) Bools(name string) ([]bool, error) {
	c, err := t.of(name, Bool)
	if err != nil {
		return nil, err
	}
	return c.B, nil
}

func (t *Table) of(name string, kind Kind) (*Column, error) {
	c := t.Column(name)
	if c == nil {
		return nil, fmt.Errorf("table %s has no column %q (it has %s)", t.Name, name, strings.Join(t.Names(), ", "))
	}
	if c.Kind != kind {
		return nil, fmt.Errorf("column %q of table %s holds %s values, not %s", name, t.Name, c.Kind, kind)
	}
	return c, nil
}

// Check tells what breaks the invariants: a column without a name, a name used twice,
// unequal lengths, values in a slice that the kind does not name.
func (t *Table) Check() error {
	seen := make(map[string]bool, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Name == "" {
			return fmt.Errorf("table %s: column %d has no name", t.Name, i+1)
		}
		if seen[c.Name] {
			return fmt.Errorf("table %s: two columns are named %q", t.Name, c.Name)
		}
		seen[c.Name] = true
		if c.Kind > Bool {
			return fmt.Errorf("table %s: column %q is of no known kind (%d)", t.Name, c.Name, uint8(c.Kind))
		}
		if n := c.Len(); n != t.Rows() {
			return fmt.Errorf("table %s: column %q has %d rows, column %q has %d", t.Name, c.Name, n, t.Columns[0].Name, t.Rows())
		}
		if len(c.F)+len(c.I)+len(c.S)+len(c.B) != c.Len() {
			return fmt.Errorf("table %s: column %q is of kind %s and holds values of another kind too", t.Name, c.Name, c.Kind)
		}
	}
	return nil
}

// SameShape tells in an error where the columns of t and u differ in name, unit or kind.
func (t *Table) SameShape(u *Table) error {
	if len(t.Columns) != len(u.Columns) {
		return fmt.Errorf("table %s has %d columns, table %s has %d", t.Name, len(t.Columns), u.Name, len(u.Columns))
	}
	for i := range t.Columns {
		a, b := &t.Columns[i], &u.Columns[i]
		if a.Name != b.Name || a.Unit != b.Unit || a.Kind != b.Kind {
			return fmt.Errorf("column %d is %s [%s] %s in table %s and %s [%s] %s in table %s",
				i+1, a.Name, a.Unit, a.Kind, t.Name, b.Name, b.Unit, b.Kind, u.Name)
		}
	}
	return nil
}

// AppendRows adds the rows of u below those of t; both need the same columns, unless t
// has none yet: then it takes those of u.
func (t *Table) AppendRows(u *Table) error {
	if len(t.Columns) == 0 {
		t.Columns = make([]Column, len(u.Columns))
		for i := range u.Columns {
			t.Columns[i] = Column{Name: u.Columns[i].Name, Unit: u.Columns[i].Unit, Kind: u.Columns[i].Kind}
		}
	}
	if err := t.SameShape(u); err != nil {
		return err
	}
	for i := range u.Columns {
		c, d := &t.Columns[i], &u.Columns[i]
		c.F = append(c.F, d.F...)
		c.I = append(c.I, d.I...)
		c.S = append(c.S, d.S...)
		c.B = append(c.B, d.B...)
	}
	return nil
}

// Pick is a table of the named rows, in that order, copied.
func (t *Table) Pick(rows []int) *Table {
	p := &Table{Name: t.Name, Columns: make([]Column, len(t.Columns))}
	for i := range t.Columns {
		p.Columns[i] = t.Columns[i].Pick(rows)
	}
	return p
}

// Where is the table of the rows for which keep is true.
func (t *Table) Where(keep func(row int) bool) *Table {
	var rows []int
	for r := 0; r < t.Rows(); r++ {
		if keep(r) {
			rows = append(rows, r)
		}
	}
	return t.Pick(rows)
}
