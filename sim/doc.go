// Package sim runs compiled models for virtual patients: it is the only place where
// programs meet solvers (floor 3).
//
// A Plan is what an ensemble shares: the compiled model, what is recorded, the dose
// routes and the rules that give more doses. A Worker owns one patient's workspace and
// may be reused for any number of patients, one after the other. Each spreads patients
// over workers and delivers results in patient order.
//
//	plan, messages := sim.Build(sim.Config{Model: m, Record: record})
//	worker := plan.NewWorker()
//	begin, failure := worker.Settle(patient)
//	trajectory, failure := worker.Run(patient, begin, sim.Schedule{End: 365, Times: days})
//
// Invariants: a trajectory is a function of (plan, patient, schedule) alone, so it has
// the same bits alone, in an ensemble and on any number of workers; integration steps do
// not depend on the recorded times; a failed patient is a value with a named cause and
// stops nobody else.
//
// Events follow SBML Level 3 Version 2 (section 4.12): an event fires when its trigger
// turns from false to true; simultaneous executions go by priority, equal ones in an order
// drawn from the schedule's seed, those without priority last and in the order of firing.
package sim
