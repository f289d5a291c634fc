package compile

// Path names why a model is integrated by the general path (algebraic equations, history
// or fast reactions); empty for a plain system of differential equations.
func (p *Program) Path() []string { return p.b.why }

// MassPattern lists the entries of the mass matrix M of M y' = f(t, y); empty when M is
// the identity.
func (in *Instance) MassPattern() [][2]int { return in.p.mass }

// Mass writes the entries of M in the order of MassPattern.
func (in *Instance) Mass(vals, _, _ []float64) {
	for k := range vals {
		vals[k] = 1
		if in.p.noMass {
			vals[k] = 0
		}
	}
}

// massMatrix lays out M: an algebraic rule stands in the row of what it determines, and
// holds no derivative.
func (p *Program) massMatrix() {
	some := false
	for _, s := range p.states {
		some = some || s.Algebraic
	}
	if !some {
		return
	}
	for i, s := range p.states {
		if !s.Algebraic {
			p.mass = append(p.mass, [2]int{i, i})
		}
	}
	if len(p.mass) == 0 { // all is algebraic: one entry, which is 0
		p.mass, p.noMass = [][2]int{{0, 0}}, true
	}
}

// StartReadsAlgebraic says that formulas for the start read symbols that algebraic rules
// determine: their values must be known before the formulas can be evaluated.
func (p *Program) StartReadsAlgebraic() bool { return p.circular }

// Guess makes the algebraic components of y the values with which Start evaluates formulas
// that read them.
func (in *Instance) Guess(y []float64) {
	p := in.p
	for i, s := range p.b.owners {
		if s == nil || s.algebraic == nil {
			continue
		}
		v := y[i]
		if k := p.guess[i]; k >= 0 { // the symbol means a concentration
			in.load(y, in.mem[p.clockSlot])
			p.guessCode.Run(in.mem, 1)
			v /= in.mem[k]
		}
		in.mem[p.raws[s.constant]], in.mem[p.flags[s.constant]] = v, 1
	}
}

// guesses finds whether the start needs values of algebraic symbols.
func (p *Program) guesses() {
	b := p.b
	flags := map[id]bool{}
	p.guess = make([]id, len(p.states))
	for i, s := range b.owners {
		p.guess[i] = -1
		if s == nil || s.algebraic == nil {
			continue
		}
		flags[p.flags[s.constant]], flags[p.raws[s.constant]] = true, true
		if s.kind == isSpecies && !s.species.SubstanceOnly {
			p.guess[i] = b.size(s, false)
		}
	}
	if len(flags) == 0 {
		return
	}
	var want []id
	for i, k := range p.y0 {
		if !p.states[i].Algebraic {
			want = append(want, k)
		}
	}
	for _, m := range p.finals {
		want = append(want, m.from)
	}
	for _, x := range b.g.code(want, func(id) bool { return false }) {
		for i, k := range [...]id{x.A, x.B, x.C} {
			p.circular = p.circular || i < x.Op.Args() && flags[k]
		}
	}
	for _, k := range want {
		p.circular = p.circular || flags[k]
	}
}
