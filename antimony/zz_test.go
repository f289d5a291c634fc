package antimony_test

import (
	"fmt"
	"os"
	"testing"

	"thymus/antimony"
	"thymus/diag"
)

func TestZZ(t *testing.T) {
	name := os.Getenv("ZZ")
	if name == "" {
		t.Skip()
	}
	text, _ := os.ReadFile(name)
	doc, ms := antimony.Read(&diag.Source{Name: name, Text: string(text)}, importer("/"))
	fmt.Println(ms)
	if doc != nil {
		out, ms := antimony.Convert(doc)
		fmt.Println(out, ms)
	}
}
