package sbml_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// suite lists the SBML files below the folder that an environment variable names.
func suite(t *testing.T, variable string) []string {
	t.Helper()
	folder := os.Getenv(variable)
	if folder == "" {
		t.Skipf("%s is not set: give it the folder of the suite", variable)
	}
	var files []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".xml") && !strings.HasSuffix(path, "-sedml.xml") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatal("no files in "+folder, err)
	}
	return files
}

// read reads a file; missing says that it names another one that the suite does not have.
func read(t *testing.T, file string) (doc *model.Document, ms diag.Messages, missing bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, ms = sbml.Read(&diag.Source{Name: file, Text: string(text)}, func(name string, _ diag.Place) (*diag.Source, error) {
		path := filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
		text, err := os.ReadFile(path)
		missing = missing || err != nil
		return &diag.Source{Name: path, Text: string(text)}, err
	})
	return doc, ms, missing
}

// Every model of the outside suites is read and made flat.
func TestSuites(t *testing.T) {
	for _, variable := range []string{"THYMUS_SBML_SEMANTIC", "THYMUS_SBML_STOCHASTIC", "THYMUS_BIOMODELS", "THYMUS_ANTIMONY"} {
		t.Run(variable, func(t *testing.T) {
			for _, file := range suite(t, variable) {
				doc, ms, missing := read(t, file)
				if missing {
					continue
				}
				if ms.HasErrors() {
					t.Errorf("%s", ms.Error())
					continue
				}
				if testing.Verbose() && len(ms) > 0 {
					t.Logf("%s", ms.Error())
				}
				if _, ms := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID); ms.HasErrors() {
					t.Errorf("%s: %s", file, ms.Error())
				}
			}
		})
	}
}
