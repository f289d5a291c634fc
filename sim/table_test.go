package sim_test

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"thymus/compile"
	"thymus/diag"
	"thymus/sim"
)

// followed simulates every individual of a table; columns are ids.
func followed(t testing.TB, text, table string, forward bool, columns ...string) (*sim.DoseTable, []*sim.Trajectory) {
	t.Helper()
	d, ms := sim.OpenDoses(flat(t, text), &diag.Source{Name: "d.csv", Text: table}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	var record []compile.Selection
	for _, c := range columns {
		record = append(record, compile.Selection{ID: c})
	}
	plan, ms := d.Plan(sim.Config{Record: record, Rtol: 1e-10}, 0)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	w := plan.NewWorker()
	var out []*sim.Trajectory
	for k := 0; k < d.Records.Len(); k++ {
		tr, failure := w.Follow(sim.Patient{Number: k}, sim.History{Individual: d.Records.Individual(k), Forward: forward})
		if failure != nil {
			t.Fatalf("individual %d: %v", k, failure)
		}
		out = append(out, tr)
	}
	return d, out
}

// TestNonmem holds the scenarios of a folder with doses.csv and expected.csv (ID, TIME, CP)
// against NONMEM's answers, to the five digits that they are printed with.
func TestNonmem(t *testing.T) {
	dir := os.Getenv("THYMUS_NONMEM")
	if dir == "" {
		t.Skip("THYMUS_NONMEM is not set: NONMEM's answers are not compared")
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	_, got := followed(t, nonmemModel, read("doses.csv"), false, "CP")
	rows := strings.Split(strings.TrimSpace(read("expected.csv")), "\n")[1:]
	k, i := 0, 0
	wrong := map[string]int{}
	for _, row := range rows {
		for i == len(got[k].Times) {
			k, i = k+1, 0
		}
		f := strings.Split(row, ",")
		time, _ := strconv.ParseFloat(f[1], 64)
		want, _ := strconv.ParseFloat(strings.TrimSpace(f[2]), 64)
		have := got[k].Values[0][i]
		if got[k].Times[i] != time {
			t.Fatalf("ID %s: row %d is at %g, want %g", f[0], i, got[k].Times[i], time)
		}
		if printed, _ := strconv.ParseFloat(strconv.FormatFloat(have, 'g', 5, 64), 64); math.Abs(printed-want) > 1e-9*math.Abs(want) {
			if wrong[f[0]]++; wrong[f[0]] < 4 {
				t.Errorf("ID %s at %g: %.7g, want %g", f[0], time, have, want)
			}
		}
		i++
	}
	t.Logf("%d individuals, %d rows", len(got), len(rows))
}

const nonmemModel = `model m()
  substanceOnly species GUT = 0, CENT = 0;
  J1: GUT -> CENT; KA*GUT;
  J2: CENT -> ; CL/V*CENT;
  KA = 1.5; CL = 1.1; V = 20;
  CP := CENT/(V/1000);
  LAGT = 0; BIOAV = 1; RAT2 = 1; DUR2 = 1;
  ALAG_2 := LAGT; F_CENT := BIOAV; R_2 := RAT2; D_2 := DUR2;
end`

// oneCompartment has k = 0.1 per time; y is an amount.
const oneCompartment = `model m()
  substanceOnly species y = 0;
  out: y -> ; k*y;
  k = 0.1; W = 1;
end`

// TestClosedForms holds one compartment against its closed forms.
func TestClosedForms(t *testing.T) {
	const k = 0.1
	e := func(x float64) float64 { return math.Exp(-k * x) }
	// infusion of rate r over d, at time x after its start
	infused := func(r, d, x float64) float64 {
		if x <= 0 {
			return 0
		}
		return r / k * (1 - e(math.Min(x, d))) * e(math.Max(0, x-d))
	}
	for _, c := range []struct {
		name, table string
		at          float64
		want        float64
	}{
		{"bolus", "TIME,EVID,AMT,CMT\n0,1,100,1\n7,0,.,1\n", 7, 100 * e(7)},
		{"species by id, columns in another order, blanks", "CMT AMT time evid\ny 100 0 1\n. . 7 0\n", 7, 100 * e(7)},
		{"without EVID", "TIME,AMT,CMT\n0,100,1\n7,.,.\n", 7, 100 * e(7)},
		{"additional doses, the last at the record", "TIME,EVID,AMT,ADDL,II\n0,1,100,3,5\n15,0,.,.,.\n", 15, 100 * (e(15) + e(10) + e(5) + 1)},
		{"additional doses end", "TIME,EVID,AMT,ADDL,II\n0,1,100,1,5\n15,0,.,.,.\n", 15, 100 * (e(15) + e(10))},
		{"infusion", "TIME,EVID,AMT,RATE\n0,1,100,20\n7,0,.,.\n", 7, infused(20, 5, 7)},
		{"overlapping infusions", "TIME,EVID,AMT,RATE\n0,1,100,20\n2,1,30,10\n7,0,.,.\n", 7, infused(20, 5, 7) + infused(10, 3, 5)},
		{"infusion by duration, share scales the rate", "TIME,EVID,AMT,RATE,D_1,F_1\n0,1,100,-2,4,0.5\n7,0,.,.,.,.\n", 7, infused(12.5, 4, 7)},
		{"infusion by rate, share scales the duration", "TIME,EVID,AMT,RATE,R_y,F_y\n0,1,100,-1,25,0.5\n7,0,.,.,.,.\n", 7, infused(25, 2, 7)},
		{"the rate of an infusion changes at a record", "TIME,EVID,AMT,RATE,R_y,W\n0,1,100,-1,10,1\n4,2,.,.,10,1\n9,0,.,.,30,2\n", 9, infused(10, 4, 9) + infused(30, 2, 5)},
		{"lag", "TIME,EVID,AMT,ALAG_1\n0,1,100,3\n7,0,.,3\n", 7, 100 * e(4)},
		{"lag not over", "TIME,EVID,AMT,ALAG_1\n0,1,100,3\n2.5,0,.,3\n", 2.5, 0},
		{"the share is that of the record after a lagged dose", "TIME,EVID,AMT,ALAG_1,F_1\n0,1,100,3,1\n2,2,.,3,1\n7,0,.,3,0.25\n", 7, 25 * e(4)},
		{"steady state of boluses", "TIME,EVID,AMT,SS,II\n0,1,100,1,8\n3,0,.,.,.\n", 3, 100 / (1 - e(8)) * e(3)},
		{"steady state with a lag", "TIME,EVID,AMT,SS,II,ALAG_1\n0,1,100,1,8,5\n3,0,.,.,.,.\n", 3, 100 / (1 - e(8)) * e(6)},
		{"steady state, a lag as long as the interval", "TIME,EVID,AMT,SS,II,ALAG_1\n0,1,100,1,8,8\n3,0,.,.,.,.\n", 3, 100 / (1 - e(8)) * e(3)},
		{"steady state, a lag longer than the interval", "TIME,EVID,AMT,SS,II,ALAG_1\n0,1,100,1,8,21\n6,0,.,.,.,.\n", 6, 100 / (1 - e(8)) * e(1)},
		{"steady state of long infusions", "TIME,EVID,AMT,RATE,SS,II\n0,1,100,5,1,8\n3,0,.,.,.,.\n", 3, func() (v float64) {
			for j := 0.0; j < 100; j++ {
				v += infused(5, 20, 3+8*j)
			}
			return v
		}()},
		{"steady state of a constant infusion, ended", "TIME,EVID,AMT,RATE,SS\n0,1,0,5,1\n3,0,.,.,.\n", 3, 50 * e(3)},
		{"two steady states", "TIME,EVID,AMT,SS,II,ADDL\n0,1,100,1,8,9\n2,1,40,2,8,9\n3,0,.,.,.,.\n", 3, 100/(1-e(8))*e(3) + 40/(1-e(8))*e(1)},
		{"the present state as a start", "TIME,EVID,AMT,SS,II\n0,1,7,0,0\n0,1,100,3,8\n3,0,.,.,.\n", 3, 100 / (1 - e(8)) * e(3)},
		{"steady state forgets what was to come", "TIME,EVID,AMT,SS,II,ADDL,RATE\n0,1,100,0,1,9,10\n0.5,1,100,1,8,0,0\n3.5,0,.,.,.,.,.\n", 3.5, 100 / (1 - e(8)) * e(3)},
		{"reset", "TIME,EVID,AMT,ADDL,II\n0,1,100,9,1\n2.5,3,.,.,.\n7,0,.,.,.\n", 7, 0},
		{"reset and dose", "TIME,EVID,AMT,RATE\n0,1,100,10\n2,4,50,0\n7,0,.,.\n", 7, 50 * e(5)},
		{"reset to an earlier time", "TIME,EVID,AMT\n10,1,100\n2,4,50\n7,0,.\n", 7, 50 * e(5)},
		{"turned off", "TIME,EVID,AMT,CMT\n0,1,100,1\n2,2,.,-1\n7,0,.,.\n", 7, 0},
		{"turned off and on by a dose", "TIME,EVID,AMT,CMT\n0,1,100,1\n2,2,.,-y\n3,1,10,y\n7,0,.,.\n", 7, 10 * e(4)},
		{"turned off and on, an infusion goes on", "TIME,EVID,AMT,CMT,RATE\n0,1,100,1,10\n2,2,.,-1,.\n4,2,.,1,.\n7,0,.,.,.\n", 7, infused(10, 3, 3)},
		{"a value holds up to its record", "TIME,EVID,AMT,k\n0,1,100,0.1\n2,2,.,0.1\n7,0,.,0.3\n", 7, 100 * math.Exp(-0.2-1.5)},
		{"missing values are carried", "TIME,EVID,AMT,k\n0,1,100,.\n2,2,.,0.2\n7,0,.,.\n", 7, 100 * math.Exp(-1.4)},
	} {
		for _, rows := range []string{"", "1e6"} { // the same beside a second individual
			text := c.table
			if rows != "" {
				lines := strings.Split(strings.TrimSpace(text), "\n")
				sep := ","
				if !strings.Contains(text, ",") {
					sep = " "
				}
				text = "ID" + sep + lines[0] + "\n"
				for _, id := range []string{"5", "7"} {
					for _, l := range lines[1:] {
						text += id + sep + l + "\n"
					}
				}
			}
			_, got := followed(t, oneCompartment, text, false, "y")
			for _, tr := range got {
				n := len(tr.Times) - 1
				if have := tr.Values[0][n]; tr.Times[n] != c.at || math.Abs(have-c.want) > 1e-8*math.Max(1, math.Abs(c.want)) {
					t.Errorf("%s: %.12g at %g, want %.12g at %g", c.name, have, tr.Times[n], c.want, c.at)
				}
			}
		}
	}
	_, got := followed(t, oneCompartment, "TIME,EVID,AMT,k\n0,1,100,0.1\n2,2,.,0.3\n7,0,.,0.3\n", true, "y")
	if have, want := got[0].Values[0][2], 100*math.Exp(-0.2-1.5); math.Abs(have-want) > 1e-8 {
		t.Errorf("forward: %g, want %g", have, want)
	}
}

// TestRowsStandBetween: rows at one time show what the records before them did, and
// additional doses come before records of their time.
func TestRowsStandBetween(t *testing.T) {
	_, got := followed(t, oneCompartment, "TIME,EVID,AMT,ADDL,II\n0,0,.,.,.\n0,1,100,1,5\n0,0,.,.,.\n5,0,.,.,.\n5,1,10,.,.\n5,2,.,.,.\n5,3,.,.,.\n", false, "y")
	d := math.Exp(-0.5)
	for i, want := range []float64{0, 100, 100, 100*d + 100, 100*d + 110, 100*d + 110, 0} {
		if have := got[0].Values[0][i]; math.Abs(have-want) > 1e-7 {
			t.Errorf("row %d: %g, want %g", i, have, want)
		}
	}
}

// TestConcentration: a dose adds to the amount, whatever the symbol means.
func TestConcentration(t *testing.T) {
	const text = `model m()
  compartment v = 5; species s in v = 2; s -> ; v*0.1*s;
end`
	_, got := followed(t, text, "TIME,EVID,AMT,CMT,RATE,v\n0,1,100,s,0,5\n3,1,20,s,10,5\n5,0,.,.,.,5\n", false, "s")
	want := (110*math.Exp(-0.5) + 100*(1-math.Exp(-0.2))) / 5
	if have := got[0].Values[0][2]; math.Abs(have-want) > 1e-8 {
		t.Errorf("%.10g, want %.10g", have, want)
	}
	if have := got[0].Values[0][0]; have != 22 {
		t.Errorf("after the dose %g, want 22", have)
	}
}

// TestSteadyStates holds the search against doses given until nothing changes, in models
// without closed forms: saturable elimination, a drug that binds a conserved receptor, an
// effect with a baseline of its own, and an area under the curve that has no steady state.
func TestSteadyStates(t *testing.T) {
	for name, text := range map[string]string{
		"saturable": `model m()
  substanceOnly species g = 0, y = 0, z = 0;
  g -> y; 1.2*g; y -> ; 30*y/(50 + y); y -> z; 0.3*y; z -> y; 0.02*z; z -> ; 0.01*z; area = 0; area' = y;
end`,
		"bound": `model m()
  substanceOnly species g = 0, y = 0, R = 20, yR = 0;
  g -> y; 0.7*g; y -> ; 0.2*y; y + R -> yR; 0.05*y*R; yR -> y + R; 0.1*yR; area = 0; area' = yR;
end`,
		"effect": `model m()
  substanceOnly species g = 0, y = 0; var E = 3;
  g -> y; 0.7*g; y -> ; 0.2*y; E' = 3*0.1*(1 - y/(40 + y)) - 0.1*E; area = 0; area' = E;
end`,
		"slow": `model m()
  substanceOnly species g = 0, y = 0, z = 0;
  g -> y; 0.7*g; y -> ; 0.02*y; y -> z; 0.05*y; z -> y; 0.01*z; area = 0; area' = z;
end`,
	} {
		ids := []string{"g", "y"}
		for _, id := range []string{"z", "R", "yR", "E"} {
			if strings.Contains(text, id+" = ") {
				ids = append(ids, id)
			}
		}
		ids = append(ids, "area")
		for _, how := range []string{"0", "40", "2.5"} { // at once, over 2, over 32 (more than the interval of 12)
			steady := "TIME,EVID,AMT,CMT,RATE,SS,II,ALAG_1\n0,1,80,g," + how + ",1,12,5\n7.5,0,.,.,.,.,.,5\n"
			long := "TIME,EVID,AMT,CMT,RATE,ADDL,II,ALAG_1\n-6000,1,80,g," + how + ",9999,12,5\n7.5,0,.,.,.,.,.,5\n"
			_, a := followed(t, text, steady, false, ids...)
			_, b := followed(t, text, long, false, ids...)
			for i, id := range ids {
				have, want := a[0].Values[i][1], b[0].Values[i][1]
				if id == "area" {
					if first := a[0].Values[i][0]; first != 0 || have <= 0 {
						t.Errorf("%s, rate %s: the area is %g at the start and %g later", name, how, first, have)
					}
				} else if math.Abs(have-want) > 3e-7*math.Abs(want) {
					t.Errorf("%s, rate %s: %s is %.10g, by many doses %.10g", name, how, id, have, want)
				}
			}
		}
	}
}

// TestNoSteadyState: what does not settle is named.
func TestNoSteadyState(t *testing.T) {
	for text, want := range map[string]string{
		"model m()\n substanceOnly species y = 0; var z = 0; z' = y - z;\nend":           "grows without end",
		"model m()\n substanceOnly species y = 0; y -> ; 5*y/(1 + y);\nend":              "no steady state of a dose of 100 into y every 8",
		"model m()\n substanceOnly species y = 0; y -> ; 0.1*y; F_y = -1;\nend":          "F_y is -1",
		"model m()\n substanceOnly species y = 0; y -> ; 0.1*y; ALAG_y := log(-1);\nend": "ALAG_y is NaN",
		"model m()\n substanceOnly species y = 1; -> y; y*y;\nend":                       "no steady state",
	} {
		d, ms := sim.OpenDoses(flat(t, text), &diag.Source{Name: "d.csv", Text: "TIME,EVID,AMT,SS,II\n0,1,100,1,8\n3,0,.,.,.\n"}, nil)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		plan, ms := d.Plan(sim.Config{Record: []compile.Selection{{ID: "y"}}}, 0)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		_, failure := plan.NewWorker().Follow(sim.Patient{}, sim.History{Individual: d.Records.Individual(0)})
		if failure == nil || !strings.Contains(failure.Error(), want) {
			t.Errorf("%s\n%v, want %q", text, failure, want)
		}
	}
}

// TestDoubtfulSum: SS 2 in a model that is not linear is done, with a warning.
func TestDoubtfulSum(t *testing.T) {
	const text = "model m()\n substanceOnly species y = 0; y -> ; 30*y/(50 + y);\nend"
	for table, want := range map[string]int{"TIME,EVID,AMT,SS,II\n0,1,100,2,8\n3,0,.,.,.\n": 1, "TIME,EVID,AMT,SS,II\n0,1,100,1,8\n3,0,.,.,.\n": 0} {
		if _, got := followed(t, text, table, false, "y"); len(got[0].Warnings) != want {
			t.Errorf("%d warnings, want %d: %v", len(got[0].Warnings), want, got[0].Warnings)
		}
	}
	if _, got := followed(t, nonmemModel, "TIME,EVID,AMT,SS,II\n0,1,100,2,8\n3,0,.,.,.\n", false, "CP"); len(got[0].Warnings) != 0 {
		t.Errorf("a linear model: %v", got[0].Warnings)
	}
}

// TestEventsAndResets: a reset lets the model's events begin anew.
func TestEventsAndResets(t *testing.T) {
	const text = `model m()
  substanceOnly species y = 0; n = 0; y -> ; 0.1*y;
  at y > 50: n = n + 1;
end`
	_, got := followed(t, text, "TIME,EVID,AMT\n0,1,100\n10,1,100\n11,3,.\n12,1,60\n13,0,.\n", false, "n")
	for i, want := range []float64{1, 2, 0, 1, 1} {
		if have := got[0].Values[0][i]; have != want {
			t.Errorf("row %d: %g, want %g", i, have, want)
		}
	}
}

// TestDosedDelays: a model that reads its own past follows doses; steady states are refused.
func TestDosedDelays(t *testing.T) {
	const text = `model m()
  substanceOnly species y = 0; y -> ; 0.1*y; z = 0; z' = delay(y, 1);
end`
	_, got := followed(t, text, "TIME,EVID,AMT,CMT\n0,1,100,y\n5,0,.,.\n", false, "z")
	if have, want := got[0].Values[0][1], 1000*(1-math.Exp(-0.4)); math.Abs(have-want) > 1e-5*want {
		t.Errorf("%.10g, want %.10g", have, want)
	}
	d, ms := sim.OpenDoses(flat(t, text), &diag.Source{Name: "d.csv", Text: "TIME,EVID,AMT,SS,II\n0,1,100,1,8\n3,0,.,.,.\n"}, nil)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	plan, ms := d.Plan(sim.Config{Record: []compile.Selection{{ID: "y"}}}, 0)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	_, failure := plan.NewWorker().Follow(sim.Patient{}, sim.History{Individual: d.Records.Individual(0)})
	if failure == nil || !strings.Contains(failure.Error(), "delay") {
		t.Error(failure)
	}
}
