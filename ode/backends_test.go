package ode_test

import (
	"fmt"
	"math"
	"testing"

	"thymus/antimony"
	"thymus/compile"
	"thymus/diag"
	"thymus/kernel"
	"thymus/model"
	"thymus/ode"
	"thymus/ode/odetest"
)

// texts are odetest's problems as models, in the order of the components: what machine
// code is made from.
var texts = map[string]string{
	"decay":                    "x' = -x;",
	"nonautonomous":            "x' = -2*time*x^2;",
	"two-body orbit, one turn": "r := (x^2 + y^2)^1.5; x' = u; y' = v; u' = -x/r; v' = -y/r;",
	"Robertson":                "a' = -0.04*a + 1e4*b*c; b' = 0.04*a - 1e4*b*c - 3e7*b^2; c' = 3e7*b^2;",
	"HIRES": `a' = -1.71*a + 0.43*b + 8.32*c + 0.0007; b' = 1.71*a - 8.75*b; c' = -10.03*c + 0.43*d + 0.035*f;
		d' = 8.32*b + 1.71*c - 1.12*d; f' = -1.745*f + 0.43*g + 0.43*h; g' = -280*g*k + 0.69*d + 1.71*f - 0.43*g + 0.69*h;
		h' = 280*g*k - 1.81*h; k' = -280*g*k + 1.81*h;`,
	"Van der Pol, eps 1e-6": "x' = v; v' = ((1 - x^2)*v - x)/1e-6;",
	"Oregonator":            "a' = 77.27*(b + a*(1 - 8.375e-6*a - b)); b' = (c - (1 + a)*b)/77.27; c' = 0.161*(a - c);",
	"bouncing ball":         "x' = v; v' = -9.81;",
}

var components = map[string]string{"decay": "x", "nonautonomous": "x", "two-body orbit, one turn": "xyuv", "Robertson": "abc", "HIRES": "abcdfghk",
	"Van der Pol, eps 1e-6": "xv", "Oregonator": "abc", "bouncing ball": "xv"}

// laned is a problem of odetest compiled for a back end.
type laned struct {
	program *compile.Program
	lanes   *ode.Lanes // nil: the back end has none
}

func newLaned(t *testing.T, b kernel.Backend, name string) *laned {
	t.Helper()
	text, ok := texts[name]
	if !ok {
		t.Fatalf("%s has no text: machine code cannot be tried on it", name)
	}
	source := "model m()\n"
	for _, c := range components[name] {
		source += fmt.Sprintf("  var %c = 1;\n", c)
	}
	doc, ms := antimony.Read(&diag.Source{Name: name, Text: source + "  " + text + "\nend\n"}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	m, ms := model.Flatten(doc, "m")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	program, ms := compile.Compile(m, compile.Options{})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	l := &laned{program: program}
	if b.Lanes < 2 {
		return l
	}
	s := program.Straight()
	var err error
	if l.lanes, err = ode.NewLanes(&ode.Problem{Of: s.Of, Slots: s.Slots, Numbers: s.Numbers, State: s.State, Clock: s.Clock, First: s.First, RHS: s.RHS,
		Deriv: s.Deriv, Entries: s.Entries, TimeDeriv: s.TimeDeriv, Pattern: s.Pattern, Hold: make([]bool, len(s.State))}, b); err != nil {
		t.Fatal(err)
	}
	return l
}

// instance is a patient of it.
func (l *laned) instance(t *testing.T) *compile.Instance {
	in := l.program.New()
	if err := in.Start(make([]float64, in.Dim()), 0); err != nil {
		t.Fatal(err)
	}
	return in
}

// each solves in every lane of a group at once, a little more often than there are lanes;
// without lanes it solves once.
func (l *laned) each(t *testing.T, solve func(lane *ode.Lane)) {
	t.Helper()
	if l.lanes == nil {
		solve(nil)
		return
	}
	g := l.lanes.NewGroup()
	left, running, most := g.Lanes()+3, 0, 0
	g.Run(func(lane int) (func(), bool) {
		left--
		return func() {
			running++
			most = max(most, running)
			solve(g.Lane(lane))
			running--
		}, left >= 0
	})
	if most != g.Lanes() { // a solver that does not use its lane runs to the end at once
		t.Errorf("%d solutions were under way at once, want %d", most, g.Lanes())
	}
}

// backends are those of this machine.
func backends(t *testing.T) (list []kernel.Backend) {
	for _, b := range kernel.Backends {
		if b.Has {
			list = append(list, b)
		}
	}
	if len(list) < 2 {
		t.Log("ONLY THE INTERPRETER WAS TRIED: THIS MACHINE HAS NO OTHER BACK END")
	}
	return list
}

// TestTexts: the texts mean what the problems' functions compute.
func TestTexts(t *testing.T) {
	for _, p := range odetest.Problems {
		in := newLaned(t, kernel.Backends[len(kernel.Backends)-1], p.Name).instance(t)
		n := p.Dim()
		y, got, want := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range y {
			y[i] = 0.3 + 0.7*float64(i)
		}
		in.Deriv(got, y, []float64{1.5})
		p.Deriv(want, y, []float64{1.5})
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-12*math.Abs(want[i]) {
				t.Errorf("%s: derivative %d is %g by the text, %g by the function", p.Name, i, got[i], want[i])
			}
		}
	}
}

// TestProblemsOnBackends: every back end solves odetest's problems as accurately as the
// tolerance asks, and in every lane with the same bits.
func TestProblemsOnBackends(t *testing.T) {
	for _, b := range backends(t) {
		for _, p := range odetest.Problems {
			l := newLaned(t, b, p.Name)
			last := math.Inf(1)
			for _, rtol := range []float64{1e-5, 1e-8} {
				var first []float64
				l.each(t, func(lane *ode.Lane) {
					y := append([]float64(nil), p.Y0...)
					if _, f := ode.Solve(l.instance(t), y, p.T0, p.T1, ode.Options{Rtol: rtol, Atol: []float64{p.Atol}, Lane: lane}, ode.Base{}); f != nil {
						t.Errorf("%s, %s: %v", b.Name, p.Name, f)
					}
					if first == nil {
						first = y
					}
					for i := range y {
						if y[i] != first[i] {
							t.Errorf("%s, %s: component %d differs between lanes: %v, %v", b.Name, p.Name, i, y[i], first[i])
						}
					}
				})
				worst := 0.0
				for i := range first {
					worst = math.Max(worst, math.Abs(first[i]-p.End[i])/(math.Abs(p.End[i])+p.Size))
				}
				if !(worst <= 500*rtol) {
					t.Errorf("%s, %s, rtol %g: error %.2g", b.Name, p.Name, rtol, worst)
				}
				if worst > last && worst > 1e-9 {
					t.Errorf("%s, %s: a smaller tolerance gives a larger error, %g after %g", b.Name, p.Name, worst, last)
				}
				last = worst
			}
		}
	}
}

// TestOrderOnBackends measures the order of convergence on every back end.
func TestOrderOnBackends(t *testing.T) {
	p := odetest.Problems[1]
	for _, b := range backends(t) {
		l := newLaned(t, b, p.Name)
		var errs []float64
		for _, h := range []float64{0.1, 0.05, 0.025} {
			var worst float64
			l.each(t, func(lane *ode.Lane) {
				y := append([]float64(nil), p.Y0...)
				if _, f := ode.Solve(l.instance(t), y, 0, p.T1, ode.Options{Rtol: 1e3, Atol: []float64{1e3}, MaxStep: h, InitialStep: h, Lane: lane}, ode.Base{}); f != nil {
					t.Error(f)
				}
				worst = math.Max(worst, math.Abs(y[0]-p.End[0]))
			})
			errs = append(errs, worst)
		}
		order := math.Log2(errs[1] / errs[2])
		t.Logf("%s: measured order %.2f", b.Name, order)
		if !(order >= float64(ode.Methods[0].Order)-0.3) {
			t.Errorf("%s: measured order %.2f, want %d", b.Name, order, ode.Methods[0].Order)
		}
	}
}

// lanedFall is the bouncing ball in a lane.
type lanedFall struct {
	*compile.Instance
	fall
}

func (b *lanedFall) Dim() int                 { return b.Instance.Dim() }
func (b *lanedFall) Deriv(dy, y, t []float64) { b.Instance.Deriv(dy, y, t) }
func (b *lanedFall) Crossings() int           { return b.fall.Crossings() }
func (b *lanedFall) Cross(g, y, t []float64)  { b.fall.Cross(g, y, t) }
func (b *lanedFall) CrossReads() []int        { return nil }

// TestBouncingBallOnBackends: events are found where they are, on every back end.
func TestBouncingBallOnBackends(t *testing.T) {
	for _, b := range backends(t) {
		l := newLaned(t, b, "bouncing ball")
		l.each(t, func(lane *ode.Lane) {
			ball := &lanedFall{Instance: l.instance(t)}
			if _, f := ode.Solve(ball, []float64{10, 0}, 0, 30, ode.Options{Lane: lane}, ball); f != nil {
				t.Error(f)
			}
			if len(ball.at) != 5 {
				t.Errorf("%s: %d bounces", b.Name, len(ball.at))
				return
			}
			first := math.Sqrt(20 / 9.81)
			want, flight := first, 2*first*0.8
			for i, at := range ball.at {
				if math.Abs(at-want) > 1e-9 {
					t.Errorf("%s: bounce %d at %.12g, want %.12g", b.Name, i+1, at, want)
				}
				want += flight
				flight *= 0.8
			}
		})
	}
}
