package library_test

import (
	"testing"

	"thymus/sim"
)

// TestAnifrolumabKinetics: three monthly infusions against an independent implementation; see the
// README of the references.
func TestAnifrolumabKinetics(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "anifrolumab")
	compareReference(t, b, nil, []sim.Dose{dose(0, "ani.iv", 300), dose(28, "ani.iv", 300), dose(56, "ani.iv", 300)},
		readReference(t, "anifrolumab.csv")["anifrolumab"], slack{ofLargest: 1e-6})
}

// TestImmunodeficiency: losses of NK cells, T cells and complement, the former lessened on day
// 30 and all made good on day 365, against an independent implementation of the core's lymphocytes.
func TestImmunodeficiency(t *testing.T) {
	b := newBench(t, false, nil, "immune-core", "immunodeficiency")
	doses := []sim.Dose{dose(0, "idf.NK_loss", 0.1), dose(0, "idf.T_loss", 0.004), dose(0, "idf.C3_loss", 0.05),
		dose(30, "idf.T_loss", 0.002), dose(365, "idf.NK_loss", 0), dose(365, "idf.T_loss", 0), dose(365, "idf.C3_loss", 0)}
	compareReference(t, b, nil, doses, readReference(t, "immunodeficiency.csv")["immunodeficiency"], slack{})
}
