package conformance

import (
	"context"
	"fmt"
	"maps"
	"math"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"thymus/sim"
)

// Run judges the suite's cases under a folder. An error is a folder without cases or an
// interrupt; a case that goes wrong is a row.
func Run(ctx context.Context, s Suite, folder string, o Options) (*Result, error) {
	all, err := s.List(folder)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no case of %s: expected %s", folder, s.Name, s.Shape)
	}
	cases, err := choose(all, o)
	if err != nil {
		return nil, err
	}
	result := &Result{Suite: s.Name}
	if s.Notes != nil {
		result.Notes = s.Notes(o)
	}
	err = sim.Each(ctx, len(cases), max(o.Jobs, 1), func() struct{} { return struct{}{} },
		func(_ struct{}, k int) Row { return judge(ctx, s, cases[k], o) },
		func(k int, r Row) error {
			result.Rows = append(result.Rows, r)
			if o.Progress != nil {
				o.Progress(k+1, len(cases))
			}
			return nil
		})
	if note := result.backends(); note != "" {
		result.Notes = append(result.Notes, note)
	}
	return result, err
}

// backends says how many files each back end simulated, when one was named.
func (r *Result) backends() string {
	count := map[string]int{}
	for _, row := range r.Rows {
		if row.Backend != "" {
			count[row.Backend]++
		}
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(count)) {
		list = append(list, fmt.Sprintf("%d files by %s", count[name], name))
	}
	if list == nil {
		return ""
	}
	return "Simulated: " + strings.Join(list, ", ") + "."
}

// judge runs one case apart from everything else: a panic becomes a row, and so does a
// case that gives no answer in time. Such a case cannot be stopped; it goes on in vain
// until the program ends, bounded by its number of steps.
func judge(ctx context.Context, s Suite, c Case, o Options) Row {
	limit := o.Seconds
	if limit <= 0 {
		limit = 120
		if s.Limit != nil {
			limit = s.Limit(o)
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(limit*float64(time.Second)))
	defer cancel()
	answer := make(chan Verdict, 1)
	go func() {
		defer func() {
			if x := recover(); x != nil {
				answer <- Verdict{Outcome: Crashed, Reason: fmt.Sprintf("panic: %v (%s)", x, where(string(debug.Stack()))), Deviation: math.NaN(), Time: math.NaN()}
			}
		}()
		answer <- s.Judge(ctx, c, o)
	}()
	row := Row{Case: c}
	select {
	case row.Verdict = <-answer:
	case <-ctx.Done():
		row.Verdict = Verdict{Outcome: Crashed, Reason: fmt.Sprintf("no answer within %g s", limit), Deviation: math.NaN(), Time: math.NaN()}
	}
	row.Reason = strings.ReplaceAll(row.Reason, filepath.Dir(c.Path)+string(filepath.Separator), "") // no page names this machine
	row.Seconds = time.Since(began).Seconds()
	return row
}

// where is the function that panicked, from a stack.
func where(stack string) string {
	_, after, ok := strings.Cut(stack, "panic(")
	if !ok {
		return "unknown place"
	}
	for _, line := range strings.Split(after, "\n")[2:] {
		if name, _, ok := strings.Cut(line, "("); ok && !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "runtime.") && !strings.HasPrefix(line, "panic") {
			if open := strings.LastIndex(line, "("); strings.HasPrefix(line[len(name):], "(*") && open > 0 {
				name = line[:open]
			}
			return name
		}
	}
	return "unknown place"
}

// choose takes the cases that the options name. A name that matches nothing is an error.
func choose(all []Case, o Options) ([]Case, error) {
	used := make([]bool, len(o.Cases))
	var out []Case
	for _, c := range all {
		take := len(o.Cases) == 0
		for i, want := range o.Cases {
			if matches(want, c.Name) {
				take, used[i] = true, true
			}
		}
		if take && tagged(c, o.Tags) {
			out = append(out, c)
		}
	}
	for i, u := range used {
		if !u {
			return nil, fmt.Errorf("no case is named %q", o.Cases[i])
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no case has a tag of %s", strings.Join(o.Tags, ", "))
	}
	return out, nil
}

// matches says whether a wanted name, range or pattern covers a case's name.
func matches(want, name string) bool {
	if want == name {
		return true
	}
	if from, to, ok := strings.Cut(want, "-"); ok && len(from) == len(name) && len(to) == len(name) && from <= name && name <= to {
		return true
	}
	ok, err := path.Match(want, name)
	return err == nil && ok
}

func tagged(c Case, tags []string) bool {
	for _, want := range tags {
		for _, tag := range c.Tags {
			if strings.EqualFold(want, tag) {
				return true
			}
		}
	}
	return len(tags) == 0
}
