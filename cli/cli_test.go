package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite snapshots; read the difference afterwards")

// TestMain lets the test program act as thymus itself, so that a run can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("THYMUS_TEST_RUN") == "1" {
		os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func do(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = Main(args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// TestBadInput gives thymus broken inputs: each ends with code 2, a message that names the
// place, shows it and proposes something, and leaves nothing behind.
func TestBadInput(t *testing.T) {
	cases, err := filepath.Glob("testdata/bad/*")
	if err != nil || len(cases) < 10 {
		t.Fatal("no cases", err)
	}
	here, _ := os.Getwd()
	for _, dir := range cases {
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			work := t.TempDir()
			if err := os.CopyFS(work, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			command, err := os.ReadFile(filepath.Join(dir, "command"))
			if err != nil {
				t.Fatal(err)
			}
			before := listing(t, work)
			t.Chdir(work)
			code, out, errs := do(strings.Fields(string(command))...)
			t.Chdir(here)
			if code != exitInput {
				t.Errorf("exit code %d, want %d", code, exitInput)
			}
			if after := listing(t, work); after != before {
				t.Errorf("files before:\n%safter:\n%s", before, after)
			}
			want := []string{"error: ", "help: "}
			if name != "missing-file" {
				want = append(want, "^")
			}
			for _, w := range want {
				if !strings.Contains(errs, w) {
					t.Errorf("the message lacks %q:\n%s", w, errs)
				}
			}
			path := filepath.Join(dir, "expected")
			if *update {
				if err := os.WriteFile(path, []byte(errs), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, _ := os.ReadFile(path)
			if errs != string(expected) {
				t.Errorf("message:\n%s\nexpected:\n%s", errs, expected)
			}
			_ = out
		})
	}
}

func listing(t *testing.T, dir string) string {
	var b strings.Builder
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !strings.HasSuffix(p, "expected") {
			b.WriteString(p + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// contents reads every file of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, a, b map[string]string) {
	t.Helper()
	for name := range a {
		if _, ok := b[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if a[name] != b[name] {
			t.Errorf("%s differs (%d and %d bytes)", name, len(a[name]), len(b[name]))
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s is too many", name)
		}
	}
}

// TestSameBits runs a trial with one worker, with two, and killed and resumed: all files
// are the same to the last byte.
func TestSameBits(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a trial three times")
	}
	dir := t.TempDir()
	one, two, three := filepath.Join(dir, "one"), filepath.Join(dir, "two"), filepath.Join(dir, "three")
	trial := []string{"run", "lupus-car-t", "--patients", "24", "--seed", "5", "--until", "370", "--trajectories", "6"}
	for workers, out := range map[string]string{"1": one, "2": two} {
		if code, _, errs := do(append(trial, "--workers", workers, "--out", out)...); code != 0 {
			t.Fatalf("exit code %d\n%s", code, errs)
		}
	}
	same(t, contents(t, one), contents(t, two))

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cmd := exec.CommandContext(ctx, self, append(trial, "--workers", "1", "--out", three)...)
	cmd.Env = append(os.Environ(), "THYMUS_TEST_RUN=1")
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// after the first progress line some chunks are kept and some are not: kill -9
	buffer := make([]byte, 1)
	for seen := 0; seen < 5; {
		if _, err := pipe.Read(buffer); err != nil {
			break
		}
		if buffer[0] == '\n' {
			seen++
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, pipe)
	_ = cmd.Wait()
	if _, err := os.Stat(filepath.Join(three, "report.html")); err == nil {
		t.Log("the run was over before it could be killed; the comparison still holds")
	}
	if code, _, errs := do("run", "--resume", three, "--workers", "2"); code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	same(t, contents(t, one), contents(t, three))
}

// TestAloneAndInABatch: the first patients of a larger run are those of a smaller one.
func TestAloneAndInABatch(t *testing.T) {
	dir := t.TempDir()
	run := func(n string) []string {
		out := filepath.Join(dir, n)
		if code, _, errs := do("run", "vasculitis-il2", "--patients", n, "--out", out); code != 0 {
			t.Fatalf("exit code %d\n%s", code, errs)
		}
		code, text, errs := do("run", "--resume", out, "--json")
		if code != 0 {
			t.Fatalf("exit code %d\n%s", code, errs)
		}
		if !json.Valid([]byte(text)) {
			t.Error("--json prints no JSON")
		}
		return patients(t, out)
	}
	small, large := run("1"), run("9")
	if len(small) != 1 || len(large) != 9 {
		t.Fatalf("%d and %d patients", len(small), len(large))
	}
	if small[0] != large[0] {
		t.Errorf("patient 0 alone:\n%s\nin a batch:\n%s", small[0], large[0])
	}
}

func TestHelpAndLists(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"list"}, {"list", "trials"}, {"show", "cd19-car-t"}, {"show", "lupus-car-t"}, {"show", "active-lupus"}, {"version"}, {"evidence", "--disease", "vasculitis"}, {"check", "cd19-car-t"}} {
		code, out, errs := do(args...)
		if code != 0 || len(out) < 20 {
			t.Errorf("%v: exit code %d, %d bytes\n%s", args, code, len(out), errs)
		}
		if args[0] == "--help" {
			continue
		}
		code, out, errs = do(append(args, "--json")...)
		if code != 0 || !json.Valid([]byte(out)) {
			t.Errorf("%v --json: exit code %d\n%s\n%s", args, code, out, errs)
		}
	}
	if code, _, _ := do("run"); code != exitInput {
		t.Errorf("run without a trial: exit code %d", code)
	}
	if code, _, errs := do("show", "cd19-cart"); code != exitInput || !strings.Contains(errs, "cd19-car-t") {
		t.Errorf("a misspelt name: exit code %d\n%s", code, errs)
	}
}

func TestSimulate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "decay.ant")
	if err := os.WriteFile(path, []byte("model decay()\n  compartment C = 2;\n  species A in C = 5, B in C = 0;\n  J: A -> B; k*A*C;\n  k = 0.5;\n  at (time >= 2): k = 0;\nend\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := do("simulate", path, "--end", "4", "--steps", "4", "--select", "B,k", "--amounts", "A")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 6 || lines[0] != "time,B,k,A" {
		t.Fatalf("table:\n%s", out)
	}
	if !strings.HasPrefix(lines[1], "0,0,0.5,10") {
		t.Errorf("first row %s", lines[1])
	}
	if !strings.HasPrefix(lines[5], "4,3.16060") || !strings.Contains(lines[5], ",0,3.67879") {
		t.Errorf("last row %s: want B = 5(1-1/e), A = 10/e", lines[5])
	}
	for _, file := range []string{"x.csv", "x.parquet"} {
		if code, _, errs := do("simulate", path, "--out", filepath.Join(dir, file), "--plot", filepath.Join(dir, file+".svg")); code != 0 {
			t.Errorf("%s: exit code %d\n%s", file, code, errs)
		}
	}
	if code, _, errs := do("simulate", path, "--plot", filepath.Join(dir, "x.png")); code != 0 {
		t.Errorf("png: exit code %d\n%s", code, errs)
	}
}

// TestConformance: a suite that is not there, a folder without cases, and the help.
func TestConformance(t *testing.T) {
	if code, out, errs := do("conformance", "--help"); code != 0 || !strings.Contains(out, "sbml-semantic") || !strings.Contains(out, "--markdown") {
		t.Errorf("help: exit code %d\n%s%s", code, out, errs)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"sbml-semantics", "."}, "did you mean \"sbml-semantic\""},
		{[]string{"sbml-semantic", "no-such-folder"}, "no such file"},
		{[]string{"sbml-semantic", t.TempDir()}, "NNNNN-settings.txt"},
		{[]string{"sbml-semantic"}, "expected a suite and a folder"},
		{[]string{"sbml-semantic", ".", "--jobs", "0"}, "--jobs 0"},
	} {
		if code, _, errs := do(append([]string{"conformance"}, c.args...)...); code != exitInput || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit code %d, want 2 and %q\n%s", c.args, code, c.want, errs)
		}
	}
}

// TestFluxBalance: a model without an objective is an input error that says what it needs.
func TestFluxBalance(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decay.ant")
	if err := os.WriteFile(path, []byte("model decay()\n  species A = 5;\n  J: A -> ; k*A;\n  k = 0.5;\nend\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := do("flux", path); code != exitInput || !strings.Contains(errs, "states no objective") || !strings.Contains(errs, "help: ") {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	if code, out, _ := do("flux", "--help"); code != 0 || !strings.Contains(out, "--objective") {
		t.Errorf("help: exit code %d\n%s", code, out)
	}
}

// TestConformanceThrough: one case of two files, judged as it is and through both formats;
// the rows, the page and the exit codes.
func TestConformanceThrough(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// inf' = -1: a parameter named as a word of Antimony falls from 2 to 0
	const model = `<?xml version="1.0"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m">
<listOfParameters><parameter id="inf" value="2" constant="false"/></listOfParameters>
<listOfRules><rateRule variable="inf"><math xmlns="http://www.w3.org/1998/Math/MathML"><cn>-1</cn></math></rateRule></listOfRules>
</model></sbml>
`
	write("suite/00001/00001-settings.txt", "start: 0\nduration: 2\nsteps: 2\nvariables: inf\nabsolute: 1e-6\nrelative: 1e-6\namount:\nconcentration:\n")
	write("suite/00001/00001-results.csv", "time,inf\n0,2\n1,1\n2,0\n")
	write("suite/00001/00001-model.m", "(*\n\ncomponentTags: Parameter, RateRule\ntestTags:\n\n*)\n")
	write("suite/00001/00001-sbml-l3v2.xml", model)
	page := filepath.Join(dir, "page.md")
	for _, through := range []string{"", "sbml", "antimony"} {
		args := []string{"conformance", "sbml-semantic", filepath.Join(dir, "suite"), "--markdown", page, "--out", filepath.Join(dir, "out")}
		if through != "" {
			args = append(args, "--through", through)
		}
		if code, out, errs := do(args...); code != exitOK || !strings.Contains(out, "passed   1") {
			t.Fatalf("through %q: exit code %d\n%s%s", through, code, out, errs)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# Conformance\n", "## sbml-semantic\n", "## sbml-semantic through antimony\n", "## sbml-semantic through sbml\n", "| RateRule | 1 | 1 | 0 | 0 | 0 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), dir) {
		t.Error("the page names a folder of this machine")
	}
	if rows, err := os.ReadFile(filepath.Join(dir, "out", "sbml-semantic.csv")); err != nil || !strings.HasPrefix(string(rows), "case,file,level,version,tags,outcome,") {
		t.Errorf("rows %v\n%s", err, rows)
	}
	write("suite/00001/00001-sbml-l2v4.xml", strings.ReplaceAll(strings.ReplaceAll(model, "level3/version2/core", "level2/version4"), `level="3" version="2"`, `level="2" version="4"`))
	write("suite/00001/00001-sbml-l3v1.xml", strings.ReplaceAll(model, "<cn>-1</cn>", "<cn>-2</cn>"))
	code, out, errs := do("conformance", "sbml-semantic", filepath.Join(dir, "suite"), "--json")
	if code != exitFindings || !json.Valid([]byte(out)) || !strings.Contains(out, `"passed": 2`) || !strings.Contains(out, "inf is N, expected N, at N") {
		t.Errorf("a wrong one: exit code %d\n%s%s", code, out, errs)
	}
	for least, want := range map[string]int{"2": exitOK, "3": exitFindings} {
		if code, _, errs := do("conformance", "sbml-semantic", filepath.Join(dir, "suite"), "--at-least", least); code != want {
			t.Errorf("at least %s: exit code %d, want %d\n%s", least, code, want, errs)
		}
	}
	if code, _, errs := do("conformance", "sbml-semantic", filepath.Join(dir, "suite"), "--through", "cellml"); code != exitInput || !strings.Contains(errs, "sbml or antimony") {
		t.Errorf("an unknown format: exit code %d\n%s", code, errs)
	}
}

// TestCompile prints passes of a module and of a trial, and refuses others.
func TestCompile(t *testing.T) {
	code, out, errs := do("compile", "--list")
	if code != exitOK || errs != "" || !strings.Contains(out, "jacobian") {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	code, out, errs = do("compile", "lupus-car-t", "--print", "elimination")
	if code != exitOK || errs != "" || !strings.Contains(out, "in the factors") {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	for _, bad := range [][]string{{"compile"}, {"compile", "lupus", "--print", "nothing"}, {"compile", "no-such-model"}} {
		if code, out, errs = do(bad...); code != exitInput || out != "" || errs == "" {
			t.Errorf("%v: code %d, %s%s", bad, code, out, errs)
		}
	}
}

// TestSimulateSensitivities adds a column a sensitivity, and refuses what has none.
func TestSimulateSensitivities(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.ant")
	if err := os.WriteFile(file, []byte("model m()\n x = 3; k = 0.7; x' = -k*x;\nend\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, errs := do("simulate", file, "--end", "1", "--steps", "1", "--sensitivities", "k,x")
	lines := strings.Split(out, "\n")
	if code != exitOK || lines[0] != "time,x,d(x)/d(k),d(x)/d(x)" || lines[1] != "0,3,0,1" {
		t.Errorf("code %d, %s%s", code, out, errs)
	}
	for _, bad := range [][]string{{"--sensitivities", "q"}, {"--sensitivities", "k", "--method", "ssa"}, {"--sensitivities", "k", "--runs", "3"}} {
		if code, out, errs = do(append([]string{"simulate", file}, bad...)...); code != exitInput || out != "" || errs == "" {
			t.Errorf("%v: code %d, %s%s", bad, code, out, errs)
		}
	}
}
