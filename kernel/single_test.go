package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// straight makes a random program without operations that are left to Apply, rich in
// copies and in slots that are written again, and keeps some of all slots.
func straight(r *rand.Rand, L int) (*Program, []int32, []float64) {
	inputs := 1 + r.IntN(40)
	p, _, mem := random(r, inputs, 1+r.IntN(300), L)
	for i := range p.Code {
		x := &p.Code[i]
		if !inline(x.Op) || r.IntN(5) == 0 {
			x.Op, x.B, x.C = Move, 0, 0
		}
		if r.IntN(6) == 0 {
			x.Dst = int32(r.IntN(inputs + i + 1))
		}
	}
	var keep []int32
	for k := range p.Slots {
		if r.IntN(5) == 0 {
			keep = append(keep, int32(k))
		}
	}
	return p, append(keep, int32(r.IntN(p.Slots))), mem // a slot may be named twice
}

// TestSingle: names of their own change no result; the code keeps what is kept.
func TestSingle(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for k := range 500 {
		p, keep, mem := straight(r, 1)
		q := single(p, keep, new(desk))
		want, got := append([]float64(nil), mem...), make([]float64, q.Slots)
		copy(got, mem)
		p.Run(want, 1)
		q.Run(got, 1)
		for _, s := range keep {
			if math.Float64bits(want[s]) != math.Float64bits(got[s]) && want[s] == want[s] {
				t.Fatalf("program %d: slot %d is %v, want %v\n%s\n%s", k, s, got[s], want[s], p, q)
			}
		}
		written := map[int32]int{}
		for _, x := range q.Code {
			if written[x.Dst]++; written[x.Dst] > 1 {
				t.Fatalf("program %d: slot %d is written twice\n%s", k, x.Dst, q)
			}
		}
		for _, b := range machines(t) {
			p, keep, mem := straight(r, b.Lanes)
			code, err := b.Make(p, keep)
			if err != nil {
				t.Fatal(err)
			}
			if err := Compare(p, code, keep, mem); err != nil {
				t.Fatalf("program %d: %v\n%s", k, err, p)
			}
		}
	}
}

// TestBasesFarApart: slots beyond the windows that have a base register are reached too.
func TestBasesFarApart(t *testing.T) {
	const n = 40
	p := &Program{Slots: n * windowTest}
	var keep []int32
	for k := range int32(n - 1) {
		p.Code = append(p.Code, Instr{Op: Add, Dst: (k+1)*windowTest + k, A: k * windowTest, B: (n - 1) * windowTest})
		keep = append(keep, (k+1)*windowTest+k)
	}
	for _, b := range machines(t) {
		code, err := b.Make(p, keep)
		if err != nil {
			t.Fatal(err)
		}
		mem := Memory(p.Slots, b.Lanes)
		for i := range mem {
			mem[i] = float64(i % 1013)
		}
		if err := Compare(p, code, keep, mem); err != nil {
			t.Error(err)
		}
	}
}

// windowTest is how far apart the slots of TestBasesFarApart lie.
const windowTest = 256
