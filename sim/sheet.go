package sim

import (
	"thymus/compile"
	"thymus/kernel"
	"thymus/ode"
)

// laned is a sheet in the code of a back end.
type laned struct {
	*compile.Sheet
	code *kernel.Code
	end  kernel.Backend
}

// sheetRoom is a worker's room in which such code runs.
type sheetRoom struct {
	*laned
	room *kernel.Room
	run  func()
}

// newRoom makes a room; nil when there is no code, or no memory for it.
func (x *laned) newRoom() *sheetRoom {
	if x == nil {
		return nil
	}
	room, err := x.end.Room(x.code.Slots)
	if err != nil {
		return nil
	}
	run, err := x.code.In(room)
	if err != nil {
		return nil
	}
	return &sheetRoom{x, room, run}
}

// fill takes the numbers of a run.
func (b *sheetRoom) fill(in *compile.Instance) { b.Fill(b.room.Mem, b.room.Lanes, in) }

// sheet is a worker's room for rows of its record that wait to be evaluated together: what is
// recorded of a patient in lanes runs in the back end's code, a lane for each time.
type sheet struct {
	sheetRoom
	rows int       // that wait
	some []float64 // room for the states that are read
}

// laneSheet compiles the plan's record for a back end. Where that cannot be, because it reads
// the past or the code does not give what the interpreter does, the record is left to the
// interpreter.
func (p *Plan) laneSheet(b kernel.Backend) {
	s := p.program.Sheet(p.record)
	if s == nil || p.plain != nil || len(s.Program.Code) < leastSheet {
		return
	}
	p.sheet = p.laned(s, b)
}

// laned compiles a sheet, unless the code does not give what the interpreter gives at the
// model's own start.
func (p *Plan) laned(s *compile.Sheet, b kernel.Backend) *laned {
	code, err := b.Make(&s.Program, s.Out)
	if err != nil {
		return nil
	}
	in := p.program.New()
	y := make([]float64, in.Dim())
	_ = in.Start(y, 0) // a start that is not a number is compared as one
	if p.jumps != nil {
		_ = p.jumps.Bind(in) // what it refuses is refused for each patient
	}
	mem := kernel.Memory(s.Program.Slots, b.Lanes)
	s.Fill(mem, b.Lanes, in)
	for i, k := range s.States {
		for l := range b.Lanes {
			mem[int(s.Slots.States[i])*b.Lanes+l] = y[k] * (1 + 0.01*float64(l)) // each lane its own state
		}
	}
	if kernel.Compare(&s.Program, code, s.Out, mem) != nil {
		return nil
	}
	return &laned{s, code, b}
}

// leastSheet is how many operations a record has for which a sheet pays.
const leastSheet = 16

// newSheet makes a worker's sheet, if its plan has one.
func (w *Worker) newSheet() *sheet {
	b := w.plan.sheet.newRoom()
	if b == nil {
		return nil
	}
	return &sheet{sheetRoom: *b, some: make([]float64, len(b.States))}
}

// begin takes the numbers of the patient that the worker has loaded.
func (s *sheet) begin(w *Worker) {
	s.rows = 0
	s.fill(w.in)
}

// add puts a row into the sheet and says whether it is full. The state is complete, or what
// of it the sheet reads.
func (s *sheet) add(w *Worker, t float64, y []float64) (full bool) {
	mem, L, l := s.room.Mem, s.room.Lanes, s.rows
	for i, k := range s.States {
		mem[int(s.Slots.States[i])*L+l] = y[k]
	}
	for i, k := range s.Signals {
		if path := w.signals[k]; path != nil {
			mem[int(s.Slots.Signals[i])*L+l] = path.At(t)
		} else {
			mem[int(s.Slots.Signals[i])*L+l] = w.values[k]
		}
	}
	if s.Clock >= 0 {
		mem[int(s.Clock)*L+l] = t
	}
	s.rows++
	return s.rows == L
}

// pick puts the states that the sheet reads at time t of a step into their places in dst; all
// is room for a whole state.
func (s *sheet) pick(step *ode.Step, t float64, dst, all []float64) {
	step.Pick(t, s.States, s.some, all)
	for i, k := range s.States {
		dst[k] = s.some[i]
	}
}

// write evaluates the rows that wait and writes selection i of them into out[i] up to the
// time with the index end.
func (s *sheet) write(out [][]float64, end int) {
	if s.rows == 0 {
		return
	}
	s.run()
	for i, k := range s.Out {
		copy(out[i][end-s.rows:end], s.room.Mem[int(k)*s.room.Lanes:])
	}
	s.rows = 0
}
