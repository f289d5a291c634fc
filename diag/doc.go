// Package diag holds places in the texts users write and messages about them.
//
// Floor 0: standard library alone.
//
// A reader makes one Source per text, gives every element it builds a Place, and
// answers with Messages, as many as it can find:
//
//	src := &diag.Source{Name: "pd1.ant", Text: text}
//	var ms diag.Messages
//	ms = append(ms, diag.Errorf(diag.Place{Src: src, Start: 12, End: 14},
//		"unknown symbol %q", "CLL").WithHelp("%s", diag.DidYouMean("CLL", known)))
//	diag.Write(os.Stderr, ms, false)
//
// Invariants: Places are byte offsets and are never adjusted; a Place outside its
// text is clamped, never a panic; lines and columns count from 1, columns in runes;
// only Severity Error makes HasErrors true; writing messages never changes them.
package diag
