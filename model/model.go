package model

import "thymus/diag"

// Model is a closed, flat model: no submodels, no dots in ids. Every list is in
// the order of the text it came from; order changes no result.
//
// Rules, initials, event assignments, triggers and constraints always have a formula: a
// reader leaves out what SBML lets stand without one. Meta is an SBML metaid, by which
// comp deletes or replaces what has no id; "" when none.
//
// Semantics are SBML's: a species symbol in a formula means its concentration
// unless SubstanceOnly is set; reaction rates are amount per time; a rate rule of
// a species gives the change of what its symbol means.
type Model struct {
	ID       string
	Name     string
	TimeUnit string // "" when not declared

	// Units of things that declare none; "" when not declared. A species' ExtentUnit is
	// the unit of a reaction's rate times time.
	SubstanceUnit, VolumeUnit, AreaUnit, LengthUnit, ExtentUnit string

	Units        []UnitDef
	Functions    []Function
	Compartments []Compartment
	Species      []Species
	Parameters   []Parameter
	Reactions    []Reaction
	Rules        []Rule
	Initials     []Initial
	Events       []Event
	Constraints  []Constraint
	Annotations  []Annotation
	Notes        []Note
	Uncertain    []Uncertainty
	Flux         *FluxBalance // nil: none
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
	// ConversionFactor names a parameter: reactions change the amount by it times their
	// extent; "" means 1. A reader puts a factor that holds for the whole model here.
	ConversionFactor string
	Charge           *float64 // flux-balance models say it; nothing here reads it
	Formula          string   // chemical formula, likewise
	At               diag.Place
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
	// Stoichiometry says that ID is the id of a species reference: some SpeciesRef has
	// the formula Sym(ID). Rules, events and initial assignments set it as any
	// parameter; SBML writes it on the reference and not among the parameters.
	Stoichiometry bool
	At            diag.Place // declaration or first use
	TableAt       diag.Place // the table row that gave the value
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
	Fast       bool // in quasi-equilibrium at all times (SBML up to Level 3 Version 1)
	// Parameters that bound the flux in a flux balance; "" when there is none.
	LowerFlux, UpperFlux string
	At                   diag.Place
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
	Meta     string
	At       diag.Place
}

// Initial sets Symbol once, at the start, to Math ("derived" values).
type Initial struct {
	Symbol string
	Math   *Expr
	Meta   string
	At     diag.Place
}

// Event fires when Trigger goes from false to true.
type Event struct {
	ID, Name     string
	Meta         string
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

// Constraint is a condition under which the model is meant to be used. It changes no
// result.
type Constraint struct {
	ID, Name string
	Meta     string
	Math     *Expr
	Message  string
	At       diag.Place
}

// Note is text for people about an element ("" for the model): XHTML without its
// outer element, or plain text.
type Note struct {
	Element, Text string
}

// Uncertainty is what is known about the spread of an element's value; it changes no
// result. Parts keep the order of the text.
type Uncertainty struct {
	Element string
	Parts   []UncertainPart
	At      diag.Place
}

// UncertainPart is one statement of an Uncertainty. Kind is SBML's word (mean,
// standardDeviation, confidenceInterval, distribution, externalParameter, ...). A point
// has Value (a number or a symbol), a span Lower and Upper, a distribution Math.
type UncertainPart struct {
	Kind                      string
	ID, Name                  string
	Value, Lower, Upper, Math *Expr
	Unit, URL                 string
	Parts                     []UncertainPart // of an externalParameter
	At                        diag.Place
}

// FluxBalance is a linear problem over the reactions' fluxes: at steady state, within
// the reactions' LowerFlux and UpperFlux, the active objective is made largest or
// smallest.
type FluxBalance struct {
	Strict     bool
	Active     string // the objective's id
	Objectives []Objective
	Genes      []Gene
}

// Objective is a weighted sum of fluxes.
type Objective struct {
	ID, Name string
	Maximize bool
	Terms    []FluxTerm
	At       diag.Place
}

// FluxTerm is Coefficient times the flux of Reaction.
type FluxTerm struct {
	Reaction    string
	Coefficient float64
}

// Gene is a gene product that reactions may be associated with; it changes no result.
type Gene struct {
	ID, Name, Label, Species string
}

// Annotation is a controlled-vocabulary term: Element Qualifier Resource.
type Annotation struct {
	Element, Qualifier string
	Resources          []string
	At                 diag.Place
}

// Module is a model that may still hold other modules. Ids of elements inside a
// submodel are written with dots ("core.Bn") anywhere in the module: in formulas,
// as the Variable of a rule, as the ID of a Parameter that only changes a value, of a
// Species that says where it is and whether reactions change it, of a Reaction or Event
// that stands in the place of another.
//
// Links and deletions name things by a path: the ids of submodels from the outside in,
// then the id of an element (of a function, too), with dots between. What has no id of
// its own is named by its owner and a part:
//
//	A.B.x            the element x of submodel B of submodel A
//	A.x@rule         the assignment or rate rule of x
//	A.x@initial      the initial assignment of x
//	A.x@value        the initial assignment of x and its number
//	A.J@rate         the kinetic law of reaction J
//	A.J@reactant.0   a species reference without an id, counted from 0; also product, modifier
//	A.E@delay        of event E; also trigger, priority
//	A.E@set.x        the assignment to x of event E
//	A.u@unit         the unit u
//	A.J@lower        the lower bound of a flux; also upper, bounds for both
//	A.o@term.0       a flux in the objective o
//	A.x@spread.0     an uncertainty of x; one of its parts with an id is A.id
//	A.#m             the algebraic rule, constraint or event whose Meta is m
type Module struct {
	Model
	Ports     []string // the parenthesised list, in order; paths when SBML's
	Main      bool     // marked with * in Antimony
	Submodels []Submodel
	Links     []Link     // "A is B": two names of one thing
	Deletions []Deletion // "delete A.x"
	Comment   string     // the comment block that stands before the module, markers removed
	At        diag.Place
}

// Submodel is an instance ID of module Module, with ids for its ports in order.
//
// One unit of the submodel's time times TimeFactor is one unit of time of the module
// around it; one unit of extent (what a reaction's rate counts per time) times
// ExtentFactor is one unit of extent there. Both are the id of a constant parameter of
// the module around, or a number; "" means 1. Factors of nested submodels multiply.
type Submodel struct {
	ID, Module               string
	Args                     []string
	TimeFactor, ExtentFactor string
	At                       diag.Place
}

// Link says that paths A and B name one thing, called B; B's definition holds. When only A
// is defined, its definition moves to B.
//
// Factor converts values: A times Factor is B. Formulas that read A read B/Factor; rules,
// initial and event assignments that set A set B to Factor times what they say. It is
// the id of a constant parameter, or a number; "" means 1.
type Link struct {
	A, B   string
	Factor string
	// KeepName: the thing is called A although B's definition holds (SBML's replacedBy).
	KeepName bool
	// Inherit: what sets A sets B, too: its rule and initial assignment become B's, and it
	// is an error when B has one already (SBML). Without it B's rule comes before A's, and
	// A's initial assignment is dropped (Antimony).
	Inherit bool
	ID      string // as in Deletion
	At      diag.Place
}

// Deletion takes an element of a submodel out. With Dependents, what cannot stand
// without it goes as well: formulas that read it and species references to it
// (Antimony); otherwise what reads it still is an error (SBML). A path without dots takes
// a part of the module itself out.
//
// An outer module may delete a deletion or link by its ID ("" when it has none), so that it
// does not happen.
type Deletion struct {
	ID, Path   string
	Dependents bool
	At         diag.Place
}

// Document is what one text (with its imports) defines.
type Document struct {
	Modules   []*Module
	Functions []Function // Antimony's functions are global
	Units     []UnitDef
	// Separator stands between the ids of submodels and elements in a flat model: "A_x"
	// when it is "", "A__x" when it is "__", as programs that flatten SBML write it.
	Separator string
}
