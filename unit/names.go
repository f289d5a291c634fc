package unit

import "sort"

// dim makes a dimension from pairs of base and power.
func dim(pairs ...int8) (d Dimension) {
	for i := 0; i < len(pairs); i += 2 {
		d[pairs[i]] = pairs[i+1]
	}
	return d
}

// row is one name of a unit. Prefixed names also take the SI prefixes; long ones
// take the spelled-out prefixes ("millilitre"), short ones the letters ("mL").
type row struct {
	name     string
	scale    float64
	dim      Dimension
	prefixes prefixKind
}

type prefixKind uint8

const (
	bare  prefixKind = iota // no prefixes
	short                   // m, u, k, ...
	long                    // milli, micro, kilo, ...
)

// Durations in seconds. A month is a twelfth of a year of 365.25 days, as in
// pharmacometrics; calendars play no part.
const (
	minute = 60
	hour   = 3600
	day    = 86400
	year   = 365.25 * day
)

// calorie is the thermochemical one; mmHg the conventional one (SI Brochure, 8th
// edition, table 8).
const (
	mmHg      = 133.322
	elementry = 1.602176634e-19 // C
)

// rows is the table of names. Read a name as "one NAME is scale times dim".
var rows = []row{
	{"m", 1, dim(Length, 1), short}, {"metre", 1, dim(Length, 1), long}, {"meter", 1, dim(Length, 1), long},
	{"g", 1e-3, dim(Mass, 1), short}, {"gram", 1e-3, dim(Mass, 1), long}, {"gramme", 1e-3, dim(Mass, 1), long},
	{"Da", 1.66053906892e-27, dim(Mass, 1), short}, {"dalton", 1.66053906892e-27, dim(Mass, 1), long}, // CODATA 2022
	{"s", 1, dim(Time, 1), short}, {"sec", 1, dim(Time, 1), bare}, {"second", 1, dim(Time, 1), long},
	{"min", minute, dim(Time, 1), bare}, {"minute", minute, dim(Time, 1), bare},
	{"h", hour, dim(Time, 1), bare}, {"hr", hour, dim(Time, 1), bare}, {"hour", hour, dim(Time, 1), bare},
	{"d", day, dim(Time, 1), bare}, {"day", day, dim(Time, 1), bare}, {"week", 7 * day, dim(Time, 1), bare}, {"wk", 7 * day, dim(Time, 1), bare},
	{"month", year / 12, dim(Time, 1), bare}, {"year", year, dim(Time, 1), bare}, {"yr", year, dim(Time, 1), bare},
	{"mol", 1, dim(Amount, 1), short}, {"mole", 1, dim(Amount, 1), long},
	{"M", 1e3, dim(Amount, 1, Length, -3), short}, {"molar", 1e3, dim(Amount, 1, Length, -3), long},
	{"A", 1, dim(Current, 1), short}, {"ampere", 1, dim(Current, 1), long},
	{"K", 1, dim(Temperature, 1), short}, {"kelvin", 1, dim(Temperature, 1), long},
	{"cd", 1, dim(Luminosity, 1), short}, {"candela", 1, dim(Luminosity, 1), long},
	{"lm", 1, dim(Luminosity, 1), short}, {"lumen", 1, dim(Luminosity, 1), long},
	{"lx", 1, dim(Luminosity, 1, Length, -2), short}, {"lux", 1, dim(Luminosity, 1, Length, -2), long},
	{"L", 1e-3, dim(Length, 3), short}, {"l", 1e-3, dim(Length, 3), short}, {"litre", 1e-3, dim(Length, 3), long}, {"liter", 1e-3, dim(Length, 3), long},
	{"item", 1, dim(Item, 1), bare}, {"cell", 1, dim(Item, 1), bare}, {"molecule", 1, dim(Item, 1), bare}, {"receptor", 1, dim(Item, 1), bare},
	{"copy", 1, dim(Item, 1), bare}, {"copies", 1, dim(Item, 1), bare}, {"event", 1, dim(Item, 1), bare}, {"particle", 1, dim(Item, 1), bare}, {"virion", 1, dim(Item, 1), bare},
	{"IU", 1, dim(Activity, 1), short}, {"U", 1, dim(Activity, 1), short},
	{"USD", 1, dim(Money, 1), bare},
	{"kat", 1, dim(Amount, 1, Time, -1), short}, {"katal", 1, dim(Amount, 1, Time, -1), long},
	{"Hz", 1, dim(Time, -1), short}, {"hertz", 1, dim(Time, -1), long}, {"Bq", 1, dim(Time, -1), short}, {"becquerel", 1, dim(Time, -1), long},
	{"N", 1, dim(Mass, 1, Length, 1, Time, -2), short}, {"newton", 1, dim(Mass, 1, Length, 1, Time, -2), long},
	{"Pa", 1, dim(Mass, 1, Length, -1, Time, -2), short}, {"pascal", 1, dim(Mass, 1, Length, -1, Time, -2), long},
	{"mmHg", mmHg, dim(Mass, 1, Length, -1, Time, -2), bare}, {"bar", 1e5, dim(Mass, 1, Length, -1, Time, -2), short}, {"atm", 101325, dim(Mass, 1, Length, -1, Time, -2), bare},
	{"J", 1, dim(Mass, 1, Length, 2, Time, -2), short}, {"joule", 1, dim(Mass, 1, Length, 2, Time, -2), long},
	{"cal", 4.184, dim(Mass, 1, Length, 2, Time, -2), short}, {"W", 1, dim(Mass, 1, Length, 2, Time, -3), short}, {"watt", 1, dim(Mass, 1, Length, 2, Time, -3), long},
	{"C", 1, dim(Current, 1, Time, 1), short}, {"coulomb", 1, dim(Current, 1, Time, 1), long}, {"eV", elementry, dim(Mass, 1, Length, 2, Time, -2), short},
	{"V", 1, dim(Mass, 1, Length, 2, Time, -3, Current, -1), short}, {"volt", 1, dim(Mass, 1, Length, 2, Time, -3, Current, -1), long},
	{"F", 1, dim(Mass, -1, Length, -2, Time, 4, Current, 2), short}, {"farad", 1, dim(Mass, -1, Length, -2, Time, 4, Current, 2), long},
	{"ohm", 1, dim(Mass, 1, Length, 2, Time, -3, Current, -2), long}, {"S", 1, dim(Mass, -1, Length, -2, Time, 3, Current, 2), short}, {"siemens", 1, dim(Mass, -1, Length, -2, Time, 3, Current, 2), long},
	{"Wb", 1, dim(Mass, 1, Length, 2, Time, -2, Current, -1), short}, {"weber", 1, dim(Mass, 1, Length, 2, Time, -2, Current, -1), long},
	{"tesla", 1, dim(Mass, 1, Time, -2, Current, -1), long}, {"henry", 1, dim(Mass, 1, Length, 2, Time, -2, Current, -2), long},
	{"Gy", 1, dim(Length, 2, Time, -2), short}, {"gray", 1, dim(Length, 2, Time, -2), long}, {"Sv", 1, dim(Length, 2, Time, -2), short}, {"sievert", 1, dim(Length, 2, Time, -2), long},
	{"dimensionless", 1, Dimension{}, bare}, {"rad", 1, Dimension{}, bare}, {"radian", 1, Dimension{}, long}, {"sr", 1, Dimension{}, bare}, {"steradian", 1, Dimension{}, long},
	{"percent", 0.01, Dimension{}, bare}, {"%", 0.01, Dimension{}, bare}, {"fraction", 1, Dimension{}, bare}, {"ppm", 1e-6, Dimension{}, bare},
	{"avogadro", 6.02214179e23, Dimension{}, bare}, // SBML's base unit: a plain number (Level 3, section 4.4.2)
	{"angstrom", 1e-10, dim(Length, 1), bare}, {"inch", 0.0254, dim(Length, 1), bare}, {"lb", 0.45359237, dim(Mass, 1), bare},
}

// prefix is one SI prefix (SI Brochure, 9th edition, table 7).
type prefix struct {
	letter, word string
	factor       float64
}

var prefixes = []prefix{
	{"Y", "yotta", 1e24}, {"Z", "zetta", 1e21}, {"E", "exa", 1e18}, {"P", "peta", 1e15}, {"T", "tera", 1e12}, {"G", "giga", 1e9}, {"M", "mega", 1e6},
	{"k", "kilo", 1e3}, {"h", "hecto", 1e2}, {"da", "deca", 1e1}, {"d", "deci", 1e-1}, {"c", "centi", 1e-2}, {"m", "milli", 1e-3}, {"u", "micro", 1e-6},
	{"µ", "micro", 1e-6}, {"μ", "micro", 1e-6}, {"n", "nano", 1e-9}, {"p", "pico", 1e-12}, {"f", "femto", 1e-15}, {"a", "atto", 1e-18}, {"z", "zepto", 1e-21}, {"y", "yocto", 1e-24},
}

// bareNames are names that no prefix can be confused with: they win over a
// prefixed reading ("min" is not milli-inch, "Pa" not peta-ampere).
var bareNames = func() map[string]Unit {
	m := map[string]Unit{}
	for _, r := range rows {
		if _, double := m[r.name]; double {
			panic("unit: two rows for " + r.name)
		}
		m[r.name] = Unit{Dim: r.dim, Scale: r.scale}
	}
	return m
}()

// prefixed holds every name with every prefix it takes. Names that would read in
// two ways keep the first reading of the table, and bareNames win over all.
var prefixed = func() map[string]Unit {
	m := map[string]Unit{}
	for _, r := range rows {
		if r.prefixes == bare {
			continue
		}
		for _, p := range prefixes {
			name := p.letter + r.name
			if r.prefixes == long {
				name = p.word + r.name
			}
			if _, ok := m[name]; !ok {
				// Dividing by 1e9 rounds once; multiplying by 1e-9 rounds twice.
				scale := r.scale * p.factor
				if p.factor < 1 {
					scale = r.scale / inverse(p.factor)
				}
				m[name] = Unit{Dim: r.dim, Scale: scale}
			}
		}
	}
	return m
}()

// inverse is 1/f for a power of ten below 1, exactly.
func inverse(f float64) float64 {
	n := 1.0
	for f*n < 0.5 {
		n *= 10
	}
	return n
}

// lookup finds a name, with or without prefix, in the singular or plural.
func lookup(name string) (Unit, bool) {
	for _, n := range [...]string{name, singular(name)} {
		if n == "" {
			continue
		}
		if u, ok := bareNames[n]; ok {
			return u, true
		}
		if u, ok := prefixed[n]; ok {
			return u, true
		}
	}
	return Unit{}, false
}

// singular is the name without its plural "s", "" when it has none. Two letters
// stay ("ms", "hs"): they are symbols, which have no plural.
func singular(name string) string {
	if len(name) > 2 && name[len(name)-1] == 's' {
		return name[:len(name)-1]
	}
	return ""
}

// Names are the names Parse knows without prefixes and with the usual ones, in order, for suggestions.
func Names() []string {
	var names []string
	for n := range bareNames {
		names = append(names, n)
	}
	for _, n := range []string{"kg", "mg", "ug", "ng", "pg", "cm", "mm", "um", "nm", "mL", "uL", "dL", "fL", "mM", "uM", "nM", "pM", "fM",
		"mmol", "umol", "nmol", "pmol", "fmol", "MIU", "kIU", "mIU", "kPa", "kDa", "ms"} {
		if _, ok := prefixed[n]; !ok {
			panic("unit: no " + n)
		}
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
