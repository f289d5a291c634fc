package kernel

// single rewrites a program so that every value has a name of its own (static single
// assignment): copies vanish, what no kept slot depends on is left out, and slots are left
// only to what is there before the program and what is kept after it. Slots of the result
// from p.Slots on are names that need no memory of their own. A program with operations
// that are left to Apply, or all of whose slots are kept, is returned as it is; the code of another
// lies on the desk.
func single(p *Program, keep []int32, d *desk) *Program {
	if keep == nil {
		return p
	}
	for i := range p.Code {
		if !inline(p.Code[i].Op) {
			return p
		}
	}
	now := zeros(&d.names[0], p.Slots) // the name of what a slot holds
	for k := range now {
		now[k] = int32(k)
	}
	next := int32(p.Slots)
	d.code = empty(&d.code, len(p.Code)+2*len(keep))
	code := d.code
	for i := range p.Code {
		x := p.Code[i]
		a, b, c := now[x.A], now[x.B], now[x.C]
		if x.Op == Move {
			now[x.Dst] = a
			continue
		}
		x.A, x.B, x.C = a, 0, 0
		if x.Op.Args() > 1 {
			x.B = b
		}
		if x.Op.Args() > 2 {
			x.C = c
		}
		now[x.Dst], x.Dst = next, next
		next++
		code = append(code, x)
	}
	needed := zeros(&d.flags[0], int(next))
	for _, k := range keep {
		needed[now[k]] = true
	}
	for i := len(code) - 1; i >= 0; i-- {
		if x := &code[i]; needed[x.Dst] {
			for j, a := range [...]int32{x.A, x.B, x.C} {
				if j < x.Op.Args() {
					needed[a] = true
				}
			}
		}
	}
	// a kept slot is where its value is made, if what it held before is not read later
	made, read := zeros(&d.names[1], int(next)), zeros(&d.names[2], p.Slots)
	for i := range code {
		x := &code[i]
		if !needed[x.Dst] {
			continue
		}
		made[x.Dst] = int32(i)
		for j, a := range [...]int32{x.A, x.B, x.C} {
			if j < x.Op.Args() && int(a) < p.Slots {
				read[a] = int32(i)
			}
		}
	}
	home := zeros(&d.names[3], int(next))
	for v := range home {
		home[v] = int32(v)
	}
	done := zeros(&d.flags[1], p.Slots)
	var before, after []Instr
	for _, k := range keep {
		v := now[k]
		switch {
		case done[k] || v == k:
		case int(v) < p.Slots: // a copy of what another slot held before
			before = append(before, Instr{Op: Move, Dst: next, A: v})
			after = append(after, Instr{Op: Move, Dst: k, A: next})
			next++
		case home[v] == v && read[k] <= made[v]:
			home[v] = k
		default:
			after = append(after, Instr{Op: Move, Dst: k, A: v})
		}
		done[k] = true
	}
	q := &Program{Slots: int(next), Code: code[:0], Numbers: p.Numbers}
	if len(before) > 0 {
		q.Code = append(make([]Instr, 0, len(before)+len(code)+len(after)), before...)
	}
	for _, x := range code {
		if needed[x.Dst] {
			x.Dst, x.A, x.B, x.C = home[x.Dst], home[x.A], home[x.B], home[x.C]
			q.Code = append(q.Code, x)
		}
	}
	for _, x := range after {
		if int(x.A) < len(home) {
			x.A = home[x.A]
		}
		q.Code = append(q.Code, x)
	}
	return q
}

// memory is how many of the first slots a program and what is kept of it reach.
func (p *Program) memory(keep []int32, slots int) int32 {
	most := int32(0)
	see := func(k int32) {
		if int(k) < slots {
			most = max(most, k+1)
		}
	}
	for _, k := range keep {
		see(k)
	}
	for i := range p.Code {
		x := &p.Code[i]
		see(x.Dst)
		for j, a := range [...]int32{x.A, x.B, x.C} {
			if j < x.Op.Args() {
				see(a)
			}
		}
	}
	return most
}
