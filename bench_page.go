package thymus

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"thymus/bench"
	"thymus/report"
)

// BenchFigure writes a number with about three digits; what is not known is a dash.
func BenchFigure(v float64) string {
	switch a := math.Abs(v); {
	case v != v:
		return "-"
	case a >= 100 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case a >= 0.1:
		return fmt.Sprintf("%.3g", v)
	}
	return fmt.Sprintf("%.1e", v)
}

// WritePage writes what was measured as a page of Markdown, and beside it a
// work-precision plot (NAME-PROBLEM.svg) for each problem that was solved at several
// tolerances. command is the one that measured it.
func (r *BenchResult) WritePage(path, command string) error {
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	plots, problems := r.plots()
	var images strings.Builder
	for i, p := range plots {
		name := stem + "-" + problems[i] + ".svg"
		if err := writeFile(name, p.SVG); err != nil {
			return err
		}
		fmt.Fprintf(&images, "![%s](%s)\n\n", p.Title, filepath.Base(name))
	}
	return writeFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, r.page(command, images.String()))
		return err
	})
}

// first are the rows at the first tolerance.
func (r *BenchResult) first() []bench.Row {
	var rows []bench.Row
	for _, x := range r.Rows {
		if x.Rtol == r.Rows[0].Rtol {
			rows = append(rows, x)
		}
	}
	return rows
}

func (r *BenchResult) page(command, images string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# How fast, and how well\n\n```\n$ %s\n```\n\nThis page is that command's output; it is not written by hand. To repeat it, build the peers first (without them,\nleave out `--peers`):\n\n```\n$ thymus bench --write-peers peers\n$ sh peers/build.sh\n```\n\n", command)
	fmt.Fprintf(&b, "- thymus %s, %s, %s\n- processor: %s\n", r.Version, r.Go, r.Platform, r.Processor)
	for _, p := range r.Peers {
		fmt.Fprintf(&b, "- %s\n", p)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", n)
	}
	rows := r.first()
	yardstick := map[string]float64{} // CVODE with KLU
	alone := map[string]float64{}     // one worker, by the clock on the wall
	for _, x := range rows {
		if x.Solver == "cvode" && x.How == "klu" {
			yardstick[x.Problem] = x.PerSecond
		}
		if x.Solver == "thymus" && x.Workers == 1 {
			alone[x.Problem+x.How] = x.Wall
		}
	}
	fmt.Fprintf(&b, "\n## At rtol %g\n\nThe problems: `pkpd` (4 states), `cart` (15) and `qsp` (50) over a year with doses, `egfr` (93) over two hours; `lupus` is the\nlibrary's patient, treated with CAR-T cells and followed for two years, enrolment included. Medians of %d rounds in which\nevery row ran in turn. \"a core\" is by processor time of the whole process, \"in all\" by the clock on the wall. Steps,\nrejected steps and right-hand sides are a patient's. The error is the largest of |y-r|/(|r| + 1e-3 max|r| + 100 atol)", rows[0].Rtol, r.Rounds)
	if r.Judged > 0 {
		fmt.Fprintf(&b, ", over\n%d patients, all states and all outputs but those at a dose, against thymus's solution at rtol %g", r.Judged, bench.ReferenceRtol)
	}
	b.WriteString(". LSODA is\ncalled through Python: only its error is told. deSolve is LSODA called from R once a patient, with the model in C; what\nR itself does in a call is counted, since its users wait for it, too.\n\n")
	b.WriteString("| problem | solver | how | workers | patients/s a core | times CVODE (KLU) | patients/s in all | steps | rejected | right-hand sides | largest error | model to first step [ms] |\n| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, x := range rows {
		times := math.NaN()
		if y, ok := yardstick[x.Problem]; ok {
			times = x.PerSecond / y
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", x.Problem, x.Solver, x.How, x.Workers, BenchFigure(x.PerSecond), BenchFigure(times), BenchFigure(x.Wall),
			BenchFigure(x.Steps), BenchFigure(x.Rejected), BenchFigure(x.RHS), BenchFigure(x.MaxError), BenchFigure(x.Startup))
	}
	var scaling []string
	for _, x := range rows {
		if one, ok := alone[x.Problem+x.How]; ok && x.Solver == "thymus" && x.Workers > 1 {
			scaling = append(scaling, fmt.Sprintf("%d workers are %.2f times as fast as one on %s", x.Workers, x.Wall/one, x.Problem))
		}
	}
	if len(scaling) > 0 {
		fmt.Fprintf(&b, "\nBy the clock on the wall, %s.\n", strings.Join(scaling, ",\n"))
	}
	if images != "" {
		fmt.Fprintf(&b, "\n## Work and precision\n\nProcessor time a patient against the largest error, one point a relative tolerance.\n\n%s", images)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// plots are the problems' errors against processor time, for every solver that was timed
// at two tolerances or more.
func (r *BenchResult) plots() (plots []report.Plot, problems []string) {
	at := map[string]int{}
	for _, x := range r.Rows {
		if x.Workers != 1 || !(x.PerSecond > 0) || !(x.MaxError > 0) || math.IsInf(x.MaxError, 0) {
			continue
		}
		i, ok := at[x.Problem]
		if !ok {
			i = len(plots)
			at[x.Problem] = i
			problems = append(problems, x.Problem)
			plots = append(plots, report.Plot{Title: x.Problem + ": largest error against processor time a patient", X: "processor time a patient [ms]", Y: "largest error", Log: true})
		}
		name := x.Solver + " " + x.How
		p := &plots[i]
		k := 0
		for k < len(p.Series) && p.Series[k].Name != name {
			k++
		}
		if k == len(p.Series) {
			p.Series = append(p.Series, report.Series{Name: name})
		}
		p.Series[k].X, p.Series[k].Y = append(p.Series[k].X, 1e3/x.PerSecond), append(p.Series[k].Y, x.MaxError)
	}
	var some []report.Plot
	var names []string
	for i, p := range plots {
		var lines []report.Series
		for _, s := range p.Series {
			if len(s.X) > 1 {
				sortByX(s)
				lines = append(lines, s)
			}
		}
		if p.Series = lines; len(lines) > 0 {
			some, names = append(some, p), append(names, problems[i])
		}
	}
	return some, names
}

// sortByX puts a line's points in order.
func sortByX(s report.Series) {
	for i := range s.X {
		for k := i; k > 0 && s.X[k] < s.X[k-1]; k-- {
			s.X[k], s.X[k-1] = s.X[k-1], s.X[k]
			s.Y[k], s.Y[k-1] = s.Y[k-1], s.Y[k]
		}
	}
}

// CanWritePage says early whether a page can be written.
func CanWritePage(path string) error {
	if filepath.Ext(path) != ".md" {
		return fmt.Errorf("a page's name ends in .md")
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return err
	}
	return CanWrite(path)
}
