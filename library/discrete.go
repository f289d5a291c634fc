package library

import (
	"strconv"
	"strings"

	"thymus/diag"
)

// Discrete names a species of a module that is a whole number of cells while they are few:
// the header line "discrete: Tp, Ts below 1000" or "discrete: Tn below 1000 from poisson",
// where the value at the start is the mean of a Poisson number. Dots lead into submodules.
type Discrete struct {
	Species string
	Below   float64
	Poisson bool
	At      diag.Place
}

// discretes reads a header line.
func (e *Entry) discretes(at diag.Place) ([]Discrete, diag.Messages) {
	text := at.Src.Text[at.Start:at.End]
	bad := func() ([]Discrete, diag.Messages) {
		return nil, diag.Messages{diag.Errorf(at, "expected species and a number of cells").WithHelp("as in: discrete: Tp, Ts below 1000, or: discrete: Tn below 1000 from poisson")}
	}
	names, rest, ok := strings.Cut(text, " below ")
	f := strings.Fields(rest)
	if !ok || len(f) != 1 && !(len(f) == 3 && f[1] == "from" && f[2] == "poisson") {
		return bad()
	}
	below, err := strconv.ParseFloat(f[0], 64)
	if err != nil || !(below >= 1 && below <= 1e6) {
		return bad()
	}
	var out []Discrete
	for _, name := range strings.Split(names, ",") {
		name = strings.TrimSpace(name)
		if name == "" || strings.ContainsAny(name, " \t") {
			return bad()
		}
		out = append(out, Discrete{Species: name, Below: below, Poisson: len(f) == 3, At: at})
	}
	return out, nil
}

// InModel is the id of the species in a model composed with the module.
func (e *Entry) InModel(d Discrete) string {
	return e.Instance + "_" + strings.ReplaceAll(d.Species, ".", "_")
}
