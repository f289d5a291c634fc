package ode

import (
	"thymus/linalg"
)

// Rodas5P (G. Steinebach, Construction of Rosenbrock-Wanner method Rodas5P and
// numerical benchmarks within the Julia Differential Equations package, BIT Numerical
// Mathematics 63, 27, 2023): 8 stages, order 5, stiffly accurate, with a dense output of
// order 4. The coefficients are those of the transformed method, in which stage i solves
//
//	(M/(h*gamma) - J) u_i = f(t+c_i*h, y + sum a_ij u_j) + M*sum C_ij u_j/h + h*d_i*df/dt
//
// with the mass matrix M, which may be singular (index 1): the method satisfies the
// further order conditions of such systems and its dense output holds for all components.
const rodasGamma = 0.21193756319429014

var (
	rodasA = [8][7]float64{
		{},
		{3.0},
		{2.849394379747939, 0.45842242204463923},
		{-6.954028509809101, 2.489845061869568, -10.358996098473584},
		{2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641},
		{-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946},
		{-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946, 1},
		{-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946, 1, 1},
	}
	rodasC = [8][7]float64{
		{},
		{-14.155112264123755},
		{-17.97296035885952, -2.859693295451294},
		{147.12150275711716, -1.41221402718213, 71.68940251302358},
		{165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306},
		{24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471},
		{30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623, -28.087943162872662},
		{37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002, -54.66780262877968, -9.48861652309627},
	}
	rodasTime  = [8]float64{0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1, 1, 1}
	rodasSlope = [8]float64{0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069, 0, 0, 0}
	rodasDense = [3][8]float64{
		{25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073, 1.1241088310450404, 0.4272876194431874, -0.17202221070155493},
		{-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044, 15.98066361424651, -6.789040303419874, -6.710236069923372},
		{11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654, -59.78993625266729, -0.15582684282751913, 4.883087185713722},
	}
)

// rodas is the workspace of Rodas5P.
type rodas struct {
	sys   System
	jac   Jacobian
	n     int
	t     float64
	y, yn []float64
	f     []float64 // f(t, y)
	ft    []float64
	ys    []float64
	u     [8][]float64
	d     [3][]float64
	vals  []float64
	lu    *linalg.LU
	it    *iteration // in place of lu when there is a mass matrix
	below *blocks    // nil: no sensitivities
	mix   []float64
	tt    []float64
	fresh bool // vals, ft and f belong to the present state
	known bool // f belongs to the present state
}

func newRodas(sys System) (stepper, error) {
	n := sys.Dim()
	jac, err := stiffJacobian(sys)
	if err != nil {
		return nil, err
	}
	r := &rodas{sys: sys, jac: jac, n: n, tt: make([]float64, 1)}
	for _, p := range []*[]float64{&r.y, &r.yn, &r.f, &r.ft, &r.ys, &r.d[0], &r.d[1], &r.d[2]} {
		*p = make([]float64, n)
	}
	for i := range r.u {
		r.u[i] = make([]float64, n)
	}
	p := jac.Pattern()
	r.vals = make([]float64, p.Len())
	if mass, entries := massOf(sys); mass != nil {
		r.it = newIteration(mass, entries, p)
		r.mix = make([]float64, n)
	} else {
		r.lu = linalg.NewLU(p.Symbolic())
	}
	if b, ok := sys.(Blocked); ok {
		r.below = newBlocks(b)
	}
	return r, nil
}

func (r *rodas) start(t float64, y []float64, st *Stats) {
	r.t = t
	copy(r.y, y)
	r.tt[0] = t
	r.sys.Deriv(r.f, r.y, r.tt)
	st.Derivs++
	r.fresh, r.known = false, true
	if r.it != nil {
		r.it.start(r.y, r.tt)
	}
}

func (r *rodas) state() []float64  { return r.y }
func (r *rodas) next() []float64   { return r.yn }
func (r *rodas) exponent() float64 { return 1.0 / 5 }

// smooth implements the ability of that name.
func (r *rodas) smooth() bool { return true }

func (r *rodas) accept(t float64) {
	r.t = t
	r.y, r.yn = r.yn, r.y
	r.fresh, r.known = false, false
}

func (r *rodas) try(h float64, w *weights, st *Stats) (float64, int, Cause) {
	r.refresh(st)
	if !r.factor(h, st) {
		for i, v := range r.f {
			if v != v || v-v != 0 {
				return 0, i, NotFinite
			}
		}
		if r.it != nil {
			return 0, r.it.stuck(), SingularMatrix
		}
		return 0, -1, SingularMatrix
	}
	inv := 1 / h
	for s := 0; s < 8; s++ {
		us := r.u[s]
		if s == 0 {
			copy(us, r.f)
		} else {
			copy(r.ys, r.y)
			for j := 0; j < s; j++ {
				if a := rodasA[s][j]; a != 0 {
					for i, v := range r.u[j] {
						r.ys[i] += a * v
					}
				}
			}
			r.tt[0] = r.t + rodasTime[s]*h
			r.sys.Deriv(us, r.ys, r.tt)
			to := us
			if r.it != nil {
				clear(r.mix)
				to = r.mix
			}
			for j := 0; j < s; j++ {
				c := rodasC[s][j] * inv
				for i, v := range r.u[j] {
					to[i] += c * v
				}
			}
			if r.it != nil {
				r.it.addTimes(us, r.mix)
			}
		}
		if g := rodasSlope[s] * h; g != 0 {
			for i, v := range r.ft {
				us[i] += g * v
			}
		}
		r.solve(us)
	}
	st.Derivs += 7
	last := r.u[7]
	for i := range r.yn {
		r.yn[i] = r.ys[i] + last[i]
	}
	norm, worst := w.norm(last, r.y, r.yn)
	return norm, worst, ""
}

// refresh evaluates f, the Jacobian and the time derivative at the present state.
func (r *rodas) refresh(st *Stats) {
	if r.fresh {
		return
	}
	r.tt[0] = r.t
	if !r.known {
		r.sys.Deriv(r.f, r.y, r.tt)
		st.Derivs++
		r.known = true
	}
	r.jac.Jacobian(r.vals, r.y, r.tt)
	r.jac.TimeDeriv(r.ft, r.y, r.tt)
	if r.below != nil {
		r.below.refresh(r.y, r.tt)
	}
	st.Jacobians++
	r.fresh = true
}

// factor factors the matrix of a step of length h; false when it is singular.
func (r *rodas) factor(h float64, st *Stats) bool {
	st.Facts++
	shift := 1 / (h * rodasGamma)
	if r.it != nil {
		ok, exchanged := r.it.factor(shift, r.vals)
		if exchanged {
			st.Pivoted++
		}
		return ok
	}
	before := r.lu.Fallbacks
	ok := r.lu.FactorShifted(shift, r.vals)
	st.Pivoted += r.lu.Fallbacks - before
	return ok
}

func (r *rodas) solve(b []float64) {
	if r.it != nil {
		r.it.solve(b)
		return
	}
	if r.below != nil {
		r.below.solve(r.lu, b)
		return
	}
	r.lu.Solve(b)
}

// slope implements stepper. With a mass matrix it is the slope of an implicit Euler step.
func (r *rodas) slope(h float64) []float64 {
	if r.it == nil {
		return r.f
	}
	var st Stats
	r.refresh(&st)
	if !r.factor(h, &st) {
		clear(r.ys)
		return r.ys
	}
	for i, v := range r.f {
		r.ys[i] = v + h*rodasGamma*r.ft[i]
	}
	r.solve(r.ys)
	for i := range r.ys {
		r.ys[i] /= h * rodasGamma
	}
	return r.ys
}

func (r *rodas) prepareDense() {
	for k := range r.d {
		d := r.d[k]
		clear(d)
		for j := range r.u {
			c := rodasDense[k][j]
			for i, v := range r.u[j] {
				d[i] += c * v
			}
		}
	}
}

// denseAt is the dense output of a step at theta, 0 to 1, of a component that goes from y0
// to y1; infinite values stay. It is written as a change from y0, so that what rests keeps
// its bits and rounding does not turn the direction of a small change: a crossing that was
// just met would be met again.
func denseAt(theta, y0, y1, d0, d1, d2 float64) float64 {
	change := 0.0
	if y1 != y0 {
		change = y1 - y0
	}
	return y0 + theta*(change+(1-theta)*(d0+theta*(d1+theta*d2)))
}

func (r *rodas) dense(theta float64, dst []float64) {
	for i, y := range r.y {
		dst[i] = denseAt(theta, y, r.yn[i], r.d[0][i], r.d[1][i], r.d[2][i])
	}
}

// pieces implements picker.
func (r *rodas) pieces(which []int, dst []Piece) {
	for i, k := range which {
		dst[i] = Piece{r.y[k], r.yn[k], r.d[0][k], r.d[1][k], r.d[2][k]}
	}
}

// pick implements picker.
func (r *rodas) pick(theta float64, which []int, dst []float64) {
	for i, k := range which {
		switch {
		case theta >= 1:
			dst[i] = r.yn[k]
		case theta <= 0:
			dst[i] = r.y[k]
		default:
			dst[i] = denseAt(theta, r.y[k], r.yn[k], r.d[0][k], r.d[1][k], r.d[2][k])
		}
	}
}
