package model

import (
	"strings"

	"thymus/diag"
	"thymus/unit"
)

// checkUnit says what is wrong with the text of a unit, or nil.
func checkUnit(text string, at diag.Place) *diag.Message {
	if _, err := unit.Parse(text); err != nil {
		what, help, _ := strings.Cut(err.Error(), "; ")
		m := diag.Errorf(at, "%s", what)
		if help != "" {
			m = m.WithHelp("%s", help)
		}
		return &m
	}
	return nil
}
