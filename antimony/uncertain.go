package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// uncertainPath splits x.mean, which is about x, into the element and SBML's word. An
// element of that name in a submodel goes first.
func (p *parser) uncertainPath(path string) (element, kind string, ok bool) {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 || uncertainty[path[dot+1:]] == "" {
		return "", "", false
	}
	if p.b.isSubmodel(path[:dot]) && p.b.has(path) {
		return "", "", false
	}
	return path[:dot], uncertainty[path[dot+1:]], true
}

// uncertain reads what follows x.mean: = 3, = {1, x}, = formula, is "name".
func (p *parser) uncertain(path, element, kind string, at diag.Place) {
	b := p.b
	e := b.touch(element, at)
	t := p.peek()
	if p.acceptWord("is") {
		part := e.uncertainPart(kind, at)
		text := p.peek()
		if text.kind != quoted {
			p.stop(text, "%s is no name of anything: only its value can be set", path)
		}
		if p.next(); kind == "distribution" || kind == "externalParameter" {
			part.URL = text.text
		} else {
			part.Name = text.text
		}
		return
	}
	if !p.accept("=") {
		p.fail(diag.Errorf(p.at(t), "expected = after %s, found %s", path, t.name()).WithHelp("of an uncertainty only the value can be set"))
	}
	start := p.peek()
	if p.ends(start) {
		return
	}
	set := model.UncertainPart{}
	if p.accept("{") {
		set.Lower = p.formula("the lower end of " + path)
		p.expect(",", "between the two ends of "+path)
		set.Upper = p.formula("the upper end of " + path)
		p.expect("}", "to end the two ends of "+path)
	} else if x := p.formula("the value of " + path); kind == "distribution" || kind == "externalParameter" && !pointlike(x) {
		set.Math = x
	} else {
		set.Value = x
	}
	set.At = at.To(p.at(p.tokens[p.i-1]))
	switch {
	case set.Lower != nil && !spans[kind] && kind != "externalParameter":
		p.fail(diag.Errorf(set.At, "%s is one number or one symbol, not two", path))
	case set.Lower != nil && !(pointlike(set.Lower) && pointlike(set.Upper)):
		p.fail(diag.Errorf(set.At, "the ends of %s are numbers or symbols, not formulas", path))
	case set.Lower != nil && set.Lower.Unit != "" && set.Upper.Unit != "" && set.Lower.Unit != set.Upper.Unit:
		p.fail(diag.Errorf(set.At, "the ends of %s have different units, %s and %s", path, set.Lower.Unit, set.Upper.Unit))
	case set.Lower == nil && spans[kind]:
		p.fail(diag.Errorf(set.At, "%s has a lower and an upper end", path).WithHelp("write %s = {1, 2}", path))
	case set.Value != nil && !pointlike(set.Value):
		p.fail(diag.Errorf(set.At, "%s is one number or one symbol, not a formula", path))
	}
	part := e.uncertainPart(kind, at)
	part.Value, part.Lower, part.Upper, part.Math, part.At = set.Value, set.Lower, set.Upper, set.Math, set.At
}

// pointlike tells whether a formula is a number or a symbol.
func pointlike(x *model.Expr) bool {
	return x.Kind == model.Number || x.Kind == model.Symbol && x.Name != model.Time && x.Name != model.Avogadro
}

// uncertainPart is what is known of one kind of uncertainty of an element.
func (e *element) uncertainPart(kind string, at diag.Place) *model.UncertainPart {
	for i := range e.uncertain {
		if e.uncertain[i].Kind == kind {
			return &e.uncertain[i]
		}
	}
	e.uncertain = append(e.uncertain, model.UncertainPart{Kind: kind, At: at})
	return &e.uncertain[len(e.uncertain)-1]
}

// buildUncertain adds what is known of the spread of an element.
func (b *body) buildUncertain(e *element) {
	if len(e.uncertain) == 0 {
		return
	}
	u := model.Uncertainty{Element: e.id, At: e.uncertain[0].At}
	point := func(x *model.Expr, unit *string) *model.Expr {
		x = b.fix(x)
		if x != nil && x.Kind == model.Number && x.Unit != "" {
			*unit = x.Unit
			c := *x
			c.Unit = ""
			return &c
		}
		return x
	}
	for _, p := range e.uncertain {
		p.Value, p.Lower, p.Upper = point(p.Value, &p.Unit), point(p.Lower, &p.Unit), point(p.Upper, &p.Unit)
		p.Math = b.fix(p.Math)
		u.Parts = append(u.Parts, p)
	}
	b.mod.Uncertain = append(b.mod.Uncertain, u)
}
