package sbml

import (
	"math"
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// maxMessages bounds what is said about one text.
const maxMessages = 100

const (
	spaceMath = "http://www.w3.org/1998/Math/MathML"
	spaceXSI  = "http://www.w3.org/2001/XMLSchema-instance"
)

// Imports finds the text that an external model definition names, seen from the place that
// names it.
type Imports func(name string, from diag.Place) (*diag.Source, error)

// Read reads an SBML text of any level and version. The document is nil when a message is an
// error. imports finds the texts of external model definitions; nil refuses them.
func Read(src *diag.Source, imports func(name string, from diag.Place) (*diag.Source, error)) (*model.Document, diag.Messages) {
	r := &reader{src: src, imports: imports, doc: &model.Document{}, library: &library{files: map[string]*reader{}}}
	r.library.files[src.Name] = r
	r.load()
	if !r.ms.HasErrors() {
		r.link()
	}
	r.sort()
	if r.ms.HasErrors() {
		return nil, r.ms
	}
	return r.doc, r.ms
}

// reader reads one document.
type reader struct {
	src     *diag.Source
	imports Imports
	doc     *model.Document
	ms      diag.Messages

	root     *node
	version  int
	core     string          // namespace of the core
	packages map[string]*pkg // by namespace, those that the root declares
	told     map[string]bool // packages that were reported

	// Of comp: see comp.go.
	library   *library
	models    []*modelReader // in the order of the text
	main      *modelReader   // of the <model> element
	defined   map[string]*modelReader
	externals map[string]*external
}

// sort orders the messages by place; those of other texts come last. It compares offsets: to
// count lines for each comparison takes long in a long text.
func (r *reader) sort() {
	sort.SliceStable(r.ms, func(i, j int) bool {
		a, b := r.ms[i].At, r.ms[j].At
		if a.Src != b.Src {
			return a.Src == r.src
		}
		return a.Src == r.src && a.Start < b.Start
	})
}

// add adds a message, up to maxMessages.
func (r *reader) add(m diag.Message) {
	if len(r.ms) < maxMessages {
		r.ms = append(r.ms, m)
		return
	}
	if m.Severity == diag.Error && !r.ms.HasErrors() { // an error is never lost among warnings
		r.ms[maxMessages-1] = m
	}
}

// at is the place of an element: its start tag.
func (r *reader) at(n *node) diag.Place { return r.src.At(int(n.start), int(n.tag)) }

// atAttr is the place of an attribute, that of the element when it has none.
func (r *reader) atAttr(n *node, name string) diag.Place {
	if a := n.attr(name); a != nil {
		return r.src.At(int(a.start), int(a.end))
	}
	return r.at(n)
}

// text is the value of an attribute without white space around it, "" when it is absent.
func (r *reader) text(n *node, name string) string {
	if a := n.attr(name); a != nil {
		return strings.Trim(a.value, " \t\r\n")
	}
	return ""
}

// number is the value of an attribute, nil when it is absent.
func (r *reader) number(n *node, name string) *float64 {
	a := n.attr(name)
	if a == nil {
		return nil
	}
	v, ok := parseNumber(a.value)
	if !ok {
		r.add(diag.Errorf(r.atAttr(n, name), "expected a number for %s, found %q", name, short(a.value)))
		return nil
	}
	return &v
}

// parseNumber reads a number as XML Schema writes it.
func parseNumber(text string) (float64, bool) {
	text = strings.Trim(text, " \t\r\n")
	switch text {
	case "INF", "+INF":
		return math.Inf(1), true
	case "-INF":
		return math.Inf(-1), true
	case "NaN":
		return math.NaN(), true
	}
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false // neither hexadecimal digits nor words
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(v, 0) && v != 0 {
		return 0, false
	}
	if err != nil && strings.Trim(text, "0123456789.eE+-") != "" || text == "" || err != nil && err.(*strconv.NumError).Err != strconv.ErrRange {
		return 0, false
	}
	return v, true
}

// whole is the value of an attribute that is an integer.
func (r *reader) whole(n *node, name string, otherwise int) int {
	a := n.attr(name)
	if a == nil {
		return otherwise
	}
	v, err := strconv.Atoi(strings.TrimPrefix(strings.Trim(a.value, " \t\r\n"), "+"))
	if err != nil {
		r.add(diag.Errorf(r.atAttr(n, name), "expected a whole number for %s, found %q", name, short(a.value)))
		return otherwise
	}
	return v
}

// flag is the value of an attribute that is true or false.
func (r *reader) flag(n *node, name string, otherwise bool) bool {
	a := n.attr(name)
	if a == nil {
		return otherwise
	}
	return r.truth(a, name, otherwise)
}

func (r *reader) truth(a *attr, name string, otherwise bool) bool {
	switch strings.Trim(a.value, " \t\r\n") {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	r.add(diag.Errorf(r.src.At(int(a.start), int(a.end)), "expected true or false for %s, found %q", name, short(a.value)))
	return otherwise
}

// short is a text for messages.
func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:37]) + "..."
	}
	return s
}

// isID tells whether s is an SBML identifier.
func isID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}

// load reads the text; what its models say of one another is read later, by link.
func (r *reader) load() {
	var ms diag.Messages
	r.src, ms = asUTF8(r.src)
	r.ms = append(r.ms, ms...)
	if ms.HasErrors() {
		return
	}
	root, ms := readXML(r.src)
	r.ms = append(r.ms, ms...)
	if root == nil {
		return
	}
	r.root = root
	if root.name != "sbml" {
		r.add(diag.Errorf(r.at(root), "the root element is <%s>, expected <sbml>", root.name))
		return
	}
	if !r.readVersion() {
		return
	}
	r.readPackages()
	var models []*node
	for _, c := range root.children {
		switch {
		case c.space != r.core:
			r.foreign(c.space, "element <"+c.name+">", r.at(c), root)
		case c.name == "model":
			models = append(models, c)
		case c.name != "notes" && c.name != "annotation":
			r.add(diag.Errorf(r.at(c), "<sbml> has no element <%s>", c.name).WithHelp("expected <model>"))
		}
	}
	if len(models) > 1 {
		r.add(diag.Errorf(r.at(models[1]), "<sbml> has two elements <model>").WithNote(r.at(models[0]), "the first"))
		return
	}
	r.definitions()
	if len(models) == 1 {
		r.main = r.readModel(models[0])
	} else if len(r.models) == 0 {
		r.add(diag.Errorf(r.at(root), "<sbml> holds no <model>"))
	}
}

// readVersion finds level and version.
func (r *reader) readVersion() bool {
	root := r.root
	ok := true
	for _, name := range []string{"level", "version"} {
		if root.attr(name) == nil {
			r.add(diag.Errorf(r.at(root), "<sbml> lacks the attribute %s", name).WithHelp(`the newest is level="3" version="2"`))
			ok = false
		}
	}
	if !ok {
		return false
	}
	errors := len(r.ms)
	level, version := r.whole(root, "level", 0), r.whole(root, "version", 0)
	if len(r.ms) > errors {
		return false
	}
	space, known := versions[10*level+version]
	if !known || version > 9 || version < 0 {
		r.add(diag.Errorf(r.atAttr(root, "level").To(r.atAttr(root, "version")), "there is no SBML Level %d Version %d that is known here", level, version).
			WithHelp("known are Level 1 Versions 1 and 2, Level 2 Versions 1 to 5, Level 3 Versions 1 and 2"))
		return false
	}
	r.version, r.core = 10*level+version, root.space
	if root.space != space {
		text := root.space
		if text == "" {
			r.add(diag.Errorf(r.at(root), "<sbml> has no namespace").WithHelp("%s has xmlns=%q", versionText(r.version), space))
			return false
		}
		m := diag.Errorf(r.at(root), "<sbml> is in the namespace %q, which is not that of %s", short(text), versionText(r.version)).WithHelp("expected xmlns=%q", space)
		for _, s := range versions {
			if s == root.space { // another version's: what is said in level and version counts
				m.Severity = diag.Warning
			}
		}
		r.add(m)
		return m.Severity == diag.Warning
	}
	return true
}
