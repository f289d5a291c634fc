package omex

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"thymus/diag"
)

// bounds of what is read, in bytes unpacked.
type bounds struct {
	files       int
	all, single int64
}

// usual bounds are far above published archives.
var usual = bounds{10_000, 512 << 20, 128 << 20}

// manifestName is where the manifest stands.
const manifestName = "manifest.xml"

const manifestSpace = "http://identifiers.org/combine.specifications/omex-manifest"

// Formats of the manifest, as identifiers.org names them.
const (
	FormatArchive  = "http://identifiers.org/combine.specifications/omex"
	FormatManifest = manifestSpace
	FormatMetadata = "http://identifiers.org/combine.specifications/omex-metadata"
	FormatSBML     = "http://identifiers.org/combine.specifications/sbml"
	FormatSEDML    = "http://identifiers.org/combine.specifications/sed-ml"
	FormatAntimony = "http://purl.org/NET/mediatypes/text/plain"
)

// Entry is a file of the archive as the manifest describes it.
type Entry struct {
	Location string // path within the archive, with slashes and without "./"
	Format   string // a URI
	Master   bool
	At       diag.Place // in the manifest
}

// Archive is what an archive holds. Files that no entry describes are kept too.
type Archive struct {
	Name    string
	Entries []Entry // in the order of the manifest, without the archive and the manifest
	files   map[string][]byte
}

// New is an empty archive.
func New(name string) *Archive { return &Archive{Name: name, files: map[string][]byte{}} }

// Add puts a file into the archive and describes it. It panics when the location is not
// clean.
func (a *Archive) Add(e Entry, content []byte) {
	if clean, problem := cleanPath(e.Location); problem != "" || clean != e.Location {
		panic("omex: location " + e.Location)
	}
	a.Entries = append(a.Entries, e)
	a.files[e.Location] = content
}

// Content is a file's content; ok is false when the archive has no such file.
func (a *Archive) Content(location string) (content []byte, ok bool) {
	content, ok = a.files[location]
	return content, ok
}

// Files lists the locations of all files but the manifest, in the order of the alphabet.
func (a *Archive) Files() []string {
	var out []string
	for name := range a.files {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// IsSEDML says whether a manifest's format is some level of SED-ML.
func IsSEDML(format string) bool { return hasFormat(format, "sed-ml") || hasFormat(format, "sedml") }

// IsSBML says whether a manifest's format is some level of SBML.
func IsSBML(format string) bool { return hasFormat(format, "sbml") }

// hasFormat looks for a name among the words of a URI: ".../sbml.level-3.version-1" and
// "http://identifiers.org/combine.specifications/sbml" are sbml.
func hasFormat(format, name string) bool {
	for _, word := range strings.FieldsFunc(strings.ToLower(format), func(r rune) bool { return r == '/' || r == '.' || r == ':' || r == '+' }) {
		if word == name {
			return true
		}
	}
	return false
}

// Choose lists the entries of a format, those marked as master first.
func (a *Archive) Choose(is func(format string) bool) []Entry {
	var out []Entry
	for _, master := range []bool{true, false} {
		for _, e := range a.Entries {
			if e.Master == master && is(e.Format) {
				out = append(out, e)
			}
		}
	}
	return out
}

// cleanPath is a location without "./" at its start, or says why it is none.
func cleanPath(location string) (clean, problem string) {
	for strings.HasPrefix(location, "./") {
		location = location[2:]
	}
	switch {
	case location == "":
		return "", "is empty"
	case !utf8.ValidString(location) || strings.ContainsAny(location, "\x00\n\r"):
		return "", "has characters that no path has"
	case strings.Contains(location, "\\"):
		return "", "has a backslash"
	case strings.HasPrefix(location, "/") || len(location) > 1 && location[1] == ':':
		return "", "is absolute"
	}
	clean = path.Clean(location)
	if clean == "." || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", "leads out of the archive"
	}
	return clean, ""
}

// Read reads an archive. A zip that claims or turns out to hold more than the bounds, whose
// paths lead out of it or that stand twice, is refused, and so is one without manifest.
func Read(data []byte, name string) (*Archive, diag.Messages) { return read(data, name, usual) }

func read(data []byte, name string, most bounds) (*Archive, diag.Messages) {
	whole := (&diag.Source{Name: name}).Whole()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, diag.Messages{diag.Errorf(whole, "the file is no zip: %v", err).WithHelp("a COMBINE archive is a zip file with a %s", manifestName)}
	}
	if len(z.File) > most.files {
		return nil, diag.Messages{diag.Errorf(whole, "the archive has %d files; at most %d are read", len(z.File), most.files)}
	}
	a := New(name)
	var ms diag.Messages
	left := most.all
	var manifest []byte
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue // a folder
		}
		location, problem := cleanPath(f.Name)
		if problem != "" {
			ms = append(ms, diag.Errorf(whole, "the path %q %s", f.Name, problem))
			continue
		}
		_, twice := a.files[location]
		if twice || location == manifestName && manifest != nil {
			ms = append(ms, diag.Errorf(whole, "the archive holds %q twice", location))
			continue
		}
		limit := min(most.single, left)
		content, err := unpack(f, limit)
		switch {
		case errors.Is(err, errTooLarge):
			return nil, append(ms, diag.Errorf(whole, "%q is too large: at most %d bytes of one file and %d of all are read", location, most.single, most.all))
		case err != nil:
			ms = append(ms, diag.Errorf(whole, "%q cannot be unpacked: %v", location, err))
			continue
		}
		left -= int64(len(content))
		if location == manifestName {
			manifest = content
			continue
		}
		a.files[location] = content
	}
	if manifest == nil {
		ms = append(ms, diag.Errorf(whole, "the archive has no %s", manifestName))
	}
	if ms.HasErrors() {
		return nil, ms
	}
	ms = append(ms, a.describe(&diag.Source{Name: name + "/" + manifestName, Text: string(manifest)})...)
	if ms.HasErrors() {
		return nil, ms
	}
	return a, ms
}

var errTooLarge = errors.New("too large")

// unpack reads at most limit bytes of a file, whatever its header claims.
func unpack(f *zip.File, limit int64) ([]byte, error) {
	if f.UncompressedSize64 > uint64(limit) {
		return nil, errTooLarge
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, errTooLarge
	}
	return content, nil
}

// describe reads the manifest.
func (a *Archive) describe(src *diag.Source) (ms diag.Messages) {
	d := xml.NewDecoder(strings.NewReader(src.Text))
	d.Strict = true
	depth := 0
	seen := map[string]bool{}
	for {
		start := int(d.InputOffset())
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return append(ms, diag.Errorf(src.At(start, start+1), "the manifest is no XML: %v", err))
		}
		switch t := token.(type) {
		case xml.Directive:
			return append(ms, diag.Errorf(src.At(start, int(d.InputOffset())), "the manifest has a document type, which none has"))
		case xml.EndElement:
			depth--
		case xml.StartElement:
			at := src.At(start, int(d.InputOffset()))
			depth++
			if depth == 1 && t.Name.Local != "omexManifest" {
				return append(ms, diag.Errorf(at, "the manifest's root is <%s>: expected <omexManifest>", t.Name.Local))
			}
			if depth == 2 && t.Name.Local == "content" {
				ms = append(ms, a.entry(t, at, seen)...)
			}
		}
	}
	if depth != 0 || len(seen) == 0 && len(a.files) > 0 {
		ms = append(ms, diag.Warnf(src.Whole(), "the manifest describes no file"))
	}
	return ms
}

// entry reads one <content>.
func (a *Archive) entry(t xml.StartElement, at diag.Place, seen map[string]bool) diag.Messages {
	var location, format, master string
	for _, x := range t.Attr {
		switch x.Name.Local {
		case "location":
			location = strings.TrimSpace(x.Value)
		case "format":
			format = strings.TrimSpace(x.Value)
		case "master":
			master = strings.TrimSpace(x.Value)
		}
	}
	switch {
	case location == "":
		return diag.Messages{diag.Errorf(at, "<content> has no location")}
	case format == "":
		return diag.Messages{diag.Errorf(at, "<content> of %q has no format", location)}
	case master != "" && master != "true" && master != "false" && master != "1" && master != "0":
		return diag.Messages{diag.Errorf(at, "master is %q: expected true or false", master)}
	}
	if location == "." || location == "./" {
		return nil // the archive itself
	}
	if strings.Contains(location, "://") {
		return diag.Messages{diag.Warnf(at, "%q lies outside of the archive: it is not read", location)}
	}
	clean, problem := cleanPath(location)
	if problem != "" {
		return diag.Messages{diag.Errorf(at, "the location %q %s", location, problem)}
	}
	if clean == manifestName {
		return nil
	}
	if seen[clean] {
		return diag.Messages{diag.Warnf(at, "%q is described twice: the first counts", clean)}
	}
	seen[clean] = true
	if _, ok := a.files[clean]; !ok {
		return diag.Messages{diag.Warnf(at, "the archive does not hold %q", clean).WithHelp("%s", diag.DidYouMean(clean, a.Files()))}
	}
	a.Entries = append(a.Entries, Entry{clean, format, master == "true" || master == "1", at})
	return nil
}

// Write writes the archive: the manifest first, then the files in the order of their names.
func (a *Archive) Write(w io.Writer) error {
	var m bytes.Buffer
	m.WriteString(xml.Header + `<omexManifest xmlns="` + manifestSpace + `">` + "\n")
	line := func(location, format string, master bool) {
		m.WriteString(`  <content location="`)
		xml.EscapeText(&m, []byte(location))
		m.WriteString(`" format="`)
		xml.EscapeText(&m, []byte(format))
		if m.WriteByte('"'); master {
			m.WriteString(` master="true"`)
		}
		m.WriteString("/>\n")
	}
	line(".", FormatArchive, false)
	line("./"+manifestName, FormatManifest, false)
	for _, e := range a.Entries {
		line("./"+e.Location, e.Format, e.Master)
	}
	m.WriteString("</omexManifest>\n")
	z := zip.NewWriter(w)
	put := func(name string, content []byte) error {
		// a fixed time: equal archives are equal bytes
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return err
		}
		_, err = f.Write(content)
		return err
	}
	if err := put(manifestName, m.Bytes()); err != nil {
		return err
	}
	for _, name := range a.Files() {
		if err := put(name, a.files[name]); err != nil {
			return err
		}
	}
	return z.Close()
}
