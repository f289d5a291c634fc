package diag

// Source is one text a user wrote: a model file, a table, a trial.
type Source struct {
	Name string // as the user would name it: "library/core/immune-core.ant"
	Text string
}

// Place is a stretch of a Source, by byte offsets. The zero Place is "nowhere".
type Place struct {
	Src        *Source
	Start, End int // End is exclusive; End <= Start marks one character
}
