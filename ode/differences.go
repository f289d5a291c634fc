package ode

import (
	"fmt"
	"math"

	"thymus/linalg"
)

// differences is the slow adapter for systems without a Jacobian of their own: one-sided
// differences, dense.
type differences struct {
	sys     System
	pattern *linalg.Pattern
	f0, f1  []float64
	y       []float64
}

// jacobianOf is the system's own Jacobian, or differences.
func jacobianOf(sys System) Jacobian {
	if jac, ok := sys.(Jacobian); ok {
		return jac
	}
	return &differences{sys: sys}
}

// mostStates is how many states a stiff method takes.
const mostStates = 20000

// stiffJacobian is jacobianOf for a method that factors it.
func stiffJacobian(sys System) (Jacobian, error) {
	if n := sys.Dim(); n > mostStates {
		return nil, fmt.Errorf("%d states are more than the stiff method can hold", n)
	}
	return jacobianOf(sys), nil
}

func (d *differences) Pattern() *linalg.Pattern {
	if d.pattern == nil {
		n := d.sys.Dim()
		var all [][2]int
		for i := 0; i < n; i++ {
			for j := 0; j < n; j++ {
				all = append(all, [2]int{i, j})
			}
		}
		d.pattern = linalg.NewPattern(n, all)
		d.f0, d.f1, d.y = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	return d.pattern
}

func (d *differences) Jacobian(vals, y, t []float64) {
	n := len(y)
	d.sys.Deriv(d.f0, y, t)
	copy(d.y, y)
	for j := 0; j < n; j++ {
		h := math.Sqrt(2.2e-16) * math.Max(math.Abs(y[j]), 1e-5)
		d.y[j] = y[j] + h
		h = d.y[j] - y[j]
		d.sys.Deriv(d.f1, d.y, t)
		for i := 0; i < n; i++ {
			vals[j*n+i] = (d.f1[i] - d.f0[i]) / h
		}
		d.y[j] = y[j]
	}
}

func (d *differences) TimeDeriv(dfdt, y, t []float64) {
	h := math.Sqrt(2.2e-16) * math.Max(math.Abs(t[0]), 1e-3)
	d.sys.Deriv(d.f0, y, t)
	d.sys.Deriv(d.f1, y, []float64{t[0] + h})
	for i := range dfdt {
		dfdt[i] = (d.f1[i] - d.f0[i]) / h
	}
}
