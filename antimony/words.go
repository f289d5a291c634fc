package antimony

import (
	"sort"

	"thymus/model"
)

// keywords are the words that can name nothing.
var keywords = set("module", "model", "end", "species", "formula", "reaction", "DNA", "gene", "operator", "compartment",
	"has", "in", "is", "var", "const", "substanceOnly", "ext", "import", "event", "at", "after", "function", "unit",
	"delete", "constraint", "maximize", "minimize")

// statementWords are the keywords that begin a statement, for suggestions.
var statementWords = []string{"species", "formula", "reaction", "compartment", "var", "const", "substanceOnly", "at", "unit", "delete", "model", "end"}

// constants are the words with a meaning of their own in formulas.
var constants = set("true", "True", "TRUE", "false", "False", "FALSE", "pi", "exponentiale", "avogadro", "time",
	"inf", "INF", "infinity", "NaN", "nan", "NAN", "notanumber")

// synonyms are spellings of functions beside the ones of model.Functions.
var synonyms = map[string]string{
	"equals": "eq", "eq": "eq", "neq": "neq", "lt": "lt", "leq": "leq", "gt": "gt", "geq": "geq",
	"plus": "plus", "minus": "minus", "times": "times", "divide": "divide",
}

// truncated are older names of draws with two bounds as their last arguments, and how
// many arguments they have.
var truncated = map[string]struct {
	name string
	args int
}{
	"truncatedNormal": {"normal", 4}, "truncatedExponential": {"exponential", 3},
	"truncatedGamma": {"gamma", 4}, "truncatedPoisson": {"poisson", 3},
}

// uncertainty gives SBML's word for each attribute that says how sure a value is,
// written x.mean = ...
var uncertainty = map[string]string{
	"mean": "mean", "stdev": "standardDeviation", "standardDeviation": "standardDeviation",
	"coefficientOfVariation": "coefficientOfVariation", "kurtosis": "kurtosis", "median": "median", "mode": "mode",
	"sampleSize": "sampleSize", "skewness": "skewness", "standardError": "standardError", "variance": "variance",
	"confidenceInterval": "confidenceInterval", "credibleInterval": "credibleInterval",
	"interquartileRange": "interquartileRange", "range": "range", "distribution": "distribution",
	"externalParameter": "externalParameter",
}

// spans are the uncertainties that have a lower and an upper end.
var spans = set("confidenceInterval", "credibleInterval", "interquartileRange", "range")

// qualifiers give the BioModels.net name of each spelling of an annotation term.
var qualifiers = map[string]string{
	"identity": "is", "is": "is", "biological_entity_is": "is", "hasPart": "hasPart", "part": "hasPart",
	"isPartOf": "isPartOf", "parthood": "isPartOf", "isVersionOf": "isVersionOf", "hypernym": "isVersionOf",
	"hasVersion": "hasVersion", "version": "hasVersion", "isHomologTo": "isHomologTo", "homolog": "isHomologTo",
	"isDescribedBy": "isDescribedBy", "description": "isDescribedBy", "isEncodedBy": "isEncodedBy", "encoder": "isEncodedBy",
	"encodes": "encodes", "encodement": "encodes", "occursIn": "occursIn", "container": "occursIn",
	"hasProperty": "hasProperty", "property": "hasProperty", "isPropertyOf": "isPropertyOf", "propertyBearer": "isPropertyOf",
	"hasTaxon": "hasTaxon", "taxon": "hasTaxon",
	"model_entity_is": "modelIs", "isDerivedFrom": "isDerivedFrom", "origin": "isDerivedFrom",
	"isInstanceOf": "isInstanceOf", "class": "isInstanceOf", "hasInstance": "hasInstance", "instance": "hasInstance",
	"notes": "notes", "created": "created", "modified": "modified",
}

// qualifierWords are the spellings the writer uses where they differ from the names.
var qualifierWords = map[string]string{"is": "identity", "modelIs": "model_entity_is", "modelIsDescribedBy": "isDescribedBy"}

// specialUnits are the ids of units that set a default of the whole model.
var specialUnits = set("substance", "volume", "area", "length", "time_unit", "extent")

// baseUnits are the units SBML defines; libAntimony needs definitions for all others.
var baseUnits = set("ampere", "avogadro", "becquerel", "candela", "coulomb", "dimensionless", "farad", "gram", "gray",
	"henry", "hertz", "item", "joule", "katal", "kelvin", "kilogram", "litre", "liter", "lumen", "lux", "metre", "meter",
	"mole", "newton", "ohm", "pascal", "radian", "second", "siemens", "sievert", "steradian", "tesla", "volt", "watt", "weber")

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// function is the row of the function table a word calls, or nil. The words sqr
// and log of one argument are the parser's.
func function(word string) *model.Func {
	if name, ok := synonyms[word]; ok {
		return model.FunctionNamed(name)
	}
	if t, ok := truncated[word]; ok {
		return model.FunctionNamed(t.name)
	}
	return model.FunctionSpelled(word)
}

// reserved says what a word is that cannot be an id, "" when it can.
func reserved(word string) string {
	switch {
	case keywords[word]:
		return "a word of the language"
	case constants[word]:
		return "a constant of the language"
	case word == "sqr", function(word) != nil:
		return "a function of the language"
	}
	return ""
}

// functionWords are the names that can be called, for suggestions.
func functionWords() []string {
	words := []string{"sqr"}
	for i := range model.Functions {
		words = append(words, model.Functions[i].Spellings...)
	}
	for w := range synonyms {
		words = append(words, w)
	}
	for w := range truncated {
		words = append(words, w)
	}
	sort.Strings(words)
	return words
}
