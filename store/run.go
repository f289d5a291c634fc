package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"thymus/table"
)

// Manifest says what a run is. Everything but Status is known before it starts.
type Manifest struct {
	Format     int               `json:"format"` // of this folder: 2
	Version    string            `json:"thymus_version"`
	Trial      string            `json:"trial"`
	ModelHash  string            `json:"model_sha256"`
	Inputs     map[string]string `json:"inputs_sha256"` // file in the folder -> hash
	Seed       uint64            `json:"seed"`
	Patients   int               `json:"patients"`
	Replicates int               `json:"replicates"`
	Settings   map[string]string `json:"settings"`
	Backend    string            `json:"backend"`
	ChunkSize  int               `json:"chunk_size"`
	Chunks     int               `json:"chunks"`
	Status     *Status           `json:"status,omitempty"` // nil while the run is going on
	Disclaimer string            `json:"disclaimer"`
}

// Status says what became of the patients.
type Status struct {
	Counts   map[string]int    `json:"counts"`
	Retries  map[string]int    `json:"retries,omitempty"` // runs that failed and reached the end by another way
	Patients []PatientStatus   `json:"patients"`          // those that ended early or were tried again, the first thousand; patients.parquet has all
	Tables   map[string]string `json:"tables_sha256"`
}

// PatientStatus is the fate of one patient in one arm.
type PatientStatus struct {
	Replicate int    `json:"replicate"`
	Patient   int    `json:"patient"`
	Arm       string `json:"arm"`
	Status    string `json:"status"`
	Cause     string `json:"cause,omitempty"`
	Retry     string `json:"retry,omitempty"`
}

// Run is a folder with a run.
type Run struct {
	Dir      string
	Manifest Manifest
}

const (
	manifestName = "manifest.json"
	chunkFolder  = "chunks"
)

// ErrExists says that a folder is in use.
var ErrExists = errors.New("the folder exists and is not empty")

// Create makes the folder of a new run with copies of its inputs (name -> text). A folder
// that holds anything is refused.
func Create(dir string, m Manifest, inputs map[string]string) (*Run, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%s: %w", dir, ErrExists)
	}
	if err := os.MkdirAll(filepath.Join(dir, chunkFolder), 0o755); err != nil {
		return nil, err
	}
	m.Format = 2
	m.Inputs = map[string]string{}
	for name, text := range inputs {
		m.Inputs[name] = hash([]byte(text))
		if err := atomically(filepath.Join(dir, name), func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			return nil, err
		}
	}
	r := &Run{Dir: dir, Manifest: m}
	return r, r.writeManifest()
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

func (r *Run) writeManifest() error {
	text, err := json.MarshalIndent(r.Manifest, "", "  ")
	if err != nil {
		return err
	}
	return atomically(filepath.Join(r.Dir, manifestName), func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err })
}

// Open opens the folder of a run, finished or not.
func Open(dir string) (*Run, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is no run of thymus: it has no %s", dir, manifestName)
		}
		return nil, err
	}
	r := &Run{Dir: dir}
	if err := json.Unmarshal(text, &r.Manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, manifestName), err)
	}
	if r.Manifest.Format != 2 {
		return nil, fmt.Errorf("%s has format %d; this version reads format 2", dir, r.Manifest.Format)
	}
	return r, nil
}

// Input reads a copy of an input and checks that it is what the run began with.
func (r *Run) Input(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		return "", err
	}
	if want := r.Manifest.Inputs[name]; want != hash(text) {
		return "", fmt.Errorf("%s was changed since the run began; a run cannot continue on other inputs", filepath.Join(r.Dir, name))
	}
	return string(text), nil
}

// Continues says in an error what of another manifest differs: a run continues only as
// what it began as.
func (r *Run) Continues(m Manifest) error {
	var differs []string
	check := func(what string, a, b any) {
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		if !bytes.Equal(x, y) {
			differs = append(differs, fmt.Sprintf("%s was %s, is %s", what, x, y))
		}
	}
	check("the version of thymus", r.Manifest.Version, m.Version)
	check("the model", r.Manifest.ModelHash, m.ModelHash)
	check("the seed", r.Manifest.Seed, m.Seed)
	check("the number of patients", r.Manifest.Patients, m.Patients)
	check("the number of replicates", r.Manifest.Replicates, m.Replicates)
	check("the settings", r.Manifest.Settings, m.Settings)
	check("the back end", r.Manifest.Backend, m.Backend)
	check("the size of chunks", r.Manifest.ChunkSize, m.ChunkSize)
	if len(differs) > 0 {
		return fmt.Errorf("the run in %s cannot continue: %s", r.Dir, strings.Join(differs, "; "))
	}
	return nil
}

// Finished says whether the run is complete.
func (r *Run) Finished() bool { return r.Manifest.Status != nil }

func (r *Run) chunkPath(k int, name string) string {
	return filepath.Join(r.Dir, chunkFolder, fmt.Sprintf("%06d.%s.parquet", k, name))
}

func (r *Run) sumPath(k int) string {
	return filepath.Join(r.Dir, chunkFolder, fmt.Sprintf("%06d.sum", k))
}

// WriteChunk keeps the tables of a finished chunk. The checksum is written last: a chunk
// without it, or with another, does not count. Nothing waits for the disk: a chunk that a
// power cut spoils is made again.
func (r *Run) WriteChunk(k int, tables []*table.Table) error {
	atOnce := func(*os.File) error { return nil }
	sums := map[string]string{}
	for _, t := range tables {
		h := sha256.New()
		if err := renamed(r.chunkPath(k, t.Name), func(w io.Writer) error { return writeTable(io.MultiWriter(w, h), t) }, atOnce); err != nil {
			return err
		}
		sums[t.Name] = hex.EncodeToString(h.Sum(nil))
	}
	text, err := json.Marshal(sums)
	if err != nil {
		return err
	}
	return renamed(r.sumPath(k), func(w io.Writer) error { _, err := w.Write(text); return err }, atOnce)
}

// HasChunk says whether a chunk is there and whole.
func (r *Run) HasChunk(k int, names []string) bool {
	text, err := os.ReadFile(r.sumPath(k))
	if err != nil {
		return false
	}
	var sums map[string]string
	if json.Unmarshal(text, &sums) != nil {
		return false
	}
	for _, n := range names {
		b, err := os.ReadFile(r.chunkPath(k, n))
		if err != nil || hash(b) != sums[n] {
			return false
		}
	}
	return true
}

// Chunk hands over the tables of a chunk that is there.
func (r *Run) Chunk(k int, names []string, see func(t *table.Table) error) error {
	for _, name := range names {
		t, err := ReadParquet(r.chunkPath(k, name))
		if err != nil {
			return err
		}
		if err := see(t); err != nil {
			return err
		}
	}
	return nil
}

// inOrder hands over a table's chunks in their order; the next ones are read meanwhile.
func (r *Run) inOrder(name string, see func(t *table.Table) error) error {
	type read struct {
		t   *table.Table
		err error
	}
	list := make(chan read, 1)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(list)
		for k := 0; k < r.Manifest.Chunks; k++ {
			t, err := ReadParquet(r.chunkPath(k, name))
			select {
			case list <- read{t, err}:
			case <-stop:
				return
			}
		}
	}()
	for x := range list {
		if x.err != nil {
			return x.err
		}
		if err := see(x.t); err != nil {
			return err
		}
	}
	return nil
}

// Finish joins the chunks of each table that is named into one file, writes more tables and
// the status, and removes the chunks. A few chunks are in memory at a time.
func (r *Run) Finish(names []string, more []*table.Table, status Status) error {
	sums := map[string]string{}
	write := func(name string, do func(p *parquetWriter) error) error {
		h := sha256.New()
		err := atomically(filepath.Join(r.Dir, name+".parquet"), func(w io.Writer) error {
			p := &parquetWriter{w: io.MultiWriter(w, h), most: rowsInGroup}
			if err := do(p); err != nil {
				return err
			}
			return p.close()
		})
		sums[name+".parquet"] = hex.EncodeToString(h.Sum(nil))
		return err
	}
	for _, name := range names {
		err := write(name, func(p *parquetWriter) error { return r.inOrder(name, p.add) })
		if err != nil {
			return err
		}
	}
	for _, t := range more {
		if err := write(t.Name, func(p *parquetWriter) error { return p.add(t) }); err != nil {
			return err
		}
	}
	status.Tables = sums
	r.Manifest.Status = &status
	if err := r.writeManifest(); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(r.Dir, chunkFolder))
}

// Each hands over the tables of a finished run, piece by piece.
func (r *Run) Each(names []string, see func(part *table.Table) error) error {
	for _, n := range names {
		if err := eachPart(filepath.Join(r.Dir, n+".parquet"), see); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes a file of the run, under another name first.
func (r *Run) WriteFile(name string, write func(io.Writer) error) error {
	return atomically(filepath.Join(r.Dir, name), write)
}

// Free finds a folder that does not exist yet: base, base-2, base-3, ...
func Free(base string) string {
	dir := base
	for i := 2; ; i++ {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
			return dir
		}
		dir = fmt.Sprintf("%s-%d", base, i)
	}
}
