// Package store keeps runs and tables on disk (floor 4); nothing else opens a results file.
//
// A run is a folder: manifest.json, copies of its inputs, Parquet tables, and what reports
// write there. While it is made, finished chunks lie in chunks/, each written under another
// name and renamed, with a checksum; Finish joins them, one at a time, so that memory does not
// grow with the run. A run that was interrupted at any
// moment continues with the chunks that are whole and ends in the same bytes.
//
//	run, err := store.Create("results/lupus", manifest)
//	err = run.WriteChunk(0, tables)
//	err = run.Finish([]string{"patients", "endpoints"}, nil, status)
//
// Invariants: nothing in a run folder depends on the clock or the number of workers.
package store
