package thymus

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// heapFloor is up to which size the heap may always grow before garbage is looked for [bytes].
// Go would look for it at 4 MB and at each doubling of what is in use, which is a dozen times
// until the first patient, and all the time while patients of small models run.
const heapFloor = 40 << 20

// leastHeap is the floor that Go has itself, at 100 % [bytes].
const leastHeap = 4 << 20

// leastPercent is by how much the heap may grow over what is in use when that is large: less
// than Go's own 100 %, so that a run of many patients does not need twice what it keeps of them.
const leastPercent = 30

// RelaxCollector lets the heap grow to 40 MB before garbage is looked for, and to 1.3 times
// what is in use beyond that, for the rest of the process. It changes nothing where the user
// has set GOGC.
func RelaxCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(100 * heapFloor / leastHeap)
	afterCollection(&collection{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}})
}

// collection is not in use, so that each collection finds it.
type collection struct{ live []metrics.Sample }

func afterCollection(c *collection) {
	runtime.SetFinalizer(c, func(c *collection) {
		metrics.Read(c.live)
		debug.SetGCPercent(collectorPercent(c.live[0].Value.Uint64()))
		afterCollection(c)
	})
}

// collectorPercent is by how many percent the heap may grow over the bytes in use.
func collectorPercent(live uint64) int {
	return max(leastPercent, int(100*heapFloor/max(live, leastHeap))-100)
}
