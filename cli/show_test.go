package cli

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestShowTells: show prints a module's story apart, in both languages, and draws it.
func TestShowTells(t *testing.T) {
	svg := filepath.Join(t.TempDir(), "d.svg")
	for language, wants := range map[string][]string{
		"en": {"\nAssumptions\n", "\nKnown failures and what is left out\n", "\nDiagram\n", "CE_rest", "d/dt", "to port", "steered by", "\nSources\n"},
		"fr": {"\nSchéma\n", "vers le port", "Cellules CAR-T"},
	} {
		code, out, errs := do("show", "cd19-car-t", "--language", language, "--svg", svg)
		if code != exitOK || errs != "" {
			t.Fatal(code, errs)
		}
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", language, want, out)
			}
		}
		text, err := os.ReadFile(svg)
		if err != nil {
			t.Fatal(err)
		}
		boxes := 0
		for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
				boxes++
			}
		}
		if boxes < 10 {
			t.Errorf("%s: %d boxes", language, boxes)
		}
	}
	if code, _, errs := do("show", "lupus-il2", "--svg", svg); code != exitInput || !strings.Contains(errs, "only modules have a diagram") {
		t.Error(code, errs)
	}
	if code, _, errs := do("show", "lupus-il2", "--language", "la"); code != exitInput || !strings.Contains(errs, "en or fr") {
		t.Error(code, errs)
	}
	if code, out, _ := do("show", "lupus-il2", "--language", "fr"); code != exitOK || !strings.Contains(out, "Interleukine-2") || !strings.Contains(out, "Critères") {
		t.Error(code, out)
	}
}
