package sbml

import (
	"strings"
	"unicode/utf8"

	"thymus/diag"
)

// Bounds of what is read. They are far above any published model (the largest
// genome-scale ones have some 40 MB and less than a million elements) and keep a hostile
// text's time and memory small. The tests make them smaller.
var (
	maxBytes    = 64 << 20
	maxElements = 2_000_000
)

const (
	maxDepth = 3000
	maxText  = 1024 // of text in pieces (comments and CDATA between); one piece may be longer
)

// node is an element of the text. Offsets are bytes of the source: start and tag are those of
// the start tag, inner and end those of the end tag (of an empty element tag, inner and end
// are tag).
type node struct {
	name, space             string // local name and namespace
	attrs                   []attr
	children                []*node
	text                    string // before the first child; "" when only white space
	tail                    string // behind the element, before the next one
	start, tag, inner, last int32
}

// attr is an attribute; space is "" without a prefix.
type attr struct {
	name, space, value string
	start, end         int32
}

// attr is the attribute without a prefix, or with the prefix of the element's namespace; nil
// when there is none.
func (n *node) attr(name string) *attr {
	for i := range n.attrs {
		if a := &n.attrs[i]; a.name == name && (a.space == "" || a.space == n.space) {
			return a
		}
	}
	return nil
}

// attrIn is the attribute of a package's namespace, nil when there is none.
func (n *node) attrIn(space, name string) *attr {
	for i := range n.attrs {
		if a := &n.attrs[i]; a.name == name && a.space == space {
			return a
		}
	}
	return nil
}

// child is the first child of that name in n's namespace, nil when there is none.
func (n *node) child(name string) *node { return n.childIn(n.space, name) }

// childIn is the first child of that name in a namespace, nil when there is none.
func (n *node) childIn(space, name string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name && c.space == space {
			return c
		}
	}
	return nil
}

// list is the children of the child called listName; none when it is absent.
func (n *node) list(listName string) []*node {
	if l := n.child(listName); l != nil {
		return l.children
	}
	return nil
}

const (
	spaceXML   = "http://www.w3.org/XML/1998/namespace"
	spaceXMLNS = "http://www.w3.org/2000/xmlns/"
	spaceRDF   = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
)

// binding is a prefix in scope.
type binding struct{ prefix, space string }

// open is an element whose end tag has not come.
type open struct {
	node     *node // nil inside of notes and foreign annotations, which have no tree
	qname    string
	start    int
	bindings int // in scope outside
	opaque   bool
}

// xmlReader makes the tree of elements of a text. It is a plain XML 1.0 reader without
// document types: SBML has none, and they are the way to texts that grow when read.
type xmlReader struct {
	src      *diag.Source
	s        string
	at       int
	ms       diag.Messages
	stack    []open
	bindings []binding
	root     *node
	elements int
	slab     []node
	attrSlab []attr
	stop     bool
	names    map[string]string // one copy of each namespace
	found    []rawAttr
}

type rawAttr struct {
	qname, value string
	start, end   int
}

// readXML gives the root of the text's tree, nil when the text is not well formed.
func readXML(src *diag.Source) (*node, diag.Messages) {
	if len(src.Text) > maxBytes {
		return nil, diag.Messages{diag.Errorf(src.Whole(), "the text has %d MB; at most %d are read", len(src.Text)>>20, maxBytes>>20)}
	}
	x := &xmlReader{src: src, s: src.Text, bindings: []binding{{"xml", spaceXML}}, names: map[string]string{}}
	x.at = len(x.s) - len(strings.TrimPrefix(x.s, "\ufeff"))
	if i := invalidAt(x.s); i >= 0 {
		x.errorf(i, i+1, "this byte is no character of a text in UTF-8").WithHelp("save the file as UTF-8")
		return nil, x.ms
	}
	for !x.stop && x.at < len(x.s) && len(x.ms) < maxMessages {
		x.next()
	}
	if !x.stop && len(x.ms) == 0 {
		if n := len(x.stack); n > 0 {
			o := x.stack[n-1]
			x.errorf(o.start, o.start+1+len(o.qname), "the text ends before <%s> does", o.qname).WithHelp("is the file cut off? expected </%s>", o.qname)
		} else if x.root == nil {
			x.ms = append(x.ms, diag.Errorf(src.Whole(), "this is no XML: it has no element").WithHelp("an SBML file begins with <sbml ...>"))
		}
	}
	if len(x.ms) > 0 {
		return nil, x.ms
	}
	return x.root, nil
}

// errorf adds an error; the result is where help may be added.
func (x *xmlReader) errorf(start, end int, format string, args ...any) *added {
	m := diag.Errorf(x.src.At(start, end), format, args...)
	if len(x.ms) >= maxMessages {
		x.stop = true
		return &added{&m}
	}
	x.ms = append(x.ms, m)
	return &added{&x.ms[len(x.ms)-1]}
}

// fatal is errorf for what makes the rest of the text unreadable.
func (x *xmlReader) fatal(start, end int, format string, args ...any) *added {
	x.stop = true
	return x.errorf(start, end, format, args...)
}

// added is a message that was just added.
type added struct{ m *diag.Message }

func (a *added) WithHelp(format string, args ...any) *added {
	*a.m = a.m.WithHelp(format, args...)
	return a
}

func (a *added) WithNote(at diag.Place, format string, args ...any) *added {
	*a.m = a.m.WithNote(at, format, args...)
	return a
}

// next reads one piece: text, a tag, a comment, ...
func (x *xmlReader) next() {
	lt := strings.IndexByte(x.s[x.at:], '<')
	if lt != 0 {
		end := len(x.s)
		if lt > 0 {
			end = x.at + lt
		}
		x.characters(x.at, end, true)
		x.at = end
		return
	}
	rest := x.s[x.at:]
	switch {
	case strings.HasPrefix(rest, "<!--"):
		x.skip(4, "-->", "comment")
	case strings.HasPrefix(rest, "<![CDATA["):
		if start := x.at + 9; x.skip(9, "]]>", "CDATA section") {
			x.characters(start, x.at-3, false)
		}
	case strings.HasPrefix(rest, "<?"):
		x.skip(2, "?>", "processing instruction")
	case strings.HasPrefix(rest, "<!"):
		x.fatal(x.at, x.at+min(len(rest), 9), "document types are not read: SBML has none").
			WithHelp("take the <!DOCTYPE ...> out; entities other than &lt; &gt; &amp; &quot; &apos; are not known")
	case strings.HasPrefix(rest, "</"):
		x.endTag()
	default:
		x.startTag()
	}
}

// skip moves behind the end of a piece that begins with n bytes; false when there is no end.
func (x *xmlReader) skip(n int, end, what string) bool {
	i := strings.Index(x.s[x.at+n:], end)
	if i < 0 {
		x.fatal(x.at, x.at+n, "the text ends inside a %s", what).WithHelp("expected %s", end)
		return false
	}
	x.at += n + i + len(end)
	return true
}

// blank tells whether s is white space.
func blank(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// characters adds text to the element that is open.
func (x *xmlReader) characters(start, end int, entities bool) {
	s := x.s[start:end]
	if blank(s) {
		return
	}
	if len(x.stack) == 0 {
		first := start + len(s) - len(strings.TrimLeft(s, " \t\r\n"))
		x.fatal(first, first+1, "text outside of the root element").WithHelp("an SBML file is one element <sbml ...> ... </sbml>")
		return
	}
	if entities && strings.IndexByte(s, '&') >= 0 {
		s = x.decode(s, start)
	}
	n := x.stack[len(x.stack)-1].node
	if n == nil {
		return
	}
	to := &n.text
	if len(n.children) > 0 {
		to = &n.children[len(n.children)-1].tail
	}
	switch {
	case *to == "":
		*to = s
	case len(*to)+len(s) <= maxText:
		*to += s
	default:
		x.fatal(start, end, "a text of more than %d characters in pieces (with comments or CDATA between)", maxText)
	}
}

// decode replaces references in text that begins at offset start.
func (x *xmlReader) decode(s string, start int) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '&' {
			b.WriteByte(s[i])
			i++
			continue
		}
		semicolon := strings.IndexByte(s[i:min(len(s), i+64)], ';')
		if semicolon < 0 {
			x.errorf(start+i, start+i+1, "an & that begins no reference").WithHelp("write &amp; for the character &")
			b.WriteByte('&')
			i++
			continue
		}
		name := s[i+1 : i+semicolon]
		if r, ok := reference(name); ok {
			b.WriteRune(r)
		} else {
			x.errorf(start+i, start+i+semicolon+1, "unknown entity &%s;", name).WithHelp("XML knows &lt; &gt; &amp; &quot; &apos; and numbers such as &#945;")
		}
		i += semicolon + 1
	}
	return b.String()
}

// nameEnd is the offset behind the name that begins at i; i when there is none.
func (x *xmlReader) nameEnd(i int) int {
	start := i
	for i < len(x.s) {
		c := x.s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || c >= utf8.RuneSelf || i > start && (c >= '0' && c <= '9' || c == '-' || c == '.') {
			i++
			continue
		}
		break
	}
	return i
}

func (x *xmlReader) space(i int) int {
	for i < len(x.s) && (x.s[i] == ' ' || x.s[i] == '\n' || x.s[i] == '\t' || x.s[i] == '\r') {
		i++
	}
	return i
}

func (x *xmlReader) endTag() {
	start := x.at
	end := x.nameEnd(start + 2)
	qname := x.s[start+2 : end]
	close := x.space(end)
	if qname == "" || close >= len(x.s) || x.s[close] != '>' {
		x.fatal(start, max(end, start+2), "this is no end tag").WithHelp("expected </NAME>")
		return
	}
	x.at = close + 1
	depth := len(x.stack) - 1
	for depth >= 0 && x.stack[depth].qname != qname {
		depth--
	}
	if depth < 0 {
		m := x.errorf(start, x.at, "</%s> ends nothing", qname)
		if n := len(x.stack); n > 0 {
			m.WithNote(x.src.At(x.stack[n-1].start, x.stack[n-1].start+1+len(x.stack[n-1].qname)), "open here is <%s>", x.stack[n-1].qname)
		}
		return
	}
	if last := x.stack[len(x.stack)-1]; last.qname != qname {
		x.errorf(start, x.at, "expected </%s>, found </%s>", last.qname, qname).
			WithNote(x.src.At(last.start, last.start+1+len(last.qname)), "<%s> is not ended", last.qname)
	}
	for len(x.stack) > depth {
		x.pop(start, x.at)
	}
}

// pop ends the innermost open element; its end tag has the offsets given.
func (x *xmlReader) pop(inner, end int) {
	o := x.stack[len(x.stack)-1]
	x.stack = x.stack[:len(x.stack)-1]
	x.bindings = x.bindings[:o.bindings]
	if o.node != nil {
		o.node.inner, o.node.last = int32(inner), int32(end)
	}
}

func (x *xmlReader) startTag() {
	start := x.at
	end := x.nameEnd(start + 1)
	qname := x.s[start+1 : end]
	if qname == "" {
		x.fatal(start, start+1, "a < that begins no tag").WithHelp("write &lt; for the character <")
		return
	}
	if len(x.stack) == 0 && x.root != nil {
		x.fatal(start, end, "a second root element <%s>", qname).WithHelp("an SBML file is one element <sbml ...> ... </sbml>")
		return
	}
	empty, ok := x.attributes(end, qname)
	if !ok {
		return
	}
	if x.elements++; x.elements > maxElements {
		x.fatal(start, end, "the text has more than %d elements", maxElements)
		return
	}
	if len(x.stack) >= maxDepth {
		x.fatal(start, end, "elements are nested deeper than %d", maxDepth)
		return
	}
	o := open{qname: qname, start: start, bindings: len(x.bindings)}
	for _, a := range x.found {
		if prefix, ok := namespaceOf(a.qname); ok {
			if len(x.bindings) > 1000 {
				x.fatal(a.start, a.end, "more than 1000 namespaces are in scope")
				return
			}
			x.bindings = append(x.bindings, binding{prefix, x.intern(a.value)})
		}
	}
	var parent *open
	if n := len(x.stack); n > 0 {
		parent = &x.stack[n-1]
	}
	space, local, ok := x.resolve(qname, true)
	if !ok {
		x.errorf(start+1, end, "the prefix of <%s> is not declared", qname).WithHelp("declare it with xmlns:%s=\"...\"", qname[:max(strings.IndexByte(qname, ':'), 0)])
	}
	if parent == nil || !parent.opaque {
		n := x.newNode()
		n.name, n.space, n.start, n.tag, n.inner, n.last = local, space, int32(start), int32(x.at), int32(x.at), int32(x.at)
		n.attrs = x.resolved()
		o.node = n
		if parent == nil {
			x.root = n
		} else {
			parent.node.children = append(parent.node.children, n)
		}
		o.opaque = opaque(parent, n)
	} else {
		o.opaque = true
	}
	x.stack = append(x.stack, o)
	if empty {
		x.pop(x.at, x.at)
	}
}

// opaque tells whether no tree is made of what n holds: text for people, and annotations in
// other languages than RDF.
func opaque(parent *open, n *node) bool {
	if n.name == "notes" || n.name == "message" {
		return n.space != spaceRDF
	}
	return parent != nil && parent.node.name == "annotation" && n.space != spaceRDF
}

func (x *xmlReader) newNode() *node {
	if len(x.slab) == 0 {
		x.slab = make([]node, 256)
	}
	n := &x.slab[0]
	x.slab = x.slab[1:]
	return n
}

func (x *xmlReader) intern(s string) string {
	if t, ok := x.names[s]; ok {
		return t
	}
	if len(x.names) < 10000 {
		x.names[s] = s
	}
	return s
}

// namespaceOf is the prefix that an attribute xmlns or xmlns:prefix declares.
func namespaceOf(qname string) (string, bool) {
	if qname == "xmlns" {
		return "", true
	}
	return strings.CutPrefix(qname, "xmlns:")
}

// resolve splits a name with prefix into namespace and local name.
func (x *xmlReader) resolve(qname string, element bool) (space, local string, ok bool) {
	prefix, local, has := strings.Cut(qname, ":")
	if !has {
		prefix, local = "", qname
		if !element {
			return "", local, true
		}
	}
	for i := len(x.bindings) - 1; i >= 0; i-- {
		if x.bindings[i].prefix == prefix {
			return x.bindings[i].space, local, true
		}
	}
	return "", local, !has
}

// attributes reads the attributes of a start tag into found, up to its end.
func (x *xmlReader) attributes(i int, qname string) (empty, ok bool) {
	x.found = x.found[:0]
	for {
		next := x.space(i)
		if next >= len(x.s) {
			x.fatal(x.at, x.at+1+len(qname), "the text ends inside the tag <%s", qname).WithHelp("expected >")
			return false, false
		}
		switch c := x.s[next]; {
		case c == '>':
			x.at = next + 1
			return false, true
		case c == '/' && next+1 < len(x.s) && x.s[next+1] == '>':
			x.at = next + 2
			return true, true
		}
		end := x.nameEnd(next)
		if end == next || next == i {
			x.fatal(next, next+1, "unexpected %q in the tag <%s>", firstRune(x.s[next:]), qname).WithHelp("expected an attribute NAME=\"VALUE\", > or />")
			return false, false
		}
		name := x.s[next:end]
		equals := x.space(end)
		if equals >= len(x.s) || x.s[equals] != '=' {
			x.fatal(next, end, "the attribute %s has no value", name).WithHelp("expected %s=\"...\"", name)
			return false, false
		}
		quote := x.space(equals + 1)
		if quote >= len(x.s) || x.s[quote] != '"' && x.s[quote] != '\'' {
			x.fatal(next, end, "the value of the attribute %s is not in quotes", name).WithHelp("expected %s=\"...\"", name)
			return false, false
		}
		length := strings.IndexByte(x.s[quote+1:], x.s[quote])
		if length < 0 {
			x.fatal(next, end, "the value of the attribute %s does not end", name).WithHelp("expected a closing %c", x.s[quote])
			return false, false
		}
		value := x.s[quote+1 : quote+1+length]
		if j := strings.IndexByte(value, '<'); j >= 0 {
			x.fatal(quote+1+j, quote+2+j, "a < in the value of the attribute %s", name).WithHelp("write &lt;, or is a closing %c missing?", x.s[quote])
			return false, false
		}
		value = x.attributeValue(value, quote+1)
		i = quote + length + 2
		for _, a := range x.found {
			if a.qname == name {
				x.errorf(next, end, "the attribute %s is given twice", name).WithNote(x.src.At(a.start, a.end), "the first")
				break
			}
		}
		if len(x.found) > 1000 {
			x.fatal(next, end, "an element with more than 1000 attributes")
			return false, false
		}
		x.found = append(x.found, rawAttr{name, value, next, i})
	}
}

// attributeValue normalises white space and replaces references.
func (x *xmlReader) attributeValue(value string, start int) string {
	if strings.ContainsAny(value, "\n\t\r") {
		value = strings.Map(func(r rune) rune {
			if r == '\n' || r == '\t' || r == '\r' {
				return ' '
			}
			return r
		}, value)
	}
	if strings.IndexByte(value, '&') >= 0 {
		value = x.decode(value, start)
	}
	return value
}

// resolved is found as attributes with namespaces.
func (x *xmlReader) resolved() []attr {
	if len(x.found) == 0 {
		return nil
	}
	if len(x.attrSlab) < len(x.found) {
		x.attrSlab = make([]attr, max(512, len(x.found)))
	}
	out := x.attrSlab[:0:len(x.found)]
	x.attrSlab = x.attrSlab[len(x.found):]
	for _, a := range x.found {
		if prefix, ok := namespaceOf(a.qname); ok {
			if x.root == nil { // the root's tell which packages there are
				out = append(out, attr{prefix, spaceXMLNS, a.value, int32(a.start), int32(a.end)})
			}
			continue
		}
		space, local, ok := x.resolve(a.qname, false)
		if !ok {
			x.errorf(a.start, a.end, "the prefix of %s is not declared", a.qname)
		}
		out = append(out, attr{local, space, a.value, int32(a.start), int32(a.end)})
	}
	return out
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
