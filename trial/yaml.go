package trial

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"thymus/diag"
)

//go:embed schema/*.json
var schemas embed.FS

// Schema is the published JSON Schema of "trial" or "population" files.
func Schema(name string) ([]byte, error) { return schemas.ReadFile("schema/" + name + ".schema.json") }

// mostYAML bounds the size of a trial or population file [bytes].
const mostYAML = 4 << 20

// Document is a YAML text that was held against a schema; its nodes can be found again by
// path.
type Document struct {
	src    *diag.Source
	schema []byte
	root   ast.Node
	// offsets of the lines' beginnings
	lines []int
	ms    diag.Messages
}

// readDocument reads a trial or population file.
func readDocument(src *diag.Source, name string, into any) (*Document, diag.Messages) {
	schema, err := Schema(name)
	if err != nil {
		panic("trial: " + err.Error())
	}
	return ReadDocument(src, name, schema, into)
}

// ReadDocument parses a YAML text, holds it against a JSON Schema, and decodes it. The name
// says what the file is, for messages: "trial". Numbers are finite, keys stand once, anchors
// are refused.
func ReadDocument(src *diag.Source, name string, schema []byte, into any) (*Document, diag.Messages) {
	d := &Document{src: src, schema: schema, lines: []int{0}}
	go schemaNamed(name, schema) // beside the reading
	if len(src.Text) > mostYAML {
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src}, "the file has %d bytes; at most %d are read", len(src.Text), mostYAML)}
	}
	for i, c := range src.Text {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	file, err := parser.ParseBytes([]byte(src.Text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, diag.Messages{d.yamlError(err)}
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src}, "expected one YAML document with a %s, found %d", name, len(file.Docs))}
	}
	d.root = file.Docs[0].Body
	if a := findAlias(d.root); a != nil {
		return nil, diag.Messages{diag.Errorf(d.at(a), "anchors and aliases are not read in %s files: write the value out", name)}
	}
	value := d.value(d.root)
	if d.ms.HasErrors() {
		d.ms.Sort()
		return nil, d.ms
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src}, "a number here is not finite: %v", err)}
	}
	var forSchema any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&forSchema); err != nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src}, "%v", err)}
	}
	if ms := d.validate(name, forSchema); ms.HasErrors() {
		ms.Sort()
		return nil, ms
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, diag.Messages{diag.Errorf(diag.Place{Src: src}, "%v", err)}
	}
	return d, nil
}

func findAlias(n ast.Node) (found ast.Node) {
	ast.Walk(visitor(func(n ast.Node) {
		switch n.Type() {
		case ast.AliasType, ast.AnchorType, ast.MergeKeyType:
			if found == nil {
				found = n
			}
		}
	}), n)
	return found
}

type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor { v(n); return v }

// value turns nodes into plain values. Texts without quotes that read as numbers are
// numbers, 1e8 too, as YAML 1.2 has it. Keys that stand twice are noted as errors.
func (d *Document) value(n ast.Node) any {
	switch x := n.(type) {
	case *ast.MappingNode:
		return d.mapping(x.Values)
	case *ast.MappingValueNode:
		return d.mapping([]*ast.MappingValueNode{x})
	case *ast.SequenceNode:
		out := make([]any, len(x.Values))
		for i, v := range x.Values {
			out[i] = d.value(v)
		}
		return out
	case *ast.StringNode:
		if x.Token.Type == token.StringType {
			if v, err := strconv.ParseFloat(strings.TrimSpace(x.Value), 64); err == nil {
				return d.finite(v, n)
			}
		}
		return x.Value
	case *ast.LiteralNode:
		return x.Value.Value
	case *ast.IntegerNode:
		return x.Value
	case *ast.FloatNode:
		return d.finite(x.Value, n)
	case *ast.BoolNode:
		return x.Value
	case *ast.NullNode:
		return nil
	case *ast.NanNode, *ast.InfinityNode:
		return d.finite(math.NaN(), n)
	}
	d.ms = append(d.ms, diag.Errorf(d.at(n), "this form of YAML is not read here: write a plain value"))
	return nil
}

func (d *Document) finite(v float64, n ast.Node) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		d.ms = append(d.ms, diag.Errorf(d.at(n), "%s is not finite: expected a number", strings.TrimSpace(n.GetToken().Value)))
		return nil
	}
	return v
}

func (d *Document) mapping(values []*ast.MappingValueNode) any {
	out := map[string]any{}
	places := map[string]ast.Node{}
	for _, v := range values {
		k := keyText(v)
		if first, twice := places[k]; twice {
			d.ms = append(d.ms, diag.Errorf(d.at(v.Key), "the key %q stands twice", k).WithNote(d.at(first), "first here").WithHelp("keep one of the two"))
			continue
		}
		places[k] = v.Key
		out[k] = d.value(v.Value)
	}
	return out
}

// yamlError makes a message of a parser's error.
func (d *Document) yamlError(err error) diag.Message {
	var t *token.Token
	text := err.Error()
	if e, ok := err.(yaml.Error); ok {
		t = e.GetToken()
		text = e.GetMessage()
	}
	m := diag.Errorf(d.tokenPlace(t), "%s", text)
	if strings.Contains(text, "duplicate") || strings.Contains(text, "already defined") {
		return m.WithHelp("keep one of the two")
	}
	return m.WithHelp("YAML is indented with spaces, and a text with a colon in it needs quotes")
}

func (d *Document) tokenPlace(t *token.Token) diag.Place {
	if t == nil || t.Position == nil || t.Position.Line < 1 || t.Position.Line > len(d.lines) {
		return diag.Place{Src: d.src}
	}
	start := d.lines[t.Position.Line-1]
	line := d.src.Text[start:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	column := 0
	for i := range line { // columns count runes
		if column == t.Position.Column-1 {
			column = i
			break
		}
		column++
	}
	column = min(column, len(line))
	length := len(strings.TrimSpace(t.Value))
	if q := t.Origin; strings.HasPrefix(strings.TrimSpace(q), `"`) || strings.HasPrefix(strings.TrimSpace(q), "'") {
		length += 2
	}
	return diag.Place{Src: d.src, Start: start + column, End: min(start+column+max(length, 1), start+len(line))}
}

func (d *Document) at(n ast.Node) diag.Place {
	switch x := n.(type) {
	case *ast.MappingNode:
		if len(x.Values) > 0 {
			return d.at(x.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return d.at(x.Key)
	case *ast.SequenceNode:
		if len(x.Values) > 0 {
			return d.at(x.Values[0])
		}
	}
	return d.tokenPlace(n.GetToken())
}

// find walks from the root along keys and indices; it goes as far as it can.
func (d *Document) find(path []string) (node ast.Node, key ast.Node) {
	node = d.root
	for _, step := range path {
		switch x := node.(type) {
		case *ast.MappingNode:
			found := false
			for _, v := range x.Values {
				if keyText(v) == step {
					node, key, found = v.Value, v.Key, true
					break
				}
			}
			if !found {
				return node, key
			}
		case *ast.MappingValueNode:
			if keyText(x) != step {
				return node, key
			}
			node, key = x.Value, x.Key
		case *ast.SequenceNode:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x.Values) {
				return node, key
			}
			node = x.Values[i]
		default:
			return node, key
		}
	}
	return node, key
}

func keyText(v *ast.MappingValueNode) string { return v.Key.GetToken().Value }

// Place is where the value at a path stands: d.Place("arms", 0, "id").
func (d *Document) Place(path ...any) diag.Place {
	steps := make([]string, len(path))
	for i, p := range path {
		steps[i] = fmt.Sprint(p)
	}
	n, _ := d.find(steps)
	return d.at(n)
}

// compiled are schemas, by their text.
var compiled sync.Map

// schemaNamed compiles the schema of a kind of file, once. That it is a schema a test says:
// here its address is among those that are taken to be right, since holding it against its own
// schema takes as long as all the rest of reading a trial.
func schemaNamed(name string, text []byte) *jsonschema.Schema {
	once, _ := compiled.LoadOrStore(string(text), sync.OnceValue(func() *jsonschema.Schema { return compileSchema(name, text) }))
	return once.(func() *jsonschema.Schema)()
}

func compileSchema(name string, text []byte) *jsonschema.Schema {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		panic("trial: schema " + name + ": " + err.Error())
	}
	address := "https://json-schema.org/thymus/" + name + ".json"
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(address, parsed); err != nil {
		panic("trial: " + err.Error())
	}
	s, err := compiler.Compile(address)
	if err != nil {
		panic("trial: schema " + name + ": " + err.Error())
	}
	return s
}

// validate holds a value against a schema and says everything that is wrong.
func (d *Document) validate(name string, value any) diag.Messages {
	schema := schemaNamed(name, d.schema)
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	v, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return diag.Messages{diag.Errorf(diag.Place{Src: d.src}, "%v", err)}
	}
	var ms diag.Messages
	d.violations(v, &ms)
	return ms
}

// violations turns the leaves of a validation error into messages. Of alternatives only
// the last is reported: they read "a number, or a text like ...".
func (d *Document) violations(v *jsonschema.ValidationError, ms *diag.Messages) {
	switch k := v.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		n, _ := d.find(v.InstanceLocation)
		*ms = append(*ms, diag.Errorf(d.at(n), "%s has the wrong form", pathText(v.InstanceLocation)).WithHelp("%s", d.example(v.InstanceLocation)))
		return
	case *kind.AdditionalProperties:
		for _, p := range k.Properties {
			_, key := d.find(append(append([]string(nil), v.InstanceLocation...), p))
			at := diag.Place{Src: d.src}
			if key != nil {
				at = d.at(key)
			}
			known := d.known(v)
			*ms = append(*ms, diag.Errorf(at, "%s has no key %q", pathText(v.InstanceLocation), p).WithHelp("%s", strings.TrimSpace(diag.DidYouMean(p, known))))
		}
		return
	case *kind.Required:
		n, _ := d.find(v.InstanceLocation)
		*ms = append(*ms, diag.Errorf(d.at(n), "%s lacks %s", pathText(v.InstanceLocation), strings.Join(k.Missing, ", ")))
		return
	case *kind.Type:
		n, _ := d.find(v.InstanceLocation)
		*ms = append(*ms, diag.Errorf(d.at(n), "%s must be %s, not %s", pathText(v.InstanceLocation), wanted(k.Want), article(k.Got)).WithHelp("%s", d.example(v.InstanceLocation)))
		return
	case *kind.Enum:
		n, _ := d.find(v.InstanceLocation)
		var list []string
		for _, w := range k.Want {
			list = append(list, fmt.Sprint(w))
		}
		*ms = append(*ms, diag.Errorf(d.at(n), "%s is %q; it may be %s", pathText(v.InstanceLocation), fmt.Sprint(k.Got), strings.Join(list, ", ")).
			WithHelp("%s", diag.DidYouMean(fmt.Sprint(k.Got), list)))
		return
	}
	if len(v.Causes) == 0 {
		n, _ := d.find(v.InstanceLocation)
		text := v.Error()
		if i := strings.LastIndex(text, ": "); i >= 0 {
			text = text[i+2:]
		}
		*ms = append(*ms, diag.Errorf(d.at(n), "%s: %s", pathText(v.InstanceLocation), text).WithHelp("%s", d.example(v.InstanceLocation)))
		return
	}
	for _, c := range v.Causes {
		d.violations(c, ms)
	}
}

func wanted(list []string) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = article(w)
	}
	return strings.Join(out, " or ")
}

func article(t string) string {
	switch t {
	case "string":
		return "a text"
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "boolean":
		return "true or false"
	case "null":
		return "nothing"
	case "integer":
		return "a whole number"
	}
	return "a " + t
}

func pathText(path []string) string {
	if len(path) == 0 {
		return "the file"
	}
	var b strings.Builder
	for i, p := range path {
		if _, err := strconv.Atoi(p); err == nil {
			fmt.Fprintf(&b, "[%s]", p)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(p)
	}
	return b.String()
}

// known lists the keys that a schema allows where a property was refused.
func (d *Document) known(v *jsonschema.ValidationError) []string {
	_, pointer, _ := strings.Cut(v.SchemaURL, "#")
	var x any
	if json.Unmarshal(d.schema, &x) != nil {
		return nil
	}
	for _, step := range strings.Split(strings.Trim(pointer, "/"), "/") {
		if m, ok := x.(map[string]any); ok && step != "" {
			x = m[step]
		}
	}
	var out []string
	if m, ok := x.(map[string]any); ok {
		if p, ok := m["properties"].(map[string]any); ok {
			for k := range p {
				out = append(out, k)
			}
		}
	}
	return out
}

// examples show the form of keys that are often written wrongly.
var examples = map[string]string{
	"start": "as in: start: -6 day", "end": "as in: end: 365 day", "size": "as in: size: 60", "seed": "as in: seed: 2022",
	"dose": "as in: dose: 1.5 MIU", "at": "as in: at: [0, 7, 14]", "every": "as in: every: 8 hour", "day": "as in: day: 90",
	"arms": "a list of arms, each with id, title and give", "give": "as in: - {module: il2, route: sc, dose: 1 MIU, at: [0]}",
	"resolution": "as in: resolution: 0.5 day", "apart": "as in: apart: 8 hour",
}

func (d *Document) example(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if e, ok := examples[path[i]]; ok {
			return e
		}
	}
	return ""
}
