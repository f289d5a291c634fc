package compile_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/model"
)

var update = flag.Bool("update", false, "rewrite snapshots; read the difference afterwards")

// TestPrintedPasses holds what every pass makes of a small model against what it made before.
func TestPrintedPasses(t *testing.T) {
	text, err := os.ReadFile("testdata/passes/model.ant")
	if err != nil {
		t.Fatal(err)
	}
	doc, ms := antimony.Read(&diag.Source{Name: "model.ant", Text: string(text)}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, doc.Modules[0].ID)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	p, ms := compile.Compile(m, compile.Options{Discontinuities: true, Actions: []compile.Action{{ID: "dose", DoseSymbol: "amount",
		Assignments: []model.EventAssignment{{Variable: "D", Math: model.Call("plus", model.Sym("D"), model.Sym("amount"))}}}}})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	for _, pass := range compile.Passes() {
		t.Run(pass.Name, func(t *testing.T) {
			got, err := p.Print(pass.Name)
			if err != nil {
				t.Fatal(err)
			}
			if pass.Name == "machine" { // what machine code is made of is the kernel's affair
				if strings.Count(got, "0 left to the interpreter") != 4 {
					t.Errorf("printed:\n%s", got)
				}
				return
			}
			path := filepath.Join("testdata", "passes", pass.Name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("printed:\n%s\nwas:\n%s", got, want)
			}
		})
	}
	if _, err := p.Print("nothing"); err == nil {
		t.Error("a pass that is not there is printed")
	}
}
