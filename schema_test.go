package thymus

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"thymus/fit"
	"thymus/trial"
)

// The schemas are held against the schema of schemas here, and no longer where they are used.
func TestSchemasAreSchemas(t *testing.T) {
	for of, names := range map[string][]string{"fit": {"fit", "record"}, "trial": {"trial", "population"}} {
		schema := map[string]func(string) ([]byte, error){"fit": fit.Schema, "trial": trial.Schema}[of]
		for _, name := range names {
			text, err := schema(name)
			if err != nil || !strings.Contains(string(text), "draft/2020-12") {
				t.Fatalf("%s: %v", name, err)
			}
			parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			compiler := jsonschema.NewCompiler()
			if err := compiler.AddResource(name+".json", parsed); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := compiler.Compile(name + ".json"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
