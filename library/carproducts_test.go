package library_test

import (
	"strings"
	"testing"

	"thymus/sim"
)

// Every CAR-T product by its own numbers, beside B cells and cytokines of the core and a cancer
// (or none), against an independent implementation; see the README of the references. The
// reference names the numbers and the dose that it was computed with, so that a product may be
// set anew without a new reference.
func TestCARProducts(t *testing.T) {
	ref := readReference(t, "car-products.csv")
	cancers := map[string]string{"lymphoma": "large-b-cell-lymphoma", "leukaemia": "b-cell-leukaemia", "myeloma": "multiple-myeloma"}
	products := map[string]string{"allogeneic": "allogeneic-car-t", "compound": "compound-car-t", "bcma": "bcma-car-t"}
	seen := map[string]bool{}
	for name, want := range ref {
		t.Run(name, func(t *testing.T) {
			product, cancer, _ := strings.Cut(name, "-")
			if long, ok := products[product]; ok {
				product = long
			}
			seen[product] = true
			modules := []string{"immune-core", product}
			if cancer != "healthy" {
				modules = append(modules, cancers[cancer])
			}
			var doses []sim.Dose
			for as, cells := range want["dose"] {
				doses = append(doses, dose(0, as+".infusion", cells))
			}
			b := newBench(t, false, want["set"], modules...)
			delete(want, "dose")
			delete(want, "set")
			compareReference(t, b, nil, doses, want, slack{ofLargest: 1e-6})
		})
	}
	if len(seen) != 8 {
		t.Errorf("%d products were compared, not 8", len(seen))
	}
}
