package kernel

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestMemoryRefused: where a system refuses executable memory, no back end that needs it
// makes code or crashes, and the interpreter is chosen. The refusal is the kernel's own
// (prctl PR_SET_MDWE, Linux 6.3), in a process of its own, since it cannot be taken back.
func TestMemoryRefused(t *testing.T) {
	const asChild = "THYMUS_TEST_REFUSED"
	if os.Getenv(asChild) == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestMemoryRefused$", "-test.v")
		child.Env = append(os.Environ(), asChild+"=1", Variable+"=")
		out, err := child.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if strings.Contains(string(out), "--- SKIP") {
			t.Skip("THIS KERNEL CANNOT REFUSE EXECUTABLE MEMORY: NOTHING WAS TESTED")
		}
		return
	}
	const setMDWE, refuseExecGain = 65, 1
	if _, _, e := syscall.Syscall6(syscall.SYS_PRCTL, setMDWE, refuseExecGain, 0, 0, 0, 0); e != 0 {
		t.Skip(e)
	}
	p := &Program{Slots: 2, Code: []Instr{{Op: Sqrt, Dst: 1, A: 0}}}
	for _, b := range Backends {
		if !b.Has {
			continue
		}
		if code, err := b.Make(p, nil); b.Name != "interpreter" && err == nil {
			t.Errorf("back end %s made code where executable memory is refused", code.Backend)
		}
	}
	if b, err := Choose(); err != nil || b.Name != "interpreter" {
		t.Errorf("Choose() = %s, %v; want the interpreter", b.Name, err)
	}
}
