//go:build !amd64

package rng

// philoxRound is one round on words kept in 64 bits, which saves narrowing them.
func philoxRound(a, b, c, d uint64, k0, k1 uint32) (uint64, uint64, uint64, uint64) {
	p0, p1 := a*philoxM0, c*philoxM1
	return p1>>32 ^ b ^ uint64(k0), uint64(uint32(p1)), p0>>32 ^ d ^ uint64(k1), uint64(uint32(p0))
}

// refill computes the next blocks, two side by side.
func (p *Philox) refill() {
	n := p.block
	for i := 0; i < len(p.buf); i += 4 {
		m := n + 1
		a0, a1, a2, a3 := uint64(uint32(n)), n>>32, uint64(p.c2), uint64(p.c3)
		b0, b1, b2, b3 := uint64(uint32(m)), m>>32, uint64(p.c2), uint64(p.c3)
		k0, k1 := p.k0, p.k1
		for range 10 {
			a0, a1, a2, a3 = philoxRound(a0, a1, a2, a3, k0, k1)
			b0, b1, b2, b3 = philoxRound(b0, b1, b2, b3, k0, k1)
			k0 += philoxW0
			k1 += philoxW1
		}
		p.buf[i], p.buf[i+1] = a0|a1<<32, a2|a3<<32
		p.buf[i+2], p.buf[i+3] = b0|b1<<32, b2|b3<<32
		n += 2
	}
	p.block = n
	p.at = 0
}
