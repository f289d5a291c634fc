// Package conformance judges thymus by suites that others published (floor 4). The
// suites' files stay where the user downloaded them; nothing of them is in this tree.
//
//	suite, _ := conformance.Find("sbml-semantic")
//	result, err := conformance.Run(ctx, suite, folder, conformance.Options{Read: read})
//	err = result.WriteCSV(w)
//
// A suite is a row of Suites: a function that lists the cases of a folder and one that
// judges a case. A case is one file: a folder of the SBML Test Suite that holds a model
// in six dialects is six cases. The runner judges cases with several workers, catches
// panics, bounds each case's steps and time, and gives rows in the order of the list.
//
// Invariants: nothing depends on a case's name or number; what stands in a row, but for
// its seconds, is a function of the case's files and the options; a case passes only
// when every value that the suite states was compared and found within what it allows.
package conformance
