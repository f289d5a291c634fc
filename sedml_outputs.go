package thymus

import (
	"fmt"
	"math"

	"thymus/diag"
	"thymus/report"
	"thymus/sedml"
	"thymus/table"
)

// data computes a data generator: one list of numbers a run.
func (x *experiment) data(id string) ([][]float64, error) {
	var g *sedml.Generator
	for i := range x.doc.Generators {
		if x.doc.Generators[i].ID == id {
			g = &x.doc.Generators[i]
		}
	}
	values := map[string]float64{}
	for _, p := range g.Parameters {
		values[p.ID] = p.Value
	}
	type input struct {
		name string
		data [][]float64
	}
	var inputs []input
	runs := 1
	for _, v := range g.Variables {
		k, _, err := key(v)
		if err != nil {
			return nil, failed(v.At, "%v", err)
		}
		all, err := x.results(v.Task)
		if err != nil {
			return nil, err
		}
		in := input{name: v.ID}
		for _, r := range all {
			if c, ok := r.cols[k]; ok && (v.Model == "" || v.Model == r.model) {
				in.data = append(in.data, c)
			}
		}
		if len(in.data) == 0 {
			return nil, failed(v.At, "no model of the task %s has %s", v.Task, k)
		}
		inputs = append(inputs, in)
		if n := len(in.data); n > 1 {
			if runs > 1 && runs != n {
				return nil, failed(v.At, "the data generator %s puts results of %d and %d runs together", g.ID, runs, n)
			}
			runs = n
		}
	}
	rows := make([]int, runs)
	out := make([][]float64, runs)
	pick := func(in input, run int) []float64 { return in.data[min(run, len(in.data)-1)] }
	for k := range out {
		rows[k] = 1
		for i, in := range inputs {
			if n := len(pick(in, k)); n != 1 {
				if rows[k] > 1 && rows[k] != n {
					return nil, failed(g.Variables[i].At, "the data generator %s puts %d and %d rows together", g.ID, rows[k], n)
				}
				rows[k] = n
			}
		}
		out[k] = make([]float64, rows[k])
		each := make([]map[string]float64, rows[k])
		for row := range each {
			each[row] = map[string]float64{}
			for name, v := range values {
				each[row][name] = v
			}
			for _, in := range inputs {
				c := pick(in, k)
				each[row][in.name] = c[min(row, len(c)-1)]
			}
		}
		formula, err := sedml.Reduce(g.Math, each)
		if err != nil {
			return nil, err
		}
		for row := range out[k] {
			v, err := sedml.Evaluate(formula, each[row])
			if err != nil {
				return nil, err
			}
			out[k][row] = v
		}
	}
	return out, nil
}

func (x *experiment) name(id string) string {
	for _, g := range x.doc.Generators {
		if g.ID == id && g.Name != "" {
			return g.Name
		}
	}
	return id
}

// report puts data generators side by side. With several runs a first column counts them.
func (x *experiment) report(o *sedml.Output) (*table.Table, error) {
	var all [][][]float64
	runs := 1
	for _, c := range o.Columns {
		d, err := x.data(c.Data)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
		runs = max(runs, len(d))
	}
	columns := make([][]float64, len(all))
	var counter []int64
	for k := 0; k < runs; k++ {
		rows := 0
		for _, d := range all {
			rows = max(rows, len(d[min(k, len(d)-1)]))
		}
		for row := 0; row < rows; row++ {
			counter = append(counter, int64(k+1))
			for i, d := range all {
				v := math.NaN()
				switch one := d[min(k, len(d)-1)]; {
				case row < len(one):
					v = one[row]
				case len(one) == 1:
					v = one[0]
				}
				columns[i] = append(columns[i], v)
			}
		}
	}
	t := &table.Table{Name: o.ID}
	used := map[string]bool{}
	if runs > 1 {
		t.Append(table.Ints("run", "", counter))
		used["run"] = true
	}
	for i, c := range o.Columns {
		label := c.Label
		if label == "" {
			label = x.name(c.Data)
		}
		for used[label] {
			label += "_"
		}
		used[label] = true
		t.Append(table.Floats(label, "", append([]float64{}, columns[i]...)))
	}
	return t, nil
}

// plot draws a curve for every run.
func (x *experiment) plot(o *sedml.Output) (*report.Plot, error) {
	p := &report.Plot{Title: o.Name}
	if p.Title == "" {
		p.Title = o.ID
	}
	scale := func(list []float64, log bool) []float64 {
		if !log {
			return list
		}
		out := make([]float64, len(list))
		for i, v := range list {
			out[i] = math.Log10(v)
		}
		return out
	}
	for _, c := range o.Curves {
		xs, err := x.data(c.X)
		if err != nil {
			return nil, err
		}
		ys, err := x.data(c.Y)
		if err != nil {
			return nil, err
		}
		name := c.Name
		if name == "" {
			name = x.name(c.Y)
		}
		if o.LogY {
			name = "log10 " + name
		}
		if p.X == "" {
			if p.X = x.name(c.X); o.LogX {
				p.X = "log10 " + p.X
			}
		}
		for k := 0; k < max(len(xs), len(ys)); k++ {
			a, b := scale(xs[min(k, len(xs)-1)], o.LogX), scale(ys[min(k, len(ys)-1)], o.LogY)
			if len(a) != len(b) {
				return nil, failed(c.At, "the curve has %d and %d points", len(a), len(b))
			}
			s := report.Series{X: a, Y: b}
			if k == 0 {
				s.Name = name
			} else {
				s.Name = fmt.Sprintf("%s %d", name, k+1)
			}
			if o.LogX {
				s = finiteOnly(s)
			}
			p.Series = append(p.Series, s)
		}
	}
	if n := len(p.Series); n > mostCurves {
		p.Series = p.Series[:mostCurves]
		x.result.Messages = append(x.result.Messages, diag.Warnf(o.At, "the plot %s has %d curves: the first %d are drawn", o.ID, n, mostCurves))
	}
	return p, nil
}

// finiteOnly leaves points whose x is a number.
func finiteOnly(s report.Series) report.Series {
	out := report.Series{Name: s.Name}
	for i, v := range s.X {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out.X, out.Y = append(out.X, v), append(out.Y, s.Y[i])
		}
	}
	return out
}

func sortedKeys(m map[string]float64) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	for i := 1; i < len(out); i++ {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}
