package kernel

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// wasmHas says whether wazero has a compiler for this processor. Its interpreter is slower
// than the one here and is never used.
const wasmHas = runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64"

// wasmRuntime compiles modules; it may be used by goroutines at once. Where executable
// memory is refused there is none.
var wasmRuntime = sync.OnceValues(func() (r wazero.Runtime, err error) {
	defer func() {
		if p := recover(); p != nil { // how wazero refuses
			r, err = nil, fmt.Errorf("wazero has no compiler here: %v", p)
		}
	}()
	return wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigCompiler().WithDebugInfoEnabled(false)), nil
})

// wasmCode is a program as a module: the exported function of each stretch, and between
// them the operations that have no code. compiled is nil when no operation has any.
type wasmCode struct {
	compiled wazero.CompiledModule
	parts    []wasmPart
	slots    int
	spare    sync.Pool // of *wasmBound: rooms for memory that is not of this back end
}

type wasmPart struct {
	function string
	rest     []Instr // run by Apply when not nil
}

// wasmBound is a code in a room.
type wasmBound struct {
	room *Room
	run  func()
}

// makeWasm compiles a program for WebAssembly.
func makeWasm(p *Program, keep []int32) (runner, int, error) {
	r, err := wasmRuntime()
	if err != nil {
		return nil, 0, err
	}
	c := &wasmCode{}
	m := &wasmModule{}
	low := newLowering(p.Slots, false, new(desk))
	low.twice = true
	pinned := pinnedNumbers(p)
	top := int32(p.Slots)
	low.stretches(p, keep, func(stays []bool) {
		w := &wasmWriter{low: low, code: low.code, slots: value(p.Slots), stays: stays, spills: int32(p.Slots), pinned: pinned, least: low.least()}
		c.parts = append(c.parts, wasmPart{function: strconv.Itoa(len(m.exports))})
		top = max(top, w.write(m))
	}, func(code []Instr) { c.parts = append(c.parts, wasmPart{rest: slices.Clone(code)}) })
	c.slots = int(top)
	if c.compiled, err = r.CompileModule(context.Background(), m.binary()); err != nil {
		return nil, 0, err
	}
	runtime.AddCleanup(c, func(m wazero.CompiledModule) { m.Close(context.Background()) }, c.compiled)
	return c, c.slots, nil
}

// wasmRoom is a room's memory and the modules that use it.
type wasmRoom struct {
	memory  api.Module
	modules *wasmModules
}

type wasmModules struct {
	mu   sync.Mutex
	list []api.Module
}

func (m *wasmModules) close() {
	for i := len(m.list) - 1; i >= 0; i-- {
		m.list[i].Close(context.Background())
	}
}

// makeWasmRoom makes memory that modules can import. It has its size from the start, so
// it is never moved.
func makeWasmRoom(slots int) (*Room, error) {
	r, err := wasmRuntime()
	if err != nil {
		return nil, err
	}
	n := slots * wasmLanes
	const most = 1 << 32
	if n*8 >= most {
		return nil, fmt.Errorf("%d slots are more than 4 GiB", slots)
	}
	pages := max(1, (n*8+65535)/65536)
	ctx := context.Background()
	module, err := r.InstantiateWithConfig(ctx, memoryModule(uint32(pages)), wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	view, ok := module.Memory().Read(0, uint32(n*8))
	if !ok {
		return nil, errors.New("a memory is smaller than it was asked for")
	}
	w := &wasmRoom{memory: module, modules: &wasmModules{list: []api.Module{module}}}
	room := &Room{Lanes: wasmLanes, own: w}
	if n > 0 {
		room.Mem = unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(view))), n)
	}
	runtime.AddCleanup(room, (*wasmModules).close, w.modules)
	return room, nil
}

// at implements homes.
func (c *wasmCode) at(room *Room) (func(), error) {
	w, ok := room.own.(*wasmRoom)
	if !ok {
		return nil, errors.New("the room is another back end's")
	}
	r, err := wasmRuntime()
	if err != nil {
		return nil, err
	}
	memory := w.memory
	ctx := experimental.WithImportResolver(context.Background(), func(string) api.Module { return memory })
	module, err := r.InstantiateModule(ctx, c.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, err
	}
	w.modules.mu.Lock()
	w.modules.list = append(w.modules.list, module)
	w.modules.mu.Unlock()
	functions := make([]api.Function, len(c.parts))
	for i, p := range c.parts {
		if p.rest == nil {
			functions[i] = module.ExportedFunction(p.function)
		}
	}
	plain := context.Background()
	return func() {
		for i, f := range functions {
			if f != nil {
				if err := f.CallWithStack(plain, nil); err != nil {
					panic(fmt.Sprintf("kernel: WebAssembly: %v", err))
				}
				continue
			}
			for k := range c.parts[i].rest {
				apply(&c.parts[i].rest[k], room.Mem, wasmLanes)
			}
		}
		runtime.KeepAlive(c)
	}, nil
}

// run copies memory into a room and back: what a code that is run once costs.
func (c *wasmCode) run(mem []float64, L int) {
	b, _ := c.spare.Get().(*wasmBound)
	if b == nil {
		room, err := makeWasmRoom(c.slots)
		if err == nil {
			var run func()
			if run, err = c.at(room); err == nil {
				b = &wasmBound{room, run}
			}
		}
		if err != nil {
			panic(fmt.Sprintf("kernel: WebAssembly: %v", err))
		}
	}
	n := c.slots * L
	copy(b.room.Mem, mem[:n])
	b.run()
	copy(mem[:n], b.room.Mem)
	c.spare.Put(b)
}
