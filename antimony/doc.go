// Package antimony reads and writes Antimony, the text format of the systems
// biology community, as libAntimony 2.14 has it.
//
// Floor 2; imports diag, unit and model.
//
//	doc, messages := antimony.Read(&diag.Source{Name: "decay.ant", Text: "A -> ; k*A\nA = 10; k = 0.1"}, nil)
//	flat, more := model.Flatten(doc, doc.Modules[0].ID)
//	text := antimony.WriteModel(flat)
//
// The reader is a lexer and a recursive descent parser by hand. It knows models
// with ports, submodels with conversion factors, imports, synonyms and deletions;
// species, compartments, reactions and interactions; initial values, assignment,
// rate and algebraic rules; events; functions and draws; DNA strands, which become
// the formulas that they make; constraints, flux bounds and objectives; uncertainties;
// units; display names, notes and annotation terms. Refused, each by name, is what
// libAntimony refuses, and DNA attached to submodels with conversion factors.
//
// Invariants: reading never panics and its work is bounded by the length of the
// text; after an error it goes on with the next statement, so that one run finds
// many errors; every element and formula has its place; reading what Write wrote
// gives the same document again, places and comments inside models apart.
//
// Where the documentation and libAntimony differ, the program holds: events are
// persistent unless they say otherwise, log(x) is the natural logarithm, && and
// || bind equally from left to right, and the number given to a species is a
// concentration, also for a substanceOnly species (5/C, with C its compartment,
// is the amount 5).
//
// See L. P. Smith et al., Antimony: a modular model definition language,
// Bioinformatics 25, 2452-2454, 2009, and, for formulas, the Level 3 infix
// notation of libSBML.
package antimony
