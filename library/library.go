// Package library holds the embedded model files, populations, trials and evidence, and an
// index of them (floor 3). A user's own folder is searched first.
//
//	lib, err := library.Open("")
//	entry, messages := lib.Module("cd19-car-t")
package library

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sort"
	"strings"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
	"thymus/regimen"
)

//go:embed core disease therapy population trial fits evidence ports.tsv
var embedded embed.FS

// folders hold the kinds of entries.
var folders = []struct{ folder, extension string }{
	{"core", ".ant"}, {"disease", ".ant"}, {"therapy", ".ant"}, {"population", ".yaml"}, {"trial", ".yaml"}, {"fits", ".yaml"},
}

// yamlKinds says what the YAML files of a folder are.
var yamlKinds = map[string]string{"population": "population", "trial": "trial", "fits": "fit"}

// recordEnd is how the name of a fit's record ends, without the extension.
const recordEnd = ".record"

// Library finds entries by name.
type Library struct {
	layers []layer
	cache  map[string]*Entry
	ahead  map[string]*reading // see ReadAhead
}

// reading is a module that is being read.
type reading struct {
	done chan struct{}
	e    *Entry
	ms   diag.Messages
}

type layer struct {
	name string // as shown in messages
	fs   fs.FS
}

// Open opens the built-in library with a user's folder before it ("": none).
func Open(dir string) (*Library, error) {
	l := &Library{cache: map[string]*Entry{}, ahead: map[string]*reading{}}
	if dir != "" {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			return nil, fmt.Errorf("%s is no folder", dir)
		}
		l.layers = append(l.layers, layer{dir, os.DirFS(dir)})
	}
	l.layers = append(l.layers, layer{"library", embedded})
	return l, nil
}

// read finds a file in the layers. A user's folder may also hold files without subfolders.
func (l *Library) read(name string) (*diag.Source, error) {
	for i, layer := range l.layers {
		names := []string{name}
		if i < len(l.layers)-1 {
			names = append(names, path.Base(name))
		}
		for _, n := range names {
			text, err := fs.ReadFile(layer.fs, n)
			if err == nil {
				return &diag.Source{Name: path.Join(layer.name, n), Text: string(text)}, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	return nil, fs.ErrNotExist
}

// Names lists the entries of a kind (core, process, disease, therapy, population, trial, fit)
// in alphabetical order.
func (l *Library) Names(kind string) []string {
	seen := map[string]bool{}
	for _, f := range folders {
		isYAML := kind == "population" || kind == "trial" || kind == "fit"
		if f.extension == ".yaml" && yamlKinds[f.folder] != kind || f.extension == ".ant" && isYAML {
			continue
		}
		for _, layer := range l.layers {
			for _, dir := range []string{f.folder, "."} {
				files, _ := fs.ReadDir(layer.fs, dir)
				for _, file := range files {
					name, ok := strings.CutSuffix(file.Name(), f.extension)
					if !ok || seen[name] || file.IsDir() || strings.HasSuffix(name, recordEnd) {
						continue
					}
					if f.extension == ".yaml" {
						seen[name] = dir != "." || l.yamlKind(layer, file.Name()) == kind
						continue
					}
					seen[name] = l.kindOf(layer, path.Join(dir, file.Name()), f.folder) == kind
				}
			}
		}
	}
	var out []string
	for n, yes := range seen {
		if yes {
			out = append(out, n)
		}
	}
	sort.Strings(out)
	return out
}

// yamlKind tells a trial, a population or a fit by its first key.
func (l *Library) yamlKind(layer layer, name string) string {
	text, _ := fs.ReadFile(layer.fs, name)
	for _, line := range strings.Split(string(text), "\n") {
		if key, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") {
			return strings.TrimSpace(key)
		}
	}
	return ""
}

// kindOf reads the kind that a model file's header states; without one its folder says it.
func (l *Library) kindOf(layer layer, name, folder string) string {
	text, _ := fs.ReadFile(layer.fs, name)
	for _, line := range strings.Split(string(text), "\n") {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "//")
		if !ok {
			break
		}
		if k, ok := strings.CutPrefix(strings.TrimSpace(line), "kind:"); ok {
			return strings.TrimSpace(k)
		}
	}
	return folder
}

// Entry is a module of the library, read, with its parameter table applied.
type Entry struct {
	Name, Kind, Instance string
	Title, TitleFR       string
	Story, StoryFR       string
	Doses                []regimen.Route
	Discrete             []Discrete
	Doc                  *model.Document
	Module               *model.Module
	Tables               []*model.Table // of the module and of the modules it imports
}

// Rows lists the parameter rows of the module's own table.
func (e *Entry) Rows() []model.Row {
	if len(e.Tables) == 0 || e.Tables[0] == nil {
		return nil
	}
	return e.Tables[0].Rows
}

// PortNames lists the ports that the module reads and writes, in alphabetical order.
func (e *Entry) PortNames(ports *model.Ports) (reads, writes []string) {
	r, w, _ := model.PortUses(e.Module, e.Doc, ports)
	for n := range r {
		reads = append(reads, n)
	}
	for n := range w {
		writes = append(writes, n)
	}
	sort.Strings(reads)
	sort.Strings(writes)
	return reads, writes
}

// ReadAhead begins to read modules beside what the caller does next; Module gives them.
func (l *Library) ReadAhead(names []string) {
	for _, name := range names {
		if l.cache[name] != nil || l.ahead[name] != nil {
			continue
		}
		r := &reading{done: make(chan struct{})}
		l.ahead[name] = r
		go func() {
			defer close(r.done)
			r.e, r.ms = l.module(name)
		}()
	}
}

// Module reads a module by its name. Entries are kept: asking again costs nothing.
func (l *Library) Module(name string) (*Entry, diag.Messages) {
	if e, ok := l.cache[name]; ok {
		return e, nil
	}
	var e *Entry
	var ms diag.Messages
	if r, ok := l.ahead[name]; ok {
		<-r.done
		delete(l.ahead, name)
		e, ms = r.e, r.ms
	} else {
		e, ms = l.module(name)
	}
	if e != nil {
		l.cache[name] = e
	}
	return e, ms
}

// module reads a module; it may be called side by side.
func (l *Library) module(name string) (*Entry, diag.Messages) {
	var src *diag.Source
	folder := ""
	for _, f := range folders {
		if f.extension != ".ant" {
			continue
		}
		s, err := l.read(path.Join(f.folder, name+f.extension))
		if err == nil {
			src, folder = s, f.folder
			break
		}
	}
	if src == nil {
		var known []string
		for _, k := range []string{"core", "process", "disease", "therapy"} {
			known = append(known, l.Names(k)...)
		}
		return nil, diag.Messages{diag.Errorf(diag.Place{}, "the library has no module %q", name).WithHelp("%s", diag.DidYouMean(name, known))}
	}
	files := []*diag.Source{src}
	doc, ms := antimony.Read(src, func(file string, _ diag.Place) (*diag.Source, error) {
		s, err := l.read(path.Join(folder, file))
		if err == nil {
			files = append(files, s)
		}
		return s, err
	})
	if ms.HasErrors() {
		return nil, ms
	}
	e := &Entry{Name: name, Kind: folder, Doc: doc}
	for _, m := range doc.Modules {
		if m.At.Src == src && (e.Module == nil || m.Main || !e.Module.Main) {
			e.Module = m
		}
	}
	if e.Module == nil {
		return nil, append(ms, diag.Errorf(diag.Place{Src: src}, "the file defines no model"))
	}
	for _, file := range files {
		tableName := strings.TrimSuffix(path.Base(file.Name), ".ant") + ".parameters.tsv"
		text, err := l.read(path.Join(folder, tableName))
		if err != nil {
			e.Tables = append(e.Tables, nil)
			continue
		}
		table, more := model.ReadTable(text)
		ms = append(ms, more...)
		if more.HasErrors() {
			continue
		}
		e.Tables = append(e.Tables, table)
		for _, m := range doc.Modules {
			if m.At.Src == file && (file != src || m == e.Module) {
				ms = append(ms, table.Apply(m)...)
			}
		}
	}
	ms = append(ms, e.header()...)
	if ms.HasErrors() {
		return nil, ms
	}
	return e, ms
}

// header reads the comment block above the model: a title, key: value lines, the story.
func (e *Entry) header() diag.Messages {
	var ms diag.Messages
	src := e.Module.At.Src
	e.Instance = e.Module.ID + "_1"
	offset := 0
	state := 0 // 0 title, 1 keys, 2 story
	var story, fr []string
	french := false
	for _, line := range strings.SplitAfter(src.Text, "\n") {
		start := offset
		offset += len(line)
		text, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "//")
		if !ok {
			break
		}
		start += 2
		trimmed := strings.TrimSpace(text)
		switch state {
		case 0:
			e.Title = trimmed
			state = 1
			continue
		case 1:
			if trimmed == "" {
				state = 2
				continue
			}
			key, value, _ := strings.Cut(trimmed, ":")
			value = strings.TrimSpace(value)
			switch {
			case key == "as":
				e.Instance = value
			case key == "kind":
				e.Kind = value
			case key == "title_fr":
				e.TitleFR = value
			case strings.HasPrefix(trimmed, "dose "):
				lead := strings.Index(text, "dose ") + len("dose ")
				r, more := regimen.ParseRoute(diag.Place{Src: src, Start: start + lead, End: start + len(text)})
				ms = append(ms, more...)
				if !more.HasErrors() {
					e.Doses = append(e.Doses, r)
				}
			case key == "discrete":
				lead := strings.Index(text, ":") + 1
				list, more := e.discretes(diag.Place{Src: src, Start: start + lead, End: start + len(text)})
				ms = append(ms, more...)
				e.Discrete = append(e.Discrete, list...)
			default:
				ms = append(ms, diag.Errorf(diag.Place{Src: src, Start: start, End: start + len(text)}, "the header has title_fr:, as:, kind:, discrete: and dose lines, then an empty comment line and the story"))
			}
			continue
		}
		if rest, ok := strings.CutPrefix(trimmed, "fr:"); ok {
			french, trimmed = true, strings.TrimSpace(rest)
		}
		if french {
			fr = append(fr, trimmed)
		} else {
			story = append(story, trimmed)
		}
	}
	e.Story = paragraphs(story)
	e.StoryFR = paragraphs(fr)
	return ms
}

func paragraphs(lines []string) string {
	var out []string
	var now []string
	for _, l := range append(lines, "") {
		if l != "" {
			now = append(now, l)
			continue
		}
		if len(now) > 0 {
			out = append(out, strings.Join(now, " "))
		}
		now = nil
	}
	return strings.Join(out, "\n\n")
}

// Ports is the table of ports: the built-in one and a user's additions.
func (l *Library) Ports() (*model.Ports, diag.Messages) {
	text, err := fs.ReadFile(embedded, "ports.tsv")
	if err != nil {
		return nil, diag.Messages{diag.FileError("ports.tsv", err)}
	}
	all := strings.TrimRight(string(text), "\n") + "\n"
	have := strings.Split(all, "\n")
	for _, layer := range l.layers[:len(l.layers)-1] {
		more, err := fs.ReadFile(layer.fs, "ports.tsv")
		if err != nil {
			continue
		}
		_, rows, _ := strings.Cut(string(more), "\n")
		for _, row := range strings.Split(rows, "\n") {
			if !slices.Contains(have, row) { // a copy of the built-in table is no second table
				all += row + "\n"
			}
		}
	}
	return model.ReadPorts(&diag.Source{Name: "library/ports.tsv", Text: all})
}

// PopulationSource is the text of a population.
func (l *Library) PopulationSource(name string) (*diag.Source, diag.Messages) {
	return l.yaml("population", name)
}

// TrialSource is the text of a trial.
func (l *Library) TrialSource(name string) (*diag.Source, diag.Messages) {
	return l.yaml("trial", name)
}

// FitSource is the text of a fit.
func (l *Library) FitSource(name string) (*diag.Source, diag.Messages) {
	return l.yaml("fit", name)
}

// RecordSource is the record of a fit; nil when there is none.
func (l *Library) RecordSource(name string) *diag.Source {
	src, err := l.read(path.Join("fits", name+recordEnd+".yaml"))
	if err != nil {
		return nil
	}
	return src
}

func (l *Library) yaml(kind, name string) (*diag.Source, diag.Messages) {
	folder := kind
	for f, k := range yamlKinds {
		if k == kind {
			folder = f
		}
	}
	src, err := l.read(path.Join(folder, name+".yaml"))
	if err != nil {
		m := diag.Errorf(diag.Place{}, "the library has no %s %q", kind, name).WithHelp("%s", diag.DidYouMean(name, l.Names(kind)))
		return nil, diag.Messages{m}
	}
	return src, nil
}
