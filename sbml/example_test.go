package sbml_test

import (
	"fmt"

	"thymus/diag"
	"thymus/model"
	"thymus/sbml"
)

func Example() {
	src := &diag.Source{Name: "decay.xml", Text: `<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2">
  <model name="decay">
    <listOfCompartments><compartment name="cell"/></listOfCompartments>
    <listOfSpecies><species name="A" compartment="cell" initialAmount="10"/></listOfSpecies>
    <listOfReactions>
      <reaction name="J" reversible="false">
        <listOfReactants><speciesReference species="A"/></listOfReactants>
        <kineticLaw formula="k*A"><listOfParameters><parameter name="k" value="0.1"/></listOfParameters></kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>`}
	doc, ms := sbml.Read(src, nil)
	if ms.HasErrors() {
		fmt.Println(ms.Error())
		return
	}
	m, _ := model.Flatten(doc, "decay")
	fmt.Println(m.Reactions[0].Rate, "with", m.Parameters[0].ID, "=", *m.Parameters[0].Value)
	_, ms = sbml.Read(&diag.Source{Name: "wrong.xml", Text: `<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2">
  <model>
    <listOfCompartments><compartment name="cell" volume="one"/></listOfCompartments>
    <listOfSpecies><species name="A" compartment="cel" initialAmount="1"/></listOfSpecies>
  </model>
</sbml>`}, nil)
	fmt.Println(ms.Error())
	// Output:
	// J_k*A with J_k = 0.1
	// wrong.xml:3:50: error: expected a number for volume, found "one"
	//     3 |     <listOfCompartments><compartment name="cell" volume="one"/></listOfCompartments>
	//       |                                                  ^^^^^^^^^^^^
	// wrong.xml:4:38: error: there is no compartment cel
	//     4 |     <listOfSpecies><species name="A" compartment="cel" initialAmount="1"/></listOfSpecies>
	//       |                                      ^^^^^^^^^^^^^^^^^
	//     help: did you mean "cell"?
}
