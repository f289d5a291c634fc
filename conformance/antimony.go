package conformance

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"thymus/antimony"
	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
	"thymus/unit"
)

// antimonySuite is libAntimony's test data: X.txt with X.xml, the SBML it means, and
// X_rt.txt, what libAntimony writes of X.xml. A text passes when it has the same canonical
// model as the SBML beside it, and when what thymus writes of it has, too. A text without
// SBML beside it passes when it is read and what is written of it means the same.
//
// These rules make models comparable. Flat ids: libAntimony puts two underscores between
// the ids of submodels and elements, and so do both sides here. Units: a unit is what it
// means, however it is spelled; a unit that nothing defines keeps its name. What has no
// effect does not count: a value besides an assignment rule or initial assignment, whether reactions change a
// species that has a rule, functions that nothing calls, the order in which an event sets
// its variables. Ids: where the SBML has ids that are words of Antimony, the text is
// compared with the SBML written in Antimony.
var antimonySuite = Suite{
	Name:  "antimony",
	Title: "libAntimony's test data",
	Shape: "Antimony texts X.txt and X_rt.txt, and SBML files X.xml, in the folder and those below it",
	List:  listTexts,
	Judge: judgeText,
}

func listTexts(folder string) ([]Case, error) {
	var cases []Case
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".txt" {
			return err
		}
		file, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.ToSlash(file), ".txt")
		c := Case{Name: name, File: filepath.ToSlash(file), Path: path, Tags: []string{"source"}}
		if strings.HasSuffix(name, "_rt") {
			c.Tags = []string{"written back"}
		}
		if _, err := os.Stat(twin(path)); err != nil {
			c.Tags = append(c.Tags, "alone")
		} else {
			c.Tags = append(c.Tags, "pair")
		}
		cases = append(cases, c)
		return nil
	})
	sort.Slice(cases, func(i, j int) bool { return cases[i].Name < cases[j].Name })
	return cases, err
}

// twin is the SBML file that a text has beside it.
func twin(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, ".txt"), "_rt") + ".xml"
}

func judgeText(_ context.Context, c Case, _ Options) Verdict {
	doc, ms := readText(c.Path)
	if ms.HasErrors() {
		return refused(ms)
	}
	got, ms := canonicalMain(doc)
	if ms.HasErrors() {
		return refused(ms)
	}
	if c.Tags[1] == "pair" {
		text, err := os.ReadFile(twin(c.Path))
		if err != nil {
			return wrong("%v", err)
		}
		meant, ms := sbml.Read(&diag.Source{Name: twin(c.Path), Text: string(text)}, besides(twin(c.Path)))
		if ms.HasErrors() {
			return refused(ms)
		}
		if v := judgePair(got, meant); v.Outcome != Passed {
			return v
		}
	}
	written := antimony.Write(doc)
	again, ms := antimony.Read(&diag.Source{Name: "written", Text: written}, nil)
	if ms.HasErrors() {
		return wrong("what is written of it is not read: %s", refused(ms).Reason)
	}
	if rest, ms := canonicalMain(again); ms.HasErrors() {
		return wrong("what is written of it is not flattened: %s", refused(ms).Reason)
	} else if d := firstDifference(rest, got); d != "" {
		return wrong("written and read: %s", d)
	}
	return Verdict{Deviation: math.NaN(), Time: math.NaN()}
}

// judgePair compares a text's canonical model with the SBML that it means, and that with
// what it becomes in Antimony.
func judgePair(got string, meant *model.Document) Verdict {
	want, ms := canonicalMain(meant)
	if ms.HasErrors() {
		return refused(ms)
	}
	written, told := antimony.Convert(meant)
	again, ms := antimony.Read(&diag.Source{Name: "converted", Text: written}, nil)
	if ms.HasErrors() {
		return wrong("converted from SBML, it is not read: %s", refused(ms).Reason)
	}
	converted, ms := canonicalMain(again)
	if ms.HasErrors() {
		return wrong("converted from SBML, it is not flattened: %s", refused(ms).Reason)
	}
	d := firstDifference(got, want)
	if d != "" && got == converted && renames(told) {
		return Verdict{Deviation: math.NaN(), Time: math.NaN()}
	}
	if d != "" {
		return wrong("%s", d)
	}
	if d = firstDifference(converted, want); d != "" && len(told) == 0 {
		return wrong("converted from SBML without a message: %s", d)
	}
	return Verdict{Deviation: math.NaN(), Time: math.NaN()}
}

// renames tells whether writing changed ids.
func renames(ms diag.Messages) bool {
	for _, m := range ms {
		if strings.Contains(m.Text, " is written ") {
			return true
		}
	}
	return false
}

func readText(path string) (*model.Document, diag.Messages) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, diag.Messages{diag.FileError(path, err)}
	}
	return antimony.ReadWith(&diag.Source{Name: path, Text: string(text)}, besides(path), func(src *diag.Source) (*model.Document, diag.Messages) {
		return sbml.Read(src, besides(path))
	})
}

// besides finds the texts that a file names, as seen from its folder.
func besides(path string) func(name string, from diag.Place) (*diag.Source, error) {
	return func(name string, _ diag.Place) (*diag.Source, error) {
		file := filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return &diag.Source{Name: file, Text: string(text)}, nil
	}
}

// canonicalMain is the canonical text of a document's main model: the one marked as main,
// or the last.
func canonicalMain(doc *model.Document) (string, diag.Messages) {
	if len(doc.Modules) == 0 { // functions and units alone
		return model.Format(plainUnits(effective(&model.Model{Functions: doc.Functions, Units: doc.Units}))), nil
	}
	main := doc.Modules[len(doc.Modules)-1]
	for _, m := range doc.Modules {
		if m.Main {
			main = m
		}
	}
	apart := *doc
	apart.Separator = "__"
	flat, ms := model.Flatten(&apart, main.ID)
	if ms.HasErrors() {
		return "", ms
	}
	return model.Format(plainUnits(effective(flat))), ms
}

// effective is a model without what has no effect.
func effective(m *model.Model) *model.Model {
	by, changes := map[string]bool{}, map[string]bool{}
	for _, r := range m.Rules {
		if r.Kind == model.Assignment {
			by[r.Variable] = true
		}
		changes[r.Variable] = true
	}
	m = started(m)
	out := *m
	out.Functions = nil
	text := model.Format(&model.Model{Rules: m.Rules, Initials: m.Initials, Reactions: m.Reactions, Events: m.Events, Functions: m.Functions, Constraints: m.Constraints})
	for _, f := range m.Functions {
		if strings.Count(text, f.ID+"(") > 1 {
			out.Functions = append(out.Functions, f)
		}
	}
	out.Events = append([]model.Event(nil), m.Events...)
	for i := range out.Events {
		list := append([]model.EventAssignment(nil), out.Events[i].Assignments...)
		sort.SliceStable(list, func(i, k int) bool { return list[i].Variable < list[k].Variable })
		out.Events[i].Assignments = list
	}
	out.Compartments = append([]model.Compartment(nil), m.Compartments...)
	for i := range out.Compartments {
		if by[out.Compartments[i].ID] {
			out.Compartments[i].Size = nil
		}
	}
	out.Species = append([]model.Species(nil), m.Species...)
	for i := range out.Species {
		if changes[out.Species[i].ID] {
			out.Species[i].Boundary = true
		}
		if by[out.Species[i].ID] {
			out.Species[i].InitialAmount, out.Species[i].InitialConc = nil, nil
		}
	}
	out.Parameters = append([]model.Parameter(nil), m.Parameters...)
	for i := range out.Parameters {
		if by[out.Parameters[i].ID] {
			out.Parameters[i].Value = nil
		}
	}
	return &out
}

// started is a model in which a parameter or compartment that starts from a number has it
// as its value, and none beside an initial assignment.
func started(m *model.Model) *model.Model {
	out := *m
	out.Initials = nil
	starts := map[string]*model.Expr{}
	for _, x := range m.Initials {
		starts[x.Symbol] = x.Math
	}
	number := map[string]bool{}
	value := func(id string, old *float64) *float64 {
		x := starts[id]
		switch {
		case x == nil:
			return old
		case x.Kind != model.Number:
			return nil
		}
		v := x.Value
		number[id] = true
		return &v
	}
	out.Parameters = append([]model.Parameter(nil), m.Parameters...)
	for i := range out.Parameters {
		p := &out.Parameters[i]
		p.Value = value(p.ID, p.Value)
	}
	out.Compartments = append([]model.Compartment(nil), m.Compartments...)
	for i := range out.Compartments {
		c := &out.Compartments[i]
		c.Size = value(c.ID, c.Size)
	}
	for _, x := range m.Initials {
		if !number[x.Symbol] {
			out.Initials = append(out.Initials, x)
		}
	}
	return &out
}

// plainUnits is a model in which units are spelled by what they mean.
func plainUnits(m *model.Model) *model.Model {
	defined := map[string]string{}
	for _, u := range m.Units {
		defined[u.ID] = u.Text
	}
	spell := func(text string) string {
		for range 10 {
			more, ok := defined[text]
			if !ok || more == text {
				break
			}
			text = more
		}
		u, err := unit.Parse(text)
		if err != nil || text == "" {
			return text
		}
		return fmt.Sprintf("%.9g %v", u.Scale, u.Dim)
	}
	out := *m
	out.TimeUnit = spell(m.TimeUnit)
	out.Compartments = append([]model.Compartment(nil), m.Compartments...)
	for i := range out.Compartments {
		out.Compartments[i].Unit = spell(out.Compartments[i].Unit)
	}
	out.Species = append([]model.Species(nil), m.Species...)
	for i := range out.Species {
		out.Species[i].Unit = spell(out.Species[i].Unit)
	}
	out.Parameters = append([]model.Parameter(nil), m.Parameters...)
	for i := range out.Parameters {
		out.Parameters[i].Unit = spell(out.Parameters[i].Unit)
	}
	return &out
}

// firstDifference says the first lines that two canonical texts do not share, "" when
// they are equal.
func firstDifference(got, want string) string {
	if got == want {
		return ""
	}
	count := map[string]int{}
	for _, l := range strings.Split(want, "\n") {
		count[l]++
	}
	var extra, missing []string
	for _, l := range strings.Split(got, "\n") {
		if count[l]--; count[l] < 0 {
			extra = append(extra, l)
		}
	}
	for _, l := range strings.Split(want, "\n") {
		if count[l] > 0 {
			missing = append(missing, l)
			count[l]--
		}
	}
	var parts []string
	if len(extra) > 0 {
		parts = append(parts, "has: "+extra[0])
	}
	if len(missing) > 0 {
		parts = append(parts, "expected: "+missing[0])
	}
	return strings.Join(parts, "; ")
}
