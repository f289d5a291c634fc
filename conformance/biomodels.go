package conformance

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"thymus/compile"
	"thymus/model"
	"thymus/ode"
	"thymus/sim"
)

// biomodels is a folder of published models (BioModels, https://www.ebi.ac.uk/biomodels)
// with trajectories computed by another tool. A model with a reference must meet each
// variable to 1e-4 of the variable's own maximum; one without is simulated from 0 to
// 100 in its own time unit, and runs or ends with a named cause.
var biomodels = Suite{
	Name:      "biomodels",
	Title:     "BioModels, against reference trajectories",
	Shape:     "SBML files *.xml and a folder reference with NAME.csv (time, then ids) for those that have one",
	Deviation: "|expected - got| as a fraction of 1e-4 of the variable's largest absolute value",
	List:      listModels,
	Judge:     judgeModel,
}

func listModels(folder string) ([]Case, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, e := range entries {
		name, isModel := strings.CutSuffix(e.Name(), ".xml")
		if !isModel || e.IsDir() {
			continue
		}
		c := Case{Name: name, File: e.Name(), Path: filepath.Join(folder, e.Name()), Tags: []string{"reference"}}
		if _, err := os.Stat(reference(c)); err != nil {
			c.Tags = []string{"no reference"}
		}
		cases = append(cases, c)
	}
	sort.Slice(cases, func(i, j int) bool { return cases[i].Name < cases[j].Name })
	return cases, nil
}

func reference(c Case) string {
	return filepath.Join(filepath.Dir(c.Path), "reference", c.Name+".csv")
}

func judgeModel(_ context.Context, c Case, o Options) Verdict {
	m, ms := o.Read(c.Path)
	if ms.HasErrors() {
		return refused(ms)
	}
	if c.Tags[0] != "reference" {
		return justRun(m, o)
	}
	expected, err := readNumbers(reference(c))
	if err != nil {
		return wrong("reference: %v", err)
	}
	times := expected.values[0]
	n := len(times) - 1
	if n < 1 || !(times[n] > times[0]) {
		return wrong("reference: the times do not ascend")
	}
	course := sim.Course{Model: m, Start: times[0], End: times[n], Steps: n, Rtol: 1e-11, Atol: 1e-18, MaxSteps: o.steps()}
	for _, id := range expected.names[1:] {
		course.Record = append(course.Record, compile.Selection{ID: id})
	}
	trajectory, ms, failure := course.Run()
	if ms.HasErrors() {
		return refused(ms)
	}
	if failure != nil {
		return wrong("ended early: %s", cause(failure)).by(trajectory)
	}
	for k, t := range trajectory.Times {
		if math.Abs(t-times[k]) > 1e-9*math.Max(1, math.Abs(t)) {
			return wrong("reference: row %d is at time %g, expected %g: the times are not equally spaced", k+1, times[k], t)
		}
	}
	v := hold(expected, expected, trajectory).verdict()
	if v.Outcome == Wrong {
		v.Detail = again(course, trajectory, expected)
	}
	return v.by(trajectory)
}

// hold compares a trajectory with a table whose first column is time: what is allowed is
// 1e-4 of the largest absolute value in the reference's column.
func hold(reference, expected *numbers, t *sim.Trajectory) *comparison {
	most := newComparison()
	for i, id := range expected.names[1:] {
		largest := 0.0
		for _, v := range reference.values[i+1] {
			largest = math.Max(largest, math.Abs(v))
		}
		for k, want := range expected.values[i+1] {
			most.value(id, t.Times[k], want, t.Values[i][k], 1e-4*largest)
		}
	}
	return most
}

// again simulates a model that misses its reference a second time, at a tighter tolerance
// and by another integration method where that gets to the end, and says how far apart the
// two solutions are: a reference that both miss by the same is less accurate than it is
// held to be, or means another model.
func again(course sim.Course, first *sim.Trajectory, reference *numbers) string {
	course.Rtol, course.Atol, course.MaxSteps = course.Rtol/10, course.Atol/1e4, 200_000
	for i := len(ode.Methods) - 1; i >= 0; i-- {
		course.Method = ode.Methods[i].Name
		course.Once = true
		if course.Method == "auto" { // no method of its own
			continue
		}
		second, ms, failure := course.Run()
		if ms.HasErrors() || failure != nil {
			continue
		}
		table := &numbers{names: reference.names, values: append([][]float64{first.Times}, first.Values...)}
		return fmt.Sprintf("a second solution, by %s at rtol %.0e, differs from the first by at most %.0e of a variable's maximum and misses the reference by %.1e", course.Method, course.Rtol,
			1e-4*hold(reference, table, second).deviation, 1e-4*hold(reference, reference, second).deviation)
	}
	return ""
}

// justRun simulates a model that nothing is known about.
func justRun(m *model.Model, o Options) Verdict {
	v := Verdict{Outcome: Ran, Deviation: math.NaN(), Time: math.NaN()}
	course := sim.Course{Model: m, End: 100, Steps: 100, Rtol: courseRtol, Atol: courseAtol, MaxSteps: o.steps()}
	for _, s := range m.Species {
		course.Record = append(course.Record, compile.Selection{ID: s.ID})
	}
	trajectory, ms, failure := course.Run()
	if ms.HasErrors() {
		return refused(ms)
	}
	if failure != nil {
		v.Outcome, v.Reason = Ended, oneLine(cause(failure))
	}
	return v.by(trajectory)
}
