package antimony_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/diag"
)

var update = flag.Bool("update", false, "write the expected messages anew")

// Every bad text has the messages that stand beside it.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.ant")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad texts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc, ms := antimony.Read(&diag.Source{Name: filepath.Base(file), Text: string(text)}, func(name string, _ diag.Place) (*diag.Source, error) {
				return nil, errors.New("no such file")
			})
			if doc != nil || !ms.HasErrors() {
				t.Fatal("it was read")
			}
			got := ms.Error() + "\n"
			want := strings.TrimSuffix(file, ".ant") + ".txt"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(expected) {
				t.Errorf("messages:\n%s\nexpected:\n%s", got, expected)
			}
		})
	}
}
