package library_test

import (
	"encoding/csv"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"

	"thymus/compile"
	"thymus/fit"
	"thymus/library"
	"thymus/model"
	"thymus/regimen"
	"thymus/sim"
)

// trajectories.csv was computed by an independent implementation of the same equations in
// Python with SciPy's LSODA; see testdata/reference/README.md. It is never rewritten here.
type reference map[string]map[string]map[string]float64 // case -> time -> id -> value

// readTable reads the rows of a reference below its heading.
func readTable(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open("testdata/reference/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func readReference(t testing.TB, name string) reference {
	t.Helper()
	out := reference{}
	for _, r := range readTable(t, name) {
		v := number(t, r[3])
		if out[r[0]] == nil {
			out[r[0]] = map[string]map[string]float64{}
		}
		if out[r[0]][r[1]] == nil {
			out[r[0]][r[1]] = map[string]float64{}
		}
		out[r[0]][r[1]][r[2]] = v
	}
	return out
}

func number(t testing.TB, s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// tabled reads a table of ids and values.
func tabled(t testing.TB, name string) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Split(line, "\t")
		if len(f) == 2 && f[0] != "id" && !strings.HasPrefix(line, "#") {
			out[f[0]] = number(t, f[1])
		}
	}
	return out
}

// bench is a composed model ready to be run.
type bench struct {
	plan   *sim.Plan
	worker *sim.Worker
	values []sim.Setting
}

func newBench(t testing.TB, off bool, set map[string]float64, names ...string) *bench {
	t.Helper()
	m := composed(t, names...)
	lib, _ := library.Open("")
	c := sim.Config{Model: m, Rtol: 1e-8, Method: "rodas5p"}
	for _, n := range names {
		e, _ := lib.Module(n)
		a, ms := e.Actions()
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		c.Actions = append(c.Actions, a...)
	}
	for _, p := range m.Parameters {
		if strings.HasSuffix(p.ID, "_trig") {
			c.Variables = append(c.Variables, p.ID)
		}
	}
	for _, s := range states(t, m, c) {
		c.Record = append(c.Record, compile.Selection{ID: s})
	}
	plan, ms := sim.Build(c)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	b := &bench{plan: plan, worker: plan.NewWorker()}
	chosen := map[string]float64{}
	choose := func(id string, v float64) {
		for _, k := range plan.Program().Constants() {
			if k.ID == id || strings.HasPrefix(id, "ch_") && strings.HasSuffix(k.ID, "_"+id) {
				chosen[k.ID] = v
			}
		}
	}
	choose("ch_eIgG", 0) // the independent model does not know immunoglobulin of the disease's plasmablasts
	for id, v := range unfitted(t, lib, m) {
		chosen[id] = v
	}
	for id, v := range tabled(t, "earlier.tsv") {
		choose(id, v)
	}
	if off {
		for id, v := range tabled(t, "base.tsv") {
			choose(id, v)
		}
	}
	for id, v := range set {
		choose(id, v)
	}
	for id, v := range chosen {
		b.values = append(b.values, sim.Setting{ID: id, Value: v})
	}
	sort.Slice(b.values, func(i, j int) bool { return b.values[i].ID < b.values[j].ID })
	return b
}

// unfitted gives the values that the model's fitted parameters had before: references were
// computed with those. A reference of a later date sets what it was computed with.
func unfitted(t testing.TB, lib *library.Library, m *model.Model) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for _, name := range lib.Names("fit") {
		src := lib.RecordSource(name)
		if src == nil {
			continue
		}
		r, ms := fit.ReadRecord(src)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		for _, x := range r.Parameters {
			if x.Module == "" {
				continue // a population's
			}
			e, ms := lib.Module(x.Module)
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			for _, row := range e.Rows() {
				if row.ID != x.ID || x.Of != "value" {
					continue
				}
				for _, p := range m.Parameters {
					if p.TableAt.Src != nil && p.TableAt.Src.Name == row.At.Src.Name && p.TableAt.Start == row.At.Start {
						out[p.ID] = x.Before
					}
				}
			}
		}
	}
	return out
}

func states(t testing.TB, m *model.Model, c sim.Config) []string {
	p, ms := compile.Compile(m, compile.Options{Actions: c.Actions, Variables: c.Variables})
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	var out []string
	for _, s := range p.States() {
		out = append(out, s.ID)
	}
	return out
}

// from makes a start state from reference values; states that it does not name stay as
// the model starts them.
func (b *bench) from(t testing.TB, values map[string]float64) sim.Begin {
	begin, f := b.worker.Settle(sim.Patient{Values: b.values}, 0)
	if f != nil {
		t.Fatal(f)
	}
	for id, v := range values {
		if i, ok := b.plan.Program().StateIndex(id); ok {
			begin.Y[i] = v
		}
	}
	return begin
}

func dose(day float64, action string, amount float64) sim.Dose {
	return sim.Dose{Intervention: regimen.Intervention{Time: day, Action: action, Amount: amount}, Hold: -1}
}

var lymphodepletion = []sim.Dose{dose(-5, "flucy.fludarabine_units", 0.55), dose(-4, "flucy.fludarabine_units", 0.55),
	dose(-3, "flucy.fludarabine_units", 0.55), dose(-3, "flucy.cyclophosphamide_units", 2.5)}

func courses(step float64, days []float64, miu func(k int) float64) []sim.Dose {
	var out []sim.Dose
	for k, d := range days {
		for j := 0; j < 5; j++ {
			out = append(out, dose(d+float64(j)*step, "il2.sc", miu(k)))
		}
	}
	return out
}

// treated is a case of the reference: modules, doses, settings.
type treated struct {
	name    string
	modules []string
	doses   []sim.Dose
	set     map[string]float64
	within  float64
}

func treatedCases() []treated {
	vasculitis := courses(1, []float64{0, 21, 42, 63}, func(k int) float64 {
		if k == 0 {
			return 1.5
		}
		return 3
	})
	var high []sim.Dose
	for j := 0; j < 14; j++ {
		high = append(high, dose(float64(j)/3, "il2.iv", 42))
	}
	lupus := append(append([]sim.Dose(nil), lymphodepletion...), dose(0, "car.infusion", 7e7))
	leukaemia := append(append([]sim.Dose(nil), lymphodepletion...), dose(0, "car.infusion", 2e8))
	cases := []treated{
		{"vasculitis-il2", []string{"immune-core", "hcv-vasculitis", "interleukin-2"}, vasculitis, nil, 0.002},
		{"lupus-car-t", []string{"immune-core", "systemic-lupus", "flu-cy", "cd19-car-t"}, lupus, nil, 0.001},
		{"high-dose-il2", []string{"immune-core", "interleukin-2"}, high, nil, 0.001},
		{"leukaemia-car-t", []string{"immune-core", "b-cell-leukaemia", "flu-cy", "cd19-car-t"}, leukaemia, map[string]float64{"car_muCM": 0.006, "car_ksen": 0.001, "ball_rT": 0.06, "ball_sCAR": 1, "ball_wS": 0.2, "ball_kmarrow": 0}, 0.001},
	}
	for _, miu := range []float64{0.1, 0.3, 1, 3, 10, 30} {
		cases = append(cases, treated{"window-" + strconv.FormatFloat(miu, 'g', -1, 64), []string{"immune-core", "interleukin-2"},
			courses(1, []float64{0}, func(int) float64 { return miu }), nil, 0.001})
	}
	return cases
}

func TestReferenceTrajectories(t *testing.T) {
	ref := readReference(t, "trajectories.csv")
	cases := treatedCases()
	for _, c := range cases {
		for _, mode := range []string{"base", "full"} {
			want := ref[c.name+"-"+mode]
			if len(want) == 0 {
				continue
			}
			t.Run(c.name+"-"+mode, func(t *testing.T) {
				b := newBench(t, mode == "base", c.set, c.modules...)
				times := daysOf(t, want)
				tr := b.run(t, want[strconv.FormatFloat(times[0], 'f', 1, 64)], sim.Schedule{Start: times[0], End: times[len(times)-1], Doses: c.doses, Times: times})
				compare(t, b, tr, want, c.within)
			})
		}
	}
}

// compare holds every state at every time against the reference: within the given share
// of its value, or 1e-4 of the state's own maximum.
func compare(t *testing.T, b *bench, tr *sim.Trajectory, want map[string]map[string]float64, within float64) {
	t.Helper()
	at, most := byDay(t, want)
	worst, worstID, worstT, compared := 0.0, "", 0.0, 0
	for k, s := range b.plan.Program().States() {
		for j, day := range tr.Times {
			w, ok := at[day][s.ID]
			if !ok {
				continue
			}
			compared++
			d := math.Abs(tr.Values[k][j] - w)
			if d <= 1e-4*most[s.ID] || d < 1e-8 {
				continue
			}
			if r := d / math.Abs(w); r > worst {
				worst, worstID, worstT = r, s.ID, day
			}
		}
	}
	if compared < 40*len(tr.Times) {
		t.Errorf("only %d values were compared", compared)
	}
	if worst > within {
		t.Errorf("%s at day %g differs by %.3g %% (limit %g %%)", worstID, worstT, 100*worst, 100*within)
	}
	t.Logf("%d values, worst %.2g %% in %s at day %g; %d steps", compared, 100*worst, worstID, worstT, tr.Stats.Accepted)
}

func TestFlares(t *testing.T) {
	ref := readReference(t, "trajectories.csv")
	for _, name := range []string{"flare-quiet-base", "flare-memory-base", "flare-after-car-t-base"} {
		want := ref[name]
		modules := []string{"immune-core", "systemic-lupus"}
		end := 720.0
		if name == "flare-after-car-t-base" {
			modules = append(modules, "flu-cy", "cd19-car-t")
			end = 500
		}
		b := newBench(t, true, nil, modules...)
		begin := b.from(t, want["start"])
		k := -1
		for i, s := range b.plan.Program().States() {
			if s.ID == "sle_ch_D" {
				k = i
			}
		}
		var times []float64
		for d := 0.0; d <= end; d += 0.25 {
			times = append(times, d)
		}
		for height, values := range want {
			if height == "start" {
				continue
			}
			pulse := sim.Pulse{Target: "sle_ch_trig", Start: 0, Duration: 35, Height: number(t, height)}
			tr, f := b.worker.Run(sim.Patient{Values: b.values, Pulses: []sim.Pulse{pulse}}, begin, sim.Schedule{End: end, Times: times})
			if f != nil {
				t.Fatal(f)
			}
			most := 0.0
			for _, v := range tr.Values[k] {
				most = math.Max(most, v)
			}
			if w := values["max_D"]; math.Abs(most-w) > 0.001*w {
				t.Errorf("%s, trigger %s: largest D %.6g, want %.6g", name, height, most, w)
			}
			if last, w := tr.Values[k][len(times)-1], values["end_D"]; math.Abs(last-w) > 0.001*w && math.Abs(last-w) > 1e-4*values["max_D"] {
				t.Errorf("%s, trigger %s: last D %.6g, want %.6g", name, height, last, w)
			}
		}
	}
}

// TestMaxima holds the largest values of table E.3 and its kin (eosinophils, vascular leak,
// plasma interleukin-2, CAR-T cells) against the independent implementation.
func TestMaxima(t *testing.T) {
	ref := readReference(t, "trajectories.csv")
	rows := readTable(t, "maxima.csv")
	compared := 0
	for _, c := range treatedCases() {
		for _, mode := range []string{"base", "full"} {
			name := c.name + "-" + mode
			want := map[string]float64{}
			for _, r := range rows {
				if r[0] == name {
					want[r[1]] = number(t, r[2])
				}
			}
			if len(want) == 0 || len(ref[name]) == 0 {
				continue
			}
			b := newBench(t, mode == "base", c.set, c.modules...)
			start := math.Inf(1)
			for k := range ref[name] {
				start = math.Min(start, number(t, k))
			}
			end := map[string]float64{"w": 8, "h": 20, "v": 120, "l": 60}[name[:1]]
			if strings.HasPrefix(name, "lupus") {
				end = 360
			}
			step := 0.02
			if end <= 20 {
				step = 0.002 // plasma interleukin-2 peaks within two hours
			}
			var times []float64
			for i := 0; ; i++ {
				d := start + step*float64(i)
				if d > end {
					break
				}
				times = append(times, d)
			}
			for _, d := range c.doses { // the moment after a dose
				if d.Time+1e-9 < end {
					times = append(times, d.Time+1e-9)
				}
			}
			sort.Float64s(times)
			begin := b.from(t, ref[name][strconv.FormatFloat(start, 'f', 1, 64)])
			tr, failure := b.worker.Run(sim.Patient{Values: b.values}, begin, sim.Schedule{Start: start, End: end, Doses: c.doses, Times: times})
			if failure != nil {
				t.Fatal(failure)
			}
			for k, s := range b.plan.Program().States() {
				w, ok := want[s.ID]
				if !ok {
					continue
				}
				compared++
				most := math.Inf(-1)
				for _, v := range tr.Values[k] {
					most = math.Max(most, v)
				}
				if math.Abs(most-w) > 0.001*math.Abs(w)+1e-8 {
					t.Errorf("%s: largest %s is %.7g, want %.7g", name, s.ID, most, w)
				}
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d maxima were compared", compared)
	}
}
