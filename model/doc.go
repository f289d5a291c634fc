// Package model holds what a model is: species, compartments, parameters, reactions,
// rules, events, functions and units; modules with ports; composition and flattening;
// parameter tables; the slow obvious evaluator; canonical text and hash (floor 2).
//
//	doc, flat, messages := model.Compose(parts, ports)
//
// A Document holds modules, and Flatten makes one closed model of a module and its
// submodels: both SBML's package comp and Antimony's modules are said by the same few
// types (Submodel, Link, Deletion), with conversion factors. Format writes what a model
// means, so that two formats that say the same have one text.
//
// Semantics are those of SBML Level 3 Version 2.
package model
