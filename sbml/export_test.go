package sbml

// SetBounds makes the bounds of what is read smaller; the result puts them back.
func SetBounds(bytes, elements int) (restore func()) {
	a, b := maxBytes, maxElements
	maxBytes, maxElements = bytes, elements
	return func() { maxBytes, maxElements = a, b }
}
