package sim

import (
	"fmt"

	"thymus/kernel"
)

// inLane does a job of one patient. Where the back end was named by the user, a worker that
// stands alone takes a lane of a group whose other lanes are idle, so that one patient is
// simulated by the same code as many; otherwise a single patient is not worth compiling for.
func (w *Worker) inLane(job func() (*Trajectory, *Failure)) (t *Trajectory, f *Failure) {
	if w.lane != nil || w.plan.pure || !kernel.Named() {
		return job()
	}
	lanes := w.plan.lanes()
	if w.plan.laneErr != nil {
		return &Trajectory{}, &Failure{Problem: fmt.Sprint(w.plan.laneErr)}
	}
	defer func() {
		if t != nil {
			t.Backend = w.plan.how
		}
	}()
	if lanes == nil {
		return job()
	}
	if w.alone == nil {
		w.alone = lanes.NewGroup()
	}
	w.lane = w.alone.Lane(0)
	defer func() { w.lane = nil }()
	started := false
	w.alone.Run(func(lane int) (func(), bool) {
		if lane != 0 || started {
			return nil, false
		}
		started = true
		return func() { t, f = job() }, true
	})
	return t, f
}
