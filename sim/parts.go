package sim

import (
	"thymus/compile"
	"thymus/ode"
)

// lanePart compiles a part for the back end that the plan's patients run on side by side; nil
// where there is none, or one whose code needs memory of its own kind: parts are many and small.
func (p *Plan) lanePart(x *compile.Part) *laned {
	b, err := p.backend()
	if err != nil || p.lane == nil || !b.AnyMemory() {
		return nil
	}
	s := p.jumps.Sheet(x)
	if s == nil {
		return nil
	}
	return p.laned(s, b)
}

// partRoom is a worker's room for a part.
type partRoom struct {
	sheetRoom
	of int // hybrid.begun when the room was filled
}

// setRooms are a worker's rooms for a set; nil where the interpreter evaluates.
type setRooms struct {
	all   *partRoom
	after []*partRoom // by the set's open
}

// roomsOf gives the rooms of a set, with the numbers of the present run.
func (h *hybrid) roomsOf(s *jumpSet) *setRooms {
	if !h.beside {
		return &setRooms{after: make([]*partRoom, len(s.open))}
	}
	rooms, ok := h.known[s]
	if !ok {
		rooms = &setRooms{all: newPartRoom(s.laned)}
		for i := range s.fires {
			rooms.after = append(rooms.after, newPartRoom(s.fires[i].laned))
		}
		if h.known == nil {
			h.known = map[*jumpSet]*setRooms{}
		}
		h.known[s] = rooms
	}
	rooms.all.take(h)
	for _, r := range rooms.after {
		r.take(h)
	}
	return rooms
}

func newPartRoom(x *laned) *partRoom {
	if x == nil {
		return nil
	}
	b := x.newRoom()
	if b == nil {
		return nil
	}
	return &partRoom{sheetRoom: *b}
}

// take takes the numbers of the present patient, once in a run.
func (r *partRoom) take(h *hybrid) {
	if r != nil && r.of != h.begun {
		r.fill(h.in.Instance)
		r.of = h.begun
	}
}

// put puts the states at time t of a step into a lane.
func (r *partRoom) put(h *hybrid, s *ode.Step, t float64, lane int) {
	mem, L := r.room.Mem, r.room.Lanes
	for i, v := range h.pickRead(s, t, r.States, h.some) {
		mem[int(r.Slots.States[i])*L+lane] = v
	}
	if r.Clock >= 0 {
		mem[int(r.Clock)*L+lane] = t
	}
}

// get takes what was wanted of a lane.
func (r *partRoom) get(dst []float64, lane int) {
	for i := range dst {
		dst[i] = r.room.Mem[int(r.Out[i])*r.room.Lanes+lane]
	}
}

// three evaluates the propensities of a set at both ends of a stretch and in its middle.
func (r *partRoom) three(h *hybrid, s *ode.Step, t, u float64) {
	n := len(r.Out)
	r.put(h, s, t, 0)
	r.put(h, s, u, 1)
	r.put(h, s, t+(u-t)/2, 2)
	r.run()
	r.get(h.f0[:n], 0)
	r.get(h.f1[:n], 1)
	r.get(h.fm[:n], 2)
}
