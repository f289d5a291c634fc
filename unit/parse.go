package unit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"thymus/diag"
)

// maxLength and maxDepth bound what Parse reads.
const (
	maxLength = 1000
	maxDepth  = 50
)

// SyntaxError says why a text is no unit, and where in it (bytes).
type SyntaxError struct {
	Text, Reason string
	Offset       int
	Help         string // `did you mean "day"?`, or ""
}

// Error is the reason with the text and the help.
func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("unit %q: %s", e.Text, e.Reason)
	if e.Help != "" {
		s += "; " + e.Help
	}
	return s
}

// Parse reads a unit: names with SI prefixes, products by * or space, quotients
// by /, integer powers by ^, ** or a digit after the name ("m2", "s-1"),
// parentheses and plain factors ("1e3/uL"). Quotients associate to the left as in
// formulas: L/day/kg is L/(day*kg). A number before a name belongs to it, as in
// mL/min/1.73 m2. The empty text, "1" and "dimensionless" are One.
//
// The error is a *SyntaxError: it names the unknown unit and proposes a near one.
func Parse(text string) (Unit, error) {
	p := &parser{text: text}
	if len(text) > maxLength {
		return Unit{}, &SyntaxError{Text: text[:20] + "...", Reason: "longer than " + strconv.Itoa(maxLength) + " characters"}
	}
	p.space()
	if p.at == len(text) {
		return One, nil
	}
	u, err := p.product(0)
	if err != nil {
		return Unit{}, err
	}
	if p.at < len(text) {
		r, _ := utf8.DecodeRuneInString(text[p.at:])
		return Unit{}, p.errorf(p.at, "unexpected %q", r)
	}
	if !(u.Scale > 0) || math.IsInf(u.Scale, 0) {
		return Unit{}, p.errorf(0, "its factor is not a positive number")
	}
	for _, n := range u.Dim {
		if n >= maxPower || n <= -maxPower {
			return Unit{}, p.errorf(0, "a power beyond %d", maxPower-1)
		}
	}
	return u, nil
}

// MustParse is Parse for texts of programmers; it panics on an error.
func MustParse(text string) Unit {
	u, err := Parse(text)
	if err != nil {
		panic("unit: " + err.Error())
	}
	return u
}

type parser struct {
	text string
	at   int
}

func (p *parser) errorf(at int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Text: p.text, Reason: fmt.Sprintf(format, args...), Offset: at}
}

func (p *parser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

// peek is the next byte after spaces, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// product reads factors joined by *, / or mere space, up to the end or ")".
func (p *parser) product(depth int) (Unit, error) {
	if depth > maxDepth {
		return Unit{}, p.errorf(p.at, "nested deeper than %d parentheses", maxDepth)
	}
	u, err := p.factor(depth)
	if err != nil {
		return Unit{}, err
	}
	for {
		divide := false
		switch c := p.peek(); {
		case c == 0 || c == ')':
			return u, nil
		case c == '*':
			p.at++
		case strings.HasPrefix(p.text[p.at:], "·"):
			p.at += len("·")
		case c == '/':
			p.at++
			divide = true
		case c == '(' || startsName(p.text[p.at:]):
			// "kg m" is a product. A number here, as in "L 2", would not be: refused below.
		default:
			return u, nil
		}
		v, err := p.factor(depth)
		if err != nil {
			return Unit{}, err
		}
		if divide {
			u = u.Div(v)
		} else {
			u = u.Mul(v)
		}
	}
}

// factor reads a name, a number or a parenthesis, with its power.
func (p *parser) factor(depth int) (Unit, error) {
	c := p.peek()
	start := p.at
	var u Unit
	switch {
	case c == 0:
		return Unit{}, p.errorf(p.at, "it ends where a unit is expected")
	case c == '(':
		p.at++
		inner, err := p.product(depth + 1)
		if err != nil {
			return Unit{}, err
		}
		if p.peek() != ')' {
			return Unit{}, p.errorf(p.at, "a closing parenthesis is missing")
		}
		p.at++
		u = inner
	case c >= '0' && c <= '9' || c == '.':
		end := start
		for end < len(p.text) && isNumberByte(p.text, start, end) {
			end++
		}
		x, err := strconv.ParseFloat(p.text[start:end], 64)
		if err != nil || x <= 0 || math.IsInf(x, 0) {
			return Unit{}, p.errorf(start, "%q is not a positive number", p.text[start:end])
		}
		p.at = end
		u = Unit{Scale: x}
	case startsName(p.text[p.at:]):
		return p.name()
	default:
		r, _ := utf8.DecodeRuneInString(p.text[p.at:])
		return Unit{}, p.errorf(p.at, "unexpected %q", r)
	}
	n, err := p.power()
	if err != nil {
		return Unit{}, err
	}
	u = u.Pow(n)
	// "mL/min/1.73 m2": a number and the name after it are one factor.
	if c != '(' && p.peek() != 0 && startsName(p.text[p.at:]) {
		v, err := p.name()
		if err != nil {
			return Unit{}, err
		}
		u = u.Mul(v)
	}
	return u, nil
}

// isNumberByte tells whether byte i continues the number that began at start.
func isNumberByte(s string, start, i int) bool {
	c := s[i]
	if c >= '0' && c <= '9' || c == '.' {
		return true
	}
	if c == 'e' || c == 'E' {
		// An exponent, unless what follows is a name ("2 eV" is written with a space).
		rest := strings.TrimLeft(s[i+1:], "+-")
		return len(s[i+1:])-len(rest) <= 1 && rest != "" && rest[0] >= '0' && rest[0] <= '9' && !strings.ContainsAny(s[start:i], "eE")
	}
	return (c == '+' || c == '-') && i > start && (s[i-1] == 'e' || s[i-1] == 'E')
}

// startsName tells whether s begins with a name of a unit.
func startsName(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '%' || r == '_' || r == '°' || unicode.IsLetter(r)
}

// name reads a name with its power: "m", "m^2", "m2", "s-1", "m²".
func (p *parser) name() (Unit, error) {
	start := p.at
	for p.at < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		if !(r == '%' && p.at == start || r == '_' || r == '°' || unicode.IsLetter(r)) {
			break
		}
		p.at += size
		if r == '%' {
			break
		}
	}
	name := p.text[start:p.at]
	u, ok := lookup(name)
	if !ok {
		return Unit{}, p.unknown(name, start)
	}
	// A power without a sign between: m2, s-1.
	if p.at < len(p.text) {
		rest := p.text[p.at:]
		if c := rest[0]; c >= '0' && c <= '9' || c == '-' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' {
			n, err := p.integer()
			if err != nil {
				return Unit{}, err
			}
			return u.Pow(n), nil
		}
		for s, n := range map[string]int{"²": 2, "³": 3} {
			if strings.HasPrefix(rest, s) {
				p.at += len(s)
				return u.Pow(n), nil
			}
		}
	}
	n, err := p.power()
	if err != nil {
		return Unit{}, err
	}
	return u.Pow(n), nil
}

func (p *parser) unknown(name string, at int) error {
	e := p.errorf(at, "unknown unit %q", name)
	switch name {
	case "degC", "°C", "celsius", "Celsius", "degF", "°F", "fahrenheit", "Fahrenheit":
		e.Reason = fmt.Sprintf("%q has another zero than kelvin, so it is no factor", name)
		e.Help = "write temperatures in K"
		return e
	case "log", "dB", "pH":
		e.Reason = fmt.Sprintf("%q is logarithmic, so it is no factor", name)
		return e
	}
	e.Help = diag.DidYouMean(name, Names())
	return e
}

// power reads ^n or **n; 1 when there is none.
func (p *parser) power() (int, error) {
	c := p.peek()
	switch {
	case c == '^':
		p.at++
	case strings.HasPrefix(p.text[p.at:], "**"):
		p.at += 2
	default:
		return 1, nil
	}
	if p.peek() == '(' {
		p.at++
		n, err := p.integer()
		if err != nil {
			return 0, err
		}
		if p.peek() != ')' {
			return 0, p.errorf(p.at, "a closing parenthesis is missing")
		}
		p.at++
		return n, nil
	}
	return p.integer()
}

// integer reads a power: a small whole number with an optional sign.
func (p *parser) integer() (int, error) {
	p.space()
	start := p.at
	if p.at < len(p.text) && (p.text[p.at] == '-' || p.text[p.at] == '+') {
		p.at++
	}
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	digits := p.text[start:p.at]
	n, err := strconv.Atoi(digits)
	if err != nil || n > 1000 || n < -1000 {
		return 0, p.errorf(start, "a power must be a small whole number, not %q", firstWord(p.text[start:]))
	}
	if p.at < len(p.text) && p.text[p.at] == '.' {
		return 0, p.errorf(start, "a power must be a whole number, not %q", firstWord(p.text[start:]))
	}
	return n, nil
}

func firstWord(s string) string {
	if i := strings.IndexAny(s, " */()"); i >= 0 {
		return s[:i]
	}
	return s
}
