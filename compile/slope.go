package compile

import (
	"thymus/kernel"
	"thymus/linalg"
)

// slope is a right-hand side with its derivatives: the model's own, or the one whose
// channels may be shut.
type slope struct {
	deriv   []id // by state
	rhs     kernel.Program
	pattern *linalg.Pattern
	entries []id // Jacobian values in the order of pattern
	jac     kernel.Program
	dfdt    []id // partial derivatives by time
	timeJac kernel.Program
}

// differentiate finds the Jacobian of deriv and its partial derivative by time.
func (s *slope) differentiate(g *graph) {
	s.pattern, s.entries, s.dfdt = g.jacobian(s.deriv, len(s.deriv))
}

// jacobian differentiates nodes by n states and by time; a node of -1 is left out.
func (g *graph) jacobian(of []id, n int) (pattern *linalg.Pattern, entries, dfdt []id) {
	var at [][2]int
	var nodes []id
	dfdt = make([]id, len(of))
	for i, k := range of {
		dfdt[i] = g.num(0)
		if k < 0 {
			continue
		}
		for _, d := range g.gradientOf(k) {
			switch {
			case g.is(d.node, 0):
			case d.index < 0:
				dfdt[i] = d.node
			default:
				at = append(at, [2]int{i, d.index})
				nodes = append(nodes, d.node)
			}
		}
	}
	pattern = linalg.NewPattern(n, at)
	entries = make([]id, pattern.Len())
	for i := range entries {
		entries[i] = g.num(0)
	}
	for i, k := range nodes {
		entries[pattern.Find(at[i][0], at[i][1])] = k
	}
	return pattern, entries, dfdt
}

// emit writes the programs.
func (s *slope) emit(program func(want ...id) kernel.Program) {
	s.rhs, s.jac, s.timeJac = program(s.deriv...), program(s.entries...), program(s.dfdt...)
}

func (s *slope) writeDeriv(in *Instance, dy, y []float64, t float64) {
	in.load(y, t)
	s.rhs.Run(in.mem, 1)
	for i, k := range s.deriv {
		dy[i] = in.mem[k]
	}
}

func (s *slope) writeJacobian(in *Instance, vals, y []float64, t float64) {
	in.loadSlopes(y, t)
	s.jac.Run(in.mem, 1)
	for i, k := range s.entries {
		vals[i] = in.mem[k]
	}
}

func (s *slope) writeTimeDeriv(in *Instance, dfdt, y []float64, t float64) {
	in.loadSlopes(y, t)
	s.timeJac.Run(in.mem, 1)
	for i, k := range s.dfdt {
		dfdt[i] = in.mem[k]
	}
}
