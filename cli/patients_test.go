package cli

import (
	"fmt"
	"path/filepath"
	"testing"

	"thymus/store"
)

// patients gives each patient's row and endpoints as text, to the last bit.
func patients(t *testing.T, dir string) []string {
	t.Helper()
	p, err := store.ReadParquet(filepath.Join(dir, "patients.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := store.ReadParquet(filepath.Join(dir, "endpoints.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, p.Rows())
	for i := range out {
		for k := range p.Columns {
			out[i] += p.Columns[k].Name + "=" + p.Columns[k].Text(i) + " "
		}
	}
	who, _ := e.Ints("patient")
	id, _ := e.Strings("endpoint")
	v, _ := e.Floats("value")
	for i := range who {
		out[who[i]] += fmt.Sprintf("%s=%x ", id[i], v[i])
	}
	return out
}
