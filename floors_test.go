package thymus_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors says on which floor each package stands; imports go down only.
var floors = map[string]int{
	"diag": 0, "unit": 0, "rng": 0, "linalg": 0, "table": 0,
	"kernel": 1, "ode": 1, "ode/odetest": 1, "stats": 1, "jump": 1, "jump/jumptest": 1,
	"model": 2, "antimony": 2, "sbml": 2, "compile": 2,
	"omex": 2, "sedml": 2,
	"regimen": 3, "population": 3, "sim": 3, "library": 3, "flux": 3,
	"trial": 4, "fit": 4, "store": 4, "report": 4, "conformance": 4, "bench": 4,
	"":    5,
	"cli": 6, "cmd/thymus": 6,
}

// sameFloor lists the only imports within one floor, with the reason.
var sameFloor = map[string]string{
	"unit diag":          "messages have places",
	"ode/odetest ode":    "conformance problems of the solvers",
	"jump/jumptest jump": "problems with known moments",
	"antimony model":     "a format reads models",
	"sedml model":        "formulas are the model language's",
	"sedml sbml":         "formulas are MathML, and changes are made to SBML texts",
	"sbml model":         "a format reads models",
	"compile model":      "a compiler reads models",
	"sim regimen":        "doses are applied where programs meet solvers",
	"sim population":     "signals are functions of time",
	"library regimen":    "modules state their dose routes",
	"report trial":       "a report shows a Result",
	"fit trial":          "a fit asks trials for predictions",
	"cmd/thymus cli":     "main is ten lines",
	"ode kernel":         "lanes of solutions are machine code",
	"jump kernel":        "lanes of replicates are machine code",
}

// outside lists the modules that packages of floors 0 to 2 may use beside the standard library.
var outside = map[string]string{"stats": "gonum.org/v1/gonum", "kernel": "github.com/tetratelabs/wazero"}

func TestFloors(t *testing.T) {
	seen := map[string]bool{}
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			name := d.Name()
			if path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "results") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		floor, known := floors[pkg]
		if !known {
			t.Errorf("%s: package %q stands on no floor: add it to floors", path, pkg)
			return nil
		}
		seen[pkg] = true
		test := strings.HasSuffix(path, "_test.go")
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if name == "thymus" || strings.HasPrefix(name, "thymus/") {
				other := strings.TrimPrefix(strings.TrimPrefix(name, "thymus"), "/")
				to, ok := floors[other]
				switch {
				case !ok:
					t.Errorf("%s imports %s, which stands on no floor", path, name)
				case test || other == pkg:
				case to > floor:
					t.Errorf("%s (floor %d) imports %s (floor %d): imports go down", path, floor, name, to)
				case to == floor:
					if _, ok := sameFloor[pkg+" "+other]; !ok {
						t.Errorf("%s imports %s on its own floor: not in sameFloor", path, name)
					}
				}
				continue
			}
			if floor <= 2 && !test && strings.Contains(strings.SplitN(name, "/", 2)[0], ".") {
				if allowed, ok := outside[pkg]; !ok || !strings.HasPrefix(name, allowed) {
					t.Errorf("%s imports %s: floors 0 to 2 use the standard library alone", path, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d Go files were looked at: is the test in the root?", files)
	}
	for pkg := range floors {
		if !seen[pkg] {
			t.Errorf("floors names package %q, which does not exist", pkg)
		}
	}
}
