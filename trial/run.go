package trial

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"thymus/model"
	"thymus/population"
	"thymus/regimen"
	"thymus/rng"
	"thymus/sim"
	"thymus/table"
)

// ChunkSize is how many patients make a chunk: the unit of work that is kept. It grows with
// the trial, so that the number of chunks does not: making the files of a chunk takes as long
// as simulating some patients.
func (p *Prepared) ChunkSize() int { return min(max(8, p.Spec.Size/25), 128) }

// DefaultTrajectories is how many patients' trajectories a run keeps unless told otherwise.
const DefaultTrajectories = 1000

// Tables are what a chunk of a run keeps, by name: patients, endpoints, trajectories of the
// patients whose are kept, and bins, which counts values of observables unless all
// trajectories are kept.
type Tables struct{ Patients, Endpoints, Trajectories, Bins *table.Table }

// List gives the tables in a fixed order.
func (t Tables) List() []*table.Table {
	return []*table.Table{t.Patients, t.Endpoints, t.Trajectories, t.Bins}
}

// RunOptions say how a trial is run.
type RunOptions struct {
	Workers  int
	Have     func(chunk int) bool            // chunks that are there already
	Keep     func(chunk int, t Tables) error // takes finished chunks, in order
	Progress func(done, total int)           // patients
}

// Chunks is the number of chunks of the whole trial, all replicates.
func (p *Prepared) Chunks() int {
	return p.Spec.Replicates * ((p.Spec.Size + p.ChunkSize() - 1) / p.ChunkSize())
}

// Patients is the number of enrolled patients of the whole trial.
func (p *Prepared) Patients() int { return p.Spec.Replicates * p.Spec.Size }

// Run computes every chunk that is not there yet and hands it over in order. A chunk is
// a function of the prepared trial and its number alone.
func (p *Prepared) Run(ctx context.Context, o RunOptions) error {
	var todo []int
	done := 0
	for c := 0; c < p.Chunks(); c++ {
		if o.Have != nil && o.Have(c) {
			done += p.members(c)
			continue
		}
		todo = append(todo, c)
	}
	if o.Progress != nil && done > 0 {
		o.Progress(done, p.Patients())
	}
	// patients, not chunks, are the unit of parallel work
	var starts []int
	n := 0
	for _, c := range todo {
		starts = append(starts, n)
		n += p.members(c)
	}
	var chunk []patientResult
	current := 0
	return sim.EachPatient(ctx, p.Plan, n, o.Workers, p.newWorker, func(w *worker) *sim.Worker { return w.sim }, func(w *worker, k int) patientResult {
		i := sort.SearchInts(starts, k+1) - 1
		return w.patient(todo[i], k-starts[i])
	}, func(k int, r patientResult) error {
		chunk = append(chunk, r)
		done++
		if o.Progress != nil {
			o.Progress(done, p.Patients())
		}
		if len(chunk) < p.members(todo[current]) {
			return nil
		}
		t := p.tables(chunk)
		chunk = nil
		current++
		return o.Keep(todo[current-1], t)
	})
}

func (p *Prepared) perReplicate() int { return (p.Spec.Size + p.ChunkSize() - 1) / p.ChunkSize() }

func (p *Prepared) members(chunk int) int {
	first := chunk % p.perReplicate() * p.ChunkSize()
	return min(p.ChunkSize(), p.Spec.Size-first)
}

// seedOf is the seed of a replicate: the trial's own for the first.
func seedOf(seed uint64, replicate int) uint64 {
	if replicate == 0 {
		return seed
	}
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(replicate))
	h := sha256.Sum256(b[:])
	return binary.LittleEndian.Uint64(h[:8])
}

// worker simulates patients one after the other.
type worker struct {
	p        *Prepared
	sim      *sim.Worker
	samplers map[int]*population.Sampler
	values   []float64
	stack    []float64 // of endpoints
}

func (p *Prepared) newWorker() *worker {
	return &worker{p: p, sim: p.Plan.NewWorker(), samplers: map[int]*population.Sampler{}, values: make([]float64, len(p.entries))}
}

func (w *worker) sampler(replicate int) *population.Sampler {
	s, ok := w.samplers[replicate]
	if !ok {
		sampler, messages := population.NewSampler(w.p.entries, w.p.Population.Correlations, w.p.Population.Sampling, seedOf(w.p.Spec.Seed, replicate), w.p.Spec.Size)
		if messages.HasErrors() {
			panic("trial: sampler that was checked before: " + messages.Error())
		}
		s = sampler
		w.samplers[replicate] = s
	}
	return s
}

// patientResult is everything kept of one enrolled patient.
type patientResult struct {
	replicate, number int
	attempts          int
	reasons           []int // how often each plausibility rule refused a draw
	unsettled         int   // draws without a start state
	enrolled          bool
	how               string
	values            []float64 // drawn entries
	covariates        []float64
	arms              []armResult
}

// armResult is what became of a patient in an arm.
type armResult struct {
	arm      int
	status   string // completed, died, dropped, failed, not enrolled
	cause    string
	last     float64 // day of the last look
	outcomes []outcome
	times    []float64
	rows     []float64 // observables at those times, [time][observable]
	doses    map[string]float64
	counts   map[string]int
	steps    int
	retry    string // of sim.Trajectory
}

// patient enrols and simulates one patient.
func (w *worker) patient(chunk, index int) patientResult {
	p := w.p
	replicate := chunk / p.perReplicate()
	number := chunk%p.perReplicate()*p.ChunkSize() + index
	seed := seedOf(p.Spec.Seed, replicate)
	r := patientResult{replicate: replicate, number: number, reasons: make([]int, len(p.Population.Plausible))}
	arms := p.armsOf(seed, number)
	if len(arms) == 0 {
		return r
	}
	sampler := w.sampler(replicate)
	var pt sim.Patient
	var begin sim.Begin
	for r.attempts < p.Population.Attempts && !r.enrolled {
		sampler.Draw(number, r.attempts, w.values)
		r.attempts++
		r.covariates = p.covariatesOf(w.values)
		pt = p.simPatient(seed, number, w.values, r.covariates)
		p.signalsOf(&pt, seed, r.attempts-1, p.Spec.Start) // screening looks no further
		var failure *sim.Failure
		if begin, failure = w.sim.Settle(pt, p.Spec.Start); failure != nil {
			r.unsettled++
			continue
		}
		unmet, failure := w.sim.Screen(pt, begin, p.Spec.Start)
		switch {
		case failure != nil:
			r.unsettled++
		case unmet >= 0:
			r.reasons[unmet]++
		default:
			r.enrolled = true
		}
	}
	if r.enrolled {
		p.signalsOf(&pt, seed, r.attempts-1, p.Spec.End)
	}
	r.values = append([]float64(nil), w.values...)
	r.how = begin.How
	stays := rng.New(rng.Key{Seed: seed, Patient: number, Purpose: "dropout"}).Exponential() // one draw for all arms
	for _, a := range arms {
		leave, rate := math.Inf(1), p.Spec.Dropout
		if own := p.Spec.Arms[a].Dropout; own > 0 {
			rate = own
		}
		if rate > 0 {
			leave = p.Spec.Start + stays*365.25/rate
		}
		r.arms = append(r.arms, w.run(&r, a, pt, begin, leave))
	}
	return r
}

// run simulates an enrolled patient in one arm.
func (w *worker) run(r *patientResult, a int, pt sim.Patient, begin sim.Begin, leave float64) armResult {
	p := w.p
	out := armResult{arm: a, status: "completed", doses: map[string]float64{}, counts: map[string]int{}, last: math.NaN()}
	if !r.enrolled {
		out.status = "not enrolled"
		out.cause = fmt.Sprintf("no plausible patient in %d draws", r.attempts)
		out.outcomes = make([]outcome, len(p.endpoints))
		for i := range out.outcomes {
			out.outcomes[i] = missing
		}
		return out
	}
	schedule := sim.Schedule{Start: p.Spec.Start, End: p.Spec.End, Times: p.grid, Seed: seedOf(p.Spec.Seed, r.replicate)}
	if leave < schedule.End {
		out.status = "dropped"
		schedule.End = leave
		n := sort.SearchFloat64s(p.grid, leave)
		schedule.Times = p.grid[:n]
	}
	size := regimen.Covariates{Weight: p.covariateOf(r, "weight"), BSA: p.covariateOf(r, "bsa")}
	for _, g := range p.arms[a].gives {
		for _, t := range g.times {
			if t > schedule.End {
				continue
			}
			schedule.Doses = append(schedule.Doses, sim.Dose{Intervention: regimen.Intervention{Time: t, Action: g.action, Amount: g.amount(t, size), Duration: g.duration}, Hold: g.hold})
		}
	}
	sort.SliceStable(schedule.Doses, func(i, j int) bool { return schedule.Doses[i].Time < schedule.Doses[j].Time })
	for _, x := range p.arms[a].rules {
		schedule.Rules = append(schedule.Rules, sim.Rule{Trigger: x.trigger, Action: x.action, Amount: x.amount(0, size), Duration: x.duration, Delay: x.spec.Delay, AtMost: x.spec.AtMost, Apart: x.spec.Apart})
	}
	tr, failure := w.sim.Run(pt, begin, schedule)
	out.steps, out.retry = tr.Stats.Accepted, tr.Retry
	if failure != nil {
		failure.Patient = r.number
		out.status = "failed"
		out.cause = failure.Error()
	}
	for _, d := range tr.Doses {
		key := d.Action
		if d.Rule != "" {
			key += " by rule " + d.Rule
		}
		if d.Skipped {
			key += " skipped"
			out.counts[key]++
			continue
		}
		out.doses[key] += d.Amount
		out.counts[key]++
	}
	if p.dead >= 0 && failure == nil {
		for i := range tr.Times {
			if tr.Values[p.dead][i] == 0 {
				continue
			}
			out.status = "died"
			tr.Times = tr.Times[:i+1]
			break
		}
	}
	rec := record{tr.Times, tr.Values, &w.stack}
	out.outcomes = make([]outcome, 0, len(p.endpoints))
	if n := len(tr.Times); n > 0 {
		out.last = tr.Times[n-1]
	}
	for _, e := range p.endpoints {
		if out.status == "failed" {
			out.outcomes = append(out.outcomes, missing)
			continue
		}
		out.outcomes = append(out.outcomes, e.measure(rec, p.Spec.Missing == "nonresponder" || out.status == "died"))
	}
	for _, i := range p.band {
		if i >= len(tr.Times) {
			break
		}
		if out.rows == nil {
			out.times = make([]float64, 0, len(p.band))
			out.rows = make([]float64, 0, len(p.band)*len(p.Spec.Observables))
		}
		out.times = append(out.times, tr.Times[i])
		for _, o := range p.Spec.Observables {
			out.rows = append(out.rows, tr.Values[p.observable[o.ID]][i])
		}
	}
	return out
}

// amount is a dose of a patient at a time, in the route's unit.
func (g give) amount(t float64, size regimen.Covariates) float64 {
	value, scale := g.value, g.scale
	for _, x := range g.taper {
		if t >= x.from-1e-9 {
			value, scale = x.value, x.scale
		}
	}
	v := scale.Amount(value, size)
	if g.cap > 0 {
		v = math.Min(v, g.cap)
	}
	return v
}

// armsOf lists the arms that a patient is in and that are simulated.
func (p *Prepared) armsOf(seed uint64, number int) []int {
	arms := []int{p.assign(seed, number)}
	if p.Spec.Design == "counterfactual" {
		arms = arms[:0]
		for i := range p.arms {
			arms = append(arms, i)
		}
	}
	return slices.DeleteFunc(arms, func(i int) bool { return p.skip != nil && p.skip[i] })
}

// shares is how many patients of a block each arm gets, before blocks are made longer.
func (p *Prepared) shares() (list []int, total int) {
	for _, a := range p.arms {
		n := 1
		if len(p.Spec.Allocation) > 0 {
			n = p.Spec.Allocation[a.spec.ID]
		}
		list = append(list, n)
		total += n
	}
	return list, total
}

// expected is about how many patients will be in an arm, rather more than less.
func (p *Prepared) expected(arm int) int {
	switch list, total := p.shares(); {
	case p.skip != nil && p.skip[arm]:
		return 0
	case p.Spec.Design == "counterfactual":
		return p.Patients()
	default:
		return min(p.Patients(), p.Patients()*list[arm]/max(total, 1)+p.Spec.Replicates*total)
	}
}

// assign picks the arm of a patient: permuted blocks keyed by (seed, block), so that
// enrolling more patients moves nobody.
func (p *Prepared) assign(seed uint64, number int) int {
	shares, total := p.shares()
	times := 1
	if p.Spec.Block > total {
		times = p.Spec.Block / total
	} else if p.Spec.Block == 0 {
		times = max(1, 4/total)
	}
	var block []int
	for i, n := range shares {
		for k := 0; k < n*times; k++ {
			block = append(block, i)
		}
	}
	order := rng.New(rng.Key{Seed: seed, Patient: number / len(block), Purpose: "randomisation"}).Perm(len(block))
	return block[order[number%len(block)]]
}

// covariatesOf reads the covariates out of drawn values: numbers, the index of a level, or
// a formula of the others, which may be formulas themselves.
func (p *Prepared) covariatesOf(values []float64) []float64 {
	out := make([]float64, len(p.covariates))
	for i, c := range p.covariates {
		out[i] = math.NaN()
		if c.entry >= 0 {
			out[i] = values[c.entry]
		}
	}
	for _, i := range p.formulas {
		var eval func(e *model.Expr) float64
		eval = func(e *model.Expr) float64 {
			switch e.Kind {
			case model.Number:
				return e.Value
			case model.Symbol:
				for k, o := range p.covariates {
					if o.ID == e.Name {
						return out[k]
					}
				}
				return math.NaN()
			}
			args := make([]float64, len(e.Args))
			for k, a := range e.Args {
				args[k] = eval(a)
			}
			f := model.FunctionNamed(e.Name)
			if f == nil || f.Value == nil {
				return math.NaN()
			}
			return f.Value(args)
		}
		out[i] = eval(p.covariates[i].formula)
	}
	return out
}

func (p *Prepared) covariateOf(r *patientResult, id string) float64 {
	for i, c := range p.covariates {
		if c.ID == id {
			return r.covariates[i]
		}
	}
	return math.NaN()
}

// signalsOf draws a patient's signals until a day; drawing further changes nothing before it.
func (p *Prepared) signalsOf(pt *sim.Patient, seed uint64, attempt int, until float64) {
	for _, s := range p.signals {
		purpose := s.id
		if attempt > 0 {
			purpose = fmt.Sprintf("%s, attempt %d", s.id, attempt)
		}
		pt.Signals[s.id] = population.NewSignal(seed, pt.Number, purpose, s.mean, s.spread.Args["tau"], s.spread.Args["sd"], until)
	}
}

// simPatient makes the patient that the simulator knows, without its signals.
func (p *Prepared) simPatient(seed uint64, number int, values, covariates []float64) sim.Patient {
	pt := sim.Patient{Number: number, Signals: map[string]*population.Signal{}}
	for i, e := range p.entries[:p.sampled] {
		pt.Values = append(pt.Values, sim.Setting{ID: e.ID, Value: values[i]})
	}
	for i, c := range p.covariates {
		if c.Sets != "" {
			pt.Values = append(pt.Values, sim.Setting{ID: c.Sets, Value: covariates[i]})
		}
	}
	pt.Values = append(pt.Values, p.settings...)
	for _, s := range p.pulses {
		for _, x := range population.NewPulses(seed, number, s.id, s.spread, p.Spec.Start, p.Spec.End) {
			pt.Pulses = append(pt.Pulses, sim.Pulse{Target: s.id, Start: x.Start, Duration: x.Duration, Height: x.Height})
		}
	}
	return pt
}

// tables turns the patients of a chunk into rows.
func (p *Prepared) tables(chunk []patientResult) Tables {
	n, measured, times, kept := 0, 0, 0, 0 // rows of the tables
	for i := range chunk {
		n += len(chunk[i].arms)
		for k := range chunk[i].arms {
			a := &chunk[i].arms[k]
			measured += len(a.outcomes)
			times += len(a.times)
			if p.kept(chunk[i].replicate, chunk[i].number) {
				kept += len(a.times)
			}
		}
	}
	replicate, patient, attempts, unsettled, steps := numbered(n), numbered(n), numbered(n), numbered(n), numbered(n)
	armID, status, cause, how, reasons, doses, retry := named(n), named(n), named(n), named(n), named(n), named(n), named(n)
	last := make([]float64, 0, n)
	covariates := make([][]float64, len(p.covariates))
	levels := make([][]string, len(p.covariates))
	drawn := columns(p.sampled, n)
	eReplicate, ePatient := numbered(measured), numbered(measured)
	eArm, eID := named(measured), named(measured)
	eValue := make([]float64, 0, measured)
	eCensored, eMissing := make([]bool, 0, measured), make([]bool, 0, measured)
	tReplicate, tPatient := numbered(kept), numbered(kept)
	tArm := named(kept)
	tTime := make([]float64, 0, kept)
	tValues := columns(len(p.Spec.Observables), kept)
	var bins []uint64
	exact := p.exactBands()
	if !exact {
		bins = make([]uint64, 0, times*len(tValues))
	}
	for _, r := range chunk {
		for _, a := range r.arms {
			id := p.arms[a.arm].spec.ID
			replicate, patient = append(replicate, int64(r.replicate)), append(patient, int64(r.number))
			armID, status, cause, how = append(armID, id), append(status, a.status), append(cause, a.cause), append(how, r.how)
			attempts, unsettled, steps = append(attempts, int64(r.attempts)), append(unsettled, int64(r.unsettled)), append(steps, int64(a.steps))
			retry = append(retry, a.retry)
			var why []string
			for _, n := range r.reasons {
				why = append(why, fmt.Sprint(n))
			}
			reasons = append(reasons, strings.Join(why, ","))
			var given []string
			for _, k := range sortedKeys(a.counts) {
				given = append(given, fmt.Sprintf("%s=%d:%s", k, a.counts[k], model.FormatNumber(a.doses[k])))
			}
			doses = append(doses, strings.Join(given, ";"))
			last = append(last, a.last)
			for i, c := range p.covariates {
				if len(c.Levels) > 0 {
					levels[i] = append(levels[i], c.Levels[int(r.covariates[i])])
				} else {
					covariates[i] = append(covariates[i], r.covariates[i])
				}
			}
			for i := range drawn {
				drawn[i] = append(drawn[i], r.values[i])
			}
			for i, o := range a.outcomes {
				eReplicate, ePatient = append(eReplicate, int64(r.replicate)), append(ePatient, int64(r.number))
				eArm, eID = append(eArm, id), append(eID, p.endpoints[i].ID)
				eValue, eCensored, eMissing = append(eValue, o.Value), append(eCensored, o.Censored), append(eMissing, o.Missing)
			}
			for i := range a.times {
				if exact {
					break
				}
				for k := range tValues {
					if v := a.rows[i*len(tValues)+k]; !math.IsNaN(v) {
						// bins in ascending order, and below series
						bins = append(bins, uint64(p.seriesOf(a.arm, k, i))<<32|uint64(uint32(binOf(v))^1<<31))
					}
				}
			}
			for i, t := range a.times {
				if !p.kept(r.replicate, r.number) {
					break
				}
				tReplicate, tPatient = append(tReplicate, int64(r.replicate)), append(tPatient, int64(r.number))
				tArm, tTime = append(tArm, id), append(tTime, t)
				for k := range tValues {
					tValues[k] = append(tValues[k], a.rows[i*len(tValues)+k])
				}
			}
		}
	}
	patients := &table.Table{Name: "patients"}
	patients.Append(table.Ints("replicate", "", replicate), table.Ints("patient", "", patient), table.Strings("arm", armID), table.Strings("status", status),
		table.Strings("cause", cause), table.Strings("start", how), table.Ints("attempts", "", attempts), table.Ints("unsettled", "", unsettled), table.Strings("refused", reasons),
		table.Floats("last_day", "day", last), table.Ints("steps", "", steps), table.Strings("retry", retry), table.Strings("doses", doses))
	for i, c := range p.covariates {
		if len(c.Levels) > 0 {
			patients.Append(table.Strings("covariate."+c.ID, levels[i]))
		} else {
			patients.Append(table.Floats("covariate."+c.ID, c.Unit, covariates[i]))
		}
	}
	units := map[string]string{}
	for _, x := range p.Model.Parameters {
		units[x.ID] = x.Unit
	}
	for i := range drawn {
		patients.Append(table.Floats(p.entries[i].ID, units[p.entries[i].ID], drawn[i]))
	}
	endpoints := &table.Table{Name: "endpoints"}
	endpoints.Append(table.Ints("replicate", "", eReplicate), table.Ints("patient", "", ePatient), table.Strings("arm", eArm), table.Strings("endpoint", eID),
		table.Floats("value", "", eValue), table.Bools("censored", eCensored), table.Bools("missing", eMissing))
	trajectories := &table.Table{Name: "trajectories"}
	trajectories.Append(table.Ints("replicate", "", tReplicate), table.Ints("patient", "", tPatient), table.Strings("arm", tArm), table.Floats("time", "day", tTime))
	for k, o := range p.Spec.Observables {
		trajectories.Append(table.Floats(o.ID, o.Unit, tValues[k]))
	}
	return Tables{patients, endpoints, trajectories, counted(bins)}
}

func numbered(n int) []int64 { return make([]int64, 0, n) }

func named(n int) []string { return make([]string, 0, n) }

// columns are empty columns with room for so many rows, in one piece of memory.
func columns(columns, rows int) [][]float64 {
	out, room := make([][]float64, columns), make([]float64, columns*rows)
	for i := range out {
		out[i] = room[i*rows : i*rows : (i+1)*rows]
	}
	return out
}

// counted makes a table of how often each bin of a series occurs.
func counted(bins []uint64) *table.Table {
	slices.Sort(bins)
	var series, bin, patients []int64
	for i, b := range bins {
		if i > 0 && b == bins[i-1] {
			patients[len(patients)-1]++
			continue
		}
		series, bin, patients = append(series, int64(b>>32)), append(bin, int64(int32(uint32(b)^1<<31))), append(patients, 1)
	}
	t := &table.Table{Name: "bins"}
	t.Append(table.Ints("series", "", series), table.Ints("bin", "", bin), table.Ints("patients", "", patients))
	return t
}
