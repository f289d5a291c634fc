package thymus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every number of a table and of a population has a source of a known kind.
func TestCheckSources(t *testing.T) {
	for name, c := range map[string]struct{ file, old, changed, want string }{
		"table, none":         {"disease/tracer.parameters.tsv", "lognormal cv=0.1\tassumed", "lognormal cv=0.1\t", "V has no source"},
		"table, other":        {"disease/tracer.parameters.tsv", "lognormal cv=0.1\tassumed", "lognormal cv=0.1\thearsay", `the source of V is of no known kind: "hearsay"`},
		"table, remark":       {"disease/tracer.parameters.tsv", "lognormal cv=0.1\tassumed", "lognormal cv=0.1\tassumed; set by TOY-1", ""},
		"table, bare":         {"disease/tracer.parameters.tsv", "lognormal cv=0.1\tassumed", "lognormal cv=0.1\tlabel", "the source of V says label and not which"},
		"table, label":        {"disease/tracer.parameters.tsv", "lognormal cv=0.1\tassumed", "lognormal cv=0.1\tlabel: a drug", ""},
		"population, bare":    {"population/people.yaml", "modules:", "parameters: {tr_V: {value: 3, source: 'doi:'}}\nmodules:", "says doi and not which"},
		"population, none":    {"population/people.yaml", "modules:", "parameters: {tr_V: {value: 3}}\nmodules:", "tr_V has no source"},
		"population, other":   {"population/people.yaml", "modules:", "parameters: {tr_V: {value: 3, source: a friend}}\nmodules:", "of no known kind"},
		"population, assumed": {"population/people.yaml", "modules:", "parameters: {tr_V: {value: 3, source: assumed}}\nmodules:", ""},
		"population, fit":     {"population/people.yaml", "modules:", "parameters: {tr_V: {value: 3, source: 'fit: none'}}\nmodules:", "which has no record"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS("fit/testdata/toy")); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, filepath.FromSlash(c.file))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), c.old, c.changed, 1)
			if changed == string(text) {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
			app, err := New(Options{Library: dir})
			if err != nil {
				t.Fatal(err)
			}
			r, err := app.Check([]string{map[bool]string{true: "people", false: "tracer"}[strings.HasPrefix(c.file, "population")]})
			if err != nil {
				t.Fatal(err)
			}
			if got := r[0].Messages.Error(); c.want == "" && r[0].Messages.HasErrors() || !strings.Contains(got, c.want) {
				t.Errorf("%q, wanted %q", got, c.want)
			}
			if c.want != "" && r[0].Messages[0].At.Src == nil {
				t.Error("the message has no place")
			}
		})
	}
}
