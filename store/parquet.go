package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

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

// writeParquet writes tables of one shape as row groups of one file.
func writeParquet(w io.Writer, tables func(yield func(*table.Table) error) error) error {
	var pw *parquet.GenericWriter[any]
	var first *table.Table
	err := tables(func(t *table.Table) error {
		if err := t.Check(); err != nil {
			return err
		}
		if pw == nil {
			first = &table.Table{Name: t.Name, Columns: t.Columns}
			order := ""
			options := []parquet.WriterOption{schemaOf(t), parquet.CreatedBy("thymus", "1", "tables")}
			for i := range t.Columns {
				c := &t.Columns[i]
				if i > 0 {
					order += "\x1f"
				}
				order += c.Name
				if c.Unit != "" {
					options = append(options, parquet.KeyValueMetadata(unitKey+c.Name, c.Unit))
				}
			}
			options = append(options, parquet.KeyValueMetadata(orderKey, order))
			pw = parquet.NewGenericWriter[any](w, options...)
		} else if err := first.SameShape(t); err != nil {
			return err
		}
		if t.Rows() == 0 {
			return nil
		}
		rows := make([]parquet.Row, t.Rows())
		index := map[string]int{}
		for i, f := range pw.Schema().Fields() {
			index[f.Name()] = i
		}
		place := make([]*table.Column, len(t.Columns))
		for i := range t.Columns {
			place[index[t.Columns[i].Name]] = &t.Columns[i]
		}
		for r := range rows {
			row := make(parquet.Row, len(place))
			for i, c := range place {
				var v parquet.Value
				switch c.Kind {
				case table.Float:
					v = parquet.DoubleValue(c.F[r])
				case table.Int:
					v = parquet.Int64Value(c.I[r])
				case table.Bool:
					v = parquet.BooleanValue(c.B[r])
				default:
					v = parquet.ByteArrayValue([]byte(c.S[r]))
				}
				row[i] = v.Level(0, 0, i)
			}
			rows[r] = row
		}
		if _, err := pw.WriteRows(rows); err != nil {
			return err
		}
		return pw.Flush()
	})
	if err != nil {
		return err
	}
	if pw == nil {
		return fmt.Errorf("store: no table to write")
	}
	return pw.Close()
}

// WriteParquet writes a table to a file, under another name first.
func WriteParquet(path string, t *table.Table) error {
	return atomically(path, func(w io.Writer) error { return writeTable(w, t) })
}

// writeTable writes one table as a file.
func writeTable(w io.Writer, t *table.Table) error {
	return writeParquet(w, func(yield func(*table.Table) error) error { return yield(t) })
}

// ReadParquet reads a table that WriteParquet wrote.
func ReadParquet(path string) (*table.Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	t := &table.Table{Name: file.Schema().Name()}
	fields := file.Schema().Fields()
	byName := map[string]*table.Column{}
	for _, field := range fields {
		c := &table.Column{Name: field.Name()}
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
			return nil, fmt.Errorf("%s: column %s has a type that thymus does not write", filepath.Base(path), c.Name)
		}
		byName[c.Name] = c
	}
	buffer := make([]parquet.Row, 512)
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				for i, v := range row {
					c := byName[fields[i].Name()]
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
			if err == io.EOF {
				break
			}
			if err != nil {
				rows.Close()
				return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	order, _ := file.Lookup(orderKey)
	for _, name := range split(order) {
		c, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("%s: the list of columns names %q, which is not there", filepath.Base(path), name)
		}
		t.Append(*c)
	}
	return t, t.Check()
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
