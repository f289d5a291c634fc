package conformance

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// dialect finds level and version in a file's name as the SBML Test Suite writes it.
var dialect = regexp.MustCompile(`-sbml-l(\d)v(\d)\.xml$`)

// suiteCases lists the cases of a part ("semantic", "stochastic") of the SBML Test
// Suite: the folder is the suite's root, its cases folder, the part, or a folder that
// holds one case. Each folder X with X-settings.txt gives one case a file X-sbml-lLvV.xml.
func suiteCases(folder, part string) ([]Case, error) {
	base := folder
	for _, try := range []string{filepath.Join(folder, "cases", part), filepath.Join(folder, part)} {
		if info, err := os.Stat(try); err == nil && info.IsDir() {
			base = try
			break
		}
	}
	entries, err := os.ReadDir(base)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	if _, err := os.Stat(filepath.Join(base, filepath.Base(base)+"-settings.txt")); err == nil {
		names, base = []string{filepath.Base(base)}, filepath.Dir(base)
	}
	sort.Strings(names)
	var cases []Case
	for _, name := range names {
		dir := filepath.Join(base, name)
		if _, err := os.Stat(filepath.Join(dir, name+"-settings.txt")); err != nil {
			continue
		}
		tags := caseTags(filepath.Join(dir, name+"-model.m"))
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			m := dialect.FindStringSubmatch(f.Name())
			if m == nil || !strings.HasPrefix(f.Name(), name+"-sbml-") {
				continue
			}
			level, _ := strconv.Atoi(m[1])
			version, _ := strconv.Atoi(m[2])
			cases = append(cases, Case{Name: name, File: name + "/" + f.Name(), Path: filepath.Join(dir, f.Name()),
				Level: level, Version: version, Tags: tags})
		}
	}
	return cases, nil
}

// keys are the words that open a line of a description or of a settings file.
var keys = set([]string{
	"category", "synopsis", "componentTags", "testTags", "testType", "levels", "generatedBy", "packagesPresent",
	"start", "duration", "steps", "variables", "absolute", "relative", "amount", "concentration", "output", "meanRange", "sdRange",
})

// header reads the "key: value" lines at the top of a description or of a settings
// file. A line without a key goes on the one before; in a description (toEnd false) the
// first empty line after a key ends the header.
func header(path string, toEnd bool) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	last := ""
	for _, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" && last != "" && !toEnd {
			break
		}
		if key, value, ok := strings.Cut(line, ":"); ok && keys[key] {
			last = key
			out[key] = strings.TrimSpace(value)
		} else if last != "" && line != "" {
			out[last] = strings.TrimSpace(out[last] + " " + line)
		}
	}
	return out, nil
}

// list cuts a comma-separated list.
func list(text string) []string {
	var out []string
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// caseTags are the component tags, test tags and packages of a description, in this
// order, each once.
func caseTags(path string) []string {
	h, err := header(path, false)
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	var out []string
	for _, key := range []string{"componentTags", "testTags", "packagesPresent"} {
		for _, tag := range list(h[key]) {
			if !seen[tag] {
				seen[tag] = true
				out = append(out, tag)
			}
		}
	}
	return out
}

// numbers is a table of expected values: a column a variable.
type numbers struct {
	names  []string
	values [][]float64 // [column][row]
}

// readNumbers reads a CSV file with a header; cells may be INF, -INF and NaN in any case.
func readNumbers(path string) (*numbers, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.TrimLeadingSpace = true
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 2 {
		return nil, errors.New("no rows")
	}
	out := &numbers{values: make([][]float64, len(rows[0]))}
	for _, name := range rows[0] {
		out.names = append(out.names, strings.TrimSpace(name))
	}
	for i, row := range rows[1:] {
		if len(row) != len(out.names) {
			return nil, fmt.Errorf("row %d has %d cells, the header has %d", i+1, len(row), len(out.names))
		}
		for k, cell := range row {
			v, err := number(cell)
			if err != nil {
				return nil, fmt.Errorf("row %d, %s: %q is no number", i+1, out.names[k], cell)
			}
			out.values[k] = append(out.values[k], v)
		}
	}
	return out, nil
}

// number reads a number, where Inf and NaN may be written in any case.
func number(text string) (float64, error) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "nan":
		return math.NaN(), nil
	case "inf", "+inf", "infinity":
		return math.Inf(1), nil
	case "-inf", "-infinity":
		return math.Inf(-1), nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil // the nearest number there is: 0 or infinite
	}
	return v, err
}
