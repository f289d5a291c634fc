// Package omex reads and writes COMBINE archives (floor 2): zip files with a manifest that
// says what each file is (F. T. Bergmann et al., COMBINE archive and OMEX format, BMC
// Bioinformatics 15:369, 2014).
//
//	archive, messages := omex.Read(data, name)
//	entries := archive.Choose(omex.IsSEDML)
//	text, ok := archive.Content(entries[0].Location)
//
// Invariants: what is read is bounded in number and size of files, whatever the zip claims;
// no path leads out of the archive; metadata are kept as they are and not interpreted;
// writing the same archive gives the same bytes.
package omex
