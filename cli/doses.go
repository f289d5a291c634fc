package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"thymus"
	"thymus/sim"
	"thymus/table"
)

const dosesHelp = `--doses takes two kinds of tables, told apart by their header. The simple one has the
columns time, target, amount and perhaps duration. The other is NONMEM's: ID, TIME, EVID
(0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose), AMT, CMT, RATE (-1 and -2:
the model gives rate or duration), II, ADDL, SS (1, 2, 3) and MDV, in any order and case.
CMT is an id of the model or a number; --compartments prints the numbers. Lag,
bioavailability, rate and duration are columns or quantities of the model named ALAG_x,
F_x, R_x and D_x, where x is the compartment's number or id. Any other column that is
named as a parameter of the model sets it. The result has one row a record, or, with
--end and --steps, the same times for everyone.`

// compartmentsText is what --compartments prints.
func compartmentsText(w io.Writer, list []sim.Compartment) {
	if len(list) == 0 {
		fmt.Fprintln(w, "the model has nothing that can be dosed")
		return
	}
	width := 2
	for _, c := range list {
		width = max(width, len(c.ID))
	}
	fmt.Fprintf(w, "%3s  %-*s  kind\n", "CMT", width, "id")
	for _, c := range list {
		fmt.Fprintf(w, "%3d  %-*s  %s", c.Number, width, c.ID, c.Kind)
		if c.Unit != "" {
			fmt.Fprintf(w, ", doses in %s", c.Unit)
		}
		for _, x := range []struct{ what, id string }{{"lag", c.Lag}, {"bioavailability", c.Share}, {"rate", c.Rate}, {"duration", c.Duration}} {
			if x.id != "" {
				fmt.Fprintf(w, ", %s %s", x.what, x.id)
			}
		}
		fmt.Fprintln(w)
	}
}

// doseRecords simulates every individual of a NONMEM table. CSV is written as it comes;
// Parquet, JSON and plots need everything at once.
func (f *face) doseRecords(ctx context.Context, app *thymus.App, r thymus.RecordsRequest, out, plot string) error {
	var w io.Writer = f.out
	var file *os.File
	stream := !f.json && (out == "" && plot == "" || strings.HasSuffix(out, ".csv"))
	whole := &table.Table{Name: "trajectories"}
	var all []thymus.IndividualResult
	var columns []string
	keep := !stream || plot != ""
	begin := func(names []string) error {
		columns = names
		head := individualTable("ID", names, thymus.IndividualResult{Values: make([][]float64, len(names))})
		if keep {
			*whole = *head
		}
		if !stream {
			return nil
		}
		if out != "" {
			var err error
			if file, err = os.Create(out); err != nil {
				return err
			}
			w = file
		}
		return head.WriteCSV(w)
	}
	var failures []error
	warned := map[string]bool{}
	result, err := app.SimulateRecords(ctx, r, begin, func(res thymus.IndividualResult) error {
		if res.Failure != nil {
			if len(failures) < 10 {
				fmt.Fprintf(f.err, "error: %v\n", res.Failure)
			}
			failures = append(failures, res.Failure)
		}
		for _, text := range res.Warnings {
			if !warned[text] {
				warned[text] = true
				fmt.Fprintf(f.err, "warning: ID %s: %s\n", res.ID, text)
			}
		}
		rows := individualTable(res.ID, columns, res)
		if keep {
			all = append(all, res)
			if err := whole.AppendRows(rows); err != nil {
				return err
			}
		}
		if stream {
			return rows.WriteRows(w)
		}
		return nil
	})
	if file != nil {
		if e := file.Close(); err == nil {
			err = e
		}
	}
	if result == nil {
		return err
	}
	f.messages(result.Messages)
	if err != nil {
		return err
	}
	if plot != "" {
		if err := thymus.PlotRecords(plot, result.Model, columns, all); err != nil {
			return err
		}
	}
	if f.json {
		err = f.print(recordsJSON(result, columns, all), nil)
	} else if out != "" && !stream {
		err = thymus.WriteTable(out, whole)
	}
	if err != nil {
		return err
	}
	if out != "" || plot != "" {
		fmt.Fprintf(f.err, "%s: %d individuals, %d rows, %d steps", result.Model, result.Individuals, result.Rows, result.Steps)
		for _, p := range []string{out, plot} {
			if p != "" {
				fmt.Fprintf(f.err, ", wrote %s", p)
			}
		}
		fmt.Fprintln(f.err)
	}
	if result.Failed > 0 {
		fmt.Fprintf(f.err, "%d of %d individuals could not be simulated to the end\n", result.Failed, result.Individuals)
		return errFindings
	}
	return nil
}

// individualTable has the columns ID, time and what was asked for.
func individualTable(id string, columns []string, res thymus.IndividualResult) *table.Table {
	ids := make([]string, len(res.Times))
	for i := range ids {
		ids[i] = id
	}
	t := &table.Table{Name: "trajectories"}
	t.Append(table.Strings("ID", ids), table.Floats("time", "", append([]float64{}, res.Times...)))
	for i, c := range columns {
		t.Append(table.Floats(c, "", append([]float64{}, res.Values[i]...)))
	}
	return t
}

func recordsJSON(result *thymus.RecordsResult, columns []string, all []thymus.IndividualResult) map[string]any {
	individuals := make([]map[string]any, len(all))
	for i, res := range all {
		one := map[string]any{"id": res.ID, "time": res.Times}
		values := map[string]any{}
		for k, c := range columns {
			list := make([]any, len(res.Values[k]))
			for n, v := range res.Values[k] {
				if list[n] = v; math.IsNaN(v) || math.IsInf(v, 0) {
					list[n] = fmt.Sprint(v)
				}
			}
			values[c] = list
		}
		one["values"] = values
		if res.Failure != nil {
			one["failure"] = res.Failure.Error()
		}
		individuals[i] = one
	}
	return map[string]any{"model": result.Model, "columns": columns, "individuals": individuals, "failed": result.Failed, "steps": result.Steps, "disclaimer": thymus.Disclaimer}
}
