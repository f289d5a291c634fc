// Package jumptest holds problems with known moments, for methods of package jump
// (floor 1).
package jumptest

import (
	"math"

	"thymus/jump"
)

// Problem is a network whose moments are known: Mean and SD of component Observe at Times.
type Problem struct {
	Name    string
	Source  string // where the moments come from
	Network *jump.Network
	Y       []float64
	Observe int
	Times   []float64
	Mean    []float64
	SD      []float64
}

func linear(k float64, x int) []jump.Factor {
	return []jump.Factor{{State: -1, Value: k}, {State: x}}
}

// Problems lists them.
func Problems() []Problem {
	return []Problem{birthDeath(), immigration(), ring(), dimers(), ladder(), general()}
}

func birthDeath() Problem {
	const l, m, n = 0.1, 0.11, 100.0
	p := Problem{Name: "birth and death", Source: "closed form, Bailey 1964", Y: []float64{n}, Times: []float64{1, 5, 20},
		Network: &jump.Network{Dim: 1, Reactions: []jump.Reaction{
			{Changes: []jump.Change{{State: 0, By: 1}}, Reads: []int{0}, Factors: linear(l, 0), Reactants: []jump.Reactant{{State: 0, Count: 1}}},
			{Changes: []jump.Change{{State: 0, By: -1}}, Reads: []int{0}, Factors: linear(m, 0), Reactants: []jump.Reactant{{State: 0, Count: 1}}},
		}}}
	for _, t := range p.Times {
		g := math.Exp((l - m) * t)
		p.Mean = append(p.Mean, n*g)
		p.SD = append(p.SD, math.Sqrt(n*(l+m)/(l-m)*g*(g-1)))
	}
	return p
}

// immigration starts with nothing: the propensity of death is 0 there.
func immigration() Problem {
	const a, m = 7.0, 0.3
	p := Problem{Name: "immigration and death", Source: "Poisson, closed form", Y: []float64{0}, Times: []float64{0.5, 3, 20},
		Network: &jump.Network{Dim: 1, Reactions: []jump.Reaction{
			{Changes: []jump.Change{{State: 0, By: 1}}, Factors: []jump.Factor{{State: -1, Value: a}}},
			{Changes: []jump.Change{{State: 0, By: -1}}, Reads: []int{0}, Factors: linear(m, 0), Reactants: []jump.Reactant{{State: 0, Count: 1}}},
		}}}
	for _, t := range p.Times {
		mean := a / m * (1 - math.Exp(-m*t))
		p.Mean = append(p.Mean, mean)
		p.SD = append(p.SD, math.Sqrt(mean))
	}
	return p
}

// ring converts molecules along a ring of ten species in both directions. Molecules are
// independent: each count is binomial with the chance of one molecule.
func ring() Problem {
	const size, n = 10, 120.0
	net := &jump.Network{Dim: size}
	rate := func(j int) float64 { return 0.5 + 0.05*float64(j) }
	for j := 0; j < 2*size; j++ {
		from := j % size
		to := (from + 1) % size
		if j >= size {
			to = (from + size - 1) % size
		}
		net.Reactions = append(net.Reactions, jump.Reaction{
			Changes: []jump.Change{{State: from, By: -1}, {State: to, By: 1}}, Reads: []int{from},
			Factors: linear(rate(j), from), Reactants: []jump.Reactant{{State: from, Count: 1}}})
	}
	y := make([]float64, size)
	y[0] = n
	p := Problem{Name: "ring of ten species", Source: "binomial; chance of one molecule by Runge-Kutta", Network: net, Y: y, Observe: 3, Times: []float64{0.5, 2, 6}}
	chance := make([]float64, size)
	chance[0] = 1
	p.moments(chance, func(dy, y []float64) {
		clear(dy)
		for j, r := range net.Reactions {
			f := rate(j) * y[r.Changes[0].State]
			dy[r.Changes[0].State] -= f
			dy[r.Changes[1].State] += f
		}
	}, func(c []float64) (float64, float64) { return n * c[3], math.Sqrt(n * c[3] * (1 - c[3])) })
	return p
}

// dimers solves the master equation of 2P <-> Q.
func dimers() Problem {
	const k1, k2, n = 0.01, 0.1, 60
	net := &jump.Network{Dim: 2, Reactions: []jump.Reaction{
		{Changes: []jump.Change{{State: 0, By: -2}, {State: 1, By: 1}}, Reads: []int{0}, Reactants: []jump.Reactant{{State: 0, Count: 2}},
			Factors: []jump.Factor{{State: -1, Value: k1}, {State: 0}, {State: 0, Value: -1}, {State: -1, Value: 2, Divide: true}}},
		{Changes: []jump.Change{{State: 0, By: 2}, {State: 1, By: -1}}, Reads: []int{1}, Factors: linear(k2, 1), Reactants: []jump.Reactant{{State: 1, Count: 1}}},
	}}
	p := Problem{Name: "dimers", Source: "master equation by Runge-Kutta", Network: net, Y: []float64{n, 0}, Times: []float64{0.5, 2, 30}}
	chance := make([]float64, n/2+1) // of q dimers
	chance[0] = 1
	p.moments(chance, func(dy, y []float64) {
		clear(dy)
		for q := range y {
			x := float64(n - 2*q)
			if up := k1 * x * (x - 1) / 2 * y[q]; q < n/2 {
				dy[q] -= up
				dy[q+1] += up
			}
			if down := k2 * float64(q) * y[q]; q > 0 {
				dy[q] -= down
				dy[q-1] += down
			}
		}
	}, func(c []float64) (float64, float64) {
		mean, square := 0.0, 0.0
		for q, v := range c {
			x := float64(n - 2*q)
			mean += x * v
			square += x * x * v
		}
		return mean, math.Sqrt(square - mean*mean)
	})
	return p
}

// ladder has rates over nine powers of ten: A falls apart fast or slowly, B slowly.
func ladder() Problem {
	const n = 1000.0
	rates := []float64{3e-6, 2e-4, 0.05, 1.5}
	net := &jump.Network{Dim: 1 + len(rates)}
	all := 0.0
	for i, k := range rates {
		all += k
		net.Reactions = append(net.Reactions, jump.Reaction{Changes: []jump.Change{{State: 0, By: -1}, {State: i + 1, By: 1}}, Reads: []int{0},
			Factors: linear(k, 0), Reactants: []jump.Reactant{{State: 0, Count: 1}}})
	}
	p := Problem{Name: "rates over powers of ten", Source: "multinomial, closed form", Network: net, Observe: 3, Times: []float64{0.2, 1, 4}}
	p.Y = make([]float64, net.Dim)
	p.Y[0] = n
	for _, t := range p.Times {
		c := rates[2] / all * -math.Expm1(-all*t)
		p.Mean = append(p.Mean, n*c)
		p.SD = append(p.SD, math.Sqrt(n*c*(1-c)))
	}
	return p
}

// general has propensities without factors: immigration and death again.
func general() Problem {
	p := immigration()
	p.Name = "propensities by a function"
	n := *p.Network
	n.Reactions = append([]jump.Reaction(nil), n.Reactions...)
	for j := range n.Reactions {
		n.Reactions[j].Factors = nil
	}
	n.General = func(j int, y []float64) float64 {
		if j == 0 {
			return 7
		}
		return 0.3 * y[0]
	}
	p.Network = &n
	return p
}

// moments integrates a linear system with the classical Runge-Kutta method and fills in
// what is known at the times.
func (p *Problem) moments(y []float64, f func(dy, y []float64), of func(y []float64) (mean, sd float64)) {
	const h = 1e-3
	n := len(y)
	k := make([][]float64, 4)
	for i := range k {
		k[i] = make([]float64, n)
	}
	z := make([]float64, n)
	t := 0.0
	for _, end := range p.Times {
		steps := int(math.Round((end - t) / h))
		for s := 0; s < steps; s++ {
			f(k[0], y)
			for stage, c := range []float64{0.5, 0.5, 1} {
				for i := range z {
					z[i] = y[i] + h*c*k[stage][i]
				}
				f(k[stage+1], z)
			}
			for i := range y {
				y[i] += h / 6 * (k[0][i] + 2*k[1][i] + 2*k[2][i] + k[3][i])
			}
		}
		t = end
		mean, sd := of(y)
		p.Mean, p.SD = append(p.Mean, mean), append(p.SD, sd)
	}
}
