// Package sbml reads and writes SBML, the Systems Biology Markup Language, Levels 1 to 3.
//
// Floor 2; imports diag, unit and model.
//
//	doc, messages := sbml.Read(&diag.Source{Name: "decay.xml", Text: text}, nil)
//	flat, more := model.Flatten(doc, doc.Modules[0].ID)
package sbml
