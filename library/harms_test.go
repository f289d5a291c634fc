package library_test

import (
	"math"
	"testing"

	"thymus/compile"
	"thymus/library"
	"thymus/sim"
)

// TestHarmsAndPrices: what therapies spend and how they multiply serious infections reaches
// the clinical course through ports; what each dose costs is in its table.
func TestHarmsAndPrices(t *testing.T) {
	lib, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"immune-core", "clinical-course", "prednisolone", "mycophenolate", "tocilizumab", "interleukin-2", "flu-cy"}
	c := sim.Course{Model: composed(t, names...), End: 100, Steps: 10, Rtol: 1e-8, Atol: 1e-10}
	for _, n := range names {
		e, ms := lib.Module(n)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		a, ms := e.Actions()
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		c.Actions = append(c.Actions, a...)
	}
	for _, id := range []string{"cc_spent", "cc_rr_infection", "cc_hospital_days", "pred_taken", "pred_fracture", "cc_alive", "mmf_to_rr_infection"} {
		c.Record = append(c.Record, compile.Selection{ID: id})
	}
	c.Set = []sim.Setting{{ID: "pred_Ufr", Value: 0.999}}
	c.Doses = []sim.Dose{
		dose(0, "pred.daily", 10), dose(50, "pred.daily", 0), // 500 mg
		dose(0, "mmf.daily", 2),                 // 200 g
		dose(60, "tcz.iv", 500),                 // 3000 USD
		dose(5, "il2.sc", 3),                    // 690 USD
		dose(6, "il2.iv", 42),                   // 9660 USD, a third of a day
		dose(7, "flucy.cyclophosphamide", 1000), // 600 USD
	}
	tr, ms, failure := c.Run()
	if ms.HasErrors() || failure != nil {
		t.Fatal(ms, failure)
	}
	at := func(id string, k int) float64 {
		for i, s := range c.Record {
			if s.ID == id {
				return tr.Values[i][k]
			}
		}
		t.Fatal(id)
		return 0
	}
	near := func(what string, got, want, tolerance float64) {
		if math.Abs(got-want) > tolerance*math.Abs(want)+1e-12 {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	near("prednisolone taken by day 100", at("pred_taken", 10), 500, 1e-9)
	near("spent by day 100", at("cc_spent", 10), 0.02*500+1.5*200+3000+690+9660+600, 1e-9)
	near("days in hospital", at("cc_hospital_days", 10), 42*0.008, 1e-9)
	near("mycophenolate at 2 g", at("mmf_to_rr_infection", 10), 1.4, 0.02)
	near("infections under prednisolone and mycophenolate", at("cc_rr_infection", 4), 1.6*at("mmf_to_rr_infection", 4), 1e-3)
	if rr := at("cc_rr_infection", 7); rr <= at("cc_rr_infection", 5) {
		t.Errorf("tocilizumab does not add infections: %g", rr)
	}
	if at("pred_fracture", 1) != 0 || at("pred_fracture", 10) != 1 || at("cc_alive", 10) != 1 {
		t.Error("a bone breaks when the dose taken passes the patient's own deviate, and nobody dies of it")
	}
}
