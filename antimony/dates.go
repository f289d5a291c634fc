package antimony

import (
	"fmt"
	"strconv"
	"strings"

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
