package sedml

import (
	"thymus/diag"
	"thymus/model"
)

// Document is a simulation experiment.
type Document struct {
	Version     int
	Models      []Model
	Simulations []Simulation
	Tasks       []Task
	Generators  []Generator
	Outputs     []Output
}

// Model is a model with changes. Source is a path, a URI, or "#id" of another model.
type Model struct {
	ID, Name, Language, Source string
	Changes                    []Change
	At                         diag.Place
}

// ChangeKind says what a change does.
type ChangeKind uint8

// The changes.
const (
	SetAttribute ChangeKind = iota
	Compute                 // sets an attribute to a formula's value
	AddXML
	ChangeXML
	RemoveXML
)

// Change is a change of a model's text at Target, an XPath.
type Change struct {
	Kind       ChangeKind
	Target     string
	Value      string // of SetAttribute
	XML        string // of AddXML and ChangeXML
	Math       *model.Expr
	Variables  []Variable
	Parameters []Parameter
	At         diag.Place
}

// Variable is a value that a formula reads: of a model, of a task's results, or time.
type Variable struct {
	ID, Symbol, Target string
	Task, Model        string
	At                 diag.Place
}

// Parameter is a number with a name.
type Parameter struct {
	ID    string
	Value float64
}

// Kind says what a simulation does.
type Kind uint8

// The simulations.
const (
	UniformTimeCourse Kind = iota
	OneStep
	SteadyState
)

// Simulation is how to simulate.
type Simulation struct {
	ID, Name   string
	Kind       Kind
	Initial    float64 // of a time course: where time starts
	Start, End float64 // of the rows
	Steps      int     // rows less one
	Step       float64 // of OneStep
	Algorithm  string  // KISAO:0000019; "" when none is named
	Settings   []Setting
	At         diag.Place
}

// Setting is a parameter of an algorithm.
type Setting struct {
	Kisao, Value string
	At           diag.Place
}

// Task runs a simulation of a model, or, with Repeated, other tasks over ranges.
type Task struct {
	ID, Name          string
	Model, Simulation string
	Repeated          bool
	Range             string // the range that is gone through
	Reset             bool   // each round begins with the model as it was
	Ranges            []Range
	Sets              []Set
	SubTasks          []string // in order
	At                diag.Place
}

// Range is a list of numbers; a functional one is a formula of others.
type Range struct {
	ID         string
	Values     []float64
	Math       *model.Expr // nil: Values
	Index      string      // the range that a formula goes along with
	Variables  []Variable
	Parameters []Parameter
	At         diag.Place
}

// Set gives a model's symbol a value in a round.
type Set struct {
	Model, Target, Symbol, Range string
	Math                         *model.Expr
	Variables                    []Variable
	Parameters                   []Parameter
	At                           diag.Place
}

// Generator is a quantity to show.
type Generator struct {
	ID, Name   string
	Math       *model.Expr
	Variables  []Variable
	Parameters []Parameter
	At         diag.Place
}

// Output is a report, or a plot of curves.
type Output struct {
	ID, Name   string
	Plot       bool
	LogX, LogY bool
	Columns    []Column // of a report
	Curves     []Curve
	At         diag.Place
}

// Column is a data set of a report.
type Column struct {
	ID, Label, Data string
	At              diag.Place
}

// Curve is a line of a plot.
type Curve struct {
	ID, Name, X, Y string
	At             diag.Place
}
