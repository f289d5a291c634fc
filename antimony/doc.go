// Package antimony reads and writes Antimony, the text format of the SBML community
// (floor 2; imports model). The language is that of libAntimony 2.14: models, submodels,
// imports, synonyms and deletions, assignment and rate rules, events, piecewise, functions,
// units, display names and annotation terms. What is not read is refused by name.
//
//	doc, messages := antimony.Read(&diag.Source{Name: "m.ant", Text: text}, nil)
//	flat, more := model.Flatten(doc, doc.Modules[0].ID)
//
// See L. P. Smith et al., Antimony: a modular model definition language, Bioinformatics
// 25, 2452-2454, 2009.
package antimony
