package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"thymus/library"
)

// TestDiseasesPage: every trial that docs/diseases.md names can be run by that name.
func TestDiseasesPage(t *testing.T) {
	text, err := os.ReadFile("../docs/diseases.md")
	if err != nil {
		t.Fatal(err)
	}
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	trials := map[string]bool{}
	for _, name := range lib.Names("trial") {
		trials[name] = true
	}
	named := 0
	for _, row := range strings.Split(string(text), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) != 5 {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1) {
			named++
			if !trials[m[1]] {
				t.Errorf("there is no trial %s", m[1])
			}
		}
	}
	if named < 20 {
		t.Errorf("%d trials are named", named)
	}
}
