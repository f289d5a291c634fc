package thymus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"thymus/antimony"
	"thymus/conformance"
	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// ConformanceRequest is one run of an outside suite.
type ConformanceRequest struct {
	Suite    string // a name of conformance.Suites
	Folder   string // where the suite's files are
	Out      string // folder that gets SUITE.csv, one row a case; "" for none
	Markdown string // page whose section about the suite is replaced; "" for none
	// Through writes every model in a format ("sbml", "antimony") and judges what is read
	// of that text, so that the conversion is judged with the rest; "" for the file as it is.
	Through string
	conformance.Options
}

// Conformance judges thymus by an outside suite. An interrupted run returns the rows that
// came before it beside the error; nothing is written then.
func (a *App) Conformance(ctx context.Context, r ConformanceRequest) (*conformance.Result, error) {
	suite, ok := conformance.Find(r.Suite)
	if !ok {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "there is no suite %q", r.Suite).WithHelp("%s", diag.DidYouMean(r.Suite, conformance.Names()))}
	}
	if _, err := os.ReadDir(r.Folder); err != nil {
		return nil, diag.Messages{diag.FileError(r.Folder, err)}
	}
	if r.Jobs == 0 {
		r.Jobs = runtime.GOMAXPROCS(0)
	}
	if r.Through != "" {
		back, ok := throughFormats[r.Through]
		if !ok {
			return nil, diag.Messages{diag.Errorf(diag.Place{}, "models cannot be written through %q", r.Through).WithHelp("sbml or antimony")}
		}
		r.Read = func(path string) (*model.Model, diag.Messages) { return through(path, back) }
	}
	if r.Read == nil {
		r.Read = ReadModelFile
	}
	if r.Markdown != "" {
		if err := CanWrite(r.Markdown); err != nil {
			return nil, diag.Messages{diag.FileError(r.Markdown, err)}
		}
	}
	if r.Out != "" {
		if err := os.MkdirAll(r.Out, 0o777); err != nil {
			return nil, diag.Messages{diag.FileError(r.Out, err)}
		}
	}
	result, err := conformance.Run(ctx, suite, r.Folder, r.Options)
	switch {
	case result == nil:
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: &diag.Source{Name: r.Folder}}, "%v", err)}
	case err != nil:
		return result, err
	}
	if r.Through != "" {
		result.Suite += " through " + r.Through
		result.Notes = append(result.Notes, "Every model was read, written as "+r.Through+", and read again; the written text was judged.")
	}
	if r.Out != "" {
		path := filepath.Join(r.Out, strings.ReplaceAll(result.Suite, " ", "-")+".csv")
		if err := WriteTable(path, result.Table()); err != nil {
			return result, err
		}
	}
	if r.Markdown != "" {
		page, err := os.ReadFile(r.Markdown)
		if err != nil && !os.IsNotExist(err) {
			return result, err
		}
		text := conformance.Replace(string(page), result.Suite, result.Markdown(suite.Title, Version))
		if err := os.WriteFile(r.Markdown, []byte(text), 0o666); err != nil {
			return result, fmt.Errorf("%s: %w", r.Markdown, err)
		}
	}
	return result, nil
}

// throughFormats write a document and read it back.
var throughFormats = map[string]func(doc *model.Document, main, name string) (*model.Document, diag.Messages){
	"sbml": func(doc *model.Document, main, name string) (*model.Document, diag.Messages) {
		text, ms := sbml.Write(doc, main)
		if ms.HasErrors() {
			return nil, ms
		}
		return sbml.Read(&diag.Source{Name: name + " (written as SBML)", Text: string(text)}, nil)
	},
	"antimony": func(doc *model.Document, main, name string) (*model.Document, diag.Messages) {
		for _, m := range doc.Modules {
			for _, r := range m.Reactions {
				if r.Fast {
					return nil, diag.Messages{diag.Errorf(r.At, "reaction %q is fast, which Antimony cannot say", r.ID)}
				}
			}
		}
		text, ms := antimony.Convert(doc)
		if ms.HasErrors() {
			return nil, ms
		}
		return antimony.Read(&diag.Source{Name: name + " (written as Antimony)", Text: text}, nil)
	},
}

// through reads a model file, writes it and reads what was written.
func through(path string, back func(doc *model.Document, main, name string) (*model.Document, diag.Messages)) (*model.Model, diag.Messages) {
	doc, main, ms := readDocument(path)
	if ms.HasErrors() {
		return nil, ms
	}
	doc, ms = back(doc, main.ID, path)
	if ms.HasErrors() {
		return nil, ms
	}
	if main = mainModule(doc); main == nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "the written text defines no model")}
	}
	return model.Flatten(doc, main.ID)
}
