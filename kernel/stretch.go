package kernel

// never is later than any use of a value.
const never = 1 << 30

// stretches lowers a program: plain is called for each stretch of operations that have
// machine code, when l.code holds it and stays tells which slots must be in memory after
// it; rest is called for each stretch of those that are left to Apply.
func (l *lowering) stretches(p *Program, keep []int32, plain func(stays []bool), rest func([]Instr)) {
	for _, n := range p.Numbers {
		l.fix(n.Slot, n.Value)
	}
	d := l.desk
	l.code, l.used, l.wait = empty(&d.micro, len(p.Code)+len(p.Code)/8), empty(&d.used, len(p.Code)), empty(&d.wait, len(p.Code))
	kept := zeros(&d.flags[0], p.Slots)
	for _, k := range keep {
		kept[k] = true
	}
	if keep == nil {
		for i := range kept {
			kept[i] = true
		}
	}
	// readsAfter[i]: how often the value that instruction i makes is read before the
	// slot is written again, in its own stretch, 2 for more than once; crosses[i]: whether a later one reads it
	readsAfter, crosses := zeros(&d.counts, len(p.Code)), zeros(&d.flags[1], len(p.Code))
	stretch := zeros(&d.ints[0], len(p.Code))
	for i := range p.Code {
		if i > 0 {
			stretch[i] = stretch[i-1]
			if inline(p.Code[i].Op) != inline(p.Code[i-1].Op) {
				stretch[i]++
			}
		}
	}
	maker := zeros(&d.ints[1], p.Slots) // 1 + the last instruction that wrote a slot
	for i := range p.Code {
		x := &p.Code[i]
		args := [...]int32{x.A, x.B, x.C}
		for _, k := range args[:x.Op.Args()] {
			if j := maker[k] - 1; j >= 0 {
				if stretch[j] == stretch[i] {
					readsAfter[j] = min(readsAfter[j]+1, 2)
				} else {
					crosses[j] = true
				}
			}
		}
		maker[x.Dst] = int32(i) + 1
		l.unfix(x.Dst)
	}
	stays := zeros(&d.flags[2], p.Slots)
	for from := 0; from < len(p.Code); {
		to := from
		for to < len(p.Code) && stretch[to] == stretch[from] {
			to++
		}
		if !inline(p.Code[from].Op) {
			rest(p.Code[from:to])
			from = to
			continue
		}
		l.begin()
		for i := from; i < to; i++ {
			x := &p.Code[i]
			stays[x.Dst] = kept[x.Dst] && maker[x.Dst] == int32(i)+1 || crosses[i] // the last one holds
		}
		for i := from; i < to; i++ {
			x := &p.Code[i]
			l.instr(x, int(readsAfter[i]), kept[x.Dst] && maker[x.Dst] == int32(i)+1 || crosses[i])
		}
		plain(stays)
		from = to
	}
	d.micro, d.used, d.wait = l.code, l.used, l.wait
}
