package kernel

import (
	"encoding/binary"
	"strconv"
)

// The binary format of WebAssembly as far as the back end needs it (WebAssembly Core
// Specification 2.0, chapter 5).

// wasmLanes is how many lanes a slot has for the WebAssembly back end: four registers of
// two, so that what a call costs is shared by eight.
const wasmLanes = 8

const (
	wasmI32  = 0x7F
	wasmV128 = 0x7B

	wasmEnd      = 0x0B
	wasmCall     = 0x10
	wasmDrop     = 0x1A
	wasmLocalGet = 0x20
	wasmLocalSet = 0x21
	wasmLocalTee = 0x22
	wasmI32Const = 0x41
	wasmVector   = 0xFD // prefix of the vector instructions

	wasmLoad      = 0x00
	wasmStore     = 0x0B
	wasmConst     = 0x0C
	wasmEq        = 0x47
	wasmNe        = 0x48
	wasmLt        = 0x49
	wasmLe        = 0x4B
	wasmGe        = 0x4C
	wasmNot       = 0x4D
	wasmAnd       = 0x4E
	wasmOr        = 0x50
	wasmXor       = 0x51
	wasmBitselect = 0x52
	wasmCeil      = 0x74
	wasmFloor     = 0x75
	wasmTrunc     = 0x7A
	wasmNearest   = 0x94
	wasmShl       = 0xCB
	wasmShr       = 0xCD
	wasmAddI      = 0xCE
	wasmSqrt      = 0xEF
	wasmAdd       = 0xF0
	wasmSub       = 0xF1
	wasmMul       = 0xF2
	wasmDiv       = 0xF3
	wasmPMin      = 0xF6
	wasmPMax      = 0xF7
)

// leb appends an unsigned number.
func leb(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

// sleb appends a signed number.
func sleb(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7F)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

// section appends a section of a module: its number, its size and what it holds.
func section(b []byte, id byte, holds []byte) []byte {
	b = append(b, id)
	b = leb(b, uint64(len(holds)))
	return append(b, holds...)
}

func wasmName(b []byte, s string) []byte { return append(leb(b, uint64(len(s))), s...) }

var wasmHeader = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// memoryModule is a module that exports a memory of so many pages of 64 KiB.
func memoryModule(pages uint32) []byte {
	b := append([]byte(nil), wasmHeader...)
	b = section(b, 5, leb(leb([]byte{1, 1}, uint64(pages)), uint64(pages)))
	return section(b, 7, append(wasmName([]byte{1}, "m"), 2, 0))
}

// wasmModule collects the functions of a module: pieces of programs, which have the
// offset of a pair of lanes as their parameter, and the exported functions that call one
// piece after the other for each pair.
type wasmModule struct {
	bodies  [][]byte // of the pieces
	exports [][]int  // pieces of each exported function
}

// binary is the module. Its exported functions are named 0, 1, ...; its memory is imported.
func (m *wasmModule) binary() []byte {
	b := append([]byte(nil), wasmHeader...)
	b = section(b, 1, []byte{2, 0x60, 1, wasmI32, 0, 0x60, 0, 0}) // (i32)->() and ()->()
	b = section(b, 2, append(wasmName(wasmName([]byte{1}, "m"), "m"), 2, 0, 1))
	functions := leb(nil, uint64(len(m.bodies)+len(m.exports)))
	code := append([]byte(nil), functions...)
	for _, body := range m.bodies {
		functions = append(functions, 0)
		code = append(leb(code, uint64(len(body))), body...)
	}
	exports := leb(nil, uint64(len(m.exports)))
	for k, pieces := range m.exports {
		functions = append(functions, 1)
		exports = append(wasmName(exports, strconv.Itoa(k)), 0)
		exports = leb(exports, uint64(len(m.bodies)+k))
		body := []byte{0}
		for _, f := range pieces {
			for pair := int64(0); pair < wasmLanes/2; pair++ {
				body = append(sleb(append(body, wasmI32Const), 16*pair), wasmCall)
				body = leb(body, uint64(f))
			}
		}
		body = append(body, wasmEnd)
		code = append(leb(code, uint64(len(body))), body...)
	}
	b = section(b, 3, functions)
	b = section(b, 7, exports)
	return section(b, 10, code)
}
