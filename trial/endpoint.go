package trial

import (
	"math"

	"thymus/diag"
	"thymus/model"
)

// endpoint is an endpoint with its formulas resolved to recorded columns.
type endpoint struct {
	Endpoint
	of, when, among, until *model.Expr
	column                 map[string]int // symbol -> recorded column
	from, to               float64        // window [days]
	visit                  float64
	baseline               float64
}

// special functions of endpoint formulas.
var endpointFunctions = map[string]bool{"baseline": true, "change": true}

// endpoint resolves endpoint i; add records a formula and says its column.
func (p *Prepared) endpoint(i int, e Endpoint, add func(*model.Expr, string) int) (*endpoint, diag.Messages) {
	x := &endpoint{Endpoint: e, column: map[string]int{}, from: p.Spec.Start, to: p.Spec.End, visit: p.Spec.End, baseline: p.Spec.Start}
	var ms diag.Messages
	if len(p.Spec.Visits) > 0 {
		x.baseline = p.Spec.Visits[0].Day
	}
	if e.From != "" {
		x.from = p.visits[e.From]
		if e.Kind == "change" || e.Kind == "percent-change" || e.Kind == "responder" && !e.Any && !e.All {
			x.baseline = x.from
		}
	}
	if e.Visit != "" {
		x.visit = p.visits[e.Visit]
	}
	if e.To != "" {
		x.to = p.visits[e.To]
	}
	if e.Kind == "responder" && (e.Any || e.All) {
		x.to = x.visit
	}
	if e.Baseline != "" {
		x.baseline = p.visits[e.Baseline]
	}
	if x.to < x.from {
		ms = append(ms, diag.Errorf(e.At, "the window of endpoint %s ends on day %g, before it begins on day %g", e.ID, x.to, x.from))
	}
	read := func(key string) *model.Expr {
		at := p.Spec.places.Place("endpoints", i, key)
		f, more := parseAt(at)
		ms = append(ms, more...)
		if more.HasErrors() {
			return nil
		}
		f.Walk(func(n *model.Expr) bool {
			if n.Kind == model.Apply && !endpointFunctions[n.Name] {
				row := model.FunctionNamed(n.Name)
				if row == nil || row.Value == nil {
					ms = append(ms, diag.Errorf(n.At, "formulas of endpoints do not know %q", n.Name).WithHelp("%s", diag.DidYouMean(n.Name, []string{"baseline", "change", "abs", "min", "max", "exp", "ln"})))
				}
			}
			if n.Kind == model.Apply && endpointFunctions[n.Name] && len(n.Args) != 1 {
				ms = append(ms, diag.Errorf(n.At, "%s takes one argument", n.Name))
			}
			return true
		})
		for _, id := range f.Symbols() {
			if id == model.Time {
				continue
			}
			if _, ok := x.column[id]; ok {
				continue
			}
			at := at
			f.Walk(func(n *model.Expr) bool {
				if n.Kind == model.Symbol && n.Name == id {
					at = n.At
				}
				return true
			})
			r, more := p.resolve(&model.Expr{Kind: model.Symbol, Name: id, At: at}, at, nil)
			ms = append(ms, more...)
			if r != nil {
				x.column[id] = add(r, id)
			}
		}
		return f
	}
	if e.Of != "" {
		x.of = read("of")
	}
	if e.When != "" {
		x.when = read("when")
	}
	if e.Among != "" {
		x.among = read("among")
	}
	if e.Until != "" {
		x.until = read("until")
	}
	return x, ms
}

// record is what was seen of one patient: columns over times.
type record struct {
	times  []float64
	values [][]float64
	stack  *[]float64 // arguments of functions
}

// at is the index of the last recorded time not after t, or -1.
func (r record) at(t float64) int {
	lo, hi := 0, len(r.times)
	for lo < hi {
		if m := (lo + hi) / 2; r.times[m] <= t+1e-9 {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo - 1
}

func (x *endpoint) eval(e *model.Expr, r record, i, base int) float64 {
	switch e.Kind {
	case model.Number:
		return e.Value
	case model.Symbol:
		if e.Name == model.Time {
			return r.times[i]
		}
		return r.values[x.column[e.Name]][i]
	}
	switch e.Name {
	case "baseline":
		return x.eval(e.Args[0], r, base, base)
	case "change":
		return x.eval(e.Args[0], r, i, base) - x.eval(e.Args[0], r, base, base)
	}
	n := len(*r.stack)
	for _, a := range e.Args {
		v := x.eval(a, r, i, base) // it leaves the stack as it was
		*r.stack = append(*r.stack, v)
	}
	v := model.FunctionNamed(e.Name).Value((*r.stack)[n:])
	*r.stack = (*r.stack)[:n]
	return v
}

// outcome is one patient's endpoint. Responders have value 1 or 0; for a time to an event
// Value is the day of the event or, when Censored, of the last look.
type outcome struct {
	Value    float64
	Censored bool
	Missing  bool
}

var missing = outcome{Value: math.NaN(), Missing: true}

// measure computes the endpoint of a record that ends when the patient left the trial.
func (x *endpoint) measure(r record, nonresponder bool) outcome {
	if len(r.times) == 0 {
		return missing
	}
	last := r.times[len(r.times)-1]
	base := r.at(x.baseline)
	if base < 0 {
		return missing
	}
	if x.among != nil && x.eval(x.among, r, base, base) == 0 {
		return missing
	}
	gone := func(day float64) bool { return last < day-1e-9 }
	value := func(v float64) outcome {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return missing
		}
		return outcome{Value: v}
	}
	failed := missing
	if nonresponder {
		failed = outcome{Value: 0}
	}
	switch x.Kind {
	case "value", "change", "percent-change":
		if gone(x.visit) {
			return missing
		}
		v := x.eval(x.of, r, r.at(x.visit), base)
		switch x.Kind {
		case "change":
			v -= x.eval(x.of, r, base, base)
		case "percent-change":
			v = 100 * (v/x.eval(x.of, r, base, base) - 1)
		}
		return value(v)
	case "max", "min", "time-of-max":
		if gone(x.from) {
			return missing
		}
		best, when := math.NaN(), math.NaN()
		for i, t := range r.times {
			if t < x.from-1e-9 || t > x.to+1e-9 {
				continue
			}
			v := x.eval(x.of, r, i, base)
			if math.IsNaN(best) || x.Kind != "min" && v > best || x.Kind == "min" && v < best {
				best, when = v, t
			}
		}
		if x.Kind == "time-of-max" {
			best = when
		}
		return value(best)
	case "responder":
		if !x.Any && !x.All {
			if gone(x.visit) {
				return failed
			}
			return value(truth(x.eval(x.when, r, r.at(x.visit), base) != 0))
		}
		if gone(x.from) {
			return failed
		}
		any, all := false, true
		for i, t := range r.times {
			if t < x.from-1e-9 || t > x.to+1e-9 {
				continue
			}
			if x.eval(x.when, r, i, base) != 0 {
				any = true
			} else {
				all = false
			}
		}
		if x.Any {
			if !any && gone(x.to) {
				return failed
			}
			return value(truth(any))
		}
		if all && gone(x.to) {
			return failed
		}
		return value(truth(all))
	case "time-to":
		since := math.NaN()
		for i, t := range r.times {
			if t < x.from-1e-9 || t > x.to+1e-9 {
				continue
			}
			if x.eval(x.when, r, i, base) == 0 {
				since = math.NaN()
				if x.until != nil && x.eval(x.until, r, i, base) != 0 {
					return outcome{Value: t, Censored: true}
				}
				continue
			}
			if math.IsNaN(since) {
				since = t
			}
			if t-since >= x.Held-1e-9 {
				return value(since)
			}
		}
		return outcome{Value: math.Min(last, x.to), Censored: true}
	}
	panic("trial: unknown kind of endpoint " + x.Kind)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
