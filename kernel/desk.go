package kernel

import "sync"

// desk holds the lists that are needed while a program's code is made. They are many times
// the size of the code, and a model has several programs, so desks are kept for the next.
// Each list belongs to one thing at a time; a desk to one program.
type desk struct {
	names  [4][]int32 // of single
	ints   [2][]int32 // of stretches
	flags  [3][]bool  // first of single, then of stretches
	counts []uint8
	code   []Instr

	known []known
	micro []minstr
	used  []int32
	wait  []waiting

	making // machine code
}

var desks = sync.Pool{New: func() any { return new(desk) }}

// zeros is a list of n zeros, made of the one that is there if it is long enough.
func zeros[T any](list *[]T, n int) []T {
	if cap(*list) < n {
		*list = make([]T, n)
		return *list
	}
	*list = (*list)[:n]
	clear(*list)
	return *list
}

// empty is a list of length 0 with room for n.
func empty[T any](list *[]T, n int) []T {
	if cap(*list) < n {
		*list = make([]T, 0, n)
	}
	return (*list)[:0]
}
