package regimen

import (
	"math"
	"strings"
	"testing"

	"thymus/diag"
)

var words = RecordOptions{
	Compartments: []string{"Gut", "Central"},
	Dosable:      func(id string) bool { return id == "Spare" },
	Settable: func(name string) (bool, string) {
		if name == "CL" {
			return false, "CL is determined by a rule of the model"
		}
		return name == "WT" || name == "k", ""
	},
	Names:  []string{"WT", "k", "CL"},
	Models: func(u Use, target string) bool { return u == Rate && target == "Gut" },
}

func open(text string) (*Records, diag.Messages) {
	return OpenRecords(&diag.Source{Name: "d.csv", Text: text}, words)
}

// TestBadRecords: each mistake is named at its place, with the numbers in it.
func TestBadRecords(t *testing.T) {
	for _, c := range []struct{ table, at, want string }{
		{"", "", "empty"},
		{"ID,TIME\n", "", "no rows"},
		{"ID,EVID,AMT\n1,1,100\n", "1:1", "TIME is missing"},
		{"ID,TIME,AMT,amt\n1,0,1,1\n", "1:13", "stands twice"},
		{"ID,TIME,,AMT\n1,0,1,1\n", "1:9", "no name"},
		{"DATE,TIME,AMT\n1,0,1\n", "1:1", "DATE is not supported"},
		{"TIME,AMT\n0,1,2\n", "2:1", "3 fields"},
		{"TIME,AMT\n0,one\n", "2:3", `AMT is "one"`},
		{"TIME,AMT\n.,1\n", "2:1", "TIME is missing"},
		{"TIME,AMT\n8:30,1\n", "2:1", "clock times"},
		{"TIME,AMT\ninf,1\n", "2:1", "expected a number"},
		{"ID,TIME,AMT\n.,0,1\n", "2:1", "ID is missing"},
		{"TIME,EVID,AMT\n0,5,1\n", "2:3", "EVID is 5"},
		{"TIME,EVID,AMT\n0,1.5,1\n", "2:3", "whole number"},
		{"TIME,EVID,AMT\n0,1,-3\n", "2:5", "cannot be negative"},
		{"TIME,EVID,AMT\n0,0,3\n", "2:5", "gives no dose"},
		{"TIME,EVID,AMT\n0,1,0\n", "2:5", "EVID 1 gives no dose"},
		{"TIME,EVID,AMT,RATE\n0,1,0,5\n", "2:5", "needs an amount"},
		{"TIME,AMT,RATE\n0,1,-3\n", "2:5", "RATE is -3"},
		{"TIME,AMT,RATE\n0,1,-2\n", "2:1", "nothing gives the duration"},
		{"TIME,AMT,RATE,CMT\n0,1,-1,2\n", "2:1", "nothing gives the rate of infusions into Central"},
		{"TIME,AMT,ADDL\n0,1,-3\n", "2:5", "negative ADDL"},
		{"TIME,AMT,ADDL\n0,1,3\n", "2:1", "needs the interval"},
		{"TIME,AMT,ADDL,II\n0,1,3,-1\n", "2:7", "an interval cannot be negative"},
		{"TIME,AMT,SS,II\n0,1,1,0\n", "2:7", "II is missing or 0"},
		{"TIME,AMT,SS\n0,1,4\n", "2:5", "SS is 4"},
		{"TIME,AMT,SS,II,RATE\n0,0,1,5,5\n", "2:7", "a constant infusion has no interval"},
		{"TIME,AMT,SS,ADDL,RATE\n0,0,1,5,5\n", "2:7", "ends at its record"},
		{"TIME,AMT,SS,RATE\n0,0,1,-2\n", "2:7", "a constant infusion has no duration"},
		{"TIME,AMT,CMT\n0,1,3\n", "2:5", "there are 1 Gut, 2 Central"},
		{"TIME,AMT,CMT\n0,1,1.5\n", "2:5", "no whole number"},
		{"TIME,AMT,CMT\n0,1,Cental\n", "2:5", `did you mean "Central"`},
		{"TIME,AMT,CMT\n0,1,-1\n", "2:5", "only a record with EVID 2"},
		{"TIME,AMT,CMT\n1,1,1\n0,1,1\n", "3:1", "goes back from 1 to 0"},
		{"ID,TIME,AMT\n1,0,1\n2,0,1\n1.0,1,1\n", "4:1", "do not stand together"},
		{"TIME,AMT,F_3\n0,1,1\n", "1:10", "names compartment 3"},
		{"TIME,AMT,F_1\n0,1,-1\n", "2:5", "F_1 cannot be negative"},
		{"TIME,AMT,WT\n0,1,x\n", "2:5", `WT is "x"`},
		{"C,TIME,AMT\nX,0,1\n", "2:1", "the column C"},
	} {
		_, ms := open(c.table)
		if !ms.HasErrors() || !strings.Contains(ms.Error(), c.want) || c.at != "" && !strings.Contains(ms.Error(), "d.csv:"+c.at+":") {
			t.Errorf("%q: expected %q at %s, got\n%v", c.table, c.want, c.at, ms)
		}
	}
	if _, ms := open("TIME,AMT\n" + strings.Repeat("x,y\n", 1000)); len(ms) > mostMessages+3 {
		t.Errorf("%d messages about one table", len(ms))
	}
}

// TestWarnings: what is likely a slip, or does nothing, is said and does not stop.
func TestWarnings(t *testing.T) {
	for table, want := range map[string]string{
		"TIME,AMT,wt\n0,1,70\n":     "is written otherwise",
		"TIME,AMT,CL\n0,1,70\n":     "determined by a rule",
		"TIME,AMT,II\n0,1,12\n":     "one dose is given",
		"TIME,AMT,DV,L2\n0,1,5,1\n": "",
	} {
		_, ms := open(table)
		if ms.HasErrors() || want == "" && len(ms) > 0 || want != "" && !strings.Contains(ms.Error(), want) {
			t.Errorf("%q: %v, want %q", table, ms, want)
		}
	}
}

func TestRecords(t *testing.T) {
	words := words
	words.Models = func(Use, string) bool { return true }
	r, ms := OpenRecords(&diag.Source{Text: "\ufeff# a comment\n" + `"id",Time,evid, AMT ,cmt,rate,ii,addl,ss,mdv,C,WT,F_Gut,ALAG_2,note
1,0,1,100,2,.,12,3,1,1,.,.,0.5,1,7
1,2,0,.,.,.,.,.,.,0,.,70,NA,,
1,3,0,.,.,.,.,.,.,0,C,71,NA,,

7.0,1,1,5,Spare,-1,0,0,0,1,.,80,.,.,.
7,2,2,0,-1,0,0,0,0,1,.,82,.,.,.
`}, words)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if r.Len() != 2 || len(r.Columns()) != 3 || len(r.Targets()) != 3 || !r.Dosed(1) || r.Dosed(0) || !r.Infused(2) || r.Infused(1) {
		t.Fatalf("%d individuals, columns %v, targets %v", r.Len(), r.Columns(), r.Targets())
	}
	if c := r.Columns(); !c[0].Varies || c[1].Varies || c[1].Use != Share || c[1].Target != 0 || c[2].Use != Lag || c[2].Target != 1 {
		t.Errorf("columns %+v", c)
	}
	a, b := r.Individual(0), r.Individual(1)
	if a.ID != "1" || b.ID != "7" || len(a.Records) != 2 || len(b.Records) != 2 {
		t.Fatalf("%+v %+v", a, b)
	}
	x := a.Records[0]
	if x.Event != Give || x.Amount != 100 || x.Target != 1 || x.Interval != 12 || x.Additional != 3 || x.Steady != 1 || !x.Missing || x.Values[0] != 70 || x.Values[1] != 0.5 {
		t.Errorf("first record %+v", x)
	}
	if x = a.Records[1]; x.Event != Observation || x.Target != -1 || x.Values[1] != 0.5 || x.Values[2] != 1 {
		t.Errorf("second record %+v", x)
	}
	if x = b.Records[0]; x.Target != 2 || x.Rate != ModelledRate || !math.IsNaN(x.Values[1]) {
		t.Errorf("third record %+v", x)
	}
	if x = b.Records[1]; x.Event != Other || !x.Off || x.Target != 0 {
		t.Errorf("fourth record %+v", x)
	}
}

func TestIsRecords(t *testing.T) {
	for text, want := range map[string]bool{
		"time,target,amount\n": false, "amount,time,target,duration\n": false, "tme,targt,amunt\n": false, "": false, "TIME\n": false,
		"ID,TIME,EVID\n": true, "#x\ntime amt cmt\n": true, "C,ID,time,evid,amt\n": true, "time,amt,target\n": false,
	} {
		if IsRecords(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func FuzzOpenRecords(f *testing.F) {
	f.Add("C,ID,time,evid,amt,cmt,ss,ii,addl,rate,WT,F_1,DV\n.,1,0,1,100,1,0,24,3,0,70,1,.\n.,1,3,0,.,2,.,.,.,.,71,1,.\nC,1,4,0,.,2,.,.,.,.,71,1,.\n.,2,0,4,1,Spare,1,12,0,-1,.,.,.\n")
	f.Add("ID TIME AMT SS RATE\n1 0 0 1 5\n1 9 . . .\n")
	f.Add("\ufeffTIME,EVID,CMT\n5,3,.\n1,2,-2\n")
	f.Fuzz(func(t *testing.T, text string) {
		IsRecords(text)
		r, ms := open(text)
		_ = ms.Error()
		if r == nil {
			if !ms.HasErrors() {
				t.Fatal("refused without a message")
			}
			return
		}
		for k := 0; k < r.Len(); k++ {
			one := r.Individual(k)
			last := math.Inf(-1)
			for _, x := range one.Records {
				if x.Amount < 0 || x.Interval < 0 || math.IsNaN(x.Time) || x.Event > ResetAndGive || x.Event.Gives() && x.Target < 0 || x.Time < last && !x.Event.Resets() {
					t.Fatalf("%+v", x)
				}
				last = x.Time
			}
		}
	})
}
