package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Peer is another program that solves the problems.
type Peer struct {
	Name    string
	How     string
	Timed   bool   // LSODA through Python says nothing about LSODA's speed
	Version string // what it says about itself; after a run
	command func(problem string) []string
	dir     string
}

// FindPeers looks in a folder that WritePeers made, and that was built, for what can
// solve the problems. missing says what is not there.
func FindPeers(ctx context.Context, dir string, problems []Problem) (peers []*Peer, missing []string, err error) {
	if _, err := os.Stat(filepath.Join(dir, "build.sh")); err != nil {
		return nil, nil, fmt.Errorf("%s holds no peers: write them with --write-peers, then run build.sh there", dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, nil, err
	}
	built := func(name string) bool {
		for _, p := range problems {
			if _, err := os.Stat(filepath.Join(dir, fmt.Sprintf(name, p.ID))); err != nil {
				return false
			}
		}
		return true
	}
	if built("cvode-%s") {
		for _, how := range []string{"klu", "dense"} {
			peers = append(peers, &Peer{Name: "cvode", How: how, Timed: true, dir: dir, command: func(id string) []string { return []string{filepath.Join(dir, "cvode-"+id)} }})
		}
	} else {
		missing = append(missing, "CVODE: not built (build.sh)")
	}
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(ctx, name, "-c", "import scipy.integrate").Run() == nil {
			python = name
			break
		}
	}
	switch {
	case python == "":
		missing = append(missing, "LSODA: no python3 with scipy")
	case !built("lib%s.so"):
		missing = append(missing, "LSODA: the models' libraries are not built (build.sh)")
	default:
		peers = append(peers, &Peer{Name: "lsoda", How: "SciPy", dir: dir, command: func(id string) []string {
			return []string{python, filepath.Join(dir, "lsoda.py"), filepath.Join(dir, "lib"+id+".so")}
		}})
	}
	r, why := deSolve(ctx)
	switch {
	case r == "":
		missing = append(missing, "deSolve: "+why)
	case !built("desolve-%s.so"):
		missing = append(missing, "deSolve: the models' libraries are not built (build.sh)")
	default:
		peers = append(peers, &Peer{Name: "desolve", How: "lsoda", Timed: true, dir: dir, command: func(id string) []string {
			return []string{r, "--vanilla", filepath.Join(dir, "desolve.R"), filepath.Join(dir, "desolve-"+id+".so")}
		}})
	}
	return peers, missing, nil
}

// deSolve finds the program that runs R with deSolve, or says why there is none.
func deSolve(ctx context.Context) (path, why string) {
	path, err := exec.LookPath("Rscript")
	if err != nil {
		return "", "R is not installed (no Rscript; Debian: r-base-core)"
	}
	switch err := exec.CommandContext(ctx, path, "--vanilla", "-e", `if (!requireNamespace("deSolve", quietly = TRUE)) quit(status = 3)`).Run().(type) {
	case nil:
		return path, ""
	case *exec.ExitError:
		if err.ExitCode() == 3 {
			return "", `R is there, its package deSolve is not (Debian: r-cran-desolve; in R: install.packages("deSolve"))`
		}
		return "", "R does not run: " + err.Error()
	default:
		return "", "R does not run: " + err.Error()
	}
}

// Solve lets the peer solve the first n patients of a plan at a relative tolerance, and
// keeps their states when asked.
func (x *Peer) Solve(ctx context.Context, p *Plan, n int, s Settings, keep bool) (*States, Work, error) {
	if s.Atol == 0 {
		s.Atol = min(1, s.Rtol/1e-6)
	}
	w := Work{Patients: n}
	out := "-"
	if keep {
		f, err := os.CreateTemp("", "thymus-peer-*.bin")
		if err != nil {
			return nil, w, err
		}
		f.Close()
		out = f.Name()
		defer os.Remove(out)
	}
	format := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	words := append(x.command(p.Problem.ID), filepath.Join(x.dir, p.Problem.ID, "patients.bin"), strconv.Itoa(n), format(s.Rtol), format(s.Atol))
	if x.Name == "cvode" {
		words = append(words, x.How)
	}
	var said, complaint bytes.Buffer
	command := exec.CommandContext(ctx, words[0], append(words[1:], out)...)
	command.Stdout, command.Stderr = &said, &complaint
	began := time.Now()
	if err := command.Run(); err != nil {
		return nil, w, fmt.Errorf("%s on %s: %w: %s", x.Name, p.Problem.ID, err, strings.TrimSpace(complaint.String()))
	}
	w.Wall = time.Since(began)
	if err := x.read(said.String(), &w); err != nil {
		return nil, w, fmt.Errorf("%s on %s: %w", x.Name, p.Problem.ID, err)
	}
	if !keep {
		return nil, w, nil
	}
	states, err := p.readStates(out, n)
	return states, w, err
}

// read takes the work out of what a peer printed.
func (x *Peer) read(said string, w *Work) error {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if len(lines) < 2 || !strings.HasPrefix(lines[len(lines)-2], "version ") {
		return fmt.Errorf("it printed %q", said)
	}
	x.Version = strings.TrimPrefix(lines[len(lines)-2], "version ")
	f := strings.Fields(lines[len(lines)-1])
	numbers := map[string]float64{}
	for i := 0; i+1 < len(f); i += 2 {
		v, err := strconv.ParseFloat(f[i+1], 64)
		if err != nil {
			return fmt.Errorf("it printed %q", said)
		}
		numbers[f[i]] = v
	}
	for _, name := range []string{"patients", "failed", "seconds", "steps", "rejected", "derivs"} {
		if _, ok := numbers[name]; !ok {
			return fmt.Errorf("it printed no %s: %q", name, said)
		}
	}
	if int(numbers["patients"]) != w.Patients || !(numbers["seconds"] > 0) {
		return fmt.Errorf("it printed %q", said)
	}
	w.Failed = int(numbers["failed"])
	w.CPU = time.Duration(numbers["seconds"] * 1e9)
	w.Stats.Accepted, w.Stats.Rejected, w.Stats.Derivs = int(numbers["steps"]), int(numbers["rejected"]), int(numbers["derivs"])
	return nil
}

// readStates reads states that a peer wrote, in the order of the program, as Keep has them.
func (p *Plan) readStates(path string, n int) (*States, error) {
	s := &States{Patients: n, Outputs: len(p.schedule.Times), Dim: len(p.States)}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if want := 8 * n * s.Outputs * s.Dim; len(text) != want {
		return nil, errors.New("the peer wrote " + strconv.Itoa(len(text)) + " bytes of states, want " + strconv.Itoa(want))
	}
	s.Y = make([]float64, len(text)/8)
	for i, id := range p.States {
		from, ok := p.plan.Program().StateIndex(id)
		if !ok {
			panic("bench: " + id + " is no state")
		}
		for k := range n * s.Outputs {
			s.Y[k*s.Dim+i] = math.Float64frombits(binary.LittleEndian.Uint64(text[8*(k*s.Dim+from):]))
		}
	}
	return s, nil
}

// Contestant makes a row of a peer that solves a plan's first n patients. A peer whose
// speed means nothing gets no Run.
func (x *Peer) Contestant(p *Plan, s Settings, n int) Contestant {
	c := Contestant{Row: Row{Problem: p.Problem.ID, Solver: x.Name, How: x.How, Workers: 1, Rtol: s.Rtol, Patients: n, MaxError: math.NaN(), Startup: math.NaN()}}
	if x.Timed {
		c.Run = func(ctx context.Context) (Work, error) {
			_, w, err := x.Solve(ctx, p, n, s, false)
			return w, err
		}
	}
	return c
}
