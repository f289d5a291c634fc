package sbml

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"thymus/diag"
)

// A version is ten times SBML's level plus its version: 24 is Level 2 Version 4.
const (
	oldest = 11
	newest = 32
)

// versions are the texts that may be read.
var versions = map[int]string{
	11: "http://www.sbml.org/sbml/level1", 12: "http://www.sbml.org/sbml/level1",
	21: "http://www.sbml.org/sbml/level2", 22: "http://www.sbml.org/sbml/level2/version2", 23: "http://www.sbml.org/sbml/level2/version3",
	24: "http://www.sbml.org/sbml/level2/version4", 25: "http://www.sbml.org/sbml/level2/version5",
	31: "http://www.sbml.org/sbml/level3/version1/core", 32: "http://www.sbml.org/sbml/level3/version2/core",
}

// member is an attribute or child in a shape, with the versions that have it.
type member struct {
	name        string
	from, to    int
	must, ought int // first version that requires it, or in which it has no default; 0: never
}

// shape is what SBML lets an element hold.
type shape struct {
	attrs, children []member
}

// everywhere are the attributes of every element but sbml.
var everywhere = members("metaid@21- sboTerm@22- id@32- name@32-")

// lists gives the elements that each list may hold.
var lists = map[string]string{
	"listOfFunctionDefinitions": "functionDefinition", "listOfUnitDefinitions": "unitDefinition", "listOfUnits": "unit",
	"listOfCompartmentTypes": "compartmentType", "listOfSpeciesTypes": "speciesType", "listOfCompartments": "compartment",
	"listOfSpecies": "species specie@11-11", "listOfParameters": "parameter", "listOfLocalParameters": "localParameter@31-",
	"listOfInitialAssignments": "initialAssignment",
	"listOfRules":              "algebraicRule assignmentRule@21- rateRule@21- speciesConcentrationRule@12-12 specieConcentrationRule@11-11 compartmentVolumeRule@11-12 parameterRule@11-12",
	"listOfConstraints":        "constraint", "listOfReactions": "reaction",
	"listOfReactants": "speciesReference specieReference@11-11", "listOfProducts": "speciesReference specieReference@11-11",
	"listOfModifiers": "modifierSpeciesReference", "listOfEvents": "event", "listOfEventAssignments": "eventAssignment",
}

// shapes tells what the elements of the core hold, as NAME, with @FROM-TO for the versions that
// have it, !FROM for those that require it, and ?FROM for those in which it is required but
// the default of earlier versions is taken.
var shapes = func() map[string]shape {
	out := map[string]shape{}
	for name, s := range map[string][2]string{
		"model": {"id@21- name substanceUnits@31- timeUnits@31- volumeUnits@31- areaUnits@31- lengthUnits@31- extentUnits@31- conversionFactor@31-",
			"listOfFunctionDefinitions@21- listOfUnitDefinitions listOfCompartmentTypes@22-25 listOfSpeciesTypes@22-25 listOfCompartments listOfSpecies " +
				"listOfParameters listOfInitialAssignments@22- listOfRules listOfConstraints@22- listOfReactions listOfEvents@21-"},
		"functionDefinition": {"id@21-!21 name", "math"},
		"unitDefinition":     {"id@21-!21 name!11", "listOfUnits"},
		"unit":               {"kind!11 exponent?31 scale?31 multiplier@21-?31 offset@21-21", ""},
		"compartmentType":    {"id!22 name", ""},
		"speciesType":        {"id!22 name", ""},
		"compartment":        {"id@21-!21 name!11 volume@11-12 size@21- spatialDimensions@21- units outside@11-25 constant@21-?31 compartmentType@22-25", ""},
		"species": {"id@21-!21 name!11 compartment!11 initialAmount initialConcentration@21- units@11-12 substanceUnits@21- spatialSizeUnits@21-22 " +
			"hasOnlySubstanceUnits@21-?31 boundaryCondition?31 charge@11-22 constant@21-?31 speciesType@22-25 conversionFactor@31-", ""},
		"parameter":                {"id@21-!21 name!11 value units constant@21-?31", ""},
		"localParameter":           {"id!31 name value units", ""},
		"initialAssignment":        {"symbol!22", "math"},
		"algebraicRule":            {"formula@11-12!11", "math"},
		"assignmentRule":           {"variable!21", "math"},
		"rateRule":                 {"variable!21", "math"},
		"speciesConcentrationRule": {"species@12-12!12 specie@11-11!11 formula!11 type", ""},
		"compartmentVolumeRule":    {"compartment!11 formula!11 type", ""},
		"parameterRule":            {"name!11 formula!11 type units", ""},
		"constraint":               {"", "math message"},
		"reaction": {"id@21-!21 name!11 reversible?31 fast@11-31?31 compartment@31-",
			"listOfReactants listOfProducts listOfModifiers@21- kineticLaw"},
		"speciesReference":         {"species@12-!12 specie@11-11!11 stoichiometry denominator@11-21 id@22- name@22- constant@31-?31", "stoichiometryMath@21-25"},
		"modifierSpeciesReference": {"species!21 id@22- name@22-", ""},
		"stoichiometryMath":        {"", "math"},
		"kineticLaw":               {"formula@11-12!11 timeUnits@11-21 substanceUnits@11-21", "math listOfParameters@11-25 listOfLocalParameters@31-"},
		"event":                    {"id@21- name timeUnits@21-22 useValuesFromTriggerTime@24-?31", "trigger delay priority@31- listOfEventAssignments"},
		"trigger":                  {"initialValue@31-?31 persistent@31-?31", "math"},
		"delay":                    {"", "math"},
		"priority":                 {"", "math"},
		"eventAssignment":          {"variable!21", "math"},
	} {
		out[name] = shape{members(s[0]), members(s[1])}
	}
	for name, holds := range lists {
		out[name] = shape{nil, members(holds)}
	}
	out["specie"], out["specieReference"], out["specieConcentrationRule"] = out["species"], out["speciesReference"], out["speciesConcentrationRule"]
	return out
}()

// members reads the language of shapes.
func members(text string) []member {
	var out []member
	for _, word := range strings.Fields(text) {
		m := member{from: oldest, to: newest}
		end := strings.IndexAny(word, "@!?")
		if end < 0 {
			end = len(word)
		}
		m.name = word[:end]
		for rest := word[end:]; rest != ""; {
			sign := rest[0]
			stop := strings.IndexAny(rest[1:], "@!?") + 1
			if stop == 0 {
				stop = len(rest)
			}
			from, to, _ := strings.Cut(rest[1:stop], "-")
			number, err := strconv.Atoi(from)
			if err != nil {
				panic("sbml: no version in " + word)
			}
			switch sign {
			case '@':
				m.from = number
				if to != "" {
					m.to, _ = strconv.Atoi(to)
				}
			case '!':
				m.must = number
			case '?':
				m.ought = number
			}
			rest = rest[stop:]
		}
		out = append(out, m)
	}
	return out
}

// versionText is "Level 2 Version 4".
func versionText(version int) string {
	return fmt.Sprintf("Level %d Version %d", version/10, version%10)
}

func find(list []member, name string) *member {
	for i := range list {
		if list[i].name == name {
			return &list[i]
		}
	}
	return nil
}

// check reports what an element of the core holds that SBML does not know, and what it lacks.
func (r *reader) check(n *node) {
	s, ok := shapes[n.name]
	if !ok {
		return
	}
	for i := range n.attrs {
		a := &n.attrs[i]
		if a.space == spaceXML || a.space == spaceXSI {
			continue
		}
		if a.space != "" && a.space != n.space {
			r.foreign(a.space, "attribute "+a.name, r.src.At(int(a.start), int(a.end)), n)
			continue
		}
		m := find(s.attrs, a.name)
		if m == nil || r.version < m.from || r.version > m.to {
			if general := find(everywhere, a.name); general != nil && r.version >= general.from {
				continue
			}
		}
		at := r.src.At(int(a.start), int(a.end))
		switch {
		case m == nil:
			r.add(diag.Errorf(at, "<%s> has no attribute %s", n.name, a.name).WithHelp("%s", diag.DidYouMean(a.name, r.names(s.attrs))))
		case r.version < m.from || r.version > m.to:
			r.add(diag.Warnf(at, "<%s> has no attribute %s in %s; it is not read", n.name, a.name, versionText(r.version)))
		}
	}
	for _, m := range s.attrs {
		if r.version < m.from || r.version > m.to || m.must == 0 && m.ought == 0 || n.attr(m.name) != nil {
			continue
		}
		if m.must > 0 && r.version >= m.must && !(m.name == "name" && r.version > 12) {
			r.add(diag.Errorf(r.at(n), "<%s> lacks the attribute %s", n.name, m.name))
		} else if m.ought > 0 && r.version >= m.ought {
			r.add(diag.Warnf(r.at(n), "<%s> lacks the attribute %s; the default of Level 2 is taken", n.name, m.name))
		}
	}
	for _, c := range n.children {
		if c.space != n.space {
			if c.space == spaceMath && c.name == "math" && find(s.children, "math") != nil {
				continue
			}
			r.foreign(c.space, "element <"+c.name+">", r.at(c), n)
			continue
		}
		if c.name == "notes" || c.name == "annotation" {
			continue
		}
		m := find(s.children, c.name)
		switch {
		case m == nil:
			r.add(diag.Errorf(r.at(c), "<%s> has no element <%s>", n.name, c.name).WithHelp("%s", diag.DidYouMean(c.name, r.names(s.children))))
		case r.version < m.from || r.version > m.to:
			r.add(diag.Errorf(r.at(c), "<%s> has no element <%s> in %s", n.name, c.name, versionText(r.version)))
		}
	}
	if !strings.HasPrefix(n.name, "listOf") && len(n.children) > 1 {
		r.checkOnce(n)
	}
}

// checkOnce reports elements that stand twice in one that is no list.
func (r *reader) checkOnce(n *node) {
	var seen [16]*node // no element of the core may hold more kinds
	found := seen[:0]
next:
	for _, c := range n.children {
		for _, before := range found {
			if before.name == c.name && before.space == c.space {
				r.add(diag.Errorf(r.at(c), "<%s> has two elements <%s>", n.name, c.name).WithNote(r.at(before), "the first"))
				continue next
			}
		}
		if len(found) < len(seen) {
			found = append(found, c)
		}
	}
}

// names lists the members that the version has.
func (r *reader) names(list []member) []string {
	var out []string
	for _, m := range list {
		if r.version >= m.from && r.version <= m.to {
			out = append(out, m.name)
		}
	}
	sort.Strings(out)
	return out
}
