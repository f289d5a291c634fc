package jump

import (
	"math"

	"thymus/rng"
)

// tau is explicit tau-leaping with the step of Cao, Gillespie and Petzold (2006): in a leap
// every propensity changes by a small share at most, so the number of firings of each
// reaction is close to a Poisson number. Reactions that could use up a reactant within a
// few firings are critical: at most one of them fires in a leap. Numbers are drawn with the
// propensities at the expected middle of the leap (Gillespie, J. Chem. Phys. 115 (2001)
// 1716), without which means lag by half of epsilon for every time constant. Where a leap
// would not be much longer than a few single firings, reactions fire one by one (exactly).
//
// A leap ends at the horizon, so results depend on the horizons; they are approximate
// anyway. After a watched reaction has fired, Advance returns at the end of the leap.
type tau struct {
	clock
	a        []float64
	epsilon  float64
	order    []float64 // by state: the highest order of a reaction it takes part in
	several  []float64 // and how many of it such a reaction takes
	reactant []bool
	mean     []float64 // of the change of each state, per time
	variance []float64
	before   []float64
	fired    []float64
	middle   []float64
	critical []bool
	single   *direct // for single firings
}

const (
	fewFirings  = 10  // a reaction is critical when so many firings use up a reactant
	singleSteps = 100 // fired one by one where leaping does not pay
	worthwhile  = 10  // a leap must be longer than so many single firings
)

func newTau(n *network, o Options) Simulator {
	m := len(n.Reactions)
	d := &tau{clock: clock{n: n, most: mostEvents(o)}, a: make([]float64, m), epsilon: o.Epsilon,
		order: make([]float64, n.Dim), several: make([]float64, n.Dim), reactant: make([]bool, n.Dim),
		mean: make([]float64, n.Dim), variance: make([]float64, n.Dim), before: make([]float64, n.Dim),
		fired: make([]float64, m), middle: make([]float64, n.Dim), critical: make([]bool, m)}
	if d.epsilon == 0 {
		d.epsilon = 0.03
	}
	d.single = newDirect(n, o).(*direct)
	d.orders()
	return d
}

// orders finds for every state the highest order of the reactions that take it.
func (d *tau) orders() {
	clear(d.order)
	clear(d.several)
	for i := range d.reactant {
		d.reactant[i] = false
	}
	for _, r := range d.n.Reactions {
		total := 0.0
		for _, x := range r.Reactants {
			total += x.Count
		}
		for _, x := range r.Reactants {
			d.raise(x.State, total, x.Count)
		}
		for _, i := range r.Reads { // a catalyst changes the propensity too
			d.raise(i, math.Max(1, total), 1)
		}
	}
}

func (d *tau) raise(i int, order, count float64) {
	d.reactant[i] = true
	if order > d.order[i] || order == d.order[i] && count > d.several[i] {
		d.order[i], d.several[i] = order, count
	}
}

func (d *tau) Refresh() {
	d.clock.Refresh()
	d.orders()
}

func (d *tau) Start(y []float64, t float64, stream *rng.Philox) {
	d.begin(y, t, stream)
}

func (d *tau) Changed(t float64) { d.t = t }

// share is the g of Cao et al., equation 27 and the text after it: the relative change of
// state i that changes a propensity by epsilon is epsilon/g.
func share(order, several, x float64) float64 {
	switch {
	case order <= 1:
		return 1
	case order == 2 && several < 2:
		return 2
	case order == 2:
		return 2 + 1/(x-1)
	case several < 2:
		return order
	case order == 3 && several == 2:
		return 1.5 * (2 + 1/(x-1))
	case order == 3:
		return 3 + 1/(x-1) + 2/(x-2)
	}
	return order * (1 + several/(math.Max(x, several)-several+1))
}

func (d *tau) Advance(horizon float64) (float64, int, *Failure) {
	n, y := d.n, d.y
	for d.t < horizon {
		if d.failed != nil {
			return d.t, -1, d.failed
		}
		sum := 0.0
		for j := range d.a {
			d.a[j] = n.propensity(int32(j), y)
			sum += d.a[j]
		}
		if d.failed = impossible(n, d.a, d.t); d.failed != nil {
			return d.t, -1, d.failed
		}
		if sum == 0 {
			break
		}
		leap := d.leap()
		if leap < worthwhile/sum {
			if t, watched, failure := d.singles(horizon); failure != nil || watched >= 0 || t >= horizon {
				return t, watched, failure
			}
			continue
		}
		if watched, failure := d.jump(leap, horizon); failure != nil || watched >= 0 {
			return d.t, watched, failure
		}
		if d.events >= d.most {
			return d.t, -1, d.tooMany()
		}
	}
	d.t = horizon
	return horizon, -1, nil
}

// leap finds the critical reactions and the largest leap that the others allow.
func (d *tau) leap() float64 {
	n, y := d.n, d.y
	clear(d.mean)
	clear(d.variance)
	for j, a := range d.a {
		d.critical[j] = false
		if a == 0 {
			continue
		}
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			if by := n.changeBy[k]; by < 0 && y[n.changeState[k]] < -by*fewFirings {
				d.critical[j] = true
			}
		}
		if d.critical[j] {
			continue
		}
		for k := n.changeStart[j]; k < n.changeStart[j+1]; k++ {
			i, by := n.changeState[k], n.changeBy[k]
			d.mean[i] += by * a
			d.variance[i] += by * by * a
		}
	}
	leap := math.Inf(1)
	for i, on := range d.reactant {
		if !on || d.variance[i] == 0 {
			continue
		}
		g := share(d.order[i], d.several[i], y[i])
		if !(g >= 1) {
			g = d.order[i] + 2
		}
		bound := math.Max(d.epsilon*y[i]/g, 1)
		leap = math.Min(leap, math.Min(bound/math.Abs(d.mean[i]), bound*bound/d.variance[i]))
	}
	return leap
}

// singles fires a number of reactions one by one.
func (d *tau) singles(horizon float64) (float64, int, *Failure) {
	s := d.single
	s.watch = d.watch
	s.most = singleSteps
	s.Start(d.y, d.t, d.rng)
	t, watched, failure := s.Advance(horizon)
	d.events += s.events
	if failure != nil && failure.Problem != "" { // as many as were asked for
		t, failure, s.failed = failure.Time, nil, nil
	}
	d.t = t
	if failure != nil {
		d.failed = failure
	}
	return t, watched, failure
}

// jump makes one leap, shorter when something would become negative.
func (d *tau) jump(leap, horizon float64) (watched int, failure *Failure) {
	n, y := d.n, d.y
	critical := 0.0
	for j, a := range d.a {
		if d.critical[j] {
			critical += a
		}
	}
	copy(d.before, y)
	for {
		h := leap
		one := -1 // the critical reaction that fires
		last := false
		if critical > 0 {
			if e := d.rng.Exponential() / critical; e < h {
				h = e
				u := d.rng.Uniform() * critical
				for j, a := range d.a {
					if !d.critical[j] {
						continue
					}
					if one = j; u < a {
						break
					}
					u -= a
				}
			}
		}
		if d.t+h > horizon { // a critical reaction beyond the horizon does not fire yet
			h, one, last = horizon-d.t, -1, true
		}
		watched = -1
		for i, v := range d.before { // d.mean is the expected change per time
			d.middle[i] = v + 0.5*h*d.mean[i]
		}
		for j, a := range d.a {
			d.fired[j] = 0
			if a > 0 && !d.critical[j] {
				if v := n.propensity(int32(j), d.middle); v > 0 && v <= math.MaxFloat64 {
					d.fired[j] = d.rng.Poisson(v * h)
				}
			}
		}
		if one >= 0 {
			d.fired[one] = 1
		}
		total, negative := int64(0), false
		for j, k := range d.fired {
			if k == 0 {
				continue
			}
			total += int64(k)
			if d.watch != nil && d.watch[j] {
				watched = j
			}
			for q := n.changeStart[j]; q < n.changeStart[j+1]; q++ {
				y[n.changeState[q]] += k * n.changeBy[q]
			}
		}
		for i, v := range y {
			negative = negative || v < 0 && d.before[i] >= 0 && d.variance[i] > 0
		}
		if !negative {
			if d.t += h; last {
				d.t = horizon
			}
			d.events += total
			return watched, nil
		}
		copy(y, d.before)
		leap /= 2
	}
}
