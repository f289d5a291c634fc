package kernel

import (
	"errors"
	"iter"
)

// Jobs runs jobs side by side in lanes on one goroutine: every lane is a coroutine that
// does one job after another and gives way whenever its job waits for what is done for all
// lanes at once. Jobs of one Jobs never run at the same time, so they may share data.
type Jobs struct {
	resume []func() (struct{}, bool) // nil: the lane has no jobs left
	yield  []func(struct{}) bool
	stop   []func()
}

// errAbandoned unwinds a job that Stop gave up.
var errAbandoned = errors.New("kernel: the jobs of the lanes were given up")

// NewJobs prepares lanes that take jobs from next until it has none left for them; next may
// also say that it has none yet (nil, true), upon which the lane gives way and asks again.
func NewJobs(lanes int, next func(lane int) (job func(), ok bool)) *Jobs {
	j := &Jobs{resume: make([]func() (struct{}, bool), lanes), yield: make([]func(struct{}) bool, lanes), stop: make([]func(), lanes)}
	for lane := range lanes {
		j.resume[lane], j.stop[lane] = iter.Pull(func(yield func(struct{}) bool) {
			defer func() {
				if r := recover(); r != nil && r != any(errAbandoned) {
					panic(r)
				}
			}()
			j.yield[lane] = yield
			for {
				job, ok := next(lane)
				switch {
				case !ok:
					return
				case job != nil:
					job()
				case !yield(struct{}{}): // nothing for now
					return
				}
			}
		})
	}
	return j
}

// Over says whether a lane has no jobs left.
func (j *Jobs) Over(lane int) bool { return j.resume[lane] == nil }

// Resume lets a lane that is not over go on until it gives way; false when it then is over.
// A panic of a job comes out here.
func (j *Jobs) Resume(lane int) bool {
	_, ok := j.resume[lane]()
	if !ok {
		j.resume[lane] = nil
	}
	return ok
}

// Wait gives way, within a job of the lane, until the lane is resumed.
func (j *Jobs) Wait(lane int) {
	if !j.yield[lane](struct{}{}) {
		panic(errAbandoned)
	}
}

// Stop gives up what has not ended: deferred calls of jobs run.
func (j *Jobs) Stop() {
	for _, stop := range j.stop {
		stop()
	}
}
