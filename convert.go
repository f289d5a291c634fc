package thymus

import (
	"bytes"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
	"thymus/omex"
	"thymus/sbml"
)

// ConvertResult says what Convert wrote.
type ConvertResult struct {
	Model    string // id of the main model
	From, To string // formats
	Bytes    int
	Messages diag.Messages // what the new text could not say
}

// writers gives the text of a document's main model for each ending that can be written.
var writers = map[string]struct {
	name  string
	write func(doc *model.Document, main string) ([]byte, diag.Messages)
}{
	".ant":  {"Antimony", writeAntimony},
	".txt":  {"Antimony", writeAntimony},
	".xml":  {"SBML", sbml.Write},
	".sbml": {"SBML", sbml.Write},
}

func writeAntimony(doc *model.Document, main string) ([]byte, diag.Messages) {
	text, ms := antimony.Convert(doc)
	return []byte(text), ms
}

// Convert reads a model from one file and writes it to another; the endings say the
// formats: .ant and .txt Antimony, .xml and .sbml SBML, .omex a COMBINE archive. Out of an
// archive comes its model: the one marked as master, or else the only one. An archive
// made of a model holds it as SBML; an archive made of an archive holds the same files.
func (a *App) Convert(from, to string) (*ConvertResult, error) {
	ending := strings.ToLower(filepath.Ext(to))
	_, known := writers[ending]
	if !known && ending != ".omex" {
		return nil, diag.Messages{diag.Errorf((&diag.Source{Name: to}).Whole(), "no writer for files ending in %q", ending).
			WithHelp("what is written ends in .ant, .txt, .xml, .sbml or .omex")}
	}
	if isArchive(from) && ending == ".omex" {
		archive, ms := readArchive(from)
		if ms.HasErrors() {
			return nil, ms
		}
		return save(to, &ConvertResult{From: "COMBINE archive", To: "COMBINE archive", Messages: ms}, archive.Write)
	}
	doc, format, ms := readFormat(from)
	if ms.HasErrors() {
		return nil, ms
	}
	main := mainModule(doc)
	result := &ConvertResult{Model: main.ID, From: format, To: writers[ending].name}
	if ending != ".omex" {
		text, more := writers[ending].write(doc, main.ID)
		if result.Messages = append(ms, more...); more.HasErrors() {
			return nil, result.Messages
		}
		return save(to, result, func(w io.Writer) error { _, err := w.Write(text); return err })
	}
	text, more := sbml.Write(doc, main.ID)
	if result.Messages = append(ms, more...); more.HasErrors() {
		return nil, result.Messages
	}
	result.To = "COMBINE archive"
	archive := omex.New(to)
	dialect := ".level-3.version-2"
	if bytes.Contains(text[:min(len(text), 400)], []byte(`version="1"`)) && !bytes.Contains(text[:min(len(text), 400)], []byte(`version="2"`)) {
		dialect = ".level-3.version-1"
	}
	archive.Add(omex.Entry{Location: "model.xml", Format: omex.FormatSBML + dialect, Master: true}, text)
	return save(to, result, archive.Write)
}

// save writes a file at once or not at all.
func save(to string, r *ConvertResult, write func(io.Writer) error) (*ConvertResult, error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return nil, err
	}
	r.Bytes = b.Len()
	return r, os.WriteFile(to, b.Bytes(), 0o666)
}

func isArchive(path string) bool { return strings.EqualFold(filepath.Ext(path), ".omex") }

func readArchive(path string) (*omex.Archive, diag.Messages) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, diag.Messages{diag.FileError(path, err)}
	}
	return omex.Read(data, path)
}

// readArchived reads the model of an archive.
func readArchived(file string) (*model.Document, string, diag.Messages) {
	archive, ms := readArchive(file)
	if ms.HasErrors() {
		return nil, "", ms
	}
	whole := (&diag.Source{Name: file}).Whole()
	models := archive.Choose(func(format string) bool { return omex.IsSBML(format) })
	for _, e := range archive.Choose(func(format string) bool { return !omex.IsSBML(format) }) {
		if ext := strings.ToLower(path.Ext(e.Location)); ext == ".ant" {
			models = append(models, e)
		}
	}
	switch {
	case len(models) == 0:
		return nil, "", append(ms, diag.Errorf(whole, "the archive has no model in SBML or Antimony").
			WithHelp("it holds %s", strings.Join(archive.Files(), ", ")))
	case len(models) > 1 && !models[0].Master:
		var names []string
		for _, e := range models {
			names = append(names, e.Location)
		}
		return nil, "", append(ms, diag.Errorf(whole, "the archive has %d models and none of them is the master: %s", len(models), strings.Join(names, ", ")).
			WithHelp("mark one with master=\"true\" in the manifest, or unpack the archive"))
	}
	doc, format, more := readFromArchive(archive, models[0].Location)
	return doc, format, append(ms, more...)
}

// readFromArchive reads a model file of an archive; files that it names are looked for in
// the archive.
func readFromArchive(archive *omex.Archive, location string) (*model.Document, string, diag.Messages) {
	content, ok := archive.Content(location)
	name := archive.Name + "/" + location
	if !ok {
		return nil, "", diag.Messages{diag.Errorf((&diag.Source{Name: name}).Whole(), "the archive does not hold it").
			WithHelp("%s", diag.DidYouMean(location, archive.Files()))}
	}
	imports := func(wanted string, _ diag.Place) (*diag.Source, error) {
		at := path.Join(path.Dir(location), filepath.ToSlash(wanted))
		text, ok := archive.Content(at)
		if !ok {
			return nil, os.ErrNotExist
		}
		return &diag.Source{Name: archive.Name + "/" + at, Text: string(text)}, nil
	}
	src := &diag.Source{Name: name, Text: string(content)}
	if ext := strings.ToLower(path.Ext(location)); ext == ".ant" || ext == ".txt" {
		doc, ms := antimony.Read(src, imports)
		return doc, "Antimony", ms
	}
	doc, ms := sbml.Read(src, imports)
	return doc, "SBML", ms
}

// readFormat reads a model file with the parameter table beside it
// (NAME.parameters.tsv), if there is one, and names its format. The document has at
// least one model.
func readFormat(path string) (*model.Document, string, diag.Messages) {
	var doc *model.Document
	var name string
	var ms diag.Messages
	if isArchive(path) {
		if doc, name, ms = readArchived(path); ms.HasErrors() {
			return nil, "", ms
		}
	} else {
		f, more := formatOf(path)
		if more.HasErrors() {
			return nil, "", more
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, "", diag.Messages{diag.FileError(path, err)}
		}
		if doc, ms = f.read(&diag.Source{Name: path, Text: string(text)}, filepath.Dir(path)); ms.HasErrors() {
			return nil, "", ms
		}
		name = f.name
	}
	main := mainModule(doc)
	if main == nil {
		return nil, "", append(ms, diag.Errorf(diag.Place{Src: &diag.Source{Name: path}}, "the file defines no model"))
	}
	tablePath := strings.TrimSuffix(path, filepath.Ext(path)) + ".parameters.tsv"
	if tableText, err := os.ReadFile(tablePath); err == nil {
		table, more := model.ReadTable(&diag.Source{Name: tablePath, Text: string(tableText)})
		if ms = append(ms, more...); !more.HasErrors() {
			ms = append(ms, table.Apply(main)...)
		}
		if ms.HasErrors() {
			return nil, "", ms
		}
	}
	return doc, name, ms
}
