package sbml_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/sbml"
)

// Every bad text has the messages that stand beside it.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad texts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			doc, ms := sbml.Read(&diag.Source{Name: filepath.Base(file), Text: string(text)}, func(string, diag.Place) (*diag.Source, error) {
				return nil, errors.New("no such file")
			})
			if doc != nil || !ms.HasErrors() {
				t.Fatal("it was read")
			}
			expect(t, strings.TrimSuffix(file, ".xml")+".txt", ms.Error()+"\n")
		})
	}
}
