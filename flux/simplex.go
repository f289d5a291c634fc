package flux

import "math"

// Program is a linear program: c·x is made smallest under A x = b and Lower <= x <=
// Upper, which may be infinite. A is kept by column.
type Program struct {
	Rows         int
	Columns      [][]Entry // of A, by variable
	B            []float64 // nil: all 0
	C            []float64
	Lower, Upper []float64
}

// Entry is a number in a row.
type Entry struct {
	Row   int
	Value float64
}

// Status says how a solution ended.
type Status uint8

// The ways in which a solution ends.
const (
	Optimal Status = iota
	Infeasible
	Unbounded
	NotConverged // rounding or the number of steps won
)

// String is the word in messages.
func (s Status) String() string {
	return [...]string{"optimal", "infeasible", "unbounded", "not converged"}[s]
}

// Point is the end of a simplex run.
type Point struct {
	Status  Status
	X       []float64 // by variable
	Value   float64   // c·x
	Prices  []float64 // by row: change of the best value with b
	Reduced []float64 // by variable: change of the value with the variable off its bound
	// Ray is the direction in which an unbounded program goes on without end; nil otherwise.
	Ray []float64
	// Rest is what is left of A x - b in each row of an infeasible program; nil otherwise.
	Rest  []float64
	Steps int
}

// Tolerances: of a bound or row (relative to the largest value), of a reduced cost
// (relative to the largest coefficient), and of the smallest pivot.
const (
	feasible = 1e-9
	reduced  = 1e-9
	pivotal  = 1e-9
)

// place is where a variable that is not in the basis stands.
type place int8

const (
	basic place = iota
	atLower
	atUpper
	atZero // free
)

// tableau is the state of the method. Variables n+i are artificial: they close row i
// while no feasible point is known, and are held at 0 afterwards, where a row that
// depends on others keeps its one for good.
type tableau struct {
	p       *Program
	n, m    int
	lower   []float64 // with those of the artificial variables
	upper   []float64
	cost    []float64
	sign    []float64 // of the artificial columns
	basis   []int     // variable of each row
	where   []place
	x       []float64
	inverse []float64 // of the basis, [row][row]
	y, w    []float64 // prices, entering column in terms of the basis
	steps   int
	since   int // steps since the inverse was computed afresh
	still   int // steps without progress
}

// Solve finds the smallest value.
func (p *Program) Solve() *Point {
	t := newTableau(p)
	most := 20_000 + 50*(t.n+t.m)
	// Phase 1: the sum of the artificial variables is made smallest.
	for i := 0; i < t.m; i++ {
		t.cost[t.n+i] = 1
	}
	status, _ := t.descend(most)
	if status == NotConverged {
		return t.point(status)
	}
	scale := t.scale()
	for i := 0; i < t.m; i++ {
		if t.x[t.n+i] > 10*feasible*scale {
			out := t.point(Infeasible)
			out.Rest = make([]float64, t.m)
			for i := range out.Rest {
				if r := t.sign[i] * t.x[t.n+i]; math.Abs(r) > 10*feasible*scale {
					out.Rest[i] = -r
				}
			}
			return out
		}
	}
	for i := 0; i < t.m; i++ {
		k := t.n + i
		t.cost[k], t.upper[k] = 0, 0
		if t.where[k] != basic {
			t.x[k] = 0
		}
	}
	copy(t.cost, p.C)
	t.refresh()
	status, ray := t.descend(most)
	out := t.point(status)
	out.Ray = ray
	return out
}

func newTableau(p *Program) *tableau {
	n, m := len(p.Columns), p.Rows
	t := &tableau{p: p, n: n, m: m, lower: append(append([]float64(nil), p.Lower...), make([]float64, m)...),
		upper: append([]float64(nil), p.Upper...), cost: make([]float64, n+m), sign: make([]float64, m), basis: make([]int, m),
		where: make([]place, n+m), x: make([]float64, n+m), inverse: make([]float64, m*m), y: make([]float64, m), w: make([]float64, m)}
	rest := make([]float64, m)
	copy(rest, p.B)
	for j := range p.Columns {
		// start at the bound that is nearest to 0
		switch lo, up := p.Lower[j], p.Upper[j]; {
		case math.IsInf(lo, -1) && math.IsInf(up, 1):
			t.where[j] = atZero
		case math.IsInf(lo, -1) || math.Abs(up) < math.Abs(lo):
			t.where[j], t.x[j] = atUpper, up
		default:
			t.where[j], t.x[j] = atLower, lo
		}
		for _, e := range p.Columns[j] {
			rest[e.Row] -= e.Value * t.x[j]
		}
	}
	for i := range rest {
		t.upper = append(t.upper, math.Inf(1))
		t.sign[i] = 1
		if rest[i] < 0 {
			t.sign[i] = -1
		}
		t.basis[i], t.x[n+i] = n+i, math.Abs(rest[i])
		t.inverse[i*m+i] = t.sign[i]
	}
	return t
}

func (t *tableau) scale() float64 {
	s := 1.0
	for _, v := range t.x {
		s = math.Max(s, math.Abs(v))
	}
	return s
}

// column calls do with the entries of a variable's column.
func (t *tableau) column(j int, do func(row int, v float64)) {
	if j >= t.n {
		do(j-t.n, t.sign[j-t.n])
		return
	}
	for _, e := range t.p.Columns[j] {
		do(e.Row, e.Value)
	}
}

// descend goes from vertex to vertex until nothing gets better.
func (t *tableau) descend(most int) (Status, []float64) {
	tolerance := 0.0
	for _, c := range t.cost {
		tolerance = math.Max(tolerance, math.Abs(c))
	}
	tolerance *= reduced
	t.still = 0
	checked := false
	for {
		if t.steps > most {
			return NotConverged, nil
		}
		if t.since >= 100+t.m/4 {
			if !t.refresh() {
				return NotConverged, nil
			}
		}
		// After many steps without progress the smallest index is taken (Bland's rule),
		// which cannot go round in a circle; otherwise the steepest by reduced cost.
		j, up := t.entering(tolerance, t.still > 50+t.m/4)
		if j < 0 {
			if t.since > 0 && !checked { // believe it only of a fresh inverse
				checked = true
				if !t.refresh() {
					return NotConverged, nil
				}
				continue
			}
			return Optimal, nil
		}
		checked = false
		row, length, toUpper := t.leaving(j, up, t.still > 50+t.m/4)
		if math.IsInf(length, 1) {
			ray := make([]float64, t.n)
			ray[j] = up
			for i, k := range t.basis {
				if k < t.n && math.Abs(t.w[i]) > pivotal {
					ray[k] = -up * t.w[i]
				}
			}
			return Unbounded, ray
		}
		t.move(j, up, row, length, toUpper)
	}
}

// entering picks a variable whose change from its bound makes the value smaller, and the
// direction (+1, -1); -1 when there is none.
func (t *tableau) entering(tolerance float64, bland bool) (int, float64) {
	clear(t.y)
	for i, k := range t.basis {
		if c := t.cost[k]; c != 0 {
			for r, v := range t.inverse[i*t.m : (i+1)*t.m] {
				t.y[r] += c * v
			}
		}
	}
	best, bestMerit, direction := -1, 0.0, 0.0
	for j := 0; j < t.n; j++ {
		if t.where[j] == basic || t.lower[j] == t.upper[j] {
			continue
		}
		d, norm := t.cost[j], 1.0
		for _, e := range t.p.Columns[j] {
			d -= t.y[e.Row] * e.Value
			norm += e.Value * e.Value
		}
		up := 0.0
		switch {
		case d < -tolerance && t.where[j] != atUpper:
			up = 1
		case d > tolerance && t.where[j] != atLower:
			up = -1
		default:
			continue
		}
		if bland {
			return j, up
		}
		if merit := d * d / norm; merit > bestMerit {
			best, bestMerit, direction = j, merit, up
		}
	}
	return best, direction
}

// leaving finds how far variable j can go and which row stops it (-1: its own other
// bound). toUpper says that the variable of the row stops at its upper bound. Among rows
// that stop it at nearly the same length the largest pivot is taken, for the sake of
// rounding.
func (t *tableau) leaving(j int, up float64, bland bool) (row int, length float64, toUpper bool) {
	clear(t.w)
	t.column(j, func(r int, v float64) {
		for i := 0; i < t.m; i++ {
			t.w[i] += t.inverse[i*t.m+r] * v
		}
	})
	slack := feasible * t.scale()
	limit := func(i int, slack float64) (float64, bool) {
		k, change := t.basis[i], -up*t.w[i]
		switch {
		case change < -pivotal:
			return math.Max(0, (t.x[k]-t.lower[k]+slack)/-change), false
		case change > pivotal:
			return math.Max(0, (t.upper[k]-t.x[k]+slack)/change), true
		}
		return math.Inf(1), false
	}
	most := math.Inf(1)
	for i := range t.basis {
		l, _ := limit(i, slack)
		most = math.Min(most, l)
	}
	row, length = -1, math.Inf(1)
	for i := range t.basis {
		l, atTop := limit(i, 0)
		if l > most || math.IsInf(l, 1) {
			continue
		}
		better := row < 0 || math.Abs(t.w[i]) > math.Abs(t.w[row])
		if bland && row >= 0 {
			better = l < length-slack || l <= length+slack && t.basis[i] < t.basis[row]
		}
		if better {
			row, length, toUpper = i, l, atTop
		}
	}
	if own := t.upper[j] - t.lower[j]; own <= length {
		return -1, own, up > 0
	}
	return row, length, toUpper
}

// move goes along the edge and changes the basis.
func (t *tableau) move(j int, up float64, row int, length float64, toUpper bool) {
	t.steps++
	if length > feasible*t.scale() {
		t.still = 0
	} else {
		t.still++
	}
	for i, k := range t.basis {
		t.x[k] -= up * length * t.w[i]
	}
	if row < 0 {
		t.where[j] = atLower
		t.x[j] = t.lower[j]
		if toUpper {
			t.where[j], t.x[j] = atUpper, t.upper[j]
		}
		return
	}
	t.x[j] += up * length
	out := t.basis[row]
	t.where[out], t.x[out] = atLower, t.lower[out]
	if toUpper {
		t.where[out], t.x[out] = atUpper, t.upper[out]
	}
	t.basis[row], t.where[j] = j, basic
	m := t.m
	pivot := t.inverse[row*m : (row+1)*m]
	for r := range pivot {
		pivot[r] /= t.w[row]
	}
	for i := 0; i < m; i++ {
		if f := t.w[i]; i != row && f != 0 {
			line := t.inverse[i*m : (i+1)*m]
			for r, v := range pivot {
				if v != 0 {
					line[r] -= f * v
				}
			}
		}
	}
	t.since++
}

// refresh inverts the basis afresh and recomputes the basic variables; false when the
// basis has become singular by rounding.
func (t *tableau) refresh() bool {
	t.since = 0
	m := t.m
	a := make([]float64, m*m) // the basis, row by row
	for i, k := range t.basis {
		t.column(k, func(r int, v float64) { a[r*m+i] += v })
	}
	inv := t.inverse
	clear(inv)
	for i := 0; i < m; i++ {
		inv[i*m+i] = 1
	}
	// Gauss-Jordan with row exchanges; most columns of a basis have few entries, so rows
	// with nothing to take away are passed over.
	for c := 0; c < m; c++ {
		p := c
		for r := c + 1; r < m; r++ {
			if math.Abs(a[r*m+c]) > math.Abs(a[p*m+c]) {
				p = r
			}
		}
		if math.Abs(a[p*m+c]) < 1e-12 {
			return false
		}
		if p != c {
			for k := 0; k < m; k++ {
				a[p*m+k], a[c*m+k] = a[c*m+k], a[p*m+k]
				inv[p*m+k], inv[c*m+k] = inv[c*m+k], inv[p*m+k]
			}
		}
		f := 1 / a[c*m+c]
		ac, ic := a[c*m:(c+1)*m], inv[c*m:(c+1)*m]
		for k := 0; k < m; k++ {
			ac[k] *= f
			ic[k] *= f
		}
		for r := 0; r < m; r++ {
			if f := a[r*m+c]; r != c && f != 0 {
				ar, ir := a[r*m:(r+1)*m], inv[r*m:(r+1)*m]
				for k := 0; k < m; k++ {
					ar[k] -= f * ac[k]
					ir[k] -= f * ic[k]
				}
			}
		}
	}
	rest := make([]float64, m)
	copy(rest, t.p.B)
	for j := range t.x {
		if t.where[j] != basic && t.x[j] != 0 {
			t.column(j, func(r int, v float64) { rest[r] -= v * t.x[j] })
		}
	}
	for i, k := range t.basis {
		sum := 0.0
		for r, v := range inv[i*m : (i+1)*m] {
			sum += v * rest[r]
		}
		t.x[k] = sum
	}
	return true
}

// point reads the solution off, and does not believe an optimum that misses a bound or a
// row.
func (t *tableau) point(s Status) *Point {
	out := &Point{Status: s, X: append([]float64(nil), t.x[:t.n]...), Prices: append([]float64(nil), t.y...), Reduced: make([]float64, t.n), Steps: t.steps}
	slack := 1e-7 * t.scale()
	rest := make([]float64, t.m)
	copy(rest, t.p.B)
	for j := range out.X {
		if s == Optimal && (out.X[j] < t.lower[j]-slack || out.X[j] > t.upper[j]+slack) {
			out.Status = NotConverged
		}
		out.X[j] = math.Min(math.Max(out.X[j], t.lower[j]), t.upper[j])
		out.Value += t.p.C[j] * out.X[j]
		out.Reduced[j] = t.p.C[j]
		for _, e := range t.p.Columns[j] {
			out.Reduced[j] -= t.y[e.Row] * e.Value
			rest[e.Row] -= e.Value * out.X[j]
		}
		if t.where[j] == basic {
			out.Reduced[j] = 0
		}
	}
	for _, r := range rest {
		if s == Optimal && math.Abs(r) > slack {
			out.Status = NotConverged
		}
	}
	return out
}
