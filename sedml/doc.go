// Package sedml reads SED-ML (floor 2): what to simulate, and what to show of it.
package sedml
