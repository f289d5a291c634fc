// Package report shows a trial's Result as HTML, CSV and SVG (floor 4; imports trial).
//
//	err := report.HTML(w, result, "en")
//
// A report is one file without anything from outside: it can be mailed, printed and kept.
// Its plots are drawn by the small SVG writer of this package. It says on top and at the
// end that it is for research and teaching.
package report
