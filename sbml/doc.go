// Package sbml reads and writes SBML, the Systems Biology Markup Language: Levels 1 to 3 in
// all versions, with the packages comp (version 1), distrib (1), fbc (1 to 3) and
// l3v2extendedmath (1).
//
// Floor 2; imports diag, unit and model.
//
//	doc, messages := sbml.Read(&diag.Source{Name: "decay.xml", Text: text}, nil)
//	flat, more := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
//	text, more := sbml.WriteModel(flat)
//
// The text's own model is the last module and marked as main; before it stand the model
// definitions of the package comp that it is made of, those of other files among them.
//
// A text becomes a tree of elements with places (xml.go), which is checked against a table of
// what each version lets an element hold (shape.go) and then walked. The model language is
// SBML's, so little is translated:
//
//   - Parameters of a kinetic law become parameters of the model, called REACTION_ID.
//   - A species reference with an id becomes a parameter with Stoichiometry set.
//   - stoichiometryMath (Level 2) is a formula of the reference; Write makes it an assignment
//     rule, as Level 3 has it.
//   - A conversion factor of the model is put on each species.
//   - A species in a compartment without dimensions and size is an amount.
//   - Elements without their formula (Level 3 Version 2) are left out: they say nothing.
//   - Units are written out in unit.Unit's spelling, where they are used and in the unit
//     definitions. A unit that is no whole power or has an offset is read as unknown, with a
//     warning; nothing is computed with units but what the levels say: rates of Level 1 and
//     Level 2 Version 1 and delays of Level 2 Versions 1 and 2 in units of their own.
//   - Symbols called time or avogadro, and functions called as a function of the model
//     language, get an underscore behind their name.
//   - The bounds of fluxes of fbc version 1 become parameters, as in version 2.
//   - Terms, histories and SBO terms of elements with an id become Annotations, with the
//     qualifiers of package antimony; those about models that share a word with biology's
//     begin with "model" (modelIs, modelIsDescribedBy). Other annotations are not kept.
//
// Packages that are required and not read (spatial, qual, multi, arrays, ...) are refused with
// the element that uses them first; others are left out with a warning. So are, by name,
// quadratic objectives and user-defined constraints of fbc, and the rate laws that Level 1 only
// names (massi, uui, ...).
//
// Write makes Level 3 Version 2; a model with fast reactions, which that version cannot say,
// is written in Version 1, and a message says so.
//
// Invariants: reading never panics; its time and memory are bounded by the length of the text,
// which may have 64 MB and two million elements, nested 3000 deep; document types, and with
// them entities that grow, are refused; one run finds up to 100 problems; a model that was read
// and written reads back with the same canonical text (stoichiometryMath apart).
//
// See M. Hucka et al., The Systems Biology Markup Language (SBML): Language Specification for
// Level 3 Version 2 Core, Journal of Integrative Bioinformatics 15(1), 2018, and the
// specifications of the earlier levels and of the packages at sbml.org.
package sbml
