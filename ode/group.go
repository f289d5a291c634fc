package ode

import (
	"fmt"

	"thymus/kernel"
)

// Group is the workspace of one worker: its lanes run side by side on one goroutine.
type Group struct {
	l            *Lanes
	mem          []float64
	lane         []Lane
	jobs         *kernel.Jobs
	whole, dense func() // run the programs of Lanes
	settle       func()
	known        bool   // the dense output of the present steps is known
	spot         func() // nil: none
	spotted      bool   // the rows of the present steps are known, each at its lane's theta
}

// Lane is one of a group's; Options.Lane gives it to Solve.
type Lane struct {
	g     *Group
	index int
	waits waiting
	st    laneStepper
	d     *driver // whose step is being made, when it may go on by itself
}

// waiting is what a lane waits for.
type waiting uint8

const (
	forNothing waiting = iota
	forStep
	forSettling // a pseudo step towards a steady state
)

// wait gives way until the group has made what the lane waits for.
func (lane *Lane) wait(what waiting) {
	lane.waits = what
	lane.g.jobs.Wait(lane.index)
}

// method is the name of the method that the lane makes steps by.
func (lane *Lane) method() string {
	if lane.g.l.explicit {
		return "tsit5"
	}
	return Methods[0].Name
}

// NewGroup makes a workspace.
func (l *Lanes) NewGroup() *Group {
	room, err := l.backend.Room(l.slots)
	if err != nil {
		panic(fmt.Sprintf("ode: no room for a group of lanes: %v", err))
	}
	g := &Group{l: l, mem: room.Mem, lane: make([]Lane, l.L)}
	in := func(c *kernel.Code) func() {
		run, err := c.In(room)
		if err != nil {
			panic(fmt.Sprintf("ode: a program does not run in its room: %v", err))
		}
		return run
	}
	g.whole, g.dense, g.settle = in(l.whole), in(l.dense), in(l.settle)
	if l.spot != nil {
		g.spot = in(l.spot)
	}
	for i := range g.lane {
		g.lane[i] = Lane{g: g, index: i}
		g.lane[i].st = laneStepper{lane: &g.lane[i], l: l, mem: g.mem, yn: make([]float64, l.n), y: make([]float64, l.n), f: make([]float64, l.n)}
	}
	for _, list := range [][]kernel.Number{l.p.Numbers, l.numbers} {
		for _, x := range list {
			for i := 0; i < l.L; i++ {
				g.mem[int(x.Slot)*l.L+i] = x.Value
			}
		}
	}
	for i := 0; i < l.L; i++ {
		g.mem[int(l.h)*l.L+i], g.mem[int(l.rtol)*l.L+i] = 1, 1
		g.mem[int(l.pull)*l.L+i] = 1
	}
	return g
}

// Lanes is the number of lanes.
func (g *Group) Lanes() int { return len(g.lane) }

// Lane is lane i of the group.
func (g *Group) Lane(i int) *Lane { return &g.lane[i] }

// Run runs jobs in every lane until next has none left for any of them; next may also
// say that it has none yet (nil, true). A job is a function that may call Solve with its
// lane; jobs of one group never run at the same time, so they may share what next gives
// them. A job waits while its step is made, and also while its steps go on by themselves
// (see driver.glide).
func (g *Group) Run(next func(lane int) (job func(), ok bool)) {
	g.jobs = kernel.NewJobs(len(g.lane), next)
	defer g.jobs.Stop()
	for i := range g.lane {
		g.lane[i].waits, g.lane[i].d = forNothing, nil
	}
	for {
		alive := false
		for i := range g.lane {
			if g.jobs.Over(i) {
				continue
			}
			if g.lane[i].waits != forNothing { // the last pass was not for this lane
				alive = true
				continue
			}
			if d := g.lane[i].d; d != nil && d.glide() {
				g.lane[i].waits = forStep
				alive = true
				continue
			}
			if g.jobs.Resume(i) {
				alive = true
			}
		}
		if !alive {
			return
		}
		g.step()
	}
}

// step makes one step of every lane that waits for one, or one pseudo step towards a
// steady state of every lane that waits for that: what most lanes wait for, so that a pass
// serves at least half of them.
func (g *Group) step() {
	var count [3]int
	for i := range g.lane {
		count[g.lane[i].waits]++
	}
	what := forStep
	if count[forSettling] > count[forStep] {
		what = forSettling
		g.settle()
	} else if count[forStep] > 0 {
		g.whole()
		take := g.mem[int(g.l.take)*g.l.L:]
		for i := range g.lane {
			take[i] = 0
		}
		g.known, g.spotted = false, false
	}
	for i := range g.lane {
		if g.lane[i].waits == what {
			g.lane[i].waits = forNothing
		}
	}
}
