package trial

import (
	"cmp"
	"math"
	"slices"
)

// Values of many patients are counted in bins whose borders have a mantissa of 7 bits, as
// the leading bits of a float64 give them: 128 bins for each factor of 2. A value that is
// such a number itself (a grade, a zero, many counts) has a bin of its own. A percentile
// read from the counts is therefore a percentile of numbers each at most 1/256 away from a
// patient's value, relative to it, or 2^-40. Counting is exact and does not depend on order,
// and no logarithm decides where a value falls (compare C. Masson, J. E. Rim, H. K. Lee,
// DDSketch, PVLDB 12 (2019) 2195).

// BandError is how far a percentile that is read from counts may lie from the exact one,
// relative to the values beside it.
const BandError = 1.0 / 256

// binBits is what is left out of a float64's bits.
const binBits = 52 - 7

// smallestBinned is the absolute value below which a value is counted as 0.
const smallestBinned = 0x1p-40

// binOf is the number of a value's bin; bins are in the order of values. NaN has none.
func binOf(v float64) int32 {
	a := math.Abs(v)
	if a < smallestBinned {
		return 0
	}
	bits := math.Float64bits(a)
	k := int32(bits>>binBits) * 2
	if bits&(1<<binBits-1) != 0 {
		k++
	}
	if v < 0 {
		return -k
	}
	return k
}

// binValue is the value that stands for a bin: the number itself, or the middle.
func binValue(k int32) float64 {
	a := k
	if a < 0 {
		a = -a
	}
	v := math.Float64frombits(uint64(a/2) << binBits)
	if a%2 != 0 {
		v = math.Float64frombits(uint64(a/2)<<binBits | 1<<(binBits-1))
	}
	if k < 0 {
		return -v
	}
	return v
}

// histogram counts values by bin. What it holds grows with the range of values and hardly
// with their number: counts of short numbers in a list, the others in a page for each factor
// of 2 between the smallest and the largest.
type histogram struct {
	total int
	short []binCount // of even bins, ascending
	pages []page     // ascending
}

// page counts the 128 odd bins k with k>>8 = of.
type page struct {
	of     int32
	counts *[128]uint32
}

type binCount struct {
	bin   int32
	count uint32
}

// add takes in counts.
func (h *histogram) add(more []binCount) {
	for _, x := range more {
		h.total += int(x.count)
		if x.bin%2 == 0 {
			i, found := slices.BinarySearchFunc(h.short, x.bin, func(b binCount, bin int32) int { return cmp.Compare(b.bin, bin) })
			if !found {
				h.short = slices.Insert(h.short, i, binCount{bin: x.bin})
			}
			h.short[i].count += x.count
			continue
		}
		of := x.bin >> 8
		i, found := slices.BinarySearchFunc(h.pages, of, func(p page, of int32) int { return cmp.Compare(p.of, of) })
		if !found {
			h.pages = slices.Insert(h.pages, i, page{of, new([128]uint32)})
		}
		h.pages[i].counts[x.bin>>1&127] += x.count
	}
}

// bins lists the counts in the order of bins.
func (h *histogram) bins() []binCount {
	var out []binCount
	short := h.short
	for _, p := range h.pages {
		for i, count := range p.counts {
			bin := p.of<<8 | int32(i)<<1 | 1
			for len(short) > 0 && short[0].bin < bin {
				out = append(out, short[0])
				short = short[1:]
			}
			if count > 0 {
				out = append(out, binCount{bin, count})
			}
		}
	}
	return append(out, short...)
}

// quantileOf interpolates between order statistics as stats.SortedQuantile does.
func quantileOf(bins []binCount, n int, q float64) float64 {
	if n == 0 {
		return math.NaN()
	}
	at := q * float64(n-1)
	lo := int(at)
	hi := min(lo+1, n-1)
	var a, b float64
	seen := 0
	for _, x := range bins {
		next := seen + int(x.count)
		if lo >= seen && lo < next {
			a = binValue(x.bin)
		}
		if hi >= seen && hi < next {
			b = binValue(x.bin)
			break
		}
		seen = next
	}
	if a == b {
		return a
	}
	return a + (at-float64(lo))*(b-a)
}
