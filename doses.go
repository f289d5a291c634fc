package thymus

import (
	"math"
	"os"
	"sort"

	"thymus/compile"
	"thymus/diag"
	"thymus/model"
	"thymus/regimen"
	"thymus/sim"
)

// doseTable reads a table of doses for a model: actions, what may be infused into, and the
// doses in order of time.
func doseTable(path string, m *model.Model) ([]compile.Action, []string, []sim.Dose, diag.Messages) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, nil, diag.Messages{diag.FileError(path, err)}
	}
	rows, ms := regimen.ReadDoses(&diag.Source{Name: path, Text: string(text)})
	if ms.HasErrors() {
		return nil, nil, nil, ms
	}
	var actions []compile.Action
	var infusible []string
	var doses []sim.Dose
	seen, infused := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		if !seen[r.Target] {
			seen[r.Target] = true
			a, err := actionFor(m, r.Target)
			if err != nil {
				ms = append(ms, diag.Errorf(r.At, "%v", err))
				continue
			}
			actions = append(actions, a)
		}
		if r.Duration > 0 && !infused[r.Target] {
			infused[r.Target] = true
			infusible = append(infusible, r.Target)
		}
		doses = append(doses, sim.Dose{Intervention: regimen.Intervention{Time: r.Time, Action: "dose:" + r.Target, Amount: r.Amount, Duration: r.Duration}, Hold: -1})
	}
	sort.SliceStable(doses, func(i, j int) bool { return doses[i].Time < doses[j].Time })
	for i := range doses {
		if math.IsNaN(doses[i].Time) {
			doses[i].Time = 0
		}
	}
	return actions, infusible, doses, ms
}
