package antimony_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
)

// suite is the folder of libAntimony's test data.
func suite(t *testing.T) string {
	folder := os.Getenv("THYMUS_ANTIMONY")
	if folder == "" {
		t.Skip("THYMUS_ANTIMONY is not set: libAntimony's own test data are not read")
	}
	return folder
}

// importer reads the texts that a file of the suite imports.
func importer(folder string) antimony.Importer {
	return func(name string, from diag.Place) (*diag.Source, error) {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		return &diag.Source{Name: filepath.Join(folder, name), Text: string(text)}, nil
	}
}

// TestSuite reads libAntimony's test data, flattens every model, writes and reads again.
func TestSuite(t *testing.T) {
	folder := suite(t)
	texts, bad := 0, 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txt" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		texts++
		doc, ms := antimony.Read(&diag.Source{Name: path, Text: string(text)}, importer(filepath.Dir(path)))
		if ms.HasErrors() {
			bad++
			for _, m := range ms {
				if m.Severity == diag.Error {
					t.Logf("not read: %s: %s", strings.TrimPrefix(path, folder), m.Text)
					break
				}
			}
			return nil
		}
		for _, m := range doc.Modules {
			if _, ms := model.Flatten(doc, m.ID); ms.HasErrors() {
				t.Errorf("%s: flatten %s: %v", strings.TrimPrefix(path, folder), m.ID, ms)
			}
		}
		t.Run(strings.TrimPrefix(path, folder), func(t *testing.T) { same(t, path, doc, read(t, antimony.Write(doc))) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d texts, %d not read", texts, bad)
	if texts == 0 || 100*bad > texts {
		t.Errorf("%d of %d texts were not read: at most one in a hundred may be (libAntimony refuses some of its own)", bad, texts)
	}
}
