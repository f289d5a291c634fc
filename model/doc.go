// Package model holds what a model is: species, compartments, parameters, reactions,
// rules, events, functions and units; modules with ports; composition and flattening;
// parameter tables; the slow obvious evaluator; canonical text and hash (floor 2).
//
//	doc, flat, messages := model.Compose(parts, ports)
//
// Semantics are those of SBML Level 3 Version 2.
package model
