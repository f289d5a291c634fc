//go:build amd64 && unix

package kernel

// latency is how many cycles a micro operation takes, roughly, on processors with AVX-512.
func (o micro) latency() int32 {
	switch o {
	case uAnd, uOr, uXor, uAddI, uShl, uShr, uMove, uBlend:
		return 1
	case uDiv:
		return 14
	case uSqrt:
		return 20
	case uCmp:
		return 6
	}
	return 4
}

// schedule puts micro operations into an order in which fewer of them wait for others: of
// those whose operands are there, and that lie within a window from the first one that is
// not yet placed, the one with the longest way to the end goes first. The window bounds
// how many more values are alive at once. Values from slots on are made once.
func schedule(code []minstr, least, slots, end value, window int, d *desk) []minstr {
	n := len(code)
	nodes := zeros(&d.nodes, n)
	edges := empty(&d.edges, 2*n+n/2)
	edge := func(a, b int32) {
		edges = append(edges, link{b, nodes[a].next})
		nodes[a].next = int32(len(edges))
		nodes[b].waits++
	}
	def := zeros(&d.values[0], int(end-least))     // 1 + the last operation that wrote a value; 0: none
	reads := zeros(&d.values[1], int(slots-least)) // 1 + the latest read of it since, in readers; 0: none
	readers := empty(&d.readers, n)
	for i := range code {
		x := &code[i]
		args := [3]value{x.a, x.b, x.c}
		for _, v := range args[:x.op.args()] {
			if v < 0 {
				continue
			}
			if d := def[v-least]; d > 0 {
				edge(d-1, int32(i))
			}
			if v < slots {
				readers = append(readers, link{int32(i), reads[v-least]})
				reads[v-least] = int32(len(readers))
			}
		}
		last := def[x.dst-least]
		def[x.dst-least] = int32(i) + 1
		if x.dst >= slots {
			continue
		}
		none := reads[x.dst-least] == 0
		for k := reads[x.dst-least]; k > 0; k = readers[k-1].before { // what is overwritten was read before
			if r := readers[k-1].to; r != int32(i) {
				edge(r, int32(i))
			}
		}
		if last > 0 && none {
			edge(last-1, int32(i))
		}
		reads[x.dst-least] = 0
	}
	for i := n - 1; i >= 0; i-- {
		x := &nodes[i]
		for e := x.next; e > 0; e = edges[e-1].before {
			x.way = max(x.way, nodes[edges[e-1].to].way)
		}
		x.way += code[i].op.latency()
	}
	// what may be placed, the longest way first, and what waits for its operands, the
	// earliest first
	var ready, later heap
	first, seen, now := 0, 0, int32(0)
	delay := func(i int32) { later.push(uint64(nodes[i].at)<<32 | uint64(i)) }
	out := empty(&d.order, n)
	placed, open := zeros(&d.placed, n), zeros(&d.open, n) // open: in the window
	for len(out) < n {
		for ; seen < n && seen < first+window; seen++ {
			if nodes[seen].waits == 0 {
				delay(int32(seen))
			}
			open[seen] = true
		}
		for len(later) > 0 && int32(later[0]>>32) <= now {
			i := uint32(later.pop())
			ready.push(uint64(^uint32(nodes[i].way))<<32 | uint64(i))
		}
		if len(ready) == 0 {
			now = max(now+1, int32(later[0]>>32))
			continue
		}
		i := int32(uint32(ready.pop()))
		out = append(out, code[i])
		placed[i] = true
		for first < n && placed[first] {
			first++
		}
		done := now + code[i].op.latency()
		for e := nodes[i].next; e > 0; e = edges[e-1].before {
			k := edges[e-1].to
			nodes[k].waits--
			nodes[k].at = max(nodes[k].at, done)
			if nodes[k].waits == 0 && open[k] {
				delay(k)
			}
		}
		now++
	}
	d.edges, d.readers = edges, readers
	return out
}

// node is a micro operation in schedule.
type node struct {
	next  int32 // 1 + the latest edge from it; 0: none
	waits int32
	at    int32 // when its operands are there
	way   int32
}

type link struct{ to, before int32 }

// heap gives the least number first.
type heap []uint64

func (h *heap) push(v uint64) {
	*h = append(*h, v)
	list := *h
	i := len(list) - 1
	for i > 0 && list[(i-1)/2] > v {
		list[i] = list[(i-1)/2]
		i = (i - 1) / 2
	}
	list[i] = v
}

func (h *heap) pop() uint64 {
	list := *h
	least, n := list[0], len(list)-1
	v := list[n]
	list = list[:n]
	*h = list
	i := 0
	for {
		k := 2*i + 1
		if k+1 < n && list[k+1] < list[k] {
			k++
		}
		if k >= n || v <= list[k] {
			break
		}
		list[i] = list[k]
		i = k
	}
	if n > 0 {
		list[i] = v
	}
	return least
}
