package ode

import "thymus/kernel"

// writeTsit writes Tsit5 instead of Rodas5P: the step takes the last one over where it was
// accepted, with its last slope as the first one. Slopes stand in the block u, one after
// the other.
func (e *writer) writeTsit() error {
	n, N := e.n, int32(e.n)
	e.explicit = true
	e.y0, e.yn, e.u, e.d, e.atol, e.err = e.block(n), e.block(n), e.block(7*n), e.block(3*n), e.block(n), e.block(n)
	e.w, e.inv, e.b, e.x = e.block(len(e.lu.ColIdx)), e.block(n), e.block(n), e.block(n) // of settling
	for _, k := range []*int32{&e.h, &e.t, &e.rtol, &e.take, &e.mean, &e.pace, &e.grow, &e.crossed} {
		*k = e.block(1)
	}
	e.rest, e.move, e.clock, e.pull, e.lost = e.block(n), e.block(n), e.block(1), e.block(1), e.block(1)
	e.g0, e.watch = e.block(len(e.p.Crossings)), e.block(len(e.p.Crossings))
	for s := range tsitA {
		for _, v := range append(tsitA[s][:s:s], tsitTime[s], tsitError[s], tsitParts[0][s], tsitParts[1][s], tsitParts[2][s]) {
			e.num(v)
		}
	}
	for _, v := range []float64{0, 1, 1 / float64(n), -0.1} {
		e.num(v)
	}
	for _, v := range looks {
		e.num(v)
		e.num(1 - v)
	}
	e.fixed = e.next
	for i := int32(0); i < N; i++ {
		e.to(e.y0+i, kernel.Select, e.yn+i, e.y0+i, e.take)
		e.to(e.u+i, kernel.Select, e.u+6*N+i, e.u+i, e.take)
	}
	for s := 1; s < 7; s++ {
		e.next = e.fixed
		a := make([]int32, s)
		for j := range a {
			a[j] = e.op(kernel.Mul, e.num(tsitA[s][j]), e.h)
		}
		for i, slot := range e.p.State {
			v := e.y0 + int32(i)
			for j := range a {
				v = e.plusTimes(v, a[j], e.u+int32(j)*N+int32(i))
			}
			e.to(slot, kernel.Move, v, 0, 0)
			if s == 6 {
				e.to(e.yn+int32(i), kernel.Move, v, 0, 0)
			}
		}
		e.to(e.p.Clock, kernel.Move, e.plusTimes(e.t, e.num(tsitTime[s]), e.h), 0, 0)
		e.code = append(e.code, e.p.RHS.Code...)
		for i, k := range e.p.Deriv {
			e.to(e.u+int32(s)*N+int32(i), kernel.Move, k, 0, 0)
		}
	}
	e.next = e.fixed
	e.judge(func(i int32) { e.to(e.err+i, kernel.Mul, e.tsitSum(&tsitError, i), e.h, 0) })
	for _, from := range []int32{e.y0, e.yn, e.err} {
		e.keeps(from, n)
	}
	e.keeps(e.u, 7*n)
	return e.finish()
}

// tsitSum is a sum of the slopes of component i.
func (e *writer) tsitSum(by *[7]float64, i int32) int32 {
	v := e.op(kernel.Mul, e.num(by[0]), e.u+i)
	for j := int32(1); j < 7; j++ {
		v = e.plusTimes(v, e.num(by[j]), e.u+j*int32(e.n)+i)
	}
	return v
}

// tsitCoefficient is that of component i in the dense output.
func (e *writer) tsitCoefficient(k int, i int32) int32 {
	return e.op(kernel.Mul, e.tsitSum(&tsitParts[k], i), e.h)
}

// tsitParts are the weights of the slopes in Tsit5's interpolant written as that of Rodas5P,
// y0 + theta*(y1-y0) + theta*(1-theta)*(d0 + theta*d1 + theta^2*d2): both are polynomials of
// degree 4. With p the coefficients of the weight of a slope, which has no constant term,
// its part in d0 is p1 - (p1+p2+p3+p4), in d1 p2 more, and in d2 p3 more than that.
var tsitParts = func() (d [3][7]float64) {
	one, two, minusOne, minusTwo := tsitDense(1), tsitDense(2), tsitDense(-1), tsitDense(-2)
	for j := range one {
		odd1, odd2 := (one[j]-minusOne[j])/2, (two[j]-minusTwo[j])/2
		even1, even2 := (one[j]+minusOne[j])/2, (two[j]+minusTwo[j])/2
		p4, p3 := (even2-4*even1)/12, (odd2-2*odd1)/6
		p2, p1 := even1-p4, odd1-p3
		d[0][j] = p1 - one[j]
		d[1][j] = d[0][j] + p2
		d[2][j] = d[1][j] + p3
	}
	return d
}()
