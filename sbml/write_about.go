package sbml

import (
	"sort"
	"strings"

	"thymus/diag"
	"thymus/model"
)

const spaceXHTML = "http://www.w3.org/1999/xhtml"

// about is everything that is said of one element.
type about struct {
	notes     []string
	terms     []model.Annotation
	sbo       string
	metaid    string
	uncertain []model.Uncertainty
}

// gather sorts notes, annotations and uncertainties by element. Those of the model have "".
func (w *writer) gather() {
	w.abouts = map[string]*about{}
	of := func(id string) *about {
		a := w.abouts[id]
		if a == nil {
			a = &about{}
			w.abouts[id] = a
		}
		return a
	}
	known := map[string]bool{}
	for id := range w.ids {
		known[id] = true
	}
	element := func(id string) string {
		if id == w.m.ID && !known[id] {
			return ""
		}
		return id
	}
	for _, n := range w.m.Notes {
		a := of(element(n.Element))
		a.notes = append(a.notes, n.Text)
	}
	for _, t := range w.m.Annotations {
		a := of(element(t.Element))
		switch t.Qualifier {
		case "sboTerm":
			if len(t.Resources) > 0 {
				a.sbo = t.Resources[0]
			}
		case "notes":
			a.notes = append(a.notes, t.Resources...)
		default:
			a.terms = append(a.terms, t)
		}
	}
	for _, u := range w.m.Uncertain {
		a := of(u.Element)
		a.uncertain = append(a.uncertain, u)
	}
	var lost []string
	for id, a := range w.abouts {
		if id != "" && !known[id] {
			lost = append(lost, id)
			continue
		}
		if len(a.terms) > 0 {
			base := id
			if base == "" {
				base = "model"
			}
			a.metaid = w.freeMeta("meta_" + base)
		}
	}
	sort.Strings(lost)
	for _, id := range lost {
		w.add(diag.Warnf(w.m.at, "what is said about %s is not written: there is no such element", id))
	}
}

// freeMeta is a metaid that nothing else has, and takes it.
func (w *writer) freeMeta(id string) string {
	for w.metas[id] {
		id += "_"
	}
	w.metas[id] = true
	return id
}

// sbase is the attributes of an element that every element may have.
func (w *writer) sbase(id, meta string) []string {
	a := w.abouts[id]
	if a == nil {
		return []string{"metaid", meta}
	}
	if meta != "" {
		a.metaid = meta // what the annotation is about
	}
	return []string{"metaid", a.metaid, "sboTerm", a.sbo}
}

// said writes the notes, annotation and uncertainties of an element.
func (w *writer) said(id string) {
	w.saidOf(id)
	w.composition(id)
}

func (w *writer) saidOf(id string) {
	a := w.abouts[id]
	if a == nil {
		return
	}
	w.notes("notes", a.notes)
	if len(a.terms) > 0 {
		w.x.open("annotation")
		w.rdf(a)
		w.x.close("annotation")
	}
	if len(a.uncertain) > 0 {
		w.uncertainties(a.uncertain)
	}
}

// notes writes texts for people: XHTML as it stands, anything else as paragraphs.
func (w *writer) notes(name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	w.x.open(name)
	for _, text := range texts {
		w.x.indent()
		if root, ms := readXML(&diag.Source{Text: "<x>" + text + "</x>"}); len(ms) == 0 && len(root.children) > 0 && root.text == "" {
			namespaced := true
			for _, c := range root.children {
				namespaced = namespaced && c.space == spaceXHTML && c.tail == ""
			}
			if namespaced {
				w.x.b.WriteString(text + "\n")
			} else {
				w.x.b.WriteString(`<body xmlns="` + spaceXHTML + `">` + text + "</body>\n")
			}
			continue
		}
		w.x.b.WriteString(`<p xmlns="` + spaceXHTML + `">` + escape(text) + "</p>\n")
	}
	w.x.close(name)
}

// rdf writes annotation terms as SBML's annotations guide has it.
func (w *writer) rdf(a *about) {
	w.x.open("rdf:RDF", "xmlns:rdf", spaceRDF, "xmlns:dcterms", spaceTerms, "xmlns:vCard4", spaceCard4,
		"xmlns:bqbiol", spaceBiology, "xmlns:bqmodel", spaceModel)
	w.x.open("rdf:Description", "rdf:about", "#"+a.metaid)
	w.creators(a)
	for _, t := range a.terms {
		if strings.HasPrefix(t.Qualifier, "creator") || t.Qualifier == "created" || t.Qualifier == "modified" || strings.Contains(t.Qualifier, ".") {
			continue
		}
		name := "bqbiol:" + t.Qualifier
		for of, to := range modelQualifiers {
			if to == t.Qualifier {
				name = "bqmodel:" + of
			}
		}
		w.x.open(name)
		w.x.open("rdf:Bag")
		for _, r := range t.Resources {
			w.x.empty("rdf:li", "rdf:resource", r)
		}
		w.x.close("rdf:Bag")
		w.x.close(name)
	}
	w.x.close("rdf:Description")
	w.x.close("rdf:RDF")
}

// creators writes who made the element, and when.
func (w *writer) creators(a *about) {
	parts := map[string]map[string]string{}
	dates := map[string]map[string]string{}
	var people, order []string
	for _, t := range a.terms {
		if len(t.Resources) == 0 {
			continue
		}
		of, part, _ := strings.Cut(t.Qualifier, ".")
		switch {
		case strings.HasPrefix(of, "creator"):
			if parts[of] == nil {
				parts[of] = map[string]string{}
				people = append(people, of)
			}
			parts[of][part] = t.Resources[0]
		case of == "created" || of == "modified":
			if dates[of] == nil {
				dates[of] = map[string]string{}
				order = append(order, of)
			}
			dates[of][part] = t.Resources[0]
		}
	}
	if len(people) > 0 {
		w.x.open("dcterms:creator")
		w.x.open("rdf:Bag")
		for _, p := range people {
			x := parts[p]
			w.x.open("rdf:li", "rdf:parseType", "Resource")
			if x["name"] != "" && x["familyName"] == "" {
				given, family, ok := cutLast(x["name"], " ")
				if !ok {
					given, family = "", x["name"]
				}
				x["givenName"], x["familyName"] = given, family
			}
			if x["familyName"] != "" || x["givenName"] != "" {
				w.x.open("vCard4:hasName", "rdf:parseType", "Resource")
				w.plain("vCard4:family-name", x["familyName"])
				w.plain("vCard4:given-name", x["givenName"])
				w.x.close("vCard4:hasName")
			}
			w.plain("vCard4:hasEmail", x["email"])
			w.plain("vCard4:organization-name", x["organization"])
			w.x.close("rdf:li")
		}
		w.x.close("rdf:Bag")
		w.x.close("dcterms:creator")
	}
	for _, of := range order {
		d := dates[of]
		date := d[""]
		if date == "" {
			pad := func(part, otherwise string) string {
				v := d[part]
				if v == "" {
					return otherwise
				}
				for len(v) < len(otherwise) {
					v = "0" + v
				}
				return v
			}
			date = pad("year", "0000") + "-" + pad("month", "01") + "-" + pad("day", "01") + "T" + pad("hour", "00") + ":" + pad("minute", "00") + ":" + pad("second", "00") + "Z"
		}
		w.x.open("dcterms:"+of, "rdf:parseType", "Resource")
		w.plain("dcterms:W3CDTF", date)
		w.x.close("dcterms:" + of)
	}
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// plain writes an element with text, nothing when there is none.
func (w *writer) plain(name, text string) {
	if text != "" {
		w.x.indent()
		w.x.b.WriteString("<" + name + ">" + escape(text) + "</" + name + ">\n")
	}
}

// uncertainties writes what the package distrib says of an element.
func (w *writer) uncertainties(list []model.Uncertainty) {
	w.x.open("distrib:listOfUncertainties")
	for i, u := range list {
		w.x.element("distrib:uncertainty", []string{"metaid", w.part(u.Element, "spread", i)}, func() {
			for _, p := range u.Parts {
				w.uncertainPart(p)
			}
		})
	}
	w.x.close("distrib:listOfUncertainties")
}

func (w *writer) uncertainPart(p model.UncertainPart) {
	kind := p.Kind
	for written, word := range uncertaintyKinds {
		if word == kind && written < kind { // the schema's spelling
			kind = written
			break
		}
	}
	attributes := []string{"distrib:id", p.ID, "distrib:name", p.Name, "distrib:type", kind, "distrib:definitionURL", p.URL}
	if p.Unit != "" {
		attributes = append(attributes, "distrib:units", w.unitID(p.Unit))
	}
	value := func(x *model.Expr, number, symbol string) {
		switch {
		case x == nil:
		case x.Kind == model.Number:
			attributes = append(attributes, "distrib:"+number, numberText(x.Value))
		case x.Kind == model.Symbol:
			attributes = append(attributes, "distrib:"+symbol, w.id(x.Name))
		default:
			w.add(diag.Warnf(p.At, "the formula %s of an uncertainty (%s) is not written: SBML has a number or a symbol there", x, p.Kind))
		}
	}
	name := "distrib:uncertParameter"
	if p.Lower != nil || p.Upper != nil {
		name = "distrib:uncertSpan"
	}
	value(p.Value, "value", "var")
	value(p.Lower, "valueLower", "varLower")
	value(p.Upper, "valueUpper", "varUpper")
	w.x.element(name, attributes, func() {
		if p.Math != nil {
			w.math(p.Math, false)
		}
		if len(p.Parts) > 0 {
			w.x.open("distrib:listOfUncertParameters")
			for _, q := range p.Parts {
				w.uncertainPart(q)
			}
			w.x.close("distrib:listOfUncertParameters")
		}
	})
}
