// Package sedml reads SED-ML Level 1, Versions 1 to 4 (floor 2): which models to change and
// how, what to simulate, and what to show of it (L. P. Smith et al., The simulation
// experiment description markup language (SED-ML): language specification for level 1
// version 4, J. Integr. Bioinform. 18(3), 2021).
//
//	doc, messages := sedml.Read(src)
//	text, messages := sedml.Apply(model, sbmlText, values)
//
// Invariants: what a document asks for and this package does not read is named with its
// place; a change is made to the model's text, so that it means what XPath says.
package sedml
