package rng

// philoxFill writes the blocks n to n+4*quads-1 to buf, two words a block.
//
//go:noescape
func philoxFill(buf *uint64, quads int, n uint64, c2, c3, k0, k1 uint32)

// refill computes the next blocks.
func (p *Philox) refill() {
	philoxFill(&p.buf[0], philoxBlocks/4, p.block, p.c2, p.c3, p.k0, p.k1)
	p.block += philoxBlocks
	p.at = 0
}
