package sedml

import (
	"fmt"
	"math"
	"strings"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

// math reads the formula of an element; nil when it has none.
func (r *reader) math(e *sbml.Element) *model.Expr {
	x, ms := e.Formula(aggregates)
	r.ms = append(r.ms, ms...)
	return x
}

// aggregates are the functions over all rows of a result, by the URLs of Versions 1 to 3
// and of Version 4.
var aggregates = func() map[string]string {
	out := map[string]string{}
	for _, name := range []string{"min", "max", "sum", "product"} {
		out["http://sed-ml.org/#"+name] = "all rows " + name
		out["http://sed-ml.org/functions/"+name] = "all rows " + name
	}
	return out
}()

// Reduce replaces functions over all rows by their values; rows gives the names' values in
// each row.
func Reduce(x *model.Expr, rows []map[string]float64) (*model.Expr, error) {
	var failure error
	out := x.Map(func(e *model.Expr) *model.Expr {
		name, ok := strings.CutPrefix(e.Name, "all rows ")
		if e.Kind != model.Apply || !ok || failure != nil {
			return e
		}
		if len(e.Args) != 1 {
			failure = diag.Messages{diag.Errorf(e.At, "%s over all rows has one argument, here %d", name, len(e.Args))}
			return e
		}
		v := map[string]float64{"min": math.Inf(1), "max": math.Inf(-1), "sum": 0, "product": 1}[name]
		for _, values := range rows {
			one, err := Evaluate(e.Args[0], values)
			if err != nil {
				failure = err
				return e
			}
			switch name {
			case "min":
				v = math.Min(v, one)
			case "max":
				v = math.Max(v, one)
			case "sum":
				v += one
			case "product":
				v *= one
			}
		}
		return &model.Expr{Kind: model.Number, Value: v, At: e.At}
	})
	return out, failure
}

// Evaluate computes a formula with the values of its names.
func Evaluate(x *model.Expr, values map[string]float64) (float64, error) {
	switch x.Kind {
	case model.Number:
		return x.Value, nil
	case model.Symbol:
		v, ok := values[x.Name]
		if !ok {
			return 0, diag.Messages{diag.Errorf(x.At, "%s has no value in this formula", x.Name)}
		}
		return v, nil
	}
	row := model.FunctionNamed(x.Name)
	if row == nil || row.Value == nil {
		return 0, diag.Messages{diag.Errorf(x.At, "the function %s is not supported in SED-ML formulas", x.Name)}
	}
	args := make([]float64, len(x.Args))
	for i, a := range x.Args {
		var err error
		if args[i], err = Evaluate(a, values); err != nil {
			return 0, err
		}
	}
	return row.Value(args), nil
}

// algorithms gives the method that runs for each KISAO id: the method asked for, or one
// that solves the same problem. "" is the default.
var algorithms = map[string]struct{ name, method string }{
	"KISAO:0000019": {"CVODE", ""}, "KISAO:0000088": {"LSODA", ""}, "KISAO:0000089": {"LSODAR", ""}, "KISAO:0000560": {"LSODA/LSODAR", ""},
	"KISAO:0000288": {"BDF", ""}, "KISAO:0000304": {"Radau", ""}, "KISAO:0000033": {"Rosenbrock", ""}, "KISAO:0000433": {"CVODE-like", ""},
	"KISAO:0000094": {"Livermore solver", ""}, "KISAO:0000283": {"IDA", ""}, "KISAO:0000694": {"ODE solver", ""}, "KISAO:0000496": {"CVODES", ""},
	"KISAO:0000030": {"forward Euler", "tsit5"}, "KISAO:0000032": {"explicit fourth-order Runge-Kutta", "tsit5"}, "KISAO:0000064": {"Runge-Kutta", "tsit5"},
	"KISAO:0000086": {"Fehlberg", "tsit5"}, "KISAO:0000087": {"Dormand-Prince", "tsit5"}, "KISAO:0000435": {"embedded Runge-Kutta 5(4)", "tsit5"},
	"KISAO:0000241": {"Gillespie-like", "ssa"}, "KISAO:0000029": {"Gillespie direct", "ssa"}, "KISAO:0000015": {"Gillespie first reaction", "ssa"},
	"KISAO:0000027": {"Gibson-Bruck next reaction", "nrm"}, "KISAO:0000278": {"optimized direct", "ssa"}, "KISAO:0000039": {"tau-leaping", "tau"},
	"KISAO:0000407": {"steady state", ""}, "KISAO:0000568": {"NLEQ1", ""}, "KISAO:0000569": {"NLEQ2", ""}, "KISAO:0000408": {"Newton-type", ""}, "KISAO:0000282": {"KINSOL", ""},
}

// Run is how a simulation's algorithm runs here.
type Run struct {
	Method     string // "" is the default
	Rtol, Atol float64
	MaxStep    float64
	Seed       uint64
}

// Method says how a simulation runs, with warnings about what is done otherwise.
func (s *Simulation) Method() (Run, diag.Messages) {
	var run Run
	var ms diag.Messages
	if s.Algorithm != "" {
		a, known := algorithms[s.Algorithm]
		if !known {
			ms = append(ms, diag.Warnf(s.At, "the algorithm %s of %s is not known: the default method runs", s.Algorithm, s.ID))
		}
		run.Method = a.method
	}
	for _, p := range s.Settings {
		var v float64
		_, err := fmt.Sscan(p.Value, &v)
		switch {
		case p.Kisao == "KISAO:0000209" && err == nil && v > 0:
			run.Rtol = v
		case p.Kisao == "KISAO:0000211" && err == nil && v > 0:
			run.Atol = v
		case p.Kisao == "KISAO:0000467" && err == nil && v >= 0:
			run.MaxStep = v
		case p.Kisao == "KISAO:0000488" && err == nil && v >= 0:
			run.Seed = uint64(v)
		default:
			ms = append(ms, diag.Warnf(p.At, "the algorithm parameter %s = %q is not used", p.Kisao, p.Value))
		}
	}
	return run, ms
}
