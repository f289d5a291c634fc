package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"thymus/table"
)

// unitKey is where a column's unit stands in a file's metadata.
const unitKey = "unit."

// codec is shared by all columns and files: making an encoder costs more than most
// columns take to compress.
var codec = &zstd.Codec{Level: zstd.SpeedDefault}

// schemaOf makes the Parquet schema of a table; columns keep their order by position.
func schemaOf(t *table.Table) *parquet.Schema {
	group := parquet.Group{}
	for i := range t.Columns {
		c := &t.Columns[i]
		var node parquet.Node
		switch c.Kind {
		case table.Float:
			node = parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.ByteStreamSplit)
		case table.Int:
			node = parquet.Int(64)
		case table.Bool:
			node = parquet.Leaf(parquet.BooleanType)
		default:
			node = parquet.String()
		}
		group[c.Name] = parquet.Compressed(node, codec)
	}
	return parquet.NewSchema(t.Name, group)
}

// orderKey is where the order of columns stands: Parquet groups sort theirs by name.
const orderKey = "columns"

// pageSize is the room that the writer takes for each column before the first row [bytes]: its
// own choice, 256 KiB, where there are few columns, and enough for the numbers of a row group where
// there are hundreds, for which it was most of a run's memory.
func pageSize(rows, columns int) int {
	const usual, altogether, each = 256 << 10, 4 << 20, 32
	most := min(usual, max(8*rowsInGroup, altogether/max(columns, 1)))
	return min(most, each*max(rows, 1))
}

// rowsInGroup is about how many rows a row group of a file has, and rowsAtOnce how many
// are handed to the writer at a time: what is in memory does not grow with a table.
const (
	rowsInGroup = 8192
	rowsAtOnce  = 512
)

// parquetWriter writes tables of one shape below each other into one file.
type parquetWriter struct {
	w       io.Writer
	pw      *parquet.GenericWriter[any]
	shape   *table.Table
	place   []int // column of the table for each of the file's
	most    int   // rows that will come, or those of a row group
	rows    []parquet.Row
	pending int // rows of the group that is being written
}

func (p *parquetWriter) begin(t *table.Table) {
	p.shape = &table.Table{Name: t.Name}
	order := ""
	options := []parquet.WriterOption{schemaOf(t), parquet.CreatedBy("thymus", "1", "tables"), parquet.PageBufferSize(pageSize(p.most, len(t.Columns)))}
	for i := range t.Columns {
		c := &t.Columns[i]
		p.shape.Append(table.Column{Name: c.Name, Unit: c.Unit, Kind: c.Kind})
		if i > 0 {
			order += "\x1f"
		}
		order += c.Name
		if c.Unit != "" {
			options = append(options, parquet.KeyValueMetadata(unitKey+c.Name, c.Unit))
		}
	}
	options = append(options, parquet.KeyValueMetadata(orderKey, order))
	p.pw = parquet.NewGenericWriter[any](p.w, options...)
	index := map[string]int{}
	for i := range t.Columns {
		index[t.Columns[i].Name] = i
	}
	for _, f := range p.pw.Schema().Fields() {
		p.place = append(p.place, index[f.Name()])
	}
	n := max(1, min(rowsAtOnce, p.most))
	flat := make([]parquet.Value, n*len(p.place))
	p.rows = make([]parquet.Row, n)
	for r := range p.rows {
		p.rows[r], flat = flat[:len(p.place):len(p.place)], flat[len(p.place):]
	}
}

func (p *parquetWriter) add(t *table.Table) error {
	if err := t.Check(); err != nil {
		return err
	}
	if p.pw == nil {
		p.begin(t)
	} else if err := p.shape.SameShape(t); err != nil {
		return err
	}
	for from := 0; from < t.Rows(); {
		n := min(t.Rows()-from, len(p.rows), rowsInGroup-p.pending)
		for i, k := range p.place {
			c := &t.Columns[k]
			for r := range n {
				var v parquet.Value
				switch c.Kind {
				case table.Float:
					v = parquet.DoubleValue(c.F[from+r])
				case table.Int:
					v = parquet.Int64Value(c.I[from+r])
				case table.Bool:
					v = parquet.BooleanValue(c.B[from+r])
				default:
					v = parquet.ByteArrayValue([]byte(c.S[from+r]))
				}
				p.rows[r][i] = v.Level(0, 0, i)
			}
		}
		if _, err := p.pw.WriteRows(p.rows[:n]); err != nil {
			return err
		}
		from += n
		if p.pending += n; p.pending == rowsInGroup {
			p.pending = 0
			if err := p.pw.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *parquetWriter) close() error {
	if p.pw == nil {
		return fmt.Errorf("store: no table to write")
	}
	return p.pw.Close()
}

// WriteParquet writes a table to a file, under another name first.
func WriteParquet(path string, t *table.Table) error {
	return atomically(path, func(w io.Writer) error { return writeTable(w, t) })
}

// writeTable writes one table as a file.
func writeTable(w io.Writer, t *table.Table) error {
	p := &parquetWriter{w: w, most: t.Rows()}
	if err := p.add(t); err != nil {
		return err
	}
	return p.close()
}

// ReadParquet reads a table that WriteParquet wrote.
func ReadParquet(path string) (*table.Table, error) {
	var whole *table.Table
	err := eachPart(path, func(t *table.Table) error {
		if whole == nil {
			whole = t
			return nil
		}
		return whole.AppendRows(t)
	})
	return whole, err
}

// eachPart reads a table that WriteParquet wrote, a row group at a time; a table without
// rows is one part.
func eachPart(path string, see func(*table.Table) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	fields := file.Schema().Fields()
	shape := map[string]table.Column{}
	for _, field := range fields {
		c := table.Column{Name: field.Name()}
		c.Unit, _ = file.Lookup(unitKey + c.Name)
		switch field.Type().Kind() {
		case parquet.Double:
			c.Kind = table.Float
		case parquet.Int64:
			c.Kind = table.Int
		case parquet.Boolean:
			c.Kind = table.Bool
		case parquet.ByteArray:
			c.Kind = table.String
		default:
			return fmt.Errorf("%s: column %s has a type that thymus does not write", filepath.Base(path), c.Name)
		}
		shape[c.Name] = c
	}
	order, _ := file.Lookup(orderKey)
	names := split(order)
	groups := file.RowGroups()
	buffer := make([]parquet.Value, rowsAtOnce)
	for g := 0; g == 0 || g < len(groups); g++ {
		t := &table.Table{Name: file.Schema().Name()}
		byName := map[string]*table.Column{}
		for _, name := range names {
			c, ok := shape[name]
			if !ok {
				return fmt.Errorf("%s: the list of columns names %q, which is not there", filepath.Base(path), name)
			}
			t.Append(c)
		}
		for i := range t.Columns {
			byName[t.Columns[i].Name] = &t.Columns[i]
		}
		place := make([]*table.Column, len(fields))
		for i, field := range fields {
			if place[i] = byName[field.Name()]; place[i] == nil {
				return fmt.Errorf("%s: the list of columns lacks %q", filepath.Base(path), field.Name())
			}
		}
		if g < len(groups) {
			if err := readGroup(groups[g], place, buffer); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
		}
		if err := t.Check(); err != nil {
			return err
		}
		if err := see(t); err != nil {
			return err
		}
	}
	return nil
}

// readGroup appends the rows of a group to columns, one column after the other: the reader of rows
// asks for pages behind the last one and is freed only by a second collection.
func readGroup(group parquet.RowGroup, place []*table.Column, buffer []parquet.Value) error {
	rows := int(group.NumRows())
	for i, chunk := range group.ColumnChunks() {
		c := place[i]
		switch c.Kind {
		case table.Float:
			c.F = slices.Grow(c.F, rows)
		case table.Int:
			c.I = slices.Grow(c.I, rows)
		case table.Bool:
			c.B = slices.Grow(c.B, rows)
		default:
			c.S = slices.Grow(c.S, rows)
		}
		if err := readColumn(chunk.Pages(), c, buffer); err != nil {
			return err
		}
	}
	return nil
}

// readColumn appends the values of pages to a column and closes the pages.
func readColumn(pages parquet.Pages, c *table.Column, buffer []parquet.Value) (err error) {
	defer func() {
		if e := pages.Close(); err == nil {
			err = e
		}
	}()
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for values := page.Values(); err == nil; {
			var n int
			n, err = values.ReadValues(buffer)
			for _, v := range buffer[:n] {
				switch c.Kind {
				case table.Float:
					c.F = append(c.F, v.Double())
				case table.Int:
					c.I = append(c.I, v.Int64())
				case table.Bool:
					c.B = append(c.B, v.Boolean())
				default:
					c.S = append(c.S, string(v.ByteArray()))
				}
			}
		}
		parquet.Release(page)
		if err != io.EOF {
			return err
		}
	}
}

func split(s string) []string {
	var out []string
	from := 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '\x1f' {
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return out
}

// atomically writes a file under a temporary name in its folder and renames it, when it
// is safe on the disk.
func atomically(path string, write func(io.Writer) error) error {
	return renamed(path, write, (*os.File).Sync)
}

// renamed writes a file under a temporary name in its folder, calls safe, and renames it.
func renamed(path string, write func(io.Writer) error, safe func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	name := f.Name()
	err = write(f)
	if err == nil {
		err = safe(f)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(name, 0o644)
	}
	if err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}
