package library

import (
	"strings"
	"unicode"

	"thymus/diag"
	"thymus/model"
)

// Story is what the header of a module tells, taken apart: what it is, what it assumes, and
// where it is known to fail or what it leaves out.
type Story struct {
	About       string `json:"about"`
	Assumptions string `json:"assumptions,omitempty"`
	Failures    string `json:"failures,omitempty"`
}

// openings are the words with which a story turns to assumptions and to failures.
var openings = []struct {
	failure bool
	words   []string
}{
	{false, []string{"Assumptions:", "Assumption:", "Hypothèses :", "Hypothèse :", "Hypothèses:", "Hypothèse:"}},
	{true, []string{"Known failures:", "Known failure:", "Not simulated:", "Not simulated here:", "Limites connues :", "Limite connue :", "Défauts connus :", "Défaut connu :", "Limites :", "Limite :", "Non simulés :", "Non simulé :", "Limites connues:", "Limites:"}},
}

// SplitStory takes a story apart. What follows "Assumptions:" or "Known failures:" (in
// French "Hypothèses :", "Limites connues :", "Non simulés :") belongs to that part until
// the paragraph ends or the other one begins.
func SplitStory(text string) Story {
	var about, assumptions, failures []string
	for _, paragraph := range strings.Split(text, "\n\n") {
		to := &about
		for paragraph != "" {
			at, length, next := len(paragraph), 0, to
			for _, o := range openings {
				for _, w := range o.words {
					i := strings.Index(paragraph, w)
					if i < 0 || i > at || i == at && len(w) <= length || i > 0 && paragraph[i-1] != ' ' {
						continue
					}
					at, length, next = i, len(w), &assumptions
					if o.failure {
						next = &failures
					}
				}
			}
			if piece := strings.TrimSpace(paragraph[:at]); piece != "" {
				*to = append(*to, capital(piece))
			}
			paragraph, to = strings.TrimSpace(paragraph[at+length:]), next
		}
	}
	return Story{strings.Join(about, "\n\n"), strings.Join(assumptions, " "), strings.Join(failures, " ")}
}

func capital(s string) string {
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// Tell is the story in a language: "en", or "fr".
func (e *Entry) Tell(language string) Story {
	if language == "fr" {
		return SplitStory(e.StoryFR)
	}
	return SplitStory(e.Story)
}

// Diagram is a picture's worth of the module.
func (e *Entry) Diagram(ports *model.Ports) (*model.Diagram, diag.Messages) {
	m, ms := model.Flatten(e.Doc, e.Module.ID)
	if m == nil || ms.HasErrors() {
		return nil, ms
	}
	return model.NewDiagram(m, ports), nil
}
