//go:build !(amd64 && unix)

package kernel

import "errors"

const hasAVX2, hasAVX512 = false, false

func makeMachine(*Program, []int32, bool) (runner, int, error) {
	return nil, 0, errors.New("no machine code for this processor or system")
}

type making struct{}
