package antimony

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"thymus/diag"
	"thymus/model"
)

// dateParts are the attributes of created and modified, in their order in a date.
var dateParts = []string{"year", "month", "day", "hour", "minute", "second"}

// creatorParts are the attributes of a creator.
var creatorParts = set("name", "givenName", "familyName", "organization", "organisation", "email")

// joinDates makes one date of created.year, created.month, ... of an element: the parts
// that are not said are the first of their kind.
func joinDates(list []model.Annotation) []model.Annotation {
	type key struct{ element, qualifier string }
	where := map[key]int{}
	parts := map[key]*[6]int{}
	out := list[:0:0]
	for _, a := range list {
		what, part, dotted := strings.Cut(a.Qualifier, ".")
		n := -1
		for i, p := range dateParts {
			if p == part {
				n = i
			}
		}
		if !dotted || n < 0 || what != "created" && what != "modified" || len(a.Resources) != 1 {
			out = append(out, a)
			continue
		}
		k := key{a.Element, what}
		if parts[k] == nil {
			parts[k] = &[6]int{2000, 1, 1, 0, 0, 0}
			where[k] = len(out)
			a.Qualifier = what
			out = append(out, a)
		}
		v, _ := strconv.ParseFloat(a.Resources[0], 64)
		parts[k][n] = int(min(max(v, 0), 9999))
		d := parts[k]
		out[where[k]].Resources = []string{fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", d[0], d[1], d[2], d[3], d[4], d[5])}
	}
	return out
}

// isDate tells whether a text is a date as SBML writes it: 2019-07-29T10:53:09Z, or with
// a distance to universal time for the Z.
func isDate(s string) bool {
	const form = "dddd-dd-ddTdd:dd:dd"
	match := func(s, form string) bool {
		if len(s) != len(form) {
			return false
		}
		for i := range len(form) {
			if form[i] == 'd' && !digit(s[i]) || form[i] != 'd' && s[i] != form[i] {
				return false
			}
		}
		return true
	}
	if len(s) <= len(form) || !match(s[:len(form)], form) {
		return false
	}
	zone := s[len(form):]
	return zone == "Z" || match(zone, "+dd:dd") || match(zone, "-dd:dd")
}

// term reads an annotation: hasPart "uri", "uri"; creator1.name "someone".
func (p *parser) term(element string, at diag.Place) model.Annotation {
	t := p.peek()
	if t.kind != word {
		p.stop(t, "expected an annotation term, found %s", t.name())
	}
	p.next()
	a := model.Annotation{Element: element, At: at}
	if p.accept(".") { // creator1.name, created.year
		part := p.peek()
		if part.kind != word {
			p.stop(part, "expected an attribute such as name, found %s", part.name())
		}
		p.next()
		a.Qualifier = t.text + "." + part.text
		switch {
		case strings.HasPrefix(t.text, "creator"):
			if !creatorParts[part.text] {
				p.fail(diag.Errorf(p.at(part), "a creator has a name, givenName, familyName, organization and email, not %q", part.text))
			}
		case t.text == "created" || t.text == "modified":
			if !slices.Contains(dateParts, part.text) {
				p.fail(diag.Errorf(p.at(part), "a date has a year, month, day, hour, minute and second, not %q", part.text))
			}
		default:
			p.stop(t, "%q is no annotation term with attributes", t.text)
		}
		if v := p.peek(); v.kind == number {
			p.next()
			a.Resources = []string{v.text}
			return a
		}
	} else {
		a.Qualifier = qualifiers[t.text]
		for a.Qualifier == "" {
			var known []string
			for q := range qualifiers {
				known = append(known, q)
			}
			m := diag.Errorf(p.at(t), "expected =, :=, ', :, is, has, in or an annotation term, found %s", t.name())
			if p.peek().kind == quoted {
				m.Text = t.name() + " is no annotation term"
			}
			if t.text == "unknown_model_qual" { // what libAntimony writes for terms it does not know
				a.Qualifier = t.text
				break
			}
			p.fail(m.WithHelp("%s", diag.DidYouMean(t.text, sorted(known))))
		}
	}
	for {
		if v := p.peek(); (a.Qualifier == "created" || a.Qualifier == "modified") && v.kind == quoted && !isDate(v.text) {
			p.fail(diag.Errorf(p.at(v), "%q is no date", v.text).WithHelp("write it as 2019-07-29T10:53:09Z"))
		}
		a.Resources = append(a.Resources, p.text("what "+t.text+" says"))
		if !p.accept(",") {
			return a
		}
		for p.peek().kind == newline {
			p.next()
		}
	}
}

// sboTerm reads what follows x.sboTerm: = 236, or = SBO:0000236.
func (p *parser) sboTerm(element string, at diag.Place) {
	p.b.mod.Annotations = append(p.b.mod.Annotations, p.sboNumber(p.b.element(element, at), at))
}

func (p *parser) sboNumber(element string, at diag.Place) model.Annotation {
	p.expect("=", "after sboTerm")
	t := p.next()
	if t.kind == word && strings.EqualFold(t.text, "SBO") && p.accept(":") {
		t = p.next()
	}
	n, err := strconv.Atoi(t.text)
	if t.kind != number || err != nil || n > 9999999 {
		p.stop(t, "expected the number of a term, found %s", t.name())
	}
	digits := strconv.Itoa(n)
	digits = strings.Repeat("0", 7-len(digits)) + digits
	return model.Annotation{Element: element, Qualifier: "sboTerm", Resources: []string{"SBO:" + digits}, At: at}
}
