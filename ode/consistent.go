package ode

import (
	"math"
	"sort"
)

// Consistency finds values that satisfy the algebraic equations of a system with a
// singular mass matrix: it holds what the differential equations determine (M y, which
// for a diagonal M are the differential components) and solves the rest by Newton's
// method, damped by the natural monotonicity test (P. Deuflhard, Newton Methods for
// Nonlinear Problems, Springer 2004, section 3.3).
type Consistency struct {
	sys      System
	mass     Mass
	jac      Jacobian
	entries  [][2]int
	m        []float64
	held     []row // independent rows of M
	algebra  []row // combinations of equations in which no derivative stands
	known    []float64
	newton   *matched
	from     []source // by entry of newton
	vals     []float64
	f, z     []float64
	dy, next []float64
	trial    []float64
}

// row is a sparse linear combination; which is the equation that it stands for.
type row struct {
	which int
	index []int
	coef  []float64
}

// source says where an entry of Newton's matrix comes from: value, or coef times entry
// at of the Jacobian when at >= 0.
type source struct {
	at    int
	value float64
}

// NewConsistency prepares for a system; it is nil when its mass matrix is the identity.
func NewConsistency(sys System) *Consistency {
	mass, entries := massOf(sys)
	if mass == nil {
		return nil
	}
	n := sys.Dim()
	c := &Consistency{sys: sys, mass: mass, jac: jacobianOf(sys), entries: entries, m: make([]float64, len(entries))}
	c.known = make([]float64, len(entries))
	for i := range c.known {
		c.known[i] = math.NaN()
	}
	for _, p := range []*[]float64{&c.f, &c.z, &c.dy, &c.next, &c.trial} {
		*p = make([]float64, n)
	}
	c.vals = make([]float64, c.jac.Pattern().Len())
	return c
}

// split brings M to echelon form by row operations: rows that become zero are algebraic
// equations. Only rows that share columns take part in one elimination.
func (c *Consistency) split() {
	n := c.sys.Dim()
	type work struct {
		which int
		left  map[int]float64 // of M
		ops   map[int]float64 // of the equations
		size  float64
	}
	rows := make([]*work, n)
	for i := range rows {
		rows[i] = &work{which: i, left: map[int]float64{}, ops: map[int]float64{i: 1}}
	}
	for k, v := range c.m {
		if v != 0 {
			rows[c.entries[k][0]].left[c.entries[k][1]] += v
		}
	}
	byColumn := make([][]*work, n)
	for _, r := range rows {
		for j, v := range r.left {
			r.size = math.Max(r.size, math.Abs(v))
			byColumn[j] = append(byColumn[j], r)
		}
	}
	done := make([]bool, n) // rows that hold a pivot
	c.held, c.algebra = nil, nil
	for j := 0; j < n; j++ {
		var pivot *work
		sort.Slice(byColumn[j], func(a, b int) bool { return byColumn[j][a].which < byColumn[j][b].which })
		for _, r := range byColumn[j] {
			if v := math.Abs(r.left[j]); !done[r.which] && v > 1e-12*r.size && (pivot == nil || v/r.size > math.Abs(pivot.left[j])/pivot.size*(1+1e-9)) {
				pivot = r
			}
		}
		if pivot == nil {
			continue
		}
		done[pivot.which] = true
		for _, r := range byColumn[j] {
			v, has := r.left[j]
			if r == pivot || done[r.which] || !has || v == 0 {
				continue
			}
			l := v / pivot.left[j]
			for q, x := range pivot.left {
				if _, had := r.left[q]; !had && q > j {
					byColumn[q] = append(byColumn[q], r)
				}
				r.left[q] -= l * x
			}
			delete(r.left, j)
			for q, x := range pivot.ops {
				r.ops[q] -= l * x
			}
		}
	}
	for _, r := range rows {
		from := r.ops
		if done[r.which] {
			from = r.left
		}
		out := row{which: r.which}
		for j := range from {
			out.index = append(out.index, j)
		}
		sort.Ints(out.index)
		for _, j := range out.index {
			out.coef = append(out.coef, from[j])
		}
		if done[r.which] {
			c.held = append(c.held, out)
		} else {
			c.algebra = append(c.algebra, out)
		}
	}
	c.layNewton()
}

// layNewton lists the entries of Newton's matrix: the held rows of M, and the Jacobian of
// the algebraic equations.
func (c *Consistency) layNewton() {
	var entries [][2]int
	c.from = nil
	for _, r := range c.held {
		for k, j := range r.index {
			entries = append(entries, [2]int{r.which, j})
			c.from = append(c.from, source{-1, r.coef[k]})
		}
	}
	p := c.jac.Pattern()
	byRow := make([][][2]int, p.N) // column and position
	for j := 0; j < p.N; j++ {
		for q := p.ColPtr[j]; q < p.ColPtr[j+1]; q++ {
			i := p.RowIdx[q]
			byRow[i] = append(byRow[i], [2]int{j, int(q)})
		}
	}
	for _, r := range c.algebra {
		for k, i := range r.index {
			for _, e := range byRow[i] {
				entries = append(entries, [2]int{r.which, e[0]})
				c.from = append(c.from, source{e[1], r.coef[k]})
			}
		}
	}
	c.newton = newMatched(p.N, entries)
}

// step solves for Newton's correction at y in dst, with the matrix factored last; it says
// which equation is not finite, or -1.
func (c *Consistency) step(dst, y, t []float64) int {
	c.sys.Deriv(c.f, y, t)
	clear(dst)
	for _, r := range c.algebra {
		v := 0.0
		for k, i := range r.index {
			v -= r.coef[k] * c.f[i]
		}
		if v != v || math.IsInf(v, 0) {
			return r.which
		}
		dst[r.which] = v
	}
	c.newton.solve(dst)
	return -1
}

// Forget makes the next Solve order rows by its own numbers. Called at the start of a
// patient, it makes results independent of the patient before.
func (c *Consistency) Forget() {
	if c != nil && c.newton != nil {
		c.newton.lu, c.newton.again = nil, 4
	}
}

// Solve moves y so that the algebraic equations hold at time t to about 1e-10 of atol (by
// component, or one for all) + |y|. The failure names the equation or unknown at fault
// and leaves y as it was.
func (c *Consistency) Solve(y []float64, t float64, atol []float64) *Failure {
	if c == nil {
		return nil
	}
	tt := []float64{t}
	c.mass.Mass(c.m, y, tt)
	for k, v := range c.m {
		if v != c.known[k] {
			copy(c.known, c.m)
			c.split()
			break
		}
	}
	if len(c.algebra) == 0 {
		return nil
	}
	z := c.z
	copy(z, y)
	norm := func(d, at []float64) (most float64, which int) {
		which = -1
		for i, v := range d {
			a := 1e-9
			if len(atol) == len(d) {
				a = atol[i]
			} else if len(atol) == 1 {
				a = atol[0]
			}
			q := math.Abs(v) / (a + math.Abs(at[i]))
			if !(q <= most) {
				most, which = q, i
			}
		}
		return most, which
	}
	fail := func(cause Cause, which int, hint string) *Failure {
		return &Failure{Cause: cause, Time: t, Component: which, Hint: hint}
	}
	last := math.Inf(1)
	for round := 0; round < 100; round++ {
		c.jac.Jacobian(c.vals, z, tt)
		for k, s := range c.from {
			if s.at < 0 {
				c.newton.vals[k] = s.value
			} else {
				c.newton.vals[k] = s.value * c.vals[s.at]
			}
		}
		if ok, _ := c.newton.factor(); !ok {
			if which := c.notFinite(z, tt); which >= 0 {
				return fail(NotFinite, which, "an algebraic equation became infinite or undefined")
			}
			return fail(Undetermined, c.newton.stuck(), "the algebraic equations do not determine their unknowns here: two of them say the same, or the index is above 1")
		}
		if which := c.step(c.dy, z, tt); which >= 0 {
			return fail(NotFinite, which, "an algebraic equation became infinite or undefined")
		}
		size, worst := norm(c.dy, z)
		if size != size {
			return fail(NotFinite, worst, "an algebraic equation became infinite or undefined")
		}
		if size <= 1e-10 || size <= 1e-6 && size >= 0.5*last { // done, or rounding errors rule
			for i, d := range c.dy {
				z[i] += d
			}
			copy(y, z)
			return nil
		}
		last = size
		for damp := 1.0; ; damp /= 2 {
			if damp < 1e-6 {
				return fail(NotConverged, worst, "the algebraic equations have no solution near these values")
			}
			for i, d := range c.dy {
				c.next[i] = z[i] + damp*d
			}
			which := c.step(c.trial, c.next, tt)
			after, _ := norm(c.trial, z)
			if which < 0 && after <= (1-damp/4)*size {
				copy(z, c.next)
				break
			}
		}
	}
	_, worst := norm(c.dy, z)
	return fail(NotConverged, worst, "the search for values that satisfy the algebraic equations did not end")
}

// Residual is the largest algebraic equation's value at y, with the equation's number (-1
// when there is none).
func (c *Consistency) Residual(y []float64, t float64) (float64, int) {
	if c == nil {
		return 0, -1
	}
	c.sys.Deriv(c.f, y, []float64{t})
	most, which := 0.0, -1
	for _, r := range c.algebra {
		v := 0.0
		for k, i := range r.index {
			v += r.coef[k] * c.f[i]
		}
		if v = math.Abs(v); !(v <= most) || which < 0 {
			most, which = v, r.which
		}
	}
	return most, which
}

func (c *Consistency) notFinite(y, t []float64) int {
	c.sys.Deriv(c.f, y, t)
	for i, v := range c.f {
		if v != v || math.IsInf(v, 0) {
			return i
		}
	}
	return -1
}
