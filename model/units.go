package model

import (
	"thymus/diag"
	"thymus/unit"
)

// checkUnit says what is wrong with the text of a unit, or nil.
func checkUnit(text string, at diag.Place) *diag.Message {
	if _, err := unit.Parse(text); err != nil {
		m := diag.Errorf(at, "%v", err)
		return &m
	}
	return nil
}
