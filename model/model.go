package model

import "thymus/diag"

// Model is a closed, flat model: no submodels, no dots in ids. Every list is in
// the order of the text it came from; order changes no result.
//
// Semantics are SBML's: a species symbol in a formula means its concentration
// unless SubstanceOnly is set; reaction rates are amount per time; a rate rule of
// a species gives the change of what its symbol means.
type Model struct {
	ID           string
	Name         string
	TimeUnit     string // "" when not declared
	Units        []UnitDef
	Functions    []Function
	Compartments []Compartment
	Species      []Species
	Parameters   []Parameter
	Reactions    []Reaction
	Rules        []Rule
	Initials     []Initial
	Events       []Event
	Annotations  []Annotation
}

// UnitDef names a unit: Text is its definition in unit.Parse's language.
type UnitDef struct {
	ID, Name, Text string
	At             diag.Place
}

// Function is a user's function: its body may use only its parameters (and time).
type Function struct {
	ID, Name string
	Params   []string
	Body     *Expr
	At       diag.Place
}

// Compartment has a size in Unit (nil Size: not given).
type Compartment struct {
	ID, Name string
	Dims     int // 3 unless said otherwise
	Size     *float64
	Constant bool
	Unit     string
	At       diag.Place
}

// Species is an amount of something in a compartment. At most one of
// InitialAmount and InitialConc is set; an Initial overrides both.
type Species struct {
	ID, Name      string
	Compartment   string
	InitialAmount *float64
	InitialConc   *float64
	SubstanceOnly bool // the symbol means an amount, not a concentration
	Boundary      bool // reactions do not change it
	Constant      bool
	Unit          string // unit of the amount (SubstanceOnly) or of the concentration
	At            diag.Place
}

// Parameter is a number with a name; Constant is false for anything a rule or
// event may change. Source, Spread and Note come from a parameter table.
type Parameter struct {
	ID, Name string
	Value    *float64
	Constant bool
	Unit     string
	Source   string // "doi:...", "derived", "assumed", ...; "" when no table gave it
	Spread   string // as written in the table: "lognormal cv=0.30"; "" or "fixed" when fixed
	Note     string
	At       diag.Place // declaration or first use
	TableAt  diag.Place // the table row that gave the value
}

// SpeciesRef is one side's member of a reaction. Stoichiometry is a number node
// in most models.
type SpeciesRef struct {
	Species       string
	Stoichiometry *Expr // nil means 1
	At            diag.Place
}

// Reaction turns Reactants into Products at Rate [amount/time].
type Reaction struct {
	ID, Name   string
	Reactants  []SpeciesRef
	Products   []SpeciesRef
	Modifiers  []string
	Rate       *Expr // nil: no rate was given, the reaction does nothing
	Reversible bool
	At         diag.Place
}

// RuleKind says what a Rule determines.
type RuleKind uint8

// The kinds of rules.
const (
	Assignment RuleKind = iota // Variable always equals Math
	Rate                       // d(Variable)/dt equals Math
	Algebraic                  // Math is always 0; Variable is ""
)

// Rule holds at all times.
type Rule struct {
	Kind     RuleKind
	Variable string
	Math     *Expr
	At       diag.Place
}

// Initial sets Symbol once, at the start, to Math ("derived" values).
type Initial struct {
	Symbol string
	Math   *Expr
	At     diag.Place
}

// Event fires when Trigger goes from false to true.
type Event struct {
	ID, Name     string
	Trigger      *Expr
	Delay        *Expr // nil: none
	Priority     *Expr // nil: none
	Persistent   bool  // a pending execution survives the trigger turning false
	FromTrigger  bool  // assignments use the values of the trigger time
	InitialValue bool  // value of the trigger before the start: false lets it fire at the start
	Assignments  []EventAssignment
	At           diag.Place
}

// EventAssignment sets Variable to Math when its event executes.
type EventAssignment struct {
	Variable string
	Math     *Expr
	At       diag.Place
}

// Annotation is a controlled-vocabulary term: Element Qualifier Resource.
type Annotation struct {
	Element, Qualifier string
	Resources          []string
	At                 diag.Place
}

// Module is a model that may still hold other modules. Ids of elements inside a
// submodel are written with dots ("core.Bn") anywhere in the module: in formulas,
// as the Variable of a rule, as the ID of a Parameter that only changes a value.
type Module struct {
	Model
	Ports     []string // the parenthesised list, in order
	Main      bool     // marked with * in Antimony
	Submodels []Submodel
	Links     []Link     // "A is B": two names of one thing
	Deletions []Deletion // "delete A.x"
	Comment   string     // the comment block that stands before the module, markers removed
	At        diag.Place
}

// Submodel is an instance ID of module Module, with ids for its ports in order.
type Submodel struct {
	ID, Module               string
	Args                     []string
	TimeFactor, ExtentFactor string // conversion factors, "" when none
	At                       diag.Place
}

// Link says that paths A and B name one thing; B's definition holds.
type Link struct {
	A, B string
	At   diag.Place
}

// Deletion takes an element of a submodel out.
type Deletion struct {
	Path string
	At   diag.Place
}

// Document is what one text (with its imports) defines.
type Document struct {
	Modules   []*Module
	Functions []Function // Antimony's functions are global
	Units     []UnitDef
}
