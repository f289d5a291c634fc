package trial

import "thymus/library"

// Coverage says what a published figure is to the trials that simulate its study.
type Coverage struct {
	Row   library.EvidenceRow
	Part  Part
	Trial string // the first trial that names the row; "" when none does
	Why   string
}

// Cover maps every verified row of the studies that the trials predict figures of, and
// every row that a trial names, in the order of rows. A study is simulated when one of its
// rows is compared with an endpoint. A row that several trials name is predicted when one
// of them predicts it, else what the first says.
func Cover(specs []*Spec, rows []library.EvidenceRow) []Coverage {
	study := map[string]string{}
	for _, r := range rows {
		study[r.ID] = r.Study
	}
	simulated := map[string]bool{}
	named := map[string]Coverage{}
	for _, s := range specs {
		for _, c := range s.Evidence {
			simulated[study[c.Row]] = true
			if named[c.Row].Part != Predicted {
				named[c.Row] = Coverage{Part: Predicted, Trial: s.ID, Why: c.Note}
			}
		}
	}
	for _, s := range specs {
		for _, u := range s.Used {
			if _, ok := named[u.Row]; !ok {
				named[u.Row] = Coverage{Part: u.Part, Trial: s.ID, Why: u.Why}
			}
		}
	}
	var out []Coverage
	for _, r := range rows {
		c, ok := named[r.ID]
		switch {
		case ok:
		case simulated[r.Study] && r.Status == "verified":
			c.Part = Unmapped
		default:
			continue
		}
		c.Row = r
		out = append(out, c)
	}
	return out
}
