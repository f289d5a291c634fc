package kernel

import "fmt"

// Room is memory for the programs of one worker: Mem[slot*Lanes+lane]. Some back ends run
// code only on memory of their own, so it is they who make it.
type Room struct {
	Mem   []float64
	Lanes int
	own   any // what the back end knows about it
}

// homes is an ability of runners whose code runs on rooms of their own back end: at binds
// the code to a room.
type homes interface {
	at(r *Room) (func(), error)
}

// Room makes memory for a number of slots.
func (b Backend) Room(slots int) (*Room, error) {
	if b.room != nil {
		r, err := b.room(slots)
		if err != nil {
			return nil, fmt.Errorf("back end %s: %w", b.Name, err)
		}
		return r, nil
	}
	return &Room{Mem: Memory(slots, b.Lanes), Lanes: b.Lanes}, nil
}

// In gives the code as a function that runs it on a room of its back end. Functions of
// one room must not run at the same time.
func (c *Code) In(r *Room) (func(), error) {
	if len(r.Mem) < c.Slots*c.Lanes {
		panic(fmt.Sprintf("kernel: a room of %d numbers, want Slots*Lanes=%d", len(r.Mem), c.Slots*c.Lanes))
	}
	if h, ok := c.r.(homes); ok {
		run, err := h.at(r)
		if err != nil {
			return nil, fmt.Errorf("back end %s: %w", c.Backend, err)
		}
		return run, nil
	}
	return func() { c.r.run(r.Mem, c.Lanes) }, nil
}

// AnyMemory says whether the back end's code runs on any memory, so that rooms cost nothing.
func (b Backend) AnyMemory() bool { return b.room == nil }
