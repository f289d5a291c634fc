//go:build unix

package bench

import (
	"syscall"
	"time"
)

// HasProcessorTime says whether processor time is measured; where it is not, work is
// measured by the clock on the wall.
const HasProcessorTime = true

// processorTime is what the process has used so far, in all its threads.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("bench: processor time: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
