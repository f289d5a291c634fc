package sim

import (
	"context"
	"sync"

	"thymus/compile"
	"thymus/jump"
	"thymus/kernel"
	"thymus/ode"
)

// lanes compiles the plan for patients side by side, once. It is nil where the back end
// has no lanes or the plan cannot use them; how says which way patients are simulated.
func (p *Plan) lanes() *ode.Lanes {
	p.laneOnce.Do(func() {
		b, err := p.backend()
		if err != nil {
			p.how, p.laneErr = "", err
			return
		}
		p.how = b.Name
		if b.Lanes < 2 {
			return
		}
		alone := func(why string) { p.how = "interpreter (" + why + ")" }
		switch method, err := ode.MethodNamed(p.config.Method); {
		case err != nil:
			alone(err.Error())
			return
		case !method.Lanes:
			alone("method " + method.Name + " runs one patient at a time")
			return
		case p.pure && p.jumpGroups() != nil: // they have lanes of their own
			return
		case p.pure:
			alone("method " + p.config.Jump + " runs one patient at a time")
			return
		case len(p.program.Path()) > 0:
			alone("algebraic rules, delays or fast reactions")
			return
		}
		s := p.program.Straight()
		if p.jumps != nil {
			s = p.jumps.Straight()
		}
		problem := &ode.Problem{Of: s.Of, Method: p.config.Method, Slots: s.Slots, Numbers: s.Numbers, State: s.State, Clock: s.Clock, First: s.First, RHS: s.RHS,
			Deriv: s.Deriv, Entries: s.Entries, TimeDeriv: s.TimeDeriv, Pattern: s.Pattern, Cross: s.Cross, Crossings: s.Crossings, Hold: p.laneHold()}
		checked := make(chan error, 1)
		go func() {
			p.laneSheet(b)
			checked <- p.checkCode(b, s)
		}()
		lane, err := ode.NewLanes(problem, b)
		if wrong := <-checked; wrong != nil {
			alone("its machine code is not used: " + wrong.Error())
			return
		}
		if err != nil {
			alone(err.Error())
			return
		}
		p.lane = lane
	})
	return p.lane
}

// backend is the one that the plan asks for.
func (p *Plan) backend() (kernel.Backend, error) {
	if p.config.Backend != "" {
		return kernel.BackendNamed(p.config.Backend)
	}
	return kernel.Choose()
}

// checkCode compares a back end's code for the right-hand side and its derivatives with
// the interpreter, at the model's own start.
func (p *Plan) checkCode(b kernel.Backend, s *compile.Straight) error {
	var keep []int32
	for _, list := range [][]int32{s.Deriv, s.Entries, s.TimeDeriv} {
		for _, k := range list {
			if k >= 0 {
				keep = append(keep, k)
			}
		}
	}
	program := s.First
	program.Numbers = s.Numbers
	code, err := b.Make(&program, keep)
	if err != nil {
		return err
	}
	in := p.program.New()
	y := make([]float64, len(s.State))
	_ = in.Start(y[:in.Dim()], 0) // a start that is not a number is compared as one
	if p.jumps != nil {
		_ = p.jumps.Bind(in) // what it refuses is refused for each patient
		p.jumps.Gated(in)
	}
	mem := kernel.Memory(program.Slots, b.Lanes)
	for k, v := range in.LaneMemory()[:program.Slots] {
		for l := range b.Lanes {
			mem[k*b.Lanes+l] = v
		}
	}
	for i, k := range s.State {
		for l := range b.Lanes {
			mem[int(k)*b.Lanes+l] = y[i] * (1 + 0.01*float64(l)) // each lane its own state
		}
	}
	return kernel.Compare(&program, code, keep, mem)
}

// Backend names the way in which patients are simulated: the kernel's back end, or the
// interpreter with the reason. An error says that the choice of a back end is wrong.
func (p *Plan) Backend() (string, error) {
	p.lanes()
	return p.how, p.laneErr
}

// group is what runs jobs side by side on one goroutine (ode.Group, jump.Group).
type group interface {
	Lanes() int
	Run(next func(lane int) (job func(), ok bool))
}

// newGroup makes a group for one goroutine, and tells how a worker takes one of its lanes.
type newGroup func() (g group, take func(w *Worker, lane int))

// mostJumpsWasm bounds the reactions of a plan whose replicates run side by side in
// WebAssembly: its registers hold two lanes, and with 20 reactions one replicate at a time
// is faster (0.27 s against 0.36), with 2 slower (0.11 against 0.08).
const mostJumpsWasm = 8

// jumpGroups are lanes for plans in which nothing but jumps happens and the direct method
// is asked for; nil for others. They give the bits of a run alone.
func (p *Plan) jumpGroups() newGroup {
	b, err := p.backend()
	switch {
	case err != nil || b.Lanes < 2 || !p.pure || stochastic[p.config.Jump] != jump.Methods[0].Name:
		return nil
	case b.Name == "wasm" && len(p.jumps.Channels) > mostJumpsWasm:
		return nil
	}
	return func() (group, func(w *Worker, lane int)) {
		g := jump.NewGroup(b)
		return g, func(w *Worker, lane int) {
			w.jumps = func(n *jump.Network) jump.Simulator { return g.Simulator(lane, n) }
		}
	}
}

// EachPatient is Each for jobs that run patients of plan p: the patients of one worker's
// lanes are simulated side by side. of gives the Worker that a W runs patients with. The
// results are those of Each, bit for bit.
func EachPatient[W, T any](ctx context.Context, p *Plan, n, workers int, newWorker func() W, of func(W) *Worker, do func(w W, k int) T, deliver func(k int, v T) error) error {
	groups := p.jumpGroups()
	if lanes := p.lanes(); lanes != nil {
		groups = func() (group, func(w *Worker, lane int)) {
			g := lanes.NewGroup()
			return g, func(w *Worker, lane int) { w.lane = g.Lane(lane) }
		}
	}
	return sideBySide(ctx, groups, n, workers, newWorker, of, do, deliver)
}

// sideBySide is Each on groups; nil groups: on workers.
func sideBySide[W, T any](ctx context.Context, groups newGroup, n, workers int, newWorker func() W, of func(W) *Worker, do func(w W, k int) T, deliver func(k int, v T) error) error {
	if groups == nil {
		return Each(ctx, n, workers, newWorker, do, deliver)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	line := newLine(n, func(k int, v T) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return deliver(k, v)
	}, cancel)
	go func() {
		<-ctx.Done()
		line.stop()
	}()
	var wait sync.WaitGroup
	for range max(1, min(workers, n)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			g, take := groups()
			ws := make([]W, g.Lanes())
			for i := range ws {
				ws[i] = newWorker()
				take(of(ws[i]), i)
			}
			line.ahead(aheadOf * g.Lanes())
			busy := 0
			g.Run(func(lane int) (func(), bool) {
				k, state := line.take(busy == 0)
				switch state {
				case over:
					return nil, false
				case later:
					return nil, true
				}
				busy++
				return func() {
					v := do(ws[lane], k)
					busy--
					line.put(k, v)
				}, true
			})
		}()
	}
	wait.Wait()
	if line.failed != nil {
		return line.failed
	}
	if line.next < n {
		return ctx.Err()
	}
	return nil
}

// aheadOf is how many patients a lane may be ahead of what was delivered. Patients differ
// more than tenfold in how long they take where people are chosen out of many draws, and
// a lane that waits costs as much as one that works.
const aheadOf = 16

// line hands out numbers in order and delivers what comes back in order; nobody may be
// further ahead of what was delivered than the window, so that memory stays bounded.
type line[T any] struct {
	mu      sync.Mutex
	moved   *sync.Cond
	n       int
	given   int // numbers handed out
	next    int // number to deliver next
	window  int
	waiting map[int]T
	stopped bool
	failed  error
	deliver func(k int, v T) error
	cancel  func()

	delivering bool // somebody is; then next is for them alone to change
}

type taken uint8

const (
	now   taken = iota
	later       // nothing may be started until something is delivered
	over        // there is nothing left
)

func newLine[T any](n int, deliver func(k int, v T) error, cancel func()) *line[T] {
	l := &line[T]{n: n, waiting: map[int]T{}, deliver: deliver, cancel: cancel}
	l.moved = sync.NewCond(&l.mu)
	return l
}

func (l *line[T]) ahead(k int) {
	l.mu.Lock()
	l.window += k
	l.mu.Unlock()
}

func (l *line[T]) stop() {
	l.mu.Lock()
	l.stopped = true
	l.moved.Broadcast()
	l.mu.Unlock()
}

// take gives the next number; it waits for one only if told to.
func (l *line[T]) take(wait bool) (int, taken) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.stopped || l.given >= l.n:
			return 0, over
		case l.given < l.next+l.window:
			l.given++
			return l.given - 1, now
		case !wait:
			return 0, later
		}
		l.moved.Wait()
	}
}

// put takes the result of number k. Whoever brings the one that is awaited delivers it and
// those that follow, without holding up the others.
func (l *line[T]) put(k int, v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[k] = v
	for !l.delivering && !l.stopped {
		v, ok := l.waiting[l.next]
		if !ok {
			return
		}
		delete(l.waiting, l.next)
		l.delivering = true
		l.mu.Unlock()
		err := l.deliver(l.next, v)
		l.mu.Lock()
		l.delivering = false
		if err != nil {
			l.failed, l.stopped = err, true
			l.cancel()
		} else {
			l.next++
		}
		l.moved.Broadcast()
	}
}
