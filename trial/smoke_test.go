package trial_test

import (
	"context"
	"os"
	"sort"
	"strconv"
	"testing"
	"time"

	"thymus/library"
	"thymus/trial"
)

func TestSmoke(t *testing.T) {
	name := os.Getenv("TRIAL")
	if name == "" {
		t.Skip()
	}
	lib, _ := library.Open("")
	src, ms := lib.TrialSource(name)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	s, ms := trial.ReadTrial(src)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	if n := os.Getenv("N"); n != "" {
		s.Size, _ = strconv.Atoi(n)
	}
	ps, ms := lib.PopulationSource(s.Population)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	pop, ms := trial.ReadPopulation(ps)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	p, ms := trial.Prepare(s, pop, lib)
	if ms.HasErrors() {
		t.Fatal(ms)
	}
	began := time.Now()
	vals := map[string][]float64{}
	status := map[string]int{}
	steps := int64(0)
	tried := int64(0)
	err := p.Run(context.Background(), trial.RunOptions{Workers: 2, Keep: func(k int, x trial.Tables) error {
		st, _ := x.Patients.Strings("status")
		how, _ := x.Patients.Strings("start")
		cause, _ := x.Patients.Strings("cause")
		ns, _ := x.Patients.Ints("steps")
		at, _ := x.Patients.Ints("attempts")
		for i := range st {
			status[st[i]+" "+how[i]]++
			steps += ns[i]
			tried += at[i]
			if cause[i] != "" {
				t.Log(cause[i])
			}
		}
		a, _ := x.Endpoints.Strings("arm")
		e, _ := x.Endpoints.Strings("endpoint")
		v, _ := x.Endpoints.Floats("value")
		c, _ := x.Endpoints.Bools("censored")
		for i := range a {
			k := e[i] + " | " + a[i]
			if c[i] {
				k += " censored"
			}
			vals[k] = append(vals[k], v[i])
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(began), status, "steps", steps, "tried", tried)
	var keys []string
	for k := range vals {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		v := vals[k]
		sort.Float64s(v)
		sum := 0.0
		for _, x := range v {
			sum += x
		}
		t.Logf("%-45s n %3d mean %8.3f  min %8.3f q10 %8.3f med %8.3f q90 %8.3f max %8.3f", k, len(v), sum/float64(len(v)), v[0], v[len(v)/10], v[len(v)/2], v[len(v)*9/10], v[len(v)-1])
	}
}
