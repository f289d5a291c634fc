// Package odetest holds problems with known solutions, to judge integration methods: what
// a method must do, whichever it is (floor 1; imports ode).
//
// References: the IVP test set (F. Mazzia, C. Magherini, Test Set for Initial Value Problem
// Solvers, release 2.4, 2008) for HIRES, Van der Pol, Robertson and the Oregonator; closed
// forms for the others.
package odetest

import "math"

// Problem is y' = F(t, y) from T0 to T1 with a known end.
type Problem struct {
	Name   string
	Stiff  bool
	T0, T1 float64
	Y0     []float64
	End    []float64
	F      func(dy, y []float64, t float64)
	Atol   float64 // that suits the size of its components
	Size   float64 // added to the size of a component when its error is measured
}

// Dim is the number of components.
func (p Problem) Dim() int { return len(p.Y0) }

// Deriv implements ode.System for one lane.
func (p Problem) Deriv(dy, y, t []float64) { p.F(dy, y, t[0]) }

// Problems lists the conformance problems.
var Problems = []Problem{
	{Name: "decay", T1: 2, Y0: []float64{1}, End: []float64{math.Exp(-2)}, Atol: 1e-12,
		F: func(dy, y []float64, _ float64) { dy[0] = -y[0] }},
	{Name: "nonautonomous", T1: 2, Y0: []float64{1}, End: []float64{0.2}, Atol: 1e-12,
		F: func(dy, y []float64, t float64) { dy[0] = -2 * t * y[0] * y[0] }},
	{Name: "two-body orbit, one turn", T1: 2 * math.Pi, Y0: []float64{0.5, 0, 0, math.Sqrt(3)}, End: []float64{0.5, 0, 0, math.Sqrt(3)}, Atol: 1e-12, Size: 1,
		F: func(dy, y []float64, _ float64) {
			r := math.Pow(y[0]*y[0]+y[1]*y[1], 1.5)
			dy[0], dy[1], dy[2], dy[3] = y[2], y[3], -y[0]/r, -y[1]/r
		}},
	{Name: "Robertson", Stiff: true, T1: 40, Y0: []float64{1, 0, 0}, End: []float64{0.7158270687193941, 9.185534764557338e-6, 0.2841637457458413}, Atol: 1e-14,
		F: func(dy, y []float64, _ float64) {
			dy[0] = -0.04*y[0] + 1e4*y[1]*y[2]
			dy[2] = 3e7 * y[1] * y[1]
			dy[1] = -dy[0] - dy[2]
		}},
	{Name: "HIRES", Stiff: true, T1: 321.8122, Y0: []float64{1, 0, 0, 0, 0, 0, 0, 0.0057}, Atol: 1e-12,
		End: []float64{0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2, 0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2},
		F: func(d, y []float64, _ float64) {
			d[0] = -1.71*y[0] + 0.43*y[1] + 8.32*y[2] + 0.0007
			d[1] = 1.71*y[0] - 8.75*y[1]
			d[2] = -10.03*y[2] + 0.43*y[3] + 0.035*y[4]
			d[3] = 8.32*y[1] + 1.71*y[2] - 1.12*y[3]
			d[4] = -1.745*y[4] + 0.43*y[5] + 0.43*y[6]
			d[5] = -280*y[5]*y[7] + 0.69*y[3] + 1.71*y[4] - 0.43*y[5] + 0.69*y[6]
			d[6] = 280*y[5]*y[7] - 1.81*y[6]
			d[7] = -d[6]
		}},
	{Name: "Van der Pol, eps 1e-6", Stiff: true, T1: 2, Y0: []float64{2, 0}, End: []float64{0.1706167732170483e1, -0.8928097010247975}, Atol: 1e-10,
		F: func(d, y []float64, _ float64) {
			d[0] = y[1]
			d[1] = ((1-y[0]*y[0])*y[1] - y[0]) / 1e-6
		}},
	{Name: "Oregonator", Stiff: true, T1: 360, Y0: []float64{1, 2, 3}, End: []float64{0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3}, Atol: 1e-9,
		F: func(d, y []float64, _ float64) {
			d[0] = 77.27 * (y[1] + y[0]*(1-8.375e-6*y[0]-y[1]))
			d[1] = (y[2] - (1+y[0])*y[1]) / 77.27
			d[2] = 0.161 * (y[0] - y[2])
		}},
}
