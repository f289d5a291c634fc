package compile

// Gathers says by state whether nothing's derivative depends on it: such a state only
// adds up what others give it, and has no steady state of its own.
func (p *Program) Gathers() []bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]bool, len(p.states))
	for j := range out {
		out[j] = true
		for q := p.pattern.ColPtr[j]; q < p.pattern.ColPtr[j+1]; q++ {
			out[j] = out[j] && p.b.g.is(p.entries[q], 0)
		}
	}
	return out
}
