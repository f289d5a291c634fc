//go:build !unix

package bench

import "time"

// HasProcessorTime says whether processor time is measured; where it is not, work is
// measured by the clock on the wall.
const HasProcessorTime = false

var began = time.Now()

// processorTime is the time since the program began.
func processorTime() time.Duration { return time.Since(began) }
