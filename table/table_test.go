package table_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"thymus/table"
)

func Example() {
	t := &table.Table{Name: "endpoints"}
	t.Append(
		table.Ints("patient", "", []int64{1, 2}),
		table.Strings("arm", []string{"car-t", "standard, care"}),
		table.Floats("SLEDAI", "1", []float64{8, math.NaN()}),
		table.Bools("responder", []bool{true, false}),
	)
	if err := t.WriteCSV(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// patient,arm,SLEDAI,responder
	// 1,car-t,8,true
	// 2,"standard, care",,false
}

func TestCSVReadsBack(t *testing.T) {
	values := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 1.0 / 3, 1e-4, 9.999999e-5, 1e15, 123456789012345.6,
		math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.Pi}
	words := make([]string, len(values))
	odd := []string{"", "a,b", `say "x"`, "two\nlines", " leading", "é", "cr\r"}
	for i := range words {
		words[i] = odd[i%len(odd)]
	}
	tb := &table.Table{Name: "t"}
	tb.Append(table.Floats("x, with comma", "", values), table.Strings("w", words))
	var b strings.Builder
	if err := tb.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows[1:] {
		x, err := strconv.ParseFloat(row[0], 64)
		if err != nil || x != values[i] {
			t.Errorf("%v was written as %q and read as %v (%v)", values[i], row[0], x, err)
		}
		if row[1] != words[i] {
			t.Errorf("%q read back as %q", words[i], row[1])
		}
	}
}

func TestCheck(t *testing.T) {
	for want, tb := range map[string]*table.Table{
		"two columns are named":    {Columns: []table.Column{table.Floats("a", "", nil), table.Floats("a", "", nil)}},
		"has no name":              {Columns: []table.Column{table.Floats("", "", nil)}},
		`column "b" has 2 rows`:    {Columns: []table.Column{table.Floats("a", "", []float64{1}), table.Bools("b", []bool{true, true})}},
		"values of another kind":   {Columns: []table.Column{{Name: "a", Kind: table.Float, F: []float64{1}, S: []string{"x"}}}},
		"is of no known kind (17)": {Columns: []table.Column{{Name: "a", Kind: 17}}},
	} {
		if err := tb.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
		if err := tb.WriteCSV(&strings.Builder{}); err == nil {
			t.Errorf("a table that fails its check was written (%s)", want)
		}
	}
}

func TestAppendRowsAndPick(t *testing.T) {
	part := func(from int64) *table.Table {
		tb := &table.Table{Name: "part"}
		tb.Append(table.Ints("k", "", []int64{from, from + 1}), table.Strings("s", []string{"a", "b"}), table.Bools("b", []bool{true, false}))
		return tb
	}
	all := &table.Table{Name: "all"}
	for _, from := range []int64{0, 2} {
		if err := all.AppendRows(part(from)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := all.Bools("b")
	if err != nil {
		t.Fatal(err)
	}
	odd := all.Where(func(r int) bool { return !b[r] })
	k, err := odd.Ints("k")
	if err != nil || len(k) != 2 || k[0] != 1 || k[1] != 3 {
		t.Fatalf("rows %v, %v; want 1 and 3", k, err)
	}
	if _, err := all.Floats("k"); err == nil || !strings.Contains(err.Error(), "holds int values, not float") {
		t.Error(err)
	}
	if _, err := all.Floats("q"); err == nil || !strings.Contains(err.Error(), `no column "q" (it has k, s, b)`) {
		t.Error(err)
	}
	other := &table.Table{Name: "other", Columns: []table.Column{table.Ints("k", "cell", nil)}}
	if err := all.AppendRows(other); err == nil {
		t.Error("rows of another shape were added")
	}
	c := all.Columns[0].Slice(1, 3)
	if c.Len() != 2 || c.Text(0) != "1" {
		t.Error("Slice took the wrong rows")
	}
}

type full struct{ room int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteFault(t *testing.T) {
	tb := &table.Table{Name: "t", Columns: []table.Column{table.Floats("a", "", make([]float64, 10000))}}
	if err := tb.WriteCSV(&full{room: 5000}); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the writer's own error", err)
	}
}
