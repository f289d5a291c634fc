package diag

import (
	"fmt"
	"strings"
)

// Nearest is the known word that word was most likely meant to be, "" when none
// is near. Near is an edit distance (insert, delete, change, swap of neighbours;
// case counts half) of at most a third of the longer word's length, and at least
// one. Among equally near words the longest common start wins, then the first.
func Nearest(word string, known []string) string {
	if word == "" || len(word) > 200 {
		return ""
	}
	best, bestCost := "", 1<<30
	w := []rune(word)
	for _, k := range known {
		if k == "" || k == word || len(k) > 200 {
			continue
		}
		r := []rune(k)
		if d := len(r) - len(w); d > 4+len(w)/3 || -d > 4+len(w)/3 {
			continue
		}
		limit := max(2*max(len(r), len(w))/3, 2)
		if min(len(r), len(w)) == 1 {
			// One letter says nothing about another one, except its other case.
			limit = 1
		}
		cost := distance(w, r)
		if cost <= limit && (cost < bestCost || cost == bestCost && commonStart(w, k) > commonStart(w, best)) {
			best, bestCost = k, cost
		}
	}
	return best
}

// DidYouMean is `did you mean "CL"?` for the nearest known word, "" when none is near.
func DidYouMean(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return ""
}

// distance is twice the restricted Damerau-Levenshtein distance, where a change
// of case costs 1 and everything else 2.
func distance(a, b []rune) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = 2 * j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = 2 * i
		for j := 1; j <= len(b); j++ {
			change := 2
			if a[i-1] == b[j-1] {
				change = 0
			} else if strings.EqualFold(string(a[i-1]), string(b[j-1])) {
				change = 1
			}
			row[j] = min(last[j-1]+change, last[j]+2, row[j-1]+2)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+2)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// commonStart is the number of runes with which both words begin.
func commonStart(w []rune, k string) int {
	n := 0
	for _, r := range k {
		if n == len(w) || w[n] != r {
			break
		}
		n++
	}
	return n
}
