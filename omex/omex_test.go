package omex

import (
	"archive/zip"
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const head = `<?xml version="1.0"?><omexManifest xmlns="http://identifiers.org/combine.specifications/omex-manifest">
<content location="." format="http://identifiers.org/combine.specifications/omex"/>
<content location="./manifest.xml" format="http://identifiers.org/combine.specifications/omex-manifest"/>
`

// TestRoundTrip: what is written is read again, and written again to the same bytes; files
// that the manifest does not describe, such as metadata, are kept.
func TestRoundTrip(t *testing.T) {
	a := New("a.omex")
	a.Add(Entry{Location: "model.xml", Format: FormatSBML + ".level-3.version-2"}, []byte("<sbml/>"))
	a.Add(Entry{Location: "sim/run & see.sedml", Format: FormatSEDML, Master: true}, []byte("<sedML/>"))
	a.files["metadata.rdf"] = []byte("<rdf/>")
	var first, second bytes.Buffer
	if err := a.Write(&first); err != nil {
		t.Fatal(err)
	}
	b, ms := Read(first.Bytes(), "a.omex")
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if err := b.Write(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("written twice, not the same: %v", err)
	}
	if !reflect.DeepEqual(b.Files(), []string{"metadata.rdf", "model.xml", "sim/run & see.sedml"}) {
		t.Errorf("files %q", b.Files())
	}
	if got := b.Choose(IsSEDML); len(got) != 1 || !got[0].Master || got[0].Location != "sim/run & see.sedml" {
		t.Errorf("%+v", got)
	}
	if got := b.Choose(IsSBML); len(got) != 1 || got[0].Master {
		t.Errorf("%+v", got)
	}
	if c, ok := b.Content("model.xml"); !ok || string(c) != "<sbml/>" {
		t.Errorf("content %q", c)
	}
}

func TestBadArchives(t *testing.T) {
	small := bounds{5, 10000, 4000}
	for want, data := range map[string][]byte{
		"no zip":                  []byte("PK\x03\x04 and no more"),
		"no manifest.xml":         zipped(t, "model.xml", "<sbml/>"),
		"leads out":               zipped(t, "manifest.xml", head+"</omexManifest>", "../../etc/passwd", "x"),
		"is absolute":             zipped(t, "manifest.xml", head+"</omexManifest>", "/etc/passwd", "x"),
		"backslash":               zipped(t, "manifest.xml", head+"</omexManifest>", `..\x`, "x"),
		"twice":                   zipped(t, "manifest.xml", head+"</omexManifest>", "a/../x", "x", "x", "x"),
		"too large":               zipped(t, "manifest.xml", head+"</omexManifest>", "bomb", strings.Repeat("0", 4001)),
		"at most 5":               zipped(t, "1", "", "2", "", "3", "", "4", "", "5", "", "6", ""),
		"of all":                  zipped(t, "1", strings.Repeat("0", 3999), "2", strings.Repeat("0", 3999), "3", strings.Repeat("0", 3999)),
		"no XML":                  zipped(t, "manifest.xml", head),
		"expected <omexManifest>": zipped(t, "manifest.xml", "<sbml/>"),
		"document type":           zipped(t, "manifest.xml", `<!DOCTYPE a [<!ENTITY b "c">]>`+head+"</omexManifest>"),
		"no location":             zipped(t, "manifest.xml", head+`<content format="x"/></omexManifest>`),
		"no format":               zipped(t, "manifest.xml", head+`<content location="x"/></omexManifest>`),
		"true or false":           zipped(t, "manifest.xml", head+`<content location="x" format="f" master="maybe"/></omexManifest>`, "x", ""),
		"location \"../x\" leads": zipped(t, "manifest.xml", head+`<content location="../x" format="f"/></omexManifest>`),
	} {
		if _, ms := read(data, "a.omex", small); !ms.HasErrors() || !strings.Contains(ms.Error(), want) {
			t.Errorf("expected %q, got %v", want, ms)
		}
	}
	// a header that claims less than the file holds
	data := zipped(t, "manifest.xml", head+"</omexManifest>", "x", "0123456789")
	for _, ms := range []string{"does not hold"} {
		if _, got := Read(zipped(t, "manifest.xml", head+`<content location="modle.xml" format="f"/></omexManifest>`, "model.xml", ""), "a"); !strings.Contains(got.Error(), ms) || !strings.Contains(got.Error(), "did you mean") {
			t.Errorf("%v", got)
		}
	}
	if a, ms := Read(data, "a"); ms.HasErrors() || len(a.Files()) != 1 {
		t.Error(ms)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(zipped(f, "manifest.xml", head+`<content location="x" format="f" master="true"/></omexManifest>`, "x", "1"))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, ms := Read(data, "a.omex")
		_ = ms.Error()
		if a == nil {
			if !ms.HasErrors() {
				t.Fatal("refused without a message")
			}
			return
		}
		var b bytes.Buffer
		if err := a.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, ms := Read(b.Bytes(), "a.omex")
		if ms.HasErrors() || !reflect.DeepEqual(again.Files(), a.Files()) {
			t.Fatal(ms)
		}
	})
}

// FuzzManifest reads any manifest.
func FuzzManifest(f *testing.F) {
	f.Add(head + `<content location="x" format="f"/></omexManifest>`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		_, ms := Read(zipped(t, "manifest.xml", text, "x", "1"), "a.omex")
		_ = ms.Error()
	})
}
