package cli

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// page is a documentation page whose code blocks are files, commands and outputs: a block
// marked with a file's name is that file; the first line of an unmarked block after "$ " is
// a command.
type page struct {
	path, text string
	blocks     map[string]string
}

func readPage(t *testing.T, name string) *page {
	t.Helper()
	p := &page{path: filepath.Join("..", "docs", name), blocks: map[string]string{}}
	b, err := os.ReadFile(p.path)
	if err != nil {
		t.Fatal(err)
	}
	p.text = string(b)
	parts := strings.Split(p.text, "```")
	for i := 1; i < len(parts); i += 2 {
		mark, body, _ := strings.Cut(parts[i], "\n")
		p.blocks[mark] = body
	}
	return p
}

// expect holds a block against what came out; -update writes it.
func (p *page) expect(t *testing.T, mark, got string) {
	t.Helper()
	if p.blocks[mark] == got {
		return
	}
	if !*update {
		t.Errorf("%s, block %s:\n%s\ngot:\n%s", p.path, mark, p.blocks[mark], got)
		return
	}
	p.text = strings.Replace(p.text, "```"+mark+"\n"+p.blocks[mark]+"```", "```"+mark+"\n"+got+"```", 1)
	p.blocks[mark] = got
	if err := os.WriteFile(p.path, []byte(p.text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// in writes the page's files into a new folder and runs do there.
func (p *page) in(t *testing.T, do func()) {
	t.Helper()
	dir := t.TempDir()
	for mark, body := range p.blocks {
		if strings.Contains(mark, ".") {
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(mark)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, mark)), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, mark), []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	defer t.Chdir(here)
	do()
}

// TestDosesPage runs the command that docs/doses.md opens with.
func TestDosesPage(t *testing.T) {
	p := readPage(t, "doses.md")
	var out, numbers string
	p.in(t, func() {
		command, ok := strings.CutPrefix(strings.TrimSpace(p.blocks[""]), "$ thymus ")
		if !ok {
			t.Fatalf("the page opens with %q", p.blocks[""])
		}
		code, o, errs := do(strings.Fields(command)...)
		if code != exitOK || errs != "" {
			t.Fatalf("code %d, %s", code, errs)
		}
		out = o
		if code, numbers, errs = do("simulate", "oral.ant", "--compartments"); code != exitOK {
			t.Fatal(errs)
		}
	})
	p.expect(t, "output", rounded(out))
	p.expect(t, "output-compartments", numbers)
}

// rounded shortens the numbers of a CSV table to 6 digits, which every processor agrees on.
func rounded(csv string) string {
	lines := strings.Split(csv, "\n")
	for i, line := range lines {
		f := strings.Split(line, ",")
		for k, cell := range f {
			f[k] = short(cell)
		}
		lines[i] = strings.Join(f, ",")
	}
	return strings.Join(lines, "\n")
}

func short(cell string) string {
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || len(cell) < 8 {
		return cell
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// TestMethodsPage runs the commands of docs/methods.md.
func TestMethodsPage(t *testing.T) {
	p := readPage(t, "methods.md")
	var smooth, jumps string
	p.in(t, func() {
		command, ok := strings.CutPrefix(strings.TrimSpace(p.blocks[""]), "$ thymus ")
		if !ok {
			t.Fatalf("the page opens with %q", p.blocks[""])
		}
		run := func(more ...string) string {
			code, out, errs := do(append(strings.Fields(command), more...)...)
			if code != exitOK || errs != "" {
				t.Fatalf("code %d, %s", code, errs)
			}
			return rounded(out)
		}
		smooth, jumps = run(), run("--method", "ssa", "--runs", "10000", "--seed", "1")
	})
	p.expect(t, "output", smooth)
	p.expect(t, "output-ssa", jumps)
}

// alike says whether two outputs have the same words and nearly the same numbers: a search
// carries the roundings of a processor on.
func alike(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		v, err1 := strconv.ParseFloat(strings.Trim(x[i], "(),"), 64)
		w, err2 := strconv.ParseFloat(strings.Trim(y[i], "(),"), 64)
		if x[i] != y[i] && (err1 != nil || err2 != nil || math.Abs(v-w) > 0.3+0.1*math.Abs(v)) {
			return false
		}
	}
	return true
}

// TestFittingPage runs the command of docs/fitting.md.
func TestFittingPage(t *testing.T) {
	p := readPage(t, "fitting.md")
	var out string
	p.in(t, func() {
		command, ok := strings.CutPrefix(strings.TrimSpace(p.blocks[""]), "$ thymus ")
		if !ok {
			t.Fatalf("the page opens with %q", p.blocks[""])
		}
		code, o, errs := do(strings.Fields(command)...)
		if code != exitOK {
			t.Fatalf("code %d, %s", code, errs)
		}
		out = o
		if code, o, errs := do("--library", ".", "fit", "tracer-loss", "--apply"); code != exitOK || o != "changed disease/tracer.parameters.tsv\n" {
			t.Errorf("apply: code %d, %s%s", code, o, errs)
		}
		for _, args := range [][]string{{"--budget", "soon"}, {"--patients", "0"}, {"--apply", "--seed", "1"}} {
			if code, _, errs := do(append([]string{"--library", ".", "fit", "tracer-loss"}, args...)...); code != exitInput {
				t.Errorf("%v: code %d, %s", args, code, errs)
			}
		}
	})
	if *update || !alike(p.blocks["output"], out) {
		p.expect(t, "output", out)
	}
}

// TestTherapyPage adds the therapy of docs/therapy.md and runs its trial.
func TestTherapyPage(t *testing.T) {
	p := readPage(t, "therapy.md")
	var ran, checked, shown string
	p.in(t, func() {
		for _, x := range []struct {
			to   *string
			args string
		}{
			{&checked, "check plasma-cell-antibody --library mine"},
			{&ran, "run lupus-plasma-cells --library mine --out out"},
			{&shown, "show plasma-cell-antibody --library mine"},
		} {
			code, out, errs := do(strings.Fields(x.args)...)
			if code != exitOK {
				t.Fatalf("%s: code %d, %s", x.args, code, errs)
			}
			*x.to = out
		}
	})
	p.expect(t, "output-check", checked)
	_, diagram, _ := strings.Cut(shown, "\nDiagram\n")
	diagram, _, _ = strings.Cut(diagram, "\n\n")
	p.expect(t, "output-show", "Diagram\n"+diagram+"\n")
	// numbers of a trial may differ in the last digit between processors
	_, table, _ := strings.Cut(ran, "ENDPOINT")
	table, _, _ = strings.Cut(table, "\n\n")
	table = "ENDPOINT" + table + "\n"
	if *update || !alike(p.blocks["output"], table) {
		p.expect(t, "output", table)
	}
}
