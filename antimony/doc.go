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
// with ports, submodels, imports, synonyms and deletions; species, compartments,
// reactions and interactions; initial values, assignment, rate and algebraic
// rules; events; functions; units; display names and annotation terms. What has
// no place in a model.Document (DNA strands, constraints, flux balance
// objectives, uncertainty attributes, distributions, conversion factors of single
// elements) is refused by name.
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
