package conformance_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/conformance"
	"thymus/diag"
	"thymus/model"
)

// write makes a folder of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read takes Antimony in files named as SBML: these tests are about judging, not reading.
func read(path string) (*model.Model, diag.Messages) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, diag.Messages{diag.FileError(path, err)}
	}
	if strings.HasPrefix(string(text), "panic") {
		var m *model.Model
		return m, diag.Messages{diag.Errorf(m.Constraints[0].At, "unreachable")}
	}
	doc, ms := antimony.Read(&diag.Source{Name: path, Text: string(text)}, nil)
	if ms.HasErrors() {
		return nil, ms
	}
	return model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
}

// decay is dA/dt = -A/2 from 10 in a volume of 2, with its exact values at 0, 1 and 2.
const decay = "model m()\n  compartment C = 2; species A in C = 5;\n  J: A -> ; k*A*C;\n  k = 0.5; gone := 1/(k - 0.5); infinite := 1/0;\nend\n"

func settings(variables, amount, concentration string, steps int) string {
	return fmt.Sprintf("start: 0\r\nduration: 2\nsteps: %d\nvariables: %s\nabsolute: 1e-7\nrelative: 1e-6\namount: %s\nconcentration: %s\n", steps, variables, amount, concentration)
}

func results(columns string, scale float64, more string) string {
	var b strings.Builder
	fmt.Fprintln(&b, columns)
	for t := 0.0; t <= 2; t++ {
		fmt.Fprintf(&b, "%g,%.12g%s\n", t, scale*math.Exp(-t/2), more)
	}
	return b.String()
}

const tags = "(*\n\ncategory:      Test\nsynopsis: one\ntwo: lines\ncomponentTags: Compartment, Species\ntestTags:      Amount, \n  comp:Port\ntestType:      TimeCourse\n\nThe model: contains nothing.\n*)\n"

// suite is a small semantic suite in which each case ends in a known way.
func suite(t *testing.T) string {
	return write(t, map[string]string{
		"cases/semantic/00001/00001-settings.txt":        settings("A", "A", "", 2),
		"cases/semantic/00001/00001-results.csv":         results("time,A", 10, ""),
		"cases/semantic/00001/00001-model.m":             tags,
		"cases/semantic/00001/00001-sbml-l2v4.xml":       decay,
		"cases/semantic/00001/00001-sbml-l3v2.xml":       strings.ReplaceAll(decay, "k = 0.5;", "k = 0.501;"),
		"cases/semantic/00001/00001-sbml-l3v2-sedml.xml": "no case",
		"cases/semantic/00001/other-l3v1.xml":            "no case",
		"cases/semantic/00002/00002-settings.txt":        settings("A, gone,infinite", "", "A", 2),
		"cases/semantic/00002/00002-results.csv":         results("time, A, gone, infinite", 5, ", INF, inf"),
		"cases/semantic/00002/00002-sbml-l3v1.xml":       decay,
		"cases/semantic/00003/00003-settings.txt":        settings("A", "A", "", 2),
		"cases/semantic/00003/00003-results.csv":         results("time,A", 10, ""),
		"cases/semantic/00003/00003-sbml-l3v1.xml":       "panic",
		"cases/semantic/00004/00004-settings.txt":        settings("A", "A", "", 2),
		"cases/semantic/00004/00004-results.csv":         results("time,A", 10, ""),
		"cases/semantic/00004/00004-sbml-l3v1.xml":       "model m()\n  A = 1; x := A + );\nend\n",
		"cases/semantic/00005/00005-settings.txt":        settings("x", "", "", 2),
		"cases/semantic/00005/00005-results.csv":         results("time,x", 1, ""),
		"cases/semantic/00005/00005-sbml-l3v1.xml":       "model m()\n  x = 1; x' = x^2;\nend\n",
		"cases/semantic/00006/00006-settings.txt":        settings("A", "A", "", 1),
		"cases/semantic/00006/00006-results.csv":         results("time,A", 10, ""),
		"cases/semantic/00006/00006-sbml-l3v1.xml":       decay,
		"cases/semantic/00007/00007-settings.txt":        settings("A", "A", "", 2),
		"cases/semantic/00007/00007-results.csv":         results("time,A", 10, ",NaN"),
		"cases/semantic/00007/00007-sbml-l3v1.xml":       decay,
		"cases/semantic/README/README.md":                "no case",
	})
}

func run(t *testing.T, name, folder string, o conformance.Options) *conformance.Result {
	t.Helper()
	s, ok := conformance.Find(name)
	if !ok {
		t.Fatalf("no suite %s", name)
	}
	if o.Read == nil {
		o.Read = read
	}
	r, err := conformance.Run(context.Background(), s, folder, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOutcomes: each way in which a case can end is seen, named and put in order, with
// one worker and with several.
func TestOutcomes(t *testing.T) {
	folder := suite(t)
	want := []struct{ file, outcome, reason, variable string }{
		{"00001/00001-sbml-l2v4.xml", "passed", "", "A"},
		{"00001/00001-sbml-l3v2.xml", "wrong", "A is 3.671444, expected 3.678794, at 2", "A"},
		{"00002/00002-sbml-l3v1.xml", "passed", "", "A"},
		{"00003/00003-sbml-l3v1.xml", "crashed", "panic: runtime error: invalid memory address or nil pointer dereference (thymus/conformance_test.read)", ""},
		{"00004/00004-sbml-l3v1.xml", "refused", "", ""},
		{"00005/00005-sbml-l3v1.xml", "wrong", "ended early: ", ""},
		{"00006/00006-sbml-l3v1.xml", "wrong", "2 rows, expected 3", ""},
		{"00007/00007-sbml-l3v1.xml", "wrong", "results: row 1 has 3 cells, the header has 2", ""},
	}
	for _, jobs := range []int{1, 3} {
		r := run(t, "sbml-semantic", folder, conformance.Options{Jobs: jobs})
		if len(r.Rows) != len(want) {
			t.Fatalf("%d rows, want %d", len(r.Rows), len(want))
		}
		for i, row := range r.Rows {
			w := want[i]
			if row.File != w.file || row.Outcome.String() != w.outcome || !strings.HasPrefix(row.Reason, w.reason) || row.Variable != w.variable {
				t.Errorf("%d workers, row %d: %s %s %q %s, want %v", jobs, i, row.File, row.Outcome, row.Reason, row.Variable, w)
			}
			if (row.Outcome == conformance.Passed) != (row.Reason == "") {
				t.Errorf("%s: %s with reason %q", row.File, row.Outcome, row.Reason)
			}
		}
		if p, all := r.CasesPassed(); p != 1 || all != 7 {
			t.Errorf("%d of %d cases passed, want 1 of 7", p, all)
		}
	}
}

// TestDeviation: the largest deviation is a fraction of what is allowed.
func TestDeviation(t *testing.T) {
	r := run(t, "sbml-semantic", suite(t), conformance.Options{Cases: []string{"00001"}})
	if d := r.Rows[0].Deviation; !(d < 0.05) {
		t.Errorf("the right model deviates by %g of what is allowed", d)
	}
	exact := 10 * (math.Exp(-1) - math.Exp(-1.002)) / (1e-7 + 1e-6*10*math.Exp(-1))
	if d := r.Rows[1]; math.Abs(d.Deviation/exact-1) > 1e-3 || d.Time != 2 {
		t.Errorf("the wrong model deviates by %g at %g, want %g at 2", d.Deviation, d.Time, exact)
	}
}

// TestNoNumber: NaN meets only NaN, an infinite value only itself.
func TestNoNumber(t *testing.T) {
	for cells, outcome := range map[string]string{",inf,Infinity": "passed", ",nan,inf": "wrong", ",-inf,inf": "wrong", ",5,inf": "wrong", ",inf,nan": "wrong"} {
		folder := write(t, map[string]string{
			"7/7-settings.txt":  settings("A, gone,infinite", "", "A", 2),
			"7/7-results.csv":   results("time, A, gone, infinite", 5, cells),
			"7/7-sbml-l3v1.xml": decay,
		})
		if r := run(t, "sbml-semantic", folder, conformance.Options{}); r.Rows[0].Outcome.String() != outcome {
			t.Errorf("%s: %s %s", cells, r.Rows[0].Outcome, r.Rows[0].Reason)
		}
	}
}

// TestChoice: names, ranges, patterns and tags choose cases; what matches nothing is an
// error, and so is a folder without cases. One case's own folder will do.
func TestChoice(t *testing.T) {
	folder := suite(t)
	for _, c := range []struct {
		cases, tags string
		rows        int
	}{
		{"", "", 8}, {"00002", "", 1}, {"00002-00004,00001", "", 5}, {"0000[67]", "", 2}, {"", "species", 2}, {"00005", "amount", -1},
		{"", "comp:Port,none", 2}, {"00009", "", -1}, {"", "delay", -1},
	} {
		o := conformance.Options{Read: read}
		if c.cases != "" {
			o.Cases = strings.Split(c.cases, ",")
		}
		if c.tags != "" {
			o.Tags = strings.Split(c.tags, ",")
		}
		s, _ := conformance.Find("sbml-semantic")
		r, err := conformance.Run(context.Background(), s, folder, o)
		switch {
		case c.rows < 0:
			if err == nil {
				t.Errorf("%+v: no error", c)
			}
		case err != nil:
			t.Errorf("%+v: %v", c, err)
		case len(r.Rows) != c.rows:
			t.Errorf("%+v: %d rows", c, len(r.Rows))
		}
	}
	s, _ := conformance.Find("sbml-semantic")
	if _, err := conformance.Run(context.Background(), s, t.TempDir(), conformance.Options{Read: read}); err == nil || !strings.Contains(err.Error(), "NNNNN-settings.txt") {
		t.Errorf("an empty folder: %v", err)
	}
	for _, part := range []string{"cases/semantic", "cases", "cases/semantic/00001"} {
		r := run(t, "sbml-semantic", filepath.Join(folder, filepath.FromSlash(part)), conformance.Options{})
		if part != "cases" && len(r.Rows) == 0 || r.Rows[0].File != "00001/00001-sbml-l2v4.xml" {
			t.Errorf("%s: %d rows", part, len(r.Rows))
		}
	}
}

// TestNoPath: a reason does not name the folder on this machine.
func TestNoPath(t *testing.T) {
	folder := suite(t)
	r := run(t, "sbml-semantic", folder, conformance.Options{Cases: []string{"00001"}, Read: func(path string) (*model.Model, diag.Messages) {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "open %s: no such file", filepath.Join(filepath.Dir(path), "other.xml"))}
	}})
	if got := r.Rows[0].Reason; got != "open other.xml: no such file" {
		t.Errorf("reason %q", got)
	}
}

// TestLimits: a case that gives no answer is crashed, one that needs too many steps ends.
func TestLimits(t *testing.T) {
	folder := suite(t)
	never := make(chan struct{})
	defer close(never)
	r := run(t, "sbml-semantic", folder, conformance.Options{Cases: []string{"00001"}, Seconds: 1e-3, Read: func(string) (*model.Model, diag.Messages) {
		<-never
		return nil, nil
	}})
	if row := r.Rows[0]; row.Outcome != conformance.Crashed || row.Reason != "no answer within 0.001 s" {
		t.Errorf("a hang: %s %s", row.Outcome, row.Reason)
	}
	r = run(t, "sbml-semantic", folder, conformance.Options{Cases: []string{"00002"}, Steps: 3})
	if row := r.Rows[0]; row.Outcome != conformance.Wrong || !strings.Contains(row.Reason, "too many steps") {
		t.Errorf("three steps: %s %s", row.Outcome, row.Reason)
	}
}

// TestPages: the CSV has a line a case; a section is replaced and others stay; no path
// of this machine is in either.
func TestPages(t *testing.T) {
	folder := suite(t)
	r := run(t, "sbml-semantic", folder, conformance.Options{})
	var b bytes.Buffer
	if err := r.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 9 || strings.Join(rows[0], " ") != "case file level version tags outcome reason deviation variable time seconds detail backend" {
		t.Fatalf("%v, %d lines: %v", err, len(rows), rows[0])
	}
	if got := strings.Join(rows[1][:6], "|"); got != "00001|00001/00001-sbml-l2v4.xml|2|4|Compartment Species Amount comp:Port|passed" {
		t.Errorf("first line %s", got)
	}
	section := r.Markdown("A suite", "9.9")
	for _, want := range []string{"2 of 8 files are good (25.0 %), in 1 of 7 cases every one", "| L3V1 | 6 | 1 | 3 | 1 | 1 |", "| Species | 2 | 1 | 1 | 0 | 0 |", "| all | 8 | 2 | 4 | 1 | 1 |", "### Crashed: 1", "00003 L3V1"} {
		if !strings.Contains(section, want) {
			t.Errorf("the section lacks %q:\n%s", want, section)
		}
	}
	if strings.Contains(section, folder) {
		t.Error("the section names a folder of this machine")
	}
	page := conformance.Replace("", "biomodels", "## biomodels\n\nold\n")
	page = conformance.Replace(page, "sbml-semantic", section)
	if page != conformance.Replace(page, "sbml-semantic", section) {
		t.Error("replacing a section by itself changes the page")
	}
	page = conformance.Replace(page, "biomodels", "## biomodels\n\nnew\n")
	if !strings.HasPrefix(page, "# Conformance\n") || !strings.Contains(page, section[:200]) || strings.Contains(page, "old") || strings.Index(page, "## sbml-semantic") > strings.Index(page, "## biomodels\n\nnew\n") {
		t.Errorf("page:\n%s", page)
	}
}

// TestModels: references are met to 1e-4 of each variable's maximum; without one a model
// runs or ends with a named cause.
func TestModels(t *testing.T) {
	table := func(scale float64) string {
		var b strings.Builder
		b.WriteString("time,A\n")
		for k := 0; k <= 10; k++ {
			fmt.Fprintf(&b, "%g,%.12g\n", float64(k)/5, 5*math.Exp(-float64(k)/10)+scale*math.Sin(float64(k)))
		}
		return b.String()
	}
	folder := write(t, map[string]string{
		"a.xml": decay, "b.xml": decay, "c.xml": decay, "d.xml": "model m()\n  x = 1; x' = x^2;\nend\n", "e.xml": "model m() x = ) end",
		"reference/a.csv": table(4.9e-4), "reference/b.csv": table(5.5e-4),
	})
	r := run(t, "biomodels", folder, conformance.Options{})
	var got []string
	for _, row := range r.Rows {
		got = append(got, row.Outcome.String())
	}
	if strings.Join(got, " ") != "passed wrong ran ended refused" {
		t.Errorf("%v", got)
	}
	if reason := r.Rows[3].Reason; !strings.Contains(reason, "t=0.999") && !strings.Contains(reason, "t=1") {
		t.Errorf("a blow-up at 1 ends with %q", reason)
	}
}

// TestStochastic: a linear decay of 100 molecules has binomial means and standard
// deviations; a wrong spread, a wrong mean and a value that should not vary are seen.
func TestStochastic(t *testing.T) {
	table := func(mean, spread float64) string {
		var b strings.Builder
		b.WriteString("time,X-mean,X-sd,Y-mean,Y-sd\n")
		for k := 0; k <= 5; k++ {
			p := math.Exp(-float64(k) / 10)
			fmt.Fprintf(&b, "%d,%.9g,%.9g,7,0\n", k, mean*100*p, spread*math.Sqrt(100*p*(1-p)))
		}
		return b.String()
	}
	const settings = "start: 0\nduration: 5\nsteps: 5\nvariables: X, Y\namount: X, Y\noutput: X-mean, X-sd, Y-mean, Y-sd\nmeanRange: (-3, 3)\nsdRange: (-5, 5)\n"
	const model = "model m()\n  compartment C = 1; substanceOnly species X in C = 100, Y in C = 7;\n  J: X -> ; 0.1*X;\nend\n"
	files := map[string]string{}
	for name, text := range map[string]string{"1": table(1, 1), "2": table(1, 1.5), "3": table(1.1, 1), "4": strings.ReplaceAll(table(1, 1), ",7,0", ",8,0")} {
		files[name+"/"+name+"-settings.txt"] = settings
		files[name+"/"+name+"-results.csv"] = text
		files[name+"/"+name+"-sbml-l3v2.xml"] = model
	}
	r := run(t, "sbml-stochastic", write(t, files), conformance.Options{Runs: 2000, Seeds: []uint64{5, 6}})
	for i, want := range []string{"passed", "wrong", "wrong", "wrong"} {
		if row := r.Rows[i]; row.Outcome.String() != want || row.Detail == "" {
			t.Errorf("case %s: %s (%s), want %s; %s", row.Name, row.Outcome, row.Reason, want, row.Detail)
		}
	}
	if d := r.Rows[0].Deviation; !(d > 0 && d < 1) || r.Rows[3].Variable != "Y-mean" || !math.IsInf(r.Rows[3].Deviation, 1) {
		t.Errorf("deviations %g and %g of %s", d, r.Rows[3].Deviation, r.Rows[3].Variable)
	}
	if !strings.HasPrefix(r.Rows[0].Detail, "0 0 of 24 values out of range by seed") || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "2000 runs") {
		t.Errorf("detail %q, notes %q", r.Rows[0].Detail, r.Notes)
	}
}

// TestNonmem: boluses into the absorbing compartment have a closed form; a value that is
// off by one in the fifth digit is seen.
func TestNonmem(t *testing.T) {
	const ka, k = 1.5, 1.1 / 20
	var doses, expected strings.Builder
	doses.WriteString("C,ID,time,evid,amt,cmt,LAGT,BIOAV\n")
	expected.WriteString("ID,TIME,CP\n")
	for id, off := range []float64{0, 1} {
		fmt.Fprintf(&doses, ".,%d,0,1,100,1,0,1\n", id+1)
		fmt.Fprintf(&expected, "%d,0,0\n", id+1)
		for h := 1.0; h <= 24; h++ {
			fmt.Fprintf(&doses, ".,%d,%g,0,.,2,0,1\n", id+1, h)
			cp := 5000 * ka / (ka - k) * (math.Exp(-k*h) - math.Exp(-ka*h))
			if h == 24 {
				cp += off * math.Pow(10, math.Floor(math.Log10(cp))-4)
			}
			fmt.Fprintf(&expected, "%d,%g,%.5g\n", id+1, h, cp)
		}
	}
	r := run(t, "nonmem", write(t, map[string]string{"doses.csv": doses.String(), "expected.csv": expected.String(), "scenarios.csv": "ID,descr\n1,One dose\n"}), conformance.Options{})
	var got []string
	for _, row := range r.Rows {
		got = append(got, row.Outcome.String())
	}
	if strings.Join(got, " ") != "passed passed wrong wrong" || !strings.HasSuffix(r.Rows[0].File, "Antimony, One dose") || r.Rows[2].Time != 24 {
		t.Errorf("%v %+v", got, r.Rows)
	}
}
