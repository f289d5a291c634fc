package thymus

import (
	"os"
	"path/filepath"
	"strings"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// format is one way to write a model down.
type format struct {
	name       string
	extensions []string
	read       func(src *diag.Source, dir string) (*model.Document, diag.Messages)
}

// formats lists every model format that can be read.
var formats = []format{
	{"Antimony", []string{".ant", ".txt"}, readAntimony},
	{"SBML", []string{".xml", ".sbml"}, readSBML},
}

func readAntimony(src *diag.Source, dir string) (*model.Document, diag.Messages) {
	return antimony.ReadWith(src, besides(dir), func(src *diag.Source) (*model.Document, diag.Messages) { return readSBML(src, dir) })
}

func readSBML(src *diag.Source, dir string) (*model.Document, diag.Messages) {
	return sbml.Read(src, besides(dir))
}

// besides finds the texts that a model file names: as seen from the folder of the file that
// names them, or else from that of the model file.
func besides(dir string) func(name string, from diag.Place) (*diag.Source, error) {
	return func(name string, from diag.Place) (*diag.Source, error) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if from.Src != nil {
			if near := filepath.Join(filepath.Dir(from.Src.Name), filepath.FromSlash(name)); near != path {
				if _, err := os.Stat(near); err == nil {
					path = near
				}
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return &diag.Source{Name: path, Text: string(text)}, nil
	}
}

// formatOf picks the format of a file by its extension, or says which there are.
func formatOf(path string) (format, diag.Messages) {
	extension := strings.ToLower(filepath.Ext(path))
	var known []string
	for _, f := range formats {
		for _, e := range f.extensions {
			if e == extension {
				return f, nil
			}
		}
		known = append(known, f.extensions...)
	}
	known = append(known, ".omex")
	src := &diag.Source{Name: path}
	return format{}, diag.Messages{diag.Errorf(diag.Place{Src: src}, "no reader for files ending in %q", extension).
		WithHelp("model files end in %s", strings.Join(known, ", "))}
}

// ReadModelFile reads a model file, or the model of a COMBINE archive, with the parameter
// table beside it (NAME.parameters.tsv), if there is one, and flattens its main model.
func ReadModelFile(path string) (*model.Model, diag.Messages) {
	doc, main, ms := readDocument(path)
	if ms.HasErrors() {
		return nil, ms
	}
	flat, more := model.Flatten(doc, main.ID)
	ms = append(ms, more...)
	if ms.HasErrors() {
		return nil, ms
	}
	return flat, ms
}

// readDocument reads a model file with the parameter table beside it, and says which model
// of it is the main one.
func readDocument(path string) (*model.Document, *model.Module, diag.Messages) {
	doc, _, ms := readFormat(path)
	if ms.HasErrors() {
		return nil, nil, ms
	}
	return doc, mainModule(doc), ms
}

// mainModule is the module marked as main, or the last one of the file.
func mainModule(doc *model.Document) *model.Module {
	for _, m := range doc.Modules {
		if m.Main {
			return m
		}
	}
	if n := len(doc.Modules); n > 0 {
		return doc.Modules[n-1]
	}
	return nil
}
