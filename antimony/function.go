package antimony

import (
	"thymus/diag"
	"thymus/model"
)

// function reads function f(x, y) formula end.
func (p *parser) function() {
	start := p.next()
	done := false
	defer func() {
		p.params = nil
		if !done {
			p.skipToEnd()
		}
	}()
	t := p.id("the name of a function")
	if before := p.r.function(t.text); before != nil {
		p.report(diag.Errorf(p.at(t), "the function %s is defined twice", t.text).WithNote(before.At, "first here"))
	}
	if m := p.r.modules[t.text]; m != nil {
		p.report(diag.Errorf(p.at(t), "%s is the name of a model and cannot be the name of a function", t.text).WithNote(m.At, "the model"))
	}
	f := model.Function{ID: t.text, At: p.at(t)}
	p.params = map[string]bool{}
	p.expect("(", "before the arguments of function "+f.ID)
	for !p.peek().is(")") {
		a := p.id("the name of an argument")
		if p.params[a.text] {
			p.report(diag.Errorf(p.at(a), "two arguments are called %s", a.text))
		}
		p.params[a.text] = true
		f.Params = append(f.Params, a.text)
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "to end the arguments of function "+f.ID)
	p.skipEnds()
	if p.peek().word("end") {
		p.stop(p.peek(), "the function %s has no formula", f.ID)
	}
	f.Body = p.formula("the formula of function " + f.ID)
	p.skipEnds()
	if t := p.peek(); !t.word("end") {
		m := diag.Errorf(p.at(t), "expected end after the formula of function %s, found %s", f.ID, t.name()).
			WithNote(p.at(start), "the function starts here")
		p.fail(m.WithHelp("a function is one formula"))
	}
	p.next()
	done = true
	p.r.index[f.ID] = len(p.r.doc.Functions)
	p.r.doc.Functions = append(p.r.doc.Functions, f)
}

// parameter checks a symbol in the body of a function.
func (p *parser) parameter(name string, at diag.Place) {
	if p.params[name] {
		return
	}
	var known []string
	for n := range p.params {
		known = append(known, n)
	}
	m := diag.Errorf(at, "%s is no argument of this function", name).WithHelp("%s", diag.DidYouMean(name, sorted(known)))
	if m.Help == "" {
		m.Help = "a function knows only its arguments, and time: hand it over as one"
	}
	p.report(m)
}

func (p *parser) skipEnds() {
	for p.peek().kind == newline || p.peek().is(";") {
		p.next()
	}
}

// skipToEnd goes behind the next end, or to the next model or function.
func (p *parser) skipToEnd() {
	for {
		t := p.peek()
		if t.kind == eof || t.word("model") || t.word("module") || t.word("function") {
			return
		}
		p.next()
		if t.word("end") {
			return
		}
	}
}
