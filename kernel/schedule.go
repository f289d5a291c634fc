//go:build unix

package kernel

import "container/heap"

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
// how many more values are alive at once.
func schedule(code []minstr, least, end value, window int) []minstr {
	n := len(code)
	type node struct {
		next  []int32
		waits int32
		at    int32 // when its operands are there
		way   int32
	}
	nodes := make([]node, n)
	def := make([]int32, end-least) // 1 + the last operation that wrote a value; 0: none
	reads := make([][]int32, end-least)
	edge := func(a, b int32) {
		nodes[a].next = append(nodes[a].next, b)
		nodes[b].waits++
	}
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
			reads[v-least] = append(reads[v-least], int32(i))
		}
		for _, r := range reads[x.dst-least] { // what is overwritten was read before
			if r != int32(i) {
				edge(r, int32(i))
			}
		}
		if d := def[x.dst-least]; d > 0 && len(reads[x.dst-least]) == 0 {
			edge(d-1, int32(i))
		}
		reads[x.dst-least] = reads[x.dst-least][:0]
		def[x.dst-least] = int32(i) + 1
	}
	for i := n - 1; i >= 0; i-- {
		for _, k := range nodes[i].next {
			nodes[i].way = max(nodes[i].way, nodes[k].way)
		}
		nodes[i].way += code[i].op.latency()
	}
	out := make([]minstr, 0, n)
	placed := make([]bool, n)
	ready := &queue{less: func(a, b int32) bool { return nodes[a].way > nodes[b].way || nodes[a].way == nodes[b].way && a < b }}
	later := &queue{less: func(a, b int32) bool { return nodes[a].at < nodes[b].at || nodes[a].at == nodes[b].at && a < b }}
	first, seen, now := 0, 0, int32(0)
	open := make([]bool, n) // in the window
	for len(out) < n {
		for ; seen < n && seen < first+window; seen++ {
			if nodes[seen].waits == 0 {
				heap.Push(later, int32(seen))
			}
			open[seen] = true
		}
		for later.Len() > 0 && nodes[later.list[0]].at <= now {
			heap.Push(ready, heap.Pop(later))
		}
		if ready.Len() == 0 {
			now = max(now+1, nodes[later.list[0]].at)
			continue
		}
		i := heap.Pop(ready).(int32)
		out = append(out, code[i])
		placed[i] = true
		for first < n && placed[first] {
			first++
		}
		for _, k := range nodes[i].next {
			nodes[k].waits--
			nodes[k].at = max(nodes[k].at, now+code[i].op.latency())
			if nodes[k].waits == 0 && open[k] {
				heap.Push(later, k)
			}
		}
		now++
	}
	return out
}

type queue struct {
	list []int32
	less func(a, b int32) bool
}

func (q *queue) Len() int           { return len(q.list) }
func (q *queue) Less(i, j int) bool { return q.less(q.list[i], q.list[j]) }
func (q *queue) Swap(i, j int)      { q.list[i], q.list[j] = q.list[j], q.list[i] }
func (q *queue) Push(x any)         { q.list = append(q.list, x.(int32)) }
func (q *queue) Pop() any {
	x := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	return x
}
