package sbml

import (
	"sort"
	"strings"

	"thymus/diag"
)

// pkg is a Level 3 package that the root declares.
type pkg struct {
	name     string // "comp"
	space    string
	version  int
	required bool
	known    bool // read here
	at       diag.Place
}

// known packages and the versions that are read.
var knownPackages = map[string]int{"comp": 1, "distrib": 1, "fbc": 3, "l3v2extendedmath": 1}

// harmless are packages that never change what a model means, whatever they say of it.
var harmless = map[string]bool{"layout": true, "render": true, "groups": true}

// packageOf splits a namespace such as
// http://www.sbml.org/sbml/level3/version1/comp/version1.
func packageOf(space string) (name string, version int) {
	rest, ok := strings.CutPrefix(space, "http://www.sbml.org/sbml/level3/version")
	if !ok {
		return "", 0
	}
	parts := strings.Split(rest, "/")
	if len(parts) != 3 || parts[1] == "core" || !strings.HasPrefix(parts[2], "version") || len(parts[2]) != 8 {
		return "", 0
	}
	return parts[1], int(parts[2][7] - '0')
}

// readPackages looks at the namespaces that the root declares.
func (r *reader) readPackages() {
	r.packages, r.told = map[string]*pkg{}, map[string]bool{}
	for i := range r.root.attrs {
		a := &r.root.attrs[i]
		if a.space != spaceXMLNS || r.version < 30 {
			continue
		}
		p := &pkg{space: a.value, at: r.src.At(int(a.start), int(a.end))}
		p.name, p.version = packageOf(a.value)
		if required := r.root.attrIn(a.value, "required"); required != nil {
			p.required = r.truth(required, "required", true)
			p.at = r.src.At(int(required.start), int(required.end))
			if p.name == "" {
				p.name = a.name
			}
		} else if p.name == "" {
			continue // some other language, in annotations
		}
		p.known = p.version > 0 && p.version <= knownPackages[p.name]
		r.packages[p.space] = p
	}
	var spaces []string
	for s := range r.packages {
		spaces = append(spaces, s)
	}
	sort.Strings(spaces)
	for _, s := range spaces {
		p := r.packages[s]
		if p.known || !p.required {
			continue
		}
		m := diag.Errorf(p.at, "the model needs the SBML package %q, which is not supported", p.name)
		if knownPackages[p.name] > 0 {
			m = diag.Errorf(p.at, "the model needs version %d of the SBML package %q, of which version %d is supported", p.version, p.name, knownPackages[p.name])
		}
		if n, what := firstUse(r.root, s); n != nil {
			m = m.WithNote(r.at(n), "it is first used in %s", what)
		}
		r.told[s] = true
		r.add(m)
	}
}

// firstUse finds the first element that is, or has an attribute, of a package.
func firstUse(n *node, space string) (*node, string) {
	for _, c := range n.children {
		if c.space == space {
			return c, "element <" + c.name + ">"
		}
		for _, a := range c.attrs {
			if a.space == space {
				return c, "attribute " + a.name + " of element <" + c.name + ">"
			}
		}
		if found, what := firstUse(c, space); found != nil {
			return found, what
		}
	}
	return nil, ""
}

// has is the namespace of a known package that the document uses, "" when it does not.
func (r *reader) has(name string) string {
	for s, p := range r.packages {
		if p.name == name && p.known {
			return s
		}
	}
	return ""
}

// foreign reports an element or attribute outside of the core, once a package. Known packages
// are read elsewhere.
func (r *reader) foreign(space, what string, at diag.Place, in *node) {
	if r.told[space] {
		return
	}
	p := r.packages[space]
	switch {
	case p != nil && p.known:
		return
	case p != nil && p.required: // reported already
	case p != nil && harmless[p.name]:
		r.add(diag.Warnf(at, "the SBML package %q is not read (%s of <%s>); it changes no result", p.name, what, in.name))
	case p != nil:
		r.add(diag.Warnf(at, "the SBML package %q is not supported and not read (%s of <%s>); the model says that it does not need it", p.name, what, in.name))
	case space == "":
		r.add(diag.Errorf(at, "%s of <%s> has no namespace", what, in.name))
	case r.version < 30:
		r.add(diag.Warnf(at, "%s of <%s> is in the namespace %q, which is not SBML's; it is not read", what, in.name, short(space)))
	default:
		m := diag.Errorf(at, "%s of <%s> is in the namespace %q, which <sbml> does not declare as a package", what, in.name, short(space))
		if strings.HasPrefix(space, "http://www.sbml.org/sbml/") {
			m = m.WithHelp("elements of the core are in %q", r.core)
		}
		r.add(m)
	}
	r.told[space] = true
}
