package diag

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the snapshots anew")

func at(s *Source, part string) Place {
	i := strings.Index(s.Text, part)
	if i < 0 {
		panic("diag test: no " + part)
	}
	return s.At(i, i+len(part))
}

// The frame of the style page, and the shapes around it: tabs, long lines, ends
// of texts, remarks elsewhere, control characters.
func TestFrame(t *testing.T) {
	ant := &Source{Name: "library/therapy/pd1-blocker.ant", Text: "// PD-1\nmodel pd1(PD1)\n  Ab = 0\n  elimination: Ab -> ; CL;\n\tB -> C; k*é*Z\nend"}
	tsv := &Source{Name: "library/therapy/pd1-blocker.parameters.tsv", Text: "parameterId\tnominalValue\nCL\t0.25\n"}
	long := &Source{Name: "long.ant", Text: strings.Repeat("x + ", 100) + "bad" + strings.Repeat(" + y", 100)}
	wild := &Source{Name: "wild.ant", Text: "a = \x1b[31m b\xff;\r\nnext"}
	last := &Source{Name: "end.ant", Text: "model x\n"}
	ms := Messages{
		Errorf(at(ant, "CL"), "units do not match: a rate is amount/time, this is volume/time (L/day)").
			WithNote(at(tsv, "CL"), "CL is L/day").WithHelp("did you mean CL * Ab?"),
		Errorf(at(ant, "Z"), "unknown symbol %q", "Z").WithNote(at(ant, "pd1"), "in this model").WithNote(Place{}, "nothing gives it a value").
			WithHelp("declare it"),
		Warnf(at(long, "bad"), "a long line is cut around the place"),
		Errorf(long.At(0, len(long.Text)), "a long place is cut too"),
		Errorf(at(wild, "b\xff"), "escape \x1b[2J codes are not passed on"),
		Errorf(last.At(8, 8), "the text ends inside a model").WithHelp("write end"),
		Notef(last.Whole(), "a whole text has no line"),
		Errorf(Place{}, "nowhere"),
		FileError("missing.yaml", &fs.PathError{Op: "open", Path: "missing.yaml", Err: fs.ErrNotExist}),
		FileError("x.yaml", &fs.PathError{Op: "read", Path: "x.yaml", Err: errors.New("is a directory")}),
		Errorf(ant.At(5000, 6000), "outside the text is the end of it"),
	}
	snapshot(t, "frame.txt", ms.Error()+"\n")

	var b strings.Builder
	Write(&b, ms[:1], true)
	snapshot(t, "color.txt", strings.ReplaceAll(b.String(), "\x1b", "ESC"))

	j, err := json.MarshalIndent(ms[:2], "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	snapshot(t, "messages.json", string(j)+"\n")
}

func snapshot(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		os.MkdirAll("testdata", 0o777)
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
}

func TestPosition(t *testing.T) {
	s := &Source{Name: "f", Text: "ab\né x\n"}
	for _, c := range []struct {
		start        int
		line, column int
	}{{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {6, 2, 3}, {8, 3, 1}, {99, 3, 1}} {
		p := s.At(c.start, c.start+1)
		if p.Line() != c.line || p.Column() != c.column {
			t.Errorf("offset %d is %d:%d, want %d:%d", c.start, p.Line(), p.Column(), c.line, c.column)
		}
	}
	if got := s.At(6, 7).String(); got != "f:2:3" {
		t.Error(got)
	}
	if got := s.At(6, 7).Text(); got != "x" {
		t.Error(got)
	}
}

func TestMessages(t *testing.T) {
	var none Messages
	if none.HasErrors() || none.Err() != nil || none.Error() != "" {
		t.Error("no messages must be nothing")
	}
	s, other := &Source{Name: "s", Text: "abcdef"}, &Source{Name: "a", Text: "abc"}
	ms := Messages{Warnf(s.At(4, 5), "w"), Errorf(other.At(0, 1), "o"), Errorf(s.At(1, 2), "first")}
	if !ms.HasErrors() || ms.Err() == nil || (Messages{ms[0]}).Err() != nil {
		t.Error("only errors are errors")
	}
	ms.Sort()
	if ms[0].Text != "first" || ms[1].Text != "w" || ms[2].Text != "o" {
		t.Errorf("order: %v", ms)
	}
	m := Errorf(s.At(0, 1), "m").WithNote(Place{}, "1")
	a, b := m.WithNote(Place{}, "2"), m.WithNote(Place{}, "3")
	if a.Notes[1].Text != "2" || b.Notes[1].Text != "3" || m.WithHelp("").Help != "" {
		t.Error("messages made from one message must not share notes")
	}
}

func TestNearest(t *testing.T) {
	known := []string{"CL", "kon", "koff", "kill_CD19", "plasma", "k", "lupus-car-t"}
	for word, want := range map[string]string{
		"cl": "CL", "knon": "kon", "kof": "koff", "kill_CD9": "kill_CD19", "Plasma": "plasma", "palsma": "plasma",
		"K": "k", "m": "", "tumour": "", "": "", "lupus-cart": "lupus-car-t", "CL": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
	if got := DidYouMean("cl", known); got != `did you mean "CL"?` {
		t.Error(got)
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("a = 1\n\tb = \xff\n", 3, 9)
	f.Fuzz(func(t *testing.T, text string, start, end int) {
		s := &Source{Name: "f", Text: text}
		var b strings.Builder
		Write(&b, Messages{Errorf(s.At(start, end), "m %s", text).WithNote(s.At(end, start), "n")}, false)
		s.At(start, end).Text()
	})
}
