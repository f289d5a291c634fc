package compile

// Path names why a model is integrated by the general path (algebraic equations, history
// or fast reactions); empty for a plain system of differential equations.
func (p *Program) Path() []string { return p.b.why }

// MassPattern lists the entries of the mass matrix M of M y' = f(t, y); empty when M is
// the identity.
func (in *Instance) MassPattern() [][2]int { return in.p.mass }

// Mass writes the entries of M in the order of MassPattern.
func (in *Instance) Mass(vals, y, t []float64) {
	in.load(y, t[0])
	in.p.massCode.Run(in.mem, 1)
	for k, x := range in.p.massValue {
		vals[k] = in.mem[x]
	}
}

// massEntry puts a value into M.
func (p *Program) massEntry(i, j int, value id) {
	p.mass = append(p.mass, [2]int{i, j})
	p.massValue = append(p.massValue, value)
}

// massMatrix lays out M: an algebraic rule stands in the row of what it determines, and
// holds no derivative; fast reactions have laid out their rows.
func (p *Program) massMatrix() {
	some := len(p.mass) > 0
	done := make([]bool, len(p.states))
	for _, e := range p.mass {
		done[e[0]] = true
	}
	for _, s := range p.states {
		some = some || s.Algebraic
	}
	if !some {
		return
	}
	for i, s := range p.states {
		if !s.Algebraic && !done[i] {
			p.massEntry(i, i, p.b.g.num(1))
		}
	}
	if len(p.mass) == 0 { // all is algebraic: an empty list would mean the identity
		p.massEntry(0, 0, p.b.g.num(0))
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
