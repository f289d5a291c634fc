// Package unit parses, checks and converts units.
//
// Floor 0: standard library and package diag alone.
//
// A Unit is a dimension, a vector of small integer powers, and the factor to the
// coherent unit of that dimension:
//
//	rate, err := unit.Parse("pmol/L/day")
//	x, err := unit.Convert(3, rate, nM_per_hour)
//
// The base of each dimension is metre, kilogram, second, mole, kelvin, ampere,
// candela, item, international unit and US dollar. Items (cells, molecules,
// receptors, copies), international units and money are dimensions of their own: a
// cell count is not a mole, and an activity is not a mass, so that a forgotten
// conversion is found instead of being off by 6e23.
//
// Temperatures convert by factors only, so degC, whose zero differs, is refused.
//
// Invariants: Parse never panics; Parse(u.String()) is Equal to u; all factors are
// exact in decimal where their definition is (SI Brochure, 9th edition, 2019).
package unit
