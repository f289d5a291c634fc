package thymus

import (
	"context"
	"slices"
	"testing"

	"thymus/trial"
)

// claim is what a trial without published figures is in the library to show. v gives an
// endpoint's estimate in an arm: a mean, a median, or a share from 0 to 1; of a time to an
// event, the share of patients who had it.
type claim struct {
	patients   int
	replicates int
	shows      func(t *testing.T, v func(endpoint, arm string) float64, all func(endpoint, arm string) float64)
}

func rises(t *testing.T, what string, values ...float64) {
	t.Helper()
	if !slices.IsSorted(values) || values[0] == values[len(values)-1] {
		t.Errorf("%s should rise: %v", what, values)
	}
}

// Claims of trials that no published figure is compared with.
var claims = map[string]claim{
	"immune-surveillance": {6, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		rises(t, "elimination with the strength of surveillance", v("eliminated", "third"), v("eliminated", "whole"))
		rises(t, "tumours with the loss of surveillance", v("visible", "whole"), v("visible", "third"))
		if v("eliminated", "whole") < 0.8 || v("visible", "third") < 0.8 {
			t.Errorf("a whole immune system eliminates %g, a deficient one lets %g grow", v("eliminated", "whole"), v("visible", "third"))
		}
	}},
	"immune-complexes": {12, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		rises(t, "free toxin without antibody", v("toxin_12h", "antibody"), v("toxin_12h", "none")/10)
		rises(t, "complexes that stay when phagocytes or complement lack", v("complexes_d10", "antibody"), v("complexes_d10", "no_complement"), v("complexes_d10", "few_phagocytes"), v("complexes_d10", "neither"))
	}},
	"serum-or-vaccine": {12, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		for what, c := range map[string]struct{ got, least, most float64 }{
			"untreated, at first":          {v("ill_first", "untreated"), 0.9, 1},
			"with serum, at first":         {v("ill_first", "serum"), 0, 0.1},
			"vaccinated at once, at first": {v("ill_first", "late"), 0.5, 1},
			"vaccinated before, at first":  {v("ill_first", "early"), 0, 0.1},
			"with serum, later":            {v("ill_second", "serum"), 0.7, 1},
			"vaccinated, later":            {v("ill_second", "early"), 0, 0.1},
		} {
			if !(c.got >= c.least && c.got <= c.most) {
				t.Errorf("%s: a share of %g is ill, should be %g to %g", what, c.got, c.least, c.most)
			}
		}
	}},
	"il2-dose-response": {12, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		rises(t, "regulatory T cells with the dose", v("treg_fold", "dose_0"), v("treg_fold", "low_03"), v("treg_fold", "low_1"), v("treg_fold", "low_3"), v("treg_fold", "mid_10"))
		rises(t, "leak with the dose", v("leak_max", "low_3"), v("leak_max", "mid_30"), v("leak_max", "high"))
		if v("treg_fold", "low_3") < 1.5 || v("cd8_fold", "low_3") > 1.2 || v("cd8_fold", "high") < 1.5 || v("leak_max", "low_3") > 0.05 || v("leak_max", "high") < 0.25 {
			t.Error("low doses raise regulatory T cells alone, high doses effector cells and vascular leak, too")
		}
	}},
	"diabetes-il2-children": {8, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		rises(t, "regulatory T cells with the dose", v("treg_rise", "placebo"), v("treg_rise", "dose_0125"), v("treg_rise", "dose_025"), v("treg_rise", "dose_05"))
	}},
	"diabetes-cells": {24, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		if d := v("auc_12", "cells") - v("auc_12", "placebo"); d < -25 || d > 30 {
			t.Errorf("mesenchymal cells should change little: C-peptide %+g points", d)
		}
	}},
	"leukaemia-allogeneic": {12, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		rises(t, "relapse when the donor's cells are rejected", v("relapse", "own"), v("relapse", "donor"))
		rises(t, "B cells back at month 12", v("b_month_12", "own"), v("b_month_12", "donor"))
	}},
	"ms-car-t": {12, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		rises(t, "new lesions without treatment", v("lesions", "car_t"), v("lesions", "untreated"))
	}},
	"sclerosis-car-t": {12, 1, func(t *testing.T, v, _ func(e, a string) float64) {
		rises(t, "the skin score without treatment", v("mrss_change", "car_t"), v("mrss_change", "untreated"))
	}},
	"lupus-car-t-five": {5, 4, func(t *testing.T, v, all func(e, a string) float64) {
		if v("remission_m8", "car_t") < 0.7 || all("remission_m8", "car_t") < 0.3 {
			t.Errorf("in remission %g, all five in %g of the trials", v("remission_m8", "car_t"), all("remission_m8", "car_t"))
		}
	}},
}

// Every trial without published figures runs, no patient is lost, and it shows what it is for.
func TestClaims(t *testing.T) {
	app, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, name := range app.lib.Names("trial") {
		src, ms := app.lib.TrialSource(name)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		s, ms := trial.ReadTrial(src)
		if ms.HasErrors() {
			t.Fatal(ms)
		}
		if len(s.Evidence) > 0 {
			continue
		}
		c, ok := claims[name]
		if !ok {
			t.Errorf("%s has no published figures, and no test says what it shows", name)
			continue
		}
		found[name] = true
		t.Run(name, func(t *testing.T) {
			p, ms := app.prepareBy(src, nil, RunRequest{Patients: c.patients}, func(s *trial.Spec) { s.Replicates = c.replicates })
			if ms.HasErrors() {
				t.Fatal(ms)
			}
			a := p.NewAnalysis()
			err := p.Run(context.Background(), trial.RunOptions{Workers: 2, Keep: func(_ int, tables trial.Tables) error {
				if err := a.Add(tables.Patients); err != nil {
					return err
				}
				return a.Add(tables.Endpoints)
			}})
			if err != nil {
				t.Fatal(err)
			}
			r, err := a.Result(Version)
			if err != nil {
				t.Fatal(err)
			}
			for _, arm := range r.Arms {
				if arm.Failed > 0 {
					t.Errorf("%s: %d patients could not be simulated", arm.ID, arm.Failed)
				}
			}
			estimate := func(endpoint, arm string) trial.Estimate {
				for _, e := range r.Endpoints {
					if e.Endpoint.ID != endpoint {
						continue
					}
					for _, x := range e.ByArm {
						if x.Arm == arm {
							if e.TimeToEvent {
								x.Value = float64(x.Events) / float64(x.N)
							}
							return x
						}
					}
				}
				t.Fatalf("no endpoint %q in an arm %q", endpoint, arm)
				return trial.Estimate{}
			}
			c.shows(t, func(e, a string) float64 { return estimate(e, a).Value }, func(e, a string) float64 { return estimate(e, a).Repeats.All })
		})
	}
	for name := range claims {
		if !found[name] {
			t.Errorf("there is no trial %s without published figures", name)
		}
	}
}
