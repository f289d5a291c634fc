package antimony

import (
	"strings"

	"thymus/diag"
	"thymus/model"
)

// influence is what an interaction says: that species act on a reaction.
type influence struct {
	species  []string
	reaction string
	at       diag.Place
}

// checkUse reports what has no value in a formula.
func (b *body) checkUse(e *element, at diag.Place) {
	kind := e.kind
	if strings.Contains(e.id, ".") {
		_, _, _, kind = b.kindOf(e.id)
	}
	switch kind {
	case anEvent, aSubmodel, anInteraction, aRule, aConstraint, aStrand:
		b.p.try(func() {
			b.p.fail(diag.Errorf(at, "%s is %s: it has no value and cannot stand in a formula", e.id, kind).WithNote(e.at, "first here"))
		})
	}
}

// needs lists what an element's value is computed from: its assignment rule, else its
// value at the start; of a reaction its rate. A rate rule may speak of its own variable.
func (b *body) needs(e *element) []string {
	x := e.value
	if e.rule != nil && !e.rate {
		x = e.rule
	}
	var ids []string
	x.Walk(func(x *model.Expr) bool {
		if x.Kind == model.Apply && (x.Name == "delay" || x.Name == "rateOf") {
			return false // of another time
		}
		if x.Kind == model.Symbol && x.Name != upstream {
			ids = append(ids, b.resolve(x.Name))
		}
		return true
	})
	return ids
}

// checkLoops reports elements that are defined by themselves.
func (b *body) checkLoops() {
	const (
		fresh = iota
		open
		done
	)
	state := map[*element]int{}
	type frame struct {
		e    *element
		next []string
	}
	for _, start := range b.order {
		if state[start] != fresh {
			continue
		}
		stack := []frame{{start, b.needs(start)}}
		state[start] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if len(top.next) == 0 {
				state[top.e] = done
				stack = stack[:len(stack)-1]
				continue
			}
			e := b.elements[top.next[0]]
			top.next = top.next[1:]
			switch {
			case e == nil || state[e] == done:
			case state[e] == open:
				b.reportLoop(e, top.e)
				state[e] = done
			default:
				state[e] = open
				stack = append(stack, frame{e, b.needs(e)})
			}
		}
	}
}

func (b *body) reportLoop(e, by *element) {
	at := e.valueAt
	if e.rule != nil && !e.rate {
		at = e.ruleAt
	}
	if at == (diag.Place{}) {
		at = e.at
	}
	if e == by {
		b.p.report(diag.Errorf(at, "%s is defined by itself", e.id).WithHelp("only a rate rule (%s' = ...) and an event may use the value they change", e.id))
		return
	}
	b.p.report(diag.Errorf(at, "%s is defined by itself, by way of %s", e.id, by.id).WithNote(by.at, "%s", by.id).
		WithHelp("give one of them a value of its own, or let it change in time with a rate rule (%s' = ...)", e.id))
}

// checkInfluences reports interactions with a reaction whose rate knows nothing of the species.
func (b *body) checkInfluences() {
	for _, i := range b.influences {
		r := b.elements[b.resolve(i.reaction)]
		if r == nil || strings.Contains(r.id, ".") || r.kind != aReaction || len(b.needs(r)) == 0 && r.value == nil && r.rule == nil {
			continue
		}
		reach := map[string]bool{}
		todo := b.needs(r)
		for len(todo) > 0 {
			id := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if reach[id] {
				continue
			}
			reach[id] = true
			if e := b.elements[id]; e != nil {
				todo = append(todo, b.needs(e)...)
			}
		}
		for _, s := range i.species {
			if !reach[b.resolve(s)] {
				b.p.report(diag.Errorf(i.at, "%s is said to influence %s, but its rate does not depend on it", s, r.id).WithNote(r.at, "the reaction").
					WithHelp("use %s in the rate, or leave the interaction out", s))
			}
		}
	}
}

// checkRecursion reports functions that call themselves.
func (r *reader) checkRecursion() {
	state := map[string]int{}
	var visit func(id string, depth int) bool
	visit = func(id string, depth int) bool {
		f := r.function(id)
		if f == nil || state[id] == 2 {
			return true
		}
		if state[id] == 1 || depth > maxNesting {
			r.ms = append(r.ms, diag.Errorf(f.At, "the function %s calls itself", id).WithHelp("write it without, for instance as a rule"))
			state[id] = 2
			return false
		}
		state[id] = 1
		ok := true
		f.Body.Walk(func(x *model.Expr) bool {
			if ok && x.Kind == model.Apply && model.FunctionNamed(x.Name) == nil {
				ok = visit(x.Name, depth+1)
			}
			return ok
		})
		state[id] = 2
		return ok
	}
	for _, f := range r.doc.Functions {
		if len(r.ms) >= maxErrors || !visit(f.ID, 0) {
			return
		}
	}
}
