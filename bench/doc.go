// Package bench measures how fast virtual patients are simulated, and how well (floor 4).
//
// Four problems with patients of their own are kept as model files (problems/), with
// doses, outputs and what varies between patients in problems.json. A patient's varied
// constants are lognormal about the model's values (coefficient of variation 0.3), from
// the stream of (seed 1, patient, constant): patient k is the same in every ensemble.
//
//	problem, err := bench.Find("cart")
//	plan, err := problem.Plan(bench.Settings{Rtol: 1e-6})
//	work, err := plan.Run(ctx, 1000, 1, nil)
//	fmt.Println(float64(work.Patients) / work.CPU.Seconds())
//
// Patients go the way of every ensemble: a sim.Plan, sim.EachPatient, all states recorded
// at every output. Time is the processor time of the whole process, garbage collection
// included. Other programs solve the same patients: WritePeers, FindPeers.
package bench
