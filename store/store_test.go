package store

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/table"
)

func sample(k int64) *table.Table {
	t := &table.Table{Name: "sample"}
	t.Append(table.Ints("z", "", []int64{k, -1}), table.Floats("a", "mg/L", []float64{math.Pi * float64(k), math.NaN()}), table.Strings("s", []string{"", "é, \"x\""}), table.Bools("b", []bool{true, false}))
	return t
}

func TestParquetKeepsEveryBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	want := sample(3)
	want.Columns[1].F = []float64{math.Copysign(0, -1), math.Inf(1)}
	if err := WriteParquet(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadParquet(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := want.SameShape(got); err != nil {
		t.Fatal(err)
	}
	for i, v := range want.Columns[1].F {
		if math.Float64bits(v) != math.Float64bits(got.Columns[1].F[i]) {
			t.Errorf("%g became %g", v, got.Columns[1].F[i])
		}
	}
	if got.Columns[2].S[1] != "é, \"x\"" || got.Columns[0].I[0] != 3 || !got.Columns[3].B[0] {
		t.Errorf("read %+v", got)
	}
}

func finish(t *testing.T, r *Run) map[string]string {
	t.Helper()
	if err := r.Finish([]string{"sample"}, nil, Status{Counts: map[string]int{"completed": 4}}); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, n := range []string{manifestName, "sample.parquet", "in.txt"} {
		b, err := os.ReadFile(filepath.Join(r.Dir, n))
		if err != nil {
			t.Fatal(err)
		}
		out[n] = string(b)
	}
	return out
}

// TestBrokenChunksAreMadeAgain: a chunk that is missing, cut short or changed does not
// count, and when it is made again the run ends in the same bytes.
func TestBrokenChunksAreMadeAgain(t *testing.T) {
	names := []string{"sample"}
	begin := func() *Run {
		r, err := Create(filepath.Join(t.TempDir(), "run"), Manifest{Version: "1", Chunks: 2}, map[string]string{"in.txt": "input"})
		if err != nil {
			t.Fatal(err)
		}
		for k := 0; k < 2; k++ {
			if err := r.WriteChunk(k, []*table.Table{sample(int64(k))}); err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
	want := finish(t, begin())
	for what, harm := range map[string]func(r *Run){
		"no checksum": func(r *Run) { os.Remove(r.sumPath(1)) },
		"no table":    func(r *Run) { os.Remove(r.chunkPath(1, "sample")) },
		"cut short":   func(r *Run) { os.Truncate(r.chunkPath(1, "sample"), 40) },
		"one byte more": func(r *Run) {
			f, _ := os.OpenFile(r.chunkPath(1, "sample"), os.O_APPEND|os.O_WRONLY, 0)
			f.WriteString("x")
			f.Close()
		},
		"broken sum": func(r *Run) { os.WriteFile(r.sumPath(1), []byte("{"), 0o644) },
		"rubbish":    func(r *Run) { os.WriteFile(filepath.Join(r.Dir, chunkFolder, ".000001.tmp"), []byte("half"), 0o644) },
	} {
		r := begin()
		harm(r)
		again, err := Open(r.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if !again.HasChunk(0, names) {
			t.Errorf("%s: chunk 0 is lost too", what)
		}
		if what != "rubbish" && again.HasChunk(1, names) {
			t.Errorf("%s: the broken chunk counts", what)
		}
		if !again.HasChunk(1, names) {
			if err := again.WriteChunk(1, []*table.Table{sample(1)}); err != nil {
				t.Fatal(err)
			}
		}
		for n, text := range finish(t, again) {
			if text != want[n] {
				t.Errorf("%s: %s differs", what, n)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r, err := Create(dir, Manifest{Version: "1", Seed: 4}, map[string]string{"in.txt": "input"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, Manifest{}, nil); err == nil {
		t.Error("a folder in use was taken")
	}
	if err := r.Continues(Manifest{Version: "2", Seed: 5}); err == nil || !strings.Contains(err.Error(), "version") || !strings.Contains(err.Error(), "seed") {
		t.Errorf("another version and seed: %v", err)
	}
	os.WriteFile(filepath.Join(dir, "in.txt"), []byte("other"), 0o644)
	if _, err := r.Input("in.txt"); err == nil {
		t.Error("a changed input was taken")
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("an empty folder was opened")
	}
}
