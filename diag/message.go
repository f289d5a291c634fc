package diag

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strings"
)

// Severity says how bad a message is.
type Severity uint8

// The severities. Only Error stops anything.
const (
	Error Severity = iota
	Warning
	Note
)

// String is "error", "warning" or "note".
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	case Note:
		return "note"
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// Remark is a further fact about a message, perhaps at another place.
type Remark struct {
	At   Place
	Text string
}

// Message is one thing to tell the user about a text they wrote.
type Message struct {
	Severity Severity
	At       Place
	Text     string
	Notes    []Remark
	Help     string // what to do: `did you mean "CL"?`; "" for none
}

// Messages are all the things found; they are an error value when used as one.
// A nil or empty Messages is "nothing to say".
type Messages []Message

// Errorf makes an error message at a place.
func Errorf(at Place, format string, args ...any) Message {
	return Message{Severity: Error, At: at, Text: fmt.Sprintf(format, args...)}
}

// Warnf makes a warning at a place.
func Warnf(at Place, format string, args ...any) Message {
	return Message{Severity: Warning, At: at, Text: fmt.Sprintf(format, args...)}
}

// Notef makes a message that only informs.
func Notef(at Place, format string, args ...any) Message {
	return Message{Severity: Note, At: at, Text: fmt.Sprintf(format, args...)}
}

// FileError is the message that the file at path cannot be read, in plain words.
func FileError(path string, err error) Message {
	at := (&Source{Name: path}).Whole()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Errorf(at, "no such file")
	case errors.Is(err, fs.ErrPermission):
		return Errorf(at, "the file may not be read: permission denied")
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return Errorf(at, "the file cannot be read: %v", err)
}

// WithHelp is m with the help text set; an empty text leaves m as it is.
func (m Message) WithHelp(format string, args ...any) Message {
	if s := fmt.Sprintf(format, args...); s != "" {
		m.Help = s
	}
	return m
}

// WithNote is m with one more note; m itself is not changed.
func (m Message) WithNote(at Place, format string, args ...any) Message {
	m.Notes = append(m.Notes[:len(m.Notes):len(m.Notes)], Remark{At: at, Text: fmt.Sprintf(format, args...)})
	return m
}

// Error is the message as text, with its code frame.
func (m Message) Error() string {
	var b strings.Builder
	writeMessage(&b, m, plain)
	return strings.TrimSuffix(b.String(), "\n")
}

// HasErrors tells whether any message is an error.
func (ms Messages) HasErrors() bool {
	for i := range ms {
		if ms[i].Severity == Error {
			return true
		}
	}
	return false
}

// Err is ms as an error, or nil when no message is an error.
func (ms Messages) Err() error {
	if ms.HasErrors() {
		return ms
	}
	return nil
}

// Error is all messages as text with code frames.
func (ms Messages) Error() string {
	var b strings.Builder
	Write(&b, ms, false)
	return strings.TrimSuffix(b.String(), "\n")
}

// Sort orders ms by text, then place, then severity; equal places keep their
// order. Texts keep the order in which they first appear.
func (ms Messages) Sort() {
	order := map[string]int{}
	file := func(p Place) string {
		if p.Src == nil {
			return ""
		}
		return p.Src.Name
	}
	for i := range ms {
		name := file(ms[i].At)
		if _, ok := order[name]; !ok {
			order[name] = len(order)
		}
	}
	sort.SliceStable(ms, func(i, j int) bool {
		a, b := &ms[i], &ms[j]
		if fa, fb := file(a.At), file(b.At); fa != fb {
			return order[fa] < order[fb]
		}
		if a.At.Start != b.At.Start {
			return a.At.Start < b.At.Start
		}
		return a.Severity < b.Severity
	})
}

type jsonRemark struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

type jsonMessage struct {
	File     string       `json:"file,omitempty"`
	Line     int          `json:"line,omitempty"`
	Column   int          `json:"column,omitempty"`
	Severity string       `json:"severity"`
	Message  string       `json:"message"`
	Notes    []jsonRemark `json:"notes,omitempty"`
	Help     string       `json:"help,omitempty"`
}

// MarshalJSON gives file, line, column, severity, message, notes and help.
func (m Message) MarshalJSON() ([]byte, error) {
	j := jsonMessage{Severity: m.Severity.String(), Message: m.Text, Help: m.Help}
	j.File, j.Line, j.Column = m.At.Position()
	for _, n := range m.Notes {
		r := jsonRemark{Message: n.Text}
		r.File, r.Line, r.Column = n.At.Position()
		j.Notes = append(j.Notes, r)
	}
	return json.Marshal(j)
}
