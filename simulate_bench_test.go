package thymus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"thymus"
)

// network is an SBML text of a random-looking network: each reaction turns one species
// into another, and a third, from another part of the network, speeds it up.
func network(species, reactions int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="network">`)
	b.WriteString(`<listOfCompartments><compartment id="c" size="1" constant="true"/></listOfCompartments><listOfSpecies>`)
	for i := range species {
		fmt.Fprintf(&b, `<species id="S%d" compartment="c" initialAmount="%d" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/>`, i, 1+i%7)
	}
	b.WriteString(`</listOfSpecies><listOfParameters>`)
	for j := range reactions {
		fmt.Fprintf(&b, `<parameter id="k%d" value="%g" constant="true"/>`, j, 0.1+0.01*float64(j%50))
	}
	b.WriteString(`</listOfParameters><listOfReactions>`)
	for j := range reactions {
		from, to, by := j%species, (j*7+3)%species, (j%species+11)%species
		if from == to {
			to = (to + 1) % species
		}
		fmt.Fprintf(&b, `<reaction id="J%d" reversible="false"><listOfReactants><speciesReference species="S%d" stoichiometry="1" constant="true"/></listOfReactants>`+
			`<listOfProducts><speciesReference species="S%d" stoichiometry="1" constant="true"/></listOfProducts><listOfModifiers><modifierSpeciesReference species="S%d"/></listOfModifiers>`+
			`<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>k%d</ci><ci>S%d</ci><apply><divide/><ci>S%d</ci><apply><plus/><cn>1</cn><ci>S%d</ci></apply></apply></apply></math></kineticLaw></reaction>`,
			j, from, to, by, j, from, by, by)
	}
	b.WriteString(`</listOfReactions></model></sbml>`)
	return b.String()
}

// BenchmarkFirstStep goes from the text of a model to the first steps of its solution.
func BenchmarkFirstStep(b *testing.B) {
	for _, size := range []struct{ species, reactions int }{{100, 200}, {2500, 5000}} {
		b.Run(fmt.Sprintf("%d reactions", size.reactions), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "network.xml")
			if err := os.WriteFile(path, []byte(network(size.species, size.reactions)), 0o644); err != nil {
				b.Fatal(err)
			}
			app, err := thymus.New(thymus.Options{})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := app.Simulate(thymus.SimulateRequest{Model: path, End: 1e-9, Steps: 1, Select: []string{"S1"}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
