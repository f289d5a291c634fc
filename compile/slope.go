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
	var at [][2]int
	var nodes []id
	s.dfdt = make([]id, len(s.deriv))
	for i, k := range s.deriv {
		s.dfdt[i] = g.num(0)
		for _, d := range g.gradientOf(k) {
			switch {
			case g.is(d.node, 0):
			case d.index < 0:
				s.dfdt[i] = d.node
			default:
				at = append(at, [2]int{i, d.index})
				nodes = append(nodes, d.node)
			}
		}
	}
	s.pattern = linalg.NewPattern(len(s.deriv), at)
	s.entries = make([]id, s.pattern.Len())
	for i := range s.entries {
		s.entries[i] = g.num(0)
	}
	for i, k := range nodes {
		s.entries[s.pattern.Find(at[i][0], at[i][1])] = k
	}
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
