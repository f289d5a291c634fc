package bench

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestModelInC compiles every problem's C, where there is a compiler, and holds its
// right-hand side and Jacobian for a written patient against the interpreter.
func TestModelInC(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("THERE IS NO C COMPILER: THE C OF THE PEERS WAS NOT TESTED")
	}
	dir := t.TempDir()
	if err := WritePeers(dir, Problems(), 3); err != nil {
		t.Fatal(err)
	}
	const patient = 2
	main := `#include <stdio.h>
#include <stdlib.h>
#include "model.h"
int main(int argc, char **argv) {
  long long size[2];
  FILE *f = fopen(argv[1], "rb");
  if (fread(size, 8, 2, f) != 2) return 1;
  double *p = malloc(8 * size[1]), y[m_dim], d[m_dim], j[m_entries];
  fseek(f, 16 + 8 * 2 * size[1], SEEK_SET);
  if (fread(p, 8, size[1], f) != (size_t)size[1]) return 1;
  for (int i = 0; i < m_dim; i++) y[i] = p[i] * (1 + 0.01 * i) + 0.5;
  m_deriv(1, y, p, d);
  m_jacobian(1, y, p, j);
  for (int i = 0; i < m_dim; i++) printf("%.17g\n", d[i]);
  for (int i = 0; i < m_entries; i++) printf("%.17g\n", j[i]);
  printf("%lld\n", size[0]);
  return 0;
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(main), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, p := range Problems() {
		t.Run(p.ID, func(t *testing.T) {
			program := filepath.Join(dir, "main-"+p.ID)
			if out, err := exec.Command(gcc, "-Wall", "-Werror", "-I"+dir, filepath.Join(dir, "main.c"), filepath.Join(dir, p.ID, "model.c"), "-o", program, "-lm").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			out, err := exec.Command(program, filepath.Join(dir, p.ID, "patients.bin")).Output()
			if err != nil {
				t.Fatal(err)
			}
			plan, err := p.Plan(Settings{})
			if err != nil {
				t.Fatal(err)
			}
			in := plan.plan.Program().New()
			for _, x := range plan.Patient(patient).Values {
				k, _ := plan.plan.Program().ConstantIndex(x.ID)
				in.Set(k, x.Value)
			}
			y := make([]float64, in.Dim())
			if err := in.Start(y, 0); err != nil {
				t.Fatal(err)
			}
			for i := range y {
				y[i] = y[i]*(1+0.01*float64(i)) + 0.5
			}
			want := make([]float64, in.Dim()+in.Pattern().Len())
			in.Deriv(want[:in.Dim()], y, []float64{1})
			in.Jacobian(want[in.Dim():], y, []float64{1})
			want = append(want, 3)
			lines := strings.Fields(string(out))
			if len(lines) != len(want) {
				t.Fatalf("%d numbers, want %d", len(lines), len(want))
			}
			for i, text := range lines {
				if got, err := strconv.ParseFloat(text, 64); err != nil || !(math.Abs(got-want[i]) <= 1e-10*math.Abs(want[i])+1e-9) {
					t.Errorf("number %d is %s, want %v", i, text, want[i])
				}
			}
		})
	}
}

// TestPeer runs a peer that is a small script: what it prints and writes is read back in
// the order of the plan's states.
func TestPeer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the peer is a shell script")
	}
	p, plan := planOf(t, "pkpd")
	ctx, dir := context.Background(), t.TempDir()
	if _, _, err := FindPeers(ctx, dir, []Problem{p}); err == nil || !strings.Contains(err.Error(), "--write-peers") {
		t.Errorf("a folder without peers: %v", err)
	}
	if err := WritePeers(dir, []Problem{p}, 2); err != nil {
		t.Fatal(err)
	}
	peers, missing, err := FindPeers(ctx, dir, []Problem{p})
	if err != nil || len(peers) != 0 || len(missing) != 3 {
		t.Fatalf("%d peers, missing %v, %v: want none before build.sh", len(peers), missing, err)
	}
	states, _, err := plan.Keep(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	bytes := make([]byte, 8*len(states.Y))
	for i, id := range plan.States {
		to, _ := plan.plan.Program().StateIndex(id)
		for k := range states.Patients * states.Outputs {
			binary.LittleEndian.PutUint64(bytes[8*(k*states.Dim+to):], math.Float64bits(states.Y[k*states.Dim+i]))
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "answer"), bytes, 0o666); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n[ \"$6\" = - ] || cp \"$(dirname $0)/answer\" \"$6\"\necho version 9.9\necho \"patients $2 failed 1 seconds 0.5 steps 10 rejected 2 derivs 30\"\n"
	if err := os.WriteFile(filepath.Join(dir, "cvode-pkpd"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	if peers, _, err = FindPeers(ctx, dir, []Problem{p}); err != nil || len(peers) != 2 || peers[0].How != "klu" {
		t.Fatalf("peers %v, %v", peers, err)
	}
	got, w, err := peers[0].Solve(ctx, plan, 2, Settings{Rtol: 1e-6}, true)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Y, states.Y) {
		t.Error("the states are not those that the peer wrote")
	}
	if w.CPU != 500*time.Millisecond || w.Failed != 1 || w.Stats.Accepted != 10 || w.Stats.Rejected != 2 || w.Stats.Derivs != 30 || peers[0].Version != "9.9" {
		t.Errorf("work %+v of version %q", w, peers[0].Version)
	}
	if _, _, err := peers[0].Solve(ctx, plan, 1, Settings{Rtol: 1e-6}, true); err == nil {
		t.Error("states of two patients were taken for one's")
	}
}

// TestDeSolve lets R solve two patients, where it is installed, and holds its states against
// thymus's.
func TestDeSolve(t *testing.T) {
	ctx := context.Background()
	if _, why := deSolve(ctx); why != "" {
		t.Skip("DESOLVE WAS NOT TESTED: " + why)
	}
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("DESOLVE WAS NOT TESTED: there is no C compiler")
	}
	p, plan := planOf(t, "pkpd")
	dir := t.TempDir()
	if err := WritePeers(dir, []Problem{p}, 2); err != nil {
		t.Fatal(err)
	}
	build := exec.Command(gcc, "-O2", "-I.", "-shared", "-fPIC", "desolve.c", "pkpd/model.c", "-o", "desolve-pkpd.so", "-lm")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	peers, _, err := FindPeers(ctx, dir, []Problem{p})
	if err != nil || len(peers) == 0 || peers[len(peers)-1].Name != "desolve" {
		t.Fatalf("peers %v, %v", peers, err)
	}
	got, w, err := peers[len(peers)-1].Solve(ctx, plan, 2, Settings{Rtol: 1e-8}, true)
	if err != nil {
		t.Fatal(err)
	}
	reference, _, err := plan.Keep(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	if worst, where := p.MaxError(got, reference); !(worst < 1e-4) || w.Failed != 0 || w.Stats.Derivs == 0 {
		t.Errorf("error %g at %v, work %+v", worst, where, w)
	}
}
