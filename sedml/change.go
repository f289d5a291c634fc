package sedml

import (
	"fmt"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/sbml"
)

// step is a step of an XPath: an element with the attributes it must have.
type step struct {
	name string
	with map[string]string
}

// parsePath reads an absolute XPath of child steps with predicates such as [@id='k'], and
// perhaps an attribute at its end. Prefixes are not looked at: documents of all levels use
// the same.
func parsePath(target string) (steps []step, attribute string, err error) {
	bad := func(why string) ([]step, string, error) {
		return nil, "", fmt.Errorf("the target %q %s", target, why)
	}
	rest := strings.TrimSpace(target)
	for rest != "" {
		if rest[0] != '/' || strings.HasPrefix(rest, "//") || attribute != "" {
			return bad("is no path that is supported: expected steps such as /sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='k']")
		}
		rest = rest[1:]
		end := strings.IndexAny(rest, "/[")
		if end < 0 {
			end = len(rest)
		}
		name := rest[:end]
		rest = rest[end:]
		if a, ok := strings.CutPrefix(name, "@"); ok {
			attribute = a
			continue
		}
		if i := strings.LastIndexByte(name, ':'); i >= 0 {
			name = name[i+1:]
		}
		if name == "" || strings.ContainsAny(name, "*.()= ") {
			return bad("has a step that is not supported")
		}
		s := step{name, map[string]string{}}
		for strings.HasPrefix(rest, "[") {
			inner := rest[1:]
			key, after, ok := strings.Cut(inner, "=")
			key, isAttribute := strings.CutPrefix(strings.TrimSpace(key), "@")
			after = strings.TrimLeft(after, " ")
			if !ok || !isAttribute || after == "" || after[0] != '\'' && after[0] != '"' {
				return bad("has a condition that is not supported: expected [@id='...']")
			}
			value, behind, closed := strings.Cut(after[1:], after[:1])
			behind = strings.TrimLeft(behind, " ")
			if !closed || !strings.HasPrefix(behind, "]") {
				return bad("has a condition that is not supported: expected [@id='...']")
			}
			s.with[key] = value
			rest = behind[1:]
		}
		steps = append(steps, s)
	}
	if len(steps) == 0 {
		return bad("names no element")
	}
	return steps, attribute, nil
}

// Symbol is the id in the model that a target means, and the attribute it names (""for
// none). A parameter of a kinetic law is called after its reaction, as models read here
// call it. A target without slashes is an id.
func Symbol(target string) (id, attribute string, err error) {
	if t := strings.TrimSpace(target); t != "" && !strings.ContainsAny(t, "/@[]") {
		return t, "", nil
	}
	steps, attribute, err := parsePath(target)
	if err != nil {
		return "", "", err
	}
	last := steps[len(steps)-1]
	if id = last.with["id"]; id == "" {
		return "", "", fmt.Errorf("the target %q names no element by its id", target)
	}
	if strings.HasSuffix(strings.ToLower(last.name), "parameter") {
		for _, s := range steps[:len(steps)-1] {
			if s.name == "reaction" && s.with["id"] != "" {
				return s.with["id"] + "_" + id, attribute, nil
			}
		}
	}
	return id, attribute, nil
}

// find goes along a path.
func find(root *sbml.Element, target string) (e *sbml.Element, attribute string, err error) {
	steps, attribute, err := parsePath(target)
	if err != nil {
		return nil, "", err
	}
	at := []*sbml.Element{{Children: []*sbml.Element{root}}}
	for _, s := range steps {
		var next []*sbml.Element
		for _, e := range at {
			for _, c := range e.Children {
				ok := c.Name == s.name
				for key, value := range s.with {
					a, has := c.Attribute(key)
					ok = ok && has && a.Value == value
				}
				if ok {
					next = append(next, c)
				}
			}
		}
		at = next
	}
	if len(at) != 1 {
		return nil, "", fmt.Errorf("the target %q is found %d times in the model: expected once", target, len(at))
	}
	return at[0], attribute, nil
}

// usual is the attribute that holds an element's value.
func usual(e *sbml.Element) (string, bool) {
	for _, name := range map[string][]string{"parameter": {"value"}, "localParameter": {"value"}, "compartment": {"size", "volume"},
		"species": {"initialConcentration", "initialAmount"}, "speciesReference": {"stoichiometry"}}[e.Name] {
		if _, ok := e.Attribute(name); ok {
			return name, true
		}
	}
	return "", false
}

// Apply makes a model's changes to its SBML text.
func Apply(m *Model, src *diag.Source) (*diag.Source, diag.Messages) {
	text := src.Text
	for _, c := range m.Changes {
		now := &diag.Source{Name: src.Name, Text: text}
		root, ms := sbml.ReadElements(now)
		if ms.HasErrors() {
			return nil, ms
		}
		changed, err := c.apply(root, now)
		if err != nil {
			if ms, ok := err.(diag.Messages); ok {
				return nil, ms
			}
			return nil, diag.Messages{diag.Errorf(c.At, "%v", err)}
		}
		text = changed
	}
	return &diag.Source{Name: src.Name, Text: text}, nil
}

func (c *Change) apply(root *sbml.Element, src *diag.Source) (string, error) {
	e, attribute, err := find(root, c.Target)
	if err != nil {
		return "", err
	}
	splice := func(at diag.Place, with string) string { return src.Text[:at.Start] + with + src.Text[at.End:] }
	value := c.Value
	switch c.Kind {
	case RemoveXML:
		if attribute != "" {
			a, ok := e.Attribute(attribute)
			if !ok {
				return "", fmt.Errorf("the target %q has no such attribute", c.Target)
			}
			return splice(a.At, ""), nil
		}
		return splice(e.Whole, ""), nil
	case ChangeXML:
		return splice(e.Whole, c.XML), nil
	case AddXML:
		if e.Whole.End == e.At.End { // <a/>
			start := src.Text[e.At.Start:e.At.End]
			name := strings.FieldsFunc(start[1:], func(r rune) bool { return r == ' ' || r == '/' || r == '>' || r == '\n' || r == '\t' || r == '\r' })[0]
			return splice(e.At, strings.TrimSuffix(start, "/>")+">"+c.XML+"</"+name+">"), nil
		}
		return splice(diag.Place{Start: e.Inner.End, End: e.Inner.End}, c.XML), nil
	case Compute:
		if c.Math == nil {
			return "", fmt.Errorf("the change has no formula")
		}
		values := map[string]float64{}
		for _, p := range c.Parameters {
			values[p.ID] = p.Value
		}
		for _, v := range c.Variables {
			if v.Model != "" && v.Symbol == "" && v.Target == "" {
				continue
			}
			from, name, err := find(root, v.Target)
			if err != nil {
				return "", err
			}
			if name == "" {
				name, _ = usual(from)
			}
			a, ok := from.Attribute(name)
			x, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64)
			if !ok || err != nil {
				return "", fmt.Errorf("the target %q has no number", v.Target)
			}
			values[v.ID] = x
		}
		x, err := Evaluate(c.Math, values)
		if err != nil {
			return "", err
		}
		value = strconv.FormatFloat(x, 'g', -1, 64)
	}
	if attribute == "" {
		var ok bool
		if attribute, ok = usual(e); !ok {
			return "", fmt.Errorf("the target %q names no attribute", c.Target)
		}
	}
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(value)
	if a, ok := e.Attribute(attribute); ok {
		return splice(a.At, attribute+`="`+escaped+`"`), nil
	}
	// a new attribute, behind the element's name
	name := e.At.Start + 1
	for name < e.At.End && !strings.ContainsRune(" \t\r\n/>", rune(src.Text[name])) {
		name++
	}
	return splice(diag.Place{Start: name, End: name}, " "+attribute+`="`+escaped+`"`), nil
}
