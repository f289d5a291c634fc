package trial

import "math"

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

// histogram counts values by bin, in the order of bins.
type histogram []binCount

type binCount struct {
	bin   int32
	count uint32
}

// add takes in counts that are in the order of bins.
func (h *histogram) add(more []binCount) {
	fresh := 0 // bins that h does not have
	for i, k := 0, 0; k < len(more); k++ {
		for i < len(*h) && (*h)[i].bin < more[k].bin {
			i++
		}
		if i == len(*h) || (*h)[i].bin != more[k].bin {
			fresh++
		}
	}
	// from the end, so that nothing is moved over what is still to be read
	i := len(*h) - 1
	if n := len(*h) + fresh; n > cap(*h) { // there are thousands of them: little is held in reserve
		*h = append(make(histogram, 0, n+n/8), *h...)
	}
	*h = (*h)[:len(*h)+fresh]
	to := len(*h) - 1
	for k := len(more) - 1; k >= 0; to-- {
		switch {
		case i >= 0 && (*h)[i].bin > more[k].bin:
			(*h)[to] = (*h)[i]
			i--
		case i >= 0 && (*h)[i].bin == more[k].bin:
			(*h)[to] = binCount{more[k].bin, (*h)[i].count + more[k].count}
			i--
			k--
		default:
			(*h)[to] = more[k]
			k--
		}
	}
}

// n is how many values were counted.
func (h histogram) n() int {
	n := 0
	for _, b := range h {
		n += int(b.count)
	}
	return n
}

// quantile interpolates between order statistics as stats.SortedQuantile does.
func (h histogram) quantile(q float64) float64 {
	n := h.n()
	if n == 0 {
		return math.NaN()
	}
	at := q * float64(n-1)
	lo := int(at)
	hi := min(lo+1, n-1)
	var a, b float64
	seen := 0
	for _, x := range h {
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
