// Package table provides columns of numbers, words and truth values with names and
// units: what trajectories, endpoints and files share (floor 0; imports only the
// standard library).
//
//	t := &table.Table{Name: "endpoints"}
//	t.Append(
//		table.Ints("patient", "", []int64{1, 2}),
//		table.Floats("SLEDAI", "1", []float64{8, 10.5}),
//	)
//	err := t.WriteCSV(os.Stdout)
//
// Invariants of a checked table: every column has a name no other column has, its kind
// says which one of its four slices is in use, and all columns are equally long. The
// text written for a table is a function of the table alone.
package table
