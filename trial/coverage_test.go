package trial

import (
	"fmt"
	"testing"

	"thymus/library"
)

func TestCover(t *testing.T) {
	rows := []library.EvidenceRow{
		{ID: "A1", Study: "A", Status: "verified"}, {ID: "A2", Study: "A", Status: "verified"}, {ID: "A3", Study: "A", Status: "verified"},
		{ID: "A4", Study: "A", Status: "recalled"}, {ID: "A5", Study: "A", Status: "recalled"}, {ID: "B1", Study: "B", Status: "verified"}, {ID: "B2", Study: "B", Status: "verified"}}
	specs := []*Spec{
		{ID: "one", Used: []Used{{Row: "A1", Part: Input, Why: "size"}, {Row: "A2", Part: OutOfScope, Why: "no such state"}, {Row: "B1", Part: Input, Why: "dose"}}},
		{ID: "two", Evidence: []Comparison{{Row: "A1", Note: "late"}, {Row: "A5"}}}}
	got := ""
	for _, c := range Cover(specs, rows) {
		got += fmt.Sprintf("%s %s %s %s\n", c.Row.ID, c.Part, c.Trial, c.Why)
	}
	want := "A1 predicted two late\nA2 out of scope one no such state\nA3 unmapped  \nA5 predicted two \nB1 input one dose\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
