package kernel

import (
	"fmt"
	"testing"
)

// Two lanes take three jobs in turn; a job that waits lets the other lane go on, a lane that
// has none yet asks again, and one that has none left is over.
func TestJobs(t *testing.T) {
	log, given, idle := "", 0, true
	var j *Jobs
	j = NewJobs(2, func(lane int) (func(), bool) {
		if lane == 1 && idle {
			idle = false
			return nil, true
		}
		if given == 3 {
			return nil, false
		}
		given++
		k := given
		return func() {
			log += fmt.Sprintf(" %d%c", k, 'a'+lane)
			j.Wait(lane)
			log += fmt.Sprintf(" %d%c", k, 'A'+lane)
		}, true
	})
	defer j.Stop()
	for !j.Over(0) || !j.Over(1) {
		for lane := range 2 {
			if !j.Over(lane) && j.Resume(lane) == j.Over(lane) {
				t.Errorf("lane %d: what Resume says is not what Over says", lane)
			}
		}
	}
	if want := " 1a 1A 2a 3b 2A 3B"; log != want {
		t.Errorf("jobs ran as%s, want%s", log, want)
	}
}

// Jobs that are given up end by their deferred calls; a panic of a job reaches the caller.
func TestJobsEnd(t *testing.T) {
	ended := 0
	var j *Jobs
	j = NewJobs(2, func(lane int) (func(), bool) {
		return func() {
			defer func() { ended++ }()
			j.Wait(lane)
			panic("broken")
		}, true
	})
	j.Resume(0)
	j.Resume(1)
	func() {
		defer func() {
			if r := recover(); r != "broken" {
				t.Errorf("the panic came out as %v", r)
			}
		}()
		j.Resume(0)
	}()
	j.Stop()
	if ended != 2 {
		t.Errorf("%d of 2 jobs ended", ended)
	}
}
