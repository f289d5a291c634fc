package odetest

import "math"

// Algebraic is a Problem M y' = F(t, y) with a singular mass matrix of index 1.
type Algebraic struct {
	Problem
	M []Entry
}

// Entry of a mass matrix.
type Entry struct {
	Row, Column int
	Value       float64
}

// MassPattern implements ode.Mass.
func (p Algebraic) MassPattern() [][2]int {
	var out [][2]int
	for _, e := range p.M {
		out = append(out, [2]int{e.Row, e.Column})
	}
	return out
}

// Mass implements ode.Mass.
func (p Algebraic) Mass(vals, _, _ []float64) {
	for k, e := range p.M {
		vals[k] = e.Value
	}
}

func diagonal(rows ...int) (out []Entry) {
	for _, i := range rows {
		out = append(out, Entry{i, i, 1})
	}
	return out
}

// AlgebraicProblems lists problems of index 1. References: the IVP test set (release 2.4,
// 2008) for the chemical Akzo Nobel problem, the transistor amplifier and Robertson's.
var AlgebraicProblems = []Algebraic{
	{Problem: Problem{Name: "1/(1+t^2) with an algebraic factor", T1: 2, Y0: []float64{1, 0}, End: []float64{0.2, 0.8}, Atol: 1e-12,
		F: func(d, y []float64, t float64) {
			d[0] = -y[1] * y[0]
			d[1] = y[1] - 2*t*y[0]
		}}, M: diagonal(0)},
	{Problem: Problem{Name: "Robertson, conserved sum", Stiff: true, T1: 40, Y0: []float64{1, 0, 0}, End: []float64{0.7158270687193941, 9.185534764557338e-6, 0.2841637457458413}, Atol: 1e-14,
		F: func(d, y []float64, _ float64) {
			d[0] = -0.04*y[0] + 1e4*y[1]*y[2]
			d[1] = -d[0] - 3e7*y[1]*y[1]
			d[2] = y[0] + y[1] + y[2] - 1
		}}, M: diagonal(0, 1)},
	{Problem: Problem{Name: "chemical Akzo Nobel", Stiff: true, T1: 180, Y0: []float64{0.444, 0.00123, 0, 0.007, 0, 115.83 * 0.444 * 0.007}, Atol: 1e-12,
		End: []float64{0.1150794920661702, 0.1203831471567715e-2, 0.1611562887407974, 0.3656156421249283e-3, 0.1708010885264404e-1, 0.4873531310307455e-2},
		F: func(d, y []float64, _ float64) {
			const k1, k2, k3, k4, kk, kla, ks, p, h = 18.7, 0.58, 0.09, 0.42, 34.4, 3.3, 115.83, 0.9, 737
			root := math.Sqrt(y[1])
			r1, r2, r3 := k1*math.Pow(y[0], 4)*root, k2*y[2]*y[3], k2/kk*y[0]*y[4]
			r4, r5 := k3*y[0]*y[3]*y[3], k4*y[5]*y[5]*root
			d[0] = -2*r1 + r2 - r3 - r4
			d[1] = -0.5*r1 - r4 - 0.5*r5 + kla*(p/h-y[1])
			d[2] = r1 - r2 + r3
			d[3] = -r2 + r3 - 2*r4
			d[4] = r2 - r3 + r5
			d[5] = ks*y[0]*y[3] - y[5]
		}}, M: diagonal(0, 1, 2, 3, 4)},
	{Problem: Problem{Name: "transistor amplifier", Stiff: true, T1: 0.2, Y0: []float64{0, 3, 3, 6, 3, 3, 6, 0}, Atol: 1e-10, Size: 1,
		End: []float64{-0.5562145012262709e-2, 0.3006522471903042e1, 0.2849958788608128e1, 0.2926422536206241e1, 0.2704617865010554e1, 0.2761837778393145e1, 0.4770927631616772e1, 0.1236995868091548e1},
		F: func(d, y []float64, t float64) {
			const ub, uf, alpha, beta, r0, rk = 6.0, 0.026, 0.99, 1e-6, 1000.0, 9000.0
			g := func(x float64) float64 { return beta * (math.Exp(x/uf) - 1) }
			ue := 0.1 * math.Sin(200*math.Pi*t)
			d[0] = (y[0] - ue) / r0
			d[1] = -ub/rk + y[1]*2/rk - (alpha-1)*g(y[1]-y[2])
			d[2] = -g(y[1]-y[2]) + y[2]/rk
			d[3] = (y[3]-ub)/rk + alpha*g(y[1]-y[2])
			d[4] = -ub/rk + y[4]*2/rk - (alpha-1)*g(y[4]-y[5])
			d[5] = -g(y[4]-y[5]) + y[5]/rk
			d[6] = (y[6]-ub)/rk + alpha*g(y[4]-y[5])
			d[7] = y[7] / rk
		}}, M: []Entry{{0, 0, -1e-6}, {0, 1, 1e-6}, {1, 0, 1e-6}, {1, 1, -1e-6}, {2, 2, -2e-6}, {3, 3, -3e-6}, {3, 4, 3e-6}, {4, 3, 3e-6}, {4, 4, -3e-6},
		{5, 5, -4e-6}, {6, 6, -5e-6}, {6, 7, 5e-6}, {7, 6, 5e-6}, {7, 7, -5e-6}}},
}
