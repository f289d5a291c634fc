// Package sbml reads and writes SBML, the Systems Biology Markup Language, Levels 1 to 3.
//
// Floor 2; imports diag, unit and model.
//
//	doc, messages := sbml.Read(&diag.Source{Name: "decay.xml", Text: text}, nil)
//	flat, more := model.Flatten(doc, doc.Modules[len(doc.Modules)-1].ID)
//
// The text's own model is the last module and marked as main; before it stand the model
// definitions of the package comp that it is made of, those of other files among them.
package sbml
